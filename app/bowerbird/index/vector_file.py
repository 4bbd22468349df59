"""Vectors in a file that is mapped into memory: read by every thread, held once, and no larger in memory than its use.

A file that other processes may read is never changed, only appended to by whoever holds the library's lock. Vectors
that are added before are written to a temporary file.
"""

import mmap
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, Self

import numpy as np
import numpy.typing as npt

from bowerbird.index.protocol import Vectors

Rows = npt.NDArray[np.int64]
Sums = npt.NDArray[np.uint32]

_BLOCK: Final = 4096
"""Rows that are copied at a time."""

_MAX_TOUCHED: Final = 2000
"""Rows that may be read before their pages are handed back: the system maps 16 pages around each, 64 KiB."""


class VectorFile:
    """A growing list of vectors. Reading is safe in any thread; only one may add.

    Parameters
    ----------
    n_dims : int
    path : Path or None
        A file with vectors; None to begin with none.
    n_rows : int
        How many vectors of the file count; what is behind them is ignored.

    Raises
    ------
    ValueError, OSError
        When the file is shorter or cannot be read.
    """

    def __init__(self, n_dims: int, path: Path | None = None, n_rows: int = 0) -> None:
        self._n_dims = n_dims
        self._path = path
        stored = _Rows.of(path, n_rows, n_dims) if path is not None else _Rows.none(n_dims)
        self._parts = (stored, _Rows.none(n_dims))  # the saved file, and what was added since; replaced together
        self._file: IO[bytes] | None = None
        self._draft: Path | None = None
        self._n_touched = 0

    @property
    def path(self) -> Path | None:
        """The file that the vectors are in or are being written to; None for a temporary one."""
        return self._path or self._draft

    def __len__(self) -> int:
        return sum(len(part.vectors) for part in self._parts)

    def write_to(self, path: Path) -> None:
        """Write what is added from now on to a new file, so that saving to it does not copy.

        Where it cannot be created, a temporary file is used.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file, self._draft = path.open("w+b"), path
        except OSError:
            self._file = self._draft = None

    def append(self, vectors: Vectors) -> None:
        """Add vectors, shape (n, n_dims), behind the others.

        Raises
        ------
        OSError
            When the disk is full.
        """
        if not len(vectors):
            return
        if self._file is None:
            self._file = tempfile.TemporaryFile(prefix="bowerbird-")  # noqa: SIM115 - mapped until it is saved
        stored, added = self._parts
        self._file.seek(len(added.vectors) * 4 * self._n_dims)
        self._file.write(_bytes_of(vectors))
        self._file.flush()
        self._parts = (stored, _Rows.mapped(self._file, len(added.vectors) + len(vectors), self._n_dims))

    def take(self, rows: Rows) -> Vectors:
        """Return the vectors of some rows, shape (n, n_dims), in the order given."""
        parts = self._parts
        stored, added = (part.vectors for part in parts)
        vectors = np.empty((len(rows), self._n_dims), np.float32)
        # `clip` lets NumPy write into `out` without a further copy; every row is in range.
        if len(added):
            is_stored = rows < len(stored)
            vectors[is_stored] = np.take(stored, rows[is_stored], axis=0, mode="clip") if len(stored) else 0
            vectors[~is_stored] = np.take(added, rows[~is_stored] - len(stored), axis=0, mode="clip")
        elif len(rows):
            np.take(stored, rows, axis=0, out=vectors, mode="clip")
        self._n_touched += len(rows)
        if self._n_touched > _MAX_TOUCHED:
            self._n_touched = 0
            for each in parts:
                each.hand_back()
        return vectors

    def part(self, start: int, stop: int) -> Vectors:
        """Return consecutive vectors, shape (stop - start, n_dims)."""
        return self.take(np.arange(start, stop))

    def save(self, path: Path) -> None:
        """Write the vectors to a file: behind those that are in it already where it is the file they came from.

        Raises
        ------
        OSError
            When it cannot be written; everything can still be read.
        """
        n_rows, n_stored = len(self), len(self._parts[0].vectors)
        if path != self._draft or n_stored:
            n_kept = n_stored if path == self._path else 0
            with path.open("r+b" if n_kept else "wb") as file:
                file.truncate(n_kept * 4 * self._n_dims)
                file.seek(0, 2)
                for start in range(n_kept, n_rows, _BLOCK):
                    file.write(_bytes_of(self.part(start, min(n_rows, start + _BLOCK))))
        self._parts = (_Rows.of(path, n_rows, self._n_dims), _Rows.none(self._n_dims))
        self._path, self._draft = path, None
        if self._file is not None:
            self._file.close()
            self._file = None


def sums_of(vectors: Vectors) -> Sums:
    """Return the sum of each vector's bits, read as whole numbers modulo 2**32: what was read is what was written."""
    sums: Sums = np.add.reduce(np.ascontiguousarray(vectors).view(np.uint32), axis=1, dtype=np.uint32)
    return sums


def _bytes_of(vectors: Vectors) -> memoryview:
    return np.ascontiguousarray(vectors, np.float32).data.cast("B")


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """Vectors of a mapped file.

    Attributes
    ----------
    vectors : ndarray, shape (n, n_dims), float32
    memory : mmap or None
        None where there are none.
    """

    vectors: Vectors
    memory: mmap.mmap | None = None

    @classmethod
    def none(cls, n_dims: int) -> Self:
        return cls(np.zeros((0, n_dims), np.float32))

    @classmethod
    def of(cls, path: Path, n_rows: int, n_dims: int) -> Self:
        with path.open("rb") as file:
            return cls.mapped(file, n_rows, n_dims)

    @classmethod
    def mapped(cls, file: IO[bytes], n_rows: int, n_dims: int) -> Self:
        if not n_rows:
            return cls.none(n_dims)
        memory = mmap.mmap(file.fileno(), n_rows * n_dims * 4, access=mmap.ACCESS_READ)
        if hasattr(mmap, "MADV_RANDOM"):
            memory.madvise(mmap.MADV_RANDOM)
        return cls(np.frombuffer(memory, np.float32).reshape(n_rows, n_dims), memory)

    def hand_back(self) -> None:
        """Take the pages of the file out of this process; they stay in the system's cache."""
        if self.memory is not None and hasattr(mmap, "MADV_DONTNEED"):
            self.memory.madvise(mmap.MADV_DONTNEED)
