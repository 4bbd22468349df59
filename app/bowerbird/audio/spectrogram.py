"""Spectrograms with a logarithmic frequency axis."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from bowerbird.audio.decode import BLOCK_FRAMES, open_sound
from bowerbird.audio.mono import mixdown

LOWEST_HZ: Final = 30.0
HIGHEST_HZ: Final = 20_000.0
RANGE_DB: Final = 96.0
"""Levels this far below a full-scale sine are shown as silence."""

_LONGEST_FFT: Final = 4096
_SHORTEST_FFT: Final = 1024


@dataclass(frozen=True, slots=True, eq=False)
class Spectrogram:
    """The levels of a part of a sound over time and frequency.

    Attributes
    ----------
    levels : ndarray, shape (n_rows, n_columns), uint8
        0 for `RANGE_DB` below a full-scale sine, 255 for a full-scale sine. The first row is the highest frequency; the
        rows are equally spaced on a logarithmic axis.
    start_s, end_s : float
    low_hz, high_hz : float
        The edges of the frequency axis.
    """

    levels: npt.NDArray[np.uint8]
    start_s: float
    end_s: float
    low_hz: float
    high_hz: float


def measure_spectrogram(
    path: Path,
    *,
    start_s: float,
    end_s: float,
    n_columns: int,
    n_rows: int,
    is_wanted: Callable[[], bool] = lambda: True,
) -> Spectrogram | None:
    """Measure a part of a sound, mixed to mono; return None as soon as it is not wanted any more.

    Parameters
    ----------
    path : Path
    start_s, end_s : float
    n_columns, n_rows : int

    Raises
    ------
    AudioError
        When it cannot be decoded.
    """
    with open_sound(path) as reader:
        rate_hz = reader.rate_hz
        hop = max(1.0, (end_s - start_s) * rate_hz / n_columns)
        # Some columns long, so that short parts are sharp in time and long ones in frequency.
        n_fft = int(np.clip(1 << round(np.log2(4 * hop)), _SHORTEST_FFT, _LONGEST_FFT))
        first = start_s * rate_hz - n_fft / 2
        levels = np.zeros((n_columns, n_rows))
        rows, low_hz, high_hz = _rows(n_rows, n_fft, rate_hz)
        window = np.hanning(n_fft)
        scale = 2 / window.sum()
        begin = max(0, int(first))
        reader.seek(begin)
        waiting = np.zeros(0, np.float32)
        for column in range(n_columns):
            at = round(first + (column + 0.5) * hop)
            while begin + len(waiting) < at + n_fft and len(block := reader.read(BLOCK_FRAMES)):
                waiting = np.concatenate([waiting[max(0, at - begin) :], mixdown(block)])
                begin += max(0, at - begin)
                if not is_wanted():
                    return None
            part = waiting[max(0, at - begin) : max(0, at + n_fft - begin)]
            frame = np.zeros(n_fft)
            offset = max(0, begin - at)
            part = part[: n_fft - offset]
            frame[offset : offset + len(part)] = part
            magnitude = np.abs(np.fft.rfft(frame * window)) * scale
            levels[column] = np.maximum.reduceat(np.append(magnitude, 0.0), rows)[::2]
    decibels = 20 * np.log10(np.maximum(levels, 1e-9))
    shown = np.clip((decibels + RANGE_DB) / RANGE_DB, 0, 1) * 255
    return Spectrogram(np.ascontiguousarray(shown.T[::-1].astype(np.uint8)), start_s, end_s, low_hz, high_hz)


def _rows(n_rows: int, n_fft: int, rate_hz: int) -> tuple[npt.NDArray[np.int64], float, float]:
    """Return the first and the last spectral line of each row, alternating, from the lowest frequency upwards."""
    high_hz = min(HIGHEST_HZ, rate_hz / 2)
    low_hz = min(LOWEST_HZ, high_hz / 10)
    edges = low_hz * (high_hz / low_hz) ** (np.arange(n_rows + 1) / n_rows) * n_fft / rate_hz
    first = np.clip(np.round(edges[:-1]), 0, n_fft // 2).astype(np.int64)
    last = np.maximum(np.clip(np.round(edges[1:]), 0, n_fft // 2 + 1).astype(np.int64), first + 1)
    return np.stack([first, last], axis=1).ravel(), low_hz, high_hz
