"""How the words of a query are read: what they mean, by which names are searched, and what was corrected."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from bowerbird.catalogue.protocol import Reader
from bowerbird.domain.names import plain
from bowerbird.domain.query import Query, SpellingCorrection, Term
from bowerbird.encoders.protocol import Encoder, SpellingCorrector, SynonymFinder
from bowerbird.library.search.meanings import Meanings


@dataclass(frozen=True, slots=True)
class QueryWords:
    """How the words of a query are read.

    Attributes
    ----------
    meant : Query
        What is searched by meaning: without the words that the encoder would correct though the library has them.
    named : Query
        What is searched in names: misspelt words are corrected, unless the library has them.
    phrases : tuple of str
        The wanted words, alone and together, and their synonyms: a sound is not a match if one was denied for it.
    is_understood : bool
        Whether the words mean something: the wanted words, else the excluded words.
    unknown : tuple of str
        The wanted words that mean nothing and are searched by name only, in lower case.
    guesses : tuple of SpellingCorrection
        Which words, wanted or excluded, are read as words with a similar spelling.
    share_understood : float
        How much of the wanted words was understood, in [0, 1]; 1 without any.
    """

    meant: Query
    named: Query
    phrases: tuple[str, ...]
    is_understood: bool
    unknown: tuple[str, ...]
    guesses: tuple[SpellingCorrection, ...]
    share_understood: float


class QueryWordReader:
    """Reads the words of queries; those of the last query are kept. For the thread of its search.

    Parameters
    ----------
    reader : Reader
    encoder : Encoder
    meanings : Meanings
    """

    def __init__(self, reader: Reader, encoder: Encoder, meanings: Meanings) -> None:
        self._reader = reader
        self._encoder = encoder
        self._meanings = meanings
        self._last: tuple[object, QueryWords] | None = None

    def read(self, query: Query) -> QueryWords:
        """Return how the words of a query are read.

        Raises
        ------
        EncoderError
            When the words of the encoder are missing or damaged.
        """
        key = (query, self._reader.revision(), self._meanings.version)
        if self._last is None or self._last[0] != key:
            self._last = (key, self._read(query))
        return self._last[1]

    def _read(self, query: Query) -> QueryWords:
        guesses = self._guesses(query)
        guessed = {plain(guess.typed): guess.used for guess in guesses}
        last = plain(query.words[-1]) if query.words else ""  # it may be unfinished
        known = self._reader.known_words(frozenset(guessed), unfinished=last) if guessed else frozenset()
        kept = tuple(term for term in query.terms if not _is_name(term, guessed, known))
        corrected = {typed: used for typed, used in guessed.items() if typed not in known}
        query = replace(query, synonyms=self._synonyms(query))
        meant = query if len(kept) == len(query.terms) else replace(query, terms=kept)
        is_understood = self._meanings.understands(meant.text if meant.words else " ".join(meant.excluded))
        left_out = [word.lower() for term in query.terms if term not in kept for word in term.words]
        share = len(meant.words) / len(query.words) if query.words else 1.0
        return QueryWords(
            meant=meant,
            named=replace(query, terms=tuple(_corrected(term, corrected) for term in query.terms)),
            phrases=query.phrases,
            is_understood=is_understood,
            unknown=(*left_out, *self._meanings.unknown_words(meant.text)),
            guesses=(guesses if meant is query else self._guesses(meant)) if is_understood else (),
            share_understood=share * self._meanings.share_understood(meant.text),
        )

    def _guesses(self, query: Query) -> tuple[SpellingCorrection, ...]:
        text = self._encoder.text
        if text is None or not isinstance(text, SpellingCorrector):
            return ()
        phrases = (query.text, *query.excluded)
        return tuple(dict.fromkeys(guess for phrase in phrases for guess in text.guesses(phrase)))

    def _synonyms(self, query: Query) -> tuple[str, ...]:
        text = self._encoder.text
        if text is None or not query.words or not isinstance(text, SynonymFinder):
            return query.synonyms
        return text.synonyms(query.text)


def _is_name(term: Term, guessed: Collection[str], known: Collection[str]) -> bool:
    """Return whether all words of a term that the encoder would correct are words of the library."""
    corrected = [word for word in map(plain, term.words) if word in guessed]
    return bool(corrected) and all(word in known for word in corrected)


def _corrected(term: Term, corrected: Mapping[str, str]) -> Term:
    if term.is_phrase or term.is_excluded or not corrected:
        return term
    words = [part for word in term.words for part in corrected.get(plain(word), word).split()]
    return replace(term, words=tuple(words))
