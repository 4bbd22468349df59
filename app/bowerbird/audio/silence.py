"""Silence and faint tails around a sound, which embeddings should not describe."""

from typing import Final

import numpy as np
import numpy.typing as npt

from bowerbird.domain.sounds import Samples

STEP_S: Final = 0.05

FAINT_SHARE: Final = 10.0**-4.5
"""Below this share of the loudest 50 ms, 45 dB less, a sound is faint: hardly audible beside its loud part."""

SILENT_SHARE: Final = 1e-7
"""Below this share, 70 dB less, a sound is inaudible beside its loud part."""

KEPT_S: Final = 0.25
"""Of silence that is cut off an end, this much is left."""

_KEPT_FAINT_S: Final = 0.05
"""Of a faint tail or lead-in that is cut off, this much is left."""

_LONGEST_SILENCE_S: Final = 0.5
_LONGEST_FAINT_S: Final = 1.0


def loudest_power(samples: Samples, rate_hz: int) -> float:
    """Return the mean power of the loudest 50 ms, or of all of a shorter sound."""
    powers = _powers(samples, rate_hz)
    return float(powers.max(initial=0.0))


def without_faint_ends(samples: Samples, rate_hz: int) -> Samples:
    """Cut off long silence at both ends, and a faint tail or lead-in that is longer than the rest of the sound.

    Most sounds are returned unchanged: the ends of a sound belong to it. A one-shot, however, is the same sound with
    seconds of silence around it, or with the noise floor of a room.

    Parameters
    ----------
    samples : ndarray, shape (n_frames,), float32
    rate_hz : int

    Returns
    -------
    ndarray, shape (n_kept_frames,), float32
        A view.
    """
    if len(samples) <= _LONGEST_SILENCE_S * rate_hz:
        return samples
    powers = _powers(samples, rate_hz)
    loudest = float(powers.max())
    if not loudest > 0.0:
        return samples
    sounding = np.flatnonzero(powers > SILENT_SHARE * loudest)
    begin_s, end_s = sounding[0] * STEP_S, (sounding[-1] + 1) * STEP_S
    duration_s = len(samples) / rate_hz
    loud = np.flatnonzero(powers > FAINT_SHARE * loudest)
    loud_begin_s, loud_end_s = loud[0] * STEP_S, (loud[-1] + 1) * STEP_S
    first_s = 0.0
    if loud_begin_s - begin_s > max(_LONGEST_FAINT_S, end_s - loud_begin_s):
        first_s = loud_begin_s - _KEPT_FAINT_S
    elif begin_s > _LONGEST_SILENCE_S:
        first_s = begin_s - KEPT_S
    last_s = duration_s
    if end_s - loud_end_s > max(_LONGEST_FAINT_S, loud_end_s - begin_s):
        last_s = loud_end_s + _KEPT_FAINT_S
    elif duration_s - end_s > _LONGEST_SILENCE_S:
        last_s = end_s + KEPT_S
    return samples[round(first_s * rate_hz) : round(last_s * rate_hz)]


def _powers(samples: Samples, rate_hz: int) -> npt.NDArray[np.float32]:
    """Return the mean power of every 50 ms; what is left at the end counts as if it lasted so long."""
    n_frames = round(STEP_S * rate_hz)
    if len(samples) < n_frames:
        return np.array([float(samples @ samples) / max(1, len(samples))], np.float32)
    n_steps = -(-len(samples) // n_frames)
    whole = samples[: (len(samples) // n_frames) * n_frames].reshape(-1, n_frames)
    powers = np.zeros(n_steps, np.float32)
    powers[: len(whole)] = np.einsum("ij,ij->i", whole, whole)
    rest = samples[len(whole) * n_frames :]
    if len(rest):
        powers[-1] = rest @ rest
    return powers / np.float32(n_frames)
