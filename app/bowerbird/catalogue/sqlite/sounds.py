"""Folders and sounds: lists of ids, rows, details, and what a scan found. Embeddings are in `embeddings`."""

import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path, PurePath
from typing import Any, Final, TypeVar

import numpy as np

from bowerbird.base.errors import RejectionCode
from bowerbird.base.files import is_readable
from bowerbird.catalogue.records import (
    FileStamp,
    Folder,
    FolderState,
    ListedFile,
    RejectedGroup,
    RejectedSound,
    ScannedCounts,
    SoundDetails,
    SoundRow,
    StoredFile,
    StoredLoudness,
    WordMatch,
)
from bowerbird.catalogue.sqlite import conditions
from bowerbird.catalogue.sqlite.audio import delete_orphans
from bowerbird.catalogue.sqlite.connection import to_text
from bowerbird.catalogue.sqlite.describing import describe_unanalysed, stored_metadata
from bowerbird.catalogue.sqlite.session import Ids, Session
from bowerbird.domain.metadata import SoundMetadata, for_inspector
from bowerbird.domain.names import directory_key, root_name, search_text, sort_key
from bowerbird.domain.peaks import Peaks
from bowerbird.domain.query import RELEVANCE, Location, Query
from bowerbird.domain.rejections import REJECTIONS

_SOUND_ROWS: Final = (
    "SELECT sounds.id, path, name, directory, duration_s, n_channels, rate_hz, format, encoding, is_missing, "
    "sounds.content_id, overview, bpm, root_key, is_loop, category, subcategory, lufs, stars, is_favourite, "
    "(SELECT group_concat(word, char(10)) FROM (SELECT word FROM contents JOIN words USING (audio_id) "
    "WHERE contents.id = sounds.content_id AND is_right ORDER BY word)) AS tags "
    "FROM sounds LEFT JOIN peaks USING (content_id)"
)
_HAS_HIDDEN: Final = "SELECT EXISTS (SELECT 1 FROM hidden) OR EXISTS (SELECT 1 FROM folders WHERE is_removed)"
_T = TypeVar("_T")
_LAST_WORDS: Final[tuple[conditions.LastWord, ...]] = ("whole", "begun")


