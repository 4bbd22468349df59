"""The lower part of the left pane: collections, saved searches and the history."""

from collections.abc import Sequence
from functools import partial
from typing import Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QStandardItem
from PySide6.QtWidgets import QMenu, QWidget

from bowerbird.base.text import printable
from bowerbird.gui.browse.counted_tree import COUNT_ROLE, CountedTree
from bowerbird.gui.browse.shelf_presenter import ShelfItem, ShelfSection
from bowerbird.gui.shell.styled import Menu

_NUMBER: Final = int(Qt.ItemDataRole.UserRole)


class Shelf(CountedTree):
    """Shows sections with entries; a click or Enter opens one.

    Signals
    -------
    opened : ShelfItem
    rename_asked, delete_asked : ShelfItem
    clear_asked : ()
        The history is to be cleared.
    """

    opened = Signal(object)
    rename_asked = Signal(object)
    delete_asked = Signal(object)
    clear_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._items: list[ShelfItem | None] = []
        self._shown: tuple[ShelfSection, ...] = ()
        self._marked: str | None = None
        self.setAccessibleName(self.tr("Collections and searches"))
        self.customContextMenuRequested.connect(self._open_menu)
        self.clicked.connect(self._open)

    def show_sections(self, sections: Sequence[ShelfSection]) -> None:
        """Show sections; those that were collapsed stay so."""
        if tuple(sections) == self._shown:
            return
        collapsed = {
            section.name
            for row, section in enumerate(self._shown)
            if not self.isExpanded(self._model.index(row, 0)) and section.items
        }
        self._shown = tuple(sections)
        self._model.clear()
        self._items = []
        for section in sections:
            heading = self._row(section.title, None)
            heading.setSelectable(False)
            self._model.invisibleRootItem().appendRow(heading)
            for item in section.items:
                row = self._row(item.text, item)
                heading.appendRow(row)
            self.setExpanded(heading.index(), section.name not in collapsed)
        self._show_mark()

    def mark(self, key: str | None) -> None:
        """Mark the entry with a key, or none."""
        self._marked = key
        self._show_mark()

    def _show_mark(self) -> None:
        self.clearSelection()
        for number in range(self._model.rowCount()):
            heading = self._model.item(number)
            for row in range(heading.rowCount()):
                item = self.item_at(heading.child(row).index())
                if item is not None and item.key == self._marked:
                    self.setCurrentIndex(heading.child(row).index())

    def _row(self, text: str, item: ShelfItem | None) -> QStandardItem:
        row = QStandardItem(printable(text))
        row.setData(len(self._items), _NUMBER)
        row.setToolTip(printable(text))
        if item is not None and item.n_sounds is not None:
            row.setData(f"{item.n_sounds:,}", COUNT_ROLE)
        self._items.append(item)
        return row

    def item_at(self, index: QModelIndex | QPersistentModelIndex) -> ShelfItem | None:
        """Return the entry at an index; None for headings."""
        return self._items[int(index.data(_NUMBER))] if index.isValid() else None

    @property
    def texts(self) -> list[str]:
        """The texts from the top, headings included."""
        found = []
        for row in range(self._model.rowCount()):
            heading = self._model.item(row)
            found.append(heading.text())
            found += [heading.child(number).text() for number in range(heading.rowCount())]
        return found

    def open_text(self, text: str) -> None:
        """Open the first entry with a text."""
        item = next(item for item in self._items if item is not None and item.text == text)
        self.opened.emit(item)

    def _open(self, index: QModelIndex) -> None:
        item = self.item_at(index)
        if item is not None:
            self.opened.emit(item)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open an entry with Enter or Space, delete it with Delete, rename it with F2."""
        item = self.item_at(self.currentIndex())
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space} and item is not None:
            self.opened.emit(item)
        elif event.key() == Qt.Key.Key_Delete and item is not None and _is_own(item):
            self.delete_asked.emit(item)
        elif event.key() == Qt.Key.Key_F2 and item is not None and _is_own(item):
            self.rename_asked.emit(item)
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Leave the buttons for Back and Forward to the window."""
        if event.button() in {Qt.MouseButton.BackButton, Qt.MouseButton.ForwardButton}:
            event.ignore()
        else:
            super().mousePressEvent(event)

    def _open_menu(self, position: QPoint) -> None:
        item = self.item_at(self.indexAt(position))
        if item is None:
            return
        menu = Menu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.fill_menu(menu, item)
        menu.popup(self.viewport().mapToGlobal(position))

    def fill_menu(self, menu: QMenu, item: ShelfItem) -> None:
        """Add what can be done with an entry."""
        menu.addAction(self.tr("Open"), partial(self.opened.emit, item))
        if _is_own(item):
            menu.addAction(self.tr("Rename…"), partial(self.rename_asked.emit, item))
            menu.addAction(self.tr("Delete"), partial(self.delete_asked.emit, item))
        if item.recent is not None or item.typed is not None:
            menu.addAction(self.tr("Clear history"), self.clear_asked.emit)

    def sizeHint(self) -> QSize:
        """Return enough height for every entry."""
        return QSize(200, 24 * max(6, len(self._items)) + 8)


def _is_own(item: ShelfItem) -> bool:
    """Return whether the user made an entry, and can rename and delete it."""
    return item.collection is not None or item.search is not None
