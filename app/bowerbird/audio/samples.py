"""A hash of decoded audio, which stays the same when a file is renamed, tagged or converted without loss."""

import hashlib
from typing import Final

import numpy as np

from bowerbird.domain.sounds import Samples

N_HASH_BYTES: Final = 16


class SamplesHash:
    """BLAKE2b (16 bytes) over the rate, the number of channels and every decoded sample.

    The rate and the number of channels are hashed as little-endian 32-bit numbers, then the frames in order, channels
    interleaved, each sample as a little-endian 32-bit float as it was decoded; -0 counts as 0. Neither metadata nor
    the container has a part in it: the same samples as WAV, AIFF or FLAC have the same hash, at 8 to 24 bits and as
    32-bit float. Lossy formats have the hash of what their decoder returns, which can differ between versions of it.

    Parameters
    ----------
    rate_hz, n_channels : int
    """

    def __init__(self, rate_hz: int, n_channels: int) -> None:
        self._digest = hashlib.blake2b(np.array([rate_hz, n_channels], "<u4").tobytes(), digest_size=N_HASH_BYTES)

    def push(self, block: Samples) -> None:
        """Hash the next frames, shape (n, n_channels)."""
        self._digest.update((block + np.float32(0)).astype("<f4", copy=False).tobytes())

    def finish(self) -> bytes:
        """Return the hash."""
        return self._digest.digest()
