"""The state that the rating window shows, and the commands that keys and the mouse give."""

from dataclasses import dataclass
from typing import Final, TypeAlias

from bowerbird.listening.responses import Answer
from bowerbird.listening.study import TrialKind

MAX_PER_LIST: Final = 9
"""Stimuli have the keys 1 to 9."""

# State


@dataclass(frozen=True, slots=True)
class SoundState:
    """A sound to play.

    Attributes
    ----------
    position : int or None
        Of the stimulus on the page; None for the reference.
    key : str
    letter : str
        A, B, ..., X; "" for the reference.
    listened_share : float
        How far the excerpt was played on this page, 0 to 1.
    is_listened : bool
        Whether the required part was played.
    is_playing : bool
    """

    position: int | None
    key: str
    letter: str
    listened_share: float = 0.0
    is_listened: bool = False
    is_playing: bool = False


@dataclass(frozen=True, slots=True)
class StimulusState:
    """A stimulus and its response.

    Attributes
    ----------
    sound : SoundState
    is_selected : bool
        Whether grades apply to it.
    grade : int or None
    slider : float or None
    status : str
        "Cannot judge", "Broken", or "".
    comment : str
    """

    sound: SoundState
    is_selected: bool = False
    grade: int | None = None
    slider: float | None = None
    status: str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True)
class AnswerState:
    """A response to two lists, or to X."""

    answer: Answer
    key: str
    text: str
    is_chosen: bool = False


@dataclass(frozen=True, slots=True)
class PageState:
    """A page of stimuli.

    Attributes
    ----------
    kind : str
        Of trial.
    number : int
        Changes with the page.
    question : str
    title : str
        Of the study.
    progress : str
        "Page 3 of 24 · about 12 min left".
    share : float
        Of pages that are complete.
    is_training : bool
    words : str
        A query in words; "" when there is a reference.
    reference : SoundState or None
        None for a query in words.
    lists : tuple of tuple of StimulusState
    selected_list : int
        The list whose stimuli the keys play.
    mark : float
        Share of an excerpt that must be played before responding.
    grades : tuple of (str, str)
        Key and label, worst first.
    ends : tuple of (str, str)
        Labels of the slider; empty without a slider.
    answers : tuple of AnswerState
    cannot_judge : bool
        Of the page as a whole.
    comment : str
        On the page as a whole.
    commenting : str or None
        What the comment being written is about, if any.
    draft : str
        The initial text of the comment.
    has_broken : bool
        Whether single stimuli can be marked as broken.
    why_not_next : str or None
        Why the page is not complete.
    message : str or None
        A refusal or an error.
    is_leaving : bool
        Whether to ask for confirmation to leave.
    """

    kind: TrialKind
    number: int
    question: str
    title: str
    progress: str
    share: float
    is_training: bool
    words: str
    reference: SoundState | None
    lists: tuple[tuple[StimulusState, ...], ...]
    selected_list: int
    mark: float
    grades: tuple[tuple[str, str], ...] = ()
    ends: tuple[str, str] = ("", "")
    answers: tuple[AnswerState, ...] = ()
    cannot_judge: bool = False
    comment: str = ""
    commenting: str | None = None
    draft: str = ""
    has_broken: bool = False
    why_not_next: str | None = None
    message: str | None = None
    is_leaving: bool = False

    @property
    def stimuli(self) -> tuple[StimulusState, ...]:
        """All stimuli, by position."""
        return tuple(stimulus for stimuli in self.lists for stimulus in stimuli)

    @property
    def has_slider(self) -> bool:
        """Whether stimuli have a slider."""
        return bool(self.ends[0])


@dataclass(frozen=True, slots=True)
class Action:
    """A button on a page between the trials.

    Attributes
    ----------
    verb : str
    key : str
        Name of the key: a letter, enter, space, ...
    text : str
    is_default : bool
    """

    verb: str
    key: str
    text: str
    is_default: bool = False


