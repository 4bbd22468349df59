"""The few questions that need a window of their own."""

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from bowerbird import __version__
from bowerbird.base.text import printable
from bowerbird.catalogue.records import Folder
from bowerbird.gui.shell.actions import KeySheet


def ask_for_folder(parent: QWidget) -> Path | None:
    """Let a folder be chosen."""
    chosen = QFileDialog.getExistingDirectory(parent, "Add a folder of sounds")
    return Path(chosen) if chosen else None


def confirm_removal(parent: QWidget, folder: Folder) -> bool:
    """Ask before a folder is forgotten."""
    question = (
        f"Remove “{printable(str(folder.path))}” from the library? The files stay where they are; "
        "their analysis is forgotten."
    )
    return confirm(parent, "Remove folder", question)


def ask_for_weights(parent: QWidget) -> Path | None:
    """Let a folder of weights be chosen."""
    chosen = QFileDialog.getExistingDirectory(parent, "Import a folder of weights")
    return Path(chosen) if chosen else None


def ask_for_file(parent: QWidget, title: str, kinds: str) -> Path | None:
    """Let a file be chosen."""
    chosen, _ = QFileDialog.getOpenFileName(parent, title, "", kinds)
    return Path(chosen) if chosen else None


def ask_for_files(parent: QWidget, title: str, kinds: str) -> list[Path]:
    """Let some files be chosen."""
    chosen, _ = QFileDialog.getOpenFileNames(parent, title, "", kinds)
    return [Path(one) for one in chosen]


def ask_where_to_save(parent: QWidget, title: str, name: str, kinds: str) -> Path | None:
    """Let a place for a file be chosen; a name is proposed."""
    chosen, _ = QFileDialog.getSaveFileName(parent, title, name, kinds)
    return Path(chosen) if chosen else None


def confirm(parent: QWidget, title: str, question: str) -> bool:
    """Ask before something that cannot be undone."""
    answer = QMessageBox.question(parent, title, question, defaultButton=QMessageBox.StandardButton.No)
    return answer is QMessageBox.StandardButton.Yes


def show_keys(parent: QWidget) -> None:
    """Show every key."""
    sheet = KeySheet(parent, [("Up, Down", "Move and play"), ("Home, End", "First, last")])
    sheet.exec()
    sheet.deleteLater()


def show_about(parent: QWidget) -> None:
    """Say what this is."""
    QMessageBox.about(
        parent,
        "About Bowerbird",
        f"<b>Bowerbird {__version__}</b><p>Find sounds that sound alike. Everything stays on this machine."
        "<p>Apache License 2.0",
    )
