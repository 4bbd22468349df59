"""What the rating window says."""

from collections.abc import Mapping
from typing import Final

from bowerbird.base.text import count_text, time_left_text
from bowerbird.listening.responses import Page
from bowerbird.listening.study import GRADES, Construct, StudyDesign

CONSENT: Final = (
    "Your answers are kept in the study's folder on this machine under the name you choose, with what you played, for "
    "how long, and when. Nothing is sent anywhere; whoever runs the study gets the file that you hand over. You may "
    "stop at any time, and go on later."
)

BACKGROUND: Final = (
    ("age", "Age", ("Under 20", "20 to 29", "30 to 39", "40 to 49", "50 to 59", "60 and over")),
    ("hearing", "Hearing", ("No loss known", "Some loss")),
    ("experience", "Work with sound", ("None", "As a pastime", "As a profession")),
    ("equipment", "You listen through", ("Headphones", "Loudspeakers")),
)

_JUDGED: Final[Mapping[Construct, str]] = {
    "sounds_alike": (
        "Judge how alike they sound, not whether the same thing makes them: a zip may sound like a bird. "
        "How loud they are does not matter."
    ),
    "same_kind": (
        "Judge whether they are the same kind of thing, however different they sound: two dogs are both dogs. "
        "How loud or how well recorded they are does not matter."
    ),
    "replacement": (
        "Judge whether you could use each in place of the first, in a film, a game or a track. How loud they are "
        "does not matter."
    ),
    "matches_words": (
        "Judge how well each is what the words ask for. How loud or how well recorded it is does not matter."
    ),
}

_KEYS: Final = {
    "grade": (
        ("1 to 9", "play a sound; what you say next is about it"),
        ("C", "write a comment"),
        ("N", "you cannot judge it"),
        ("B", "it is broken: silent, cut, or damaged"),
    ),
    "preference": (
        ("1 to 9", "play the sounds of the list at hand"),
        ("Left, Right", "take the list at hand"),
        ("Q  W  E", "left is better, no difference, right is better"),
        ("N", "you cannot judge"),
    ),
    "abx": (("1, 2", "play A and B"), ("A, B", "X is A, X is B"), ("N", "you cannot judge")),
}

_ALWAYS: Final = (("Space", "stop, or play again"), ("Ctrl+Z", "take the last answer back"), ("Enter", "next page"))


def instructions(design: StudyDesign, *, n_pages: int, minutes: float) -> tuple[str, ...]:
    """Return what a rater reads first."""
    how_long = (
        f"{count_text(n_pages, 'page', 'pages')}, about {time_left_text(60 * minutes)}. Every answer is kept at once; "
        "stop whenever you like."
    )
    if design.instructions:
        return (*(part.strip() for part in design.instructions.split("\n\n") if part.strip()), how_long)
    share = f"{100 * design.must_hear_share:.0f} %"
    first = "words" if design.construct == "matches_words" else "a sound"
    if design.kind == "abx":
        return (
            "Each page has three sounds. X is the same as A or the same as B. Say which, and guess if you must.",
            how_long,
        )
    if design.kind == "preference":
        return (
            f"Each page has {first} and two lists of sounds that were found for it. Say which list is better.",
            _JUDGED[design.construct],
            f"Listen to at least the first {share} of every sound before you answer.",
            how_long,
        )
    asked = "how well sounds match them" if first == "words" else "other sounds, which you compare with it"
    return (
        f"Each page has {first} and {asked}. {_grading(design)}",
        _JUDGED[design.construct],
        f"Listen to at least the first {share} of a sound before you grade it. A mark on its line shows how far.",
        how_long,
    )


def keys(design: StudyDesign) -> tuple[tuple[str, str], ...]:
    """Return the keys of the trials, and what they do."""
    shown = list(_KEYS[design.kind])
    if design.kind == "grade":
        if design.scale.has_slider:
            shown.insert(1, (",  .", "move its mark along the line"))
        if design.scale.grades:
            shown.insert(1, ("  ".join("QWERTYUIOP"[: len(design.scale.grades)]), "grade it, worst on the left"))
    zero = {"abx": "play X"}.get(design.kind, "play the first sound")
    first = () if design.construct == "matches_words" and design.kind != "abx" else (("0", zero),)
    return (*first, *shown, *_ALWAYS)


def ends(design: StudyDesign) -> tuple[str, str]:
    """Return what stands at the ends of the slider."""
    grades = design.scale.grades or GRADES[design.construct]
    return (grades[0], grades[-1]) if design.scale.has_slider else ("", "")


def progress(page: Page, pages: tuple[Page, ...], *, n_done: int, minutes: float) -> str:
    """Say where a rater is: "Page 3 of 24 · about 12 min left"."""
    if page.is_training:
        n_training = sum(page.is_training for page in pages)
        return f"Training, {page.number + 1} of {n_training} · these do not count"
    counted = [page for page in pages if not page.is_training]
    left_s = 60 * minutes * (1 - n_done / len(pages))
    return f"Page {counted.index(page) + 1} of {len(counted)} · about {time_left_text(left_s)} left"


def _grading(design: StudyDesign) -> str:
    if design.scale.grades and design.scale.has_slider:
        return "Give each a grade and a place on its line."
    return "Give each a grade." if design.scale.grades else "Give each a place on its line."
