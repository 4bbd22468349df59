"""What the rating window says."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from bowerbird.base.text import count_text, time_left_text
from bowerbird.listening.bundles import RATINGS_ENDING
from bowerbird.listening.instructions import default_instructions
from bowerbird.listening.responses import Page
from bowerbird.listening.study import GRADES, StudyDesign, TrialKind

CONSENT: Final = (
    "Your responses are stored on this machine, in the folder of the study, under your alias. They include what you "
    "played, for how long, and when. Nothing is sent anywhere; the person who runs the study receives the file that "
    "you hand over. You can stop at any time and continue later."
)
NO_CONSENT: Final = "To take part, tick “I agree to take part”. Otherwise close the window."
BACKGROUND: Final = (
    ("age", "Age", ("Under 20", "20 to 29", "30 to 39", "40 to 49", "50 to 59", "60 and over")),
    ("hearing", "Hearing", ("No loss known", "Some loss")),
    ("experience", "Work with sound", ("None", "Amateur", "Professional")),
    ("equipment", "Playback", ("Headphones", "Loudspeakers")),
)
CONTINUE: Final = "Continue"
CANNOT_JUDGE: Final = "Cannot judge"
BROKEN: Final = "Broken"
THIS_PAGE: Final = "this page"
PLAY_FIRST: Final = "Play a sound first, then rate it."
NOTHING_TO_UNDO: Final = "There is nothing to undo on this page."
LEFT_IS_BETTER: Final = "Left is better"
RIGHT_IS_BETTER: Final = "Right is better"
NO_DIFFERENCE: Final = "No difference"
X_IS_A: Final = "X is A"
X_IS_B: Final = "X is B"

_KEYS: Final[Mapping[TrialKind, tuple[tuple[str, str], ...]]] = {
    "grade": (
        ("1 to 9", "play and select a sound"),
        ("C", "write a comment"),
        ("N", "cannot judge it"),
        ("B", "it is broken: silent, cut off or damaged"),
    ),
    "preference": (
        ("1 to 9", "play the sounds of the selected list"),
        ("Left, Right", "select a list"),
        ("Q  W  E", "left is better, no difference, right is better"),
        ("N", "cannot judge"),
    ),
    "abx": (("1, 2", "play A and B"), ("A, B", "X is A, X is B"), ("N", "cannot judge")),
}

_COMMON_KEYS: Final = (
    ("Space", "stop, or play again"),
    ("Ctrl+Z", "undo the last response"),
    ("Enter", "next page"),
)


def instructions(design: StudyDesign, *, n_pages: int, minutes: float) -> tuple[str, ...]:
    """Return the paragraphs that a rater reads first."""
    length = (
        f"{count_text(n_pages, 'page', 'pages')}, about {time_left_text(60 * minutes)}. Every response is saved "
        "immediately; you can stop whenever you like."
    )
    paragraphs = [part.strip() for part in design.instructions.split("\n\n") if part.strip()]
    return (*(paragraphs or default_instructions(design)), length)


def keys(design: StudyDesign) -> tuple[tuple[str, str], ...]:
    """Return the keys of the trials, and their effects."""
    shown = list(_KEYS[design.kind])
    if design.kind == "grade":
        if design.scale.has_slider:
            shown.insert(1, (",  .", "move its slider"))
        if design.scale.grades:
            shown.insert(1, ("  ".join("QWERTYUIOP"[: len(design.scale.grades)]), "grade it, worst on the left"))
    has_reference = design.construct != "matches_words" or design.kind == "abx"
    reference = (("0", "play X" if design.kind == "abx" else "play the reference"),) if has_reference else ()
    return (*reference, *shown, *_COMMON_KEYS)


def slider_labels(design: StudyDesign) -> tuple[str, str]:
    """Return the labels at the ends of the slider; empty without a slider."""
    grades = design.scale.grades or GRADES[design.construct]
    return (grades[0], grades[-1]) if design.scale.has_slider else ("", "")


def progress(page: Page, pages: tuple[Page, ...], *, n_done: int, minutes: float) -> str:
    """Return the progress of a rater: "Page 3 of 24 · about 12 min left"."""
    if page.is_training:
        n_training = sum(page.is_training for page in pages)
        return f"Training page {page.number + 1} of {n_training} · responses do not count"
    counted = [page for page in pages if not page.is_training]
    left_s = 60 * minutes * (1 - n_done / len(pages))
    return f"Page {counted.index(page) + 1} of {len(counted)} · about {time_left_text(left_s)} left"


def rater_progress(n_done: int, n_pages: int) -> str:
    """Return the progress in the list of raters."""
    return "done" if n_done == n_pages else f"{n_done} of {n_pages} pages"


def done(n_pages: int, folder: Path) -> str:
    """Return the last sentence of a study."""
    return f"{count_text(n_pages, 'page', 'pages')} rated. Your responses are in {folder}. To hand them over, run:"


def export_command(design: StudyDesign) -> str:
    """Return the command that exports the ratings."""
    return f"bowerbird study export {design.name} {design.name}{RATINGS_ENDING} --ratings"
