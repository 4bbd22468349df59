"""What sounds are found, filtered and sorted by, besides their names: metadata and annotations.

Properties of contents and their audio are repeated in the rows of sounds, where lists are sorted and filtered by
them. Every function runs inside its caller's transaction.
"""

import json
import sqlite3
from typing import Final

from bowerbird.catalogue.sqlite.word_index import index_words
from bowerbird.domain.metadata import CuePoint, LoopRegion, Metadata, metadata_of, searched_texts

_TEXT_COLUMNS: Final = (
    "category", "subcategory", "title", "artist", "album", "genre", "description", "comment", "project", "scene",
    "take", "tape", "originator", "note",
)  # fmt: skip
_SET_COLUMNS: Final = ", ".join(f"{column} = ?" for column in (*_TEXT_COLUMNS, "bpm", "root_key", "is_loop"))
_CONTENT_COLUMNS: Final = (
    "UPDATE sounds SET duration_s = known.duration_s, n_channels = known.n_channels, rate_hz = known.rate_hz, "
    "format = known.format, encoding = known.encoding, lufs = known.lufs, true_peak_db = known.true_peak_db, "
    "stars = audio.stars, is_favourite = audio.is_favourite, user_note = audio.note "
    "FROM contents AS known JOIN audio ON audio.id = known.audio_id "
    "WHERE known.id = sounds.content_id AND sounds.content_id = ?"
)


def describe_content(connection: sqlite3.Connection, content_id: int) -> int:
    """Copy what is known of a content to every sound that has it; return the number of sounds."""
    connection.execute(_CONTENT_COLUMNS, [content_id])
    rows = connection.execute(
        "SELECT sounds.id, name_metadata, metadata, cue_points, audio_id FROM sounds "
        "JOIN contents ON contents.id = content_id LEFT JOIN marks USING (content_id) WHERE content_id = ?",
        [content_id],
    ).fetchall()
    if not rows:
        return 0
    audio_id = rows[0][4]
    given = [
        row[0]
        for row in connection.execute(
            "SELECT word FROM words WHERE audio_id = ? AND is_right ORDER BY word", [audio_id]
        )
    ]
    (note,) = connection.execute("SELECT note FROM audio WHERE id = ?", [audio_id]).fetchone()
    for sound_id, name_json, metadata_json, cues_json, _ in rows:
        metadata = stored_metadata(name_json, metadata_json, cues_json, None)
        _write(connection, sound_id, metadata, [*given, note])
    return len(rows)


def describe_unanalysed(connection: sqlite3.Connection, sound_id: int) -> None:
    """Copy what the name of a sound says to its row, while nothing else is known of it."""
    row = connection.execute("SELECT name_metadata FROM sounds WHERE id = ?", [sound_id]).fetchone()
    _write(connection, sound_id, stored_metadata(row[0], None, None, None), [])


def stored_metadata(name: str | None, content: str | None, cue_points: str | None, loops: str | None) -> Metadata:
    """Return metadata from the columns that store it; what the file says counts more than what its name says."""
    texts = {**_loaded(name), **_loaded(content)}
    known = metadata_of(texts)
    return Metadata(
        texts,
        known.bpm,
        known.root_key,
        known.is_loop,
        tuple(CuePoint(*cue) for cue in json.loads(cue_points or "[]")),
        tuple(LoopRegion(*loop) for loop in json.loads(loops or "[]")),
    )


def record_metadata(connection: sqlite3.Connection, content_id: int, metadata: Metadata, version: int) -> None:
    """Record a content's metadata, as a version of `read_metadata` read it."""
    texts = json.dumps(dict(metadata.texts), ensure_ascii=False) if metadata.texts else ""
    connection.execute(
        "UPDATE contents SET metadata = ?, metadata_version = ? WHERE id = ?", [texts, version, content_id]
    )
    connection.execute("DELETE FROM marks WHERE content_id = ?", [content_id])
    if metadata.cue_points or metadata.loops:
        cues = [[cue.name, cue.start_s, cue.length_s] for cue in metadata.cue_points]
        loops = [[loop.start_s, loop.end_s, loop.kind] for loop in metadata.loops]
        connection.execute(
            "INSERT INTO marks VALUES (?, ?, ?)",
            [content_id, json.dumps(cues, ensure_ascii=False), json.dumps(loops)],
        )


def _loaded(text: str | None) -> dict[str, str]:
    return json.loads(text) if text else {}


def _write(connection: sqlite3.Connection, sound_id: int, metadata: Metadata, further: list[str]) -> None:
    texts = [metadata.texts.get(column) for column in _TEXT_COLUMNS]
    connection.execute(
        f"UPDATE sounds SET {_SET_COLUMNS} WHERE id = ?",
        [*texts, metadata.bpm, metadata.root_key, metadata.is_loop, sound_id],
    )
    index_words(connection, sound_id, metadata=" ".join([*searched_texts(metadata), *further]))
