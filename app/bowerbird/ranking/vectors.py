"""Vectors of unit length, whose products are cosine similarities."""

from typing import Final

import numpy as np
import numpy.typing as npt

_SHORTEST: Final = np.float32(1e-12)


def unit_rows(vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Scale rows to unit length, shape (n, n_dims); zeros stay."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, _SHORTEST), np.float32)
