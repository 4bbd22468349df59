"""The speed of work, and an estimate of when it will be done."""

import time
from collections import deque

from bowerbird.domain.events import Progress


class Pace:
    """Counts what is done and estimates the end from the recent rate.

    Sounds are counted; the estimate is by units of work, since one sound can be a thousand times the work of another.

    Parameters
    ----------
    n_total : int
        Sounds.
    work_total : int or None
        In units of work; None where every sound is one unit.
    recent_s : float
        Time over which the rate is taken.
    activity : str
        What is done; "" for analysis.
    """

    def __init__(
        self, n_total: int, *, work_total: int | None = None, recent_s: float = 10.0, activity: str = ""
    ) -> None:
        self._n_total = n_total
        self._work_total = n_total if work_total is None else work_total
        self._recent_s = recent_s
        self._activity = activity
        self._n_done = 0
        self._work_done = 0
        self._marks: deque[tuple[float, int, int]] = deque([(time.monotonic(), 0, 0)])

    def advance(self, n: int, work: int | None = None) -> Progress:
        """Count sounds and work that are done; return the progress."""
        self._n_done += n
        self._work_done += n if work is None else work
        now = time.monotonic()
        self._marks.append((now, self._n_done, self._work_done))
        while len(self._marks) > 2 and now - self._marks[0][0] > self._recent_s:
            self._marks.popleft()
        since, n_before, work_before = self._marks[0]
        elapsed_s = max(1e-3, now - since)
        work_rate = (self._work_done - work_before) / elapsed_s
        work_left = max(0, self._work_total - self._work_done)
        return Progress(
            self._n_done,
            max(self._n_total, self._n_done),
            (self._n_done - n_before) / elapsed_s,
            work_left / work_rate if work_rate > 0 else None,
            self._activity,
        )
