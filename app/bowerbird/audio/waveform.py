"""Reading the waveform of a sound file: its extremes for any zoom, and the samples themselves for a near one."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bowerbird.audio.decode import BLOCK_FRAMES, open_sound
from bowerbird.domain.peaks import PeakMeter, Peaks
from bowerbird.domain.sounds import Samples
from bowerbird.domain.waveforms import Waveform, WaveformMeter


@dataclass(frozen=True, slots=True, eq=False)
class SamplePart:
    """Consecutive samples of a sound.

    Attributes
    ----------
    first : int
        Number of the first frame.
    samples : ndarray, shape (n, n_channels), float32
    rate_hz : int
    """

    first: int
    samples: Samples
    rate_hz: int


def measure_waveform(path: Path, *, is_wanted: Callable[[], bool] = lambda: True) -> Waveform | None:
    """Decode a sound for its waveform; return None as soon as it is not wanted any more.

    Raises
    ------
    AudioError
        When it cannot be decoded.
    """
    with open_sound(path) as reader:
        meter = WaveformMeter(reader.rate_hz, reader.n_channels, reader.n_frames)
        for block in reader.blocks(BLOCK_FRAMES):
            if not is_wanted():
                return None
            meter.push(block)
    return meter.finish()


def read_part(path: Path, *, start_s: float, end_s: float) -> SamplePart:
    """Read the samples between two positions, with one more on each side.

    Raises
    ------
    AudioError
        When they cannot be decoded.
    """
    with open_sound(path) as reader:
        first = min(max(0, int(start_s * reader.rate_hz) - 1), reader.n_frames)
        n_left = max(0, int(np.ceil(end_s * reader.rate_hz)) + 2 - first)
        reader.seek(first)
        blocks: list[Samples] = [np.zeros((0, reader.n_channels), np.float32)]
        while n_left > 0 and len(block := reader.read(min(BLOCK_FRAMES, n_left))):
            n_left -= len(block)
            blocks.append(block)
        return SamplePart(first, np.concatenate(blocks), reader.rate_hz)


def measure_peaks(path: Path) -> tuple[Peaks, float]:
    """Return the waveform peaks over all channels of a file, and its length in seconds.

    Raises
    ------
    AudioError
        When it cannot be decoded.
    """
    meter = PeakMeter()
    n_frames = 0
    with open_sound(path) as reader:
        for block in reader.blocks(BLOCK_FRAMES):
            meter.push(block)
            n_frames += len(block)
        return meter.finish(), n_frames / reader.rate_hz
