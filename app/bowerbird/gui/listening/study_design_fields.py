"""The fields of a study's design as a person meets them: words, kinds, ranges, sections. Data, and no rule."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from bowerbird.listening.study import StudyDesign

FieldKind: TypeAlias = Literal["line", "lines", "choice", "count", "number", "share", "switch"]


@dataclass(frozen=True, slots=True)
class Field:
    """One field.

    Attributes
    ----------
    path : str
        Where it stands in the design, such as ``controls.far_share``.
    words : str
        Its name for people; a switch's whole sentence.
    kind : str
        line, lines: text, one entry a line; choice; count: a whole number; number; share: shown in percent; switch.
    section : str
    low, high, step : float
    unit : str
    choices : tuple of (value, words)
    hint : str
        Shown below it, or in it while it is empty.
    is_more : bool
        It stands behind "More".
    """

    path: str
    words: str
    kind: FieldKind
    section: str
    low: float = 0.0
    high: float = 100.0
    step: float = 1.0
    unit: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    hint: str = ""
    is_more: bool = False


JUDGED: Final = "What is judged"
QUERIES: Final = "Queries"
SYSTEMS: Final = "Systems"
ANSWERS: Final = "Responses"
COPIES: Final = "Near copies and chance"
CONTROLS: Final = "Controls"
EXCERPTS: Final = "Excerpts"
SITTINGS: Final = "Sittings"
FLAGS: Final = "When a rater is flagged"

FIELDS: Final = (
    Field("title", "Title", "line", JUDGED, hint="Raters see it, so it should give nothing away"),
    Field("name", "Name", "line", JUDGED, hint="Of the study’s folder"),
    Field(
        "construct",
        "Judged",
        "choice",
        JUDGED,
        choices=(
            ("sounds_alike", "How alike sounds are"),
            ("same_kind", "Whether they are the same kind of thing"),
            ("replacement", "Whether one would serve for the other"),
            ("matches_words", "How well sounds match words"),
        ),
    ),
    Field("question", "Question", "line", JUDGED),
    Field(
        "kind",
        "Trial",
        "choice",
        JUDGED,
        choices=(
            ("grade", "Every result is graded"),
            ("preference", "One of two lists is preferred"),
            ("abx", "Two results are told apart (ABX)"),
        ),
    ),
    Field("is_pilot", "A pilot, for trying the study out", "switch", JUDGED),
    Field(
        "choice.how",
        "Chosen",
        "choice",
        QUERIES,
        choices=(
            ("stratified", "Spread over lengths and classes"),
            ("random", "By chance"),
            ("sounds", "The sounds selected in the list"),
            ("words", "Words"),
        ),
    ),
    Field("choice.n_queries", "How many", "count", QUERIES, low=1, high=1000),
    Field("choice.words", "Words", "lines", QUERIES, hint="One query a line, such as: glass breaking"),
    Field("depth", "Results of each", "count", SYSTEMS, low=1, high=50),
    Field("scale.grades", "Grades", "lines", ANSWERS, hint="One a line, worst first", is_more=True),
    Field("scale.has_slider", "A line from 0 to 100 too", "switch", ANSWERS, is_more=True),
    Field(
        "near_copies",
        "Copies of the query",
        "choice",
        COPIES,
        choices=(("remove", "Removed"), ("flag", "Judged, and flagged"), ("keep", "Judged as any other")),
        is_more=True,
    ),
    Field("near_copy_cosine", "A copy from", "number", COPIES, high=1.0, step=0.001, unit="cosine", is_more=True),
    Field("seed", "Seed of chance", "count", COPIES, high=2**31 - 1, is_more=True),
    Field(
        "controls.identical_share",
        "The query itself, hidden",
        "share",
        CONTROLS,
        unit="% of pages",
        is_more=True,
    ),
    Field("controls.far_share", "A far sound, hidden", "share", CONTROLS, unit="% of pages", is_more=True),
    Field("controls.repeat_share", "Asked twice", "share", CONTROLS, unit="% of trials", is_more=True),
    Field("excerpt_s", "At most", "number", EXCERPTS, low=0.1, high=10.0, step=0.5, unit="s", is_more=True),
    Field("target_lufs", "Loudness", "number", EXCERPTS, low=-40.0, high=-10.0, step=1.0, unit="LUFS", is_more=True),
    Field("must_hear_share", "Must be heard", "share", EXCERPTS, unit="% of each", is_more=True),
    Field("n_training", "Training queries", "count", SITTINGS, high=20, is_more=True),
    Field("n_per_page", "Sounds on a page", "count", SITTINGS, low=1, high=9, is_more=True),
    Field(
        "break_after_min", "A break after", "number", SITTINGS, low=1.0, high=240.0, step=5.0, unit="min", is_more=True
    ),
    Field("has_headphone_check", "Headphones are checked first", "switch", SITTINGS, is_more=True),
    Field("instructions", "Instructions", "lines", SITTINGS, hint="The usual ones", is_more=True),
    Field(
        "exclusion.max_control_failures",
        "Controls failed, above",
        "share",
        FLAGS,
        unit="%",
        is_more=True,
    ),
    Field("exclusion.min_decision_ms", "Faster than", "count", FLAGS, high=60_000, step=100, unit="ms", is_more=True),
    Field("exclusion.max_same_grade", "One grade, above", "share", FLAGS, unit="% of answers", is_more=True),
    Field(
        "exclusion.min_retest",
        "Agreement with themselves, below",
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
        "Agreement with others, below",
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
    """Return what stands in a field."""
    value: Any = design
    for name in path.split("."):
        value = getattr(value, name)
    return value


def with_value(design: StudyDesign, path: str, value: Any) -> StudyDesign:
    """Return the design with another value in a field."""
    outer, _, inner = path.partition(".")
    if inner:
        value = dataclasses.replace(getattr(design, outer), **{inner: value})
    return dataclasses.replace(design, **{outer: value})
