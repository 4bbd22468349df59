"""Percentiles: where a score stands among all others; and rankings merged into one."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.domain.matches import Match
from bowerbird.ranking.fusion import fused
from bowerbird.ranking.percentiles import percentiles

floats = st.floats(-1, 1, width=32)


@given(st.lists(floats, max_size=20), st.lists(floats, min_size=1, max_size=50))
def test_a_percentile_is_the_share_of_scores_below(scores, reference):
    found = percentiles(np.array(scores, np.float32), np.array(reference, np.float32))
    expected = [100 * sum(other < score for other in reference) / len(reference) for score in scores]
    np.testing.assert_allclose(found, expected)


def test_in_an_empty_library_everything_stands_highest():
    assert percentiles(np.array([0.5], np.float32), np.zeros(0, np.float32)).tolist() == [100.0]


def test_a_match_is_weak_when_one_sound_in_ten_is_as_close():
    def match(percentile):
        return Match(1, 0.5, percentile, 0.0, 1.0, "")

    assert match(89.9).is_weak
    assert not match(90.0).is_weak
    assert not match(None).is_weak


rankings = st.lists(st.lists(st.integers(0, 20), unique=True, max_size=15), max_size=4)


def test_no_rankings_and_one_ranking_are_as_they_were():
    assert fused([]) == []
    assert fused([[], []]) == []
    assert fused([[3, 1, 2]]) == [3, 1, 2]
    assert fused([[], [3, 1, 2]]) == [3, 1, 2]


def test_rankings_that_share_nothing_take_turns_the_earlier_first():
    assert fused([[1, 2, 3], [4, 5, 6, 7]]) == [1, 4, 2, 5, 3, 6, 7]


def test_what_several_rankings_have_comes_before_what_one_has():
    assert fused([[1, 2, 3, 9], [4, 5, 6, 9]])[0] == 9
    assert fused([[1, 2], [2, 1]]) == [1, 2]
    assert fused([[1, 2, 3], [2, 3]]) == [2, 3, 1]


@given(rankings)
def test_everything_is_ranked_once_and_the_same_again(lists):
    found = fused(lists)
    assert sorted(found) == sorted({one for ranking in lists for one in ranking})
    assert fused(lists) == found


@given(rankings, st.integers(0, 20), st.integers(0, 20))
def test_what_is_better_in_every_ranking_is_better_in_all(lists, better, worse):
    if better == worse or not all(better in one and worse in one for one in lists) or not lists:
        return
    if all(one.index(better) < one.index(worse) for one in lists):
        assert fused(lists).index(better) < fused(lists).index(worse)
