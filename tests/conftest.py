"""Fixtures of every test: nothing is read from or written to the user's own folders."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import settings

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # for tests that use ONNX Runtime without the program

settings.register_profile("bowerbird", deadline=None)  # timing never decides a test
settings.load_profile("bowerbird")

_SCREEN = pytest.StashKey["subprocess.Popen[bytes]"]()


def pytest_configure(config: pytest.Config) -> None:
    """Give every parallel process a screen of its own: windows on one screen take the focus from each other."""
    is_worker = "PYTEST_XDIST_WORKER" in os.environ
    if is_worker and os.environ["QT_QPA_PLATFORM"] == "xcb" and shutil.which("Xvfb"):
        reading, writing = os.pipe()
        command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1440x900x24", "-nolisten", "tcp"]
        screen = subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL)
        config.stash[_SCREEN] = screen
        os.close(writing)
        with os.fdopen(reading) as told:
            os.environ["DISPLAY"] = f":{told.readline().strip()}"


def pytest_unconfigure(config: pytest.Config) -> None:
    """Close the screen."""
    screen = config.stash.get(_SCREEN, None)
    if screen is not None:
        screen.terminate()
        screen.wait()


@pytest.fixture(scope="session", autouse=True)
def _session_home(tmp_path_factory: pytest.TempPathFactory) -> None:
    """For fixtures that outlive a test."""
    os.environ["BOWERBIRD_HOME"] = str(tmp_path_factory.mktemp("home"))


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Library, settings and log of one test."""
    path = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("BOWERBIRD_HOME", str(path))
    return path
