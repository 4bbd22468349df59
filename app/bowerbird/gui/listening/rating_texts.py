"""What the rating window says."""

from pathlib import Path
from typing import Final

from bowerbird.base.text import count_text, time_left_text
from bowerbird.gui.translation import QT_TRANSLATE_NOOP, translate
from bowerbird.listening.bundles import RATINGS_ENDING
from bowerbird.listening.instructions import default_instructions
from bowerbird.listening.responses import Page
from bowerbird.listening.study import GRADES, StudyDesign, TrialKind

CANNOT_JUDGE: Final = QT_TRANSLATE_NOOP("Rating", "Cannot judge")
BROKEN: Final = QT_TRANSLATE_NOOP("Rating", "Broken")


def consent() -> str:
    """Return what a new rater consents to."""
    return translate(
        "Rating",
        "Your responses are stored on this machine, in the study folder, under your alias. They include what "
        "you played, for how long, and when. Nothing is sent anywhere; the person who runs the study receives the file "
        "that you hand over. You can stop at any time and continue later.",
    )


def no_consent() -> str:
    """Return why a rater without consent cannot start."""
    return translate("Rating", "To take part, tick “I agree to take part”. Otherwise close the window.")


def background() -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """Return the name, label and options of each background question; the options are stored, and not translated."""
    ages = ("Under 20", "20 to 29", "30 to 39", "40 to 49", "50 to 59", "60 and over")
    return (
        ("age", translate("Rating", "Age"), ages),
        ("hearing", translate("Rating", "Hearing"), ("No loss known", "Some loss")),
        ("experience", translate("Rating", "Experience with sound"), ("None", "Amateur", "Professional")),
        ("equipment", translate("Rating", "Playback"), ("Headphones", "Loudspeakers")),
    )


def play_first() -> str:
    """Return why there is nothing to respond to yet."""
    return translate("Rating", "Play a sound first, then rate it.")


def instructions(design: StudyDesign, *, n_pages: int, minutes: float) -> tuple[str, ...]:
    """Return the paragraphs that a rater reads first."""
    length = translate(
        "Rating",
        "{pages}, about {time}. Every response is saved immediately; you can stop whenever you like.",
    ).format(pages=_pages_text(n_pages), time=time_left_text(60 * minutes))
    paragraphs = [part.strip() for part in design.instructions.split("\n\n") if part.strip()]
    return (*(paragraphs or default_instructions(design)), length)


def keys(design: StudyDesign) -> tuple[tuple[str, str], ...]:
    """Return the keys of the trials, and their effects."""
    shown = _trial_keys(design.kind)
    if design.kind == "grade":
        if design.scale.has_slider:
            shown.insert(1, (",  .", translate("Rating", "move its slider")))
        if design.scale.grades:
            shown.insert(
                1,
                (
                    "  ".join("QWERTYUIOP"[: len(design.scale.grades)]),
                    translate("Rating", "grade it, worst on the left"),
                ),
            )
    has_reference = design.construct != "matches_words" or design.kind == "abx"
    reference = (
        (("0", translate("Rating", "play X") if design.kind == "abx" else translate("Rating", "play the reference")),)
        if has_reference
        else ()
    )
    common = (
        (translate("Rating", "Space"), translate("Rating", "stop, or play again")),
        (translate("Rating", "Ctrl+Z"), translate("Rating", "undo the last response")),
        (translate("Rating", "Enter"), translate("Rating", "next page")),
    )
    return (*reference, *shown, *common)


def _trial_keys(kind: TrialKind) -> list[tuple[str, str]]:
    digits = translate("Rating", "1 to 9")
    match kind:
        case "grade":
            return [
                (digits, translate("Rating", "play and select a sound")),
                ("C", translate("Rating", "write a comment")),
                ("N", translate("Rating", "cannot judge it")),
                ("B", translate("Rating", "it is broken: silent, cut off or damaged")),
            ]
        case "preference":
            return [
                (digits, translate("Rating", "play the sounds of the selected list")),
                (translate("Rating", "Left, Right"), translate("Rating", "select a list")),
                ("Q  W  E", translate("Rating", "left is better, no difference, right is better")),
                ("N", translate("Rating", "cannot judge")),
            ]
        case "abx":
            return [
                ("1, 2", translate("Rating", "play A and B")),
                ("A, B", translate("Rating", "X is A, X is B")),
                ("N", translate("Rating", "cannot judge")),
            ]


def slider_labels(design: StudyDesign) -> tuple[str, str]:
    """Return the labels at the ends of the slider; empty without a slider."""
    grades = design.scale.grades or GRADES[design.construct]
    return (grades[0], grades[-1]) if design.scale.has_slider else ("", "")


def progress(page: Page, pages: tuple[Page, ...], *, n_done: int, minutes: float) -> str:
    """Return the progress of a rater: "Page 3 of 24 · about 12 min left"."""
    if page.is_training:
        n_training = sum(page.is_training for page in pages)
        text = translate("Rating", "Training page {n} of {total} · responses do not count")
        return text.format(n=page.number + 1, total=n_training)
    counted = [page for page in pages if not page.is_training]
    left_s = 60 * minutes * (1 - n_done / len(pages))
    return translate("Rating", "Page {n} of {total} · about {time} left").format(
        n=counted.index(page) + 1, total=len(counted), time=time_left_text(left_s)
    )


def rater_progress(n_done: int, n_pages: int) -> str:
    """Return the progress in the list of raters."""
    if n_done == n_pages:
        return translate("Rating", "done")
    return translate("Rating", "{n} of {total} pages").format(n=n_done, total=n_pages)


def done(n_pages: int, folder: Path) -> str:
    """Return the last sentence of a study."""
    return translate("Rating", "{pages} rated. Your responses are in {folder}. To hand them over, run:").format(
        pages=_pages_text(n_pages), folder=folder
    )


def _pages_text(n_pages: int) -> str:
    return count_text(n_pages, translate("Rating", "page"), translate("Rating", "pages"))


def export_command(design: StudyDesign) -> str:
    """Return the command that exports the ratings."""
    return f"bowerbird study export {design.name} {design.name}{RATINGS_ENDING} --ratings"
