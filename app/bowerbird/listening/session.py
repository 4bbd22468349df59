"""A session of one rater: pages, playback and responses. Every response is on disk before it is shown.

After a crash the rater resumes on the same page, in the same order, with all responses and listening times.
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
from bowerbird.listening.responses import Answer, Choice, Event, Page, Rater, Rating, Responses
from bowerbird.listening.store import StudyFolder

_FLUSH_MS: Final = 1000
"""Listening time is written at least this often; at most this much is lost in a crash."""


class RatingSession:
    """A session of one rater.

    Methods that respond return a sentence when the response is not accepted yet, and None when it is stored.

    Parameters
    ----------
    folder : StudyFolder
    store : ResponseStore
    rater : Rater
    clock_s : callable
        A monotonic clock.

    Raises
    ------
    StudyError
        When another version of the program planned other pages for this rater.
    """

    def __init__(
        self, folder: StudyFolder, store: ResponseStore, rater: Rater, *, clock_s: Callable[[], float] = time.monotonic
    ) -> None:
        self.folder = folder
        self.study = folder.study
        self.rater = rater
        self.pages = plan_pages(self.study, rater_number=rater.number)
        self._store = store
        self._clock_s = clock_s
        self._uuid = str(uuid.uuid4())
        self._break_s = clock_s()
        self._opened_s: float | None = None
        responses = store.responses(rater.id)
        self._done = {event.page for event in responses.events if event.kind == "completed"}
        self._notes = {event.kind: json.loads(event.value) for event in responses.events}
        self._check_plan(responses.events)
        self._page_index = self._first_open()
        self._reset_page()
        self._restore_page(responses)
        system = {"program": bowerbird.__version__, "system": platform.platform(terse=True)}
        self._log("began", page=None, value=system)
        self._open_page()

    # State

    @property
    def page(self) -> Page | None:
        """The current page; None when all are done."""
        return self.pages[self._page_index] if self._page_index is not None else None

    @property
    def n_done(self) -> int:
        """Number of completed pages."""
        return len(self._done)

    def letter(self, position: int) -> str:
        """Return the neutral letter of a stimulus, by its position on the page from 0."""
        return letters(len(self._current_page.slots))[position]

    def response(self, position: int | None = None) -> Response:
        """Return the response to a stimulus, or to the page as a whole."""
        return self._responses.get(position, Response())

    def item_at(self, position: int | None) -> str | None:
        """Return the excerpt at a position; None is the reference, which words do not have."""
        page = self._current_page
        if position is not None:
            return page.slots[position].item_id
        return page.x or self.study.query(page.query_id).item_id or None

    def reached_ms(self, position: int | None) -> float:
        """Return how far an excerpt was played from its start on this page, at best; None is the reference."""
        return self._reached_ms.get(position, 0.0)

    def listened_share(self, position: int | None) -> float:
        """Return how much of the required part of an excerpt was played, 0 to 1; None is the reference.

        Playing the beginning repeatedly does not count more than once.
        """
        item_id = self.item_at(position)
        required_ms = (
            1000.0 * self.study.design.must_hear_share * self.study.items[item_id].duration_s if item_id else 0.0
        )
        return 1.0 if required_ms <= 0 else min(1.0, self.reached_ms(position) / required_ms)

    def note(self, kind: str) -> object:
        """Return the last note of a kind, such as ``level``; None for none."""
        return self._notes.get(kind)

    @property
    def why_not_next(self) -> str | None:
        """Why the page is not complete; None when it is."""
        page = self._current_page
        if page.kind != "grade":
            if self.response().cannot_judge or self.response().answer is not None:
                return None
            return self._listen_longer(page) or (
                "Choose A or B." if page.kind == "abx" else "Choose the better list, or no difference."
            )
        missing = [position for position in range(len(page.slots)) if not self._is_answered(position)]
        return f"Not rated yet: {', '.join(self.letter(position) for position in missing)}." if missing else None

    def why_not_respond(self, position: int | None = None) -> str | None:
        """Return what must be listened to before a response is accepted; None for nothing."""
        page = self._current_page
        if position is None:
            return self._listen_longer(page)
        missing = ["the reference"] if not self._is_listened(None) else []
        missing += [self.letter(position)] if not self._is_listened(position) else []
        return f"Listen longer to {' and '.join(missing)} before you rate it." if missing else None

    @property
    def is_break_due(self) -> bool:
        """Whether to suggest a break."""
        return self._clock_s() - self._break_s >= 60.0 * self.study.design.break_after_min

    # Actions

    def record_playback(self, position: int | None, listened_ms: float, *, is_start: bool = False) -> None:
        """Add listening time.

        Parameters
        ----------
        position : int or None
            Of the stimulus on the page; None for the reference.
        listened_ms : float
            Since the last call.
        is_start : bool
            Whether playback started again: one more play.
        """
        if is_start:
            self.flush_playback()
        self._add_playback(position, listened_ms, is_start=is_start)
        self._unwritten_ms[position] = self._unwritten_ms.get(position, 0.0) + listened_ms
        if is_start or self._unwritten_ms[position] >= _FLUSH_MS:
            self._write_playback(position, is_start=is_start)

    def flush_playback(self) -> None:
        """Write the listening time so far: playback stopped."""
        for position in [position for position, unwritten_ms in self._unwritten_ms.items() if unwritten_ms > 0]:
            self._write_playback(position)

    def pause_timer(self) -> None:
        """Stop the decision time: the page is not visible."""
        self._spent_ms, self._opened_s = float(self._decision_ms()), None

    def resume_timer(self) -> None:
        """Continue the decision time: the page is visible."""
        if self._opened_s is None:
            self._opened_s = self._clock_s()

    def grade(self, position: int, grade: int | None) -> str | None:
        """Grade a stimulus; None withdraws the grade."""
        if grade is not None and (why := self.why_not_respond(position)):
            return why
        if grade is not None and not 0 <= grade < len(self.study.design.scale.grades):
            return "This grade does not exist."
        graded = replace(self.response(position), grade=grade)
        return self._respond(
            position, graded if grade is None else replace(graded, cannot_judge=False, is_broken=False)
        )

    def slide(self, position: int, value: float) -> str | None:
        """Set the slider of a stimulus, from 0 to 100."""
        if why := self.why_not_respond(position):
            return why
        value = min(100.0, max(0.0, value))
        return self._respond(
            position, replace(self.response(position), slider=value, cannot_judge=False, is_broken=False)
        )

    def choose(self, answer: Answer) -> str | None:
        """Respond to two lists, or to X."""
        if why := self.why_not_respond():
            return why
        if answer == "tie" and self._current_page.kind == "abx":
            return "X is the same as A or B. If unsure, guess."
        return self._respond(None, replace(self.response(), answer=answer, cannot_judge=False))

    def cannot_judge(self, position: int | None = None, *, is_set: bool = True) -> str | None:
        """Mark a stimulus, or the whole page, as impossible to judge; its grade is removed."""
        marked = replace(self.response(position), cannot_judge=is_set)
        return self._respond(position, replace(marked, grade=None, slider=None, answer=None) if is_set else marked)

    def mark_broken(self, position: int, *, is_set: bool = True) -> str | None:
        """Mark a stimulus as damaged or silent; its grade is removed."""
        marked = replace(self.response(position), is_broken=is_set)
        return self._respond(position, replace(marked, grade=None, slider=None) if is_set else marked)

    def comment(self, position: int | None, text: str) -> str | None:
        """Comment on a stimulus, or on a page of two lists."""
        return self._respond(position, replace(self.response(position), comment=" ".join(text.split())))

    def undo(self) -> bool:
        """Undo the last response on this page; False when there is none."""
        if not self._undoable:
            return False
        position, before = self._undoable.pop()
        self._append(position, before, kind="undone")
        return True

    def complete(self) -> str | None:
        """Complete the page and open the next; return why the page is not complete."""
        if self.page is None:
            return None
        if why := self.why_not_next:
            return why
        self.flush_playback()
        self._log("completed")
        self._done.add(self._current_page.number)
        self._page_index = self._first_open()
        self._reset_page()
        self._open_page()
        return None

    def add_note(self, kind: str, value: object) -> None:
        """Store something that is not a response, such as the volume or the result of the headphone check."""
        self._notes[kind] = value
        self._log(kind, value=value)

    def restart_break(self) -> None:
        """Restart the time until the next break."""
        self._break_s = self._clock_s()
        self._log("rested")

    # Storage

    @property
    def _current_page(self) -> Page:
        page = self.page
        if page is None:
            raise RuntimeError("all pages are done")
        return page

    def _check_plan(self, events: tuple[Event, ...]) -> None:
        """Refuse to continue when the pages differ from those shown before."""
        for event in events:
            if event.kind == "opened" and event.page is not None:
                shown = json.loads(event.value)
                planned = self.pages[event.page] if event.page < len(self.pages) else None
                if planned is None or _shown(planned) != {key: shown[key] for key in ("query_id", "columns", "x")}:
                    raise StudyError(
                        f"{self.rater.pseudonym} started with another version of Bowerbird, which showed other pages. "
                        "Continue with that version, or start again under another alias. The responses are kept."
                    )

    def _first_open(self) -> int | None:
        return next((page.number for page in self.pages if page.number not in self._done), None)

    def _reset_page(self) -> None:
        self._responses: dict[int | None, Response] = {}
        self._undoable: list[tuple[int | None, Response]] = []
        self._n_revisions: dict[int | None, int] = {}
        self._listened_ms: dict[int | None, float] = {}
        self._unwritten_ms: dict[int | None, float] = {}
        self._run_ms: dict[int | None, float] = {}
        self._reached_ms: dict[int | None, float] = {}
        self._n_plays: dict[int | None, int] = {}
        self._was_opened = False
        self._spent_ms = 0.0
        self._opened_s = self._clock_s()

    def _restore_page(self, responses: Responses) -> None:
        """Restore the current page from the stored rows."""
        stored: dict[tuple[int | None, int], Response] = {}
        rows: list[Rating | Choice] = [*responses.ratings, *responses.choices]
        for row in rows:
            if row.page != self._page_index or row.is_conflict:
                continue
            self._spent_ms = max(self._spent_ms, row.decision_ms)
            if isinstance(row, Rating):
                response = Response(row.grade, row.slider, None, row.cannot_judge, row.is_broken, row.comment)
                stored[row.presented_position - 1, row.revision] = response
            else:
                response = Response(answer=row.answer, cannot_judge=row.cannot_judge, comment=row.comment)
                stored[None, row.revision] = response
        for event in responses.events:
            if event.page == self._page_index is not None:
                self._replay(event.kind, json.loads(event.value), stored)

    def _replay(self, kind: str, value: Any, stored: Mapping[tuple[int | None, int], Response]) -> None:
        """Apply a stored event of this page."""
        if kind == "opened":
            self._was_opened = True
        elif kind == "heard":
            self._add_playback(value["position"], value["heard_ms"], is_start=value["is_start"])
        elif kind in {"answered", "undone"}:
            position, revision = value["position"], value["revision"]
            if kind == "answered":
                self._undoable.append((position, self.response(position)))
            else:
                self._undoable.pop()
            self._responses[position] = stored[position, revision]
            self._n_revisions[position] = revision + 1

    def _open_page(self) -> None:
        """Log the order in which the page is shown, once per session."""
        page = self.page
        if page is None:
            if self._notes.get("finished") is None:
                self.add_note("finished", len(self.pages))
            return
        self._log("opened", value={**_shown(page), "again": self._was_opened})
        self._opened_s = self._clock_s()

    def _respond(self, position: int | None, response: Response) -> str | None:
        before = self.response(position)
        if response != before:
            self._undoable.append((position, before))
            self._append(position, response, kind="answered")
        return None

    def _append(self, position: int | None, response: Response, *, kind: str) -> None:
        """Store a response on disk, then in memory."""
        self.flush_playback()
        page = self._current_page
        revision = self._n_revisions.get(position, 0)
        context = ResponseContext(
            self.study,
            self.rater.id,
            self._uuid,
            revision,
            self._decision_ms(),
            dict(self._n_plays),
            dict(self._listened_ms),
        )
        row = choice_row(page, response, context) if position is None else rating_row(page, position, response, context)
        item_id = "" if position is None else page.slots[position].item_id
        value = {"position": position, "revision": revision}
        self._store.add(row, self._event(kind, page=page.number, item_id=item_id, value=value))
        self._responses[position] = response
        self._n_revisions[position] = revision + 1

    def _decision_ms(self) -> int:
        since_s = 0.0 if self._opened_s is None else self._clock_s() - self._opened_s
        return round(self._spent_ms + 1000.0 * since_s)

    def _is_answered(self, position: int) -> bool:
        response, scale = self.response(position), self.study.design.scale
        if response.cannot_judge or response.is_broken:
            return True
        has_grade, has_slider = response.grade is not None, response.slider is not None
        return (has_grade or not scale.grades) and (has_slider or not scale.has_slider)

    def _is_listened(self, position: int | None) -> bool:
        return self.listened_share(position) >= 1.0

    def _listen_longer(self, page: Page) -> str | None:
        names = ["X" if page.x else "the reference"] if not self._is_listened(None) else []
        names += [self.letter(position) for position in range(len(page.slots)) if not self._is_listened(position)]
        return f"Listen longer to {', '.join(names)} before you answer." if names else None

    def _add_playback(self, position: int | None, listened_ms: float, *, is_start: bool) -> None:
        """Add time, and how far playback came since the sound started."""
        self._n_plays[position] = self._n_plays.get(position, 0) + is_start
        self._listened_ms[position] = self._listened_ms.get(position, 0.0) + listened_ms
        self._run_ms[position] = listened_ms + (0.0 if is_start else self._run_ms.get(position, 0.0))
        self._reached_ms[position] = max(self._reached_ms.get(position, 0.0), self._run_ms[position])

    def _write_playback(self, position: int | None, *, is_start: bool = False) -> None:
        listened_ms = round(self._unwritten_ms.get(position, 0.0), 1)
        self._unwritten_ms[position] = 0.0
        value = {"position": position, "heard_ms": listened_ms, "is_start": is_start}
        self._log("heard", item_id=self.item_at(position) or "", value=value)

    def _log(self, kind: str, *, page: int | None = -1, item_id: str = "", value: object = None) -> None:
        number = self._page_index if page == -1 else page
        self._store.add(self._event(kind, page=number, item_id=item_id, value=value))

    def _event(self, kind: str, *, page: int | None, item_id: str, value: object) -> Event:
        return Event(self.rater.id, self._uuid, kind, utc_now(), page, item_id, json.dumps(value))


def _shown(page: Page) -> dict[str, object]:
    """Return what a page shows, as it is logged."""
    columns = [{"system": column.system, "items": [slot.item_id for slot in column.slots]} for column in page.columns]
    return {"query_id": page.query_id, "columns": columns, "x": page.x}
