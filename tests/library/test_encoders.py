"""The encoder that search uses: the former until the new one is complete, and the built-in if weights are missing."""

import shutil

import numpy as np
import pytest
from stage import of_kind, run

import tiny_weights
from bowerbird.base.errors import CatalogueError, EncoderError, NotEmbeddableError
from bowerbird.catalogue.sqlite.reader import SqliteReader
from bowerbird.catalogue.sqlite.writer import SqliteWriter
from bowerbird.domain.events import EncoderReady, Progress
from bowerbird.encoders.registry import encoder_named
from bowerbird.encoders.weights.self_check import SelfCheck, write_self_check
from bowerbird.jobs.control import Cancelled, Control
from bowerbird.library.encoders import recall as recall_module
from bowerbird.library.encoders.choice import (
    choose_encoder,
    delete_embeddings,
    finish_encoder,
    is_of_model,
    require_recall,
    searched_encoder,
    stop_using_model,
    wanted_encoder,
)
from bowerbird.library.encoders.models import check_int8, remove_model
from bowerbird.library.encoders.recall import Recall, is_int8_offered, read_recall, recall_of, write_recall
from bowerbird.library.indexing import analysis
from bowerbird.library.library import Library
from encoding_stage import Here, run_further
from sounds import noise, write

TINY, TWIN, BUILT_IN = tiny_weights.NAME, "clap-twin", "ear"


@pytest.fixture(autouse=True)
def here(monkeypatch):
    return Here(monkeypatch)


@pytest.fixture
def weights():
    return tiny_weights.have()


@pytest.fixture
def root(tmp_path):
    for number in range(3):
        write(tmp_path / "sounds" / f"{number}.wav", noise(number, duration_s=0.1))
    return tmp_path / "sounds"


@pytest.fixture
def library(tmp_path, root, weights):
    run(tmp_path / "library", root)
    return tmp_path / "library"


def spoken(choice):
    """The name of an encoder as a person would say it."""
    return BUILT_IN if choice.encoder.id == encoder_named(BUILT_IN).id else choice.encoder.name


def searched(library):
    choice = searched_encoder(Library.open(library))
    return spoken(choice), choice.warning


def chosen(library, role):
    with SqliteReader(library) as reader:
        return reader.encoder(role)


def test_without_a_library_the_built_in_encoder_is_used_without_a_warning(tmp_path):
    for choice in (searched_encoder(Library.open(tmp_path)), wanted_encoder(Library.open(tmp_path))):
        assert (spoken(choice), choice.warning) == (BUILT_IN, None)


def test_a_library_whose_owner_chose_nothing_is_searched_with_the_built_in(library):
    assert searched(library) == (BUILT_IN, None)
    assert spoken(wanted_encoder(Library.open(library))) == BUILT_IN


# Until the new is complete


def test_a_chosen_encoder_is_searched_with_once_its_vectors_are_complete(library, root):
    assert not choose_encoder(Library.open(library), encoder_named(TINY))
    assert wanted_encoder(Library.open(library)).encoder.name == TINY
    assert searched(library) == (BUILT_IN, None)
    _, events = run_further(library, root, further=TINY)
    assert of_kind(events, EncoderReady) == [EncoderReady(TINY, 0)]
    assert searched(library) == (TINY, None)
    _, events = run_further(library, root, further=TINY)
    assert of_kind(events, EncoderReady) == []


def test_until_then_the_former_encoder_is_used(library, root):
    tiny_weights.have(TWIN)
    run_further(library, root, further=TINY)
    assert not choose_encoder(Library.open(library), encoder_named(TWIN))
    assert searched(library) == (TINY, None)
    control = Control()
    run_further(library, root, further=TWIN, control=control, post=lambda _: control.cancel())
    assert searched(library) == (TINY, None)
    run_further(library, root, further=TWIN)
    assert searched(library) == (TWIN, None)


def test_an_encoder_with_complete_embeddings_is_used_at_once(library, root):
    tiny_weights.have(TWIN)
    run_further(library, root, further=TINY)
    run_further(library, root, further=TWIN)
    assert choose_encoder(Library.open(library), encoder_named(TINY))
    assert searched(library) == (TINY, None)


