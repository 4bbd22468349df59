"""Percentiles: where a score stands among all others."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.domain.matches import Match, percentiles

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
