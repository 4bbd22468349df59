"""The vector index of a library's encoder: loaded, kept up to date with the catalogue, saved.

The catalogue is the truth. An index that is damaged, of another encoder, or far from it is made anew; one that
is only behind is brought up to date, so that a search finds what was recorded a moment ago.

Large libraries have a graph. Building one takes a minute, so nobody who searches waits for it: exact search serves
until `build_graph`, called where there is time, has saved it.
"""

import logging
from pathlib import Path
from typing import Final

import numpy as np

from bowerbird.base.errors import CatalogueError
from bowerbird.catalogue.sqlite.connection import LibraryLock
from bowerbird.catalogue.sqlite.reader import CatalogueReader
from bowerbird.domain.sounds import Vectors
from bowerbird.encoders.protocol import Encoder
from bowerbird.index import hnsw, store
from bowerbird.index.exact import ExactIndex
from bowerbird.index.hnsw import HnswIndex
from bowerbird.index.protocol import Labels, Scores, VectorIndex
from bowerbird.index.store import Stamp
from bowerbird.jobs.control import Control

logger = logging.getLogger(__name__)

HNSW_FROM: Final = 100_000
"""Vectors from which on the graph is used; below, exact search is as fast."""

_MAX_DELETED_SHARE: Final = 0.2
_MAX_ADDED_AT_ONCE: Final = 2_000
_N_REFERENCE: Final = 4_000
_N_PROBES: Final = 50
_SAME_COSINE: Final = 0.9999


