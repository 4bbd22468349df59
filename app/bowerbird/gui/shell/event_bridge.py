"""Where threads meet Qt: events from any thread, and queries that run in a thread of their own."""

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from bowerbird.jobs.runner import error_sentence

logger = logging.getLogger(__name__)

_EVERY_MS: Final = 50

EDIT: Final = "edit "
"""Queries whose names begin so write data: they are run even when the program is being closed."""


class EventBridge(QObject):
    """Carries events from any thread to the Qt thread, in order, at most 20 times a second."""

    received = Signal(list)
    _awoken = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._waiting: deque[object] = deque()
        self._is_called = False
        self._timer = QTimer(self, singleShot=True, interval=_EVERY_MS)
        self._timer.timeout.connect(self._deliver)
        self._awoken.connect(self._schedule, Qt.ConnectionType.QueuedConnection)

    def post(self, event: object) -> None:
        """Post an event, from any thread."""
        self._waiting.append(event)  # deque.append is atomic
        if not self._is_called:  # two threads may both get here: the second finds a running timer
            self._is_called = True
            self._awoken.emit()

    def _schedule(self) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def _deliver(self) -> None:
        self._is_called = False  # before draining: events from now on schedule again
        events = [self._waiting.popleft() for _ in range(len(self._waiting))]
        if events:
            self.received.emit(events)


class QueryThread(QObject):
    """Runs queries one after the other in one thread; of several with the same name, only the newest.

    Results and errors arrive in the Qt thread.
    """

    _finished = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lock = threading.Condition()
        self._waiting: dict[str, tuple[Callable[[], Any], Callable[[Any], None], Callable[[str], None]]] = {}
        self._is_closing = False
        self._last: Callable[[], None] = lambda: None
        self._finished.connect(self._deliver, Qt.ConnectionType.QueuedConnection)
        self._thread = threading.Thread(target=self._work, name="bowerbird-queries", daemon=True)
        self._thread.start()

    def run(
        self, name: str, work: Callable[[], Any], *, done: Callable[[Any], None], failed: Callable[[str], None]
    ) -> None:
        """Run a query; one of the same name that still waits is dropped."""
        with self._lock:
            self._waiting.pop(name, None)
            self._waiting[name] = (work, done, failed)
            self._lock.notify()

    def close(self, last: Callable[[], None]) -> None:
        """Drop waiting queries but not edits, run a last function in the thread, and wait for its end.

        What arrives from now on is dropped: what it would be shown in is being closed.
        """
        with self._lock:
            self._waiting = {name: query for name, query in self._waiting.items() if name.startswith(EDIT)}
            self._is_closing = True
            self._last = last
            self._lock.notify()
        self._thread.join(10)

    def _deliver(self, receiver: Callable[[Any], None], value: object) -> None:
        if not self._is_closing:
            receiver(value)

    def _work(self) -> None:
        while True:
            with self._lock:
                while not self._waiting and not self._is_closing:
                    self._lock.wait()
                if self._is_closing and not self._waiting:
                    break
                work, done, failed = self._waiting.pop(next(iter(self._waiting)))
            try:
                result = work()
            except Exception as error:  # the job boundary
                self._finished.emit(failed, error_sentence(error, activity="This"))
            else:
                self._finished.emit(done, result)
        self._last()
