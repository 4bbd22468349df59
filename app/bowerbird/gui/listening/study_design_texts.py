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

NO_SOUNDS: Final = "The library has no indexed sounds yet. Add a folder first."
DEFAULT_TITLE: Final = "A listening test"
WRONG_SYSTEM: Final = "A system is not valid. See its row."


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
        return {"": NO_SOUNDS}
    found: dict[str, str] = {}
    for problem in design_problems(design):
        found.setdefault(problem.field, _problem_text(problem.field, problem.sentence, design))
    if "name" not in found and (studies_path() / design.name).exists():
        found["name"] = "Another study has this name. Choose a different name."
    n_sounds, is_drawn = choices.n_sounds, design.choice.how in {"stratified", "random"}
    n_needed = design.choice.n_queries + design.n_training
    if design.choice.how != "words" and n_sounds <= design.depth:
        found.setdefault("depth", f"The library has only {count_text(n_sounds)}. Choose fewer results.")
    if is_drawn and n_needed > n_sounds:
        found.setdefault(
            "choice.n_queries",
            f"The library has only {count_text(n_sounds)}; with training pages the study needs {n_needed:,}.",
        )
    return found


def estimate_text(design: StudyDesign, choices: SystemChoices) -> str:
    """Return the estimated length of a study."""
    effort = estimate_of(design, mean_excerpt_s=choices.mean_excerpt_s(design.excerpt_s))
    n_sessions = math.ceil(effort.minutes / design.break_after_min - _TOLERANCE)
    sessions = f" in {n_sessions} sessions" if n_sessions > 1 else ""
    return f"Estimate: {effort_text(effort.n_pages, effort.minutes)}{sessions}"


def created_text(folder: StudyFolder, *, n_pages: int, minutes: float) -> str:
    """Return the sentence that confirms a new study."""
    return f"“{printable(folder.study.design.title)}” was created: {effort_text(n_pages, minutes)}."


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
        return ", ".join(names) or "No sound selected"
    return f"{names[0]}, {names[1]} and {len(names) - 2:,} more"


def _problem_text(field: str, sentence: str, design: StudyDesign) -> str:
    """Return the sentence to show beside a field."""
    match field:
        case "name":
            return "Use only lowercase letters, digits, - and _."
        case "title":
            return "Enter a title. It should not reveal the purpose of the study."
        case "systems" if not design.systems:
            return "Select at least one system."
        case "systems" if design.kind != "grade" and len(design.systems) < 2:
            return "This trial compares two systems. Select another."
        case "choice.words":
            return "Enter at least one query."
        case "choice.sounds":
            return "Select sounds in the list, then use the selection."
        case "scale.grades":
            return "Enter two to ten grades, worst first, or none when there is a slider."
        case "planned":
            return "A comparison needs two different systems."
        case _:
            return f"{sentence[0].upper()}{sentence[1:]}."
