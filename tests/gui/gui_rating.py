"""A rater without a window: the presenter, a player that is heard nowhere, and a clock that is wound by hand."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gui_player import FakePlayer

from bowerbird.gui.listening.rating_presenter import RatingPresenter
from bowerbird.gui.listening.rating_state import PageState, RatersState, StepState
from bowerbird.listening.headphones import HeadphoneTrial
from bowerbird.listening.response_store import ResponseStore
from bowerbird.listening.responses import Page, Responses
from bowerbird.listening.store import StudyFolder

QUIETEST = (1, 0, 2, 1, 2, 0)
"""Where the quiet tone of each trial of the headphone check stands."""


@dataclass
class Clock:
    """Seconds that grow when they are told to."""

    now_s: float = 1000.0

    def __call__(self) -> float:
        return self.now_s

    def wind(self, seconds: float) -> None:
        self.now_s += seconds


class RatingPlayer(FakePlayer):
    """A player that also opens its device when it is asked to."""

    def __init__(self, *, post: Callable[[object], None]) -> None:
        super().__init__(post=post)
        self.n_prepared = 0

    def prepare(self) -> None:
        self.n_prepared += 1


@dataclass
class FakeView:
    """Keeps everything that it was told to show."""

    states: list[Any] = field(default_factory=list)
    is_shut: bool = False

    def show_raters(self, state: RatersState) -> None:
        self.states.append(state)

    def show_step(self, state: StepState) -> None:
        self.states.append(state)

    def show_page(self, state: PageState) -> None:
        self.states.append(state)

    def shut(self) -> None:
        self.is_shut = True


class Seat:
    """Somebody at the rating window."""

    def __init__(self, folder: StudyFolder, *, pseudonym: str | None = None) -> None:
        self.folder = folder
        self.clock = Clock()
        self.view = FakeView()
        self.events: list[object] = []
        self.player = RatingPlayer(post=self.events.append)
        self.file = ResponseStore(folder.path)
        self.tones = [HeadphoneTrial(Path(__file__), 4.0, quietest) for quietest in QUIETEST]
        self.presenter = RatingPresenter(
            self.view,
            folder,
            self.file,
            self.player,
            clock_s=self.clock,
            make_trials=lambda: self.tones,
            pseudonym=pseudonym,
        )
        self.presenter.start()

    # Seeing

    @property
    def state(self) -> Any:
        """What is shown."""
        return self.view.states[-1]

    @property
    def step(self) -> str:
        """The name of the page between the trials; "" on a trial."""
        return self.state.name if isinstance(self.state, StepState) else ""

    @property
    def page(self) -> Page:
        """The page at hand, with everything that raters must not see."""
        page = self.presenter._sitting.page
        assert page is not None
        return page

    @property
    def n_pages(self) -> int:
        return len(self.presenter._sitting.pages)

    @property
    def answers(self) -> Responses:
        """What is on disk, as another program reads it."""
        with ResponseStore(self.folder.path) as file:
            return file.responses()

    def candidate(self, letter: str) -> Any:
        return next(candidate for candidate in self.state.candidates if candidate.sound.letter == letter)

    # Doing

    def deliver(self) -> None:
        """Let the presenter hear of what the player posted."""
        while self.events:
            self.presenter.handle(self.events.pop(0))

    def press(self, *keys: str) -> None:
        for key in keys:
            self.presenter.key_pressed(key)
            self.deliver()

    def go_by(self, seconds: float) -> None:
        """Let time go by in steps, while the sound that plays goes on."""
        while seconds > 1e-9:
            step_s = min(0.05, seconds)
            self.clock.wind(step_s)
            if self.player.is_playing:
                self.player.position_s = (self.player.position_s or 0.0) + step_s
            self.presenter.tick()
            self.deliver()
            seconds -= step_s

    def hear(self, *keys: str, seconds: float = 0.3) -> None:
        """Play what each key plays, to its end."""
        for key in keys:
            self.press(key)
            self.go_by(seconds)
            self.player.finish()
            self.deliver()

    def sit_down(self, pseudonym: str = "heron", **background: str) -> None:
        """Go through everything up to the first page."""
        self.presenter.begin(pseudonym, background, has_consented=True)
        self.deliver()
        while self.step:
            self.press("enter")

    def hear_all(self) -> None:
        """Hear everything on the page."""
        if self.state.first is not None:
            self.hear("0")
        for number, one_list in enumerate(self.state.lists):
            if self.state.kind == "preference":
                self.press("left" if number == 0 else "right")
            self.hear(*(candidate.sound.key for candidate in one_list))

    def rate_page(self) -> None:
        """Answer everything on the page, and go on."""
        self.hear_all()
        if self.state.kind == "grade":
            for candidate in self.state.lists[0]:
                self.press(candidate.sound.key, "w")
        else:
            self.press("a" if self.state.kind == "abx" else "q")
        self.press("enter")

    def leave(self) -> None:
        """Close the window."""
        self.presenter.leave()
        self.file.close()
