"""One sounding of one sound: its ring, where in the sound it is, and the thread that feeds it."""

import itertools
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final, TypeAlias

from bowerbird.base.errors import AudioError
from bowerbird.domain.sounds import Samples
from bowerbird.playback.ring import Ring
from bowerbird.playback.stretch import Reader, Request, device_blocks, span_of

RING_S: Final = 2.0
"""What is decoded ahead: it covers a drive that stops to think, and bounds a long sound's cost to 0.8 MB."""

HEAD_S: Final = 0.25
"""A sound starts when so much of it is decoded: more than a device swallows at once when it is opened."""

WAIT_S: Final = 0.1
"""How often a feeder looks for room in a full ring."""

OpenSound: TypeAlias = Callable[[Path], AbstractContextManager[Reader]]

_numbers = itertools.count(1)


class Voice:
    """One sounding of one sound, fed by a thread of its own.

    A thread a sounding, rather than one for all: a file on a drive that does not answer holds up only itself.
    The feeder writes ``duration_s``, ``is_ready``, ``is_fed`` and ``problem``; the player calls `cancel`; the
    device's callback reads ``ring``.

    Parameters
    ----------
    request : Request
    rate_hz : int
        The device's.
    open_sound : callable
        Opens a file.
    changed : callable
        Called in the feeder's thread when the voice is ready, or cannot be.
    """

    def __init__(self, request: Request, *, rate_hz: int, open_sound: OpenSound, changed: Callable[[], None]) -> None:
        self.request = request
        self.rate_hz = rate_hz
        self.ring = Ring(round(RING_S * rate_hz))
        self.duration_s = 0.0
        self.is_ready = False
        self.is_fed = False
        self.problem: str | None = None
        self._first_s = self._start_s = self._end_s = 0.0
        self._open_sound = open_sound
        self._changed = changed
        self._cancelled = threading.Event()
        self.thread = threading.Thread(target=self._feed, name=f"bowerbird-feeder-{next(_numbers)}", daemon=True)

    @property
    def is_drained(self) -> bool:
        """Whether every frame has gone to the device."""
        return self.is_fed and not self.ring.n_waiting

    def cancel(self) -> None:
        """Stop reading the file; what is in the ring may still be faded out."""
        self._cancelled.set()

    def place_s(self, frame: float) -> float:
        """Tell where in the sound a frame of this sounding lies.

        Parameters
        ----------
        frame : float
            Frames since the sounding began, at the device's rate.

        Returns
        -------
        float
            Seconds from the sound's first frame.
        """
        at_s = self._first_s + max(0.0, frame) / self.rate_hz
        if at_s < self._end_s or not self.request.is_looped:
            return min(at_s, self._end_s)
        return self._start_s + (at_s - self._end_s) % max(self._end_s - self._start_s, 1e-6)

    def _feed(self) -> None:
        try:
            with self._open_sound(self.request.path) as reader:
                span = span_of(self.request, reader)
                hz = reader.rate_hz
                self.duration_s = reader.n_frames / hz
                self._first_s, self._start_s, self._end_s = span.first / hz, span.start / hz, span.end / hz
                for block in device_blocks(reader, self.request, rate_hz=self.rate_hz):
                    self._write(block)
                    if self._cancelled.is_set():
                        return
        except AudioError as error:
            self.problem = str(error)
        finally:
            self.is_fed = True
            self._changed()

    def _write(self, block: Samples) -> None:
        while len(block := block[self.ring.write(block) :]):
            self._become_ready()
            if self._cancelled.wait(WAIT_S):
                return
        self._become_ready()

    def _become_ready(self) -> None:
        if not self.is_ready and self.ring.n_written >= HEAD_S * self.rate_hz:
            self.is_ready = True
            self._changed()
