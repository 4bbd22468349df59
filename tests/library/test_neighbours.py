"""The index of a library: one for all threads, rebuilt when damaged, brought up to date, a compact one when large."""

import errno
import json
import logging
import os
import threading
from pathlib import Path

import numpy as np
import pytest
from stage import DeafEncoder

from analyses import ENCODER_ID, N_DIMS, analysis, stamp
from bowerbird.catalogue.sqlite.reader import SqliteReader
from bowerbird.catalogue.sqlite.writer import SqliteWriter
from bowerbird.index import compact, hnsw, store
from bowerbird.index.vector_file import VectorFile
from bowerbird.jobs.control import Control
from bowerbird.library.library import Library
from bowerbird.library.search import index_growth, shared_index
from bowerbird.library.search.index_growth import GrowingIndex
from bowerbird.library.search.neighbours import Neighbours, update_index

ROOT = Path("/sounds") if os.sep == "/" else Path("C:\\sounds")

needs_graph = pytest.mark.skipif(not hnsw.is_available(), reason="hnswlib is not installed")
needs_faiss = pytest.mark.skipif(not compact.is_available(), reason="Faiss is not installed")


@pytest.fixture
def library(tmp_path):
    fill(tmp_path, ROOT, range(60))
    return tmp_path


def fill(library, root, numbers, first_seed=0):
    with SqliteWriter(library) as catalogue:
        folder = catalogue.add_folder(root)
        catalogue.begin_scan()
        catalogue.reconcile(folder, [stamp(root / f"{number:04}.wav") for number in numbers])
        pending = catalogue.pending(folder, below=f"{root}{os.sep}", encoder_id=ENCODER_ID)
        catalogue.record([(sound.id, analysis(first_seed + sound.id)) for sound in pending], [], ENCODER_ID)
    return folder


@pytest.fixture
def opened(library):
    with SqliteReader(library) as reader:
        yield Neighbours(Library.open(library), reader, DeafEncoder())


def truth(library, query, k):
    with SqliteReader(library) as reader:
        stored = reader.windows(ENCODER_ID, N_DIMS)
    best = np.argsort(-(stored.vectors @ query), kind="stable")[:k]
    return stored.ids[best].tolist()


def query(seed=500):
    return analysis(seed).vectors[0]


def test_the_nearest_windows_and_their_contents_are_found(library, opened):
    opened.refresh()
    ids, contents, scores = opened.search(query(), 10)
    assert ids.tolist() == truth(library, query(), 10)
    with SqliteReader(library) as reader:
        vectors = reader.vectors_of(ids, N_DIMS)
        of_window = dict(zip(*(part.tolist() for part in reader.window_ids(ENCODER_ID)), strict=True))
    np.testing.assert_allclose(scores, vectors @ query(), atol=1e-6)
    assert contents.tolist() == [of_window[window] for window in ids.tolist()]


def test_a_search_among_some_contents_finds_only_these(opened):
    opened.refresh()
    some = opened.search(query(), 60)[1][10:20]
    _, contents, _ = opened.search(query(), 60, content_ids=some)
    assert contents.tolist() == some.tolist()


def test_what_was_recorded_since_is_found_after_a_refresh(library, opened):
    opened.refresh()
    fill(library, Path(f"{ROOT}2"), range(5))
    opened.refresh()
    assert len(opened) == 65
    assert opened.search(query(), 65)[0].tolist() == truth(library, query(), 65)


@pytest.mark.parametrize("from_", [10_000, pytest.param(50, marks=needs_graph)])
def test_a_removed_folder_disappears_from_results(library, monkeypatch, from_):
    other = fill(library, Path(f"{ROOT}2"), range(5))
    monkeypatch.setattr(shared_index, "HNSW_FROM", from_)
    update_index(Library.open(library), DeafEncoder(), Control())
    with SqliteReader(library) as reader:
        opened = Neighbours(Library.open(library), reader, DeafEncoder())
        opened.refresh()
        assert opened.kind == ("hnsw" if from_ == 50 else "exact")
        assert len(opened.search(query(), 100)[0]) == 65
        with SqliteWriter(library) as catalogue:
            catalogue.remove_folder(other.id)
        opened.refresh()
        assert sorted(opened.search(query(), 100)[0].tolist()) == sorted(truth(library, query(), 100))
        assert len(opened) == 60


