"""Which parts of a sound are embedded: its windows, and short events in it that a whole window would hide."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from bowerbird.audio.short_events import EventFinder, SoundEvent
from bowerbird.audio.silence import FAINT_SHARE, SILENT_SHARE, loudest_power, without_faint_ends
from bowerbird.domain.sounds import Samples
from bowerbird.domain.windows import WindowCutter, WindowUse

_SECONDS_PER_EVENT: Final = 10.0
_MAX_SPARED: Final = 3
"""Stretches without events leave room for this many further events in the next."""


@dataclass(frozen=True, slots=True, eq=False)
class SoundWindow:
    """A part of a sound that is embedded.

    Attributes
    ----------
    samples : ndarray, shape (n_frames,), float32
        Without long silence around it.
    start_s, end_s : float
        The end may be beyond that of the sound.
    """

    samples: Samples
    start_s: float
    end_s: float


class SoundWindows:
    """Takes a stream apart into the windows that are embedded.

    Sounds with several windows get a window for each short sound that stands out, on average at most one for each ten
    seconds; those that stand out most are preferred. What each window is used for is known at the end, see `uses`:
    until then, any window may turn out to be silent beside the loudest.

    Parameters
    ----------
    rate_hz : int
    window_s : float
    has_events : bool
        Whether events get windows.
    """

    def __init__(self, rate_hz: int, window_s: float, *, has_events: bool = True) -> None:
        self._rate_hz = rate_hz
        self._window_s = window_s
        self._cutter = WindowCutter(rate_hz, window_s)
        self._finder = EventFinder(rate_hz, window_s) if has_events else None
        self._n_cut = 0
        self._powers: list[float | None] = []  # of the windows that were yielded; None for events
        self._n_kept = 0
        self._loudest = 0.0
        self._silence: SoundWindow | None = None
        self._spared_s = 0.0
        self._waiting: list[SoundEvent] = []

    def push(self, samples: Samples) -> Iterator[SoundWindow]:
        """Add mono samples and yield the windows that they complete."""
        for window in self._cutter.push(samples):
            yield from self._windows(window)

    def finish(self) -> Iterator[SoundWindow]:
        """Yield the last windows; a sound has at least one."""
        for window in self._cutter.finish():
            yield from self._windows(window)
        if self._finder is not None:
            yield from self._events(self._finder.push(np.zeros(0, np.float32), is_last=True))
        if not self._powers and self._silence is not None:
            self._powers.append(0.0)
            yield self._silence

    def uses(self) -> tuple[WindowUse, ...]:
        """Return what each window that was yielded is used for, once the sound has ended.

        A window that is silent beside the loudest is left out. A faint window and an event do not count: a sound with a
        long tail or lead-in keeps its embedding. A sound with one window needs no other for its events.
        """
        uses = [self._use(power) for power in self._powers]
        n_sounding = sum(use != "left out" for use, power in zip(uses, self._powers, strict=True) if power is not None)
        if n_sounding > 1:
            return tuple(uses)
        return tuple("left out" if power is None else use for use, power in zip(uses, self._powers, strict=True))

    def _use(self, power: float | None) -> WindowUse:
        if power is None:
            return "uncounted"
        if self._is_silent(power) and self._loudest > 0.0:
            return "left out"
        return "counted" if power >= FAINT_SHARE * self._loudest else "uncounted"

    def _is_silent(self, power: float) -> bool:
        return power <= SILENT_SHARE * self._loudest

    def _windows(self, samples: Samples) -> Iterator[SoundWindow]:
        start_s = self._n_cut * self._window_s
        self._n_cut += 1
        power = loudest_power(samples, self._rate_hz)
        kept = without_faint_ends(samples, self._rate_hz)
        window = SoundWindow(kept, start_s, start_s + self._window_s)
        if not self._is_silent(power):
            self._loudest = max(self._loudest, power)
            self._powers.append(power)
            self._n_kept += 1
            yield window
        elif self._silence is None:
            self._silence = window
        if self._finder is not None:
            self._spared_s = min(self._spared_s, _MAX_SPARED * _SECONDS_PER_EVENT) + self._window_s
            yield from self._events(self._finder.push(samples))

    def _events(self, found: list[SoundEvent]) -> Iterator[SoundWindow]:
        """Yield windows of events, once the sound has several others."""
        n_spared = int(self._spared_s / _SECONDS_PER_EVENT)
        by_prominence = sorted([*self._waiting, *found], key=lambda event: -event.prominence_db)
        self._waiting = by_prominence[: max(1, n_spared)]
        if not n_spared or self._n_kept <= 1:
            return
        for event in sorted(self._waiting, key=lambda event: event.start_frame):
            start_s = event.start_frame / self._rate_hz
            self._spared_s -= _SECONDS_PER_EVENT
            self._powers.append(None)
            yield SoundWindow(event.samples, start_s, start_s + len(event.samples) / self._rate_hz)
        self._waiting = []
