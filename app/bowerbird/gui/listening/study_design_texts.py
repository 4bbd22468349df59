"""What the sheet of a new study says: which fields matter, what is wrong beside which, and how long it will take."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bowerbird.base.paths import studies_path
from bowerbird.base.text import count_text, printable
from bowerbird.gui.listening.study_design_fields import FIELDS
from bowerbird.gui.listening.system_rows import SystemRow
from bowerbird.listening.design import design_faults
from bowerbird.listening.plan import estimate_of
from bowerbird.listening.study import StudyDesign
from bowerbird.listening.systems.choices import SystemChoices

_OF_GRADES: Final = frozenset(
    {"scale.grades", "scale.has_slider", "n_per_page", "controls.identical_share", "controls.far_share"}
)
_TOLERANCE: Final = 0.2
"""Of a sitting: a guess that is a little over one is one."""

_OF_SOUNDS: Final = frozenset({"near_copies", "near_copy_cosine", "controls.identical_share"})


@dataclass(frozen=True, slots=True, eq=False)
class DesignState:
    """What the sheet shows.

    Attributes
    ----------
    design : StudyDesign
    lines : tuple of SystemRow
    shown : frozenset of str
        Paths of the fields that matter to this design.
    problems : mapping of str to str
        Sentences by the path of their field; "" for the whole.
    question_hint : str
        The question that is asked where none is written.
    sounds : str
        Which sounds are queries; "" where others are.
    labels : str
        Name of the labels file; "" for none.
    estimate : str
    can_create : bool
    """

    design: StudyDesign
    lines: tuple[SystemRow, ...]
    shown: frozenset[str]
    problems: Mapping[str, str]
    question_hint: str
    sounds: str
    labels: str
    estimate: str
    can_create: bool


def problems_of(design: StudyDesign, choices: SystemChoices) -> Mapping[str, str]:
    """Return what is wrong, by the path of the field that it stands beside; "" for the whole."""
    if not choices.encoders:
        return {"": "The library has no analysed sound yet. Add a folder first."}
    found: dict[str, str] = {}
    for fault in design_faults(design):
        found.setdefault(fault.field, _worded(fault.field, fault.what, design))
    if "name" not in found and (studies_path() / design.name).exists():
        found["name"] = "A study has this name already. Choose another."
    n_sounds, is_drawn = choices.n_sounds, design.choice.how in {"stratified", "random"}
    n_wanted = design.choice.n_queries + design.n_training
    if design.choice.how != "words" and n_sounds <= design.depth:
        found.setdefault("depth", f"The library has {count_text(n_sounds)}. Judge fewer results.")
    if is_drawn and n_wanted > n_sounds:
        found.setdefault(
            "choice.n_queries",
            f"The library has {count_text(n_sounds)}; with the training pages this needs {n_wanted:,}.",
        )
    return found


def estimate_text(design: StudyDesign, choices: SystemChoices) -> str:
    """Say what a rater will have to do."""
    guess = estimate_of(design, mean_excerpt_s=choices.mean_excerpt_s(design.excerpt_s))
    pages = count_text(guess.n_pages, "page", "pages")
    minutes = count_text(max(1, round(guess.minutes)), "minute", "minutes")
    n_sittings = math.ceil(guess.minutes / design.break_after_min - _TOLERANCE)
    sittings = f", {n_sittings} sittings" if n_sittings > 1 else ""
    return f"About {pages}, {minutes} a rater{sittings}"


def shown_paths(design: StudyDesign) -> frozenset[str]:
    """Return the fields that matter to a design."""
    paths = {field.path for field in FIELDS}
    if design.kind != "grade":
        paths -= _OF_GRADES
    if design.choice.how == "words":
        paths -= _OF_SOUNDS
    else:
        paths -= {"choice.words"}
    if design.choice.how in {"words", "sounds"}:
        paths -= {"choice.n_queries"}
    return frozenset(paths)


def sounds_text(design: StudyDesign) -> str:
    """Say which sounds are queries; "" where others are."""
    if design.choice.how != "sounds":
        return ""
    names = [printable(Path(sound).name) for sound in design.choice.sounds]
    if len(names) <= 2:
        return ", ".join(names) or "None is selected"
    return f"{names[0]}, {names[1]} and {len(names) - 2:,} more"


def _worded(field: str, what: str, design: StudyDesign) -> str:
    """Say a fault as somebody reads it who sees the field."""
    match field:
        case "name":
            return "Use small letters, digits, - and _ alone."
        case "title":
            return "Write a title. It should give nothing away."
        case "systems" if not design.systems:
            return "Tick at least one system."
        case "systems" if design.kind != "grade" and len(design.systems) < 2:
            return "This trial compares two systems. Tick another."
        case "choice.words":
            return "Write what shall be searched for."
        case "choice.sounds":
            return "Select sounds in the list, then take them."
        case "scale.grades":
            return "Write two to ten grades, worst first; none only beside the line."
        case "planned":
            return "A comparison needs two systems."
        case _:
            return f"{what[0].upper()}{what[1:]}."
