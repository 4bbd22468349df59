"""Undo and redo: the changes of data since the program started."""

import threading
from collections.abc import Sequence
from typing import Final

from bowerbird.library.annotations.edits import Edit
from bowerbird.library.library import Library

MAX_EDITS: Final = 100
"""Changes that can be undone; what was kept for older ones is deleted."""


class History:
    """The edits of one library, the latest last; usable from any thread, one call at a time.

    Parameters
    ----------
    library : Library
    """

    def __init__(self, library: Library) -> None:
        self._library = library
        self._undo: list[Edit] = []
        self._redo: list[Edit] = []
        self._lock = threading.Lock()

    @property
    def undo_text(self) -> str | None:
        """What `undo` would undo; None without an edit."""
        return self._undo[-1].description if self._undo else None

    @property
    def redo_text(self) -> str | None:
        """What `redo` would do again; None without an edit that was undone."""
        return self._redo[-1].description if self._redo else None

    def add(self, edit: Edit) -> None:
        """Add an edit that was made; what was undone before cannot be done again. Edits without effect are left out."""
        if not edit.has_effect:
            return
        with self._lock:
            dropped = self._undo[: max(0, len(self._undo) + 1 - MAX_EDITS)]
            self._undo = [*self._undo[len(dropped) :], edit]
            dropped += self._redo
            self._redo = []
            self._forget(dropped)

    def undo(self) -> Edit | None:
        """Undo the latest edit and return it; None without one.

        Raises
        ------
        CatalogueError
            When the library cannot be written; the edit can be undone later.
        QueryError
            When it cannot be undone any more.
        """
        with self._lock:
            return self._reverse(self._undo, self._redo)

    def redo(self) -> Edit | None:
        """Do again what was undone last and return it; None without one.

        Raises
        ------
        CatalogueError
            When the library cannot be written.
        QueryError
            When it cannot be done any more.
        """
        with self._lock:
            return self._reverse(self._redo, self._undo)

    def clear(self) -> None:
        """Forget all edits, and delete what was kept for them."""
        with self._lock:
            dropped, self._undo, self._redo = [*self._undo, *self._redo], [], []
            self._forget(dropped)

    def _reverse(self, source: list[Edit], target: list[Edit]) -> Edit | None:
        if not source:
            return None
        edit = source[-1]
        assert edit.reverse is not None
        with self._library.write() as writer:
            reverse = edit.reverse.apply(writer)
        source.pop()
        if reverse is not None:
            target.append(Edit(edit.description, reverse))
        return edit

    def _forget(self, edits: Sequence[Edit]) -> None:
        if not edits:
            return
        with self._library.write() as writer:
            for edit in edits:
                if edit.reverse is not None:
                    edit.reverse.forget(writer)
