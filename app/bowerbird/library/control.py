"""The cancel and pause buttons of work that takes time."""

import threading


class Control:
    """Lets another thread pause or cancel work; the work asks it between steps."""

    def __init__(self) -> None:
        self._cancelled = threading.Event()
        self._running = threading.Event()
        self._running.set()

    def cancel(self) -> None:
        """Ask the work to stop soon, paused or not."""
        self._cancelled.set()
        self._running.set()

    def pause(self) -> None:
        """Ask the work to wait."""
        self._running.clear()

    def resume(self) -> None:
        """Let the work go on."""
        self._running.set()

    @property
    def is_cancelled(self) -> bool:
        """Whether the work should stop."""
        return self._cancelled.is_set()

    @property
    def is_paused(self) -> bool:
        """Whether the work should wait."""
        return not self._running.is_set()

    def wait_while_paused(self) -> None:
        """Return at once, or when resumed or cancelled."""
        self._running.wait()
