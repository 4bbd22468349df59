"""Which key does what in the rating window. Keys are words: `1`, `q`, `space`, `enter`, `escape`, `left`, `undo`."""

from collections.abc import Mapping
from typing import Final

from bowerbird.gui.listening.rating_state import (
    AskLeave,
    BeginComment,
    CannotJudge,
    Choose,
    Command,
    Do,
    Grade,
    Leave,
    LetGo,
    MarkBroken,
    Move,
    Next,
    Nudge,
    PageFace,
    Play,
    Stay,
    Step,
    StepFace,
    TakeList,
    Toggle,
    Undo,
)

GRADE_KEYS: Final = "qwertyuiop"
"""The row below the digits, worst grade on the left; a scale has ten grades at most."""

NUDGE: Final = 2.0
"""Of the line's 100, a press of a key; it repeats while it is held."""

_MARGIN: Final[Mapping[str, Command]] = {
    "n": CannotJudge(),
    "c": BeginComment(),
    "undo": Undo(),
    "space": Toggle(),
    "enter": Next(),
}
_NUDGES: Final = {",": -NUDGE, ".": NUDGE}


def page_command(key: str, face: PageFace) -> Command | None:
    """Return what a key does on a page; None for nothing."""
    if face.is_leaving:
        return leaving_command(key)
    if key == "escape":
        return AskLeave()
    if len(key) == 1 and key.isdecimal():
        return _played(int(key), face)
    if key in _MARGIN:
        return _MARGIN[key]
    for answer in face.answers:
        if key == answer.key.lower():
            return Choose(answer.answer)
    return _graded(key, face) if face.kind == "grade" else _listed(key, face)


def step_command(key: str, face: StepFace) -> Command | None:
    """Return what a key does between the trials; None for nothing."""
    if face.is_leaving:
        return leaving_command(key)
    if key == "escape":
        return AskLeave()
    return next((Do(act.verb) for act in face.acts if act.key == key), None)


def leaving_command(key: str) -> Command | None:
    """Return what a key does while it is asked whether to leave."""
    return Leave() if key == "l" else Stay() if key in {"escape", "enter"} else None


def released_command(key: str, face: PageFace) -> Command | None:
    """Return what letting a key go does; None for nothing."""
    return LetGo() if face.has_slider and key in {*_NUDGES, "left", "right"} else None


def _played(digit: int, face: PageFace) -> Command | None:
    if digit == 0:
        return Play(None) if face.first else None
    shown = face.candidates if face.kind == "abx" else face.lists[face.list_at_hand]
    return Play(shown[digit - 1].sound.position) if digit <= len(shown) else None


def _graded(key: str, face: PageFace) -> Command | None:
    if key in GRADE_KEYS and GRADE_KEYS.index(key) < len(face.grades):
        return Grade(GRADE_KEYS.index(key))
    if key == "b":
        return MarkBroken()
    if key in {"up", "down"}:
        return Move(1 if key == "down" else -1)
    if key in {"left", "right"}:
        sign = 1 if key == "right" else -1
        return Step(sign) if face.grades else Nudge(sign * NUDGE) if face.has_slider else None
    if face.has_slider and key in _NUDGES:
        return Nudge(_NUDGES[key])
    return None


def _listed(key: str, face: PageFace) -> Command | None:
    if key in {"up", "down"}:
        return Move(1 if key == "down" else -1)
    if face.kind == "preference" and key in {"left", "right", "tab"}:
        return TakeList({"left": 0, "right": 1, "tab": 1 - face.list_at_hand}[key])
    return None
