"""Estimating the tempo of a sound from the rhythm of its onsets, with numpy alone.

The onset strength is the rise of the logarithmic spectrum, and its autocorrelation is weighted towards 120 BPM (Daniel
Ellis, "Beat Tracking by Dynamic Programming", Journal of New Music Research 36, 2007).
"""

from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from bowerbird.domain.sounds import Clip

SLOWEST_BPM: Final = 50.0
FASTEST_BPM: Final = 220.0

_PREFERRED_BPM: Final = 120.0
_PREFERENCE_OCTAVES: Final = 0.9
_BEATS_PER_BAR: Final = 4
_LOOP_TOLERANCE: Final = 0.01
_LOOP_PREFERENCE: Final = 1.3
"""Loops are cut to whole bars, so a tempo at which a sound has whole bars is more likely."""

_N_FFT: Final = 1024
_HOP_S: Final = 0.005
_BANDS_HZ: Final = (30, 120, 300, 700, 1500, 3000, 6000, 12_000)
_MIN_S: Final = 1.0
_MULTIPLES: Final = ((0.5, 0.5), (1, 1.0), (2, 0.5), (3, 0.33), (4, 0.25))
"""A beat is judged by itself, by half of it and by multiples, each with a weight."""

Floats = npt.NDArray[np.float64]


def estimate_tempo(clip: Clip) -> tuple[float, float]:
    """Return the tempo of a sound and how sure it is.

    Parameters
    ----------
    clip : Clip
        At 22,050 Hz or more.

    Returns
    -------
    bpm : float
        Between 50 and 220; 0 if nothing repeats.
    confidence : float
        0 to 1: how well the onsets repeat at this tempo. Above 0.5 the tempo can be shown.
    """
    onsets = _onset_strength(clip)
    n = len(onsets)
    if clip.duration_s < _MIN_S or not onsets.any():
        return 0.0, 0.0
    onsets = onsets - onsets.mean()
    spectrum = np.fft.rfft(onsets, 2 * n)
    correlation = np.fft.irfft(spectrum * spectrum.conj())[:n]
    if correlation[0] <= 0:
        return 0.0, 0.0
    correlation = correlation / correlation[0]
    likeness = correlation * n / np.maximum(n - np.arange(n), n / 8)  # as if every lag had as many frames
    bpm = np.exp(np.linspace(np.log(SLOWEST_BPM), np.log(FASTEST_BPM), 600))
    lags = 60 / bpm / _HOP_S
    score, weight = np.zeros(len(bpm)), np.zeros(len(bpm))
    for multiple, share in _MULTIPLES:
        at = lags * multiple
        is_inside = at < 0.8 * n
        score += np.where(is_inside, np.interp(at, np.arange(n), likeness), 0.0) * share
        weight += np.where(is_inside, share, 0.0)
    strength = np.where(weight > 0, score / np.maximum(weight, 1e-9), -1.0)
    preference = np.exp(-0.5 * (np.log2(bpm / _PREFERRED_BPM) / _PREFERENCE_OCTAVES) ** 2)
    n_bars = clip.duration_s * bpm / 60 / _BEATS_PER_BAR
    is_loop = (np.round(n_bars) >= 1) & (np.abs(n_bars / np.maximum(np.round(n_bars), 1) - 1) < _LOOP_TOLERANCE)
    preference *= np.where(is_loop, _LOOP_PREFERENCE, 1.0)
    best = int(np.argmax(np.maximum(strength, 0.0) * preference))
    found = _refined(likeness, float(bpm[best]))
    return found, float(np.clip(strength[best], 0.0, 1.0))


def _refined(likeness: Floats, bpm: float) -> float:
    """Measure the longest multiple of a beat that is clear: its lag is the most exact."""
    lag = 60 / bpm / _HOP_S
    for multiple in (1, 2, 4, 8, 16):
        at = lag * multiple
        reach = max(2, round(0.03 * lag))
        first, last = int(at) - reach, int(at) + reach + 2
        if first < 1 or last + 1 >= 0.8 * len(likeness):
            break
        peak = first + int(np.argmax(likeness[first:last]))
        if likeness[peak] < 0.25 or peak in {first, last - 1}:
            break
        before, middle, after = likeness[peak - 1 : peak + 2]
        curve = before - 2 * middle + after
        offset = 0.5 * (before - after) / curve if curve < 0 else 0.0
        lag = (peak + offset) / multiple
    return float(60 / (lag * _HOP_S))


def _onset_strength(clip: Clip) -> Floats:
    """Return the rise of the logarithmic level in each band, summed, one value per `_HOP_S`."""
    hop = round(_HOP_S * clip.rate_hz)
    samples = np.concatenate([np.zeros(_N_FFT // 2), clip.samples, np.zeros(_N_FFT // 2)])
    frames = np.lib.stride_tricks.sliding_window_view(samples, _N_FFT)[::hop]
    hz = np.fft.rfftfreq(_N_FFT, 1 / clip.rate_hz)
    edges = [int(np.searchsorted(hz, edge)) for edge in _BANDS_HZ if edge < clip.rate_hz / 2]
    levels = np.empty((len(frames), len(edges) - 1))
    window = np.hanning(_N_FFT)
    for begin in range(0, len(frames), 1024):  # a long sound fits into little memory
        power = np.abs(np.fft.rfft(frames[begin : begin + 1024] * window)) ** 2
        bands = [power[:, low : max(low + 1, high)].sum(axis=1) for low, high in pairwise(edges)]
        levels[begin : begin + 1024] = np.stack(bands, axis=1)
    floor = levels.max(initial=1e-12) * 1e-6
    rise = np.maximum(np.diff(np.log10(levels + floor), axis=0, prepend=np.log10(floor)), 0.0)
    smooth = np.convolve(rise.sum(axis=1), np.hanning(7) / np.hanning(7).sum(), mode="same")
    return np.asarray(smooth, np.float64)
