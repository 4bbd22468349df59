"""Nearest windows of a library's encoder, and the indexing job's part in keeping the index up to date."""

import numpy as np

from bowerbird.catalogue.protocol import Reader
from bowerbird.domain.sounds import Vectors
from bowerbird.encoders.protocol import Encoder
from bowerbird.index.protocol import Labels, Scores, Weighting
from bowerbird.jobs.control import Control
from bowerbird.library.library import Library
from bowerbird.library.search.learned_words import update_learned_words
from bowerbird.library.search.shared_index import shared_index


class Neighbours:
    """Nearest windows of one encoder in one library. For the thread of its reader; the index is the process's.

    Parameters
    ----------
    library : Library
    reader : Reader
    encoder : Encoder
    """

    def __init__(self, library: Library, reader: Reader, encoder: Encoder) -> None:
        self._reader = reader
        self._shared = shared_index(library, encoder)

    def __len__(self) -> int:
        return len(self._shared)

    @property
    def kind(self) -> str:
        """Name of the index in use."""
        return self._shared.kind

    def refresh(self) -> None:
        """Bring the index up to date with the catalogue; does nothing when nobody has written since."""
        self._shared.refresh(self._reader)

    def build(self, control: Control) -> None:
        """Build the index of a large library where it has none, and search with it from now on."""
        self._shared.build(self._reader, lambda: control.is_cancelled)

    def save(self) -> None:
        """Save the index if it changed; if it cannot be written, the next start takes some seconds longer."""
        self._shared.save()

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
        n_searched = k
        while True:
            ids, contents, scores = self._shared.search(
                query, n_searched, content_ids=content_ids, weighting=weighting, reader=self._reader
            )
            if self._reader.revision() >= self._shared.revision:
                return ids, contents, scores
            # Another thread is ahead of this reader's snapshot: it knows windows that the snapshot does not have.
            known = self._reader.spans(ids)
            is_known = np.array([window_id in known for window_id in ids.tolist()], np.bool_)
            if is_known.sum() >= k or len(ids) < n_searched:
                return ids[is_known][:k], contents[is_known][:k], scores[is_known][:k]
            n_searched *= 4

    def baseline(self) -> Vectors:
        """Return a sample of the library's windows, shape (n, n_dims), n <= 4,000, to compare similarities with."""
        return self._shared.baseline(self._reader)


def update_index(library: Library, encoder: Encoder, control: Control) -> None:
    """Bring a library's saved index up to date, build that of a large library, and learn the words of its names.

    Raises
    ------
    CatalogueError
        When there is no library.
    """
    with library.read() as reader:
        neighbours = Neighbours(library, reader, encoder)
        neighbours.refresh()
        neighbours.build(control)
        if not control.is_cancelled:
            neighbours.save()
    update_learned_words(library, encoder, control)
