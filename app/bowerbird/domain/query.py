"""A query: words, filters, a location and an order, parsed once from what people type.

What is in quotes is a phrase: its words must stand beside each other, in this order. A minus excludes the word or
phrase behind it where it can mean nothing else: it begins the word, a letter or a quote follows, the word does not end
in a minus too, and what was typed does not end as a file name does. So the minuses of ``-12 dB``, ``hi-hat``, ``kick -
snare``, ``Foley -Steps- 01`` and ``Rain -Heavy.wav`` belong to the names.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Final, Literal, TypeAlias

from bowerbird.base.errors import QueryError
from bowerbird.domain.fields import FIELDS, FILTER_FIELDS, Field
from bowerbird.domain.musical_keys import parse_key
from bowerbird.domain.names import words_of

Operator: TypeAlias = Literal["<", "<=", "=", ">=", ">"]

RELEVANCE: Final = "relevance"
"""The order by similarity, or by how well names match. All other orders are names of `fields.SORT_FIELDS`."""

_FILTER: Final = re.compile(rf"({'|'.join(FILTER_FIELDS)})(<=|>=|<|>|=|:)(.+)", re.DOTALL | re.IGNORECASE)
_FILTER_BEGINNING: Final = re.compile(r"[a-z]+\s*[<>=]", re.IGNORECASE)
_QUANTITY: Final = re.compile(r"([-\u2212]?(?:\d+(?:\.\d*)?|\.\d+))\s*([a-z]*)")
_FIELD: Final = rf"(?:{'|'.join(FILTER_FIELDS)})(?:<=|>=|<|>|=|:)"
_TOKENS: Final = re.compile(rf'[-\u2212]?"[^"]*"?|{_FIELD}\s*"[^"]*"?|\S+', re.IGNORECASE)
_QUOTES: Final = str.maketrans(dict.fromkeys("“”„‟", '"'))
_MAX_PHRASE_WORDS: Final = 4
_EXCLUDED: Final = re.compile(r"[-\u2212][^\W\d_].*(?<![-\u2212])", re.DOTALL)
"""A word with the minus that excludes it: before a letter, and not at its end too."""

_ENDINGS: Final = "wav|wave|bwf|w64|rf64|aiff?|aifc|flac|og[ga]|opus|mp[23]|m4a|aac|wma|caf|au|snd|rx2|rex|sd2"
_FILE_NAME: Final = re.compile(rf"[^.\s]\.(?:{_ENDINGS})", re.IGNORECASE)
_PASTED_PATH: Final = re.compile(
    rf"(?:~?/|[a-z]:[\\/]|\\\\)(?:.*[\\/])?(?P<name>[^\\/]+\.(?:{_ENDINGS}))", re.IGNORECASE
)
_EXAMPLE: Final = re.compile(r"(?P<path>.+)@(?P<start>\d+(?:\.\d+)?)-(?P<end>\d+(?:\.\d+)?)")


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition on one property of a sound.

    Attributes
    ----------
    field : Field
    operator : str
    value : float or str
        In the field's base unit; text for fields of text, with ``|`` between alternatives.
    """

    field: Field
    operator: Operator
    value: float | str

    @property
    def alternatives(self) -> tuple[str, ...]:
        """The texts of which one must match; names of collections may have a ``|`` of their own."""
        text = str(self.value)
        return (text,) if self.field.kind == "collection" else tuple(part.strip() for part in text.split("|"))

    def __str__(self) -> str:
        named = (
            name for name, number in self.field.named_values.items() if not self.field.units and number == self.value
        )
        value = next(named, None) or (
            repr(self.value).removesuffix(".0") if isinstance(self.value, float) else self.value
        )
        return f"{self.field.name}{self.operator}{value}"


@dataclass(frozen=True, slots=True)
class Term:
    """A part of a query between spaces, or in quotes.

    Attributes
    ----------
    text : str
        As typed, with its minus where it has one, without its quotes.
    words : tuple of str
        What names are searched for: the text taken apart at everything that is neither letter nor digit.
    is_excluded : bool
        Whether sounds with these words, as a phrase, are left out.
    is_like_filter : bool
        Whether it looks like a filter and is none, so that its author did not mean a word.
    fault : str or None
        What is wrong with it, if so; None for a filter that is being typed.
    is_phrase : bool
        Whether it is in quotes.
    is_open : bool
        Whether its quote was not closed yet, so that its last word may be unfinished.
    """

    text: str
    words: tuple[str, ...]
    is_excluded: bool = False
    is_like_filter: bool = False
    fault: str | None = None
    is_phrase: bool = False
    is_open: bool = False

    def __str__(self) -> str:
        """Return the term as it could be typed."""
        if not self.is_phrase:
            return self.text
        end = "" if self.is_open else '"'
        return f'-"{self.text[1:]}{end}' if self.is_excluded else f'"{self.text}{end}'


