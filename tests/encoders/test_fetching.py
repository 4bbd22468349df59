"""Fetching weights from a hub, over a real connection, with everything that goes wrong on one."""

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


def held(card):
    return sorted(path.name for path in part_folder(card.id).iterdir())


def test_what_is_asked_for_comes_and_nothing_else(hub, card):
    told = []
    weights = fetch_weights(card, NEEDED, endpoint=hub.endpoint, progress=lambda *n: told.append(n))
    assert installed_weights() == {"tiny": weights}
    for role in NEEDED:
        assert checked_file(weights, role).read_bytes() == hub.files[card.files[role].path]
    assert not (weights.folder / FILE_NAMES["audio_int8"]).exists()
    assert sorted(path.name for path in weights_path().iterdir()) == ["tiny"]
    assert told == sorted(told)
    assert told[0][0] == 0
    assert told[-1] == (N_NEEDED, N_NEEDED)


def test_size_sha256_and_commit_are_recorded(hub, card):
    known = fetch_weights(card, NEEDED, endpoint=hub.endpoint).card
    assert known.source.revision == COMMIT
    for role in NEEDED:
        data = hub.files[card.files[role].path]
        assert known.files[role] == WeightFile(card.files[role].path, len(data), sha256(data))
    assert installed_weights()["tiny"].card == known


