"""Words that users gave to sounds, and words that they removed."""

from collections.abc import Iterable

from bowerbird.catalogue.sqlite import recording
from bowerbird.catalogue.sqlite.session import Session


class AnnotationReads(Session):
    """Reads annotations."""

    def given_words(self, content_id: int) -> dict[str, bool]:
        """Return the words that people gave or denied a content, and whether each applies."""
        sql = "SELECT word, is_right FROM given_words WHERE content_id = ? ORDER BY word"
        return {row["word"]: bool(row["is_right"]) for row in self._rows(sql, [content_id])}


class AnnotationWrites(Session):
    """Writes annotations."""

    def give_word(self, content_ids: Iterable[int], word: str, *, is_right: bool) -> None:
        """Record that a word applies to contents, or does not, in one transaction; deleted contents are skipped."""
        with self._transaction() as connection:
            for content_id in content_ids:
                connection.execute(
                    "INSERT OR REPLACE INTO given_words SELECT id, ?, ? FROM contents WHERE id = ?",
                    [word, int(is_right), content_id],
                )
                recording.index_words(connection, content_id)
