"""The one background runner: a job at a time in a thread of its own, and the boundary that classifies what fails."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from bowerbird.base.errors import BowerbirdError
from bowerbird.base.paths import log_path
from bowerbird.jobs.control import Cancelled, Control
from bowerbird.jobs.progress import Progress, Report, ignore

logger = logging.getLogger(__name__)

_REPORT_EVERY_S: Final = 0.05
_END_WITHIN_S: Final = 2.0


class Work(Protocol):
    """What a job does, in its own thread."""

    def __call__(self, control: Control, report: Report) -> Any:
        """Run the job and return its result."""


@dataclass(frozen=True, slots=True, eq=False)
class JobProgressed:
    """A job of a runner reports progress."""

    runner: "JobRunner"
    progress: Progress


@dataclass(frozen=True, slots=True, eq=False)
class JobEnded:
    """A job of a runner has ended.

    Attributes
    ----------
    runner : JobRunner
    result : object
        None when it failed or was cancelled.
    error : str or None
        A sentence for the user; None when nothing failed.
    """

    runner: "JobRunner"
    result: Any = None
    error: str | None = None


def error_sentence(error: Exception, *, activity: str) -> str:
    """Return the sentence for a failure: a `BowerbirdError` is shown as it is, anything else is a bug and is logged.

    Parameters
    ----------
    error : Exception
    activity : str
        What failed, as the beginning of a sentence, such as "Indexing".
    """
    if isinstance(error, BowerbirdError):
        return str(error)
    logger.error("%s failed", activity, exc_info=error)
    return f"{activity} failed because of a bug in Bowerbird. Please report it with the log file, {log_path()}."


class JobRunner:
    """Runs one job at a time.

    Parameters
    ----------
    post : callable
        Carries events from the job's thread to `handle` in the owner's.
    name : str
        Of the thread, for debuggers.
    end_within_s : float
        How long `close` waits for a cancelled job; events of one that takes longer are dropped.
    """

    def __init__(self, post: Callable[[object], None], *, name: str, end_within_s: float = _END_WITHIN_S) -> None:
        self._post = post
        self._name = name
        self._end_within_s = end_within_s
        self._control: Control | None = None
        self._thread: threading.Thread | None = None
        self._progressed: Report = ignore
        self._ended: Callable[[Any, str | None], None] = lambda _result, _error: None
        self._is_closed = False

    @property
    def control(self) -> Control | None:
        """Control of the running job; None if none is running."""
        return self._control

    @property
    def is_running(self) -> bool:
        """Whether a job runs."""
        return self._control is not None

    @property
    def is_stopping(self) -> bool:
        """Whether the job was cancelled and has not ended yet."""
        return self._control is not None and self._control.is_cancelled

    def start(
        self,
        activity: str,
        work: Work,
        *,
        progressed: Report = ignore,
        ended: Callable[[Any, str | None], None],
    ) -> bool:
        """Start a job unless one is running; return whether it was started.

        Parameters
        ----------
        activity : str
            What the job does, as the beginning of a sentence, such as "Indexing".
        work : Work
        progressed : callable
            Receives progress, in the owner's thread, at most 20 times a second and at every change of activity.
        ended : callable
            Receives the result and the sentence of an error, in the owner's thread; both None when cancelled.
        """
        if self.is_running or self._is_closed:
            return False
        self._control = control = Control()
        self._progressed, self._ended = progressed, ended
        self._thread = threading.Thread(
            target=self._run, args=(activity, work, control), name=f"bowerbird-{self._name}", daemon=True
        )
        self._thread.start()
        return True

    def cancel(self) -> None:
        """Ask the job to stop at its next step."""
        if self._control is not None:
            self._control.cancel()

    def close(self) -> None:
        """Cancel, and wait briefly for the end."""
        self.cancel()
        if self._thread is not None:
            self._thread.join(self._end_within_s)
        self._is_closed = True

    def handle(self, event: object) -> None:
        """Take an event, in the owner's thread."""
        match event:
            case JobProgressed() if event.runner is self and self.is_running and not self.is_stopping:
                self._progressed(event.progress)
            case JobEnded() if event.runner is self:
                self._control = None
                self._ended(event.result, event.error)
            case _:
                pass

    def _run(self, activity: str, work: Work, control: Control) -> None:
        """Run the job, then post its result or error."""
        last_s, last_activity = 0.0, ""

        def report(progress: Progress) -> None:
            nonlocal last_s, last_activity
            now_s = time.monotonic()
            if now_s - last_s >= _REPORT_EVERY_S or progress.activity != last_activity:
                last_s, last_activity = now_s, progress.activity
                self._post(JobProgressed(self, progress))

        ended = JobEnded(self)
        try:
            ended = JobEnded(self, work(control, report))
        except Cancelled:
            pass
        except Exception as error:  # the job boundary
            ended = JobEnded(self, error=error_sentence(error, activity=activity))
        if not self._is_closed:
            self._post(ended)
