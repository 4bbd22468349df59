"""Pitch and tempo, each changed without the other."""

import sys

import numpy as np
import pytest

from bowerbird.audio.time_stretch import SEGMENT_S, stretched
from bowerbird.base.errors import AudioError
from sounds import noise, sine

RATE_HZ = 48_000


def changed(samples: np.ndarray, *, block: int = 16_384, rate_hz: int = RATE_HZ, **options: float) -> np.ndarray:
    source = samples.astype(np.float32)
    blocks = (source[at : at + block] for at in range(0, len(source), block))
    return np.concatenate(list(stretched(blocks, rate_hz=rate_hz, **options)))


def pitch_hz(samples: np.ndarray, rate_hz: int = RATE_HZ) -> float:
    middle = samples[len(samples) // 4 : len(samples) * 3 // 4, 0]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle)), 8 * len(middle)))
    return float(spectrum.argmax() * rate_hz / (8 * len(middle)))


@pytest.mark.parametrize("semitones", [-24, -12, -5, -1, 1, 7, 12, 24])
def test_the_pitch_moves_by_semitones_and_the_length_stays(semitones: int):
    out = changed(sine(440, duration_s=2, rate_hz=RATE_HZ), semitones=semitones)
    assert pitch_hz(out) == pytest.approx(440 * 2 ** (semitones / 12), abs=2)
    assert len(out) == 2 * RATE_HZ


@pytest.mark.parametrize("tempo", [0.5, 0.8, 1.25, 2.0])
def test_the_tempo_changes_the_length_and_the_pitch_stays(tempo: float):
    out = changed(sine(440, duration_s=3, rate_hz=RATE_HZ, n_channels=2), tempo=tempo)
    assert pitch_hz(out) == pytest.approx(440, abs=1)
    assert len(out) == pytest.approx(3 * RATE_HZ / tempo, abs=0.01 * RATE_HZ)


def test_a_hit_stays_where_it_is():
    hits = np.zeros((RATE_HZ, 1))
    hits[RATE_HZ // 2] = 1.0
    assert np.abs(changed(hits, semitones=5)).argmax() == pytest.approx(RATE_HZ // 2, abs=0.002 * RATE_HZ)
    assert np.abs(changed(hits, tempo=0.5)).argmax() == pytest.approx(RATE_HZ, abs=0.005 * RATE_HZ)


@pytest.mark.parametrize(("semitones", "tempo"), [(5.0, 1.0), (0.0, 0.7), (-7.0, 1.6)])
def test_segments_join_without_a_gap_or_a_dip(semitones: float, tempo: float):
    duration_s = 8.5 * SEGMENT_S
    out = changed(sine(331, duration_s=duration_s, rate_hz=RATE_HZ), semitones=semitones, tempo=tempo)
    assert len(out) == pytest.approx(duration_s * RATE_HZ / tempo, abs=0.01 * RATE_HZ)
    n = RATE_HZ // 50
    level = np.abs(out[: len(out) // n * n, 0]).reshape(-1, n).max(axis=1)[5:-5]
    assert level.min() > 0.9 * np.median(level)
    assert np.abs(np.diff(out[:, 0])).max() < 1.5 * 0.5 * 2 * np.pi * 331 * 2 ** (semitones / 12) / RATE_HZ


def test_the_size_of_the_blocks_does_not_matter():
    source = noise(1, duration_s=3.2 * SEGMENT_S, rate_hz=8000, n_channels=2)
    options = {"semitones": 3.0, "tempo": 1.1, "rate_hz": 8000}
    np.testing.assert_array_equal(changed(source, block=777, **options), changed(source, block=50_000, **options))


@pytest.mark.parametrize("n_frames", [0, 1, 100])
def test_the_shortest_sounds_keep_their_length(n_frames: int):
    blocks = iter([np.full((n_frames, 1), 0.5, np.float32)] if n_frames else [])
    assert sum(map(len, stretched(blocks, rate_hz=RATE_HZ, semitones=5))) == n_frames


@pytest.mark.parametrize(("semitones", "tempo"), [(4.0, 1.0), (0.0, 0.7), (-7.0, 1.6)])
def test_noise_keeps_its_level_where_segments_join(semitones: float, tempo: float):
    out = changed(noise(2, duration_s=10, rate_hz=RATE_HZ), semitones=semitones, tempo=tempo)
    n = RATE_HZ // 20
    levels = np.sqrt((out[: len(out) // n * n, 0].reshape(-1, n) ** 2).mean(axis=1))[2:-2]
    assert levels.min() > 0.75 * np.median(levels)
    assert levels.max() < 1.35 * np.median(levels)


def test_without_the_library_the_sentence_says_what_is_missing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "python_stretch", None)
    with pytest.raises(AudioError, match="python-stretch, which is not installed"):
        changed(sine(440), semitones=1)
