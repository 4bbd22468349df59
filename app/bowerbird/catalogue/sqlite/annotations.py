"""What users say about sounds: tags, denied words, stars, favourites, notes and collections.

Annotations belong to decoded audio. Every change returns what was there before, which undoes it.
"""

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, TypeVar

from bowerbird.catalogue.records import AnnotatedSound, Annotations, Collection
from bowerbird.catalogue.sqlite import conditions
from bowerbird.catalogue.sqlite.audio import current_audio, describe_audio
from bowerbird.catalogue.sqlite.session import Session

_T = TypeVar("_T")

_ANNOTATED: Final = (
    "SELECT path, contents.hash AS hash, audio.hash AS samples_hash, audio.id AS audio_id, audio.stars AS stars, "
    "audio.is_favourite AS is_favourite, audio.note AS note FROM sounds JOIN contents ON contents.id = content_id "
    f"JOIN audio ON audio.id = audio_id WHERE {conditions.LISTED} AND (audio.stars <> 0 OR audio.is_favourite <> 0 "
    "OR audio.note <> '' OR EXISTS (SELECT 1 FROM words WHERE words.audio_id = audio.id) "
    "OR EXISTS (SELECT 1 FROM collected WHERE collected.audio_id = audio.id)) ORDER BY path"
)


class AnnotationReads(Session):
    """Reads annotations."""

    def given_words(self, content_id: int) -> dict[str, bool]:
        """Return the words that people gave or denied a content, and whether each applies."""
        sql = (
            "SELECT word, is_right FROM words WHERE audio_id = (SELECT audio_id FROM contents WHERE id = ?) "
            "ORDER BY word"
        )
        return {row["word"]: bool(row["is_right"]) for row in self._rows(sql, [content_id])}

    def audio_of_sounds(self, sound_ids: Sequence[int]) -> dict[int, int]:
        """Return the audio of those sounds that were analysed, by sound id, in the order given."""
        sql = (
            "SELECT sounds.id, audio_id FROM sounds JOIN contents ON contents.id = content_id "
            "WHERE sounds.id IN ({ids})"
        )
        found = {row["id"]: row["audio_id"] for row in self._rows_by_id(sql, sound_ids)}
        return {sound_id: found[sound_id] for sound_id in sound_ids if sound_id in found}

    def audio_of_contents(self, content_ids: Sequence[int]) -> list[int]:
        """Return the audio of contents that exist, each once."""
        sql = "SELECT DISTINCT audio_id FROM contents WHERE id IN ({ids})"
        return list(dict.fromkeys(row["audio_id"] for row in self._rows_by_id(sql, content_ids)))

    def annotations(self, sound_ids: Sequence[int]) -> dict[int, Annotations]:
        """Return what people said about those sounds that were analysed, by sound id."""
        audio_of = self.audio_of_sounds(sound_ids)
        known = self._annotations(list(dict.fromkeys(audio_of.values())))
        return {sound_id: known[audio_id] for sound_id, audio_id in audio_of.items()}

    def _annotations(self, audio_ids: Sequence[int]) -> dict[int, Annotations]:
        words: dict[int, dict[str, bool]] = {}
        for row in self._rows_by_id("SELECT audio_id, word, is_right FROM words WHERE audio_id IN ({ids})", audio_ids):
            words.setdefault(row["audio_id"], {})[row["word"]] = bool(row["is_right"])
        collections: dict[int, list[int]] = {}
        for row in self._rows_by_id(
            "SELECT audio_id, collection_id FROM collected WHERE audio_id IN ({ids}) ORDER BY 2", audio_ids
        ):
            collections.setdefault(row["audio_id"], []).append(row["collection_id"])
        return {
            row["id"]: Annotations(
                row["id"],
                row["stars"],
                bool(row["is_favourite"]),
                row["note"],
                words.get(row["id"], {}),
                tuple(collections.get(row["id"], ())),
            )
            for row in self._rows_by_id("SELECT * FROM audio WHERE id IN ({ids})", audio_ids)
        }

    def denied_contents(self, phrases: Sequence[str]) -> set[int]:
        """Return the contents that somebody denied one of some words."""
        rows = self._rows(conditions.DENIED.format(words=", ".join("?" * len(phrases))), list(phrases))
        return {row[0] for row in rows}

    def collections(self) -> list[Collection]:
        """Return the collections, by name."""
        sql = (
            "SELECT collections.id, name, (SELECT count(*) FROM collected WHERE collection_id = collections.id "
            "AND EXISTS (SELECT 1 FROM contents JOIN sounds ON content_id = contents.id "
            f"WHERE contents.audio_id = collected.audio_id AND {conditions.LISTED})) AS n "
            "FROM collections ORDER BY name"
        )
        return [Collection(row["id"], row["name"], row["n"]) for row in self._rows(sql)]

    def annotated_sounds(self) -> list[AnnotatedSound]:
        """Return every sound with annotations, by path."""
        rows = self._rows(_ANNOTATED)
        known = self._annotations(list({row["audio_id"] for row in rows}))
        return [AnnotatedSound(row["path"], row["hash"], row["samples_hash"], known[row["audio_id"]]) for row in rows]

    def audio_by_hash(self, samples_hashes: Iterable[bytes], hashes: Iterable[bytes]) -> dict[bytes, int]:
        """Return audio by the hash of its samples, or of a file that has it; unknown hashes are left out."""
        found: dict[bytes, int] = {}
        for digest in hashes:
            row = self._row("SELECT audio_id FROM contents WHERE hash = ?", [digest])
            if row:
                found[digest] = row[0]
        for digest in samples_hashes:
            row = self._row("SELECT id FROM audio WHERE hash = ?", [digest])
            if row:
                found[digest] = row[0]
        return found


