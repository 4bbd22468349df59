"""Peaks against a plain reading of what they promise."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bowerbird.domain import peaks
from bowerbird.domain.peaks import BASE_FRAMES, MAX_BINS, PeakMeter, reduce_to


def measured(samples, sizes):
    """Push samples in blocks of the sizes, over and over."""
    meter = PeakMeter()
    start = number = 0
    while start < len(samples):
        size = sizes[number % len(sizes)]
        meter.push(samples[start : start + size])
        start += size
        number += 1
    return meter.finish()


def by_hand(samples, frames_per_bin):
    """Least and greatest sample over all channels, bin by bin."""
    bins = []
    for start in range(0, len(samples), frames_per_bin):
        part = np.clip(samples[start : start + frames_per_bin], -1, 1)
        bins.append((part.min(), part.max()))
    return np.round(np.array(bins, np.float32) * np.float32(127)).astype(np.int8).reshape(-1, 2)


def random_samples(n_frames, n_channels, seed):
    return np.random.default_rng(seed).uniform(-1.1, 1.1, (n_frames, n_channels)).astype(np.float32)


@given(
    n_frames=st.integers(1, 3000),
    n_channels=st.integers(1, 4),
    sizes=st.lists(st.integers(1, 700), min_size=1, max_size=4),
    seed=st.integers(0, 2**32),
)
def test_every_bin_holds_the_least_and_greatest_sample_of_its_frames(n_frames, n_channels, sizes, seed):
    samples = random_samples(n_frames, n_channels, seed)
    found = measured(samples, sizes)
    assert found.frames_per_bin == BASE_FRAMES
    np.testing.assert_array_equal(found.bins, by_hand(samples, BASE_FRAMES))


@settings(max_examples=60)
@given(
    n_frames=st.integers(1, 9000),
    sizes=st.lists(st.integers(1, 2500), min_size=1, max_size=4),
    max_bins=st.integers(2, 9),
    seed=st.integers(0, 2**32),
)
def test_coarser_peaks_are_those_of_longer_bins_whatever_the_blocks(n_frames, sizes, max_bins, seed):
    samples = random_samples(n_frames, 1, seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(peaks, "MAX_BINS", max_bins)
        found = measured(samples, sizes)
    assert found.frames_per_bin in {BASE_FRAMES * 2**power for power in range(12)}
    assert len(found.bins) <= max_bins + 2
    np.testing.assert_array_equal(found.bins, by_hand(samples, found.frames_per_bin))


def test_an_hour_long_sound_has_no_more_bins_than_the_limit():
    meter = PeakMeter()
    block = np.zeros((1 << 20, 1), np.float32)
    block[0] = 1
    for _ in range(150):
        meter.push(block)
    found = meter.finish()
    assert MAX_BINS // 2 <= len(found.bins) <= MAX_BINS + 1
    assert found.frames_per_bin * len(found.bins) == 150 << 20
    assert (found.bins[:, 1] == 127).sum() == 150


def test_nothing_pushed_gives_no_bins():
    assert PeakMeter().finish().bins.shape == (0, 2)


def test_one_frame_gives_one_bin():
    meter = PeakMeter()
    meter.push(np.array([[-0.5, 0.25]], np.float32))
    assert meter.finish().bins.tolist() == [[-64, 32]]


@given(
    n_bins=st.integers(1, 400),
    n_columns=st.integers(1, 200),
    seed=st.integers(0, 2**32),
)
def test_columns_keep_the_outermost_peaks_and_their_order(n_bins, n_columns, seed):
    rng = np.random.default_rng(seed)
    bins = np.sort(rng.integers(-127, 128, (n_bins, 2)).astype(np.int8), axis=1)
    columns = reduce_to(bins, n_columns)
    assert columns.shape == (n_columns, 2)
    assert columns[0].min() >= bins[:, 0].min()
    if n_bins >= n_columns:
        assert (columns[:, 0].min(), columns[:, 1].max()) == (bins[:, 0].min(), bins[:, 1].max())
    edges = np.arange(n_columns + 1) * n_bins // n_columns
    for column, (start, stop) in enumerate(pairwise(edges)):
        part = bins[start : max(stop, start + 1)]
        assert columns[column].tolist() == [part[:, 0].min(), part[:, 1].max()]


@pytest.mark.parametrize("n_columns", [0, 1, 96])
def test_a_sound_without_bins_is_flat(n_columns):
    assert not reduce_to(np.zeros((0, 2), np.int8), n_columns).any()
