"""What was really heard: the player's own position, looked at often, counted for whom it was asked for."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from bowerbird.playback.events import CannotPlay, DeviceChanged, Started, Stopped

_GRACE_S: Final = 0.1
"""A device may be heard so much ahead of the clock by which it is looked at."""

_ASK_AGAIN_S: Final = 2.0
"""How often a device that is away is looked for."""


class Output(Protocol):
    """What plays; see `bowerbird.playback.player.Player`."""

    def prepare(self) -> None:
        """Open the device; where it had failed, its coming back is posted."""

    def play(self, path: Path, *, start_s: float = 0.0, end_s: float | None = None, loop: bool = False) -> None:
        """Play from now on."""

    def stop(self) -> None:
        """Fall silent."""

    @property
    def position_s(self) -> float | None:
        """What is heard now."""

    @property
    def is_playing(self) -> bool:
        """Whether something is heard, or about to be."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What was asked for.

    Attributes
    ----------
    position : int or None
        Of the candidate; None for what they are compared with.
    path : Path
    duration_s : float
    is_loop : bool
    """

    position: int | None
    path: Path
    duration_s: float
    is_loop: bool = False


class Listening:
    """Plays one sound at a time and counts how much of it was heard.

    Parameters
    ----------
    output : Output
    clock_s : callable
        No more is counted than time went by: a device that runs dry may swallow a sound faster than it can be heard.
    heard : callable
        Takes position, milliseconds and whether the sound began anew, whenever something was heard.
    """

    def __init__(
        self, output: Output, *, clock_s: Callable[[], float], heard: Callable[[int | None, float, bool], None]
    ) -> None:
        self._output = output
        self._clock_s = clock_s
        self._heard = heard
        self._asked: Ask | None = None
        self._is_sounding = False
        self._last_position_s = 0.0
        self._counted_s = 0.0
        self._rest_ms = 0.0
        self._asked_at_s = 0.0
        self._sought_at_s = 0.0
        self.fault = ""
        """Why nothing can be heard; "" when all is well."""

    @property
    def playing(self) -> Ask | None:
        """What is heard, or about to be."""
        return self._asked if self._asked is not None and self._output.is_playing else None

    @property
    def last(self) -> Ask | None:
        """What was asked for last."""
        return self._asked

    @property
    def position_share(self) -> float:
        """How far the sound that plays has come, 0 to 1."""
        if self.playing is None or not self._is_sounding or (position_s := self._output.position_s) is None:
            return 0.0
        return min(1.0, position_s / self.playing.duration_s) if self.playing.duration_s > 0 else 0.0

    def play(self, ask: Ask) -> None:
        """Play in place of what plays."""
        self.tick()
        self._asked, self._is_sounding = ask, False
        self._asked_at_s = self._clock_s()
        self._output.play(ask.path, loop=ask.is_loop)

    def toggle(self) -> bool:
        """Stop what plays, or play the last one again; False where there is none."""
        if self.playing is not None:
            self.stop()
        elif self._asked is not None:
            self.play(self._asked)
        return self._asked is not None

    def stop(self) -> None:
        """Fall silent."""
        self.tick()
        self._is_sounding = False
        self._output.stop()

    def forget(self) -> None:
        """Fall silent, and let nothing be played again: another page begins."""
        self.stop()
        self._asked = None

    def tick(self) -> None:
        """Count what was heard since the last look; look for a device that is away."""
        asked = self._asked
        if self.fault and self._clock_s() - self._sought_at_s >= _ASK_AGAIN_S:
            self._sought_at_s = self._clock_s()
            self._output.prepare()
        if asked is None or not self._is_sounding or (position_s := self._output.position_s) is None:
            return
        if position_s >= self._last_position_s:
            self._count(asked, position_s - self._last_position_s)
        self._last_position_s = position_s

    def handle(self, event: object) -> str | None:
        """Take an event of the player; return a sentence where something went wrong, "" where it was mended."""
        asked = self._asked
        match event:
            case Started() if asked is not None and event.path == asked.path:
                self._is_sounding, self._last_position_s, self._counted_s, self._rest_ms = True, 0.0, 0.0, 0.0
                self._heard(asked.position, 0.0, True)
            case Stopped() if self._is_sounding and asked is not None and event.path == asked.path:
                if event.finished and not asked.is_loop:
                    self._count(asked, max(0.0, asked.duration_s - self._last_position_s))
                self._is_sounding = self._output.is_playing
            case CannotPlay() if asked is not None and event.path == asked.path:
                self._is_sounding = False
                return event.sentence
            case DeviceChanged():
                self.fault = event.sentence or ""
                self._is_sounding = self._is_sounding and not self.fault
                self._sought_at_s = self._clock_s()
                return self.fault
            case _:
                pass
        return None

    def _count(self, asked: Ask, heard_s: float) -> None:
        """Count in whole milliseconds, rounded up once the sound is over: what was heard whole is whole."""
        past_s = self._clock_s() - self._asked_at_s + _GRACE_S
        heard_s = min(heard_s, past_s - self._counted_s)
        if heard_s <= 0.0:
            return
        self._counted_s += heard_s
        exact_ms = 1000.0 * heard_s + self._rest_ms
        whole_ms = -(-exact_ms // 1.0)
        self._rest_ms = exact_ms - whole_ms
        self._heard(asked.position, whole_ms, False)
