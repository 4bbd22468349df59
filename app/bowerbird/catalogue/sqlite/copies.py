"""Copies: audio that was found to be the same recording. Contents with the same samples share their audio anyway."""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from bowerbird.catalogue.records import FoldableSounds
from bowerbird.catalogue.sqlite import conditions
from bowerbird.catalogue.sqlite.session import Ids, Session
from bowerbird.ranking.fingerprints import StoredFingerprint

# The best has the smallest number: present, lossless, a high rate, many bits, long (in steps of half a second), a
# short path. 51 bits.
_QUALITY: Final = (
    "((is_missing << 50) "
    "+ ((NOT (sounds.encoding LIKE '% bit%' OR sounds.encoding LIKE 'Alac%')) << 49) "
    "+ ((1048575 - min(ifnull(sounds.rate_hz, 0), 1048575)) << 29) "
    "+ ((63 - min(CAST(sounds.encoding AS INTEGER), 63)) << 23) "
    "+ ((2047 - min(CAST(round(2 * ifnull(sounds.duration_s, 0)) AS INTEGER), 2047)) << 12) "
    "+ min(length(path), 4095))"
)
_GROUP: Final = "ifnull(copies.group_id, contents.audio_id)"
_FOLDABLE: Final = (
    f"SELECT sounds.id AS id, {_GROUP} AS group_id, ifnull({_QUALITY}, 0) AS quality FROM sounds "
    "JOIN contents ON contents.id = content_id LEFT JOIN copies USING (audio_id)"
)

_FOLDER_NUMBERS: Final = "SELECT id, dense_rank() OVER (ORDER BY folder_id, directory) AS number FROM sounds"


class CopyReads(Session):
    """Reads which sounds are copies of each other."""

    def foldable(self, sound_ids: Ids) -> FoldableSounds:
        """Return the groups of some sounds, those that were not analysed left out."""
        sql = f"{_FOLDABLE} WHERE sounds.id IN (SELECT value FROM json_each(?))"
        return FoldableSounds(*self._columns(sql, 3, [json.dumps(sound_ids.tolist())]))

    def all_copies(self) -> FoldableSounds:
        """Return the groups of all sounds that have copies."""
        sql = (
            f"{_FOLDABLE} WHERE content_id IN (SELECT id FROM contents WHERE audio_id IN ("
            "SELECT audio_id FROM copies "
            "UNION SELECT audio_id FROM contents GROUP BY audio_id HAVING count(*) > 1) "
            "UNION SELECT content_id FROM sounds WHERE content_id IS NOT NULL GROUP BY content_id HAVING count(*) > 1)"
        )
        return FoldableSounds(*self._columns(sql, 3, ()))

    def content_groups(self) -> tuple[Ids, Ids]:
        """Return contents and their groups, shapes (n,), the best first."""
        sql = (
            f"SELECT content_id, group_id FROM (SELECT content_id, {_GROUP} AS group_id, min({_QUALITY}) AS quality "
            "FROM sounds JOIN contents ON contents.id = content_id LEFT JOIN copies USING (audio_id) "
            "WHERE audio_id IS NOT NULL GROUP BY content_id) ORDER BY quality, content_id"
        )
        return self._pairs(sql)

    def folder_numbers(self, sound_ids: Ids) -> Ids:
        """Return a number for the folder of each sound, equal for sounds in the same folder, shape (n,)."""
        sql = f"{_FOLDER_NUMBERS} WHERE id IN (SELECT value FROM json_each(?))"
        ids, numbers = self._pairs(sql, [json.dumps(sound_ids.tolist())])
        return _by_id(ids, numbers, size=int(sound_ids.max(initial=-1)) + 1)[sound_ids]

    def all_folder_numbers(self) -> Ids:
        """Return the number of each sound's folder, at the index of its id; -1 at ids that no sound has."""
        ids, numbers = self._pairs(_FOLDER_NUMBERS)
        return _by_id(ids, numbers, size=int(ids.max(initial=-1)) + 1)

    def same_samples(self, sound_ids: Sequence[int]) -> set[int]:
        """Return all sounds with the same samples as one of some sounds, themselves included."""
        sql = (
            "SELECT sounds.id FROM sounds JOIN contents ON contents.id = content_id WHERE audio_id IN "
            "(SELECT audio_id FROM sounds JOIN contents ON contents.id = content_id "
            "WHERE sounds.id IN (SELECT value FROM json_each(?)))"
        )
        return set(self._ids(sql, [json.dumps(list(sound_ids))]).tolist()) | set(sound_ids)

    def sounds_with(self, *, content_hash: bytes) -> list[int]:
        """Return the sounds whose files have a content."""
        sql = "SELECT sounds.id FROM contents JOIN sounds ON content_id = contents.id WHERE contents.hash = ?"
        found: list[int] = self._ids(sql, [content_hash]).tolist()
        return found

    def copy_groups(self, *, is_exact: bool = False) -> list[list[int]]:
        """Return every group of at least two usable sounds that are copies, the best of each first.

        Parameters
        ----------
        is_exact : bool
            Whether only sounds with the same samples count.
        """
        group = "contents.audio_id" if is_exact else _GROUP
        sql = (
            f"SELECT sounds.id AS id, {group} AS group_id, ifnull({_QUALITY}, 0) AS quality FROM sounds "
            f"JOIN contents ON contents.id = content_id LEFT JOIN copies USING (audio_id) WHERE {conditions.USABLE}"
        )
        ids, groups = self._pairs(
            f"WITH grouped AS ({sql}) SELECT id, group_id FROM grouped WHERE group_id IN "
            "(SELECT group_id FROM grouped GROUP BY group_id HAVING count(*) > 1) ORDER BY group_id, quality, id"
        )
        starts = np.flatnonzero(np.diff(groups)) + 1
        return [part.tolist() for part in np.split(ids, starts) if len(part)]

    def audio_of(self, sound_ids: Sequence[int]) -> dict[int, int]:
        """Return the id of each sound's audio: equal for sounds with the same samples."""
        sql = (
            "SELECT sounds.id, audio_id FROM sounds JOIN contents ON contents.id = content_id "
            "WHERE sounds.id IN ({ids}) AND audio_id IS NOT NULL"
        )
        return {row[0]: row[1] for row in self._rows_by_id(sql, sound_ids)}

    def n_uncompared(self) -> int:
        """Return the number of contents that were analysed and not compared yet."""
        sql = (
            "SELECT count(*) FROM contents LEFT JOIN fingerprints USING (audio_id) WHERE ifnull(is_compared, 0) = 0 "
            "AND EXISTS (SELECT 1 FROM sounds WHERE content_id = contents.id AND NOT is_missing)"
        )
        return int(self._value(sql))


