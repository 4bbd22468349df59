"""Vectors of 16-bit numbers in a file that is mapped into memory: read by every thread, and held once.

Other processes may read a saved file, so its vectors are never changed: `save` appends to it, while the library is
locked. Until then, added vectors are in a temporary file.
"""

import mmap
import tempfile
import weakref
from contextlib import suppress
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

_MAX_MAPPED_BYTES: Final = 2**29
"""Larger files are not left in memory whole: the system may map 0.5 MB around each row that is read."""

_MAX_TOUCHED: Final = 512
"""Rows of a larger file that are read before their pages are handed back."""


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
        self._release: weakref.finalize[..., VectorFile] | None = None

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
            file = path.open("w+b")
        except OSError:
            return
        self._draft = path
        self._use(file)

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
            self._use(tempfile.TemporaryFile(prefix="bowerbird-"))  # noqa: SIM115 - mapped until it is saved
        assert self._file is not None
        stored, added = self._parts
        self._file.seek(len(added.vectors) * _bytes_per_row(self._n_dims))
        self._file.write(_bytes_of(vectors))
        self._file.flush()
        self._parts = (stored, _Rows.mapped(self._file, len(added.vectors) + len(vectors), self._n_dims))

    def take(self, rows: Rows) -> Vectors:
        """Return the vectors of some rows, rounded, shape (n, n_dims), in the order given."""
        parts = self._parts
        vectors = np.empty((len(rows), self._n_dims), np.float32)
        for start in range(0, len(rows), _MAX_TOUCHED):
            some = rows[start : start + _MAX_TOUCHED]
            _copy(parts, some, vectors[start : start + _MAX_TOUCHED])
            self._n_touched += len(some)
            if self._n_touched > _MAX_TOUCHED and len(self) * _bytes_per_row(self._n_dims) > _MAX_MAPPED_BYTES:
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
        if path != self._draft or n_stored or not path.exists():  # another process may have removed a draft
            n_kept = n_stored if path == self._path else 0
            with path.open("r+b" if n_kept else "wb") as file:
                file.truncate(n_kept * _bytes_per_row(self._n_dims))
                file.seek(0, 2)
                for start in range(n_kept, n_rows, _BLOCK):
                    file.write(_bytes_of(self.part(start, min(n_rows, start + _BLOCK))))
        self._parts = (_Rows.of(path, n_rows, self._n_dims), _Rows.none(self._n_dims))
        self._path, self._draft = path, None
        if self._release is not None and self._file is not None:
            self._release.detach()
            self._file.close()
        self._file = self._release = None

    def _use(self, file: IO[bytes]) -> None:
        """Write to a file from now on, which goes with this object unless it is saved."""
        self._file = file
        self._release = weakref.finalize(self, _close, file, self._draft)


def sums_of(vectors: Vectors) -> Sums:
    """Return the sum of each vector's bits, read as whole numbers modulo 2**32: what was read is what was written."""
    sums: Sums = np.add.reduce(np.ascontiguousarray(vectors).view(np.uint32), axis=1, dtype=np.uint32)
    return sums


def _close(file: IO[bytes], draft: Path | None) -> None:
    file.close()
    if draft is not None:
        with suppress(OSError):  # Windows: while it is mapped
            draft.unlink()


def _copy(parts: "tuple[_Rows, _Rows]", rows: Rows, into: Vectors) -> None:
    """Copy rows of a saved file, and of what was added behind it."""
    stored, added = (part.vectors for part in parts)
    is_stored = rows < len(stored)
    into[is_stored] = stored[rows[is_stored]]
    into[~is_stored] = added[rows[~is_stored] - len(stored)]


def rounded(vectors: Vectors) -> Vectors:
    """Return vectors as they come back from a file. Cosines change by less than 0.0005."""
    return vectors.astype(np.float16).astype(np.float32)


def _bytes_per_row(n_dims: int) -> int:
    return 2 * n_dims


def _bytes_of(vectors: Vectors) -> memoryview:
    return np.ascontiguousarray(vectors, np.float16).data.cast("B")


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """Vectors of a mapped file.

    Attributes
    ----------
    vectors : ndarray, shape (n, n_dims), float16
    memory : mmap or None
        None where there are none.
    """

    vectors: npt.NDArray[np.float16]
    memory: mmap.mmap | None = None

    @classmethod
    def none(cls, n_dims: int) -> Self:
        return cls(np.zeros((0, n_dims), np.float16))

    @classmethod
    def of(cls, path: Path, n_rows: int, n_dims: int) -> Self:
        with path.open("rb") as file:
            return cls.mapped(file, n_rows, n_dims)

    @classmethod
    def mapped(cls, file: IO[bytes], n_rows: int, n_dims: int) -> Self:
        if not n_rows:
            return cls.none(n_dims)
        memory = mmap.mmap(file.fileno(), n_rows * _bytes_per_row(n_dims), access=mmap.ACCESS_READ)
        if hasattr(mmap, "MADV_RANDOM"):
            memory.madvise(mmap.MADV_RANDOM)
        return cls(np.frombuffer(memory, np.float16).reshape(n_rows, n_dims), memory)

    def hand_back(self) -> None:
        """Take the pages of the file out of this process; they stay in the system's cache."""
        if self.memory is not None and hasattr(mmap, "MADV_DONTNEED"):
            self.memory.madvise(mmap.MADV_DONTNEED)
