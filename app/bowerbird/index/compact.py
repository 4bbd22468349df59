"""Search through codes of two bits a dimension, with Faiss (Douze et al. 2024); the only module that imports it.

A code stands for two dimensions: the nearest of 16 points that were learned (product quantisation, Jégou, Douze and
Schmid 2011), looked up 64 at a time (André, Kermarrec and Le Scouarnec 2017). A search goes through the codes of all
vectors, so that it always finds as many as there are, and computes the cosines of the best with the vectors themselves,
which stay in a file. Faiss does not hold Python's interpreter lock.
"""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from bowerbird.index.exact import best, cosines, weighted_cosines
from bowerbird.index.protocol import Labels, Scores, Vectors, Weighting, check_shapes
from bowerbird.index.vector_file import Sums, VectorFile, rounded, sums_of

_MIN_TRAINED: Final = 1_000
"""Vectors from which points are learned; fewer are searched one by one."""

_N_TRAINED: Final = 10_000
_BITS: Final = 4
_SEED: Final = 1
_OUTGROWN: Final = 4
"""Growth after which the points are learned again."""

_N_CANDIDATES: Final = 512
_CANDIDATES_PER_RESULT: Final = 4
"""Of each result that is asked for, so many vectors are compared; recall@10 is then over 0.99."""

_N_WEIGHTED: Final = 4_000
"""Candidates that are ranked again when dimensions are weighted."""

_N_EXACT: Final = 2_000
"""Up to so many allowed vectors are compared themselves."""

_PART: Final = 4_096


class DamagedIndexError(ValueError):
    """A vector that was read is not the one that was written."""


@functools.cache
def is_available() -> bool:
    """Return whether Faiss is installed and can be loaded."""
    try:
        import faiss  # noqa: F401, PLC0415 - it takes 0.1 s, and only large libraries need it
    except ImportError:
        return False
    return True


