"""What a list of sounds shows: by words and filters, or by similarity, with suggestions where nothing is found."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from bowerbird.catalogue.records import EventKind, Folder
from bowerbird.domain.matches import Match
from bowerbird.domain.query import RELEVANCE, Example, Location, Query, SpellingCorrection
from bowerbird.encoders.protocol import Encoder, Namer
from bowerbird.encoders.registry import DEFAULT_ENCODER, encoder_named
from bowerbird.library.annotations.words import SuggestedWord, suggested_words
from bowerbird.library.library import Library
from bowerbird.library.search.folding import Below, Folded, Folding, ListFolder, different_matches
from bowerbird.library.search.query_words import QueryWords
from bowerbird.library.search.search import Search

N_SIMILAR: Final = 200
"""Matches shown for an example: nobody auditions more."""

N_WEAK: Final = 15
"""Sounds that probably do not match what was described, which are listed last."""

N_RECENT: Final = 500
"""Sounds that the history lists."""

_BY_NAME: Final = Match(0, 0.0, None, 0.0, 0.0, "words in its name, folder or metadata", n_named=1)

_MAX_RELAXATIONS: Final = 4
_MAX_TRIED_RELAXATIONS: Final = 12


@dataclass(frozen=True, slots=True)
class Relaxation:
    """A less restrictive query, and how many sounds it finds."""

    query: Query
    n_found: int


@dataclass(frozen=True, slots=True, eq=False)
class Listing:
    """The result of a query.

    Attributes
    ----------
    ids : ndarray, shape (n,), int64
        Sounds in order.
    matches : dict of int to Match
        By sound id; empty for lists that are not ranked by similarity.
    n_likely : int or None
        How many sounds come before those that are probably no match; None where there are none, or where it is not
        known.
    unknown_words : tuple of str
        Words that are searched by name only, in lower case: they mean nothing to the encoder.
    by_name : Match or None
        The match of all sounds that are not among `matches`: there may be a million. None for other lists.
    relaxations : tuple of Relaxation
        What would find something, where this found nothing.
    n_library : int
        Number of sounds in the whole library.
    guesses : tuple of SpellingCorrection
        Words that were read as words with a similar spelling.
    n_analysed : int or None
        Number of sounds that could be compared, where that is not all of them; None otherwise.
    is_understood : bool
        Whether the words mean something to the encoder or are in names, where there are any.
    copies, others : Below
        What is folded below a sound, by its id; see `Folded`.
    """

    ids: npt.NDArray[np.int64]
    matches: Mapping[int, Match] = field(default_factory=dict)
    relaxations: tuple[Relaxation, ...] = ()
    n_library: int = 0
    guesses: tuple[SpellingCorrection, ...] = ()
    n_analysed: int | None = None
    is_understood: bool = True
    by_name: Match | None = None
    n_likely: int | None = None
    unknown_words: tuple[str, ...] = ()
    copies: Below = field(default_factory=Below)
    others: Below = field(default_factory=Below)

    @property
    def n_sounds(self) -> int:
        """Number of sounds in the list, those that are folded among them."""
        return len(self.ids) + len(self.copies.ids) + len(self.others.ids)


@dataclass(frozen=True, slots=True)
class FolderPane:
    """What the folder pane shows.

    Attributes
    ----------
    directories : tuple of (Location, int)
        Every directory with sounds, and the number of usable sounds directly in it.
    folders : tuple of Folder
        Those that the user added.
    n_rejected : int
    n_analysed, n_present : int
        The numbers of usable, present sounds: those that were analysed, and all.
    """

    directories: tuple[tuple[Location, int], ...]
    folders: tuple[Folder, ...]
    n_rejected: int
    n_analysed: int = 0
    n_present: int = 0


class Browsing:
    """Runs the queries of the window. For one thread, which opens everything at the first query.

    Parameters
    ----------
    library : Library
    encoder : Encoder

    Attributes
    ----------
    folding : Folding
        What is folded in lists from now on; may be set from any thread.
    """

    def __init__(self, library: Library, encoder: Encoder) -> None:
        self.folding = Folding()
        self._library = library
        self._encoder = encoder
        self._opened: Search | None = None
        self._folder: ListFolder | None = None
        self._built_in: Encoder | None = None
        self._counted: tuple[int, tuple[int, int]] | None = None

    @property
    def _search(self) -> Search:
        if self._opened is None:
            self._opened = Search(self._library, self._encoder)
        return self._opened

    def use(self, encoder: Encoder) -> None:
        """Search by another encoder from now on."""
        self.close()
        self._encoder = encoder

    def close(self) -> None:
        """Close what was opened."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None
            self._folder = None
            self._counted = None

    def warm_up(self) -> bool:
        """Load the vector index and the text network; return whether words can be searched by their meaning."""
        self._search.neighbours.refresh()
        text = self._search.for_words().encoder.text
        if text is not None:
            text.encode(["a sound"])
        return self._search.has_meanings

    # Lists

    def list(self, query: Query) -> Listing:
        """List the sounds that words and filters match, in order."""
        reader = self._search.reader
        folded = self._fold(reader.list_ids(query), is_ranked=False)
        relaxations = () if len(folded.ids) else self._relaxations(query)
        return Listing(folded.ids, {}, relaxations, reader.count(), copies=folded.copies, others=folded.others)

    def _fold(
        self, ids: npt.NDArray[np.int64], *, is_ranked: bool, n_named: npt.NDArray[np.int64] | None = None
    ) -> Folded:
        return self._list_folder.fold(ids, self.folding, is_ranked=is_ranked, n_named=n_named)

    @property
    def _list_folder(self) -> ListFolder:
        if self._folder is None:
            self._folder = ListFolder(self._search.reader)
        return self._folder

    def _different(self, find: Callable[[int], Sequence[Match]]) -> Sequence[Match]:
        """Return the best matches, as many that a folded list of them is long enough."""
        return different_matches(find, self._list_folder, self.folding, limit=N_SIMILAR)[0]

    def meant(self, query: Query) -> Listing:
        """List the sounds that words name or mean, among those that match the filters: the best of both first.

        Every sound with the words in its name is listed, those that are not among the best by name; of those that match
        by meaning alone, the closest. Last come a few that are probably no match.

        Raises
        ------
        EncoderError
            When the text network is missing or damaged.
        """
        search = self._search.for_words()
        found = self._different(lambda limit: search.by_text(query, limit=limit, n_weak=N_WEAK))
        best = np.array([match.sound_id for match in found if not match.is_weak], np.int64)
        weak = np.array([match.sound_id for match in found if match.is_weak], np.int64)
        named = search.reader.named(search.words_of(query).named).ids if query.words else best[:0]
        ids = np.concatenate([best, named[~np.isin(named, best)]])
        is_missing = np.isin(ids, search.reader.missing_ids())
        ids = np.concatenate([ids[~is_missing], ids[is_missing], weak])
        matches = {match.sound_id: match for match in found}
        by_name = replace(_BY_NAME, n_named=len(query.words)) if len(named) else None
        return self._ranked(ids, matches, query, search.words_of(query), by_name=by_name)

    def similar(self, examples: Sequence[Example], query: Query) -> Listing:
        """List the sounds most similar to examples, among those that match the filters; see `Search.similar`.

        Raises
        ------
        AudioError
            When an example cannot be decoded.
        """
        found = self._different(self._search.finder(examples, query))
        ids = np.array([match.sound_id for match in found], np.int64)
        words = self._search.words_of(query)
        return self._ranked(ids, {match.sound_id: match for match in found}, query, words)

    def recent(self, kind: EventKind, query: Query) -> Listing:
        """List the sounds that were played or dragged, the latest first, among those that match a query."""
        reader = self._search.reader
        entries = reader.history(kind, limit=N_RECENT)
        ids = np.array(list(dict.fromkeys(entry.sound_id for entry in entries if entry.sound_id)), np.int64)
        if query.order != RELEVANCE:
            ids = reader.in_order(ids, query)
        matching = reader.list_ids(replace(query, order="name", is_descending=False))
        folded = self._fold(ids[np.isin(ids, matching)], is_ranked=query.order == RELEVANCE)
        return Listing(folded.ids, n_library=reader.count(), copies=folded.copies, others=folded.others)

    def some_sound(self) -> Example | None:
        """Return a sound that was chosen at random among the analysed, present sounds; None where there are none."""
        _, sound_ids = self._search.reader.matching_contents(Query())
        if not len(sound_ids):
            return None
        sound_id = int(np.random.default_rng().choice(sound_ids))
        row = self._search.reader.rows([sound_id]).get(sound_id)
        return Example(row.path) if row is not None else None

    def _ranked(
        self,
        ids: npt.NDArray[np.int64],
        matches: Mapping[int, Match],
        query: Query,
        words: QueryWords,
        *,
        by_name: Match | None = None,
    ) -> Listing:
        reader = self._search.reader
        if query.order != RELEVANCE:
            ids = reader.in_order(ids, query)
        folded = self._fold(ids, is_ranked=query.order == RELEVANCE, n_named=_n_named(ids, matches, by_name))
        ids = folded.ids
        relaxations = () if len(ids) else self._relaxations(query)
        n_analysed, n_present = self._counts()
        is_weak = np.isin(ids, [sound_id for sound_id, match in matches.items() if match.band == "weak"])
        n_likely = int(is_weak.argmax()) if is_weak.any() and query.order == RELEVANCE else None
        return Listing(
            ids,
            matches,
            relaxations,
            reader.count(),
            words.guesses,
            n_analysed if n_analysed < n_present else None,
            is_understood=not query.words or by_name is not None or words.is_understood,
            by_name=by_name,
            n_likely=n_likely,
            unknown_words=words.unknown,
            copies=folded.copies,
            others=folded.others,
        )

    def _counts(self) -> tuple[int, int]:
        """Return how many present sounds were analysed, and how many there are; counted again after a change."""
        revision = self._search.reader.revision()
        if self._counted is None or self._counted[0] != revision:
            self._counted = (revision, self._search.reader.count_analysed())
        return self._counted[1]

    def _relaxations(self, query: Query) -> tuple[Relaxation, ...]:
        """Return what finds something without the filters, or without one of the terms."""
        reader = self._search.reader
        terms = query.terms
        fewer = [terms[:index] + terms[index + 1 :] for index in reversed(range(len(terms)))] if len(terms) > 1 else []
        fewer = list(dict.fromkeys(fewer))
        is_restricted = bool(query.filters or query.location)
        candidates = [Query(terms)] if is_restricted else []
        candidates += [replace(query, terms=kept) for kept in fewer]
        candidates += [Query(kept) for kept in fewer if is_restricted]
        tried = ((candidate, len(reader.list_ids(candidate))) for candidate in candidates[:_MAX_TRIED_RELAXATIONS])
        return tuple(Relaxation(candidate, n_found) for candidate, n_found in tried if n_found)[:_MAX_RELAXATIONS]

    # Folders

    def pending_folders(self, *encoder_ids: str) -> Sequence[Path]:
        """Return folders with sounds that lack embeddings of one of some encoders; without ids, of the current one."""
        reader = self._search.reader
        ids = encoder_ids or (self._encoder.id,)
        return list(dict.fromkeys(path for encoder_id in ids for path in reader.pending_folders(encoder_id)))

    def folder_pane(self) -> FolderPane:
        """Return what the folder pane shows."""
        reader = self._search.reader
        return FolderPane(
            tuple(reader.directories()),
            tuple(reader.folders()),
            reader.count_rejected(),
            *self._counts(),
        )

    # Words

    def words(self, sound_id: int) -> tuple[SuggestedWord, ...]:
        """Return the words for a sound; none before it was analysed.

        If the search encoder suggests no words, the built-in encoder does.

        Raises
        ------
        EncoderError
            When the words of the built-in encoder are missing or damaged.
        """
        contents = self._contents([sound_id])
        return suggested_words(self._search.reader, self._namer, contents[0]) if contents else ()

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


def _n_named(ids: npt.NDArray[np.int64], matches: Mapping[int, Match], by_name: Match | None) -> npt.NDArray[np.int64]:
    """Return how many of the words the names of listed sounds have, shape (n,)."""
    found = np.full(len(ids), by_name.n_named if by_name is not None else 0, np.int64)
    if matches:
        known = np.array(sorted(matches), np.int64)
        counts = np.array([matches[sound_id].n_named for sound_id in known.tolist()], np.int64)
        positions = np.minimum(np.searchsorted(known, ids), len(known) - 1)
        is_known = known[positions] == ids
        found[is_known] = counts[positions[is_known]]
    return found
