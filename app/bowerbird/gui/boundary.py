"""The last boundary: faults that nothing else caught, signals from outside, and Qt's own words."""

import logging
import signal
import socket
import sys
import threading
from types import TracebackType
from typing import Protocol

from PySide6.QtCore import QMessageLogContext, QSocketNotifier, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QWidget

from bowerbird import paths
from bowerbird.errors import BowerbirdError

logger = logging.getLogger(__name__)


class Complaining(Protocol):
    """A window that can say what went wrong."""

    def complain(self, sentence: str) -> None:
        """Show what went wrong."""


def log_qt() -> None:
    """Send Qt's own words to the log from now on."""
    qInstallMessageHandler(_log_qt)


def catch_the_rest(window: Complaining) -> None:
    """What no other caught is logged, and told in a sentence."""

    def caught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if isinstance(error, BowerbirdError):
            window.complain(str(error))
            return
        logger.error("a fault", exc_info=(kind, error, trace))
        window.complain(f"Bowerbird has a fault; what was done is kept. Please report it with {paths.log_path()}.")

    def caught_in_thread(fault: threading.ExceptHookArgs) -> None:
        if fault.exc_value is not None:
            logger.error("a thread ended", exc_info=(fault.exc_type, fault.exc_value, fault.exc_traceback))

    sys.excepthook = caught
    threading.excepthook = caught_in_thread


def close_on_signals(window: QWidget) -> None:
    """Ctrl+C in the terminal, or the end of the session, closes the window as the user would: its state is saved.

    Python's handlers run between its own instructions, so the event loop is woken through a socket.
    """
    waking, woken = socket.socketpair()
    waking.setblocking(False)
    woken.setblocking(False)
    signal.set_wakeup_fd(waking.fileno(), warn_on_full_buffer=False)
    notifier = QSocketNotifier(woken.fileno(), QSocketNotifier.Type.Read, window)
    notifier.activated.connect(lambda *_: woken.recv(64))
    window.destroyed.connect(lambda *_: waking.close())  # a bound method would not keep the socket alive
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: window.close())


def _log_qt(kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
    level = logging.INFO if kind in {QtMsgType.QtDebugMsg, QtMsgType.QtInfoMsg} else logging.WARNING
    logger.log(level, "%s (%s)", message, context.category)