@needs_graph
def test_a_library_that_grows_large_is_searched_by_a_graph_once_it_is_built(library, monkeypatch):
    monkeypatch.setattr(shared_index, "HNSW_FROM", 61)
    update_index(Library.open(library), DeafEncoder(), Control())
    with SqliteReader(library) as reader:
        opened = Neighbours(Library.open(library), reader, DeafEncoder())
        opened.refresh()
        assert opened.kind == "exact"
        fill(library, Path(f"{ROOT}2"), range(5))
        opened.refresh()
        assert opened.kind == "exact"
        update_index(Library.open(library), DeafEncoder(), Control())
        opened.refresh()
        assert opened.kind == "hnsw"
        assert opened.search(query(), 10)[0].tolist() == truth(library, query(), 10)


@needs_graph
def test_a_library_that_shrinks_is_searched_exactly_again(library, monkeypatch):
    other = fill(library, Path(f"{ROOT}2"), range(5))
    monkeypatch.setattr(shared_index, "HNSW_FROM", 61)
    update_index(Library.open(library), DeafEncoder(), Control())
    with SqliteWriter(library) as catalogue:
        catalogue.remove_folder(other.id)
    with SqliteReader(library) as reader:
        opened = Neighbours(Library.open(library), reader, DeafEncoder())
        opened.refresh()
        assert opened.kind == "exact"
        assert opened.search(query(), 10)[0].tolist() == truth(library, query(), 10)


@needs_graph
def test_a_cancelled_build_leaves_exact_search(library, monkeypatch):
    monkeypatch.setattr(shared_index, "HNSW_FROM", 50)
    control = Control()
    control.cancel()
    update_index(Library.open(library), DeafEncoder(), control)
    assert not list((library / "index").glob("*"))


@pytest.mark.parametrize("from_", [10_000, pytest.param(50, marks=needs_graph)])
@pytest.mark.parametrize("suffix", [".index", ".labels", ".json"])
@pytest.mark.parametrize("content", [b"", b"\0" * 500, b"[1, 2]", b'{"encoder_id": []}'])
def test_a_damaged_index_file_is_made_anew(library, monkeypatch, from_, suffix, content):
    monkeypatch.setattr(shared_index, "HNSW_FROM", from_)
    update_index(Library.open(library), DeafEncoder(), Control())
    (piece,) = (library / "index").glob(f"*{suffix}")
    piece.write_bytes(content)
    with SqliteReader(library) as reader:
        opened = Neighbours(Library.open(library), reader, DeafEncoder())
        opened.refresh()
        opened.refresh()
        assert opened.search(query(), 10)[0].tolist() == truth(library, query(), 10)
    update_index(Library.open(library), DeafEncoder(), Control())
    with SqliteReader(library) as reader:
        opened = Neighbours(Library.open(library), reader, DeafEncoder())
        opened.refresh()
        assert opened.kind == ("hnsw" if from_ == 50 else "exact")
        assert opened.search(query(), 10)[0].tolist() == truth(library, query(), 10)


@pytest.mark.parametrize("n", [40, 60, 90])
@pytest.mark.parametrize("from_", [10_000, pytest.param(30, marks=needs_graph)])
def test_a_catalogue_begun_anew_is_not_searched_by_the_index_of_the_old_one(library, monkeypatch, n, from_):
    monkeypatch.setattr(shared_index, "HNSW_FROM", from_)
    update_index(Library.open(library), DeafEncoder(), Control())
    for piece in library.glob("catalogue*"):
        piece.unlink()
    fill(library, ROOT, range(n), first_seed=7000)
    with SqliteReader(library) as reader:
        opened = Neighbours(Library.open(library), reader, DeafEncoder())
        opened.refresh()
        assert opened.search(query(), 10)[0].tolist() == truth(library, query(), 10)


