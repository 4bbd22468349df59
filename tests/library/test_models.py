"""Having encoders that come as weights: what is listed, fetched, imported, checked and removed."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from bowerbird.base.errors import EncoderError
from bowerbird.base.paths import weights_path
from bowerbird.catalogue.sqlite.lock import process_lock
from bowerbird.encoders.weights.cards import FILE_NAMES, Source, WeightFile, read_card, shipped_cards
from bowerbird.encoders.weights.self_check import TEXTS, Proof, read_proof, write_proof
from bowerbird.encoders.weights.store import checked_file, installed_weights, old_folder, part_folder, write_card
from bowerbird.jobs.control import Control
from bowerbird.library.demo import demo_folder
from bowerbird.library.encoders.model_states import list_models, model_state
from bowerbird.library.encoders.models import (
    ModelProgress,
    fetch_model,
    forget_model,
    import_models,
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
    """One of each kind that is asked for: to hear them all takes a second."""
    for kind in ("Kick", "Rain", "Bell", "Engine", "Chirp"):
        (tmp_path / "demo" / kind).mkdir(parents=True)
        shutil.copy(sorted(demo_folder().rglob(f"{kind}/*.flac"))[0], tmp_path / "demo" / kind)
    monkeypatch.setattr("bowerbird.library.encoders.models.demo_folder", lambda: tmp_path / "demo")


@pytest.fixture
def all_demo_sounds(monkeypatch, few_demo_sounds):
    monkeypatch.setattr("bowerbird.library.encoders.models.demo_folder", demo_folder)


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """A hub with the tiny network, and its card among those that ship."""
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


class Said(list):
    """Hears events, and may press cancel."""

    def __init__(self, cancel_at=""):
        super().__init__()
        self.control = Control()
        self._cancel_at = cancel_at

    def __call__(self, event):
        assert isinstance(event, ModelProgress)
        self.append(event)
        if self._cancel_at and event.text.startswith(self._cancel_at):
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


def test_fetching_ends_with_a_proof_and_a_ready_encoder(hub):
    said = Said()
    state = fetch_model("tiny-hub", control=said.control, post=said)
    assert (state.state, state.sentence, state.has_int8) == ("ready", "", False)
    assert state == model_state("tiny-hub") == list_models()[0]
    assert state.proof.is_good
    assert state.n_disk_bytes >= state.n_download_bytes > 0
    texts = [event.text.split(",")[0] for event in said]
    assert texts[0] == "Fetching"
    assert set(texts) == {"Fetching", "Reading every byte", "Checking"}
    assert [event for event in said if event.n_total_bytes][-1].n_done_bytes == state.n_download_bytes


def test_what_is_here_and_whole_is_not_fetched_again(hub):
    said = Said()
    first = fetch_model("tiny-hub", control=said.control, post=said)
    hub.requests.clear()
    assert fetch_model("tiny-hub", control=said.control, post=said) == first
    assert not hub.requests


def test_8_bit_weights_are_fetched_when_asked_for_and_kept_afterwards(hub):
    said = Said()
    fetch_model("tiny-hub", control=said.control, post=said)
    state = fetch_model("tiny-hub", control=said.control, post=said, with_int8=True)
    assert state.state == "ready"
    assert state.has_int8
    assert not state.is_int8_offered
    assert len(hub.gets("audio.onnx")) == 1
    harm(weights_path() / "tiny-hub" / "audio.onnx")
    assert fetch_model("tiny-hub", control=said.control, post=said).has_int8
    assert len(hub.gets("audio_int8.onnx")) == 1


def test_refused_weights_are_fetched_anew_where_the_hub_was_mended_whatever_was_recorded_of_them(hub):
    whole = hub.files["audio.onnx"]
    hub.files["audio.onnx"] = (TINY / "text.onnx").read_bytes()  # of another size, and no audio network
    assert fetch_model("tiny-hub", control=Control(), post=Said()).state == "refused"
    hub.files["audio.onnx"], hub.commit = whole, "d" * 40
    state = fetch_model("tiny-hub", control=Control(), post=Said())
    assert (state.state, state.card.source.revision) == ("ready", "d" * 40)
    assert checked_file(installed_weights()["tiny-hub"], "audio").read_bytes() == whole
    assert len(hub.gets("text.onnx")) == 1, "what is the hub's own is here already"


def test_weights_that_are_refused_are_asked_of_the_hub_again_and_checked_again(hub):
    fetch_model("tiny-hub", control=Control(), post=Said())
    write_proof(installed_weights()["tiny-hub"], Proof(0.0, sentence="Deaf. Fetch them anew."))
    hub.requests.clear()
    assert fetch_model("tiny-hub", control=Control(), post=Said()).state == "ready"
    assert hub.requests


def test_damaged_weights_are_fetched_as_the_programs_own_card_says(hub):
    fetch_model("tiny-hub", control=Control(), post=Said())
    hub.commit = "d" * 40  # what was recorded is not there any more
    harm(weights_path() / "tiny-hub" / "audio.onnx")
    state = fetch_model("tiny-hub", control=Control(), post=Said())
    assert (state.state, state.card.source.revision) == ("ready", "d" * 40)


def test_8_bit_weights_that_are_added_are_of_the_commit_of_the_full_ones(hub):
    first = fetch_model("tiny-hub", control=Control(), post=Said())
    hub.requests.clear()
    fetch_model("tiny-hub", control=Control(), post=Said(), with_int8=True)
    assert {place.split("/")[4] for _, place, _ in hub.requests if "/resolve/" in place} == {first.card.source.revision}


def test_a_broken_fetch_is_seen_as_partial_and_taken_up(hub):
    said = Said()
    hub.breaks["audio.onnx"] = [200_000, 0]
    with pytest.raises(EncoderError, match="goes on from there"):
        fetch_model("tiny-hub", control=said.control, post=said)
    state = model_state("tiny-hub")
    assert (state.state, state.n_partial_bytes) == ("partial", 200_000)
    assert fetch_model("tiny-hub", control=said.control, post=said).state == "ready"
    assert hub.gets("audio.onnx")[-1] == "bytes=200000-"


def test_a_cancelled_fetch_is_partial(hub):
    said = Said(cancel_at="Fetching")
    assert fetch_model("tiny-hub", control=said.control, post=said).state == "partial"


def test_a_check_that_was_cancelled_leaves_them_unproven_and_the_next_fetch_only_checks(hub):
    said = Said(cancel_at="Checking")
    assert fetch_model("tiny-hub", control=said.control, post=said).state == "unproven"
    hub.requests.clear()
    again = Said()
    assert fetch_model("tiny-hub", control=again.control, post=again).state == "ready"
    assert not hub.requests


def test_a_checkpoint_is_not_fetched_and_the_way_is_told(hub):
    command = r"export\.sh c\.pt OUT --card checkpoint --tokenizer tokenizer\.json`"
    with pytest.raises(EncoderError, match=command + ", then `bowerbird models import"):
        fetch_model("checkpoint", control=Control(), post=Said())
    assert not hub.requests


def test_what_was_exported_is_imported_checked_and_listed_after_the_shipped(exported, all_demo_sounds):
    said = Said()
    state = import_models(exported, control=said.control, post=said)
    assert state.state == "ready"
    assert state.has_int8
    assert state.proof.same_cosine > 0.9999
    assert list_models()[-1] == state
    assert {event.id for event in said} == {"clap-tiny"}
    assert said[0].text == "Importing"
    assert [event.text for event in said[-2:]] == ["Checking, 63 of 64 sounds", "Comparing the 8-bit weights"]


def test_8_bit_weights_are_compared_with_the_full_ones_by_the_check(exported, all_demo_sounds):
    state = import_models(exported, control=Control(), post=Said())
    assert state.proof.int8_cosine > 0.98
    assert state.proof.int8_text_cosine > 0.99
    assert state.proof.int8_sentence == ""


def test_a_cancelled_import_changes_nothing(exported):
    said = Said(cancel_at="Importing")
    assert import_models(exported, control=said.control, post=said) is None
    assert installed_weights() == {}


def test_weights_that_fail_the_check_stay_and_are_refused_with_the_sentence(exported):
    card = read_card(exported / "card.toml")
    write_card(replace(card, is_trained=True), exported / "card.toml")
    state = import_models(exported, control=Control(), post=Said())
    assert state.state == "refused"
    assert "not used" in state.sentence
    assert "clap-tiny" in installed_weights()
    assert model_state("clap-tiny") == state


def test_weights_of_the_wrong_form_are_refused_with_the_sentence(exported):
    card = read_card(exported / "card.toml")
    write_card(replace(card, audio=replace(card.audio, n_dims=63)), exported / "card.toml")
    state = import_models(exported, control=Control(), post=Said())
    assert state.state == "refused"
    assert "dimensions" in state.sentence


def test_a_file_that_is_no_network_is_refused_with_the_sentence(exported):
    card = read_card(exported / "card.toml")
    (exported / "audio.onnx").write_text("not a network")
    write_card(replace(card, files={**card.files, "audio": WeightFile("audio.onnx")}), exported / "card.toml")
    state = import_models(exported, control=Control(), post=Said())
    assert state.state == "refused"
    assert "`audio.onnx`" in state.sentence


@pytest.mark.parametrize("name", ["audio.onnx", "audio_int8.onnx", "text.onnx", "tokenizer.json"])
def test_verifying_finds_a_file_that_was_harmed_since(exported, name):
    import_models(exported, control=Control(), post=Said())
    harm(weights_path() / "clap-tiny" / name)
    state = verify_model("clap-tiny", control=Control(), post=Said())
    assert state.state == "refused"
    assert f"`{name}`" in state.sentence
    assert "sha256" in state.sentence
    harm(weights_path() / "clap-tiny" / name)
    assert verify_model("clap-tiny", control=Control(), post=Said()).state == "ready"


def test_verifying_that_is_cancelled_keeps_the_proof(exported):
    before = import_models(exported, control=Control(), post=Said())
    said = Said(cancel_at="Checking")
    assert verify_model("clap-tiny", control=said.control, post=said) == before
    said = Said(cancel_at="Reading")
    assert verify_model("clap-tiny", control=said.control, post=said) == before


def test_a_folder_that_lost_a_file_is_listed_as_refused(hub):
    fetch_model("tiny-hub", control=Control(), post=Said())
    (weights_path() / "tiny-hub" / "tokenizer.json").unlink()
    state = model_state("tiny-hub")
    assert state.state == "refused"
    assert "`tokenizer.json` is missing" in state.sentence
    assert fetch_model("tiny-hub", control=Control(), post=Said()).state == "ready"


def test_what_is_removed_is_gone_with_what_a_broken_fetch_left(exported):
    state = import_models(exported, control=Control(), post=Said())
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
    with pytest.raises(EncoderError, match="not here"):
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
            do(name, control=Control(), post=Said())


def test_what_is_not_here_cannot_be_verified():
    with pytest.raises(EncoderError, match="bowerbird models fetch clap-htsat-unfused"):
        verify_model("clap-htsat-unfused", control=Control(), post=Said())


def test_two_programs_do_not_change_the_models_at_once(exported):
    weights_path().mkdir(parents=True)
    with process_lock(weights_path(), "models"), pytest.raises(EncoderError, match="another Bowerbird"):
        import_models(exported, control=Control(), post=Said())
    assert import_models(exported, control=Control(), post=Said()).state == "ready"


def test_a_proof_of_what_was_there_before_is_not_taken_for_one_of_what_came(exported):
    import_models(exported, control=Control(), post=Said())
    weights = installed_weights()["clap-tiny"]
    write_proof(weights, Proof(0.0, sentence="Deaf. Choose another."))
    assert model_state("clap-tiny").sentence == "Deaf. Choose another."
    assert import_models(exported, control=Control(), post=Said()).state == "ready"
    assert read_proof(installed_weights()["clap-tiny"]).is_good


def test_the_texts_of_the_check_mean_demo_sounds_that_there_are():
    kinds = {path.parent.name for path in demo_folder().rglob("*.flac")}
    for own in TEXTS.values():
        assert own <= kinds


@pytest.mark.parametrize(("name", "words"), [("text.onnx", "`text.onnx` is missing"), ("card.toml", "cannot be read")])
def test_an_imported_encoder_that_lost_a_file_is_listed_says_so_and_can_be_removed_or_imported_again(
    exported, name, words
):
    import_models(exported, control=Control(), post=Said())
    folder = weights_path() / "clap-tiny"
    (folder / name).unlink()
    (folder / "text_int8.onnx").unlink()  # it would stand in
    state = list_models()[-1]
    assert (state.card.id, state.state, state == model_state("clap-tiny")) == ("clap-tiny", "refused", True)
    assert words in state.sentence
    assert state.n_disk_bytes > 0
    with pytest.raises(EncoderError, match=words):
        verify_model("clap-tiny", control=Control(), post=Said())
    with pytest.raises(EncoderError, match="bowerbird models import DIR"):
        fetch_model("clap-tiny", control=Control(), post=Said())
    assert import_models(exported, control=Control(), post=Said()).state == "ready"
    (folder / "card.toml").write_text("id = ")
    remove_model("clap-tiny")
    assert "clap-tiny" not in [state.card.id for state in list_models()]


def test_where_there_is_no_library_nothing_is_forgotten_and_none_is_made(tmp_path):
    assert forget_model(Library.open(tmp_path / "library"), "clap-tiny") == {}
    assert not (tmp_path / "library").exists()
