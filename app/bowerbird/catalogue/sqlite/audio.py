"""Decoded audio, to which annotations belong: contents with the same samples share it.

Every function runs inside its caller's transaction.
"""

import sqlite3
from typing import Final

from bowerbird.catalogue.sqlite.describing import describe_content

_IS_ANNOTATED: Final = (
    "(stars <> 0 OR is_favourite <> 0 OR note <> '' OR EXISTS (SELECT 1 FROM words WHERE audio_id = audio.id) "
    "OR EXISTS (SELECT 1 FROM collected WHERE audio_id = audio.id))"
)


def audio_for(connection: sqlite3.Connection, samples_hash: bytes | None) -> int:
    """Return the audio with a hash; a new one where there is none, or the hash is not known."""
    if samples_hash is not None:
        row = connection.execute("SELECT id FROM audio WHERE hash = ?", [samples_hash]).fetchone()
        if row:
            return int(row[0])
    return int(connection.execute("INSERT INTO audio (hash) VALUES (?)", [samples_hash]).lastrowid or 0)


def identify_audio(connection: sqlite3.Connection, content_id: int, samples_hash: bytes) -> None:
    """Record the hash of a content's samples; audio that is known by it takes over the annotations."""
    (audio_id, known_hash) = connection.execute(
        "SELECT audio.id, audio.hash FROM contents JOIN audio ON audio.id = audio_id WHERE contents.id = ?",
        [content_id],
    ).fetchone()
    if known_hash is not None:
        return
    twin = connection.execute("SELECT id FROM audio WHERE hash = ?", [samples_hash]).fetchone()
    if twin is None:
        connection.execute("UPDATE audio SET hash = ? WHERE id = ?", [samples_hash, audio_id])
        return
    copy_annotations(connection, audio_id, twin[0])
    connection.execute("UPDATE contents SET audio_id = ? WHERE audio_id = ?", [twin[0], audio_id])
    connection.execute("UPDATE history SET audio_id = ? WHERE audio_id = ?", [twin[0], audio_id])
    connection.execute("UPDATE audio SET merged_into = ?1 WHERE id = ?2 OR merged_into = ?2", [twin[0], audio_id])
    for table in ("fingerprints", "copies"):  # the audio that is kept has a fingerprint and a group of its own
        connection.execute(f"DELETE FROM {table} WHERE audio_id = ?", [audio_id])
    describe_audio(connection, twin[0])


def copy_annotations(connection: sqlite3.Connection, source: int, target: int) -> None:
    """Copy annotations to other audio; what that has already stays."""
    if source == target:
        return
    connection.execute(
        "INSERT OR IGNORE INTO words SELECT ?, word, is_right FROM words WHERE audio_id = ?", [target, source]
    )
    connection.execute(
        "INSERT OR IGNORE INTO collected SELECT collection_id, ?, position FROM collected WHERE audio_id = ?",
        [target, source],
    )
    connection.execute(
        "UPDATE audio SET stars = iif(audio.stars = 0, known.stars, audio.stars), "
        "is_favourite = max(audio.is_favourite, known.is_favourite), "
        "note = iif(audio.note = '', known.note, audio.note) "
        "FROM (SELECT * FROM audio WHERE id = ?) AS known WHERE audio.id = ?",
        [source, target],
    )


def describe_audio(connection: sqlite3.Connection, audio_id: int) -> None:
    """Copy annotations to the sounds that have them."""
    for (content_id,) in connection.execute("SELECT id FROM contents WHERE audio_id = ?", [audio_id]).fetchall():
        describe_content(connection, content_id)


def current_audio(connection: sqlite3.Connection, audio_id: int) -> int | None:
    """Return the audio that an id stands for now; None where it was deleted."""
    row = connection.execute("SELECT ifnull(merged_into, id) FROM audio WHERE id = ?", [audio_id]).fetchone()
    return int(row[0]) if row else None


def delete_orphans(connection: sqlite3.Connection) -> None:
    """Delete contents that no sound has, and audio that no content has; what the user gave is kept.

    Content whose samples were never hashed is kept with its annotations: nothing else could find them again.
    """
    connection.execute(
        "DELETE FROM contents WHERE NOT EXISTS (SELECT 1 FROM sounds WHERE content_id = contents.id) "
        f"AND NOT EXISTS (SELECT 1 FROM audio WHERE audio.id = audio_id AND hash IS NULL AND {_IS_ANNOTATED})"
    )
    connection.execute(
        "DELETE FROM audio WHERE merged_into IS NULL AND NOT EXISTS (SELECT 1 FROM contents WHERE audio_id = audio.id) "
        f"AND NOT {_IS_ANNOTATED} AND NOT EXISTS (SELECT 1 FROM audio AS other WHERE other.merged_into = audio.id) "
        "AND id NOT IN (SELECT former_audio_id FROM sounds WHERE former_audio_id IS NOT NULL)"
    )
