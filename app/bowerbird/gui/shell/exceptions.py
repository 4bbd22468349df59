"""The last boundary: faults that nothing else caught, signals from outside, and Qt's own words."""

import logging
import signal
import socket
import sys
import threading
from types import TracebackType
from typing import Final, Protocol

from PySide6.QtCore import QMessageLogContext, QSocketNotifier, QtMsgType, qInstallMessageHandler

from bowerbird.base import paths
from bowerbird.base.errors import BowerbirdError
from bowerbird.gui.listening.rating_window import RatingWindow
from bowerbird.gui.shell.window import MainWindow

logger = logging.getLogger(__name__)

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


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


def close_on_signals(window: MainWindow | RatingWindow) -> None:
    """Ctrl+C in the terminal, or the end of the session, closes the window as the user would: its state is saved.

    Python's handlers run between its own instructions, so the event loop is woken through a socket. Once the window has
    closed, signals do what they do to any program: nobody is there to be woken or closed.
    """
    waking, woken = socket.socketpair()
    waking.setblocking(False)
    woken.setblocking(False)
    signal.set_wakeup_fd(waking.fileno(), warn_on_full_buffer=False)
    notifier = QSocketNotifier(woken.fileno(), QSocketNotifier.Type.Read, window)
    notifier.activated.connect(lambda *_: woken.recv(64))
    for number in _SIGNALS:
        signal.signal(number, lambda *_: window.close())

    def let_go() -> None:
        if waking.fileno() < 0:  # it closed already
            return
        signal.set_wakeup_fd(-1)
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        notifier.setEnabled(False)
        waking.close()
        woken.close()

    window.closing.connect(let_go)


def _log_qt(kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
    level = logging.INFO if kind in {QtMsgType.QtDebugMsg, QtMsgType.QtInfoMsg} else logging.WARNING
    logger.log(level, "%s (%s)", message, context.category)
