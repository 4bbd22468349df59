"""Exact search against brute force."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bowerbird.index.exact import ExactIndex, best

N_DIMS = 8


def unit_vectors(n, seed, n_dims=N_DIMS):
    vectors = np.random.default_rng(seed).normal(size=(n, n_dims)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def brute_force(vectors, query, k):
    """Best first; equal cosines by label."""
    ranked = sorted(vectors, key=lambda label: (-float(vectors[label] @ query), label))
    return ranked[:k]


@settings(max_examples=60, deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["add", "remove"]), st.integers(1, 60), st.integers(0, 2**20)),
        min_size=1,
        max_size=12,
    ),
    k=st.integers(0, 40),
    share=st.sampled_from([None, 0.0, 0.3, 1.0]),
)
def test_after_any_additions_and_removals_the_nearest_are_those_of_brute_force(steps, k, share):
    index, truth, next_label = ExactIndex(N_DIMS), {}, 5
    for what, n, seed in steps:
        rng = np.random.default_rng(seed)
        if what == "add":
            labels = np.arange(next_label, next_label + n)
            next_label += n + 3
            vectors = unit_vectors(n, seed)
            index.add(labels, vectors)
            truth.update(zip(labels.tolist(), vectors, strict=True))
        else:
            labels = rng.integers(0, next_label, n)
            index.remove(labels)
            for label in labels.tolist():
                truth.pop(label, None)
    assert len(index) == len(truth)
    assert index.labels().tolist() == sorted(truth)
    query = unit_vectors(1, 77)[0]
    allowed = None
    if share is not None:
        allowed = np.array([label for label in truth if np.random.default_rng(label).random() < share], np.int64)
        truth = {label: truth[label] for label in allowed.tolist()}
    labels, scores = index.search(query, k, allowed=allowed)
    expected = brute_force(truth, query, k)
    np.testing.assert_allclose(scores, [truth[label] @ query for label in expected], atol=1e-6)
    assert set(labels.tolist()) <= set(truth)
    assert len(set(labels.tolist())) == len(labels) == len(expected)
    assert (np.diff(scores) <= 0).all()


def test_equal_cosines_come_in_the_order_of_their_labels():
    labels, scores = best(np.array([9, 3, 5, 7]), np.array([0.5, 0.5, 0.9, 0.5], np.float32), 3)
    assert labels.tolist() == [5, 3, 7]
    assert scores.tolist() == pytest.approx([0.9, 0.5, 0.5])


def test_an_empty_index_finds_nothing():
    index = ExactIndex(N_DIMS)
    assert [len(part) for part in index.search(unit_vectors(1, 0)[0], 5)] == [0, 0]
    assert index.sample(10).shape == (0, N_DIMS)


def test_a_sample_is_spread_over_the_index():
    index = ExactIndex(N_DIMS)
    vectors = unit_vectors(1000, 1)
    index.add(np.arange(1000), vectors)
    np.testing.assert_array_equal(index.sample(100), vectors[::10])
    assert len(index.sample(5000)) == 1000


@pytest.mark.parametrize("shape", [(3, N_DIMS + 1), (2, N_DIMS), (3,)])
def test_vectors_of_another_shape_are_a_mistake_of_the_program(shape):
    with pytest.raises(ValueError, match="expected"):
        ExactIndex(N_DIMS).add(np.arange(3), np.zeros(shape, np.float32))
