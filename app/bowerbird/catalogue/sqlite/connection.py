"""Opening the catalogue: pragmas, text that can hold any file name, one connection per thread."""

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
    """Open the catalogue for writing; create its folder and file where there is none.

    Raises
    ------
    CatalogueError
        When the folder cannot be written or the file is not a catalogue.
    """
    try:
        library.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(library / FILE_NAME, timeout=_BUSY_S, isolation_level=None)
    except (OSError, sqlite3.Error) as error:
        raise _cannot_open(library, error) from error
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA cache_size = -32000")
    except sqlite3.Error as error:
        connection.close()
        raise catalogue_error(library, error) from error
    connection.text_factory = from_text
    return connection


def open_reader(library: Path) -> sqlite3.Connection:
    """Open an existing catalogue for reading only.

    Raises
    ------
    CatalogueError
        When there is none, or it cannot be opened.
    """
    path = library / FILE_NAME
    try:
        exists = path.is_file()
    except OSError as error:
        raise _cannot_open(library, error) from error
    if not exists:
        raise CatalogueError(f"There is no library at {library} yet. Run `bowerbird index FOLDER` to create one.")
    try:
        if os.access(library, os.W_OK):
            connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None)
        else:  # a write-ahead log needs a writable folder; without one, no other process writes either
            address = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
            connection = sqlite3.connect(address, uri=True, isolation_level=None)
    except sqlite3.Error as error:
        raise catalogue_error(library, error) from error
    try:
        connection.execute("PRAGMA query_only = ON")
        connection.execute("PRAGMA cache_size = -32000")
    except sqlite3.Error as error:
        connection.close()
        raise catalogue_error(library, error) from error
    connection.text_factory = from_text
    return connection


def _cannot_open(library: Path, error: Exception) -> CatalogueError:
    return CatalogueError(
        f"The library at {library} cannot be opened ({error}). Check the folder's permissions, "
        "or choose another with --library."
    )


_DAMAGED: Final = "is damaged or not a catalogue. Restore a backup, or move the file away and index your folders again."
_REMEDIES: Final = {
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
    sqlite3.SQLITE_FULL: "cannot grow because the disk is full. Free some space and try again; finished work is kept.",
    sqlite3.SQLITE_READONLY: "cannot be written. Check its permissions, or choose another library with --library.",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened. Check its permissions, or choose another library with --library.",
    sqlite3.SQLITE_BUSY: "is locked by another program. Wait until it has finished, then try again.",
    sqlite3.SQLITE_LOCKED: "is locked by another program. Wait until it has finished, then try again.",
    sqlite3.SQLITE_IOERR: "cannot be read or written. Check that its drive is connected, then try again.",
}


def catalogue_error(library: Path, error: sqlite3.Error) -> CatalogueError:
    """Return SQLite's error as a sentence with the remedy that fits it."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_IOERR) & 0xFF
    remedy = _REMEDIES.get(
        code, "cannot be used. Try again; if that does not help, please report it with the log file."
    )
    return CatalogueError(f"The catalogue at {library / FILE_NAME} ({error}) {remedy}")


def to_text(path: str) -> str | bytes:
    """Return a file name as SQLite can bind it, for statements with ``CAST(? AS TEXT)``.

    Names that are not valid Unicode are bound as their bytes.
    """
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return path.encode("utf-8", _FS_ERRORS)
    return path


def from_text(data: bytes) -> str:
    """Return stored text, with undecodable bytes of file names as Python represents them."""
    return data.decode("utf-8", _FS_ERRORS)
