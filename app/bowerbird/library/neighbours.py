"""The vector index of a library's encoder: loaded, kept up to date with the catalogue, saved.

The catalogue is the truth. An index that is damaged, of another encoder, or far from it is made anew; one that
is only behind is brought up to date, so that a search finds what was recorded a moment ago.
"""

import logging
from pathlib import Path
from typing import Final

import numpy as np

from bowerbird.catalogue.reader import CatalogueReader
from bowerbird.domain.sounds import Vectors
from bowerbird.encoder.protocol import Encoder
from bowerbird.index import hnsw, store
from bowerbird.index.exact import ExactIndex
from bowerbird.index.hnsw import HnswIndex
from bowerbird.index.protocol import Labels, Scores, VectorIndex
from bowerbird.index.store import Stamp

logger = logging.getLogger(__name__)

HNSW_FROM: Final = 20_000
"""Vectors from which on the graph is used; below, exact search is as fast."""

_MAX_DELETED_SHARE: Final = 0.2
_N_REFERENCE: Final = 4_000


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
        self._version = -1
        self._is_saved = False

    def __len__(self) -> int:
        return len(self._ids)

    @property
    def kind(self) -> str:
        """Name of the index in use."""
        return self._index.kind if self._index is not None else "none"

    def refresh(self) -> None:
        """Bring the index up to date with the catalogue: nothing to do when nobody wrote since."""
        version = self._reader.data_version()
        if self._index is not None and version == self._version:
            return
        if self._index is None:
            loaded = store.load(self._encoder.id, self._encoder.n_dims, self._folder)
            self._index = loaded[0] if loaded else None
            self._is_saved = loaded is not None
        self._synchronise()
        self._version = version

    def _synchronise(self) -> None:
        n_stored = self._reader.count_windows(self._encoder.id)
        wants_graph = n_stored >= HNSW_FROM and hnsw.is_available()
        kind = HnswIndex.kind if wants_graph else ExactIndex.kind
        index = self._index
        if index is None or index.kind != kind:
            self._rebuild(wants_graph=wants_graph)
            return
        ids, content_ids = self._reader.window_ids(self._encoder.id)
        known = index.labels()
        gone = np.setdiff1d(known, ids, assume_unique=True)
        new = np.setdiff1d(ids, known, assume_unique=True)
        self._ids, self._content_ids = ids, content_ids
        if not len(gone) and not len(new):
            return
        index.remove(gone)
        if isinstance(index, HnswIndex) and index.share_deleted > _MAX_DELETED_SHARE:
            self._rebuild(wants_graph=wants_graph)
            return
        if len(new):
            index.add(new, self._reader.vectors_of(new, self._encoder.n_dims))
        self._is_saved = False

    def _rebuild(self, *, wants_graph: bool) -> None:
        stored = self._reader.windows(self._encoder.id, self._encoder.n_dims)
        index: VectorIndex = HnswIndex(self._encoder.n_dims) if wants_graph else ExactIndex(self._encoder.n_dims)
        index.add(stored.ids, stored.vectors)
        self._index, self._ids, self._content_ids = index, stored.ids, stored.content_ids
        self._is_saved = False

    def save(self) -> None:
        """Save the index if it changed; a disk that refuses costs the next start some seconds, no more."""
        if self._index is None or self._is_saved:
            return
        revision = int(self._ids[-1]) if len(self._ids) else 0
        stamp = Stamp(self._encoder.id, self._encoder.n_dims, self._index.kind, revision)
        try:
            store.save(self._index, stamp, self._folder)
            self._is_saved = True
        except OSError as error:
            logger.warning("the index was not saved: %s", error)

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
        return self._index.sample(_N_REFERENCE)
