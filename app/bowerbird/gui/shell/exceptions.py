"""The outermost boundary: uncaught exceptions, signals of the operating system, and Qt's messages."""

import logging
import signal
import socket
import sys
import threading
from contextlib import suppress
from types import TracebackType
from typing import Final, Protocol

from PySide6.QtCore import QMessageLogContext, QSocketNotifier, QtMsgType, qInstallMessageHandler

from bowerbird.base import paths
from bowerbird.base.errors import BowerbirdError
from bowerbird.gui.listening.rating_window import RatingWindow
from bowerbird.gui.shell.window import MainWindow
from bowerbird.gui.translation import translate

logger = logging.getLogger(__name__)

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class ShowsErrors(Protocol):
    """A window that can show an error."""

    def complain(self, sentence: str) -> None:
        """Show an error."""


def log_qt() -> None:
    """Write Qt's messages to the log from now on."""
    qInstallMessageHandler(_log_qt)


def show_uncaught(window: ShowsErrors) -> None:
    """Log uncaught exceptions, and show a sentence."""

    def caught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if isinstance(error, BowerbirdError):
            window.complain(str(error))
            return
        logger.error("an uncaught exception", exc_info=(kind, error, trace))
        window.complain(
            translate(
                "Errors", "Something failed because of a bug in Bowerbird. Please report it with the log file, {log}."
            ).format(log=paths.log_path())
        )

    def caught_in_thread(hook: threading.ExceptHookArgs) -> None:
        if hook.exc_value is not None:
            logger.error("a thread failed", exc_info=(hook.exc_type, hook.exc_value, hook.exc_traceback))

    sys.excepthook = caught
    threading.excepthook = caught_in_thread


def close_on_signals(window: MainWindow | RatingWindow) -> None:
    """Close the window on Ctrl+C in the terminal and at the end of the desktop session, so that its state is saved.

    Python runs signal handlers between its own instructions, so a socket wakes the event loop. Once the window has
    closed, signals have their default effect again.
    """
    waking, woken = socket.socketpair()
    waking.setblocking(False)
    woken.setblocking(False)
    signal.set_wakeup_fd(waking.fileno(), warn_on_full_buffer=False)
    notifier = QSocketNotifier(woken.fileno(), QSocketNotifier.Type.Read, window)

    def read_wakeup(*_: object) -> None:
        with suppress(OSError):  # the signal handler has closed the window, and so the sockets
            woken.recv(64)

    notifier.activated.connect(read_wakeup)
    for number in _SIGNALS:
        signal.signal(number, lambda *_: window.close())

    def restore_signals() -> None:
        if waking.fileno() < 0:  # it has closed already
            return
        signal.set_wakeup_fd(-1)
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        notifier.setEnabled(False)
        waking.close()
        woken.close()

    window.closing.connect(restore_signals)


def _log_qt(kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
    level = logging.INFO if kind in {QtMsgType.QtDebugMsg, QtMsgType.QtInfoMsg} else logging.WARNING
    logger.log(level, "%s (%s)", message, context.category)
