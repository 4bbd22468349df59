"""The vector index of a library's encoder: loaded, kept up to date with the catalogue, saved.

The catalogue is the source of truth. An index that is damaged, belongs to another encoder, or differs much is
rebuilt; an index that is only behind is updated, so that a search finds what was just recorded.

Large libraries have an HNSW graph. Building one takes a minute and no search waits for it: exact search is used until
`build_graph`, called from the indexing job, has saved one.
"""

import logging
from typing import Final

import numpy as np

from bowerbird.base.errors import CatalogueError
from bowerbird.catalogue.protocol import Reader
from bowerbird.domain.sounds import Vectors
from bowerbird.encoders.protocol import Encoder
from bowerbird.index import hnsw, store
from bowerbird.index.exact import ExactIndex
from bowerbird.index.hnsw import HnswIndex
from bowerbird.index.protocol import Labels, Scores, VectorIndex, Weighting
from bowerbird.index.store import Stamp
from bowerbird.jobs.control import Control
from bowerbird.library.library import Library
from bowerbird.library.search.learned_words import update_learned_words

logger = logging.getLogger(__name__)

HNSW_FROM: Final = 100_000
"""Number of vectors from which the graph is used; below, exact search is as fast."""

_MAX_DELETED_SHARE: Final = 0.2
_MAX_ADDED_AT_ONCE: Final = 2_000
_N_BASELINE: Final = 4_000
_N_PROBES: Final = 50
_SAME_COSINE: Final = 0.9999


