"""How soon a selected sound reaches the device, through PortAudio and a real sound server."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

sys.path.insert(0, str(Path(__file__).parents[1]))

from pulse import Ears, PulseServer, missing, running_server

pytestmark = [pytest.mark.benchmark, pytest.mark.skipif(missing() is not None, reason=str(missing()))]

PROBE = Path(__file__).with_name("playback_probe.py")
TARGET_MS = 20.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PulseServer]:
    with running_server(tmp_path_factory.mktemp("pulse")) as server:
        yield server


def sounds(folder: Path, ending: str, n: int) -> list[Path]:
    """Stereo sounds of 0.1 to 9.9 s at 44.1 or 48 kHz."""
    chance = np.random.default_rng(1)
    paths = []
    for number in range(n):
        rate_hz = int(chance.choice([44_100, 48_000]))
        n_frames = round(chance.uniform(0.1, 9.9) * rate_hz)
        path = folder / f"{number}.{ending}"
        soundfile.write(path, 0.1 * chance.standard_normal((n_frames, 2)), rate_hz)
        paths.append(path)
    return paths


@pytest.mark.parametrize("ending", ["wav", "flac", "mp3"])
@pytest.mark.parametrize("kind", ["plain", "prefetched", "pitched"])
def test_selection_to_device(
    kind: str, ending: str, server: PulseServer, tmp_path: Path, report: Callable[..., None]
) -> None:
    paths = sounds(tmp_path, ending, 60)
    env = {**server.env, "PYTHONPATH": os.pathsep.join(sys.path)}
    with Ears(server):
        command = [sys.executable, str(PROBE), kind, *map(str, paths)]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    delays_ms = json.loads(done.stdout.splitlines()[-1])
    p50, p95 = np.percentile(delays_ms, [50, 95])
    report(
        "selection to the first sample at the device",
        kind=kind,
        format=ending,
        n_sounds=len(paths),
        p50_ms=round(p50, 1),
        p95_ms=round(p95, 1),
        max_ms=round(max(delays_ms), 1),
        target_ms=None if kind == "pitched" else TARGET_MS,
    )
