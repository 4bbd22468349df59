"""The thesaurus of sound words: reading it, and looking up the words of a query.

A file of the user can extend the shipped thesaurus. A word that is in neither is looked up as an inflection, as a
compound of known words, and as a misspelling.
"""

import logging
import tomllib
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

from bowerbird.base.errors import EncoderError
from bowerbird.base.files import os_reason
from bowerbird.base.paths import resources_path, settings_path
from bowerbird.domain.names import plain
from bowerbird.encoders.ear.spelling import Spellings
from bowerbird.encoders.ear.word_forms import forms, is_stop, phrase_forms, phrase_of, words_of

logger = logging.getLogger(__name__)

FILE_NAME: Final = "thesaurus.toml"

BLOCKS: Final = ("brightness", "pitch", "loudness", "length", "envelope", "timbre")
"""Blocks of an acoustic vector that an adjective may steer."""

WORDS_BETWEEN: Final = 2
"""Number of stop words allowed inside a phrase, as in "breaking of the glass"."""

SHORTEST_PART: Final = 3
"""Letters of a part of a compound."""

LONGEST_COMPOUND: Final = 40
"""Letters; longer strings are not tried as compounds."""

_LINKS: Final = ("", "s", "n", "en", "es", "e", "er")
"""Linking elements of German compounds."""


@dataclass(frozen=True, slots=True)
class Group:
    """Words for one kind of sound.

    Attributes
    ----------
    name : str
        Canonical word or phrase.
    kind : str
        Category, such as animals.
    words, german : tuple of str
        Synonyms.
    related : tuple of str
        Sources of such sounds, and associated words.
    parents : tuple of str
        Names of broader groups.
    """

    name: str
    kind: str = ""
    words: tuple[str, ...] = ()
    german: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Adjective:
    """Words that describe how something sounds.

    Attributes
    ----------
    name : str
    steers : str
        Block of the acoustic vector.
    quantity : str
        Measured quantity.
    towards : str
        Direction of the quantity that the words describe.
    words, german : tuple of str
    """

    name: str
    steers: str
    quantity: str
    towards: Literal["high", "low"]
    words: tuple[str, ...] = ()
    german: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Meaning:
    """The meaning of a word or phrase of a query.

    Attributes
    ----------
    text : str
        The word or phrase as written, in lower case.
    word : str or None
        The known word or phrase that it stands for; None if it is unknown.
    groups : tuple of Group
        Groups that contain it; the group of this name first.
    adjectives : tuple of Adjective
    is_guess : bool
        Whether it was corrected as a misspelling.
    """

    text: str
    word: str | None = None
    groups: tuple[Group, ...] = ()
    adjectives: tuple[Adjective, ...] = ()
    is_guess: bool = False


