"""Searching: words over names, folders and metadata; examples over vectors; both together."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from bowerbird.catalogue.reader import CatalogueReader
from bowerbird.domain.matches import Match, percentiles
from bowerbird.domain.names import fold, words_of
from bowerbird.domain.queries import Example, Filter, Query
from bowerbird.domain.sounds import Vectors
from bowerbird.encoder.protocol import Encoder
from bowerbird.errors import QueryError
from bowerbird.library.analysis import encode_example
from bowerbird.library.neighbours import Neighbours

DEFAULT_LIMIT: Final = 15
EVERYTHING: Final = Query()
_N_NAMED_BLOCKS: Final = 2


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """What to be similar to.

    Attributes
    ----------
    vector : ndarray, shape (n_dims,), float32
        Unit length.
    excluded : frozenset of Path
        The examples themselves: nobody asks for what they hold in their hand.
    """

    vector: Vectors
    excluded: frozenset[Path]


class Search:
    """Answers queries about one library. For the thread that made it.

    Parameters
    ----------
    library : Path
    encoder : Encoder

    Raises
    ------
    CatalogueError
        When there is no library.
    """

    def __init__(self, library: Path, encoder: Encoder) -> None:
        self.encoder = encoder
        self.reader = CatalogueReader(library)
        self.neighbours = Neighbours(library, self.reader, encoder)

    def close(self) -> None:
        """Save the index if it changed, and close the catalogue."""
        self.neighbours.save()
        self.reader.close()

    def by_words(self, words: str, filters: tuple[Filter, ...] = (), *, limit: int = DEFAULT_LIMIT) -> list[Match]:
        """Find sounds whose name, folder or metadata hold every word; the last may be a beginning.

        Without words, filters alone list by name.
        """
        if not words_of(words):
            return self._by_filters(filters, limit)
        found = self.reader.words_search(words, filters, limit=limit)
        rows = self.reader.rows([sound_id for sound_id, _, _ in found])
        wanted = words_of(words)
        return [
            Match(sound_id, -rank, None, 0.0, rows[sound_id].duration_s or 0.0, _where(wanted, texts))
            for sound_id, rank, texts in found
            if sound_id in rows
        ]

    def _by_filters(self, filters: tuple[Filter, ...], limit: int) -> list[Match]:
        ids = self.reader.list_ids(Query(filters=filters))[:limit].tolist()
        rows = self.reader.rows(ids)
        why = " and ".join(str(condition) for condition in filters)
        return [Match(row.id, 0.0, None, 0.0, row.duration_s or 0.0, why) for row in map(rows.get, ids) if row]

    def target(self, examples: Sequence[Example]) -> Target:
        """Make of examples one thing to be similar to: the mean of their vectors.

        Whole sounds of the library are not decoded again.

        Raises
        ------
        AudioError
            When an example cannot be heard.
        QueryError
            When there is none.
        """
        if not examples:
            raise QueryError("There is no example to search by. Name a file with --like FILE.")
        vectors = [_unit(self._vectors(example).mean(axis=0)) for example in examples]
        whole = frozenset(_absolute(example.path) for example in examples if example.is_whole)
        return Target(_unit(np.mean(vectors, axis=0)), whole)

    def _vectors(self, example: Example) -> Vectors:
        if example.is_whole:
            sound = self.reader.sound_at(_absolute(example.path))
            if sound is not None and sound.content_id is not None:
                stored = self.reader.sound_windows(sound.content_id, self.encoder.id, self.encoder.n_dims)
                if len(stored):
                    return stored
        return encode_example(example, self.encoder)

    def by_example(self, target: Target, among: Query = EVERYTHING, *, limit: int = DEFAULT_LIMIT) -> list[Match]:
        """Find the sounds most similar to a target, among those that a query names.

        Each sound appears once, with the stretch that matches best.
        """
        with self.reader.snapshot():
            return self._by_example(target, among, limit)

    def _by_example(self, target: Target, among: Query, limit: int) -> list[Match]:
        self.neighbours.refresh()
        contents: npt.NDArray[np.int64] | None = None
        admitted: set[int] | None = None
        if not among.is_everything:
            contents, sound_ids = self.reader.contents_where(among)
            admitted = set(sound_ids.tolist())
        n_asked = 2 * limit + 8
        while True:
            found = self.neighbours.search(target.vector, n_asked, content_ids=contents)
            matches = self._matches(target, found, admitted=admitted, limit=limit)
            if len(matches) >= limit or len(found[0]) < n_asked:
                return matches
            n_asked *= 4  # long sounds and copies had crowded the list

    def _matches(
        self,
        target: Target,
        found: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float32]],
        *,
        admitted: set[int] | None,
        limit: int,
    ) -> list[Match]:
        window_ids, content_ids, scores = found
        first_of: dict[int, int] = {}
        for place, content_id in enumerate(content_ids.tolist()):
            first_of.setdefault(content_id, place)
        sounds = self.reader.sounds_of(first_of)
        rows = self.reader.rows([sound_id for content_id in first_of for sound_id in sounds.get(content_id, ())])
        shown = [
            (place, row)
            for content_id, place in first_of.items()
            for sound_id in sounds.get(content_id, ())
            if (admitted is None or sound_id in admitted)
            and (row := rows.get(sound_id)) is not None
            and row.path not in target.excluded
        ][:limit]
        places = [place for place, _ in shown]
        chosen_ids = window_ids[places]
        spans = self.reader.spans(chosen_ids)
        vectors = self.reader.vectors_of(chosen_ids, self.encoder.n_dims)
        usual = self.neighbours.usual()
        ranks = percentiles(scores[places], usual @ target.vector)
        reasons = self._reasons(target.vector, vectors, usual)
        return [
            Match(
                row.id,
                float(scores[place]),
                float(rank),
                *spans[int(window_id)][:2],
                reason,
            )
            for (place, row), window_id, rank, reason in zip(shown, chosen_ids, ranks, reasons, strict=True)
        ]

    def _reasons(self, query: Vectors, vectors: Vectors, usual: Vectors) -> list[str]:
        """Name the aspects in which each match is closer than is usual here, for encoders whose vectors have parts."""
        if not self.encoder.blocks:
            return ["sounds alike"] * len(vectors)
        closeness = {
            name: percentiles(_nearness(query, vectors, part), _nearness(query, usual, part))
            for name, part in self.encoder.blocks.items()
        }
        names = list(closeness)
        table = np.stack([closeness[name] for name in names])
        best = np.argsort(-table, axis=0, kind="stable")[:_N_NAMED_BLOCKS]
        return [f"alike in {' and '.join(names[place] for place in column)}" for column in best.T]


def _nearness(query: Vectors, vectors: Vectors, part: slice) -> npt.NDArray[np.float32]:
    return np.asarray(-np.linalg.norm(vectors[:, part] - query[part], axis=1), np.float32)


def _where(wanted: Sequence[str], texts: tuple[str, str, str]) -> str:
    """Say where words were found."""
    places = [
        place
        for place, text in zip(("name", "folder", "metadata"), texts, strict=True)
        if any(part.startswith(fold(word)) for part in fold(text).split() for word in wanted)
    ]
    return f"words in {' and '.join(places)}" if places else "words"


def _unit(vector: npt.NDArray[np.float32]) -> Vectors:
    return np.asarray(vector / max(1e-12, float(np.linalg.norm(vector))), np.float32)


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 - unlike resolve, keeps the user's own links
