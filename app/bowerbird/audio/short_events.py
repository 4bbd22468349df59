"""Events: short sounds that stand out of a long recording, such as a bark in half an hour of rain."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from bowerbird.domain.sounds import Samples

_STEP_S: Final = 0.01
_SMOOTH_STEPS: Final = 5
_BACKGROUND_SHARE: Final = 0.3
"""This share of the steps of the recent stretches is at most as loud as the background."""

_STANDS_OUT_DB: Final = 9.0
_FADED_DB: Final = 4.0
_LONGEST_GAP_S: Final = 0.3
"""Sounds closer together are one event."""

_QUIETEST: Final = np.float32(1e-9)
"""Mean power of what counts as silence, 90 dB below full scale."""

_SHORTEST_S: Final = 0.03
_BEFORE_S: Final = 0.02
_AFTER_S: Final = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class SoundEvent:
    """A short sound in a longer one.

    Attributes
    ----------
    start_frame : int
        In the whole sound.
    samples : ndarray, shape (n_frames,), float32
    prominence_db : float
        How far it stands out of its background.
    """

    start_frame: int
    samples: Samples
    prominence_db: float


class EventFinder:
    """Finds events in consecutive stretches of a sound.

    Level and level of the first difference are compared with the background of the present and the last stretch: the
    first finds thuds in hiss, the second clicks in rumble.

    Parameters
    ----------
    rate_hz : int
    longest_s : float
        Longer events are left out: windows describe them.
    """

    def __init__(self, rate_hz: int, longest_s: float) -> None:
        self._step_frames = max(1, round(_STEP_S * rate_hz))
        self._longest_steps = round(longest_s / _STEP_S)
        self._gap_steps = round(_LONGEST_GAP_S / _STEP_S)
        self._carried = np.zeros(0, np.float32)
        self._first_frame = 0
        self._is_too_long = False
        self._last_levels = np.zeros((2, 0), np.float32)

    def push(self, samples: Samples, *, is_last: bool = False) -> list[SoundEvent]:
        """Add a stretch of some seconds and return the events that ended in it.

        Parameters
        ----------
        samples : ndarray, shape (n_frames,), float32
        is_last : bool
            Whether the sound ends with it.
        """
        n_carried = len(self._carried) // self._step_frames
        joined = np.concatenate([self._carried, samples])
        levels = _levels_db(joined, self._step_frames)
        n_steps = levels.shape[1]
        recent = np.concatenate([self._last_levels, levels[:, n_carried:]], axis=1)
        if not recent.shape[1]:
            return []
        background = np.quantile(recent, _BACKGROUND_SHARE, axis=1, keepdims=True)
        above = (levels - background).max(axis=0)
        events: list[SoundEvent] = []
        carry_from = max(0, n_steps - self._gap_steps)
        goes_on = False
        for start, stop in _runs(above > _FADED_DB, self._gap_steps):
            is_rest = self._is_too_long and start < self._gap_steps
            if stop > n_steps - self._gap_steps and not is_last:
                goes_on = is_rest or n_steps - start > self._longest_steps
                carry_from = carry_from if goes_on else max(0, start - self._gap_steps)
                break
            prominence_db = float(above[start:stop].max())
            has_length = _SHORTEST_S / _STEP_S <= stop - start <= self._longest_steps
            if prominence_db >= _STANDS_OUT_DB and has_length and not is_rest:
                events.append(self._event(joined, start, stop, prominence_db))
        self._is_too_long = goes_on
        self._carried = joined[carry_from * self._step_frames :].copy()
        self._first_frame += carry_from * self._step_frames
        self._last_levels = levels[:, n_carried:]
        return events

    def _event(self, joined: Samples, start: int, stop: int, prominence_db: float) -> SoundEvent:
        rate_hz = self._step_frames / _STEP_S
        first = max(0, start * self._step_frames - round(_BEFORE_S * rate_hz))
        last = stop * self._step_frames + round(_AFTER_S * rate_hz)
        return SoundEvent(self._first_frame + first, joined[first:last].copy(), prominence_db)


def _levels_db(samples: Samples, step_frames: int) -> npt.NDArray[np.float32]:
    """Return the smoothed levels of a sound and of its first difference, shape (2, n_steps), in dB below full scale."""
    n_steps = len(samples) // step_frames
    levels = np.zeros((2, n_steps), np.float32)
    if not n_steps:
        return levels
    for row, signal in zip(levels, (samples, np.diff(samples, prepend=samples[:1])), strict=True):
        steps = signal[: n_steps * step_frames].reshape(n_steps, step_frames)
        row[:] = np.einsum("ij,ij->i", steps, steps) / np.float32(step_frames)
        row[:] = np.convolve(row, np.full(_SMOOTH_STEPS, 1.0 / _SMOOTH_STEPS, np.float32), mode="same")[:n_steps]
    return np.asarray(10.0 * np.log10(levels + _QUIETEST), np.float32)


def _runs(is_above: npt.NDArray[np.bool_], gap_steps: int) -> list[tuple[int, int]]:
    """Return where runs of true values start and stop; runs are joined where they are less than a gap apart."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], is_above, [False]]).astype(np.int8)))
    runs: list[tuple[int, int]] = []
    for start, stop in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if runs and start - runs[-1][1] < gap_steps:
            runs[-1] = (runs[-1][0], stop)
        else:
            runs.append((start, stop))
    return runs