@dataclass(frozen=True)
class Thesaurus:
    """Groups and adjectives, and looking up words in them.

    Attributes
    ----------
    groups : tuple of Group
    adjectives : tuple of Adjective
    not_corrected : frozenset of str
        Words, in lower case, that name no kind of sound and are not misspellings.
    """

    groups: tuple[Group, ...]
    adjectives: tuple[Adjective, ...]
    not_corrected: frozenset[str] = frozenset()

    def meanings(self, text: str, *, also: Container[str] = frozenset()) -> tuple[Meaning, ...]:
        """Look up the words of a text, longest phrases first; stop words are skipped.

        Parameters
        ----------
        text : str
        also : container of str
            Other known words, which are not corrected as misspellings.

        Returns
        -------
        tuple of Meaning
            In the order of the text, including unknown words.
        """
        tokens = words_of(text)
        found: list[Meaning] = []
        start = 0
        while start < len(tokens):
            phrase, stop = self._longest_phrase(tokens, start)
            if phrase is not None:
                found.append(phrase)
            elif not is_stop(tokens, start):
                found.extend(self._word(tokens[start], also))
            start = stop
        return tuple(found)

    @cached_property
    def known_words(self) -> Mapping[str, Meaning]:
        """All words and phrases; those with accents also without, unless that is another word."""
        groups: dict[str, list[Group]] = {}
        adjectives: dict[str, list[Adjective]] = {}
        for group in self.groups:
            groups.setdefault(phrase_of(group.name), []).insert(0, group)
            for word in (*group.words, *group.german):
                groups.setdefault(phrase_of(word), []).append(group)
        for adjective in self.adjectives:
            for word in (adjective.name, *adjective.words, *adjective.german):
                adjectives.setdefault(phrase_of(word), []).append(adjective)
        found = {
            word: Meaning(word, word, _unique(groups.get(word, ())), _unique(adjectives.get(word, ())))
            for word in dict.fromkeys([*groups, *adjectives])
            if word
        }
        for word, meaning in list(found.items()):
            if not word.isascii():
                found.setdefault(plain(word), meaning)
        return found

    def group_named(self, name: str) -> Group | None:
        """Return the group of a name, or None."""
        return self._by_name.get(phrase_of(name))

    @cached_property
    def _by_name(self) -> Mapping[str, Group]:
        return {phrase_of(group.name): group for group in self.groups}

    @cached_property
    def _longest(self) -> int:
        """Number of words of the longest phrase."""
        return max((word.count(" ") + 1 for word in self.known_words), default=1)

    @cached_property
    def _spellings(self) -> Spellings:
        return Spellings(word for word in self.known_words if " " not in word)

    def _longest_phrase(self, tokens: list[str], start: int) -> tuple[Meaning | None, int]:
        """Return the longest phrase that starts at a token, and the token after it."""
        for stop in range(min(len(tokens), start + self._longest + WORDS_BETWEEN), start + 1, -1):
            if (phrase := self._phrase(tokens[start:stop])) is not None:
                return phrase, stop
        return None, start + 1

    def _phrase(self, tokens: list[str]) -> Meaning | None:
        text = " ".join(tokens)
        for form in phrase_forms(tokens):
            if (meaning := self.known_words.get(form)) is not None:
                return replace(meaning, text=text)
        return None

    def _word(self, word: str, also: Container[str]) -> Iterator[Meaning]:
        known = self._inflected(word, also)
        if known is not None:
            yield known
            return
        if word.isdecimal():
            return
        if not self.not_corrected.isdisjoint(forms(word)):
            yield Meaning(word)
            return
        if parts := self._compound(word):
            yield from parts
            return
        near = self._spellings.nearest(plain(word))
        yield Meaning(word) if near is None else replace(self.known_words[near], text=word, is_guess=True)

    def _inflected(self, word: str, also: Container[str]) -> Meaning | None:
        for form in forms(word):
            if (meaning := self.known_words.get(form)) is not None:
                return replace(meaning, text=word)
            if form in also:
                return Meaning(word, form)
        return None

    def _compound(self, word: str) -> list[Meaning]:
        """Split a word into known words, the first as long as possible; empty if that fails."""
        if len(word) > LONGEST_COMPOUND:
            return []
        for cut in range(len(word) - SHORTEST_PART, SHORTEST_PART - 1, -1):
            head = self._part(word[:cut])
            if head is None:
                continue
            tail = word[cut:]
            last = self._inflected(tail, ())
            if last is not None:
                return [head, last]
            if len(tail) >= 2 * SHORTEST_PART and (rest := self._compound(tail)):
                return [head, *rest]
        return []

    def _part(self, part: str) -> Meaning | None:
        for link in _LINKS:
            if part.endswith(link) and len(part) - len(link) >= SHORTEST_PART:
                known = self.known_words.get(part.removesuffix(link) if link else part)
                if known is not None:
                    return replace(known, text=part)
        return None


def own_thesaurus_path() -> Path:
    """Return the path of the user's own thesaurus, beside the settings."""
    return settings_path().with_name(FILE_NAME)


def load_thesaurus() -> Thesaurus:
    """Read the shipped thesaurus and the user's; a damaged file of the user is logged and ignored."""
    shipped = resources_path() / FILE_NAME
    try:
        return read_thesaurus(shipped, own_thesaurus_path())
    except EncoderError as error:
        without = read_thesaurus(shipped)  # raises the same error if the shipped file is damaged
        logger.warning("%s", str(error))
        return without


def own_thesaurus_fault() -> str | None:
    """Return why the user's own thesaurus is ignored; None if it is used or missing."""
    own = own_thesaurus_path()
    try:
        if own.is_dir():
            return f"{own} is a folder, but must be a file. Move it elsewhere."
        if own.exists():
            read_thesaurus(resources_path() / FILE_NAME, own)
    except (OSError, EncoderError) as error:
        return str(error)
    return None


