"""Playback: follows the selection and the transport, and shows the state of the sound device."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Protocol

from bowerbird.base.errors import BowerbirdError
from bowerbird.domain.query import Example
from bowerbird.domain.tempo_and_key import Key, key_shift_semitones, parse_key, tempo_ratio
from bowerbird.gui.translation import translate
from bowerbird.playback.events import CannotPlay, DeviceChanged, OutputReplaced, Started, Stopped
from bowerbird.playback.request import (
    FASTEST,
    HIGHEST_SEMITONES,
    LOWEST_SEMITONES,
    SLOWEST,
    UNTREATED,
    Request,
    Treatment,
)

MIN_DB = -60.0
MAX_DB = 6.0
SPEED_STEP = 0.05
MAX_PREPARED_S = 300.0
"""Length of a region, in seconds, up to which it is rendered before it is dragged."""


class Output(Protocol):
    """Plays sounds; see `bowerbird.playback.player.Player`."""

    volume_db: float

    def play(
        self,
        path: Path,
        *,
        start_s: float = 0.0,
        end_s: float | None = None,
        loop: bool = False,
        from_s: float | None = None,
        treatment: Treatment = UNTREATED,
        is_even: bool = False,
    ) -> None:
        """Play a file, or a region of it."""

    def prefetch(self, paths: Sequence[Path], *, is_even: bool = False) -> None:
        """Prepare sounds that are likely to be played next."""

    def stop(self) -> None:
        """Stop."""

    @property
    def position_s(self) -> float | None:
        """The position that is audible now."""

    @property
    def is_playing(self) -> bool:
        """Whether a sound plays, or is about to."""


@dataclass(frozen=True, slots=True)
class Music:
    """A tempo and a key, where they are known."""

    bpm: float | None = None
    key: Key | None = None

    def __str__(self) -> str:
        """Return "120 BPM, A minor"; "" where neither is known."""
        tempo = f"{self.bpm:g} BPM" if self.bpm is not None else ""
        return ", ".join(part for part in (tempo, str(self.key) if self.key is not None else "") if part)


class PlayingView(Protocol):
    """What the presenter needs of the window."""

    def show_playing(self, path: Path | None) -> None:
        """Mark the sound that plays, or none."""

    def show_treatment(self, treatment: Treatment) -> None:
        """Show how the current sound is played."""

    def show_target(self, target: Music) -> None:
        """Show the tempo and key that sounds are played in."""

    def show_music_note(self, note: str) -> None:
        """Show that the tempo or key of the current sound is not known, where that matters; "" for nothing."""

    def show_device(self, sentence: str | None) -> None:
        """Show a problem of the sound device, or none."""

    def complain(self, sentence: str) -> None:
        """Show an error."""


@dataclass(frozen=True, slots=True)
class Region:
    """A region of the current sound, in seconds."""

    start_s: float
    end_s: float


def music_of(bpm: float | None, root_key: str | None) -> Music:
    """Return the tempo and the key of a sound, as far as they are known."""
    is_valid = bpm is not None and 0.0 < bpm < math.inf
    return Music(bpm if is_valid else None, parse_key(root_key) if root_key else None)


def no_rendering(request: Request) -> Path:
    """Return the original of every sound."""
    return request.path


class PlayingPresenter:
    """Plays the current sound.

    Parameters
    ----------
    view : PlayingView
    output : Output
    is_auto_play, is_loop, is_even : bool
    render : callable
        Returns a file that sounds as a request; see `bowerbird.playback.render.render_for_drag`.
    prepare : callable
        Receives requests that may be dragged soon, so that they are rendered before; it must not block.
    """

    def __init__(
        self,
        view: PlayingView,
        output: Output,
        *,
        is_auto_play: bool,
        is_loop: bool,
        is_even: bool = False,
        render: Callable[[Request], Path] = no_rendering,
        prepare: Callable[[Request], object] = lambda _: None,
    ) -> None:
        self._view = view
        self._output = output
        self._path: Path | None = None
        self._region: Region | None = None
        self._start_s = self._cursor_s = 0.0
        self._playing: Path | None = None
        self.is_auto_play = is_auto_play
        self._is_loop = is_loop
        self._is_even = is_even
        self._render = render
        self._prepare = prepare
        self._chosen = UNTREATED
        self._music = self._target = Music()

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
    def is_even(self) -> bool:
        """Whether sounds are played equally loud."""
        return self._is_even

    @property
    def target(self) -> Music:
        """The tempo and key that sounds are played in."""
        return self._target

    @property
    def treatment(self) -> Treatment:
        """How the current sound is played: as chosen, and in the chosen tempo and key."""
        return self._treatment_of(self._music)

    @property
    def position_s(self) -> float | None:
        """The position that is audible now, if the current sound plays."""
        return self._output.position_s if self._playing == self._path else None

    def selected(
        self, path: Path | None, *, start_s: float = 0.0, is_quiet: bool = False, music: Music | None = None
    ) -> None:
        """Make a sound the current one, and play it unless `is_quiet` or auto-play is off.

        Parameters
        ----------
        path : Path or None
        start_s : float
            Where it is played from: the window of a long sound that matched.
        is_quiet : bool
        music : Music or None
            Its tempo and key, where they are known.
        """
        self._path, self._region, self._start_s, self._cursor_s = path, None, start_s, start_s
        self._music = music or Music()
        self._show_treatment()
        if path is None:
            self._output.stop()
        elif self.is_auto_play and not is_quiet:
            self.replay()

    @property
    def lacks_music(self) -> bool:
        """Whether the current sound would be played in a tempo or key if its own were known."""
        return self._path is not None and bool(self._lacking)

    @property
    def _lacking(self) -> set[str]:
        target, known = self._target, self._music
        lacks = {
            "tempo": target.bpm is not None and known.bpm is None,
            "key": target.key is not None and known.key is None,
        }
        return {name for name, is_lacking in lacks.items() if is_lacking}

    def learn(self, path: Path, music: Music) -> None:
        """Take note of an estimated tempo and key; what the file says itself is kept. They are used from now on."""
        if path != self._path:
            return
        known = self._music
        self._music = Music(known.bpm or music.bpm, known.key or music.key)
        if self._music != known:
            self._treat(self._chosen)

    def prefetch(self, paths: Sequence[Path]) -> None:
        """Prepare sounds that are likely to be selected next."""
        if self.is_auto_play:
            self._output.prefetch(paths, is_even=self._is_even)

    def replay(self) -> None:
        """Play the current sound or its region from the beginning."""
        if self._path is not None:
            request = self._request(self._path)
            self._cursor_s = request.start_s
            self._play(request)

    def play_from(self, start_s: float) -> None:
        """Play from a position to the end, or backwards to the beginning; the region is cleared."""
        self._region = None
        self._cursor_s = start_s
        if self._path is None:
            return
        if self.treatment.is_reversed:
            self._play(self._request(self._path, start_s=0.0, end_s=max(start_s, 0.001), is_looped=False))
        else:
            self._play(self._request(self._path, start_s=start_s, is_looped=False))

    def seek(self, by_s: float, *, duration_s: float) -> None:
        """Skip forward, or back with a negative number, in what is audible; beyond the end, nothing changes."""
        if self._path is None:
            return
        at_s = self._cursor() + (-by_s if self.treatment.is_reversed else by_s)
        if at_s < duration_s:
            self.play_from(max(0.0, at_s))

    def _cursor(self) -> float:
        """Return the position that is audible, else where playback last began or was."""
        position_s = self.position_s
        return self._cursor_s if position_s is None else position_s

    def mark(self, edge: Literal["start", "end"], *, duration_s: float) -> Region | None:
        """Begin or end the region at the current position, and play it; return it, or None where it would be empty."""
        if self._path is None:
            return None
        former = self._region or Region(0.0, duration_s)
        at_s = self._cursor()
        if edge == "end" and self.position_s is None and at_s <= former.start_s:
            return None  # playback has ended: the end of the sound is the end of the region already
        if edge == "start":
            region = Region(at_s, former.end_s if former.end_s > at_s else duration_s)
        else:
            region = Region(former.start_s if former.start_s < at_s else 0.0, at_s)
        if region.end_s - region.start_s <= 0:
            return None
        self.choose_region(region.start_s, region.end_s)
        return region

    def play_other(self, path: Path, start_s: float) -> None:
        """Play a sound that is not the current one, such as the query, as it is."""
        self._output.play(path, start_s=start_s, is_even=self._is_even)

    def choose_region(self, start_s: float, end_s: float) -> None:
        """Select a region and play it."""
        self._region = Region(start_s, end_s)
        self._prepare_region()
        self.replay()

    def choose_moment(self, start_s: float, end_s: float, is_quiet: bool) -> None:
        """Make a moment of the current sound its region, and play it unless `is_quiet` or auto-play is off."""
        self._region = Region(start_s, end_s)
        self._prepare_region()
        if self.is_auto_play and not is_quiet:
            self.replay()

    def play_example(self, example: Example) -> None:
        """Play an example of the query; the current sound stays the current one."""
        self._output.play(example.path, start_s=example.start_s or 0.0, end_s=example.end_s, is_even=self._is_even)

    def clear_region(self) -> None:
        """Select the whole sound; what plays goes on."""
        self._region = None

    def toggle(self) -> None:
        """Stop, or play."""
        if self._output.is_playing:
            self._cursor_s = self._cursor()
            self._output.stop()
        else:
            self.replay()

    def stop(self) -> bool:
        """Stop; return whether a sound was playing."""
        was_playing = self._output.is_playing
        self._cursor_s = self._cursor()
        self._output.stop()
        return was_playing

    # How sounds are played

    def set_loop(self, *, is_loop: bool) -> None:
        """Loop sounds or not."""
        self._is_loop = is_loop
        self._play_on()

    def set_even(self, *, is_even: bool) -> None:
        """Play sounds equally loud or as they are."""
        self._is_even = is_even
        self._play_on()

    def set_reversed(self, *, is_reversed: bool) -> None:
        """Play sounds backwards or forwards."""
        self._treat(replace(self._chosen, is_reversed=is_reversed))

    def shift_pitch(self, semitones: int) -> None:
        """Raise or lower the pitch, within its limits."""
        wanted = min(max(self._chosen.semitones + semitones, LOWEST_SEMITONES), HIGHEST_SEMITONES)
        self._treat(replace(self._chosen, semitones=wanted))

    def reset_pitch(self) -> None:
        """Play sounds at their own pitch, or in the chosen key."""
        self._treat(replace(self._chosen, semitones=0.0))

    def step_speed(self, n_steps: int) -> None:
        """Play faster and higher, or slower and lower, by steps of 5 %."""
        self.set_speed(round((self._chosen.speed + n_steps * SPEED_STEP) / SPEED_STEP) * SPEED_STEP)

    def set_speed(self, speed: float) -> None:
        """Play faster and higher, or slower and lower."""
        self._treat(replace(self._chosen, speed=min(max(speed, SLOWEST), FASTEST)))

    def set_channel(self, channel: int | None) -> None:
        """Play a channel alone on both sides, or mix all channels."""
        self._treat(replace(self._chosen, channel=channel))

    def follow(self, music: Music) -> None:
        """Play sounds whose tempo or key is known in a tempo and key; an empty `Music` plays them as they are."""
        self._aim_at(music)
        self._treat(self._chosen)

    def reset(self) -> None:
        """Play sounds as they are."""
        self._aim_at(Music())
        self._treat(UNTREATED)

    def _aim_at(self, music: Music) -> None:
        self._target = music
        self._view.show_target(music)

    def _treat(self, treatment: Treatment) -> None:
        self._chosen = treatment
        self._prepare_region()
        self._show_treatment()
        self._play_on()

    def _prepare_region(self) -> None:
        """Let the region be rendered, as it is now to be dragged."""
        region = self._region
        if self._path is not None and region is not None and region.end_s - region.start_s <= MAX_PREPARED_S:
            self._prepare(self._dragged(self._path))

    def _show_treatment(self) -> None:
        self._view.show_treatment(self.treatment)
        self._view.show_music_note(self._music_note())

    def _music_note(self) -> str:
        """Return what is not known of the current sound, though sounds are to be played in another tempo or key."""
        lacking = self._lacking if self._path is not None else set()
        if len(lacking) > 1:
            return translate("Playing", "tempo and key not known")
        if "tempo" in lacking:
            return translate("Playing", "tempo not known")
        return translate("Playing", "key not known") if lacking else ""

    def _treatment_of(self, music: Music) -> Treatment:
        semitones, tempo = self._chosen.semitones, self._chosen.tempo
        if music.key is not None and self._target.key is not None:
            shifted = semitones + key_shift_semitones(music.key, self._target.key)
            semitones = min(max(shifted, LOWEST_SEMITONES), HIGHEST_SEMITONES)
        if music.bpm and self._target.bpm:
            tempo *= tempo_ratio(music.bpm, self._target.bpm)
        return replace(self._chosen, semitones=semitones, tempo=tempo)

    def _request(
        self, path: Path, *, start_s: float | None = None, end_s: float | None = None, is_looped: bool | None = None
    ) -> Request:
        """Return the request for the current sound: a part of it, or its region."""
        if start_s is None and self._region is not None:
            start_s, end_s = self._region.start_s, self._region.end_s
        return Request(
            path,
            self._start_s if start_s is None else start_s,
            end_s,
            self._is_loop if is_looped is None else is_looped,
            treatment=self.treatment,
            is_even=self._is_even,
        )

    def _play(self, request: Request) -> None:
        self._output.play(
            request.path,
            start_s=request.start_s,
            end_s=request.end_s,
            loop=request.is_looped,
            from_s=request.from_s,
            treatment=request.treatment,
            is_even=request.is_even,
        )

    def _play_on(self) -> None:
        """Let what plays go on from where it is, as it is now to be played."""
        if self._path is None or not self._output.is_playing or self._playing not in {None, self._path}:
            return
        request = self._request(self._path)
        if self.treatment.is_reversed and self._region is None:
            request = replace(request, start_s=0.0)
        self._play(replace(request, from_s=self.position_s))

    def files_for_drag(self, paths: Sequence[Path]) -> list[Path]:
        """Return the files that sound as the sounds are played: the originals, or rendered ones.

        The region belongs to the current sound. A sound that cannot be rendered is dragged as it is, with a complaint.
        """
        files = []
        for path in paths:
            try:
                files.append(self._render(self._dragged(path)))
            except BowerbirdError as error:
                self._view.complain(str(error))
                files.append(path)
        return files

    def _dragged(self, path: Path) -> Request:
        """Return the request that a sound is dragged as."""
        request = Request(path, is_looped=self._is_loop, treatment=self._treatment_of(Music()))
        if path != self._path:
            return request
        request = replace(request, treatment=self.treatment)
        if self._region is None:
            return request
        return replace(request, start_s=self._region.start_s, end_s=self._region.end_s)

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
            case OutputReplaced():
                self._view.complain(event.sentence)
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
