"""Texture: modulation of the bands of a sound and its correlation, independent of level.

The statistics are of the kind that McDermott and Simoncelli, "Sound texture perception via statistics of the
auditory periphery" (Neuron 71, 2011), found to suffice for rain, fire and the like.
"""

from functools import cache

import numpy as np
import numpy.typing as npt

from bowerbird.encoders.acoustic.frames import LOUD, PRESENT, Analysis, structure
from bowerbird.encoders.acoustic.spectrum import HOP_LENGTH, N_MELS, RATE_HZ, Floats, squared_magnitudes

N_BANDS = 8
LAGS = (1, 2, 4, 8, 16, 32)
"""Steps of 10 ms."""

MODULATION_EDGES_HZ = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 50.0)
SHORTEST_TRANSFORM = 256
"""Steps: resolves the lowest modulation band."""


def texture(analysis: Analysis) -> Floats:
    """Describe change over lags, modulation spectra and correlation of eight bands.

    Returns
    -------
    ndarray, shape (n_values,), float32
    """
    assert N_MELS % N_BANDS == 0
    bands_db = analysis.mel_db.reshape(len(analysis.mel_db), N_BANDS, -1).mean(axis=2)
    return np.concatenate(
        [
            structure(bands_db, lags=LAGS).ravel(),
            modulation_spectra(bands_db).ravel(),
            band_correlations(bands_db, analysis.weights[PRESENT]),
            rise_and_fall(analysis.mel_db, analysis.weights[LOUD]),
        ]
    )


def modulation_spectra(bands_db: Floats) -> Floats:
    """Return the share of each band's envelope power in octaves of modulation rate.

    Parameters
    ----------
    bands_db : ndarray, shape (n_steps, n_bands), float32, dB

    Returns
    -------
    ndarray, shape (n_octaves, n_bands), float32, log10
    """
    n_steps, n_bands = bands_db.shape
    amplitudes = np.float32(10.0) ** (bands_db / np.float32(20.0))
    taper = np.hanning(n_steps + 2)[1:-1, None].astype(np.float32)
    size = max(SHORTEST_TRANSFORM, 1 << (n_steps - 1).bit_length())
    # The transform runs along contiguous rows.
    away = np.ascontiguousarray(((amplitudes - amplitudes.mean(axis=0)) * taper).T)
    power = squared_magnitudes(np.fft.rfft(away, n=size))
    sums = np.zeros((n_bands, power.shape[1] + 1), dtype=np.float64)
    np.cumsum(power, axis=1, out=sums[:, 1:])
    edges = np.searchsorted(np.fft.rfftfreq(size, HOP_LENGTH / RATE_HZ), MODULATION_EDGES_HZ)
    in_octaves = np.diff(sums[:, edges], axis=1) / size
    total = (amplitudes * amplitudes).sum(axis=0) + 1e-3
    shares: Floats = np.log10(in_octaves.T / total + 1e-4).astype(np.float32)
    return shares


def band_correlations(bands_db: Floats, weights: Floats) -> Floats:
    """Return the correlation over time of the levels of every two bands; steady bands count as uncorrelated.

    Parameters
    ----------
    bands_db : ndarray, shape (n_steps, n_bands), float32, dB
    weights : ndarray, shape (n_steps,), float32
        Of sum 1.

    Returns
    -------
    ndarray, shape (n_bands * (n_bands - 1) / 2,), float32
    """
    away = bands_db - weights @ bands_db
    spread = np.sqrt(weights @ (away * away)) + np.float32(1.0)
    covariance = (away * weights[:, None]).T @ away
    correlations = (covariance / np.outer(spread, spread))[_pairs(bands_db.shape[1])]
    return correlations.astype(np.float32, copy=False)


def rise_and_fall(mel_db: Floats, weights: Floats) -> Floats:
    """Return the mean rise and mean fall of eight bands from step to step.

    Parameters
    ----------
    mel_db : ndarray, shape (n_steps, N_MELS), float32, dB
    weights : ndarray, shape (n_steps,), float32
        Above 0.

    Returns
    -------
    ndarray, shape (2 * n_bands,), float32, dB a step
    """
    if len(mel_db) < 2:
        return np.zeros(2 * N_BANDS, dtype=np.float32)
    change = np.diff(mel_db, axis=0)
    shares = weights[1:] / weights[1:].sum()
    ways = [shares @ np.maximum(way, np.float32(0.0)) for way in (change, -change)]
    means: Floats = np.concatenate(ways).reshape(2 * N_BANDS, -1).mean(axis=1)
    return means


@cache
def _pairs(n_bands: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    return np.triu_indices(n_bands, 1)
