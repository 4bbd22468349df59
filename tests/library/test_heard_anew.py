"""Sounds that are heard anew: by the ear after the descriptors that came before it, and by weights that are others."""

import shutil

import pytest
from stage import of_kind, run

import tiny_weights
from bowerbird.catalogue.sqlite.reader import SqliteReader
from bowerbird.catalogue.sqlite.writer import SqliteWriter
from bowerbird.domain.events import EncoderReady, Progress
from bowerbird.domain.query import parse_query
from bowerbird.encoders.registry import ACOUSTIC_ENCODER, DEFAULT_ENCODER, encoder_named
from bowerbird.jobs.control import Control
from bowerbird.library.encoders.choice import choose_encoder, searched_encoder, wanted_encoder
from bowerbird.library.indexing.index import index_folders
from bowerbird.library.library import Library
from bowerbird.library.search.search import Search
from encoding_stage import Here, run_further
from sounds import noise, write

TINY = tiny_weights.NAME
N_SOUNDS = 5


@pytest.fixture(autouse=True)
def here(monkeypatch):
    return Here(monkeypatch)


@pytest.fixture
def weights():
    return tiny_weights.have()


@pytest.fixture
def root(tmp_path):
    for number in range(N_SOUNDS):
        write(tmp_path / "sounds" / f"{number}.wav", noise(number, duration_s=0.1))
    return tmp_path / "sounds"


@pytest.fixture
def library(tmp_path, root):
    """A library of this version."""
    run(tmp_path / "library", root)
    return tmp_path / "library"


@pytest.fixture
def older(tmp_path, root):
    """A library of the version before: the descriptors heard every sound, the ear none, and nobody chose anything."""
    index_folders(
        Library.open(tmp_path / "older"),
        [root],
        encoder=encoder_named(ACOUSTIC_ENCODER),
        control=Control(),
        post=lambda _: None,
        n_workers=1,
    )
    return tmp_path / "older"


def searched(library):
    choice = searched_encoder(Library.open(library))
    return choice.encoder.name, choice.warning


def chosen(library, role):
    with SqliteReader(library) as reader:
        return reader.encoder(role)


def n_unheard(library, name=DEFAULT_ENCODER):
    with SqliteReader(library) as reader:
        return reader.count_unencoded(encoder_named(name).id)


# By the ear


def test_a_library_of_an_older_version_is_searched_as_before_until_the_ear_heard_it(older, root):
    assert searched(older) == (ACOUSTIC_ENCODER, None)
    search = Search(Library.open(older), searched_encoder(Library.open(older)).encoder)
    assert len(search.by_words(parse_query("3"))) == 1
    search.close()
    _, events = run(older, root)
    assert of_kind(events, EncoderReady) == [EncoderReady(DEFAULT_ENCODER, 0)]
    assert searched(older) == (DEFAULT_ENCODER, None)
    assert n_unheard(older) == 0


def test_the_ear_is_what_it_is_to_have_all_the_while(older):
    assert (wanted_encoder(Library.open(older)).encoder.name, wanted_encoder(Library.open(older)).warning) == (
        DEFAULT_ENCODER,
        None,
    )


def test_nobody_is_told_twice(older, root):
    run(older, root)
    _, events = run(older, root)
    assert of_kind(events, EncoderReady) == []


def test_a_new_library_has_nothing_to_be_told_of(tmp_path, root):
    _, events = run(tmp_path / "new", root)
    assert of_kind(events, EncoderReady) == []
    assert searched(tmp_path / "new") == (DEFAULT_ENCODER, None)


def test_what_was_heard_before_is_kept_and_no_choice_is_made(older, root):
    run(older, root)
    assert n_unheard(older, ACOUSTIC_ENCODER) == 0
    assert [chosen(older, role) for role in ("wanted", "searched")] == [None, None]
    with SqliteReader(older) as reader:
        assert set(reader.encoder_ids()) == {encoder_named(name).id for name in (ACOUSTIC_ENCODER, DEFAULT_ENCODER)}


def test_a_run_that_is_cancelled_leaves_the_descriptors_in_use(older, root):
    control = Control()

    def stop(event):
        if isinstance(event, Progress):
            control.cancel()

    _, events = run(older, root, n_workers=1, control=control, post=stop)
    assert of_kind(events, EncoderReady) == []
    assert n_unheard(older) == N_SOUNDS
    assert searched(older) == (ACOUSTIC_ENCODER, None)
    _, events = run(older, root)
    assert of_kind(events, EncoderReady) == [EncoderReady(DEFAULT_ENCODER, 0)]


def test_one_folder_of_two_is_not_the_whole(older, root, tmp_path):
    write(tmp_path / "more" / "a.wav", noise(9, duration_s=0.1))
    _, events = run(older, tmp_path / "more")
    assert of_kind(events, EncoderReady) == []
    assert searched(older) == (ACOUSTIC_ENCODER, None)
    _, events = run(older, root)
    assert of_kind(events, EncoderReady) == [EncoderReady(DEFAULT_ENCODER, 0)]


def test_sounds_that_the_ear_alone_heard_do_not_bring_the_descriptors_back(older, root, tmp_path):
    run(older, root)
    write(tmp_path / "more" / "a.wav", noise(9, duration_s=0.1))
    _, events = run(older, tmp_path / "more")
    assert n_unheard(older, ACOUSTIC_ENCODER) == 1
    assert searched(older) == (DEFAULT_ENCODER, None)
    assert of_kind(events, EncoderReady) == []


