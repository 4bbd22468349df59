"""Playing one sound at a time: requests in, events out, one thread that minds the device."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from bowerbird.audio.decode import open_sound
from bowerbird.base.errors import PlaybackError
from bowerbird.playback.device import LATENCIES_S, OpenOutput, Output, open_output
from bowerbird.playback.events import CannotPlay, DeviceChanged, Started, Stopped
from bowerbird.playback.mixer import LOUDEST_DB, SILENT_DB, Mixer, gain_of
from bowerbird.playback.stretch import Request
from bowerbird.playback.voice import OpenSound, Voice

GRACE_S: Final = 0.03
"""How long an old sound goes on while a new one is being opened: long enough for a cross-fade where the new
one is at hand, short enough to be silence at once where it is not."""

IDLE_S: Final = 30.0
"""How long the device is kept after the last sound. While it is open it is fed silence, so the next sound
starts with the next block; opening takes 2 to 90 ms on PulseAudio, more elsewhere. Then it is released, so
that others may have it and the machine may sleep."""

TICK_S: Final = 0.02
"""How often a sounding voice is looked at for its end. Ends are reported so much late at most."""

LAZY_TICK_S: Final = 0.5
"""How often an open, silent device is looked at."""

DRY_LIMIT: Final = 8
DRY_WINDOW_S: Final = 0.25
LONGEST_LATENCY_S: Final = 0.2
"""A device that runs dry so often in such a time is opened anew with twice the latency, up to this. ALSA's
PulseAudio plug-in can fall into running dry at every block, and then swallows sound many times too fast."""

SWALLOWED_S: Final = 0.5
"""A sound that has come no further when its device is opened anew is played again from its start."""

JOIN_S: Final = 5.0


class Player:
    """Play sounds, the newest request at the expense of every older one.

    Every method returns at once and may be called from any thread. What happens is posted, in order, from the
    player's thread: a `play` that no newer request overtakes is answered by one of `Started`, `CannotPlay`
    and `DeviceChanged` with a sentence; each `Started` by one `Stopped`.

    Parameters
    ----------
    post : callable
        Takes each event; called in the player's thread, so it must not wait.
    latency : str or float
        Wished time from block to ear: ``"low"``, ``"high"``, or seconds.
    open_output, open_sound : callable
        What opens the device and the files.
    idle_s : float
        Silence after which the device is released.
    """

    def __init__(
        self,
        *,
        post: Callable[[object], None],
        latency: str | float = "low",
        open_output: OpenOutput = open_output,
        open_sound: OpenSound = open_sound,
        idle_s: float = IDLE_S,
    ) -> None:
        self._post = post
        self._open_output = open_output
        self._open_sound = open_sound
        self._idle_s = idle_s
        self._latency_s = LATENCIES_S[latency] if isinstance(latency, str) else float(latency)
        self._volume_db = 0.0
        # What is asked for: shared with the callers, under the condition.
        self._news = threading.Condition()
        self._request: Request | None = None
        self._has_news = False
        self._has_changed = False
        self._is_wanted_open = False
        self._is_closing = False
        # What is: the player's thread only, but for reads of the mixer.
        self._output: Output | None = None
        self._mixer: Mixer | None = None
        self._loading: Voice | None = None
        self._sounding: Voice | None = None
        self._announced: Path | None = None
        self._is_device_ill = False
        self._patience_ends = 0.0
        self._quiet_since = 0.0
        self._dry_mark = (0.0, 0)
        self._feeders: list[threading.Thread] = []
        self._thread = threading.Thread(target=self._run, name="bowerbird-player", daemon=True)
        self._thread.start()

    def prepare(self) -> None:
        """Open the device ahead of the first sound. Where that fails, the first play says so."""
        with self._news:
            self._is_wanted_open = True
            self._news.notify()

    def play(
        self,
        path: Path,
        *,
        start_s: float = 0.0,
        end_s: float | None = None,
        loop: bool = False,
        gain_db: float = 0.0,
    ) -> None:
        """Play a sound, or a stretch of it, in place of what is playing.

        Parameters
        ----------
        path : Path
        start_s, end_s : float
            Stretch in seconds; an end of None is the sound's end.
        loop : bool
            Repeat the stretch without a gap.
        gain_db : float
            For this sound alone, beside `volume_db`.
        """
        if not start_s >= 0 or (end_s is not None and not end_s > start_s):
            raise ValueError(f"no stretch from {start_s} s to {end_s} s")
        self._ask(Request(path, start_s, end_s, loop, gain_db))

    def stop(self) -> None:
        """Fade out and be silent."""
        self._ask(None)

    def seek(self, position_s: float) -> None:
        """Go on from another place of the same sound. Nothing happens where nothing plays.

        Parameters
        ----------
        position_s : float
            Seconds from the sound's first frame; the stretch's end, and its loop, stay.
        """
        with self._news:
            if self._request is not None:
                self._ask(replace(self._request, from_s=max(0.0, position_s)))

    @property
    def is_playing(self) -> bool:
        """Whether a sound is heard or on its way."""
        return self._request is not None

    @property
    def position_s(self) -> float | None:
        """The place in the sound that is heard now, in seconds; None in silence."""
        mixer = self._mixer
        if mixer is None or mixer.target is None or (reading := mixer.reading) is None:
            return None
        if reading.voice is not mixer.target:
            return None
        return reading.voice.place_s(reading.first + _n_heard(reading.heard_at, reading.n, reading.voice.rate_hz))

    @property
    def volume_db(self) -> float:
        """Volume of everything, from -60 (silence) to +6."""
        return self._volume_db

    @volume_db.setter
    def volume_db(self, volume_db: float) -> None:
        self._volume_db = min(max(float(volume_db), SILENT_DB), LOUDEST_DB)
        if (mixer := self._mixer) is not None:
            mixer.gain = gain_of(self._volume_db)

    def close(self) -> None:
        """Fade out, release the device and end every thread. Idempotent."""
        with self._news:
            self._is_closing = True
            self._news.notify()
        self._thread.join(JOIN_S)
        for feeder in self._feeders:
            feeder.join(JOIN_S)

    def _ask(self, request: Request | None) -> None:
        with self._news:
            self._request = request
            self._has_news = True
            self._news.notify()

    def _changed(self) -> None:
        with self._news:
            self._has_changed = True
            self._news.notify()

    def _run(self) -> None:
        """Turn requests into sound until closed: begin what is asked for, then mind what is."""
        while True:
            with self._news:
                self._news.wait_for(self._is_awaited, timeout=self._patience_s())
                if self._is_closing:
                    break
                request, has_news, wants_open = self._request, self._has_news, self._is_wanted_open
                self._has_news = self._has_changed = self._is_wanted_open = False
            if wants_open and self._output is None and not has_news:
                self._open(is_reported=False)
            if has_news and request is None:
                self._silence()
            elif has_news and request is not None:
                self._begin(request)
            self._mind_device()
            self._mind_voices()
        self._shut_down()

    def _is_awaited(self) -> bool:
        return self._has_news or self._has_changed or self._is_wanted_open or self._is_closing

    def _patience_s(self) -> float | None:
        if self._loading or self._sounding:
            return TICK_S
        return LAZY_TICK_S if self._output else None

    def _begin(self, request: Request) -> None:
        if self._loading is not None:
            self._loading.cancel()
            self._loading = None
        if self._output is not None and not self._output.is_alive:
            self._lose_device()
        if self._output is None and not self._open(is_reported=True):
            self._forget(request)  # first: who hears of the end finds nothing playing
            self._fall_silent(finished=False)
            return
        assert self._output is not None
        voice = Voice(request, rate_hz=self._output.rate_hz, open_sound=self._open_sound, changed=self._changed)
        self._loading = voice
        self._patience_ends = time.monotonic() + GRACE_S
        self._feeders = [feeder for feeder in self._feeders if feeder.is_alive()]
        self._feeders.append(voice.thread)
        voice.thread.start()

    def _mind_voices(self) -> None:
        loading, sounding = self._loading, self._sounding
        if loading is not None and (loading.is_ready or loading.is_fed):
            self._loading = None
            if loading.ring.n_written:
                self._let_sound(loading)
            else:
                self._forget(loading.request)
                self._fall_silent(finished=False)
                if loading.problem:
                    self._post(CannotPlay(loading.request.path, loading.problem))
        elif loading is not None and sounding is not None and time.monotonic() > self._patience_ends:
            self._fall_silent(finished=False)
        elif loading is None and sounding is not None and self._is_over(sounding):
            self._forget(sounding.request)
            self._fall_silent(finished=sounding.problem is None)
            if sounding.problem:
                self._post(CannotPlay(sounding.request.path, sounding.problem))

    def _let_sound(self, voice: Voice) -> None:
        assert self._mixer is not None
        path = voice.request.path
        is_same = voice.request.from_s is not None and self._announced == path
        if self._sounding is not None:
            self._sounding.cancel()
        if not is_same:
            self._announce_end(finished=False)
        self._sounding = self._mixer.target = voice
        if not is_same:
            self._announced = path
            self._post(Started(path, voice.duration_s))

    def _is_over(self, voice: Voice) -> bool:
        if not voice.is_drained or self._mixer is None:
            return False
        reading = self._mixer.reading
        if reading is None or reading.voice is not voice:
            return False
        return _n_heard(reading.heard_at, reading.n, voice.rate_hz) >= reading.n

    def _fall_silent(self, *, finished: bool) -> None:
        if self._sounding is not None:
            self._sounding.cancel()
            self._sounding = None
        if self._mixer is not None:
            self._mixer.target = None
        self._quiet_since = time.monotonic()
        self._announce_end(finished=finished)

    def _announce_end(self, *, finished: bool) -> None:
        if self._announced is not None:
            path, self._announced = self._announced, None
            self._post(Stopped(path, finished))

    def _silence(self) -> None:
        if self._loading is not None:
            self._loading.cancel()
            self._loading = None
        self._fall_silent(finished=False)

    def _forget(self, request: Request) -> None:
        with self._news:
            if self._request is request:
                self._request = None

    def _open(self, *, is_reported: bool) -> bool:
        try:
            self._output = self._open_output(self._make_mixer, latency_s=self._latency_s)
        except PlaybackError as error:
            self._mixer = None
            if is_reported:
                self._is_device_ill = True
                self._post(DeviceChanged(str(error)))
            return False
        self._quiet_since = time.monotonic()
        self._dry_mark = (time.monotonic(), 0)
        if self._is_device_ill:
            self._is_device_ill = False
            self._post(DeviceChanged(None))
        return True

    def _make_mixer(self, rate_hz: int) -> Callable[..., None]:
        mixer = Mixer(rate_hz)
        mixer.gain = gain_of(self._volume_db)
        self._mixer = mixer
        return mixer.render

    def _mind_device(self) -> None:
        if self._output is None:
            return
        if not self._output.is_alive:
            self._lose_device()
        elif self._is_running_dry(self._output):
            self._reopen_calmer()
        elif not (self._loading or self._sounding) and time.monotonic() - self._quiet_since > self._idle_s:
            self._close_output()

    def _lose_device(self) -> None:
        request = self._loading or self._sounding
        self._close_output()
        self._silence()
        if request is not None:
            self._is_device_ill = True
            self._post(
                DeviceChanged(
                    "The sound output was lost. Connect it again, or choose another in the system's sound "
                    "settings, then play again."
                )
            )
            self._forget(request.request)

    def _is_running_dry(self, output: Output) -> bool:
        marked_at, n_marked = self._dry_mark
        is_dry = output.n_dry - n_marked >= DRY_LIMIT and self._latency_s < LONGEST_LATENCY_S
        if time.monotonic() - marked_at > DRY_WINDOW_S:
            self._dry_mark = (time.monotonic(), output.n_dry)
        return is_dry

    def _reopen_calmer(self) -> None:
        voice, position_s = self._loading or self._sounding, self.position_s
        self._latency_s = min(2 * self._latency_s, LONGEST_LATENCY_S)
        self._close_output()
        for abandoned in (self._loading, self._sounding):
            if abandoned is not None:
                abandoned.cancel()
        self._loading = self._sounding = None
        if voice is None:
            return
        start_s = voice.request.start_s
        is_far = position_s is not None and position_s > start_s + SWALLOWED_S
        with self._news:
            if self._request is voice.request:
                self._ask(replace(voice.request, from_s=position_s if is_far else start_s))

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


def _n_heard(heard_at: float, n_frames: int, rate_hz: int) -> float:
    """Tell how many frames of a block are past by now, when its first is heard at ``heard_at``."""
    return min((time.monotonic() - heard_at) * rate_hz, float(n_frames))
