"""The folder pane: every directory with sounds, as a tree below "All sounds"."""

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPalette, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QMenu, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTreeView, QWidget

from bowerbird.base.text import printable
from bowerbird.catalogue.records import Folder
from bowerbird.domain.names import sort_key
from bowerbird.domain.query import Location
from bowerbird.gui.shell import theme

_NUMBER = int(Qt.ItemDataRole.UserRole)
_ACCESSIBLE = int(Qt.ItemDataRole.AccessibleTextRole)
COUNT_ROLE = int(Qt.ItemDataRole.UserRole) + 1
_MAX_OPEN = 3
_GAP_PX = 8


class FolderDelegate(QStyledItemDelegate):
    """Paints a directory: its name, elided in the middle, and on the right the number of its sounds."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Paint an item."""
        options = QStyleOptionViewItem(option)
        self.initStyleOption(options, index)
        count, rect = str(index.data(COUNT_ROLE) or ""), QRect(options.rect)
        name = options.text
        options.text = ""
        style = options.widget.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, options, painter, options.widget)
        count_px = options.fontMetrics.horizontalAdvance(count)
        inner = rect.adjusted(4, 0, -_GAP_PX, 0)
        painter.setPen(theme.shown().colour("muted"))
        painter.drawText(inner, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), count)
        painter.setPen(options.palette.color(QPalette.ColorRole.Text))
        room_px = inner.width() - count_px - _GAP_PX
        elided = options.fontMetrics.elidedText(name, Qt.TextElideMode.ElideMiddle, room_px)
        left = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        painter.drawText(inner.adjusted(0, 0, -count_px - _GAP_PX, 0), left, elided)


class FolderTree(QTreeView):
    """Shows directories.

    Signals
    -------
    chosen : Location or None
        None for all sounds.
    remove_asked : Folder
    """

    chosen = Signal(object)
    remove_asked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._items: dict[Location | None, QStandardItem] = {}
        self._locations: list[Location | None] = []  # by number: Qt would lose bytes of names that are not Unicode
        self._shown: Sequence[tuple[Location, int]] | None = None
        self._folders: dict[int, Folder] = {}
        self._chosen: Location | None = None
        self._model = QStandardItemModel(self)
        self.setModel(self._model)
        self.setHeaderHidden(True)
        self.setItemDelegate(FolderDelegate(self))
        self.setUniformRowHeights(True)
        self.setIndentation(12)
        self.setEditTriggers(QTreeView.EditTrigger.NoEditTriggers)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(self.tr("Folders"))
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._show_menu)
        self._is_quiet = False

    def show_directories(self, directories: Sequence[tuple[Location, int]], folders: Sequence[Folder]) -> None:
        """Show directories, each with the number of sounds in and below it.

        Parameters
        ----------
        directories : sequence of (Location, number of sounds directly in it)
        folders : sequence of Folder
            Those that the user added.
        """
        self._folders = {folder.id: folder for folder in folders}
        if directories == self._shown:
            return
        expanded = {location for location, item in self._items.items() if self.isExpanded(item.index())}
        had_none = len(self._items) <= 1
        self._shown = directories
        was_quiet, self._is_quiet = self._is_quiet, True
        self._fill(directories)
        for location, item in self._items.items():
            if location in expanded or (had_none and self.root_at(location) and len(folders) <= _MAX_OPEN):
                self.setExpanded(item.index(), True)
        self.choose(self._chosen)
        self._is_quiet = was_quiet

    def choose(self, location: Location | None) -> None:
        """Select a directory without emitting `chosen`."""
        self._chosen = location
        was_quiet, self._is_quiet = self._is_quiet, True
        item = self._items.get(location, self._items.get(None))
        if item is not None:
            self.setCurrentIndex(item.index())
            self.scrollTo(item.index())
        self._is_quiet = was_quiet

    def _fill(self, directories: Sequence[tuple[Location, int]]) -> None:
        below: dict[Location, int] = {}
        for location, n in directories:
            parts = location.directory.split("/")
            for depth in range(1, len(parts) + 1):
                above = Location(location.folder_id, "/".join(parts[:depth]))
                below[above] = below.get(above, 0) + n
        self._model.clear()
        self._items = {}
        self._locations = []
        self._add(None, self.tr("All sounds"), sum(n for _, n in directories), self.tr("Every sound in the library"))
        for location in sorted(below, key=_sort_key):
            folder = self._folders.get(location.folder_id)
            parts = location.directory.split("/")
            path = str(folder.path.joinpath(*parts[1:])) if folder else location.directory
            self._add(location, parts[-1], below[location], path)

    def _add(self, location: Location | None, name: str, n: int, tool_tip: str) -> None:
        item = QStandardItem(printable(name))
        item.setData(f"{n:,}", COUNT_ROLE)
        item.setData(self.tr("{name}, %n sound(s)", "", n).format(name=printable(name)), _ACCESSIBLE)
        item.setData(len(self._locations), _NUMBER)
        item.setToolTip(printable(tool_tip))
        self._locations.append(location)
        self._items[location] = item
        above = location.directory.rpartition("/")[0] if location else ""
        parent = self._items.get(Location(location.folder_id, above)) if location and above else None
        (parent or self._model.invisibleRootItem()).appendRow(item)

    def _location_at(self, index: QModelIndex | QPersistentModelIndex) -> Location | None:
        return self._locations[int(index.data(_NUMBER))]

    def currentChanged(
        self, current: QModelIndex | QPersistentModelIndex, previous: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Emit `chosen` when the user selects another directory."""
        super().currentChanged(current, previous)
        if current.isValid() and not self._is_quiet:
            self._chosen = self._location_at(current)
            self.chosen.emit(self._chosen)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Leave the buttons for Back and Forward to the window."""
        if event.button() in {Qt.MouseButton.BackButton, Qt.MouseButton.ForwardButton}:
            event.ignore()
        else:
            super().mousePressEvent(event)

    def root_at(self, location: Location | None) -> Folder | None:
        """Return the folder that the user added, where a location is its top directory."""
        is_root = location is not None and "/" not in location.directory
        return self._folders.get(location.folder_id) if location is not None and is_root else None

    def _show_menu(self, position: QPoint) -> None:
        index = self.indexAt(position)
        folder = self.root_at(self._location_at(index)) if index.isValid() else None
        if folder is None:
            return
        menu = QMenu(self)
        action = menu.addAction(self.tr("Remove “{name}” from the library").format(name=printable(folder.path.name)))
        action.triggered.connect(lambda: self.remove_asked.emit(folder))
        menu.exec(self.viewport().mapToGlobal(position))
        menu.deleteLater()


def _sort_key(location: Location) -> tuple[list[str], int]:
    return [sort_key(name) for name in location.directory.split("/")], location.folder_id
