"""A user's library: the only access to its catalogue, its index folder and its lock."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Self

from bowerbird.base.errors import CatalogueError
from bowerbird.catalogue.protocol import Catalogue, Reader, Writer
from bowerbird.catalogue.records import Folder
from bowerbird.catalogue.stores import open_catalogue


class Library:
    """A library, usable from any thread; what `read` and `write` return belongs to the thread that called them.

    Parameters
    ----------
    folder : Path
        Of the library.
    catalogue : Catalogue
    """

    def __init__(self, folder: Path, catalogue: Catalogue) -> None:
        self.folder = folder
        self._catalogue = catalogue

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Return the library in a folder, whether it exists yet or not; nothing is read or created."""
        return cls(folder, open_catalogue(folder))

    @property
    def index_folder(self) -> Path:
        """The folder of the vector indexes, which can be rebuilt from the catalogue."""
        return self.folder / "index"

    def read(self) -> Reader:
        """Open the catalogue for reading in this thread.

        Raises
        ------
        CatalogueError
            When there is no library yet, or it cannot be read.
        """
        return self._catalogue.read()

    def write(self) -> Writer:
        """Open the catalogue for writing in this thread; create the library where there is none.

        Raises
        ------
        CatalogueError
            When it cannot be written, or was written by a newer program.
        """
        return self._catalogue.write()

    def lock(self, activity: str) -> AbstractContextManager[None]:
        """Hold a lock between processes while a block runs.

        Raises
        ------
        CatalogueError
            When another process holds it.
        """
        return self._catalogue.lock(activity)

    def create(self) -> None:
        """Create the library where there is none; bring an older one up to date.

        Raises
        ------
        CatalogueError
            As `write` does.
        """
        self.write().close()

    def folders(self) -> list[Folder]:
        """Return the folders that the user added, by path.

        Raises
        ------
        CatalogueError
            When there is no library yet, or it cannot be read.
        """
        with self.read() as reader:
            return reader.folders()

    def has_folders(self) -> bool:
        """Return whether there is a library that can be read and has a folder."""
        try:
            return bool(self.folders())
        except CatalogueError:
            return False

    def delete_removed(self) -> None:
        """Delete folders that were removed and sounds that were forgotten in an earlier run of the program.

        Call it when the program starts: nobody can bring them back then.

        Raises
        ------
        CatalogueError
            When the library cannot be written.
        """
        with self.write() as writer:
            writer.delete_hidden()

    def remove_folder(self, folder_id: int) -> None:
        """Remove a folder and its sounds from the library for good; the files stay where they are.

        Raises
        ------
        CatalogueError
            When the library is being indexed.
        """
        with self.write() as writer, self.lock("indexing"):
            writer.remove_folder(folder_id)
