"""Types for audio and embeddings in memory."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Samples: TypeAlias = npt.NDArray[np.float32]
"""Audio samples: mono ``(n_frames,)`` or interleaved ``(n_frames, n_channels)``, float32."""

Vectors: TypeAlias = npt.NDArray[np.float32]
"""Embeddings, shape ``(n, n_dims)``, float32, each row of unit length."""


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """Decoded audio.

    Attributes
    ----------
    samples : ndarray, shape (n_frames,), float32
        Mono, nominally in [-1, 1], finite, read-only.
    rate_hz : int
        Frames per second.
    """

    samples: Samples
    rate_hz: int

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.rate_hz
