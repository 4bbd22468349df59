"""Windows: ten seconds each, the last kept when it lasts a second or is the only one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.domain.windows import WindowCutter, n_windows, spans_within

RATE_HZ = 100


def cut(n_frames, sizes=(64,)):
    samples = np.arange(n_frames, dtype=np.float32)
    cutter = WindowCutter(RATE_HZ, 10.0)
    windows = []
    start = number = 0
    while start < n_frames:
        size = sizes[number % len(sizes)]
        windows.extend(cutter.push(samples[start : start + size]))
        start += size
        number += 1
    windows.extend(cutter.finish())
    return windows


@pytest.mark.parametrize(
    ("duration_s", "lengths_s"),
    [
        (0.01, [0.01]),
        (0.5, [0.5]),
        (9.99, [9.99]),
        (10, [10]),
        (10.99, [10]),
        (11, [10, 1]),
        (19.99, [10, 9.99]),
        (20, [10, 10]),
        (20.5, [10, 10]),
        (35, [10, 10, 10, 5]),
    ],
)
def test_a_sound_is_cut_every_ten_seconds_and_a_short_rest_is_left_out(duration_s, lengths_s):
    assert [len(window) / RATE_HZ for window in cut(round(duration_s * RATE_HZ))] == lengths_s


def test_a_sound_that_resampled_to_nothing_still_has_a_window():
    assert [window.tolist() for window in cut(0)] == [[0.0]]


@given(n_frames=st.integers(1, 5000), sizes=st.lists(st.integers(1, 2500), min_size=1, max_size=4))
def test_blocks_of_any_size_give_the_same_consecutive_windows(n_frames, sizes):
    windows = cut(n_frames, sizes)
    joined = np.concatenate(windows)
    np.testing.assert_array_equal(joined, np.arange(len(joined)))
    assert [len(window) for window in windows] == [len(window) for window in cut(n_frames)]
    assert n_frames - len(joined) < RATE_HZ


def test_spans_end_with_the_sound():
    assert spans_within([(0, 10), (3.5, 4), (10, 20), (20, 30)], 24.5) == ((0, 10), (3.5, 4), (10, 20), (20, 24.5))


def test_a_span_never_ends_before_it_starts():
    assert spans_within([(10, 20), (20, 30)], 12.0) == ((10, 12), (20, 20))


@pytest.mark.parametrize(
    ("duration_s", "n"),
    [(0.0, 1), (0.01, 1), (0.99, 1), (9.99, 1), (10, 1), (10.99, 1), (11, 2), (20, 2), (20.5, 2), (21, 3), (3600, 360)],
)
def test_how_many_windows_a_sound_has_is_known_from_its_length(duration_s, n):
    assert n_windows(duration_s, 10.0) == n


@given(st.integers(1, 5000))
def test_that_number_is_the_one_that_is_cut(n_frames):
    assert n_windows(n_frames / RATE_HZ, 10.0) == len(cut(n_frames))
