"""The whole program killed at any moment: the next run ends with the very same catalogue."""

import json
import os
import random
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from analyses import dump
from sounds import noise, small_library, write

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs signals")

APP = Path(__file__).parents[2] / "app"


def started(library, folder):
    """Begin to index in a process of its own."""
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "bowerbird",
            "index",
            str(folder),
            "--library",
            str(library),
            "--json",
            "--workers",
            "2",
        ],
        env=os.environ | {"PYTHONPATH": str(APP)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def completed(library, folder):
    """Index to the end and return the catalogue's content."""
    with started(library, folder) as process:
        out, complaints = process.communicate(timeout=60)
    assert (process.returncode, complaints) == (1, "")  # the small library has broken sounds
    assert json.loads(out.splitlines()[-1])["event"] == "indexing_finished"
    return dump(library)


def killed_after(library, folder, seconds):
    """Kill the program after so many seconds; False when it was done before."""
    with started(library, folder) as process:
        try:
            process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            return True
    return False


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """The small library, what an undisturbed run makes of it, and how long that takes."""
    folder = small_library(tmp_path_factory.mktemp("sounds"))
    library = tmp_path_factory.mktemp("undisturbed")
    began = time.monotonic()
    content = completed(library, folder)
    return folder, content, time.monotonic() - began


def after_kills(undisturbed, tmp_path, *, n_kills, seed):
    folder, content, whole_s = undisturbed
    moments = random.Random(seed)
    n_killed = n_libraries = 0
    states = set()
    while n_killed < n_kills:
        library = tmp_path / str(n_libraries)
        n_libraries += 1
        assert n_libraries < 3 * n_kills
        for _ in range(2):
            if killed_after(library, folder, moments.uniform(0.15, 1.0) * whole_s):
                n_killed += 1
            else:
                whole_s *= 0.8  # the undisturbed run had less of the machine than this one
            if (library / "catalogue.sqlite3").exists():
                states.add((library / "catalogue.sqlite3").stat().st_size)
        assert completed(library, folder) == content
    assert len(states) > 1  # the moments were different ones


def test_a_library_whose_indexing_was_killed_at_three_moments_ends_as_an_undisturbed_one(undisturbed, tmp_path):
    after_kills(undisturbed, tmp_path, n_kills=3, seed=1)


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_a_library_whose_indexing_was_killed_a_hundred_times_ends_as_an_undisturbed_one(undisturbed, tmp_path):
    after_kills(undisturbed, tmp_path, n_kills=100, seed=2)


def children_of(pid):
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(int(status.parent.name))
    return found


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs process descriptors of Linux")
@pytest.mark.parametrize("is_hanging", [False, True])
def test_workers_left_behind_by_a_killed_program_exit(tmp_path, is_hanging):
    folder = tmp_path / "sounds"
    for number in range(20):
        write(folder / f"{number}.wav", noise(number, duration_s=8))
    if is_hanging:
        code = (
            "import sys; sys.path.insert(0, sys.argv[3])\n"
            "import killing\nfrom bowerbird.library.indexing import worker_pool as workers\n"
            "from bowerbird.__main__ import main\n"
            "if __name__ == '__main__':\n"
            "    workers.serve = killing.serve\n"
            "    main(['index', sys.argv[1], '--library', sys.argv[2], '--json', '--workers', '2'])\n"
        )
        (tmp_path / "program.py").write_text(code)
        write(folder / "0" / "hanging.wav", noise(99, duration_s=1))
        os.mkfifo(folder / "0" / "told")
        arguments = [str(tmp_path / "program.py"), str(folder), str(tmp_path / "library"), str(Path(__file__).parent)]
        process = subprocess.Popen(
            [sys.executable, *arguments], env=os.environ | {"PYTHONPATH": str(APP)}, stdout=subprocess.PIPE
        )
        (folder / "0" / "told").read_text()
    else:
        process = started(tmp_path / "library", folder)
        next(line for line in process.stdout if '"batch_recorded"' in line and '"n_sounds": 20' in line)
        while not any("multiprocessing" in _command(pid) for pid in children_of(process.pid)):
            assert process.poll() is None
    descriptors = {pid: os.pidfd_open(pid) for pid in children_of(process.pid)}
    assert descriptors
    with process:
        os.kill(process.pid, signal.SIGKILL)
    for pid, descriptor in descriptors.items():
        readable, _, _ = select.select([descriptor], [], [], 5)
        os.close(descriptor)
        if not readable:
            os.kill(pid, signal.SIGKILL)
        assert readable, "a worker outlived the program by five seconds"


def _command(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""
