"""Fixtures of every test: nothing is read from or written to the user's own folders."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # for tests that use ONNX Runtime without the program

settings.register_profile("bowerbird", deadline=None)  # timing never decides a test
settings.load_profile("bowerbird")


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
