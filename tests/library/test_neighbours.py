"""The index of a library: rebuilt when damaged, brought up to date, a graph when large."""

import os
from pathlib import Path

import numpy as np
import pytest
from stage import DeafEncoder

from analyses import ENCODER_ID, N_DIMS, analysis, stamp
from bowerbird.catalogue.sqlite.reader import SqliteReader
from bowerbird.catalogue.sqlite.writer import SqliteWriter
from bowerbird.index import hnsw
from bowerbird.jobs.control import Control
from bowerbird.library.library import Library
from bowerbird.library.search import shared_index
from bowerbird.library.search.neighbours import Neighbours, update_index

ROOT = Path("/sounds") if os.sep == "/" else Path("C:\\sounds")

needs_graph = pytest.mark.skipif(not hnsw.is_available(), reason="hnswlib is not installed")


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
        assert (opened.kind, opened.lacks_graph) == ("exact", False)
        fill(library, Path(f"{ROOT}2"), range(5))
        opened.refresh()
        assert (opened.kind, opened.lacks_graph) == ("exact", True)
        update_index(Library.open(library), DeafEncoder(), Control())
        opened.refresh()
        assert (opened.kind, opened.lacks_graph) == ("hnsw", False)
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
