"""Writing the catalogue: folders, listed files, and what is to do. One writer at a time."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Self

from bowerbird.base.errors import CatalogueError
from bowerbird.catalogue.records import (
    Analysis,
    EncodedWindows,
    EncoderRole,
    FileStamp,
    Folder,
    PendingContent,
    PendingSound,
)
from bowerbird.catalogue.sqlite import recording
from bowerbird.catalogue.sqlite.connection import fault, open_writer, to_text
from bowerbird.catalogue.sqlite.migrations import migrate
from bowerbird.domain.names import search_text, sort_key


@dataclass(frozen=True, slots=True)
class Listed:
    """What reconciling a batch of files changed."""

    n_new: int
    n_changed: int


_PENDING = """
    FROM sounds WHERE folder_id = :folder AND is_missing = 0
    AND substr(path, 1, length(CAST(:below AS TEXT))) = CAST(:below AS TEXT)
    AND id NOT IN (SELECT sound_id FROM failures)
    AND (content_id IS NULL OR NOT EXISTS (
        SELECT 1 FROM encoded WHERE encoded.content_id = sounds.content_id AND encoder_id = :encoder))"""

_UNENCODED = """
    FROM sounds JOIN contents ON contents.id = sounds.content_id WHERE folder_id = :folder AND is_missing = 0
    AND substr(path, 1, length(CAST(:below AS TEXT))) = CAST(:below AS TEXT)
    AND sounds.id NOT IN (SELECT sound_id FROM failures)
    AND NOT EXISTS (SELECT 1 FROM encoded WHERE encoded.content_id = contents.id AND encoder_id = :encoder)"""


class Catalogue:
    """The catalogue, open for writing in the thread that made it.

    Parameters
    ----------
    library : Path
        Folder of the library; made when absent.

    Raises
    ------
    CatalogueError
        When it cannot be opened, is damaged, or was written by a newer program.
    """

    def __init__(self, library: Path) -> None:
        self.library = library
        self._connection = open_writer(library)
        try:
            migrate(self._connection, library)
            self._connection.execute("CREATE TEMP TABLE walked (sound_id INTEGER PRIMARY KEY)")
            self._connection.execute("CREATE TEMP TABLE unread (start TEXT PRIMARY KEY)")
        except CatalogueError:
            self._connection.close()
            raise
        except sqlite3.Error as error:
            self._connection.close()
            raise fault(library, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._guarded():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # SQLite ends some broken ones itself
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError | sqlite3.InterfaceError):
                raise  # a mistake of the program
            raise fault(self.library, error) from error

    def add_folder(self, path: Path) -> Folder:
        """Add a folder, or find the one that holds it already.

        Folders of the library that lie below the new one become part of it.
        """
        text = str(path)
        with self._transaction() as connection:
            for folder_id, known in connection.execute("SELECT id, path FROM folders"):
                if path == Path(known) or path.is_relative_to(known):
                    return Folder(folder_id, Path(known))
            cursor = connection.execute("INSERT INTO folders (path) VALUES (CAST(? AS TEXT))", [to_text(text)])
            folder = Folder(int(cursor.lastrowid or 0), path)
            for folder_id, known in connection.execute("SELECT id, path FROM folders").fetchall():
                if folder_id != folder.id and Path(known).is_relative_to(path):
                    self._absorb(folder_id, folder)
        return folder

    def _absorb(self, folder_id: int, into: Folder) -> None:
        rows = self._connection.execute("SELECT id, path FROM sounds WHERE folder_id = ?", [folder_id]).fetchall()
        for sound_id, path in rows:
            directory = directory_of(path, into.path)
            self._connection.execute(
                "UPDATE sounds SET folder_id = ?, directory = CAST(? AS TEXT) WHERE id = ?",
                [into.id, to_text(directory), sound_id],
            )
            self._connection.execute(
                "UPDATE sound_words SET directory = ? WHERE rowid = ?", [search_text(directory), sound_id]
            )
        self._connection.execute("DELETE FROM folders WHERE id = ?", [folder_id])

    def remove_folder(self, folder_id: int) -> None:
        """Forget a folder and its sounds; the files stay where they are."""
        with self._transaction() as connection:
            connection.execute("DELETE FROM folders WHERE id = ?", [folder_id])
        self.forget_orphans()

    def forget_orphans(self) -> None:
        """Delete contents that no sound has any more."""
        with self._transaction() as connection:
            connection.execute(
                "DELETE FROM contents WHERE NOT EXISTS (SELECT 1 FROM sounds WHERE content_id = contents.id) "
                "AND id NOT IN (SELECT content_id FROM given_words)"  # nobody could find these again
            )

    # Listing

    def begin_walk(self) -> None:
        """Forget which sounds were seen."""
        with self._guarded():
            self._connection.execute("DELETE FROM walked")

    def reconcile(self, folder: Folder, stamps: Sequence[FileStamp]) -> Listed:
        """Compare listed files with what is known, in one transaction: add new ones, reset changed ones."""
        n_new = n_changed = 0
        with self._transaction() as connection:
            for stamp in stamps:
                row = connection.execute(
                    "SELECT id, size_bytes, mtime_ns, is_missing FROM sounds WHERE path = CAST(? AS TEXT)",
                    [to_text(stamp.path)],
                ).fetchone()
                if row is None:
                    sound_id = self._insert(folder, stamp)
                    n_new += 1
                else:
                    sound_id, size_bytes, mtime_ns, is_missing = row
                    if (size_bytes, mtime_ns) != (stamp.size_bytes, stamp.mtime_ns):
                        self._reset(sound_id, stamp)
                        n_changed += 1
                    if is_missing:
                        connection.execute("UPDATE sounds SET is_missing = 0 WHERE id = ?", [sound_id])
                connection.execute("INSERT OR IGNORE INTO walked VALUES (?)", [sound_id])
        return Listed(n_new, n_changed)

    def _insert(self, folder: Folder, stamp: FileStamp) -> int:
        name = PurePath(stamp.path).name
        directory = directory_of(stamp.path, folder.path)
        cursor = self._connection.execute(
            "INSERT INTO sounds (folder_id, path, directory, name, name_key, size_bytes, mtime_ns) "
            "VALUES (?, CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT), ?, ?, ?)",
            [
                folder.id,
                to_text(stamp.path),
                to_text(directory),
                to_text(name),
                sort_key(name),
                stamp.size_bytes,
                stamp.mtime_ns,
            ],
        )
        self._connection.execute(
            "INSERT INTO sound_words (rowid, name, directory, metadata) VALUES (?, ?, ?, '')",
            [cursor.lastrowid, search_text(name), search_text(directory)],
        )
        return int(cursor.lastrowid or 0)

    def _reset(self, sound_id: int, stamp: FileStamp) -> None:
        """A file was written anew: what was known of its content no longer holds."""
        self._connection.execute(
            "UPDATE sounds SET size_bytes = ?, mtime_ns = ?, hash = NULL, duration_s = NULL, "
            "former_content_id = ifnull(content_id, former_content_id), content_id = NULL, "
            "n_channels = NULL, rate_hz = NULL, format = NULL, encoding = NULL WHERE id = ?",
            [stamp.size_bytes, stamp.mtime_ns, sound_id],
        )
        self._connection.execute("DELETE FROM failures WHERE sound_id = ?", [sound_id])
        self._connection.execute("UPDATE sound_words SET metadata = '' WHERE rowid = ?", [sound_id])

    def mark_missing(self, folder: Folder, *, below: str, unread: Sequence[str] = ()) -> int:
        """Mark what a finished walk did not see; sounds below directories that could not be read are left alone.

        Parameters
        ----------
        folder : Folder
        below : str
            Where the walk began, ending in a separator.
        unread : sequence of str
            Directories, each ending in a separator.

        Returns
        -------
        int
            How many are missing now that were not.
        """
        start = to_text(below)
        with self._transaction() as connection:
            connection.execute("DELETE FROM unread")
            connection.executemany(
                "INSERT INTO unread VALUES (CAST(? AS TEXT))", [(to_text(directory),) for directory in unread]
            )
            cursor = connection.execute(
                "UPDATE sounds SET is_missing = 1 WHERE folder_id = ? AND is_missing = 0 "
                "AND substr(path, 1, length(CAST(? AS TEXT))) = CAST(? AS TEXT) "
                "AND id NOT IN (SELECT sound_id FROM walked) "
                "AND NOT EXISTS (SELECT 1 FROM unread WHERE substr(path, 1, length(start)) = start)",
                [folder.id, start, start],
            )
            return cursor.rowcount

    # Analysis

    def count_pending(self, folder: Folder, *, below: str, encoder_id: str) -> int:
        """Count sounds that have no vectors of the encoder and no failure."""
        values = {"folder": folder.id, "below": to_text(below), "encoder": encoder_id}
        with self._guarded():
            return int(self._connection.execute(f"SELECT count(*) {_PENDING}", values).fetchone()[0])

    def unidentified(self, folder: Folder, *, below: str, encoder_id: str) -> list[PendingSound]:
        """List pending sounds that may hold what others hold or held, since they share their size."""
        return self._pending(
            "AND hash IS NULL AND (EXISTS (SELECT 1 FROM sounds AS twin WHERE twin.size_bytes = sounds.size_bytes "
            "AND twin.id <> sounds.id) OR EXISTS (SELECT 1 FROM contents WHERE contents.size_bytes = "
            "sounds.size_bytes)) ORDER BY directory, name_key",
            folder,
            below,
            encoder_id,
        )

    def pending(self, folder: Folder, *, below: str, encoder_id: str) -> list[PendingSound]:
        """List sounds to analyse, one of each content, in the order of folders and names."""
        return self._pending("GROUP BY ifnull(hash, id) ORDER BY directory, name_key", folder, below, encoder_id)

    def _pending(self, rest: str, folder: Folder, below: str, encoder_id: str) -> list[PendingSound]:
        values = {"folder": folder.id, "below": to_text(below), "encoder": encoder_id}
        with self._guarded():
            rows = self._connection.execute(f"SELECT id, path, size_bytes {_PENDING} {rest}", values)
            return [PendingSound(*row) for row in rows]

    def record_hashes(self, hashes: Iterable[tuple[int, bytes]], encoder_id: str) -> int:
        """Record what files hold, in one transaction; link copies of analysed sounds and recognise moved ones.

        Returns
        -------
        int
            How many sounds need no analysis any more.
        """
        with self._transaction() as connection:
            return sum(recording.record_hash(connection, sound_id, hash_, encoder_id) for sound_id, hash_ in hashes)

    def record(
        self, analyses: Iterable[tuple[int, Analysis]], failures: Iterable[tuple[int, str]], encoder_id: str
    ) -> int:
        """Record a batch of outcomes in one transaction.

        Parameters
        ----------
        analyses : iterable of (sound id, Analysis)
        failures : iterable of (sound id, sentence)
        encoder_id : str
            Whose vectors the analyses hold.

        Returns
        -------
        int
            How many sounds have their analysis now: copies count too.
        """
        with self._transaction() as connection:
            n = sum(recording.record_analysis(connection, sound_id, found, encoder_id) for sound_id, found in analyses)
            recording.record_failures(connection, failures)
        return n

    # Further encoders

    def unencoded(self, folder: Folder, *, below: str, encoder_id: str) -> list[PendingContent]:
        """List analysed contents whose vectors of a further encoder are not all there, by folders and names."""
        values = {"folder": folder.id, "below": to_text(below), "encoder": encoder_id}
        sql = (
            "SELECT contents.id, contents.hash, contents.duration_s, (SELECT count(*) FROM windows WHERE "  # noqa: S608
            "windows.content_id = contents.id AND encoder_id = :encoder), min(sounds.id), path, sounds.size_bytes "
            f"{_UNENCODED} GROUP BY contents.id ORDER BY directory, name_key"
        )
        with self._guarded():
            return [PendingContent(*row) for row in self._connection.execute(sql, values)]

    def record_windows(
        self, windows: Iterable[EncodedWindows], failures: Iterable[tuple[int, str]], encoder_id: str
    ) -> None:
        """Record a batch of window vectors, and contents (id, sentence) that have none, in one transaction."""
        with self._transaction() as connection:
            for one in windows:
                recording.record_windows(connection, one, encoder_id)
            recording.record_encoding_failures(connection, failures, encoder_id)

    def give_word(self, content_ids: Iterable[int], word: str, *, is_right: bool) -> None:
        """Keep that contents are called so, or are not, in one transaction; one that is gone is passed over."""
        with self._transaction() as connection:
            for content_id in content_ids:
                connection.execute(
                    "INSERT OR REPLACE INTO given_words SELECT id, ?, ? FROM contents WHERE id = ?",
                    [word, int(is_right), content_id],
                )
                recording.index_words(connection, content_id)

    def set_encoder(self, role: EncoderRole, name: str, encoder_id: str = "") -> None:
        """Keep which encoder is wanted, or searched with, by name; the id says with which weights."""
        with self._transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO encoders (role, name, encoder_id) VALUES (?, ?, ?)", [role, name, encoder_id]
            )

    def forget_vectors(self, encoder_id: str) -> int:
        """Delete an encoder's vectors; return how many there were."""
        with self._transaction() as connection:
            connection.execute("DELETE FROM encoded WHERE encoder_id = ?", [encoder_id])
            return connection.execute("DELETE FROM windows WHERE encoder_id = ?", [encoder_id]).rowcount


def directory_of(path: str, folder: Path) -> str:
    """Return where a sound lies as people read it: the folder's name and what is below, with slashes."""
    parent = PurePath(path).parent
    below = parent.relative_to(folder).as_posix()
    root = folder.name or folder.drive or "root"
    return root if below == "." else f"{root}/{below}"
