"""Cosines in which parts of the dimensions count more than others."""

import numpy as np
import pytest

from bowerbird.index import hnsw
from bowerbird.index.exact import ExactIndex, weighted_cosines
from bowerbird.index.hnsw import HnswIndex
from bowerbird.index.protocol import Weighting

PARTS = ((0, 8), (8, 12), (12, 32))


@pytest.fixture
def vectors() -> np.ndarray:
    made = np.random.default_rng(3).normal(size=(500, 32)).astype(np.float32)
    return made / np.linalg.norm(made, axis=1, keepdims=True)


def by_hand(query: np.ndarray, vectors: np.ndarray, weights: tuple[float, ...]) -> np.ndarray:
    roots = np.concatenate([np.full(last - first, w**0.5) for (first, last), w in zip(PARTS, weights, strict=True)])
    scaled, target = vectors * roots, query * roots
    return scaled @ target / (np.linalg.norm(scaled, axis=1) * np.linalg.norm(target))


@pytest.mark.parametrize("weights", [(1.0, 1.0, 1.0), (2.0, 0.0, 0.5), (0.0, 3.0, 0.0)])
def test_scores_are_cosines_of_scaled_vectors(vectors, weights):
    index = ExactIndex(32)
    index.add(np.arange(500), vectors)
    labels, scores = index.search(vectors[7], 20, weighting=Weighting(PARTS, weights))
    expected = by_hand(vectors[7], vectors, weights)
    assert labels.tolist() == np.lexsort((np.arange(500), -expected))[:20].tolist()
    assert scores == pytest.approx(expected[labels], abs=1e-5)


def test_a_restricted_search_and_a_changed_index_are_weighted_too(vectors):
    index, weighting = ExactIndex(32), Weighting(PARTS, (0.0, 1.0, 0.0))
    index.add(np.arange(400), vectors[:400])
    index.search(vectors[7], 5, weighting=weighting)
    index.remove(np.arange(0, 400, 2))
    index.add(np.arange(400, 500), vectors[400:])
    allowed = np.array([1, 3, 5, 450, 460])
    labels, scores = index.search(vectors[7], 5, allowed=allowed, weighting=weighting)
    assert set(labels) == set(allowed)
    assert scores == pytest.approx(by_hand(vectors[7], vectors, (0.0, 1.0, 0.0))[labels], abs=1e-5)


def test_what_has_nothing_in_the_parts_that_count_scores_zero(vectors):
    rows = vectors[:3].copy()
    rows[1, 8:12] = 0
    scores = weighted_cosines(vectors[7], rows, Weighting(PARTS, (0.0, 1.0, 0.0)))
    assert scores[1] == 0.0
    assert np.isfinite(scores).all()


@pytest.mark.skipif(not hnsw.is_available(), reason="hnswlib is not installed")
def test_the_graph_finds_what_exact_search_finds(vectors):
    exact, graph = ExactIndex(32), HnswIndex(32)
    for index in (exact, graph):
        index.add(np.arange(500), vectors)
    weighting = Weighting(PARTS, (2.0, 0.5, 1.0))
    assert graph.search(vectors[7], 10, weighting=weighting)[0].tolist() == (
        exact.search(vectors[7], 10, weighting=weighting)[0].tolist()
    )
