"""Tasks given to worker processes: each is answered once, whatever becomes of the workers."""

import sys
from collections import Counter

import killing
import pytest

from bowerbird.base.errors import EncoderError
from bowerbird.jobs.control import Control
from bowerbird.library.indexing import worker_pool as workers
from bowerbird.library.indexing.worker import Outcome, Task
from bowerbird.library.indexing.worker_pool import in_batches, run_tasks
from sounds import sine, write


def tasks_of(folder, names, kind="analyse"):
    tasks = []
    for number, name in enumerate(names, start=1):
        path = write(folder / name, sine(100 + 10 * number, duration_s=0.05))
        tasks.append(Task(kind, number, str(path), path.stat().st_size))
    return tasks


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
@pytest.mark.parametrize("n_workers", [1, 2])
def test_every_task_is_answered_once_though_killers_stand_among_them(tmp_path, monkeypatch, n_workers):
    monkeypatch.setattr(workers, "serve", killing.serve)
    names = [f"{number}.wav" for number in range(15)]
    names[1], names[8] = "killer 1.wav", "killer 2.wav"
    tasks = tasks_of(tmp_path, names)
    outcomes = list(run_tasks(tasks, encoder_name="acoustic", n_workers=n_workers, control=Control()))
    assert Counter(outcome.sound_id for outcome in outcomes) == Counter(task.sound_id for task in tasks)
    failed = {outcome.sound_id for outcome in outcomes if outcome.failure}
    assert failed == {2, 9}
    assert all(outcome.analysis is not None for outcome in outcomes if outcome.sound_id not in failed)


def test_what_came_before_an_encoder_failed_is_recorded_before_the_failure_goes_on():
    def outcomes():
        yield Outcome(1, "1.wav", hash=b"1")
        yield Outcome(2, "2.wav", hash=b"2")
        raise EncoderError("`audio.onnx` is not here. Fetch it.")

    batches = in_batches(outcomes())
    assert [outcome.sound_id for outcome in next(batches)] == [1, 2]
    with pytest.raises(EncoderError, match="not here"):
        next(batches)


def test_nothing_to_do_starts_no_worker(monkeypatch):
    monkeypatch.setattr(workers, "serve", killing.serve_never)
    assert list(run_tasks([], encoder_name="acoustic", n_workers=2, control=Control())) == []


def test_identifying_gives_hashes_and_sentences(tmp_path):
    tasks = tasks_of(tmp_path, ["a.wav", "gone.wav"], "identify")
    (tmp_path / "gone.wav").unlink()
    first, second = run_tasks(tasks, encoder_name="acoustic", n_workers=1, control=Control())
    assert len(first.hash) == 16
    assert second.failure.startswith("gone.wav cannot be read (no such file or directory). Check")