def test_a_library_without_vectors_finds_nothing(tmp_path):
    SqliteWriter(tmp_path).close()
    with SqliteReader(tmp_path) as reader:
        opened = Neighbours(Library.open(tmp_path), reader, DeafEncoder())
        opened.refresh()
        assert len(opened.search(query(), 5)[0]) == 0
        assert opened.baseline().shape == (0, N_DIMS)


def test_a_folder_where_the_index_cannot_be_saved_costs_no_answer(library):
    (library / "index").write_text("in the way")
    update_index(Library.open(library), DeafEncoder(), Control())
    with SqliteReader(library) as reader:
        opened = Neighbours(Library.open(library), reader, DeafEncoder())
        opened.refresh()
        assert opened.search(query(), 3)[0].tolist() == truth(library, query(), 3)


# A large library


@pytest.fixture
def large(library, monkeypatch):
    """A library of 60 windows, which counts as large."""
    monkeypatch.setattr(shared_index, "COMPACT_FROM", 50)
    return library


@needs_faiss
def test_all_threads_search_one_index_whose_vectors_are_held_once(large):
    indexes, baselines, kinds = [], [], []
    both_are_open = threading.Barrier(2)

    def search():
        with SqliteReader(large) as reader:
            opened = Neighbours(Library.open(large), reader, DeafEncoder())
            opened.refresh()
            assert opened.search(query(), 10)[0].tolist() == truth(large, query(), 10)
            indexes.append(opened._shared._index)
            baselines.append(opened.baseline())
            kinds.append(opened.kind)
            both_are_open.wait(30)

    threads = [threading.Thread(target=search) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert kinds == ["compact", "compact"]
    assert indexes[0] is indexes[1]
    assert baselines[0] is baselines[1]
    assert not baselines[0].flags.writeable


@needs_faiss
def test_a_filtered_search_is_not_short_beside_a_thread_that_is_ahead(large):
    with SqliteReader(large) as behind, SqliteReader(large) as ahead:
        opened = Neighbours(Library.open(large), behind, DeafEncoder())
        opened.refresh()
        with behind.snapshot():
            behind.revision()  # the snapshot is taken at the first read
            known = truth(large, query(), 60)
            fill(large, Path(f"{ROOT}2"), range(300))
            other = Neighbours(Library.open(large), ahead, DeafEncoder())
            other.refresh()
            assert len(other) == 360
            assert opened.search(query(), 10)[0].tolist() == known[:10]
            contents = ahead.window_ids(ENCODER_ID)[1]
            assert opened.search(query(), 60, content_ids=contents)[0].tolist() == known


@needs_faiss
@pytest.mark.parametrize("suffix", [".index", ".labels", ".rows.npz", ".vectors", ".json"])
@pytest.mark.parametrize("content", [None, b"", b"\0" * 5_000, b"[1, 2]", b'{"encoder_id": []}'])
def test_a_damaged_file_of_a_large_library_is_made_anew(large, suffix, content):
    update_index(Library.open(large), DeafEncoder(), Control())
    (piece,) = (large / "index").glob(f"*{suffix}")
    if content is None:
        piece.unlink()
    else:
        piece.write_bytes(content)
    for _ in range(2):
        with SqliteReader(large) as reader:
            opened = Neighbours(Library.open(large), reader, DeafEncoder())
            opened.refresh()
            assert opened.kind == "compact"
            assert opened.search(query(), 10)[0].tolist() == truth(large, query(), 10)
            opened.save()


@needs_faiss
def test_a_vector_that_was_damaged_since_the_index_was_opened_is_read_from_the_catalogue(large, caplog):
    update_index(Library.open(large), DeafEncoder(), Control())
    with SqliteReader(large) as reader:
        opened = Neighbours(Library.open(large), reader, DeafEncoder())
        opened.refresh()
        (piece,) = (large / "index").glob("*.vectors")
        with piece.open("r+b") as file:
            file.write(b"\xff" * 2 * N_DIMS * 3)
        with caplog.at_level(logging.CRITICAL, logger="bowerbird"):
            assert opened.search(query(), 60)[0].tolist() == truth(large, query(), 60)


@needs_faiss
def test_an_index_of_an_earlier_version_is_made_anew(large, monkeypatch):
    update_index(Library.open(large), DeafEncoder(), Control())
    (stamp_path,) = (large / "index").glob("*.json")
    stored = json.loads(stamp_path.read_text())
    stored["format"] = store.FORMAT - 1
    stamp_path.write_text(json.dumps(stored))
    former = [*(large / "index").glob("*.index"), *(large / "index").glob("*.vectors")]
    update_index(Library.open(large), DeafEncoder(), Control())
    assert json.loads(stamp_path.read_text())["format"] == store.FORMAT
    assert len(former) == 2
    assert not any(path.exists() for path in former)
    with SqliteReader(large) as reader:
        opened = Neighbours(Library.open(large), reader, DeafEncoder())
        opened.refresh()
        assert opened.search(query(), 10)[0].tolist() == truth(large, query(), 10)


@needs_faiss
def test_a_large_library_that_loses_a_folder_finds_the_rest(large):
    other = fill(large, Path(f"{ROOT}2"), range(20))
    update_index(Library.open(large), DeafEncoder(), Control())
    with SqliteReader(large) as reader:
        opened = Neighbours(Library.open(large), reader, DeafEncoder())
        opened.refresh()
        with SqliteWriter(large) as catalogue:
            catalogue.remove_folder(other.id)
        opened.refresh()
        assert opened.kind == "compact"
        assert opened.search(query(), 100)[0].tolist() == truth(large, query(), 100)


@needs_faiss
def test_a_cancelled_build_leaves_no_file(large):
    with SqliteReader(large) as reader:
        opened = Neighbours(Library.open(large), reader, DeafEncoder())
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(shared_index, "COMPACT_FROM", 10_000)
            opened.refresh()
        assert opened.kind == "exact"
        control = Control()
        control.cancel()
        opened.build(control)
        assert list((large / "index").glob("*")) == []
        assert opened.search(query(), 10)[0].tolist() == truth(large, query(), 10)


@needs_faiss
def test_a_full_disk_costs_no_answer(large, monkeypatch, caplog):
    def no_room(self, vectors):
        raise OSError(errno.ENOSPC, "No space left on device")

    with SqliteReader(large) as reader, caplog.at_level(logging.CRITICAL, logger="bowerbird"):
        opened = Neighbours(Library.open(large), reader, DeafEncoder())
        opened.refresh()
        monkeypatch.setattr(VectorFile, "append", no_room)
        fill(large, Path(f"{ROOT}2"), range(5))
        opened.refresh()
        assert (opened.kind, len(opened)) == ("exact", 65)
        opened.build(Control())
        assert opened.search(query(), 65)[0].tolist() == truth(large, query(), 65)


@needs_faiss
def test_the_index_is_built_while_sounds_are_added(library, monkeypatch):
    monkeypatch.setattr(index_growth, "SOUNDS_AT_ONCE", 20)
    monkeypatch.setattr(shared_index, "COMPACT_FROM", 70)
    with SqliteReader(library) as reader, GrowingIndex(Library.open(library), DeafEncoder(), Control()) as index:
        searching = Neighbours(Library.open(library), reader, DeafEncoder())
        searching.refresh()
        kinds, sizes = [], []
        for number in range(4):
            fill(library, Path(f"{ROOT}{number + 2}"), range(20))
            index.recorded(20)
            kinds.append(searching.kind)
            sizes.append(len(searching))
        assert kinds == ["compact"] * 4
        assert sizes == [80, 100, 120, 140]
        assert searching.search(query(), 10)[0].tolist() == truth(library, query(), 10)
    (stamp_path,) = (library / "index").glob("*.json")
    assert json.loads(stamp_path.read_text())["n_windows"] == 140


@needs_faiss
def test_a_small_library_is_not_indexed_while_sounds_are_added(library, monkeypatch):
    monkeypatch.setattr(index_growth, "SOUNDS_AT_ONCE", 20)
    with GrowingIndex(Library.open(library), DeafEncoder(), Control()) as index:
        index.recorded(60)
    assert not (library / "index").exists()
