"""The player: plays one sound at a time, with a thread that manages the device."""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from bowerbird.audio.decode import open_sound
from bowerbird.base.errors import BowerbirdError, PlaybackError
from bowerbird.playback.device import LATENCIES_S, OpenOutput, Output, open_output
from bowerbird.playback.events import CannotPlay, DeviceChanged, OutputReplaced, Started, Stopped
from bowerbird.playback.heads import LIMIT_BYTES, Heads
from bowerbird.playback.mixer import LOUDEST_DB, SILENT_DB, Mixer, gain_of
from bowerbird.playback.request import UNTREATED, Request, Treatment
from bowerbird.playback.voice import EvenGain, OpenSound, Voice, no_gain

GRACE_S: Final = 0.03
"""How long the previous sound continues while a new one is opened: long enough for a cross-fade if the new sound is
ready soon, short enough to be silent at once if it is not."""

IDLE_S: Final = 30.0
"""How long the device stays open after the last sound, so that the next sound starts with the next block: opening takes
2 to 90 ms on PulseAudio and more elsewhere. Then it is released for other programs and to save power."""

TICK_S: Final = 0.02
"""How often a playing voice is checked for its end; the largest delay of `Stopped`."""

LAZY_TICK_S: Final = 0.5
"""How often an open, silent device is checked."""

DRY_LIMIT: Final = 8
DRY_WINDOW_S: Final = 0.25
LONGEST_LATENCY_S: Final = 0.2
"""A device with this many underflows within the window is reopened with twice the latency, up to this limit.
ALSA's PulseAudio plug-in can underflow at every block, and then consumes audio many times too fast."""

SWALLOWED_S: Final = 0.5
"""A sound that had played less than this when its device is reopened starts again."""

JOIN_S: Final = 5.0


