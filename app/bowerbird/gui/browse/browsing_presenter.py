"""What the list shows: the newest question wins, and what was chosen stays chosen."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from bowerbird.base.text import count_text
from bowerbird.domain.query import RELEVANCE, Example, Filter, Location, Query, parse_query
from bowerbird.library.search.browsing import N_SIMILAR, Browsing, FolderPane, Listing, Relaxation


class Queries(Protocol):
    """Runs questions elsewhere, newest of a name wins; answers come back in the window's thread."""

    def run(
        self, name: str, work: Callable[[], Any], *, done: Callable[[Any], None], failed: Callable[[str], None]
    ) -> None:
        """Ask."""


@dataclass(frozen=True, slots=True, eq=False)
class ListState:
    """What the list shows.

    Attributes
    ----------
    listing : Listing
    summary : str
        How many, in words: "1,204 sounds", and which words of the question were taken for others.
    advice : str
        One sentence for a list without rows.
    examples : tuple of Example
        What the rows are similar to; empty for an ordinary list.
    filters : tuple of Filter
        Those that were typed, for chips.
    order : str
    is_descending : bool
        What the rows are sorted by.
    has_matches : bool
        Whether rows are there for how close they are, and say so.
    is_same_question : bool
        The library changed, not the question: keep the place.
    """

    listing: Listing
    summary: str
    advice: str
    examples: tuple[Example, ...]
    filters: tuple[Filter, ...]
    order: str
    is_descending: bool
    has_matches: bool
    is_same_question: bool


class BrowsingView(Protocol):
    """What the presenter asks of the window."""

    def show_list(self, state: ListState) -> None:
        """Show rows, or the advice where there are none."""

    def show_folder_pane(self, pane: FolderPane) -> None:
        """Show the tree of directories, and how many sounds were rejected."""

    def set_search_text(self, text: str) -> None:
        """Put words into the search box; that it says they changed is no news."""

    def invite_words(self, *, is_meant: bool) -> None:
        """Say in the search box what may be typed there: names, or descriptions too."""

    def complain(self, sentence: str) -> None:
        """Show what went wrong."""