class Neighbours:
    """Nearest windows of one encoder in one library. For one thread, that of its reader.

    Parameters
    ----------
    library : Path
    reader : CatalogueReader
    encoder : Encoder
    """

    def __init__(self, library: Path, reader: CatalogueReader, encoder: Encoder) -> None:
        self._folder = library / "index"
        self._reader = reader
        self._encoder = encoder
        self._index: VectorIndex | None = None
        self._ids = np.zeros(0, np.int64)
        self._content_ids = np.zeros(0, np.int64)
        self._usual: Vectors | None = None
        self._version = -1
        self._loaded_stamp: Stamp | None = None
        self._is_saved = False

    def __len__(self) -> int:
        return len(self._ids)

    @property
    def kind(self) -> str:
        """Name of the index in use."""
        return self._index.kind if self._index is not None else "none"

    @property
    def wants_graph(self) -> bool:
        """Whether the library is large enough for a graph and is searched without one."""
        return self.kind == ExactIndex.kind and len(self._ids) >= HNSW_FROM and hnsw.is_available()

    def refresh(self) -> None:
        """Bring the index up to date with the catalogue: nothing to do when nobody wrote since."""
        version = self._reader.data_version()
        if self._index is None or (self.wants_graph and self._has_other_file()):
            self._load()
        elif version == self._version:
            return
        self._synchronise()
        self._usual = None
        self._version = version

    def _has_other_file(self) -> bool:
        return store.read_stamp(self._encoder.id, self._folder) not in {None, self._loaded_stamp}

    def _load(self) -> None:
        self._loaded_stamp = store.read_stamp(self._encoder.id, self._folder)
        loaded = store.load(self._encoder.id, self._encoder.n_dims, self._folder)
        if loaded is not None and self._agrees(loaded):
            self._index = loaded
            self._is_saved = True

    def _agrees(self, index: VectorIndex) -> bool:
        """Compare some vectors with the catalogue's: one begun anew, or put back from a backup, reuses window ids."""
        shared = np.intersect1d(index.labels(), self._reader.window_ids(self._encoder.id)[0], assume_unique=True)
        probes = shared[:: -max(1, len(shared) // _N_PROBES)]  # the newest among them
        vectors = self._reader.vectors_of(probes, self._encoder.n_dims)
        return all(
            index.search(vector, 1, allowed=probes[place : place + 1])[1][0] > _SAME_COSINE
            for place, vector in enumerate(vectors)
        )

    def _synchronise(self) -> None:
        self._ids, self._content_ids = self._reader.window_ids(self._encoder.id)
        is_large = len(self._ids) >= HNSW_FROM
        if self._index is None or (self.kind == HnswIndex.kind and not is_large):
            self._serve_exactly()
            return
        known = self._index.labels()
        gone = np.setdiff1d(known, self._ids, assume_unique=True)
        new = np.setdiff1d(self._ids, known, assume_unique=True)
        if not len(gone) and not len(new):
            return
        self._index.remove(gone)
        is_worn = isinstance(self._index, HnswIndex) and self._index.share_deleted > _MAX_DELETED_SHARE
        if is_worn or len(new) > _MAX_ADDED_AT_ONCE:
            self._serve_exactly()
            return
        self._index.add(new, self._reader.vectors_of(new, self._encoder.n_dims))
        self._is_saved = False

    def _serve_exactly(self) -> None:
        stored = self._reader.windows(self._encoder.id, self._encoder.n_dims)
        self._index = ExactIndex(self._encoder.n_dims)
        self._index.add(stored.ids, stored.vectors)
        self._ids, self._content_ids = stored.ids, stored.content_ids
        self._is_saved = False

    def build_graph(self, control: Control) -> None:
        """Build the graph, where one is wanted, and search by it from now on; takes some minutes a million vectors."""
        if not self.wants_graph:
            return
        graph = HnswIndex(self._encoder.n_dims)
        stored = self._reader.windows(self._encoder.id, self._encoder.n_dims)
        for start in range(0, len(stored.ids), _MAX_ADDED_AT_ONCE):
            if control.is_cancelled:
                return
            part = slice(start, start + _MAX_ADDED_AT_ONCE)
            graph.add(stored.ids[part], stored.vectors[part])
        graph.tune()
        self._index, self._ids, self._content_ids = graph, stored.ids, stored.content_ids
        self._is_saved = False

    def save(self) -> None:
        """Save the index if it changed; a disk that refuses costs the next start some seconds, no more.

        Exact search over a library that is to have a graph is not saved: it would stand in the graph's place.
        """
        if self._index is None or self._is_saved or self.wants_graph:
            return
        revision = int(self._ids[-1]) if len(self._ids) else 0
        ef = self._index.ef if isinstance(self._index, HnswIndex) else 0
        stamp = Stamp(self._encoder.id, self._encoder.n_dims, self._index.kind, revision, ef)
        try:
            lock = LibraryLock(self._folder.parent, "saving")
        except CatalogueError as error:  # somebody else saves the same just now
            logger.info("the index was not saved: %s", error)
            return
        try:
            store.save(self._index, stamp, self._folder)
            self._loaded_stamp = stamp
            self._is_saved = True
        except (OSError, RuntimeError, UnicodeError) as error:  # hnswlib's own words for a path it cannot open
            logger.warning("the index was not saved: %s", error)
        finally:
            lock.release()

    def search(self, query: Vectors, k: int, *, content_ids: Labels | None = None) -> tuple[Labels, Labels, Scores]:
        """Return the nearest windows' ids, content ids and cosines, best first.

        Parameters
        ----------
        query : ndarray, shape (n_dims,)
        k : int
        content_ids : ndarray, shape (m,), or None
            Search among the windows of these contents alone.
        """
        if self._index is None:
            raise RuntimeError("refresh() comes before search()")
        allowed = None if content_ids is None else self._ids[np.isin(self._content_ids, content_ids)]
        ids, scores = self._index.search(query, k, allowed=allowed)
        return ids, self._content_ids[np.searchsorted(self._ids, ids)], scores

    def usual(self) -> Vectors:
        """Return windows from all over the library, shape (n, n_dims), n <= 4,000."""
        if self._index is None:
            raise RuntimeError("refresh() comes before usual()")
        if self._usual is None:  # kept in one piece: every search multiplies by it, twice where there are words
            self._usual = np.ascontiguousarray(self._index.sample(_N_REFERENCE))
        return self._usual


def update_index(library: Path, encoder: Encoder, control: Control) -> None:
    """Bring a library's saved index up to date, building its graph where one is wanted.

    Raises
    ------
    CatalogueError
        When there is no library.
    """
    with CatalogueReader(library) as reader:
        neighbours = Neighbours(library, reader, encoder)
        neighbours.refresh()
        neighbours.build_graph(control)
        if not control.is_cancelled:
            neighbours.save()
