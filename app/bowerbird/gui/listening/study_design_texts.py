"""The state of the New study dialog: which fields apply, what is wrong with which, and the estimated length."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bowerbird.base.paths import studies_path
from bowerbird.base.text import count_text, printable
from bowerbird.gui.listening.study_design_fields import FIELDS
from bowerbird.gui.listening.system_rows import SystemRow
from bowerbird.gui.translation import translate
from bowerbird.listening.design import design_problems
from bowerbird.listening.plan import estimate_of
from bowerbird.listening.store import StudyFolder
from bowerbird.listening.study import StudyDesign
from bowerbird.listening.systems.choices import SystemChoices
from bowerbird.listening.texts import effort_text

_GRADE_FIELDS: Final = frozenset(
    {"scale.grades", "scale.has_slider", "n_per_page", "controls.identical_share", "controls.far_share"}
)
_SOUND_FIELDS: Final = frozenset({"near_copies", "near_copy_cosine", "controls.identical_share"})
_TOLERANCE: Final = 0.2
"""Share of a session that the estimate may be over before a second session is announced."""

DEFAULT_TITLE: Final = "A listening test"
"""Stored in the study, and therefore not translated."""


@dataclass(frozen=True, slots=True, eq=False)
class DesignState:
    """What the dialog shows.

    Attributes
    ----------
    design : StudyDesign
    system_rows : tuple of SystemRow
    shown : frozenset of str
        Paths of the fields that apply to this design.
    problems : mapping of str to str
        Sentences by the path of their field; "" is the design as a whole.
    question_hint : str
        The default question.
    sounds : str
        Names of the query sounds.
    labels : str or None
        Name of the labels file.
    estimate : str or None
        Length of the study; None while there are problems.
    """

    design: StudyDesign
    system_rows: tuple[SystemRow, ...]
    shown: frozenset[str]
    problems: Mapping[str, str]
    question_hint: str
    sounds: str
    labels: str | None
    estimate: str | None

    @property
    def can_create(self) -> bool:
        """Whether the study can be created."""
        return not self.problems


def problems_of(design: StudyDesign, choices: SystemChoices) -> Mapping[str, str]:
    """Return the problems by the path of their field; "" is the design as a whole."""
    if not choices.encoders:
        return {"": translate("New study", "The library has no indexed sounds yet. Add a folder first.")}
    found: dict[str, str] = {}
    for problem in design_problems(design):
        found.setdefault(problem.field, _problem_text(problem.field, problem.sentence, design))
    if "name" not in found and (studies_path() / design.name).exists():
        found["name"] = translate("New study", "Another study has this name. Choose a different name.")
    n_sounds, is_drawn = choices.n_sounds, design.choice.how in {"stratified", "random"}
    n_needed = design.choice.n_queries + design.n_training
    if design.choice.how != "words" and n_sounds <= design.depth:
        text = translate("New study", "The library has only {sounds}. Choose fewer results.")
        found.setdefault("depth", text.format(sounds=count_text(n_sounds)))
    if is_drawn and n_needed > n_sounds:
        text = translate("New study", "The library has only {sounds}; with training pages the study needs {n}.")
        found.setdefault("choice.n_queries", text.format(sounds=count_text(n_sounds), n=f"{n_needed:,}"))
    return found


def estimate_text(design: StudyDesign, choices: SystemChoices) -> str:
    """Return the estimated length of a study."""
    effort = estimate_of(design, mean_excerpt_s=choices.mean_excerpt_s(design.excerpt_s))
    n_sessions = math.ceil(effort.minutes / design.break_after_min - _TOLERANCE)
    length = effort_text(effort.n_pages, effort.minutes)
    if n_sessions > 1:
        return translate("New study", "Estimate: {length} in {n} sessions").format(length=length, n=n_sessions)
    return translate("New study", "Estimate: {length}").format(length=length)


def created_text(folder: StudyFolder, *, n_pages: int, minutes: float) -> str:
    """Return the sentence that confirms a new study."""
    return translate("New study", "“{title}” was created: {length}.").format(
        title=printable(folder.study.design.title), length=effort_text(n_pages, minutes)
    )


def shown_paths(design: StudyDesign) -> frozenset[str]:
    """Return the paths of the fields that apply to a design."""
    paths = {field.path for field in FIELDS}
    if design.kind != "grade":
        paths -= _GRADE_FIELDS
    if design.choice.how == "words":
        paths -= _SOUND_FIELDS
    else:
        paths -= {"choice.words"}
    if design.choice.how in {"words", "sounds"}:
        paths -= {"choice.n_queries"}
    return frozenset(paths)


def sounds_text(design: StudyDesign) -> str:
    """Return the names of the query sounds; "" when the queries are not chosen by hand."""
    if design.choice.how != "sounds":
        return ""
    names = [printable(Path(path).name) for path in design.choice.sounds]
    if len(names) <= 2:
        return ", ".join(names) or translate("New study", "No sound selected")
    return translate("New study", "{first}, {second} and {n} more").format(
        first=names[0], second=names[1], n=f"{len(names) - 2:,}"
    )


def _problem_text(field: str, sentence: str, design: StudyDesign) -> str:
    """Return the sentence to show beside a field."""
    match field:
        case "name":
            return translate("New study", "Use only lowercase letters, digits, - and _.")
        case "title":
            return translate("New study", "Enter a title. It should not reveal the purpose of the study.")
        case "systems" if not design.systems:
            return translate("New study", "Select at least one system.")
        case "systems" if design.kind != "grade" and len(design.systems) < 2:
            return translate("New study", "This trial compares two systems. Select another.")
        case "choice.words":
            return translate("New study", "Enter at least one query.")
        case "choice.sounds":
            return translate("New study", "Select sounds in the list, then use the selection.")
        case "scale.grades":
            return translate("New study", "Enter two to ten grades, worst first, or none when there is a slider.")
        case "planned":
            return translate("New study", "A comparison needs two different systems.")
        case _:
            return f"{sentence[0].upper()}{sentence[1:]}."
