"""Statistics of listening tests against worked examples that were published; each names its source."""

import numpy as np
import pytest

from bowerbird.listening.analysis import comparisons, intervals
from bowerbird.listening.analysis.agreement import alpha_of, counts_of, weighted_kappa
from bowerbird.ranking.graded import ranking_figures
from bowerbird.ranking.significance import holm

NAN = np.nan


@pytest.mark.parametrize(
    ("level", "expected"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849), ("ratio", 0.797)]
)
def test_alpha_is_krippendorff_s_own_for_four_observers_and_twelve_units(level, expected):
    # Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), section D and E: 4 observers, 12 units.
    observers = np.array(
        [
            [1, 2, 3, 3, 2, 1, 4, 1, 2, NAN, NAN, NAN],
            [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NAN, 3],
            [NAN, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NAN],
            [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NAN],
        ]
    )
    counts = counts_of(observers.T, n_grades=6)
    found = alpha_of(counts, np.arange(12), seed=0, n_resamples=20, level=level)
    assert found.value == pytest.approx(expected, abs=0.0005)


def test_weighted_kappa_is_that_of_the_anxiety_ratings():
    # Gamer, Lemon, Fellows and Singh, R package irr: kappa2(anxiety[, 1:2], "squared") gives 0.297.
    first = np.array([3, 3, 3, 4, 5, 5, 2, 3, 5, 2, 2, 6, 1, 5, 2, 2, 1, 2, 4, 3]) - 1.0
    second = np.array([3, 6, 4, 6, 2, 4, 2, 4, 3, 3, 2, 3, 3, 3, 2, 2, 1, 3, 3, 4]) - 1.0
    assert weighted_kappa(first, second, n_grades=6) == pytest.approx(0.297, abs=0.0005)


def test_weighted_kappa_is_the_correlation_for_equal_marginals():
    # Cohen 1968, pages 218 f: with quadratic weights and equal marginals, weighted kappa is the product-moment r.
    first, second = np.array([0.0, 0, 1, 1, 2, 2, 3, 3]), np.array([0.0, 1, 1, 0, 2, 3, 3, 2])
    expected = np.corrcoef(first, second)[0, 1]
    assert weighted_kappa(first, second, n_grades=4) == pytest.approx(expected)


def test_ndcg_is_that_of_a_common_example():
    # Wikipedia, Discounted cumulative gain: D1 to D6 have 3, 2, 3, 0, 1, 2, and D7 and D8 (3, 2) were not retrieved;
    # DCG 6.861 over IDCG 8.740.
    grades = np.array([[3.0, 2.0, 3.0, 0.0, 1.0, 2.0, 3.0, 2.0]])
    found = ranking_figures(grades, np.arange(6)[None, None], best=3.0, relevant_from=2.0)
    assert found["ndcg"].item() == pytest.approx(6.861 / 8.740, abs=0.0005)
    assert found["ndcg"].item() == pytest.approx(0.785, abs=0.0005)


def test_wilcoxon_is_that_of_the_depression_scores():
    # Hollander and Wolfe 1973, pages 29 f: nine patients before and after; V = 40, one-sided p 0.0195.
    before = np.array([1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30])
    after = np.array([0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29])
    assert comparisons.wilcoxon_p(before - after) == pytest.approx(2 * 0.01953125)


def test_friedman_is_that_of_rounding_first_base():
    # Hollander and Wolfe 1973, pages 140 f: 22 players, three ways; chi-square 11.1429, p 0.003805.
    round_out, narrow, wide = (
        [540, 585, 520, 555, 590, 545, 540, 545, 525, 585, 525, 565, 560, 505, 550, 545, 555, 545, 550, 565, 570, 630],
        [550, 570, 560, 550, 585, 555, 540, 550, 515, 580, 520, 555, 535, 500, 550, 555, 555, 550, 545, 560, 565, 630],
        [555, 575, 550, 540, 570, 560, 535, 535, 500, 570, 510, 545, 545, 495, 540, 550, 535, 555, 525, 540, 555, 625],
    )
    times = np.array([round_out, narrow, wide]).T / 100.0
    found = comparisons.friedman(times)
    assert found.statistic == pytest.approx(11.1429, abs=0.0001)
    assert found.p == pytest.approx(0.003805, abs=0.000001)


def test_the_permutation_test_is_fisher_s_of_darwin_s_maize():
    # Fisher, The Design of Experiments (1935), section 21: 15 pairs, 1,726 of 32,768 signs are as extreme: 5.267 %.
    differences = np.array([49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48], dtype=np.float64)
    assert comparisons.permutation_p(differences, seed=0, n_resamples=100_000) == pytest.approx(1726 / 32768)


def test_the_sign_test_is_conover_s():
    # Conover, Practical Nonparametric Statistics, 3.4, example 1: eight of ten prefer B, one A, one neither; 0.0195.
    assert comparisons.sign_p(8, 1) == pytest.approx(2 * 0.0195, abs=0.0001)


def test_holm_s_adjustment_is_that_of_a_common_example():
    # Wikipedia, Holm-Bonferroni method: 0.01, 0.04, 0.03, 0.005; the first and the last are rejected at 0.05.
    assert holm([0.01, 0.04, None, 0.03, 0.005]) == [
        pytest.approx(0.03),
        pytest.approx(0.06),
        None,
        pytest.approx(0.06),
        pytest.approx(0.02),
    ]


@pytest.mark.parametrize(
    ("n_of", "n", "expected"),
    [(81, 263, (0.2553, 0.3662)), (15, 148, (0.0624, 0.1605)), (0, 20, (0.0, 0.1611)), (1, 29, (0.0061, 0.1718))],
)
def test_wilson_s_interval_is_newcombe_s(n_of, n, expected):
    # Newcombe 1998, Statistics in Medicine 17, table I, method 3.
    assert intervals.wilson(n_of / n, n) == pytest.approx(expected, abs=0.00006)


def test_the_smallest_difference_is_what_34_pairs_find():
    # Faul, Erdfelder, Lang and Buchner 2007 (G*Power): matched pairs, d_z 0.5, two-sided 0.05, power 0.80: 34 pairs.
    spread = intervals.Spread(((1.0 / 34, 33),), "queries")
    found = comparisons.smallest_difference(34, spread, n_comparisons=1)
    assert found == pytest.approx(0.50, abs=0.01)
