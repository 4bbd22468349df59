"""Short-time spectra: framing, power spectra, mel bands, cepstra. Statistics over time are elsewhere."""

from functools import cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float32]
"""A float32 array of the front end; its shape is documented where it is used."""

RATE_HZ = 32_000
FRAME_LENGTH = 1024
HOP_LENGTH = 320
N_BINS = FRAME_LENGTH // 2 + 1
N_MELS = 64
N_CEPSTRA = 24
LOWEST_HZ = 30.0
FLOOR_DB = -70.0
"""Everything quieter than this below the loudest mel band of a window counts as silence."""


def frames(samples: Floats, *, length: int, hop: int) -> Floats:
    """Return overlapping frames, the first centred on the first sample.

    Parameters
    ----------
    samples : ndarray, shape (n_frames,), float32
    length, hop : int
        In samples.

    Returns
    -------
    ndarray, shape (1 + n_frames // hop, length), float32
        A read-only view of a zero-padded copy.
    """
    n_steps = 1 + len(samples) // hop
    padded = np.zeros((n_steps - 1) * hop + length, dtype=np.float32)
    start = length // 2
    kept = min(len(samples), len(padded) - start)
    padded[start : start + kept] = samples[:kept]
    return np.lib.stride_tricks.sliding_window_view(padded, length)[::hop]


def power_spectra(samples: Floats) -> Floats:
    """Return the power spectra of Hann-windowed 32 ms frames every 10 ms, without the bins of a DC offset.

    Returns
    -------
    ndarray, shape (n_steps, `N_BINS`), float32
    """
    spectra = np.fft.rfft(frames(samples, length=FRAME_LENGTH, hop=HOP_LENGTH) * _hann(FRAME_LENGTH))
    power = squared_magnitudes(spectra)
    power[:, :2] = 0.0
    return power


def squared_magnitudes(spectra: npt.NDArray[np.complexfloating]) -> Floats:
    """Return the squared magnitudes of complex spectra of any shape, as float32."""
    power: Floats = (spectra.real * spectra.real + spectra.imag * spectra.imag).astype(np.float32, copy=False)
    return power


def inverse_of_real(spectra: Floats) -> Floats:
    """Return the inverse Fourier transform of real, even spectra, such as autocorrelations of power spectra.

    Parameters
    ----------
    spectra : ndarray, shape (..., n // 2 + 1), float32

    Returns
    -------
    ndarray, shape (..., n), float32
    """
    # NumPy transforms real input in double precision, four times slower.
    inverse: Floats = np.fft.irfft(spectra.astype(np.complex64)).astype(np.float32, copy=False)
    return inverse


def rows_times(rows: Floats, matrix: Floats) -> Floats:
    """Return a matrix product that is bit-identical for any number of threads.

    The library shares large products among its threads and rounds accordingly; four rows at a time stay
    below its threshold.

    Parameters
    ----------
    rows : ndarray, shape (n, n_inner), float32
    matrix : ndarray, shape (n_inner, n_outer), float32

    Returns
    -------
    ndarray, shape (n, n_outer), float32
    """
    n_inner, n_outer = matrix.shape
    n_fours = len(rows) // 4
    in_fours = rows[: 4 * n_fours].reshape(n_fours, 4, n_inner) @ matrix
    return np.concatenate([in_fours.reshape(4 * n_fours, n_outer), rows[4 * n_fours :] @ matrix])


def mel_powers(power: Floats) -> Floats:
    """Return the mean power in mel bands.

    Parameters
    ----------
    power : ndarray, shape (n_steps, `N_BINS`), float32

    Returns
    -------
    ndarray, shape (n_steps, `N_MELS`), float32
    """
    return rows_times(power, _mel_filters())


def decibels_below_peak(power: Floats) -> Floats:
    """Return power in dB relative to the maximum of the array, at least `FLOOR_DB`, which silence has throughout.

    Being relative, it does not change with the level of the sound.
    """
    peak = power.max(initial=np.float32(0.0))
    if peak <= 0.0:
        return np.full_like(power, FLOOR_DB)
    floor = np.float32(10.0 ** (FLOOR_DB / 10.0))
    level: Floats = np.float32(10.0) * np.log10(np.maximum(power / peak, floor))
    return level


def cepstra(mel_db: Floats) -> Floats:
    """Return mel-frequency cepstra without the level coefficient.

    Parameters
    ----------
    mel_db : ndarray, shape (n_steps, `N_MELS`), float32, dB

    Returns
    -------
    ndarray, shape (n_steps, `N_CEPSTRA`), float32, dB
        Orthonormal DCT-II coefficients 1 to `N_CEPSTRA` (Davis and Mermelstein, 1980).
    """
    return rows_times(mel_db, _cosines())


@cache
def bin_hz() -> Floats:
    """Return the centre of every FFT bin in Hz, shape (`N_BINS`,)."""
    return _read_only(np.arange(N_BINS) * RATE_HZ / FRAME_LENGTH)


@cache
def _hann(length: int) -> Floats:
    """Return the periodic Hann window, shape (length,)."""
    return _read_only(0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(length) / length))


@cache
def _mel_filters() -> Floats:
    """Return triangles of unit sum, equally spaced in mel (2595 log10(1 + f/700), O'Shaughnessy 1987).

    Returns
    -------
    ndarray, shape (`N_BINS`, `N_MELS`), float32
    """
    lowest, highest = (2595.0 * np.log10(1.0 + hz / 700.0) for hz in (LOWEST_HZ, RATE_HZ / 2))
    edges = 700.0 * (10.0 ** (np.linspace(lowest, highest, N_MELS + 2) / 2595.0) - 1.0)
    # Triangles are at least 1.5 bins wide, so that none falls between two bins.
    hz = np.arange(N_BINS)[:, None] * RATE_HZ / FRAME_LENGTH
    width = 1.5 * RATE_HZ / FRAME_LENGTH
    centres = edges[1:-1]
    rise = np.maximum(centres - edges[:-2], width)
    fall = np.maximum(edges[2:] - centres, width)
    triangles = np.maximum(0.0, np.minimum(1.0 + (hz - centres) / rise, 1.0 - (hz - centres) / fall))
    return _read_only(triangles / triangles.sum(axis=0))


@cache
def _cosines() -> Floats:
    """Return the orthonormal DCT-II without its constant, shape (`N_MELS`, `N_CEPSTRA`)."""
    band = np.arange(N_MELS)[:, None] + 0.5
    order = np.arange(1, N_CEPSTRA + 1)[None, :]
    return _read_only(np.sqrt(2.0 / N_MELS) * np.cos(np.pi * band * order / N_MELS))


def _read_only(values: npt.NDArray[np.float64]) -> Floats:
    array = np.ascontiguousarray(values, dtype=np.float32)
    array.flags.writeable = False
    return array
