"""Words of a query as FTS5 expressions: whole words, their other spellings and inflections, beginnings and middles.

Each word of a query, and each phrase, is a slot; a sound matches when every slot does. What a slot accepts grows by
levels. Spellings meet in both directions: a word that is typed as one is also looked for as two neighbouring words of
the vocabulary (hihat, Hi-Hat), and two neighbouring words that are typed are also looked for as one (hi hat, hihat).
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bowerbird.domain.inflections import inflections
from bowerbird.domain.names import is_by_character, parts_of, plain
from bowerbird.domain.query import Query, Term

Rows = Callable[[str, Sequence[Any]], Sequence[Any]]
"""Runs a statement and returns its rows."""

WHOLE, INFLECTED, BEGUN, INSIDE = range(4)
"""Levels of a match, best first: a sound has the worst level of its words."""

LEVELS: Final = (WHOLE, INFLECTED, BEGUN, INSIDE)

_MAX_EXPANDED: Final = 12
"""Words that are looked for in other forms too; further words of long texts only whole."""

_SHORTEST_MIDDLE: Final = 3
"""Letters that are looked for in the middle of words; fewer are in too many words."""

_LONGEST_SPLIT: Final = 24
_LONGEST_ABBREVIATION: Final = 5
"""Letters that may be written with points between them: TNT, T.N.T."""

_SHARP_WORD: Final = re.compile(r"\b([a-g])sharp\b")
_MAX_MIDDLES: Final = 500
_MAX_PARAMETERS: Final = 500


_INSIDE_COLUMNS: Final = "{name directory}"


@dataclass(frozen=True, slots=True)
class Slot:
    """What one word or phrase of a query accepts, in lower case without accents.

    Attributes
    ----------
    whole, inflected : tuple of str
        Phrases of one or more words that stand beside each other.
    begun : tuple of str
        Phrases whose last word may go on.
    inside : tuple of str
        Words of the vocabulary that contain it. They are looked for in names and folders: in comments, some word
        contains nearly everything.
    """

    whole: tuple[str, ...]
    inflected: tuple[str, ...] = ()
    begun: tuple[str, ...] = ()
    inside: tuple[str, ...] = ()

    def expression(self, level: int) -> str:
        """Return the FTS5 expression for what it accepts up to a level."""
        begun = self.begun if level >= BEGUN else ()
        whole = [*self.whole, *(self.inflected if level >= INFLECTED else ())]
        whole = [phrase for phrase in whole if not phrase.startswith(begun)] if begun else whole
        inside = [word for word in self.inside if not word.startswith(begun)] if level >= INSIDE else []
        phrases = [*(f'"{phrase}"*' for phrase in begun), *(f'"{phrase}"' for phrase in whole)]
        return " OR ".join([*phrases, *(f'{_INSIDE_COLUMNS} : "{word}"' for word in inside)])

    def has(self, level: int) -> bool:
        """Return whether it accepts more at a level than at the level before."""
        return bool(self._at(level))

    def expression_at(self, level: int) -> str:
        """Return the FTS5 expression for what it accepts at a level alone."""
        mark, columns = "*" if level == BEGUN else "", f"{_INSIDE_COLUMNS} : " if level == INSIDE else ""
        return " OR ".join(f'{columns}"{phrase}"{mark}' for phrase in self._at(level))

    def _at(self, level: int) -> tuple[str, ...]:
        return (self.whole, self.inflected, self.begun, self.inside)[level]

    def is_in(self, text: str, level: int) -> bool:
        """Return whether a text has what it accepts up to a level; its words are plain, with spaces on both sides."""
        phrases = (self.whole, self.inflected, (), self.inside)[: level + 1]
        return any(f" {phrase} " in text for each in phrases for phrase in each) or (
            level >= BEGUN and any(f" {phrase}" in text for phrase in self.begun)
        )


@dataclass(frozen=True, slots=True)
class WordQuery:
    """The words of a query, looked up in the vocabulary.

    Attributes
    ----------
    slots : tuple of Slot
    excluded : tuple of str
        Phrases that no match has.
    typed : str
        All words that are asked for, in order.
    """

    slots: tuple[Slot, ...] = ()
    excluded: tuple[str, ...] = ()
    typed: str = ""

    def expression(self, level: int = INSIDE) -> str:
        """Return the FTS5 expression for sounds that match every word up to a level."""
        return self.without_excluded(" AND ".join(f"({slot.expression(level)})" for slot in self.slots))

    def beginning(self) -> str:
        """Return the FTS5 expression for sounds whose names begin with the words in order."""
        return self.without_excluded(f'name : ^ "{self.typed}"')

    def without_excluded(self, expression: str) -> str:
        """Return an FTS5 expression without the phrases that are excluded."""
        return f"({expression}) NOT ({self.exclusion()})" if self.excluded else expression

    def exclusion(self) -> str:
        """Return the FTS5 expression for sounds with a phrase that is excluded."""
        return " OR ".join(f'"{phrase}"' for phrase in self.excluded)

    def levels(self) -> tuple[int, ...]:
        """Return the levels at which more is accepted than before."""
        return tuple(level for level in LEVELS if any(slot.has(level) for slot in self.slots))


def look_up(query: Query, rows: Rows) -> WordQuery:
    """Look up the words of a query.

    Parameters
    ----------
    query : Query
    rows : callable
        Runs a statement on the catalogue.
    """
    wanted = [term for term in query.terms if not term.is_excluded and term.words]
    units: list[Term | str] = []
    for term in wanted:
        units += [term] if term.is_phrase else [plain(" ".join(parts_of(word))) for word in term.words]
    units = list(dict.fromkeys(units)) if len(units) > _MAX_EXPANDED else units
    unwanted = [[plain(part) for part in parts_of(" ".join(term.words))] for term in query.terms if term.is_excluded]
    known = known_words(_candidates(units, unwanted), rows)
    slots = [
        _phrase_slot(unit, known, is_last=index == len(units) - 1)
        if isinstance(unit, Term)
        else _word_slot(units, index, known, rows)
        for index, unit in enumerate(units)
    ]
    excluded = [phrase for parts in unwanted if parts for phrase in _spellings(parts, known)]
    typed = plain(" ".join(part for word in query.words for part in parts_of(word)))
    return WordQuery(tuple(slots), tuple(excluded), typed)


def is_begun(beginning: str, rows: Rows) -> bool:
    """Return whether a longer word of the vocabulary begins with a word, plain."""
    sql = "SELECT 1 FROM vocabulary WHERE word > ? AND word < ? LIMIT 1"
    return bool(rows(sql, (beginning, beginning + "\U0010ffff")))


def known_words(words: Iterable[str], rows: Rows) -> frozenset[str]:
    """Return those words, plain, that are in the vocabulary."""
    wanted = list(dict.fromkeys(words))
    found: set[str] = set()
    for start in range(0, len(wanted), _MAX_PARAMETERS):
        chunk = wanted[start : start + _MAX_PARAMETERS]
        found.update(
            row[0] for row in rows(f"SELECT word FROM vocabulary WHERE word IN ({', '.join('?' * len(chunk))})", chunk)
        )
    return frozenset(found)


def _candidates(units: Sequence[Term | str], unwanted: Sequence[Sequence[str]]) -> list[str]:
    """Return what is looked up in the vocabulary at once: inflections, and the pieces of words."""
    found: list[str] = []
    for index, unit in enumerate(units[:_MAX_EXPANDED]):
        if isinstance(unit, Term):
            unwanted = [*unwanted, [plain(part) for part in parts_of(" ".join(unit.words))]]
            continue
        found += [*_pieces(unit), *inflections(unit)]
        for joined in _joined(units, index):
            found += inflections(joined)
    for parts in unwanted[:_MAX_EXPANDED]:
        found += [piece for part in parts[:_MAX_EXPANDED] for piece in _pieces(part)]
    return found


def _word_slot(units: Sequence[Term | str], index: int, known: frozenset[str], rows: Rows) -> Slot:
    unit = units[index]
    assert isinstance(unit, str)
    if index >= _MAX_EXPANDED:
        return Slot((unit,))
    is_last = index == len(units) - 1
    joined = _joined(units, index)
    whole = [*_spellings(unit.split(), known), *joined]
    if _SHARP_WORD.search(unit) and rows("SELECT 1 FROM old_words WHERE last_id > 0", ()):
        whole.append(_SHARP_WORD.sub(r"\1", unit))  # older versions left out the sign
    inflected = [form for word in (unit, *joined) for form in inflections(word) if form in known]
    begun, inside = [], []
    is_word = _is_word(unit)
    if is_last or (is_word and len(unit) >= _SHORTEST_MIDDLE):
        begun = [unit] if not is_word or is_begun(unit, rows) else []
        if is_last and joined and is_begun(joined[0], rows):
            begun.append(joined[0])
    if is_word and len(unit) >= _SHORTEST_MIDDLE:
        sql = "SELECT word FROM vocabulary WHERE instr(word, ?) > 1 LIMIT ?"
        inside = [row[0] for row in rows(sql, (unit, _MAX_MIDDLES))]
    return Slot(*(tuple(dict.fromkeys(phrases)) for phrases in (whole, inflected, begun, inside)))


def _phrase_slot(term: Term, known: frozenset[str], *, is_last: bool) -> Slot:
    parts = [plain(part) for part in parts_of(" ".join(term.words))]
    return Slot(tuple(_spellings(parts, known)), begun=(" ".join(parts),) if is_last and term.is_open else ())


def _joined(units: Sequence[Term | str], index: int) -> list[str]:
    """Return a word joined with the word before it, with the word after it, and with the letters around it."""

    def word_at(position: int) -> str:
        unit = units[position] if 0 <= position < len(units) else ""
        return unit if isinstance(unit, str) and _is_word(unit) else ""

    unit = word_at(index)
    if not unit:
        return []
    found = [before + unit] if (before := word_at(index - 1)) else []
    found += [unit + after] if (after := word_at(index + 1)) else []
    if len(unit) == 1:
        start = stop = index
        while len(word_at(start - 1)) == 1:
            start -= 1
        while len(word_at(stop + 1)) == 1:
            stop += 1
        found += ["".join(word_at(position) for position in range(start, stop + 1))] if stop > start else []
    return [word for word in found if len(word) <= _LONGEST_SPLIT]


def _spellings(parts: Sequence[str], known: frozenset[str]) -> list[str]:
    """Return how words that stand beside each other may be written: apart, joined, or one of them split."""
    found = [" ".join(parts)]
    if 1 < len(parts) <= _MAX_EXPANDED:
        found.append("".join(parts))
    for index, part in enumerate(parts[:_MAX_EXPANDED]):
        found += [" ".join([*parts[:index], split, *parts[index + 1 :]]) for split in _splits(part, known)]
    return found


def _splits(word: str, known: frozenset[str]) -> list[str]:
    if not _is_word(word) or len(word) > _LONGEST_SPLIT:
        return []
    cuts = [(word[:cut], word[cut:]) for cut in range(1, len(word))]
    found = [f"{head} {tail}" for head, tail in cuts if head in known and tail in known]
    if 2 < len(word) <= _LONGEST_ABBREVIATION and all(letter in known for letter in word):
        found.append(" ".join(word))
    return found


def _pieces(word: str) -> list[str]:
    """Return all that a word may be split into."""
    if not _is_word(word) or len(word) > _LONGEST_SPLIT:
        return []
    return [piece for cut in range(1, len(word)) for piece in (word[:cut], word[cut:])] + list(word)


def _is_word(unit: str) -> bool:
    return unit.isalpha() and not is_by_character(unit)
