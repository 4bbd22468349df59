"""A window with everything behind it but the loudspeaker, and hands to use it with."""

import gc
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from bowerbird.domain.query import Location
from bowerbird.gui.browse.search_bar import Chip
from bowerbird.gui.browse.sounds_model import PLAYING_ROLE, SoundsModel
from bowerbird.gui.browse.table_view import SoundTable
from bowerbird.gui.shell.application import Application
from bowerbird.gui.shell.window import MainWindow

TIMEOUT_MS = 60_000


class Stage:
    """An open window, its fake player, and what a person does and sees."""

    def __init__(self, qtbot: QtBot, program: Application) -> None:
        self.qtbot = qtbot
        self.program = program
        self.window: MainWindow = program.window
        self.table: SoundTable = program.window.table
        self.model: SoundsModel = program.window.model
        self.player: Any = program._player

    # Waiting

    def until(self, is_so: Callable[[], object]) -> None:
        """Let the event loop turn until a condition holds."""
        self.qtbot.waitUntil(lambda: bool(is_so()), timeout=TIMEOUT_MS)

    def until_active(self) -> None:
        """Wait until keys arrive here."""
        self.window.activateWindow()
        self.until(self.window.isActiveWindow)

    def until_rows(self, names: Sequence[str]) -> None:
        """Wait until just these sounds are listed, in this order."""
        self.until(lambda: self.names == list(names))

    def until_idle(self) -> None:
        """Wait until indexing is over, and what it told is shown."""
        self.settle()  # folders are looked at before they are indexed
        self.until(lambda: not self.program.indexing.is_running and not self.window.status.is_indexing)
        self.settle()

    def settle(self) -> None:
        """Wait until every list that was asked for is shown: a question of one's own is answered last."""
        answers: list[object] = []
        for queries in (self.program._lists[0], self.program._similar[0], self.program._folder_queries):
            queries.run("settle", lambda: None, done=answers.append, failed=answers.append)
        self.until(lambda: len(answers) == 3)

    def deliver(self) -> None:
        """Wait until the window has heard of everything that was posted."""
        bridge = self.program._bridge
        self.until(lambda: not bridge._waiting)

    # Seeing

    def directory(self, directory: str) -> Location:
        """A directory of the one folder that was added."""
        return Location(self.program._reader.folders()[0].id, directory)

    @property
    def names(self) -> list[str]:
        """What is listed, from the top."""
        return [str(self.model.index(row, 0).data()) for row in range(self.model.rowCount())]

    @property
    def selected(self) -> list[str]:
        return [str(self.model.index(row, 0).data()) for row in self.table.selected_rows()]

    @property
    def chosen_id(self) -> int | None:
        return self.model.sound_id(self.table.currentIndex().row())

    @property
    def playing(self) -> list[str]:
        """The rows that are marked as heard."""
        rows = range(self.model.rowCount())
        return [str(self.model.index(row, 0).data()) for row in rows if self.model.index(row, 0).data(PLAYING_ROLE)]

    @property
    def empty_state(self) -> str:
        """The sentence in place of rows; "" where there are rows."""
        return str(self.window.empty_state._sentence.text()) if self.window.empty_state.isVisible() else ""

    @property
    def notice(self) -> str:
        """The error in the status line."""
        return self.window.status.error

    @property
    def progress(self) -> str:
        """What the status line says; "" where it is hidden."""
        return self.window.status.text if self.window.status.isVisible() else ""

    @property
    def summary(self) -> str:
        return str(self.window.chips._summary.toolTip())

    @property
    def chips(self) -> list[Chip]:

        return [chip for chip in self.window.chips.findChildren(Chip) if chip.isVisible()]

    @property
    def chip_texts(self) -> list[str]:

        return [
            chip.findChild(QLabel, "").text() if chip.findChild(QLabel) else chip.findChild(QPushButton).text().strip()
            for chip in self.chips
        ]

    def buttons(self, widget: QWidget) -> dict[str, QPushButton]:
        """The buttons that can be seen in a part of the window, by their words."""
        return {one.text(): one for one in widget.findChildren(QPushButton) if one.isVisible()}

    def column_is_shown(self, column: int) -> bool:
        return not self.table.isColumnHidden(column)

    @property
    def place(self) -> tuple[int | None, int]:
        """The sound on top of the list, and by how many pixels it is cut."""
        row = self.table.rowAt(0)
        return self.model.sound_id(row), self.table.rowViewportPosition(row)

    # Doing

    def row(self, name: str) -> int:
        return self.names.index(name)

    def click(self, widget: QWidget) -> None:

        self.qtbot.mouseClick(widget, Qt.MouseButton.LeftButton)

    def click_row(self, name: str) -> None:
        """Click a sound's name."""
        index = self.model.index(self.row(name), 0)
        self.table.scrollTo(index)
        rect = self.table.visualRect(index)  # a row below the line between rows is twice as high, and empty above
        place = QPoint(rect.center().x(), rect.bottom() - self.table.row_px // 2)
        self.qtbot.mouseClick(self.table.viewport(), Qt.MouseButton.LeftButton, pos=place)

    def click_heading(self, column: int) -> None:

        header = self.table.horizontalHeader()
        place = QPoint(header.sectionViewportPosition(column) + 12, header.height() // 2)
        self.qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=place)

    def press(self, key: Qt.Key | str, *, ctrl: bool = False) -> None:
        """Press and release a key where the focus is."""
        modifiers = Qt.KeyboardModifier.ControlModifier if ctrl else Qt.KeyboardModifier.NoModifier
        widget = QApplication.focusWidget()
        assert widget is not None, "nothing has the focus"
        self.qtbot.keyClick(widget, key, modifiers)

    def type(self, text: str) -> None:
        """Type where the focus is."""
        for letter in text:
            self.press(letter)

    def enter_list(self) -> None:
        """Give the list the focus as a person would: out of the search box, downwards."""
        self.window.focus_search()
        self.press(Qt.Key.Key_Down)
        assert self.table.hasFocus()
        self.deliver()

    def trigger(self, name: str) -> None:
        """Choose an action from its menu."""
        self.window.actions_by_name[name].trigger()

    def drag_in(self, target: QWidget, paths: Sequence[Path]) -> bool:
        """Drag files over a part of the window and let them go; say whether they were taken."""
        files = QMimeData()
        files.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
        files.setText("\n".join(str(path) for path in paths))  # as file managers do
        copy, left, plain = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        entering = QDragEnterEvent(QPoint(20, 20), copy, files, left, plain)
        QApplication.sendEvent(target, entering)
        if not entering.isAccepted():
            return False
        dropping = QDropEvent(QPointF(20, 20), copy, files, left, plain)
        QApplication.sendEvent(target, dropping)
        return dropping.isAccepted()

    def close(self) -> None:
        """Close the window as its cross does, and let nothing of it live on."""
        if not hasattr(self, "window"):
            return
        self.window.close()
        QApplication.processEvents()
        QApplication.styleHints().colorSchemeChanged.disconnect()
        self.window.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        vars(self).clear()
        gc.collect()
