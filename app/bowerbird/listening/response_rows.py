"""The response to a stimulus or a page, and the row it is stored as."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from bowerbird.listening.plan import letters
from bowerbird.listening.responses import Answer, Choice, Page, Rating
from bowerbird.listening.study import Study


@dataclass(frozen=True, slots=True)
class Response:
    """The response to a stimulus, or to a page of two lists.

    Attributes
    ----------
    grade : int or None
    slider : float or None
        0 to 100.
    answer : str or None
        left, right or tie.
    cannot_judge, is_broken : bool
    comment : str
    """

    grade: int | None = None
    slider: float | None = None
    answer: Answer | None = None
    cannot_judge: bool = False
    is_broken: bool = False
    comment: str = ""


@dataclass(frozen=True, slots=True)
class ResponseContext:
    """The circumstances of a response.

    Attributes
    ----------
    study : Study
    rater_id, session_uuid : str
    revision, decision_ms : int
    n_plays : mapping of (int or None) to int
        By position on the page; None is the reference.
    listened_ms : mapping of (int or None) to float
    """

    study: Study
    rater_id: str
    session_uuid: str
    revision: int
    decision_ms: int
    n_plays: Mapping[int | None, int]
    listened_ms: Mapping[int | None, float]


def rating_row(page: Page, position: int, response: Response, context: ResponseContext) -> Rating:
    """Return the row of a response to a stimulus."""
    slot = page.slots[position]
    return Rating(
        study_hash=context.study.hash,
        rater_id=context.rater_id,
        session_uuid=context.session_uuid,
        page=page.number,
        query_id=page.query_id,
        item_id=slot.item_id,
        presented_position=position + 1,
        presented_label=letters(len(page.slots))[position],
        control_type=slot.control,
        construct=context.study.design.construct,
        grade=response.grade,
        slider=response.slider,
        cannot_judge=response.cannot_judge,
        is_broken=response.is_broken,
        n_plays_query=context.n_plays.get(None, 0),
        n_plays_item=context.n_plays.get(position, 0),
        listened_ms=round(context.listened_ms.get(position, 0.0)),
        decision_ms=context.decision_ms,
        is_repeat=page.is_repeat,
        is_training=page.is_training,
        revision=context.revision,
        timestamp_utc=utc_now(),
        comment=response.comment,
    )


def choice_row(page: Page, response: Response, context: ResponseContext) -> Choice:
    """Return the row of a response to two lists, or to X."""
    left, right = page.columns
    is_abx = page.kind == "abx"
    return Choice(
        study_hash=context.study.hash,
        rater_id=context.rater_id,
        session_uuid=context.session_uuid,
        page=page.number,
        kind=page.kind,
        query_id=page.query_id,
        left_system=left.system,
        right_system=right.system,
        left_item=left.slots[0].item_id if is_abx else "",
        right_item=right.slots[0].item_id if is_abx else "",
        x_item=page.x,
        answer=response.answer,
        cannot_judge=response.cannot_judge,
        n_plays_query=context.n_plays.get(None, 0),
        n_plays_items=sum(n for position, n in context.n_plays.items() if position is not None),
        listened_ms=round(sum(context.listened_ms.values())),
        decision_ms=context.decision_ms,
        is_repeat=page.is_repeat,
        is_training=page.is_training,
        revision=context.revision,
        timestamp_utc=utc_now(),
        comment=response.comment,
    )


def utc_now() -> str:
    """Return the current time in ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