class BrowsingPresenter:
    """Turns what is typed, chosen and dropped into questions, and answers into a list.

    Parameters
    ----------
    view : BrowsingView
    lists, similar : (Queries, Browsing)
        A thread and what it alone uses: one for lists, and one for similarity, whose vectors may take a while
        to load and must not hold up what is typed.
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
        self._knows_words = False
        self._latest = 0

    @property
    def location(self) -> Location | None:
        """The directory chosen, None for all."""
        return self._location

    @property
    def order(self) -> tuple[str, bool]:
        """The order of the ordinary list, and whether it descends."""
        return self._order, self._is_descending

    @property
    def shown_order(self) -> tuple[str, bool]:
        """The order of the list on screen."""
        return self._ranked_order if self._is_ranked else (self._order, self._is_descending)

    @property
    def _is_ranked(self) -> bool:
        """Whether the list has an order of its own: by closeness to examples, or to what words mean."""
        return bool(self._examples) or (self._knows_words and bool(self._typed.terms))

    def know_words(self, *, is_known: bool) -> None:
        """Take note that words can be searched by their meaning from now on, or no longer."""
        if is_known != self._knows_words:
            self._knows_words = is_known
            self._view.invite_words(is_meant=is_known)
            if self._text:
                self._ask(is_same_question=True)

    @property
    def examples(self) -> tuple[Example, ...]:
        """What the list is similar to."""
        return self._examples

    def restore(self, location: Location | None, order: str, *, is_descending: bool) -> None:
        """Take up what an earlier start left, without asking yet."""
        self._location, self._order, self._is_descending = location, order, is_descending

    def text_changed(self, text: str) -> None:
        """Follow what is typed."""
        if text != self._text:
            self._type(text)
            if not self._examples:
                self._ranked_order = (RELEVANCE, False)
            self._ask()

    def location_chosen(self, location: Location | None) -> None:
        """Show one directory and what lies below, or everything."""
        if location != self._location:
            self._location = location
            self._ask()

    def order_chosen(self, order: str, *, is_descending: bool) -> None:
        """Sort."""
        if self._is_ranked:
            self._ranked_order = (order, is_descending)
        else:
            self._order, self._is_descending = order, is_descending
        self._ask()

    def find_similar(self, examples: Sequence[Example]) -> None:
        """List what is similar to examples, from everywhere: words typed before no longer hold."""
        self._examples = tuple(examples)
        self._ranked_order = (RELEVANCE, False)
        self._type("")
        self._location = None
        self._view.set_search_text("")
        self._ask()

    def refine(self, examples: Sequence[Example]) -> None:
        """Add examples to what is asked for; one that is there already may change sides. Words and place stay."""
        known = {replace(example, is_unlike=False): example for example in self._examples}
        known |= {replace(example, is_unlike=False): example for example in examples}
        self._show_like(tuple(known.values()))

    def remove_example(self, unwanted: Example) -> None:
        """Take one example away."""
        self._show_like(tuple(example for example in self._examples if example != unwanted))

    def _show_like(self, examples: tuple[Example, ...]) -> None:
        if examples == self._examples:
            return
        self._examples = examples
        self._ranked_order = (RELEVANCE, False)
        self._ask()

    def clear(self) -> bool:
        """Undo the last restriction: the examples, then the words. Say whether there was one."""
        if self._examples:
            self._examples = ()
        elif self._text:
            self._type("")
            self._view.set_search_text("")
        else:
            return False
        self._ask()
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
        self._ask()

    def refresh(self) -> None:
        """Ask again: the library changed."""
        self._ask(is_same_question=True)
        queries, browsing = self._lists
        queries.run("pane", browsing.folder_pane, done=self._view.show_folder_pane, failed=self._view.complain)

    def _query(self) -> Query:
        order, is_descending = self.shown_order
        return replace(self._typed, order=order, is_descending=is_descending, location=self._location)

    def _ask(self, *, is_same_question: bool = False) -> None:
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
            done=lambda listing: self._answered(number, query, listing, is_same_question=is_same_question),
            failed=lambda sentence: self._failed(number, sentence),
        )

    def _answered(self, number: int, query: Query, listing: Listing, *, is_same_question: bool) -> None:
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
                is_same_question=is_same_question,
            )
        )

    def _failed(self, number: int, sentence: str) -> None:
        if number != self._latest:
            return
        if self._examples:  # an example that cannot be heard is let go
            self._examples = ()
            self._ask(is_same_question=True)
        elif self._is_ranked:  # the meaning of words is lost; their letters are not
            self._knows_words = False
            self._view.invite_words(is_meant=False)
            self._ask(is_same_question=True)
        self._view.complain(sentence)


def _summary(listing: Listing, *, is_similar: bool) -> str:
    return " · ".join(
        [
            _count(listing, is_similar=is_similar),
            *(f"“{guess.said}” taken as “{guess.taken_as}”" for guess in listing.guesses),
        ]
    )


def _count(listing: Listing, *, is_similar: bool) -> str:
    n = len(listing.ids)
    if is_similar and n == N_SIMILAR:
        return f"the {n:,} closest"
    if is_similar:
        return count_text(n, "match", "matches")
    if n == listing.n_library:
        return count_text(n)
    return f"{n:,} of {count_text(listing.n_library)}"


def _advice(query: Query, listing: Listing, *, is_similar: bool) -> str:
    if not listing.n_library:
        return "No sounds yet. Add a folder, or drop one here."
    if query.terms:
        return f"Nothing found for “{query.typed}”."
    if query.filters or query.location or not is_similar:
        return "No sound here has these properties."
    return "Nothing to compare with yet: the sounds are still being analysed."


def example_name(example: Example) -> str:
    """Name an example for its chip."""
    if example.is_whole:
        return example.path.name
    return f"{example.path.name} {example.start_s:.2f}–{example.end_s:.2f} s"


def with_stretch(path: Path, stretch: tuple[float, float] | None) -> Example:
    """Make an example of a file, or of the stretch that is selected in it."""
    whole = Example(path)
    return whole if stretch is None else replace(whole, start_s=stretch[0], end_s=stretch[1])