@dataclass(frozen=True, slots=True)
class StepState:
    """A page between the trials.

    Attributes
    ----------
    name : str
        Changes with the page.
    heading : str
    paragraphs : tuple of str
    keys : tuple of (str, str)
        Keys and their effects.
    actions : tuple of Action
    sound : SoundState or None
        A sound that is played on the page.
    command : str or None
        A command for the terminal.
    message : str or None
    is_leaving : bool
    """

    name: str
    heading: str
    paragraphs: tuple[str, ...]
    actions: tuple[Action, ...]
    keys: tuple[tuple[str, str], ...] = ()
    sound: SoundState | None = None
    command: str | None = None
    message: str | None = None
    is_leaving: bool = False


@dataclass(frozen=True, slots=True)
class RaterRow:
    """A rater who joined on this machine."""

    pseudonym: str
    progress: str


@dataclass(frozen=True, slots=True)
class RatersState:
    """The page on which a rater joins or resumes.

    Attributes
    ----------
    title : str
        Of the study.
    raters : tuple of RaterRow
    consent : str
        What a new rater consents to.
    background : tuple of (str, str, tuple of str)
        Name, label and options of each background question.
    pseudonym : str
        The initial alias.
    message : str or None
    """

    title: str
    raters: tuple[RaterRow, ...]
    consent: str
    background: tuple[tuple[str, str, tuple[str, ...]], ...]
    pseudonym: str = ""
    message: str | None = None


# Commands


@dataclass(frozen=True, slots=True)
class Play:
    """Play and select a stimulus; None is the reference."""

    position: int | None


@dataclass(frozen=True, slots=True)
class Toggle:
    """Stop playback, or play the last stimulus again."""


@dataclass(frozen=True, slots=True)
class Move:
    """Select and play the next or previous stimulus."""

    step: int


@dataclass(frozen=True, slots=True)
class SelectList:
    """Select the list whose stimuli the keys play."""

    number: int


@dataclass(frozen=True, slots=True)
class Grade:
    """Grade a stimulus; None is the selected one."""

    grade: int
    position: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """Raise or lower the grade of the selected stimulus."""

    step: int


@dataclass(frozen=True, slots=True)
class Slide:
    """Set the slider of a stimulus."""

    value: float
    position: int


@dataclass(frozen=True, slots=True)
class Nudge:
    """Move the slider of the selected stimulus; it is stored when the key is released."""

    step: float


@dataclass(frozen=True, slots=True)
class ReleaseKey:
    """Release a key that moves the slider."""


@dataclass(frozen=True, slots=True)
class Choose:
    """Respond to two lists, or to X."""

    answer: Answer


@dataclass(frozen=True, slots=True)
class CannotJudge:
    """Mark the selected stimulus, or the page, as impossible to judge, or remove the mark."""


@dataclass(frozen=True, slots=True)
class MarkBroken:
    """Mark the selected stimulus as broken, or remove the mark."""


@dataclass(frozen=True, slots=True)
class StartComment:
    """Start writing a comment."""


@dataclass(frozen=True, slots=True)
class Comment:
    """Store a comment; None cancels it."""

    text: str | None


@dataclass(frozen=True, slots=True)
class Undo:
    """Undo the last response."""


@dataclass(frozen=True, slots=True)
class Next:
    """Go to the next page."""


@dataclass(frozen=True, slots=True)
class AskToLeave:
    """Stop playback and ask whether to leave."""


@dataclass(frozen=True, slots=True)
class Stay:
    """Cancel leaving."""


@dataclass(frozen=True, slots=True)
class Leave:
    """Close the window."""


@dataclass(frozen=True, slots=True)
class RunAction:
    """Run an `Action`."""

    verb: str


Command: TypeAlias = (
    Play
    | Toggle
    | Move
    | SelectList
    | Grade
    | Step
    | Slide
    | Nudge
    | ReleaseKey
    | Choose
    | CannotJudge
    | MarkBroken
    | StartComment
    | Comment
    | Undo
    | Next
    | AskToLeave
    | Stay
    | Leave
    | RunAction
)
