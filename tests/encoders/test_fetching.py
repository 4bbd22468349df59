"""Downloading weights from a hub over a real connection, with everything that can go wrong."""

import hashlib
import logging
import os
from dataclasses import replace

import pytest

from bowerbird.base.errors import EncoderError
from bowerbird.base.paths import weights_path
from bowerbird.encoders.weights import store as weights_module
from bowerbird.encoders.weights.cards import FILE_NAMES, Source, WeightFile, shipped_cards
from bowerbird.encoders.weights.fetching import fetch_weights
from bowerbird.encoders.weights.store import checked_file, installed_weights, needed_roles, part_folder
from bowerbird.jobs.control import Cancelled, Control
from hub_server import COMMIT, REPOSITORY, Hub, closed_endpoint

AUDIO, TEXT, INT8 = "onnx/audio_model.onnx", "onnx/text_model.onnx", "onnx/audio_model_quantized.onnx"
NEEDED = ("audio", "text", "tokenizer")
N_NEEDED = 700_000 + 300_000 + 2_000


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    monkeypatch.delenv("HF_ENDPOINT", raising=False)


@pytest.fixture
def hub():
    files = {
        AUDIO: os.urandom(700_000),
        TEXT: os.urandom(300_000),
        INT8: os.urandom(200_000),
        "tokenizer.json": b"{}" * 1000,
    }
    with Hub(files) as hub:
        yield hub


@pytest.fixture
def card():
    return replace(shipped_cards()["clap-htsat-unfused"], id="tiny", source=Source("hub", REPOSITORY))


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def unfinished(card):
    return sorted(path.name for path in part_folder(card.id).iterdir())


def test_only_the_requested_files_are_downloaded(hub, card):
    reports = []
    weights = fetch_weights(card, NEEDED, control=Control(), endpoint=hub.endpoint, report=reports.append)
    assert installed_weights() == {"tiny": weights}
    for role in NEEDED:
        assert checked_file(weights, role).read_bytes() == hub.files[card.files[role].path]
    assert not (weights.folder / FILE_NAMES["audio_int8"]).exists()
    assert sorted(path.name for path in weights_path().iterdir()) == ["tiny"]
    assert {(progress.activity, progress.unit) for progress in reports} == {("Downloading", "bytes")}
    counts = [progress.n_done for progress in reports]
    assert counts == sorted(counts)
    assert counts[0] == 0
    assert (counts[-1], reports[-1].n_total) == (N_NEEDED, N_NEEDED)


def test_size_sha256_and_commit_are_recorded(hub, card):
    known = fetch_weights(card, NEEDED, control=Control(), endpoint=hub.endpoint).card
    assert known.source.revision == COMMIT
    for role in NEEDED:
        data = hub.files[card.files[role].path]
        assert known.files[role] == WeightFile(card.files[role].path, len(data), sha256(data))
    assert installed_weights()["tiny"].card == known


