"""What an encoder is done with: windows that come bit by bit, contents that it refused, and who is to search."""

import os
import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analyses import ENCODER_ID, N_DIMS, analysis, stamp
from bowerbird.catalogue.records import EncodedWindows, WindowSpan
from bowerbird.catalogue.sqlite.reader import SqliteReader
from bowerbird.catalogue.sqlite.writer import SqliteWriter

ROOT = Path("/sounds") if os.sep == "/" else Path("C:\\sounds")
BELOW = f"{ROOT}{os.sep}"
FURTHER = "further-1"


@pytest.fixture
def library(tmp_path):
    """Four analysed sounds, one of them a copy, and a rejected one."""
    with SqliteWriter(tmp_path) as catalogue:
        add(catalogue, ["a.wav", "b.wav", "c/d.wav", "c/e copy.wav", "c/rejected.wav"])
        ids = {sound.path: sound.id for sound in pending(catalogue)}
        found = [
            (ids[str(ROOT / name)], analysis(seed, n_windows=n))
            for name, seed, n in [("a.wav", 1, 1), ("b.wav", 2, 3), ("c/d.wav", 3, 1), ("c/e copy.wav", 3, 1)]
        ]
        catalogue.record(found, [(ids[str(ROOT / "c" / "rejected.wav")], "It is broken.", "damaged")], ENCODER_ID)
    return tmp_path


@pytest.fixture
def catalogue(library):
    with SqliteWriter(library) as catalogue:
        yield catalogue


@pytest.fixture
def reader(library):
    with SqliteReader(library) as reader:
        yield reader


def add(catalogue, names):
    folder = catalogue.add_folder(ROOT)
    catalogue.begin_scan()
    catalogue.reconcile(folder, [stamp(ROOT / name) for name in names])
    return folder


def pending(catalogue):
    return catalogue.pending(catalogue.add_folder(ROOT), below=BELOW, encoder_id=ENCODER_ID)


def unencoded(catalogue, below=BELOW, encoder_id=FURTHER):
    found = catalogue.unencoded(catalogue.add_folder(ROOT), below=below, encoder_id=encoder_id)
    return {Path(content.path).relative_to(ROOT).as_posix(): content for content in found}


def windows(content, first, n, *, is_last, seed=0):
    vectors = np.random.default_rng([seed, first, content.id]).normal(size=(n, N_DIMS)).astype(np.float32)
    spans = tuple((10.0 * number, 10.0 * number + 10) for number in range(first, first + n))
    return EncodedWindows(content.id, first, spans, vectors, is_last)


def test_every_analysed_content_waits_for_a_further_encoder_once(catalogue):
    found = unencoded(catalogue)
    assert list(found) == ["a.wav", "b.wav", "c/d.wav"]  # neither the copy nor what was rejected
    content = found["b.wav"]
    assert (content.hash, content.duration_s, content.n_known, content.size_bytes) == (
        (2).to_bytes(16, "big"),
        30.0,
        0,
        100,
    )
    assert content.path == str(ROOT / "b.wav")


def test_only_what_lies_below_is_asked_for(catalogue):
    assert list(unencoded(catalogue, below=f"{ROOT / 'c'}{os.sep}")) == ["c/d.wav"]


def test_what_analysis_recorded_waits_no_more_for_its_own_encoder(catalogue, reader):
    assert unencoded(catalogue, encoder_id=ENCODER_ID) == {}
    assert reader.count_unencoded(ENCODER_ID) == 0
    assert reader.encoder_ids() == [ENCODER_ID]


