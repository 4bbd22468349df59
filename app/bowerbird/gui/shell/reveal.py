"""Showing a file in the system's file manager, with the file selected."""

import logging
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final, Protocol

from PySide6.QtCore import QUrl
from PySide6.QtDBus import QDBusConnection, QDBusMessage, QDBusPendingCallWatcher
from PySide6.QtGui import QDesktopServices

logger = logging.getLogger(__name__)

_SERVICE: Final = "org.freedesktop.FileManager1"
_OBJECT: Final = "/org/freedesktop/FileManager1"

_calls: Final[set[QDBusPendingCallWatcher]] = set()


class ShowItems(Protocol):
    """Asks the file manager to select files; calls `failed` later where it cannot."""

    def __call__(self, uris: list[str], *, failed: Callable[[], object]) -> None:
        """Ask."""


def reveal(path: Path, *, is_folder: bool = False) -> None:
    """Show a file, or a folder, in the file manager.

    Parameters
    ----------
    path : Path
        Absolute. Nothing is read: it may be on a drive that sleeps.
    is_folder : bool
        Whether to open the path as a folder instead of selecting it in the folder that contains it.
    """
    if is_folder:
        open_folder(path)
    else:
        select(path, platform=sys.platform, run=_run, show_items=show_items, open_folder=open_folder)


def select(
    path: Path,
    *,
    platform: str,
    run: Callable[[list[str] | str], object],
    show_items: ShowItems,
    open_folder: Callable[[Path], object],
) -> None:
    """Select a file in the file manager of a platform, or open its folder where that fails.

    Parameters
    ----------
    path : Path
    platform : str
        As in `sys.platform`.
    run : callable
        Starts a program.
    show_items : ShowItems
    open_folder : callable
    """
    instead = partial(open_folder, path.parent)
    if platform not in {"win32", "darwin"}:
        show_items([path.as_uri()], failed=instead)
        return
    try:
        # A whole command line for Explorer: it reads the quotation marks in another way than Python writes them.
        run(f'explorer /select,"{path}"' if platform == "win32" else ["open", "-R", str(path)])
    except OSError as error:
        logger.info("no file manager was started: %s", error)
        instead()


def open_folder(path: Path) -> None:
    """Open a folder in the file manager."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))


def _run(command: list[str] | str) -> None:
    subprocess.Popen(command)  # noqa: S603 - a program of the system with a path, without a shell


def show_items(uris: list[str], *, failed: Callable[[], object]) -> None:
    """Ask the desktop's file manager over D-Bus to select files; see the freedesktop file manager interface."""
    message = QDBusMessage.createMethodCall(_SERVICE, _OBJECT, _SERVICE, "ShowItems")
    message.setArguments([uris, ""])
    bus = QDBusConnection.sessionBus()
    if not bus.isConnected():
        failed()
        return
    call = QDBusPendingCallWatcher(bus.asyncCall(message))
    _calls.add(call)  # until it is answered: the file manager may have to be started first

    def finish() -> None:
        _calls.discard(call)
        if call.isError():
            logger.info("the file manager cannot select files: %s", call.error().message())
            failed()

    call.finished.connect(finish)
