"""Log-mel spectrograms with the parameters of a card, computed with numpy."""

from dataclasses import dataclass
from functools import cache
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from bowerbird.domain.sounds import Samples
from bowerbird.encoders.weights.cards import LogMel

Floats: TypeAlias = npt.NDArray[np.float32]
"""A float32 array of the front end; its shape is documented where it is used."""

_BLOCK_VALUES: Final = 65_536
"""Samples per batch of transforms: their spectra fit into the processor's cache."""

_BANDS_AT_ONCE: Final = 8
"""Bands per matrix product. Small products are never split among threads, so results are bit-identical."""


def log_mel(samples: Samples, spec: LogMel, rate_hz: int) -> Floats:
    """Return the log-mel spectrogram of a sound.

    Parameters
    ----------
    samples : ndarray, shape (n_samples,), float32
        Mono and finite, at least one. Without padding, fewer than `n_fft` are followed by silence.
    spec : LogMel
    rate_hz : int

    Returns
    -------
    ndarray, shape (n_frames, n_mels), float32
        Centred, ``1 + n_samples // hop_frames`` frames where `n_fft` is even; with partial frames, all that begin
        before the end of the sound.

    Raises
    ------
    ValueError
        When there are no samples.
    """
    plan = _plan(spec, rate_hz)
    padded = _padded(samples, spec)
    framed = np.lib.stride_tricks.sliding_window_view(padded, spec.n_fft)[:: spec.hop_frames]
    n_frames = len(framed)
    n_at_once = max(1, _BLOCK_VALUES // spec.n_fft)
    windowed = np.empty((min(n_at_once, n_frames), spec.n_fft), np.float32)
    spectra = np.empty((len(windowed), spec.n_fft // 2 + 1), np.complex64)
    mel = np.empty((n_frames, spec.n_mels), np.float32)
    for start in range(0, n_frames, n_at_once):
        stop = min(start + n_at_once, n_frames)
        taken = slice(0, stop - start)
        np.multiply(framed[start:stop], plan.window, out=windowed[taken])
        np.fft.rfft(windowed[taken], out=spectra[taken])  # type: ignore[arg-type] # single precision, unlike the stub says
        strength = _strengths(spectra[taken, plan.bins], spec.power)
        for group in plan.groups:
            mel[start:stop, group.bands] = strength[:, group.bins] @ group.weights
    return _scaled(mel, spec)


@cache
def filterbank(spec: LogMel, rate_hz: int) -> Floats:
    """Return the weights of the mel bands: triangles between neighbouring centres, equally spaced on the scale.

    The corner frequencies are `n_mels` + 2 points from `f_min_hz` to `f_max_hz`. The sides of a triangle are straight
    in Hz, or on the scale (Essentia's MelBands with weighting warping). With norm slaney, a band is scaled by 2 / (its
    upper corner - its lower), which makes its area 1 (Slaney, Auditory Toolbox, Technical Report 1998-010, Interval
    Research, `mfcc`); with unit-sum, by the sum of its weights.

    Returns
    -------
    ndarray, shape (n_mels, n_fft // 2 + 1), float32
        Read-only. A band narrower than a bin may be 0 throughout.
    """
    ends = mel_of_hz(np.array([spec.f_min_hz, spec.f_max_hz]), spec.scale)
    corners = np.linspace(ends[0], ends[1], spec.n_mels + 2)
    bins = np.arange(spec.n_fft // 2 + 1) * rate_hz / spec.n_fft
    if spec.triangles == "scale":
        bins = mel_of_hz(bins, spec.scale)
    else:
        corners = hz_of_mel(corners, spec.scale)
    lower, centre, upper = corners[:-2, None], corners[1:-1, None], corners[2:, None]
    triangles = np.maximum(0.0, np.minimum((bins - lower) / (centre - lower), (upper - bins) / (upper - centre)))
    if spec.norm == "slaney":
        hz = corners if spec.triangles == "hz" else hz_of_mel(corners, spec.scale)
        triangles *= 2.0 / (hz[2:, None] - hz[:-2, None])
    elif spec.norm == "unit-sum":
        triangles /= np.maximum(triangles.sum(axis=1, keepdims=True), np.finfo(np.float64).tiny)
    return _read_only(triangles)


def mel_of_hz(hz: npt.NDArray[np.float64], scale: str) -> npt.NDArray[np.float64]:
    """Convert a frequency to a mel scale.

    slaney: 3 mel in 200 Hz up to 1 kHz, then 27 mel for every factor of 6.4 (Slaney, 1998, as above).
    htk: 2595 log10(1 + f / 700) (O'Shaughnessy, Speech Communication, 1987; The HTK Book, section 5.4).
    """
    if scale == "htk":
        return 2595.0 * np.log10(1.0 + hz / 700.0)
    above = 15.0 + 27.0 * np.log(np.maximum(hz, 1000.0) / 1000.0) / np.log(6.4)
    return np.where(hz < 1000.0, hz * 3.0 / 200.0, above)


def hz_of_mel(mel: npt.NDArray[np.float64], scale: str) -> npt.NDArray[np.float64]:
    """Convert from a mel scale to Hz; the inverse of `mel_of_hz`."""
    if scale == "htk":
        return 700.0 * (10.0 ** (mel / 2595.0) - 1.0)
    above = 1000.0 * 6.4 ** ((np.maximum(mel, 15.0) - 15.0) / 27.0)
    return np.where(mel < 15.0, mel * 200.0 / 3.0, above)


@dataclass(frozen=True, slots=True, eq=False)
class _Group:
    """Adjacent bands and the bins that they cover.

    Attributes
    ----------
    bands, bins : slice
        Bins count from the plan's first.
    weights : ndarray, shape (n_bins, n_bands), float32
    """

    bands: slice
    bins: slice
    weights: Floats


@dataclass(frozen=True, slots=True, eq=False)
class _Plan:
    """The precomputed parts of a spectrogram.

    Attributes
    ----------
    window : ndarray, shape (n_fft,), float32
    bins : slice
        Bins with a weight in any band.
    groups : tuple of _Group
    """

    window: Floats
    bins: slice
    groups: tuple[_Group, ...]


@cache
def _plan(spec: LogMel, rate_hz: int) -> _Plan:
    weights = filterbank(spec, rate_hz)
    first, stop = _nonzero_bins(weights)
    groups = []
    for band in range(0, spec.n_mels, _BANDS_AT_ONCE):
        bands = slice(band, min(band + _BANDS_AT_ONCE, spec.n_mels))
        lowest, end = _nonzero_bins(weights[bands])
        group = np.ascontiguousarray(weights[bands, lowest:end].T)
        groups.append(_Group(bands, slice(lowest - first, end - first), group))
    return _Plan(_window(spec), slice(first, stop), tuple(groups))


def _nonzero_bins(weights: Floats) -> tuple[int, int]:
    """Return the first bin with a weight and the bin after the last; a single bin if there is none."""
    used = np.flatnonzero(weights.any(axis=0))
    return (int(used[0]), int(used[-1]) + 1) if len(used) else (0, 1)


def _window(spec: LogMel) -> Floats:
    """Return a Hann window in the middle of a transform, shape (n_fft,)."""
    period = spec.window_frames if spec.hann == "periodic" else max(1, spec.window_frames - 1)
    hann = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(spec.window_frames) / period)
    before = (spec.n_fft - spec.window_frames) // 2
    return _read_only(np.pad(hann, (before, spec.n_fft - spec.window_frames - before)))


def _read_only(values: npt.NDArray[np.float64]) -> Floats:
    array = np.ascontiguousarray(values, dtype=np.float32)
    array.flags.writeable = False
    return array


def _padded(samples: Samples, spec: LogMel) -> Samples:
    if not len(samples):
        raise ValueError("a spectrogram needs a sample")
    before = spec.n_fft // 2 if spec.is_centred else 0
    n_needed = spec.n_fft
    if spec.last_frame == "partial":
        n_frames = -(-(before + len(samples)) // spec.hop_frames)
        n_needed += (n_frames - 1) * spec.hop_frames
    if spec.is_centred:
        mode = "reflect" if spec.padding == "reflect" else "constant"
        samples = np.pad(samples, before, mode=mode)  # type: ignore[call-overload]
    return np.pad(samples, (0, n_needed - len(samples))) if len(samples) < n_needed else samples


def _strengths(spectra: npt.NDArray[np.complex64], power: float) -> Floats:
    """Return magnitudes raised to a power."""
    squared = spectra.real**2 + spectra.imag**2
    if power == 2.0:
        return squared
    return np.sqrt(squared) if power == 1.0 else squared ** np.float32(power / 2.0)


def _scaled(mel: Floats, spec: LogMel) -> Floats:
    """Apply the card's logarithm and normalisation in place."""
    if spec.log != "none":
        np.maximum(mel, np.float32(spec.floor), out=mel)
        if spec.offset:
            mel += np.float32(spec.offset)
        # The natural logarithm is several times faster than the decimal logarithm.
        np.log(mel, out=mel)
        if spec.log == "db":
            mel *= np.float32(10.0 / np.log(10.0))
    if spec.mean:
        mel -= np.float32(spec.mean)
    if spec.sd != 1.0:
        mel /= np.float32(spec.sd)
    return mel
