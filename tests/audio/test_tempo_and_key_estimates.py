"""Tempo and key of synthesised sounds, and the confidence in them."""

import numpy as np
import pytest

from bowerbird.audio.key import estimate_key
from bowerbird.audio.tempo import estimate_tempo
from bowerbird.domain.sounds import Clip
from bowerbird.domain.tempo_and_key import parse_key
from sounds import noise

RATE_HZ = 22_050


def clip_of(samples: np.ndarray) -> Clip:
    return Clip(samples.astype(np.float32).ravel(), RATE_HZ)


def clicks(bpm: float, *, duration_s: float) -> np.ndarray:
    """Noise bursts on every beat, the first of four louder, and soft ones between them."""
    out = np.zeros(round(duration_s * RATE_HZ))
    burst = noise(1, duration_s=0.06, rate_hz=RATE_HZ, level=0.3)[:, 0] * np.exp(
        -np.arange(round(0.06 * RATE_HZ)) / 200
    )
    for number in range(int(duration_s * bpm / 30) + 1):
        at = round(number * 30 / bpm * RATE_HZ)
        level = 0.3 if number % 2 else 1.0 if number % 8 == 0 else 0.7
        part = out[at : at + len(burst)]
        part += level * burst[: len(part)]
    return out


def chord(*pitches: int, duration_s: float = 1.0) -> np.ndarray:
    """Notes by MIDI number, each with six harmonics."""
    t = np.arange(round(duration_s * RATE_HZ)) / RATE_HZ
    return sum(
        0.1 / harmonic * np.sin(2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * harmonic * t)
        for pitch in pitches
        for harmonic in range(1, 7)
    )


@pytest.mark.parametrize("bpm", [80, 97, 120, 128, 140, 174])
@pytest.mark.parametrize("duration_s", [6.0, 12.3])
def test_the_tempo_of_clicks(bpm: float, duration_s: float):
    found, confidence = estimate_tempo(clip_of(clicks(bpm, duration_s=duration_s)))
    octave = 2 ** round(np.log2(found / bpm))  # half and double tempo are the same for a stretch
    assert found / octave == pytest.approx(bpm, rel=0.005)
    assert confidence > 0.5


@pytest.mark.parametrize("kind", ["noise", "tone", "silence", "short"])
def test_what_has_no_rhythm_has_no_confident_tempo(kind: str):
    samples = {
        "noise": noise(3, duration_s=8, rate_hz=RATE_HZ)[:, 0],
        "tone": chord(57, duration_s=8),
        "silence": np.zeros(8 * RATE_HZ),
        "short": clicks(120, duration_s=0.4),
    }[kind]
    assert estimate_tempo(clip_of(samples))[1] < 0.3


@pytest.mark.parametrize(
    ("progression", "key"),
    [
        (((60, 64, 67), (65, 69, 72), (67, 71, 74), (60, 64, 67)), "C"),
        (((57, 60, 64), (62, 65, 69), (64, 68, 71), (57, 60, 64)), "Am"),
        (((66, 69, 73), (59, 62, 66), (61, 65, 68), (66, 69, 73)), "F#m"),
        (((63, 67, 70), (68, 72, 75), (70, 74, 77), (63, 67, 70)), "Eb"),
    ],
)
def test_the_key_of_a_cadence(progression: tuple[tuple[int, ...], ...], key: str):
    found, confidence = estimate_key(clip_of(np.concatenate([chord(*notes) for notes in progression])))
    assert found == parse_key(key)
    assert confidence > 0.5


def test_a_single_note_gives_its_pitch_class():
    found, _ = estimate_key(clip_of(chord(62)))
    assert found is not None
    assert found.pitch_class == 2


@pytest.mark.parametrize("samples", [noise(4, duration_s=3, rate_hz=RATE_HZ)[:, 0], np.zeros(RATE_HZ), np.zeros(1)])
def test_what_has_no_pitch_has_no_key(samples: np.ndarray):
    assert estimate_key(clip_of(samples)) == (None, 0.0)
