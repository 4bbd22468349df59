"""The registry of sound properties that people filter and sort by.

One entry makes a field parseable in the search box, filterable and, if it says so, sortable in the catalogue, and shown
in the help of `bowerbird search`. Its attributes are those of a stored sound; the catalogue has columns of these names.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

FieldKind: TypeAlias = Literal["number", "text", "phrase", "key", "tag", "collection", "folder"]


@dataclass(frozen=True, slots=True)
class Field:
    """A property of sounds.

    Attributes
    ----------
    name : str
        As people type it and settings store it.
    kind : {"number", "text", "phrase", "key", "tag", "collection", "folder"}
        number: compared by <, <=, =, >=, >. text: the first attribute begins with the value, or another one equals it.
        phrase: an attribute contains the value. key: a musical key, in any spelling. tag: the sound has the tag.
        collection: the sound is in it. folder: the sound lies in the folder or below it.
    attributes : tuple of str
        Of a stored sound; the first is the one that is sorted by, unless `sorted_by` names another.
    example : str or None
        A filter as people type it; None for a field that is sorted by and not filtered.
    aliases : tuple of str
        Other names that people type.
    units : mapping of str to float
        Factors by unit, in small letters; "" for a number without one.
    named_values : mapping of str to float
        Words that stand for numbers.
    tolerance : float
        How far a number may be from the value and still equal it.
    is_signed : bool
        Whether numbers may be below zero.
    is_sortable : bool
    sorted_by : str or None
        The attribute to sort by, if it is not the first.
    """

    name: str
    kind: FieldKind
    attributes: tuple[str, ...]
    example: str | None
    aliases: tuple[str, ...] = ()
    units: Mapping[str, float] = field(default_factory=lambda: {"": 1.0})
    named_values: Mapping[str, float] = field(default_factory=dict)
    tolerance: float = 0.0
    is_signed: bool = False
    is_sortable: bool = True
    sorted_by: str | None = None

    @property
    def order_attribute(self) -> str:
        """The attribute of a stored sound to sort by."""
        return self.sorted_by or self.attributes[0]

    @property
    def is_filter(self) -> bool:
        """Whether people can filter by it."""
        return self.example is not None


_YES_NO: Final = {"yes": 1.0, "no": 0.0}

FIELDS: Final[tuple[Field, ...]] = (
    Field("name", "text", ("name_key",), None),
    Field(
        "duration",
        "number",
        ("duration_s",),
        "duration<2",
        aliases=("length",),
        units={"": 1.0, "s": 1.0, "sec": 1.0, "ms": 0.001, "m": 60.0, "min": 60.0, "h": 3600.0},
        tolerance=0.0005,
    ),
    Field(
        "channels",
        "number",
        ("n_channels",),
        "channels=stereo",
        units={"": 1.0, "ch": 1.0},
        named_values={"mono": 1.0, "stereo": 2.0},
    ),
    Field(
        "rate",
        "number",
        ("rate_hz",),
        "rate>=48k",
        units={"": 1.0, "hz": 1.0, "k": 1000.0, "khz": 1000.0},
        tolerance=0.5,
    ),
    Field("format", "text", ("format", "encoding"), "format=wav", is_sortable=False),
    Field("folder", "folder", ("directory",), "folder=Drums", sorted_by="directory_key"),
    Field("bpm", "number", ("bpm",), "bpm>=118", aliases=("tempo",), units={"": 1.0, "bpm": 1.0}, tolerance=0.05),
    Field("key", "key", ("root_key",), "key=Am"),
    Field("loop", "number", ("is_loop",), "loop=yes", units={}, named_values=_YES_NO),
    Field("stars", "number", ("stars",), "stars>=3", aliases=("rating",)),
    Field("favourite", "number", ("is_favourite",), "favourite=yes", ("favorite",), {}, _YES_NO),
    Field("tag", "tag", ("tag",), "tag=wood", is_sortable=False),
    Field("collection", "collection", ("collection",), "collection=Doors", is_sortable=False),
    Field("note", "phrase", ("user_note", "note"), "note=wet"),
    Field("category", "phrase", ("category", "subcategory"), "category=doors"),
    Field("title", "phrase", ("title",), "title=creak"),
    Field("artist", "phrase", ("artist", "originator"), "artist=Ann"),
    Field("album", "phrase", ("album",), "album=Storm", aliases=("library",)),
    Field("genre", "phrase", ("genre",), "genre=house"),
    Field("project", "phrase", ("project",), "project=Storm"),
    Field("scene", "phrase", ("scene",), "scene=12"),
    Field("take", "text", ("take",), "take=3"),
    Field("tape", "text", ("tape",), "tape=A01", aliases=("roll",)),
    Field("loudness", "number", ("lufs",), "loudness>-20", ("lufs",), {"": 1.0, "lufs": 1.0}, {}, 0.05, is_signed=True),
    Field(
        "peak", "number", ("true_peak_db",), "peak<-1", (), {"": 1.0, "db": 1.0, "dbtp": 1.0}, {}, 0.05, is_signed=True
    ),
)

FILTER_FIELDS: Final[Mapping[str, Field]] = MappingProxyType(
    {name: entry for entry in FIELDS if entry.is_filter for name in (entry.name, *entry.aliases)}
)
"""By every name that people may type."""

SORT_FIELDS: Final[Mapping[str, Field]] = MappingProxyType({entry.name: entry for entry in FIELDS if entry.is_sortable})


def filter_examples() -> str:
    """Return an example of every filter, for help texts."""
    return ", ".join(entry.example for entry in FIELDS if entry.example is not None)
