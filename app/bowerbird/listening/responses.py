"""What raters of a listening test are shown, and what they answer, as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from bowerbird.listening.study import Construct, TrialKind

Control: TypeAlias = Literal["", "identical", "far"]
Answer: TypeAlias = Literal["left", "right", "tie"]


@dataclass(frozen=True, slots=True)
class Slot:
    """One candidate on a page; `control` is "" where nothing is known of it beforehand."""

    item_id: str
    control: Control = ""


@dataclass(frozen=True, slots=True)
class Column:
    """Candidates under one neutral letter.

    Attributes
    ----------
    system : str
        Whose results they are; "" where they are everybody's.
    slots : tuple of Slot
        In the order shown.
    """

    system: str
    slots: tuple[Slot, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """One page of one rater.

    Attributes
    ----------
    number : int
        From 0, training pages included.
    kind : str
        grade: one column; preference: two, left and right; abx: two of one slot each, and `x`.
    query_id : str
    columns : tuple of Column
        In the order shown.
    x : str
        abx: the item that is one of the two; "" else.
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
        """Every candidate in the order of its keys."""
        return tuple(slot for column in self.columns for slot in column.slots)


@dataclass(frozen=True, slots=True)
class Rater:
    """Somebody who listens.

    Attributes
    ----------
    id : str
        A UUID, made where the rater began.
    pseudonym : str
    number : int
        From 0, in the order in which raters began there: orders are balanced over it.
    consented_utc : str
        ISO 8601.
    background : mapping of str to str
        What was told: age group, hearing, experience, equipment. All optional.
    """

    id: str
    pseudonym: str
    number: int
    consented_utc: str
    background: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rating:
    """What a rater said of one candidate. A correction is another one with a higher revision.

    Attributes
    ----------
    study_hash, rater_id, session_uuid : str
    page : int
    query_id, item_id : str
    presented_position : int
        From 1.
    presented_label : str
        The letter it was shown under.
    control_type : str
    construct : str
    grade : int or None
        None for none, or for one that was taken back.
    slider : float or None
    cannot_judge, is_broken : bool
    n_plays_query, n_plays_item : int
    listened_ms : int
        To the candidate, this page.
    decision_ms : int
        From the page's opening.
    is_repeat, is_training : bool
    revision : int
        From 0.
    timestamp_utc : str
    comment : str
    is_conflict : bool
        It disagrees with another one that claims the same place: both were kept when files were merged.
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
    """What a rater answered to two columns: which list is better, or which one X was.

    Attributes
    ----------
    left_system, right_system : str
        Whose results stood where.
    left_item, right_item, x_item : str
        abx: what stood where; "" for preference.
    answer : str or None
        None for one that was taken back; abx knows no tie.
    cannot_judge : bool

    The rest as in `Rating`; plays and listening are those of query, left and right together.
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
        """The system that was preferred; "" for a tie, None for no answer."""
        if self.answer is None or self.cannot_judge:
            return None
        return {"left": self.left_system, "right": self.right_system, "tie": ""}[self.answer]

    @property
    def is_right(self) -> bool | None:
        """abx: whether X was recognised; None for no answer."""
        if self.kind != "abx" or self.answer is None or self.cannot_judge:
            return None
        return (self.left_item if self.answer == "left" else self.right_item) == self.x_item


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened while rating, in the order in which it happened.

    Attributes
    ----------
    kind : str
        began, opened, heard, answered, undone, completed, broke_off, level, headphones, ...
    page : int or None
    item_id : str
        "" where none is meant; the query's words have none.
    value : str
        JSON: what else belongs to it, such as the order shown.
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
    """Everything that raters left, of one study.

    Attributes
    ----------
    raters : tuple of Rater
    ratings : tuple of Rating
        All revisions, in the order given.
    choices : tuple of Choice
    events : tuple of Event
    """

    raters: tuple[Rater, ...] = ()
    ratings: tuple[Rating, ...] = ()
    choices: tuple[Choice, ...] = ()
    events: tuple[Event, ...] = ()

    def final_ratings(self) -> tuple[Rating, ...]:
        """Return what counts: of every place the last revision, where it says something, but no training page."""
        last: dict[tuple[str, int, str, bool, bool], Rating] = {}
        for rating in self.ratings:
            key = (rating.rater_id, rating.page, rating.item_id, rating.is_repeat, rating.is_conflict)
            if key not in last or rating.revision >= last[key].revision:
                last[key] = rating
        return tuple(response for response in last.values() if not response.is_training)

    def final_choices(self) -> tuple[Choice, ...]:
        """Return what counts of the choices, likewise."""
        last: dict[tuple[str, int, bool], Choice] = {}
        for choice in self.choices:
            key = (choice.rater_id, choice.page, choice.is_conflict)
            if key not in last or choice.revision >= last[key].revision:
                last[key] = choice
        return tuple(response for response in last.values() if not response.is_training)
