"""Waveforms of the channels of a sound, at any zoom: the lowest and highest sample of each bin, in a pyramid."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from bowerbird.domain.peaks import Peaks
from bowerbird.domain.sounds import Samples

MAX_BINS: Final = 65_536
"""Per channel at the finest resolution: 0.5 MB, and 1 MB with the coarser ones."""

SMALLEST_BIN: Final = 16
"""Frames. Nearer than this, the samples themselves are read."""

Extremes = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Waveform:
    """The waveform of a sound.

    Attributes
    ----------
    levels : tuple of ndarray, shape (n_channels, n_bins, 2), float32
        Lowest and highest sample of each bin; each level has half as many bins as the one before.
    frames_per_bin : int
        Of the first level.
    rate_hz : int
    """

    levels: tuple[Extremes, ...]
    frames_per_bin: int
    rate_hz: int

    @property
    def n_channels(self) -> int:
        """Number of channels."""
        return len(self.levels[0])

    @property
    def peak(self) -> float:
        """The highest absolute sample."""
        return float(np.abs(self.levels[-1]).max(initial=0.0))

    @property
    def finest_column_s(self) -> float:
        """Seconds per column below which the samples themselves are needed."""
        return self.frames_per_bin / self.rate_hz

    def merged(self) -> "Waveform":
        """Return one channel with the extremes of all."""
        if self.n_channels == 1:
            return self
        levels = tuple(
            np.stack([level[:, :, 0].min(axis=0), level[:, :, 1].max(axis=0)], axis=1)[None] for level in self.levels
        )
        return Waveform(levels, self.frames_per_bin, self.rate_hz)

    def columns(self, start_s: float, end_s: float, n_columns: int) -> Extremes:
        """Return the extremes of equally wide columns.

        Returns
        -------
        ndarray, shape (n_channels, n_columns, 2), float32
            Zero where there is no sound.
        """
        frames_per_column = max(1e-9, (end_s - start_s) * self.rate_hz / n_columns)
        number = int(np.clip(np.floor(np.log2(frames_per_column / self.frames_per_bin)), 0, len(self.levels) - 1))
        level = self.levels[number]
        bins_per_s = self.rate_hz / (self.frames_per_bin << number)
        edges = (start_s + (end_s - start_s) * np.arange(n_columns + 1) / n_columns) * bins_per_s
        n_bins = level.shape[1]
        first = np.floor(edges[:-1] + 1e-6).astype(np.int64)
        last = np.maximum(np.ceil(edges[1:] - 1e-6).astype(np.int64), first + 1)
        columns = np.zeros((level.shape[0], n_columns, 2), np.float32)
        is_inside = (first < n_bins) & (last > 0)
        if not is_inside.any():
            return columns
        first, last = np.clip(first[is_inside], 0, n_bins - 1), np.clip(last[is_inside], 1, n_bins)
        # Neighbouring columns may share a bin, so each has its own pair of edges; every second result is a column.
        pairs = np.stack([first, last], axis=1).ravel()
        padded = np.concatenate([level, level[:, -1:]], axis=1)
        columns[:, is_inside, 0] = np.minimum.reduceat(padded[:, :, 0], pairs, axis=1)[:, ::2]
        columns[:, is_inside, 1] = np.maximum.reduceat(padded[:, :, 1], pairs, axis=1)[:, ::2]
        return columns


def waveform_of_peaks(peaks: Peaks, *, rate_hz: int) -> Waveform:
    """Return the waveform of stored peaks: one channel with the extremes of all, clipped to full scale."""
    bins = peaks.bins if len(peaks.bins) else np.zeros((1, 2), np.int8)
    return Waveform(_pyramid(bins[None].astype(np.float32) / np.float32(127)), peaks.frames_per_bin, rate_hz)


class WaveformMeter:
    """Computes the waveform of a sound block by block.

    Parameters
    ----------
    rate_hz, n_channels : int
    n_frames : int
        Expected; more are accepted.
    """

    def __init__(self, rate_hz: int, n_channels: int, n_frames: int) -> None:
        self._rate_hz = rate_hz
        self._frames_per_bin = SMALLEST_BIN
        while self._frames_per_bin * MAX_BINS < n_frames:
            self._frames_per_bin *= 2
        self._rest: Samples = np.zeros((0, n_channels), np.float32)
        self._bins: list[Extremes] = []

    def push(self, block: Samples) -> None:
        """Add the next block, shape (n_frames, n_channels)."""
        joined = np.concatenate([self._rest, block]) if len(self._rest) else block
        n_bins = len(joined) // self._frames_per_bin
        whole = joined[: n_bins * self._frames_per_bin]
        starts = np.arange(n_bins) * self._frames_per_bin
        if n_bins:
            low = np.minimum.reduceat(whole, starts, axis=0)
            high = np.maximum.reduceat(whole, starts, axis=0)
            self._bins.append(np.stack([low.T, high.T], axis=2))
        self._rest = joined[n_bins * self._frames_per_bin :].copy()

    def finish(self) -> Waveform:
        """Return the waveform of all blocks."""
        if len(self._rest):
            self._bins.append(np.stack([self._rest.min(axis=0), self._rest.max(axis=0)], axis=1)[:, None])
        bins = np.concatenate(self._bins, axis=1) if self._bins else np.zeros((self._rest.shape[1], 1, 2), np.float32)
        return Waveform(_pyramid(bins), self._frames_per_bin, self._rate_hz)


def _pyramid(bins: Extremes) -> tuple[Extremes, ...]:
    levels = [bins]
    while levels[-1].shape[1] > 1:
        fine = levels[-1]
        if fine.shape[1] % 2:
            fine = np.concatenate([fine, fine[:, -1:]], axis=1)
        low = np.minimum(fine[:, ::2, 0], fine[:, 1::2, 0])
        high = np.maximum(fine[:, ::2, 1], fine[:, 1::2, 1])
        levels.append(np.stack([low, high], axis=2))
    return tuple(levels)
