"""The rating window with real playback: the sound of each key, and resuming after a kill."""

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("PySide6.QtWidgets", reason="the window needs PySide6", exc_type=ImportError)

from bowerbird.listening.store import StudyFolder
from listening_stage import sample_study
from pulse import RATE_HZ, Ears, PulseServer, missing, running_server

TESTS = Path(__file__).parents[1]
PROGRAM = Path(__file__).with_name("gui_rated.py")

pytestmark = pytest.mark.skipif(missing() is not None, reason=str(missing()))


class Window:
    """A rating window in a separate process."""

    def __init__(self, folder: StudyFolder, server: PulseServer, home: Path) -> None:
        env = {
            **server.env,
            "PYTHONPATH": f"{TESTS.parent / 'app'}",
            "BOWERBIRD_HOME": str(home),
            "QT_QPA_PLATFORM": "offscreen",
        }
        self.process = subprocess.Popen(
            [sys.executable, PROGRAM, folder.path],
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.opened = self._read()

    def _read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.process.communicate()[1]
        return dict(json.loads(line))

    def press(self, name: str) -> dict[str, Any]:
        """Press a key; return the state afterwards."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{name}\n")
        self.process.stdin.flush()
        return self._read()

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


@contextmanager
def sounding(folder: Path) -> Iterator[PulseServer]:
    serving = running_server(folder)
    try:
        server = serving.__enter__()
    except TimeoutError as error:
        pytest.skip(f"PulseAudio does not start here: {error}")
    try:
        yield server
    finally:
        serving.__exit__(None, None, None)


def pitch_of(heard: npt.NDArray[np.float32]) -> float:
    window = np.hanning(len(heard))
    return float(np.abs(np.fft.rfft(heard[:, 0] * window, 8 * len(heard))).argmax() * RATE_HZ / (8 * len(heard)))


def is_tone(heard: npt.NDArray[np.float32], hz: float) -> bool:
    return float(np.abs(heard).max()) > 0.1 and abs(pitch_of(heard) - hz) < 4


def hz_of(item_id: str) -> float:
    """Return the frequency of an excerpt, which its id determines."""
    return 220.0 + 11.0 * int(item_id, 16)


def test_each_key_plays_its_own_sound(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory):
    folder = sample_study(tmp_path / "study", duration_s=4.0, n_queries=1)
    with sounding(tmp_path_factory.mktemp("pulse")) as server, Ears(server) as ears:
        window = Window(folder, server, tmp_path / "home")
        try:
            first, second = (hz_of(item_id) for item_id in window.opened["order"][:2])
            assert first != second
            for key, hz in (("1", first), ("2", second), ("1", first)):
                window.press(key)
                ears.hear_until(lambda heard, hz=hz: is_tone(heard, hz), f"{hz:g} Hz")
            window.press("Space")
            ears.hear_until(lambda heard: not heard.any(), "silence")
            window.press("2")
            ears.hear_until(lambda heard: is_tone(heard, second), f"{second:g} Hz")
            window.press("Escape")
            ears.hear_until(lambda heard: not heard.any(), "silence")
            _, complaints = window.process.communicate(timeout=20)
            assert window.process.returncode == 0, complaints
            assert "Traceback" not in complaints
        finally:
            window.kill()


def test_a_killed_window_resumes_on_its_page(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory):
    folder = sample_study(tmp_path / "study", duration_s=0.3, n_queries=3, must_hear_share=0.1)
    moments = random.Random(3)
    before: dict[str, Any] | None = None
    n_graded = 0
    with sounding(tmp_path_factory.mktemp("pulse")) as server, Ears(server) as ears:
        for _ in range(4):
            window = Window(folder, server, tmp_path / "home")
            try:
                if before is not None:
                    for name in ("page", "order", "grades"):
                        assert window.opened[name] == before[name]
                before = window.opened
                for key in ("0", "1", "2"):
                    window.press(key)
                    ears.hear(0.25)
                for _ in range(moments.randrange(1, 6)):
                    key = moments.choice("12")
                    window.press(key)
                    before = window.press(moments.choice("QWER"))
                n_graded = sum(grade is not None for grade in before["grades"])
            finally:
                window.kill()
    assert n_graded == 2
