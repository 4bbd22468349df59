"""Excerpts: a short part of a sound at a common sampling rate and loudness."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from bowerbird.audio.decode import BLOCK_FRAMES, open_sound
from bowerbird.audio.loudness import Loudness, LoudnessMeter
from bowerbird.audio.mono import mixdown
from bowerbird.audio.resample import StreamResampler
from bowerbird.base.errors import AudioError
from bowerbird.domain.sounds import Samples

EXCERPT_RATE_HZ: Final = 48_000
PEAK_GUARD_DB: Final = -1.0
"""Highest true peak after the gain."""

_FADE_S: Final = 0.02
_AUDIBLE_DB: Final = -60.0
"""Relative to the peak: an excerpt starts at the first sample above this level."""

_MAX_LEAD_S: Final = 60.0


@dataclass(frozen=True, slots=True, eq=False)
class Excerpt:
    """A part of a sound, ready to be compared with others.

    Attributes
    ----------
    samples : ndarray, shape (n_frames, n_channels), float32
        At `EXCERPT_RATE_HZ`, mono or stereo, with the gain applied.
    start_s : float
        Start in the sound.
    lufs : float
        Loudness before the gain; mono counts as two channels.
    gain_db : float
    """

    samples: Samples
    start_s: float
    lufs: float
    gain_db: float

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.samples) / EXCERPT_RATE_HZ


def make_excerpt(path: Path, *, longest_s: float, target_lufs: float) -> Excerpt:
    """Cut an excerpt from where a sound becomes audible.

    Parameters
    ----------
    path : Path
    longest_s : float
    target_lufs : float
        Reached unless the true peak would exceed `PEAK_GUARD_DB`.

    Raises
    ------
    AudioError
        When the sound cannot be decoded, or is silent.
    """
    samples, rate_hz = _beginning(path, longest_s + _MAX_LEAD_S)
    level = np.abs(samples).max(axis=1)
    peak = float(level.max(initial=0.0))
    if peak <= 0.0:
        raise AudioError(f"{path.name} is silent and cannot be judged. Choose another sound.")
    first = int(np.argmax(level > peak * 10 ** (_AUDIBLE_DB / 20)))
    n_frames = round(longest_s * rate_hz)
    is_cut = len(samples) - first > n_frames
    cut = samples[first : first + n_frames]
    if is_cut:
        n_fade = min(len(cut), round(_FADE_S * rate_hz))
        cut = cut.copy()
        cut[len(cut) - n_fade :] *= np.linspace(1.0, 0.0, n_fade, dtype=np.float32)[:, None]
    if rate_hz != EXCERPT_RATE_HZ:
        cut = _resampled(cut, rate_hz)
    # Amplified first: a faint sound would be below the gate of the loudness meter.
    raise_db = PEAK_GUARD_DB - _measured(cut / np.float32(peak)).true_peak_db - 20 * np.log10(peak)
    loudest = np.asarray(cut * np.float32(10 ** (raise_db / 20)), np.float32)
    lufs = _measured(loudest).integrated_lufs
    lower_db = min(0.0, target_lufs - lufs)
    samples = np.asarray(loudest * np.float32(10 ** (lower_db / 20)), np.float32)
    return Excerpt(samples, first / rate_hz, float(lufs - raise_db), float(raise_db + lower_db))


def _measured(samples: Samples) -> Loudness:
    """Measure loudness as played: a mono sound is played on two channels, so it counts twice."""
    played = np.repeat(samples, 2, axis=1) if samples.shape[1] == 1 else samples
    meter = LoudnessMeter(EXCERPT_RATE_HZ, played.shape[1])
    meter.push(played)
    return meter.finish()


def _beginning(path: Path, length_s: float) -> tuple[Samples, int]:
    """Decode the beginning of a sound; mix more than two channels to mono."""
    blocks = []
    with open_sound(path) as reader:
        left = round(length_s * reader.rate_hz)
        while left > 0 and len(block := reader.read(min(BLOCK_FRAMES, left))):
            left -= len(block)
            blocks.append(block if reader.n_channels <= 2 else mixdown(block)[:, None])
        rate_hz = reader.rate_hz
    if not blocks:
        raise AudioError(f"{path.name} contains no audio. Choose another sound.")
    return np.concatenate(blocks), rate_hz


def _resampled(samples: Samples, rate_hz: int) -> Samples:
    resampler = StreamResampler(rate_hz, EXCERPT_RATE_HZ, samples.shape[1])
    is_mono = samples.shape[1] == 1
    parts = [resampler.push(samples[:, 0] if is_mono else samples), resampler.finish()]
    joined = np.concatenate([part for part in parts if len(part)]) if any(len(part) for part in parts) else samples[:1]
    return joined[:, None] if joined.ndim == 1 else joined
