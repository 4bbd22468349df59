"""Changing the sampling rate: soxr at its high-quality setting, whole or in blocks with the same result."""

from typing import cast

import numpy as np
import soxr

from bowerbird.domain.sounds import Samples


class StreamResampler:
    """Resample a stream block by block; the blocks' sizes do not change the result.

    Parameters
    ----------
    in_hz, out_hz : int
        Sampling rates.
    n_channels : int
        1 takes and gives shape (n_frames,); more take and give (n_frames, n_channels).
    """

    def __init__(self, in_hz: int, out_hz: int, n_channels: int = 1) -> None:
        self._n_channels = n_channels
        self._stream = (
            None if in_hz == out_hz else soxr.ResampleStream(in_hz, out_hz, n_channels, dtype="float32", quality="HQ")
        )

    def push(self, block: Samples) -> Samples:
        """Give a block, get what is ready: often shorter or longer, sometimes empty."""
        if self._stream is None:
            return block
        return cast("Samples", self._stream.resample_chunk(np.ascontiguousarray(block)))

    def finish(self) -> Samples:
        """Get what was held back. The resampler is used up."""
        shape = (0,) if self._n_channels == 1 else (0, self._n_channels)
        nothing = np.zeros(shape, np.float32)
        if self._stream is None:
            return nothing
        return cast("Samples", self._stream.resample_chunk(nothing, last=True))
