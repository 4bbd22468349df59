"""A small database of dataclass rows: rows are appended and committed, and never changed or deleted."""

import dataclasses
import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Self, TypeVar

from bowerbird.base.errors import CatalogueError

_BUSY_S: Final = 10.0
_SQL_TYPES: Final = {"int": "INTEGER", "bool": "INTEGER", "float": "REAL", "str": "TEXT"}
_T = TypeVar("_T")


class DuplicateRowError(CatalogueError):
    """A row with the same key, or the same value in a unique column, exists."""


@dataclasses.dataclass(frozen=True, slots=True)
class Table:
    """A table whose columns are the fields of a dataclass.

    Attributes
    ----------
    name : str
    row : type
        A dataclass of numbers, texts, flags, and mappings of texts, which are stored as JSON.
    key : str or None
        The field that identifies a row, and no field may be absent; None where rows are numbered as they come.
    unique : str or None
        Another field in which no two rows are equal.
    index : str or None
        The field that rows are selected by.
    order : tuple of str
        The fields that rows are read in the order of; empty for the order of writing.
    """

    name: str
    row: type[Any]
    key: str | None = None
    unique: str | None = None
    index: str | None = None
    order: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The fields, in the order of the dataclass."""
        return tuple(field.name for field in dataclasses.fields(self.row))


class RowStore:
    """A database of some tables, open for the thread that opened it.

    `synchronous = FULL`: what was added survives a power cut.

    Parameters
    ----------
    path : Path
        Created when it does not exist; its folder must.
    tables : sequence of Table
    version : int
        Of the format; a file with a higher one is refused.
    remedy : str
        The sentence that follows when the file cannot be used.

    Raises
    ------
    CatalogueError
        When the file cannot be opened, is damaged or was written by a newer program.
    """

    def __init__(self, path: Path, tables: Sequence[Table], *, version: int, remedy: str) -> None:
        self._path = path
        self._tables = {table.row: table for table in tables}
        self._remedy = remedy
        try:
            self._connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None)
        except sqlite3.Error as error:
            raise self._fault(error) from error
        try:
            with self._faults():
                self._connection.execute("PRAGMA journal_mode = WAL")
                self._connection.execute("PRAGMA synchronous = FULL")
                stored_version = self._connection.execute("PRAGMA user_version").fetchone()[0]
                if stored_version == 0:
                    self._create_tables(version)
            if stored_version > version:
                raise CatalogueError(f"{path} was written by a newer version of Bowerbird. Update Bowerbird.")
        except CatalogueError:
            self._connection.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def add(self, *rows: object) -> None:
        """Append rows, all of them or none; they are on disk when this returns.

        Raises
        ------
        DuplicateRowError
            When a row with the same key or unique value exists.
        CatalogueError
            When it cannot be written.
        """
        with self._faults(), self._transaction():
            for row in rows:
                table = self._tables[type(row)]
                marks = ", ".join("?" * len(table.columns))
                self._connection.execute(
                    f"INSERT INTO {table.name} ({', '.join(table.columns)}) VALUES ({marks})",
                    [_to_sql(getattr(row, column)) for column in table.columns],
                )

    def rows(self, kind: type[_T], **where: object) -> tuple[_T, ...]:
        """Return the rows of a table, optionally only those in which some fields have given values.

        Parameters
        ----------
        kind : type
            The dataclass of the table.
        **where
            Field names and values.
        """
        table = self._tables[kind]
        condition = " AND ".join(f"{column} = ?" for column in where)
        order = ", ".join(table.order) or "id"
        with self._faults():
            found: Sequence[Sequence[Any]] = self._connection.execute(
                f"SELECT {', '.join(table.columns)} FROM {table.name} "
                f"{f'WHERE {condition}' if where else ''} ORDER BY {order}",
                list(where.values()),
            ).fetchall()
        kinds = [_type_name(field) for field in dataclasses.fields(table.row)]
        return tuple(kind(*(_from_sql(value, name) for value, name in zip(row, kinds, strict=True))) for row in found)

    def _create_tables(self, version: int) -> None:
        with self._transaction():
            for table in self._tables.values():
                fields = dataclasses.fields(table.row)
                if table.key is None:
                    columns = ["id INTEGER PRIMARY KEY", *(f"{field.name} {_sql_type(field)}" for field in fields)]
                    ending = ""
                else:
                    endings = {table.key: "PRIMARY KEY", table.unique: "NOT NULL UNIQUE"}
                    columns = [
                        f"{field.name} {_sql_type(field)} {endings.get(field.name, 'NOT NULL')}" for field in fields
                    ]
                    ending = " WITHOUT ROWID"
                self._connection.execute(f"CREATE TABLE IF NOT EXISTS {table.name} ({', '.join(columns)}){ending}")
                if table.index is not None:
                    name = f"{table.name}_by_{table.index.removesuffix('_id')}"
                    self._connection.execute(f"CREATE INDEX IF NOT EXISTS {name} ON {table.name} ({table.index})")
            self._connection.execute(f"PRAGMA user_version = {version:d}")

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            if self._connection.in_transaction:  # a full disk rolls back by itself
                self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.IntegrityError as error:
            raise DuplicateRowError(str(self._fault(error))) from error
        except sqlite3.Error as error:
            raise self._fault(error) from error

    def _fault(self, error: sqlite3.Error) -> CatalogueError:
        return CatalogueError(f"{self._path} cannot be used ({error}). {self._remedy}")


def _to_sql(value: object) -> object:
    return json.dumps(dict(value)) if isinstance(value, Mapping) else value


def _from_sql(value: Any, type_name: str) -> Any:
    if type_name == "bool":
        return bool(value)
    return json.loads(value) if type_name == "Mapping" else value


def _type_name(field: "dataclasses.Field[Any]") -> str:
    name = field.type if isinstance(field.type, str) else getattr(field.type, "__name__", str(field.type))
    return str(name)


def _sql_type(field: "dataclasses.Field[Any]") -> str:
    """Return the column's type; aliases of literals, and JSON, are text."""
    return next((_SQL_TYPES[name] for name in ("bool", "int", "float") if name in _type_name(field)), "TEXT")
