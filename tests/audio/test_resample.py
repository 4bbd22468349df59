"""Resampling in blocks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bowerbird.audio.resample import StreamResampler
from sounds import noise, sine


def resample(samples, in_hz, out_hz):
    stream = StreamResampler(in_hz, out_hz)
    return np.concatenate([stream.push(samples), stream.finish()])


def in_blocks(samples, in_hz, out_hz, sizes):
    n_channels = 1 if samples.ndim == 1 else samples.shape[1]
    stream = StreamResampler(in_hz, out_hz, n_channels)
    parts, start, number = [], 0, 0
    while start < len(samples):
        parts.append(stream.push(samples[start : start + sizes[number % len(sizes)]]))
        start += sizes[number % len(sizes)]
        number += 1
    return np.concatenate([*parts, stream.finish()])


@settings(max_examples=40, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 30_000), min_size=1, max_size=4).filter(lambda sizes: sum(sizes) > 200),
    rates=st.sampled_from([(44_100, 48_000), (44_100, 32_000), (8_000, 32_000), (192_000, 32_000), (32_000, 32_000)]),
    n_channels=st.sampled_from([1, 2]),
)
def test_the_sizes_of_blocks_do_not_change_the_result(sizes, rates, n_channels):
    samples = noise(0, duration_s=0.5, n_channels=n_channels).astype(np.float32)
    samples = samples[:, 0] if n_channels == 1 else samples
    np.testing.assert_array_equal(in_blocks(samples, *rates, sizes), in_blocks(samples, *rates, [len(samples)]))


def test_five_seconds_of_44100_hz_are_exactly_240000_frames_of_48000_hz():
    samples = sine(duration_s=5)[:, 0].astype(np.float32)
    assert len(resample(samples, 44_100, 48_000)) == 240_000
    assert len(in_blocks(samples, 44_100, 48_000, [65_536])) == 240_000


@pytest.mark.parametrize("n_frames", [0, 1, 2, 5, 100])
def test_short_sounds_resample_to_their_length(n_frames):
    assert abs(len(resample(np.ones(n_frames, np.float32), 44_100, 32_000)) - n_frames * 32 / 44.1) <= 1


def test_a_tone_keeps_its_pitch_and_level():
    found = resample(sine(1000)[:, 0].astype(np.float32), 44_100, 32_000)
    expected = sine(1000, rate_hz=32_000)[:, 0]
    np.testing.assert_allclose(found[1000:-1000], expected[1000:-1000], atol=1e-3)


def test_content_above_the_new_nyquist_frequency_is_removed():
    found = resample(sine(15_000)[:, 0].astype(np.float32), 44_100, 16_000)
    assert np.abs(found[500:-500]).max() < 1e-3
