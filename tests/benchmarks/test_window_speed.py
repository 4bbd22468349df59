"""How soon the window can be used, and how smooth it stays."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

pytest.importorskip("PySide6", reason="the window needs PySide6")

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(1800)]

SCRIPT = Path(__file__).with_name("window_probe.py")


def probe(task: str, home: Path, *arguments: str) -> dict[str, object]:
    env = {**os.environ, "BOWERBIRD_HOME": str(home), "PYTHONPATH": os.pathsep.join(sys.path)}
    env["BOWERBIRD_PROBE_BEGAN"] = repr(time.time())
    command = [sys.executable, str(SCRIPT), task, *arguments]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 0, done.stderr
    result: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return result


def test_time_to_window(big_library: Path, report: Callable[..., None]) -> None:
    home = big_library.parent
    probe("start", home)  # once for the disk's and Python's caches
    report("time to interactive window", **probe("start", home))


def test_scrolling_and_typing(big_library: Path, report: Callable[..., None]) -> None:
    report("window with many rows", **probe("scroll", big_library.parent))


def test_event_loop_gap_while_indexing(big_library: Path, tmp_path: Path, report: Callable[..., None]) -> None:
    chance = np.random.default_rng(1)
    folder = tmp_path / "sounds"
    folder.mkdir()
    for i in range(1500):
        n_frames = int(44_100 * chance.uniform(0.1, 1.5))
        soundfile.write(folder / f"{i}.wav", 0.1 * chance.standard_normal((n_frames, 2)), 44_100)
    report("event loop while indexing", **probe("index", big_library.parent, str(folder)))
