"""Intervals over queries and raters."""

import numpy as np
import pytest

from bowerbird.listening.analysis import intervals


def covered(n, *, of_queries, of_raters, rest, n_queries=15, n_raters=5):
    rng = np.random.default_rng(7)
    n_covered = 0
    for _ in range(n):
        cells = rng.normal(0.0, of_queries, (n_queries, 1)) + rng.normal(0.0, of_raters, (1, n_raters))
        cells = cells + rng.normal(0.0, rest, (n_queries, n_raters))
        found = intervals.estimate(cells.mean(axis=1), cells).interval
        n_covered += found.low <= 0.0 <= found.high
    return n_covered / n


@pytest.mark.parametrize("of_raters", [0.0, 0.2, 0.6])
def test_intervals_cover_the_truth_for_any_variance_of_raters(of_raters):
    assert 0.93 <= covered(1500, of_queries=0.4, of_raters=of_raters, rest=0.5) <= 0.975


def test_an_interval_over_queries_alone_would_be_too_narrow():
    rng = np.random.default_rng(8)
    cells = rng.normal(0.0, 0.1, (15, 5)) + np.array([-1.0, -0.5, 0.0, 0.5, 1.0])
    both = intervals.estimate(cells.mean(axis=1), cells).interval
    alone = intervals.estimate(cells.mean(axis=1), cells.mean(axis=1, keepdims=True)).interval
    assert (both.over, alone.over) == ("queries and raters", "queries")
    assert both.high - both.low > 5.0 * (alone.high - alone.low)


def test_missing_responses_are_allowed():
    cells = np.random.default_rng(9).normal(size=(12, 4))
    cells[3, 1] = cells[5] = np.nan
    by_query = np.array([np.nan if np.isnan(row).all() else np.nanmean(row) for row in cells])
    found = intervals.estimate(by_query, cells)
    assert found.n == 11
    assert found.interval.low < found.value < found.interval.high


def test_a_different_rater_per_query_gives_the_wider_interval():
    cells = np.full((6, 3), np.nan)
    for query in range(6):
        cells[query, query % 3] = float(query % 3) + query / 10.0
    found = intervals.estimate(np.nanmax(cells, axis=1), cells)
    assert found.interval.over == "queries and raters"
    assert found.interval.high - found.interval.low > 2.0


def test_a_share_of_one_has_an_interval_below_it():
    found = intervals.share_of_responses(np.ones((20, 4)))
    assert found.value == 1.0
    assert found.interval.low == pytest.approx(0.82, abs=0.02)
    assert found.interval.high == pytest.approx(1.0)


def test_identical_raters_do_not_make_an_interval_narrower():
    answers = (np.arange(20) % 4 != 0).astype(np.float64)
    one, eight = (intervals.share_of_responses(np.repeat(answers[:, None], n, axis=1)).interval for n in (1, 8))
    assert eight.high - eight.low == pytest.approx(one.high - one.low, rel=0.05)
