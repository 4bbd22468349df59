"""The columns of the sounds table: their headings, texts, widths and orders. A new column is one entry here. No Qt."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from bowerbird.base.text import channels_text, duration_text, printable, rate_text
from bowerbird.catalogue.records import SoundRow
from bowerbird.domain.query import RELEVANCE
from bowerbird.gui.translation import QT_TRANSLATE_NOOP, translate


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table.

    Attributes
    ----------
    name : str
        In the settings.
    heading : str
        To be translated in the context "Columns"; "" for none.
    title : str
        What menus call it.
    width_px : int
    order : str or None
        What a click on its heading sorts by; None where it cannot be sorted by.
    text : callable
        Returns the text of a cell.
    is_numeric : bool
        Whether cells are aligned on the right.
    is_default : bool
        Whether it is shown until the user decides otherwise.
    """

    name: str
    heading: str
    title: str
    width_px: int
    order: str | None
    text: Callable[[SoundRow], str] = lambda _: ""
    is_numeric: bool = False
    is_default: bool = False


def _kind_text(*, is_loop: bool | None) -> str:
    if is_loop is None:
        return ""
    return translate("Columns", "loop") if is_loop else translate("Columns", "one-shot")


COLUMNS: Final = (
    Column(
        "name",
        QT_TRANSLATE_NOOP("Columns", "Name"),
        QT_TRANSLATE_NOOP("Columns", "Name"),
        320,
        "name",
        lambda sound: printable(sound.name),
        is_default=True,
    ),
    Column("waveform", "", QT_TRANSLATE_NOOP("Columns", "Waveform"), 112, None, is_default=True),
    Column(
        "match",
        QT_TRANSLATE_NOOP("Columns", "Match"),
        QT_TRANSLATE_NOOP("Columns", "Match"),
        128,
        RELEVANCE,
        is_default=True,
    ),
    Column(
        "duration",
        QT_TRANSLATE_NOOP("Columns", "Length"),
        QT_TRANSLATE_NOOP("Columns", "Length"),
        80,
        "duration",
        lambda sound: duration_text(sound.duration_s),
        is_numeric=True,
        is_default=True,
    ),
    Column(
        "channels",
        QT_TRANSLATE_NOOP("Columns", "Channels"),
        QT_TRANSLATE_NOOP("Columns", "Channels"),
        76,
        "channels",
        lambda sound: channels_text(sound.n_channels),
        is_numeric=True,
    ),
    Column(
        "rate",
        QT_TRANSLATE_NOOP("Columns", "Rate"),
        QT_TRANSLATE_NOOP("Columns", "Rate"),
        84,
        "rate",
        lambda sound: rate_text(sound.rate_hz),
        is_numeric=True,
    ),
    Column(
        "format",
        QT_TRANSLATE_NOOP("Columns", "Format"),
        QT_TRANSLATE_NOOP("Columns", "Format"),
        96,
        None,
        lambda sound: " ".join(
            part for part in (sound.format, sound.encoding if sound.encoding != sound.format else None) if part
        ),
    ),
    Column(
        "tags",
        QT_TRANSLATE_NOOP("Columns", "Tags"),
        QT_TRANSLATE_NOOP("Columns", "Tags"),
        120,
        None,
        lambda sound: ", ".join(sound.tags),
        is_default=True,
    ),
    Column(
        "folder",
        QT_TRANSLATE_NOOP("Columns", "Folder"),
        QT_TRANSLATE_NOOP("Columns", "Folder"),
        220,
        "folder",
        lambda sound: printable(sound.directory),
        is_default=True,
    ),
    Column(
        "stars",
        QT_TRANSLATE_NOOP("Columns", "Stars"),
        QT_TRANSLATE_NOOP("Columns", "Stars"),
        76,
        "stars",
        lambda sound: "★" * sound.stars,
    ),
    Column(
        "favourite",
        QT_TRANSLATE_NOOP("Columns", "Favourite"),
        QT_TRANSLATE_NOOP("Columns", "Favourite"),
        76,
        "favourite",
        lambda sound: "♥" if sound.is_favourite else "",
    ),
    Column(
        "bpm",
        QT_TRANSLATE_NOOP("Columns", "BPM"),
        QT_TRANSLATE_NOOP("Columns", "BPM"),
        64,
        "bpm",
        lambda sound: f"{sound.bpm:g}" if sound.bpm is not None else "",
        is_numeric=True,
    ),
    Column(
        "key",
        QT_TRANSLATE_NOOP("Columns", "Key"),
        QT_TRANSLATE_NOOP("Columns", "Key"),
        80,
        "key",
        lambda sound: sound.root_key or "",
    ),
    Column(
        "loop",
        QT_TRANSLATE_NOOP("Columns", "Kind"),
        QT_TRANSLATE_NOOP("Columns", "Loop or one-shot"),
        76,
        "loop",
        lambda sound: _kind_text(is_loop=sound.is_loop),
    ),
    Column(
        "category",
        QT_TRANSLATE_NOOP("Columns", "Category"),
        QT_TRANSLATE_NOOP("Columns", "Category"),
        140,
        "category",
        lambda sound: " · ".join(part for part in (sound.category, sound.subcategory) if part),
    ),
    Column(
        "loudness",
        QT_TRANSLATE_NOOP("Columns", "Loudness"),
        QT_TRANSLATE_NOOP("Columns", "Loudness"),
        84,
        "loudness",
        lambda sound: f"{sound.lufs:.1f}".replace("-", "−") if sound.lufs is not None else "",
        is_numeric=True,
    ),
)

INDEX_OF: Final = {column.name: index for index, column in enumerate(COLUMNS)}
NAME: Final = INDEX_OF["name"]
WAVEFORM: Final = INDEX_OF["waveform"]
MATCH: Final = INDEX_OF["match"]
DURATION: Final = INDEX_OF["duration"]
CHANNELS: Final = INDEX_OF["channels"]
RATE: Final = INDEX_OF["rate"]
FOLDER: Final = INDEX_OF["folder"]

DEFAULT_ORDER: Final = (
    "waveform",
    "name",
    *(column.name for column in COLUMNS if column.name not in {"waveform", "name"}),
)
"""The columns from left to right."""

FIXED: Final = frozenset({"waveform", "name", "match"})
"""Columns that the user does not choose: the waveform and the name are always there, the match in ranked lists."""

DEFAULT_COLUMNS: Final = tuple(name for name in DEFAULT_ORDER if COLUMNS[INDEX_OF[name]].is_default)


def chosen_columns(names: Iterable[str]) -> tuple[str, ...]:
    """Return columns in their order from left to right: those of some names that exist, and those that are fixed."""
    known = list(dict.fromkeys(name for name in names if name in INDEX_OF))
    lacking = [name for name in DEFAULT_ORDER if name in FIXED and name not in known]
    return (*lacking, *known)


def column_of(order: str) -> int:
    """Return the index of the column that an order belongs to; that of the name for an order without a column."""
    return next((index for index, column in enumerate(COLUMNS) if column.order == order), NAME)
