"""What stands on a page, and the row that it is kept as."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from bowerbird.listening.plan import letters
from bowerbird.listening.responses import Answer, Choice, Page, Rating
from bowerbird.listening.study import Study


@dataclass(frozen=True, slots=True)
class Response:
    """What stands on a page for one candidate, or for the whole page where lists are compared.

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
    """How an answer came about.

    Attributes
    ----------
    study : Study
    rater_id, session_uuid : str
    revision, decision_ms : int
    n_plays : mapping of (int or None) to int
        By position over the page; None is what candidates are compared with.
    heard_ms : mapping of (int or None) to float
    """

    study: Study
    rater_id: str
    session_uuid: str
    revision: int
    decision_ms: int
    n_plays: Mapping[int | None, int]
    heard_ms: Mapping[int | None, float]


def rating_row(page: Page, position: int, said: Response, taken: ResponseContext) -> Rating:
    """Return what is kept of an answer to one candidate."""
    slot = page.slots[position]
    return Rating(
        study_hash=taken.study.hash,
        rater_id=taken.rater_id,
        session_uuid=taken.session_uuid,
        page=page.number,
        query_id=page.query_id,
        item_id=slot.item_id,
        presented_position=position + 1,
        presented_label=letters(len(page.slots))[position],
        control_type=slot.control,
        construct=taken.study.design.construct,
        grade=said.grade,
        slider=said.slider,
        cannot_judge=said.cannot_judge,
        is_broken=said.is_broken,
        n_plays_query=taken.n_plays.get(None, 0),
        n_plays_item=taken.n_plays.get(position, 0),
        listened_ms=round(taken.heard_ms.get(position, 0.0)),
        decision_ms=taken.decision_ms,
        is_repeat=page.is_repeat,
        is_training=page.is_training,
        revision=taken.revision,
        timestamp_utc=utc_now(),
        comment=said.comment,
    )


def choice_row(page: Page, said: Response, taken: ResponseContext) -> Choice:
    """Return what is kept of an answer to two lists, or to X."""
    left, right = page.columns
    is_abx = page.kind == "abx"
    return Choice(
        study_hash=taken.study.hash,
        rater_id=taken.rater_id,
        session_uuid=taken.session_uuid,
        page=page.number,
        kind=page.kind,
        query_id=page.query_id,
        left_system=left.system,
        right_system=right.system,
        left_item=left.slots[0].item_id if is_abx else "",
        right_item=right.slots[0].item_id if is_abx else "",
        x_item=page.x,
        answer=said.answer,
        cannot_judge=said.cannot_judge,
        n_plays_query=taken.n_plays.get(None, 0),
        n_plays_items=sum(n for position, n in taken.n_plays.items() if position is not None),
        listened_ms=round(sum(taken.heard_ms.values())),
        decision_ms=taken.decision_ms,
        is_repeat=page.is_repeat,
        is_training=page.is_training,
        revision=taken.revision,
        timestamp_utc=utc_now(),
        comment=said.comment,
    )


def utc_now() -> str:
    """Return the time in ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
