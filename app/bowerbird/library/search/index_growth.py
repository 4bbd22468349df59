"""The vector index of a large library, built while an indexing run goes on."""

from types import TracebackType
from typing import Final, Self

from bowerbird.catalogue.protocol import Reader
from bowerbird.encoders.protocol import Encoder
from bowerbird.jobs.control import Control
from bowerbird.library.library import Library
from bowerbird.library.search import shared_index
from bowerbird.library.search.neighbours import Neighbours

SOUNDS_AT_ONCE: Final = 2_000


class GrowingIndex:
    """Adds the sounds that a run records to the index that every thread searches, while the run goes on.

    Searches then find them in the index and need not add them first, and neither does the end of the run. For the
    thread of the run. Does nothing while the library is small enough to be searched exactly.

    Parameters
    ----------
    library : Library
    encoder : Encoder
    control : Control
        Cancels building, too.
    """

    def __init__(self, library: Library, encoder: Encoder, control: Control) -> None:
        self._library = library
        self._encoder = encoder
        self._control = control
        self._reader: Reader | None = None
        self._neighbours: Neighbours | None = None
        self._n_waiting = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._neighbours is not None:
            self._neighbours.save()
        if self._reader is not None:
            self._reader.close()

    def recorded(self, n_sounds: int) -> None:
        """Take note of sounds that were committed; from time to time, add them to the index."""
        self._n_waiting += n_sounds
        if self._n_waiting < SOUNDS_AT_ONCE or self._control.is_cancelled:
            return
        self._n_waiting = 0
        if self._reader is None:
            self._reader = self._library.read()
        if self._neighbours is None:
            if not shared_index.is_large(self._reader, self._encoder):
                return
            self._neighbours = Neighbours(self._library, self._reader, self._encoder)
        self._neighbours.refresh()
        self._neighbours.build(self._control)
