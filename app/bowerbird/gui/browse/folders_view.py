"""The folder pane: every directory with sounds, as a tree below "All sounds"."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QStandardItem
from PySide6.QtWidgets import QMenu, QWidget

from bowerbird.base.text import count_text, printable
from bowerbird.catalogue.records import Folder, FolderState
from bowerbird.domain.names import root_name, sort_key
from bowerbird.domain.query import Location
from bowerbird.gui.browse.counted_tree import COUNT_ROLE, DIMMED_ROLE, CountedTree
from bowerbird.gui.shell.styled import Menu

_NUMBER = int(Qt.ItemDataRole.UserRole)
_ACCESSIBLE = int(Qt.ItemDataRole.AccessibleTextRole)
_MAX_OPEN = 3


class FolderTree(CountedTree):
    """Shows directories.

    Signals
    -------
    chosen : Location or None
        None for all sounds.
    remove_asked, locate_asked, forget_asked : Folder
    rescan_asked : (Folder, Path)
        The folder, or a directory in it.
    watch_toggled : (Folder, bool)
    reveal_asked : Path
    """

    chosen = Signal(object)
    remove_asked = Signal(object)
    locate_asked = Signal(object)
    forget_asked = Signal(object)
    rescan_asked = Signal(object, object)
    watch_toggled = Signal(object, bool)
    reveal_asked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._items: dict[Location | None, QStandardItem] = {}
        self._locations: list[Location | None] = []  # by number: Qt would lose bytes of names that are not Unicode
        self._shown: tuple[Sequence[tuple[Location, int]], Sequence[int]] | None = None
        self._folders: dict[int, Folder] = {}
        self._states: dict[int, FolderState] = {}
        self._counts: dict[Location | None, int] = {}
        self._chosen: Location | None = None
        self.setAccessibleName(self.tr("Folders"))
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
        shown = (directories, sorted(self._folders))
        if shown == self._shown:
            return
        expanded = {location for location, item in self._items.items() if self.isExpanded(item.index())}
        had_none = len(self._items) <= 1
        self._shown = shown
        was_quiet, self._is_quiet = self._is_quiet, True
        self._fill(directories)
        for location, item in self._items.items():
            if location in expanded or (had_none and self.root_at(location) and len(folders) <= _MAX_OPEN):
                self.setExpanded(item.index(), True)
        self.choose(self._chosen)
        self._is_quiet = was_quiet
        self._show_states()

    def show_states(self, states: Sequence[FolderState]) -> None:
        """Show which folders are connected."""
        self._states = {state.folder.id: state for state in states}
        self._show_states()

    def _show_states(self) -> None:
        for location, item in self._items.items():
            state = self._states.get(location.folder_id) if location is not None else None
            is_away = state is not None and not state.is_connected
            is_root = location is not None and "/" not in location.directory
            n = self._counts[location]
            count = self.tr("not connected") if is_away and is_root else f"{n:,}"
            _set(item, is_away, DIMMED_ROLE)
            _set(item, count, COUNT_ROLE)
            spoken = f"{item.text()}, {count}" if is_away and is_root else self._spoken(item.text(), n)
            _set(item, spoken, _ACCESSIBLE)
            _set(item, "\n".join([self._tip(location), *self._notes(state)]), int(Qt.ItemDataRole.ToolTipRole))

    def _notes(self, state: FolderState | None) -> list[str]:
        """Return what the tool tip says about the state of a folder."""
        notes = []
        if state is not None and not state.is_connected:
            notes.append(self.tr("Not connected. Its sounds stay in the library."))
        elif state is not None and state.n_missing:
            notes.append(self.tr("{sounds} missing").format(sounds=count_text(state.n_missing)))
        return notes

    def _spoken(self, name: str, n: int) -> str:
        return f"{name}, {count_text(n)}"

    def _tip(self, location: Location | None) -> str:
        return self.tr("Every sound in the library") if location is None else printable(str(self.path_of(location)))

    @property
    def states(self) -> tuple[FolderState, ...]:
        """The states of all folders, as far as they are known."""
        return tuple(self._states.values())

    def path_of(self, location: Location) -> Path:
        """Return the path of a directory."""
        folder = self._folders.get(location.folder_id)
        return folder.path.joinpath(*location.directory.split("/")[1:]) if folder else Path(location.directory)

    def state_of(self, location: Location | None) -> FolderState | None:
        """Return the state of the folder that a directory is in; None for all sounds, or while it is not known."""
        return self._states.get(location.folder_id) if location is not None else None

    @property
    def chosen_location(self) -> Location | None:
        """The selected directory; None for all sounds."""
        return self._chosen

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
        below = {Location(folder.id, root_name(folder.path)): 0 for folder in self._folders.values()}
        for location, n in directories:
            parts = location.directory.split("/")
            for depth in range(1, len(parts) + 1):
                above = Location(location.folder_id, "/".join(parts[:depth]))
                below[above] = below.get(above, 0) + n
        self._model.clear()
        self._items = {}
        self._locations = []
        self._counts = dict(below.items())
        self._counts[None] = sum(n for _, n in directories)
        self._add(None, self.tr("All sounds"))
        for location in sorted(below, key=_sort_key):
            self._add(location, location.directory.split("/")[-1])

    def _add(self, location: Location | None, name: str) -> None:
        item = QStandardItem(printable(name))
        item.setData(len(self._locations), _NUMBER)
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

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Remove a folder with Delete; it can be undone."""
        folder = self.root_at(self._chosen)
        if event.key() == Qt.Key.Key_Delete and folder is not None:
            self.remove_asked.emit(folder)
        else:
            super().keyPressEvent(event)

    def _show_menu(self, position: QPoint) -> None:
        index = self.indexAt(position)
        location = self._location_at(index) if index.isValid() else None
        if location is None or location.folder_id not in self._folders:
            return
        menu = Menu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.fill_menu(menu, location)
        menu.popup(self.viewport().mapToGlobal(position))

    def fill_menu(self, menu: QMenu, location: Location) -> None:
        """Add what can be done with a directory, and with a folder that the user added."""
        folder, path = self._folders[location.folder_id], self.path_of(location)
        state = self._states.get(folder.id)
        is_connected = state is None or state.is_connected
        rescan = menu.addAction(self.tr("Rescan this folder"), lambda: self.rescan_asked.emit(folder, path))
        rescan.setEnabled(is_connected)
        if self.root_at(location) is not None:
            self._add_root_actions(menu, folder, state)
        menu.addSeparator()
        reveal = menu.addAction(self.tr("Show in file manager"), lambda: self.reveal_asked.emit(path))
        reveal.setEnabled(is_connected)
        if self.root_at(location) is not None:
            menu.addSeparator()
            name = printable(root_name(folder.path)).replace("&", "&&")
            text = self.tr("Remove “{name}” from the library").format(name=name)
            menu.addAction(text, lambda: self.remove_asked.emit(folder))

    def _add_root_actions(self, menu: QMenu, folder: Folder, state: FolderState | None) -> None:
        watch = menu.addAction(self.tr("Watch for changes"))
        watch.setCheckable(True)
        watch.setChecked(state.folder.is_watched if state is not None else folder.is_watched)
        watch.toggled.connect(lambda is_on: self.watch_toggled.emit(folder, is_on))
        menu.addAction(self.tr("Locate…"), lambda: self.locate_asked.emit(folder))
        n_missing = state.n_missing if state is not None and state.is_connected else 0
        forget = menu.addAction(self.tr("Forget missing sounds"), lambda: self.forget_asked.emit(folder))
        forget.setEnabled(n_missing > 0)
        if n_missing:
            forget.setText(self.tr("Forget {n} missing sounds").format(n=f"{n_missing:,}"))
            if n_missing == 1:
                forget.setText(self.tr("Forget 1 missing sound"))


def _set(item: QStandardItem, value: object, role: int) -> None:
    if item.data(role) != value:
        item.setData(value, role)


def _sort_key(location: Location) -> tuple[list[str], int]:
    return [sort_key(name) for name in location.directory.split("/")], location.folder_id
