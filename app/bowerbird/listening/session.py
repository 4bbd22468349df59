"""One rater at one study: which page, what was heard, what was answered. Every answer is on disk before it is shown.

Who is killed in the middle of a page comes back to that page, in that order, with every answer and all that was heard.
"""

import json
import platform
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

import bowerbird
from bowerbird.base.errors import StudyError
from bowerbird.listening.plan import letters, plan_pages
from bowerbird.listening.response_rows import Response, ResponseContext, choice_row, rating_row, utc_now
from bowerbird.listening.response_store import ResponseStore
from bowerbird.listening.responses import Answer, Choice, Event, Page, Rater, Rating
from bowerbird.listening.store import StudyFolder

_HEARD_MS: Final = 1000
"""What was heard is kept at the latest after so long; less may be heard once more after a crash."""


class RatingSession:
    """A sitting of one rater.

    Parameters
    ----------
    folder : StudyFolder
    file : ResponseStore
    rater : Rater
    clock_s : callable
        Seconds that only grow.
    """

    def __init__(
        self, folder: StudyFolder, file: ResponseStore, rater: Rater, *, clock_s: Callable[[], float] = time.monotonic
    ) -> None:
        self.folder = folder
        self.study = folder.study
        self.rater = rater
        self.pages = plan_pages(self.study, rater_number=rater.number)
        self._file = file
        self._clock_s = clock_s
        self._uuid = str(uuid.uuid4())
        self._rested_s = clock_s()
        self._opened_s: float | None = None
        answers = file.responses(rater.id)
        self._done = {event.page for event in answers.events if event.kind == "completed"}
        self._notes = {event.kind: json.loads(event.value) for event in answers.events}
        self._check_plan(answers.events)
        self._page_index = self._first_open()
        self._take_up_page(answers.ratings, answers.choices, answers.events)
        system = {"program": bowerbird.__version__, "system": platform.platform(terse=True)}
        self._post("began", page=None, value=system)
        self._open_page()

    # What is to be shown

    @property
    def page(self) -> Page | None:
        """The page at hand; None when all are done."""
        return self.pages[self._page_index] if self._page_index is not None else None

    @property
    def n_done(self) -> int:
        """Pages that are complete."""
        return len(self._done)

    def letter(self, position: int) -> str:
        """Return the neutral letter of a candidate, whose position counts from 0 over the page."""
        return letters(len(self._at_hand.slots))[position]

    def said(self, position: int | None = None) -> Response:
        """Return what stands for a candidate, or for the page as a whole."""
        return self._said.get(position, Response())

    def item_at(self, position: int | None) -> str:
        """Return the excerpt of a candidate; None is what they are compared with, "" where that is words."""
        page = self._at_hand
        if position is not None:
            return page.slots[position].item_id
        return page.x or self.study.query(page.query_id).item_id

    def reached_ms(self, position: int | None) -> float:
        """Return how far an excerpt was heard from its beginning on this page, at best; None is the first sound."""
        return self._reached_ms.get(position, 0.0)

    def listened_share(self, position: int | None) -> float:
        """Return how much of an excerpt was heard on this page, 0 to 1 of what must be; None is the first sound.

        The beginning heard again and again is no more than the beginning.
        """
        item_id = self.item_at(position)
        wanted_ms = (
            1000.0 * self.study.design.must_hear_share * self.study.items[item_id].duration_s if item_id else 0.0
        )
        return 1.0 if wanted_ms <= 0 else min(1.0, self.reached_ms(position) / wanted_ms)

    def note(self, kind: str) -> object:
        """Return what was last noted of a kind, such as ``level``; None for nothing."""
        return self._notes.get(kind)

    @property
    def why_not_next(self) -> str:
        """Say why the page cannot be left; "" when it can."""
        page = self._at_hand
        if page.kind != "grade":
            if self.said().cannot_judge or self.said().answer is not None:
                return ""
            return self._unheard(page) or ("Say which one X is." if page.kind == "abx" else "Say which list is better.")
        waiting = [index for index in range(len(page.slots)) if not self._is_answered(index)]
        if not waiting:
            return ""
        names = ", ".join(self.letter(index) for index in waiting)
        return f"{names} {'waits' if len(waiting) == 1 else 'wait'} for a grade."

    def why_not_answer(self, position: int | None = None) -> str:
        """Say what must be heard before an answer counts; "" when nothing."""
        page = self._at_hand
        if position is None:
            return self._unheard(page)
        lacking = []
        if not self._is_heard(None):
            lacking.append("the first sound")
        if not self._is_heard(position):
            lacking.append(self.letter(position))
        return f"Listen longer to {' and '.join(lacking)}, then grade." if lacking else ""

    @property
    def is_break_due(self) -> bool:
        """Whether somebody has listened for so long that a break is proposed."""
        return self._clock_s() - self._rested_s >= 60.0 * self.study.design.break_after_min

    # What raters do

    def hear(self, position: int | None, heard_ms: float, *, is_start: bool = False) -> None:
        """Count what was heard since the last word of it.

        Parameters
        ----------
        position : int or None
            Of the candidate, over the page; None for what they are compared with.
        heard_ms : float
        is_start : bool
            Whether it began anew: one more play.
        """
        if is_start:
            self.pause()
        self._count(position, heard_ms, is_start=is_start)
        self._unkept_ms[position] = self._unkept_ms.get(position, 0.0) + heard_ms
        if is_start or self._unkept_ms[position] >= _HEARD_MS:
            self._keep_heard(position, is_start=is_start)

    def pause(self) -> None:
        """Keep what was heard so far: nothing sounds any more."""
        for position in [unkept_m for unkept_m, unkept_ms in self._unkept_ms.items() if unkept_ms > 0]:
            self._keep_heard(position)

    def pause_timer(self) -> None:
        """Stop the clock of the decision: the page is out of sight."""
        self._spent_ms, self._opened_s = float(self._decision_ms()), None

    def resume_timer(self) -> None:
        """Let the clock of the decision go on: the page is in sight."""
        if self._opened_s is None:
            self._opened_s = self._clock_s()

    def grade(self, position: int, grade: int | None) -> str:
        """Grade a candidate; return why that cannot be yet, "" when it is done. None takes a grade back."""
        if grade is not None and (why := self.why_not_answer(position)):
            return why
        if grade is not None and not 0 <= grade < len(self.study.design.scale.grades):
            return "There is no such grade."
        said = replace(self.said(position), grade=grade)
        return self._say(position, said if grade is None else replace(said, cannot_judge=False, is_broken=False))

    def slide(self, position: int, value: float) -> str:
        """Place a candidate on the line from 0 to 100; return why that cannot be yet, or ""."""
        if why := self.why_not_answer(position):
            return why
        value = min(100.0, max(0.0, value))
        return self._say(position, replace(self.said(position), slider=value, cannot_judge=False, is_broken=False))

    def choose(self, answer: Answer) -> str:
        """Answer to two lists, or to X; return why that cannot be yet, or ""."""
        if why := self.why_not_answer():
            return why
        if answer == "tie" and self._at_hand.kind == "abx":
            return "X is one of the two. Guess if you must."
        return self._say(None, replace(self.said(), answer=answer, cannot_judge=False))

    def cannot_judge(self, position: int | None = None, *, is_so: bool = True) -> str:
        """Say that a candidate, or the whole page, cannot be judged; its grade goes."""
        said = replace(self.said(position), cannot_judge=is_so)
        return self._say(position, replace(said, grade=None, slider=None, answer=None) if is_so else said)

    def mark_broken(self, position: int, *, is_so: bool = True) -> str:
        """Say that a candidate does not play, or plays something damaged; its grade goes."""
        said = replace(self.said(position), is_broken=is_so)
        return self._say(position, replace(said, grade=None, slider=None) if is_so else said)

    def comment(self, position: int | None, text: str) -> str:
        """Write a word about a candidate, or about the page where lists are compared."""
        text = " ".join(text.split())
        return self._say(position, replace(self.said(position), comment=text))

    def undo(self) -> bool:
        """Take the last answer on this page back, whatever it was; False when there is none."""
        if not self._undoable:
            return False
        position, before = self._undoable.pop()
        self._append(position, before, kind="undone")
        return True

    def complete(self) -> str:
        """Leave the page for the next; return why that cannot be, or ""."""
        if self.page is None:
            return ""
        if why := self.why_not_next:
            return why
        self.pause()
        self._post("completed")
        self._done.add(self._at_hand.number)
        self._page_index = self._first_open()
        self._take_up_page((), (), ())
        self._open_page()
        return ""

    def add_note(self, kind: str, value: object) -> None:
        """Keep something that is no answer: the level that was set, how the headphone check went."""
        self._notes[kind] = value
        self._post(kind, value=value)

    def rest(self) -> None:
        """Begin to count the time to the next break anew."""
        self._rested_s = self._clock_s()
        self._post("rested")

    # How it is kept

    @property
    def _at_hand(self) -> Page:
        page = self.page
        if page is None:
            raise RuntimeError("every page is done")
        return page

    def _check_plan(self, events: tuple[Event, ...]) -> None:
        """Refuse to go on where pages would be others than those shown so far.

        Raises
        ------
        StudyError
            When another version of the program planned them.
        """
        for event in events:
            if event.kind == "opened" and event.page is not None:
                shown = json.loads(event.value)
                planned = self.pages[event.page] if event.page < len(self.pages) else None
                if planned is None or _shown(planned) != {key: shown[key] for key in ("query_id", "columns", "x")}:
                    raise StudyError(
                        f"{self.rater.pseudonym} began with another version of Bowerbird, which showed other pages. Go "
                        "on with that version, or begin anew under another name; what was answered is kept."
                    )

    def _first_open(self) -> int | None:
        return next((page.number for page in self.pages if page.number not in self._done), None)

    def _take_up_page(
        self, ratings: tuple[Rating, ...], choices: tuple[Choice, ...], events: tuple[Event, ...]
    ) -> None:
        """Put the page at hand into the state in which it was left."""
        self._said: dict[int | None, Response] = {}
        self._undoable: list[tuple[int | None, Response]] = []
        self._n_revisions: dict[int | None, int] = {}
        self._heard_ms: dict[int | None, float] = {}
        self._unkept_ms: dict[int | None, float] = {}
        self._run_ms: dict[int | None, float] = {}
        self._reached_ms: dict[int | None, float] = {}
        self._n_plays: dict[int | None, int] = {}
        self._has_opened = False
        self._spent_ms = 0.0
        self._opened_s = self._clock_s()
        kept: dict[tuple[int | None, int], Response] = {}
        for rating in ratings:
            if rating.page == self._page_index and not rating.is_conflict:
                said = Response(
                    rating.grade, rating.slider, None, rating.cannot_judge, rating.is_broken, rating.comment
                )
                kept[rating.presented_position - 1, rating.revision] = said
                self._spent_ms = max(self._spent_ms, rating.decision_ms)
        for choice in choices:
            if choice.page == self._page_index and not choice.is_conflict:
                kept[None, choice.revision] = Response(
                    answer=choice.answer, cannot_judge=choice.cannot_judge, comment=choice.comment
                )
                self._spent_ms = max(self._spent_ms, choice.decision_ms)
        for event in events:
            if event.page == self._page_index is not None:
                self._replay(event.kind, json.loads(event.value), kept)

    def _replay(self, kind: str, value: Any, kept: Mapping[tuple[int | None, int], Response]) -> None:
        """Take up one thing that happened on this page before."""
        if kind == "opened":
            self._has_opened = True
        elif kind == "heard":
            self._count(value["position"], value["heard_ms"], is_start=value["is_start"])
        elif kind in {"answered", "undone"}:
            position, revision = value["position"], value["revision"]
            if kind == "answered":
                self._undoable.append((position, self.said(position)))
            else:
                self._undoable.pop()
            self._said[position] = kept[position, revision]
            self._n_revisions[position] = revision + 1

    def _open_page(self) -> None:
        """Log the order in which the page is shown, once a sitting."""
        page = self.page
        if page is None:
            if self._notes.get("finished") is None:
                self.add_note("finished", len(self.pages))
            return
        self._post("opened", value={**_shown(page), "again": self._has_opened})
        self._opened_s = self._clock_s()

    def _say(self, position: int | None, said: Response) -> str:
        before = self.said(position)
        if said != before:
            self._undoable.append((position, before))
            self._append(position, said, kind="answered")
        return ""

    def _append(self, position: int | None, said: Response, *, kind: str) -> None:
        """Put an answer on disk, then into memory."""
        self.pause()
        page = self._at_hand
        revision = self._n_revisions.get(position, 0)
        taken = self._taken(revision)
        row = choice_row(page, said, taken) if position is None else rating_row(page, position, said, taken)
        item_id = "" if position is None else page.slots[position].item_id
        value = {"position": position, "revision": revision}
        self._file.add(row, self._event(kind, page=page.number, item_id=item_id, value=value))
        self._said[position] = said
        self._n_revisions[position] = revision + 1

    def _taken(self, revision: int) -> ResponseContext:
        return ResponseContext(
            self.study,
            self.rater.id,
            self._uuid,
            revision,
            self._decision_ms(),
            dict(self._n_plays),
            dict(self._heard_ms),
        )

    def _decision_ms(self) -> int:
        since_s = 0.0 if self._opened_s is None else self._clock_s() - self._opened_s
        return round(self._spent_ms + 1000.0 * since_s)

    def _is_answered(self, position: int) -> bool:
        said, scale = self.said(position), self.study.design.scale
        if said.cannot_judge or said.is_broken:
            return True
        return (said.grade is not None or not scale.grades) and (said.slider is not None or not scale.has_slider)

    def _is_heard(self, position: int | None) -> bool:
        return self.listened_share(position) >= 1.0

    def _unheard(self, page: Page) -> str:
        names = ["X" if page.x else "the first sound"] if not self._is_heard(None) else []
        names += [self.letter(position) for position in range(len(page.slots)) if not self._is_heard(position)]
        return f"Listen longer to {', '.join(names)}, then answer." if names else ""

    def _count(self, position: int | None, heard_ms: float, *, is_start: bool) -> None:
        """Count time, and how far it came since the sound began."""
        self._n_plays[position] = self._n_plays.get(position, 0) + is_start
        self._heard_ms[position] = self._heard_ms.get(position, 0.0) + heard_ms
        self._run_ms[position] = heard_ms + (0.0 if is_start else self._run_ms.get(position, 0.0))
        self._reached_ms[position] = max(self._reached_ms.get(position, 0.0), self._run_ms[position])

    def _keep_heard(self, position: int | None, *, is_start: bool = False) -> None:
        heard_ms = round(self._unkept_ms.get(position, 0.0), 1)
        self._unkept_ms[position] = 0.0
        value = {"position": position, "heard_ms": heard_ms, "is_start": is_start}
        self._post("heard", item_id=self.item_at(position), value=value)

    def _post(self, kind: str, *, page: int | None = -1, item_id: str = "", value: object = None) -> None:
        number = self._page_index if page == -1 else page
        self._file.add(self._event(kind, page=number, item_id=item_id, value=value))

    def _event(self, kind: str, *, page: int | None, item_id: str, value: object) -> Event:
        return Event(self.rater.id, self._uuid, kind, utc_now(), page, item_id, json.dumps(value))


def _shown(page: Page) -> dict[str, object]:
    """Return what a page shows, as it is logged."""
    columns = [{"system": column.system, "items": [slot.item_id for slot in column.slots]} for column in page.columns]
    return {"query_id": page.query_id, "columns": columns, "x": page.x}