def read_thesaurus(shipped: Path, own: Path | None = None) -> Thesaurus:
    """Read a thesaurus and the user's additions.

    Parameters
    ----------
    shipped : Path
    own : Path, optional
        May be missing. Words of an existing group or adjective are added to it; other groups are new.

    Raises
    ------
    EncoderError
        When a file is missing or invalid.
    """
    groups: dict[str, Group] = {}
    adjectives: dict[str, Adjective] = {}
    not_corrected: set[str] = set()
    for path in (shipped, own):
        if path is None or (path is own and not path.is_file()):
            continue
        added, described, kept = _read(path)
        not_corrected |= kept
        _merge(groups, added)
        _merge(adjectives, described)
        for group in added:
            for parent in group.parents:
                if phrase_of(parent) not in groups:
                    raise _invalid(path, f"group {group.name} has a parent {parent} that does not exist")
    return Thesaurus(tuple(groups.values()), tuple(adjectives.values()), frozenset(not_corrected))


_Named = TypeVar("_Named", Group, Adjective)


def _merge(known: dict[str, _Named], added: Iterable[_Named]) -> None:
    for entry in added:
        name = phrase_of(entry.name)
        known[name] = replace(known[name], **_merged_words(known[name], entry)) if name in known else entry


def _merged_words(before: Group | Adjective, added: Group | Adjective) -> dict[str, Any]:
    return {
        name: _unique((*getattr(before, name), *getattr(added, name)))
        for name in ("words", "german", "related", "parents")
        if hasattr(before, name)
    }


def _read(path: Path) -> tuple[list[Group], list[Adjective], set[str]]:
    try:
        tables: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise EncoderError(f"The thesaurus {path} cannot be read ({os_reason(error)}). Check the folder.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise EncoderError(f"The thesaurus {path} is not valid TOML ({error}). Correct it, or delete it.") from error
    if unknown := sorted(set(tables) - {"group", "adjective", "not_corrected"}):
        raise _invalid(path, f"it has {unknown[0]}; it may have not_corrected, [[group]] and [[adjective]]")
    words = tables.get("not_corrected", [])
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise _invalid(path, "not_corrected must be a list of texts")
    groups = [_made(Group, table, path, "group") for table in _tables(tables, "group", path)]
    adjectives = [_made(Adjective, table, path, "adjective") for table in _tables(tables, "adjective", path)]
    for adjective in adjectives:
        if adjective.steers not in BLOCKS:
            raise _invalid(path, f"{adjective.name} steers {adjective.steers}; choose {', '.join(BLOCKS)}")
        if adjective.towards not in ("high", "low"):
            raise _invalid(path, f'{adjective.name} has towards = {adjective.towards}; write "high" or "low"')
    return groups, adjectives, {phrase_of(word) for word in words}


def _tables(tables: Mapping[str, Any], kind: str, path: Path) -> list[dict[str, Any]]:
    found = tables.get(kind, [])
    if not isinstance(found, list) or not all(isinstance(table, dict) for table in found):
        raise _invalid(path, f"{kind} must be written [[{kind}]]")
    return found


def _made(form: type[_Named], table: Mapping[str, Any], path: Path, kind: str) -> _Named:
    """Make a group or an adjective from a table; check every field."""
    name = table.get("name")
    if not isinstance(name, str) or not phrase_of(name):
        raise _invalid(path, f"a [[{kind}]] has no name")
    values: dict[str, Any] = {}
    for field in fields(form):
        wants_list = field.default == ()
        value = table.get(field.name, field.default)
        if wants_list and isinstance(value, list) and all(isinstance(text, str) for text in value):
            values[field.name] = tuple(value)
        elif (wants_list and value == ()) or (not wants_list and isinstance(value, str)):
            values[field.name] = value
        else:
            wanted = "a list of texts" if wants_list else "a text"
            raise _invalid(path, f"{field.name} of {name} must be {wanted}")
    if unknown := sorted(set(table) - set(values)):
        raise _invalid(path, f"{name} has {unknown[0]}, which is unknown")
    return form(**values)


def _invalid(path: Path, problem: str) -> EncoderError:
    return EncoderError(f"The thesaurus {path} is invalid: {problem}. Correct it; the shipped file shows the format.")


_Item = TypeVar("_Item")


def _unique(items: Iterable[_Item]) -> tuple[_Item, ...]:
    return tuple(dict.fromkeys(items))
