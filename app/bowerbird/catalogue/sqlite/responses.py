"""The file of a study's ratings: every click is a row, appended and committed before anything else happens."""

import dataclasses
import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Self, TypeVar

from bowerbird.base.errors import CatalogueError
from bowerbird.domain.responses import Answers, Choice, Event, Rater, Rating

FILE_NAME: Final = "ratings.sqlite3"
VERSION: Final = 1

_BUSY_S: Final = 10.0
_SQL_TYPES: Final = {"int": "INTEGER", "bool": "INTEGER", "float": "REAL", "str": "TEXT"}
_Row = TypeVar("_Row", Rating, Choice, Event)
_KINDS: Final[tuple[tuple[str, type[Any]], ...]] = (("ratings", Rating), ("choices", Choice), ("events", Event))


class RatingsFile:
    """Answers to one study, open for the thread that made it.

    A correction is another row; nothing is ever changed or deleted. `synchronous = FULL`: what a rater saw accepted
    survives a power cut.

    Parameters
    ----------
    folder : Path
        Of the study.

    Raises
    ------
    CatalogueError
        When the file cannot be opened, is damaged or was written by a newer program.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME
        try:
            self._connection = sqlite3.connect(self._path, timeout=_BUSY_S, isolation_level=None)
        except sqlite3.Error as error:
            raise self._fault(error) from error
        try:
            with self._reading():
                self._connection.execute("PRAGMA journal_mode = WAL")
                self._connection.execute("PRAGMA synchronous = FULL")
                version = self._connection.execute("PRAGMA user_version").fetchone()[0]
                if version == 0:
                    self._make_tables()
            if version > VERSION:
                raise CatalogueError(f"{self._path} was written by a newer Bowerbird. Update Bowerbird.")
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

    def _make_tables(self) -> None:
        with self._transaction():
            self._connection.execute(
                """CREATE TABLE IF NOT EXISTS raters (
                    id TEXT PRIMARY KEY,
                    pseudonym TEXT NOT NULL UNIQUE,
                    number INTEGER NOT NULL,
                    consented_utc TEXT NOT NULL,
                    background TEXT NOT NULL) WITHOUT ROWID"""
            )
            for table, kind in _KINDS:
                columns = ", ".join(f"{field.name} {_sql_type(field)}" for field in dataclasses.fields(kind))
                self._connection.execute(f"CREATE TABLE IF NOT EXISTS {table} (id INTEGER PRIMARY KEY, {columns})")
                self._connection.execute(f"CREATE INDEX IF NOT EXISTS {table}_by_rater ON {table} (rater_id)")
            self._connection.execute(f"PRAGMA user_version = {VERSION:d}")

    # Writing

    def add_rater(self, rater: Rater) -> None:
        """Keep a new rater.

        Raises
        ------
        CatalogueError
            When somebody else has the pseudonym.
        """
        try:
            with self._transaction():
                self._insert_rater(rater)
        except sqlite3.IntegrityError as error:
            raise CatalogueError(f"Somebody is called {rater.pseudonym} already. Choose another name.") from error
        except sqlite3.Error as error:
            raise self._fault(error) from error

    def add(self, *rows: Rating | Choice | Event) -> None:
        """Keep what was just done, all of it or nothing; it is on disk when this returns."""
        with self._reading(), self._transaction():
            for row in rows:
                self._insert(row)

    def add_all(self, answers: Answers) -> None:
        """Keep the answers of other raters, all of them or nothing."""
        with self._reading(), self._transaction():
            for rater in answers.raters:
                self._insert_rater(rater)
            for rows in (answers.ratings, answers.choices, answers.events):
                for row in rows:
                    self._insert(row)

    def _insert_rater(self, rater: Rater) -> None:
        self._connection.execute(
            "INSERT INTO raters VALUES (?, ?, ?, ?, ?)",
            (rater.id, rater.pseudonym, rater.number, rater.consented_utc, json.dumps(dict(rater.background))),
        )

    def _insert(self, row: Rating | Choice | Event) -> None:
        table = next(table for table, kind in _KINDS if isinstance(row, kind))
        names = [field.name for field in dataclasses.fields(row)]
        marks = ", ".join("?" * len(names))
        self._connection.execute(
            f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})",
            [getattr(row, name) for name in names],
        )

    # Reading

    def raters(self) -> tuple[Rater, ...]:
        """Return all raters, by number."""
        with self._reading():
            rows = self._connection.execute(
                "SELECT id, pseudonym, number, consented_utc, background FROM raters ORDER BY number, pseudonym"
            ).fetchall()
        return tuple(Rater(row[0], row[1], row[2], row[3], json.loads(row[4])) for row in rows)

    def answers(self, rater_id: str | None = None) -> Answers:
        """Return everything, or everything of one rater."""
        raters = tuple(one for one in self.raters() if rater_id in {None, one.id})
        return Answers(raters, self._rows(Rating, rater_id), self._rows(Choice, rater_id), self._rows(Event, rater_id))

    def _rows(self, kind: type[_Row], rater_id: str | None) -> tuple[_Row, ...]:
        table = next(table for table, one in _KINDS if one is kind)
        fields = dataclasses.fields(kind)
        columns = ", ".join(field.name for field in fields)
        where, parameters = ("WHERE rater_id = ?", [rater_id]) if rater_id is not None else ("", [])
        with self._reading():
            rows: Sequence[Sequence[Any]] = self._connection.execute(
                f"SELECT {columns} FROM {table} {where} ORDER BY id",
                parameters,
            ).fetchall()
        flags = [place for place, field in enumerate(fields) if _type_name(field) == "bool"]
        found = []
        for row in rows:
            values = list(row)
            for place in flags:
                values[place] = bool(values[place])
            found.append(kind(*values))
        return tuple(found)

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
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self._fault(error) from error

    def _fault(self, error: sqlite3.Error) -> CatalogueError:
        return CatalogueError(
            f"The ratings in {self._path} cannot be used ({error}). Check that the disk has room and the folder may be "
            "written; if the file is damaged, move it away and merge the last export."
        )


def _type_name(field: "dataclasses.Field[Any]") -> str:
    name = field.type if isinstance(field.type, str) else getattr(field.type, "__name__", str(field.type))
    return str(name)


def _sql_type(field: "dataclasses.Field[Any]") -> str:
    """Return the column's type; aliases of literals are text."""
    return next((_SQL_TYPES[name] for name in ("bool", "int", "float") if name in _type_name(field)), "TEXT")
