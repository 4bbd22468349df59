"""The fields of the New study dialog: labels, kinds, ranges and sections. Rules are in `listening.design`."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from bowerbird.listening.study import StudyDesign

FieldKind: TypeAlias = Literal["line", "lines", "choice", "count", "number", "share", "switch"]


@dataclass(frozen=True, slots=True)
class Field:
    """A field.

    Attributes
    ----------
    path : str
        Of the attribute in the design, such as ``controls.far_share``.
    label : str
    kind : str
        line; lines: several lines of text; choice; count: a whole number; number; share: in percent; switch.
    section : str
    low, high, step : float
    unit : str
    choices : tuple of (value, text)
    hint : str
        Shown while the field is empty.
    is_more : bool
        Hidden behind "More" at first.
    """

    path: str
    label: str
    kind: FieldKind
    section: str
    low: float = 0.0
    high: float = 100.0
    step: float = 1.0
    unit: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    hint: str = ""
    is_more: bool = False


TASK: Final = "Task"
QUERIES: Final = "Queries"
SYSTEMS: Final = "Systems"
SCALE: Final = "Responses"
COPIES: Final = "Near-duplicates and random seed"
CONTROLS: Final = "Control trials"
EXCERPTS: Final = "Excerpts"
SESSIONS: Final = "Sessions"
FLAGS: Final = "Exclusion criteria: flag a rater when"

FIELDS: Final = (
    Field("title", "Title", "line", TASK, hint="Shown to raters; should not reveal the purpose"),
    Field("name", "Name", "line", TASK, hint="Of the study’s folder"),
    Field(
        "construct",
        "Raters judge",
        "choice",
        TASK,
        choices=(
            ("sounds_alike", "How similar sounds are"),
            ("same_kind", "Whether sounds are of the same kind"),
            ("replacement", "Whether a sound could replace the reference"),
            ("matches_words", "How well sounds match words"),
        ),
    ),
    Field("question", "Question", "line", TASK),
    Field(
        "kind",
        "Trials",
        "choice",
        TASK,
        choices=(
            ("grade", "Grade each result"),
            ("preference", "Choose the better of two lists"),
            ("abx", "Tell two results apart (ABX)"),
        ),
    ),
    Field("is_pilot", "Pilot study", "switch", TASK),
    Field(
        "choice.how",
        "Choose",
        "choice",
        QUERIES,
        choices=(
            ("stratified", "Sounds of all lengths and classes"),
            ("random", "Random sounds"),
            ("sounds", "Selected sounds"),
            ("words", "Words"),
        ),
    ),
    Field("choice.n_queries", "Number of queries", "count", QUERIES, low=1, high=1000),
    Field("choice.words", "Words", "lines", QUERIES, hint="A query per line, such as: glass breaking"),
    Field("depth", "Results per system", "count", SYSTEMS, low=1, high=50),
    Field("scale.grades", "Grades", "lines", SCALE, hint="A grade per line, worst first", is_more=True),
    Field("scale.has_slider", "Also show a slider from 0 to 100", "switch", SCALE, is_more=True),
    Field(
        "near_copies",
        "Copies of the query",
        "choice",
        COPIES,
        choices=(("remove", "Remove"), ("flag", "Keep and flag"), ("keep", "Keep")),
        is_more=True,
    ),
    Field("near_copy_cosine", "Copy threshold", "number", COPIES, high=1.0, step=0.001, unit="cosine", is_more=True),
    Field("seed", "Random seed", "count", COPIES, high=2**31 - 1, is_more=True),
    Field(
        "controls.identical_share",
        "Hidden reference",
        "share",
        CONTROLS,
        unit="% of pages",
        is_more=True,
    ),
    Field("controls.far_share", "Low anchor", "share", CONTROLS, unit="% of pages", is_more=True),
    Field("controls.repeat_share", "Repeated trials", "share", CONTROLS, unit="% of trials", is_more=True),
    Field("excerpt_s", "Maximum length", "number", EXCERPTS, low=0.1, high=10.0, step=0.5, unit="s", is_more=True),
    Field("target_lufs", "Loudness", "number", EXCERPTS, low=-40.0, high=-10.0, step=1.0, unit="LUFS", is_more=True),
    Field("must_hear_share", "Required listening", "share", EXCERPTS, unit="% of each excerpt", is_more=True),
    Field("n_training", "Training queries", "count", SESSIONS, high=20, is_more=True),
    Field("n_per_page", "Sounds per page", "count", SESSIONS, low=1, high=9, is_more=True),
    Field(
        "break_after_min",
        "Suggest a break after",
        "number",
        SESSIONS,
        low=1.0,
        high=240.0,
        step=5.0,
        unit="min",
        is_more=True,
    ),
    Field("has_headphone_check", "Start with a headphone check", "switch", SESSIONS, is_more=True),
    Field("instructions", "Instructions", "lines", SESSIONS, hint="Default instructions", is_more=True),
    Field(
        "exclusion.max_control_failures",
        "Failed control trials exceed",
        "share",
        FLAGS,
        unit="%",
        is_more=True,
    ),
    Field(
        "exclusion.min_decision_ms",
        "Responses are faster than",
        "count",
        FLAGS,
        high=60_000,
        step=100,
        unit="ms",
        is_more=True,
    ),
    Field("exclusion.max_same_grade", "Same response exceeds", "share", FLAGS, unit="% of responses", is_more=True),
    Field(
        "exclusion.min_retest",
        "Test–retest agreement is below",
        "number",
        FLAGS,
        low=-1.0,
        high=1.0,
        step=0.05,
        unit="kappa",
        is_more=True,
    ),
    Field(
        "exclusion.min_agreement",
        "Agreement with others is below",
        "number",
        FLAGS,
        low=-1.0,
        high=1.0,
        step=0.05,
        unit="correlation",
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
