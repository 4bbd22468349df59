"""Sounds by the words of a query, ranked: all that have every word, and some that have most of them."""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from math import log
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt

from bowerbird.catalogue.records import WORD_LEVELS, NamedSounds, WordMatch
from bowerbird.catalogue.sqlite import conditions
from bowerbird.catalogue.sqlite.session import Ids
from bowerbird.catalogue.sqlite.sounds import SoundReads
from bowerbird.catalogue.sqlite.word_search import INFLECTED, LEVELS, WHOLE, Slot, WordQuery, is_begun, known_words
from bowerbird.domain.names import plain, sort_key
from bowerbird.domain.query import RELEVANCE, Query
from bowerbird.domain.stop_words import STOP_WORDS

_MAX_SCORED: Final = 10_000
"""More matches of a level are in the order of their names: BM25 takes 1.5 ms for a thousand."""

_MAX_REFINED: Final = 200_000
"""More matches of a level are in the order of their names alone."""

_LEVEL_WEIGHTS: Final = (1.0, 0.8, 0.6, 0.4)
"""What a word counts that was found whole, inflected, as a beginning, or inside; where not all words were found."""

_DIGITS: Final = 6
"""Scores that differ in later digits are equal: sums of the same words in another order."""


_FIELDS: Final = (("name", "name"), ("directory", "folder"), ("metadata", "metadata"))

_Number = TypeVar("_Number", bound=np.generic)


@dataclass(frozen=True, slots=True, eq=False)
class _Partly:
    """Sounds that have some words of a query but not all, the best first.

    Attributes
    ----------
    ids : ndarray, shape (n,), int64
    n_found : ndarray, shape (n,), int16
        How many words each has.
    """

    ids: Ids
    n_found: npt.NDArray[np.int16]


