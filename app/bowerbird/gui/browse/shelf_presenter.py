"""Collections, favourites, saved searches and the history, as the left pane lists them. No Qt."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol, TypeAlias

from bowerbird.catalogue.records import Collection, EventKind
from bowerbird.domain.fields import FILTER_FIELDS
from bowerbird.domain.query import Filter, Query, parse_filter
from bowerbird.gui.browse.browsing_presenter import BrowsingPresenter
from bowerbird.gui.browse.edits_presenter import EditsPresenter
from bowerbird.gui.browse.query_history import QueryState
from bowerbird.gui.queries import Queries
from bowerbird.gui.translation import translate
from bowerbird.library.annotations.recent import clear_history, history, record_event
from bowerbird.library.annotations.saved_searches import (
    SavedSearch,
    SearchState,
    delete_search,
    rename_search,
    save_search,
    saved_searches,
)
from bowerbird.library.library import Library

N_RECENT_SEARCHES: Final = 12
N_RECORDED_AT_ONCE: Final = 50

_FAVOURITES: Final = parse_filter("favourite=yes")

SectionName: TypeAlias = Literal["collections", "searches", "recent"]


@dataclass(frozen=True, slots=True)
class ShelfItem:
    """An entry of the left pane.

    Attributes
    ----------
    text : str
    key : str
        Which entry it is, for as long as the library exists.
    n_sounds : int or None
        None where there is no number to show.
    collection : Collection or None
    search : SavedSearch or None
    recent : EventKind or None
        For the sounds that were played or dragged.
    typed : str or None
        For a text that was searched.
    is_favourites : bool
    """

    text: str
    key: str
    n_sounds: int | None = None
    collection: Collection | None = None
    search: SavedSearch | None = None
    recent: EventKind | None = None
    typed: str | None = None
    is_favourites: bool = False


@dataclass(frozen=True, slots=True)
class ShelfSection:
    """A heading and its entries."""

    name: SectionName
    title: str
    items: tuple[ShelfItem, ...] = field(default_factory=tuple)


class ShelfView(Protocol):
    """What the presenter needs of the window."""

    def show_shelf(self, sections: Sequence[ShelfSection]) -> None:
        """Show the entries."""

    def mark_shelf(self, key: str | None) -> None:
        """Mark the entry with a key, or none."""

    def complain(self, sentence: str) -> None:
        """Show an error."""


class ShelfPresenter:
    """Lists collections, saved searches and the history, and opens them.

    Parameters
    ----------
    view : ShelfView
    library : Library
    queries : Queries
        A thread.
    browsing : BrowsingPresenter
    edits : EditsPresenter
    """

    def __init__(
        self,
        view: ShelfView,
        library: Library,
        queries: Queries,
        browsing: BrowsingPresenter,
        edits: EditsPresenter,
    ) -> None:
        self._view = view
        self._library = library
        self._queries = queries
        self._browsing = browsing
        self._edits = edits
        self._n_recorded = 0
        self._items: Sequence[ShelfItem] = ()

    def refresh(self) -> None:
        """Read everything again."""
        self._queries.run("shelf", self._read, done=self._show, failed=self._view.complain)

    def _read(self) -> list[ShelfSection]:
        with self._library.read() as reader:
            collections = reader.collections()
            n_favourites = len(reader.list_ids(Query(filters=(_FAVOURITES,))))
        favourites = ShelfItem(translate("Shelf", "Favourites"), "favourites", n_favourites, is_favourites=True)
        kept = [
            ShelfItem(entry.name, f"collection {entry.id}", entry.n_sounds, collection=entry) for entry in collections
        ]
        saved = saved_searches(self._library)
        searches = [ShelfItem(entry.name, f"search {entry.id}", search=entry) for entry in saved]
        typed = [
            ShelfItem(entry.query, f"typed {entry.query}", typed=entry.query)
            for entry in history(self._library, "queried", limit=N_RECENT_SEARCHES)
            if entry.query
        ]
        recent = [
            ShelfItem(translate("Shelf", "Played"), "played", recent="played"),
            ShelfItem(translate("Shelf", "Dragged"), "dragged", recent="dragged"),
            *typed,
        ]
        return [
            ShelfSection("collections", translate("Shelf", "Collections"), (favourites, *kept)),
            ShelfSection("searches", translate("Shelf", "Saved searches"), tuple(searches)),
            ShelfSection("recent", translate("Shelf", "Recent"), tuple(recent)),
        ]

    def open(self, item: ShelfItem) -> None:
        """List what an entry stands for."""
        saved = item.search.state if item.search is not None else None
        order = (saved.order, saved.is_descending) if saved is not None else None
        self._browsing.show(_state_of(item), order=order)

    def mark(self) -> None:
        """Mark the entry that stands for the current query, if there is one."""
        asked = _comparable(self._browsing.state)
        found = next((item for item in self._items if _comparable(_state_of(item)) == asked), None)
        self._view.mark_shelf(found.key if found is not None else None)

    def _show(self, sections: Sequence[ShelfSection]) -> None:
        self._items = [item for section in sections for item in section.items]
        self._view.show_shelf(sections)
        self.mark()

    def suggested_name(self) -> str:
        """Return a name for the current search."""
        state = self._browsing.state
        parts = [state.text, *(str(condition) for condition in state.filters)]
        parts += [example.path.stem for example in state.examples]
        return " ".join(part for part in parts if part)[:60]

    def save(self, name: str) -> None:
        """Save the current search under a name."""
        state = search_state(self._browsing.state, self._browsing.shown_order)
        if name.strip():
            self._edits.make(lambda: save_search(self._library, name, state))

    def rename(self, search: SavedSearch, name: str) -> None:
        """Rename a saved search."""
        if name.strip() and name != search.name:
            self._edits.make(lambda: rename_search(self._library, search, name))

    def delete(self, search: SavedSearch) -> None:
        """Delete a saved search."""
        self._edits.make(lambda: delete_search(self._library, search))

    def clear_history(self) -> None:
        """Forget what was played, dragged and searched."""
        self._write(lambda: clear_history(self._library))

    def record_dragged(self, sound_ids: Sequence[int]) -> None:
        """Record that sounds were dragged, as far as anybody looks back."""

        def work() -> None:
            for sound_id in sound_ids[:N_RECORDED_AT_ONCE]:
                record_event(self._library, "dragged", sound_id)

        self._write(work, is_shown=False)

    def record(self, kind: EventKind, what: int | str, *, is_shown: bool = False) -> None:
        """Record that a sound was played or dragged, or a text was searched."""
        self._write(lambda: record_event(self._library, kind, what), is_shown=is_shown)

    def _write(self, work: Callable[[], object], *, is_shown: bool = True) -> None:
        self._n_recorded += 1
        self._queries.run(
            f"edit shelf {self._n_recorded}",
            work,
            done=lambda _: self.refresh() if is_shown else None,
            failed=self._view.complain,
        )


def _state_of(item: ShelfItem) -> QueryState:
    """Return the query that an entry stands for."""
    if item.collection is not None:
        return QueryState(filters=(_collection_filter(item.collection.name),))
    if item.is_favourites:
        return QueryState(filters=(_FAVOURITES,))
    if item.search is not None:
        return query_state(item.search.state)
    return QueryState(text=item.typed or "", recent=item.recent)


def _comparable(state: QueryState) -> tuple[object, ...]:
    """Return what makes two queries the same, whatever their order."""
    return state.text.strip(), state.filters, state.examples, state.location, state.recent


def _collection_filter(name: str) -> Filter:
    return Filter(FILTER_FIELDS["collection"], "=", name)


def search_state(state: QueryState, order: tuple[str, bool]) -> SearchState:
    """Return a query as it is saved."""
    return SearchState(
        text=state.text,
        filters=state.filters,
        examples=state.examples,
        aspects=state.aspects,
        has_other_speeds=state.has_other_speeds,
        order=order[0],
        is_descending=order[1],
        location=state.location,
        recent=state.recent,
    )


def query_state(saved: SearchState) -> QueryState:
    """Return a saved query."""
    return QueryState(
        text=saved.text,
        filters=saved.filters,
        examples=saved.examples,
        aspects=saved.aspects,
        has_other_speeds=saved.has_other_speeds,
        location=saved.location,
        recent=saved.recent,
        ranked_order=(saved.order, saved.is_descending),
    )