def test_windows_come_bit_by_bit_and_are_done_with_the_last(catalogue, reader):
    content = unencoded(catalogue)["b.wav"]
    first, second = windows(content, 0, 2, is_last=False), windows(content, 2, 1, is_last=True)
    catalogue.record_windows([first], [], FURTHER)
    assert unencoded(catalogue)["b.wav"].n_known == 2
    assert reader.count_unencoded(FURTHER) == 4
    catalogue.record_windows([second], [], FURTHER)
    assert "b.wav" not in unencoded(catalogue)
    assert reader.count_unencoded(FURTHER) == 3
    stored = reader.sound_windows(content.id, FURTHER, N_DIMS)
    np.testing.assert_array_equal(stored, np.concatenate([first.vectors, second.vectors]))
    ids, _ = reader.window_ids(FURTHER)
    assert [reader.spans(ids)[window_id] for window_id in ids.tolist()] == [
        WindowSpan(0, 10, 0),
        WindowSpan(10, 20, 1),
        WindowSpan(20, 30, 2),
    ]


def test_the_last_part_says_which_windows_count_in_the_mean_and_which_are_left_out(catalogue, reader):
    content = unencoded(catalogue)["b.wav"]
    first, second = windows(content, 0, 3, is_last=False), windows(content, 3, 2, is_last=True)
    catalogue.record_windows([first], [], FURTHER)
    uses = ("uncounted", "left out", "counted", "counted", "uncounted")
    catalogue.record_windows([replace(second, uses=uses)], [], FURTHER)
    ids, _ = reader.window_ids(FURTHER)
    assert [span.number for span in reader.spans(ids).values()] == [-1, 2, 3, -5]
    counted = np.concatenate([first.vectors[2:], second.vectors[:1]])
    np.testing.assert_array_equal(reader.sound_windows(content.id, FURTHER, N_DIMS), counted)
    mean = counted.astype(np.float64).sum(axis=0)
    np.testing.assert_allclose(reader.mean_vectors(FURTHER, N_DIMS)[1][0], mean / np.linalg.norm(mean), atol=1e-6)


def test_windows_that_are_there_already_are_kept_as_they_are(catalogue, reader):
    content = unencoded(catalogue)["b.wav"]
    first = windows(content, 0, 2, is_last=False)
    catalogue.record_windows([first], [], FURTHER)
    ids, _ = reader.window_ids(FURTHER)
    catalogue.record_windows([windows(content, 0, 3, is_last=True, seed=1)], [], FURTHER)
    assert reader.window_ids(FURTHER)[0].tolist()[:2] == ids.tolist()
    np.testing.assert_array_equal(reader.sound_windows(content.id, FURTHER, N_DIMS)[:2], first.vectors)


def test_a_last_part_without_windows_still_says_that_all_are_there(catalogue, reader):
    content = unencoded(catalogue)["a.wav"]
    catalogue.record_windows([windows(content, 0, 0, is_last=True)], [], FURTHER)
    assert "a.wav" not in unencoded(catalogue)


def test_a_copy_is_done_with_its_twin(catalogue, reader):
    catalogue.record_windows([windows(unencoded(catalogue)["c/d.wav"], 0, 1, is_last=True)], [], FURTHER)
    assert reader.count_unencoded(FURTHER) == 2
    ids = [reader.sound_at(ROOT / "c" / name).content_id for name in ("d.wav", "e copy.wav")]
    assert ids[0] == ids[1]


def test_what_the_encoder_refused_is_not_asked_again_and_keeps_everything_else(catalogue, reader, library):
    content = unencoded(catalogue)["a.wav"]
    before = reader.sound_windows(content.id, ENCODER_ID, N_DIMS).tolist()
    catalogue.record_windows([], [(content.id, "`a.wav` crashes the decoder. Remove it.")], FURTHER)
    assert "a.wav" not in unencoded(catalogue)
    assert reader.count_unencoded(FURTHER) == 3
    assert [sound.path.name for sound in reader.rejected()] == ["a.wav", "rejected.wav"]
    assert reader.sound_windows(content.id, ENCODER_ID, N_DIMS).tolist() == before
    assert "a.wav" in unencoded(catalogue, encoder_id="another")


