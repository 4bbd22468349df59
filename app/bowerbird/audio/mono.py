"""Mixing channels to the mono sound that is analysed: the audible part of the file."""

from typing import Final

import numpy as np
import numpy.typing as npt

from bowerbird.domain.sounds import Samples

_CANCELLED_SHARE: Final = 0.02
"""Energy of a mean, compared with that of independent channels, below which channels have cancelled each other out."""

_SILENT_SHARE: Final = 1e-5
"""A channel with less than this share of the energy of the loudest, 50 dB less, counts as silent."""

_CHUNK_S: Final = 0.02
_LOWEST_OFFSET: Final = 0.005
"""Smaller constant offsets are left: they change no embedding noticeably."""

_STEADINESS: Final = 3.0
"""An offset is constant if it exceeds the deviation of the means of short chunks this many times."""


class MonoMixer:
    """Mixes the blocks of a sound to mono, without silent channels and without a constant offset.

    A recording on one side of a stereo file is as loud as in a mono file. Once a channel has sounded, it counts until
    the end. The offset is estimated from the first block.

    Parameters
    ----------
    rate_hz : int
    n_channels : int
    """

    def __init__(self, rate_hz: int, n_channels: int) -> None:
        self._chunk_frames = max(1, round(_CHUNK_S * rate_hz))
        self._has_sounded = np.zeros(n_channels, bool)
        self._offset: np.float32 | None = None

    def push(self, block: Samples) -> Samples:
        """Mix a block.

        Parameters
        ----------
        block : ndarray, shape (n_frames, n_channels), float32

        Returns
        -------
        ndarray, shape (n_frames,), float32
        """
        if not self._has_sounded.all() and len(self._has_sounded) > 1:
            energies = _energies(block)
            self._has_sounded |= energies > _SILENT_SHARE * energies.max()
        n_sounding = np.count_nonzero(self._has_sounded)
        mono = mixdown(block if n_sounding in {0, block.shape[1]} else block[:, self._has_sounded])
        if self._offset is None:
            self._offset = np.float32(constant_offset(mono, self._chunk_frames))
        return mono - self._offset if self._offset else mono


def constant_offset(samples: Samples, chunk_frames: int) -> float:
    """Return the constant that was added to a sound, or 0 where there is none worth removing.

    Parameters
    ----------
    samples : ndarray, shape (n_frames,), float32
    chunk_frames : int
        Frames whose mean is compared with that of others; a sound may be shorter.
    """
    n_chunks = len(samples) // chunk_frames
    if not n_chunks:
        return 0.0
    means = samples[: n_chunks * chunk_frames].reshape(n_chunks, chunk_frames).mean(axis=1)
    offset = float(np.median(means))
    deviation = float(np.median(np.abs(means - offset)))
    return offset if abs(offset) > max(_LOWEST_OFFSET, _STEADINESS * deviation) else 0.0


def _energies(block: Samples) -> npt.NDArray[np.float64]:
    return np.array([float(channel @ channel) for channel in block.T])


def mixdown(block: Samples) -> Samples:
    """Mix channels to mono: their mean, or the loudest channel where they cancel each other out.

    A sound whose left and right are opposite is audible, but its mean is silence.

    Parameters
    ----------
    block : ndarray, shape (n_frames, n_channels), float32

    Returns
    -------
    ndarray, shape (n_frames,), float32
    """
    n_channels = block.shape[1]
    if n_channels == 1:
        return block[:, 0]
    if n_channels == 2:  # twenty times faster than mean(axis=1), bit-identical
        mono = (block[:, 0] + block[:, 1]) * np.float32(0.5)
    else:
        mono = block[:, 0].copy()
        for channel in range(1, n_channels):
            mono += block[:, channel]
        mono *= np.float32(1 / n_channels)
    first = block[:, 0]  # where channels cancel each other out, each is as loud as the others together
    if float(mono @ mono) * n_channels >= _CANCELLED_SHARE * float(first @ first):
        return mono
    loudest = int(np.argmax([float(channel @ channel) for channel in block.T]))
    return block[:, loudest].copy()
