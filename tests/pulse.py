"""A PulseAudio server for the tests, with a null sink and a recorder of its monitor.

Nothing of the machine's own sound is touched: the server has a home, a run-time folder and a socket of its own, and
whoever is to use it is started with `PulseServer.env`.
"""

import ctypes.util
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt

RATE_HZ = 44_100
SINK = "ears"
TIMEOUT_S = 20.0


def wait_until(is_so: Callable[[], bool], what: str, *, timeout_s: float = TIMEOUT_S) -> None:
    """Return as soon as a condition holds.

    Raises
    ------
    TimeoutError
        When it does not come to hold.
    """
    deadline = time.monotonic() + timeout_s
    pause = threading.Event()
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {timeout_s:g} s in vain until {what}")
        pause.wait(0.005)


def missing() -> str | None:
    """Return what this machine lacks for tests with recordings, or None."""
    for program, package in {
        "pulseaudio": "pulseaudio",
        "parec": "pulseaudio-utils",
        "pactl": "pulseaudio-utils",
    }.items():
        if shutil.which(program) is None:
            return f"{program} is not installed (package {package})"
    folders = ("/usr/lib", "/usr/lib64", *map(str, Path("/usr/lib").glob("*-linux-gnu*")))
    if not any(Path(folder, "alsa-lib", "libasound_module_pcm_pulse.so").exists() for folder in folders):
        return "ALSA has no PulseAudio plug-in (package libasound2-plugins)"
    if ctypes.util.find_library("portaudio") is None:
        return "PortAudio is not installed (package libportaudio2)"
    return None


class PulseServer:
    """A PulseAudio server in a folder.

    Attributes
    ----------
    env : dict of str to str
        The environment for programs that are to play to it, through libpulse, ALSA or PortAudio.
    """

    def __init__(self, folder: Path) -> None:
        self._socket = folder / "native"
        self._script = folder / "server.pa"
        self._log = folder / "server.log"
        self._process: subprocess.Popen[bytes] | None = None
        for name in ("home", "run"):
            (folder / name).mkdir(mode=0o700, exist_ok=True)
        self._script.write_text(
            f"load-module module-native-protocol-unix auth-anonymous=1 socket={self._socket}\n"
            f"load-module module-null-sink sink_name={SINK} rate={RATE_HZ} channels=2 format=float32le\n"
            f"set-default-sink {SINK}\n"
        )
        alsa = folder / "asound.conf"
        alsa.write_text("pcm.!default { type pulse }\nctl.!default { type pulse }\n")
        self._base = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("PULSE_", "DBUS_"))},
            "HOME": str(folder / "home"),
            "XDG_RUNTIME_DIR": str(folder / "run"),
            "XDG_CONFIG_HOME": str(folder / "home"),
        }
        self.env = {**self._base, "PULSE_SERVER": f"unix:{self._socket}", "ALSA_CONFIG_PATH": str(alsa)}

    def start(self) -> None:
        """Start it, and return when it responds.

        Raises
        ------
        TimeoutError
            When it does not; the message holds its log.
        """
        self._socket.unlink(missing_ok=True)
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                ["pulseaudio", "-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1", "-F", self._script],
                env=self._base,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            wait_until(self._answers, "the server answers")
        except TimeoutError as error:
            self.kill()
            raise TimeoutError(f"{error}: {self._log.read_text(errors='replace')[-500:]}") from error

    def kill(self) -> None:
        """End it as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        asked = subprocess.run(["pactl", "info"], env=self.env, capture_output=True, check=False)
        return asked.returncode == 0


class Ears:
    """A recording of what reaches the sink, growing while it is open. Use it as a context manager.

    It also keeps the sink awake and in short steps: one that nobody records moves on every two seconds only.
    """

    def __init__(self, server: PulseServer) -> None:
        self._process = subprocess.Popen(
            [
                "parec",
                f"--device={SINK}.monitor",
                "--format=float32le",
                f"--rate={RATE_HZ}",
                "--channels=2",
                "--latency-msec=10",
                "--raw",
            ],
            env=server.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._lock = threading.Lock()
        self._recorded = bytearray()
        self._arrivals: list[tuple[int, float]] = []
        self._thread = threading.Thread(target=self._listen, name="ears")

    def __enter__(self) -> Self:
        self._thread.start()
        wait_until(self._is_quick, "the recording flows")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait()
        self._thread.join()
        assert self._process.stdout is not None
        self._process.stdout.close()

    @property
    def n_frames(self) -> int:
        """Number of recorded frames."""
        return len(self._recorded) // 8

    @property
    def samples(self) -> npt.NDArray[np.float32]:
        """Return everything recorded so far, shape (n_frames, 2)."""
        return self.since(0)

    def since(self, frame: int) -> npt.NDArray[np.float32]:
        """Return the recording from a frame on, shape (n_frames, 2)."""
        with self._lock:
            recorded = bytes(self._recorded[8 * frame :])
        return np.frombuffer(recorded[: len(recorded) // 8 * 8], np.float32).reshape(-1, 2)

    def forget(self) -> None:
        """Restart the recording, so that frames count from now."""
        with self._lock:
            del self._recorded[: 8 * self.n_frames]
            self._arrivals.clear()

    def arrival_s(self, frame: int) -> float:
        """Return the monotonic time at which a frame was recorded, which includes the recording's latency."""
        return next(at for n_frames, at in self._arrivals if n_frames > frame)

    def hear(self, seconds: float) -> npt.NDArray[np.float32]:
        """Record for a duration, in the recording's own time; return shape (n_frames, 2)."""
        begin = self.n_frames
        end = begin + round(seconds * RATE_HZ)
        wait_until(lambda: self.n_frames >= end, f"{seconds:g} s are recorded")
        return self.since(begin)[: end - begin]

    def hear_until(self, is_so: Callable[[npt.NDArray[np.float32]], bool], what: str) -> int:
        """Wait until the last 50 ms satisfy a condition; return the number of frames recorded by then."""
        begin = self.n_frames
        n = round(0.05 * RATE_HZ)
        wait_until(lambda: self.n_frames >= begin + n and is_so(self.since(self.n_frames - n)), what)
        return self.n_frames

    def _is_quick(self) -> bool:
        """Return whether blocks arrive often: a sink that was suspended for seconds resumes in long steps."""
        last = self._arrivals[-5:]
        return len(last) == 5 and last[-1][1] - last[0][1] < 0.2

    def _listen(self) -> None:
        assert self._process.stdout is not None
        while piece := os.read(self._process.stdout.fileno(), 65_536):
            with self._lock:
                self._recorded += piece
                self._arrivals.append((self.n_frames, time.monotonic()))


@contextmanager
def running_server(folder: Path) -> Iterator[PulseServer]:
    """Provide a running server, and stop it at the end."""
    server = PulseServer(folder)
    server.start()
    try:
        yield server
    finally:
        server.kill()
