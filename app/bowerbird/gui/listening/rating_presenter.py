"""The sequence of a listening test: joining, instructions, volume, headphone check, training, pages and breaks."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Protocol

from bowerbird.base.errors import BowerbirdError
from bowerbird.gui.listening import rating_steps
from bowerbird.gui.listening import rating_texts as texts
from bowerbird.gui.listening.rating_headphones import HeadphoneCheck
from bowerbird.gui.listening.rating_keys import page_command, released_command, step_command
from bowerbird.gui.listening.rating_page_presenter import PagePresenter
from bowerbird.gui.listening.rating_playback import Output, Stimulus, StimulusPlayer
from bowerbird.gui.listening.rating_state import (
    AskToLeave,
    Command,
    Leave,
    PageState,
    RaterRow,
    RatersState,
    RunAction,
    SoundState,
    Stay,
    StepState,
)
from bowerbird.listening.headphones import HeadphoneTrial
from bowerbird.listening.plan import plan_pages
from bowerbird.listening.raters import join
from bowerbird.listening.response_store import ResponseStore
from bowerbird.listening.responses import Rater
from bowerbird.listening.session import RatingSession
from bowerbird.listening.store import StudyFolder


class RatingView(Protocol):
    """What the presenter asks of the window."""

    def show_raters(self, state: RatersState) -> None:
        """Show the page for joining or resuming."""

    def show_step(self, state: StepState) -> None:
        """Show a page between the trials."""

    def show_page(self, state: PageState) -> None:
        """Show a page of stimuli."""

    def shut(self) -> None:
        """Close the window."""


class RatingPresenter:
    """Runs a study with a rater.

    Parameters
    ----------
    view : RatingView
    folder : StudyFolder
    store : ResponseStore
    output : Output
    clock_s : callable
        A monotonic clock.
    make_trials : callable
        Creates the trials of the headphone check.
    pseudonym : str or None
        Alias of the rater, if known.
    """

    def __init__(
        self,
        view: RatingView,
        folder: StudyFolder,
        store: ResponseStore,
        output: Output,
        *,
        clock_s: Callable[[], float],
        make_trials: Callable[[], Sequence[HeadphoneTrial]],
        pseudonym: str | None = None,
    ) -> None:
        self._view = view
        self._folder = folder
        self._design = folder.study.design
        self._store = store
        self._clock_s = clock_s
        self._make_trials = make_trials
        self._pseudonym = pseudonym or ""
        self._player = StimulusPlayer(output, clock_s=clock_s, listened=self._listened)
        self._session: RatingSession | None = None
        self._page: PagePresenter | None = None
        self._check: HeadphoneCheck | None = None
        self._step: StepState | None = None
        self._next_steps: list[Callable[[], None]] = []
        self._is_leaving = False
        self._is_on_page = False
        self._level_ms = 0.0
        self._message: str | None = None

    # Joining

    def start(self) -> None:
        """Show the page for joining, unless the rater is known."""
        known = next((rater for rater in self._store.raters() if rater.pseudonym == self._pseudonym), None)
        if known is None:
            self._show_raters()
        else:
            self._start_session(known)

    def join(self, pseudonym: str, background: Mapping[str, str], *, has_consented: bool) -> None:
        """Start with a new rater."""
        if not has_consented:
            self._show_raters(texts.no_consent())
            return
        try:
            self._start_session(join(self._folder, self._store, pseudonym, background))
        except BowerbirdError as error:
            self._show_raters(str(error))

    def resume_as(self, pseudonym: str) -> None:
        """Resume with a rater who joined on this machine."""
        try:
            self._start_session(next(rater for rater in self._store.raters() if rater.pseudonym == pseudonym))
        except BowerbirdError as error:
            self._show_raters(str(error))

    def _show_raters(self, message: str | None = None) -> None:
        raters = tuple(RaterRow(rater.pseudonym, self._progress_of(rater)) for rater in self._store.raters())
        state = RatersState(
            self._design.title,
            raters,
            texts.consent(),
            texts.background(),
            pseudonym=self._pseudonym,
            message=message,
        )
        self._view.show_raters(state)

    def _progress_of(self, rater: Rater) -> str:
        n_done = len({event.page for event in self._store.responses(rater.id).events if event.kind == "completed"})
        n_pages = len(plan_pages(self._folder.study, rater_number=rater.number))
        return texts.rater_progress(n_done, n_pages)

    def _start_session(self, rater: Rater) -> None:
        self._session = session = RatingSession(self._folder, self._store, rater, clock_s=self._clock_s)
        self._page = PagePresenter(self._view, session, self._player, completed=self._completed)
        if session.page is None:
            self._show_done()
            return
        session.pause_timer()
        is_new = session.note("level") is None
        self._next_steps = [self._instruct, self._set_level] if is_new else [self._welcome]
        if self._design.has_headphone_check and session.note("headphones") is None:
            self._next_steps.append(self._check_headphones)
        self._advance()

    # Events

    def key_pressed(self, key: str) -> bool:
        """Handle a key; return whether it has an effect here."""
        state = self._page.state if self._page is not None and self._is_on_page else None
        if state is not None:
            command = page_command(key, state)
        elif self._step is not None:
            command = step_command(key, self._step)
        else:
            command = Leave() if key == "escape" else None
        if command is not None:
            self.do(command)
        return command is not None

    def key_released(self, key: str) -> None:
        """Handle the release of a key."""
        state = self._page.state if self._page is not None and self._is_on_page else None
        if state is not None and (command := released_command(key, state)) is not None:
            self.do(command)

    def do(self, command: Command) -> None:
        """Run a command of a key or a click."""
        if isinstance(command, Leave):
            self._view.shut()
        elif self._is_on_page and self._page is not None:
            self._page.do(command)
        elif isinstance(command, AskToLeave):
            self._player.stop()
            if self._step is not None and self._step.name == "done":
                self._view.shut()
            self._is_leaving = True
        elif isinstance(command, Stay):
            self._is_leaving = False
        elif isinstance(command, RunAction):
            try:
                self._is_leaving = False
                self._run(command.verb)
            except BowerbirdError as error:
                self._message = str(error)
        self._refresh()

    def handle(self, event: object) -> None:
        """Handle an event of the player."""
        error = self._player.handle(event)
        if self._check is not None:
            self._check.handle(event)
        if error is not None:
            self.complain(error)
        self.tick()

    def tick(self) -> None:
        """Add and show listening time; call it about 20 times a second."""
        try:
            self._player.tick()
        except BowerbirdError as error:
            self.complain(str(error))
        if self._is_on_page and self._page is not None:
            self._page.tick()
        self._refresh()

    def complain(self, sentence: str) -> None:
        """Show an error; "" removes it."""
        self._message = sentence or None
        if self._is_on_page and self._page is not None:
            self._page.complain(sentence or None)
        elif self._session is None and sentence:
            self._show_raters(sentence)
        self._refresh()

    def leave(self) -> None:
        """Stop playback and store the listening time: the window closes."""
        self._player.stop()
        if self._session is not None and self._session.page is not None:
            with suppress(BowerbirdError):  # all responses are on disk already
                self._session.flush_playback()
                self._session.add_note("broke_off", self._session.n_done)

    def _listened(self, position: int | None, listened_ms: float, is_start: bool) -> None:
        if self._is_on_page and self._page is not None:
            self._page.listened(position, listened_ms, is_start)
        else:
            self._level_ms += listened_ms

    # Steps

    def _advance(self) -> None:
        self._player.forget()
        self._check, self._message = None, None
        (self._next_steps.pop(0) if self._next_steps else self._show_page)()

    def _run(self, verb: str) -> None:
        match verb:
            case "advance":
                self._finish_step()
            case "instruct":
                self._next_steps.insert(0, self._instruct)
                self._advance()
            case "level":
                self._next_steps.insert(0, self._set_level)
                self._advance()
            case "again":
                self._check_headphones()
            case "play":
                if self._check is not None and self._player.playing is None:
                    self._check.play()
                else:
                    self._player.toggle()
            case "leave":
                self._view.shut()
            case _ if verb.startswith("tone_") and self._check is not None:
                self._check.answer(int(verb.removeprefix("tone_")))
            case _:
                raise ValueError(f"unknown action {verb}")

    def _finish_step(self) -> None:
        name = self._step.name if self._step is not None else ""
        if name == "level":
            if self._player.error:
                self._message = self._player.error
                return
            self._player.stop()
            self._current.add_note("level", {"item_id": self._level_item(), "listened_ms": round(self._level_ms)})
        elif name == "break":
            self._current.restart_break()
        self._advance()

    def _completed(self) -> None:
        session = self._current
        if session.page is None:
            self._show_done()
        elif session.is_break_due:
            session.pause_timer()
            self._show(rating_steps.rest(self._design))
        elif not session.page.is_training and session.n_done == sum(page.is_training for page in session.pages):
            session.pause_timer()
            self._show(rating_steps.trained())
        else:
            self._show_page()

    def _show_page(self) -> None:
        assert self._page is not None
        self._is_on_page, self._step = True, None
        self._page.start_page()

    def _show(self, state: StepState) -> None:
        self._is_on_page = False
        if self._step is None or state.name != self._step.name:
            self._is_leaving, self._message = False, None
        self._step = state
        self._view.show_step(self._step)

    def _refresh(self) -> None:
        """Show the step if its state changed."""
        step = self._step
        if step is None or self._is_on_page:
            return
        if self._check is not None:
            step = self._check.state()
        elif step.sound is not None:
            step = replace(step, sound=self._level_sound())
        message = self._message or self._player.error or step.message
        step = replace(step, message=message if step.sound is not None else self._message, is_leaving=self._is_leaving)
        if step != self._step:
            self._step = step
            self._view.show_step(step)

    def _instruct(self) -> None:
        self._show(rating_steps.instructions(self._folder.study, n_pages=len(self._current.pages)))

    def _set_level(self) -> None:
        item_id, self._level_ms = self._level_item(), 0.0
        self._show(rating_steps.level(self._level_sound()))
        duration_s = self._folder.study.items[item_id].duration_s
        self._player.play(Stimulus(None, self._folder.excerpt(item_id), duration_s, is_loop=True))

    def _check_headphones(self) -> None:
        store = partial(self._current.add_note, "headphones")
        self._check = HeadphoneCheck(self._make_trials(), self._player, finished=store)
        self._check.play()
        self._show(self._check.state())

    def _welcome(self) -> None:
        session = self._current
        self._show(rating_steps.welcome(session.rater.pseudonym, n_done=session.n_done, n_pages=len(session.pages)))

    def _show_done(self) -> None:
        self._show(rating_steps.done(self._design, self._folder.path, n_pages=self._current.n_done))

    @property
    def _current(self) -> RatingSession:
        if self._session is None:
            raise RuntimeError("no session")
        return self._session

    def _level_item(self) -> str:
        """Return the sound for setting the volume: the longest training reference, or the longest of all."""
        study = self._folder.study
        training = [query.item_id for query in study.design.queries if query.is_training and query.item_id]
        return max(training or sorted(study.items), key=lambda item_id: study.items[item_id].duration_s)

    def _level_sound(self) -> SoundState:
        return SoundState(None, "", "", self._player.position_share, True, self._player.playing is not None)
