"""The catalogue open for reading: everything that can be read, in the thread that opened it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bowerbird.base.errors import CatalogueError
from bowerbird.catalogue.sqlite.annotations import AnnotationReads
from bowerbird.catalogue.sqlite.connection import open_reader
from bowerbird.catalogue.sqlite.copies import CopyReads
from bowerbird.catalogue.sqlite.embeddings import EmbeddingReads
from bowerbird.catalogue.sqlite.mapping import MapReads
from bowerbird.catalogue.sqlite.migrations import STEPS, bring_up_to_date
from bowerbird.catalogue.sqlite.naming import NamingReads
from bowerbird.catalogue.sqlite.pending import PendingReads
from bowerbird.catalogue.sqlite.recent import RecentReads
from bowerbird.catalogue.sqlite.word_reads import WordReads


class SqliteReader(
    WordReads, EmbeddingReads, MapReads, AnnotationReads, RecentReads, PendingReads, NamingReads, CopyReads
):
    """The catalogue, open for reading in the thread that made it.

    Parameters
    ----------
    library : Path

    Raises
    ------
    CatalogueError
        When there is no catalogue, or it is damaged.
    """

    def __init__(self, library: Path) -> None:
        super().__init__(library, open_reader(library))
        try:
            version = self._value("PRAGMA user_version")
            if version not in {0, len(STEPS)}:
                self.close()
                bring_up_to_date(library)
                super().__init__(library, open_reader(library))
            if not version:
                raise CatalogueError(f"The library at {library} is empty. Run `bowerbird index FOLDER` to fill it.")
        except CatalogueError:
            self.close()
            raise

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Read one state of the catalogue while the block runs, whatever is written meanwhile."""
        with self._errors_as_sentences():
            self._connection.execute("BEGIN")
        try:
            yield
        finally:
            with self._errors_as_sentences():
                self._connection.execute("COMMIT")
