"""What the rating window shows, and what a rater does to it, as values. Keys and the mouse do the same things."""

from dataclasses import dataclass
from typing import Final, TypeAlias

from bowerbird.listening.responses import Answer
from bowerbird.listening.study import TrialKind

MAX_PER_LIST: Final = 9
"""Sounds have the keys 1 to 9."""

# What is shown


@dataclass(frozen=True, slots=True)
class SoundState:
    """A sound that can be played.

    Attributes
    ----------
    position : int or None
        Of the candidate, over the page; None for what they are compared with.
    key : str
    letter : str
        A, B, ...; X; "" for the first sound.
    listened_share : float
        Of the whole excerpt, on this page.
    is_heard : bool
        As much as must be.
    is_playing : bool
    """

    position: int | None
    key: str
    letter: str
    listened_share: float = 0.0
    is_heard: bool = False
    is_playing: bool = False


@dataclass(frozen=True, slots=True)
class CandidateState:
    """A candidate and what was said of it.

    Attributes
    ----------
    sound : SoundState
    is_selected : bool
        Grades go to it.
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
    """An answer to two lists, or to X."""

    answer: Answer
    key: str
    text: str
    is_chosen: bool = False


@dataclass(frozen=True, slots=True)
class PageState:
    """A page as it stands.

    Attributes
    ----------
    kind : str
        Of trial.
    number : int
        Another number is another page.
    question : str
    title : str
        Of the study.
    progress : str
        "Page 3 of 24 · about 12 min left".
    share : float
        Of all pages that are done.
    is_training : bool
    words : str
        What is asked where it is no sound; "" else.
    first : SoundState or None
        What candidates are compared with; None where that is words.
    lists : tuple of tuple of CandidateState
    selected_list : int
        Whose candidates the keys play.
    mark : float
        Share of an excerpt that must be heard.
    grades : tuple of (str, str)
        Key and words, worst first.
    ends : tuple of (str, str)
        What stands at the ends of the slider; empty words where there is none.
    answers : tuple of AnswerState
    is_unjudged : bool
        The page as a whole cannot be judged.
    comment : str
        On the page as a whole.
    commenting : str or None
        On what a comment is being written; None while none is.
    draft : str
        What the comment begins with.
    has_broken : bool
        Sounds can be called broken one by one.
    why_not_next : str
        "" when the page can be left.
    message : str
        What was refused, or is wrong.
    is_leaving : bool
        Whether to leave is being asked.
    """

    kind: TrialKind
    number: int
    question: str
    title: str
    progress: str
    share: float
    is_training: bool
    words: str
    first: SoundState | None
    lists: tuple[tuple[CandidateState, ...], ...]
    selected_list: int
    mark: float
    grades: tuple[tuple[str, str], ...] = ()
    ends: tuple[str, str] = ("", "")
    answers: tuple[AnswerState, ...] = ()
    is_unjudged: bool = False
    comment: str = ""
    commenting: str | None = None
    draft: str = ""
    has_broken: bool = False
    why_not_next: str = ""
    message: str = ""
    is_leaving: bool = False

    @property
    def candidates(self) -> tuple[CandidateState, ...]:
        """All of them, by position."""
        return tuple(candidate for one_list in self.lists for candidate in one_list)

    @property
    def has_slider(self) -> bool:
        """Whether candidates are placed on a line."""
        return bool(self.ends[0])


@dataclass(frozen=True, slots=True)
class Act:
    """What can be done on a page between the trials.

    Attributes
    ----------
    verb : str
    key : str
        As the presenter has it: a letter, enter, space, ...
    text : str
    is_proposed : bool
    """

    verb: str
    key: str
    text: str
    is_proposed: bool = False


@dataclass(frozen=True, slots=True)
class StepState:
    """A page between the trials.

    Attributes
    ----------
    name : str
        Another name is another page.
    heading : str
    paragraphs : tuple of str
    keys : tuple of (str, str)
        Keys and what they do.
    acts : tuple of Act
    sound : SoundState or None
        What plays here.
    command : str
        A line for the terminal; "" where there is none.
    message : str
    is_leaving : bool
    """

    name: str
    heading: str
    paragraphs: tuple[str, ...]
    acts: tuple[Act, ...]
    keys: tuple[tuple[str, str], ...] = ()
    sound: SoundState | None = None
    command: str = ""
    message: str = ""
    is_leaving: bool = False


@dataclass(frozen=True, slots=True)
class RaterRow:
    """A rater who began here."""

    pseudonym: str
    progress: str


@dataclass(frozen=True, slots=True)
class RatersState:
    """The question who is there.

    Attributes
    ----------
    title : str
        Of the study.
    people : tuple of RaterRow
    consent : str
        What a new rater agrees to.
    background : tuple of (str, str, tuple of str)
        Name, words, and what can be told.
    pseudonym : str
        What stands in the field to begin with.
    message : str
    """

    title: str
    people: tuple[RaterRow, ...]
    consent: str
    background: tuple[tuple[str, str, tuple[str, ...]], ...]
    pseudonym: str = ""
    message: str = ""


# What a rater does


@dataclass(frozen=True, slots=True)
class Play:
    """Play a candidate, which is at hand from then on; None: what they are compared with."""

    position: int | None


@dataclass(frozen=True, slots=True)
class Toggle:
    """Stop, or play the last one again."""


@dataclass(frozen=True, slots=True)
class Move:
    """Go to the next candidate, or the one before."""

    step: int


@dataclass(frozen=True, slots=True)
class SelectList:
    """Let the keys play another list."""

    number: int


@dataclass(frozen=True, slots=True)
class Grade:
    """Grade a candidate; None: the one at hand."""

    grade: int
    position: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """Grade the candidate at hand one better or worse."""

    step: int


@dataclass(frozen=True, slots=True)
class Slide:
    """Place a candidate on the line."""

    value: float
    position: int


@dataclass(frozen=True, slots=True)
class Nudge:
    """Move the candidate at hand along the line; it counts when the key is let go."""

    step: float


@dataclass(frozen=True, slots=True)
class ReleaseKey:
    """The key of the line was let go."""


@dataclass(frozen=True, slots=True)
class Choose:
    """Answer to two lists, or to X."""

    answer: Answer


@dataclass(frozen=True, slots=True)
class CannotJudge:
    """Say so of the candidate at hand or the page, or take it back."""


@dataclass(frozen=True, slots=True)
class MarkBroken:
    """Say so of the candidate at hand, or take it back."""


@dataclass(frozen=True, slots=True)
class StartComment:
    """Open the line for a comment."""


@dataclass(frozen=True, slots=True)
class Comment:
    """Keep a comment; None: leave it as it was."""

    text: str | None


@dataclass(frozen=True, slots=True)
class Undo:
    """Take the last answer back."""


@dataclass(frozen=True, slots=True)
class Next:
    """Go to the next page."""


@dataclass(frozen=True, slots=True)
class AskToLeave:
    """Stop the sound and ask whether to leave."""


@dataclass(frozen=True, slots=True)
class Stay:
    """Go on after all."""


@dataclass(frozen=True, slots=True)
class Leave:
    """Close the window."""


@dataclass(frozen=True, slots=True)
class Do:
    """What an `Act` says."""

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
    | Do
)
