"""Geometry of the window and its splitters, as text for the settings."""

from typing import Any

from PySide6.QtCore import QByteArray

from bowerbird.gui.shell.window import MainWindow


def restore_geometry(
    window: MainWindow, *, geometry: str | None, splitter: str | None, rows_splitter: str | None
) -> None:
    """Restore the geometry of an earlier start."""
    for part, state in ((window.splitter, splitter), (window.rows_splitter, rows_splitter)):
        if state:
            part.restoreState(QByteArray.fromBase64(state.encode()))
    if geometry:
        window.restoreGeometry(QByteArray.fromBase64(geometry.encode()))


def saved_geometry(window: MainWindow) -> dict[str, Any]:
    """Return the geometry for the next start, by the names of the settings."""
    states = {
        "geometry": window.saveGeometry(),
        "splitter": window.splitter.saveState(),
        "rows_splitter": window.rows_splitter.saveState(),
    }
    return {name: bytes(state.toBase64().data()).decode() for name, state in states.items()}
