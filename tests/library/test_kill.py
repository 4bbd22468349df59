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
    """Index to the end; return the catalogue's content and the number of events."""
    with started(library, folder) as process:
        out, complaints = process.communicate(timeout=60)
    assert (process.returncode, complaints) == (1, "")  # the small library has broken sounds
    events = [json.loads(line)["event"] for line in out.splitlines()]
    assert events[-1] == "indexing_finished"
    return dump(library), len(events)


def is_killed_at(library, folder, is_moment):
    """Kill the program when it has printed an event; return False if it ended before.

    Parameters
    ----------
    library, folder : Path
    is_moment : callable
        Receives the number of events so far and the name of the last.
    """
    with started(library, folder) as process:
        for number, line in enumerate(process.stdout, 1):
            if is_moment(number, json.loads(line)["event"]):
                process.kill()
                return True
    return False


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """The small library, what an undisturbed run makes of it, and how many events that has."""
    folder = small_library(tmp_path_factory.mktemp("sounds"))
    return folder, *completed(tmp_path_factory.mktemp("undisturbed"), folder)


@pytest.mark.parametrize("event", ["sounds_listed", "batch_recorded", "sound_rejected"])
def test_a_library_whose_indexing_was_killed_ends_as_an_undisturbed_one(undisturbed, tmp_path, event):
    folder, content, _ = undisturbed
    assert is_killed_at(tmp_path, folder, lambda _, last: last == event)
    assert completed(tmp_path, folder)[0] == content


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_a_library_whose_indexing_was_killed_a_hundred_times_ends_as_an_undisturbed_one(undisturbed, tmp_path):
    folder, content, n_events = undisturbed
    moments = random.Random(2)
    n_killed = n_libraries = 0
    while n_killed < 100:
        library = tmp_path / str(n_libraries)
        n_libraries += 1
        assert n_libraries < 300
        for _ in range(2):
            wanted, delay_s = moments.randint(1, n_events), moments.uniform(0.0, 0.3)

            def is_moment(number, _, wanted=wanted, delay_s=delay_s):
                if number == wanted:
                    time.sleep(delay_s)
                return number == wanted

            n_killed += is_killed_at(library, folder, is_moment)
        assert completed(library, folder)[0] == content


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
