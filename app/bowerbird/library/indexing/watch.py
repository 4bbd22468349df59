"""Watching folders: changes of sounds are reported when they are complete, many together.

Each folder is watched in a thread of its own, by the system's events or, where those are not to be had, by polling. A
folder whose drive is not connected is looked for again every few seconds, and reported when it is back.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

import watchfiles

from bowerbird.audio import formats
from bowerbird.audio.metadata.chunks import is_unfinished
from bowerbird.base.files import outermost
from bowerbird.catalogue.records import Folder
from bowerbird.library.indexing.ignoring import Ignored
from bowerbird.library.library import Library

logger = logging.getLogger(__name__)

Changed: TypeAlias = Callable[[list[Path]], None]

SETTLE_S: Final = 2.0
"""A file is complete when its size and time have not changed for this long."""

GIVE_UP_S: Final = 30.0
"""A file with an unfinished header that has not changed for this long will not be finished."""

_LOOK_AGAIN_S: Final = 3.0
_TICK_MS: Final = 200
_STOP_S: Final = 5.0


class FolderWatcher:
    """Reports which directories of some folders have to be indexed again.

    Parameters
    ----------
    library : Library
        Its ignored patterns are read when watching starts.
    folders : sequence of Folder
    changed : callable
        Receives directories, none inside another, in a thread of the watcher. Index them: `index_folders` reads each
        with everything below it.
    settle_s : float
        How long a file must not have changed.
    is_polling : bool
        Whether to poll instead of waiting for events of the system, which network drives do not send.
    """

    def __init__(
        self,
        library: Library,
        folders: Sequence[Folder],
        *,
        changed: Changed,
        settle_s: float = SETTLE_S,
        is_polling: bool = False,
    ) -> None:
        self._library = library
        self._folders = tuple(folders)
        self._changed = changed
        self._settle_s = settle_s
        self._is_polling = is_polling
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._ready: list[threading.Event] = []

    def start(self) -> None:
        """Start to watch.

        Raises
        ------
        CatalogueError
            When the library cannot be read.
        """
        with self._library.read() as reader:
            ignored = Ignored(reader.ignored_patterns())
        for folder in self._folders:
            ready = threading.Event()
            thread = threading.Thread(
                target=self._run, args=(folder.path, ignored, ready), name="bowerbird-watch", daemon=True
            )
            thread.start()
            self._threads.append(thread)
            self._ready.append(ready)

    def wait_until_ready(self, timeout_s: float) -> bool:
        """Wait until every folder that is connected is watched; return whether that is so."""
        return all(ready.wait(timeout_s) for ready in self._ready)

    def stop(self) -> None:
        """Stop to watch; nothing is reported after this returns."""
        self._stopping.set()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(_STOP_S)
        self._threads, self._ready = [], []

    def _run(self, root: Path, ignored: Ignored, ready: threading.Event) -> None:
        is_polling = self._is_polling
        was_away = False
        while not self._stopping.is_set():
            if not os.path.isdir(root):  # noqa: PTH112 - Path's raises where a drive is lost
                was_away = True
                ready.set()
                self._stopping.wait(min(_LOOK_AGAIN_S, 10 * self._settle_s))
                continue
            if was_away:
                was_away = False
                self._changed([root])
            try:
                self._watch(root, ignored, ready, is_polling=is_polling)
            except (OSError, RuntimeError) as error:  # RuntimeError: the system watches no more folders
                logger.info("%s cannot be watched by events (%s); polling", root, error)
                is_polling = True
                self._stopping.wait(self._settle_s)

    def _watch(self, root: Path, ignored: Ignored, ready: threading.Event, *, is_polling: bool) -> None:
        """Watch a folder until it goes away or watching stops."""
        writing = _Writing(self._settle_s)
        changes = watchfiles.watch(
            root,
            watch_filter=None,
            debounce=_TICK_MS,
            stop_event=self._stopping,
            rust_timeout=_TICK_MS,
            yield_on_timeout=True,
            raise_interrupt=False,
            force_polling=is_polling or None,
            ignore_permission_denied=True,
        )
        for batch in changes:
            ready.set()
            if self._stopping.is_set() or not os.path.isdir(root):  # noqa: PTH112 - as above
                return
            paths = (path for change, path in batch for path in _files(change, path))
            writing.add(path for path in paths if is_of_interest(path, str(root), ignored))
            directories = writing.settled(root)
            if directories:
                self._changed(directories)


@dataclass(slots=True)
class _Change:
    """A changed path, the facts of its file when they changed last, and when that was."""

    facts: tuple[int, int] | None
    since_s: float


class _Writing:
    """Changed files, until nobody writes to them any more."""

    def __init__(self, settle_s: float) -> None:
        self._settle_s = settle_s
        self._changes: dict[str, _Change] = {}

    def add(self, paths: Iterable[str]) -> None:
        for path in paths:
            self._changes[path] = _Change(_facts(path), time.monotonic())

    def settled(self, root: Path) -> list[Path]:
        """Return the directories in which files have changed and none is being written; they are reported once."""
        is_writing = {path: self._is_being_written(path, change) for path, change in self._changes.items()}
        around_open = set[str]()
        for path, is_open in is_writing.items():
            directory = os.path.dirname(path)  # noqa: PTH120 - as for files
            while is_open and directory not in around_open:
                around_open.add(directory)
                directory = os.path.dirname(directory)  # noqa: PTH120
        existing: dict[str, str] = {}
        done = set[str]()
        for path, is_open in is_writing.items():
            parent = os.path.dirname(path)  # noqa: PTH120
            if parent not in existing:
                existing[parent] = _existing(parent, str(root))
            if not is_open and existing[parent] not in around_open:
                done.add(existing[parent])
                del self._changes[path]
        return [Path(directory) for directory in outermost(done)]

    def _is_being_written(self, path: str, change: _Change) -> bool:
        facts = _facts(path)
        now = time.monotonic()
        if facts != change.facts:
            change.facts, change.since_s = facts, now
        quiet_s = now - change.since_s
        if quiet_s < self._settle_s:
            return True
        return facts is not None and quiet_s < GIVE_UP_S and is_unfinished(Path(path))


def is_of_interest(path: str, root: str, ignored: Ignored) -> bool:
    """Return whether a change of a path can concern a sound: scans see it, and its name does not say otherwise."""
    parts = Path(path).relative_to(root).parts
    if any(part.startswith(".") or ignored.matches(part) for part in parts):
        return False
    return not parts or not formats.is_never_sound(parts[-1])


def _files(change: watchfiles.Change, path: str) -> Iterator[str]:
    """Yield the files that a change is about: of a directory that was added those in it, of a touched one none.

    The system may not report what was written to a new directory before it was watched, too.
    """
    if not os.path.isdir(path):  # noqa: PTH112 - as above
        yield path
    elif change != watchfiles.Change.modified:  # what was modified in it has a change of its own
        for directory, _, names in os.walk(path):
            for name in names:
                yield os.path.join(directory, name)  # noqa: PTH118 - a Path per file would be slow


def _facts(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - as scan does
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def _existing(directory: str, root: str) -> str:
    """Return a directory, or the nearest one above it that exists, not above the root."""
    while len(directory) > len(root) and not os.path.isdir(directory):  # noqa: PTH112 - as above
        directory = os.path.dirname(directory)  # noqa: PTH120
    return directory
