"""The schema, as named steps from one version to the next; a step and its version number are one transaction."""

import os
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bowerbird.base.errors import CatalogueError
from bowerbird.base.files import os_reason
from bowerbird.catalogue.sqlite.connection import FILE_NAME, catalogue_error, from_text, open_writer
from bowerbird.domain.names import directory_key


@dataclass(frozen=True, slots=True)
class Step:
    """One change of the schema."""

    name: str
    statements: tuple[str, ...]


STEPS: Final = (
    Step(
        "folders, sounds, their contents and vectors",
        (
            "CREATE TABLE folders (id INTEGER PRIMARY KEY AUTOINCREMENT, path TEXT NOT NULL UNIQUE)",
            # The content of a file: copies share it.
            """CREATE TABLE contents (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                hash BLOB NOT NULL UNIQUE,
                size_bytes INTEGER NOT NULL,
                duration_s REAL NOT NULL,
                n_channels INTEGER NOT NULL,
                rate_hz INTEGER NOT NULL,
                format TEXT NOT NULL,
                encoding TEXT NOT NULL,
                lufs REAL NOT NULL,
                true_peak_db REAL NOT NULL,
                metadata TEXT NOT NULL)""",
            "CREATE INDEX contents_by_size ON contents (size_bytes)",
            # Properties of the content are repeated here: lists are sorted by these columns' indexes.
            """CREATE TABLE sounds (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                folder_id INTEGER NOT NULL REFERENCES folders ON DELETE CASCADE,
                path TEXT NOT NULL UNIQUE,
                directory TEXT NOT NULL,
                name TEXT NOT NULL,
                name_key TEXT NOT NULL,
                size_bytes INTEGER NOT NULL,
                mtime_ns INTEGER NOT NULL,
                is_missing INTEGER NOT NULL DEFAULT 0,
                hash BLOB,
                content_id INTEGER REFERENCES contents ON DELETE SET NULL,
                duration_s REAL,
                n_channels INTEGER,
                rate_hz INTEGER,
                format TEXT,
                encoding TEXT)""",
            "CREATE INDEX sounds_by_folder_id ON sounds (folder_id)",
            "CREATE INDEX sounds_by_size ON sounds (size_bytes)",
            "CREATE INDEX sounds_by_hash ON sounds (hash)",
            "CREATE INDEX sounds_by_content ON sounds (content_id)",
            "CREATE INDEX sounds_by_name ON sounds (name_key)",
            "CREATE INDEX sounds_by_directory ON sounds (directory, name_key)",
            "CREATE INDEX sounds_by_duration ON sounds (duration_s, name_key)",
            "CREATE INDEX sounds_by_channels ON sounds (n_channels, name_key)",
            "CREATE INDEX sounds_by_rate ON sounds (rate_hz, name_key)",
            """CREATE TABLE failures (
                sound_id INTEGER PRIMARY KEY REFERENCES sounds ON DELETE CASCADE,
                reason TEXT NOT NULL)""",
            """CREATE TABLE peaks (
                content_id INTEGER PRIMARY KEY REFERENCES contents ON DELETE CASCADE,
                frames_per_bin INTEGER NOT NULL,
                overview BLOB NOT NULL,
                bins BLOB NOT NULL)""",
            # AUTOINCREMENT: an id in an index file never comes to mean another window.
            """CREATE TABLE windows (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                content_id INTEGER NOT NULL REFERENCES contents ON DELETE CASCADE,
                encoder_id TEXT NOT NULL,
                number INTEGER NOT NULL,
                start_s REAL NOT NULL,
                end_s REAL NOT NULL,
                vector BLOB NOT NULL,
                UNIQUE (content_id, encoder_id, number))""",
            """CREATE VIRTUAL TABLE sound_words USING fts5 (
                name, directory, metadata, tokenize = 'unicode61 remove_diacritics 2', prefix = '1 2 3')""",
            """CREATE TRIGGER sound_words_gone AFTER DELETE ON sounds
                BEGIN DELETE FROM sound_words WHERE rowid = old.id; END""",
        ),
    ),
    Step(
        "which encoders have done which contents",
        (
            # The windows of a long sound are recorded in parts: this says that all are there, or why there are none.
            """CREATE TABLE encoded (
                content_id INTEGER NOT NULL REFERENCES contents ON DELETE CASCADE,
                encoder_id TEXT NOT NULL,
                failure TEXT,
                PRIMARY KEY (content_id, encoder_id)) WITHOUT ROWID""",
            "INSERT INTO encoded SELECT DISTINCT content_id, encoder_id, NULL FROM windows",
            # The encoder that the user chose, and the one that searches use until the chosen one is complete.
            """CREATE TABLE encoders (
                role TEXT PRIMARY KEY CHECK (role IN ('wanted', 'searched')),
                name TEXT NOT NULL) WITHOUT ROWID""",
        ),
    ),
    Step(
        "which weights searches use",
        # Weights may be replaced under the same name; "" in rows of version 2 means unknown.
        ("ALTER TABLE encoders ADD COLUMN encoder_id TEXT NOT NULL DEFAULT ''",),
    ),
    Step(
        "words that people gave their sounds",
        (
            # is_right: the word applies, or it was suggested and denied.
            """CREATE TABLE given_words (
                content_id INTEGER NOT NULL REFERENCES contents ON DELETE CASCADE,
                word TEXT NOT NULL,
                is_right INTEGER NOT NULL,
                PRIMARY KEY (content_id, word)) WITHOUT ROWID""",
            # The content before the file was changed: its given words are kept.
            "ALTER TABLE sounds ADD COLUMN former_content_id INTEGER",
            # Before, this meant "no further encoder"; now it would mean "descriptors alone", which nobody has chosen.
            "DELETE FROM encoders WHERE name = 'acoustic'",
        ),
    ),
    Step(
        "faults of the program, apart from those of files",
        (
            # Not tried again by the same version of the program.
            """CREATE TABLE faults (
                sound_id INTEGER NOT NULL REFERENCES sounds ON DELETE CASCADE,
                encoder_id TEXT NOT NULL,
                version TEXT NOT NULL,
                PRIMARY KEY (sound_id, encoder_id)) WITHOUT ROWID""",
            # Earlier versions blamed them on the files, in this sentence.
            "DELETE FROM failures WHERE reason LIKE '%could not be analysed (%). Re-export it, or remove it.'",
            "DELETE FROM encoded WHERE failure LIKE '%could not be analysed (%). Re-export it, or remove it.'",
        ),
    ),
    Step(
        "store how loud sounds are where they sound",
        # Empty for sounds that were analysed before: they are measured when they are played at the common loudness.
        ("ALTER TABLE contents ADD COLUMN sounding_lufs REAL",),
    ),
    Step(
        "metadata as columns",
        (
            # Metadata that an older version of `read_metadata` read is read again.
            "ALTER TABLE contents ADD COLUMN metadata_version INTEGER NOT NULL DEFAULT 0",
            # Cue points and loops of a content as JSON: read for the current sound alone.
            """CREATE TABLE marks (
                content_id INTEGER PRIMARY KEY REFERENCES contents ON DELETE CASCADE,
                cue_points TEXT NOT NULL,
                loops TEXT NOT NULL)""",
            # What the name says, as JSON; NULL until it was read. Columns of the file and the name together follow.
            "ALTER TABLE sounds ADD COLUMN name_metadata TEXT",
            *(
                f"ALTER TABLE sounds ADD COLUMN {column} TEXT COLLATE NOCASE"
                for column in (
                    "root_key",
                    "category",
                    "subcategory",
                    "title",
                    "artist",
                    "album",
                    "genre",
                    "description",
                    "comment",
                    "project",
                    "scene",
                    "take",
                    "tape",
                    "originator",
                    "note",
                )
            ),
            "ALTER TABLE sounds ADD COLUMN bpm REAL",
            "ALTER TABLE sounds ADD COLUMN is_loop INTEGER",
            "ALTER TABLE sounds ADD COLUMN lufs REAL",
            "ALTER TABLE sounds ADD COLUMN true_peak_db REAL",
            """UPDATE sounds SET lufs = known.lufs, true_peak_db = known.true_peak_db
                FROM contents AS known WHERE known.id = sounds.content_id""",
            # The order of the folder tree, with numbers by value.
            "ALTER TABLE sounds ADD COLUMN directory_key TEXT NOT NULL DEFAULT ''",
            "UPDATE sounds SET directory_key = directory_key(CAST(directory AS BLOB))",
            "DROP INDEX sounds_by_directory",
            "CREATE INDEX sounds_by_directory_key ON sounds (directory_key, name_key)",
        ),
    ),
    Step(
        "annotations that belong to samples, collections, history and searches",
        (
            # The decoded audio of contents: it stays the same when a file is tagged or converted without loss. The
            # hash is NULL until it was computed; a row that turned out to be another's is merged into it.
            """CREATE TABLE audio (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                hash BLOB UNIQUE,
                merged_into INTEGER REFERENCES audio,
                stars INTEGER NOT NULL DEFAULT 0,
                is_favourite INTEGER NOT NULL DEFAULT 0,
                note TEXT NOT NULL DEFAULT '')""",
            "INSERT INTO audio (id) SELECT id FROM contents",
            "ALTER TABLE contents ADD COLUMN audio_id INTEGER REFERENCES audio",
            "UPDATE contents SET audio_id = id",
            "CREATE INDEX contents_by_audio ON contents (audio_id)",
            # is_right: the word applies and is a tag, or it was denied.
            """CREATE TABLE words (
                audio_id INTEGER NOT NULL REFERENCES audio ON DELETE CASCADE,
                word TEXT NOT NULL,
                is_right INTEGER NOT NULL,
                PRIMARY KEY (audio_id, word)) WITHOUT ROWID""",
            "CREATE INDEX words_by_word ON words (word, is_right)",
            "INSERT INTO words SELECT content_id, word, is_right FROM given_words",
            "DROP TABLE given_words",
            # The audio before the file was changed: its annotations are kept.
            "ALTER TABLE sounds ADD COLUMN former_audio_id INTEGER",
            "UPDATE sounds SET former_audio_id = former_content_id",
            "ALTER TABLE sounds DROP COLUMN former_content_id",
            "ALTER TABLE sounds ADD COLUMN stars INTEGER NOT NULL DEFAULT 0",
            "ALTER TABLE sounds ADD COLUMN is_favourite INTEGER NOT NULL DEFAULT 0",
            "ALTER TABLE sounds ADD COLUMN user_note TEXT COLLATE NOCASE",
            "CREATE TABLE collections (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE COLLATE NOCASE)",
            """CREATE TABLE collected (
                collection_id INTEGER NOT NULL REFERENCES collections ON DELETE CASCADE,
                audio_id INTEGER NOT NULL REFERENCES audio ON DELETE CASCADE,
                position REAL NOT NULL,
                PRIMARY KEY (collection_id, audio_id)) WITHOUT ROWID""",
            "CREATE INDEX collected_by_audio ON collected (audio_id)",
            """CREATE TABLE history (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                kind TEXT NOT NULL,
                audio_id INTEGER REFERENCES audio ON DELETE CASCADE,
                sound_id INTEGER,
                query TEXT,
                at_s REAL NOT NULL)""",
            "CREATE INDEX history_by_kind ON history (kind, id)",
            """CREATE TABLE saved_searches (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                name TEXT NOT NULL UNIQUE COLLATE NOCASE,
                state TEXT NOT NULL)""",
        ),
    ),
    Step(
        "folders that were removed and can be brought back, watched folders, ignored files",
        (
            "ALTER TABLE folders ADD COLUMN is_removed INTEGER NOT NULL DEFAULT 0",
            "ALTER TABLE folders ADD COLUMN is_watched INTEGER NOT NULL DEFAULT 0",
            # Sounds of removed folders, and missing ones that were forgotten: deleted when nobody can undo it any more.
            "CREATE TABLE hidden (sound_id INTEGER PRIMARY KEY REFERENCES sounds ON DELETE CASCADE)",
            "CREATE TABLE ignored_patterns (pattern TEXT PRIMARY KEY) WITHOUT ROWID",
            """INSERT INTO ignored_patterns VALUES
                ('.git'), ('__MACOSX'), ('._*'), ('*.asd'), ('*.reapeaks')""",
        ),
    ),
    Step(
        "reasons of rejected sounds in classes",
        (
            "ALTER TABLE failures ADD COLUMN code TEXT NOT NULL DEFAULT 'damaged'",
            # The sentences of earlier versions.
            "UPDATE failures SET code = 'empty' WHERE reason LIKE '% is empty. Restore it %'",
            "UPDATE failures SET code = 'truncated' WHERE reason LIKE '% is truncated: %'",
            "UPDATE failures SET code = 'no_audio' WHERE reason LIKE '% contains no audio. %'",
            "UPDATE failures SET code = 'unsupported' WHERE reason LIKE '% a format that Bowerbird cannot decode (%'",
            "UPDATE failures SET code = 'crashed' WHERE reason LIKE 'Decoding % crashed twice.%'",
            "UPDATE failures SET code = 'timed_out' WHERE reason LIKE 'Decoding % timed out.%'",
        ),
    ),
    Step(
        "revision of what lists and indexes are computed from",
        # Grows when something about sounds is changed, and not when an event is added to the history.
        ("CREATE TABLE revision (number INTEGER NOT NULL)", "INSERT INTO revision VALUES (1)"),
    ),
    Step(
        "names to be read again: the list of UCS categories was corrected",
        ("UPDATE sounds SET name_metadata = NULL WHERE name GLOB '[A-Z][A-Z]*_*'",),
    ),
    Step(
        "vocabulary of what sounds are found by",
        (
            "CREATE TABLE vocabulary (word TEXT PRIMARY KEY) WITHOUT ROWID",
            # Enough until the texts are read again, which takes minutes for a million sounds: see `renew_words`.
            "CREATE VIRTUAL TABLE temp.sound_terms USING fts5vocab('main', 'sound_words', 'row')",
            "INSERT INTO vocabulary SELECT term FROM temp.sound_terms WHERE term NOT GLOB '*[0-9]*'",
            "DROP TABLE temp.sound_terms",
            # The searched texts of sounds up to this id are as older versions made them.
            "CREATE TABLE old_words (last_id INTEGER NOT NULL)",
            "INSERT INTO old_words SELECT ifnull(max(id), 0) FROM sounds",
        ),
    ),
    Step(
        "which version cut the windows of embeddings",
        (
            "ALTER TABLE encoded ADD COLUMN windows_version INTEGER NOT NULL DEFAULT 1",
            # What an interrupted run left was cut by the older version; a run would add the rest as it cuts them now.
            """DELETE FROM windows WHERE NOT EXISTS (SELECT 1 FROM encoded
                WHERE encoded.content_id = windows.content_id AND encoded.encoder_id = windows.encoder_id)""",
        ),
    ),
    Step(
        "fingerprints and groups of copies",
        (
            # data is NULL where the sound is too quiet; key is the shape of its spectrum. A version that measures or
            # stores fingerprints in another way deletes all rows in a step of its own: they are measured again.
            """CREATE TABLE fingerprints (
                audio_id INTEGER PRIMARY KEY REFERENCES audio ON DELETE CASCADE,
                key INTEGER,
                data BLOB,
                is_compared INTEGER NOT NULL DEFAULT 0)""",
            "CREATE INDEX fingerprints_by_key ON fingerprints (key)",
            "CREATE INDEX fingerprints_to_compare ON fingerprints (audio_id) WHERE NOT is_compared",
            # Only audio that has copies; a group is named after an audio that is or was in it.
            """CREATE TABLE copies (
                audio_id INTEGER PRIMARY KEY REFERENCES audio ON DELETE CASCADE,
                group_id INTEGER NOT NULL)""",
            "CREATE INDEX copies_by_group ON copies (group_id)",
        ),
    ),
)


