"""A ring of audio frames between one thread that writes and one that reads. No locks, nothing else."""

import numpy as np

from bowerbird.domain.sounds import Samples

N_CHANNELS = 2
"""Everything is played in stereo; the feeder sees to that, and the device folds it where it is mono."""


class Ring:
    """A bounded queue of stereo frames for one writer and one reader.

    Each counter is written by one side only and read by the other, after the frames that it vouches for;
    so neither side waits, and the reader never sees a frame half written.

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
        """Frames ever written."""
        return self._n_written

    @property
    def n_read(self) -> int:
        """Frames ever read."""
        return self._n_read

    @property
    def n_waiting(self) -> int:
        """Frames written and not yet read."""
        return self._n_written - self._n_read

    def write(self, block: Samples) -> int:
        """Take as many frames as there is room for.

        Parameters
        ----------
        block : ndarray, shape (n_frames, 2), float32

        Returns
        -------
        int
            Frames taken from the front of the block, perhaps 0.
        """
        capacity = len(self._frames)
        n = min(len(block), capacity - self.n_waiting)
        at = self._n_written % capacity
        n_first = min(n, capacity - at)
        self._frames[at : at + n_first] = block[:n_first]
        self._frames[: n - n_first] = block[n_first:n]
        self._n_written += n
        return n

    def read_into(self, out: Samples) -> int:
        """Fill the front of a block with the oldest frames; the rest of it is left as it is.

        Parameters
        ----------
        out : ndarray, shape (n_frames, 2), float32

        Returns
        -------
        int
            Frames given, perhaps 0.
        """
        capacity = len(self._frames)
        n = min(len(out), self.n_waiting)
        at = self._n_read % capacity
        n_first = min(n, capacity - at)
        out[:n_first] = self._frames[at : at + n_first]
        out[n_first:n] = self._frames[: n - n_first]
        self._n_read += n
        return n
