"""The catalogue open for writing: one process writes at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bowerbird.base.errors import CatalogueError
from bowerbird.catalogue.sqlite.annotations import AnnotationWrites
from bowerbird.catalogue.sqlite.connection import open_writer
from bowerbird.catalogue.sqlite.copies import CopyWrites
from bowerbird.catalogue.sqlite.embeddings import EmbeddingWrites
from bowerbird.catalogue.sqlite.migrations import migrate
from bowerbird.catalogue.sqlite.pending import PendingWrites
from bowerbird.catalogue.sqlite.recent import RecentWrites
from bowerbird.catalogue.sqlite.sounds import SoundWrites


class SqliteWriter(SoundWrites, EmbeddingWrites, AnnotationWrites, RecentWrites, PendingWrites, CopyWrites):
    """The catalogue, open for writing in the thread that made it.

    Parameters
    ----------
    library : Path
        Folder of the library; created where there is none.

    Raises
    ------
    CatalogueError
        When it cannot be opened, is damaged, or was written by a newer program.
    """

    def __init__(self, library: Path) -> None:
        super().__init__(library, open_writer(library))
        try:
            with self._errors_as_sentences():
                migrate(self._connection, library)
                self._connection.execute("CREATE TEMP TABLE walked (sound_id INTEGER PRIMARY KEY)")
                self._connection.execute("CREATE TEMP TABLE unread (start TEXT PRIMARY KEY)")
        except CatalogueError:
            self.close()
            raise

    @contextmanager
    def together(self) -> Iterator[None]:
        """Commit everything that is written while the block runs at its end, or nothing if it fails."""
        with self._transaction():
            yield
