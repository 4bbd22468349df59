"""How fast folders are listed and sounds analysed."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import soundfile
from generated import N_SOUNDS, make_folder

from bowerbird.catalogue.sqlite.writer import SqliteWriter
from bowerbird.encoders.registry import ACOUSTIC_ENCODER, DEFAULT_ENCODER, encoder_named
from bowerbird.jobs.control import Control
from bowerbird.library.indexing.index import SCANNED_AT_ONCE
from bowerbird.library.indexing.scan import Scan, scan
from bowerbird.library.indexing.worker import Task
from bowerbird.library.indexing.worker_pool import run_tasks

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(1800)]


def test_scan_and_rescan(tmp_path: Path, report: Callable[..., None]) -> None:
    make_folder(tmp_path / "sounds", N_SOUNDS)
    seconds = []
    with SqliteWriter(tmp_path / "library") as catalogue:
        folder = catalogue.add_folder(tmp_path / "sounds")
        for _ in range(2):
            began = time.perf_counter()
            stamps = scan(folder.path, Scan(), Control())
            while batch := list(islice(stamps, SCANNED_AT_ONCE)):
                catalogue.reconcile(folder, batch)
            seconds.append(time.perf_counter() - began)
    first, again = (round(N_SOUNDS / took) for took in seconds)
    report("scan", n_files=N_SOUNDS, first_files_per_s=first, rescan_files_per_s=again, rescan_s=round(seconds[1], 2))


def test_vectors_of_the_built_in_encoder(tmp_path: Path, report: Callable[..., None]) -> None:
    chance = np.random.default_rng(1)
    tasks = []
    for i in range(1000):
        n_frames = int(44_100 * chance.uniform(0.1, 0.95))
        decay = np.exp(-np.arange(n_frames) / 6000)[:, None]
        path = tmp_path / f"{i}.wav"
        soundfile.write(path, 0.5 * decay * chance.standard_normal((n_frames, 1 + i % 2)), 44_100)
        tasks.append(Task("analyse", i, str(path), path.stat().st_size))
    for n_workers in (1, 2):
        outcomes = run_tasks(tasks, encoder_name=DEFAULT_ENCODER, n_workers=n_workers, control=Control())
        for _ in range(100):  # workers start
            next(outcomes)
        began = time.perf_counter()
        n = sum(outcome.analysis is not None for outcome in outcomes)
        rate = n / (time.perf_counter() - began)
        report("one-shots a second, decoded to vector", n_workers=n_workers, per_second=round(rate))


@pytest.mark.parametrize("name", [DEFAULT_ENCODER, ACOUSTIC_ENCODER])
def test_encoder_alone(name: str, report: Callable[..., None]) -> None:
    script = (
        "import json, sys, time, numpy as np; from bowerbird.encoders.registry import encoder_named\n"
        "e = encoder_named(sys.argv[1]); c = np.random.default_rng(1); out = {}\n"
        "for s in (0.1, 0.5, 2.0, 10.0):\n"
        "    x = c.standard_normal(int(s * e.rate_hz)).astype(np.float32) * 0.1; e.encode([x])\n"
        "    t = time.perf_counter(); [e.encode([x]) for _ in range(20)]\n"
        "    out[f'{s}_s_ms'] = round((time.perf_counter() - t) / 20 * 1000, 2)\n"
        "print(json.dumps(out))"
    )
    env = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", script, name]
    printed = subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout
    report("encoder, one thread", encoder=encoder_named(name).id, **json.loads(printed))
