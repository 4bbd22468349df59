"""Opening the catalogue: pragmas, text that may hold any file name, one connection a thread."""

import sqlite3
import sys
from pathlib import Path
from typing import Final

from bowerbird.errors import CatalogueError

FILE_NAME: Final = "catalogue.sqlite3"
_FS_ERRORS: Final = sys.getfilesystemencodeerrors()
_BUSY_S: Final = 30.0


def open_writer(library: Path) -> sqlite3.Connection:
    """Open the catalogue for writing, making its folder and file.

    Raises
    ------
    CatalogueError
        When the folder cannot be written or the file is not a catalogue.
    """
    try:
        library.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(library / FILE_NAME, timeout=_BUSY_S, isolation_level=None)
    except (OSError, sqlite3.Error) as error:
        raise _closed(library, error) from error
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA cache_size = -32000")
    except sqlite3.Error as error:
        connection.close()
        raise damaged(library, error) from error
    connection.text_factory = from_text
    return connection


def open_reader(library: Path) -> sqlite3.Connection:
    """Open an existing catalogue for reading alone.

    Raises
    ------
    CatalogueError
        When there is none, or it may not be opened.
    """
    path = library / FILE_NAME
    try:
        is_there = path.is_file()
    except OSError as error:
        raise _closed(library, error) from error
    if not is_there:
        raise CatalogueError(f"There is no library at {library} yet. Run `bowerbird index FOLDER` to start one.")
    try:
        connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None)
        connection.execute("PRAGMA query_only = ON")
        connection.execute("PRAGMA cache_size = -32000")
        connection.execute("PRAGMA mmap_size = 268435456")
    except sqlite3.Error as error:
        raise damaged(library, error) from error
    connection.text_factory = from_text
    return connection


def _closed(library: Path, error: Exception) -> CatalogueError:
    return CatalogueError(
        f"The library at {library} cannot be opened ({error}). Check the folder's permissions, "
        "or choose another with --library."
    )


def damaged(library: Path, error: Exception) -> CatalogueError:
    """Put SQLite's complaint about the file itself into a sentence."""
    return CatalogueError(
        f"The catalogue at {library / FILE_NAME} is damaged or no catalogue ({error}). "
        "Put a backup in its place, or move it away and index your folders again."
    )


def to_text(path: str) -> str | bytes:
    """Return a file name as SQLite can bind it; statements say ``CAST(? AS TEXT)``.

    Names that are no valid Unicode travel as their bytes.
    """
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return path.encode("utf-8", _FS_ERRORS)
    return path


def from_text(data: bytes) -> str:
    """Return stored text, with the bytes of undecodable file names as Python has them."""
    return data.decode("utf-8", _FS_ERRORS)


class IndexingLock:
    """At most one process indexes a library; the lock dies with its process.

    An open exclusive transaction on a file of its own: it works alike on Linux, macOS and Windows.

    Raises
    ------
    CatalogueError
        When another process holds it.
    """

    def __init__(self, library: Path) -> None:
        self._connection = sqlite3.connect(library / "indexing.lock", timeout=0.2, isolation_level=None)
        try:
            self._connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            self._connection.close()
            raise CatalogueError(
                "Another Bowerbird is indexing this library. Wait until it is done, or stop it there."
            ) from error

    def release(self) -> None:
        """Let others index."""
        self._connection.close()