def test_a_folder_that_was_not_brought_up_to_date_holds_it_up(library, root, tmp_path):
    write(tmp_path / "more" / "a.wav", noise(9, duration_s=0.1))
    run(library, tmp_path / "more")
    _, events = run_further(library, root, further=TINY)
    assert of_kind(events, EncoderReady) == []
    assert searched(library) == (BUILT_IN, None)
    _, events = run_further(library, tmp_path / "more", further=TINY)
    assert of_kind(events, EncoderReady) == [EncoderReady(TINY, 0)]


def test_a_part_of_a_folder_is_not_the_whole(library, root):
    write(root / "below" / "a.wav", noise(9, duration_s=0.1))
    _, events = run_further(library, root / "below", further=TINY)
    assert of_kind(events, EncoderReady) == []
    assert searched(library) == (BUILT_IN, None)


def test_a_folder_added_later_does_not_switch_back(library, root, tmp_path):
    run_further(library, root, further=TINY)
    write(tmp_path / "more" / "a.wav", noise(9, duration_s=0.1))
    run(library, tmp_path / "more")
    assert searched(library) == (TINY, None)
    control = Control()
    run_further(library, tmp_path / "more", further=TINY, control=control, post=lambda _: control.cancel())
    assert searched(library) == (TINY, None)
    assert choose_encoder(Library.open(library), encoder_named(TINY))
    assert searched(library) == (TINY, None)


def test_a_folder_that_cannot_be_reached_does_not_hold_it_up(library, root, tmp_path):
    write(tmp_path / "drive" / "a.wav", noise(9, duration_s=0.1))
    run(library, tmp_path / "drive")
    (tmp_path / "drive").rename(tmp_path / "away")
    _, events = run_further(library, further=TINY)
    assert of_kind(events, EncoderReady) == [EncoderReady(TINY, 1)]
    assert searched(library) == (TINY, None)
    (tmp_path / "away").rename(tmp_path / "drive")
    summary, events = run_further(library, further=TINY)
    assert (summary.n_encoded, of_kind(events, EncoderReady)) == (1, [])


def test_sounds_that_the_encoder_refused_do_not_hold_it_up(library, root):
    encoder = encoder_named(TINY)
    with SqliteWriter(library) as catalogue:
        (folder,) = [catalogue.add_folder(root)]
        for content in catalogue.unencoded(folder, below=f"{root}/", encoder_id=encoder.id):
            catalogue.record_windows([], [(content.id, "No.")], encoder.id)
        assert finish_encoder(Library.open(library), catalogue, encoder, is_everything_tried=False)
    assert searched(library) == (TINY, None)


# Back again


def test_choosing_the_built_in_goes_back_at_once_and_keeps_the_vectors(library, root, here):
    run_further(library, root, further=TINY)
    assert choose_encoder(Library.open(library), encoder_named(BUILT_IN))
    assert searched(library) == (BUILT_IN, None)
    assert spoken(wanted_encoder(Library.open(library))) == BUILT_IN
    n_before = here.n_encoded
    run_further(library, root, further=TINY)
    assert here.n_encoded == n_before


def test_the_built_in_is_remembered_by_its_name_for_its_id_goes_with_the_version(library):
    choose_encoder(Library.open(library), encoder_named(BUILT_IN))
    assert (chosen(library, "wanted"), chosen(library, "searched")) == (BUILT_IN, BUILT_IN)


def test_weights_that_are_removed_let_the_built_in_serve_until_they_are_back(library, root, weights, tmp_path):
    run_further(library, root, further=TINY)
    shutil.move(weights.folder, tmp_path / "elsewhere")
    for choice in (searched_encoder(Library.open(library)), wanted_encoder(Library.open(library))):
        assert spoken(choice) == BUILT_IN
        assert choice.warning.endswith("Until then, search uses the built-in encoder; nothing was lost.")
    shutil.move(tmp_path / "elsewhere", weights.folder)
    assert searched(library) == (TINY, None)


def test_a_model_that_was_let_go_is_not_missed(library, root):
    run_further(library, root, further=TINY)
    remove_model(TINY)
    assert stop_using_model(Library.open(library), TINY)
    assert searched(library) == (BUILT_IN, None)
    assert wanted_encoder(Library.open(library)).warning is None
    assert not stop_using_model(Library.open(library), TINY)


