"""The controls of the filter panel, and the filters that they stand for. No Qt."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

from bowerbird.domain.fields import FILTER_FIELDS
from bowerbird.domain.query import Filter, parse_filter
from bowerbird.gui.translation import QT_TRANSLATE_NOOP, translate

ControlKind: TypeAlias = Literal["range", "choice", "text"]


@dataclass(frozen=True, slots=True)
class Control:
    """A control of the panel.

    Attributes
    ----------
    field : str
        Name of the field that it filters by.
    title : str
        To be translated in the context "Filters".
    kind : {"range", "choice", "text"}
        A lowest and a highest value; one of some choices; any text.
    unit : str
        Of a range, as it is shown.
    choices : tuple of (filter, title)
        The filters as people type them.
    """

    field: str
    title: str
    kind: ControlKind
    unit: str = ""
    choices: tuple[tuple[str, str], ...] = ()


_CONTROLS: Final = (
    Control("duration", QT_TRANSLATE_NOOP("Filters", "Length"), "range", "s"),
    Control("loudness", QT_TRANSLATE_NOOP("Filters", "Loudness"), "range", "LUFS"),
    Control(
        "channels",
        QT_TRANSLATE_NOOP("Filters", "Channels"),
        "choice",
        choices=(
            ("channels=1", QT_TRANSLATE_NOOP("Filters", "Mono")),
            ("channels=2", QT_TRANSLATE_NOOP("Filters", "Stereo")),
            ("channels>2", QT_TRANSLATE_NOOP("Filters", "More")),
        ),
    ),
    Control(
        "rate",
        QT_TRANSLATE_NOOP("Filters", "Rate"),
        "choice",
        "Hz",
        choices=(
            ("rate=44100", "44.1 kHz"),
            ("rate=48000", "48 kHz"),
            ("rate>=88200", QT_TRANSLATE_NOOP("Filters", "88.2 kHz and more")),
        ),
    ),
    Control(
        "format",
        QT_TRANSLATE_NOOP("Filters", "Format"),
        "choice",
        choices=(
            ("format=wav", "WAV"),
            ("format=aiff", "AIFF"),
            ("format=flac", "FLAC"),
            ("format=mp3", "MP3"),
            ("format=ogg", "Ogg"),
        ),
    ),
    Control("bpm", QT_TRANSLATE_NOOP("Filters", "BPM"), "range"),
    Control("key", QT_TRANSLATE_NOOP("Filters", "Key"), "text"),
    Control(
        "loop",
        QT_TRANSLATE_NOOP("Filters", "Kind"),
        "choice",
        choices=(
            ("loop=yes", QT_TRANSLATE_NOOP("Filters", "Loop")),
            ("loop=no", QT_TRANSLATE_NOOP("Filters", "One-shot")),
        ),
    ),
    Control("tag", QT_TRANSLATE_NOOP("Filters", "Tag"), "text"),
    Control(
        "stars",
        QT_TRANSLATE_NOOP("Filters", "Stars"),
        "choice",
        choices=tuple((f"stars>={n}", f"{n}+" if n < 5 else "5") for n in range(1, 6)),
    ),
    Control(
        "favourite",
        QT_TRANSLATE_NOOP("Filters", "Favourites"),
        "choice",
        choices=(("favourite=yes", QT_TRANSLATE_NOOP("Filters", "Only")),),
    ),
    Control("category", QT_TRANSLATE_NOOP("Filters", "Category"), "text"),
    Control("folder", QT_TRANSLATE_NOOP("Filters", "Folder"), "text"),
)

CONTROLS: Final = tuple(control for control in _CONTROLS if control.field in FILTER_FIELDS)
"""Those whose fields the library has."""


def range_texts(filters: Sequence[Filter], control: Control) -> tuple[str, str]:
    """Return the lowest and the highest value of a range as texts; "" where it is open."""
    low = high = ""
    for condition in filters:
        if condition.field.name == control.field:
            value = f"{condition.value:g}" if isinstance(condition.value, float) else condition.value
            if condition.operator in {">", ">=", "="}:
                low = value
            if condition.operator in {"<", "<=", "="}:
                high = value
    return low, high


def with_range(filters: Sequence[Filter], control: Control, low: str, high: str) -> tuple[Filter, ...]:
    """Return filters with another range; an empty text leaves that end open.

    Raises
    ------
    QueryError
        When a text is not a value of the field.
    """
    made = [parse_filter(f"{control.field}>={low.strip()}")] if low.strip() else []
    made += [parse_filter(f"{control.field}<={high.strip()}")] if high.strip() else []
    return _replaced(filters, control, made)


def chosen(filters: Sequence[Filter], control: Control) -> frozenset[str]:
    """Return the choices that are selected, as filters: at most one of numbers, any number of texts."""
    shown = [condition for condition in filters if condition.field.name == control.field]
    parsed = {text: parse_filter(text) for text, _ in control.choices}
    if len(shown) != 1:
        return frozenset()
    if shown[0].field.kind == "number":
        return frozenset(text for text, condition in parsed.items() if condition == shown[0])
    return frozenset(text for text, condition in parsed.items() if condition.value in shown[0].alternatives)


def with_choice(filters: Sequence[Filter], control: Control, choice: str) -> tuple[Filter, ...]:
    """Return filters in which a choice is selected, or no longer if it was; texts are alternatives of each other."""
    former, condition = chosen(filters, control), parse_filter(choice)
    if condition.field.kind == "number":
        return _replaced(filters, control, [] if choice in former else [condition])
    wanted = [text for text, _ in control.choices if (text in former) != (text == choice)]
    values = "|".join(str(parse_filter(text).value) for text in wanted)
    return _replaced(filters, control, [replace(condition, value=values)] if wanted else [])


def text_of(filters: Sequence[Filter], control: Control) -> str:
    """Return the text of a text control."""
    return next((str(condition.value) for condition in filters if condition.field.name == control.field), "")


def with_text(filters: Sequence[Filter], control: Control, text: str) -> tuple[Filter, ...]:
    """Return filters with another text; an empty one removes the filter.

    Raises
    ------
    QueryError
        When it is not a value of the field.
    """
    return _replaced(filters, control, [parse_filter(f"{control.field}={text.strip()}")] if text.strip() else [])


def chip_text(condition: Filter) -> str:
    """Return a filter in words: "Channels: Mono", "Length < 0.5 s"."""
    controls = [control for control in CONTROLS if control.field == condition.field.name]
    title = translate("Filters", controls[0].title) if controls else condition.field.name.capitalize()
    for control in controls:
        choices = chosen([condition], control)
        titles = [translate("Filters", text) for choice, text in control.choices if choice in choices]
        if choices and len(choices) == (1 if condition.field.kind == "number" else len(condition.alternatives)):
            return f"{title}: {translate('Filters', ' or ').join(titles)}"
    value = str(condition).removeprefix(f"{condition.field.name}{condition.operator}")
    unit = controls[0].unit if controls else ""
    if condition.field.kind != "number" or condition.field.named_values == {"yes": 1.0, "no": 0.0}:
        return f"{title}: {value.replace('|', translate('Filters', ' or '))}"
    sign = {"<=": "\u2264", ">=": "\u2265"}.get(condition.operator, condition.operator)
    value = value.replace("-", "\u2212")
    whole = f"{condition.value:,.0f}" if isinstance(condition.value, float) and condition.value >= 1000 else value
    return " ".join(part for part in (title, sign, whole, unit) if part)


def _replaced(filters: Sequence[Filter], control: Control, made: Sequence[Filter]) -> tuple[Filter, ...]:
    """Return filters in which those of one control are replaced, at the position of the first of them."""
    kept = [condition for condition in filters if condition.field.name != control.field]
    first = next((index for index, condition in enumerate(filters) if condition.field.name == control.field), len(kept))
    return (*kept[:first], *made, *kept[first:])
