"""The timbre block: cepstra over time, tonality per octave, partials, and texture, independent of level."""

from functools import cache

import numpy as np

from bowerbird.encoders.acoustic.frames import (
    ATTACK,
    LOUD,
    PRESENT,
    TAIL,
    Analysis,
    structure,
    weighted_mean_and_sd,
)
from bowerbird.encoders.acoustic.harmonics import harmonics
from bowerbird.encoders.acoustic.spectrum import Floats, bin_hz
from bowerbird.encoders.acoustic.texture import texture

OCTAVE_EDGES_HZ = (47.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0, 16001.0)

LIFT = np.float32(1e-6)
"""Added to bin powers before logarithms; a full-scale sine has about 7e4."""


def timbre(analysis: Analysis) -> Floats:
    """Describe the shape of the spectrum and its changes.

    Returns
    -------
    ndarray, shape (n_values,), float32
    """
    mean, sd = weighted_mean_and_sd(analysis.cepstra, analysis.weights)
    lifted = analysis.power + LIFT
    logarithms = np.log(lifted)
    tonality = np.concatenate([band_flatness(lifted, logarithms), band_contrast(logarithms)], axis=1)
    tonality_mean, tonality_sd = weighted_mean_and_sd(tonality, analysis.weights[[LOUD, PRESENT]])
    return np.concatenate(
        [
            mean[LOUD],
            mean[PRESENT],
            mean[ATTACK],
            mean[TAIL],
            sd[LOUD],
            sd[PRESENT],
            structure(analysis.cepstra, lags=(1, 4)).ravel(),
            tonality_mean.ravel(),
            tonality_sd.ravel(),
            harmonics(analysis, logarithms),
            texture(analysis),
        ]
    )


def band_flatness(power: Floats, logarithms: Floats) -> Floats:
    """Return the spectral flatness per octave: geometric over arithmetic mean of the bins (ISO/IEC 15938-4, 5.3.20).

    Parameters
    ----------
    power, logarithms : ndarray, each shape (n_steps, N_BINS), float32
        Above 0, and their natural logarithms.

    Returns
    -------
    ndarray, shape (n_steps, n_octaves), float32, natural logarithm
        0 for a flat band, strongly negative for a tone.
    """
    edges, counts = _octaves()
    geometric = np.add.reduceat(logarithms, edges, axis=1) / counts
    arithmetic = np.log(np.add.reduceat(power, edges, axis=1) / counts)
    return (geometric - arithmetic).astype(np.float32, copy=False)


def band_contrast(logarithms: Floats) -> Floats:
    """Return the spectral contrast per octave: strongest tenth of the bins over the weakest (Jiang et al., ICME 2002).

    Parameters
    ----------
    logarithms : ndarray, shape (n_steps, N_BINS), float32
        Natural logarithms of power.

    Returns
    -------
    ndarray, shape (n_steps, n_octaves), float32, natural logarithm
    """
    edges, counts = _octaves()
    ordered = np.empty_like(logarithms)
    bounds = []
    tenths = []
    for edge, count in zip(edges, counts.astype(int).tolist(), strict=True):
        ordered[:, edge : edge + count] = np.sort(logarithms[:, edge : edge + count], axis=1)
        tenth = max(1, count // 10)
        bounds += [edge, edge + tenth, edge + count - tenth]
        tenths.append(tenth)
    sums = np.add.reduceat(ordered, bounds, axis=1)
    contrast = (sums[:, 2::3] - sums[:, 0::3]) / np.array(tenths, dtype=np.float32)
    return contrast.astype(np.float32, copy=False)


@cache
def _octaves() -> tuple[tuple[int, ...], Floats]:
    """Return the first bin and number of bins of each octave."""
    edges = np.searchsorted(bin_hz(), OCTAVE_EDGES_HZ)
    return tuple(int(edge) for edge in edges[:-1]), np.diff(edges).astype(np.float32)