@dataclass(frozen=True, slots=True)
class Location:
    """A directory of one folder of the library, with everything below it.

    Attributes
    ----------
    folder_id : int
    directory : str
        As sounds have it: beginning with the folder's own name, separated by slashes.
    """

    folder_id: int
    directory: str


@dataclass(frozen=True, slots=True)
class Query:
    """What to find, and in which order.

    Attributes
    ----------
    terms : tuple of Term
        Every word of those that are not excluded must be found in name, folder or metadata, whole or as a part of a
        word; phrases are matched whole. Excluded words and phrases are, too: ``-rain`` does not exclude Rainbow.
    filters : tuple of Filter
        All must hold.
    order : str
        `RELEVANCE`, or a name of `fields.SORT_FIELDS`.
    is_descending : bool
    location : Location or None
        None for the whole library.
    aspects : tuple of (str, float)
        How much aspects of a sound count in its similarity to examples, 0 or more; 1 for aspects that are not named.
    synonyms : tuple of str
        Other words for those that are asked for, in lower case.
    has_other_speeds : bool
        Whether examples are also tried at half and double speed.
    """

    terms: tuple[Term, ...] = ()
    filters: tuple[Filter, ...] = ()
    order: str = "name"
    is_descending: bool = False
    location: Location | None = None
    aspects: tuple[tuple[str, float], ...] = ()
    synonyms: tuple[str, ...] = ()
    has_other_speeds: bool = False

    @property
    def phrases(self) -> tuple[str, ...]:
        """The words that are asked for, alone and with those beside them, and their synonyms, in lower case.

        A sound that somebody denied one of them is not found.
        """
        words = [word.lower() for word in self.words]
        lengths = range(1, min(len(words), _MAX_PHRASE_WORDS) + 1)
        found = [" ".join(words[start : start + n]) for n in lengths for start in range(len(words) - n + 1)]
        return tuple(dict.fromkeys([*found, *self.synonyms]))

    @property
    def words(self) -> tuple[str, ...]:
        """The words that must be found, in order."""
        return tuple(word for term in self.terms if not term.is_excluded for word in term.words)

    @property
    def text(self) -> str:
        """What is not excluded, as typed: for encoders, which interpret text in their own way."""
        return " ".join(term.text for term in self.terms if not term.is_excluded)

    @property
    def excluded(self) -> tuple[str, ...]:
        """The phrases that are excluded."""
        return tuple(" ".join(term.words) for term in self.terms if term.is_excluded)

    @property
    def typed(self) -> str:
        """All terms as typed, without the filters."""
        return " ".join(str(term) for term in self.terms)

    @property
    def faults(self) -> tuple[str, ...]:
        """What is wrong with terms that look like filters and are none, one sentence each."""
        return tuple(term.fault for term in self.terms if term.fault is not None)

    @property
    def is_everything(self) -> bool:
        """Whether nothing is left out."""
        return not (self.terms or self.filters or self.location)

    def only_exclusions(self) -> "Query":
        """Return the query without the words that must be found."""
        return replace(self, terms=tuple(term for term in self.terms if term.is_excluded))

    def __str__(self) -> str:
        """Return the query as it could be typed."""
        filters = [f'"{text}"' if " " in (text := str(condition)) else text for condition in self.filters]
        return " ".join(
            [*filters, self.typed] if self.terms and self.terms[-1].is_open else [self.typed, *filters]
        ).strip()


@dataclass(frozen=True, slots=True)
class Example:
    """A sound to search by: a file, or a region of it.

    Attributes
    ----------
    path : Path
    start_s, end_s : float or None
        None and None for the whole file.
    is_unlike : bool
        Whether matches should differ from it.
    weight : float
        How much it counts among the examples of its side, above 0.
    speed : float
        At which it is compared: at 0.5 it is an octave lower and twice as long. Start and end are those of the file.
    """

    path: Path
    start_s: float | None = None
    end_s: float | None = None
    is_unlike: bool = False
    weight: float = 1.0
    speed: float = 1.0

    @property
    def is_whole(self) -> bool:
        """Whether the whole file is meant."""
        return self.start_s is None


@dataclass(frozen=True, slots=True)
class SpellingCorrection:
    """A word that is not in the vocabulary of the encoder, and the word that is used instead."""

    typed: str
    used: str


def parse_query(text: str) -> Query:
    """Parse what was typed, such as ``kick -hat "long tail" duration<0.5``.

    What does not read as a complete filter is a word: typing is never an error. Of the pasted path of a sound file, its
    name is searched.
    """
    if path := _PASTED_PATH.fullmatch(text.strip().strip("'\"")):
        text = path["name"]
    terms: list[Term] = []
    filters: list[Filter] = []
    for token in _TOKENS.findall(text.translate(_QUOTES)):
        opening, quote, rest = token.partition('"')
        is_phrase = bool(quote) and opening in ("", "-", "\u2212")
        part = token.replace('"', "") if is_phrase or re.fullmatch(_FIELD + r"\s*", opening, re.IGNORECASE) else token
        try:
            filters.append(parse_filter(part))
        except QueryError as error:
            if is_phrase:
                phrase = " ".join(part.split())
                is_open = '"' not in rest
                if words := tuple(words_of(phrase)):
                    terms.append(Term(phrase, words, bool(opening), is_phrase=True, is_open=is_open))
                continue
            is_like_filter = looks_like_filter(part)
            fault = str(error) if is_like_filter and part[-1] not in "<>=" else None
            is_excluded = _EXCLUDED.fullmatch(part) is not None
            terms.append(Term(part, tuple(words_of(part)), is_excluded, is_like_filter, fault))
    if any(term.is_excluded for term in terms) and _is_file_name(terms):
        terms = [term if term.is_phrase else replace(term, is_excluded=False) for term in terms]
    return Query(tuple(terms), tuple(filters))


