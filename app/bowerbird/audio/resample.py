"""Resampling with soxr at high quality, block by block."""

from typing import cast

import numpy as np
import soxr

from bowerbird.domain.sounds import Samples


class StreamResampler:
    """Resamples a stream block by block; the size of the blocks does not change the result.

    Parameters
    ----------
    in_hz, out_hz : float
        Sampling rates of input and output.
    n_channels : int
        With 1, blocks have shape (n_frames,), otherwise (n_frames, n_channels).
    """

    def __init__(self, in_hz: float, out_hz: float, n_channels: int = 1) -> None:
        self._n_channels = n_channels
        self._stream = (
            None if in_hz == out_hz else soxr.ResampleStream(in_hz, out_hz, n_channels, dtype="float32", quality="HQ")
        )

    def push(self, block: Samples) -> Samples:
        """Resample a block and return the frames that are ready, possibly none."""
        if self._stream is None:
            return block
        return cast("Samples", self._stream.resample_chunk(np.ascontiguousarray(block)))

    def finish(self) -> Samples:
        """Return the remaining frames. The resampler cannot be used again."""
        shape = (0,) if self._n_channels == 1 else (0, self._n_channels)
        nothing = np.zeros(shape, np.float32)
        if self._stream is None:
            return nothing
        return cast("Samples", self._stream.resample_chunk(nothing, last=True))
