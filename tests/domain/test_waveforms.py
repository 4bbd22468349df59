"""Waveforms at any zoom."""

import numpy as np
import pytest

from bowerbird.domain.peaks import PeakMeter
from bowerbird.domain.waveforms import MAX_BINS, SMALLEST_BIN, Waveform, WaveformMeter, waveform_of_peaks

RATE_HZ = 48_000


def measured(samples: np.ndarray, *, block: int = 5000, n_frames: int | None = None) -> Waveform:
    meter = WaveformMeter(RATE_HZ, samples.shape[1], len(samples) if n_frames is None else n_frames)
    for at in range(0, len(samples), block):
        meter.push(samples[at : at + block])
    return meter.finish()


def noise(n_frames: int, n_channels: int = 2) -> np.ndarray:
    return np.random.default_rng(1).uniform(-0.9, 0.9, (n_frames, n_channels)).astype(np.float32)


@pytest.mark.parametrize("frames_per_column", [16, 64, 1024])
def test_columns_are_the_extremes_of_their_samples(frames_per_column: int):
    samples = noise(frames_per_column * 50)
    columns = measured(samples).columns(0, len(samples) / RATE_HZ, 50)
    parts = samples.reshape(50, frames_per_column, 2)
    np.testing.assert_array_equal(columns[:, :, 0], parts.min(axis=1).T)
    np.testing.assert_array_equal(columns[:, :, 1], parts.max(axis=1).T)


@pytest.mark.parametrize(("start_s", "end_s"), [(0.0, 1.0), (0.1234, 0.5678), (0.4, 0.41)])
@pytest.mark.parametrize("n_columns", [7, 300])
def test_no_sample_is_outside_its_column_at_any_zoom(start_s: float, end_s: float, n_columns: int):
    samples = noise(RATE_HZ)
    columns = measured(samples).columns(start_s, end_s, n_columns)
    edges = np.round((start_s + (end_s - start_s) * np.arange(n_columns + 1) / n_columns) * RATE_HZ).astype(int)
    for number in range(n_columns):
        part = samples[edges[number] + 1 : edges[number + 1] - 1]
        if len(part):
            assert (columns[:, number, 0] <= part.min(axis=0)).all()
            assert (columns[:, number, 1] >= part.max(axis=0)).all()


def test_what_lies_beyond_the_end_is_empty():
    columns = measured(np.full((RATE_HZ, 1), 0.5, np.float32)).columns(0.5, 1.5, 100)
    assert (columns[0, :50, 1] == 0.5).all()
    assert not columns[0, 51:].any()


def test_a_long_sound_has_bounded_bins():
    n_frames = 3 * MAX_BINS * SMALLEST_BIN
    found = measured(np.zeros((n_frames, 1), np.float32), block=1 << 20)
    assert found.frames_per_bin == 4 * SMALLEST_BIN
    assert found.levels[0].shape[1] <= MAX_BINS
    assert found.levels[-1].shape[1] == 1


def test_the_size_of_the_blocks_does_not_matter():
    samples = noise(10_001)
    np.testing.assert_array_equal(measured(samples, block=77).levels[0], measured(samples, block=9999).levels[0])


def test_the_peak_may_exceed_full_scale():
    assert measured(np.full((1000, 2), -8.0, np.float32)).peak == 8.0


def test_merged_has_the_extremes_of_all_channels():
    samples = noise(1600, 3)
    merged = measured(samples).merged()
    assert merged.n_channels == 1
    np.testing.assert_array_equal(merged.levels[-1][0, 0], [samples.min(), samples.max()])


def test_stored_peaks_become_a_waveform():
    meter = PeakMeter()
    meter.push(samples := noise(6400))
    columns = waveform_of_peaks(meter.finish(), rate_hz=RATE_HZ).columns(0, 6400 / RATE_HZ, 10)
    np.testing.assert_allclose(columns[0, :, 1], samples.reshape(10, 640, 2).max(axis=(1, 2)), atol=1 / 127)


@pytest.mark.parametrize("n_frames", [0, 1, 17])
def test_the_shortest_sounds_have_a_waveform(n_frames: int):
    assert measured(noise(n_frames)).columns(0, 0.001, 10).shape == (2, 10, 2)
