"""The list of sounds: the newest query wins, selected sounds stay selected, and every query can be returned to."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from bowerbird.base.text import count_text
from bowerbird.catalogue.records import EventKind
from bowerbird.domain.query import RELEVANCE, Example, Filter, Location, Query, parse_query
from bowerbird.gui.browse.query_history import HistoryEntry, ListPosition, QueryHistory, QueryState
from bowerbird.gui.queries import Queries
from bowerbird.gui.translation import translate
from bowerbird.library.search.browsing import N_SIMILAR, Browsing, FolderPane, Listing, Relaxation
from bowerbird.library.search.folding import Folding


@dataclass(frozen=True, slots=True, eq=False)
class ListState:
    """The content of the list.

    Attributes
    ----------
    listing : Listing
    summary : str
        The count, such as "1,204 sounds", and which words were read as others.
    advice : str
        A sentence for a list without rows.
    examples : tuple of Example
        What the rows are similar to; empty for other lists.
    aspects : mapping of str to float
        How much each aspect of a sound counts, where that was changed.
    filters : tuple of Filter
        Those that are chips; filters that are being typed are not among them.
    is_filtered : bool
        Whether there are filters of either kind.
    order : str
    is_descending : bool
        How the rows are sorted.
    has_matches : bool
        Whether rows are ranked by similarity and show it.
    is_same_query : bool
        Whether the library changed and not the query, so that the list should not scroll.
    position : ListPosition or None
        Where the list stood when it was left, for a query that was returned to.
    recent : str or None
        played or dragged, for a list of the history.
    is_restricted : bool
        Whether words or examples restrict the list, so that clearing the search would help.
    """

    listing: Listing
    summary: str
    advice: str
    examples: tuple[Example, ...]
    aspects: Mapping[str, float]
    filters: tuple[Filter, ...]
    is_filtered: bool
    order: str
    is_descending: bool
    has_matches: bool
    is_same_query: bool
    position: ListPosition | None = None
    recent: EventKind | None = None
    is_restricted: bool = False


class BrowsingView(Protocol):
    """What the presenter needs of the window."""

    def show_list(self, state: ListState) -> None:
        """Show rows, or a sentence where there are none."""

    def show_folder_pane(self, pane: FolderPane) -> None:
        """Show the tree of directories, and the number of rejected sounds."""

    def set_search_text(self, text: str) -> None:
        """Set the text of the search box; its signal is ignored."""

    def show_location(self, location: Location | None) -> None:
        """Mark a directory in the tree; its signal is ignored."""

    def show_history(self, *, can_go_back: bool, can_go_forward: bool) -> None:
        """Enable or disable Back and Forward."""

    def enter_list(self, *, is_new: bool) -> None:
        """Move the focus from the search box into the list; `is_new`: it was searched for since the last time."""

    def play_example(self, example: Example) -> None:
        """Play a sound that is searched by."""

    def list_position(self) -> ListPosition | None:
        """Return where the list stands."""

    def show_search_placeholder(self, *, has_text_encoder: bool) -> None:
        """Show in the search box what can be typed: names, or descriptions too."""

    def complain(self, sentence: str) -> None:
        """Show an error."""


class BrowsingPresenter:
    """Turns typed text, selected folders and dropped files into queries, and results into a list.

    Parameters
    ----------
    view : BrowsingView
    lists, similar : (Queries, Browsing)
        A thread, and the browsing that only this thread uses: one for lists, and one for similarity, whose
        embeddings may take a while to load and must not delay typing.
    understood : callable
        Receives whether the words of the shown query mean something to the encoder.
    pane_read : callable
        Receives the content of the folder pane after each change of the library.
    clock : callable
        Returns seconds.
    """

    def __init__(
        self,
        view: BrowsingView,
        *,
        lists: tuple[Queries, Browsing],
        similar: tuple[Queries, Browsing],
        understood: Callable[[bool], object] = lambda _: None,
        pane_read: Callable[[FolderPane], object] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._view = view
        self._lists = lists
        self._similar = similar
        self._understood = understood
        self._pane_read = pane_read
        self._clock = clock
        self._is_entering = self._is_new = self._has_faults = False
        self._n_shown = 0
        self._history = QueryHistory(QueryState())
        self._position: ListPosition | None = None
        self._typed = Query()
        self._order = "name"
        self._is_descending = False
        self._shown: QueryState | None = None
        self._has_text_encoder = False
        self._failed_text: str | None = None
        self._failure: str | None = None
        self._told_failure: str | None = None
        self._latest = 0

    @property
    def state(self) -> QueryState:
        """The current query."""
        return self._history.state

    @property
    def location(self) -> Location | None:
        """The selected directory; None for all sounds."""
        return self.state.location

    @property
    def order(self) -> tuple[str, bool]:
        """The order of lists that are not ranked, and whether it is descending."""
        return self._order, self._is_descending

    @property
    def shown_order(self) -> tuple[str, bool]:
        """The order of the current list."""
        return self.state.ranked_order if self._has_own_order else (self._order, self._is_descending)

    @property
    def _is_ranked(self) -> bool:
        """Whether the list is ranked by similarity: to examples, or to the meaning of words."""
        has_meaning = self._has_text_encoder and self.state.text != self._failed_text
        is_meant = has_meaning and bool(self._typed.terms) and self.state.recent is None
        return bool(self.examples) or is_meant

    @property
    def _has_own_order(self) -> bool:
        """Whether the list has an order of its own, which other columns may replace: by rank, or by time."""
        return self._is_ranked or self.state.recent is not None

    def set_folding(self, folding: Folding) -> None:
        """Fold lists in another way from now on."""
        browsings = [browsing for _, browsing in (self._lists, self._similar)]
        if all(browsing.folding == folding for browsing in browsings):
            return
        for browsing in browsings:
            browsing.folding = folding
        if self._shown is not None:
            self._run(is_same_query=True)

    def set_text_encoder(self, *, is_available: bool) -> None:
        """Search words by their meaning from now on, or no longer."""
        if is_available != self._has_text_encoder:
            self._has_text_encoder = is_available
            self._failed_text = None
            self._view.show_search_placeholder(has_text_encoder=is_available)
            if self.state.text:
                self._run(is_same_query=True)

    @property
    def examples(self) -> tuple[Example, ...]:
        """The examples that the list is similar to."""
        return self.state.examples

    def restore(self, location: Location | None, order: str, *, is_descending: bool) -> None:
        """Restore location and order without running a query yet."""
        self._history.replace(replace(self.state, location=location))
        self._order, self._is_descending = order, is_descending

    # What is asked

    def text_changed(self, text: str) -> None:
        """Search for what was typed."""
        if text == self.state.text:
            return
        self._is_entering, self._is_new, self._has_faults = False, True, False
        self._failed_text = None
        state = replace(self.state, text=text)
        if not state.examples:
            state = replace(state, ranked_order=(RELEVANCE, False))
        self._history.push_typed(state, left=self._view.list_position(), now_s=self._clock())
        self._changed()

    def search_for(self, text: str) -> None:
        """Replace words and filters, as a click on a word does."""
        self._ask(replace(self.state, text=text, ranked_order=(RELEVANCE, False)))

    def show(self, state: QueryState, *, order: tuple[str, bool] | None = None) -> None:
        """Run a whole query, such as a saved one.

        Parameters
        ----------
        state : QueryState
        order : (str, bool) or None
            The order of lists that are not ranked from now on, if this is one, and whether it is descending; None
            for the current order.
        """
        if order is None:
            self._ask(state)
            return
        self._history.push(state, left=self._view.list_position())
        self._show_query()
        if not self._has_own_order and order[0] != RELEVANCE:
            self._order, self._is_descending = order
        self._run()

    def settle(self) -> None:
        """Take what was typed as complete, since its results are being used."""
        self._history.settle()

    def location_chosen(self, location: Location | None) -> None:
        """List one directory with everything below it, or all sounds."""
        self._ask(replace(self.state, location=location))

    def order_chosen(self, order: str, *, is_descending: bool) -> None:
        """Sort the list."""
        if self._has_own_order:
            self._history.replace(replace(self.state, ranked_order=(order, is_descending)))
        else:
            self._order, self._is_descending = order, is_descending
        self._run()

    def find_similar(self, examples: Sequence[Example], *, has_other_speeds: bool = False) -> None:
        """List what is similar to examples in the whole library; the text and the location are cleared.

        Parameters
        ----------
        examples : sequence of Example
        has_other_speeds : bool
            Whether they are also tried at half and double speed, until all of them are removed.
        """
        self._ask(QueryState(examples=tuple(examples), has_other_speeds=has_other_speeds))

    def refine(self, examples: Sequence[Example]) -> None:
        """Add examples to the query; an example that is there already may switch between like and unlike."""
        known = {_sound(example): example for example in (*self.examples, *examples)}
        self._show_like(tuple(known.values()))

    def weigh(self, example: Example, weight: float) -> None:
        """Change how much an example counts."""
        self._show_like(tuple(replace(kept, weight=weight) if kept == example else kept for kept in self.examples))

    def weigh_aspect(self, name: str, weight: float) -> None:
        """Change how much an aspect of a sound counts in its similarity to the examples; 1 is the default."""
        weights = dict(self.state.aspects) | {name: weight}
        aspects = tuple((name, weight) for name, weight in weights.items() if weight != 1.0)
        if aspects != self.state.aspects:
            state = replace(self.state, aspects=aspects)
            self._history.push_typed(state, left=self._view.list_position(), now_s=self._clock())
            self._changed()

    def surprise(self) -> None:
        """List what is similar to some sound of the library."""
        queries, browsing = self._similar
        queries.run("surprise", browsing.some_sound, done=self._show_surprise, failed=self._view.complain)

    def _show_surprise(self, example: Example | None) -> None:
        if example is None:
            self._view.complain(translate("Search", "No sounds have been analysed yet. Try again in a moment."))
        else:
            self.find_similar([example])
            self._view.play_example(example)

    def remove_example(self, unwanted: Example) -> None:
        """Remove an example."""
        self._show_like(tuple(example for example in self.examples if example != unwanted))

    def turn(self, example: Example) -> None:
        """Switch an example between like and unlike."""
        self._show_like(
            tuple(replace(kept, is_unlike=not kept.is_unlike) if kept == example else kept for kept in self.examples)
        )

    def reset_aspects(self) -> None:
        """Let every aspect of a sound count as by default."""
        self._ask(replace(self.state, aspects=()))

    def remove_examples(self) -> None:
        """Remove all examples."""
        self._show_like(())

    def _show_like(self, examples: tuple[Example, ...]) -> None:
        has_other_speeds = self.state.has_other_speeds and bool(examples)
        ranked = replace(self.state, ranked_order=(RELEVANCE, False), has_other_speeds=has_other_speeds)
        self._ask(replace(ranked, examples=examples))

    def clear(self) -> bool:
        """Clear the examples, else the text, else the filters; return whether there was something to clear."""
        if self.examples:
            self._ask(replace(self.state, examples=(), has_other_speeds=False))
        elif self.state.text:
            self._ask(replace(self.state, text=""))
        elif self.state.filters:
            self._ask(replace(self.state, filters=()))
        elif self.state.recent is not None:
            self._ask(replace(self.state, recent=None))
        else:
            return False
        return True

    def clear_everything(self) -> None:
        """List all sounds."""
        self._ask(QueryState())

    @property
    def filters(self) -> tuple[Filter, ...]:
        """All filters: those that are chips, and those that are being typed."""
        kept = self.state.filters
        return (*kept, *(condition for condition in self._typed.filters if condition not in kept))

    def set_filters(self, filters: Sequence[Filter]) -> None:
        """Replace all filters."""
        self._ask(replace(self.state, text=str(Query(self._typed.terms)), filters=tuple(filters)))

    def remove_filter(self, unwanted: Filter) -> None:
        """Remove one filter."""
        self._ask(replace(self.state, filters=tuple(kept for kept in self.state.filters if kept != unwanted)))

    def remove_filters(self) -> None:
        """Remove all filters that are chips."""
        self._ask(replace(self.state, filters=()))

    def leave_recent(self) -> None:
        """Search the whole library instead of the history."""
        self._ask(replace(self.state, recent=None))

    def finish_typing(self) -> None:
        """Turn filters that were typed into chips, and say what is wrong with others: the search box has been left."""
        self._history.settle()
        self._has_faults = True
        if self._shown == self.state:
            self._tell_faults()
        if self._typed.filters:
            terms = Query(self._typed.terms)
            self._history.replace(replace(self.state, text=str(terms), filters=self.filters))
            self._show_query()
            self._run(is_same_query=True)

    def enter(self) -> None:
        """Move from the search box into the list, which may still be on its way: then once it is there."""
        self._is_entering = self._shown != self.state
        if not self._is_entering:
            self._enter()

    def _enter(self) -> None:
        is_new, self._is_new = self._is_new, False
        self._view.enter_list(is_new=is_new)

    def _tell_faults(self) -> None:
        """Say once what is wrong with filters, unless the empty list says it."""
        if self._has_faults and self._n_shown:
            for fault in self._typed.faults:
                self._view.complain(fault)
        self._has_faults = False

    def relax(self, relaxation: Relaxation) -> None:
        """Run a less restrictive query that was offered."""
        query = relaxation.query
        self._ask(replace(self.state, text=str(Query(query.terms)), filters=query.filters, location=query.location))

    # Back and forward

    def go_back(self) -> None:
        """Return to the query before the current one, with its list as it was left."""
        self._go(-1)

    def go_forward(self) -> None:
        """Return to the query after the current one."""
        self._go(1)

    def _go(self, n_steps: int) -> None:
        entry = self._history.go(n_steps, left=self._view.list_position())
        if entry is not None:
            self._is_entering = False
            self._changed(entry)

    # Running

    def _ask(self, state: QueryState) -> None:
        if state != self.state:
            self._is_entering = False
            self._history.push(state, left=self._view.list_position())
            self._changed()

    def _changed(self, returned_to: HistoryEntry | None = None) -> None:
        """Show the current query, and run it."""
        self._position = returned_to.position if returned_to else None
        self._show_query()
        self._run()

    def _show_query(self) -> None:
        state = self.state
        self._typed = parse_query(state.text)  # nothing else parses
        self._view.set_search_text(state.text)
        self._view.show_location(state.location)
        self._view.show_history(can_go_back=self._history.can_go_back, can_go_forward=self._history.can_go_forward)

    def refresh(self) -> None:
        """Run the query again: the library changed."""
        self._run(is_same_query=True)
        queries, browsing = self._lists
        queries.run("pane", browsing.folder_pane, done=self._show_pane, failed=self._view.complain)

    def _show_pane(self, pane: FolderPane) -> None:
        self._view.show_folder_pane(pane)
        self._pane_read(pane)

    def _query(self) -> Query:
        order, is_descending = self.shown_order
        return replace(
            self._typed,
            terms=tuple(term for term in self._typed.terms if not term.is_like_filter),
            filters=self.filters,
            order=order,
            is_descending=is_descending,
            location=self.location,
            aspects=self.state.aspects if self.examples else (),
            has_other_speeds=self.state.has_other_speeds,
        )

    def _run(self, *, is_same_query: bool = False) -> None:
        self._latest = number = self._latest + 1
        state, query, examples = self.state, self._query(), self.examples

        is_ranked = self._is_ranked
        queries, browsing = self._similar if is_ranked else self._lists

        def work() -> Listing:
            if examples:
                return browsing.similar(examples, query)
            if state.recent is not None:
                return browsing.recent(state.recent, query)
            return browsing.meant(query) if is_ranked else browsing.list(query)

        queries.run(
            "list",
            work,
            done=lambda listing: self._show_result(number, state, query, listing, is_same_query=is_same_query),
            failed=lambda sentence: self._failed(number, sentence),
        )

    def _show_result(
        self,
        number: int,
        state: QueryState,
        query: Query,
        listing: Listing,
        *,
        is_same_query: bool,
    ) -> None:
        if number != self._latest:
            return
        # A refresh may have overtaken a query that was never shown.
        is_same_query = is_same_query and self._shown == state
        position, self._position = self._position, None
        self._shown = state
        self._understood(listing.is_understood)
        self._view.show_list(
            ListState(
                listing=listing,
                summary=_summary(
                    listing,
                    is_similar=bool(state.examples),
                    has_other_speeds=state.has_other_speeds,
                    has_faults=bool(self._typed.faults),
                ),
                advice=""
                if len(listing.ids)
                else _advice(
                    query,
                    listing,
                    faults=self._typed.faults,
                    is_similar=bool(state.examples),
                    is_recent=state.recent is not None,
                ),
                examples=state.examples,
                aspects=dict(state.aspects),
                filters=state.filters,
                is_filtered=bool(query.filters),
                order=query.order,
                is_descending=query.is_descending,
                has_matches=self._is_ranked,
                is_same_query=is_same_query,
                position=position,
                recent=state.recent,
                is_restricted=bool(state.text or state.examples),
            )
        )

        self._n_shown = len(listing.ids)
        self._tell_faults()
        if self._failure is not None:  # the new list has cleared the line that errors are shown in
            self._view.complain(self._failure)
            self._failure = None
        if self._is_ranked:
            self._failed_text = self._told_failure = None
        if self._is_entering:
            self._is_entering = False
            self._enter()

    def _failed(self, number: int, sentence: str) -> None:
        if number != self._latest:
            return
        self._is_entering = self._is_entering and not self.examples
        if self.examples and self._shown is not None and self._shown != self.state:
            self._return_from_failure()
        elif self.examples:  # an example that the list was similar to cannot be decoded any more
            self._history.replace(replace(self.state, examples=(), has_other_speeds=False))
            self._show_query()
            self._run(is_same_query=True)
        elif self._is_ranked:  # names can still be searched; the next words are tried again
            self._failed_text = self.state.text
            self._failure = sentence if sentence != self._told_failure else None
            self._told_failure = sentence
            self._run(is_same_query=True)
            return
        self._view.complain(sentence)

    def _return_from_failure(self) -> None:
        """Return to the query before the current one, an example of which cannot be decoded; its list stays."""
        self._history.discard()
        self._show_query()
        if self.state != self._shown:  # the current query came before its list
            self._run()


def _sound(example: Example) -> Example:
    """Return what an example refers to, whether it is liked and how much it counts aside."""
    return replace(example, is_unlike=False, weight=1.0)


def _summary(listing: Listing, *, is_similar: bool, has_other_speeds: bool, has_faults: bool) -> str:
    return " · ".join(
        [
            _count(listing, is_similar=is_similar),
            *([translate("Search", "also at half and double speed")] if has_other_speeds else []),
            *_folding_note(listing),
            *_progress_note(listing, is_similar=is_similar),
            *(
                translate("Search", "“{known}” instead of “{typed}”").format(typed=guess.typed, known=guess.used)
                for guess in (() if has_faults else listing.guesses)  # a mistyped filter is not a word
            ),
        ]
    )


def _folding_note(listing: Listing) -> Sequence[str]:
    n_folded = listing.n_sounds - len(listing.ids)
    if not n_folded:
        return ()
    if not len(listing.others):
        return (translate("Search", "{copies} folded").format(copies=count_text(n_folded, "copy", "copies")),)
    return (translate("Search", "{sounds} folded").format(sounds=count_text(n_folded)),)


def _progress_note(listing: Listing, *, is_similar: bool) -> Sequence[str]:
    """Return that sounds are missing among matches by meaning, since they are not analysed yet."""
    if is_similar or listing.n_analysed is None:
        return ()
    return (translate("Search", "by meaning among the {n} analysed so far").format(n=f"{listing.n_analysed:,}"),)


def _count(listing: Listing, *, is_similar: bool) -> str:
    n = listing.n_sounds
    if is_similar:
        count = count_text(n, "match", "matches")
        if len(listing.ids) == N_SIMILAR:
            count = translate("Search", "the {n} most similar").format(n=f"{n:,}")
        if listing.n_analysed is None:
            return count
        among = translate("Search", "{count} among the {n} analysed so far")
        return among.format(count=count, n=f"{listing.n_analysed:,}")
    if n == listing.n_library:
        return count_text(n)
    return translate("Search", "{n} of {sounds}").format(n=f"{n:,}", sounds=count_text(listing.n_library))


def _advice(query: Query, listing: Listing, *, faults: Sequence[str], is_similar: bool, is_recent: bool) -> str:
    if not listing.n_library:
        return translate("Search", "No sounds yet. Add a folder, or drop one here.")
    if is_recent and not (query.terms or query.filters or query.location):
        return translate("Search", "Nothing here yet. Sounds that you play or drag are listed here.")
    if faults:
        return faults[0]
    if query.terms:
        return translate("Search", "Nothing found for “{words}”.").format(words=query.typed)
    if query.filters or query.location or not is_similar:
        return translate("Search", "No sound here matches the filters.")
    return translate("Search", "There is nothing to compare with yet. The sounds are still being analysed.")


def example_name(example: Example) -> str:
    """Return the text of an example's chip."""
    if example.is_whole:
        return example.path.name
    return f"{example.path.name} {example.start_s:.2f}–{example.end_s:.2f} s"


def example_of(path: Path, region: tuple[float, float] | None) -> Example:
    """Return an example of a file, or of the region that is selected in it."""
    return Example(path) if region is None else Example(path, start_s=region[0], end_s=region[1])