class Neighbours:
    """Nearest windows of one encoder in one library. For the thread of its reader.

    Parameters
    ----------
    library : Library
    reader : Reader
    encoder : Encoder
    """

    def __init__(self, library: Library, reader: Reader, encoder: Encoder) -> None:
        self._library = library
        self._folder = library.index_folder
        self._reader = reader
        self._encoder = encoder
        self._index: VectorIndex | None = None
        self._ids = np.zeros(0, np.int64)
        self._content_ids = np.zeros(0, np.int64)
        self._baseline: Vectors | None = None
        self._revision: int | None = None
        self._loaded_stamp: Stamp | None = None
        self._is_saved = False

    def __len__(self) -> int:
        return len(self._ids)

    @property
    def kind(self) -> str:
        """Name of the index in use."""
        return self._index.kind if self._index is not None else "none"

    @property
    def lacks_graph(self) -> bool:
        """Whether the library is large enough for a graph and is searched without one."""
        return self.kind == ExactIndex.kind and len(self._ids) >= HNSW_FROM and hnsw.is_available()

    def refresh(self) -> None:
        """Bring the index up to date with the catalogue; does nothing when nobody has written since."""
        revision = self._reader.revision()
        if self._index is None or (self.lacks_graph and self._has_other_file()):
            self._load()
        elif revision == self._revision:
            return
        self._synchronise()
        self._baseline = None
        self._revision = revision

    def _has_other_file(self) -> bool:
        return store.read_stamp(self._encoder.id, self._folder) not in {None, self._loaded_stamp}

    def _load(self) -> None:
        self._loaded_stamp = store.read_stamp(self._encoder.id, self._folder)
        loaded = store.load(self._encoder.id, self._encoder.n_dims, self._folder)
        if loaded is not None and self._agrees(loaded):
            self._index = loaded
            self._is_saved = True

    def _agrees(self, index: VectorIndex) -> bool:
        """Compare some vectors with the catalogue's: a new catalogue, or a restored backup, reuses window ids."""
        shared = np.intersect1d(index.labels(), self._reader.window_ids(self._encoder.id)[0], assume_unique=True)
        probes = shared[:: -max(1, len(shared) // _N_PROBES)]  # the newest among them
        vectors = self._reader.vectors_of(probes, self._encoder.n_dims)
        return all(
            index.search(vector, 1, allowed=probes[number : number + 1])[1][0] > _SAME_COSINE
            for number, vector in enumerate(vectors)
        )

    def _synchronise(self) -> None:
        self._ids, self._content_ids = self._reader.window_ids(self._encoder.id)
        is_large = len(self._ids) >= HNSW_FROM
        if self._index is None or (self.kind == HnswIndex.kind and not is_large):
            self._use_exact()
            return
        known = self._index.labels()
        gone = np.setdiff1d(known, self._ids, assume_unique=True)
        new = np.setdiff1d(self._ids, known, assume_unique=True)
        if not len(gone) and not len(new):
            return
        self._index.remove(gone)
        is_worn = isinstance(self._index, HnswIndex) and self._index.share_deleted > _MAX_DELETED_SHARE
        if is_worn or len(new) > _MAX_ADDED_AT_ONCE:
            self._use_exact()
            return
        self._index.add(new, self._reader.vectors_of(new, self._encoder.n_dims))
        self._is_saved = False

    def _use_exact(self) -> None:
        stored = self._reader.windows(self._encoder.id, self._encoder.n_dims)
        self._index = ExactIndex(self._encoder.n_dims)
        self._index.add(stored.ids, stored.vectors)
        self._ids, self._content_ids = stored.ids, stored.content_ids
        self._is_saved = False

    def build_graph(self, control: Control) -> None:
        """Build the graph where one is lacking, and search with it from now on: some minutes for a million vectors."""
        if not self.lacks_graph:
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
        """Save the index if it changed; if it cannot be written, the next start takes some seconds longer.

        The exact index of a library that lacks its graph is not saved: it would replace the graph's file.
        """
        if self._index is None or self._is_saved or self.lacks_graph:
            return
        revision = int(self._ids[-1]) if len(self._ids) else 0
        ef = self._index.ef if isinstance(self._index, HnswIndex) else 0
        stamp = Stamp(self._encoder.id, self._encoder.n_dims, self._index.kind, revision, ef)
        try:
            with self._library.lock("saving"):
                store.save(self._index, stamp, self._folder)
            self._loaded_stamp = stamp
            self._is_saved = True
        except CatalogueError as error:  # another process is saving the same
            logger.info("the index was not saved: %s", error)
        except (OSError, RuntimeError, UnicodeError) as error:  # RuntimeError: hnswlib cannot open a path
            logger.warning("the index was not saved: %s", error)

    def search(
        self, query: Vectors, k: int, *, content_ids: Labels | None = None, weighting: Weighting | None = None
    ) -> tuple[Labels, Labels, Scores]:
        """Return the nearest windows' ids, content ids and cosines, best first.

        Parameters
        ----------
        query : ndarray, shape (n_dims,)
        k : int
        content_ids : ndarray, shape (m,), or None
            Search only among the windows of these contents.
        weighting : Weighting or None
            How much parts of the dimensions count; None where all count the same.
        """
        if self._index is None:
            raise RuntimeError("call refresh() before search()")
        allowed = None if content_ids is None else self._ids[np.isin(self._content_ids, content_ids)]
        ids, scores = self._index.search(query, k, allowed=allowed, weighting=weighting)
        return ids, self._content_ids[np.searchsorted(self._ids, ids)], scores

    def baseline(self) -> Vectors:
        """Return a sample of the library's windows, shape (n, n_dims), n <= 4,000, to compare similarities with."""
        if self._index is None:
            raise RuntimeError("call refresh() before baseline()")
        if self._baseline is None:  # contiguous: every search multiplies by it, twice where there are words
            self._baseline = np.ascontiguousarray(self._index.sample(_N_BASELINE))
        return self._baseline


def update_index(library: Library, encoder: Encoder, control: Control) -> None:
    """Bring a library's saved index up to date, build its graph where one is lacking, and learn the words of its names.

    Raises
    ------
    CatalogueError
        When there is no library.
    """
    with library.read() as reader:
        neighbours = Neighbours(library, reader, encoder)
        neighbours.refresh()
        neighbours.build_graph(control)
        if not control.is_cancelled:
            neighbours.save()
    update_learned_words(library, encoder, control)
