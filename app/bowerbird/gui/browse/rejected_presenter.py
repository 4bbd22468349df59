"""The list of rejected sounds: read in another thread, and tried again. No Qt."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from bowerbird.base.text import count_text
from bowerbird.catalogue.records import RejectedGroup, RejectedSound
from bowerbird.gui.queries import Queries
from bowerbird.gui.translation import translate
from bowerbird.library.library import Library
from bowerbird.library.rejected import try_again


class RejectedView(Protocol):
    """What the presenter needs of the window."""

    @property
    def is_showing_rejected(self) -> bool:
        """Whether the list is visible."""

    def show_rejected_groups(self, groups: Sequence[RejectedGroup]) -> None:
        """Show rejected sounds, by the class of their reasons."""

    def complain(self, sentence: str) -> None:
        """Show an error."""


def heading(groups: Sequence[RejectedGroup]) -> str:
    """Return how many sounds are rejected."""
    n = sum(len(group.sounds) for group in groups)
    if not n:
        return translate("Rejected", "No sound has been rejected")
    return translate("Rejected", "{sounds} cannot be used").format(sounds=count_text(n))


class RejectedPresenter:
    """Shows which sounds were rejected, and has them analysed again.

    Parameters
    ----------
    view : RejectedView
    library : Library
    queries : Queries
        A thread.
    index : callable
        Indexes directories.
    """

    def __init__(
        self, view: RejectedView, library: Library, queries: Queries, *, index: Callable[[Sequence[Path]], None]
    ) -> None:
        self._view = view
        self._library = library
        self._queries = queries
        self._index = index
        self._n_retried = 0

    def refresh(self) -> None:
        """Read the list again if it is visible."""
        if self._view.is_showing_rejected:
            self._queries.run("rejected", self._read, done=self._view.show_rejected_groups, failed=self._view.complain)

    def retry(self, sounds: Sequence[RejectedSound]) -> None:
        """Analyse sounds again."""
        if not sounds:
            return
        self._n_retried += 1  # a name of its own: of two waiting queries with the same name, the first is dropped
        self._queries.run(
            f"retry {self._n_retried}",
            lambda: try_again(self._library, sounds),
            done=self._index,
            failed=self._view.complain,
        )

    def _read(self) -> list[RejectedGroup]:
        with self._library.read() as reader:
            return reader.rejected_groups()
