"""The vector index of an encoder in a library: one in the whole process, which every searching thread shares.

The catalogue is the source of truth. An index that is damaged, belongs to another encoder, or differs much is
rebuilt; an index that is only behind is updated, so that a search finds what was just recorded.

Small libraries are searched exactly, large ones by a compact index; where Faiss cannot be loaded, by an HNSW graph.
Building a graph takes minutes and no search waits for it: exact search is used until `build`, called from the indexing
job, has saved one.
"""

import logging
import os
import threading
from collections.abc import Callable
from typing import Final, TypeVar
from weakref import WeakValueDictionary

import numpy as np

from bowerbird.base.errors import CatalogueError
from bowerbird.catalogue.protocol import Reader
from bowerbird.domain.sounds import Vectors
from bowerbird.encoders.protocol import Encoder
from bowerbird.index import compact, hnsw, store
from bowerbird.index.compact import CompactIndex, DamagedIndexError
from bowerbird.index.exact import ExactIndex
from bowerbird.index.hnsw import HnswIndex
from bowerbird.index.protocol import Labels, Scores, VectorIndex, Weighting
from bowerbird.index.store import Stamp
from bowerbird.index.vector_file import VectorFile
from bowerbird.library.library import Library

logger = logging.getLogger(__name__)

HNSW_FROM: Final = 100_000
"""Number of vectors from which a graph is used where Faiss is absent; below, exact search is as fast."""

COMPACT_FROM: Final = 100_000
"""Number of vectors from which the compact index is used."""

_MAX_DELETED_SHARE: Final = 0.2
_MAX_ADDED_AT_ONCE: Final = 2_000
_PART: Final = 20_000
"""Windows that are read from the catalogue at a time."""

_UNKNOWN: Final = (-1, -1)
_N_BASELINE: Final = 4_000
_N_PROBES: Final = 50
_SAME_COSINE: Final = 0.999
"""Numbers of 16 bits change cosines by up to 0.0005."""


_T = TypeVar("_T")

_shared: WeakValueDictionary[tuple[str, str], "SharedIndex"] = WeakValueDictionary()
_shared_lock: Final = threading.Lock()


def shared_index(library: Library, encoder: Encoder) -> "SharedIndex":
    """Return the index of an encoder in a library; the same for everybody in this process while anybody keeps it."""
    key = (os.path.abspath(library.index_folder), encoder.id)  # noqa: PTH100 - drives may be gone
    with _shared_lock:
        index = _shared.get(key)
        if index is None:
            index = _shared[key] = SharedIndex(library, encoder)
        return index


def is_large(reader: Reader, encoder: Encoder) -> bool:
    """Return whether a library has so many windows that it is searched by a compact index."""
    return compact.is_available() and reader.count_windows(encoder_id=encoder.id) >= COMPACT_FROM


