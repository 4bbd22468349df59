"""The device callback: copies, cross-fades and applies the volume. It never blocks, opens files or decodes."""

import time
from typing import Final, NamedTuple

import numpy as np

from bowerbird.domain.sounds import Samples
from bowerbird.playback.blocks import FADE_S, fade_curve
from bowerbird.playback.ring import N_CHANNELS
from bowerbird.playback.voice import Voice

RAMP_S: Final = 0.02
"""Duration of a gain change by 1: short enough to follow a slider, long enough to avoid clicks."""

PIECE_FRAMES: Final = 1024
"""The callback works in pieces of at most this size, so that its scratch arrays are allocated once."""

SILENT_DB: Final = -60.0
LOUDEST_DB: Final = 6.0


class Reading(NamedTuple):
    """The frames ``first`` to ``first + n`` of a voice, played from ``played_at`` on (monotonic seconds)."""

    voice: Voice
    first: int
    n: int
    played_at: float


class Mixer:
    """Mixes the current voice with the fade-out of the previous one.

    The player writes ``target`` and ``gain``; the callback owns everything else. A new target is used once no fade is
    in progress: the old voice fades out over `FADE_S` while the new voice starts.

    Parameters
    ----------
    rate_hz : int
        Of the device.
    """

    def __init__(self, rate_hz: int) -> None:
        self.target: Voice | None = None
        self.gain = 1.0
        self.reading: Reading | None = None
        self._rate_hz = rate_hz
        self._current: Voice | None = None
        self._falling: Voice | None = None
        self._fall = fade_curve(round(FADE_S * rate_hz))[::-1, np.newaxis].copy()
        self._n_fallen = 0
        self._gain_now = 1.0
        self._scratch: Samples = np.zeros((PIECE_FRAMES, N_CHANNELS), np.float32)
        self._steps = np.arange(1, PIECE_FRAMES + 1, dtype=np.float32)[:, np.newaxis]
        self._ramp: Samples = np.zeros((PIECE_FRAMES, 1), np.float32)

    @property
    def is_silent(self) -> bool:
        """Whether nothing is mixed, not even a fade-out."""
        return self.target is None and self._current is None and self._falling is None

    def render(self, out: Samples, latency_s: float) -> None:
        """Fill a block.

        Parameters
        ----------
        out : ndarray, shape (n_frames, 2), float32
        latency_s : float
            Time until the first frame is played.
        """
        played_at = time.monotonic() + latency_s
        for begin in range(0, len(out), PIECE_FRAMES):
            self._render_piece(out[begin : begin + PIECE_FRAMES], played_at + begin / self._rate_hz)

    def _render_piece(self, out: Samples, played_at: float) -> None:
        out.fill(0.0)
        target = self.target
        if self._falling is None and target is not self._current:
            if self._current is None:
                self._gain_now = self.gain  # nothing was playing, so there is no click
            self._falling, self._current, self._n_fallen = self._current, target, 0
        if self._current is not None:
            first = self._current.ring.n_read
            n = self._current.ring.read_into(out)
            if n:
                self.reading = Reading(self._current, first, n, played_at)
        if self._falling is not None:
            self._add_falling(self._falling, out)
        self._apply_gain(out)

    def _add_falling(self, voice: Voice, out: Samples) -> None:
        n = voice.ring.read_into(self._scratch[: min(len(out), len(self._fall) - self._n_fallen)])
        part = self._scratch[:n]
        part *= self._fall[self._n_fallen : self._n_fallen + n]
        out[:n] += part
        self._n_fallen += n
        if not n or self._n_fallen == len(self._fall):
            self._falling = None

    def _apply_gain(self, out: Samples) -> None:
        gain, now = self.gain, self._gain_now
        if gain != now:
            most = len(out) / (RAMP_S * self._rate_hz)
            change = min(max(gain - now, -most), most)
            ramp = self._ramp[: len(out)]
            np.multiply(self._steps[: len(out)], np.float32(change / len(out)), out=ramp)
            ramp += np.float32(now)
            out *= ramp
            self._gain_now = gain if change == gain - now else now + change
        elif gain != 1.0:
            out *= np.float32(gain)
        np.clip(out, -1.0, 1.0, out=out)


def gain_of(volume_db: float) -> float:
    """Return the gain of a volume; the lowest volume is silence."""
    return 0.0 if volume_db <= SILENT_DB else float(10 ** (min(volume_db, LOUDEST_DB) / 20))