def _is_file_name(terms: Sequence[Term]) -> bool:
    """Return whether terms end as the name of a sound file does, so that they were probably pasted."""
    last = terms[-1]
    return not last.is_phrase and _FILE_NAME.search(last.text[-8:]) is not None and last.text[-1].isalnum()


def looks_like_filter(word: str) -> bool:
    """Return whether a word begins as a filter does, so that its author probably meant one."""
    return _FILTER_BEGINNING.match(word) is not None


def parse_filter(text: str) -> Filter:
    """Parse a filter such as ``duration<2``, ``channels=stereo`` or ``format=wav|flac``.

    Raises
    ------
    QueryError
        When it is not a valid filter.
    """
    found = _FILTER.fullmatch(text.strip())
    if not found:
        beginning = _FILTER_BEGINNING.match(text)
        name = beginning[0].rstrip(" <>=") if beginning else ""
        meant = get_close_matches(name.lower(), FILTER_FIELDS, 1)
        if meant and name.lower() not in FILTER_FIELDS:
            rest = "".join(text[len(name) :].split())
            raise QueryError(f"“{text}” is not a valid filter. Did you mean {meant[0]}{rest}?")
        names = ", ".join(entry.name for entry in FIELDS if entry.is_filter)
        raise QueryError(
            f"“{text}” is not a valid filter. Write a field, then <, <=, =, >= or >, then a value, such as duration<2, "
            f"channels=stereo or tag=wood. The fields are {names}."
        )
    field = FILTER_FIELDS[found[1].lower()]
    operator: Operator = found[2].replace(":", "=")  # type: ignore[assignment] # the expression admits no other
    value = found[3].strip().strip("\"'")
    if field.kind != "number":
        if operator != "=":
            raise QueryError(f"“{text}” compares text. Write {field.name}={value}.")
        if field.kind == "key":
            return Filter(field, operator, "|".join(_key(part) for part in value.split("|")))
        return Filter(field, operator, value)
    if value.lower() in field.named_values:
        return Filter(field, operator, field.named_values[value.lower()])
    quantity = _QUANTITY.fullmatch(value.lower())
    if not quantity or quantity[2] not in field.units or (quantity[1][0] in "-\u2212" and not field.is_signed):
        fault = f"“{value}” is not a valid value of {field.name}."
        if not field.units:
            raise QueryError(f"{fault} Write {' or '.join(field.named_values)}.")
        units = ", ".join(unit for unit in field.units if unit)
        if not units:
            raise QueryError(f"{fault} Write a number.")
        raise QueryError(f"{fault} Write a number, optionally with a unit: {units}.")
    return Filter(field, operator, float(quantity[1].replace("\u2212", "-")) * field.units[quantity[2]])


def _key(text: str) -> str:
    key = parse_key(text.strip())
    if key is None:
        raise QueryError(f"“{text}” is not a valid key. Write a note, such as C or F#, or a key, such as Am.")
    return key


def parse_aspect(text: str) -> tuple[str, float]:
    """Parse the weight of an aspect, such as ``timbre=2``.

    Raises
    ------
    QueryError
        When it is not a name and a number of at least 0.
    """
    name, _, value = text.partition("=")
    try:
        weight = float(value)
    except ValueError:
        weight = -1.0
    if not name.strip() or not 0 <= weight < float("inf"):
        raise QueryError(f"“{text}” is not a valid weight. Write an aspect and a number from 0, such as timbre=2.")
    return name.strip().lower(), weight


def parse_example(text: str, *, exists: Callable[[str], bool]) -> Example:
    """Parse ``FILE`` or ``FILE@START-END`` (seconds).

    Parameters
    ----------
    text : str
    exists : callable
        Returns whether there is a file of that name, which is then the whole example: names may have an ``@``.

    Raises
    ------
    QueryError
        When the region is empty.
    """
    found = _EXAMPLE.fullmatch(text)
    if not found or exists(text):
        return Example(Path(text))
    start_s, end_s = float(found["start"]), float(found["end"])
    if end_s <= start_s:
        raise QueryError(f"“{text}” ends before it starts. Write FILE@START-END in seconds, such as rain.wav@3-7.5.")
    return Example(Path(found["path"]), start_s, end_s)
