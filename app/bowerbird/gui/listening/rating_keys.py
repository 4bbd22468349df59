"""The keys of the rating window, by name: `1`, `q`, `space`, `enter`, `escape`, `left`, `undo`."""

from collections.abc import Mapping
from typing import Final

from bowerbird.gui.listening.rating_state import (
    AskToLeave,
    CannotJudge,
    Choose,
    Command,
    Grade,
    Leave,
    MarkBroken,
    Move,
    Next,
    Nudge,
    PageState,
    Play,
    ReleaseKey,
    RunAction,
    SelectList,
    StartComment,
    Stay,
    Step,
    StepState,
    Toggle,
    Undo,
)

GRADE_KEYS: Final = "qwertyuiop"
"""The row below the digits, worst grade on the left; a scale has at most ten grades."""

NUDGE: Final = 2.0
"""Step of the slider per key press; the key repeats while it is held."""

_COMMON: Final[Mapping[str, Command]] = {
    "n": CannotJudge(),
    "c": StartComment(),
    "undo": Undo(),
    "space": Toggle(),
    "enter": Next(),
}
_NUDGES: Final = {",": -NUDGE, ".": NUDGE}


def page_command(key: str, state: PageState) -> Command | None:
    """Return the command of a key on a page of stimuli."""
    if state.is_leaving:
        return leaving_command(key)
    if key == "escape":
        return AskToLeave()
    if len(key) == 1 and key.isdecimal():
        return _play_command(int(key), state)
    if key in _COMMON:
        return _COMMON[key]
    for answer in state.answers:
        if key == answer.key.lower():
            return Choose(answer.answer)
    return _grade_command(key, state) if state.kind == "grade" else _list_command(key, state)


def step_command(key: str, state: StepState) -> Command | None:
    """Return the command of a key between the trials."""
    if state.is_leaving:
        return leaving_command(key)
    if key == "escape":
        return AskToLeave()
    return next((RunAction(action.verb) for action in state.actions if action.key == key), None)


def leaving_command(key: str) -> Command | None:
    """Return the command of a key while the window asks whether to leave."""
    return Leave() if key == "l" else Stay() if key in {"escape", "enter"} else None


def released_command(key: str, state: PageState) -> Command | None:
    """Return the command of releasing a key."""
    return ReleaseKey() if state.has_slider and key in {*_NUDGES, "left", "right"} else None


def _play_command(digit: int, state: PageState) -> Command | None:
    if digit == 0:
        return Play(None) if state.reference else None
    shown = state.stimuli if state.kind == "abx" else state.lists[state.selected_list]
    return Play(shown[digit - 1].sound.position) if digit <= len(shown) else None


def _grade_command(key: str, state: PageState) -> Command | None:
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


def _list_command(key: str, state: PageState) -> Command | None:
    if key in {"up", "down"}:
        return Move(1 if key == "down" else -1)
    if state.kind == "preference" and key in {"left", "right", "tab"}:
        return SelectList({"left": 0, "right": 1, "tab": 1 - state.selected_list}[key])
    return None
