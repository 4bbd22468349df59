"""Average precision against examples worked out by hand."""

import numpy as np
import pytest

from bowerbird.ranking.average_precision import average_precision


@pytest.mark.parametrize(
    ("hits", "cutoff", "n_relevant", "expected"),
    [
        ([True, False, True], 15, 2, (1 / 1 + 2 / 3) / 2),
        ([True, False, True], 15, 4, (1 / 1 + 2 / 3) / 4),
        ([True, False, True], 3, 4, (1 / 1 + 2 / 3) / 3),
        ([True, True], 15, 10, 0.2),
        ([False, True], 15, 1, 1 / 2),
        ([True, True, True, True], 2, 4, 1.0),
        ([False, False, True], 2, 1, 0.0),
        ([False, False], 15, 3, 0.0),
        ([False, False], 15, 1, 0.0),
        ([True], 15, 0, 0.0),
        ([], 15, 0, 0.0),
    ],
)
def test_a_cut_off_limits_ranks_and_denominator(hits, cutoff, n_relevant, expected):
    assert average_precision(hits, n_relevant=n_relevant, cutoff=cutoff) == pytest.approx(expected)


def test_without_a_cut_off_all_ranks_count():
    assert average_precision(np.array([True, False, False, True])) == pytest.approx((1 / 1 + 2 / 4) / 2)
    assert average_precision([False, True], n_relevant=4) == pytest.approx(1 / 8)
    assert average_precision([False, False]) == 0.0
