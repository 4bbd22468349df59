"""Reading the catalogue: lists of ids, pages of rows, vectors. One reader a thread."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from bowerbird.base.errors import CatalogueError
from bowerbird.catalogue.records import EncoderRole, Folder, RejectedSound, SoundDetails, SoundRow, WindowVectors
from bowerbird.catalogue.sqlite import statements
from bowerbird.catalogue.sqlite.connection import fault, open_reader, to_text
from bowerbird.catalogue.sqlite.migrations import STEPS, bring_up_to_date
from bowerbird.domain.peaks import Peaks
from bowerbird.domain.query import Order, Place, Query

_MAX_PARAMETERS: Final = 500
_ROW_COLUMNS: Final = (
    "sounds.id, path, name, directory, duration_s, n_channels, rate_hz, format, encoding, is_missing, "
    "sounds.content_id, overview"
)
_LASTS: Final[tuple[statements.Last, ...]] = ("whole", "begun")

Ids = npt.NDArray[np.int64]


class CatalogueReader:
    """The catalogue, open for reading in the thread that made it.

    Raises
    ------
    CatalogueError
        When there is no catalogue, or it is damaged.
    """

    def __init__(self, library: Path) -> None:
        self.library = library
        self._connection = open_reader(library)
        self._orders: dict[tuple[Order, bool], Ids] = {}
        self._orders_version = -1
        try:
            with self._reading():
                version = self._connection.execute("PRAGMA user_version").fetchone()[0]
            if version not in {0, len(STEPS)}:
                self.close()
                bring_up_to_date(library)
                self._connection = open_reader(library)
            if not version:
                raise CatalogueError(f"The library at {library} is empty. Run `bowerbird index FOLDER` to fill it.")
        except CatalogueError:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Read one state of the catalogue, whatever is written meanwhile."""
        with self._reading():
            self._connection.execute("BEGIN")
        try:
            yield
        finally:
            with self._reading():
                self._connection.execute("COMMIT")

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.ProgrammingError | sqlite3.InterfaceError):
                raise  # a mistake of the program
            raise fault(self.library, error) from error

    # Lists and rows

    def folders(self) -> list[Folder]:
        """Return the folders the user added, by path."""
        with self._reading():
            rows = self._connection.execute("SELECT id, path FROM folders ORDER BY path").fetchall()
        return [Folder(folder_id, Path(path)) for folder_id, path in rows]

    def directories(self) -> list[tuple[Place, int]]:
        """Return every directory with sounds and how many usable ones it holds itself."""
        sql = (
            f"SELECT folder_id, directory, count(*) FROM sounds WHERE {statements.USABLE} "  # noqa: S608
            "GROUP BY folder_id, directory"
        )
        with self._reading():
            return [(Place(folder_id, name), n) for folder_id, name, n in self._connection.execute(sql)]

    def count_rejected(self) -> int:
        """Return how many sounds in place `rejected` would list."""
        sql = f"SELECT count(*) FROM ({statements.REJECTED})"  # noqa: S608
        with self._reading():
            return int(self._connection.execute(sql).fetchone()[0])

    def list_ids(self, query: Query) -> Ids:
        """Return the ids of the sounds that a query names, in its order, shape (n,).

        The order of the whole library is kept until somebody writes; a query then costs what it finds, not a sort.
        """
        if query.order is Order.RELEVANCE and statements.match_expression(query.words):
            return self._ids(*statements.relevant_ids(query))
        whole = self._ordered(query.order, is_descending=query.is_descending)
        if query.is_everything:
            return whole
        chosen = self._ids(*statements.chosen_ids(query))
        if not len(chosen) or not len(whole):
            return chosen[:0]
        is_chosen = np.zeros(max(int(whole.max()), int(chosen.max())) + 1, np.bool_)
        is_chosen[chosen] = True
        return whole[is_chosen[whole]]

    def _ordered(self, order: Order, *, is_descending: bool) -> Ids:
        version = self.data_version()
        if version != self._orders_version:
            self._orders.clear()
            self._orders_version = version
        key = (order, is_descending)
        if key not in self._orders:
            ids = self._ids(*statements.ordered_ids(order, is_descending=is_descending))
            ids.setflags(write=False)
            self._orders[key] = ids
        return self._orders[key]

    def _ids(self, sql: str, parameters: statements.Parameters) -> Ids:
        with self._reading():
            rows = self._connection.execute(sql, parameters).fetchall()
        return np.fromiter((row[0] for row in rows), np.int64, len(rows))

    def count(self) -> int:
        """Return how many usable sounds there are, missing ones included."""
        with self._reading():
            sql = f"SELECT count(*) FROM sounds WHERE {statements.USABLE}"  # noqa: S608
            return int(self._connection.execute(sql).fetchone()[0])

    def rows(self, sound_ids: Sequence[int]) -> dict[int, SoundRow]:
        """Return rows by id; ids that are gone are left out."""
        found: dict[int, SoundRow] = {}
        with self._reading():
            for chunk in _chunks(sound_ids):
                marks = ",".join("?" * len(chunk))
                for row in self._connection.execute(
                    f"SELECT {_ROW_COLUMNS} FROM sounds LEFT JOIN peaks USING (content_id) "  # noqa: S608
                    f"WHERE sounds.id IN ({marks})",
                    chunk,
                ):
                    found[row[0]] = _sound_row(row)
        return found

    def sound_at(self, path: Path) -> SoundRow | None:
        """Return the sound at a path, if the library has it."""
        sql = (
            f"SELECT {_ROW_COLUMNS} FROM sounds LEFT JOIN peaks USING (content_id) "  # noqa: S608
            "WHERE path = CAST(? AS TEXT)"
        )
        with self._reading():
            row = self._connection.execute(sql, [to_text(str(path))]).fetchone()
        return _sound_row(row) if row else None

    def details(self, sound_id: int) -> SoundDetails | None:
        """Return what is known of a sound beyond its row."""
        sql = (
            "SELECT sounds.size_bytes, lufs, true_peak_db, metadata FROM sounds LEFT JOIN contents "
            "ON contents.id = content_id WHERE sounds.id = ?"
        )
        with self._reading():
            row = self._connection.execute(sql, [sound_id]).fetchone()
        if row is None:
            return None
        return SoundDetails(row[0], row[1], row[2], json.loads(row[3]) if row[3] else {})

    def peaks(self, content_id: int) -> Peaks | None:
        """Return a content's waveform outline at its base resolution."""
        sql = "SELECT bins, frames_per_bin FROM peaks WHERE content_id = ?"
        with self._reading():
            row = self._connection.execute(sql, [content_id]).fetchone()
        return Peaks(np.frombuffer(row[0], np.int8).reshape(-1, 2), row[1]) if row else None

    def rejected(self, folder_id: int | None = None) -> list[RejectedSound]:
        """Return the sounds in place that cannot be used, or that an encoder could not hear, by path."""
        sql = f"SELECT id, path, reason FROM ({statements.REJECTED}) WHERE ? IS NULL OR folder_id = ? ORDER BY path"  # noqa: S608
        with self._reading():
            rows = self._connection.execute(sql, [folder_id, folder_id]).fetchall()
        return [RejectedSound(sound_id, Path(path), reason) for sound_id, path, reason in rows]

    def pending_folders(self, encoder_id: str) -> list[Path]:
        """Return folders with sounds that wait for analysis: a run was broken off, or the encoder is new."""
        sql = (
            "SELECT path FROM folders WHERE EXISTS (SELECT 1 FROM sounds WHERE folder_id = folders.id "  # noqa: S608
            f"AND is_missing = 0 AND {statements.USABLE} AND (content_id IS NULL OR NOT EXISTS (SELECT 1 FROM encoded "
            "WHERE encoded.content_id = sounds.content_id AND encoder_id = ?))) ORDER BY path"
        )
        with self._reading():
            return [Path(path) for (path,) in self._connection.execute(sql, [encoder_id])]

    def encoder(self, role: EncoderRole) -> str | None:
        """Return the name of the encoder that is wanted, or searched with; None where nobody chose."""
        with self._reading():
            row = self._connection.execute("SELECT name FROM encoders WHERE role = ?", [role]).fetchone()
        return str(row[0]) if row else None

    def searched_id(self) -> str:
        """Return the id of the encoder that is searched with; "" where nobody chose, or it is not known."""
        with self._reading():
            row = self._connection.execute("SELECT encoder_id FROM encoders WHERE role = 'searched'").fetchone()
        return str(row[0]) if row else ""

    def encoder_ids(self) -> list[str]:
        """Return the ids of the encoders that have done something."""
        with self._reading():
            return [name for (name,) in self._connection.execute("SELECT DISTINCT encoder_id FROM encoded ORDER BY 1")]

    def count_unencoded(self, encoder_id: str) -> int:
        """Count the analysed, usable sounds in place that lack vectors of an encoder, and were not refused by it."""
        sql = (
            f"SELECT count(*) FROM sounds WHERE content_id IS NOT NULL AND is_missing = 0 AND {statements.USABLE} "  # noqa: S608
            "AND NOT EXISTS (SELECT 1 FROM encoded WHERE encoded.content_id = sounds.content_id AND encoder_id = ?)"
        )
        with self._reading():
            return int(self._connection.execute(sql, [encoder_id]).fetchone()[0])

    # Words

    def words_search(self, query: Query, *, limit: int) -> list[tuple[int, float, tuple[str, str, str], bool]]:
        """Return the best sounds for a query's words, whatever its order; those that have the last one whole first.

        Returns
        -------
        list of (sound id, BM25 rank, (name, directory, metadata), is_whole)
            Best first; the rank is lower for better ones. The texts are those that are searched.
        """
        if not statements.match_expression(query.words):
            return []
        found: list[tuple[int, float, tuple[str, str, str], bool]] = []
        with self._reading():
            for last in _LASTS:
                sql, parameters = statements.scored_words(query, last=last)
                rows = self._connection.execute(sql, [*parameters, limit - len(found)]).fetchall()
                found += [(row[0], row[1], (row[2], row[3], row[4]), last == "whole") for row in rows]
                if len(found) >= limit:
                    break
        return found

    def given_words(self, content_id: int) -> dict[str, bool]:
        """Return the words that people gave a content, and whether it is called so or not."""
        sql = "SELECT word, is_right FROM given_words WHERE content_id = ? ORDER BY word"
        with self._reading():
            return {word: bool(is_right) for word, is_right in self._connection.execute(sql, [content_id])}

    # Vectors

    def data_version(self) -> int:
        """Return a number that changes when another connection has committed."""
        with self._reading():
            return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def window_ids(self, encoder_id: str) -> tuple[Ids, Ids]:
        """Return the ids and the content ids of an encoder's windows, shapes (n,), ascending by id."""
        sql = "SELECT id, content_id FROM windows WHERE encoder_id = ? ORDER BY id"
        with self._reading():
            table = np.array(self._connection.execute(sql, [encoder_id]).fetchall(), np.int64).reshape(-1, 2)
        return table[:, 0], table[:, 1]

    def windows(self, encoder_id: str, n_dims: int, *, after: int = 0) -> WindowVectors:
        """Return the window vectors of an encoder, of ids above `after`."""
        sql = "SELECT id, content_id, vector FROM windows WHERE id > ? AND encoder_id = ? ORDER BY id"
        with self._reading():
            rows = self._connection.execute(sql, [after, encoder_id]).fetchall()
        vectors = np.frombuffer(b"".join(row[2] for row in rows), np.float32).reshape(len(rows), n_dims)
        return WindowVectors(
            np.fromiter((row[0] for row in rows), np.int64, len(rows)),
            np.fromiter((row[1] for row in rows), np.int64, len(rows)),
            vectors,
        )

    def vectors_of(self, window_ids: Ids, n_dims: int) -> npt.NDArray[np.float32]:
        """Return the vectors of windows that exist, shape (n, n_dims), in the order given."""
        found: dict[int, bytes] = {}
        with self._reading():
            for chunk in _chunks(window_ids.tolist()):
                marks = ",".join("?" * len(chunk))
                sql = f"SELECT id, vector FROM windows WHERE id IN ({marks})"  # noqa: S608
                found.update(self._connection.execute(sql, chunk))
        return np.frombuffer(b"".join(found[i] for i in window_ids.tolist()), np.float32).reshape(-1, n_dims)

    def sound_windows(self, content_id: int, encoder_id: str, n_dims: int) -> npt.NDArray[np.float32]:
        """Return the window vectors of one content in order, shape (n, n_dims)."""
        sql = "SELECT vector FROM windows WHERE content_id = ? AND encoder_id = ? ORDER BY number"
        with self._reading():
            rows = self._connection.execute(sql, [content_id, encoder_id]).fetchall()
        return np.frombuffer(b"".join(row[0] for row in rows), np.float32).reshape(len(rows), n_dims)

    def spans(self, window_ids: Ids) -> dict[int, tuple[float, float, int]]:
        """Return start and end in seconds and number of windows by id."""
        found: dict[int, tuple[float, float, int]] = {}
        with self._reading():
            for chunk in _chunks(window_ids.tolist()):
                marks = ",".join("?" * len(chunk))
                sql = f"SELECT id, start_s, end_s, number FROM windows WHERE id IN ({marks})"  # noqa: S608
                for window_id, start_s, end_s, number in self._connection.execute(sql, chunk):
                    found[window_id] = (start_s, end_s, number)
        return found

    def sounds_of(self, content_ids: Iterable[int]) -> dict[int, list[int]]:
        """Return the usable sounds in place of each content, by content id, in the order of their names."""
        found: dict[int, list[int]] = {}
        with self._reading():
            for chunk in _chunks(list(content_ids)):
                marks = ",".join("?" * len(chunk))
                sql = (
                    f"SELECT content_id, id FROM sounds WHERE content_id IN ({marks}) AND is_missing = 0 "  # noqa: S608
                    f"AND {statements.USABLE} ORDER BY name_key, path"
                )
                for content_id, sound_id in self._connection.execute(sql, chunk):
                    found.setdefault(content_id, []).append(sound_id)
        return found

    def contents_where(self, query: Query) -> tuple[Ids, Ids]:
        """Return content ids and sound ids of the analysed sounds in place that a query names, shapes (n,)."""
        sql, parameters = statements.contents_where(query)
        with self._reading():
            rows = np.array(self._connection.execute(sql, parameters).fetchall(), np.int64).reshape(-1, 2)
        return rows[:, 0], rows[:, 1]

    def all_vectors(self, encoder_id: str, n_dims: int) -> tuple[list[Path], npt.NDArray[np.float32]]:
        """Return every sound's path and vector: the re-normalised mean of its windows.

        Returns
        -------
        paths : list of Path
            By path.
        vectors : ndarray, shape (n, n_dims), float32
        """
        contents, means = self.mean_vectors(encoder_id, n_dims)
        with self._reading():
            rows = self._connection.execute(
                f"SELECT path, content_id FROM sounds WHERE content_id IS NOT NULL AND {statements.USABLE} "  # noqa: S608
                "ORDER BY path"
            ).fetchall()
        place_of = {int(content): place for place, content in enumerate(contents)}
        kept = [(Path(path), place_of[content]) for path, content in rows if content in place_of]
        return [path for path, _ in kept], means[[place for _, place in kept]]

    def mean_vectors(self, encoder_id: str, n_dims: int) -> tuple[Ids, npt.NDArray[np.float32]]:
        """Return every content's id, ascending, and vector (n, n_dims): the re-normalised mean of its windows."""
        stored = self.windows(encoder_id, n_dims)
        contents, places = np.unique(stored.content_ids, return_inverse=True)
        sums = np.zeros((len(contents), n_dims), np.float64)
        np.add.at(sums, places, stored.vectors)
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        return contents, (sums / np.where(lengths > 0, lengths, 1)).astype(np.float32)

    def contents_in_place(self) -> list[tuple[int, str, Path, str, float]]:
        """Return id, hash in hexadecimal, path, directory and seconds of every content that lies somewhere, by id.

        Of copies the first path stands for all.
        """
        with self._reading():
            rows = self._connection.execute(
                "SELECT contents.id, contents.hash, MIN(path), directory, contents.duration_s FROM contents "  # noqa: S608
                f"JOIN sounds ON content_id = contents.id WHERE NOT is_missing AND {statements.USABLE} "
                "GROUP BY contents.id"
            ).fetchall()
        return [(row[0], row[1].hex(), Path(row[2]), row[3], row[4]) for row in rows]


def _chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), _MAX_PARAMETERS):
        yield ids[start : start + _MAX_PARAMETERS]


def _sound_row(row: tuple[Any, ...]) -> SoundRow:
    return SoundRow(
        id=row[0],
        path=Path(row[1]),
        name=row[2],
        directory=row[3],
        duration_s=row[4],
        n_channels=row[5],
        rate_hz=row[6],
        format=row[7],
        encoding=row[8],
        is_missing=bool(row[9]),
        content_id=row[10],
        overview=np.frombuffer(row[11], np.int8).reshape(-1, 2) if row[11] else None,
    )
