"""What a list of sounds shows: by words and filters, or by similarity, with advice where nothing is found."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from bowerbird.base.errors import QueryError
from bowerbird.catalogue.records import Folder, SoundRow
from bowerbird.domain.matches import Match
from bowerbird.domain.names import sort_key, split_unwanted, words_of
from bowerbird.domain.query import Example, Guess, Order, Place, Query
from bowerbird.encoders.protocol import Encoder, Namer
from bowerbird.encoders.registry import DEFAULT_ENCODER, encoder_named
from bowerbird.library.annotations.words import SuggestedWord, deny_word, give_words, suggested_words
from bowerbird.library.search.search import Search, without_wanted

N_SIMILAR: Final = 200
"""Matches shown for an example: nobody listens further."""

BY_NAME: Final = "words in its name, folder or metadata"

_MAX_RELAXATIONS: Final = 4

MAX_NAMED: Final = 5_000
"""Sounds that are given a word at once: nobody heard more of them, and these take a second or two."""


@dataclass(frozen=True, slots=True)
class Relaxation:
    """A query that asks for less, and how many sounds it finds."""

    words: str
    keeps_filters: bool
    n_found: int


@dataclass(frozen=True, slots=True, eq=False)
class Listing:
    """An answer.

    Attributes
    ----------
    ids : ndarray, shape (n,), int64
        Sounds in order.
    matches : dict of int to Match
        By sound id; empty where similarity was not asked for.
    relaxations : tuple of Relaxation
        What would find something, where this found nothing.
    n_library : int
        Sounds in the whole library.
    guesses : tuple of Guess
        What words were taken for.
    """

    ids: npt.NDArray[np.int64]
    matches: dict[int, Match] = field(default_factory=dict)
    relaxations: tuple[Relaxation, ...] = ()
    n_library: int = 0
    guesses: tuple[Guess, ...] = ()


@dataclass(frozen=True, slots=True)
class Pane:
    """What the library consists of.

    Attributes
    ----------
    directories : tuple of (Place, int)
        Every directory with sounds, and how many usable ones it holds itself.
    folders : tuple of Folder
        Those that the user added.
    n_rejected : int
    """

    directories: tuple[tuple[Place, int], ...]
    folders: tuple[Folder, ...]
    n_rejected: int


class Browsing:
    """Answers what the window asks. For one thread: everything is opened there at the first question.

    Parameters
    ----------
    library : Path
    encoder : Encoder
    """

    def __init__(self, library: Path, encoder: Encoder) -> None:
        self._library = library
        self._encoder = encoder
        self._opened: Search | None = None
        self._built_in: Encoder | None = None

    @property
    def _search(self) -> Search:
        if self._opened is None:
            self._opened = Search(self._library, self._encoder)
        return self._opened

    def use(self, encoder: Encoder) -> None:
        """Search by another encoder from now on."""
        self.close()
        self._encoder = encoder

    def list(self, query: Query) -> Listing:
        """List the sounds that words and filters name, in order."""
        reader = self._search.reader
        ids = reader.list_ids(query)
        relaxations = () if len(ids) else self._relax(query)
        return Listing(ids, relaxations=relaxations, n_library=reader.count())

    def meant(self, query: Query) -> Listing:
        """List the sounds that words name or mean, among those that filters name: the best of both first.

        Every sound with the words in its name is listed, those that are not among the best by name; of those that fit
        by meaning alone, the closest.

        Raises
        ------
        EncoderError
            When the text network is missing or damaged.
        """
        search = self._search
        found = search.by_text(query.words, query, limit=N_SIMILAR, has_weak=False)
        named = search.reader.list_ids(replace(query, order=Order.NAME, is_descending=False))
        if not words_of(split_unwanted(query.words)[0]):
            named = named[:0]
        best = np.array([match.sound_id for match in found], np.int64)
        ids = np.concatenate([best, named[~np.isin(named, best)]])
        if query.order is not Order.RELEVANCE:
            ids = self._sorted(ids, query)
        relaxations = () if len(ids) else self._relax(query)
        by_name = Match(0, 0.0, None, 0.0, 0.0, BY_NAME)  # one for all: there may be a hundred thousand
        matches = dict.fromkeys(named.tolist(), by_name) | {match.sound_id: match for match in found}
        return Listing(ids, matches, relaxations, search.reader.count(), search.guesses(query.words))

    def similar(self, examples: Sequence[Example], query: Query) -> Listing:
        """List the sounds most similar to examples, among those that filters name.

        Words add their meaning where the encoder knows it; where not, only sounds named by them are compared.

        Raises
        ------
        AudioError
            When an example cannot be heard.
        """
        search = self._search
        if search.understands(query.words):
            among = without_wanted(query.words, query)
            found = search.by_example(search.target(examples, text=query.words), among, limit=N_SIMILAR)
        else:
            found = search.by_example(search.target(examples), query, limit=N_SIMILAR)
        ids = np.array([match.sound_id for match in found], np.int64)
        if query.order is not Order.RELEVANCE:
            ids = self._sorted(ids, query)
        relaxations = () if len(ids) else self._relax(query)
        matches = {match.sound_id: match for match in found}
        return Listing(ids, matches, relaxations, search.reader.count(), search.guesses(query.words))

    def warm_up(self) -> bool:
        """Load the vector index and the text network; say whether words can be searched by their meaning."""
        self._search.neighbours.refresh()
        if self._encoder.text is not None:
            self._encoder.text.encode(["a sound"])
        return self._search.knows_words

    def pending_folders(self, *encoder_ids: str) -> Sequence[Path]:
        """Return folders with sounds that lack what one of some encoders makes of them; without ids, this one."""
        reader = self._search.reader
        found = [path for one in encoder_ids or (self._encoder.id,) for path in reader.pending_folders(one)]
        return list(dict.fromkeys(found))

    def pane(self) -> Pane:
        """Return what the left pane shows."""
        reader = self._search.reader
        return Pane(tuple(reader.directories()), tuple(reader.folders()), reader.count_rejected())

    def words(self, sound_id: int) -> tuple[SuggestedWord, ...]:
        """Return what a sound may be called: nothing before it was analysed.

        Where the encoder that is searched by names no sounds, the built-in one does.

        Raises
        ------
        EncoderError
            When the words of the built-in encoder are missing or damaged.
        """
        contents = self._contents([sound_id])
        return suggested_words(self._search.reader, self._namer, contents[0]) if contents else ()

    def give(self, sound_ids: Sequence[int], word: str) -> None:
        """Keep that sounds, and their copies, are called so.

        Raises
        ------
        QueryError
            When it is no word, none of the sounds was analysed yet, or there are too many.
        CatalogueError
            When the library cannot be written.
        """
        if len(sound_ids) > MAX_NAMED:
            raise QueryError(f"{len(sound_ids):,} sounds are too many for one word. Choose {MAX_NAMED:,} or fewer.")
        contents = self._contents(sound_ids)
        if not contents:
            raise QueryError("What was not analysed yet takes no words. Wait until it is, then add the word again.")
        give_words(self._library, contents, word)

    def deny(self, sound_ids: Sequence[int], word: str) -> None:
        """Keep that sounds are not called so.

        Raises
        ------
        CatalogueError
            When the library cannot be written.
        """
        deny_word(self._library, self._contents(sound_ids), word)

    def take_back(self, sound_ids: Sequence[int], word: str) -> None:
        """Keep that those of the sounds that somebody called so are not.

        Raises
        ------
        CatalogueError
            When the library cannot be written.
        """
        reader = self._search.reader
        called = tuple(one for one in self._contents(sound_ids) if reader.given_words(one).get(word))
        deny_word(self._library, called, word)

    @property
    def _namer(self) -> Encoder:
        if isinstance(self._encoder, Namer):
            return self._encoder
        if self._built_in is None:
            self._built_in = encoder_named(DEFAULT_ENCODER)
        return self._built_in

    def _contents(self, sound_ids: Sequence[int]) -> Sequence[int]:
        """Return the contents of those sounds that were analysed, each once."""
        rows = self._search.reader.rows(sound_ids)
        found = (rows[sound_id].content_id for sound_id in sound_ids if sound_id in rows)
        return tuple(dict.fromkeys(content_id for content_id in found if content_id is not None))

    def close(self) -> None:
        """Close what was opened."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def _sorted(self, ids: npt.NDArray[np.int64], query: Query) -> npt.NDArray[np.int64]:
        """Sort a few ids by a column."""
        rows = self._search.reader.rows(ids.tolist())
        kept = [rows[sound_id] for sound_id in ids.tolist() if sound_id in rows]
        key = _SORT_KEYS[query.order]
        known = [row for row in kept if key(row) is not None]
        unknown = [row for row in kept if key(row) is None]
        known.sort(key=lambda row: (key(row), sort_key(row.name)), reverse=query.is_descending)
        return np.array([row.id for row in [*known, *unknown]], np.int64)

    def _relax(self, query: Query) -> tuple[Relaxation, ...]:
        """Find out what asking for less would find: without the filters, or without one of the words."""
        reader = self._search.reader
        words = query.words.split()
        fewer = [" ".join(words[:i] + words[i + 1 :]) for i in range(len(words))] if len(words) > 1 else []
        is_filtered = bool(query.filters or query.place)
        asked: list[tuple[str, bool]] = [(query.words, False)] if is_filtered else []
        asked += [(text, True) for text in dict.fromkeys(reversed(fewer))]
        asked += [(text, False) for text in dict.fromkeys(reversed(fewer)) if is_filtered]
        found: list[Relaxation] = []
        for text, keeps_filters in asked[:12]:
            less = replace(query, words=text) if keeps_filters else Query(text)
            n_found = len(reader.list_ids(less))
            if n_found:
                found.append(Relaxation(text, keeps_filters, n_found))
        return tuple(found[:_MAX_RELAXATIONS])


_SORT_KEYS: Final[dict[Order, Callable[[SoundRow], Any]]] = {
    Order.NAME: lambda row: sort_key(row.name),
    Order.FOLDER: lambda row: row.directory,
    Order.DURATION: lambda row: row.duration_s,
    Order.CHANNELS: lambda row: row.n_channels,
    Order.RATE: lambda row: row.rate_hz,
}
