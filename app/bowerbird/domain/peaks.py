"""Waveform overviews: the lowest and highest sample of each bin, at several resolutions.

Only the finest resolution is stored; coarser resolutions are computed from it.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from bowerbird.domain.sounds import Samples

BASE_FRAMES: Final = 64
"""Frames per bin at the finest resolution."""

MAX_BINS: Final = 16_384
"""Longer sounds have their bins merged in pairs until they fit: at most 32 KB per sound."""

OVERVIEW_COLUMNS: Final = 96
"""Columns of the small waveform in a table row."""

Bins = npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True, eq=False)
class Peaks:
    """A waveform overview.

    Attributes
    ----------
    bins : ndarray, shape (n_bins, 2), int8
        Lowest and highest sample of each bin over all channels; 127 is full scale.
    frames_per_bin : int
    """

    bins: Bins
    frames_per_bin: int


class PeakMeter:
    """Computes the peaks of a sound block by block."""

    def __init__(self) -> None:
        self._frames_per_bin = BASE_FRAMES
        self._done: list[npt.NDArray[np.float32]] = []
        self._n_done = 0
        self._open: npt.NDArray[np.float32] = np.zeros((0, 2), np.float32)

    def push(self, block: Samples) -> None:
        """Add the next block, shape (n_frames, n_channels)."""
        low = block.min(axis=1) if block.shape[1] > 2 else np.minimum(block[:, 0], block[:, -1])
        high = block.max(axis=1) if block.shape[1] > 2 else np.maximum(block[:, 0], block[:, -1])
        frames = np.concatenate([self._open, np.stack([low, high], axis=1)])
        n_bins = len(frames) // self._frames_per_bin
        whole = frames[: n_bins * self._frames_per_bin].reshape(n_bins, self._frames_per_bin, 2)
        self._open = frames[n_bins * self._frames_per_bin :]
        self._done.append(np.stack([whole[:, :, 0].min(axis=1), whole[:, :, 1].max(axis=1)], axis=1))
        self._n_done += n_bins
        while self._n_done > MAX_BINS:
            self._coarsen()

    def finish(self) -> Peaks:
        """Return the peaks of all blocks."""
        if len(self._open):
            self._done.append(np.array([[self._open[:, 0].min(), self._open[:, 1].max()]], np.float32))
        bins = np.concatenate(self._done) if self._done else np.zeros((0, 2), np.float32)
        return Peaks(np.round(np.clip(bins, -1, 1) * 127).astype(np.int8), self._frames_per_bin)

    def _coarsen(self) -> None:
        """Merge bins in pairs; an odd bin goes back to the frames carried over."""
        joined = np.concatenate(self._done)
        if len(joined) % 2:
            odd, joined = joined[-1:], joined[:-1]
            # Repeated in place of its frames: the overview is the same, and bins stay aligned.
            self._open = np.concatenate([np.repeat(odd, self._frames_per_bin, axis=0), self._open])
        pairs = joined.reshape(-1, 2, 2)
        self._done = [np.stack([pairs[:, :, 0].min(axis=1), pairs[:, :, 1].max(axis=1)], axis=1)]
        self._n_done = len(self._done[0])
        self._frames_per_bin *= 2


def reduce_to(bins: Bins, n_columns: int) -> Bins:
    """Merge or repeat bins to get a number of columns.

    Parameters
    ----------
    bins : ndarray, shape (n_bins, 2), int8
    n_columns : int

    Returns
    -------
    ndarray, shape (n_columns, 2), int8
    """
    if not len(bins) or n_columns < 1:
        return np.zeros((max(0, n_columns), 2), np.int8)
    if len(bins) <= n_columns:
        return bins[np.arange(n_columns) * len(bins) // n_columns]
    starts = np.arange(n_columns) * len(bins) // n_columns
    low = np.minimum.reduceat(bins[:, 0], starts)
    high = np.maximum.reduceat(bins[:, 1], starts)
    return np.stack([low, high], axis=1)
