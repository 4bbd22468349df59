"""The folders of the library: whether they are connected, watched for changes, and where they are. No Qt."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bowerbird.base.files import is_readable
from bowerbird.base.text import count_text, printable
from bowerbird.catalogue.records import Folder, FolderState
from bowerbird.domain.events import FolderListed
from bowerbird.domain.names import root_name
from bowerbird.gui.browse.edits_presenter import EditsPresenter
from bowerbird.gui.queries import Queries
from bowerbird.gui.translation import translate
from bowerbird.library.folders import forget_missing, ignore, relink, suggest_relink, watch
from bowerbird.library.indexing.watch import Changed, FolderWatcher
from bowerbird.library.library import Library


class Indexing(Protocol):
    """What the presenter needs of the analysis."""

    @property
    def is_running(self) -> bool:
        """Whether a job is running."""

    @property
    def is_held(self) -> bool:
        """Whether the user stopped the analysis."""

    def add(self, folders: Sequence[Path]) -> None:
        """Index folders."""

    def update(self, directories: Sequence[Path]) -> None:
        """Index directories in which files have changed."""

    def rescan(self) -> None:
        """Index every folder."""


class Watcher(Protocol):
    """What the presenter needs of a watcher."""

    def start(self) -> None:
        """Start to watch."""

    def stop(self) -> None:
        """Stop; nothing is reported afterwards."""


@dataclass(frozen=True, slots=True)
class FoldersChanged:
    """Files have changed in some directories, or a folder is connected again."""

    directories: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class RelinkOffer:
    """A folder that was added seems to be one of the library that has moved.

    Attributes
    ----------
    folder : Folder
    path : Path
        Where it seems to be.
    text : str
    """

    folder: Folder
    path: Path
    text: str


class FoldersView(Protocol):
    """What the presenter needs of the window."""

    def show_folder_states(self, states: Sequence[FolderState]) -> None:
        """Show which folders are connected and watched."""

    def show_relink(self, offer: RelinkOffer | None) -> None:
        """Ask whether a folder has moved, or hide the question."""

    def show_news(self, sentence: str) -> None:
        """Show briefly what was done."""

    def complain(self, sentence: str) -> None:
        """Show an error."""


def folder_title(folder: Folder) -> str:
    """Return the name of a folder as sentences have it."""
    return f"“{printable(root_name(folder.path))}”"


def away_text(folder: Folder) -> str:
    """Return that a folder is not connected."""
    text = translate("Folders", "{name} is not connected. Its sounds stay in the library.")
    return text.format(name=folder_title(folder))


class FoldersPresenter:
    """Keeps the folders of the window up to date, and changes them.

    Parameters
    ----------
    view : FoldersView
    library : Library
    queries : Queries
        A thread of its own: drives that sleep or hang must not delay lists.
    indexing : Indexing
    edits : EditsPresenter
    post : callable
        Carries events from the threads of the watcher to `handle` in the window's.
    changed : callable
        Called when a folder has moved.
    leave : callable
        Receives a folder whose directories have got other names: none of them can stay selected.
    is_local : callable
        Returns whether a path is on a drive of this computer, in the thread.
    make_watcher : callable
        Returns a watcher for a library, folders and a callback.
    """

    def __init__(
        self,
        view: FoldersView,
        library: Library,
        queries: Queries,
        *,
        indexing: Indexing,
        edits: EditsPresenter,
        post: Callable[[object], None],
        changed: Callable[[], object] = lambda: None,
        leave: Callable[[Folder], object] = lambda _: None,
        is_local: Callable[[Path], bool] = lambda _: True,
        make_watcher: Callable[[Library, Sequence[Folder], Changed], Watcher] = lambda library, folders, changed: (
            FolderWatcher(library, folders, changed=changed)
        ),
    ) -> None:
        self._view = view
        self._library = library
        self._queries = queries
        self._indexing = indexing
        self._edits = edits
        self._post = post
        self._changed = changed
        self._leave = leave
        self._is_local = is_local
        self._make_watcher = make_watcher
        self._states: dict[int, FolderState] = {}
        self._new: set[Path] = set()
        self._offers: list[RelinkOffer] = []
        self._watcher: Watcher | None = None  # this and the next are used in the thread alone
        self._watched: tuple[tuple[int, Path], ...] = ()
        self._n_asked = 0

    # State

    def refresh(self) -> None:
        """Read again which folders there are, and watch those that are to be watched."""
        self._queries.run("folder states", self._read, done=self._show_states, failed=self._view.complain)

    def look(self) -> None:
        """Look whether a drive has gone or returned; call it every few seconds."""
        known = tuple(self._states.values())
        if known:
            self._queries.run("look", lambda: _has_changed(known), done=self._refresh_if, failed=self._view.complain)

    def _refresh_if(self, has_changed: bool) -> None:
        if has_changed:
            self.refresh()

    def _read(self) -> list[FolderState]:
        with self._library.read() as reader:
            states = reader.folder_states()
        self._watch([state.folder for state in states if state.folder.is_watched])
        return states

    def _watch(self, folders: Sequence[Folder], *, is_restart: bool = False) -> None:
        """Watch folders instead of those before, in the thread."""
        wanted = tuple((folder.id, folder.path) for folder in folders)
        if wanted == self._watched and not is_restart:
            return
        self._stop_watching()
        if folders:
            watcher = self._make_watcher(self._library, folders, self._report)
            watcher.start()
            self._watcher = watcher
        self._watched = wanted

    def _stop_watching(self) -> None:
        if self._watcher is not None:
            self._watcher.stop()
            self._watcher = None
            self._watched = ()

    def _report(self, directories: list[Path]) -> None:
        self._post(FoldersChanged(tuple(directories)))

    def _show_states(self, states: Sequence[FolderState]) -> None:
        for state in states:
            before = self._states.get(state.folder.id)
            if before is not None and before.folder.path == state.folder.path:
                self._tell_connection(before, state)
        self._states = {state.folder.id: state for state in states}
        self._view.show_folder_states(states)

    def _tell_connection(self, before: FolderState, now: FolderState) -> None:
        if before.is_connected and not now.is_connected:
            self._view.show_news(away_text(now.folder))
        elif now.is_connected and not before.is_connected:
            text = translate("Folders", "{name} is connected again.")
            self._view.show_news(text.format(name=folder_title(now.folder)))

    def state_of(self, folder_id: int) -> FolderState | None:
        """Return the state of a folder as it is shown."""
        return self._states.get(folder_id)

    def handle(self, event: object) -> None:
        """Take an event, in the window's thread."""
        match event:
            case FoldersChanged():
                self._indexing.update(event.directories)
                self.refresh()
            case FolderListed() if Path(event.folder) in self._new:
                self._new.discard(Path(event.folder))
                self._ask(lambda: self._watch_new(Path(event.folder)), lambda _: self.refresh())
            case _:
                pass

    def _watch_new(self, path: Path) -> None:
        """Watch a folder that was added, unless it is on another computer, whose drives report no changes."""
        folder = next((folder for folder in self._library.folders() if folder.path == path), None)
        if folder is not None and self._is_local(path):
            watch(self._library, folder, is_watched=True)

    def close(self) -> None:
        """Stop to watch; the last function of the thread."""
        self._stop_watching()

    # User actions

    def add(self, paths: Sequence[Path]) -> None:
        """Add folders; for one that seems to be a folder of the library that has moved, ask first."""
        absolute = [Path(os.path.abspath(path)) for path in paths]  # noqa: PTH100 - unlike resolve, keeps links
        self._ask(lambda: [(path, self._suggestion(path)) for path in absolute], self._add)

    def _suggestion(self, path: Path) -> RelinkOffer | None:
        if any(path.is_relative_to(folder.path) for folder in self._library.folders()):
            return None
        found = suggest_relink(self._library, path)
        if found is None:
            return None
        text = translate("Folders", "{name} seems to be at {path} now.")
        return RelinkOffer(found.folder, path, text.format(name=folder_title(found.folder), path=printable(str(path))))

    def _add(self, added: Sequence[tuple[Path, RelinkOffer | None]]) -> None:
        self._offers += [offer for _, offer in added if offer is not None and offer not in self._offers]
        self._index_new([path for path, offer in added if offer is None])
        self._show_offer()

    def _index_new(self, paths: Sequence[Path]) -> None:
        known = {state.folder.path for state in self._states.values()}
        self._new |= {path for path in paths if path not in known}
        if paths:
            self._indexing.add(paths)

    def _show_offer(self) -> None:
        self._view.show_relink(self._offers[0] if self._offers else None)

    def accept_relink(self) -> None:
        """Relink the folder that the question is about."""
        if self._offers:
            self.relink(self._offers[0].folder, self._offers[0].path)

    def add_anyway(self) -> None:
        """Add the folder that the question is about as a new one."""
        if self._offers:
            self._index_new([self._offers.pop(0).path])
            self._show_offer()

    def dismiss_relink(self) -> None:
        """Leave the folder that the question is about."""
        del self._offers[:1]
        self._show_offer()

    def relink(self, folder: Folder, path: Path) -> None:
        """Record that a folder is at another path now, and index it there."""
        if self._indexing.is_running:
            self._view.complain(
                translate(
                    "Folders", "Folders cannot be relinked during analysis. Cancel it first, or wait for its end."
                )
            )
            return

        def done(_: None) -> None:
            self._offers = [offer for offer in self._offers if offer.folder.id != folder.id]
            self._show_offer()
            if root_name(folder.path) != root_name(path):
                self._leave(folder)
            text = translate("Folders", "{name} is at {path} now.")
            self._view.show_news(text.format(name=folder_title(folder), path=printable(str(path))))
            self._indexing.add([path])
            self.refresh()
            self._changed()

        self._ask(lambda: relink(self._library, folder, path), done)

    def rescan(self, folder: Folder, path: Path) -> None:
        """Bring a folder up to date, or a directory in it."""
        state = self._states.get(folder.id)
        if state is not None and not state.is_connected:
            text = translate("Folders", "{name} is not connected. Connect its drive, or locate the folder.")
            self._view.complain(text.format(name=folder_title(folder)))
        else:
            self._indexing.add([path])

    def set_watched(self, folder: Folder, *, is_watched: bool) -> None:
        """Watch a folder for changes from now on, or no longer; what has changed so far is indexed first."""

        def done(_: None) -> None:
            self.refresh()
            if is_watched:
                self._indexing.update([folder.path])

        self._ask(lambda: watch(self._library, folder, is_watched=is_watched), done)

    def forget_missing(self, folder: Folder) -> None:
        """Remove the missing sounds of a folder from the library; it can be undone."""
        state = self._states.get(folder.id)
        n = state.n_missing if state is not None else 0
        sounds = count_text(n, translate("Folders", "missing sound"), translate("Folders", "missing sounds"))
        text = translate("Folders", "{sounds} forgotten. Undo brings them back.").format(sounds=sounds)
        self._edits.make(lambda: forget_missing(self._library, folder=folder), done=lambda: self._view.show_news(text))

    def ignore(self, patterns: Sequence[str]) -> None:
        """Let scans ignore names that match patterns, and scan again."""

        def work() -> bool:
            with self._library.read() as reader:
                before = reader.ignored_patterns()
            ignore(self._library, patterns)
            with self._library.read() as reader:
                is_changed = reader.ignored_patterns() != before
                folders = [folder for folder in reader.folders() if folder.is_watched]
            if is_changed:
                self._watch(folders, is_restart=True)  # a watcher reads the patterns when it starts
            return is_changed

        def done(is_changed: bool) -> None:
            if is_changed and not self._indexing.is_held and self._states:
                self._indexing.rescan()

        self._ask(work, done)

    def _ask(self, work: Callable[[], object], done: Callable[..., object]) -> None:
        # A name of its own: of two waiting queries with the same name, the first is dropped.
        self._n_asked += 1

        def finish(result: object) -> None:
            done(result)

        self._queries.run(f"folders {self._n_asked}", work, done=finish, failed=self._view.complain)


def _has_changed(states: Sequence[FolderState]) -> bool:
    return any(is_readable(state.folder.path) != state.is_connected for state in states)
