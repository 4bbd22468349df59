"""A player with a fake output and fake files, so that tests get the played samples."""

import queue
import threading
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import numpy as np
import numpy.typing as npt

from bowerbird.base.errors import AudioError, PlaybackError
from bowerbird.playback.device import MakeRender
from bowerbird.playback.player import Player
from pulse import wait_until

RATE_HZ = 48_000
Event = TypeVar("Event")


class FakeOutput:
    """An output that asks for blocks when the test does."""

    def __init__(self, make_render: MakeRender, latency_s: float, rate_hz: int, name: str | None = None) -> None:
        self.rate_hz = rate_hz
        self.name = name
        self.latency_s = latency_s
        self.is_alive = True
        self.n_underflows = 0
        self.closed = threading.Event()
        self._render = make_render(rate_hz)

    def pull(self, n_frames: int, *, block_frames: int = 480) -> npt.NDArray[np.float32]:
        out = np.full((n_frames, 2), np.nan, np.float32)
        for begin in range(0, n_frames, block_frames):
            self._render(out[begin : begin + block_frames], 0.0)
        return out

    def close(self) -> None:
        self.closed.set()


class FakeSound:
    """A sound file in memory that counts the frames read."""

    def __init__(self, samples: npt.NDArray[np.float32], rate_hz: int, *, declared: int | None = None) -> None:
        self.samples = samples if samples.ndim == 2 else samples[:, np.newaxis]
        self.rate_hz = rate_hz
        self.n_channels = self.samples.shape[1]
        self.n_frames = len(self.samples) if declared is None else declared
        self.n_read = 0
        self.is_closed = threading.Event()
        self._at = 0

    def __enter__(self) -> Self:
        self._at = 0
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.is_closed.set()

    def seek(self, frame: int) -> None:
        self._at = frame

    def read(self, n_frames: int) -> npt.NDArray[np.float32]:
        block = self.samples[self._at : self._at + n_frames]
        self._at += len(block)
        self.n_read += len(block)
        return block


class Stage:
    """A player, its events, its made-up files and its fake outputs."""

    def __init__(self) -> None:
        self.events: queue.Queue[object] = queue.Queue()
        self.sounds: dict[Path, FakeSound] = {}
        self.gates: dict[Path, threading.Event] = {}
        self.outputs: list[FakeOutput] = []
        self.fault: str | None = None
        self.missing: set[str] = set()
        self.gains: dict[Path, float] = {}
        self.player = self.make_player()

    def make_player(self, *, idle_s: float = 60.0, **options: object) -> Player:
        return Player(
            post=self.events.put,
            open_output=self._open_output,
            open_sound=self._open_sound,
            even_gain=self.gains.__getitem__,
            idle_s=idle_s,
            **options,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for gate in self.gates.values():
            gate.set()
        for output in self.outputs:
            output.is_alive = False  # so that closing does not wait for the last fade
        self.player.close()

    def sound(self, name: str, samples: npt.NDArray[np.float32], rate_hz: int = RATE_HZ, **more: int) -> Path:
        self.sounds[Path(name)] = FakeSound(samples, rate_hz, **more)
        return Path(name)

    def hold(self, path: Path) -> threading.Event:
        """Let the opening of a file take until the event is set."""
        return self.gates.setdefault(path, threading.Event())

    def next(self, kind: type[Event]) -> Event:
        """The next event, which must be of that kind."""
        event = self.events.get(timeout=10)
        assert isinstance(event, kind), event
        return event

    @property
    def has_events(self) -> bool:
        return not self.events.empty()

    def pull(self, n_frames: int) -> npt.NDArray[np.float32]:
        """What the device gets next, once so much is decoded: the test is faster than time."""
        mixer = self.player._mixer
        assert mixer is not None
        voice = mixer.target
        if voice is not None:
            wait_until(lambda: voice.is_fed or voice.ring.n_waiting >= n_frames, "the sound is decoded")
        return self.outputs[-1].pull(n_frames)

    def _open_output(self, make_render: MakeRender, *, latency_s: float, name: str | None = None) -> FakeOutput:
        if self.fault:
            raise PlaybackError(self.fault)
        if name in self.missing:
            raise PlaybackError(f"{name} was not found.")
        self.outputs.append(FakeOutput(make_render, latency_s, RATE_HZ, name))
        return self.outputs[-1]

    def _open_sound(self, path: Path) -> FakeSound:
        if path in self.gates:
            assert self.gates[path].wait(10)
        if path not in self.sounds:
            raise AudioError(f"{path.name} is not there. Check the drive.")
        return self.sounds[path]


def sine(hz: float, seconds: float, *, level: float = 0.5, rate_hz: int = RATE_HZ) -> npt.NDArray[np.float32]:
    """A sine that begins at phase 0, shape (n_frames,)."""
    return (level * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate_hz)) / rate_hz)).astype(np.float32)


def steps_of(samples: npt.NDArray[np.float32]) -> float:
    """Return the largest step between samples, which is large for a click."""
    return float(np.abs(np.diff(samples, axis=0)).max())
