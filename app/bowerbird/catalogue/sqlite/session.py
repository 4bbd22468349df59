"""One connection to the catalogue: queries by name, transactions, and SQLite's errors as sentences."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from bowerbird.catalogue.sqlite.connection import catalogue_error

Ids: TypeAlias = npt.NDArray[np.int64]
Parameters: TypeAlias = Sequence[Any] | dict[str, Any]

_MAX_PARAMETERS: Final = 500


class Session:
    """A connection for the thread that opened it; rows are read by column name.

    Parameters
    ----------
    library : Path
        Folder of the catalogue.
    connection : sqlite3.Connection
    """

    def __init__(self, library: Path, connection: sqlite3.Connection) -> None:
        self.library = library
        self._connection = connection
        connection.row_factory = sqlite3.Row

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _rows(self, sql: str, parameters: Parameters = ()) -> list[sqlite3.Row]:
        with self._errors_as_sentences():
            return self._connection.execute(sql, parameters).fetchall()

    def _each(self, sql: str, parameters: Parameters = ()) -> Iterator[sqlite3.Row]:
        """Yield rows one by one: for results of many rows, of which no more than one is kept at a time."""
        with self._errors_as_sentences():
            yield from self._connection.execute(sql, parameters)

    def _row(self, sql: str, parameters: Parameters = ()) -> sqlite3.Row | None:
        with self._errors_as_sentences():
            row: sqlite3.Row | None = self._connection.execute(sql, parameters).fetchone()
            return row

    def _value(self, sql: str, parameters: Parameters = ()) -> Any:
        """Return the first column of the first row; None without rows."""
        row = self._row(sql, parameters)
        return None if row is None else row[0]

    def _rows_by_id(self, sql: str, ids: Sequence[int], parameters: Sequence[Any] = ()) -> Iterator[sqlite3.Row]:
        """Yield the rows of a statement for some ids at a time; it has ``{ids}`` where they go, behind parameters."""
        for start in range(0, len(ids), _MAX_PARAMETERS):
            chunk = ids[start : start + _MAX_PARAMETERS]
            yield from self._rows(sql.format(ids=",".join("?" * len(chunk))), [*parameters, *chunk])

    def _ids(self, sql: str, parameters: Parameters = ()) -> Ids:
        """Return the only column of a statement, in its order, shape (n,)."""
        return self._columns(sql, 1, parameters)[0]

    def _pairs(self, sql: str, parameters: Parameters = ()) -> tuple[Ids, Ids]:
        """Return the two columns of a statement, in its order, shapes (n,)."""
        first, second = self._columns(sql, 2, parameters)
        return first, second

    def _columns(self, sql: str, n_columns: int, parameters: Parameters) -> list[Ids]:
        """Return the columns of a statement, whole numbers without NULL, shapes (n,).

        SQLite joins each to one text: a row object for each of a hundred thousand sounds took five times as long, held
        up every other thread, and had Python look for garbage for 80 ms. An aggregate keeps the order of its subquery
        (https://sqlite.org/omitorderby.html, condition 6).
        """
        names = [f"column_{number}" for number in range(n_columns)]
        joined = ", ".join(f"group_concat({name})" for name in names)
        row = self._row(f"WITH found ({', '.join(names)}) AS ({sql}) SELECT {joined} FROM found", parameters)
        return [np.fromstring(text or "", np.int64, sep=",") for text in row or ()]

    @contextmanager
    def _transaction(self, *, is_about_sounds: bool = True) -> Iterator[sqlite3.Connection]:
        """Commit what the block does, all of it or nothing.

        Rows that it changes are a new revision of the catalogue, unless they say nothing about sounds. Inside another
        transaction it is a part of that one.
        """
        is_part = self._connection.in_transaction
        if is_part:
            yield self._connection
            return
        with self._errors_as_sentences():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                n_before = self._connection.total_changes
                yield self._connection
                if is_about_sounds and self._connection.total_changes != n_before:
                    self._connection.execute("UPDATE revision SET number = number + 1")
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # SQLite ends some failed transactions itself
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _errors_as_sentences(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError | sqlite3.InterfaceError):
                raise  # a bug of ours
            raise catalogue_error(self.library, error) from error
