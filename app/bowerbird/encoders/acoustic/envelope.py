"""The envelope block: attack, decay, rhythm and roughness over time, independent of level."""

import numpy as np

from bowerbird.encoders.acoustic.frames import STEP_LENGTH, Analysis, step_powers, structure
from bowerbird.encoders.acoustic.spectrum import RATE_HZ, Floats, inverse_of_real, squared_magnitudes

STEP_S = STEP_LENGTH / RATE_HZ
FLOOR_DB = -60.0
LAGS = (1, 2, 4, 8, 16, 32, 64, 128)
"""Steps of 5 ms."""
OFFSETS = (-64, -32, -16, -8, -4, -2, 2, 4, 8, 16, 32, 64, 128, 256)
"""Positions at which the level is sampled, in steps from the peak."""
N_SHAPE = 12
HEIGHTS_DB = (-6.0, -12.0, -20.0, -40.0)
PERIOD_LAGS = (8, 256)
"""Range of repetition periods: 40 ms to 1.28 s."""


def envelope(analysis: Analysis) -> Floats:
    """Describe how the level rises, falls and repeats.

    Returns
    -------
    ndarray, shape (n_values,), float32
    """
    power = step_powers(analysis.samples)
    level_db = _level_db(power)
    n_steps = len(level_db)
    peak = int(np.argmax(level_db))
    padded = np.full(n_steps + OFFSETS[-1] - OFFSETS[0], FLOOR_DB, dtype=np.float32)
    padded[-OFFSETS[0] : n_steps - OFFSETS[0]] = level_db
    around_peak = padded[np.array(OFFSETS) + peak - OFFSETS[0]]

    present = np.flatnonzero(level_db > -40.0)
    first, last = (int(present[0]), int(present[-1])) if len(present) else (0, n_steps - 1)
    positions = np.linspace(first, last, N_SHAPE)
    shape = np.interp(positions, np.arange(n_steps), level_db)

    spans = []
    for height in HEIGHTS_DB:
        above = np.flatnonzero(level_db > height)
        start, stop = (int(above[0]), int(above[-1])) if len(above) else (0, 0)
        spans += [
            np.log2(1.0 + max(peak - start, 0)),
            np.log2(1.0 + max(stop - peak, 0)),
            len(above) / (last - first + 1),
        ]

    weight = power / max(float(power.sum()), 1e-20)
    time = np.arange(n_steps, dtype=np.float32)
    centroid = float(weight @ time)
    width = float(np.sqrt(weight @ (time - centroid) ** 2))
    extent = last - first + 1
    rises = np.maximum(np.diff(level_db, prepend=np.float32(FLOOR_DB)), 0.0)
    n_onsets = _n_onsets(level_db)
    crest_db = -10.0 * np.log10(max(float(power[first : last + 1].mean()), 1e-9))
    values = [
        (centroid - first) / extent,
        np.log2(1.0 + width),
        width / extent,
        (peak - first) / extent,
        crest_db,
        float(rises.max()),
        np.log2(1.0 + n_onsets),
        n_onsets / (extent * STEP_S + 0.2),
        *_periodicity(level_db[first : last + 1]),
    ]
    roughness = structure(level_db[first : last + 1, None], lags=LAGS)[:, 0]
    return np.concatenate([np.array(values), around_peak, shape, spans, roughness]).astype(np.float32)


def _level_db(power: Floats) -> Floats:
    level: Floats = np.float32(10.0) * np.log10(np.maximum(power, np.float32(10.0 ** (FLOOR_DB / 10.0))))
    return level


def _n_onsets(level_db: Floats) -> int:
    """Count the times that the level comes from 10 dB lower to within 25 dB of the peak, 50 ms apart."""
    back = 6
    padded = np.concatenate([np.full(back, FLOOR_DB, dtype=np.float32), level_db])
    lowest = np.lib.stride_tricks.sliding_window_view(padded, back)[: len(level_db)].min(axis=1)
    rising = (level_db - lowest > 10.0) & (level_db > -25.0)
    steps = np.flatnonzero(rising)
    return int(1 + np.count_nonzero(np.diff(steps) > 10)) if len(steps) else 0


def _periodicity(level_db: Floats) -> tuple[float, float]:
    """Return the strength of the best repetition in [0, 1], and its lag (log2 of steps; 0 if there is none)."""
    shortest, longest = PERIOD_LAGS
    n_steps = len(level_db)
    if n_steps < 2 * shortest + 2:
        return 0.0, 0.0
    away = level_db - level_db.mean()
    size = 1 << (2 * n_steps - 1).bit_length()
    spectrum = np.fft.rfft(away, n=size)
    correlation = inverse_of_real(squared_magnitudes(spectrum))[: min(n_steps // 2, longest) + 1]
    overlap = (n_steps - np.arange(len(correlation), dtype=np.float32)) / np.float32(n_steps)
    correlation /= overlap
    energy = float(correlation[0])
    if energy <= 1e-3 * n_steps:
        return 0.0, 0.0
    middle = correlation[shortest:-1]
    is_peak = (middle > correlation[shortest - 1 : -2]) & (middle >= correlation[shortest + 1 :])
    heights = np.where(is_peak, middle / np.float32(energy), np.float32(0.0))
    if not len(heights) or heights.max() <= 0.0:
        return 0.0, 0.0
    best = int(np.argmax(heights))
    return float(min(heights[best], 1.0)), float(np.log2(best + shortest))