@pytest.mark.parametrize("used", [f"{TINY}-int8", f"{TINY}@cuda"])
def test_stopping_to_use_a_model_includes_its_8_bit_weights_and_every_device(library, used):
    with SqliteWriter(library) as catalogue:
        catalogue.set_encoder("wanted", used)
    assert stop_using_model(Library.open(library), TINY)
    assert chosen(library, "wanted") == BUILT_IN


def test_letting_go_touches_no_other_model_and_makes_no_library(library, tmp_path):
    choose_encoder(Library.open(library), encoder_named(TINY))
    assert not stop_using_model(Library.open(library), "clap")
    assert chosen(library, "wanted") == TINY
    assert not stop_using_model(Library.open(tmp_path / "nowhere"), TINY)
    assert not (tmp_path / "nowhere").exists()


def test_names_of_models_are_distinguished():
    assert is_of_model("clap-tiny-int8@cuda", "clap-tiny")
    assert not is_of_model("clap-tiny", "clap")
    assert not is_of_model("clap-tiny2", "clap-tiny")


def test_forgotten_vectors_are_found_pending_again(library, root):
    run_further(library, root, further=TINY)
    assert delete_embeddings(Library.open(library), encoder_named(TINY).id) == 3
    with SqliteReader(library) as reader:
        assert reader.count_unencoded(encoder_named(TINY).id) == 3
        assert reader.count_unencoded(encoder_named(BUILT_IN).id) == 0


# Not before they are proven


def test_weights_that_were_never_checked_are_not_used(library, root):
    tiny_weights.have(TWIN, is_checked=False)
    with pytest.raises(EncoderError, match=r"have not been checked\. Run `bowerbird models verify clap-twin`"):
        encoder_named(TWIN)
    with SqliteWriter(library) as catalogue:
        catalogue.set_encoder("searched", TWIN)
    name, complaint = searched(library)
    assert name == BUILT_IN
    assert "have not been checked" in complaint


def test_weights_that_failed_their_check_are_not_used(library, root, weights):
    run_further(library, root, further=TINY)
    write_self_check(weights, SelfCheck(0.2, sentence="They hear nothing. Fetch them anew."))
    with pytest.raises(EncoderError, match="They hear nothing"):
        encoder_named(TINY)
    assert searched(library)[0] == BUILT_IN


def test_8_bit_weights_are_not_used_before_they_are_compared_nor_below_95_percent(weights):
    with pytest.raises(
        EncoderError, match=r"has not been compared .*\. Run `bowerbird models verify clap-tiny --int8`"
    ):
        require_recall(f"{TINY}-int8")
    assert not is_int8_offered(weights)
    write_recall(weights, Recall(0.94, 200))
    with pytest.raises(EncoderError, match=r"not accurate enough .*0\.940 of the 10 nearest.*Use clap-tiny"):
        require_recall(f"{TINY}-int8@cpu")
    assert not is_int8_offered(weights)
    write_recall(weights, Recall(0.9499, 200))
    assert not is_int8_offered(weights)
    write_recall(weights, Recall(0.95, 200))
    require_recall(f"{TINY}-int8")
    assert is_int8_offered(weights)
    require_recall(TINY)
    require_recall(BUILT_IN)


def test_a_share_just_below_what_is_enough_does_not_read_as_enough():
    assert (Recall(0.94996, 200).text, Recall(0.95, 200).text) == ("0.949", "0.950")


def test_8_bit_weights_that_were_imported_again_are_not_used_before_they_are_compared(library, root, weights):
    write_recall(weights, Recall(0.97, 200))
    run_further(library, root, further=f"{TINY}-int8")
    assert searched(library)[0] == f"{TINY}-int8"
    (weights.folder / recall_module.RECALL_NAME).unlink()
    name, complaint = searched(library)
    assert name == BUILT_IN
    assert "has not been compared on your sounds yet" in complaint
    assert wanted_encoder(Library.open(library)).encoder.name == BUILT_IN


def test_an_encoder_that_every_sound_failed_for_the_moment_is_not_searched_with(library, root, monkeypatch):
    def no_memory(*_, **__):
        raise MemoryError

    monkeypatch.setattr(analysis, "encode_windows", no_memory)
    summary, events = run_further(library, root, further=TINY)
    assert summary.n_rejected == 3
    assert of_kind(events, EncoderReady) == []
    assert searched(library) == (BUILT_IN, None)


