"""Exact search by a matrix product: the reference of the tests, and the fastest method up to about 20,000 vectors."""

from pathlib import Path
from typing import Final, Self

import numpy as np

from bowerbird.index.protocol import Labels, Scores, Vectors, check_shapes

_MIN_CAPACITY: Final = 1024


class ExactIndex:
    """A growing matrix of unit vectors; see `VectorIndex`.

    Parameters
    ----------
    n_dims : int
    """

    kind = "exact"

    def __init__(self, n_dims: int) -> None:
        self._n_dims = n_dims
        self._labels = np.zeros(0, np.int64)
        self._rows: Vectors = np.zeros((0, n_dims), np.float32)
        self._n = 0

    def __len__(self) -> int:
        return self._n

    def labels(self) -> Labels:
        """Return the labels of all vectors, ascending."""
        return np.sort(self._labels[: self._n])

    def add(self, labels: Labels, vectors: Vectors) -> None:
        """Add vectors under new labels."""
        check_shapes(labels, vectors, self._n_dims)
        needed = self._n + len(labels)
        if needed > len(self._rows):
            capacity = max(_MIN_CAPACITY, needed, len(self._rows) * 3 // 2)
            self._rows = np.concatenate(
                [self._rows[: self._n], np.empty((capacity - self._n, self._n_dims), np.float32)]
            )
            self._labels = np.concatenate([self._labels[: self._n], np.zeros(capacity - self._n, np.int64)])
        self._rows[self._n : needed] = vectors
        self._labels[self._n : needed] = labels
        self._n = needed

    def remove(self, labels: Labels) -> None:
        """Remove vectors."""
        kept = ~np.isin(self._labels[: self._n], labels)
        n_kept = int(kept.sum())
        self._rows[:n_kept] = self._rows[: self._n][kept]
        self._labels[:n_kept] = self._labels[: self._n][kept]
        self._n = n_kept

    def search(self, query: Vectors, k: int, *, allowed: Labels | None = None) -> tuple[Labels, Scores]:
        """Return the k nearest labels and their cosines, best first; equal cosines are ordered by label."""
        labels, rows = self._labels[: self._n], self._rows[: self._n]
        if allowed is not None:
            chosen = np.flatnonzero(np.isin(labels, allowed))
            labels, rows = labels[chosen], rows[chosen]
        return best(labels, rows @ query, k)

    def sample(self, n: int) -> Vectors:
        """Return up to n vectors."""
        return self._rows[: self._n : max(1, -(-self._n // max(1, n)))]

    def write(self, path: Path) -> None:
        """Write labels and vectors."""
        with path.open("wb") as file:
            np.savez(file, labels=self._labels[: self._n], vectors=self._rows[: self._n])

    @classmethod
    def read(cls, path: Path, n_dims: int) -> Self:
        """Read an index written by `write`.

        Raises
        ------
        ValueError, OSError, KeyError
            When the file is not a valid index.
        """
        index = cls(n_dims)
        with np.load(path, allow_pickle=False) as stored:
            index.add(stored["labels"], stored["vectors"])
        return index


def best(labels: Labels, scores: Scores, k: int) -> tuple[Labels, Scores]:
    """Return the k best labels and scores, best first; equal scores are ordered by label."""
    k = min(k, len(labels))
    if k < 1:
        return np.zeros(0, np.int64), np.zeros(0, np.float32)
    if k < len(labels):
        threshold = np.partition(scores, len(scores) - k)[len(scores) - k]
        chosen = np.flatnonzero(scores >= threshold)
        labels, scores = labels[chosen], scores[chosen]
    order = np.lexsort((labels, -scores))[:k]
    return labels[order], scores[order]
