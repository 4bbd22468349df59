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
        # Replaced and never changed: the texts are read without the lock, which a slow change holds.
        self._undo: tuple[Edit, ...] = ()
        self._redo: tuple[Edit, ...] = ()
        self._lock = threading.Lock()

    @property
    def undo_text(self) -> str | None:
        """What `undo` would undo; None without an edit."""
        return _latest(self._undo)

    @property
    def redo_text(self) -> str | None:
        """What `redo` would do again; None without an edit that was undone."""
        return _latest(self._redo)

    def add(self, edit: Edit) -> None:
        """Add an edit that was made; what was undone before cannot be done again. Edits without effect are left out."""
        if not edit.has_effect:
            return
        with self._lock:
            dropped = self._undo[: max(0, len(self._undo) + 1 - MAX_EDITS)]
            self._undo = (*self._undo[len(dropped) :], edit)
            dropped += self._redo
            self._redo = ()
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
            if not self._undo:
                return None
            *kept, edit = self._undo
            reverse = self._reverse(edit)
            self._undo = tuple(kept)
            self._redo += reverse
            return edit

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
            if not self._redo:
                return None
            *kept, edit = self._redo
            reverse = self._reverse(edit)
            self._redo = tuple(kept)
            self._undo += reverse
            return edit

    def _reverse(self, edit: Edit) -> tuple[Edit, ...]:
        """Reverse an edit; return the edit that reverses this again, none where nothing changed."""
        assert edit.reverse is not None
        with self._library.write() as writer:
            reverse = edit.reverse.apply(writer)
        return () if reverse is None else (Edit(edit.description, reverse),)

    def _forget(self, edits: Sequence[Edit]) -> None:
        if not edits:
            return
        with self._library.write() as writer:
            for edit in edits:
                if edit.reverse is not None:
                    edit.reverse.forget(writer)


def _latest(edits: tuple[Edit, ...]) -> str | None:
    return edits[-1].description if edits else None