class SoundReads(Session):
    """Reads folders and sounds."""

    _known: dict[object, Any]
    _known_revision: int | None = None

    def revision(self) -> int:
        """Return a number that grows when anybody has changed something about sounds; history and searches are not."""
        return int(self._value("SELECT number FROM revision"))

    def folders(self) -> list[Folder]:
        """Return the folders that the user added, by path."""
        rows = self._rows("SELECT id, path, is_watched FROM folders WHERE NOT is_removed ORDER BY path")
        return [Folder(row["id"], Path(row["path"]), bool(row["is_watched"])) for row in rows]

    def folder_states(self) -> list[FolderState]:
        """Return the folders that the user added, by path: whether they can be read now, and how many sounds they have.

        This asks the file system, so a drive that sleeps may take a while.
        """
        rows = self._rows(
            "SELECT folder_id, count(*) AS n, sum(is_missing) AS n_missing FROM sounds "
            f"WHERE {conditions.LISTED} GROUP BY folder_id"
        )
        counts = {row["folder_id"]: (row["n"], row["n_missing"]) for row in rows}
        return [
            FolderState(folder, is_readable(folder.path), *counts.get(folder.id, (0, 0))) for folder in self.folders()
        ]

    def ignored_patterns(self) -> list[str]:
        """Return the patterns of names that scans ignore, sorted."""
        return [row["pattern"] for row in self._rows("SELECT pattern FROM ignored_patterns ORDER BY pattern")]

    def stored_files(self, folder_id: int) -> list[StoredFile]:
        """Return the files of a folder as they were scanned last, by path."""
        sql = (
            "SELECT path, sounds.size_bytes AS size_bytes, ifnull(sounds.hash, contents.hash) AS hash FROM sounds "
            f"LEFT JOIN contents ON contents.id = content_id WHERE folder_id = ? AND {conditions.LISTED} ORDER BY path"
        )
        return [StoredFile(row["path"], row["size_bytes"], row["hash"]) for row in self._rows(sql, [folder_id])]

    def missing_ids(self, folder_id: int | None = None) -> Ids:
        """Return the ids of the sounds that the last scans did not find, in a folder or in all, shape (n,)."""
        sql = f"SELECT id FROM sounds WHERE is_missing AND {conditions.LISTED}"
        if folder_id is None:
            return self._until_written("missing", lambda: self._ids(f"{sql} ORDER BY id"))
        return self._ids(f"{sql} AND folder_id = ? ORDER BY id", [folder_id])

    def directories(self) -> list[tuple[Location, int]]:
        """Return every directory with sounds and the number of usable sounds directly in it."""
        sql = (
            f"SELECT folder_id, directory, count(*) AS n FROM sounds WHERE {conditions.USABLE} "
            "GROUP BY folder_id, directory"
        )
        return [(Location(row["folder_id"], row["directory"]), row["n"]) for row in self._rows(sql)]

    def count(self) -> int:
        """Return the number of usable sounds, missing ones included."""
        sql = f"SELECT count(*) FROM sounds WHERE {conditions.USABLE}"
        return self._until_written("count", lambda: int(self._value(sql)))

    def count_analysed(self) -> tuple[int, int]:
        """Return the numbers of usable, present sounds: those that were analysed, and all."""
        row = self._row(
            "SELECT count(content_id) AS n_analysed, count(*) AS n FROM sounds "
            f"WHERE is_missing = 0 AND {conditions.USABLE}"
        )
        assert row is not None
        return row["n_analysed"], row["n"]

    def list_ids(self, query: Query) -> Ids:
        """Return the ids of the sounds that match a query, in its order, shape (n,).

        The order of the whole library is cached until somebody writes, so a query does not sort.
        """
        if query.order == RELEVANCE and query.words:
            return self._ids(*conditions.relevant_ids(query))
        if query.is_everything:
            return self._ordered(query.order, is_descending=query.is_descending)
        return self.in_order(self._ids(*conditions.matching_ids(query)), query)

    def in_order(self, ids: Ids, query: Query) -> Ids:
        """Return those ids that are usable, in a query's order, shape (n,)."""
        ordered = self._ordered(query.order, is_descending=query.is_descending)
        if not len(ids) or not len(ordered):
            return ids[:0]
        is_chosen = np.zeros(max(int(ordered.max()), int(ids.max())) + 1, np.bool_)
        is_chosen[ids] = True
        return ordered[is_chosen[ordered]]

    def _ordered(self, order: str, *, is_descending: bool) -> Ids:
        def read() -> Ids:
            ids = self._ids(*conditions.ordered_ids(order, is_descending=is_descending))
            ids.setflags(write=False)
            return ids

        return self._until_written((order, is_descending), read)

    def _until_written(self, key: object, read: Callable[[], _T]) -> _T:
        """Return what a function reads, which is kept until somebody writes."""
        revision = self.revision()
        if revision != self._known_revision:
            self._known, self._known_revision = {}, revision
        if key not in self._known:
            self._known[key] = read()
        known: _T = self._known[key]
        return known

    def rows(self, sound_ids: Sequence[int]) -> dict[int, SoundRow]:
        """Return rows by id; ids that no longer exist are left out."""
        return {
            row["id"]: _sound_row(row)
            for row in self._rows_by_id(f"{_SOUND_ROWS} WHERE sounds.id IN ({{ids}})", sound_ids)
        }

    def listed_files(self, sound_ids: Sequence[int]) -> dict[int, ListedFile]:
        """Return what a search needs to know of sounds, by id; ids that no longer exist are left out."""
        sql = "SELECT id, path, duration_s FROM sounds WHERE id IN ({ids})"
        return {row[0]: ListedFile(*row) for row in self._rows_by_id(sql, sound_ids)}

    def sound_at(self, path: Path) -> SoundRow | None:
        """Return the sound at a path; None where the library has none."""
        row = self._row(f"{_SOUND_ROWS} WHERE path = CAST(? AS TEXT) AND {conditions.LISTED}", [to_text(str(path))])
        return _sound_row(row) if row else None

    def details(self, sound_id: int) -> SoundDetails | None:
        """Return the properties of a sound beyond its row."""
        row = self._row(
            "SELECT sounds.size_bytes, contents.lufs AS lufs, contents.true_peak_db AS true_peak_db, "
            "metadata FROM sounds LEFT JOIN contents "
            "ON contents.id = content_id WHERE sounds.id = ?",
            [sound_id],
        )
        if row is None:
            return None
        metadata = json.loads(row["metadata"]) if row["metadata"] else {}
        return SoundDetails(row["size_bytes"], row["lufs"], row["true_peak_db"], metadata)

    def loudness_at(self, path: Path) -> StoredLoudness | None:
        """Return the loudness of the sound at a path; None where the library has none, or has not analysed it."""
        row = self._row(
            "SELECT sounding_lufs, contents.true_peak_db AS true_peak_db FROM sounds "
            "JOIN contents ON contents.id = content_id WHERE path = CAST(? AS TEXT)",
            [to_text(str(path))],
        )
        return StoredLoudness(row["sounding_lufs"], row["true_peak_db"]) if row else None

    def metadata(self, sound_id: int) -> SoundMetadata:
        """Return what the file and its name say about a sound; empty where they say nothing."""
        row = self._row(
            "SELECT name_metadata, metadata, cue_points, loops FROM sounds LEFT JOIN contents "
            "ON contents.id = content_id LEFT JOIN marks USING (content_id) WHERE sounds.id = ?",
            [sound_id],
        )
        return for_inspector(stored_metadata(*row)) if row else SoundMetadata()

    def peaks(self, content_id: int) -> Peaks | None:
        """Return the waveform peaks of a content at their base resolution."""
        row = self._row("SELECT bins, frames_per_bin FROM peaks WHERE content_id = ?", [content_id])
        return Peaks(np.frombuffer(row["bins"], np.int8).reshape(-1, 2), row["frames_per_bin"]) if row else None

    def rejected(self, folder_id: int | None = None) -> list[RejectedSound]:
        """Return the present sounds that cannot be used or embedded, with reasons, by path."""
        sql = (
            f"SELECT id, path, reason, code FROM ({conditions.REJECTED}) WHERE ? IS NULL OR folder_id = ? ORDER BY path"
        )
        rows = self._rows(sql, [folder_id, folder_id])
        return [RejectedSound(row["id"], Path(row["path"]), row["reason"], row["code"]) for row in rows]

    def rejected_groups(self) -> list[RejectedGroup]:
        """Return the sounds that `rejected` would return by the class of their reasons, the largest group first."""
        sounds: dict[RejectionCode, list[RejectedSound]] = {code: [] for code in REJECTIONS}
        for sound in self.rejected():
            sounds[sound.code].append(sound)
        groups = [
            RejectedGroup(code, rejection.reason, rejection.remedy, tuple(sounds[code]))
            for code, rejection in REJECTIONS.items()
            if sounds[code]
        ]
        return sorted(groups, key=lambda group: -len(group.sounds))

    def count_rejected(self) -> int:
        """Return the number of sounds that `rejected` would return."""
        return int(self._value(f"SELECT count(*) FROM ({conditions.REJECTED})"))

    def search_words(self, query: Query, *, limit: int) -> list[WordMatch]:
        """Return the best matches for a query's words; those with the last word whole come first."""
        found: list[WordMatch] = []
        for last in _LAST_WORDS if query.words else ():
            rows = self._rows(*conditions.scored_sounds(query, last=last, limit=limit - len(found)))
            found += [
                WordMatch(row["id"], row["score"], (row["name"], row["directory"], row["metadata"]), last == "whole")
                for row in rows
            ]
            if len(found) >= limit:
                break
        return found

    def sounds_of(self, content_ids: Iterable[int]) -> dict[int, list[int]]:
        """Return the usable, present sounds of each content, by content id, in the order of their names."""
        found: dict[int, list[int]] = {}
        sql = (
            "SELECT content_id, id FROM sounds WHERE content_id IN ({ids}) AND is_missing = 0 "
            f"AND {conditions.USABLE} ORDER BY name_key, path"
        )
        for row in self._rows_by_id(sql, list(content_ids)):
            found.setdefault(row["content_id"], []).append(row["id"])
        return found

    def matching_contents(self, query: Query) -> tuple[Ids, Ids]:
        """Return content ids and sound ids of the analysed, present sounds that match a query, shapes (n,)."""
        return self._pairs(*conditions.matching_contents(query))


