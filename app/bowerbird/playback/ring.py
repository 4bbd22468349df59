"""A lock-free ring buffer of audio frames for a writing and a reading thread."""

import numpy as np

from bowerbird.domain.sounds import Samples

N_CHANNELS = 2
"""Playback is stereo: the feeder converts every sound, and mono devices mix down."""


class Ring:
    """A bounded queue of stereo frames for one writer and one reader.

    Each counter is written by one side only, after the frames that it covers. So neither side waits, and the reader
    never sees a partly written frame.

    Parameters
    ----------
    n_frames : int
        Capacity.
    """

    def __init__(self, n_frames: int) -> None:
        self._frames: Samples = np.zeros((n_frames, N_CHANNELS), np.float32)
        self._n_written = 0
        self._n_read = 0

    @property
    def n_written(self) -> int:
        """Total number of written frames."""
        return self._n_written

    @property
    def n_read(self) -> int:
        """Total number of read frames."""
        return self._n_read

    @property
    def n_waiting(self) -> int:
        """Number of written frames that were not read yet."""
        return self._n_written - self._n_read

    def write(self, block: Samples) -> int:
        """Write as many frames as fit.

        Parameters
        ----------
        block : ndarray, shape (n_frames, 2), float32

        Returns
        -------
        int
            Number of frames written from the start of the block, possibly 0.
        """
        capacity = len(self._frames)
        n = min(len(block), capacity - self.n_waiting)
        start = self._n_written % capacity
        n_first = min(n, capacity - start)
        self._frames[start : start + n_first] = block[:n_first]
        self._frames[: n - n_first] = block[n_first:n]
        self._n_written += n
        return n

    def read_into(self, out: Samples) -> int:
        """Copy the oldest frames to the start of a block; the rest of the block is unchanged.

        Parameters
        ----------
        out : ndarray, shape (n_frames, 2), float32

        Returns
        -------
        int
            Number of frames copied, possibly 0.
        """
        capacity = len(self._frames)
        n = min(len(out), self.n_waiting)
        start = self._n_read % capacity
        n_first = min(n, capacity - start)
        out[:n_first] = self._frames[start : start + n_first]
        out[n_first:n] = self._frames[: n - n_first]
        self._n_read += n
        return n