def test_a_sound_that_cannot_be_read_holds_up_nothing(older, root):
    (root / "0.wav").write_bytes(b"no sound")
    _, events = run(older, root)
    assert of_kind(events, EncoderReady) == [EncoderReady(DEFAULT_ENCODER, 0)]
    assert searched(older) == (DEFAULT_ENCODER, None)


def test_who_wants_the_descriptors_alone_keeps_them(older, root):
    assert choose_encoder(Library.open(older), encoder_named(ACOUSTIC_ENCODER)), (
        "they heard everything: nothing is to be waited for"
    )
    _, events = run_further(older, root, further=ACOUSTIC_ENCODER)
    assert of_kind(events, EncoderReady) == []
    assert searched(older) == (ACOUSTIC_ENCODER, None)
    assert n_unheard(older) == 0, "the ear hears everything all the same"
    assert choose_encoder(Library.open(older), encoder_named(DEFAULT_ENCODER))
    assert searched(older) == (DEFAULT_ENCODER, None)


def test_in_a_new_library_the_descriptors_alone_serve_once_they_are_complete(library, root):
    assert not choose_encoder(Library.open(library), encoder_named(ACOUSTIC_ENCODER))
    assert searched(library) == (DEFAULT_ENCODER, None)
    _, events = run_further(library, root, further=ACOUSTIC_ENCODER)
    assert of_kind(events, EncoderReady) == [EncoderReady(ACOUSTIC_ENCODER, 0)]
    assert searched(library) == (ACOUSTIC_ENCODER, None)


def test_an_encoder_with_weights_that_is_in_use_stays_in_use(older, root, weights):
    run_further(older, root, further=TINY)
    assert searched(older) == (TINY, None)
    _, events = run_further(older, root, further=TINY)
    assert of_kind(events, EncoderReady) == []


def test_weights_that_are_gone_leave_no_choice_behind_while_the_ear_goes_through(older, root, weights):
    """What stands in for them for now is not what the library is to have from now on."""
    choose_encoder(Library.open(older), encoder_named(TINY))
    shutil.rmtree(weights.folder)
    wanted = wanted_encoder(Library.open(older))
    assert wanted.encoder.name == DEFAULT_ENCODER
    assert wanted.warning.endswith("nothing was lost.")
    control = Control()
    control.cancel()
    run(older, root, control=control)
    assert searched(older) == (ACOUSTIC_ENCODER, None)
    index_folders(
        Library.open(older),
        [root],
        encoder=encoder_named(DEFAULT_ENCODER),
        further=wanted.encoder,
        control=Control(),
        post=lambda _: None,
        n_workers=1,
    )
    assert searched(older) == (DEFAULT_ENCODER, None)
    assert chosen(older, "wanted") == TINY


def test_weights_that_are_gone_are_told_and_what_heard_the_sounds_serves(older, root):
    with SqliteWriter(older) as catalogue:
        catalogue.set_encoder("searched", "clap-htsat-unfused")
    name, complaint = searched(older)
    assert name == ACOUSTIC_ENCODER
    assert complaint.endswith("Until then, search uses the built-in encoder; nothing was lost.")
    run(older, root)
    assert searched(older)[0] == DEFAULT_ENCODER


# By other weights


def test_other_weights_under_the_name_that_is_used_are_searched_with_once_they_heard_everything(library, root, weights):
    run_further(library, root, further=TINY)
    with SqliteWriter(library) as catalogue:
        catalogue.set_encoder("searched", TINY, "clap-tiny-1-00000000")  # what other weights had
    name, complaint = searched(library)
    assert name == DEFAULT_ENCODER
    assert "have changed" in complaint
    with SqliteWriter(library) as catalogue:
        catalogue.delete_embeddings(encoder_named(TINY).id)
    assert not choose_encoder(Library.open(library), encoder_named(TINY))
    assert searched(library)[0] == DEFAULT_ENCODER
    _, events = run_further(library, root, further=TINY)
    assert [event.name for event in of_kind(events, EncoderReady)] == [TINY]
    assert searched(library) == (TINY, None)


def test_other_weights_under_the_same_name_are_not_searched_with_before_their_vectors_are_complete(
    library, root, weights
):
    run_further(library, root, further=TINY)
    old_id = encoder_named(TINY).id
    files = {**weights.card.files, "audio": weights.card.files["audio_int8"]}
    shutil.rmtree(weights.folder)
    tiny_weights.have(files=files)
    shutil.copyfile(tiny_weights.TINY / "audio_int8.onnx", weights.folder / "audio.onnx")
    assert encoder_named(TINY).id != old_id
    assert searched(library)[0] == DEFAULT_ENCODER
    run_further(library, root, further=TINY)
    assert searched(library) == (TINY, None)


def test_a_drive_that_is_away_does_not_keep_the_ear_from_being_searched_with(tmp_path):
    library = tmp_path / "library"
    for name, seeds in (("away", range(8)), ("here", range(10, 13))):
        for seed in seeds:
            write(tmp_path / name / f"{seed}.wav", noise(seed, duration_s=0.1))
    index_folders(
        Library.open(library),
        [tmp_path / "away", tmp_path / "here"],
        encoder=encoder_named(ACOUSTIC_ENCODER),
        control=Control(),
        post=lambda _: None,
        n_workers=1,
    )
    assert searched_encoder(Library.open(library)).encoder.name == ACOUSTIC_ENCODER
    (tmp_path / "away").rename(tmp_path / "unplugged")
    index_folders(
        Library.open(library),
        [],
        encoder=encoder_named(DEFAULT_ENCODER),
        control=Control(),
        post=lambda _: None,
        n_workers=1,
    )
    assert searched_encoder(Library.open(library)).encoder.name == DEFAULT_ENCODER
