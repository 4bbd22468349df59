"""Recording analyses: contents, copies, moved files, failures. Every function runs inside its caller's transaction."""

import sqlite3
from collections.abc import Iterable
from typing import Final

from bowerbird.base.errors import RejectionCode
from bowerbird.catalogue.records import Analysis, EncodedWindows
from bowerbird.catalogue.sqlite import conditions
from bowerbird.catalogue.sqlite.audio import audio_for, copy_annotations, identify_audio
from bowerbird.catalogue.sqlite.connection import to_text
from bowerbird.catalogue.sqlite.copies import record_fingerprint
from bowerbird.catalogue.sqlite.describing import describe_content, record_metadata
from bowerbird.catalogue.sqlite.word_index import index_words
from bowerbird.domain.windows import WINDOWS_VERSION, WindowUse

_ENCODED: Final = (
    "INSERT OR REPLACE INTO encoded (content_id, encoder_id, failure, windows_version) "
    "VALUES (?, ?, CAST(? AS TEXT), ?)"
)


def record_hash(connection: sqlite3.Connection, sound_id: int, content_hash: bytes, encoder_id: str) -> int:
    """Record the content hash of a file; return 1 if that content is analysed already, else 0."""
    connection.execute("UPDATE sounds SET hash = ? WHERE id = ?", [content_hash, sound_id])
    content = connection.execute(
        "SELECT id, EXISTS (SELECT 1 FROM encoded WHERE content_id = contents.id AND encoder_id = ? "
        f"AND {conditions.IS_CURRENT}) "
        "FROM contents WHERE hash = ?",
        [encoder_id, content_hash],
    ).fetchone()
    if content is None:
        return 0
    _link(connection, content[0], content_hash)
    return int(content[1])


def record_analysis(connection: sqlite3.Connection, sound_id: int, analysis: Analysis, encoder_id: str) -> int:
    """Record an analysis for a sound and all its copies; return the number of sounds that have it now."""
    connection.execute("UPDATE sounds SET hash = ? WHERE id = ?", [analysis.hash, sound_id])
    return _link(connection, _record_content(connection, analysis, encoder_id), analysis.hash)


def record_failures(connection: sqlite3.Connection, failures: Iterable[tuple[int, str, RejectionCode]]) -> None:
    """Record why sounds cannot be used."""
    connection.executemany(
        "INSERT OR REPLACE INTO failures VALUES (?, CAST(? AS TEXT), ?)",
        ((sound_id, to_text(reason), code) for sound_id, reason, code in failures),  # it names the file
    )


def _record_content(connection: sqlite3.Connection, analysis: Analysis, encoder_id: str) -> int:
    row = connection.execute("SELECT id FROM contents WHERE hash = ?", [analysis.hash]).fetchone()
    content_id = int(row[0]) if row else _insert_content(connection, analysis)
    if row and analysis.samples_hash is not None:
        identify_audio(connection, content_id, analysis.samples_hash)
    if analysis.fingerprint is not None:
        record_fingerprint(connection, content_id, analysis.fingerprint)
    if row:
        record_metadata(connection, content_id, analysis.metadata, analysis.metadata_version)
    uses: tuple[WindowUse, ...] = tuple("counted" if counts else "uncounted" for counts in analysis.is_counted)
    windows = EncodedWindows(content_id, 0, analysis.spans, analysis.vectors, is_last=True, uses=uses)
    record_windows(connection, windows, encoder_id)
    return content_id


def record_windows(connection: sqlite3.Connection, windows: EncodedWindows, encoder_id: str) -> None:
    """Record embeddings of windows of a content, and that it is complete when these are the last.

    A window that does not count in the mean has the number -1 - n in place of n; which windows these are, and which are
    left out, is recorded with the last. The first windows replace those of an older version, which are kept until then.
    """
    key = [windows.content_id, encoder_id]
    if not windows.first_number:
        outdated = f"DELETE FROM encoded WHERE content_id = ? AND encoder_id = ? AND NOT {conditions.IS_CURRENT}"
        if connection.execute(outdated, key).rowcount:
            connection.execute("DELETE FROM windows WHERE content_id = ? AND encoder_id = ?", key)
    first = windows.first_number
    uses = windows.uses or ("counted",) * (first + len(windows.spans))
    connection.executemany(
        "INSERT OR IGNORE INTO windows (content_id, encoder_id, number, start_s, end_s, vector) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        [
            (*key, -1 - number if use == "uncounted" else number, start_s, end_s, vector.tobytes())
            for number, ((start_s, end_s), vector, use) in enumerate(
                zip(windows.spans, windows.vectors, uses[first:], strict=True), start=first
            )
            if use != "left out"
        ],
    )
    if windows.is_last:
        of_window = "WHERE content_id = ? AND encoder_id = ? AND number = ?"
        for number, use in enumerate(uses[:first]):
            if use == "uncounted":
                connection.execute(f"UPDATE windows SET number = -1 - number {of_window}", [*key, number])
            elif use == "left out":
                connection.execute(f"DELETE FROM windows {of_window}", [*key, number])
        connection.execute(_ENCODED, [*key, None, WINDOWS_VERSION])