class Player:
    """Plays the most recently requested sound.

    Every method returns at once and may be called from any thread. Events are posted in order from the player's
    thread: a `play` that is not replaced by a newer request leads to `Started`, `CannotPlay`, or `DeviceChanged` with a
    sentence; each `Started` is followed by a `Stopped`.

    Parameters
    ----------
    post : callable
        Receives each event in the player's thread; must not block.
    latency : str or float
        Requested output latency: ``"low"``, ``"high"``, or seconds.
    output : str or None
        Name of the output device; None follows the system's default.
    open_output, open_sound : callable
        Open the device and the files.
    even_gain : callable
        Returns the gain of a sound for `play` with ``is_even``.
    idle_s : float
        Silence after which the device is released.
    prefetch_bytes : int
        Memory for the beginnings of sounds that are likely to be played next.
    """

    def __init__(
        self,
        *,
        post: Callable[[object], None],
        latency: str | float = "low",
        output: str | None = None,
        open_output: OpenOutput = open_output,
        open_sound: OpenSound = open_sound,
        even_gain: EvenGain = no_gain,
        idle_s: float = IDLE_S,
        prefetch_bytes: int = LIMIT_BYTES,
    ) -> None:
        self._post = post
        self._open_output = open_output
        self._heads = Heads(open_sound, limit_bytes=prefetch_bytes)
        self._even_gain = even_gain
        self._idle_s = idle_s
        self._latency_s = _latency_s(latency)
        self._volume_db = 0.0
        # Requests: shared with the callers, protected by the condition.
        self._changes = threading.Condition()
        self._request: Request | None = None
        self._has_request = False
        self._has_changed = False
        self._is_wanted_open = False
        self._is_closing = False
        self._chosen_output = output
        self._chosen_latency_s: float | None = None
        self._has_new_output = False
        self._likely: tuple[Sequence[Path], bool] | None = None
        # State: used by the player's thread only, except that others read the mixer.
        self._output: Output | None = None
        self._mixer: Mixer | None = None
        self._loading: Voice | None = None
        self._playing: Voice | None = None
        self._announced: Path | None = None
        self._is_device_lost = False
        self._replaced_output: str | None = None
        self._grace_ends = 0.0
        self._silent_since = 0.0
        self._underflow_mark = (0.0, 0)
        self._feeders: list[threading.Thread] = []
        self._thread = threading.Thread(target=self._run, name="bowerbird-player", daemon=True)
        self._thread.start()
        self._prefetcher = threading.Thread(target=self._prefetch, name="bowerbird-prefetch", daemon=True)
        self._prefetcher.start()

    def prepare(self) -> None:
        """Open the device before the first sound. A failure is reported by the first `play`."""
        with self._changes:
            self._is_wanted_open = True
            self._changes.notify_all()

    def play(
        self,
        path: Path,
        *,
        start_s: float = 0.0,
        end_s: float | None = None,
        loop: bool = False,
        gain_db: float = 0.0,
        from_s: float | None = None,
        treatment: Treatment = UNTREATED,
        is_even: bool = False,
    ) -> None:
        """Play a sound or a part of it, and stop the current sound.

        If it is the current sound and `from_s` is given, playback continues there without events.

        Parameters
        ----------
        path : Path
        start_s, end_s : float
            In seconds; an end of None is the end of the sound.
        loop : bool
            Whether to repeat the part without a gap. Its ends move to zero crossings.
        gain_db : float
            Gain of this sound only, in addition to `volume_db`.
        from_s : float or None
            Where in the part to start; None is its start, or its end if it is reversed.
        treatment : Treatment
            Direction, pitch, tempo, speed and channel.
        is_even : bool
            Whether to play it at the common loudness.
        """
        if not start_s >= 0 or (end_s is not None and not end_s > start_s):
            raise ValueError(f"invalid part from {start_s} s to {end_s} s")
        if from_s is not None:
            from_s = max(0.0, from_s)
        self._set_request(Request(path, start_s, end_s, loop, gain_db, from_s, treatment, is_even))

    def prefetch(self, paths: Sequence[Path], *, is_even: bool = False) -> None:
        """Read the beginnings of sounds that are likely to be played next; replaces what was asked before.

        Parameters
        ----------
        paths : sequence of Path
            The most likely first.
        is_even : bool
            Whether to measure their loudness too.
        """
        with self._changes:
            self._likely = (tuple(paths), is_even)
            self._changes.notify_all()

    def choose_output(self, name: str | None, *, latency: str | float = "low") -> None:
        """Play through another output, or with another latency; the current sound continues there.

        An output that cannot be opened is replaced by the system's default, and `OutputReplaced` is posted.

        Parameters
        ----------
        name : str or None
            See `bowerbird.playback.device.list_outputs`; None follows the system's default.
        latency : str or float
            ``"low"``, ``"high"``, or seconds.
        """
        with self._changes:
            self._chosen_output, self._chosen_latency_s = name, _latency_s(latency)
            self._has_new_output = True
            self._changes.notify_all()

    def stop(self) -> None:
        """Stop with a fade-out."""
        self._set_request(None)

    @property
    def is_playing(self) -> bool:
        """Whether a sound is playing or being opened."""
        return self._request is not None

    @property
    def position_s(self) -> float | None:
        """The playback position in seconds; None if nothing is playing."""
        mixer = self._mixer
        if mixer is None or mixer.target is None or (reading := mixer.reading) is None:
            return None
        if reading.voice is not mixer.target:
            return None
        return reading.voice.position_s(reading.first + _n_played(reading.played_at, reading.n, reading.voice.rate_hz))

    @property
    def volume_db(self) -> float:
        """Master volume, from -60 (silence) to +6."""
        return self._volume_db

    @volume_db.setter
    def volume_db(self, volume_db: float) -> None:
        self._volume_db = min(max(float(volume_db), SILENT_DB), LOUDEST_DB)
        if (mixer := self._mixer) is not None:
            mixer.gain = gain_of(self._volume_db)

    def close(self) -> None:
        """Fade out, release the device and end all threads. Idempotent."""
        with self._changes:
            self._is_closing = True
            self._changes.notify_all()
        self._thread.join(JOIN_S)
        self._prefetcher.join(JOIN_S)
        for feeder in self._feeders:
            feeder.join(JOIN_S)

    def _set_request(self, request: Request | None) -> None:
        with self._changes:
            self._request = request
            self._has_request = True
            self._changes.notify_all()

    def _changed(self) -> None:
        with self._changes:
            self._has_changed = True
            self._changes.notify_all()

    def _run(self) -> None:
        """Handle requests and watch the device until closed."""
        while True:
            with self._changes:
                self._changes.wait_for(self._has_work, timeout=self._tick_s())
                if self._is_closing:
                    break
                request, has_request, wants_open = self._request, self._has_request, self._is_wanted_open
                has_new_output = self._has_new_output
                self._has_request = self._has_changed = self._is_wanted_open = self._has_new_output = False
            if has_new_output:
                self._replaced_output = None
                self._latency_s = self._chosen_latency_s or self._latency_s
                if not has_request and self._output is not None:
                    self._reopen()
                elif self._output is not None:
                    self._close_output()
            if wants_open and self._output is None and not has_request:
                self._open(is_reported=False)
            if has_request and request is None:
                self._silence()
            elif has_request and request is not None:
                self._begin(request)
            self._check_device()
            self._check_voices()
        self._shut_down()

    def _has_work(self) -> bool:
        return (
            self._has_request or self._has_changed or self._is_wanted_open or self._has_new_output or self._is_closing
        )

    def _tick_s(self) -> float | None:
        if self._loading or self._playing:
            return TICK_S
        return LAZY_TICK_S if self._output else None

    def _begin(self, request: Request) -> None:
        if self._loading is not None:
            self._loading.cancel()
            self._loading = None
        if self._output is not None and not self._output.is_alive:
            self._lose_device()
        if self._output is None and not self._open(is_reported=True):
            self._forget(request)  # before the events, so that nothing is playing when they are handled
            self._stop_voice(finished=False)
            return
        assert self._output is not None
        voice = Voice(
            request,
            rate_hz=self._output.rate_hz,
            open_sound=self._heads.open,
            changed=self._changed,
            even_gain=self._even_gain,
        )
        self._loading = voice
        self._grace_ends = time.monotonic() + GRACE_S
        self._feeders = [feeder for feeder in self._feeders if feeder.is_alive()]
        self._feeders.append(voice.thread)
        voice.thread.start()

    def _check_voices(self) -> None:
        loading, playing = self._loading, self._playing
        if loading is not None and (loading.is_ready or loading.is_fed):
            self._loading = None
            if loading.ring.n_written:
                self._start_voice(loading)
            else:
                self._forget(loading.request)
                self._stop_voice(finished=False)
                if loading.problem:
                    self._post(CannotPlay(loading.request.path, loading.problem))
        elif loading is not None and playing is not None and time.monotonic() > self._grace_ends:
            self._stop_voice(finished=False)
        elif loading is None and playing is not None and self._is_over(playing):
            self._forget(playing.request)
            self._stop_voice(finished=playing.problem is None)
            if playing.problem:
                self._post(CannotPlay(playing.request.path, playing.problem))

    def _start_voice(self, voice: Voice) -> None:
        assert self._mixer is not None
        path = voice.request.path
        is_same = voice.request.from_s is not None and self._announced == path
        if self._playing is not None:
            self._playing.cancel()
        if not is_same:
            self._announce_end(finished=False)
        self._playing = self._mixer.target = voice
        if not is_same:
            self._announced = path
            self._post(Started(path, voice.duration_s))

    def _is_over(self, voice: Voice) -> bool:
        if not voice.is_drained or self._mixer is None:
            return False
        reading = self._mixer.reading
        if reading is None or reading.voice is not voice:
            return False
        return _n_played(reading.played_at, reading.n, voice.rate_hz) >= reading.n

    def _stop_voice(self, *, finished: bool) -> None:
        if self._playing is not None:
            self._playing.cancel()
            self._playing = None
        if self._mixer is not None:
            self._mixer.target = None
        self._silent_since = time.monotonic()
        self._announce_end(finished=finished)

    def _announce_end(self, *, finished: bool) -> None:
        if self._announced is not None:
            path, self._announced = self._announced, None
            self._post(Stopped(path, finished))

    def _silence(self) -> None:
        if self._loading is not None:
            self._loading.cancel()
            self._loading = None
        self._stop_voice(finished=False)

    def _forget(self, request: Request) -> None:
        with self._changes:
            if self._request is request:
                self._request = None

    def _open(self, *, is_reported: bool) -> bool:
        try:
            self._output = self._open_chosen()
        except PlaybackError as error:
            self._mixer = None
            if is_reported:
                self._is_device_lost = True
                self._post(DeviceChanged(str(error)))
            return False
        self._silent_since = time.monotonic()
        self._underflow_mark = (time.monotonic(), 0)
        if self._is_device_lost:
            self._is_device_lost = False
            self._post(DeviceChanged(None))
        return True

    def _open_chosen(self) -> Output:
        """Open the chosen output, or the system's default in its place."""
        name = self._chosen_output
        try:
            output = self._open_output(self._make_mixer, latency_s=self._latency_s, name=name)
        except PlaybackError:
            if name is None:
                raise
            output = self._open_output(self._make_mixer, latency_s=self._latency_s, name=None)
            if self._replaced_output != name:
                self._replaced_output = name
                self._post(OutputReplaced(name))
        else:
            self._replaced_output = None
        return output

    def _make_mixer(self, rate_hz: int) -> Callable[..., None]:
        mixer = Mixer(rate_hz)
        mixer.gain = gain_of(self._volume_db)
        self._mixer = mixer
        return mixer.render

    def _check_device(self) -> None:
        if self._output is None:
            return
        if not self._output.is_alive:
            self._lose_device()
        elif self._has_underflows(self._output):
            self._reopen_with_latency()
        elif not (self._loading or self._playing) and time.monotonic() - self._silent_since > self._idle_s:
            self._close_output()

    def _lose_device(self) -> None:
        if self._chosen_output is not None and self._replaced_output is None:
            self._reopen()  # another output may be there
            return
        request = self._loading or self._playing
        self._close_output()
        self._silence()
        if request is not None:
            self._is_device_lost = True
            self._post(
                DeviceChanged(
                    "The sound output was lost. Connect it again, or choose another output in the system's "
                    "sound settings, then play again."
                )
            )
            self._forget(request.request)

    def _has_underflows(self, output: Output) -> bool:
        marked_at, n_before = self._underflow_mark
        is_dry = output.n_underflows - n_before >= DRY_LIMIT and self._latency_s < LONGEST_LATENCY_S
        if time.monotonic() - marked_at > DRY_WINDOW_S:
            self._underflow_mark = (time.monotonic(), output.n_underflows)
        return is_dry

    def _reopen_with_latency(self) -> None:
        self._latency_s = min(2 * self._latency_s, LONGEST_LATENCY_S)
        self._reopen()

    def _reopen(self) -> None:
        """Close the output, and play the current sound on from where it is with the next one that opens."""
        voice, position_s = self._loading or self._playing, self.position_s
        self._close_output()
        for abandoned in (self._loading, self._playing):
            if abandoned is not None:
                abandoned.cancel()
        self._loading = self._playing = None
        if voice is None:
            return
        begin_s = voice.position_s(0)
        is_far = position_s is not None and abs(position_s - begin_s) > SWALLOWED_S
        with self._changes:
            if self._request is voice.request:
                self._set_request(replace(voice.request, from_s=position_s if is_far else begin_s))

    def _prefetch(self) -> None:
        """Read the heads that were asked for, until closed."""
        while True:
            with self._changes:
                self._changes.wait_for(lambda: self._likely is not None or self._is_closing)
                likely, self._likely = self._likely, None
            if likely is None:
                return
            paths, is_even = likely
            for path in paths:
                if self._likely is not None or self._is_closing:
                    break
                if self._heads.load(path) and is_even:
                    with suppress(BowerbirdError):
                        self._even_gain(path)

    def _close_output(self) -> None:
        output, self._output, self._mixer = self._output, None, None
        if output is not None:
            output.close()

    def _shut_down(self) -> None:
        self._silence()
        deadline = time.monotonic() + 0.1
        while self._output is not None and self._output.is_alive and self._mixer and not self._mixer.is_silent:
            if time.monotonic() > deadline:
                break
            time.sleep(0.002)
        self._close_output()


def _latency_s(latency: str | float) -> float:
    return LATENCIES_S[latency] if isinstance(latency, str) else float(latency)


def _n_played(played_at: float, n_frames: int, rate_hz: int) -> float:
    """Return how many frames of a block have been played, if its first frame is played at `played_at`."""
    return min((time.monotonic() - played_at) * rate_hz, float(n_frames))