class SoundWrites(Session):
    """Writes folders and sounds."""

    def add_folder(self, path: Path) -> Folder:
        """Add a folder, or return the one that contains it already.

        Folders of the library that lie below the new one become part of it.
        """
        with self._transaction() as connection:
            for known in connection.execute("SELECT id, path, is_removed FROM folders").fetchall():
                if path == Path(known["path"]) or (path.is_relative_to(known["path"]) and not known["is_removed"]):
                    self._show_folder(known["id"])
                    return Folder(known["id"], Path(known["path"]))
            cursor = connection.execute("INSERT INTO folders (path) VALUES (CAST(? AS TEXT))", [to_text(str(path))])
            folder = Folder(int(cursor.lastrowid or 0), path)
            for known in connection.execute("SELECT id, path FROM folders WHERE NOT is_removed").fetchall():
                if known["id"] != folder.id and Path(known["path"]).is_relative_to(path):
                    self._absorb(known["id"], folder)
                    connection.execute("DELETE FROM folders WHERE id = ?", [known["id"]])
            self._absorb_removed(folder)
        return folder

    def _absorb(self, folder_id: int, into: Folder) -> None:
        """Let a folder take over the sounds of another that lie in it."""
        rows = self._connection.execute("SELECT id, path FROM sounds WHERE folder_id = ?", [folder_id]).fetchall()
        for row in rows:
            if not Path(row["path"]).is_relative_to(into.path):
                continue
            directory = directory_of(row["path"], into.path)
            self._connection.execute(
                "UPDATE sounds SET folder_id = ?, directory = CAST(? AS TEXT), directory_key = ? WHERE id = ?",
                [into.id, to_text(directory), directory_key(directory), row["id"]],
            )
            self._connection.execute("DELETE FROM hidden WHERE sound_id = ?", [row["id"]])
            self._connection.execute(
                "UPDATE sound_words SET directory = ? WHERE rowid = ?", [search_text(directory), row["id"]]
            )

    def remove_folder(self, folder_id: int) -> None:
        """Remove a folder and its sounds from the library; the files stay where they are."""
        with self._transaction() as connection:
            connection.execute("DELETE FROM folders WHERE id = ?", [folder_id])
        self.delete_orphans()

    def delete_orphans(self) -> None:
        """Delete contents that no sound has any more."""
        with self._transaction() as connection:
            delete_orphans(connection)

    def hide_folder(self, folder_id: int) -> None:
        """Remove a folder with its sounds so that `show_folder` can bring them back."""
        with self._transaction() as connection:
            connection.execute("UPDATE folders SET is_removed = 1 WHERE id = ?", [folder_id])
            connection.execute("INSERT OR IGNORE INTO hidden SELECT id FROM sounds WHERE folder_id = ?", [folder_id])

    def show_folder(self, folder_id: int) -> None:
        """Bring back a folder that `hide_folder` removed."""
        with self._transaction():
            self._show_folder(folder_id)

    def _show_folder(self, folder_id: int) -> None:
        is_removed = self._connection.execute("SELECT is_removed FROM folders WHERE id = ?", [folder_id]).fetchone()
        if is_removed and is_removed[0]:
            self._connection.execute("UPDATE folders SET is_removed = 0 WHERE id = ?", [folder_id])
            self._connection.execute(
                "DELETE FROM hidden WHERE sound_id IN (SELECT id FROM sounds WHERE folder_id = ?)", [folder_id]
            )

    def hide_sounds(self, sound_ids: Sequence[int]) -> None:
        """Remove sounds so that `show_sounds` can bring them back."""
        with self._transaction() as connection:
            connection.executemany(
                "INSERT OR IGNORE INTO hidden SELECT id FROM sounds WHERE id = ?", [(number,) for number in sound_ids]
            )

    def show_sounds(self, sound_ids: Sequence[int]) -> None:
        """Bring back sounds that `hide_sounds` removed."""
        with self._transaction() as connection:
            connection.executemany("DELETE FROM hidden WHERE sound_id = ?", [(number,) for number in sound_ids])

    def delete_hidden(self, *, folder_id: int | None = None, sound_ids: Sequence[int] | None = None) -> None:
        """Delete what `hide_folder` and `hide_sounds` removed, for good: a folder, some sounds, or else everything."""
        if folder_id is None and sound_ids is None and not self._value(_HAS_HIDDEN):
            return
        with self._transaction() as connection:
            if folder_id is not None:
                connection.execute("DELETE FROM folders WHERE id = ? AND is_removed", [folder_id])
            elif sound_ids is not None:
                connection.executemany(
                    "DELETE FROM sounds WHERE id = ? AND id IN (SELECT sound_id FROM hidden)",
                    [(number,) for number in sound_ids],
                )
            else:
                connection.execute("DELETE FROM folders WHERE is_removed")
                connection.execute("DELETE FROM sounds WHERE id IN (SELECT sound_id FROM hidden)")
            delete_orphans(connection)

    def watch_folder(self, folder_id: int, *, is_watched: bool) -> None:
        """Record whether changes in a folder are recognised while the program runs."""
        with self._transaction() as connection:
            connection.execute("UPDATE folders SET is_watched = ? WHERE id = ?", [is_watched, folder_id])

    def move_folder(self, folder_id: int, path: Path) -> None:
        """Record that a folder with all its sounds is at another path now.

        A folder of the library at that path becomes part of it; of two rows for one file, the older one stays. Sounds
        of removed folders that are at that path become part of it, too.

        Raises
        ------
        ValueError
            When a folder of the library is inside that path, or around it.
        """
        with self._transaction() as connection:
            same = connection.execute(
                "SELECT id FROM folders WHERE path = CAST(? AS TEXT) AND id <> ?", [to_text(str(path)), folder_id]
            ).fetchone()
            others = connection.execute(
                "SELECT path FROM folders WHERE NOT is_removed AND path <> CAST(? AS TEXT)", [to_text(str(path))]
            ).fetchall()
            if any(path.is_relative_to(row["path"]) or Path(row["path"]).is_relative_to(path) for row in others):
                raise ValueError("folders of a library do not overlap")
            former = connection.execute("SELECT path FROM folders WHERE id = ?", [folder_id]).fetchone()["path"]
            if same:
                self._show_folder(same["id"])
                connection.execute("UPDATE folders SET path = '' WHERE id = ?", [same["id"]])
            connection.execute(
                "UPDATE folders SET path = CAST(? AS TEXT) WHERE id = ?", [to_text(str(path)), folder_id]
            )
            rows = connection.execute("SELECT id, path FROM sounds WHERE folder_id = ?", [folder_id]).fetchall()
            for row in rows:
                moved = str(path / PurePath(row["path"]).relative_to(former))
                directory = directory_of(moved, path)
                connection.execute(
                    "DELETE FROM sounds WHERE path = CAST(? AS TEXT) AND id <> ?", [to_text(moved), row["id"]]
                )
                connection.execute(
                    "UPDATE sounds SET path = CAST(? AS TEXT), directory = CAST(? AS TEXT), directory_key = ? "
                    "WHERE id = ?",
                    [to_text(moved), to_text(directory), directory_key(directory), row["id"]],
                )
                connection.execute(
                    "UPDATE sound_words SET directory = ? WHERE rowid = ?", [search_text(directory), row["id"]]
                )

            if same:
                connection.execute("UPDATE sounds SET folder_id = ? WHERE folder_id = ?", [folder_id, same["id"]])
                connection.execute("DELETE FROM folders WHERE id = ?", [same["id"]])
            self._absorb_removed(Folder(folder_id, path))

    def _absorb_removed(self, into: Folder) -> None:
        """Let a folder take over the sounds of removed folders inside it or around it that lie in it."""
        for known in self._connection.execute("SELECT id, path FROM folders WHERE is_removed").fetchall():
            if Path(known["path"]).is_relative_to(into.path):
                self._show_folder(known["id"])
                self._absorb(known["id"], into)
                self._connection.execute("DELETE FROM folders WHERE id = ?", [known["id"]])
            elif into.path.is_relative_to(known["path"]):
                self._absorb(known["id"], into)

    def ignore(self, patterns: Sequence[str]) -> None:
        """Record which names scans ignore, instead of those before."""
        with self._transaction() as connection:
            connection.execute("DELETE FROM ignored_patterns")
            connection.executemany("INSERT OR IGNORE INTO ignored_patterns VALUES (?)", [(each,) for each in patterns])

    def forget_rejections(self, sound_ids: Sequence[int]) -> None:
        """Forget why some sounds were rejected, so that the next scan of their folders analyses them again."""
        ids = [(number,) for number in sound_ids]
        with self._transaction() as connection:
            connection.executemany("DELETE FROM failures WHERE sound_id = ?", ids)
            connection.executemany(
                "DELETE FROM encoded WHERE failure IS NOT NULL "
                "AND content_id = (SELECT content_id FROM sounds WHERE id = ?)",
                ids,
            )

    def begin_scan(self) -> None:
        """Forget which sounds the last scan has seen."""
        with self._errors_as_sentences():
            self._connection.execute("DELETE FROM walked")

    def reconcile(self, folder: Folder, stamps: Sequence[FileStamp]) -> ScannedCounts:
        """Compare scanned files with the catalogue, in one transaction: add new files, reset changed files."""
        n_new = n_changed = 0
        seen: list[tuple[int]] = []
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
                    sound_id = row["id"]
                    if (row["size_bytes"], row["mtime_ns"]) != (stamp.size_bytes, stamp.mtime_ns):
                        self._reset(sound_id, stamp)
                        n_changed += 1
                    if row["is_missing"]:
                        connection.execute("UPDATE sounds SET is_missing = 0 WHERE id = ?", [sound_id])
                        connection.execute("DELETE FROM hidden WHERE sound_id = ?", [sound_id])
                seen.append((sound_id,))
        with self._errors_as_sentences():  # apart from the transaction: a file that was seen is not a change
            self._connection.executemany("INSERT OR IGNORE INTO walked VALUES (?)", seen)
        return ScannedCounts(n_new, n_changed)

    def _insert(self, folder: Folder, stamp: FileStamp) -> int:
        name = PurePath(stamp.path).name
        directory = directory_of(stamp.path, folder.path)
        cursor = self._connection.execute(
            "INSERT INTO sounds (folder_id, path, directory, directory_key, name, name_key, size_bytes, mtime_ns) "
            "VALUES (?, CAST(? AS TEXT), CAST(? AS TEXT), ?, CAST(? AS TEXT), ?, ?, ?)",
            [
                folder.id,
                to_text(stamp.path),
                to_text(directory),
                directory_key(directory),
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
        """Clear the content of a file that has changed."""
        self._connection.execute(
            "UPDATE sounds SET size_bytes = ?, mtime_ns = ?, hash = NULL, duration_s = NULL, "
            "former_audio_id = ifnull((SELECT audio_id FROM contents WHERE id = content_id), former_audio_id), "
            "content_id = NULL, n_channels = NULL, rate_hz = NULL, format = NULL, encoding = NULL, lufs = NULL, "
            "true_peak_db = NULL WHERE id = ?",
            [stamp.size_bytes, stamp.mtime_ns, sound_id],
        )
        for table in ("failures", "faults"):
            self._connection.execute(f"DELETE FROM {table} WHERE sound_id = ?", [sound_id])
        describe_unanalysed(self._connection, sound_id)

    def mark_missing(self, folder: Folder, *, below: str, unread: Sequence[str] = ()) -> int:
        """Mark sounds that a finished scan did not see; sounds below unreadable directories are left alone.

        Parameters
        ----------
        folder : Folder
        below : str
            Where the scan began, ending in a separator.
        unread : sequence of str
            Directories that could not be read, each ending in a separator.

        Returns
        -------
        int
            The number of sounds that are newly missing.
        """
        with self._transaction() as connection:
            connection.execute("DELETE FROM unread")
            connection.executemany(
                "INSERT INTO unread VALUES (CAST(? AS TEXT))", [(to_text(directory),) for directory in unread]
            )
            cursor = connection.execute(
                f"UPDATE sounds SET is_missing = 1 WHERE {conditions.BELOW} AND is_missing = 0 "
                "AND id NOT IN (SELECT sound_id FROM walked) "
                "AND NOT EXISTS (SELECT 1 FROM unread WHERE substr(path, 1, length(start)) = start)",
                {"folder": folder.id, "below": to_text(below)},
            )
            return cursor.rowcount


def directory_of(path: str, folder: Path) -> str:
    """Return where a sound lies as people read it: the folder's name and what is below, separated by slashes."""
    below = PurePath(path).parent.relative_to(folder).as_posix()
    root = root_name(folder)
    return root if below == "." else f"{root}/{below}"


def _sound_row(row: sqlite3.Row) -> SoundRow:
    overview = row["overview"]
    return SoundRow(
        id=row["id"],
        path=Path(row["path"]),
        name=row["name"],
        directory=row["directory"],
        duration_s=row["duration_s"],
        n_channels=row["n_channels"],
        rate_hz=row["rate_hz"],
        format=row["format"],
        encoding=row["encoding"],
        is_missing=bool(row["is_missing"]),
        content_id=row["content_id"],
        overview=np.frombuffer(overview, np.int8).reshape(-1, 2) if overview else None,
        bpm=row["bpm"],
        root_key=row["root_key"],
        is_loop=None if row["is_loop"] is None else bool(row["is_loop"]),
        category=row["category"],
        subcategory=row["subcategory"],
        lufs=row["lufs"],
        stars=row["stars"],
        is_favourite=bool(row["is_favourite"]),
        tags=tuple((row["tags"] or "").splitlines()),
    )
