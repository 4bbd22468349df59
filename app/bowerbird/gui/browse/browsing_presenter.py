"""The list of sounds: the newest query wins, and selected sounds stay selected."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from bowerbird.base.text import count_text
from bowerbird.domain.query import RELEVANCE, Example, Filter, Location, Query, parse_query
from bowerbird.gui.translation import translate
from bowerbird.library.search.browsing import N_SIMILAR, Browsing, FolderPane, Listing, Relaxation


class Queries(Protocol):
    """Runs queries in another thread; results come back in the window's thread."""

    def run(
        self, name: str, work: Callable[[], Any], *, done: Callable[[Any], None], failed: Callable[[str], None]
    ) -> None:
        """Run a query; one of the same name that still waits is dropped."""


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
    filters : tuple of Filter
        For chips.
    order : str
    is_descending : bool
        How the rows are sorted.
    has_matches : bool
        Whether rows are ranked by similarity and show it.
    is_same_query : bool
        Whether the library changed and not the query, so that the list should not scroll.
    """

    listing: Listing
    summary: str
    advice: str
    examples: tuple[Example, ...]
    filters: tuple[Filter, ...]
    order: str
    is_descending: bool
    has_matches: bool
    is_same_query: bool


class BrowsingView(Protocol):
    """What the presenter needs of the window."""

    def show_list(self, state: ListState) -> None:
        """Show rows, or a sentence where there are none."""

    def show_folder_pane(self, pane: FolderPane) -> None:
        """Show the tree of directories, and the number of rejected sounds."""

    def set_search_text(self, text: str) -> None:
        """Set the text of the search box; its signal is ignored."""

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
    """

    def __init__(
        self, view: BrowsingView, *, lists: tuple[Queries, Browsing], similar: tuple[Queries, Browsing]
    ) -> None:
        self._view = view
        self._lists = lists
        self._similar = similar
        self._text = ""
        self._typed = Query()
        self._location: Location | None = None
        self._order = "name"
        self._is_descending = False
        self._examples: tuple[Example, ...] = ()
        self._ranked_order: tuple[str, bool] = (RELEVANCE, False)
        self._has_text_encoder = False
        self._latest = 0

    @property
    def location(self) -> Location | None:
        """The selected directory; None for all sounds."""
        return self._location

    @property
    def order(self) -> tuple[str, bool]:
        """The order of lists that are not ranked, and whether it is descending."""
        return self._order, self._is_descending

    @property
    def shown_order(self) -> tuple[str, bool]:
        """The order of the current list."""
        return self._ranked_order if self._is_ranked else (self._order, self._is_descending)

    @property
    def _is_ranked(self) -> bool:
        """Whether the list is ranked by similarity: to examples, or to the meaning of words."""
        return bool(self._examples) or (self._has_text_encoder and bool(self._typed.terms))

    def set_text_encoder(self, *, is_available: bool) -> None:
        """Search words by their meaning from now on, or no longer."""
        if is_available != self._has_text_encoder:
            self._has_text_encoder = is_available
            self._view.show_search_placeholder(has_text_encoder=is_available)
            if self._text:
                self._run(is_same_query=True)

    @property
    def examples(self) -> tuple[Example, ...]:
        """The examples that the list is similar to."""
        return self._examples

    def restore(self, location: Location | None, order: str, *, is_descending: bool) -> None:
        """Restore location and order without running a query yet."""
        self._location, self._order, self._is_descending = location, order, is_descending

    def text_changed(self, text: str) -> None:
        """Search for what was typed."""
        if text != self._text:
            self._type(text)
            if not self._examples:
                self._ranked_order = (RELEVANCE, False)
            self._run()

    def location_chosen(self, location: Location | None) -> None:
        """List one directory with everything below it, or all sounds."""
        if location != self._location:
            self._location = location
            self._run()

    def order_chosen(self, order: str, *, is_descending: bool) -> None:
        """Sort the list."""
        if self._is_ranked:
            self._ranked_order = (order, is_descending)
        else:
            self._order, self._is_descending = order, is_descending
        self._run()

    def find_similar(self, examples: Sequence[Example]) -> None:
        """List what is similar to examples in the whole library; the text and the location are cleared."""
        self._examples = tuple(examples)
        self._ranked_order = (RELEVANCE, False)
        self._type("")
        self._location = None
        self._view.set_search_text("")
        self._run()

    def refine(self, examples: Sequence[Example]) -> None:
        """Add examples to the query; an example that is there already may switch between like and unlike."""
        known = {replace(example, is_unlike=False): example for example in self._examples}
        known |= {replace(example, is_unlike=False): example for example in examples}
        self._show_like(tuple(known.values()))

    def remove_example(self, unwanted: Example) -> None:
        """Remove an example."""
        self._show_like(tuple(example for example in self._examples if example != unwanted))

    def _show_like(self, examples: tuple[Example, ...]) -> None:
        if examples == self._examples:
            return
        self._examples = examples
        self._ranked_order = (RELEVANCE, False)
        self._run()

    def clear(self) -> bool:
        """Clear the examples, or else the text; return whether there was something to clear."""
        if self._examples:
            self._examples = ()
        elif self._text:
            self._type("")
            self._view.set_search_text("")
        else:
            return False
        self._run()
        return True

    def remove_filter(self, unwanted: Filter) -> None:
        """Remove one filter from the text."""
        self._retype(replace(self._typed, filters=tuple(kept for kept in self._typed.filters if kept != unwanted)))

    def relax(self, relaxation: Relaxation) -> None:
        """Run a less restrictive query that was offered."""
        self._location = relaxation.query.location
        self._retype(relaxation.query)

    def _type(self, text: str) -> None:
        """Take a text, and parse it: nothing else does."""
        self._text, self._typed = text, parse_query(text)

    def _retype(self, query: Query) -> None:
        self._text, self._typed = str(query), Query(query.terms, query.filters)
        self._view.set_search_text(self._text)
        self._run()

    def refresh(self) -> None:
        """Run the query again: the library changed."""
        self._run(is_same_query=True)
        queries, browsing = self._lists
        queries.run("pane", browsing.folder_pane, done=self._view.show_folder_pane, failed=self._view.complain)

    def _query(self) -> Query:
        order, is_descending = self.shown_order
        return replace(self._typed, order=order, is_descending=is_descending, location=self._location)

    def _run(self, *, is_same_query: bool = False) -> None:
        self._latest = number = self._latest + 1
        query, examples = self._query(), self._examples

        is_ranked = self._is_ranked
        queries, browsing = self._similar if is_ranked else self._lists

        def work() -> Listing:
            if examples:
                return browsing.similar(examples, query)
            return browsing.meant(query) if is_ranked else browsing.list(query)

        queries.run(
            "list",
            work,
            done=lambda listing: self._show_result(number, query, listing, is_same_query=is_same_query),
            failed=lambda sentence: self._failed(number, sentence),
        )

    def _show_result(self, number: int, query: Query, listing: Listing, *, is_same_query: bool) -> None:
        if number != self._latest:
            return
        self._view.show_list(
            ListState(
                listing=listing,
                summary=_summary(listing, is_similar=bool(self._examples)),
                advice="" if len(listing.ids) else _advice(query, listing, is_similar=bool(self._examples)),
                examples=self._examples,
                filters=query.filters,
                order=query.order,
                is_descending=query.is_descending,
                has_matches=self._is_ranked,
                is_same_query=is_same_query,
            )
        )

    def _failed(self, number: int, sentence: str) -> None:
        if number != self._latest:
            return
        if self._examples:  # the example cannot be decoded
            self._examples = ()
            self._run(is_same_query=True)
        elif self._is_ranked:  # the text network failed; names can still be searched
            self._has_text_encoder = False
            self._view.show_search_placeholder(has_text_encoder=False)
            self._run(is_same_query=True)
        self._view.complain(sentence)


def _summary(listing: Listing, *, is_similar: bool) -> str:
    return " · ".join(
        [
            _count(listing, is_similar=is_similar),
            *(
                translate("Search", "“{known}” instead of “{typed}”").format(typed=guess.typed, known=guess.used)
                for guess in listing.guesses
            ),
        ]
    )


def _count(listing: Listing, *, is_similar: bool) -> str:
    n = len(listing.ids)
    if is_similar and n == N_SIMILAR:
        return translate("Search", "the {n} most similar").format(n=f"{n:,}")
    if is_similar:
        return count_text(n, "match", "matches")
    if n == listing.n_library:
        return count_text(n)
    return translate("Search", "{n} of {sounds}").format(n=f"{n:,}", sounds=count_text(listing.n_library))


def _advice(query: Query, listing: Listing, *, is_similar: bool) -> str:
    if not listing.n_library:
        return translate("Search", "No sounds yet. Add a folder, or drop one here.")
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