def test_of_a_content_that_was_refused_midway_no_half_stays_to_be_found(catalogue, reader):
    content = unencoded(catalogue)["b.wav"]
    vectors = np.eye(2, N_DIMS, dtype=np.float32)
    catalogue.record_windows([EncodedWindows(content.id, 0, ((0.0, 1.0), (1.0, 2.0)), vectors, False)], [], FURTHER)
    assert len(reader.sound_windows(content.id, FURTHER, N_DIMS)) == 2
    catalogue.record_windows([], [(content.id, "`b.wav` crashes the decoder, twice over. Remove it.")], FURTHER)
    assert len(reader.sound_windows(content.id, FURTHER, N_DIMS)) == 0
    assert len(reader.sound_windows(content.id, ENCODER_ID, N_DIMS)) == 3


def test_a_batch_is_recorded_whole_or_not_at_all(catalogue, reader):
    content = unencoded(catalogue)["a.wav"]
    lost = EncodedWindows(999, 0, ((0.0, 10.0),), np.zeros((1, N_DIMS), np.float32), is_last=True)
    with pytest.raises(sqlite3.IntegrityError):
        catalogue.record_windows([windows(content, 0, 1, is_last=True), lost], [], FURTHER)
    assert "a.wav" in unencoded(catalogue)
    assert reader.window_ids(FURTHER)[0].tolist() == []


def test_a_changed_sound_waits_again_and_leaves_nothing_behind(catalogue, reader):
    content = unencoded(catalogue)["a.wav"]
    catalogue.record_windows([windows(content, 0, 1, is_last=True)], [], FURTHER)
    folder = catalogue.add_folder(ROOT)
    catalogue.reconcile(folder, [stamp(ROOT / "a.wav", mtime_ns=2)])
    assert "a.wav" not in unencoded(catalogue)  # first it is analysed
    catalogue.delete_orphans()
    assert reader.window_ids(FURTHER)[0].tolist() == []
    (sound,) = pending(catalogue)
    catalogue.record([(sound.id, analysis(50))], [], ENCODER_ID)
    assert "a.wav" in unencoded(catalogue)


def test_a_missing_sound_is_not_asked_for_and_does_not_count(catalogue, reader):
    add(catalogue, ["b.wav", "c/d.wav", "c/e copy.wav", "c/rejected.wav"])
    catalogue.mark_missing(catalogue.add_folder(ROOT), below=BELOW)
    assert "a.wav" not in unencoded(catalogue)
    assert reader.count_unencoded(FURTHER) == 3


def test_forgotten_vectors_wait_again_and_those_of_others_stay(catalogue, reader):
    for content in unencoded(catalogue).values():
        catalogue.record_windows([windows(content, 0, 1, is_last=True)], [], FURTHER)
    assert catalogue.delete_embeddings(FURTHER) == 3
    assert len(unencoded(catalogue)) == 3
    assert reader.encoder_ids() == [ENCODER_ID]
    assert len(reader.window_ids(ENCODER_ID)[0]) == 5
    assert catalogue.delete_embeddings("nobody") == 0


def test_pending_folders_are_those_where_an_encoder_has_something_to_do(catalogue, reader):
    assert reader.pending_folders(ENCODER_ID) == []
    assert reader.pending_folders(FURTHER) == [ROOT]
    for content in unencoded(catalogue).values():
        catalogue.record_windows([], [(content.id, "No.")], FURTHER)
    assert reader.pending_folders(FURTHER) == []


def test_who_is_wanted_and_who_searches_is_kept(catalogue, reader, library):
    assert (reader.encoder("wanted"), reader.encoder("searched")) == (None, None)
    catalogue.set_encoder("wanted", "clap-tiny@cuda")
    assert (reader.encoder("wanted"), reader.encoder("searched")) == ("clap-tiny@cuda", None)
    catalogue.set_encoder("searched", "clap-tiny")
    catalogue.set_encoder("wanted", "acoustic")
    with SqliteReader(library) as again:
        assert (again.encoder("wanted"), again.encoder("searched")) == ("acoustic", "clap-tiny")
    with pytest.raises(sqlite3.IntegrityError):
        catalogue.set_encoder("favourite", "acoustic")
