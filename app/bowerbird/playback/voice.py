"""A voice plays a sound once: its ring buffer, its position, and the thread that feeds it."""

import itertools
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final, Protocol, TypeAlias

import numpy as np

from bowerbird.base.errors import AudioError
from bowerbird.domain.sounds import Samples
from bowerbird.playback.blocks import Reader, Span, device_blocks, span_of
from bowerbird.playback.request import Request
from bowerbird.playback.ring import Ring

RING_S: Final = 2.0
"""Decoded ahead: bridges a slow drive, and limits the memory for a long sound to 0.8 MB."""

HEAD_S: Final = 0.25
"""A sound starts once this much is decoded: more than a device requests at once when it is opened."""

WAIT_S: Final = 0.1
"""How often a feeder checks a full ring for space."""

OpenSound: TypeAlias = Callable[[Path], AbstractContextManager[Reader]]


class EvenGain(Protocol):
    """Measures sounds, or knows how loud they are."""

    def __call__(self, path: Path, /) -> float:
        """Return the gain in dB that brings a sound to the common loudness.

        Raises
        ------
        AudioError
            When the sound cannot be decoded.
        """


def no_gain(path: Path) -> float:  # noqa: ARG001 - an `EvenGain`
    """Return 0 dB for every sound."""
    return 0.0


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
    even_gain : callable
        Called in the feeder's thread if the request is for the common loudness.
    changed : callable
        Called in the feeder's thread when the voice is ready or has failed.
    """

    def __init__(
        self,
        request: Request,
        *,
        rate_hz: int,
        open_sound: OpenSound,
        changed: Callable[[], None],
        even_gain: EvenGain = no_gain,
    ) -> None:
        self.request = request
        self.rate_hz = rate_hz
        self.ring = Ring(round(RING_S * rate_hz))
        self.duration_s = 0.0
        self.is_ready = False
        self.is_fed = False
        self.problem: str | None = None
        self._span = Span(0, 0, 0)
        self._in_hz = rate_hz
        self._open_sound = open_sound
        self._even_gain = even_gain
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
        span, in_hz = self._span, self._in_hz
        played = max(0.0, frame) / self.rate_hz * self.request.treatment.pace * in_hz
        if played >= span.n_first:
            length = max(1, span.end - span.start)
            played = (played - span.n_first) % length if self.request.is_looped else span.n_first
            origin = span.end if span.is_reversed else span.start
            origin = origin if self.request.is_looped else span.first
        else:
            origin = span.first
        return (origin - played if span.is_reversed else origin + played) / in_hz

    def _feed(self) -> None:
        try:
            with self._open_sound(self.request.path) as reader:
                self._span, self._in_hz = span_of(self.request, reader), reader.rate_hz
                self.duration_s = reader.n_frames / reader.rate_hz
                gain_db = self.request.gain_db
                if self.request.is_even:
                    gain_db += self._even_gain(self.request.path)
                gain = np.float32(10 ** (gain_db / 20))
                for block in device_blocks(reader, self.request, rate_hz=self.rate_hz):
                    self._write(block if gain_db == 0.0 else block * gain)
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
