"""Tempo and key of sounds that do not say them."""

import numpy as np

from bowerbird.domain.tempo_and_key import parse_key
from bowerbird.library.audition.music import EstimatedMusic, estimate_music
from sounds import noise, write


def beats(bpm: float, *, duration_s: float = 8.0, rate_hz: int = 44_100) -> np.ndarray:
    """Hits at a tempo, in a chord of A minor."""
    t = np.arange(round(duration_s * rate_hz)) / rate_hz
    since_s = np.mod(t, 60 / bpm)
    chord = sum(np.sin(2 * np.pi * hz * t) for hz in (220.0, 261.63, 329.63, 440.0))
    return (0.15 * chord * np.exp(-since_s * 8))[:, None]


def test_a_loop_has_its_tempo_and_key(tmp_path):
    write(tmp_path / "loop.wav", beats(120))
    found = estimate_music(tmp_path / "loop.wav")
    assert abs(found.bpm - 120) < 1
    assert found.key.relative_major == parse_key("Am").relative_major


def test_noise_has_neither(tmp_path):
    write(tmp_path / "noise.wav", noise(1, duration_s=4))
    found = estimate_music(tmp_path / "noise.wav")
    assert (found.bpm, found.key) == (None, None)
    assert found != EstimatedMusic(), "it says how unsure it is"
