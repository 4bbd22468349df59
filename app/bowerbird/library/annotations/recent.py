"""The history of sounds that were played or dragged, and of texts that were searched."""

import time

from bowerbird.catalogue.records import EventKind, HistoryEntry
from bowerbird.library.library import Library


def record_event(library: Library, kind: EventKind, what: int | str) -> None:
    """Record that a sound (its id) was played or dragged, or a text was searched.

    Raises
    ------
    CatalogueError
        When the library cannot be written.
    """
    with library.write() as writer:
        writer.record_event(kind, what, at_s=time.time())


def history(library: Library, kind: EventKind, *, limit: int = 100) -> list[HistoryEntry]:
    """Return what was played, dragged or searched, the latest first, each once.

    Raises
    ------
    CatalogueError
        When the library cannot be read.
    """
    with library.read() as reader:
        return reader.history(kind, limit=limit)


def clear_history(library: Library) -> None:
    """Delete the history.

    Raises
    ------
    CatalogueError
        When the library cannot be written.
    """
    with library.write() as writer:
        writer.clear_history()
