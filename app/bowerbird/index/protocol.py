"""The interface of vector indexes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

Labels = npt.NDArray[np.int64]
Vectors = npt.NDArray[np.float32]
Scores = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Weighting:
    """How much parts of the dimensions count in a cosine.

    Attributes
    ----------
    parts : tuple of (int, int)
        First dimension and the one behind the last, of each part; together all dimensions.
    weights : tuple of float
        Of each part, 0 or more.
    """

    parts: tuple[tuple[int, int], ...]
    weights: tuple[float, ...]

    def applied_to(self, vector: Vectors) -> Vectors:
        """Return a vector with each dimension multiplied by its weight."""
        weighted = vector.copy()
        for (first, last), weight in zip(self.parts, self.weights, strict=True):
            weighted[first:last] *= np.float32(weight)
        return weighted


class VectorIndex(Protocol):
    """Unit vectors under integer labels, searched by cosine similarity. Not thread-safe."""

    @property
    def kind(self) -> str:
        """Name of the method: exact or hnsw."""
        ...

    def __len__(self) -> int: ...

    def labels(self) -> Labels:
        """Return the labels of all vectors, ascending, shape (n,)."""
        ...

    def add(self, labels: Labels, vectors: Vectors) -> None:
        """Add vectors under new labels, shapes (n,) and (n, n_dims)."""
        ...

    def remove(self, labels: Labels) -> None:
        """Remove vectors; unknown labels are ignored."""
        ...

    def search(
        self, query: Vectors, k: int, *, allowed: Labels | None = None, weighting: Weighting | None = None
    ) -> tuple[Labels, Scores]:
        """Return the k nearest labels and their cosines, best first.

        Parameters
        ----------
        query : ndarray, shape (n_dims,)
        k : int
        allowed : ndarray, shape (m,), or None
            Restricts the search to these labels.
        weighting : Weighting or None
            None where all dimensions count the same.
        """
        ...

    def sample(self, n: int) -> Vectors:
        """Return up to n vectors spread evenly over the index."""
        ...

    def write(self, path: Path) -> list[Path]:
        """Write the index to one or more files, and return them; their names begin as the given one."""
        ...


def check_shapes(labels: Labels, vectors: Vectors, n_dims: int) -> None:
    """Raise ValueError for arrays that do not fit an index."""
    expected: Sequence[int] = (len(labels), n_dims)
    if vectors.shape != tuple(expected):
        raise ValueError(f"vectors have shape {vectors.shape}, expected {tuple(expected)}")