def test_the_address_may_come_from_the_environment(hub, card, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", hub.endpoint + "/")
    assert fetch_weights(card, NEEDED) is not None


def test_nothing_is_said_of_the_user(hub, card, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    fetch_weights(card, NEEDED, endpoint=hub.endpoint)
    for _, _, headers in hub.requests:
        assert "authorization" not in {name.lower() for name in headers}
        assert headers["user-agent"].startswith("bowerbird/")
        assert "secret" not in str(headers)
    assert {(method, place.split("/")[1]) for method, place, _ in hub.requests} == {
        ("HEAD", "somebody"),
        ("GET", "somebody"),
        ("GET", "cdn"),
    }


def test_nothing_appears_on_the_terminal_or_in_the_log(hub, card, capfd, caplog):
    hub.breaks[AUDIO] = [1000]
    with caplog.at_level(logging.WARNING):
        fetch_weights(card, NEEDED, endpoint=hub.endpoint)
    assert capfd.readouterr() == ("", "")
    assert not caplog.records


def test_a_connection_that_breaks_off_once_is_taken_up_where_it_broke(hub, card):
    hub.breaks[AUDIO] = [250_000]
    weights = fetch_weights(card, NEEDED, endpoint=hub.endpoint)
    assert hub.gets(AUDIO) == [None, "bytes=250000-"]
    assert checked_file(weights, "audio").read_bytes() == hub.files[AUDIO]


def test_a_run_that_broke_is_taken_up_by_the_next_and_whole_files_are_not_fetched_again(hub, card):
    hub.breaks[TEXT] = [100_000, 0]
    with pytest.raises(EncoderError, match=r"broke off 0\.1 MB into `text\.onnx`.*goes on from there"):
        fetch_weights(card, NEEDED, endpoint=hub.endpoint)
    assert installed_weights() == {}
    assert "audio.onnx" in held(card)
    before = len(hub.requests)
    told = []
    weights = fetch_weights(card, NEEDED, endpoint=hub.endpoint, progress=lambda *n: told.append(n))
    assert hub.gets(TEXT) == [None, "bytes=100000-", "bytes=100000-"]
    assert hub.gets(AUDIO) == [None]
    assert told[0][0] == 700_000
    assert len(hub.requests) > before
    assert checked_file(weights, "text").read_bytes() == hub.files[TEXT]


def test_a_hub_that_cannot_go_on_in_the_middle_gives_the_whole_again(hub, card):
    hub.is_ranged = False
    hub.breaks[AUDIO] = [250_000]
    weights = fetch_weights(card, NEEDED, endpoint=hub.endpoint)
    assert checked_file(weights, "audio").read_bytes() == hub.files[AUDIO]


def test_what_was_begun_of_a_file_that_was_replaced_meanwhile_is_begun_anew(hub, card):
    hub.breaks[AUDIO] = [250_000, 0]
    with pytest.raises(EncoderError):
        fetch_weights(card, NEEDED, endpoint=hub.endpoint)
    hub.files[AUDIO] = os.urandom(600_000)
    hub.commit = "d" * 40
    weights = fetch_weights(card, NEEDED, endpoint=hub.endpoint)
    assert hub.gets(AUDIO)[-1] is None
    assert checked_file(weights, "audio").read_bytes() == hub.files[AUDIO]
    assert weights.card.source.revision == "d" * 40
    names = {path.name for path in weights.folder.iterdir()}
    assert names == {"card.toml", *(FILE_NAMES[role] for role in NEEDED)}


def test_where_nothing_tells_a_file_from_another_nothing_of_an_earlier_run_is_gone_on_with(hub, card):
    hub.tags[AUDIO] = hub.tags[TEXT] = ""
    hub.breaks[TEXT] = [100_000, 0, 0]
    with pytest.raises(EncoderError, match=r"broke off .*\. Try again\.$"):
        fetch_weights(card, NEEDED, endpoint=hub.endpoint)
    hub.files |= {AUDIO: os.urandom(700_000), TEXT: os.urandom(300_000)}
    hub.breaks.clear()
    weights = fetch_weights(card, NEEDED, endpoint=hub.endpoint)
    for role, path in (("audio", AUDIO), ("text", TEXT)):
        assert checked_file(weights, role).read_bytes() == hub.files[path]
        assert set(hub.gets(path)) == {None}


@pytest.mark.parametrize("path", [AUDIO, "tokenizer.json"])
def test_a_file_that_is_not_what_the_hub_says_is_removed_and_refused(hub, card, path):
    hub.tags[path] = hub.tag(path)
    hub.files[path] = bytes(len(hub.files[path]))
    with pytest.raises(EncoderError, match=rf"`{path}` came, but .*digest differs from the hub's. It was removed"):
        fetch_weights(card, NEEDED, endpoint=hub.endpoint)
    assert installed_weights() == {}
    assert not any(name.startswith(FILE_NAMES["audio" if path == AUDIO else "tokenizer"]) for name in held(card))


def test_a_file_that_is_not_what_the_card_says_is_not_even_fetched(hub, card):
    card = replace(card, files={**card.files, "audio": WeightFile(AUDIO, 700_000, "0" * 64)})
    with pytest.raises(EncoderError, match=r"another `onnx/audio_model\.onnx` than the card says"):
        fetch_weights(card, NEEDED, endpoint=hub.endpoint)
    assert not hub.gets(AUDIO)


def test_where_the_hub_says_nothing_of_a_file_the_card_is_asked(hub, card):
    hub.tags[AUDIO] = ""
    wrong = replace(card, files={**card.files, "audio": WeightFile(AUDIO, 700_000, "0" * 64)})
    with pytest.raises(EncoderError, match="digest differs from the card's"):
        fetch_weights(wrong, NEEDED, endpoint=hub.endpoint)
    right = replace(card, files={**card.files, "audio": WeightFile(AUDIO, 1, sha256(hub.files[AUDIO]))})
    assert fetch_weights(right, NEEDED, endpoint=hub.endpoint) is not None


def test_8_bit_weights_come_later_without_the_rest_again(hub, card):
    first = fetch_weights(card, NEEDED, endpoint=hub.endpoint)
    hub.requests.clear()
    weights = fetch_weights(first.card, (*NEEDED, "audio_int8"), endpoint=hub.endpoint)
    assert [place for method, place, _ in hub.requests if method == "GET" and "/cdn/" in place] == [f"/cdn/{INT8}"]
    assert all(checked_file(weights, role) for role in (*NEEDED, "audio_int8"))


def test_a_file_that_was_harmed_here_is_fetched_again(hub, card):
    first = fetch_weights(card, NEEDED, endpoint=hub.endpoint)
    harmed = first.folder / FILE_NAMES["audio"]
    harmed.write_bytes(b"x" * harmed.stat().st_size)
    weights = fetch_weights(first.card, NEEDED, endpoint=hub.endpoint)
    assert checked_file(weights, "audio").read_bytes() == hub.files[AUDIO]
    assert hub.gets(TEXT) == [None]


def test_the_cancel_button_stops_it_and_the_next_run_goes_on(hub, card):
    told = []

    def progress(n_done, _):
        told.append(n_done)

    cancelled = fetch_weights(
        card, NEEDED, endpoint=hub.endpoint, progress=progress, is_cancelled=lambda: bool(told) and told[-1] > 100_000
    )
    assert cancelled is None
    assert installed_weights() == {}
    n_here = max(path.stat().st_size for path in part_folder("tiny").iterdir())
    assert 100_000 < n_here < 700_000
    assert fetch_weights(card, NEEDED, endpoint=hub.endpoint) is not None
    assert hub.gets(AUDIO) == [None, f"bytes={n_here}-"]


def test_a_fetch_that_is_cancelled_at_once_asks_nobody(hub, card):
    assert fetch_weights(card, NEEDED, endpoint=hub.endpoint, is_cancelled=lambda: True) is None
    assert not hub.requests


def test_the_old_weights_stay_until_the_new_are_whole(hub, card):
    first = fetch_weights(card, NEEDED, endpoint=hub.endpoint)
    hub.files[AUDIO] = os.urandom(650_000)
    hub.breaks[AUDIO] = [1000, 0]
    with pytest.raises(EncoderError):
        fetch_weights(card, NEEDED, endpoint=hub.endpoint)
    assert installed_weights() == {"tiny": first}
    assert checked_file(first, "audio").is_file()


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (404, "has no .*audio_model.onnx.*mend the card"),
        (401, "only to people it knows.*models import DIR"),
        (403, "only to people it knows.*models import DIR"),
        (429, "asked too much.*Try again"),
        (500, "answered 500.*Try again later"),
        (503, "answered 503.*Try again later"),
    ],
)
def test_a_refusal_is_a_sentence(hub, card, status, words):
    hub.statuses[AUDIO] = status
    with pytest.raises(EncoderError, match=words):
        fetch_weights(card, NEEDED, endpoint=hub.endpoint)


