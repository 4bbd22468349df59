"""The graph against exact search, on vectors that lie in clusters as sounds do."""

import threading

import numpy as np
import pytest

from bowerbird.index import hnsw
from bowerbird.index.exact import ExactIndex
from bowerbird.index.hnsw import MIN_RECALL, HnswIndex, is_available

pytestmark = pytest.mark.skipif(not is_available(), reason="hnswlib is not installed")

N, N_DIMS = 5_000, 64


def clustered(n=N, seed=0):
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(60, N_DIMS))
    vectors = (centres[rng.integers(0, 60, n)] + rng.normal(0, 0.35, (n, N_DIMS))).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def filled(kind, vectors, labels=None):
    index = kind(vectors.shape[1])
    index.add(np.arange(len(vectors)) if labels is None else labels, vectors)
    return index


@pytest.fixture(autouse=True, params=[2**24, 1], ids=["one graph", "several graphs"])
def graph_bytes(request, monkeypatch):
    monkeypatch.setattr(hnsw, "_GRAPH_BYTES", request.param)


@pytest.fixture(scope="module")
def vectors():
    return clustered()


def recall(found, truth, queries, k=10, **options):
    hits = 0
    for query in queries:
        hits += len(set(found.search(query, k, **options)[0]) & set(truth.search(query, k, **options)[0]))
    return hits / (k * len(queries))


def test_nearly_all_true_neighbours_are_found_also_for_queries_from_outside(vectors):
    graph, exact = filled(HnswIndex, vectors), filled(ExactIndex, vectors)
    assert recall(graph, exact, vectors[::25]) >= MIN_RECALL
    assert recall(graph, exact, clustered(200, seed=0)[:100]) >= MIN_RECALL
    assert graph.ef > 0


def test_scores_are_true_cosines_best_first(vectors):
    graph = filled(HnswIndex, vectors)
    labels, scores = graph.search(vectors[17], 10)
    assert labels[0] == 17
    np.testing.assert_allclose(scores, vectors[labels] @ vectors[17], atol=1e-5)
    assert (np.diff(scores) <= 1e-7).all()


def test_removed_vectors_are_found_no_more_and_the_rest_still_are(vectors):
    graph, exact = filled(HnswIndex, vectors), filled(ExactIndex, vectors)
    gone = np.arange(0, N, 7)
    for index in (graph, exact):
        index.remove(gone)
        index.remove(gone)
        assert len(index) == N - len(gone)
    for query in vectors[::50]:
        assert not np.isin(graph.search(query, 20)[0], gone).any()
    assert recall(graph, exact, vectors[::25]) >= MIN_RECALL
    assert graph.share_deleted == pytest.approx(len(gone) / N)
    np.testing.assert_array_equal(graph.labels(), exact.labels())


def test_vectors_added_later_are_found_at_once(vectors):
    graph = filled(HnswIndex, vectors[:1000])
    for start in range(1000, 3000, 500):
        graph.search(vectors[0], 10)
        graph.add(np.arange(start, start + 500), vectors[start : start + 500])
        assert graph.search(vectors[start + 3], 1)[0].tolist() == [start + 3]
    assert recall(graph, filled(ExactIndex, vectors[:3000]), vectors[:3000:25]) >= MIN_RECALL


@pytest.mark.parametrize("n_allowed", [0, 1, 5, 100, 1000, 4000])
def test_only_allowed_vectors_are_found_and_all_that_were_asked_for(vectors, n_allowed):
    graph, exact = filled(HnswIndex, vectors), filled(ExactIndex, vectors)
    allowed = np.random.default_rng(1).permutation(N)[:n_allowed].astype(np.int64)
    for query in vectors[::500]:
        labels, _ = graph.search(query, 10, allowed=allowed)
        assert np.isin(labels, allowed).all()
        assert len(labels) == min(10, n_allowed)
    if n_allowed:
        assert recall(graph, exact, vectors[::250], k=min(10, n_allowed), allowed=allowed) >= MIN_RECALL


def test_labels_that_are_not_there_are_not_allowed_into_results(vectors):
    graph = filled(HnswIndex, vectors[:100])
    assert graph.search(vectors[0], 5, allowed=np.array([7, 10**9]))[0].tolist() == [7]


@pytest.mark.parametrize("n", [0, 1, 2, 9])
def test_a_tiny_graph_gives_what_it_has(vectors, n):
    graph = filled(HnswIndex, vectors[:n])
    assert len(graph.search(vectors[0], 10)[0]) == n
    assert len(graph.sample(10)) == n


def test_a_graph_of_which_most_is_deleted_still_gives_all_that_is_left(vectors):
    graph = filled(HnswIndex, vectors[:500])
    graph.remove(np.arange(490))
    labels, _ = graph.search(vectors[0], 10)
    assert sorted(labels.tolist()) == list(range(490, 500))


def test_all_can_be_asked_for(vectors):
    graph = filled(HnswIndex, vectors[:600])
    assert sorted(graph.search(vectors[0], 600)[0].tolist()) == list(range(600))
    assert len(graph.search(vectors[0], 10_000)[0]) == 600


def test_searches_under_one_lock_stay_right_while_another_thread_adds(vectors):
    graph, lock = filled(HnswIndex, vectors[:1000]), threading.Lock()
    wrong = []

    def add():
        for start in range(1000, 3000, 100):
            with lock:
                graph.add(np.arange(start, start + 100), vectors[start : start + 100])

    adder = threading.Thread(target=add)
    adder.start()
    number = 0
    while adder.is_alive() or number < 50:
        with lock:
            labels, _ = graph.search(vectors[number % 1000], 3)
        if labels[0] != number % 1000:
            wrong.append(number)
        number += 1
    adder.join()
    assert wrong == []
    assert len(graph) == 3000


def test_no_graph_is_larger_than_it_may_be(tmp_path, monkeypatch, vectors):
    monkeypatch.setattr(hnsw, "_GRAPH_BYTES", 2**20)
    paths = filled(HnswIndex, vectors).write(tmp_path / "x.index")
    assert len(paths) == 2
    assert max(path.stat().st_size for path in paths) < 1.05 * 2**20


def test_several_graphs_are_searched_as_one(tmp_path, monkeypatch, vectors):
    monkeypatch.setattr(hnsw, "_GRAPH_BYTES", 1)
    graph, exact = filled(HnswIndex, vectors), filled(ExactIndex, vectors)
    assert len(graph.write(tmp_path / "x.index")) == 5
    for query in vectors[::100]:
        np.testing.assert_allclose(graph.search(query, 5)[1], exact.search(query, 5)[1], atol=1e-5)


def test_a_graph_comes_back_from_its_files(tmp_path, vectors):
    graph = filled(HnswIndex, vectors[:2500])
    graph.remove(np.array([3]))
    paths = graph.write(tmp_path / "x")
    again = HnswIndex.read(paths, N_DIMS, graph.labels())
    assert 3 not in again.search(vectors[3], 2500)[0]
    np.testing.assert_array_equal(again.search(vectors[4], 10)[0], graph.search(vectors[4], 10)[0])
    again.add(np.array([9000]), vectors[4000:4001])
    assert again.search(vectors[4000], 1)[0].tolist() == [9000]