def test_the_address_may_come_from_the_environment(hub, card, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", hub.endpoint + "/")
    assert fetch_weights(card, NEEDED, control=Control()) is not None


def test_requests_contain_nothing_about_the_user(hub, card, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    fetch_weights(card, NEEDED, control=Control(), endpoint=hub.endpoint)
    for _, _, headers in hub.requests:
        assert "authorization" not in {name.lower() for name in headers}
        assert headers["user-agent"].startswith("bowerbird/")
        assert "secret" not in str(headers)
    assert {(method, path.split("/")[1]) for method, path, _ in hub.requests} == {
        ("HEAD", "somebody"),
        ("GET", "somebody"),
        ("GET", "cdn"),
    }


def test_nothing_appears_on_the_terminal_or_in_the_log(hub, card, capfd, caplog):
    hub.breaks[AUDIO] = [1000]
    with caplog.at_level(logging.WARNING):
        fetch_weights(card, NEEDED, control=Control(), endpoint=hub.endpoint)
    assert capfd.readouterr() == ("", "")
    assert not caplog.records


def test_a_lost_connection_is_resumed_where_it_was_lost(hub, card):
    hub.breaks[AUDIO] = [250_000]
    weights = fetch_weights(card, NEEDED, control=Control(), endpoint=hub.endpoint)
    assert hub.gets(AUDIO) == [None, "bytes=250000-"]
    assert checked_file(weights, "audio").read_bytes() == hub.files[AUDIO]


def test_the_next_run_resumes_and_does_not_download_complete_files_again(hub, card):
    hub.breaks[TEXT] = [100_000, 0]
    with pytest.raises(EncoderError, match=r"was lost 0\.1 MB into text\.onnx.*Try again to resume"):
        fetch_weights(card, NEEDED, control=Control(), endpoint=hub.endpoint)
    assert installed_weights() == {}
    assert "audio.onnx" in unfinished(card)
    before = len(hub.requests)
    reports = []
    weights = fetch_weights(card, NEEDED, control=Control(), endpoint=hub.endpoint, report=reports.append)
    assert hub.gets(TEXT) == [None, "bytes=100000-", "bytes=100000-"]
    assert hub.gets(AUDIO) == [None]
    assert reports[0].n_done == 700_000
    assert len(hub.requests) > before
    assert checked_file(weights, "text").read_bytes() == hub.files[TEXT]


def test_a_hub_without_ranges_sends_the_whole_file_again(hub, card):
    hub.is_ranged = False
    hub.breaks[AUDIO] = [250_000]
    weights = fetch_weights(card, NEEDED, control=Control(), endpoint=hub.endpoint)
    assert checked_file(weights, "audio").read_bytes() == hub.files[AUDIO]


def test_an_unfinished_file_that_was_replaced_on_the_hub_is_downloaded_from_the_start(hub, card):
    hub.breaks[AUDIO] = [250_000, 0]
    with pytest.raises(EncoderError):
        fetch_weights(card, NEEDED, control=Control(), endpoint=hub.endpoint)
    hub.files[AUDIO] = os.urandom(600_000)
    hub.commit = "d" * 40
    weights = fetch_weights(card, NEEDED, control=Control(), endpoint=hub.endpoint)
    assert hub.gets(AUDIO)[-1] is None
    assert checked_file(weights, "audio").read_bytes() == hub.files[AUDIO]
    assert weights.card.source.revision == "d" * 40
    names = {path.name for path in weights.folder.iterdir()}
    assert names == {"card.toml", *(FILE_NAMES[role] for role in NEEDED)}


def test_without_a_tag_an_unfinished_file_is_not_resumed(hub, card):
    hub.tags[AUDIO] = hub.tags[TEXT] = ""
    hub.breaks[TEXT] = [100_000, 0, 0]
    with pytest.raises(EncoderError, match=r"was lost .*\. Try again\.$"):
        fetch_weights(card, NEEDED, control=Control(), endpoint=hub.endpoint)
    hub.files |= {AUDIO: os.urandom(700_000), TEXT: os.urandom(300_000)}
    hub.breaks.clear()
    weights = fetch_weights(card, NEEDED, control=Control(), endpoint=hub.endpoint)
    for role, path in (("audio", AUDIO), ("text", TEXT)):
        assert checked_file(weights, role).read_bytes() == hub.files[path]
        assert set(hub.gets(path)) == {None}


@pytest.mark.parametrize("path", [AUDIO, "tokenizer.json"])
def test_a_file_with_another_digest_than_the_hub_says_is_deleted(hub, card, path):
    hub.tags[path] = hub.tag(path)
    hub.files[path] = bytes(len(hub.files[path]))
    with pytest.raises(EncoderError, match=rf"{path} was downloaded and deleted: its digest differs from the hub's"):
        fetch_weights(card, NEEDED, control=Control(), endpoint=hub.endpoint)
    assert installed_weights() == {}
    assert not any(name.startswith(FILE_NAMES["audio" if path == AUDIO else "tokenizer"]) for name in unfinished(card))


def test_a_file_with_another_digest_than_the_card_says_is_not_downloaded(hub, card):
    card = replace(card, files={**card.files, "audio": WeightFile(AUDIO, 700_000, "0" * 64)})
    with pytest.raises(EncoderError, match=r"onnx/audio_model\.onnx at .* does not match the SHA-256"):
        fetch_weights(card, NEEDED, control=Control(), endpoint=hub.endpoint)
    assert not hub.gets(AUDIO)


def test_without_a_digest_of_the_hub_the_card_decides(hub, card):
    hub.tags[AUDIO] = ""
    wrong = replace(card, files={**card.files, "audio": WeightFile(AUDIO, 700_000, "0" * 64)})
    with pytest.raises(EncoderError, match="digest differs from the card's"):
        fetch_weights(wrong, NEEDED, control=Control(), endpoint=hub.endpoint)
    right = replace(card, files={**card.files, "audio": WeightFile(AUDIO, 1, sha256(hub.files[AUDIO]))})
    assert fetch_weights(right, NEEDED, control=Control(), endpoint=hub.endpoint) is not None


def test_8_bit_weights_are_added_without_downloading_the_rest_again(hub, card):
    first = fetch_weights(card, NEEDED, control=Control(), endpoint=hub.endpoint)
    hub.requests.clear()
    weights = fetch_weights(first.card, (*NEEDED, "audio_int8"), control=Control(), endpoint=hub.endpoint)
    assert [path for method, path, _ in hub.requests if method == "GET" and "/cdn/" in path] == [f"/cdn/{INT8}"]
    assert all(checked_file(weights, role) for role in (*NEEDED, "audio_int8"))


def test_a_damaged_installed_file_is_downloaded_again(hub, card):
    first = fetch_weights(card, NEEDED, control=Control(), endpoint=hub.endpoint)
    harmed = first.folder / FILE_NAMES["audio"]
    harmed.write_bytes(b"x" * harmed.stat().st_size)
    weights = fetch_weights(first.card, NEEDED, control=Control(), endpoint=hub.endpoint)
    assert checked_file(weights, "audio").read_bytes() == hub.files[AUDIO]
    assert hub.gets(TEXT) == [None]


def test_a_cancelled_download_is_resumed_by_the_next(hub, card):
    control = Control()

    def report(progress):
        if progress.n_done > 100_000:
            control.cancel()

    with pytest.raises(Cancelled):
        fetch_weights(card, NEEDED, control=control, endpoint=hub.endpoint, report=report)
    assert installed_weights() == {}
    n_bytes = max(path.stat().st_size for path in part_folder("tiny").iterdir())
    assert 100_000 < n_bytes < 700_000
    assert fetch_weights(card, NEEDED, control=Control(), endpoint=hub.endpoint) is not None
    assert hub.gets(AUDIO) == [None, f"bytes={n_bytes}-"]


def test_a_download_that_is_cancelled_at_once_sends_no_request(hub, card):
    control = Control()
    control.cancel()
    with pytest.raises(Cancelled):
        fetch_weights(card, NEEDED, control=control, endpoint=hub.endpoint)
    assert not hub.requests


def test_the_former_weights_are_kept_until_the_new_ones_are_complete(hub, card):
    first = fetch_weights(card, NEEDED, control=Control(), endpoint=hub.endpoint)
    hub.files[AUDIO] = os.urandom(650_000)
    hub.breaks[AUDIO] = [1000, 0]
    with pytest.raises(EncoderError):
        fetch_weights(card, NEEDED, control=Control(), endpoint=hub.endpoint)
    assert installed_weights() == {"tiny": first}
    assert checked_file(first, "audio").is_file()


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (404, "does not have .*audio_model.onnx.*Correct the card"),
        (401, "refused access to .*models import DIR"),
        (403, "refused access to .*models import DIR"),
        (429, "is rate-limiting requests.*Try again"),
        (500, "returned error 500.*Try again later"),
        (503, "returned error 503.*Try again later"),
    ],
)
def test_a_refusal_is_a_sentence(hub, card, status, words):
    hub.statuses[AUDIO] = status
    with pytest.raises(EncoderError, match=words):
        fetch_weights(card, NEEDED, control=Control(), endpoint=hub.endpoint)


