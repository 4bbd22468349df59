"""A rater without a window: the presenter, a silent player, and a clock that the test sets."""

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
"""Index of the quiet tone in each trial of the headphone check."""


@dataclass
class Clock:
    """A clock that the test sets."""

    now_s: float = 1000.0

    def __call__(self) -> float:
        return self.now_s

    def wind(self, seconds: float) -> None:
        self.now_s += seconds


class RatingPlayer(FakePlayer):
    """A player that counts how often its device is opened."""

    def __init__(self, *, post: Callable[[object], None]) -> None:
        super().__init__(post=post)
        self.n_prepared = 0

    def prepare(self) -> None:
        self.n_prepared += 1


@dataclass
class FakeView:
    """Stores everything that is shown."""

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
    """A rater at the rating window."""

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

    # State

    @property
    def state(self) -> Any:
        """The state that is shown."""
        return self.view.states[-1]

    @property
    def step(self) -> str:
        """The name of the page between the trials; "" on a trial."""
        return self.state.name if isinstance(self.state, StepState) else ""

    @property
    def page(self) -> Page:
        """The current page, with everything that raters must not see."""
        page = self.presenter._current.page
        assert page is not None
        return page

    @property
    def n_pages(self) -> int:
        return len(self.presenter._current.pages)

    @property
    def answers(self) -> Responses:
        """The responses on disk, as another program reads them."""
        with ResponseStore(self.folder.path) as file:
            return file.responses()

    def stimulus(self, letter: str) -> Any:
        return next(stimulus for stimulus in self.state.stimuli if stimulus.sound.letter == letter)

    # Actions

    def deliver(self) -> None:
        """Let the presenter handle the events of the player."""
        while self.events:
            self.presenter.handle(self.events.pop(0))

    def press(self, *keys: str) -> None:
        for key in keys:
            self.presenter.key_pressed(key)
            self.deliver()

    def go_by(self, seconds: float) -> None:
        """Let time pass in steps, while playback continues."""
        while seconds > 1e-9:
            step_s = min(0.05, seconds)
            self.clock.wind(step_s)
            if self.player.is_playing:
                self.player.position_s = (self.player.position_s or 0.0) + step_s
            self.presenter.tick()
            self.deliver()
            seconds -= step_s

    def listen(self, *keys: str, seconds: float = 0.3) -> None:
        """Play the sound of each key to its end."""
        for key in keys:
            self.press(key)
            self.go_by(seconds)
            self.player.finish()
            self.deliver()

    def join(self, pseudonym: str = "heron", **background: str) -> None:
        """Join, and continue to the first page."""
        self.presenter.join(pseudonym, background, has_consented=True)
        self.deliver()
        while self.step:
            self.press("enter")

    def listen_to_all(self) -> None:
        """Play everything on the page."""
        if self.state.reference is not None:
            self.listen("0")
        for number, one_list in enumerate(self.state.lists):
            if self.state.kind == "preference":
                self.press("left" if number == 0 else "right")
            self.listen(*(stimulus.sound.key for stimulus in one_list))

    def rate_page(self) -> None:
        """Rate everything on the page, and continue."""
        self.listen_to_all()
        if self.state.kind == "grade":
            for stimulus in self.state.lists[0]:
                self.press(stimulus.sound.key, "w")
        else:
            self.press("a" if self.state.kind == "abx" else "q")
        self.press("enter")

    def leave(self) -> None:
        """Close the window."""
        self.presenter.leave()
        self.file.close()
