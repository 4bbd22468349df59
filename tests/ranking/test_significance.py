"""Intervals and tests against cases worked out by hand, other implementations, and simulated truth."""

import itertools

import numpy as np
import pytest
from scipy.stats import permutation_test
from statsmodels.stats.multitest import multipletests

from bowerbird.ranking.significance import (
    bootstrap_deviations,
    clustered_means,
    holm,
    percentile_limits,
    permutation_p,
    sign_flips,
)


def means_of(values, classes, clusters):
    values = np.asarray(values, float)[:, None]
    return clustered_means(
        values, classes=np.asarray(classes), clusters=np.asarray(clusters), n_clusters=max(clusters) + 1
    )


def test_classes_weigh_the_same_whatever_their_size():
    found = means_of([1, 0, 0, 0, 0.5, 1.0], [0, 0, 0, 0, 7, 7], range(6))
    assert found.means[0] == pytest.approx((0.25 + 0.75) / 2)
    assert found.shares.sum() == pytest.approx(found.means[0])
    assert found.influences.sum() == pytest.approx(0.0)


def test_the_variance_of_a_class_with_few_clusters_is_unbiased():
    rng = np.random.default_rng(0)
    squares = [(means_of(rng.normal(size=2), [0, 0], [0, 1]).influences ** 2).sum() for _ in range(4000)]
    assert np.mean(squares) == pytest.approx(1 / 2, rel=0.1)  # the variance of the mean of two


def test_takes_of_one_origin_count_as_one():
    values = np.random.default_rng(1).normal(size=20)
    alone = means_of(values, [0] * 20, range(20))
    copied = means_of(np.repeat(values, 5), [0] * 100, np.repeat(np.arange(20), 5))
    np.testing.assert_allclose(copied.influences, alone.influences)


def test_a_query_with_two_classes_counts_as_one_cluster():
    values = np.random.default_rng(2).normal(size=30)
    one = means_of(values, [0] * 30, range(30))
    both = means_of(np.tile(values, 2), [0] * 30 + [1] * 30, np.tile(np.arange(30), 2))
    np.testing.assert_allclose(both.influences, one.influences)


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    rng = np.random.default_rng(3)
    classes = np.repeat(np.arange(12), 6)
    clusters = np.arange(72) // 2  # pairs of takes
    n_covered = 0
    for seed in range(300):
        values = 0.5 + rng.normal(size=36)[clusters] + 0.3 * rng.normal(size=72)
        found = means_of(values, classes, clusters)
        low, high = percentile_limits(found.means, bootstrap_deviations(found.influences, seed=seed, n_resamples=400))[
            0
        ]
        n_covered += low <= 0.5 <= high
    assert 0.9 <= n_covered / 300 <= 0.98


def test_p_equals_the_share_of_all_sign_changes():
    differences = np.array([0.3, -0.1, 0.2, 0.25, 0.05, 0.4, -0.02, 0.1])
    shares = differences[:, None] / len(differences)
    exact = permutation_test(
        (differences,), np.mean, permutation_type="samples", n_resamples=np.inf, alternative="two-sided"
    ).pvalue
    signs = np.array(list(itertools.product([1, -1], repeat=8)))
    observed = np.abs(differences.mean())
    assert exact == pytest.approx(np.mean(np.abs((signs * differences).mean(axis=1)) >= observed - 1e-12))
    flipped = sign_flips(shares, seed=1, n_permutations=20_000)[:, 0]
    assert permutation_p(float(differences.mean()), flipped) == pytest.approx(exact, abs=0.01)


def test_equal_systems_have_p_one_and_undefined_ones_none():
    shares = np.random.default_rng(4).normal(size=(50, 1))
    flipped = sign_flips(np.hstack([shares, shares]), seed=1, n_permutations=500)
    assert permutation_p(0.0, flipped[:, 0] - flipped[:, 1]) == 1.0
    assert permutation_p(float("nan"), flipped[:, 0]) is None


def test_p_is_about_uniform_when_the_systems_are_equal():
    rng = np.random.default_rng(5)
    ps = []
    for seed in range(300):
        shares = rng.normal(size=(30, 1)) / 30
        ps.append(permutation_p(float(shares.sum()), sign_flips(shares, seed=seed, n_permutations=300)[:, 0]))
    assert 0.01 <= np.mean(np.array(ps) < 0.05) <= 0.09


def test_holm_equals_statsmodels_and_leaves_out_what_is_undefined():
    ps = [0.01, 0.04, 0.03, 0.2, 0.005]
    np.testing.assert_allclose(holm(ps), multipletests(ps, method="holm")[1])
    assert holm([0.02, None, 0.03]) == [pytest.approx(0.04), None, pytest.approx(0.04)]
    assert holm([]) == []