def test_a_missing_repository_is_a_sentence(hub, card):
    card = replace(card, source=Source("hub", "nobody/nothing"))
    with pytest.raises(EncoderError, match="does not have nobody/nothing"):
        fetch_weights(card, NEEDED, control=Control(), endpoint=hub.endpoint)


def test_without_a_network_the_error_names_the_alternative(card):
    with pytest.raises(
        EncoderError, match=r"Cannot reach .*Check the network.*“Import folder…”.*`bowerbird models import DIR`"
    ):
        fetch_weights(card, NEEDED, control=Control(), endpoint=closed_endpoint())


@pytest.mark.parametrize("address", ["nonsense", "ftp://x", "http://", "http://x:99999"])
def test_an_invalid_address_is_a_sentence(card, address):
    with pytest.raises(EncoderError, match="is not a valid hub address"):
        fetch_weights(card, NEEDED, control=Control(), endpoint=address)


def test_a_card_with_an_impossible_repository_is_a_sentence(hub, card):
    with pytest.raises(EncoderError, match=r"source is invalid.*Correct the card"):
        fetch_weights(replace(card, source=Source("hub", "a/b/c")), NEEDED, control=Control(), endpoint=hub.endpoint)


def test_a_computer_set_to_stay_offline_stays_offline(hub, card, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(EncoderError, match="HF_HUB_OFFLINE"):
        fetch_weights(card, NEEDED, control=Control(), endpoint=hub.endpoint)
    assert not hub.requests


def test_without_space_on_the_disk_nothing_is_downloaded(hub, card, monkeypatch):
    monkeypatch.setattr(weights_module, "free_bytes", lambda folder: 50_000_000 + N_NEEDED - 1)
    with pytest.raises(EncoderError, match=r"1\.0 MB needed, .*free\. Free some space"):
        fetch_weights(card, NEEDED, control=Control(), endpoint=hub.endpoint)
    assert not hub.gets(AUDIO)
    monkeypatch.setattr(weights_module, "free_bytes", lambda folder: 50_000_000 + N_NEEDED)
    assert fetch_weights(card, NEEDED, control=Control(), endpoint=hub.endpoint) is not None


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")  # noqa: PTH110
def test_a_disk_that_fills_up_meanwhile_is_a_sentence(hub, card):
    control, begun = Control(), []

    def report(progress):
        begun[:] = [path for path in part_folder(card.id).iterdir() if path.name.startswith("audio.onnx.")]
        if begun:
            control.cancel()

    with pytest.raises(Cancelled):
        fetch_weights(card, NEEDED, control=control, endpoint=hub.endpoint, report=report)
    begun[0].unlink()
    begun[0].symlink_to("/dev/full")
    with pytest.raises(EncoderError, match=r"is full\. Free some space"):
        fetch_weights(card, NEEDED, control=Control(), endpoint=hub.endpoint)


def test_the_full_weights_are_downloaded_by_default(card):
    assert needed_roles(card) == NEEDED
    assert needed_roles(replace(card, text=None)) == ("audio",)
