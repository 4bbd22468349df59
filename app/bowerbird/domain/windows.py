"""Windows: the parts of a sound that are embedded separately."""

from collections.abc import Iterator, Sequence
from typing import Final, Literal, TypeAlias

import numpy as np

from bowerbird.domain.sounds import Samples

WINDOWS_VERSION: Final = 2
"""How files are mixed, trimmed and cut into windows: embeddings of older versions are made again when indexing.

Version 2 leaves out silent channels, constant offsets, faint tails and lead-ins, and embeds short events of
long sounds.
"""

WindowUse: TypeAlias = Literal["counted", "uncounted", "left out"]
"""Whether a window counts in the embedding of the whole sound, the mean, is only searched, or is not recorded."""

MIN_LAST_S: Final = 1.0
"""A shorter remainder is dropped if the sound has other windows."""


class WindowCutter:
    """Cuts a stream into windows without overlap; the last is kept if it lasts a second or is the only window.

    Parameters
    ----------
    rate_hz : int
    window_s : float
    """

    def __init__(self, rate_hz: int, window_s: float) -> None:
        self._window_frames = round(window_s * rate_hz)
        self._min_last_frames = round(MIN_LAST_S * rate_hz)
        self._parts: list[Samples] = []
        self._n_waiting = 0
        self._n_cut = 0

    def push(self, samples: Samples) -> Iterator[Samples]:
        """Add mono samples and yield the windows that they complete, shape (n_frames,)."""
        self._parts.append(samples)
        self._n_waiting += len(samples)
        while self._n_waiting >= self._window_frames:
            joined = np.concatenate(self._parts)
            yield joined[: self._window_frames]
            self._n_cut += 1
            self._parts = [joined[self._window_frames :]]
            self._n_waiting = len(self._parts[0])

    def finish(self) -> Iterator[Samples]:
        """Yield the last window, if there is one."""
        if self._n_waiting and (not self._n_cut or self._n_waiting >= self._min_last_frames):
            yield np.concatenate(self._parts)
        elif not self._n_cut:  # a single frame may be resampled to none
            yield np.zeros(1, np.float32)


def n_windows(duration_s: float, window_s: float) -> int:
    """Return the number of windows of a sound, to within one if its end is at a window boundary."""
    whole, rest = divmod(duration_s, window_s)
    return max(1, int(whole) + (rest >= MIN_LAST_S))


def spans_within(spans: Sequence[tuple[float, float]], duration_s: float) -> tuple[tuple[float, float], ...]:
    """Return spans that do not reach beyond the end of their sound, in seconds."""
    return tuple((start_s, min(end_s, max(duration_s, start_s))) for start_s, end_s in spans)
