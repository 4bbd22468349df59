"""The loudness and length blocks: single quantities mapped to arcs, without fitted constants."""

from functools import cache

import numpy as np

from bowerbird.encoders.acoustic.frames import STEP_LENGTH, Analysis, step_powers
from bowerbird.encoders.acoustic.spectrum import FRAME_LENGTH, RATE_HZ, Floats, bin_hz

SILENCE_LUFS = -80.0
MOMENTARY_STEPS = 40
"""ITU-R BS.1770's 400 ms."""

SHORTEST_S = 0.01
LONGEST_S = 10.0

ARC_RADIANS = float(np.arccos(-0.25))
"""The minimum of cos t + cos 2t: up to this angle, similarity decreases with distance."""


def loudness(analysis: Analysis) -> Floats:
    """Return the loudest moment and the mean gated loudness, each mapped to an arc.

    Returns
    -------
    ndarray, shape (8,), float32
    """
    loudest, gated = loudness_lufs(analysis)
    return np.concatenate(
        [arc(loudest, lowest=SILENCE_LUFS, highest=0.0), arc(gated, lowest=SILENCE_LUFS, highest=0.0)]
    )


def length(analysis: Analysis) -> Floats:
    """Return the total and the audible duration, each mapped to an arc by its logarithm.

    Returns
    -------
    ndarray, shape (8,), float32
    """
    power = step_powers(analysis.samples)
    present = np.flatnonzero(power > 1e-4)
    sounding_s = (int(present[-1] - present[0]) + 1 if len(present) else 0) * STEP_LENGTH / RATE_HZ
    ends = {"lowest": float(np.log(SHORTEST_S)), "highest": float(np.log(LONGEST_S))}
    duration_s = analysis.n_frames / RATE_HZ
    return np.concatenate([arc(float(np.log(max(each, SHORTEST_S))), **ends) for each in (duration_s, sounding_s)])


def loudness_lufs(analysis: Analysis) -> tuple[float, float]:
    """Return the highest momentary loudness and the gated loudness (ITU-R BS.1770-4, relative gate at -10 LU).

    The K weighting is applied to the power spectra; sounds shorter than 400 ms count as they are long.

    Returns
    -------
    loudest, gated : float
        In LUFS, `SILENCE_LUFS` at least.
    """
    steps = np.einsum("ij,j->i", analysis.power, _k_weights()) * np.float32(analysis.peak**2)
    n_averaged = min(MOMENTARY_STEPS, len(steps))
    sums = np.cumsum(np.concatenate([[0.0], steps], dtype=np.float64))
    momentary = np.maximum(sums[n_averaged:] - sums[:-n_averaged], 0.0) / n_averaged
    gate = float(momentary.mean()) * 0.1
    gated = float(momentary[momentary >= gate].mean())
    return _lufs(float(momentary.max())), _lufs(gated)


def arc(value: float, *, lowest: float, highest: float) -> Floats:
    """Map a quantity to an arc, so that the dot product of two is a smooth function of their difference.

    Returns
    -------
    ndarray, shape (4,), float32
        (cos t, sin t, cos 2t, sin 2t) / sqrt(2) with t from 0 to `ARC_RADIANS` over the range.
    """
    share = min(max((value - lowest) / (highest - lowest), 0.0), 1.0)
    angles = ARC_RADIANS * share * np.array([1.0, 2.0])
    point: Floats = np.stack([np.cos(angles), np.sin(angles)], axis=1).ravel().astype(np.float32)
    return point / np.float32(np.sqrt(2.0))


def _lufs(power: float) -> float:
    return max(-0.691 + 10.0 * float(np.log10(max(power, 1e-20))), SILENCE_LUFS)


@cache
def _k_weights() -> Floats:
    """Return the weights of FFT bins that give the K-weighted mean square of a power spectrum, shape (N_BINS,).

    The two stages of ITU-R BS.1770-4, annex 1, as analogue prototypes at their 48-kHz corner
    frequencies: a shelf of +4 dB above 1682 Hz (Q 0.7072) and a high-pass at 38.1 Hz (Q 0.5003).
    """
    s = 1j * bin_hz().astype(np.float64)
    gain = 10.0 ** (3.99984385397 / 20.0)
    corner, q = 1681.9744509555319, 0.7071752369554193
    middle = gain**0.499666774155
    shelf = (gain * s**2 + middle * corner / q * s + corner**2) / (s**2 + corner / q * s + corner**2)
    corner, q = 38.13547087613982, 0.5003270373253953
    highpass = s**2 / (s**2 + corner / q * s + corner**2)
    window_power = FRAME_LENGTH * 3.0 / 8.0
    weights = np.abs(shelf * highpass) ** 2 * 2.0 / (FRAME_LENGTH * window_power)
    rounded: Floats = weights.astype(np.float32)
    rounded.flags.writeable = False
    return rounded
