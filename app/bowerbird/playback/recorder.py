"""Recording from a microphone or a line input, into memory."""

import threading
from collections.abc import Callable
from typing import Final, Protocol

import numpy as np

from bowerbird.base.errors import PlaybackError
from bowerbird.domain.sounds import Samples
from bowerbird.playback.device import Input, open_input

MAX_S: Final = 60.0
"""A recording ends by itself after this: it is an example to search by."""

SILENT_DB: Final = -60.0
"""A recording whose peak is below this is taken for silence."""

_EDGE_DB: Final = -45.0
"""What is quieter than this, relative to the peak, is cut off at both ends."""

_EDGE_S: Final = 0.05
_FALL_DB_PER_S: Final = 20.0


class OpenInput(Protocol):
    """Opens an input, such as `bowerbird.playback.device.open_input`."""

    def __call__(self, receive: Callable[[Samples], None], /) -> Input:
        """Open the system's default input.

        Raises
        ------
        PlaybackError
            When there is none.
        """


class Recorder:
    """Records one sound at a time. Its methods may be called from any thread.

    Parameters
    ----------
    open_input : callable
    max_s : float
    """

    def __init__(self, *, open_input: OpenInput = open_input, max_s: float = MAX_S) -> None:
        self._open_input = open_input
        self._max_s = max_s
        self._lock = threading.Lock()
        self._input: Input | None = None
        self._blocks: list[Samples] = []
        self._n_frames = 0
        self._level_db = SILENT_DB
        self._is_cancelled = False

    def start(self) -> None:
        """Start to record from the system's default input; nothing happens while a recording is in progress.

        Raises
        ------
        PlaybackError
            When there is no input, or it cannot be opened.
        """
        with self._lock:
            if self._input is not None:
                return
            self._is_cancelled = False
            self._blocks, self._n_frames, self._level_db = [], 0, SILENT_DB
            self._input = self._open_input(self._receive)
            if self._is_cancelled:  # while the input was being opened
                self._close()

    @property
    def is_recording(self) -> bool:
        """Whether a recording is in progress."""
        return self._input is not None

    @property
    def is_full(self) -> bool:
        """Whether the recording is as long as it can be."""
        return self._input is not None and self.duration_s >= self._max_s

    @property
    def duration_s(self) -> float:
        """The length of what was recorded so far, in seconds."""
        source = self._input
        return self._n_frames / source.rate_hz if source is not None else 0.0

    @property
    def level_db(self) -> float:
        """The recent peak level in dB relative to full scale; it falls by 20 dB a second."""
        return self._level_db

    def stop(self) -> tuple[Samples, int]:
        """Stop, and return what was recorded, without the silence at both ends.

        Returns
        -------
        samples : ndarray, shape (n_frames, n_channels), float32
        rate_hz : int

        Raises
        ------
        PlaybackError
            When nothing but silence was recorded.
        """
        with self._lock:
            source, blocks = self._close()
        if source is None or not blocks:
            raise PlaybackError(_SILENCE)
        samples = np.concatenate(blocks)[: round(self._max_s * source.rate_hz)]
        return trimmed(samples, source.rate_hz), source.rate_hz

    def cancel(self) -> None:
        """Stop, and forget what was recorded; never waits for an input that is being opened."""
        self._is_cancelled = True
        if self._lock.acquire(blocking=False):
            try:
                self._close()
            finally:
                self._lock.release()

    def _close(self) -> tuple[Input | None, list[Samples]]:
        source, self._input = self._input, None
        blocks, self._blocks = self._blocks, []
        if source is not None:
            source.close()
        return source, blocks

    def _receive(self, block: Samples) -> None:
        """Take a block from the device; called in its thread."""
        source = self._input
        if source is not None and self._n_frames < self._max_s * source.rate_hz:
            self._blocks.append(block.copy())
            self._n_frames += len(block)
        peak = float(np.abs(block).max()) if len(block) else 0.0
        peak_db = 20 * np.log10(peak) if peak > 0 else SILENT_DB
        rate_hz = source.rate_hz if source is not None else 48_000
        fallen_db = self._level_db - _FALL_DB_PER_S * len(block) / rate_hz
        self._level_db = float(max(SILENT_DB, peak_db, fallen_db))


_SILENCE: Final = (
    "Only silence was recorded. Choose and unmute the microphone in the system's sound settings, then record again."
)


def trimmed(samples: Samples, rate_hz: int) -> Samples:
    """Return a recording without the quiet parts at its ends.

    Parameters
    ----------
    samples : ndarray, shape (n_frames, n_channels)
    rate_hz : int

    Raises
    ------
    PlaybackError
        When all of it is silence.
    """
    levels = np.abs(samples).max(axis=1)
    peak = float(levels.max()) if len(levels) else 0.0
    if peak < 10 ** (SILENT_DB / 20):
        raise PlaybackError(_SILENCE)
    loud = np.flatnonzero(levels >= peak * 10 ** (_EDGE_DB / 20))
    edge = round(_EDGE_S * rate_hz)
    return samples[max(0, int(loud[0]) - edge) : int(loud[-1]) + 1 + edge]