class SharedIndex:
    """Nearest windows of one encoder in one library, for any thread; see `shared_index`.

    Parameters
    ----------
    library : Library
    encoder : Encoder
    """

    def __init__(self, library: Library, encoder: Encoder) -> None:
        self._library = library
        self._folder = library.index_folder
        self._encoder_id, self._n_dims = encoder.id, encoder.n_dims
        self._lock = threading.RLock()
        self._index: VectorIndex | None = None
        self._ids = np.zeros(0, np.int64)
        self._content_ids = np.zeros(0, np.int64)
        self._counts = (0, 0)
        self._baseline: Vectors | None = None
        self._revision = -1
        self._loaded_stamp: Stamp | None = None
        self._is_saved = False

    def __len__(self) -> int:
        return len(self._ids)

    @property
    def revision(self) -> int:
        """The revision of the catalogue that the index is at."""
        return self._revision

    @property
    def kind(self) -> str:
        """Name of the index in use."""
        return self._index.kind if self._index is not None else "none"

    @property
    def _is_outgrown(self) -> bool:
        """Whether the library is large enough for another index than the one it is searched with."""
        return self._index is not None and not self._is_suitable(self.kind)

    def _is_suitable(self, kind: str) -> bool:
        n = len(self._ids)
        if n >= COMPACT_FROM and compact.is_available():
            return kind == CompactIndex.kind
        if n >= HNSW_FROM and hnsw.is_available():
            return kind in {HnswIndex.kind, CompactIndex.kind}
        return kind == ExactIndex.kind or n >= min(HNSW_FROM, COMPACT_FROM)

    def refresh(self, reader: Reader) -> None:
        """Bring the index up to date with the catalogue; does nothing when nobody has written since."""
        with self._lock:
            revision = reader.revision()
            if self._index is None or (self._is_outgrown and self._has_other_file()):
                self._load(reader)
            elif revision <= self._revision:  # lower: a reader that keeps to an earlier state
                return
            self._synchronise(reader)
            self._revision = revision

    def _has_other_file(self) -> bool:
        return store.read_stamp(self._encoder_id, self._folder) not in {None, self._loaded_stamp}

    # Loading

    def _load(self, reader: Reader) -> None:
        self._loaded_stamp = stamp = store.read_stamp(self._encoder_id, self._folder)
        loaded = store.load(self._encoder_id, self._n_dims, self._folder)
        if stamp is None or loaded is None:
            return
        self._counts = (stamp.n_recorded, stamp.n_windows)
        if isinstance(loaded, CompactIndex):
            ids, content_ids = loaded.labels(), loaded.owners()
        else:
            ids, content_ids = reader.window_ids(self._encoder_id)
            self._counts = _UNKNOWN
        try:
            if self._agrees(loaded, ids, content_ids, reader):
                self._index, self._ids, self._content_ids = loaded, ids, content_ids
                self._is_saved, self._baseline = True, None
        except DamagedIndexError:
            logger.warning("the index of %s is damaged and is built again", self._encoder_id)

    def _agrees(self, index: VectorIndex, ids: Labels, content_ids: Labels, reader: Reader) -> bool:
        """Compare some vectors with the catalogue's: a new catalogue, or a restored backup, reuses window ids."""
        labels = index.labels()
        probes = labels[:: -max(1, len(labels) // _N_PROBES)]  # the newest among them
        known = reader.windows_with(self._encoder_id, self._n_dims, probes)
        if not len(known.ids):
            return not len(labels)
        positions = np.searchsorted(ids, known.ids)
        return np.array_equal(content_ids[positions], known.content_ids) and all(
            index.search(vector, 1, allowed=known.ids[number : number + 1])[1][0] > _SAME_COSINE
            for number, vector in enumerate(known.vectors)
        )

    # Keeping up

    def _synchronise(self, reader: Reader) -> None:
        counts = reader.window_counts()
        if self._index is None:
            self._start_again(reader)
        elif counts != self._counts:
            self._add_and_remove(reader, counts)
        else:
            return
        self._counts = counts
        self._baseline = None

    def _add_and_remove(self, reader: Reader, counts: tuple[int, int]) -> None:
        assert self._index is not None
        known = self._index.labels()
        last = int(known[-1]) if len(known) else 0
        n_added = reader.count_windows(after=self._counts[0])
        if self._counts != _UNKNOWN and counts[1] == self._counts[1] + n_added:  # nothing was deleted
            new, new_contents = reader.window_ids(self._encoder_id, after=last)
            ids, content_ids = np.concatenate([known, new]), np.concatenate([self._content_ids, new_contents])
            gone = known[:0]
        else:
            ids, content_ids = reader.window_ids(self._encoder_id)
            gone = np.setdiff1d(known, ids, assume_unique=True)
            new = np.setdiff1d(ids, known, assume_unique=True)
        self._ids, self._content_ids = ids, content_ids
        if self.kind != ExactIndex.kind and len(ids) < min(HNSW_FROM, COMPACT_FROM):
            self._start_again(reader)
            return
        if len(gone):
            self._index.remove(gone)
            self._is_saved = False
        is_worn = isinstance(self._index, HnswIndex) and self._index.share_deleted > _MAX_DELETED_SHARE
        is_slow = self.kind == HnswIndex.kind and len(new) > _MAX_ADDED_AT_ONCE
        if is_worn or is_slow or (self.kind == CompactIndex.kind and len(new) and new[0] <= last):
            self._start_again(reader)
            return
        try:
            for start in range(0, len(new), _PART):
                self._add(reader, self._index, new[start : start + _PART])
        except OSError as error:  # the disk is full
            logger.warning("vectors cannot be written, and the index is made anew: %s", error)
            self._start_again(reader)

    def _add(self, reader: Reader, index: VectorIndex, ids: Labels) -> None:
        stored = reader.windows_with(self._encoder_id, self._n_dims, ids)
        if isinstance(index, CompactIndex):
            index.add(stored.ids, stored.vectors, stored.content_ids)
        else:
            index.add(stored.ids, stored.vectors)
        self._is_saved = False

    def _start_again(self, reader: Reader) -> None:
        """Search by a new index: a compact one of a large library, or else exactly."""
        is_large = reader.count_windows(encoder_id=self._encoder_id) >= COMPACT_FROM and compact.is_available()
        index: VectorIndex | None = None
        if is_large:
            try:
                index = self._new_compact()
                self._ids, self._content_ids = self._fill(index, reader)
            except OSError as error:
                logger.warning("vectors cannot be written, and are held in memory: %s", error)
                index = None
        if index is None:
            index = ExactIndex(self._n_dims)
            self._ids, self._content_ids = self._fill(index, reader)
        self._index = index
        self._is_saved = False

    def _new_compact(self) -> CompactIndex:
        vectors = VectorFile(self._n_dims)
        vectors.write_to(store.new_file(self._encoder_id, self._folder, suffix=".vectors"))
        return CompactIndex(self._n_dims, vectors)

    def _fill(
        self, index: VectorIndex, reader: Reader, *, is_cancelled: Callable[[], bool] = lambda: False
    ) -> tuple[Labels, Labels]:
        """Add every window of the catalogue to an index; return the ids and content ids."""
        ids, content_ids = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        n_at_once = _MAX_ADDED_AT_ONCE if isinstance(index, HnswIndex) else _PART
        while not is_cancelled():
            last = int(ids[-1][-1]) if len(ids) > 1 else 0
            stored = reader.windows(self._encoder_id, self._n_dims, after=last, limit=n_at_once)
            if not len(stored.ids):
                break
            if isinstance(index, CompactIndex):
                index.add(stored.ids, stored.vectors, stored.content_ids)
            else:
                index.add(stored.ids, stored.vectors)
            ids.append(stored.ids)
            content_ids.append(stored.content_ids)
        if isinstance(index, CompactIndex):
            index.train(is_cancelled=is_cancelled)
        elif isinstance(index, HnswIndex):
            index.tune()
        return np.concatenate(ids), np.concatenate(content_ids)

    def build(self, reader: Reader, is_cancelled: Callable[[], bool]) -> None:
        """Build the index that suits the library where it has none, or a worn one; other threads may search meanwhile.

        A graph takes some minutes for a million vectors, a compact index some seconds.
        """
        index = self._index
        if isinstance(index, CompactIndex) and index.is_outgrown and index.share_deleted <= _MAX_DELETED_SHARE:
            codes = index.trained(is_cancelled=is_cancelled)
            if codes is not None:
                with self._lock:
                    index.use(codes)
                    self._is_saved = False
            return
        is_worn = isinstance(index, CompactIndex) and index.share_deleted > _MAX_DELETED_SHARE
        if index is None or not (self._is_outgrown or is_worn):
            return
        built: CompactIndex | HnswIndex
        is_compact = len(self._ids) >= COMPACT_FROM and compact.is_available()
        built = self._new_compact() if is_compact else HnswIndex(self._n_dims)
        counts, revision = reader.window_counts(), reader.revision()
        try:
            ids, content_ids = self._fill(built, reader, is_cancelled=is_cancelled)
        except OSError as error:
            logger.warning("the index cannot be built: %s", error)
            return
        if is_cancelled():
            return
        with self._lock:
            self._index, self._ids, self._content_ids = built, ids, content_ids
            self._counts, self._revision = counts, revision
            self._baseline, self._is_saved = None, False

    def save(self) -> None:
        """Save the index if it changed; if it cannot be written, the next start takes some seconds longer.

        The exact index of a large library is not saved: it would replace the file of the index that suits it.
        """
        with self._lock:
            if self._index is None or self._is_saved or self._is_outgrown:
                return
            revision = int(self._ids[-1]) if len(self._ids) else 0
            ef = self._index.ef if isinstance(self._index, HnswIndex) else 0
            stamp = Stamp(self._encoder_id, self._n_dims, self._index.kind, revision, ef, *self._counts)
            try:
                with self._library.lock("saving"):
                    if self._has_other_file():
                        return  # another process has saved; its file is as good
                    store.save(self._index, stamp, self._folder)
                self._loaded_stamp = stamp
                self._is_saved = True
            except CatalogueError as error:  # another process is saving the same
                logger.info("the index was not saved: %s", error)
            except (OSError, RuntimeError, UnicodeError) as error:  # RuntimeError: hnswlib cannot open a path
                logger.warning("the index was not saved: %s", error)

    # Searching

    def search(
        self, query: Vectors, k: int, *, content_ids: Labels | None, weighting: Weighting | None, reader: Reader
    ) -> tuple[Labels, Labels, Scores]:
        """Return the nearest windows' ids, content ids and cosines, best first; see `Neighbours.search`."""
        with self._lock:
            return self._repaired(lambda: self._search(query, k, content_ids, weighting), reader)

    def _repaired(self, work: Callable[[], _T], reader: Reader) -> _T:
        """Return what some work on the index returns, with a new index if it is damaged."""
        try:
            return work()
        except DamagedIndexError:
            logger.warning("the index of %s is damaged and is built again", self._encoder_id)
            self._counts = reader.window_counts()
            self._start_again(reader)
            self._baseline = None
            return work()

    def _search(
        self, query: Vectors, k: int, content_ids: Labels | None, weighting: Weighting | None
    ) -> tuple[Labels, Labels, Scores]:
        if self._index is None:
            raise RuntimeError("call refresh() before search()")
        allowed = None if content_ids is None else self._ids[np.isin(self._content_ids, content_ids)]
        ids, scores = self._index.search(query, k, allowed=allowed, weighting=weighting)
        return ids, self._content_ids[np.searchsorted(self._ids, ids)], scores

    def baseline(self, reader: Reader) -> Vectors:
        """Return a sample of the library's windows, shape (n, n_dims), n <= 4,000; the same array for everybody."""
        with self._lock:
            if self._index is None:
                raise RuntimeError("call refresh() before baseline()")
            if self._baseline is None:  # contiguous: every search multiplies by it, twice where there are words
                self._baseline = np.ascontiguousarray(self._repaired(self._sample, reader))
                self._baseline.setflags(write=False)
            return self._baseline

    def _sample(self) -> Vectors:
        assert self._index is not None
        return self._index.sample(_N_BASELINE)
