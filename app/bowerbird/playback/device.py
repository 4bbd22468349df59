"""Sound output through PortAudio; the only module that imports sounddevice, when it is first needed.

On Linux the package does not include PortAudio. Without it, everything except playback works.
"""

import sys
import threading
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any, Final, Protocol

from bowerbird.base.errors import PlaybackError
from bowerbird.domain.sounds import Samples
from bowerbird.playback.ring import N_CHANNELS

LATENCIES_S: Final = {"low": 0.025, "high": 0.1}
"""Requested latency by name. PortAudio's own "low" is 9 ms on PulseAudio: 500 callbacks a second."""

STALL_S: Final = 3.0
"""A device that has not requested a block for this long is lost."""

_TRY_AGAIN: Final = "then play again."
_NO_INPUT: Final = "No microphone or line input was found. Connect one, then record again."
_NO_DEVICE: Final = "No sound output was found. Connect speakers or headphones."

_lock = threading.Lock()
_n_open = 0


class Render(Protocol):
    """Fills the blocks that a device requests."""

    def __call__(self, out: Samples, latency_s: float, /) -> None:
        """Fill a block, shape (n_frames, 2), that is played after ``latency_s``."""


class Output(Protocol):
    """An open sound output that requests blocks from its `Render` until it is closed."""

    @property
    def rate_hz(self) -> int:
        """Frames per second."""

    @property
    def is_alive(self) -> bool:
        """Whether it still requests blocks."""

    @property
    def n_underflows(self) -> int:
        """Number of underflows."""

    def close(self) -> None:
        """Release the device. Idempotent."""


class OpenOutput(Protocol):
    """Opens an output, such as `open_output`."""

    def __call__(self, make_render: "MakeRender", *, latency_s: float, name: str | None = None) -> Output:
        """Open an output, the system's default if no name is given.

        Raises
        ------
        PlaybackError
            When no output can be opened.
        """


class MakeRender(Protocol):
    """Creates a `Render` for the sampling rate of a device."""

    def __call__(self, rate_hz: int, /) -> Render:
        """Create it."""


def open_output(make_render: MakeRender, *, latency_s: float, name: str | None = None) -> Output:
    """Open an output in stereo at its own rate, and start it.

    PortAudio lists devices only when it is initialised, so it is initialised again unless a stream is open. That way
    the output is the one that is selected in the system now.

    Parameters
    ----------
    make_render : callable
        Receives the device's rate in Hz and returns what fills its blocks.
    latency_s : float
        Requested; the device decides.
    name : str or None
        Of an output in `list_outputs`; None is the system's default.

    Raises
    ------
    PlaybackError
        When there is no PortAudio or no device, or the device is in use.
    """
    with _lock:
        sounddevice = _sounddevice()
        if not _n_open:
            _refresh_devices(sounddevice)
        return PortAudioOutput(sounddevice, make_render, latency_s=latency_s, name=name)


class Input(Protocol):
    """An open sound input that passes its blocks on until it is closed."""

    @property
    def rate_hz(self) -> int:
        """Frames per second."""

    def close(self) -> None:
        """Release the device. Idempotent."""


def open_input(receive: Callable[[Samples], None], /) -> Input:
    """Open the system's default input at its own rate, in mono or stereo, and start it.

    Parameters
    ----------
    receive : callable
        Receives each block, shape (n_frames, n_channels), in the device's thread; the block is valid during the call.

    Raises
    ------
    PlaybackError
        When there is no PortAudio or no device, or the device is in use.
    """
    with _lock:
        sounddevice = _sounddevice("Recording", "then record again.")
        if not _n_open:
            _refresh_devices(sounddevice, _NO_INPUT)
        return PortAudioInput(sounddevice, receive)


def list_outputs() -> list[str]:
    """Return the names of the outputs that can be chosen, without duplicates; empty without PortAudio or a device.

    While an output is open, those that were connected since are missing: PortAudio finds devices only when it starts.
    """
    with _lock:
        try:
            sounddevice = _sounddevice()
            if not _n_open:
                _refresh_devices(sounddevice)
        except PlaybackError:
            return []
        return list(dict.fromkeys(str(device["name"]) for device in _output_devices(sounddevice)))


def describe_output() -> str:
    """Return the name of the system's default output, or a sentence about what is missing."""
    try:
        sounddevice = _sounddevice()
    except PlaybackError as error:
        return str(error)
    try:
        return str(_default_device(sounddevice)["name"])
    except sounddevice.PortAudioError:
        return _NO_DEVICE


def _sounddevice(purpose: str = "Sound output", again: str = _TRY_AGAIN) -> ModuleType:
    try:
        import sounddevice  # noqa: PLC0415 - importing fails without PortAudio
    except (OSError, ImportError) as error:
        remedy = (
            "Install libportaudio2 with the system's package manager"
            if sys.platform.startswith("linux")
            else "Reinstall Bowerbird"
        )
        raise PlaybackError(f"{purpose} needs PortAudio. {remedy}, {again}") from error
    module: ModuleType = sounddevice
    return module


def _refresh_devices(sounddevice: Any, problem: str = _NO_DEVICE) -> None:
    try:
        sounddevice._terminate()  # noqa: SLF001 - there is no public way to find new devices
        sounddevice._initialize()  # noqa: SLF001
    except sounddevice.PortAudioError as error:
        raise PlaybackError(problem) from error


