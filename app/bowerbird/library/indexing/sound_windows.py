"""Which parts of a sound are embedded: its windows, and short events in it that a whole window would hide."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from bowerbird.audio.events import EventFinder, SoundEvent
from bowerbird.audio.silence import FAINT_SHARE, SILENT_SHARE, loudest_power, without_faint_ends
from bowerbird.domain.sounds import Samples
from bowerbird.domain.windows import WindowCutter

_MAX_SPARED: Final = 3
"""Windows without events leave room for this many further events in the next."""


@dataclass(frozen=True, slots=True, eq=False)
class SoundWindow:
    """A part of a sound that is embedded.

    Attributes
    ----------
    samples : ndarray, shape (n_frames,), float32
        Without long silence around it.
    start_s, end_s : float
        The end may be beyond that of the sound.
    is_counted : bool
        Whether it counts in the embedding of the whole sound, the mean: events and faint windows do not.
    """

    samples: Samples
    start_s: float
    end_s: float
    is_counted: bool = True


class SoundWindows:
    """Takes a stream apart into the windows that are embedded.

    A window that is silent beside the others is left out, and a faint window does not count in the mean: a sound with a
    long tail keeps its embedding. Sounds with several windows get a window for each short sound that stands out, on
    average at most one for each ten seconds; those that stand out most are preferred.

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
        self._n_kept = 0
        self._loudest = 0.0
        self._silence: SoundWindow | None = None
        self._n_spared = 0
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
        if not self._n_kept and self._silence is not None:
            yield self._silence

    def _windows(self, samples: Samples) -> Iterator[SoundWindow]:
        start_s = self._n_cut * self._window_s
        self._n_cut += 1
        power = loudest_power(samples, self._rate_hz)
        kept = without_faint_ends(samples, self._rate_hz)
        window = SoundWindow(kept, start_s, start_s + self._window_s, power >= FAINT_SHARE * self._loudest)
        if power > SILENT_SHARE * self._loudest:
            self._loudest = max(self._loudest, power)
            self._n_kept += 1
            yield window
        elif self._silence is None:
            self._silence = window
        if self._finder is not None:
            self._n_spared = min(self._n_spared, _MAX_SPARED) + 1
            yield from self._events(self._finder.push(samples))

    def _events(self, found: list[SoundEvent]) -> Iterator[SoundWindow]:
        """Yield windows of events, once the sound has several others."""
        self._waiting = sorted([*self._waiting, *found], key=lambda event: -event.prominence_db)[: self._n_spared]
        if self._n_kept <= 1:
            return
        for event in sorted(self._waiting, key=lambda event: event.start_frame):
            start_s = event.start_frame / self._rate_hz
            self._n_spared -= 1
            yield SoundWindow(event.samples, start_s, start_s + len(event.samples) / self._rate_hz, is_counted=False)
        self._waiting = []
