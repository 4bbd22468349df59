"""What people ask of the library: words, filters, examples and an order."""

import os
import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, Literal, TypeAlias

from bowerbird.base.errors import QueryError

FilterField: TypeAlias = Literal["duration", "channels", "rate", "format", "folder"]
Operator: TypeAlias = Literal["<", "<=", "=", ">=", ">"]

_FILTER: Final = re.compile(
    r"(duration|length|channels|rate|format|folder)(<=|>=|<|>|=|:)(.+)", re.DOTALL | re.IGNORECASE
)
_BEGINNING: Final = re.compile(r"[a-z]+\s*[<>=]", re.IGNORECASE)
_QUANTITY: Final = re.compile(r"(\d+(?:\.\d*)?|\.\d+)\s*([a-z]*)")
_UNITS: Final[dict[str, dict[str, float]]] = {
    "duration": {"": 1.0, "s": 1.0, "sec": 1.0, "ms": 0.001, "m": 60.0, "min": 60.0, "h": 3600.0},
    "channels": {"": 1.0, "ch": 1.0},
    "rate": {"": 1.0, "hz": 1.0, "k": 1000.0, "khz": 1000.0},
}
_TOKENS: Final = re.compile(r'(?:[^\s"]|"[^"]*"?)+')
_CHANNEL_WORDS: Final = {"mono": 1.0, "stereo": 2.0}
_EXAMPLE: Final = re.compile(r"(?P<path>.+)@(?P<start>\d+(?:\.\d+)?)-(?P<end>\d+(?:\.\d+)?)")


class Order(StrEnum):
    """Columns that sounds can be sorted by."""

    NAME = "name"
    DURATION = "duration"
    CHANNELS = "channels"
    RATE = "rate"
    FOLDER = "folder"
    RELEVANCE = "relevance"


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition on one property of a sound.

    Attributes
    ----------
    field : str
    operator : str
    value : float or str
        Seconds, channels or Hz; text for format and folder.
    """

    field: FilterField
    operator: Operator
    value: float | str

    def __str__(self) -> str:
        value = repr(self.value).removesuffix(".0") if isinstance(self.value, float) else self.value
        return f"{self.field}{self.operator}{value}"


@dataclass(frozen=True, slots=True)
class Place:
    """A directory of one folder, with everything below it.

    Attributes
    ----------
    folder_id : int
    directory : str
        As sounds have it: beginning with the folder's own name, with slashes.
    """

    folder_id: int
    directory: str


@dataclass(frozen=True, slots=True)
class Query:
    """What to list, and in which order.

    Attributes
    ----------
    words : str
        Every word must be found in name, folder or metadata, but those with a minus; the last may be unfinished.
        What has a minus is meant whole: ``-rain`` leaves Rainbow in.
    filters : tuple of Filter
        All must hold.
    order : Order
    is_descending : bool
    place : Place or None
        Only what lies there.
    """

    words: str = ""
    filters: tuple[Filter, ...] = ()
    order: Order = Order.NAME
    is_descending: bool = False
    place: Place | None = None

    @property
    def is_everything(self) -> bool:
        """Whether nothing is left out."""
        return not (self.words or self.filters or self.place)


@dataclass(frozen=True, slots=True)
class Example:
    """A sound to search by: a file, or a stretch of it.

    Attributes
    ----------
    path : Path
    start_s, end_s : float or None
        None and None for the whole file.
    is_unlike : bool
        Whether what is wanted sounds unlike it.
    """

    path: Path
    start_s: float | None = None
    end_s: float | None = None
    is_unlike: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether the whole file is meant."""
        return self.start_s is None


@dataclass(frozen=True, slots=True)
class Guess:
    """A word that nobody knows, and the known one that is spelt alike."""

    said: str
    taken_as: str


def parse_text(text: str) -> tuple[str, tuple[Filter, ...]]:
    """Split what was typed into words and filters, such as ``kick duration<0.5 rate>=48k``.

    What does not read as a complete filter is words: typing is never an error.
    """
    words: list[str] = []
    filters: list[Filter] = []
    for token in _TOKENS.findall(text):
        part = token.replace('"', "")
        try:
            filters.append(parse_filter(part))
        except QueryError:
            # A phrase that is not wanted stays one word, so that its minus holds for all of it.
            words.append("_".join(part.split()) if part.startswith("-") else part)
    return " ".join(words), tuple(filters)


def looks_like_filter(word: str) -> bool:
    """Say whether a word begins as a filter does, so that somebody who typed it meant one."""
    return _BEGINNING.match(word) is not None


def parse_filter(text: str) -> Filter:
    """Read a filter such as ``duration<2``, ``channels=stereo``, ``rate>=48k``, ``format=wav``, ``folder=Drums``.

    Raises
    ------
    QueryError
        When it is none.
    """
    found = _FILTER.fullmatch(text.strip())
    if not found:
        raise QueryError(
            f"`{text}` is no filter. Write duration, channels, rate, format or folder, then <, <=, =, >= or >, "
            "then a value: duration<2, channels=stereo, rate>=48k, format=wav, folder=Drums."
        )
    field: FilterField = found[1].lower().replace("length", "duration")  # type: ignore[assignment] # the expression admits no other
    operator: Operator = found[2].replace(":", "=")  # type: ignore[assignment]
    value = found[3].strip().strip("\"'")
    if field in {"format", "folder"}:
        if operator != "=":
            raise QueryError(f"`{text}` compares text. Write {field}={value}.")
        return Filter(field, operator, value)
    if field == "channels" and value.lower() in _CHANNEL_WORDS:
        return Filter(field, operator, _CHANNEL_WORDS[value.lower()])
    quantity = _QUANTITY.fullmatch(value.lower())
    if not quantity or quantity[2] not in _UNITS[field]:
        units = ", ".join(unit for unit in _UNITS[field] if unit)
        raise QueryError(f"`{value}` is no {field}. Write a number, with one of these units or none: {units}.")
    return Filter(field, operator, float(quantity[1]) * _UNITS[field][quantity[2]])


def parse_example(text: str) -> Example:
    """Read ``FILE`` or ``FILE@START-END`` (seconds); a file whose own name has that form is meant whole.

    Raises
    ------
    QueryError
        When the stretch is empty.
    """
    found = _EXAMPLE.fullmatch(text)
    if not found or os.path.exists(text):  # noqa: PTH110 - Path's raises for names that no disk can hold
        return Example(Path(text))
    start_s, end_s = float(found["start"]), float(found["end"])
    if end_s <= start_s:
        raise QueryError(f"`{text}` ends before it starts. Write FILE@START-END in seconds, such as rain.wav@3-7.5.")
    return Example(Path(found["path"]), start_s, end_s)
