"""What is heard when a key is pressed in the window: everything is real, from the key to the sound server."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("PySide6.QtWidgets", reason="the window needs PySide6", exc_type=ImportError)

from gui_sounds import write_tone

from pulse import RATE_HZ, Ears, missing, running_server

TESTS = Path(__file__).parents[1]
PROGRAM = Path(__file__).with_name("gui_heard.py")


def pitch_of(heard: npt.NDArray[np.float32]) -> float:
    window = np.hanning(len(heard))
    return float(np.abs(np.fft.rfft(heard[:, 0] * window, 8 * len(heard))).argmax() * RATE_HZ / (8 * len(heard)))


def is_loud(heard: npt.NDArray[np.float32]) -> bool:
    return float(np.abs(heard).max()) > 0.3


@pytest.mark.skipif(missing() is not None, reason=str(missing()))
def test_an_arrow_in_the_window_is_heard_and_escape_is_silence(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
):
    for hz in (400, 1000):
        write_tone(tmp_path / "Tones" / f"{hz:04}.wav", hz, duration_s=8)
    try:
        serving = running_server(tmp_path_factory.mktemp("pulse"))
        server = serving.__enter__()
    except TimeoutError as error:
        pytest.skip(f"PulseAudio does not start here: {error}")
    env = {
        **server.env,
        "PYTHONPATH": str(TESTS.parent / "app"),
        "BOWERBIRD_HOME": str(tmp_path / "home"),
        "QT_QPA_PLATFORM": "offscreen",
    }
    process = subprocess.Popen(
        [sys.executable, PROGRAM, tmp_path / "Tones"],
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "ready\n", process.communicate()[1]
        with Ears(server) as ears:
            for hz in (400, 1000):
                process.stdin.write("Down\n")
                process.stdin.flush()
                ears.hear_until(lambda heard, hz=hz: is_loud(heard) and abs(pitch_of(heard) - hz) < 20, f"{hz} Hz")
            process.stdin.write("Escape\n")
            process.stdin.flush()
            ears.hear_until(lambda heard: not heard.any(), "silence")
        _, complaints = process.communicate(timeout=20)
        assert process.returncode == 0, complaints
        assert "Traceback" not in complaints
    finally:
        process.kill()
        process.communicate()
        serving.__exit__(None, None, None)
