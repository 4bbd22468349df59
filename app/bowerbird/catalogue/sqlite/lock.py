"""A lock between processes: an exclusive transaction on a file of its own, alike on Linux, macOS and Windows."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bowerbird.base.errors import CatalogueError
from bowerbird.catalogue.sqlite.connection import catalogue_error


@contextmanager
def process_lock(folder: Path, activity: str = "indexing", *, target: str = "this library") -> Iterator[None]:
    """Hold a lock while the block runs; it ends with its process at the latest.

    Parameters
    ----------
    folder : Path
        Where the lock file is; it exists.
    activity : str
        What is locked, as a participle such as ``indexing``.
    target : str
        What the activity is done to.

    Raises
    ------
    CatalogueError
        When another process holds it.
    """
    try:
        connection = sqlite3.connect(folder / f"{activity}.lock", timeout=0.2, isolation_level=None)
    except sqlite3.Error as error:
        raise catalogue_error(folder, error) from error
    try:
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_BUSY:
                raise catalogue_error(folder, error) from error
            raise CatalogueError(
                f"Another Bowerbird process is {activity} {target}. Wait until it has finished, or stop it there."
            ) from error
        yield
    finally:
        connection.close()
