"""One page of a listening test: what is played, heard and answered. No rule of the study is decided here."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final, Protocol

from bowerbird.base.errors import BowerbirdError
from bowerbird.gui.listening import rating_texts as rating_words
from bowerbird.gui.listening.rating_keys import GRADE_KEYS
from bowerbird.gui.listening.rating_playback import Ask, Listening
from bowerbird.gui.listening.rating_state import (
    AnswerState,
    AskToLeave,
    CandidateState,
    CannotJudge,
    Choose,
    Command,
    Comment,
    Grade,
    MarkBroken,
    Move,
    Next,
    Nudge,
    PageState,
    Play,
    ReleaseKey,
    SelectList,
    Slide,
    SoundState,
    StartComment,
    Stay,
    Step,
    Toggle,
    Undo,
)
from bowerbird.listening.plan import estimated_minutes
from bowerbird.listening.responses import Page
from bowerbird.listening.session import RatingSession

_MIDDLE: Final = 50.0
_NOTHING_AT_HAND: Final = "Play a sound first, then say what you hear."
_ANSWERS: Final = {
    "grade": (),
    "preference": (
        AnswerState("left", "Q", "Left is better"),
        AnswerState("tie", "W", "No difference"),
        AnswerState("right", "E", "Right is better"),
    ),
    "abx": (AnswerState("left", "A", "X is A"), AnswerState("right", "B", "X is B")),
}


class PageView(Protocol):
    """What the presenter asks of the window."""

    def show_page(self, state: PageState) -> None:
        """Show a page as it stands."""


class PagePresenter:
    """Puts keys and clicks into words of the session, and shows what stands.

    Parameters
    ----------
    view : PageView
    session : RatingSession
    listening : Listening
    completed : callable
        Called when a page was left for the next.
    """

    def __init__(
        self, view: PageView, session: RatingSession, listening: Listening, *, completed: Callable[[], None]
    ) -> None:
        self._view = view
        self._session = session
        self._listening = listening
        self._completed = completed
        self._minutes = estimated_minutes(session.study)
        self._state: PageState | None = None
        self._is_in_sight = False
        self._begin_page()

    @property
    def state(self) -> PageState | None:
        """What is shown; None before the first page."""
        return self._state

    def take_up(self) -> None:
        """Show the page at hand of the session, and let its clock run."""
        self._listening.forget()
        self._begin_page()
        self._is_in_sight = True
        self._session.resume_timer()
        self.show()

    def _begin_page(self) -> None:
        self._at_hand: int | None = None
        self._list = 0
        self._message = self._unheard = ""
        self._nudged: float | None = None
        self._is_commenting = False
        self._is_leaving = False

    # What happens

    def heard(self, position: int | None, heard_ms: float, is_start: bool) -> None:
        """Count what was heard."""
        self._session.hear(position, heard_ms, is_start=is_start)

    def tick(self) -> None:
        """Show how far things are."""
        if self._unheard and self._message == self._unheard:  # it may have been heard by now
            self._message = self._unheard = self._session.why_not_answer(self._subject)
        self.show()

    def complain(self, sentence: str) -> None:
        """Show what went wrong; "" for nothing any more."""
        self._message = sentence
        self.show()

    def do(self, command: Command) -> None:
        """Do what a key or a click says."""
        try:
            if not isinstance(command, Nudge):
                self._place_nudged()
            if self._is_leaving:
                self._stay()
            self._obey(command)
        except BowerbirdError as error:
            self._message = str(error)
        self.show()

    def _obey(self, command: Command) -> None:
        match command:
            case Play():
                self._play(command.position)
            case Toggle():
                self._toggle()
            case Move():
                self._move(command.step)
            case SelectList():
                self._list, self._message = command.number, ""
            case Grade() | Step() | Slide() | Nudge() | Choose() | CannotJudge() | MarkBroken():
                self._message = self._listening.fault or self._answered(command)
                self._unheard = self._session.why_not_answer(self._subject) if self._message else ""
            case StartComment():
                self._is_commenting = self._has_subject()
                self._message = "" if self._is_commenting else _NOTHING_AT_HAND
            case Comment():
                self._is_commenting, self._message = False, ""
                if command.text is not None and self._has_subject():
                    self._session.comment(self._subject, command.text)
            case Undo():
                self._message = "" if self._session.undo() else "There is nothing to take back on this page."
            case Next():
                self._message = self._session.why_not_next
                if not self._message:
                    self._listening.forget()  # first: what sounds is counted for this page
                    self._is_in_sight = False
                    self._session.complete()
                    self._completed()
            case AskToLeave():
                self._listening.stop()
                self._session.pause()
                self._session.pause_timer()
                self._is_leaving = True
            case _:  # Stay and ReleaseKey are done already
                assert isinstance(command, Stay | ReleaseKey)

    def _answered(self, command: Command) -> str:
        """Answer; return why that cannot be, or ""."""
        session = self._session
        if isinstance(command, Grade | Slide) and command.position is not None:
            self._at_hand = command.position
        if isinstance(command, Choose):
            return session.choose(command.answer)
        if not self._has_subject():
            return _NOTHING_AT_HAND
        position = self._subject
        if isinstance(command, CannotJudge):
            return session.cannot_judge(position, is_so=not session.said(position).cannot_judge)
        if position is None:
            return ""
        said = session.said(position)
        match command:
            case MarkBroken():
                return session.mark_broken(position, is_so=not said.is_broken)
            case Grade():
                return session.grade(position, command.grade)
            case Step():
                last = len(session.study.design.scale.grades) - 1
                before = said.grade if said.grade is not None else -1 if command.step > 0 else last + 1
                return session.grade(position, min(last, max(0, before + command.step)))
            case Slide():
                return session.slide(position, command.value)
            case Nudge():
                why = session.why_not_answer(position)
                before_at = self._nudged if self._nudged is not None else said.slider
                moved = _MIDDLE if before_at is None else before_at + command.step
                self._nudged = None if why else min(100.0, max(0.0, moved))
                return why
            case _:
                return ""

    def _place_nudged(self) -> None:
        value, self._nudged = self._nudged, None
        if value is not None and self._at_hand is not None:
            self._message = self._session.slide(self._at_hand, value)

    def _stay(self) -> None:
        self._is_leaving = False
        self._session.resume_timer()

    # Playing

    def _play(self, position: int | None) -> None:
        item_id = self._session.item_at(position)
        if not item_id:
            return
        if position is not None and self._page.kind != "abx":
            self._at_hand = position
            if self._page.kind == "preference":
                self._list = 0 if position < len(self._page.columns[0].slots) else 1
        self._message = self._listening.fault
        self._listening.play(Ask(position, self._session.folder.excerpt(item_id), self._duration_s(item_id)))

    def _toggle(self) -> None:
        if not self._listening.toggle():
            self._play(None if self._session.item_at(None) else 0)

    def _move(self, step: int) -> None:
        shown = [candidate.sound.position for candidate in self._lists()[self._list]]
        if self._page.kind == "abx":
            shown = [0, 1]
        before = shown.index(self._at_hand) if self._at_hand in shown else -1 if step > 0 else len(shown)
        self._play(shown[min(len(shown) - 1, max(0, before + step))])

    # What is shown

    def show(self) -> None:
        """Show the page as it stands, where something changed."""
        if not self._is_in_sight:
            return
        state = self._make_state(self._page)
        if state != self._state:
            self._state = state
            self._view.show_page(state)

    def _make_state(self, page: Page) -> PageState:
        session, design = self._session, self._session.study.design
        query = session.study.query(page.query_id)
        said = session.said()
        is_graded = page.kind == "grade"
        return PageState(
            kind=page.kind,
            number=page.number,
            question=design.asked,
            title=design.title,
            progress=rating_words.progress(page, session.pages, n_done=session.n_done, minutes=self._minutes),
            share=session.n_done / len(session.pages),
            is_training=page.is_training,
            words="" if page.kind == "abx" else query.words,
            first=self._sound(None, "0", "X" if page.kind == "abx" else "") if session.item_at(None) else None,
            lists=self._lists(),
            selected_list=self._list,
            mark=design.must_hear_share,
            grades=tuple(zip(GRADE_KEYS.upper(), design.scale.grades, strict=False)) if is_graded else (),
            ends=rating_words.ends(design) if is_graded else ("", ""),
            answers=tuple(replace(answer, is_chosen=said.answer == answer.answer) for answer in _ANSWERS[page.kind]),
            is_unjudged=not is_graded and said.cannot_judge,
            comment="" if is_graded else said.comment,
            commenting=self._subject_name() if self._is_commenting else None,
            draft=session.said(self._subject).comment if self._is_commenting else "",
            has_broken=is_graded,
            why_not_next=session.why_not_next,
            message=self._message or self._listening.fault,
            is_leaving=self._is_leaving,
        )

    def _lists(self) -> tuple[tuple[CandidateState, ...], ...]:
        position, lists = 0, []
        for column in self._page.columns:
            lists.append(
                tuple(
                    self._candidate(position + index, str(index + 1 if self._page.kind != "abx" else position + 1))
                    for index in range(len(column.slots))
                )
            )
            position += len(column.slots)
        return tuple(lists)

    def _candidate(self, position: int, key: str) -> CandidateState:
        sound = self._sound(position, key, self._session.letter(position))
        if self._page.kind != "grade":
            return CandidateState(sound, is_selected=position == self._at_hand)
        said, is_selected = self._session.said(position), position == self._at_hand
        return CandidateState(
            sound,
            is_selected=is_selected,
            grade=said.grade,
            slider=self._nudged if is_selected and self._nudged is not None else said.slider,
            status="Cannot judge" if said.cannot_judge else "Broken" if said.is_broken else "",
            comment=said.comment,
        )

    def _sound(self, position: int | None, key: str, letter: str) -> SoundState:
        duration_ms = 1000.0 * self._duration_s(self._session.item_at(position))
        playing = self._listening.playing
        return SoundState(
            position=position,
            key=key,
            letter=letter,
            listened_share=min(1.0, self._session.reached_ms(position) / duration_ms) if duration_ms > 0 else 1.0,
            is_heard=self._session.listened_share(position) >= 1.0,
            is_playing=playing is not None and playing.position == position,
        )

    @property
    def _page(self) -> Page:
        page = self._session.page
        if page is None:
            raise RuntimeError("every page is done")
        return page

    @property
    def _subject(self) -> int | None:
        """What answers are about: the candidate at hand, or the page as a whole."""
        return self._at_hand if self._page.kind == "grade" else None

    def _has_subject(self) -> bool:
        return self._page.kind != "grade" or self._at_hand is not None

    def _subject_name(self) -> str:
        return "this page" if self._subject is None else self._session.letter(self._subject)

    def _duration_s(self, item_id: str) -> float:
        return self._session.study.items[item_id].duration_s if item_id else 0.0
