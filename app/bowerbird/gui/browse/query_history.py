"""The history of queries for Back and Forward: what was asked, and where the list stood. No Qt."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from bowerbird.catalogue.records import EventKind
from bowerbird.domain.query import RELEVANCE, Example, Filter, Location

MAX_ENTRIES: Final = 200
"""Older queries are dropped."""

TYPING_PAUSE_S: Final = 1.5
"""Keystrokes closer together than this are one query: Back does not go through words letter by letter."""


@dataclass(frozen=True, slots=True)
class QueryState:
    """Everything that determines a list, apart from the order of lists that are not ranked.

    Attributes
    ----------
    text : str
        Words as typed; filters too, until they become chips.
    filters : tuple of Filter
        Shown as chips.
    examples : tuple of Example
    aspects : tuple of (str, float)
        Weights of aspects that differ from 1.
    has_other_speeds : bool
        Whether examples are also tried at half and double speed.
    location : Location or None
    recent : EventKind or None
        For the sounds that were played or dragged, the latest first.
    ranked_order : (str, bool)
        The order of a ranked list, and whether it is descending.
    """

    text: str = ""
    filters: tuple[Filter, ...] = ()
    examples: tuple[Example, ...] = ()
    aspects: tuple[tuple[str, float], ...] = ()
    has_other_speeds: bool = False
    location: Location | None = None
    recent: EventKind | None = None
    ranked_order: tuple[str, bool] = (RELEVANCE, False)


@dataclass(frozen=True, slots=True, eq=False)
class ListPosition:
    """Where a list stands.

    Attributes
    ----------
    top_id : int or None
        The topmost visible sound; None where there is none.
    offset_px : int
        Position of its row relative to the top of the list, 0 or negative.
    current_id : int or None
        The current sound.
    selected_ids : ndarray, shape (n,), int64
    top_s, moment_s : float or None
        Where the topmost and the current moment begin, in seconds; None where the row is that of a whole sound.
    """

    top_id: int | None
    offset_px: int
    current_id: int | None
    selected_ids: npt.NDArray[np.int64]
    top_s: float | None = None
    moment_s: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class HistoryEntry:
    """A query and the position of its list when it was left; None before that."""

    state: QueryState
    position: ListPosition | None = None


class QueryHistory:
    """Queries in the order in which they were asked, one of them current.

    Parameters
    ----------
    first : QueryState
    """

    def __init__(self, first: QueryState) -> None:
        self._entries = [HistoryEntry(first)]
        self._index = 0
        self._typed_at_s: float | None = None

    @property
    def state(self) -> QueryState:
        """The current query."""
        return self._entries[self._index].state

    @property
    def can_go_back(self) -> bool:
        """Whether there is an earlier query."""
        return self._index > 0

    @property
    def can_go_forward(self) -> bool:
        """Whether there is a later query."""
        return self._index + 1 < len(self._entries)

    def replace(self, state: QueryState) -> None:
        """Change the current query without a step that Back returns from."""
        self._entries[self._index] = replace(self._entries[self._index], state=state)

    def push(self, state: QueryState, *, left: ListPosition | None) -> None:
        """Add a query after the current one; later queries are dropped.

        Parameters
        ----------
        state : QueryState
        left : ListPosition or None
            Where the list of the current query stands.
        """
        self._typed_at_s = None
        if state == self.state:
            return
        self._keep(left)
        del self._entries[self._index + 1 :]
        self._entries.append(HistoryEntry(state))
        del self._entries[:-MAX_ENTRIES]
        self._index = len(self._entries) - 1

    def push_typed(self, state: QueryState, *, left: ListPosition | None, now_s: float) -> None:
        """Add a query that was typed, or continue the one that is being typed."""
        is_same_word = self._typed_at_s is not None and now_s - self._typed_at_s < TYPING_PAUSE_S
        if is_same_word:
            self.replace(state)
        else:
            self.push(state, left=left)
        self._typed_at_s = now_s

    def settle(self) -> None:
        """End the query that is being typed: what is typed next is another one."""
        self._typed_at_s = None

    def discard(self) -> None:
        """Remove the current query, as if it had not been asked; the one before it becomes current."""
        self._typed_at_s = None
        if self._index > 0:
            del self._entries[self._index]
            self._index -= 1

    def go(self, n_steps: int, *, left: ListPosition | None) -> HistoryEntry | None:
        """Go back (negative) or forward; return the entry that is current then, or None where there is none."""
        index = self._index + n_steps
        if not 0 <= index < len(self._entries):
            return None
        self._keep(left)
        self._typed_at_s = None
        self._index = index
        return self._entries[index]

    def _keep(self, left: ListPosition | None) -> None:
        self._entries[self._index] = replace(self._entries[self._index], position=left)
