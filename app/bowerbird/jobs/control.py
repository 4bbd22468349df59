"""Cancelling and pausing a job from another thread."""

import threading


class Cancelled(Exception):  # noqa: N818 - what the user asked for is not an error
    """Ends a cancelled job from within; only the job runner and the command line catch it."""


class Control:
    """Lets another thread cancel or pause a job; the job checks it between steps."""

    def __init__(self) -> None:
        self._cancelled = threading.Event()
        self._running = threading.Event()
        self._running.set()

    def cancel(self) -> None:
        """Ask the job to stop soon, paused or not."""
        self._cancelled.set()
        self._running.set()

    def pause(self) -> None:
        """Ask the job to wait."""
        self._running.clear()

    def resume(self) -> None:
        """Let the job continue."""
        self._running.set()

    @property
    def is_cancelled(self) -> bool:
        """Whether the job should stop."""
        return self._cancelled.is_set()

    @property
    def is_paused(self) -> bool:
        """Whether the job should wait."""
        return not self._running.is_set()

    def wait_while_paused(self) -> None:
        """Return at once, or when resumed or cancelled."""
        self._running.wait()

    def check(self) -> None:
        """Wait while paused, then continue.

        Raises
        ------
        Cancelled
            When the job was cancelled.
        """
        self._running.wait()
        if self._cancelled.is_set():
            raise Cancelled