def test_a_sound_of_which_the_network_makes_nothing_holds_up_no_other(library, root, monkeypatch):
    encode_windows = analysis.encode_windows

    def one_is_nothing(path, *rest, **options):
        if path.name.startswith("1"):
            raise NotEmbeddableError("The audio network gives something else than numbers. Choose another encoder.")
        yield from encode_windows(path, *rest, **options)

    monkeypatch.setattr(analysis, "encode_windows", one_is_nothing)
    summary, events = run_further(library, root, further=TINY)
    assert (summary.n_encoded, summary.n_rejected) == (2, 1)
    assert [event.name for event in of_kind(events, EncoderReady)] == [TINY]
    assert searched(library) == (TINY, None)


def test_a_run_that_is_cancelled_leaves_what_was_chosen_meanwhile(library, root):
    control = Control()

    def choose(event):
        if isinstance(event, Progress) and event.activity:
            choose_encoder(Library.open(library), encoder_named(BUILT_IN))
            control.cancel()

    run_further(library, root, further=TINY, control=control, post=choose)
    assert wanted_encoder(Library.open(library)).encoder.name == BUILT_IN


def test_going_back_to_the_built_in_encoder_waits_for_nothing(library, root):
    run_further(library, root, further=TINY)
    with SqliteWriter(library) as catalogue:
        catalogue.delete_embeddings(encoder_named(BUILT_IN).id)
    assert choose_encoder(Library.open(library), encoder_named(BUILT_IN))
    assert searched(library) == (BUILT_IN, None)


def test_the_full_id_of_8_bit_weights_does_not_bypass_the_comparison(weights):
    with pytest.raises(EncoderError, match="has not been compared on your sounds yet"):
        require_recall(encoder_named(f"{TINY}-int8").id)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"value": "x"}', '{"value": 1.0, "n_sounds": 200, "files": {}}'])
def test_a_damaged_figure_or_that_of_other_weights_is_ignored(weights, text):
    (weights.folder / recall_module.RECALL_NAME).write_text(text)
    assert read_recall(weights) is None


def test_the_figure_is_measured_on_the_users_sounds_and_stored(library, root, weights, monkeypatch):
    with pytest.raises(EncoderError, match=r"has only 3 sounds .* 20 are needed.*Index more"):
        check_int8(Library.open(library), TINY, control=Control())
    for number in range(30):
        write(root / f"more {number}.wav", noise(100 + number, duration_s=0.05))
    run(library, root)
    monkeypatch.setattr(recall_module, "N_SOUNDS", 25)
    recall = check_int8(Library.open(library), TINY, control=Control())
    assert recall.n_sounds == 25
    assert 0 < recall.value <= 1
    assert read_recall(weights) == recall
    control = Control()
    control.cancel()
    with pytest.raises(Cancelled):
        check_int8(Library.open(library), TINY, control=control)
    assert read_recall(weights) == recall


def test_recall_is_the_share_of_neighbours_that_are_the_same():
    rng = np.random.default_rng(0)
    full = rng.normal(size=(40, 8)).astype(np.float32)
    full /= np.linalg.norm(full, axis=1, keepdims=True)
    other = rng.permutation(full)
    assert recall_of(full, full, k=10) == 1.0
    expected = []
    for one in range(40):
        near = [set(np.argsort(-np.delete(v @ v[one], one))[:10].tolist()) for v in (full, other)]
        expected.append(len(near[0] & near[1]) / 10)
    assert recall_of(full, other, k=10) == pytest.approx(np.mean(expected))


def test_without_a_library_or_8_bit_weights_there_is_a_sentence(tmp_path, weights):
    with pytest.raises(CatalogueError, match="There is no library"):
        check_int8(Library.open(tmp_path), TINY, control=Control())
    (weights.folder / "audio_int8.onnx").unlink()
    with pytest.raises(EncoderError, match="clap-tiny-int8 is not installed"):
        check_int8(Library.open(tmp_path), TINY, control=Control())
    with pytest.raises(EncoderError, match="The 8-bit weights of clap-tiny are not installed"):
        encoder_named(f"{TINY}-int8")
