"""Which sound plays: follows the selection, obeys the transport, and says what the device says."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bowerbird.playback.events import CannotPlay, DeviceChanged, Started, Stopped

MIN_DB = -60.0
MAX_DB = 6.0


class Output(Protocol):
    """What plays; see `bowerbird.playback.player.Player`."""

    volume_db: float

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


class PlayingView(Protocol):
    """What the presenter asks of the window."""

    def show_playing(self, path: Path | None) -> None:
        """Mark the sound that is heard, or none."""

    def show_device(self, sentence: str | None) -> None:
        """Show what is wrong with the device, or nothing."""

    def complain(self, sentence: str) -> None:
        """Show what went wrong."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of the sound at hand, in seconds."""

    start_s: float
    end_s: float


class PlayingPresenter:
    """Plays the sound at hand.

    Parameters
    ----------
    view : PlayingView
    output : Output
    """

    def __init__(self, view: PlayingView, output: Output, *, is_auto_play: bool, is_loop: bool) -> None:
        self._view = view
        self._output = output
        self._path: Path | None = None
        self._stretch: Stretch | None = None
        self._start_s = 0.0
        self._heard: Path | None = None
        self.is_auto_play = is_auto_play
        self._is_loop = is_loop

    @property
    def path(self) -> Path | None:
        """The sound at hand."""
        return self._path

    @property
    def stretch(self) -> Stretch | None:
        """The stretch selected in it."""
        return self._stretch

    @property
    def is_loop(self) -> bool:
        """Whether sounds repeat."""
        return self._is_loop

    @property
    def position_s(self) -> float | None:
        """What is heard now, if it is the sound at hand."""
        return self._output.position_s if self._heard == self._path else None

    def selected(self, path: Path | None, *, start_s: float = 0.0, is_quiet: bool = False) -> None:
        """Take up a sound: play it, unless it was chosen in passing or auto-play is off.

        `start_s` is where it is played from: the moment that matched in a long sound.
        """
        self._path, self._stretch, self._start_s = path, None, start_s
        if path is None:
            self._output.stop()
        elif self.is_auto_play and not is_quiet:
            self.replay()

    def replay(self) -> None:
        """Play the sound at hand, its stretch or its moment, from the beginning."""
        if self._path is None:
            return
        if self._stretch is None:
            self._output.play(self._path, start_s=self._start_s, loop=self._is_loop)
        else:
            self._output.play(self._path, start_s=self._stretch.start_s, end_s=self._stretch.end_s, loop=self._is_loop)

    def play_from(self, start_s: float) -> None:
        """Play from a place to the end; a stretch no longer holds."""
        self._stretch = None
        if self._path is not None:
            self._output.play(self._path, start_s=start_s, loop=False)

    def choose_stretch(self, start_s: float, end_s: float) -> None:
        """Play just a stretch."""
        self._stretch = Stretch(start_s, end_s)
        self.replay()

    def toggle(self) -> None:
        """Stop what is heard, or play."""
        if self._output.is_playing:
            self._output.stop()
        else:
            self.replay()

    def stop(self) -> bool:
        """Fall silent; say whether something was heard."""
        was_playing = self._output.is_playing
        self._output.stop()
        return was_playing

    def set_loop(self, *, is_loop: bool) -> None:
        """Repeat sounds, or not; what plays is started anew so that it follows."""
        self._is_loop = is_loop
        if self._output.is_playing and self._heard in {None, self._path}:
            self.replay()

    def set_volume(self, volume_db: float) -> None:
        """Set the volume in dB."""
        self._output.volume_db = min(MAX_DB, max(MIN_DB, volume_db))

    def handle(self, event: object) -> None:
        """Take an event of the player, in the window's thread."""
        match event:
            case Started():
                self._heard = event.path
                self._view.show_playing(event.path)
            case Stopped():
                if event.path == self._heard:
                    self._unmark()
            case DeviceChanged():
                self._view.show_device(event.sentence)
                if event.sentence is not None:
                    self._unmark()
            case CannotPlay():
                self._view.complain(event.sentence)
                self._unmark()
            case _:
                pass

    def _unmark(self) -> None:
        """Mark no sound any more, unless another is on its way: then the mark goes over to that one."""
        if self._heard is not None and not self._output.is_playing:
            self._heard = None
            self._view.show_playing(None)
