"""The decoded beginnings of sounds that are likely to be played next, so that they start without touching the disk."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import numpy as np

from bowerbird.base.errors import BowerbirdError
from bowerbird.domain.sounds import Samples
from bowerbird.playback.blocks import BLOCK_FRAMES, Reader

HEAD_S: Final = 2.0
"""As much as a voice decodes ahead, so that the rest of the file is read while the head plays."""

LIMIT_BYTES: Final = 64 * 1024 * 1024
"""Memory for all heads: about 85 heads of stereo at 48 kHz."""

FRESH_S: Final = 10.0
"""A head that is older than this is compared with its file before it is used: another program may have written it."""


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """The beginning of a sound.

    Attributes
    ----------
    samples : ndarray, shape (n, n_channels), float32, read-only
    rate_hz, n_channels, n_frames : int
        As the header declares.
    stamp : (int, int) or None
        Size and modification time of the file; None if it has neither.
    checked_at : float
        Monotonic seconds.
    """

    samples: Samples
    rate_hz: int
    n_channels: int
    n_frames: int
    stamp: tuple[int, int] | None
    checked_at: float


class Heads:
    """Opens sounds, with their beginnings from memory where `load` has read them. Safe to use from any thread.

    Parameters
    ----------
    open_sound : callable
        Opens a file.
    limit_bytes : int
        The heads that were used least recently are dropped.
    """

    def __init__(
        self, open_sound: Callable[[Path], AbstractContextManager[Reader]], *, limit_bytes: int = LIMIT_BYTES
    ) -> None:
        self._open_sound = open_sound
        self._limit_bytes = limit_bytes
        self._lock = threading.Lock()
        self._heads: OrderedDict[Path, Head] = OrderedDict()
        self._n_bytes = 0

    @property
    def n_bytes(self) -> int:
        """Size of all heads."""
        return self._n_bytes

    def open(self, path: Path) -> AbstractContextManager[Reader]:
        """Open a sound; with a head, the file is opened only when more than the head is read."""
        head = self._fresh(path)
        return self._open_sound(path) if head is None else _HeadReader(path, head, self._open_sound)

    def load(self, path: Path) -> bool:
        """Read the head of a sound, unless it is there; return False if it cannot be read."""
        if self._fresh(path) is not None:
            return True
        stamp = _stamp(path)
        try:
            with self._open_sound(path) as reader:
                n_left = min(reader.n_frames, round(HEAD_S * reader.rate_hz))
                blocks = []
                while n_left > 0 and len(block := reader.read(min(BLOCK_FRAMES, n_left))):
                    n_left -= len(block)
                    blocks.append(block)
                if not blocks:
                    return False
                samples = np.concatenate(blocks)
                samples.setflags(write=False)
                head = Head(samples, reader.rate_hz, reader.n_channels, reader.n_frames, stamp, time.monotonic())
        except BowerbirdError:
            return False
        with self._lock:
            self._drop(path)
            self._heads[path] = head
            self._n_bytes += samples.nbytes
            while self._n_bytes > self._limit_bytes:
                self._drop(next(iter(self._heads)))
        return True

    def _fresh(self, path: Path) -> Head | None:
        with self._lock:
            head = self._heads.get(path)
            if head is not None:
                self._heads.move_to_end(path)
        if head is None or time.monotonic() - head.checked_at < FRESH_S:
            return head
        if _stamp(path) != head.stamp:
            with self._lock:
                self._drop(path)
            return None
        return head

    def _drop(self, path: Path) -> None:
        head = self._heads.pop(path, None)
        if head is not None:
            self._n_bytes -= head.samples.nbytes


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


class _HeadReader:
    """A `Reader` whose beginning is in memory."""

    def __init__(self, path: Path, head: Head, open_sound: Callable[[Path], AbstractContextManager[Reader]]) -> None:
        self.rate_hz = head.rate_hz
        self.n_channels = head.n_channels
        self.n_frames = head.n_frames
        self._path = path
        self._samples = head.samples
        self._open_sound = open_sound
        self._stack = ExitStack()
        self._file: Reader | None = None
        self._file_position = 0
        self._position = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def seek(self, frame: int) -> None:
        """Go to a frame."""
        self._position = min(max(frame, 0), self.n_frames)

    def read(self, n_frames: int) -> Samples:
        """Read shape (n, n_channels); empty at the end."""
        n_wanted = min(n_frames, self.n_frames - self._position)
        if n_wanted <= 0:
            return self._samples[:0]
        block = self._samples[self._position : self._position + n_wanted]
        if not len(block):
            block = self._read_file(n_wanted)
        self._position += len(block)
        return block

    def _read_file(self, n_frames: int) -> Samples:
        if self._file is None:
            self._file = self._stack.enter_context(self._open_sound(self._path))
        if self._file_position != self._position:
            self._file.seek(self._position)
        block = self._file.read(n_frames)
        self._file_position = self._position + len(block)
        return block
