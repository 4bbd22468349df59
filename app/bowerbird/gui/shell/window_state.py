"""Sizes and places of the window's parts, as text that the settings keep."""

from PySide6.QtCore import QByteArray

from bowerbird.gui.shell.window import MainWindow


def restore_parts(window: MainWindow, *, geometry: str, splitter: str, rows_splitter: str) -> None:
    """Take up what an earlier start left."""
    for part, state in ((window.splitter, splitter), (window.rows_splitter, rows_splitter)):
        if state:
            part.restoreState(QByteArray.fromBase64(state.encode()))
    if geometry:
        window.restoreGeometry(QByteArray.fromBase64(geometry.encode()))


def saved_parts(window: MainWindow) -> dict[str, str]:
    """Return what the next start should take up."""
    parts = {
        "geometry": window.saveGeometry(),
        "splitter": window.splitter.saveState(),
        "rows_splitter": window.rows_splitter.saveState(),
    }
    return {name: bytes(state.toBase64().data()).decode() for name, state in parts.items()}
