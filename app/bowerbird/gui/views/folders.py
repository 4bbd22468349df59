"""The left pane: every directory that holds sounds, as a tree under "All sounds"."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QMenu, QTreeView, QWidget

from bowerbird.catalogue.records import Folder
from bowerbird.domain.names import sort_key
from bowerbird.domain.words import printable

_DIRECTORY = int(Qt.ItemDataRole.UserRole)


class FolderTree(QTreeView):
    """Shows directories; says which one was chosen, "" for all, and which folder to remove.

    Signals
    -------
    chosen : str
    remove_asked : Folder
    """

    chosen = Signal(str)
    remove_asked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._items: dict[str, QStandardItem] = {}
        self._shown: Sequence[tuple[str, int]] = ()
        self._roots: dict[str, Folder] = {}
        self._model = QStandardItemModel(self)
        self.setModel(self._model)
        self.setHeaderHidden(True)
        self.setUniformRowHeights(True)
        self.setIndentation(12)
        self.setEditTriggers(QTreeView.EditTrigger.NoEditTriggers)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Folders")
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._show_menu)
        self._is_quiet = False

    def show_directories(self, directories: Sequence[tuple[str, int]], folders: Sequence[Folder], chosen: str) -> None:
        """Show directories with the numbers of sounds below each.

        Parameters
        ----------
        directories : sequence of (directory, number of its own sounds)
        folders : sequence of Folder
            Those that the user added.
        chosen : str
            The directory that is chosen, "" for all.
        """
        self._roots = {folder.path.name or str(folder.path): folder for folder in folders}
        if directories == self._shown:
            return
        expanded = {path for path, item in self._items.items() if self.isExpanded(item.index())}
        had_none = not self._items
        self._shown = directories
        self._is_quiet = True
        try:
            self._fill(directories)
            for path, item in self._items.items():
                is_root = path in self._roots
                if path in expanded or (had_none and is_root and len(self._roots) <= 3):
                    self.setExpanded(item.index(), True)
            self.choose(chosen)
        finally:
            self._is_quiet = False

    def choose(self, directory: str) -> None:
        """Mark a directory as chosen without saying so."""
        was_quiet, self._is_quiet = self._is_quiet, True
        item = self._items.get(directory, self._items.get(""))
        if item is not None:
            self.setCurrentIndex(item.index())
            self.scrollTo(item.index())
        self._is_quiet = was_quiet

    def _fill(self, directories: Sequence[tuple[str, int]]) -> None:
        below: dict[str, int] = {"": sum(n for _, n in directories)}
        for directory, n in directories:
            parts = directory.split("/")
            for depth in range(1, len(parts) + 1):
                path = "/".join(parts[:depth])
                below[path] = below.get(path, 0) + n
        self._model.clear()
        self._items = {}
        everything = _item("All sounds", below[""], "")
        self._items[""] = everything
        self._model.appendRow(everything)
        for path in sorted((path for path in below if path), key=lambda path: [sort_key(x) for x in path.split("/")]):
            above, _, name = path.rpartition("/")
            item = _item(name or path, below[path], path)
            self._items[path] = item
            parent = self._items.get(above) if above else None
            if parent is not None:
                parent.appendRow(item)
            else:
                self._model.appendRow(item)

    def currentChanged(
        self, current: QModelIndex | QPersistentModelIndex, previous: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Say that another directory is chosen."""
        super().currentChanged(current, previous)
        if current.isValid() and not self._is_quiet:
            self.chosen.emit(str(current.data(_DIRECTORY)))

    def root_at(self, directory: str) -> Folder | None:
        """Return the folder that the user added as this directory."""
        return self._roots.get(directory)

    def _show_menu(self, position: QPoint) -> None:
        index = self.indexAt(position)
        folder = self.root_at(str(index.data(_DIRECTORY))) if index.isValid() else None
        if folder is None:
            return
        menu = QMenu(self)
        action = menu.addAction(f"Remove “{printable(folder.path.name)}” from the library")
        action.triggered.connect(lambda: self.remove_asked.emit(folder))
        menu.exec(self.viewport().mapToGlobal(position))
        menu.deleteLater()


def _item(name: str, n: int, directory: str) -> QStandardItem:
    item = QStandardItem(f"{printable(name)}   {n:,}")
    item.setData(directory, _DIRECTORY)
    item.setToolTip(printable(str(Path(directory))) if directory else "Every sound of the library")
    return item
