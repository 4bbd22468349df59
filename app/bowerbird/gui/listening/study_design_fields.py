"""The fields of the New study dialog: labels, kinds, ranges and sections. Rules are in `listening.design`."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from bowerbird.gui.translation import QT_TRANSLATE_NOOP, translate
from bowerbird.listening.study import StudyDesign

FieldKind: TypeAlias = Literal["line", "lines", "choice", "count", "number", "share", "switch"]


@dataclass(frozen=True, slots=True)
class Field:
    """A field; its texts are in English, and translated by its properties.

    Attributes
    ----------
    path : str
        Of the attribute in the design, such as ``controls.far_share``.
    label_text : str
    kind : str
        line; lines: several lines of text; choice; count: a whole number; number; share: in percent; switch.
    section : str
    low, high, step : float
    unit_text : str
    choice_texts : tuple of (value, text)
    hint_text : str
        Shown while the field is empty.
    is_more : bool
        Hidden behind "More" at first.
    """

    path: str
    label_text: str
    kind: FieldKind
    section: str
    low: float = 0.0
    high: float = 100.0
    step: float = 1.0
    unit_text: str = ""
    choice_texts: tuple[tuple[str, str], ...] = ()
    hint_text: str = ""
    is_more: bool = False

    @property
    def label(self) -> str:
        """The label in the language of the window."""
        return _shown(self.label_text)

    @property
    def unit(self) -> str:
        """The unit in the language of the window."""
        return _shown(self.unit_text)

    @property
    def choices(self) -> tuple[tuple[str, str], ...]:
        """Values, and their texts in the language of the window."""
        return tuple((value, _shown(text)) for value, text in self.choice_texts)

    @property
    def hint(self) -> str:
        """The hint in the language of the window."""
        return _shown(self.hint_text)


def _shown(text: str) -> str:
    return translate("New study", text) if text else ""


TASK: Final = QT_TRANSLATE_NOOP("New study", "Task")
QUERIES: Final = QT_TRANSLATE_NOOP("New study", "Queries")
SYSTEMS: Final = QT_TRANSLATE_NOOP("New study", "Systems")
SCALE: Final = QT_TRANSLATE_NOOP("New study", "Responses")
COPIES: Final = QT_TRANSLATE_NOOP("New study", "Near-duplicates and random seed")
CONTROLS: Final = QT_TRANSLATE_NOOP("New study", "Control trials")
EXCERPTS: Final = QT_TRANSLATE_NOOP("New study", "Excerpts")
SESSIONS: Final = QT_TRANSLATE_NOOP("New study", "Sessions")
FLAGS: Final = QT_TRANSLATE_NOOP("New study", "Exclusion criteria: flag a rater when")

FIELDS: Final = (
    Field(
        "title",
        QT_TRANSLATE_NOOP("New study", "Title"),
        "line",
        TASK,
        hint_text=QT_TRANSLATE_NOOP("New study", "Shown to raters; should not reveal the purpose"),
    ),
    Field(
        "name",
        QT_TRANSLATE_NOOP("New study", "Name"),
        "line",
        TASK,
        hint_text=QT_TRANSLATE_NOOP("New study", "Also the name of the study’s folder"),
    ),
    Field(
        "construct",
        QT_TRANSLATE_NOOP("New study", "Raters judge"),
        "choice",
        TASK,
        choice_texts=(
            ("sounds_alike", QT_TRANSLATE_NOOP("New study", "How similar sounds are")),
            ("same_kind", QT_TRANSLATE_NOOP("New study", "Whether sounds are of the same kind")),
            ("replacement", QT_TRANSLATE_NOOP("New study", "Whether a sound could replace the reference")),
            ("matches_words", QT_TRANSLATE_NOOP("New study", "How well sounds match words")),
        ),
    ),
    Field("question", QT_TRANSLATE_NOOP("New study", "Question"), "line", TASK),
    Field(
        "kind",
        QT_TRANSLATE_NOOP("New study", "Trials"),
        "choice",
        TASK,
        choice_texts=(
            ("grade", QT_TRANSLATE_NOOP("New study", "Grade each result")),
            ("preference", QT_TRANSLATE_NOOP("New study", "Choose the better of two lists")),
            ("abx", QT_TRANSLATE_NOOP("New study", "Tell two results apart (ABX)")),
        ),
    ),
    Field("is_pilot", QT_TRANSLATE_NOOP("New study", "Pilot study"), "switch", TASK),
    Field(
        "choice.how",
        QT_TRANSLATE_NOOP("New study", "Choose"),
        "choice",
        QUERIES,
        choice_texts=(
            ("stratified", QT_TRANSLATE_NOOP("New study", "Sounds of all lengths and classes")),
            ("random", QT_TRANSLATE_NOOP("New study", "Random sounds")),
            ("sounds", QT_TRANSLATE_NOOP("New study", "Selected sounds")),
            ("words", QT_TRANSLATE_NOOP("New study", "Words")),
        ),
    ),
    Field("choice.n_queries", QT_TRANSLATE_NOOP("New study", "Number of queries"), "count", QUERIES, low=1, high=1000),
    Field(
        "choice.words",
        QT_TRANSLATE_NOOP("New study", "Words"),
        "lines",
        QUERIES,
        hint_text=QT_TRANSLATE_NOOP("New study", "One query per line, such as: glass breaking"),
    ),
    Field("depth", QT_TRANSLATE_NOOP("New study", "Results per system"), "count", SYSTEMS, low=1, high=50),
    Field(
        "scale.grades",
        QT_TRANSLATE_NOOP("New study", "Grades"),
        "lines",
        SCALE,
        hint_text=QT_TRANSLATE_NOOP("New study", "One grade per line, worst first"),
        is_more=True,
    ),
    Field(
        "scale.has_slider",
        QT_TRANSLATE_NOOP("New study", "Also show a slider from 0 to 100"),
        "switch",
        SCALE,
        is_more=True,
    ),
    Field(
        "near_copies",
        QT_TRANSLATE_NOOP("New study", "Copies of the query"),
        "choice",
        COPIES,
        choice_texts=(
            ("remove", QT_TRANSLATE_NOOP("New study", "Remove")),
            ("flag", QT_TRANSLATE_NOOP("New study", "Keep and flag")),
            ("keep", QT_TRANSLATE_NOOP("New study", "Keep")),
        ),
        is_more=True,
    ),
    Field(
        "near_copy_cosine",
        QT_TRANSLATE_NOOP("New study", "Copy threshold"),
        "number",
        COPIES,
        high=1.0,
        step=0.001,
        unit_text=QT_TRANSLATE_NOOP("New study", "cosine"),
        is_more=True,
    ),
    Field("seed", QT_TRANSLATE_NOOP("New study", "Random seed"), "count", COPIES, high=2**31 - 1, is_more=True),
    Field(
        "controls.identical_share",
        QT_TRANSLATE_NOOP("New study", "Hidden reference"),
        "share",
        CONTROLS,
        unit_text=QT_TRANSLATE_NOOP("New study", "% of pages"),
        is_more=True,
    ),
    Field(
        "controls.far_share",
        QT_TRANSLATE_NOOP("New study", "Low anchor"),
        "share",
        CONTROLS,
        unit_text=QT_TRANSLATE_NOOP("New study", "% of pages"),
        is_more=True,
    ),
    Field(
        "controls.repeat_share",
        QT_TRANSLATE_NOOP("New study", "Repeated trials"),
        "share",
        CONTROLS,
        unit_text=QT_TRANSLATE_NOOP("New study", "% of trials"),
        is_more=True,
    ),
    Field(
        "excerpt_s",
        QT_TRANSLATE_NOOP("New study", "Maximum length"),
        "number",
        EXCERPTS,
        low=0.1,
        high=10.0,
        step=0.5,
        unit_text=QT_TRANSLATE_NOOP("New study", "s"),
        is_more=True,
    ),
    Field(
        "target_lufs",
        QT_TRANSLATE_NOOP("New study", "Loudness"),
        "number",
        EXCERPTS,
        low=-40.0,
        high=-10.0,
        step=1.0,
        unit_text=QT_TRANSLATE_NOOP("New study", "LUFS"),
        is_more=True,
    ),
    Field(
        "must_hear_share",
        QT_TRANSLATE_NOOP("New study", "Required listening"),
        "share",
        EXCERPTS,
        unit_text=QT_TRANSLATE_NOOP("New study", "% of each excerpt"),
        is_more=True,
    ),
    Field("n_training", QT_TRANSLATE_NOOP("New study", "Training queries"), "count", SESSIONS, high=20, is_more=True),
    Field(
        "n_per_page", QT_TRANSLATE_NOOP("New study", "Sounds per page"), "count", SESSIONS, low=1, high=9, is_more=True
    ),
    Field(
        "break_after_min",
        QT_TRANSLATE_NOOP("New study", "Suggest a break after"),
        "number",
        SESSIONS,
        low=1.0,
        high=240.0,
        step=5.0,
        unit_text=QT_TRANSLATE_NOOP("New study", "min"),
        is_more=True,
    ),
    Field(
        "has_headphone_check",
        QT_TRANSLATE_NOOP("New study", "Start with a headphone check"),
        "switch",
        SESSIONS,
        is_more=True,
    ),
    Field(
        "instructions",
        QT_TRANSLATE_NOOP("New study", "Instructions"),
        "lines",
        SESSIONS,
        hint_text=QT_TRANSLATE_NOOP("New study", "Default instructions"),
        is_more=True,
    ),
    Field(
        "exclusion.max_control_failures",
        QT_TRANSLATE_NOOP("New study", "Failed control trials exceed"),
        "share",
        FLAGS,
        unit_text=QT_TRANSLATE_NOOP("New study", "%"),
        is_more=True,
    ),
    Field(
        "exclusion.min_decision_ms",
        QT_TRANSLATE_NOOP("New study", "Responses are faster than"),
        "count",
        FLAGS,
        high=60_000,
        step=100,
        unit_text=QT_TRANSLATE_NOOP("New study", "ms"),
        is_more=True,
    ),
    Field(
        "exclusion.max_same_grade",
        QT_TRANSLATE_NOOP("New study", "The same response makes up more than"),
        "share",
        FLAGS,
        unit_text=QT_TRANSLATE_NOOP("New study", "% of responses"),
        is_more=True,
    ),
    Field(
        "exclusion.min_retest",
        QT_TRANSLATE_NOOP("New study", "Test–retest agreement is below"),
        "number",
        FLAGS,
        low=-1.0,
        high=1.0,
        step=0.05,
        unit_text=QT_TRANSLATE_NOOP("New study", "kappa"),
        is_more=True,
    ),
    Field(
        "exclusion.min_agreement",
        QT_TRANSLATE_NOOP("New study", "Agreement with others is below"),
        "number",
        FLAGS,
        low=-1.0,
        high=1.0,
        step=0.05,
        unit_text=QT_TRANSLATE_NOOP("New study", "correlation"),
        is_more=True,
    ),
)

FIELD_AT: Final[Mapping[str, Field]] = {field.path: field for field in FIELDS}


def value_at(design: StudyDesign, path: str) -> Any:
    """Return the value of a field."""
    value: Any = design
    for name in path.split("."):
        value = getattr(value, name)
    return value


def with_value(design: StudyDesign, path: str, value: Any) -> StudyDesign:
    """Return the design with another value of a field."""
    outer, _, inner = path.partition(".")
    if inner:
        value = dataclasses.replace(getattr(design, outer), **{inner: value})
    return dataclasses.replace(design, **{outer: value})
