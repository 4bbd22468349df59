"""Loudness against pyloudnorm, and the cases of EBU Tech 3341."""

import numpy as np
import pyloudnorm
import pytest

from bowerbird.audio.loudness import SILENCE_LUFS, LoudnessMeter, measure_loudness
from bowerbird.audio.stereo import to_stereo
from sounds import RATE_HZ, noise, sine, write


def measured(samples, rate_hz, *, block=65_536):
    meter = LoudnessMeter(rate_hz, samples.shape[1])
    for start in range(0, len(samples), block):
        meter.push(samples[start : start + block].astype(np.float32))
    return meter.finish()


def decibels(db):
    return 10 ** (db / 20)


def tone(*levels_and_s, rate_hz=48_000):
    """A stereo 1-kHz sine whose peaks are at these levels in dBFS for so many seconds each."""
    return np.concatenate(
        [sine(1000, rate_hz=rate_hz, duration_s=s, level=decibels(db), n_channels=2) for db, s in levels_and_s]
    )


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        (tone((-23, 20)), -23.0),
        (tone((-33, 20)), -33.0),
        (tone((-36, 10), (-23, 60), (-36, 10)), -23.0),
        (tone((-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)), -23.0),
        (tone((-26, 20), (-20, 20.1), (-26, 20)), -23.0),
    ],
    ids=["1", "2", "3", "4", "5"],
)
def test_the_integrated_loudness_cases_of_tech_3341_hold_within_a_tenth(samples, expected):
    assert measured(samples, 48_000).integrated_lufs == pytest.approx(expected, abs=0.1)


def test_the_five_channel_case_of_tech_3341_holds():
    channels = [sine(1000, rate_hz=48_000, duration_s=20, level=decibels(db)) for db in (-28, -28, -24, -30, -30)]
    assert measured(np.concatenate(channels, axis=1), 48_000).integrated_lufs == pytest.approx(-23, abs=0.1)


@pytest.mark.parametrize(("rate_hz", "tolerance_db"), [(48_000, 0.1), (44_100, 0.25), (96_000, 0.25), (22_050, 0.25)])
@pytest.mark.parametrize("n_channels", [1, 2])
@pytest.mark.parametrize("seed", [1, 2])
def test_the_loudness_of_noise_is_that_of_pyloudnorm(rate_hz, tolerance_db, n_channels, seed):
    samples = noise(seed, duration_s=4, rate_hz=rate_hz, n_channels=n_channels, level=0.05)
    samples *= np.linspace(0.02, 1, len(samples))[:, None]  # so that the gate has work
    expected = pyloudnorm.Meter(rate_hz).integrated_loudness(samples)
    assert measured(samples, rate_hz).integrated_lufs == pytest.approx(expected, abs=tolerance_db)


@pytest.mark.parametrize("hz", [40, 100, 1000, 5000, 12_000])
def test_the_loudness_of_tones_is_that_of_pyloudnorm(hz):
    samples = sine(hz, rate_hz=48_000, duration_s=3)
    expected = pyloudnorm.Meter(48_000).integrated_loudness(samples)
    assert measured(samples, 48_000).integrated_lufs == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize("block", [1_000, 4_799, 48_000])
def test_the_sizes_of_blocks_do_not_change_the_figures(block):
    samples = noise(7, duration_s=3, rate_hz=48_000, n_channels=2)
    once = measured(samples, 48_000, block=len(samples))
    found = measured(samples, 48_000, block=block)
    assert found.integrated_lufs == pytest.approx(once.integrated_lufs, abs=1e-6)
    assert found.true_peak_db == pytest.approx(once.true_peak_db, abs=1e-6)


def test_silence_has_the_loudness_of_the_gate():
    found = measured(np.zeros((48_000, 2)), 48_000)
    assert (found.integrated_lufs, found.true_peak_db) == (SILENCE_LUFS, -120)


@pytest.mark.parametrize("n_frames", [1, 2, 100, 19_199])
def test_a_sound_shorter_than_a_gating_block_is_measured_whole(n_frames):
    found = measured(np.full((n_frames, 1), 0.5), 48_000)
    assert np.isfinite(found.integrated_lufs)
    assert found.integrated_lufs > SILENCE_LUFS


def test_a_peak_between_samples_is_found():
    samples = sine(12_000, rate_hz=48_000, duration_s=1, level=1.0, phase=np.pi / 4)
    fade = np.minimum(1, np.minimum(np.arange(48_000), np.arange(48_000)[::-1]) / 4800)[:, None]
    assert 20 * np.log10(np.abs(samples * fade).max()) == pytest.approx(-3, abs=0.05)
    assert measured(samples * fade, 48_000).true_peak_db == pytest.approx(0, abs=0.2)


@pytest.mark.parametrize("rate_hz", [44_100, 96_000, 192_000])
def test_the_true_peak_is_at_least_that_of_the_samples(rate_hz):
    samples = noise(3, rate_hz=rate_hz, duration_s=0.5)
    assert measured(samples, rate_hz).true_peak_db >= 20 * np.log10(np.abs(samples.astype(np.float32)).max()) - 1e-6


def test_an_lfe_channel_does_not_count():
    samples = np.zeros((48_000 * 2, 6))
    samples[:, 3] = sine(60, rate_hz=48_000, duration_s=2)[:, 0]
    assert measured(samples, 48_000).integrated_lufs == SILENCE_LUFS


def sounding(samples, rate_hz=48_000):
    return measured(samples, rate_hz).sounding_lufs


def test_a_steady_sound_is_as_loud_sounding_as_integrated():
    samples = noise(5, duration_s=5, rate_hz=48_000, n_channels=2)
    found = measured(samples, 48_000)
    assert found.sounding_lufs == pytest.approx(found.integrated_lufs, abs=0.1)


@pytest.mark.parametrize("hit_s", [0.02, 0.1, 0.5])
def test_silence_around_a_hit_does_not_make_it_quieter(hit_s):
    hit = sine(1000, rate_hz=48_000, duration_s=hit_s, n_channels=2)
    around = np.zeros((96_000, 2))
    alone = sounding(hit)
    assert sounding(np.concatenate([hit, around])) == pytest.approx(alone, abs=0.3)
    assert sounding(np.concatenate([around, hit, around, around])) == pytest.approx(alone, abs=0.3)
    if hit_s < 0.4:  # the standard's loudness is diluted
        assert measured(np.concatenate([hit, around]), 48_000).integrated_lufs < alone - 3


def test_a_mono_sound_counts_as_played_on_two_loudspeakers():
    samples = sine(1000, rate_hz=48_000)
    assert sounding(samples) == pytest.approx(sounding(np.repeat(samples, 2, axis=1)), abs=1e-3)


def test_surround_counts_as_mixed_to_stereo():
    samples = noise(6, duration_s=2, rate_hz=48_000, n_channels=6)
    assert sounding(samples) == pytest.approx(sounding(to_stereo(samples.astype(np.float32))), abs=1e-3)


def test_silence_sounds_at_the_gate():
    assert sounding(np.zeros((48_000, 1))) == SILENCE_LUFS


def test_the_beginning_of_a_long_file_is_measured(tmp_path):
    samples = np.concatenate([sine(1000, duration_s=2), 0.01 * sine(1000, duration_s=4)])
    path = write(tmp_path / "a.wav", samples)
    assert measure_loudness(path, longest_s=2).sounding_lufs == pytest.approx(
        sounding(samples[: 2 * RATE_HZ], RATE_HZ), abs=0.1
    )
