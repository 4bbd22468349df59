"""What raters read by default before the first page. A built study stores its own copy."""

from collections.abc import Mapping
from typing import Final

from bowerbird.listening.study import Construct, StudyDesign

_CRITERIA: Final[Mapping[Construct, str]] = {
    "sounds_alike": (
        "Rate how similar they sound, not whether they have the same source: a zip may sound like a bird. "
        "Ignore differences in loudness."
    ),
    "same_kind": (
        "Rate whether they are the same kind of sound, even if they sound different: two dogs barking are the same "
        "kind. Ignore loudness and recording quality."
    ),
    "replacement": (
        "Rate whether you could use each sound instead of the reference in a film, a game or a track. "
        "Ignore differences in loudness."
    ),
    "matches_words": "Rate how well each sound fits the words. Ignore loudness and recording quality.",
}


def default_instructions(design: StudyDesign) -> tuple[str, ...]:
    """Return the paragraphs of instructions that fit a design."""
    share = f"{100 * design.must_hear_share:.0f} %"
    reference = "words" if design.construct == "matches_words" else "a reference sound"
    if design.kind == "abx":
        return ("Each page has three sounds. X is the same as A or the same as B. Choose which; if unsure, guess.",)
    if design.kind == "preference":
        return (
            f"Each page has {reference} and two lists of sounds found for it. Choose the better list.",
            _CRITERIA[design.construct],
            f"Listen to at least the first {share} of every sound before you answer.",
        )
    them = "them" if reference == "words" else "it"
    return (
        f"Each page has {reference} and sounds to compare with {them}. {_grading(design)}",
        _CRITERIA[design.construct],
        f"Listen to at least the first {share} of a sound before you rate it. A marker on its line shows the minimum.",
    )


def _grading(design: StudyDesign) -> str:
    if design.scale.grades and design.scale.has_slider:
        return "Give each sound a grade and a position on its slider."
    return "Give each sound a grade." if design.scale.grades else "Rate each sound on its slider."
