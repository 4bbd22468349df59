"""The pitch block: fundamental frequency over time, its salience and movement, independent of level."""

import numpy as np

from bowerbird.encoders.acoustic.frames import Analysis
from bowerbird.encoders.acoustic.spectrum import RATE_HZ, Floats, frames, inverse_of_real, squared_magnitudes

PITCH_RATE_HZ = RATE_HZ // 2
FRAME_LENGTH = 1024
HOP_LENGTH = 512
LONGEST_LAG = 400
"""40 Hz."""
TRANSFORM_LENGTH = 1536
"""Length of a frame plus the longest lag, so that no used lag wraps around."""
SHORTEST_LAG = 4
"""4 kHz."""
NEAR_BEST = 0.9
"""McLeod and Wyvill's k: the first peak above this share of the highest gives the period."""

HISTOGRAM_HZ = 40.0 * 2.0 ** (np.arange(14, dtype=np.float32) / 2.0)


def pitch(analysis: Analysis) -> Floats:
    """Describe height, salience, spread and glide of the fundamental frequency.

    Returns
    -------
    ndarray, shape (n_values,), float32
    """
    octaves, salience, energies = track(analysis.samples)
    amplitude = np.sqrt(energies)
    loud = amplitude / max(float(amplitude.sum()), 1e-20)
    sure = loud * salience * salience
    total = float(sure.sum())
    if total <= 1e-9:
        sure, total = loud, 1.0
    share = sure / max(total, 1e-9)
    height = float(share @ octaves)
    away = octaves - height
    spread = float(np.sqrt(share @ (away * away)))
    time = np.linspace(-1.0, 1.0, len(octaves), dtype=np.float32)
    time = time - float(share @ time)
    glide = float(share @ (time * away)) / (float(share @ (time * time)) + 1e-3)
    steps = np.abs(np.diff(octaves))
    both = np.sqrt(share[1:] * share[:-1])
    jumpiness = float(both @ np.minimum(steps, 1.0)) / (float(both.sum()) + 1e-6)
    mean_salience = float(loud @ salience)
    centres = np.log2(HISTOGRAM_HZ / 440.0)
    nearness = np.maximum(0.0, 1.0 - np.abs(octaves[:, None] - centres) / 0.5)
    histogram = np.sqrt(sure @ nearness)
    turn = 2.0 * np.pi * octaves
    chroma = np.array([sure @ np.cos(turn), sure @ np.sin(turn)])
    values = [
        height,
        height * mean_salience,
        mean_salience,
        float(loud @ (salience > 0.8)),
        float(loud @ (salience < 0.4)),
        float(salience.max(initial=0.0)),
        np.log2(spread + 0.02),
        np.clip(glide, -2.0, 2.0),
        np.log2(jumpiness + 0.01),
        float(octaves[int(np.argmax(sure))]),
    ]
    return np.concatenate([np.array(values), histogram, chroma]).astype(np.float32)


def track(samples: Floats) -> tuple[Floats, Floats, Floats]:
    """Track the fundamental frequency in frames of 64 ms every 32 ms.

    The normalised square difference function and its peak picking are those of McLeod and Wyvill,
    "A smarter way to find pitch" (ICMC 2005).

    Parameters
    ----------
    samples : ndarray, shape (n_frames,), float32
        At `RATE_HZ`.

    Returns
    -------
    octaves : ndarray, shape (n_steps,), float32
        Octaves above 440 Hz.
    salience : ndarray, shape (n_steps,), float32
        Height of the peak in [0, 1]; 0 where there is no period.
    energies : ndarray, shape (n_steps,), float32
    """
    halved = _halved(samples)
    framed = frames(halved, length=FRAME_LENGTH, hop=HOP_LENGTH)
    spectra = np.fft.rfft(framed, n=TRANSFORM_LENGTH)
    correlation = inverse_of_real(squared_magnitudes(spectra))[:, : LONGEST_LAG + 2]
    squares = np.zeros((len(framed), FRAME_LENGTH + 1), dtype=np.float32)
    np.cumsum(framed * framed, axis=1, out=squares[:, 1:])
    lags = np.arange(LONGEST_LAG + 2)
    energy = squares[:, -1:]
    norm = squares[:, FRAME_LENGTH - lags] + energy - squares[:, lags]
    nsdf = 2.0 * correlation / (norm + np.float32(1e-6))

    middle = nsdf[:, 1:-1]
    is_peak = (middle > nsdf[:, :-2]) & (middle >= nsdf[:, 2:])
    is_peak &= np.logical_or.accumulate(middle < 0.0, axis=1)
    is_peak[:, : SHORTEST_LAG - 1] = False
    heights = np.where(is_peak, middle, np.float32(0.0))
    best = heights.max(axis=1)
    first = np.argmax(heights >= np.maximum(NEAR_BEST * best, 1e-6)[:, None], axis=1)
    found = best > 0.0
    rows = np.arange(len(nsdf))
    before, at, after = nsdf[rows, first], nsdf[rows, first + 1], nsdf[rows, first + 2]
    bend = before - 2.0 * at + after
    shift = np.where(bend < -1e-9, 0.5 * (before - after) / np.minimum(bend, -1e-9), 0.0)
    lag = np.maximum(first + 1 + np.clip(shift, -0.5, 0.5), 1.0)
    octaves = np.where(found, np.log2(PITCH_RATE_HZ / lag / 440.0), 0.0).astype(np.float32)
    salience = np.where(found, np.clip(at, 0.0, 1.0), 0.0).astype(np.float32)
    return octaves, salience, energy[:, 0]


def _halved(samples: Floats) -> Floats:
    """Return every second sample after a [1, 2, 1] / 4 low-pass."""
    padded = np.zeros(len(samples) + 2 + len(samples) % 2, dtype=np.float32)
    padded[1 : 1 + len(samples)] = samples
    return np.float32(0.25) * (padded[:-2:2] + padded[2::2]) + np.float32(0.5) * padded[1:-1:2]