def _default_device(sounddevice: Any) -> dict[str, Any]:
    """Return the default output; on Windows that of WASAPI, since PortAudio's default there is slow MME."""
    for interface in sounddevice.query_hostapis():
        if interface["name"] == "Windows WASAPI" and interface["default_output_device"] >= 0:
            chosen: dict[str, Any] = sounddevice.query_devices(interface["default_output_device"])
            return chosen
    default: dict[str, Any] = sounddevice.query_devices(kind="output")
    return default


def _output_devices(sounddevice: Any) -> list[dict[str, Any]]:
    """Return the outputs; on Windows those of WASAPI, since every other interface lists the same devices again."""
    devices = [device for device in sounddevice.query_devices() if device["max_output_channels"] > 0]
    interfaces = [interface["name"] for interface in sounddevice.query_hostapis()]
    if "Windows WASAPI" in interfaces:
        devices = [device for device in devices if interfaces[device["hostapi"]] == "Windows WASAPI"]
    return devices


def _named_device(sounddevice: Any, name: str) -> dict[str, Any]:
    for device in _output_devices(sounddevice):
        if device["name"] == name:
            return device
    raise PlaybackError(f"The sound output “{name}” was not found. Connect it, or choose another output.")


class PortAudioOutput:
    """An output through PortAudio, opened by `open_output`."""

    def __init__(self, sounddevice: Any, make_render: MakeRender, *, latency_s: float, name: str | None = None) -> None:
        global _n_open  # noqa: PLW0603 - PortAudio is initialised once per process
        try:
            device = _default_device(sounddevice) if name is None else _named_device(sounddevice, name)
        except (sounddevice.PortAudioError, ValueError) as error:
            raise PlaybackError(_NO_DEVICE) from error
        self._rate_hz: int = round(device["default_samplerate"])
        self._n_channels = min(N_CHANNELS, device["max_output_channels"])
        self._render = make_render(self._rate_hz)
        self._n_underflows = 0
        self._requested_at = time.monotonic()
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
                f"The sound output “{device['name']}” cannot be opened. Close other programs that use it, or choose "
                f"another output in the system's sound settings, {_TRY_AGAIN}"
            ) from error
        _n_open += 1

    @property
    def rate_hz(self) -> int:
        """Frames per second."""
        return self._rate_hz

    @property
    def is_alive(self) -> bool:
        """Whether it still requests blocks."""
        return bool(self._stream.active) and time.monotonic() - self._requested_at < STALL_S

    @property
    def n_underflows(self) -> int:
        """Number of underflows."""
        return self._n_underflows

    def close(self) -> None:
        """Release the device after playing its remaining frames, unless it is lost. Idempotent."""
        global _n_open  # noqa: PLW0603
        with _lock:
            if self._is_closed:
                return
            self._is_closed = True
            if self.is_alive:
                self._stream.stop(ignore_errors=True)
            self._stream.close(ignore_errors=True)
            _n_open -= 1

    def _fill(self, out: Samples, n_frames: int, times: Any, status: Any) -> None:  # noqa: ARG002 - PortAudio's signature
        self._requested_at = time.monotonic()
        if status.output_underflow:
            self._n_underflows += 1
        latency_s = times.outputBufferDacTime - times.currentTime
        self._render(out, latency_s if latency_s > 0 else self._latency_s)

    def _fill_mono(self, out: Samples, n_frames: int, times: Any, status: Any) -> None:
        stereo = out.repeat(N_CHANNELS, axis=1)
        self._fill(stereo, n_frames, times, status)
        out[:, 0] = (stereo[:, 0] + stereo[:, 1]) * 0.5


class PortAudioInput:
    """An input through PortAudio, opened by `open_input`."""

    def __init__(self, sounddevice: Any, receive: Callable[[Samples], None]) -> None:
        global _n_open  # noqa: PLW0603 - PortAudio is initialised once per process
        try:
            device = sounddevice.query_devices(kind="input")
        except (sounddevice.PortAudioError, ValueError) as error:
            raise PlaybackError(_NO_INPUT) from error
        self._rate_hz: int = round(device["default_samplerate"])
        self._receive = receive
        self._is_closed = False
        try:
            self._stream = sounddevice.InputStream(
                device=device["index"],
                channels=min(N_CHANNELS, device["max_input_channels"]),
                samplerate=self._rate_hz,
                dtype="float32",
                latency="high",
                callback=self._take,
            )
            try:
                self._stream.start()
            except sounddevice.PortAudioError:
                self._stream.close(ignore_errors=True)
                raise
        except sounddevice.PortAudioError as error:
            raise PlaybackError(
                f"The sound input “{device['name']}” cannot be opened. Close other programs that use it, or choose "
                "another input in the system's sound settings, then record again."
            ) from error
        _n_open += 1

    @property
    def rate_hz(self) -> int:
        """Frames per second."""
        return self._rate_hz

    def close(self) -> None:
        """Release the device. Idempotent."""
        global _n_open  # noqa: PLW0603
        with _lock:
            if self._is_closed:
                return
            self._is_closed = True
            self._stream.abort(ignore_errors=True)
            self._stream.close(ignore_errors=True)
            _n_open -= 1

    def _take(self, block: Samples, n_frames: int, times: Any, status: Any) -> None:  # noqa: ARG002 - PortAudio's signature
        self._receive(block)
