"""Approximate search with hnswlib (Malkov and Yashunin 2018); the only module that imports it.

hnswlib is compiled at installation. Without it, `is_available` is False and the exact index is used.
"""

from collections.abc import Sequence
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
_GRAPH_BYTES: Final = 2**24
_LINK_BYTES: Final = 140
"""Of a vector in a graph, beside the vector itself."""

_MIN_CAPACITY: Final = 1024
_N_WEIGHTED: Final = 4_000
"""Candidates that are ranked again when dimensions are weighted: what is near with weights is mostly near without."""

_EXACT_SHARE: Final = 0.05
"""Allowed sets up to this share of the index are searched exactly."""


def is_available() -> bool:
    """Return whether hnswlib is installed."""
    return hnswlib is not None


class HnswIndex:
    """Navigable graphs of unit vectors; see `VectorIndex`.

    There is one graph for each 16 MiB of vectors, and a search asks them all: hnswlib holds the interpreter lock while
    it reads, writes or enlarges a graph, and the window would stand still for as long. The search width `ef` is chosen
    by `tune` on the index's own vectors.

    Parameters
    ----------
    n_dims : int
    """

    kind = "hnsw"

    def __init__(self, n_dims: int) -> None:
        self._n_dims = n_dims
        self._capacity = max(_MIN_CAPACITY, _GRAPH_BYTES // (4 * n_dims + _LINK_BYTES))
        self._graphs: list[Any] = []
        self._labels = np.zeros(0, np.int64)
        self._numbers = np.zeros(0, np.int32)
        self._ef = 0

    def __len__(self) -> int:
        return len(self._labels)

    @property
    def ef(self) -> int:
        """Search width in use; 0 before the first search."""
        return self._ef

    @property
    def share_deleted(self) -> float:
        """Share of the graphs that is marked as deleted; rebuild when it gets large."""
        n_stored = sum(int(graph.get_current_count()) for graph in self._graphs)
        return 1 - len(self) / n_stored if n_stored else 0.0

    def labels(self) -> Labels:
        """Return the labels of all vectors, ascending."""
        return self._labels

    def add(self, labels: Labels, vectors: Vectors) -> None:
        """Add vectors under new labels."""
        check_shapes(labels, vectors, self._n_dims)
        start = 0
        while start < len(labels):
            graph = self._graph_with_space()
            n_stored = int(graph.get_current_count())
            part = slice(start, min(len(labels), start + self._capacity - n_stored))
            n_needed = n_stored + part.stop - start
            if n_needed > graph.get_max_elements():
                graph.resize_index(min(self._capacity, max(n_needed, graph.get_max_elements() * 3 // 2)))
            # One thread makes the graph reproducible and leaves the other cores free.
            graph.add_items(vectors[part], labels[part], num_threads=1)
            self._note(labels[part], len(self._graphs) - 1)
            start = part.stop

    def _graph_with_space(self) -> Any:
        if not self._graphs or int(self._graphs[-1].get_current_count()) >= self._capacity:
            graph = _new_graph(self._n_dims)
            graph.init_index(
                max_elements=_MIN_CAPACITY,
                M=N_LINKS,
                ef_construction=EF_CONSTRUCTION,
                random_seed=_SEED,
                allow_replace_deleted=False,
            )
            self._graphs.append(graph)
        return self._graphs[-1]

    def _note(self, labels: Labels, number: int) -> None:
        """Remember which graph has some labels."""
        joined = np.concatenate([self._labels, labels])
        order = np.argsort(joined, kind="stable")
        self._labels = joined[order]
        self._labels.setflags(write=False)
        self._numbers = np.concatenate([self._numbers, np.full(len(labels), number, np.int32)])[order]

    def remove(self, labels: Labels) -> None:
        """Mark vectors as deleted: search skips them, and the next rebuild drops them."""
        is_gone = np.isin(self._labels, labels)
        for label, number in zip(self._labels[is_gone].tolist(), self._numbers[is_gone].tolist(), strict=True):
            self._graphs[number].mark_deleted(label)
        self._labels, self._numbers = self._labels[~is_gone], self._numbers[~is_gone]
        self._labels.setflags(write=False)

    def search(
        self, query: Vectors, k: int, *, allowed: Labels | None = None, weighting: Weighting | None = None
    ) -> tuple[Labels, Scores]:
        """Return the k nearest labels and their cosines, best first.

        A small allowed set is searched exactly; for a large set, more neighbours are requested and filtered. With
        weights, the nearest to the weighted query are ranked again.
        """
        if not len(self) or k < 1:
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
        allowed = self._labels[np.isin(self._labels, allowed)]
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
        """Return the k nearest of all graphs, best first."""
        n_alive = np.bincount(self._numbers, minlength=len(self._graphs)).tolist()
        found = [self._neighbours_in(number, query, min(k, n)) for number, n in enumerate(n_alive) if n]
        return best(np.concatenate([labels for labels, _ in found]), np.concatenate([each for _, each in found]), k)

    def _neighbours_in(self, number: int, query: Vectors, k: int) -> tuple[Labels, Scores]:
        graph = self._graphs[number]
        graph.set_ef(max(self._ef, k + 8))
        try:
            found, distances = graph.knn_query(query[None, :], k=k, num_threads=1)
        except RuntimeError:  # fewer than k were reached: the graph is small or has many deleted vectors
            labels = self._labels[self._numbers == number]
            return best(labels, self._vectors(labels) @ query, k)
        return found[0].astype(np.int64), 1 - distances[0]

    def _vectors(self, labels: Labels) -> Vectors:
        """Return the vectors of labels that are there, shape (n, n_dims)."""
        vectors = np.zeros((len(labels), self._n_dims), np.float32)
        numbers = self._numbers[np.searchsorted(self._labels, labels)]
        for number, graph in enumerate(self._graphs):
            rows = np.flatnonzero(numbers == number)
            # In parts, because hnswlib holds the interpreter lock while it copies.
            for start in range(0, len(rows), _PART):
                part = rows[start : start + _PART]
                vectors[part] = graph.get_items(labels[part])
        return vectors

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
        return self._vectors(self._labels[:: max(1, -(-len(self) // max(1, n)))])

    def write(self, path: Path) -> list[Path]:
        """Write a file for each graph, including deleted vectors; their names begin as the given one."""
        paths = [path.with_name(f"{path.stem}.{number}{path.suffix}") for number in range(len(self._graphs))]
        for graph, part in zip(self._graphs, paths, strict=True):
            graph.save_index(str(part))
        return paths

    @classmethod
    def read(cls, paths: Sequence[Path], n_dims: int, labels: Labels, *, ef: int = 0) -> Self:
        """Read an index written by `write`. The caller must check that the files are intact, as hnswlib does not.

        Parameters
        ----------
        paths : sequence of Path
            Those that `write` returned.
        n_dims : int
        labels : ndarray, shape (n,)
            Labels of the vectors that were not deleted.
        ef : int
            Search width; 0 to choose it at the first search.

        Raises
        ------
        RuntimeError
            When hnswlib rejects a file.
        """
        index = cls(n_dims)
        for number, path in enumerate(paths):
            graph = _new_graph(n_dims)
            graph.load_index(str(path))
            index._graphs.append(graph)
            stored = np.array(graph.get_ids_list(), np.int64)
            index._note(stored[np.isin(stored, labels)], number)
        index._ef = ef
        return index


def _new_graph(n_dims: int) -> Any:
    # The inner product of unit vectors is the cosine, without hnswlib normalising them again.
    return hnswlib.Index(space="ip", dim=n_dims)
