"""Sounds by the words of a query, ranked: all that have every word, and some that have most of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import log
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt

from bowerbird.catalogue.records import WORD_LEVELS, NamedSounds, WordMatch
from bowerbird.catalogue.sqlite import conditions
from bowerbird.catalogue.sqlite.session import Ids
from bowerbird.catalogue.sqlite.sounds import SoundReads
from bowerbird.catalogue.sqlite.word_search import BEGUN, INFLECTED, WHOLE, Slot, WordQuery, known_words
from bowerbird.domain.names import plain, sort_key
from bowerbird.domain.query import RELEVANCE, Query

_MAX_SCORED: Final = 10_000
"""More matches of a level are in the order of their names: BM25 takes 1.5 ms for a thousand."""

_MAX_REFINED: Final = 200_000
"""More matches of a level are in the order of their names alone."""

_MAX_COMMON: Final = 20_000
"""A word that more sounds have is looked for only among those that have a rarer one."""

_LEAST_SHARE: Final = 0.5
"""Sounds with some of the words have at least this share of what the best of them has."""

_SMALL_WORDS: Final = frozenset(
    {"a", "an", "and", "as", "at", "by", "for", "from", "in", "into", "is", "it", "its", "of", "on", "onto", "or"}
    | {"the", "to", "with", "am", "auf", "aus", "bei", "das", "dem", "den", "der", "des", "die", "ein", "eine"}
    | {"einem", "einen", "einer", "eines", "im", "mit", "oder", "und", "vom", "von", "zu"}
)
"""Words that find nothing by themselves."""

_FIELDS: Final = (("name", "name"), ("directory", "folder"), ("metadata", "metadata"))

_Number = TypeVar("_Number", bound=np.generic)


@dataclass(frozen=True, slots=True, eq=False)
class _Admitted:
    """The sounds that a query may match by words: usable, not denied, within its filters.

    Attributes
    ----------
    is_admitted : ndarray, shape (largest id + 1,), bool
    is_everything : bool
        Whether nothing but words restricts it.
    """

    is_admitted: npt.NDArray[np.bool_]
    is_everything: bool

    def among(self, ids: Ids) -> Ids:
        """Return those ids that are admitted, in their order."""
        known = ids[ids < len(self.is_admitted)]
        return known[self.is_admitted[known]]


class WordReads(SoundReads):
    """Reads sounds by words."""

    _last_named: tuple[tuple[int, Query], NamedSounds] | None = None

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
        admitted = self._admitted(query)
        blocks: list[tuple[int, Ids]] = []
        for level in words.levels():
            expression = words.expression(level)
            found = self._ids(*conditions.named_ids(expression))
            new = admitted.among(found)
            admitted.is_admitted[new] = False
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

    def _admitted(self, query: Query) -> _Admitted:
        ordered = self._ordered("name", is_descending=False)
        is_admitted = np.zeros(int(ordered.max(initial=-1)) + 1, np.bool_)
        is_admitted[ordered] = True
        filtered = conditions.admitted_ids(query)
        if filtered is not None:
            ids = self._ids(*filtered)
            within = np.zeros_like(is_admitted)
            within[ids[ids < len(within)]] = True
            is_admitted &= within
        denied = self._ids(*conditions.denied_ids(query))
        is_admitted[denied[denied < len(is_admitted)]] = False
        return _Admitted(is_admitted, filtered is None)

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
        """Return the best sounds that have some words of a query but not all; rare words count most.

        Words count where they are whole or inflected; the last may be unfinished. A phrase counts as one word.
        """
        words = self._looked_up(query)
        if len(words.slots) < 2:
            return []
        admitted = self._admitted(query)
        admitted.is_admitted[self.named(query).ids] = False
        found = self._with_each(words, admitted)
        n_sounds = max(1, len(self._ordered("name", is_descending=False)))
        scores = np.zeros(len(admitted.is_admitted), np.float32)
        counts = np.zeros(len(admitted.is_admitted), np.int16)
        for ids, n_found in found:
            scores[ids] += log((n_sounds + 1) / (n_found + 1))
            counts[ids] += 1
        best = float(scores.max(initial=0.0))
        if best <= 0:
            return []
        ordered = self._ordered("name", is_descending=False)
        ordered = ordered[(counts[ordered] > 0) & (scores[ordered] >= max(_LEAST_SHARE * best, 1e-6))]
        is_missing = np.isin(ordered, self.missing_ids())
        ordered = ordered[np.lexsort((-scores[ordered], is_missing))][:limit]
        fields = self._fields([(sound_id, BEGUN + 1) for sound_id in ordered.tolist()], words.slots)
        return [
            WordMatch(sound_id, "begun", fields[sound_id], int(counts[sound_id]), len(words.slots))
            for sound_id in ordered.tolist()
        ]

    def _with_each(self, words: WordQuery, admitted: _Admitted) -> list[tuple[Ids, int]]:
        """Return for each word the admitted sounds that have it, and how many sounds have it at all."""
        last = len(words.slots) - 1
        expressions = [
            slot.expression(BEGUN if index == last else INFLECTED)
            for index, slot in enumerate(words.slots)
            if not _SMALL_WORDS.intersection(slot.whole)
        ]
        rare: list[tuple[str, Ids]] = []
        common: list[str] = []
        for expression in expressions:
            sql, parameters = conditions.named_ids(words.without_excluded(expression))
            ids = self._ids(f"{sql} LIMIT ?", [*parameters, _MAX_COMMON + 1 if admitted.is_everything else -1])
            if admitted.is_everything and len(ids) > _MAX_COMMON:
                common.append(expression)
            else:
                rare.append((expression, ids))
        rarer = " OR ".join(f"({expression})" for expression, ids in rare if len(ids))
        found = [(admitted.among(ids), len(ids)) for _, ids in rare]
        for expression in common:
            both = f"({expression}) AND ({rarer})" if rarer else f"({expression})"
            sql, parameters = conditions.named_ids(words.without_excluded(both))
            ids = self._ids(f"{sql} LIMIT ?", [*parameters, _MAX_COMMON])
            count = f"SELECT count(*) FROM ({conditions.named_ids(expression)[0]})"
            found.append((admitted.among(ids), int(self._value(count, [expression]))))
        return found

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

    def known_words(self, words: Iterable[str]) -> frozenset[str]:
        """Return those words, in lower case without accents, that names, folders or metadata of the library have."""
        return known_words(words, self._rows)


def _read_only(array: npt.NDArray[_Number]) -> npt.NDArray[_Number]:
    array.setflags(write=False)
    return array
