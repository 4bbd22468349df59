"""Dialogs that ask for a file, a folder or a confirmation."""

import os
from pathlib import Path

from PySide6.QtWidgets import QDialog, QFileDialog, QWidget

from bowerbird import __version__
from bowerbird.gui.shell.message import Message
from bowerbird.gui.translation import translate


def ask_for_folder(parent: QWidget, near: Path | None) -> Path | None:
    """Ask for a folder of sounds, beginning where another one lies; None when cancelled."""
    chosen = QFileDialog.getExistingDirectory(parent, parent.tr("Add a folder of sounds"), _nearest(near))
    return Path(chosen) if chosen else None


def ask_for_moved_folder(parent: QWidget, name: str, former: Path) -> Path | None:
    """Ask where a folder of the library is now, beginning where it was; None when cancelled."""
    title = parent.tr("Where is “{name}” now?").format(name=name)
    chosen = QFileDialog.getExistingDirectory(parent, title, _nearest(former))
    return Path(chosen) if chosen else None


def _nearest(path: Path | None) -> str:
    """Return the nearest folder around a path that exists; the user's home where there is none."""
    around = path.parents if path is not None else ()
    # os.path's functions never raise, unlike Path's.
    return next((str(folder) for folder in around if os.path.isdir(folder)), str(Path.home()))  # noqa: PTH112


def ask_for_weights(parent: QWidget) -> Path | None:
    """Ask for a folder of weights; None when cancelled."""
    chosen = QFileDialog.getExistingDirectory(parent, parent.tr("Import a folder of weights"))
    return Path(chosen) if chosen else None


def ask_for_package_file(parent: QWidget) -> Path | None:
    """Ask for the file of a Python package that has weights; None when cancelled."""
    return ask_for_file(parent, parent.tr("Import weights from a package file"), parent.tr("Package files (*.whl)"))


def ask_for_file(parent: QWidget, title: str, kinds: str) -> Path | None:
    """Ask for a file; None when cancelled."""
    chosen, _ = QFileDialog.getOpenFileName(parent, title, "", kinds)
    return Path(chosen) if chosen else None


def ask_for_files(parent: QWidget, title: str, kinds: str) -> list[Path]:
    """Ask for files; none when cancelled."""
    chosen, _ = QFileDialog.getOpenFileNames(parent, title, "", kinds)
    return [Path(path) for path in chosen]


def ask_where_to_save(parent: QWidget, title: str, name: str, kinds: str) -> Path | None:
    """Ask where to save a file; None when cancelled."""
    chosen, _ = QFileDialog.getSaveFileName(parent, title, name, kinds)
    return Path(chosen) if chosen else None


def confirm(parent: QWidget, title: str, question: str, *, verb: str) -> bool:
    """Ask for confirmation of something that cannot be undone; `verb` is on the button that does it."""
    message = Message(parent, title, question, accept=verb, reject=parent.tr("Cancel"))
    try:
        return message.exec() == QDialog.DialogCode.Accepted
    finally:
        message.deleteLater()


def show_error(sentence: str) -> None:
    """Show an error before there is a window."""
    message = Message(None, "Bowerbird", sentence, accept=translate("Errors", "Close"), reject=None)
    message.exec()
    message.deleteLater()


def show_about(parent: QWidget) -> None:
    """Show name, version and licence."""
    text = parent.tr("Find sounds that sound alike. Everything stays on this computer.")
    message = Message(
        parent,
        f"Bowerbird {__version__}",
        f"{text}\n\nApache License 2.0",
        accept=parent.tr("Close"),
        reject=None,
    )
    message.exec()
    message.deleteLater()
