"""Playback: follows the selection and the transport, and shows the state of the sound device."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bowerbird.domain.query import Example
from bowerbird.playback.events import CannotPlay, DeviceChanged, Started, Stopped

MIN_DB = -60.0
MAX_DB = 6.0


class Output(Protocol):
    """Plays sounds; see `bowerbird.playback.player.Player`."""

    volume_db: float

    def play(self, path: Path, *, start_s: float = 0.0, end_s: float | None = None, loop: bool = False) -> None:
        """Play a file, or a region of it."""

    def stop(self) -> None:
        """Stop."""

    @property
    def position_s(self) -> float | None:
        """The position that is audible now."""

    @property
    def is_playing(self) -> bool:
        """Whether a sound plays, or is about to."""


class PlayingView(Protocol):
    """What the presenter needs of the window."""

    def show_playing(self, path: Path | None) -> None:
        """Mark the sound that plays, or none."""

    def show_device(self, sentence: str | None) -> None:
        """Show a problem of the sound device, or none."""

    def complain(self, sentence: str) -> None:
        """Show an error."""


@dataclass(frozen=True, slots=True)
class Region:
    """A region of the current sound, in seconds."""

    start_s: float
    end_s: float


class PlayingPresenter:
    """Plays the current sound.

    Parameters
    ----------
    view : PlayingView
    output : Output
    """

    def __init__(self, view: PlayingView, output: Output, *, is_auto_play: bool, is_loop: bool) -> None:
        self._view = view
        self._output = output
        self._path: Path | None = None
        self._region: Region | None = None
        self._start_s = 0.0
        self._playing: Path | None = None
        self.is_auto_play = is_auto_play
        self._is_loop = is_loop

    @property
    def path(self) -> Path | None:
        """The current sound."""
        return self._path

    @property
    def region(self) -> Region | None:
        """The region selected in it."""
        return self._region

    @property
    def is_loop(self) -> bool:
        """Whether sounds repeat."""
        return self._is_loop

    @property
    def position_s(self) -> float | None:
        """The position that is audible now, if the current sound plays."""
        return self._output.position_s if self._playing == self._path else None

    def selected(self, path: Path | None, *, start_s: float = 0.0, is_quiet: bool = False) -> None:
        """Make a sound the current one, and play it unless `is_quiet` or auto-play is off.

        `start_s` is where it is played from: the window of a long sound that matched.
        """
        self._path, self._region, self._start_s = path, None, start_s
        if path is None:
            self._output.stop()
        elif self.is_auto_play and not is_quiet:
            self.replay()

    def replay(self) -> None:
        """Play the current sound or its region from the beginning."""
        if self._path is None:
            return
        if self._region is None:
            self._output.play(self._path, start_s=self._start_s, loop=self._is_loop)
        else:
            self._output.play(self._path, start_s=self._region.start_s, end_s=self._region.end_s, loop=self._is_loop)

    def play_from(self, start_s: float) -> None:
        """Play from a position to the end; the region is cleared."""
        self._region = None
        if self._path is not None:
            self._output.play(self._path, start_s=start_s, loop=False)

    def choose_region(self, start_s: float, end_s: float) -> None:
        """Select a region and play it."""
        self._region = Region(start_s, end_s)
        self.replay()

    def play_example(self, example: Example) -> None:
        """Play an example of the query; the current sound stays the current one."""
        self._output.play(example.path, start_s=example.start_s or 0.0, end_s=example.end_s)

    def toggle(self) -> None:
        """Stop, or play."""
        if self._output.is_playing:
            self._output.stop()
        else:
            self.replay()

    def stop(self) -> bool:
        """Stop; return whether a sound was playing."""
        was_playing = self._output.is_playing
        self._output.stop()
        return was_playing

    def set_loop(self, *, is_loop: bool) -> None:
        """Loop sounds or not; the playing sound is restarted accordingly."""
        self._is_loop = is_loop
        if self._output.is_playing and self._playing in {None, self._path}:
            self.replay()

    def set_volume(self, volume_db: float) -> None:
        """Set the volume in dB."""
        self._output.volume_db = min(MAX_DB, max(MIN_DB, volume_db))

    def handle(self, event: object) -> None:
        """Take an event of the player, in the window's thread."""
        match event:
            case Started():
                self._playing = event.path
                self._view.show_playing(event.path)
            case Stopped():
                if event.path == self._playing:
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
        """Remove the mark, unless another sound is about to play: then that one is marked."""
        if self._playing is not None and not self._output.is_playing:
            self._playing = None
            self._view.show_playing(None)
