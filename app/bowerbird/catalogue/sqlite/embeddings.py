"""Embeddings of windows, and which encoders a library has and is searched with."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bowerbird.catalogue.records import EncodedWindows, EncoderRole, PresentContent, WindowSpan, WindowVectors
from bowerbird.catalogue.sqlite import conditions, recording
from bowerbird.catalogue.sqlite.session import Ids, Session
from bowerbird.domain.sounds import Vectors


class EmbeddingReads(Session):
    """Reads embeddings and the choice of encoders."""

    def encoder(self, role: EncoderRole) -> str | None:
        """Return the name of the encoder that is wanted, or searched with; None where nobody has chosen."""
        name = self._value("SELECT name FROM encoders WHERE role = ?", [role])
        return None if name is None else str(name)

    def searched_id(self) -> str | None:
        """Return the id of the encoder that is searched with; None when none was chosen, or it is not known."""
        return self._value("SELECT encoder_id FROM encoders WHERE role = 'searched'") or None

    def encoder_ids(self) -> list[str]:
        """Return the ids of all encoders that have embedded or refused a sound."""
        return [row[0] for row in self._rows("SELECT DISTINCT encoder_id FROM encoded ORDER BY 1")]

    def window_counts(self) -> tuple[int, int]:
        """Return how many windows were ever recorded, and how many there are: a change of windows changes one."""
        n_recorded = self._value("SELECT seq FROM sqlite_sequence WHERE name = 'windows'")
        return int(n_recorded or 0), int(self._value("SELECT count(*) FROM windows"))

    def count_windows(self, *, encoder_id: str | None = None, after: int = 0) -> int:
        """Return the number of windows, of an encoder or of all, with ids above `after`."""
        if encoder_id is None:
            return int(self._value("SELECT count(*) FROM windows WHERE id > ?", [after]))
        return int(self._value("SELECT count(*) FROM windows WHERE encoder_id = ? AND id > ?", [encoder_id, after]))

    def window_ids(self, encoder_id: str, *, after: int = 0) -> tuple[Ids, Ids]:
        """Return the ids above `after` and the content ids of an encoder's windows, shapes (n,), ascending by id."""
        if after:
            sql = "SELECT id, content_id FROM windows WHERE id > ? AND encoder_id = ? ORDER BY id"
            return self._pairs(sql, [after, encoder_id])
        # Not sorted by SQLite, which reads these from an index then, and otherwise the vectors as well.
        ids, content_ids = self._pairs("SELECT id, content_id FROM windows WHERE encoder_id = ?", [encoder_id])
        order = np.argsort(ids)
        return ids[order], content_ids[order]

    def windows(self, encoder_id: str, n_dims: int, *, after: int = 0, limit: int = -1) -> WindowVectors:
        """Return the embeddings of an encoder's windows with ids above `after`, the first of them up to a limit."""
        sql = "SELECT id, content_id, vector FROM windows WHERE id > ? AND encoder_id = ? ORDER BY id LIMIT ?"
        return _window_vectors(map(tuple, self._each(sql, [after, encoder_id, limit])), n_dims)

    def windows_with(self, encoder_id: str, n_dims: int, window_ids: Ids) -> WindowVectors:
        """Return the embeddings of those of some windows that exist and are of an encoder, ascending by id."""
        sql = "SELECT id, content_id, vector, encoder_id FROM windows WHERE id IN ({ids}) ORDER BY id"
        rows = self._rows_by_id(sql, np.sort(window_ids).tolist())
        return _window_vectors((tuple(row)[:3] for row in rows if row["encoder_id"] == encoder_id), n_dims)

    def vectors_of(self, window_ids: Ids, n_dims: int) -> Vectors:
        """Return the embeddings of windows that exist, shape (n, n_dims), in the order given."""
        ids: list[int] = window_ids.tolist()
        found = {
            row["id"]: row["vector"]
            for row in self._rows_by_id("SELECT id, vector FROM windows WHERE id IN ({ids})", ids)
        }
        return _vectors([found[window_id] for window_id in ids], n_dims)

    def sound_windows(self, content_id: int, encoder_id: str, n_dims: int) -> Vectors:
        """Return the embeddings of one content's windows that count in its mean, in order, shape (n, n_dims)."""
        sql = "SELECT vector FROM windows WHERE content_id = ? AND encoder_id = ? AND number >= 0 ORDER BY number"
        return _vectors([row["vector"] for row in self._rows(sql, [content_id, encoder_id])], n_dims)

    def counted_windows(self, content_ids: Sequence[int], encoder_id: str, n_dims: int) -> tuple[Ids, Vectors]:
        """Return the embeddings of some contents' windows that count in their means.

        Returns
        -------
        content_ids : ndarray, shape (n,), int64
            Of the windows, which are together for each content and in order.
        vectors : ndarray, shape (n, n_dims), float32
        """
        sql = (
            "SELECT content_id, vector FROM windows "
            "WHERE encoder_id = ? AND number >= 0 AND content_id IN ({ids}) ORDER BY content_id, number"
        )
        rows = list(self._rows_by_id(sql, content_ids, [encoder_id]))
        owners = np.array([row["content_id"] for row in rows], np.int64)
        return owners, _vectors([row["vector"] for row in rows], n_dims)

    def spans(self, window_ids: Ids) -> dict[int, WindowSpan]:
        """Return where windows lie in their sounds, by id."""
        sql = "SELECT id, start_s, end_s, number FROM windows WHERE id IN ({ids})"
        return {
            row["id"]: WindowSpan(row["start_s"], row["end_s"], row["number"])
            for row in self._rows_by_id(sql, window_ids.tolist())
        }

    def all_vectors(self, encoder_id: str, n_dims: int) -> tuple[list[Path], Vectors]:
        """Return every sound's path and embedding: the re-normalised mean of its windows.

        Returns
        -------
        paths : list of Path
            Sorted.
        vectors : ndarray, shape (n, n_dims), float32
        """
        contents, means = self.mean_vectors(encoder_id, n_dims)
        index_of = {content: index for index, content in enumerate(contents.tolist())}
        kept = [(path, index_of[content]) for path, content in self.content_paths() if content in index_of]
        return [path for path, _ in kept], means[[index for _, index in kept]]

    def content_paths(self) -> list[tuple[Path, int]]:
        """Return the path and the content id of every sound that has been decoded, by path."""
        rows = self._rows(
            f"SELECT path, content_id FROM sounds WHERE content_id IS NOT NULL AND {conditions.USABLE} ORDER BY path"
        )
        return [(Path(row["path"]), row["content_id"]) for row in rows]

    def mean_vectors(self, encoder_id: str, n_dims: int) -> tuple[Ids, Vectors]:
        """Return every content's id, ascending, and embedding (n, n_dims): the re-normalised mean of its windows."""
        stored = self.windows(encoder_id, n_dims)
        sql = "SELECT id FROM windows WHERE encoder_id = ? AND number < 0"
        is_counted = ~np.isin(stored.ids, [row["id"] for row in self._rows(sql, [encoder_id])])
        contents, indices = np.unique(stored.content_ids[is_counted], return_inverse=True)
        sums = np.zeros((len(contents), n_dims), np.float64)
        np.add.at(sums, indices, stored.vectors[is_counted])
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        return contents, (sums / np.where(lengths > 0, lengths, 1)).astype(np.float32)

    def present_contents(self) -> list[PresentContent]:
        """Return every content that a present sound has, by id; of copies, the first path stands for all."""
        rows = self._rows(
            "SELECT contents.id, contents.hash, MIN(path) AS path, directory, contents.duration_s FROM contents "
            f"JOIN sounds ON content_id = contents.id WHERE NOT is_missing AND {conditions.USABLE} "
            "GROUP BY contents.id"
        )
        return [
            PresentContent(row["id"], row["hash"].hex(), Path(row["path"]), row["directory"], row["duration_s"])
            for row in rows
        ]