class CopyWrites(CopyReads):
    """Records which sounds are copies of each other."""

    def audio_to_compare(self) -> list[int]:
        """Return audio whose fingerprint was not compared with the others yet."""
        sql = "SELECT audio_id FROM fingerprints WHERE NOT is_compared ORDER BY audio_id"
        found: list[int] = self._ids(sql).tolist()
        return found

    def fingerprint_keys(self) -> tuple[Ids, Ids]:
        """Return the ids of all audio with a fingerprint, and its keys, shapes (n,)."""
        return self._pairs("SELECT audio_id, key FROM fingerprints WHERE key IS NOT NULL")

    def fingerprints(self, audio_ids: Sequence[int]) -> dict[int, bytes]:
        """Return the stored fingerprints of audio, by its id; those of quiet sounds are left out."""
        sql = "SELECT audio_id, data FROM fingerprints WHERE audio_id IN ({ids}) AND data IS NOT NULL"
        return {row["audio_id"]: row["data"] for row in self._rows_by_id(sql, list(audio_ids))}

    def copied_audio(self) -> list[tuple[int, int]]:
        """Return audio that has copies, and its group."""
        audio_ids, groups = self._pairs("SELECT audio_id, group_id FROM copies")
        return list(zip(audio_ids.tolist(), groups.tolist(), strict=True))

    def record_copies(self, found: Iterable[tuple[int, Sequence[int]]]) -> None:
        """Record for audio which other audio is a copy of it, and that it was compared, in one transaction."""
        with self._transaction() as connection:
            for audio_id, copies in found:
                if copies:
                    _join(connection, [audio_id, *copies])
                connection.execute("UPDATE fingerprints SET is_compared = 1 WHERE audio_id = ?", [audio_id])


def record_fingerprint(connection: sqlite3.Connection, content_id: int, fingerprint: StoredFingerprint) -> None:
    """Record the fingerprint of a content's audio, unless it has one; inside the caller's transaction."""
    connection.execute(
        "INSERT OR IGNORE INTO fingerprints (audio_id, key, data, is_compared) "
        "SELECT audio_id, ?, ?, ? FROM contents WHERE id = ? AND audio_id IS NOT NULL",
        [fingerprint.key, fingerprint.data, fingerprint.data is None, content_id],
    )


def _by_id(ids: Ids, numbers: Ids, *, size: int) -> Ids:
    found = np.full(size, -1, np.int64)
    found[ids] = numbers
    return found


def _join(connection: sqlite3.Connection, audio_ids: Sequence[int]) -> None:
    """Put audio into one group, with what is in a group with any of it."""
    marks = ",".join("?" * len(audio_ids))
    groups = [
        row[0]
        for row in connection.execute(f"SELECT DISTINCT group_id FROM copies WHERE audio_id IN ({marks})", audio_ids)
    ]
    group = min(groups, default=min(audio_ids))
    connection.executemany("UPDATE copies SET group_id = ? WHERE group_id = ?", [(group, other) for other in groups])
    connection.executemany(
        "INSERT OR REPLACE INTO copies (audio_id, group_id) SELECT id, ? FROM audio WHERE id = ?",
        [(group, audio_id) for audio_id in audio_ids],
    )
