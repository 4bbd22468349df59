"""Where a library's catalogue is stored: the only module that knows which stores there are."""

from pathlib import Path

from bowerbird.catalogue.protocol import Catalogue
from bowerbird.catalogue.sqlite.catalogue import SqliteCatalogue
from bowerbird.catalogue.sqlite.lock import process_lock

__all__ = ["open_catalogue", "process_lock"]


def open_catalogue(library: Path) -> Catalogue:
    """Return the catalogue of a library's folder; nothing is read or created yet."""
    return SqliteCatalogue(library)