class WordReads(SoundReads):
    """Reads sounds by words."""

    _last_named: tuple[tuple[int, Query], NamedSounds] | None = None
    _last_partly: tuple[tuple[int, Query], _Partly] | None = None

    def list_ids(self, query: Query) -> Ids:
        """Return the ids of the sounds that match a query, in its order, shape (n,); see `SoundReads`."""
        if query.order == RELEVANCE and query.words:
            return self.named(query).ids
        return super().list_ids(query)

    def named(self, query: Query) -> NamedSounds:
        """Return all sounds that match a query and have every word of it, best first.

        Sounds named exactly as was typed come first, then those with all words whole, inflected, as beginnings, and in
        the middle of words. Within each: names that begin with the words, names that have them all, the best BM25.
        """
        key = (self.revision(), replace(query, order=RELEVANCE, is_descending=False))
        if self._last_named is None or self._last_named[0] != key:
            self._last_named = (key, self._named(query))
        return self._last_named[1]

    def _named(self, query: Query) -> NamedSounds:
        words = self._looked_up(query)
        is_admitted = self._is_admitted(query)
        blocks: list[tuple[int, Ids]] = []
        for level in words.levels():
            expression = words.expression(level)
            found = self._ids(*conditions.named_ids(expression))
            new = found[found < len(is_admitted)]
            new = new[is_admitted[new]]
            is_admitted[new] = False
            if len(new):
                ranked = self._by_relevance(new, len(found), words, level)
                if level == WHOLE:
                    is_name = np.isin(ranked, self._named_as_typed(query))
                    blocks.append((0, ranked[is_name]))
                    ranked = ranked[~is_name]
                blocks.append((level + 1, ranked))
        ids = np.concatenate([np.zeros(0, np.int64), *(ranked for _, ranked in blocks)])
        levels = np.concatenate(
            [np.full(len(ranked), level, np.int8) for level, ranked in blocks] or [np.zeros(0, np.int8)]
        )
        is_missing = np.isin(ids, self.missing_ids())
        order = np.argsort(is_missing, kind="stable")
        return NamedSounds(_read_only(ids[order]), _read_only(levels[order]))

    def _by_relevance(self, ids: Ids, n_found: int, words: WordQuery, level: int) -> Ids:
        """Return sounds that match up to a level in the order of their relevance."""
        expression = words.expression(level)
        size = int(ids.max()) + 1
        is_new = np.zeros(size, np.bool_)
        is_new[ids] = True
        if n_found <= _MAX_SCORED:
            ranked = self._ids(*conditions.named_ids_by_relevance(expression))
        else:
            ranked = self._ordered("name", is_descending=False)
        ranked = ranked[ranked < size]
        ranked = ranked[is_new[ranked]]
        if len(ranked) > _MAX_REFINED:
            return ranked
        worse = np.zeros(size, np.int8)
        better = [f"{{name}} : ({expression})", *([words.beginning()] if level == WHOLE else [])]
        for better_expression in better:
            found = self._ids(*conditions.named_ids(better_expression))
            worse[found[found < size]] -= 1
        return ranked[np.argsort(worse[ranked], kind="stable")]

    def _named_as_typed(self, query: Query) -> Ids:
        """Return the sounds whose names are the text of a query, with or without the extension."""
        typed = sort_key(query.text)
        sql = "SELECT id FROM sounds WHERE name_key = ?1 OR (name_key > ?1 || '.' AND name_key < ?1 || '/')"
        return self._ids(sql, [typed])

    def search_words(self, query: Query, *, limit: int) -> list[WordMatch]:
        """Return the best sounds that have every word of a query; see `named`."""
        named = self.named(query)
        slots = self._looked_up(query).slots
        levels = dict(zip(named.ids[:limit].tolist(), named.levels[:limit].tolist(), strict=True))
        fields = self._fields(levels.items(), slots)
        return [
            WordMatch(sound_id, WORD_LEVELS[level], fields[sound_id], len(slots), len(slots))
            for sound_id, level in levels.items()
        ]

    def partly_named(self, query: Query, *, limit: int) -> list[WordMatch]:
        """Return the best sounds that have some words of a query but not all, those with most of them first.

        Words in another form count too; parts of words do not, since some part is nearly everywhere. Of sounds with as
        many words, those come first that have the rarer words, and have them whole. A phrase counts as one word.
        """
        slots = self._looked_up(query).slots
        partly = self._partly(query)
        ids = partly.ids[:limit].tolist()
        fields = self._fields([(sound_id, INFLECTED + 1) for sound_id in ids], slots)
        return [
            WordMatch(sound_id, "inflected", fields[sound_id], n_found, len(slots))
            for sound_id, n_found in zip(ids, partly.n_found[:limit].tolist(), strict=True)
        ]

    def _partly(self, query: Query) -> _Partly:
        """Return all sounds that have some words of a query but not all, the best first."""
        key = (self.revision(), replace(query, order=RELEVANCE, is_descending=False))
        if self._last_partly is None or self._last_partly[0] != key:
            self._last_partly = (key, self._read_partly(query))
        return self._last_partly[1]

    def _read_partly(self, query: Query) -> _Partly:
        words = self._looked_up(query)
        nothing = _Partly(np.zeros(0, np.int64), np.zeros(0, np.int16))
        if len(words.slots) < 2:
            return nothing
        is_admitted = self._is_admitted(query)
        is_admitted[self.named(query).ids] = False
        ordered = self._ordered("name", is_descending=False)
        scores = np.zeros(len(is_admitted))
        counts = np.zeros(len(is_admitted), np.int16)
        for slot in words.slots:
            if STOP_WORDS.intersection(slot.whole):
                continue
            weights = np.zeros(len(is_admitted), np.float32)
            for level in reversed(LEVELS):
                if level <= INFLECTED and slot.has(level):
                    ids = self._ids(*conditions.named_ids(words.without_excluded(slot.expression_at(level))))
                    weights[ids[ids < len(weights)]] = _LEVEL_WEIGHTS[level]
            is_found = weights > 0
            counts += is_found
            scores += log((len(ordered) + 1) / (np.count_nonzero(is_found) + 0.5)) * weights
        ordered = ordered[is_admitted[ordered] & (counts[ordered] > 0)]
        is_missing = np.isin(ordered, self.missing_ids())
        ordered = ordered[np.lexsort((-np.round(scores[ordered], _DIGITS), -counts[ordered], is_missing))]
        return _Partly(_read_only(ordered), _read_only(counts[ordered]))

    def _fields(self, levels: Iterable[tuple[int, int]], slots: Sequence[Slot]) -> dict[int, tuple[str, ...]]:
        """Return in which fields of sounds words are, by sound id, given the indices of their levels."""
        level_of = dict(levels)
        columns = ", ".join(column for column, _ in _FIELDS)
        sql = f"SELECT rowid AS id, {columns} FROM sound_words WHERE rowid IN ({{ids}})"
        fields = {}
        for row in self._rows_by_id(sql, list(level_of)):
            level = max(WHOLE, level_of[row["id"]] - 1)
            texts = ((field, f" {plain(row[column])} ") for column, field in _FIELDS)
            fields[row["id"]] = tuple(
                field for field, text in texts if text.strip() and any(slot.is_in(text, level) for slot in slots)
            )
        return {sound_id: fields.get(sound_id, ()) for sound_id in level_of}

    def known_words(self, words: AbstractSet[str], *, unfinished: str = "") -> frozenset[str]:
        """Return those words, in lower case without accents, that names, folders or metadata of the library have.

        Parameters
        ----------
        words : set of str
        unfinished : str
            One of the words that counts if a longer word begins with it.
        """
        found = known_words(words, self._rows)
        return found | {unfinished} if unfinished in words and is_begun(unfinished, self._rows) else found


def _read_only(array: npt.NDArray[_Number]) -> npt.NDArray[_Number]:
    array.setflags(write=False)
    return array
