"""Opening the catalogue: pragmas, text that may hold any file name, one connection a thread."""

import os
import sqlite3
import sys
from pathlib import Path
from typing import Final

from bowerbird.base.errors import CatalogueError

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
        raise fault(library, error) from error
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
        if os.access(library, os.W_OK):
            connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None)
        else:  # a write-ahead log needs a writable folder; where there is none, nobody writes
            address = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
            connection = sqlite3.connect(address, uri=True, isolation_level=None)
    except sqlite3.Error as error:
        raise fault(library, error) from error
    try:
        connection.execute("PRAGMA query_only = ON")
        connection.execute("PRAGMA cache_size = -32000")
    except sqlite3.Error as error:
        connection.close()
        raise fault(library, error) from error
    connection.text_factory = from_text
    return connection


def _closed(library: Path, error: Exception) -> CatalogueError:
    return CatalogueError(
        f"The library at {library} cannot be opened ({error}). Check the folder's permissions, "
        "or choose another with --library."
    )


_DAMAGED: Final = "is damaged or no catalogue. Put a backup in its place, or move it away and index your folders again."
_REMEDIES: Final = {
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
    sqlite3.SQLITE_FULL: "cannot grow: the disk is full. Free some space and try again; what was done is kept.",
    sqlite3.SQLITE_READONLY: "cannot be written. Check its permissions, or choose another library with --library.",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened. Check its permissions, or choose another library with --library.",
    sqlite3.SQLITE_BUSY: "is in use by another program for long. Let that finish, then try again.",
    sqlite3.SQLITE_LOCKED: "is in use by another program for long. Let that finish, then try again.",
    sqlite3.SQLITE_IOERR: "cannot be read or written. Check that its drive is connected, then try again.",
}


def fault(library: Path, error: sqlite3.Error) -> CatalogueError:
    """Put SQLite's complaint into a sentence with the remedy that fits it."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_IOERR) & 0xFF
    remedy = _REMEDIES.get(code, "cannot be used. Try again; if that does not help, report it with the log file.")
    return CatalogueError(f"The catalogue at {library / FILE_NAME} ({error}) {remedy}")


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


class LibraryLock:
    """At most one process does a thing to a library; the lock dies with its process.

    An open exclusive transaction on a file of its own: it works alike on Linux, macOS and Windows.

    Parameters
    ----------
    library : Path
    name : str
        What is locked.
    what : str
        What it is done to, in words.

    Raises
    ------
    CatalogueError
        When another process holds it.
    """

    def __init__(self, library: Path, name: str = "indexing", *, what: str = "this library") -> None:
        try:
            self._connection = sqlite3.connect(library / f"{name}.lock", timeout=0.2, isolation_level=None)
        except sqlite3.Error as error:
            raise fault(library, error) from error
        try:
            self._connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            self._connection.close()
            if getattr(error, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_BUSY:
                raise fault(library, error) from error
            raise CatalogueError(
                f"Another Bowerbird is {name} {what}. Wait until it is done, or stop it there."
            ) from error

    def release(self) -> None:
        """Let others do it."""
        self._connection.close()
