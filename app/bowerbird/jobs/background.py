"""One piece of work at a time in a thread of its own: told of in the window's thread, and cancelled between steps."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from bowerbird.base.errors import BowerbirdError
from bowerbird.base.paths import log_path
from bowerbird.jobs.control import Control

logger = logging.getLogger(__name__)

_TELL_EVERY_S: Final = 0.05
_END_WITHIN_S: Final = 2.0


class Tell(Protocol):
    """Says how far work is, from its own thread; it raises where the work was cancelled."""

    def __call__(self, text: str, share: float | None = None) -> None:
        """Say what goes on, and which share is done."""


@dataclass(frozen=True, slots=True, eq=False)
class BackgroundTold:
    """How far a piece of work is; `of` says whose it is."""

    of: object
    text: str
    share: float | None


@dataclass(frozen=True, slots=True, eq=False)
class BackgroundEnded:
    """A thread is done.

    Attributes
    ----------
    of : object
        Whose it is.
    answer : object
        None where the work failed or was cancelled.
    complaint : str
        "" where nothing went wrong.
    """

    of: object
    answer: Any = None
    complaint: str = ""


class _Cancelled(Exception):  # noqa: N818 - what the user asked for is no error
    """Ends work from within."""


class Background:
    """Runs one piece of work at a time.

    Parameters
    ----------
    post : callable
        Carries events from the thread to `handle` in the window's.
    """

    def __init__(self, post: Callable[[object], None]) -> None:
        self._post = post
        self._control: Control | None = None
        self._thread: threading.Thread | None = None
        self._told: Callable[[str, float | None], None] = lambda _text, _share: None
        self._ended: Callable[[Any, str], None] = lambda _answer, _complaint: None
        self._is_closed = False

    @property
    def is_running(self) -> bool:
        """Whether work goes on."""
        return self._control is not None

    @property
    def is_stopping(self) -> bool:
        """Whether it was cancelled and has not ended yet."""
        return self._control is not None and self._control.is_cancelled

    def start(
        self,
        work: Callable[[Tell], Any],
        *,
        told: Callable[[str, float | None], None],
        ended: Callable[[Any, str], None],
    ) -> bool:
        """Begin, where nothing goes on; say whether it was begun.

        Parameters
        ----------
        work : callable
            Gets what it tells its progress with.
        told : callable
            Gets a text and a share.
        ended : callable
            Gets the answer, None where there is none, and a complaint, "" where there is none.
        """
        if self.is_running or self._is_closed:
            return False
        self._control = control = Control()
        self._told, self._ended = told, ended
        self._thread = threading.Thread(
            target=self._run, args=(work, control), name="bowerbird-background", daemon=True
        )
        self._thread.start()
        return True

    def cancel(self) -> None:
        """Ask the work to stop at its next step."""
        if self._control is not None:
            self._control.cancel()

    def close(self) -> None:
        """Stop, and wait a moment for the end; a thread that outlives it says nothing any more."""
        self.cancel()
        if self._thread is not None:
            self._thread.join(_END_WITHIN_S)
        self._is_closed = True

    def handle(self, event: object) -> None:
        """Take an event, in the window's thread."""
        match event:
            case BackgroundTold() if event.of is self and not self.is_stopping and self.is_running:
                self._told(event.text, event.share)
            case BackgroundEnded() if event.of is self:
                self._control = None
                self._ended(event.answer, event.complaint)
            case _:
                pass

    def _run(self, work: Callable[[Tell], Any], control: Control) -> None:
        """The thread's whole life."""
        last_s = 0.0

        def tell(text: str, share: float | None = None) -> None:
            if control.is_cancelled:
                raise _Cancelled
            nonlocal last_s
            if time.monotonic() - last_s >= _TELL_EVERY_S:
                last_s = time.monotonic()
                self._post(BackgroundTold(self, text, share))

        ended = BackgroundEnded(self)
        try:
            ended = BackgroundEnded(self, work(tell))
        except _Cancelled:
            pass
        except BowerbirdError as error:
            ended = BackgroundEnded(self, complaint=str(error))
        except Exception:  # the job boundary: the log has the trace, the window a sentence
            logger.exception("work in the background failed")
            ended = BackgroundEnded(
                self, complaint=f"This failed inside Bowerbird. Please report it with {log_path()}."
            )
        if not self._is_closed:
            self._post(ended)
