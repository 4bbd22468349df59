"""Changes of data: made in another thread, one after the other, and undone. No Qt."""

from collections.abc import Callable
from typing import Protocol

from bowerbird.gui.queries import Queries
from bowerbird.gui.translation import translate
from bowerbird.library.annotations.edits import Edit
from bowerbird.library.annotations.history import History


class EditsView(Protocol):
    """What the presenter needs of the window."""

    def show_undo(self, undo: str | None, redo: str | None) -> None:
        """Show what Undo and Redo would do; None disables them."""

    def show_news(self, sentence: str) -> None:
        """Show briefly what was done."""

    def complain(self, sentence: str) -> None:
        """Show an error."""


class EditsPresenter:
    """Makes changes of data, and undoes them.

    Parameters
    ----------
    view : EditsView
    queries : Queries
        A thread.
    history : History
    changed : callable
        Called after each change.
    """

    def __init__(self, view: EditsView, queries: Queries, history: History, *, changed: Callable[[], object]) -> None:
        self._view = view
        self._queries = queries
        self._history = history
        self._changed = changed
        self._n_made = 0

    def make(self, work: Callable[[], Edit], *, done: Callable[[], object] = lambda: None) -> None:
        """Make a change in the thread; it can be undone."""

        def made() -> Edit:
            edit = work()
            self._history.add(edit)
            return edit

        self._run(made, lambda _: done())

    def undo(self) -> None:
        """Undo the latest change."""
        self._run(self._history.undo, lambda edit: self._tell(translate("Edits", "Undone: {edit}"), edit))

    def redo(self) -> None:
        """Make the change again that was undone last."""
        self._run(self._history.redo, lambda edit: self._tell(translate("Edits", "Redone: {edit}"), edit))

    def _run(self, work: Callable[[], Edit | None], done: Callable[[Edit | None], object]) -> None:
        # A name of its own: of two waiting queries with the same name, the first is dropped.
        self._n_made += 1

        def finish(edit: Edit | None) -> None:
            self._view.show_undo(self._history.undo_text, self._history.redo_text)
            done(edit)
            self._changed()

        self._queries.run(f"edit {self._n_made}", work, done=finish, failed=self._view.complain)

    def _tell(self, text: str, edit: Edit | None) -> None:
        if edit is not None:
            self._view.show_news(text.format(edit=edit.description))