class AnnotationWrites(Session):
    """Writes annotations."""

    def set_word(self, word: str, values: Mapping[int, bool | None]) -> dict[int, bool | None]:
        """Record whether a word applies to audio: True for a tag, False for a denied word, None for neither.

        Returns
        -------
        dict of int to (bool or None)
            The former values of those that changed, by audio id. Audio that does not exist is left out.
        """

        def write(connection: sqlite3.Connection, audio_id: int, value: bool | None) -> bool | None:
            row = connection.execute(
                "SELECT is_right FROM words WHERE audio_id = ? AND word = ?", [audio_id, word]
            ).fetchone()
            if value is None:
                connection.execute("DELETE FROM words WHERE audio_id = ? AND word = ?", [audio_id, word])
            else:
                connection.execute("INSERT OR REPLACE INTO words VALUES (?, ?, ?)", [audio_id, word, int(value)])
            return bool(row[0]) if row else None

        return self._change(values, write)

    def set_stars(self, values: Mapping[int, int]) -> dict[int, int]:
        """Record the stars of audio, 0 for none; return the former values of those that changed."""
        return self._change(values, _column_writer("stars"))

    def set_favourite(self, values: Mapping[int, bool]) -> dict[int, bool]:
        """Record whether audio is a favourite; return the former values of those that changed."""
        changed = self._change({key: int(value) for key, value in values.items()}, _column_writer("is_favourite"))
        return {audio_id: bool(value) for audio_id, value in changed.items()}

    def set_note(self, values: Mapping[int, str]) -> dict[int, str]:
        """Record the notes of audio, "" for none; return the former values of those that changed."""
        return self._change(values, _column_writer("note"))

    def _change(self, values: Mapping[int, _T], write: Callable[[sqlite3.Connection, int, _T], _T]) -> dict[int, _T]:
        former: dict[int, _T] = {}
        with self._transaction() as connection:
            for known_id, value in values.items():
                audio_id = current_audio(connection, known_id)
                if audio_id is None:
                    continue
                before = write(connection, audio_id, value)
                if before != value:
                    former[audio_id] = before
                    describe_audio(connection, audio_id)
        return former

    def create_collection(
        self, name: str, *, collection_id: int | None = None, members: Mapping[int, float] | None = None
    ) -> int | None:
        """Create a collection; return its id, or None where there is one of that name.

        Parameters
        ----------
        name : str
        collection_id : int or None
            Of a deleted collection that comes back.
        members : mapping of int to float
            Positions by audio id.
        """
        with self._transaction() as connection:
            cursor = connection.execute("INSERT OR IGNORE INTO collections VALUES (?, ?)", [collection_id, name])
            if not cursor.rowcount:
                return None
            new_id = int(cursor.lastrowid or 0)
            for audio_id, position in (members or {}).items():
                _collect(connection, new_id, audio_id, position)
        return new_id

    def rename_collection(self, collection_id: int, name: str) -> str | None:
        """Rename a collection; return its former name, or None where there is another of that name."""
        with self._transaction() as connection:
            row = connection.execute("SELECT name FROM collections WHERE id = ?", [collection_id]).fetchone()
            cursor = connection.execute("UPDATE OR IGNORE collections SET name = ? WHERE id = ?", [name, collection_id])
            return str(row["name"]) if row and cursor.rowcount else None

    def delete_collection(self, collection_id: int) -> tuple[str, dict[int, float]] | None:
        """Delete a collection; return its name, and the positions of its members by audio id; None without one."""
        with self._transaction() as connection:
            row = connection.execute("SELECT name FROM collections WHERE id = ?", [collection_id]).fetchone()
            if row is None:
                return None
            members = connection.execute(
                "SELECT audio_id, position FROM collected WHERE collection_id = ?", [collection_id]
            ).fetchall()
            connection.execute("DELETE FROM collections WHERE id = ?", [collection_id])
        return str(row["name"]), {member["audio_id"]: member["position"] for member in members}

    def collect(self, collection_id: int, values: Mapping[int, float | None]) -> dict[int, float | None]:
        """Record the positions of audio in a collection, None to take it out; infinity puts it at the end.

        Returns
        -------
        dict of int to (float or None)
            The former positions of those that changed.
        """
        former: dict[int, float | None] = {}
        with self._transaction() as connection:
            for audio_id, position in values.items():
                former |= _collect(connection, collection_id, audio_id, position)
        return former


