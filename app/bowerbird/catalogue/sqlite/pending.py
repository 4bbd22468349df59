"""What is still to be analysed or embedded: a question to the catalogue, never a flag in it."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from bowerbird import __version__
from bowerbird.base.errors import RejectionCode
from bowerbird.catalogue.records import Analysis, Folder, PendingContent, PendingSound
from bowerbird.catalogue.sqlite import conditions, recording
from bowerbird.catalogue.sqlite.audio import identify_audio
from bowerbird.catalogue.sqlite.connection import to_text
from bowerbird.catalogue.sqlite.copies import record_fingerprint
from bowerbird.catalogue.sqlite.describing import describe_content, describe_unanalysed, record_metadata
from bowerbird.catalogue.sqlite.session import Session
from bowerbird.catalogue.sqlite.word_index import index_words
from bowerbird.domain.metadata import Metadata
from bowerbird.ranking.fingerprints import StoredFingerprint

METADATA: Final = "metadata"
SAMPLES: Final = "samples"
"""What is recorded instead of an encoder where reading metadata or hashing samples was at fault."""


class PendingReads(Session):
    """Reads what is pending."""

    def pending_folders(self, encoder_id: str) -> list[Path]:
        """Return folders that an indexing run has something to do in.

        A run was interrupted, the encoder is new, or sounds are found by texts that an older version made.
        """
        sql = (
            "SELECT path FROM folders WHERE EXISTS (SELECT 1 FROM sounds WHERE folder_id = folders.id "
            f"AND ({conditions.PENDING} OR sounds.id <= (SELECT last_id FROM old_words))) AND NOT is_removed "
            "ORDER BY path"
        )
        return [Path(row["path"]) for row in self._rows(sql, _this_version(encoder_id))]

    def count_unencoded(self, encoder_id: str) -> int:
        """Return the number of analysed, usable, present sounds that an encoder has neither embedded nor failed on."""
        sql = f"SELECT count(*) FROM sounds WHERE {conditions.UNENCODED}"
        return int(self._value(sql, _this_version(encoder_id)))


class PendingWrites(Session):
    """Reads what is pending below a path, and records what was found out."""

    def count_pending(self, folder: Folder, *, below: str, encoder_id: str) -> int:
        """Return the number of sounds that have no up-to-date embedding of the encoder and no failure."""
        return int(self._value(f"SELECT count(*) {_FROM_PENDING}", _values(folder, below, encoder_id)))

    def unidentified(self, folder: Folder, *, below: str, encoder_id: str) -> list[PendingSound]:
        """Return pending sounds that share their size with another sound or content: they may be copies."""
        return self._pending(
            "AND hash IS NULL AND (EXISTS (SELECT 1 FROM sounds AS twin WHERE twin.size_bytes = sounds.size_bytes "
            "AND twin.id <> sounds.id) OR EXISTS (SELECT 1 FROM contents WHERE contents.size_bytes = "
            "sounds.size_bytes)) ORDER BY directory_key, name_key",
            folder,
            below,
            encoder_id,
        )

    def pending(self, folder: Folder, *, below: str, encoder_id: str) -> list[PendingSound]:
        """Return sounds to analyse, one for each content, in the order of folders and names."""
        return self._pending("GROUP BY ifnull(hash, id) ORDER BY directory_key, name_key", folder, below, encoder_id)

    def _pending(self, rest: str, folder: Folder, below: str, encoder_id: str) -> list[PendingSound]:
        rows = self._rows(f"SELECT id, path, size_bytes {_FROM_PENDING} {rest}", _values(folder, below, encoder_id))
        return [PendingSound(row["id"], row["path"], row["size_bytes"]) for row in rows]

    def unencoded(self, folder: Folder, *, below: str, encoder_id: str) -> list[PendingContent]:
        """Return analysed contents without up-to-date embeddings of an encoder, in the order of folders and names."""
        rows = self._rows(
            "SELECT contents.id, contents.hash, contents.duration_s, min(sounds.id) AS sound_id, path, "
            f"sounds.size_bytes, CASE WHEN {conditions.ENCODED} THEN 0 ELSE (SELECT count(*) FROM windows "
            "WHERE windows.content_id = contents.id AND windows.encoder_id = :encoder) END AS n_known "
            "FROM sounds JOIN contents ON contents.id = sounds.content_id "
            f"WHERE {conditions.BELOW} AND {conditions.OUTDATED} GROUP BY contents.id "
            "ORDER BY directory_key, name_key",
            _values(folder, below, encoder_id),
        )
        return [PendingContent(**dict(row)) for row in rows]

    def record_hashes(self, hashes: Iterable[tuple[int, bytes]], encoder_id: str) -> int:
        """Record content hashes (sound id, hash) in one transaction; link copies and recognise moved sounds.

        Returns
        -------
        int
            The number of sounds that need no analysis any more.
        """
        with self._transaction() as connection:
            return sum(recording.record_hash(connection, sound_id, digest, encoder_id) for sound_id, digest in hashes)

    def record(
        self,
        analyses: Iterable[tuple[int, Analysis]],
        failures: Iterable[tuple[int, str, RejectionCode]],
        encoder_id: str,
    ) -> int:
        """Record a batch of outcomes in one transaction.

        Parameters
        ----------
        analyses : iterable of (sound id, Analysis)
        failures : iterable of (sound id, reason, code)
        encoder_id : str
            Of the encoder whose embeddings the analyses hold.

        Returns
        -------
        int
            The number of sounds that are analysed now, copies included.
        """
        with self._transaction() as connection:
            n = sum(recording.record_analysis(connection, sound_id, found, encoder_id) for sound_id, found in analyses)
            recording.record_failures(connection, failures)
        return n

    def unread_names(self, *, limit: int) -> list[tuple[int, str]]:
        """Return ids and names of some sounds whose names were not read for metadata yet."""
        rows = self._rows("SELECT id, name FROM sounds WHERE name_metadata IS NULL ORDER BY id LIMIT ?", [limit])
        return [(row["id"], row["name"]) for row in rows]

    def record_names(self, names: Iterable[tuple[int, Mapping[str, str]]]) -> None:
        """Record what the names of sounds say (sound id, texts), in one transaction."""
        with self._transaction() as connection:
            contents: dict[int, None] = {}
            for sound_id, texts in names:
                connection.execute(
                    "UPDATE sounds SET name_metadata = ? WHERE id = ?",
                    [json.dumps(dict(texts), ensure_ascii=False) if texts else "", sound_id],
                )
                content = connection.execute("SELECT content_id FROM sounds WHERE id = ?", [sound_id]).fetchone()
                if content["content_id"] is not None:
                    contents[content["content_id"]] = None
                elif texts:
                    describe_unanalysed(connection, sound_id)
            for content_id in contents:
                describe_content(connection, content_id)

    def count_old_words(self) -> int:
        """Return how many sounds are found by texts that an older version made."""
        return int(self._value("SELECT count(*) FROM sounds WHERE id <= (SELECT last_id FROM old_words)"))

    def renew_words(self, *, limit: int) -> int:
        """Make the texts anew by which some sounds are found, in one transaction; return how many sounds those are.

        Only the last of them is a new revision: until then, lists keep their order, which the texts do not change.
        """
        with self._transaction(is_about_sounds=False) as connection:
            (last_id,) = connection.execute("SELECT last_id FROM old_words").fetchone()
            if not last_id:
                return 0
            rows = connection.execute(
                "SELECT id, name, directory, content_id FROM sounds WHERE id <= ? ORDER BY id DESC LIMIT ?",
                [last_id, limit],
            ).fetchall()
            for row in rows:
                index_words(connection, row["id"], name=row["name"], directory=row["directory"])
                if row["content_id"] is None:
                    describe_unanalysed(connection, row["id"])
            for content_id in {row["content_id"] for row in rows if row["content_id"] is not None}:
                describe_content(connection, content_id)
            lowest_id = rows[-1]["id"] if rows else 0
            is_last = connection.execute("SELECT 1 FROM sounds WHERE id < ? LIMIT 1", [lowest_id]).fetchone() is None
            connection.execute("UPDATE old_words SET last_id = ?", [0 if is_last else lowest_id - 1])
            if is_last:
                connection.execute("UPDATE revision SET number = number + 1")
        return len(rows)

    def undescribed(self, folder: Folder, *, below: str, version: int) -> list[PendingContent]:
        """Return contents whose metadata an older version read, in the order of folders and names."""
        return self._pending_contents("contents.metadata_version < :reader", folder, below, METADATA, version)

    def record_metadata(self, found: Iterable[tuple[int, Metadata]], version: int) -> None:
        """Record the metadata of contents (content id, metadata) as a version reads it, in one transaction."""
        with self._transaction() as connection:
            for content_id, metadata in found:
                record_metadata(connection, content_id, metadata, version)
                describe_content(connection, content_id)

    def without_samples_hash(self, folder: Folder, *, below: str) -> list[PendingContent]:
        """Return contents whose samples have no hash or no fingerprint yet, in the order of folders and names."""
        return self._pending_contents(
            "(EXISTS (SELECT 1 FROM audio WHERE audio.id = audio_id AND audio.hash IS NULL) "
            "OR NOT EXISTS (SELECT 1 FROM fingerprints WHERE fingerprints.audio_id = contents.audio_id))",
            folder,
            below,
            SAMPLES,
            0,
        )

    def record_samples(self, found: Iterable[tuple[int, bytes, StoredFingerprint]]) -> None:
        """Record hashes of samples and fingerprints by content id, in one transaction.

        Contents with the same hash share their annotations.
        """
        with self._transaction() as connection:
            for content_id, digest, fingerprint in found:
                identify_audio(connection, content_id, digest)
                record_fingerprint(connection, content_id, fingerprint)

    def _pending_contents(
        self, condition: str, folder: Folder, below: str, purpose: str, version: int
    ) -> list[PendingContent]:
        rows = self._rows(
            "SELECT contents.id, contents.hash, contents.duration_s, min(sounds.id) AS sound_id, path, "
            "sounds.size_bytes, 0 AS n_known FROM sounds JOIN contents ON contents.id = sounds.content_id "
            f"WHERE {conditions.BELOW} AND {condition} AND is_missing = 0 AND {conditions.USABLE} "
            f"AND {conditions.FAULTLESS} GROUP BY contents.id ORDER BY directory_key, name_key",
            {**_values(folder, below, purpose), "version": __version__, "reader": version},
        )
        return [PendingContent(**dict(row)) for row in rows]

    def record_faults(self, sound_ids: Iterable[int], encoder_id: str) -> None:
        """Record that this version of the program failed on sounds by a fault of its own; the next tries them again."""
        with self._transaction() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO faults (sound_id, encoder_id, version) VALUES (?, ?, ?)",
                [(sound_id, encoder_id, __version__) for sound_id in sound_ids],
            )


_FROM_PENDING = f"FROM sounds WHERE {conditions.BELOW} AND {conditions.PENDING}"


def _values(folder: Folder, below: str, encoder_id: str) -> dict[str, int | str | bytes]:
    return {"folder": folder.id, "below": to_text(below), **_this_version(encoder_id)}


def _this_version(encoder_id: str) -> dict[str, str]:
    return {"encoder": encoder_id, "version": __version__}
