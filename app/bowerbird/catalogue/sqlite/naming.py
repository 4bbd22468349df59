"""What names, folders, metadata and tags say about contents, beside their embeddings: for learning words."""

from collections.abc import Sequence

import numpy as np

from bowerbird.catalogue.sqlite import conditions
from bowerbird.catalogue.sqlite.session import Ids, Session
from bowerbird.domain.sounds import Vectors


class NamingReads(Session):
    """Reads texts about contents, and their embeddings."""

    def encoded_contents(self, encoder_id: str) -> Ids:
        """Return the contents that an encoder has embedded, ascending, shape (n,)."""
        return self._ids(
            "SELECT content_id FROM encoded WHERE encoder_id = ? AND failure IS NULL ORDER BY content_id", [encoder_id]
        )

    def content_texts(self, content_ids: Sequence[int]) -> dict[int, list[str]]:
        """Return the names, folders, metadata and tags of the sounds that have some contents, by content id."""
        sql = (
            "SELECT content_id, name, directory, category, subcategory, title, genre, description, comment, "
            "(SELECT group_concat(word, ' ') FROM words JOIN contents USING (audio_id) "
            "WHERE contents.id = content_id AND is_right) AS tags "
            f"FROM sounds WHERE content_id IN ({{ids}}) AND {conditions.USABLE}"
        )
        texts: dict[int, list[str]] = {}
        for row in self._rows_by_id(sql, content_ids):
            texts.setdefault(row["content_id"], []).extend(text for text in tuple(row)[1:] if text)
        return texts

    def content_vectors(self, content_ids: Sequence[int], encoder_id: str, n_dims: int) -> tuple[Ids, Vectors]:
        """Return those contents that an encoder has embedded, ascending, and the means of their windows (n, n_dims)."""
        sql = "SELECT content_id, vector FROM windows WHERE encoder_id = ? AND content_id IN ({ids})"
        rows = list(self._rows_by_id(sql, content_ids, [encoder_id]))
        owners = np.array([row["content_id"] for row in rows], np.int64)
        vectors = np.frombuffer(b"".join(row["vector"] for row in rows), np.float32).reshape(len(rows), n_dims)
        contents, indices = np.unique(owners, return_inverse=True)
        sums = np.zeros((len(contents), n_dims), np.float32)
        np.add.at(sums, indices, vectors)
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        return contents, (sums / np.where(lengths > 0, lengths, 1)).astype(np.float32)