def _collect(
    connection: sqlite3.Connection, collection_id: int, known_id: int, position: float | None
) -> dict[int, float | None]:
    """Write one member; return its former position where it changed."""
    audio_id = current_audio(connection, known_id)
    is_there = connection.execute("SELECT 1 FROM collections WHERE id = ?", [collection_id]).fetchone()
    if audio_id is None or not is_there:
        return {}
    key = [collection_id, audio_id]
    row = connection.execute("SELECT position FROM collected WHERE collection_id = ? AND audio_id = ?", key).fetchone()
    before: float | None = row[0] if row else None
    if position is None:
        connection.execute("DELETE FROM collected WHERE collection_id = ? AND audio_id = ?", key)
    elif before is None or position != float("inf"):
        if position == float("inf"):
            sql = "SELECT ifnull(max(position), 0) + 1 FROM collected WHERE collection_id = ?"
            (position,) = connection.execute(sql, [collection_id]).fetchone()
        connection.execute("INSERT OR REPLACE INTO collected VALUES (?, ?, ?)", [*key, position])
    else:
        return {}
    return {} if before == position else {audio_id: before}


def _column_writer(column: str) -> Callable[[sqlite3.Connection, int, _T], _T]:
    def write(connection: sqlite3.Connection, audio_id: int, value: _T) -> _T:
        before: _T = connection.execute(f"SELECT {column} FROM audio WHERE id = ?", [audio_id]).fetchone()[0]
        connection.execute(f"UPDATE audio SET {column} = ? WHERE id = ?", [value, audio_id])
        return before

    return write
