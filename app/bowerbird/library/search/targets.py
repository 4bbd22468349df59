"""What matches should be similar to: examples, liked and unliked, and the meaning of words, in one vector."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from bowerbird.base.errors import QueryError
from bowerbird.catalogue.protocol import Reader
from bowerbird.domain.query import Example, Query
from bowerbird.domain.sounds import Vectors
from bowerbird.encoders.protocol import Encoder
from bowerbird.index.protocol import Weighting
from bowerbird.library.indexing.analysis import content_hash, encode_example
from bowerbird.library.search.meanings import Meanings, scaled
from bowerbird.library.search.neighbours import Neighbours
from bowerbird.library.search.query_words import QueryWords
from bowerbird.ranking.calibration import QueryKind

_UNLIKE_WEIGHT: Final = 0.5
"""What matches should differ from counts half: it steers the ranking and does not lead it."""


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """What matches should be similar to.

    Attributes
    ----------
    vector : ndarray, shape (n_dims,), float32
        Unit length.
    excluded : frozenset of Path
        The examples themselves, which are not shown as matches.
    excluded_ids : frozenset of int
        The sounds with the same samples as an example, which are not shown either.
    excluded_regions : tuple of (int, float, float)
        Regions that are examples: content id, start and end in seconds. The rest of their sounds may match.
    why : str
        What a match has in common with it.
    is_sound : bool
        Whether it is made of sounds only, so that the aspects of a match can be named.
    words : tuple of str
        The words in it; a sound is not a match if one of them was denied for it.
    weighting : Weighting or None
        How much the parts of embeddings count; None where all count the same.
    kind : QueryKind or None
        Which curve says how likely matches are right; None for mixtures, which have none.
    is_trained : bool
        Whether the encoder was trained on one of the words.
    understood : float
        Share of its words that mean something, in [0, 1]; a result is right only if it matches all of them.
    """

    vector: Vectors
    excluded: frozenset[Path]
    why: str = "sounds similar"
    is_sound: bool = True
    words: tuple[str, ...] = ()
    weighting: Weighting | None = None
    kind: QueryKind | None = None
    is_trained: bool = False
    understood: float = 1.0
    excluded_ids: frozenset[int] = frozenset()
    excluded_regions: tuple[tuple[int, float, float], ...] = ()


class Targets:
    """Makes the targets of searches in one library. For the thread of its reader.

    Parameters
    ----------
    reader : Reader
    encoder : Encoder
    neighbours : Neighbours
    meanings : Meanings
    """

    def __init__(self, reader: Reader, encoder: Encoder, neighbours: Neighbours, meanings: Meanings) -> None:
        self._reader = reader
        self._encoder = encoder
        self._neighbours = neighbours
        self._meanings = meanings

    def of(self, examples: Sequence[Example], read: QueryWords) -> Target:
        """Combine examples, liked and unliked, and the meaning of words into one target.

        Embeddings of texts lie apart from those of sounds, and some examples are closer to everything than others. So
        each is divided by the standard deviation of its cosines in this library before they are added: each moves the
        ranks by as much, times its weight. Whole sounds of the library are not decoded again.

        Parameters
        ----------
        examples : sequence of Example
        read : QueryWords
            The words of a query, and its aspects.

        Raises
        ------
        AudioError
            When an example cannot be decoded.
        EncoderError
            When weights are missing or damaged.
        QueryError
            When there are neither examples nor words, or the encoder has no text network.
        """
        meant = read.meant
        wanted = [meant.text] if meant.words else []
        texts = [*wanted, *meant.excluded]
        if not examples and not texts:
            raise QueryError("There is no example to search by. Name a file with --like FILE.")
        if not all(self._meanings.can_encode(text) for text in texts):
            raise QueryError(f"“{self._encoder.name}” has no text encoder. Choose one that has with --encoder.")
        self._neighbours.refresh()
        baseline = self._neighbours.baseline()
        parts = [
            (
                np.float32(example.weight) * scaled(_unit(self._vectors(example).mean(axis=0)), baseline),
                example.is_unlike,
            )
            for example in examples
        ]
        likes = [vector for vector, is_unlike in parts if not is_unlike]
        unlikes = [vector for vector, is_unlike in parts if is_unlike]
        if texts:
            meanings = [scaled(self._meanings.encode(text, baseline), baseline) for text in texts]
            likes, liked_sounds = meanings[: len(wanted)], likes
            if liked_sounds:
                likes.append(np.mean(liked_sounds, axis=0))
            unlikes += meanings[len(wanted) :]
        vector = np.zeros(self._encoder.n_dims, np.float32)
        if likes:
            vector += np.mean(likes, axis=0)
        if unlikes:
            vector -= np.float32(_UNLIKE_WEIGHT) * np.mean(unlikes, axis=0)
        whole = frozenset(_absolute(example.path) for example in examples if example.is_whole)
        why = _match_reason(has_examples=bool(examples), has_words=bool(texts)) if likes else "sounds different"
        words = read.phrases if wanted else ()
        is_sound = bool(likes) and not texts
        weighting = self._weighting(meant)
        kind: QueryKind | None = None
        is_mixed = bool(examples) and bool(wanted or unlikes)
        if likes and weighting is None and not is_mixed:
            kind = "sounds" if not wanted else "learned words" if self._meanings.has_learned(meant.text) else "words"
        return Target(
            _unit(vector),
            whole,
            why,
            is_sound,
            words,
            weighting,
            kind,
            is_trained=bool(wanted) and self._meanings.is_trained(meant.text),
            understood=read.share_understood,
            excluded_ids=self._same_samples(whole),
            excluded_regions=tuple(self._regions(examples)),
        )

    def _regions(self, examples: Sequence[Example]) -> Iterator[tuple[int, float, float]]:
        """Yield the regions of sounds of the library that are examples; see `Target.excluded_regions`."""
        for example in examples:
            sound = None if example.is_whole else self._reader.sound_at(_absolute(example.path))
            if sound is not None and sound.content_id is not None:
                assert example.start_s is not None
                assert example.end_s is not None
                yield sound.content_id, example.start_s, example.end_s

    def _same_samples(self, paths: Iterable[Path]) -> frozenset[int]:
        """Return the sounds of the library with the same samples as one of some files."""
        known: list[int] = []
        for path in paths:
            sound = self._reader.sound_at(path)
            known += [sound.id] if sound is not None else self._reader.sounds_with(content_hash=content_hash(path))
        return frozenset(self._reader.same_samples(known)) if known else frozenset()

    def _weighting(self, query: Query) -> Weighting | None:
        """Return how much the parts of embeddings count; None where all count the same.

        Raises
        ------
        QueryError
            When the encoder does not have an aspect.
        """
        if not query.aspects:
            return None
        blocks, weights = self._encoder.blocks, dict(query.aspects)
        for name in weights:
            if name not in blocks:
                known = ", ".join(blocks) or "none"
                raise QueryError(f"{self._encoder.name} has no aspect “{name}”. Its aspects: {known}.")
        parts = tuple((block.start, block.stop) for block in blocks.values())
        return Weighting(parts, tuple(weights.get(name, 1.0) for name in blocks))

    def _vectors(self, example: Example) -> Vectors:
        if example.is_whole and example.speed == 1.0:
            sound = self._reader.sound_at(_absolute(example.path))
            if sound is not None and sound.content_id is not None:
                stored = self._reader.sound_windows(sound.content_id, self._encoder.id, self._encoder.n_dims)
                if len(stored):
                    return stored
        return encode_example(example, self._encoder)


def _match_reason(*, has_examples: bool, has_words: bool) -> str:
    if not has_words:
        return "sounds similar"
    return "similar in sound and meaning" if has_examples else "by meaning"


def _unit(vector: npt.NDArray[np.float32]) -> Vectors:
    return np.asarray(vector / max(1e-12, float(np.linalg.norm(vector))), np.float32)


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 - unlike resolve, keeps the user's own links
