"""A voice plays a sound once: its ring buffer, its position, and the thread that feeds it."""

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
"""Decoded ahead: bridges a slow drive, and limits the memory for a long sound to 0.8 MB."""

HEAD_S: Final = 0.25
"""A sound starts once this much is decoded: more than a device requests at once when it is opened."""

WAIT_S: Final = 0.1
"""How often a feeder checks a full ring for space."""

OpenSound: TypeAlias = Callable[[Path], AbstractContextManager[Reader]]

_numbers = itertools.count(1)


class Voice:
    """Plays a sound once, fed by its own thread.

    Each voice has a thread, so that a file on a drive that does not respond delays no other sound.
    The feeder writes ``duration_s``, ``is_ready``, ``is_fed`` and ``problem``; the player calls `cancel`; the
    device's callback reads ``ring``.

    Parameters
    ----------
    request : Request
    rate_hz : int
        Of the device.
    open_sound : callable
        Opens a file.
    changed : callable
        Called in the feeder's thread when the voice is ready or has failed.
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
        """Whether every frame was passed to the device."""
        return self.is_fed and not self.ring.n_waiting

    def cancel(self) -> None:
        """Stop reading the file; the frames in the ring can still be faded out."""
        self._cancelled.set()

    def position_s(self, frame: float) -> float:
        """Return the position of a frame in the sound.

        Parameters
        ----------
        frame : float
            Frames since the voice started, at the device's rate.

        Returns
        -------
        float
            Seconds from the sound's first frame.
        """
        position_s = self._first_s + max(0.0, frame) / self.rate_hz
        if position_s < self._end_s or not self.request.is_looped:
            return min(position_s, self._end_s)
        return self._start_s + (position_s - self._end_s) % max(self._end_s - self._start_s, 1e-6)

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
            self._update_ready()
            if self._cancelled.wait(WAIT_S):
                return
        self._update_ready()

    def _update_ready(self) -> None:
        if not self.is_ready and self.ring.n_written >= HEAD_S * self.rate_hz:
            self.is_ready = True
            self._changed()