class EmbeddingWrites(Session):
    """Writes embeddings and the choice of encoders."""

    def record_windows(
        self, windows: Iterable[EncodedWindows], failures: Iterable[tuple[int, str]], encoder_id: str
    ) -> None:
        """Record a batch of window embeddings, and contents (id, reason) that have none, in one transaction."""
        with self._transaction() as connection:
            for encoded in windows:
                recording.record_windows(connection, encoded, encoder_id)
            recording.record_encoding_failures(connection, failures, encoder_id)

    def set_encoder(self, role: EncoderRole, name: str, encoder_id: str | None = None) -> None:
        """Record which encoder is wanted, or searched with; the id says with which weights."""
        with self._transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO encoders (role, name, encoder_id) VALUES (?, ?, ?)",
                [role, name, encoder_id or ""],
            )

    def delete_embeddings(self, encoder_id: str) -> int:
        """Delete an encoder's embeddings; return the number of windows that had one."""
        with self._transaction() as connection:
            connection.execute("DELETE FROM encoded WHERE encoder_id = ?", [encoder_id])
            return connection.execute("DELETE FROM windows WHERE encoder_id = ?", [encoder_id]).rowcount


def _window_vectors(rows: Iterable[tuple[Any, ...]], n_dims: int) -> WindowVectors:
    ids, content_ids, vectors = [], [], []
    for window_id, content_id, vector in rows:
        ids.append(window_id)
        content_ids.append(content_id)
        vectors.append(vector)
    return WindowVectors(np.array(ids, np.int64), np.array(content_ids, np.int64), _vectors(vectors, n_dims))


def _vectors(rows: Sequence[bytes], n_dims: int) -> Vectors:
    return np.frombuffer(b"".join(rows), np.float32).reshape(len(rows), n_dims)
