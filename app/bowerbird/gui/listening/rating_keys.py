"""Which key does what in the rating window. Keys are words: `1`, `q`, `space`, `enter`, `escape`, `left`, `undo`."""

from collections.abc import Mapping
from typing import Final

from bowerbird.gui.listening.rating_state import (
    AskToLeave,
    CannotJudge,
    Choose,
    Command,
    Do,
    Grade,
    Leave,
    MarkBroken,
    Move,
    Next,
    Nudge,
    PageState,
    Play,
    ReleaseKey,
    SelectList,
    StartComment,
    Stay,
    Step,
    StepState,
    Toggle,
    Undo,
)

GRADE_KEYS: Final = "qwertyuiop"
"""The row below the digits, worst grade on the left; a scale has ten grades at most."""

NUDGE: Final = 2.0
"""Of the line's 100, a press of a key; it repeats while it is held."""

_MARGIN: Final[Mapping[str, Command]] = {
    "n": CannotJudge(),
    "c": StartComment(),
    "undo": Undo(),
    "space": Toggle(),
    "enter": Next(),
}
_NUDGES: Final = {",": -NUDGE, ".": NUDGE}


def page_command(key: str, state: PageState) -> Command | None:
    """Return what a key does on a page; None for nothing."""
    if state.is_leaving:
        return leaving_command(key)
    if key == "escape":
        return AskToLeave()
    if len(key) == 1 and key.isdecimal():
        return _played(int(key), state)
    if key in _MARGIN:
        return _MARGIN[key]
    for answer in state.answers:
        if key == answer.key.lower():
            return Choose(answer.answer)
    return _graded(key, state) if state.kind == "grade" else _listed(key, state)


def step_command(key: str, state: StepState) -> Command | None:
    """Return what a key does between the trials; None for nothing."""
    if state.is_leaving:
        return leaving_command(key)
    if key == "escape":
        return AskToLeave()
    return next((Do(act.verb) for act in state.acts if act.key == key), None)


def leaving_command(key: str) -> Command | None:
    """Return what a key does while it is asked whether to leave."""
    return Leave() if key == "l" else Stay() if key in {"escape", "enter"} else None


def released_command(key: str, state: PageState) -> Command | None:
    """Return what letting a key go does; None for nothing."""
    return ReleaseKey() if state.has_slider and key in {*_NUDGES, "left", "right"} else None


def _played(digit: int, state: PageState) -> Command | None:
    if digit == 0:
        return Play(None) if state.first else None
    shown = state.candidates if state.kind == "abx" else state.lists[state.selected_list]
    return Play(shown[digit - 1].sound.position) if digit <= len(shown) else None


def _graded(key: str, state: PageState) -> Command | None:
    if key in GRADE_KEYS and GRADE_KEYS.index(key) < len(state.grades):
        return Grade(GRADE_KEYS.index(key))
    if key == "b":
        return MarkBroken()
    if key in {"up", "down"}:
        return Move(1 if key == "down" else -1)
    if key in {"left", "right"}:
        sign = 1 if key == "right" else -1
        return Step(sign) if state.grades else Nudge(sign * NUDGE) if state.has_slider else None
    if state.has_slider and key in _NUDGES:
        return Nudge(_NUDGES[key])
    return None


def _listed(key: str, state: PageState) -> Command | None:
    if key in {"up", "down"}:
        return Move(1 if key == "down" else -1)
    if state.kind == "preference" and key in {"left", "right", "tab"}:
        return SelectList({"left": 0, "right": 1, "tab": 1 - state.selected_list}[key])
    return None
