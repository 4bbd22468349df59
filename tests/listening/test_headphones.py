"""The tones of the headphone check."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from bowerbird.listening.headphones import N_TO_PASS, tones, write_trials

RATE_HZ = 44_100
STEP = round(1.5 * RATE_HZ)


def level_db(samples: np.ndarray) -> float:
    return 20 * np.log10(np.sqrt(np.mean(samples**2)) + 1e-12)


def parts(order: tuple[str, ...]) -> list[np.ndarray]:
    samples = tones(order).astype(float)
    return [samples[index * STEP : index * STEP + RATE_HZ] for index in range(3)]


def test_the_quiet_tone_is_six_decibels_softer_in_each_channel():
    plain, quiet, opposed = parts(("plain", "quiet", "opposed"))
    for ear in (0, 1):
        assert level_db(plain[:, ear]) == pytest.approx(level_db(opposed[:, ear]), abs=0.01)
        assert level_db(quiet[:, ear]) == pytest.approx(level_db(plain[:, ear]) - 6, abs=0.01)


def test_the_anti_phase_tone_is_the_quietest_when_channels_add():
    plain, quiet, opposed = (part.sum(axis=1) for part in parts(("plain", "quiet", "opposed")))
    assert level_db(opposed) < level_db(quiet) - 40 < level_db(plain) - 40


def test_tones_have_two_hundred_hertz():
    plain = parts(("plain", "quiet", "opposed"))[0][:, 0]
    assert np.abs(np.fft.rfft(plain)).argmax() == 200


def test_every_order_appears_once_and_the_quiet_tone_twice_at_each_position(tmp_path: Path):
    trials = write_trials(tmp_path, seed=4)
    assert sorted(trial.quietest for trial in trials) == [0, 0, 1, 1, 2, 2]
    recordings = [soundfile.read(trial.path)[0] for trial in trials]
    assert len({samples.tobytes() for samples in recordings}) == 6
    for trial, samples in zip(trials, recordings, strict=True):
        levels = [level_db(samples[index * STEP : index * STEP + RATE_HZ, 0]) for index in range(3)]
        assert int(np.argmin(levels)) == trial.quietest
        assert trial.duration_s == pytest.approx(len(samples) / RATE_HZ)


def test_the_order_depends_on_the_seed(tmp_path: Path):
    found = {tuple(trial.quietest for trial in write_trials(tmp_path, seed=seed)) for seed in range(8)}
    assert len(found) > 3


def test_guessing_rarely_passes():
    guesses = np.random.default_rng(1).integers(0, 3, (20_000, 6))
    assert np.mean((guesses == 0).sum(axis=1) >= N_TO_PASS) == pytest.approx(13 / 729, abs=0.004)
