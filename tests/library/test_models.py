"""Encoders whose weights are files: listing, downloading, importing, checking and removing."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from bowerbird.base.errors import EncoderError
from bowerbird.base.paths import weights_path
from bowerbird.catalogue.sqlite.lock import process_lock
from bowerbird.encoders.weights.cards import FILE_NAMES, Source, WeightFile, read_card, shipped_cards
from bowerbird.encoders.weights.self_check import TEXTS, SelfCheck, read_self_check, write_self_check
from bowerbird.encoders.weights.store import checked_file, installed_weights, old_folder, part_folder, write_card
from bowerbird.jobs.control import Cancelled, Control
from bowerbird.jobs.progress import Progress
from bowerbird.library.demo import demo_folder
from bowerbird.library.encoders.model_states import list_models, model_state
from bowerbird.library.encoders.models import (
    delete_model_embeddings,
    fetch_model,
    import_model,
    remove_model,
    verify_model,
)
from bowerbird.library.library import Library
from hub_server import REPOSITORY, Hub

TINY = Path(__file__).parents[1] / "encoders" / "tiny_clap"


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def few_demo_sounds(monkeypatch, tmp_path):
    """One sound of each kind that the check needs, to save time."""
    for kind in ("Kick", "Rain", "Bell", "Engine", "Chirp"):
        (tmp_path / "demo" / kind).mkdir(parents=True)
        shutil.copy(sorted(demo_folder().rglob(f"{kind}/*.flac"))[0], tmp_path / "demo" / kind)
    monkeypatch.setattr("bowerbird.library.encoders.models.demo_folder", lambda: tmp_path / "demo")


@pytest.fixture
def all_demo_sounds(monkeypatch, few_demo_sounds):
    monkeypatch.setattr("bowerbird.library.encoders.models.demo_folder", demo_folder)


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """A hub with the tiny network, and shipped cards that include it."""
    tiny = read_card(TINY / "card.toml")
    files = {role: WeightFile(name, (TINY / name).stat().st_size) for role, name in FILE_NAMES.items()}
    card = replace(tiny, id="tiny-hub", source=Source("hub", REPOSITORY), files=files)
    shipped = tmp_path / "shipped"
    shipped.mkdir()
    write_card(card, shipped / "tiny-hub.toml")
    write_card(replace(card, id="checkpoint", source=Source("checkpoint", "a/b", file="c.pt")), shipped / "c.toml")
    monkeypatch.setattr("bowerbird.encoders.weights.cards.models_path", lambda: shipped)
    with Hub({name: (TINY / name).read_bytes() for name in FILE_NAMES.values()}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        yield hub


@pytest.fixture
def exported(tmp_path):
    shutil.copytree(TINY, tmp_path / "out")
    return tmp_path / "out"


class Reports(list):
    """Collects progress, and may cancel."""

    def __init__(self, cancel_at=""):
        super().__init__()
        self.control = Control()
        self._cancel_at = cancel_at

    def __call__(self, progress):
        assert isinstance(progress, Progress)
        self.append(progress)
        if self._cancel_at and progress.activity.startswith(self._cancel_at):
            self.control.cancel()


def harm(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def test_every_shipped_card_is_listed_as_absent_with_its_size():
    states = list_models()
    assert [state.card.id for state in states] == list(shipped_cards())
    assert {state.state for state in states} == {"absent"}
    ready_made = states[0]
    assert ready_made.card.source.kind == "hub"
    assert ready_made.n_download_bytes == 118_000_000 + 502_000_000 + 2_100_000
    assert ready_made.n_int8_bytes == 34_000_000
    assert ready_made.n_disk_bytes == ready_made.n_partial_bytes == 0


def test_a_download_ends_with_a_check_and_a_ready_encoder(hub):
    reports = Reports()
    state = fetch_model("tiny-hub", control=reports.control, report=reports)
    assert (state.state, state.sentence, state.has_int8) == ("ready", None, False)
    assert state == model_state("tiny-hub") == list_models()[0]
    assert state.check.has_passed
    assert state.n_disk_bytes >= state.n_download_bytes > 0
    activities = [progress.activity for progress in reports]
    name = "CLAP with random weights (tiny)"
    assert activities[0] == f"Downloading {name}"
    assert set(activities) == {f"Downloading {name}", f"Reading the files of {name}", f"Checking {name}"}
    assert [progress for progress in reports if progress.unit == "bytes"][-1].n_done == state.n_download_bytes


def test_complete_weights_are_not_downloaded_again(hub):
    reports = Reports()
    first = fetch_model("tiny-hub", control=reports.control, report=reports)
    hub.requests.clear()
    assert fetch_model("tiny-hub", control=reports.control, report=reports) == first
    assert not hub.requests


def test_8_bit_weights_are_downloaded_on_request_and_kept(hub):
    reports = Reports()
    fetch_model("tiny-hub", control=reports.control, report=reports)
    state = fetch_model("tiny-hub", control=reports.control, report=reports, with_int8=True)
    assert state.state == "ready"
    assert state.has_int8
    assert not state.is_int8_offered
    assert len(hub.gets("audio.onnx")) == 1
    harm(weights_path() / "tiny-hub" / "audio.onnx")
    assert fetch_model("tiny-hub", control=reports.control, report=reports).has_int8
    assert len(hub.gets("audio_int8.onnx")) == 1


def test_rejected_weights_are_downloaded_again_when_the_hub_was_corrected(hub):
    whole = hub.files["audio.onnx"]
    hub.files["audio.onnx"] = (TINY / "text.onnx").read_bytes()  # of another size, and no audio network
    assert fetch_model("tiny-hub", control=Control(), report=Reports()).state == "refused"
    hub.files["audio.onnx"], hub.commit = whole, "d" * 40
    state = fetch_model("tiny-hub", control=Control(), report=Reports())
    assert (state.state, state.card.source.revision) == ("ready", "d" * 40)
    assert checked_file(installed_weights()["tiny-hub"], "audio").read_bytes() == whole
    assert len(hub.gets("text.onnx")) == 1, "an installed file of the hub is not downloaded again"


def test_rejected_weights_are_requested_and_checked_again(hub):
    fetch_model("tiny-hub", control=Control(), report=Reports())
    write_self_check(installed_weights()["tiny-hub"], SelfCheck(0.0, sentence="It failed. Download them again."))
    hub.requests.clear()
    assert fetch_model("tiny-hub", control=Control(), report=Reports()).state == "ready"
    assert hub.requests


def test_damaged_weights_are_downloaded_by_the_shipped_card(hub):
    fetch_model("tiny-hub", control=Control(), report=Reports())
    hub.commit = "d" * 40  # the recorded commit has disappeared
    harm(weights_path() / "tiny-hub" / "audio.onnx")
    state = fetch_model("tiny-hub", control=Control(), report=Reports())
    assert (state.state, state.card.source.revision) == ("ready", "d" * 40)


def test_added_8_bit_weights_belong_to_the_commit_of_the_full_weights(hub):
    first = fetch_model("tiny-hub", control=Control(), report=Reports())
    hub.requests.clear()
    fetch_model("tiny-hub", control=Control(), report=Reports(), with_int8=True)
    assert {path.split("/")[4] for _, path, _ in hub.requests if "/resolve/" in path} == {first.card.source.revision}


def test_an_interrupted_download_is_partial_and_resumed(hub):
    reports = Reports()
    hub.breaks["audio.onnx"] = [200_000, 0]
    with pytest.raises(EncoderError, match="Try again to resume"):
        fetch_model("tiny-hub", control=reports.control, report=reports)
    state = model_state("tiny-hub")
    assert (state.state, state.n_partial_bytes) == ("partial", 200_000)
    assert fetch_model("tiny-hub", control=reports.control, report=reports).state == "ready"
    assert hub.gets("audio.onnx")[-1] == "bytes=200000-"


def test_a_cancelled_download_is_partial(hub):
    reports = Reports(cancel_at="Downloading")
    with pytest.raises(Cancelled):
        fetch_model("tiny-hub", control=reports.control, report=reports)
    assert model_state("tiny-hub").state == "partial"


def test_a_cancelled_check_leaves_weights_unchecked_and_the_next_fetch_only_checks(hub):
    reports = Reports(cancel_at="Checking")
    with pytest.raises(Cancelled):
        fetch_model("tiny-hub", control=reports.control, report=reports)
    assert model_state("tiny-hub").state == "unchecked"
    hub.requests.clear()
    again = Reports()
    assert fetch_model("tiny-hub", control=again.control, report=again).state == "ready"
    assert not hub.requests


def test_a_checkpoint_is_not_downloaded_and_the_export_command_is_given(hub):
    command = r"export\.sh c\.pt OUT --card checkpoint --tokenizer tokenizer\.json`"
    with pytest.raises(EncoderError, match=command + ", then `bowerbird models import"):
        fetch_model("checkpoint", control=Control(), report=Reports())
    assert not hub.requests


def test_an_export_is_imported_checked_and_listed_after_the_shipped_cards(exported, all_demo_sounds):
    reports = Reports()
    state = import_model(exported, control=reports.control, report=reports)
    assert state.state == "ready"
    assert state.has_int8
    assert state.check.same_cosine > 0.9999
    assert list_models()[-1] == state
    assert all("CLAP with random weights (tiny)" in progress.activity for progress in reports)
    assert reports[0].text.startswith("Importing CLAP with random weights (tiny) · ")
    assert [progress.text for progress in reports[-2:]] == [
        "Checking CLAP with random weights (tiny) · 63 of 64 sounds",
        "Comparing the 8-bit weights of CLAP with random weights (tiny)",
    ]


def test_the_check_compares_8_bit_and_full_weights(exported, all_demo_sounds):
    state = import_model(exported, control=Control(), report=Reports())
    assert state.check.int8_cosine > 0.98
    assert state.check.int8_text_cosine > 0.99
    assert state.check.int8_sentence == ""


def test_a_cancelled_import_changes_nothing(exported):
    reports = Reports(cancel_at="Importing")
    with pytest.raises(Cancelled):
        import_model(exported, control=reports.control, report=reports)
    assert installed_weights() == {}


def test_weights_that_fail_the_check_stay_and_are_refused_with_the_sentence(exported):
    card = read_card(exported / "card.toml")
    write_card(replace(card, is_trained=True), exported / "card.toml")
    state = import_model(exported, control=Control(), report=Reports())
    assert state.state == "refused"
    assert "not used" in state.sentence
    assert "clap-tiny" in installed_weights()
    assert model_state("clap-tiny") == state


def test_weights_of_the_wrong_shape_are_refused_with_the_sentence(exported):
    card = read_card(exported / "card.toml")
    write_card(replace(card, audio=replace(card.audio, n_dims=63)), exported / "card.toml")
    state = import_model(exported, control=Control(), report=Reports())
    assert state.state == "refused"
    assert "dimensions" in state.sentence


def test_a_file_that_is_not_a_network_is_refused_with_the_sentence(exported):
    card = read_card(exported / "card.toml")
    (exported / "audio.onnx").write_text("not a network")
    write_card(replace(card, files={**card.files, "audio": WeightFile("audio.onnx")}), exported / "card.toml")
    state = import_model(exported, control=Control(), report=Reports())
    assert state.state == "refused"
    assert "audio.onnx" in state.sentence


@pytest.mark.parametrize("name", ["audio.onnx", "audio_int8.onnx", "text.onnx", "tokenizer.json"])
def test_verifying_finds_a_file_that_was_harmed_since(exported, name):
    import_model(exported, control=Control(), report=Reports())
    harm(weights_path() / "clap-tiny" / name)
    state = verify_model("clap-tiny", control=Control(), report=Reports())
    assert state.state == "refused"
    assert f"{name} " in state.sentence
    assert "sha256" in state.sentence
    harm(weights_path() / "clap-tiny" / name)
    assert verify_model("clap-tiny", control=Control(), report=Reports()).state == "ready"


def test_a_cancelled_verification_keeps_the_earlier_result(exported):
    before = import_model(exported, control=Control(), report=Reports())
    for activity in ("Checking", "Reading"):
        reports = Reports(cancel_at=activity)
        with pytest.raises(Cancelled):
            verify_model("clap-tiny", control=reports.control, report=reports)
        assert model_state("clap-tiny") == before


def test_a_folder_that_lost_a_file_is_listed_as_refused(hub):
    fetch_model("tiny-hub", control=Control(), report=Reports())
    (weights_path() / "tiny-hub" / "tokenizer.json").unlink()
    state = model_state("tiny-hub")
    assert state.state == "refused"
    assert "tokenizer.json is missing" in state.sentence
    assert fetch_model("tiny-hub", control=Control(), report=Reports()).state == "ready"


def test_removing_deletes_weights_and_unfinished_downloads(exported):
    state = import_model(exported, control=Control(), report=Reports())
    part = part_folder("clap-tiny")
    part.mkdir()
    (part / "audio.onnx").write_bytes(b"12345")
    old_folder("clap-tiny").mkdir()
    (old_folder("clap-tiny") / "audio.onnx").write_bytes(b"123")
    assert model_state("clap-tiny").n_disk_bytes == state.n_disk_bytes + 8
    assert remove_model("clap-tiny") == state.n_disk_bytes + 8
    assert not old_folder("clap-tiny").exists()
    assert installed_weights() == {}
    assert not part.exists()
    with pytest.raises(EncoderError, match="not installed"):
        remove_model("clap-tiny")


@pytest.mark.parametrize("name", ["", ".", "..", "../library", "a/b", "C:\\x"])
def test_nothing_but_a_model_is_removed(name):
    (weights_path() / "a" / "b").mkdir(parents=True)
    with pytest.raises(EncoderError):
        remove_model(name)
    assert (weights_path() / "a" / "b").is_dir()


@pytest.mark.parametrize("name", ["nothing", ""])
def test_an_unknown_model_is_a_sentence(name):
    for do in (fetch_model, verify_model):
        with pytest.raises(EncoderError, match="bowerbird models list"):
            do(name, control=Control(), report=Reports())


def test_weights_that_are_not_installed_cannot_be_verified():
    with pytest.raises(EncoderError, match="bowerbird models fetch clap-htsat-unfused"):
        verify_model("clap-htsat-unfused", control=Control(), report=Reports())


def test_two_programs_do_not_change_the_models_at_once(exported):
    weights_path().mkdir(parents=True)
    with process_lock(weights_path(), "models"), pytest.raises(EncoderError, match="Another Bowerbird process"):
        import_model(exported, control=Control(), report=Reports())
    assert import_model(exported, control=Control(), report=Reports()).state == "ready"


def test_the_check_of_former_weights_is_not_used_for_new_weights(exported):
    import_model(exported, control=Control(), report=Reports())
    weights = installed_weights()["clap-tiny"]
    write_self_check(weights, SelfCheck(0.0, sentence="It failed. Choose another."))
    assert model_state("clap-tiny").sentence == "It failed. Choose another."
    assert import_model(exported, control=Control(), report=Reports()).state == "ready"
    assert read_self_check(installed_weights()["clap-tiny"]).has_passed


def test_the_texts_of_the_check_describe_existing_demo_sounds():
    kinds = {path.parent.name for path in demo_folder().rglob("*.flac")}
    for own in TEXTS.values():
        assert own <= kinds


@pytest.mark.parametrize(("name", "words"), [("text.onnx", "text.onnx is missing"), ("card.toml", "cannot be read")])
def test_an_imported_encoder_that_lost_a_file_is_listed_says_so_and_can_be_removed_or_imported_again(
    exported, name, words
):
    import_model(exported, control=Control(), report=Reports())
    folder = weights_path() / "clap-tiny"
    (folder / name).unlink()
    (folder / "text_int8.onnx").unlink()  # it would be used instead
    state = list_models()[-1]
    assert (state.card.id, state.state, state == model_state("clap-tiny")) == ("clap-tiny", "refused", True)
    assert words in state.sentence
    assert state.n_disk_bytes > 0
    with pytest.raises(EncoderError, match=words):
        verify_model("clap-tiny", control=Control(), report=Reports())
    with pytest.raises(EncoderError, match="bowerbird models import DIR"):
        fetch_model("clap-tiny", control=Control(), report=Reports())
    assert import_model(exported, control=Control(), report=Reports()).state == "ready"
    (folder / "card.toml").write_text("id = ")
    remove_model("clap-tiny")
    assert "clap-tiny" not in [state.card.id for state in list_models()]


def test_without_a_library_nothing_is_deleted_and_none_is_created(tmp_path):
    assert delete_model_embeddings(Library.open(tmp_path / "library"), "clap-tiny") == {}
    assert not (tmp_path / "library").exists()