class CompactIndex:
    """Codes in memory and unit vectors in a file; see `VectorIndex`.

    Parameters
    ----------
    n_dims : int
    vectors : VectorFile or None
        Where vectors are written; None for a temporary file.
    """

    kind = "compact"

    def __init__(self, n_dims: int, vectors: VectorFile | None = None) -> None:
        self._n_dims = n_dims
        self._vectors = VectorFile(n_dims) if vectors is None else vectors
        self._labels = np.zeros(0, np.int64)
        self._owners = np.zeros(0, np.int64)
        self._sums: Sums = np.zeros(0, np.uint32)
        self._is_alive = np.zeros(0, np.bool_)
        self._n_alive = 0
        self._codes: Any = None
        self._n_trained_of = 0

    def __len__(self) -> int:
        return self._n_alive

    @property
    def vectors_path(self) -> Path | None:
        """The file of the vectors; None while it is a temporary one."""
        return self._vectors.path

    @property
    def n_rows(self) -> int:
        """Number of vectors in the file, deleted ones included."""
        return len(self._labels)

    @property
    def share_deleted(self) -> float:
        """Share of the file that is marked as deleted; rebuild when it gets large."""
        return 1 - self._n_alive / len(self._labels) if len(self._labels) else 0.0

    @property
    def is_outgrown(self) -> bool:
        """Whether the index has grown so much that its points should be learned again."""
        return self._n_alive >= _MIN_TRAINED and self._n_alive > _OUTGROWN * self._n_trained_of

    def labels(self) -> Labels:
        """Return the labels of all vectors, ascending."""
        return self._labels if self._n_alive == len(self._labels) else self._labels[self._is_alive]

    def owners(self) -> Labels:
        """Return what was passed to `add` with each vector, in the order of `labels`, shape (n,)."""
        return self._owners if self._n_alive == len(self._labels) else self._owners[self._is_alive]

    def add(self, labels: Labels, vectors: Vectors, owners: Labels | None = None) -> None:
        """Add vectors under new labels.

        Parameters
        ----------
        labels : ndarray, shape (n,)
            Higher than all before: those of the catalogue are.
        vectors : ndarray, shape (n, n_dims)
        owners : ndarray, shape (n,), or None
            A number that is kept with each.

        Raises
        ------
        ValueError
            When the labels do not ascend.
        OSError
            When the disk is full.
        """
        check_shapes(labels, vectors, self._n_dims)
        vectors = rounded(vectors)
        if (np.diff(np.concatenate([self._labels[-1:], labels])) <= 0).any():
            raise ValueError("labels must ascend")
        self._vectors.append(vectors)
        if self._codes is not None:
            _add(self._codes, vectors)
        self._labels = _locked(np.concatenate([self._labels, labels]))
        self._owners = _locked(np.concatenate([self._owners, np.zeros(len(labels)) if owners is None else owners]))
        self._sums = np.concatenate([self._sums, sums_of(vectors)])
        self._is_alive = np.concatenate([self._is_alive, np.ones(len(labels), np.bool_)])
        self._n_alive += len(labels)

    def remove(self, labels: Labels) -> None:
        """Mark vectors as deleted: search skips them, and the next rebuild drops them."""
        self._is_alive[self._rows_of(labels)] = False
        self._n_alive = int(self._is_alive.sum())

    def _rows_of(self, labels: Labels) -> npt.NDArray[np.int64]:
        """Return where labels stand that are there and not deleted."""
        if not len(self._labels):
            return np.zeros(0, np.int64)
        rows = np.searchsorted(self._labels, labels).clip(max=len(self._labels) - 1)
        return np.asarray(rows[(self._labels[rows] == labels) & self._is_alive[rows]], np.int64)

    def search(
        self, query: Vectors, k: int, *, allowed: Labels | None = None, weighting: Weighting | None = None
    ) -> tuple[Labels, Scores]:
        """Return the k nearest labels and their cosines, best first; always k where there are as many.

        Raises
        ------
        DamagedIndexError
            When the file of the vectors was damaged.
        """
        rows = None if allowed is None else self._rows_of(allowed)
        k = min(k, self._n_alive if rows is None else len(rows))
        if k < 1:
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        direction, n_candidates = query, max(_N_CANDIDATES, _CANDIDATES_PER_RESULT * k)
        if weighting is not None:
            direction = weighting.applied_to(query)
            n_candidates = max(_N_WEIGHTED, 20 * k)
        candidates = self._candidates(direction, n_candidates, rows)
        labels, scores = [np.zeros(0, np.int64)], [np.zeros(0, np.float32)]
        for start in range(0, len(candidates), _PART):
            part = candidates[start : start + _PART]
            vectors = self._checked(part)
            part_scores = cosines(vectors, query) if weighting is None else weighted_cosines(query, vectors, weighting)
            some_labels, some_scores = best(self._labels[part], part_scores, k)
            labels.append(some_labels)
            scores.append(some_scores)
        return best(np.concatenate(labels), np.concatenate(scores), k)

    def _candidates(self, query: Vectors, n: int, rows: npt.NDArray[np.int64] | None) -> npt.NDArray[np.int64]:
        """Return the rows of about the n nearest vectors, all of them where there are not many."""
        n_allowed = self._n_alive if rows is None else len(rows)
        if self._codes is None and n_allowed > _N_EXACT:
            self.train()
        if self._codes is None or n_allowed <= max(_N_EXACT, n):
            return np.flatnonzero(self._is_alive) if rows is None else rows
        faiss = _faiss()
        parameters = faiss.SearchParametersIVF(nprobe=1)
        if n_allowed < len(self._labels):
            chosen = self._is_alive
            if rows is not None:
                chosen = np.zeros(len(self._labels), np.bool_)
                chosen[rows] = True
            selector = faiss.IDSelectorBitmap(np.packbits(chosen, bitorder="little"))
            parameters = faiss.SearchParametersIVF(nprobe=1, sel=selector)
        found = self._codes.search(_padded(query[None, :]), n, params=parameters)[1][0]
        found = np.asarray(found[found >= 0], np.int64)
        if len(found) < n:  # codes that are all the same are not found
            return np.flatnonzero(self._is_alive) if rows is None else rows
        return found

    def _checked(self, rows: npt.NDArray[np.int64]) -> Vectors:
        vectors = self._vectors.take(rows)
        if not np.array_equal(sums_of(vectors), self._sums[rows]):
            raise DamagedIndexError("the file of the vectors is damaged")
        return vectors

    def train(self, *, is_cancelled: Callable[[], bool] = lambda: False) -> None:
        """Learn the points of the codes, and encode all vectors; safe while other threads search.

        The same vectors give the same codes, whatever the number of threads.
        """
        codes = self.trained(is_cancelled=is_cancelled)
        if codes is not None:
            self.use(codes)

    def trained(self, *, is_cancelled: Callable[[], bool] = lambda: False) -> Any:
        """Return new codes of all vectors for `use`; None where there are too few, or it was cancelled.

        Nothing of the index changes, and other threads may search it and add to it.
        """
        n = len(self._labels)
        if n < _MIN_TRAINED:
            return None
        codes = _new_codes(self._n_dims)
        codes.train(_padded(self._vectors.take(np.linspace(0, n - 1, min(n, _N_TRAINED)).astype(np.int64))))
        for start in range(0, n, _PART):
            if is_cancelled():
                return None
            _add(codes, self._vectors.part(start, min(n, start + _PART)))
        return codes

    def use(self, codes: Any) -> None:
        """Search by codes that `trained` has returned, and by those of the vectors that were added since."""
        n = len(self._labels)
        for start in range(int(codes.ntotal), n, _PART):
            _add(codes, self._vectors.part(start, min(n, start + _PART)))
        self._codes, self._n_trained_of = codes, n

    def sample(self, n: int) -> Vectors:
        """Return up to n vectors."""
        rows = np.flatnonzero(self._is_alive)
        return self._checked(rows[:: max(1, -(-len(rows) // max(1, n)))])

    def write(self, path: Path) -> list[Path]:
        """Write the codes to `path`, and labels, owners and checksums to `path` with the suffix .rows.npz.

        New vectors are appended to their own file; an index without a file writes them to `path` with .vectors.

        Returns
        -------
        list of Path
            The files of the codes and of the rows.
        """
        self._vectors.save(self._vectors.path or path.with_suffix(".vectors"))
        rows_path = path.with_suffix(".rows.npz")
        with rows_path.open("wb") as file:
            np.savez(
                file,
                labels=self._labels,
                owners=self._owners,
                sums=self._sums,
                is_alive=self._is_alive,
                n_trained_of=np.array(self._n_trained_of),
            )
        with path.open("wb") as file:
            if self._codes is not None:
                faiss = _faiss()
                faiss.write_index(self._codes, faiss.PyCallbackIOWriter(file.write))
        return [path, rows_path]

    @classmethod
    def read(cls, path: Path, rows_path: Path, vectors_path: Path, n_dims: int) -> Self:
        """Read an index written by `write`. The caller must check that all files but the vectors' are intact.

        Raises
        ------
        ValueError, OSError, KeyError, RuntimeError
            When the files are not a valid index.
        """
        with np.load(rows_path, allow_pickle=False) as stored:
            labels, owners, sums, is_alive = (stored[name] for name in ("labels", "owners", "sums", "is_alive"))
            n_trained_of = int(stored["n_trained_of"])
        index = cls(n_dims, VectorFile(n_dims, vectors_path, len(labels)))
        index._labels, index._owners, index._sums, index._is_alive = _locked(labels), _locked(owners), sums, is_alive
        index._n_alive, index._n_trained_of = int(is_alive.sum()), n_trained_of
        if path.stat().st_size:
            index._codes = _read_codes(path)
            if index._codes.ntotal != len(labels):
                raise ValueError("the codes are of other vectors")
        return index


def _faiss() -> Any:
    """Return Faiss, set to one thread in this one: the other cores stay free, and results do not depend on them."""
    import faiss  # noqa: PLC0415 - as above

    faiss.omp_set_num_threads(1)
    return faiss


def _new_codes(n_dims: int) -> Any:
    """Return an index of one cell, which takes a set of allowed vectors, unlike the index without cells."""
    faiss = _faiss()
    n_even = n_dims + n_dims % 2
    codes = faiss.IndexIVFPQFastScan(
        faiss.IndexFlatIP(n_even), n_even, 1, n_even // 2, _BITS, faiss.METRIC_INNER_PRODUCT
    )
    codes.by_residual = False
    codes.cp.seed = codes.pq.cp.seed = _SEED
    return codes


def _add(codes: Any, vectors: Vectors) -> None:
    _faiss()
    for start in range(0, len(vectors), _PART):
        codes.add(_padded(vectors[start : start + _PART]))


def _read_codes(path: Path) -> Any:
    faiss = _faiss()
    with path.open("rb") as file:  # by Python: Faiss cannot open every name
        return faiss.read_index(faiss.PyCallbackIOReader(file.read))


def _padded(vectors: Vectors) -> Vectors:
    """Return vectors with an even number of dimensions."""
    if vectors.shape[1] % 2:
        vectors = np.pad(vectors, ((0, 0), (0, 1)))
    return np.ascontiguousarray(vectors, np.float32)


def _locked(values: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    values = values.astype(np.int64, copy=False)
    values.setflags(write=False)
    return values
