"""Fine structure of the spectrum: partials and their spacing, independent of level."""

from functools import cache

import numpy as np

from bowerbird.encoders.acoustic.frames import LOUD, Analysis
from bowerbird.encoders.acoustic.spectrum import Floats, bin_hz, inverse_of_real

STEPS_PER_OCTAVE = 24
N_LOG_STEPS = 192
LOWEST_HZ = 60.0
LOG_FLOOR = 1e-4
N_SCALES = 32

SHORTEST_QUEFRENCY = 8
LONGEST_QUEFRENCY = 256
"""Samples: spacings of partials from 4 kHz to 125 Hz."""
QUEFRENCIES_A_VALUE = 8


def harmonics(analysis: Analysis, logarithms: Floats) -> Floats:
    """Describe the partials of the average spectrum.

    Parameters
    ----------
    analysis : Analysis
    logarithms : ndarray, shape (n_steps, N_BINS), float32
        Natural logarithms of the power spectra.

    Returns
    -------
    ndarray, shape (n_values,), float32
    """
    weights = analysis.weights[LOUD]
    magnitudes = np.einsum("i,ij->j", weights, np.sqrt(analysis.power))
    levels = np.einsum("i,ij->j", weights, logarithms)
    return np.concatenate([scale_spectrum(magnitudes), fine_cepstrum(levels)])


def scale_spectrum(magnitudes: Floats) -> Floats:
    """Return the pattern of the partials on a log-frequency axis, independent of transposition.

    The magnitude of the Fourier transform along log frequency does not change when all partials move by the
    same ratio (Cohen, "The scale representation", IEEE Trans. Signal Processing 41, 1993): a transposed
    copy keeps it.

    Parameters
    ----------
    magnitudes : ndarray, shape (N_BINS,), float32

    Returns
    -------
    ndarray, shape (`N_SCALES`,), float32, natural logarithm
    """
    on_log_axis = np.interp(_log_spaced_hz(), bin_hz(), magnitudes)
    levels = np.log(on_log_axis / max(float(on_log_axis.max()), 1e-9) + LOG_FLOOR)
    # The mean over an octave is the spectral envelope, which the cepstra already describe.
    half = STEPS_PER_OCTAVE // 2
    sums = np.cumsum(np.concatenate([[0.0], np.pad(levels, half, mode="edge")]))
    partials = levels - (sums[2 * half + 1 :] - sums[: -2 * half - 1]) / (2 * half + 1)
    spectrum = np.abs(np.fft.rfft(partials * np.hanning(N_LOG_STEPS), n=512))
    means: Floats = spectrum[2 : 2 + 2 * N_SCALES].reshape(N_SCALES, 2).mean(axis=1).astype(np.float32)
    scales: Floats = np.log(means + np.float32(0.1))
    return scales


def fine_cepstrum(logarithms: Floats) -> Floats:
    """Return the strength of evenly spaced partials, by their spacing (Noll, "Cepstrum pitch determination", 1967).

    Parameters
    ----------
    logarithms : ndarray, shape (N_BINS,), float32
        Natural logarithm of a power spectrum.

    Returns
    -------
    ndarray, shape (31,), float32, natural logarithm
    """
    cepstrum = np.abs(inverse_of_real(logarithms)[SHORTEST_QUEFRENCY:LONGEST_QUEFRENCY])
    peaks: Floats = cepstrum.reshape(-1, QUEFRENCIES_A_VALUE).max(axis=1).astype(np.float32)
    strengths: Floats = np.log(peaks + np.float32(1e-3))
    return strengths


@cache
def _log_spaced_hz() -> Floats:
    hz = (LOWEST_HZ * 2.0 ** (np.arange(N_LOG_STEPS) / STEPS_PER_OCTAVE)).astype(np.float32)
    hz.flags.writeable = False
    return hz
