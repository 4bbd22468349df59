"""A page of a listening test: playing stimuli, responding and showing the state. The rules are in the session."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final, Protocol

from bowerbird.base.errors import BowerbirdError
from bowerbird.gui.listening import rating_texts as texts
from bowerbird.gui.listening.rating_keys import GRADE_KEYS
from bowerbird.gui.listening.rating_playback import Stimulus, StimulusPlayer
from bowerbird.gui.listening.rating_state import (
    AnswerState,
    AskToLeave,
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
    StimulusState,
    Toggle,
    Undo,
)
from bowerbird.gui.translation import translate
from bowerbird.listening.plan import estimated_minutes
from bowerbird.listening.responses import Page
from bowerbird.listening.session import RatingSession
from bowerbird.listening.study import TrialKind

_CENTRE: Final = 50.0


class PageView(Protocol):
    """What the presenter asks of the window."""

    def show_page(self, state: PageState) -> None:
        """Show a page."""


class PagePresenter:
    """Turns commands into calls of the session, and shows the page.

    Parameters
    ----------
    view : PageView
    session : RatingSession
    player : StimulusPlayer
    completed : callable
        Called when a page was completed.
    """

    def __init__(
        self, view: PageView, session: RatingSession, player: StimulusPlayer, *, completed: Callable[[], None]
    ) -> None:
        self._view = view
        self._session = session
        self._player = player
        self._completed = completed
        self._minutes = estimated_minutes(session.study)
        self._state: PageState | None = None
        self._is_visible = False
        self._reset()

    @property
    def state(self) -> PageState | None:
        """The state that is shown; None before the first page."""
        return self._state

    def start_page(self) -> None:
        """Show the current page of the session, and start its timer."""
        self._player.forget()
        self._reset()
        self._is_visible = True
        self._session.resume_timer()
        self.show()

    def _reset(self) -> None:
        self._selected: int | None = None
        self._list = 0
        self._message: str | None = None
        self._listen_more: str | None = None
        self._nudged: float | None = None
        self._is_commenting = False
        self._is_leaving = False

    # Events

    def listened(self, position: int | None, listened_ms: float, is_start: bool) -> None:
        """Add listening time."""
        self._session.record_playback(position, listened_ms, is_start=is_start)

    def tick(self) -> None:
        """Show the progress of playback."""
        if self._listen_more and self._message == self._listen_more:  # the rater may have listened enough by now
            self._message = self._listen_more = self._session.why_not_respond(self._subject)
        self.show()

    def complain(self, sentence: str | None) -> None:
        """Show an error, or remove it."""
        self._message = sentence
        self.show()

    def do(self, command: Command) -> None:
        """Run a command of a key or a click."""
        try:
            if not isinstance(command, Nudge):
                self._store_nudged()
            if self._is_leaving:
                self._stay()
            self._run(command)
        except BowerbirdError as error:
            self._message = str(error)
        self.show()

    def _run(self, command: Command) -> None:
        match command:
            case Play():
                self._play(command.position)
            case Toggle():
                if not self._player.toggle():
                    self._play(None if self._session.item_at(None) else 0)
            case Move():
                self._move(command.step)
            case SelectList():
                self._list, self._message = command.number, None
            case Grade() | Step() | Slide() | Nudge() | Choose() | CannotJudge() | MarkBroken():
                self._message = self._player.error or self._respond(command)
                self._listen_more = self._session.why_not_respond(self._subject) if self._message else None
            case StartComment():
                self._is_commenting = self._has_subject()
                self._message = None if self._is_commenting else texts.play_first()
            case Comment():
                self._is_commenting, self._message = False, None
                if command.text is not None and self._has_subject():
                    self._session.comment(self._subject, command.text)
            case Undo():
                self._message = (
                    None if self._session.undo() else translate("Rating", "There is nothing to undo on this page.")
                )
            case Next():
                self._message = self._session.why_not_next
                if not self._message:
                    self._player.forget()  # first, so that its listening time counts for this page
                    self._is_visible = False
                    self._session.complete()
                    self._completed()
            case AskToLeave():
                self._player.stop()
                self._session.flush_playback()
                self._session.pause_timer()
                self._is_leaving = True
            case _:  # `do` has handled Stay and ReleaseKey
                assert isinstance(command, Stay | ReleaseKey)

    def _respond(self, command: Command) -> str | None:
        """Respond; return why the response is not accepted."""
        session = self._session
        if isinstance(command, Grade | Slide) and command.position is not None:
            self._selected = command.position
        if isinstance(command, Choose):
            return session.choose(command.answer)
        if not self._has_subject():
            return texts.play_first()
        position = self._subject
        if isinstance(command, CannotJudge):
            return session.cannot_judge(position, is_set=not session.response(position).cannot_judge)
        if position is None:
            return None
        response = session.response(position)
        match command:
            case MarkBroken():
                return session.mark_broken(position, is_set=not response.is_broken)
            case Grade():
                return session.grade(position, command.grade)
            case Step():
                last = len(session.study.design.scale.grades) - 1
                before = response.grade if response.grade is not None else -1 if command.step > 0 else last + 1
                return session.grade(position, min(last, max(0, before + command.step)))
            case Slide():
                return session.slide(position, command.value)
            case Nudge():
                why = session.why_not_respond(position)
                value = self._nudged if self._nudged is not None else response.slider
                moved = _CENTRE if value is None else value + command.step
                self._nudged = None if why else min(100.0, max(0.0, moved))
                return why
            case _:
                return None

    def _store_nudged(self) -> None:
        value, self._nudged = self._nudged, None
        if value is not None and self._selected is not None:
            self._message = self._session.slide(self._selected, value)

    def _stay(self) -> None:
        self._is_leaving = False
        self._session.resume_timer()

    # Playback

    def _play(self, position: int | None) -> None:
        item_id = self._session.item_at(position)
        if item_id is None:
            return
        if position is not None and self._page.kind != "abx":
            self._selected = position
            if self._page.kind == "preference":
                self._list = 0 if position < len(self._page.columns[0].slots) else 1
        self._message = self._player.error
        self._player.play(Stimulus(position, self._session.folder.excerpt(item_id), self._duration_s(item_id)))

    def _move(self, step: int) -> None:
        shown = [stimulus.sound.position for stimulus in self._lists()[self._list]]
        if self._page.kind == "abx":
            shown = [0, 1]
        before = shown.index(self._selected) if self._selected in shown else -1 if step > 0 else len(shown)
        self._play(shown[min(len(shown) - 1, max(0, before + step))])

    # State

    def show(self) -> None:
        """Show the page if its state changed."""
        if not self._is_visible:
            return
        state = self._make_state(self._page)
        if state != self._state:
            self._state = state
            self._view.show_page(state)

    def _make_state(self, page: Page) -> PageState:
        session, design = self._session, self._session.study.design
        response = session.response()
        is_graded = page.kind == "grade"
        return PageState(
            kind=page.kind,
            number=page.number,
            question=design.shown_question,
            title=design.title,
            progress=texts.progress(page, session.pages, n_done=session.n_done, minutes=self._minutes),
            share=session.n_done / len(session.pages),
            is_training=page.is_training,
            words="" if page.kind == "abx" else session.study.query(page.query_id).words,
            reference=self._sound(None, "0", "X" if page.kind == "abx" else "") if session.item_at(None) else None,
            lists=self._lists(),
            selected_list=self._list,
            mark=design.must_hear_share,
            grades=tuple(zip(GRADE_KEYS.upper(), design.scale.grades, strict=False)) if is_graded else (),
            ends=texts.slider_labels(design) if is_graded else ("", ""),
            answers=tuple(replace(state, is_chosen=response.answer == state.answer) for state in _answers(page.kind)),
            cannot_judge=not is_graded and response.cannot_judge,
            comment="" if is_graded else response.comment,
            commenting=self._subject_name() if self._is_commenting else None,
            draft=session.response(self._subject).comment if self._is_commenting else "",
            has_broken=is_graded,
            why_not_next=session.why_not_next,
            message=self._message or self._player.error,
            is_leaving=self._is_leaving,
        )

    def _lists(self) -> tuple[tuple[StimulusState, ...], ...]:
        first, lists = 0, []
        for column in self._page.columns:
            first_key = first + 1 if self._page.kind == "abx" else 1
            indices = range(len(column.slots))
            lists.append(tuple(self._stimulus_state(first + index, str(first_key + index)) for index in indices))
            first += len(column.slots)
        return tuple(lists)

    def _stimulus_state(self, position: int, key: str) -> StimulusState:
        sound = self._sound(position, key, self._session.letter(position))
        is_selected = position == self._selected
        if self._page.kind != "grade":
            return StimulusState(sound, is_selected=is_selected)
        response = self._session.response(position)
        return StimulusState(
            sound,
            is_selected=is_selected,
            grade=response.grade,
            slider=self._nudged if is_selected and self._nudged is not None else response.slider,
            status=texts.CANNOT_JUDGE if response.cannot_judge else texts.BROKEN if response.is_broken else "",
            comment=response.comment,
        )

    def _sound(self, position: int | None, key: str, letter: str) -> SoundState:
        duration_ms = 1000.0 * self._duration_s(self._session.item_at(position))
        playing = self._player.playing
        return SoundState(
            position=position,
            key=key,
            letter=letter,
            listened_share=min(1.0, self._session.reached_ms(position) / duration_ms) if duration_ms > 0 else 1.0,
            is_listened=self._session.listened_share(position) >= 1.0,
            is_playing=playing is not None and playing.position == position,
        )

    @property
    def _page(self) -> Page:
        page = self._session.page
        if page is None:
            raise RuntimeError("all pages are done")
        return page

    @property
    def _subject(self) -> int | None:
        """What responses apply to: the selected stimulus, or None for the page as a whole."""
        return self._selected if self._page.kind == "grade" else None

    def _has_subject(self) -> bool:
        return self._page.kind != "grade" or self._selected is not None

    def _subject_name(self) -> str:
        return translate("Rating", "this page") if self._subject is None else self._session.letter(self._subject)

    def _duration_s(self, item_id: str | None) -> float:
        return self._session.study.items[item_id].duration_s if item_id else 0.0


def _answers(kind: TrialKind) -> tuple[AnswerState, ...]:
    match kind:
        case "preference":
            return (
                AnswerState("left", "Q", translate("Rating", "Left is better")),
                AnswerState("tie", "W", translate("Rating", "No difference")),
                AnswerState("right", "E", translate("Rating", "Right is better")),
            )
        case "abx":
            return (
                AnswerState("left", "A", translate("Rating", "X is A")),
                AnswerState("right", "B", translate("Rating", "X is B")),
            )
        case _:
            return ()
