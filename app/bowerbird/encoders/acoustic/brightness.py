"""The brightness block: the distribution of energy over frequency, independent of level."""

from functools import cache

import numpy as np

from bowerbird.encoders.acoustic.frames import Analysis, weighted_mean_and_sd
from bowerbird.encoders.acoustic.spectrum import Floats, bin_hz

ROLLOFFS = (0.25, 0.5, 0.85, 0.95)


def brightness(analysis: Analysis) -> Floats:
    """Describe centroid, spread, skew, flatness, roll-offs and zero crossings, and how they change.

    Returns
    -------
    ndarray, shape (n_values,), float32
    """
    mean, sd = weighted_mean_and_sd(_shape_per_step(analysis.power), analysis.weights)
    spectrum = analysis.power.sum(axis=0, keepdims=True)
    overall = _shape_per_step(spectrum)
    crossings = np.count_nonzero(np.diff(np.signbit(analysis.samples))) / len(analysis.samples)
    return np.concatenate(
        [
            mean.ravel(),
            sd[:2].ravel(),
            overall.ravel(),
            np.array([np.log2(crossings + 1e-4)], dtype=np.float32),
        ]
    )


def _shape_per_step(power: Floats) -> Floats:
    """Return moments on a log-frequency axis, roll-offs and flatness of each spectrum.

    Returns
    -------
    ndarray, shape (n_steps, 4 + n_rolloffs), float32
        Centroid, spread (octaves), skewness, flatness (log), roll-offs (octaves above 1 kHz).
    """
    octaves = _octaves()
    lifted = power + np.float32(1e-9)
    total = lifted.sum(axis=1)
    centroid = np.einsum("ij,j->i", lifted, octaves) / total
    away = octaves - centroid[:, None]
    weighted = lifted * (away * away)
    variance = weighted.sum(axis=1) / total
    spread = np.sqrt(variance) + np.float32(1e-3)
    skewness = (weighted * away).sum(axis=1) / total / (spread * spread * spread)
    flatness = np.log(lifted).mean(axis=1) - np.log(total / power.shape[1])
    reached = np.cumsum(lifted, axis=1)
    reached /= reached[:, -1:]
    rolloffs = [octaves[np.minimum((reached < share).sum(axis=1), len(octaves) - 1)] for share in ROLLOFFS]
    return np.stack([centroid, spread, np.clip(skewness, -8.0, 8.0), flatness, *rolloffs], axis=1)


@cache
def _octaves() -> Floats:
    """Return the octaves above 1 kHz of every FFT bin; the lowest bins share a value."""
    octaves = np.log2(np.maximum(bin_hz(), 30.0) / 1000.0).astype(np.float32)
    octaves.flags.writeable = False
    return octaves