def test_a_repository_that_is_not_there_is_a_sentence(hub, card):
    with pytest.raises(EncoderError, match="has no nobody/nothing"):
        fetch_weights(replace(card, source=Source("hub", "nobody/nothing")), NEEDED, endpoint=hub.endpoint)


def test_without_a_network_it_is_a_sentence_with_the_way_round(card):
    with pytest.raises(EncoderError, match=r"cannot be reached .*Check the network.*`bowerbird models import DIR`"):
        fetch_weights(card, NEEDED, endpoint=closed_endpoint())


@pytest.mark.parametrize("address", ["nonsense", "ftp://x", "http://", "http://x:99999"])
def test_an_address_that_is_none_is_a_sentence(card, address):
    with pytest.raises(EncoderError, match="no address of a hub"):
        fetch_weights(card, NEEDED, endpoint=address)


def test_a_card_with_an_impossible_repository_is_a_sentence(hub, card):
    with pytest.raises(EncoderError, match=r"source is wrong.*Mend the card"):
        fetch_weights(replace(card, source=Source("hub", "a/b/c")), NEEDED, endpoint=hub.endpoint)


def test_a_machine_that_is_to_stay_offline_stays_so(hub, card, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(EncoderError, match="HF_HUB_OFFLINE"):
        fetch_weights(card, NEEDED, endpoint=hub.endpoint)
    assert not hub.requests


def test_without_room_on_the_disk_nothing_is_fetched(hub, card, monkeypatch):
    monkeypatch.setattr(weights_module, "free_bytes", lambda folder: 50_000_000 + N_NEEDED - 1)
    with pytest.raises(EncoderError, match=r"1\.0 MB are needed at .*free\. Make room"):
        fetch_weights(card, NEEDED, endpoint=hub.endpoint)
    assert not hub.gets(AUDIO)
    monkeypatch.setattr(weights_module, "free_bytes", lambda folder: 50_000_000 + N_NEEDED)
    assert fetch_weights(card, NEEDED, endpoint=hub.endpoint) is not None


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")  # noqa: PTH110
def test_a_disk_that_fills_up_on_the_way_is_a_sentence(hub, card):
    stamp = []
    fetch_weights(card, NEEDED, endpoint=hub.endpoint, is_cancelled=lambda: _begun(card, stamp))
    (begun,) = stamp
    begun.unlink()
    begun.symlink_to("/dev/full")
    with pytest.raises(EncoderError, match=r"is full\. Make room"):
        fetch_weights(card, NEEDED, endpoint=hub.endpoint)


def _begun(card, stamp):
    """Cancel as soon as a file was begun, and remember it."""
    stamp[:] = [path for path in part_folder(card.id).iterdir() if path.name.startswith("audio.onnx.")]
    return bool(stamp)


def test_what_is_fetched_unless_more_is_asked_for_are_the_full_weights(card):
    assert needed_roles(card) == NEEDED
    assert needed_roles(replace(card, text=None)) == ("audio",)
