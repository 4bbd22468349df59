"""Worker processes: started by spawn everywhere, fed a little ahead, replaced when a file kills them.

A file on which a worker dies or hangs is tried once more, alone; then it is a failure with a sentence, and the
files that waited behind it go on.
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
"""Tasks waiting in a worker's pipe: enough that it never idles, few enough to be lost with it."""

START_LIMIT_S: Final = 600.0
"""A worker may take so long to start: weights of hundreds of megabytes come from a slow disk too."""

LIMIT_S: Final = 60.0
LIMIT_S_PER_MB: Final = 1.0
"""A file may take so long, plus so long a megabyte, before its worker is given up."""

RECORDED_AT_ONCE: Final = 256
RECORD_EVERY_S: Final = 1.0

_POLL_S: Final = 0.1
_STOP_S: Final = 1.0


def default_n_workers() -> int:
    """Return how many workers to run: one a core that this process may use, eight at most."""
    affinity = getattr(os, "sched_getaffinity", None)
    n_cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    return max(1, min(8, n_cores))


class _Worker:
    """One process and the tasks it has not answered."""

    def __init__(self, encoder_name: str) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs, encoder_name), name="bowerbird-worker", daemon=True)
        self._process.start()
        theirs.close()
        self.open: deque[Task] = deque()
        self._since = time.monotonic()
        self._is_ready = False

    def give(self, tasks: list[Task]) -> None:
        if not self.open:
            self._since = time.monotonic()
        self.open.extend(tasks)
        with contextlib.suppress(OSError):  # it is dead: whoever takes next will know, and deals with its tasks
            self.pipe.send(tasks)

    def take(self) -> Outcome | None:
        """Return the next outcome; None for the first word of a worker.

        Raises
        ------
        EOFError, OSError
            When a task killed the worker.
        EncoderError
            When it died before it was given one, or could not load its encoder.
        """
        try:
            answer: Outcome | str = self.pipe.recv()
        except (EOFError, OSError) as error:
            if self._is_ready:
                raise
            raise EncoderError(
                "The processes that analyse sounds cannot start. Close other programs to free memory, "
                "or install Bowerbird again."
            ) from error
        self._since = time.monotonic()
        if isinstance(answer, str):
            if answer != READY:
                raise EncoderError(answer)
            self._is_ready = True
            return None  # the clock of the first task starts now
        if not answer.is_partial:
            self.open.popleft()
        return answer

    def forgive(self) -> None:
        """Start the clock of the task at hand anew: the pause was not its fault."""
        self._since = time.monotonic()

    @property
    def is_stuck(self) -> bool:
        """Whether the task at hand has had more time than any honest file needs."""
        if not self.open:
            return False
        if not self._is_ready:  # no file is to blame yet
            if time.monotonic() - self._since > START_LIMIT_S:
                raise EncoderError(
                    "The processes that analyse sounds do not come to their start. Close other programs, then index "
                    "again."
                )
            return False
        limit_s = LIMIT_S + LIMIT_S_PER_MB * self.open[0].size_bytes / 1e6
        return time.monotonic() - self._since > limit_s

    def stop(self) -> None:
        self._process.kill()
        self._process.join(_STOP_S)  # one that hangs in a dead drive is left to the system
        self.pipe.close()


def run_tasks(tasks: Iterable[Task], *, encoder_name: str, n_workers: int, control: Control) -> Iterator[Outcome]:
    """Run tasks in worker processes and yield their outcomes as they come, in no fixed order.

    Closing the generator, or cancelling, stops the workers at once; what they had not answered is lost, and is
    found pending again.

    Parameters
    ----------
    tasks : iterable of Task
        Taken a little ahead of the work.
    encoder_name : str
    n_workers : int
    control : Control
    """
    waiting = iter(tasks)
    again: deque[Task] = deque()  # were behind a killer
    suspects: deque[Task] = deque()  # tried once more, alone
    workers: list[_Worker] = []
    try:
        while not control.is_cancelled:
            if control.is_paused:
                control.wait_while_paused()
                for worker in workers:
                    worker.forgive()
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
                        outcome = worker.take()
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
    """Gather what a transaction should hold: up to 256 outcomes or one second's.

    What came before an encoder failed is yielded before its error goes on: nothing is found twice.
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
    """Fill every worker's pipe; start workers only while there is work for them."""
    for worker in workers:
        _fill(worker, waiting, again)
    while len(workers) < n_workers:
        tasks = _next_tasks(N_AHEAD, waiting, again)
        if not tasks:
            return
        worker = _Worker(encoder_name)
        workers.append(worker)
        worker.give(tasks)


def _fill(worker: _Worker, waiting: Iterator[Task], again: deque[Task]) -> None:
    n_free = N_AHEAD - len(worker.open)
    if n_free > N_AHEAD // 2:
        tasks = _next_tasks(n_free, waiting, again)
        if tasks:
            worker.give(tasks)


def _next_tasks(n: int, waiting: Iterator[Task], again: deque[Task]) -> list[Task]:
    tasks = [again.popleft() for _ in range(min(n, len(again)))]
    return tasks + list(islice(waiting, n - len(tasks)))


def _try_alone(task: Task, encoder_name: str, control: Control) -> Iterator[Outcome]:
    """Give a suspect a worker of its own: if that dies too, the file is the cause."""
    name = Path(task.path).name
    worker = _Worker(encoder_name)
    try:
        worker.give([task])
        while not control.is_cancelled:
            if worker.pipe.poll(_POLL_S):
                outcome = worker.take()
                if outcome is not None:
                    yield outcome
                if not worker.open:
                    return
            if worker.is_stuck:
                reason = f"`{name}` takes the decoder forever. Re-export it, or remove it."
                yield Outcome(task.sound_id, task.path, failure=reason)
                return
    except (EOFError, OSError):
        reason = f"`{name}` crashes the decoder, twice over. Re-export it, or remove it."
        yield Outcome(task.sound_id, task.path, failure=reason)
    finally:
        worker.stop()
