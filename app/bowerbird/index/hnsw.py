"""Approximate search with hnswlib (Malkov and Yashunin 2018); the only module that imports it.

hnswlib is compiled at installation. Without it, `is_available` is False and the exact index is used.
"""

from pathlib import Path
from typing import Any, Final, Self

import numpy as np

from bowerbird.index.exact import best, weighted_cosines
from bowerbird.index.protocol import Labels, Scores, Vectors, Weighting, check_shapes

try:
    import hnswlib
except ImportError:
    hnswlib = None

N_LINKS: Final = 16
"""M: links per node."""

EF_CONSTRUCTION: Final = 200
MIN_RECALL: Final = 0.98
"""Target of recall@10 against exact search."""

_SEED: Final = 100
_WIDTHS: Final = (32, 64, 96, 128, 192, 256, 384, 512, 768, 1024)
_N_PROBES: Final = 200
_PART: Final = 2048
_N_WEIGHTED: Final = 4_000
"""Candidates that are ranked again when dimensions are weighted: what is near with weights is mostly near without."""

_EXACT_SHARE: Final = 0.05
"""Allowed sets up to this share of the index are searched exactly."""


def is_available() -> bool:
    """Return whether hnswlib is installed."""
    return hnswlib is not None


class HnswIndex:
    """A navigable graph of unit vectors; see `VectorIndex`.

    The search width `ef` is chosen by `tune` on the index's own vectors.

    Parameters
    ----------
    n_dims : int
    """

    kind = "hnsw"

    def __init__(self, n_dims: int) -> None:
        self._n_dims = n_dims
        self._graph = self._new_graph()
        self._graph.init_index(
            max_elements=1024,
            M=N_LINKS,
            ef_construction=EF_CONSTRUCTION,
            random_seed=_SEED,
            allow_replace_deleted=False,
        )
        self._alive: set[int] = set()
        self._ef = 0

    def _new_graph(self) -> Any:
        # The inner product of unit vectors is the cosine, without hnswlib normalising them again.
        return hnswlib.Index(space="ip", dim=self._n_dims)

    def __len__(self) -> int:
        return len(self._alive)

    @property
    def ef(self) -> int:
        """Search width in use; 0 before the first search."""
        return self._ef

    @property
    def share_deleted(self) -> float:
        """Share of the graph that is marked as deleted; rebuild when it gets large."""
        n_stored = int(self._graph.get_current_count())
        return 1 - len(self._alive) / n_stored if n_stored else 0.0

    def labels(self) -> Labels:
        """Return the labels of all vectors, ascending."""
        return np.sort(np.fromiter(self._alive, np.int64, len(self._alive)))

    def add(self, labels: Labels, vectors: Vectors) -> None:
        """Add vectors under new labels."""
        check_shapes(labels, vectors, self._n_dims)
        if not len(labels):  # hnswlib rejects empty arrays
            return
        needed = self._graph.get_current_count() + len(labels)
        if needed > self._graph.get_max_elements():
            self._graph.resize_index(max(needed, self._graph.get_max_elements() * 3 // 2))
        # One thread makes the graph reproducible and leaves the other cores free.
        self._graph.add_items(vectors, labels, num_threads=1)
        self._alive.update(labels.tolist())

    def remove(self, labels: Labels) -> None:
        """Mark vectors as deleted: search skips them, and the next rebuild drops them."""
        for label in labels.tolist():
            if label in self._alive:
                self._graph.mark_deleted(label)
                self._alive.discard(label)

    def search(
        self, query: Vectors, k: int, *, allowed: Labels | None = None, weighting: Weighting | None = None
    ) -> tuple[Labels, Scores]:
        """Return the k nearest labels and their cosines, best first.

        A small allowed set is searched exactly; for a large set, more neighbours are requested and filtered. With
        weights, the nearest to the weighted query are ranked again.
        """
        if not self._alive or k < 1:
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        if weighting is not None:
            weighted = weighting.applied_to(query)
            length = float(np.linalg.norm(weighted))
            n_candidates = max(_N_WEIGHTED, 20 * k)
            candidates, _ = self.search(weighted / max(length, 1e-9), n_candidates, allowed=allowed)
            return best(candidates, weighted_cosines(query, self._vectors(candidates), weighting), k)
        if allowed is None:
            if not self._ef:
                self.tune()
            return self._neighbours(query, k)
        allowed = np.fromiter(self._alive.intersection(allowed.tolist()), np.int64)
        n_requested = min(len(self), max(2 * k, k * len(self) // max(1, len(allowed)) * 2))
        if len(allowed) > _EXACT_SHARE * len(self) and n_requested < len(self) // 4:
            if not self._ef:
                self.tune()
            labels, scores = self._neighbours(query, n_requested)
            kept = np.isin(labels, allowed)
            if kept.sum() >= min(k, len(allowed)):
                return labels[kept][:k], scores[kept][:k]
        return best(allowed, self._vectors(allowed) @ query, k)

    def _neighbours(self, query: Vectors, k: int) -> tuple[Labels, Scores]:
        k = min(k, len(self))
        self._graph.set_ef(max(self._ef, k + 8))
        try:
            found, distances = self._graph.knn_query(query[None, :], k=k, num_threads=1)
        except RuntimeError:  # fewer than k were reached: the graph is small or has many deleted vectors
            labels = self.labels()
            return best(labels, self._vectors(labels) @ query, k)
        return found[0].astype(np.int64), 1 - distances[0]

    def _vectors(self, labels: Labels) -> Vectors:
        if not len(labels):
            return np.zeros((0, self._n_dims), np.float32)
        # In parts, because hnswlib holds the interpreter lock while it copies.
        parts = [self._graph.get_items(labels[start : start + _PART]) for start in range(0, len(labels), _PART)]
        return np.concatenate([np.asarray(part, np.float32) for part in parts])

    def tune(self) -> float:
        """Choose the smallest search width with enough recall.

        The queries are vectors spread evenly over the index, which find themselves as in a search by example.

        Returns
        -------
        float
            Recall@10 at the chosen width, at least `MIN_RECALL` unless the largest width does not reach it.
        """
        labels = self.labels()
        vectors = self._vectors(labels)
        probes = vectors[:: max(1, len(vectors) // _N_PROBES)][:_N_PROBES]
        k = min(10, len(labels))
        truth = [set(best(labels, vectors @ probe, k)[0].tolist()) for probe in probes]
        recall = 0.0
        for width in _WIDTHS:
            self._ef = width
            found = [set(self._neighbours(probe, k)[0].tolist()) for probe in probes]
            recall = sum(len(a & b) for a, b in zip(truth, found, strict=True)) / max(1, k * len(probes))
            if recall >= MIN_RECALL:
                break
        return recall

    def sample(self, n: int) -> Vectors:
        """Return up to n vectors."""
        labels = self.labels()
        return self._vectors(labels[:: max(1, -(-len(labels) // max(1, n)))])

    def write(self, path: Path) -> None:
        """Write the graph, including deleted vectors."""
        self._graph.save_index(str(path))

    @classmethod
    def read(cls, path: Path, n_dims: int, labels: Labels, *, ef: int = 0) -> Self:
        """Read an index written by `write`. The caller must check that the file is intact, as hnswlib does not.

        Parameters
        ----------
        path : Path
        n_dims : int
        labels : ndarray, shape (n,)
            Labels of the vectors that were not deleted.
        ef : int
            Search width; 0 to choose it at the first search.

        Raises
        ------
        RuntimeError
            When hnswlib rejects the file.
        """
        index = cls(n_dims)
        index._graph = index._new_graph()
        index._graph.load_index(str(path))
        index._alive = set(labels.tolist())
        index._ef = ef
        return index
