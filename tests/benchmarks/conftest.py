"""Fixtures of the benchmarks: a library of 100,000 sounds, made once, and the line each benchmark prints."""

import json
import os
import platform
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from generated import N_SOUNDS, make_library

from bowerbird.encoders.registry import DEFAULT_ENCODER, encoder_named


@pytest.fixture(scope="session")
def big_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of 100,000 generated sounds, or of as many as BOWERBIRD_BENCHMARK_SOUNDS says."""
    n_sounds = int(os.environ.get("BOWERBIRD_BENCHMARK_SOUNDS", N_SOUNDS))
    library = tmp_path_factory.mktemp("big") / "library"
    make_library(library, n_sounds, encoder_named(DEFAULT_ENCODER))
    return library


@pytest.fixture
def report(capsys: pytest.CaptureFixture[str]) -> Callable[..., None]:
    """Print one JSON line: what was measured, and on how many cores."""

    def show(name: str, **figures: object) -> None:
        facts = {"cores": os.cpu_count(), "machine": platform.machine(), "python": platform.python_version()}
        with capsys.disabled():
            print("\n" + json.dumps({"benchmark": name, **figures, **facts}))

    return show
