"""The pages that raters of a listening test see, and their responses."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from bowerbird.listening.study import Construct, TrialKind

Control: TypeAlias = Literal["", "identical", "far"]
Answer: TypeAlias = Literal["left", "right", "tie"]


@dataclass(frozen=True, slots=True)
class Slot:
    """A stimulus on a page; `control` is "" for an ordinary stimulus."""

    item_id: str
    control: Control = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A list of stimuli.

    Attributes
    ----------
    system : str
        The system whose results they are; "" when they are pooled over systems.
    slots : tuple of Slot
        In presented order.
    """

    system: str
    slots: tuple[Slot, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a rater.

    Attributes
    ----------
    number : int
        From 0, training pages included.
    kind : str
        grade: one column; preference: two, left and right; abx: two of one slot each, and `x`.
    query_id : str
    columns : tuple of Column
        In presented order.
    x : str
        abx: the item that X plays; "" otherwise.
    is_training, is_repeat : bool
    """

    number: int
    kind: TrialKind
    query_id: str
    columns: tuple[Column, ...]
    x: str = ""
    is_training: bool = False
    is_repeat: bool = False

    @property
    def slots(self) -> tuple[Slot, ...]:
        """All stimuli, in the order of their keys."""
        return tuple(slot for column in self.columns for slot in column.slots)


@dataclass(frozen=True, slots=True)
class Rater:
    """A rater.

    Attributes
    ----------
    id : str
        A UUID, assigned where the rater joined.
    pseudonym : str
    number : int
        From 0, in the order of joining; presentation orders are balanced over it.
    consented_utc : str
        ISO 8601.
    background : mapping of str to str
        Age group, hearing, experience, equipment; all optional.
    """

    id: str
    pseudonym: str
    number: int
    consented_utc: str
    background: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rating:
    """A response to one stimulus. A correction is another row with a higher revision.

    Attributes
    ----------
    study_hash, rater_id, session_uuid : str
    page : int
    query_id, item_id : str
    presented_position : int
        From 1.
    presented_label : str
        Its letter on the page.
    control_type : str
    construct : str
    grade : int or None
        None for no grade, or a grade that was withdrawn.
    slider : float or None
    cannot_judge, is_broken : bool
    n_plays_query, n_plays_item : int
    listened_ms : int
        Listening time of this stimulus on this page.
    decision_ms : int
        Time since the page was opened.
    is_repeat, is_training : bool
    revision : int
        From 0.
    timestamp_utc : str
    comment : str
    is_conflict : bool
        Another file of ratings has a different response to the same stimulus; both were kept.
    """

    study_hash: str
    rater_id: str
    session_uuid: str
    page: int
    query_id: str
    item_id: str
    presented_position: int
    presented_label: str
    control_type: Control
    construct: Construct
    grade: int | None
    slider: float | None
    cannot_judge: bool
    is_broken: bool
    n_plays_query: int
    n_plays_item: int
    listened_ms: int
    decision_ms: int
    is_repeat: bool
    is_training: bool
    revision: int
    timestamp_utc: str
    comment: str = ""
    is_conflict: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """A response to two columns: which list is better, or which stimulus X is.

    Attributes
    ----------
    left_system, right_system : str
        The systems of the columns.
    left_item, right_item, x_item : str
        abx: the items; "" for preference.
    answer : str or None
        None for a response that was withdrawn; abx has no ties.
    cannot_judge : bool

    The rest as in `Rating`; plays and listening time are sums over query, left and right.
    """

    study_hash: str
    rater_id: str
    session_uuid: str
    page: int
    kind: TrialKind
    query_id: str
    left_system: str
    right_system: str
    left_item: str
    right_item: str
    x_item: str
    answer: Answer | None
    cannot_judge: bool
    n_plays_query: int
    n_plays_items: int
    listened_ms: int
    decision_ms: int
    is_repeat: bool
    is_training: bool
    revision: int
    timestamp_utc: str
    comment: str = ""
    is_conflict: bool = False

    @property
    def winner(self) -> str | None:
        """The preferred system; "" for a tie, None for no response."""
        if self.answer is None or self.cannot_judge:
            return None
        return {"left": self.left_system, "right": self.right_system, "tie": ""}[self.answer]

    @property
    def is_right(self) -> bool | None:
        """abx: whether X was identified; None for no response."""
        if self.kind != "abx" or self.answer is None or self.cannot_judge:
            return None
        return (self.left_item if self.answer == "left" else self.right_item) == self.x_item


@dataclass(frozen=True, slots=True)
class Event:
    """An event of a session.

    Attributes
    ----------
    kind : str
        began, opened, heard, answered, undone, completed, broke_off, level, headphones, ...
    page : int or None
    item_id : str
        "" when no item is concerned; words have none.
    value : str
        JSON: details, such as the presented order.
    """

    rater_id: str
    session_uuid: str
    kind: str
    timestamp_utc: str
    page: int | None = None
    item_id: str = ""
    value: str = "null"


@dataclass(frozen=True, slots=True)
class Responses:
    """All responses to a study.

    Attributes
    ----------
    raters : tuple of Rater
    ratings : tuple of Rating
        All revisions, in order of time.
    choices : tuple of Choice
    events : tuple of Event
    """

    raters: tuple[Rater, ...] = ()
    ratings: tuple[Rating, ...] = ()
    choices: tuple[Choice, ...] = ()
    events: tuple[Event, ...] = ()

    def final_ratings(self) -> tuple[Rating, ...]:
        """Return the last revision of each rating, without training pages."""
        last: dict[tuple[str, int, str, bool, bool], Rating] = {}
        for rating in self.ratings:
            key = (rating.rater_id, rating.page, rating.item_id, rating.is_repeat, rating.is_conflict)
            if key not in last or rating.revision >= last[key].revision:
                last[key] = rating
        return tuple(response for response in last.values() if not response.is_training)

    def final_choices(self) -> tuple[Choice, ...]:
        """Return the last revision of each choice, without training pages."""
        last: dict[tuple[str, int, bool], Choice] = {}
        for choice in self.choices:
            key = (choice.rater_id, choice.page, choice.is_conflict)
            if key not in last or choice.revision >= last[key].revision:
                last[key] = choice
        return tuple(response for response in last.values() if not response.is_training)
