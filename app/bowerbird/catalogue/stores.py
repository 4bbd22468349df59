"""Opening what is stored: catalogues, tables of rows, and locks. Only this module knows that SQLite is behind them."""

from pathlib import Path

from bowerbird.catalogue.protocol import Catalogue
from bowerbird.catalogue.sqlite.catalogue import SqliteCatalogue
from bowerbird.catalogue.sqlite.lock import process_lock
from bowerbird.catalogue.sqlite.rows import DuplicateRowError, RowStore, Table

__all__ = ["DuplicateRowError", "RowStore", "Table", "open_catalogue", "process_lock"]


def open_catalogue(library: Path) -> Catalogue:
    """Return the catalogue of a library's folder; nothing is read or created yet."""
    return SqliteCatalogue(library)
