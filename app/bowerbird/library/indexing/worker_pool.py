"""Worker processes: started with spawn on every system; tasks are prefetched, and a worker that dies is replaced.

A file on which a worker dies or hangs is tried once more, alone; then it is rejected, and the files behind it continue.
"""

import contextlib
import multiprocessing
import multiprocessing.connection
import os
import time
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from bowerbird.base.errors import EncoderError
from bowerbird.jobs.control import Control
from bowerbird.library.indexing.worker import READY, Outcome, Task, serve

N_AHEAD: Final = 12
"""Tasks queued in a worker's pipe: enough that it never idles, few enough to be lost with it."""

START_LIMIT_S: Final = 600.0
"""Longest time for a worker to start: it may read weights of hundreds of megabytes from a slow disk."""

LIMIT_S: Final = 60.0
LIMIT_S_PER_MB: Final = 1.0
"""Longest time for a file, plus time per megabyte, before its worker is killed."""

RECORDED_AT_ONCE: Final = 256
RECORD_EVERY_S: Final = 1.0

_POLL_S: Final = 0.1
_STOP_S: Final = 1.0


def default_n_workers() -> int:
    """Return the number of workers to run: one per core that this process may use, at most eight."""
    affinity = getattr(os, "sched_getaffinity", None)
    n_cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    return max(1, min(8, n_cores))


def n_workers_for(load: str) -> int:
    """Return the number of workers for a load: one for "low", else one per core."""
    return 1 if load == "low" else default_n_workers()


class _Worker:
    """One process and its open tasks."""

    def __init__(self, encoder_name: str) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs, encoder_name), name="bowerbird-worker", daemon=True)
        self._process.start()
        theirs.close()
        self.open: deque[Task] = deque()
        self._since = time.monotonic()
        self._is_ready = False

    def send(self, tasks: list[Task]) -> None:
        if not self.open:
            self._since = time.monotonic()
        self.open.extend(tasks)
        with contextlib.suppress(OSError):  # it is dead: `receive` will notice, and its tasks are taken over
            self.pipe.send(tasks)

    def receive(self) -> Outcome | None:
        """Return the next outcome; None for READY.

        Raises
        ------
        EOFError, OSError
            When a task killed the worker.
        EncoderError
            When it died before its first task, or could not load its encoder.
        """
        try:
            message: Outcome | str = self.pipe.recv()
        except (EOFError, OSError) as error:
            if self._is_ready:
                raise
            raise EncoderError(
                "The processes that analyse sounds cannot start. Close other programs to free memory, "
                "or install Bowerbird again."
            ) from error
        self._since = time.monotonic()
        if isinstance(message, str):
            if message != READY:
                raise EncoderError(message)
            self._is_ready = True
            return None  # the clock of the first task starts now
        if not message.is_partial:
            self.open.popleft()
        return message

    def restart_clock(self) -> None:
        """Restart the clock of the current task: a pause does not count."""
        self._since = time.monotonic()

    @property
    def is_stuck(self) -> bool:
        """Whether the current task has taken longer than any valid file does."""
        if not self.open:
            return False
        if not self._is_ready:  # no file has been opened yet
            if time.monotonic() - self._since > START_LIMIT_S:
                raise EncoderError(
                    "The processes that analyse sounds have not started. Close other programs, then index again."
                )
            return False
        limit_s = LIMIT_S + LIMIT_S_PER_MB * self.open[0].size_bytes / 1e6
        return time.monotonic() - self._since > limit_s

    def stop(self) -> None:
        self._process.kill()
        self._process.join(_STOP_S)  # one that hangs on a dead drive is left to the system
        self.pipe.close()


