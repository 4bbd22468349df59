"""Exact search by a matrix product: the reference of the tests, and the fastest method up to about 20,000 vectors."""

from pathlib import Path
from typing import Final, Self

import numpy as np

from bowerbird.index.protocol import Labels, Scores, Vectors, Weighting, check_shapes

_MIN_CAPACITY: Final = 1024
_SHORTEST: Final = np.float32(1e-9)


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
        self._energies: tuple[tuple[tuple[int, int], ...], Scores] | None = None

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
        self._energies = None

    def remove(self, labels: Labels) -> None:
        """Remove vectors."""
        kept = ~np.isin(self._labels[: self._n], labels)
        n_kept = int(kept.sum())
        self._rows[:n_kept] = self._rows[: self._n][kept]
        self._labels[:n_kept] = self._labels[: self._n][kept]
        self._n = n_kept
        self._energies = None

    def search(
        self, query: Vectors, k: int, *, allowed: Labels | None = None, weighting: Weighting | None = None
    ) -> tuple[Labels, Scores]:
        """Return the k nearest labels and their cosines, best first; equal cosines are ordered by label."""
        labels, rows = self._labels[: self._n], self._rows[: self._n]
        energies = None if weighting is None else self._energies_of(weighting)
        if allowed is not None:
            chosen = np.flatnonzero(np.isin(labels, allowed))
            labels, rows = labels[chosen], rows[chosen]
            energies = None if energies is None else energies[chosen]
        if weighting is None or energies is None:
            return best(labels, cosines(rows, query), k)
        return best(labels, _weighted_cosines(query, rows, energies, weighting), k)

    def _energies_of(self, weighting: Weighting) -> Scores:
        """Return the energy of each vector in each part; it is kept until vectors come or go."""
        if self._energies is None or self._energies[0] != weighting.parts:
            self._energies = (weighting.parts, energies_of(self._rows[: self._n], weighting))
        return self._energies[1]

    def sample(self, n: int) -> Vectors:
        """Return up to n vectors."""
        return self._rows[: self._n : max(1, -(-self._n // max(1, n)))]

    def write(self, path: Path) -> list[Path]:
        """Write labels and vectors to a file of that name."""
        with path.open("wb") as file:
            np.savez(file, labels=self._labels[: self._n], vectors=self._rows[: self._n])
        return [path]

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


def cosines(vectors: Vectors, query: Vectors) -> Scores:
    """Return the cosines of unit vectors (n, n_dims) with one, shape (n,).

    Not by `@`: for one query, the threads of a BLAS wait for each other. Beside other programs, 4,000 vectors of 256
    dimensions took 12 ms, and 0.15 ms like this.
    """
    return np.asarray(np.einsum("ij,j->i", vectors, query), np.float32)


def weighted_cosines(query: Vectors, rows: Vectors, weighting: Weighting) -> Scores:
    """Return the cosines of vectors with a query after each dimension was multiplied by the root of its weight.

    Parameters
    ----------
    query : ndarray, shape (n_dims,)
    rows : ndarray, shape (n, n_dims)
    weighting : Weighting

    Returns
    -------
    ndarray, shape (n,), float32
        0 for vectors that have nothing in the dimensions that count.
    """
    return _weighted_cosines(query, rows, energies_of(rows, weighting), weighting)


def energies_of(rows: Vectors, weighting: Weighting) -> Scores:
    """Return the sum of squares of each vector in each part of a weighting, shape (n, n_parts)."""
    parts = [np.einsum("ij,ij->i", rows[:, first:last], rows[:, first:last]) for first, last in weighting.parts]
    return np.stack(parts, axis=1)


def _weighted_cosines(query: Vectors, rows: Vectors, energies: Scores, weighting: Weighting) -> Scores:
    weights = np.array(weighting.weights, np.float32)
    lengths = np.sqrt(energies @ weights)
    lengths *= np.float32(np.sqrt(energies_of(query[None, :], weighting)[0] @ weights))
    products = cosines(rows, weighting.applied_to(query))
    return np.asarray(np.where(lengths > _SHORTEST, products / np.maximum(lengths, _SHORTEST), 0.0), np.float32)


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
