"""Two-dimensional layouts: neighbours stay neighbours, and the same vectors give the same layout."""

import numpy as np

from bowerbird.ranking import projection
from bowerbird.ranking.projection import place, project


def groups(n_groups=4, n_each=40, n_dims=16, seed=1):
    """Unit vectors in groups, and the group of each."""
    chance = np.random.default_rng(seed)
    centres = chance.normal(size=(n_groups, n_dims))
    of_group = np.repeat(np.arange(n_groups), n_each)
    vectors = centres[of_group] + 0.3 * chance.normal(size=(len(of_group), n_dims))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), of_group


def share_of_own_group(positions, of_group):
    """How often the nearest position is of the same group."""
    distances = ((positions[:, None] - positions[None]) ** 2).sum(axis=2)
    np.fill_diagonal(distances, np.inf)
    return (of_group[distances.argmin(axis=1)] == of_group).mean()


def test_groups_stay_together_within_the_unit_square():
    vectors, of_group = groups()
    positions = project(vectors)
    assert positions.dtype == np.float32
    assert positions.min() >= 0
    assert positions.max() <= 1
    assert np.ptp(positions, axis=0).max() > 0.9
    assert share_of_own_group(positions, of_group) > 0.95


def test_the_same_vectors_give_the_same_layout():
    vectors, _ = groups()
    assert np.array_equal(project(vectors, seed=3, n_threads=2), project(vectors, seed=3, n_threads=2))


def test_few_and_equal_vectors_have_positions():
    vectors, _ = groups(1, 3)
    for given in (vectors[:0], vectors[:1], vectors, np.repeat(vectors[:1], 30, axis=0)):
        positions = project(given)
        assert positions.shape == (len(given), 2)
        assert np.isfinite(positions).all()


def test_vectors_beyond_the_landmarks_are_placed_in_their_group(monkeypatch):
    monkeypatch.setattr(projection, "N_LANDMARKS", 80)
    vectors, of_group = groups()
    assert share_of_own_group(project(vectors), of_group) > 0.95


def test_a_new_layout_starts_from_the_former():
    vectors, _ = groups()
    former = project(vectors)
    turned = 1 - former
    turned[::10] = np.nan
    again = project(vectors, former=turned)
    known = ~np.isnan(turned[:, 0])
    for axis in range(2):
        assert np.corrcoef(again[known, axis], turned[known, axis])[0, 1] > 0.9


def test_a_vector_is_placed_among_its_nearest():
    vectors, _ = groups(2, 5)
    positions = np.repeat(np.array([[0.1, 0.2], [0.9, 0.8]], np.float32), 5, axis=0)
    assert np.allclose(place(vectors[[0, 9]], vectors, positions), [[0.1, 0.2], [0.9, 0.8]], atol=0.01)
    assert np.allclose(place(vectors[:1], vectors[:0], positions[:0]), 0.5)


def test_progress_rises_to_the_end():
    shares = []
    project(groups()[0], progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
