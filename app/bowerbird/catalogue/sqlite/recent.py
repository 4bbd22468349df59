"""What was played, dragged and searched, and saved searches."""

import sqlite3
from typing import Final

from bowerbird.catalogue.records import EventKind, HistoryEntry, StoredSearch
from bowerbird.catalogue.sqlite import conditions
from bowerbird.catalogue.sqlite.session import Session

MAX_HISTORY: Final = 1_000
"""Entries that are kept of each kind."""

_SOUND_NOW: Final = (
    "ifnull((SELECT sounds.id FROM sounds WHERE sounds.id = history.sound_id AND is_missing = 0 "
    f"AND {conditions.LISTED}), (SELECT min(sounds.id) FROM sounds JOIN contents ON contents.id = content_id "
    f"WHERE contents.audio_id = history.audio_id AND is_missing = 0 AND {conditions.LISTED}))"
)
"""The sound itself, or another with the same samples."""


class RecentReads(Session):
    """Reads history and saved searches."""

    def history(self, kind: EventKind, *, limit: int = 100) -> list[HistoryEntry]:
        """Return what was played, dragged or searched, the latest first, each once; without sounds that are gone."""
        rows = self._rows(
            f"SELECT {_SOUND_NOW} AS sound_id, query, at_s FROM history WHERE id IN (SELECT max(id) FROM history "
            "WHERE kind = ? GROUP BY ifnull(query, ''), ifnull(audio_id, -sound_id)) ORDER BY id DESC",
            [kind],
        )
        usable = [row for row in rows if row["query"] is not None or row["sound_id"] is not None]
        return [HistoryEntry(kind, row["sound_id"], row["query"], row["at_s"]) for row in usable[:limit]]

    def saved_searches(self) -> list[StoredSearch]:
        """Return the saved searches, by name."""
        return [StoredSearch(*row) for row in self._rows("SELECT id, name, state FROM saved_searches ORDER BY name")]


class RecentWrites(Session):
    """Writes history and saved searches."""

    def record_event(self, kind: EventKind, what: int | str, *, at_s: float) -> None:
        """Record that a sound (its id) was played or dragged, or a text was searched; the oldest are deleted."""
        is_query = isinstance(what, str)
        with self._transaction(is_about_sounds=False) as connection:
            connection.execute(
                "INSERT INTO history (kind, audio_id, sound_id, query, at_s) VALUES (?, "
                "(SELECT audio_id FROM sounds JOIN contents ON contents.id = content_id WHERE sounds.id = ?), ?, ?, ?)",
                [kind, None if is_query else what, None if is_query else what, what if is_query else None, at_s],
            )
            connection.execute(
                "DELETE FROM history WHERE kind = ?1 AND id <= "
                "(SELECT id FROM history WHERE kind = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
                [kind, MAX_HISTORY],
            )

    def clear_history(self) -> None:
        """Delete the history."""
        with self._transaction(is_about_sounds=False) as connection:
            connection.execute("DELETE FROM history")

    def create_search(self, name: str, state: str, *, search_id: int | None = None) -> int | None:
        """Save a search; return its id, or None where there is one of that name.

        Parameters
        ----------
        name, state : str
        search_id : int or None
            Of a deleted search that comes back.
        """
        with self._transaction(is_about_sounds=False) as connection:
            sql = "INSERT OR IGNORE INTO saved_searches VALUES (?, ?, ?)"
            cursor = connection.execute(sql, [search_id, name, state])
            return int(cursor.lastrowid or 0) if cursor.rowcount else None

    def change_search(self, search: StoredSearch) -> StoredSearch | None:
        """Give a saved search, by its id, a name and a state.

        Returns
        -------
        StoredSearch or None
            What it was; None where it is gone.

        Raises
        ------
        ValueError
            When another has the name.
        """
        with self._transaction(is_about_sounds=False) as connection:
            former = _stored_search(connection, search.id)
            cursor = connection.execute(
                "UPDATE OR IGNORE saved_searches SET name = ?, state = ? WHERE id = ?",
                [search.name, search.state, search.id],
            )
            if former is not None and not cursor.rowcount:
                raise ValueError("no two saved searches have the same name")
        return former

    def delete_search(self, search_id: int) -> StoredSearch | None:
        """Delete a saved search; return what it was."""
        with self._transaction(is_about_sounds=False) as connection:
            former = _stored_search(connection, search_id)
            connection.execute("DELETE FROM saved_searches WHERE id = ?", [search_id])
        return former


def _stored_search(connection: sqlite3.Connection, search_id: int) -> StoredSearch | None:
    row = connection.execute("SELECT id, name, state FROM saved_searches WHERE id = ?", [search_id]).fetchone()
    return StoredSearch(*row) if row else None