def run_tasks(tasks: Iterable[Task], *, encoder_name: str, n_workers: int, control: Control) -> Iterator[Outcome]:
    """Run tasks in worker processes and yield their outcomes as they arrive, in no fixed order.

    Closing the generator, or cancelling, stops the workers at once; open tasks are lost, and are pending again.

    Parameters
    ----------
    tasks : iterable of Task
        Consumed a little ahead of the work.
    encoder_name : str
    n_workers : int
    control : Control
    """
    waiting = iter(tasks)
    again: deque[Task] = deque()  # were queued behind a file that killed the worker
    suspects: deque[Task] = deque()  # are tried once more, alone
    workers: list[_Worker] = []
    try:
        while not control.is_cancelled:
            if control.is_paused:
                control.wait_while_paused()
                for worker in workers:
                    worker.restart_clock()
                continue
            _feed(workers, waiting, again, encoder_name=encoder_name, n_workers=n_workers)
            busy = [worker for worker in workers if worker.open]
            if not busy:
                if suspects:
                    yield from _try_alone(suspects.popleft(), encoder_name, control)
                    continue
                return
            ready = multiprocessing.connection.wait([worker.pipe for worker in busy], _POLL_S)
            for worker in busy:
                try:
                    while worker.open and worker.pipe in ready and worker.pipe.poll():
                        outcome = worker.receive()
                        if outcome is not None:
                            yield outcome
                    if not worker.is_stuck:
                        continue
                except (EOFError, OSError):
                    pass
                suspects.append(worker.open.popleft())
                again.extend(worker.open)
                workers.remove(worker)
                worker.stop()
    finally:
        for worker in workers:
            worker.stop()


def in_batches(outcomes: Iterable[Outcome]) -> Iterator[list[Outcome]]:
    """Yield batches for a transaction each: up to 256 outcomes, or those of one second.

    Outcomes that arrived before an encoder failed are yielded before its error is raised: no work is repeated.
    """
    batch: list[Outcome] = []
    since = time.monotonic()
    try:
        for outcome in outcomes:
            batch.append(outcome)
            if len(batch) >= RECORDED_AT_ONCE or time.monotonic() - since >= RECORD_EVERY_S:
                yield batch
                batch, since = [], time.monotonic()
    except EncoderError:
        if batch:
            yield batch
        raise
    if batch:
        yield batch


def _feed(
    workers: list[_Worker], waiting: Iterator[Task], again: deque[Task], *, encoder_name: str, n_workers: int
) -> None:
    """Fill every worker's queue; start workers only while there are tasks for them."""
    for worker in workers:
        _fill(worker, waiting, again)
    while len(workers) < n_workers:
        tasks = _next_tasks(N_AHEAD, waiting, again)
        if not tasks:
            return
        worker = _Worker(encoder_name)
        workers.append(worker)
        worker.send(tasks)


def _fill(worker: _Worker, waiting: Iterator[Task], again: deque[Task]) -> None:
    n_free = N_AHEAD - len(worker.open)
    if n_free > N_AHEAD // 2:
        tasks = _next_tasks(n_free, waiting, again)
        if tasks:
            worker.send(tasks)


def _next_tasks(n: int, waiting: Iterator[Task], again: deque[Task]) -> list[Task]:
    tasks = [again.popleft() for _ in range(min(n, len(again)))]
    return tasks + list(islice(waiting, n - len(tasks)))


def _try_alone(task: Task, encoder_name: str, control: Control) -> Iterator[Outcome]:
    """Run a suspect task in a worker of its own: if that dies too, the file is the cause."""
    name = Path(task.path).name
    worker = _Worker(encoder_name)
    try:
        worker.send([task])
        while not control.is_cancelled:
            if worker.pipe.poll(_POLL_S):
                outcome = worker.receive()
                if outcome is not None:
                    yield outcome
                if not worker.open:
                    return
            if worker.is_stuck:
                reason = f"Decoding {name} timed out. Re-export it."
                yield Outcome(task.sound_id, task.path, failure=reason, code="timed_out")
                return
    except (EOFError, OSError):
        reason = f"Decoding {name} crashed twice. Re-export it."
        yield Outcome(task.sound_id, task.path, failure=reason, code="crashed")
    finally:
        worker.stop()
