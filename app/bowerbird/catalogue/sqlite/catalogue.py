"""The catalogue of a library in a SQLite file in its folder."""

from contextlib import AbstractContextManager
from pathlib import Path

from bowerbird.catalogue.sqlite.lock import process_lock
from bowerbird.catalogue.sqlite.reader import SqliteReader
from bowerbird.catalogue.sqlite.writer import SqliteWriter


class SqliteCatalogue:
    """Opens connections to one catalogue.

    Parameters
    ----------
    library : Path
        Folder of the library.
    """

    def __init__(self, library: Path) -> None:
        self._library = library

    def read(self) -> SqliteReader:
        """Open it for reading in this thread."""
        return SqliteReader(self._library)

    def write(self) -> SqliteWriter:
        """Open it for writing in this thread; create it where there is none."""
        return SqliteWriter(self._library)

    def lock(self, activity: str) -> AbstractContextManager[None]:
        """Hold a lock between processes, named after what is done."""
        return process_lock(self._library, activity)