def record_encoding_failures(
    connection: sqlite3.Connection, failures: Iterable[tuple[int, str]], encoder_id: str
) -> None:
    """Record why contents cannot be embedded: they are not tried again, and partial embeddings are deleted."""
    rows = [(content_id, encoder_id, to_text(reason), WINDOWS_VERSION) for content_id, reason in failures]
    connection.executemany("DELETE FROM windows WHERE content_id = ? AND encoder_id = ?", [row[:2] for row in rows])
    connection.executemany(_ENCODED, rows)


def _insert_content(connection: sqlite3.Connection, analysis: Analysis) -> int:
    cursor = connection.execute(
        "INSERT INTO contents (hash, size_bytes, duration_s, n_channels, rate_hz, format, encoding, lufs, "
        "true_peak_db, metadata, audio_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, '', ?)",
        [
            analysis.hash,
            analysis.size_bytes,
            analysis.duration_s,
            analysis.n_channels,
            analysis.rate_hz,
            analysis.format,
            analysis.encoding,
            analysis.lufs,
            analysis.true_peak_db,
            audio_for(connection, analysis.samples_hash),
        ],
    )
    content_id = int(cursor.lastrowid or 0)
    connection.execute("UPDATE contents SET sounding_lufs = ? WHERE id = ?", [analysis.sounding_lufs, content_id])
    record_metadata(connection, content_id, analysis.metadata, analysis.metadata_version)
    connection.execute(
        "INSERT INTO peaks VALUES (?, ?, ?, ?)",
        [content_id, analysis.peaks.frames_per_bin, analysis.overview.tobytes(), analysis.peaks.bins.tobytes()],
    )
    return content_id


def _link(connection: sqlite3.Connection, content_id: int, content_hash: bytes) -> int:
    """Copy a content's properties and words to every sound that has it, and let a moved sound keep its row."""
    connection.execute(
        "UPDATE sounds SET content_id = ? WHERE hash = ? AND content_id IS NULL", [content_id, content_hash]
    )
    _reunite(connection, content_hash)
    (audio_id,) = connection.execute("SELECT audio_id FROM contents WHERE id = ?", [content_id]).fetchone()
    former = connection.execute(
        "SELECT DISTINCT former_audio_id FROM sounds WHERE content_id = ? AND former_audio_id IS NOT NULL", [content_id]
    ).fetchall()
    for (former_id,) in former:
        copy_annotations(connection, former_id, audio_id)
    if former:
        connection.execute("UPDATE sounds SET former_audio_id = NULL WHERE content_id = ?", [content_id])
    return describe_content(connection, content_id)


def _reunite(connection: sqlite3.Connection, content_hash: bytes) -> None:
    """Recognise moved sounds: the row of the missing sound takes over the new path, so that it keeps its id."""
    missing = connection.execute(
        "SELECT id FROM sounds WHERE hash = ? AND is_missing = 1 ORDER BY id", [content_hash]
    ).fetchall()
    if not missing:
        return
    arrived = connection.execute(
        "SELECT id, folder_id, path, directory, directory_key, name, name_key, size_bytes, mtime_ns, name_metadata "
        "FROM sounds "
        "WHERE hash = ? AND is_missing = 0 AND id > ? ORDER BY id",
        [content_hash, missing[-1][0]],
    ).fetchall()
    for (old_id,), arrival in zip(missing, arrived, strict=False):
        new_id, folder_id, path, directory, tree_key, name, name_key, size_bytes, mtime_ns, facts = arrival
        connection.execute("DELETE FROM sounds WHERE id = ?", [new_id])
        connection.execute("DELETE FROM hidden WHERE sound_id = ?", [old_id])
        connection.execute(
            "UPDATE sounds SET folder_id = ?, path = CAST(? AS TEXT), directory = CAST(? AS TEXT), "
            "directory_key = ?, name = CAST(? AS TEXT), name_key = ?, size_bytes = ?, mtime_ns = ?, "
            "name_metadata = ?, is_missing = 0 WHERE id = ?",
            [
                folder_id,
                to_text(path),
                to_text(directory),
                tree_key,
                to_text(name),
                name_key,
                size_bytes,
                mtime_ns,
                facts,
                old_id,
            ],
        )
        index_words(connection, old_id, name=name, directory=directory)