def migrate(connection: sqlite3.Connection, library: Path, steps: Sequence[Step] = STEPS) -> None:
    """Bring a catalogue to the newest version, after backing up an older one.

    Raises
    ------
    CatalogueError
        When the file was written by a newer program, is damaged, or a step fails; nothing is changed then.
    """
    try:
        version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    except sqlite3.DatabaseError as error:
        raise catalogue_error(library, error) from error
    if version > len(steps):
        raise CatalogueError(
            f"The library at {library} was written by a newer version of Bowerbird (schema {version}; this "
            f"version supports {len(steps)}). Update Bowerbird, or choose another library with --library."
        )
    if 0 < version < len(steps):
        try:
            _back_up(connection, version, library / f"{FILE_NAME}.before-{len(steps)}")
        except sqlite3.Error as error:
            raise catalogue_error(library, error) from error
        except OSError as error:
            raise CatalogueError(
                f"The library at {library} could not be backed up ({os_reason(error)}). "
                "Nothing was changed; free some disk space and start again."
            ) from error
    connection.create_function("directory_key", 1, lambda name: directory_key(from_text(name)), deterministic=True)
    for number in range(version, len(steps)):
        _apply(connection, steps[number], number + 1)


def bring_up_to_date(library: Path) -> None:
    """Migrate a catalogue that has not been opened for writing since the program was updated.

    Raises
    ------
    CatalogueError
        As `migrate` does, or when the library cannot be written.
    """
    connection = open_writer(library)
    try:
        migrate(connection, library)
    finally:
        connection.close()


def _apply(connection: sqlite3.Connection, step: Step, version: int) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        if connection.execute("PRAGMA user_version").fetchone()[0] < version:  # another process may be first
            for statement in step.statements:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {version:d}")
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        if connection.in_transaction:  # a full disk rolls back by itself
            connection.execute("ROLLBACK")
        raise CatalogueError(
            f"The library could not be brought up to date ({step.name}: {error}). Nothing was changed; "
            "free some disk space and start again."
        ) from error


def _back_up(connection: sqlite3.Connection, version: int, path: Path) -> None:
    """Copy a catalogue of an older version, unless another process has migrated it meanwhile."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    copy = sqlite3.connect(draft)
    try:
        connection.backup(copy)
        is_old = copy.execute("PRAGMA user_version").fetchone()[0] == version
    finally:
        copy.close()
    if is_old:
        draft.replace(path)
    else:
        draft.unlink()
