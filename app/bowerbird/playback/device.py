"""The door to PortAudio: the only place that imports sounddevice, and that only when sound is wanted.

On Linux the package brings no PortAudio with it; where the system has none, everything but sound goes on.
"""

import sys
import threading
import time
from types import ModuleType
from typing import Any, Final, Protocol

from bowerbird.base.errors import PlaybackError
from bowerbird.domain.sounds import Samples
from bowerbird.playback.ring import N_CHANNELS

LATENCIES_S: Final = {"low": 0.025, "high": 0.1}
"""What the two words ask of a device. PortAudio's "low" is 9 ms on PulseAudio: 500 callbacks a second."""

STALL_S: Final = 3.0
"""A device that has asked for nothing for so long is lost."""

_AGAIN: Final = "then play again."
_NO_DEVICE: Final = (
    "No sound output was found. Connect speakers or headphones, or choose an output in the system's sound "
    f"settings, {_AGAIN}"
)

_lock = threading.Lock()
_n_open = 0


class Render(Protocol):
    """What fills the blocks that a device asks for."""

    def __call__(self, out: Samples, latency_s: float, /) -> None:
        """Fill shape (n_frames, 2), to be heard after ``latency_s``."""


class Output(Protocol):
    """An open sound output that asks its `Render` for blocks until it is closed."""

    @property
    def rate_hz(self) -> int:
        """Frames per second."""

    @property
    def is_alive(self) -> bool:
        """Whether it still asks for blocks."""

    @property
    def n_dry(self) -> int:
        """How often it ran out of frames."""

    def close(self) -> None:
        """Let go of the device. Idempotent."""


class OpenOutput(Protocol):
    """What opens an output; `open_output` is the real one."""

    def __call__(self, make_render: "MakeRender", *, latency_s: float) -> Output:
        """Open the system's output.

        Raises
        ------
        PlaybackError
            A sentence with a remedy.
        """


class MakeRender(Protocol):
    """What makes a `Render` once the device's rate is known."""

    def __call__(self, rate_hz: int, /) -> Render:
        """Make it."""


def open_output(make_render: MakeRender, *, latency_s: float) -> Output:
    """Open the system's default output in stereo at its own rate, and start it.

    PortAudio lists devices when it is initialised, so it is initialised anew each time, unless a stream is
    open: the output that is found is the one that is chosen now.

    Parameters
    ----------
    make_render : callable
        Given the device's rate in Hz, makes what fills its blocks.
    latency_s : float
        Wished; the device decides.

    Raises
    ------
    PlaybackError
        When there is no PortAudio, no device, or it is taken: a sentence with a remedy.
    """
    with _lock:
        sounddevice = _sounddevice()
        if not _n_open:
            _list_devices_anew(sounddevice)
        return PortAudioOutput(sounddevice, make_render, latency_s=latency_s)


def describe_output() -> str:
    """Name the system's default output, or say what is missing, in a sentence."""
    try:
        sounddevice = _sounddevice()
    except PlaybackError as error:
        return str(error)
    try:
        return str(_default_device(sounddevice)["name"])
    except sounddevice.PortAudioError:
        return _NO_DEVICE


def _sounddevice() -> ModuleType:
    try:
        import sounddevice  # noqa: PLC0415 - its import fails where PortAudio is missing
    except (OSError, ImportError) as error:
        remedy = (
            "Install libportaudio2 with the system's package manager"
            if sys.platform.startswith("linux")
            else "Reinstall Bowerbird"
        )
        raise PlaybackError(f"Sound output needs PortAudio. {remedy}, {_AGAIN}") from error
    module: ModuleType = sounddevice
    return module


def _list_devices_anew(sounddevice: Any) -> None:
    try:
        sounddevice._terminate()  # noqa: SLF001 - the package's only way to see new devices
        sounddevice._initialize()  # noqa: SLF001
    except sounddevice.PortAudioError as error:
        raise PlaybackError(_NO_DEVICE) from error


def _default_device(sounddevice: Any) -> dict[str, Any]:
    """Find the chosen output; on Windows by WASAPI, as the default there is a slow interface of 1991."""
    for interface in sounddevice.query_hostapis():
        if interface["name"] == "Windows WASAPI" and interface["default_output_device"] >= 0:
            chosen: dict[str, Any] = sounddevice.query_devices(interface["default_output_device"])
            return chosen
    default: dict[str, Any] = sounddevice.query_devices(kind="output")
    return default


class PortAudioOutput:
    """The system's output through PortAudio. Made by `open_output`."""

    def __init__(self, sounddevice: Any, make_render: MakeRender, *, latency_s: float) -> None:
        global _n_open  # noqa: PLW0603 - PortAudio is one per process, and so is what counts its streams
        try:
            device = _default_device(sounddevice)
        except (sounddevice.PortAudioError, ValueError) as error:
            raise PlaybackError(_NO_DEVICE) from error
        self._rate_hz: int = round(device["default_samplerate"])
        self._n_channels = min(N_CHANNELS, device["max_output_channels"])
        self._render = make_render(self._rate_hz)
        self._n_dry = 0
        self._asked_at = time.monotonic()
        self._is_closed = False
        try:
            self._stream = sounddevice.OutputStream(
                device=device["index"],
                channels=self._n_channels,
                samplerate=self._rate_hz,
                dtype="float32",
                latency=latency_s,
                callback=self._fill if self._n_channels == N_CHANNELS else self._fill_mono,
            )
            self._latency_s = float(self._stream.latency)
            try:
                self._stream.start()
            except sounddevice.PortAudioError:
                self._stream.close(ignore_errors=True)
                raise
        except sounddevice.PortAudioError as error:
            raise PlaybackError(
                f"The sound output “{device['name']}” cannot be opened. Close what else uses it, or choose "
                f"another output in the system's sound settings, {_AGAIN}"
            ) from error
        _n_open += 1

    @property
    def rate_hz(self) -> int:
        """Frames per second."""
        return self._rate_hz

    @property
    def is_alive(self) -> bool:
        """Whether it still asks for blocks."""
        return bool(self._stream.active) and time.monotonic() - self._asked_at < STALL_S

    @property
    def n_dry(self) -> int:
        """How often it ran out of frames."""
        return self._n_dry

    def close(self) -> None:
        """Let go of the device; what it holds is heard first, unless it is lost. Idempotent."""
        global _n_open  # noqa: PLW0603
        with _lock:
            if self._is_closed:
                return
            self._is_closed = True
            if self.is_alive:
                self._stream.stop(ignore_errors=True)
            self._stream.close(ignore_errors=True)
            _n_open -= 1

    def _fill(self, out: Samples, n_frames: int, times: Any, status: Any) -> None:  # noqa: ARG002 - PortAudio's call
        self._asked_at = time.monotonic()
        if status.output_underflow:
            self._n_dry += 1
        latency_s = times.outputBufferDacTime - times.currentTime
        self._render(out, latency_s if latency_s > 0 else self._latency_s)

    def _fill_mono(self, out: Samples, n_frames: int, times: Any, status: Any) -> None:
        stereo = out.repeat(N_CHANNELS, axis=1)
        self._fill(stereo, n_frames, times, status)
        out[:, 0] = (stereo[:, 0] + stereo[:, 1]) * 0.5
