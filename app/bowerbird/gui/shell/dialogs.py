"""Dialogs that ask for a file, a folder or a confirmation."""

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from bowerbird import __version__
from bowerbird.base.text import printable
from bowerbird.catalogue.records import Folder
from bowerbird.gui.shell.actions import KeyList


def ask_for_folder(parent: QWidget) -> Path | None:
    """Ask for a folder of sounds; None when cancelled."""
    chosen = QFileDialog.getExistingDirectory(parent, parent.tr("Add a folder of sounds"))
    return Path(chosen) if chosen else None


def confirm_removal(parent: QWidget, folder: Folder) -> bool:
    """Ask for confirmation before a folder is removed."""
    question = (
        parent.tr("Remove “{folder}” from the library? The files stay where they are; their analysis is deleted.")
    ).format(folder=printable(str(folder.path)))
    return confirm(parent, parent.tr("Remove folder"), question)


def ask_for_weights(parent: QWidget) -> Path | None:
    """Ask for a folder of weights; None when cancelled."""
    chosen = QFileDialog.getExistingDirectory(parent, parent.tr("Import a folder of weights"))
    return Path(chosen) if chosen else None


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


def confirm(parent: QWidget, title: str, question: str) -> bool:
    """Ask for confirmation of something that cannot be undone."""
    answer = QMessageBox.question(parent, title, question, defaultButton=QMessageBox.StandardButton.No)
    return answer is QMessageBox.StandardButton.Yes


def show_keys(parent: QWidget) -> None:
    """Show the list of keys."""
    keys = KeyList(
        parent,
        [(parent.tr("Up, Down"), parent.tr("Move and play")), (parent.tr("Home, End"), parent.tr("First, last"))],
    )
    keys.exec()
    keys.deleteLater()


def show_about(parent: QWidget) -> None:
    """Show name, version and licence."""
    QMessageBox.about(
        parent,
        parent.tr("About Bowerbird"),
        f"<b>Bowerbird {__version__}</b><p>"
        + parent.tr("Find sounds that sound alike. Everything stays on this computer.")
        + "<p>Apache License 2.0",
    )
