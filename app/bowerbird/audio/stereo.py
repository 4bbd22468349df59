"""Mixing any number of channels to the two that are played."""

from typing import Final

import numpy as np
import numpy.typing as npt

from bowerbird.domain.sounds import Samples

N_SIDES: Final = 2


def stereo_matrix(n_channels: int) -> npt.NDArray[np.float32]:
    """Return the weights that mix channels to stereo without exceeding full scale.

    Surround layouts in WAVE order (L R C LFE, then pairs) follow ITU-R BS.775: centre and surrounds at -3 dB,
    no LFE. In other layouts, even channels go left and odd channels right.

    Returns
    -------
    ndarray, shape (n_channels, 2), float32
        Each column sums to 1.
    """
    weights = np.zeros((n_channels, N_SIDES))
    if n_channels == 1:
        weights[0] = 1.0
    elif n_channels in {6, 8}:
        weights[0, 0] = weights[1, 1] = 1.0
        weights[2] = np.sqrt(0.5)
        weights[4::2, 0] = weights[5::2, 1] = np.sqrt(0.5)
    else:
        weights[0::2, 0] = weights[1::2, 1] = 1.0
    matrix: npt.NDArray[np.float32] = (weights / weights.sum(axis=0)).astype(np.float32)
    return matrix


def to_stereo(block: Samples) -> Samples:
    """Mix shape (n_frames, n_channels) to (n_frames, 2)."""
    n_channels = block.shape[1]
    if n_channels == N_SIDES:
        return block
    if n_channels == 1:
        return np.repeat(block, N_SIDES, axis=1)
    stereo: Samples = block @ stereo_matrix(n_channels)
    return stereo
