"""The tones of the headphone check are what they are said to be."""

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
    return [samples[place * STEP : place * STEP + RATE_HZ] for place in range(3)]


def test_each_ear_hears_the_quiet_tone_six_decibels_below_the_others():
    plain, quiet, opposed = parts(("plain", "quiet", "opposed"))
    for ear in (0, 1):
        assert level_db(plain[:, ear]) == pytest.approx(level_db(opposed[:, ear]), abs=0.01)
        assert level_db(quiet[:, ear]) == pytest.approx(level_db(plain[:, ear]) - 6, abs=0.01)


def test_in_a_room_the_opposed_tone_is_the_quietest():
    plain, quiet, opposed = (part.sum(axis=1) for part in parts(("plain", "quiet", "opposed")))
    assert level_db(opposed) < level_db(quiet) - 40 < level_db(plain) - 40


def test_tones_are_of_two_hundred_hertz():
    plain = parts(("plain", "quiet", "opposed"))[0][:, 0]
    assert np.abs(np.fft.rfft(plain)).argmax() == 200


def test_every_order_comes_once_and_the_quiet_tone_stands_everywhere_twice(tmp_path: Path):
    trials = write_trials(tmp_path, seed=4)
    assert sorted(trial.quietest for trial in trials) == [0, 0, 1, 1, 2, 2]
    heard = [soundfile.read(trial.path)[0] for trial in trials]
    assert len({position.tobytes() for position in heard}) == 6
    for trial, position in zip(trials, heard, strict=True):
        levels = [level_db(position[place * STEP : place * STEP + RATE_HZ, 0]) for place in range(3)]
        assert int(np.argmin(levels)) == trial.quietest
        assert trial.duration_s == pytest.approx(len(position) / RATE_HZ)


def test_another_seed_is_another_order(tmp_path: Path):
    found = {tuple(trial.quietest for trial in write_trials(tmp_path, seed=seed)) for seed in range(8)}
    assert len(found) > 3


def test_guessing_seldom_passes():
    guesses = np.random.default_rng(1).integers(0, 3, (20_000, 6))
    assert np.mean((guesses == 0).sum(axis=1) >= N_TO_PASS) == pytest.approx(13 / 729, abs=0.004)
