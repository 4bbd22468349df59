"""Playing stimuli, and measuring listening time by the position of the player."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from bowerbird.playback.events import CannotPlay, DeviceChanged, Started, Stopped

_GRACE_S: Final = 0.1
"""How far a device may be ahead of the clock."""

_RETRY_S: Final = 2.0
"""How often to try to open a missing device."""


class Output(Protocol):
    """Plays sounds; see `bowerbird.playback.player.Player`."""

    def prepare(self) -> None:
        """Open the device; an event is posted when it is available again."""

    def play(self, path: Path, *, start_s: float = 0.0, end_s: float | None = None, loop: bool = False) -> None:
        """Play a sound."""

    def stop(self) -> None:
        """Stop playback."""

    @property
    def position_s(self) -> float | None:
        """The position that is audible now."""

    @property
    def is_playing(self) -> bool:
        """Whether a sound is playing or about to."""


@dataclass(frozen=True, slots=True)
class Stimulus:
    """A sound to play.

    Attributes
    ----------
    position : int or None
        Of the stimulus on the page; None for the reference.
    path : Path
    duration_s : float
    is_loop : bool
    """

    position: int | None
    path: Path
    duration_s: float
    is_loop: bool = False


class StimulusPlayer:
    """Plays a stimulus at a time and measures listening time.

    Parameters
    ----------
    output : Output
    clock_s : callable
        Limits the listening time: a device that underruns may consume a sound faster than real time.
    listened : callable
        Receives the position, milliseconds, and whether playback started.
    """

    def __init__(
        self, output: Output, *, clock_s: Callable[[], float], listened: Callable[[int | None, float, bool], None]
    ) -> None:
        self._output = output
        self._clock_s = clock_s
        self._listened = listened
        self._stimulus: Stimulus | None = None
        self._is_audible = False
        self._last_position_s = 0.0
        self._counted_s = 0.0
        self._carry_ms = 0.0
        self._started_s = 0.0
        self._retried_s = 0.0
        self.error: str | None = None
        """Why nothing can be played."""

    @property
    def playing(self) -> Stimulus | None:
        """The stimulus that is playing or about to."""
        return self._stimulus if self._stimulus is not None and self._output.is_playing else None

    @property
    def position_share(self) -> float:
        """The position in the current sound, 0 to 1."""
        if self.playing is None or not self._is_audible or (position_s := self._output.position_s) is None:
            return 0.0
        return min(1.0, position_s / self.playing.duration_s) if self.playing.duration_s > 0 else 0.0

    def play(self, stimulus: Stimulus) -> None:
        """Play a stimulus instead of the current one."""
        self.tick()
        self._stimulus, self._is_audible = stimulus, False
        self._started_s = self._clock_s()
        self._output.play(stimulus.path, loop=stimulus.is_loop)

    def toggle(self) -> bool:
        """Stop playback, or play the last stimulus again; return False when there is none."""
        if self.playing is not None:
            self.stop()
        elif self._stimulus is not None:
            self.play(self._stimulus)
        return self._stimulus is not None

    def stop(self) -> None:
        """Stop playback."""
        self.tick()
        self._is_audible = False
        self._output.stop()

    def forget(self) -> None:
        """Stop playback and forget the last stimulus: the page changes."""
        self.stop()
        self._stimulus = None

    def tick(self) -> None:
        """Add the listening time since the last call; try to open a missing device."""
        stimulus = self._stimulus
        if self.error and self._clock_s() - self._retried_s >= _RETRY_S:
            self._retried_s = self._clock_s()
            self._output.prepare()
        if stimulus is None or not self._is_audible or (position_s := self._output.position_s) is None:
            return
        if position_s >= self._last_position_s:
            self._count(stimulus, position_s - self._last_position_s)
        self._last_position_s = position_s

    def handle(self, event: object) -> str | None:
        """Handle an event of the player; return an error, "" when an error was resolved, and None otherwise."""
        stimulus = self._stimulus
        match event:
            case Started() if stimulus is not None and event.path == stimulus.path:
                self._is_audible, self._last_position_s, self._counted_s, self._carry_ms = True, 0.0, 0.0, 0.0
                self._listened(stimulus.position, 0.0, True)
            case Stopped() if self._is_audible and stimulus is not None and event.path == stimulus.path:
                if event.finished and not stimulus.is_loop:
                    self._count(stimulus, max(0.0, stimulus.duration_s - self._last_position_s))
                self._is_audible = self._output.is_playing
            case CannotPlay() if stimulus is not None and event.path == stimulus.path:
                self._is_audible = False
                return event.sentence
            case DeviceChanged():
                self.error = event.sentence
                self._is_audible = self._is_audible and not self.error
                self._retried_s = self._clock_s()
                return self.error or ""
            case _:
                pass
        return None

    def _count(self, stimulus: Stimulus, listened_s: float) -> None:
        """Add whole milliseconds, rounded up at the end: a sound that was played to the end counts in full."""
        past_s = self._clock_s() - self._started_s + _GRACE_S
        listened_s = min(listened_s, past_s - self._counted_s)
        if listened_s <= 0.0:
            return
        self._counted_s += listened_s
        exact_ms = 1000.0 * listened_s + self._carry_ms
        whole_ms = -(-exact_ms // 1.0)
        self._carry_ms = exact_ms - whole_ms
        self._listened(stimulus.position, whole_ms, False)
