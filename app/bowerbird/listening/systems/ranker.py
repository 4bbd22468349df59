"""Ways to rank a library's sounds side by side: encoders, components, search functions, weights, foreign rankings.

Each sound is one vector here, the mean of its windows; ranking is exact. It is what a listening test compares, not
what the search box uses: there long sounds are found by their moments.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bowerbird import __version__
from bowerbird.base.errors import QueryError
from bowerbird.catalogue.sqlite.reader import CatalogueReader
from bowerbird.domain.sounds import Vectors
from bowerbird.encoders.protocol import Encoder
from bowerbird.encoders.registry import ACOUSTIC_ENCODER, DEFAULT_ENCODER, encoder_named
from bowerbird.listening.study import System
from bowerbird.listening.systems.foreign_rankings import SoundNames, read_rankings

Places = npt.NDArray[np.int64]
Scores = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CollectedSound:
    """One content of the library.

    Attributes
    ----------
    id : int
        Of the content.
    content_hash : str
        Hexadecimal.
    path : Path
    directory : str
    duration_s : float
    """

    id: int
    content_hash: str
    path: Path
    directory: str
    duration_s: float

    @property
    def item_id(self) -> str:
        """What studies call it."""
        return self.content_hash[:12]


class Collection:
    """Every sound of a library, each content once, with vectors as they are asked for.

    Parameters
    ----------
    library : Path

    Raises
    ------
    CatalogueError
        When there is no library.
    """

    def __init__(self, library: Path) -> None:
        self._library = library
        with CatalogueReader(library) as reader:
            self.sounds = [CollectedSound(*row) for row in reader.contents_in_place()]
        self._index_of = {sound.id: index for index, sound in enumerate(self.sounds)}
        self._vectors: dict[str, Vectors] = {}

    def vectors(self, encoder: Encoder) -> Vectors:
        """Return the vector of every sound, in the order of `sounds`; rows of NaN where there is none.

        The acoustic encoder's are taken from the built-in one's where it has none of its own: they are the same.

        Raises
        ------
        QueryError
            When no sound has one.
        """
        if encoder.id not in self._vectors:
            with CatalogueReader(self._library) as reader:
                ids, means = reader.mean_vectors(encoder.id, encoder.n_dims)
            table = np.full((len(self.sounds), encoder.n_dims), np.nan, np.float32)
            for content_id, mean in zip(ids.tolist(), means, strict=True):
                if content_id in self._index_of:
                    table[self._index_of[content_id]] = mean
            if np.isnan(table).all() and encoder.name == ACOUSTIC_ENCODER:
                table = self._descriptors(table)
            if np.isnan(table).all():
                raise QueryError(
                    f"No sound has vectors of {encoder.name} yet. Run `bowerbird index --encoder {encoder.name}` first."
                )
            self._vectors[encoder.id] = table
        return self._vectors[encoder.id]

    def _descriptors(self, nothing: Vectors) -> Vectors:
        """Return the descriptors that stand in the built-in encoder's vectors, where there are no others."""
        built_in = encoder_named(DEFAULT_ENCODER)
        try:
            vectors = self.vectors(built_in)
        except QueryError:
            return nothing
        part = vectors[:, built_in.blocks["meaning"].stop :]
        return np.asarray(part / np.maximum(1e-9, np.linalg.norm(part, axis=1, keepdims=True)), np.float32)

    def index_of_path(self, path: Path) -> int | None:
        """Return where a sound stands in `sounds`; None for one that the library does not have."""
        with CatalogueReader(self._library) as reader:
            row = reader.sound_at(path)
        return self._index_of.get(row.content_id) if row is not None and row.content_id is not None else None


class Ranker:
    """One system over one collection.

    Parameters
    ----------
    system : System
    collection : Collection
    seed : int
        For systems that draw by chance.

    Raises
    ------
    QueryError
        When the library has no vectors of its encoder, or its file cannot be read.
    EncoderError
        When there is no such encoder.
    """

    def __init__(self, system: System, collection: Collection, *, seed: int) -> None:
        self.system = system
        self._collection = collection
        self._seed = seed
        self.n_unknown = 0
        if system.kind == "ranking":
            self._rankings = read_rankings(Path(system.ranking).expanduser())
            self._names = SoundNames([sound.path for sound in collection.sounds])
        if system.kind == "encoder":
            self._encoder = encoder_named(system.encoder)
            self._weights = _aspect_weights(system, self._encoder)
            self._table = self._prepare(collection.vectors(self._encoder))

    @property
    def card(self) -> Mapping[str, object]:
        """What the system is, in plain types."""
        facts: dict[str, object] = {
            "kind": self.system.kind,
            "n_sounds": len(self._collection.sounds),
            "program": f"bowerbird {__version__}",
        }
        if self.system.kind == "encoder":
            facts |= {
                "encoder": self._encoder.name,
                "encoder_id": self._encoder.id,
                "n_dims": int(self._table.shape[1]),
                "n_components": self.system.n_components,
                "search": self.system.search,
                "aspects": dict(self.system.aspects),
                "index": "exact",
                "vector": "mean of windows",
            }
        if self.system.kind == "ranking":
            facts["ranking"] = Path(self.system.ranking).name
        return facts

    def has(self, index: int) -> bool:
        """Say whether a sound can be a query."""
        if self.system.kind == "encoder":
            return bool(np.isfinite(self._table[index]).all())
        if self.system.kind == "ranking":
            return any(self._names.place_of(name) == index for name in self._rankings)
        return True

    def rank_sound(self, index: int) -> tuple[Places, Scores]:
        """Rank all other sounds by a sound.

        Returns
        -------
        indices : ndarray, shape (n,), int64
            Into the collection's sounds, best first; those without a vector are left out.
        scores : ndarray, shape (n,), float64
        """
        if self.system.kind == "ranking":
            indices, scores = self._foreign(
                next((found for name, found in self._rankings.items() if self._names.place_of(name) == index), [])
            )
        elif self.system.kind == "random":
            indices, scores = self._by_chance(self._collection.sounds[index].item_id)
        else:
            indices, scores = self._nearest(self._table[index])
        is_other = indices != index
        return indices[is_other], scores[is_other]

    def rank_words(self, words: str) -> tuple[Places, Scores]:
        """Rank all sounds by words; see `rank_sound`.

        Raises
        ------
        QueryError
            When the encoder knows no words, or none of these.
        """
        if self.system.kind == "ranking":
            return self._foreign(self._rankings.get(words, []))
        if self.system.kind == "random":
            return self._by_chance(words)
        text = self._encoder.text
        if text is None:
            raise QueryError(
                f"`{self._encoder.name}` knows no words, so system `{self.system.name}` cannot answer them."
            )
        if not text.knows(words):
            raise QueryError(f"“{words}” means nothing to `{self._encoder.name}`. Use other words.")
        return self._nearest(self._projected(text.encode([words]) * self._weights)[0])

    def _nearest(self, query: Vectors) -> tuple[Places, Scores]:
        table, wanted = self._table.astype(np.float64), query.astype(np.float64)
        if self.system.search == "nearest":
            scores = -np.linalg.norm(table - wanted, axis=1)
        else:
            scores = table @ wanted
            if self.system.search == "cosine":
                scores = scores / np.maximum(1e-12, np.linalg.norm(table, axis=1) * np.linalg.norm(wanted))
        indices = np.flatnonzero(np.isfinite(scores))
        order = indices[np.argsort(-scores[indices], kind="stable")]
        return order, scores[order]

    def _by_chance(self, what: str) -> tuple[Places, Scores]:
        rng = np.random.default_rng([self._seed, *what.encode()])
        order = rng.permutation(len(self._collection.sounds)).astype(np.int64)
        return order, np.linspace(1.0, 0.0, len(order))

    def _foreign(self, results: list[tuple[str, float]]) -> tuple[Places, Scores]:
        named = [(self._names.place_of(item), score) for item, score in results]
        known = [(index, score) for index, score in named if index is not None]
        self.n_unknown += len(results) - len(known)
        return np.array([index for index, _ in known], np.int64), np.array([score for _, score in known], np.float64)

    def _prepare(self, vectors: Vectors) -> Vectors:
        """Weigh the parts, and keep some principal components, which are of this library's sounds."""
        weighted = vectors * self._weights
        n_kept = self.system.n_components
        self._mean = np.zeros(vectors.shape[1], np.float32)
        self._axes: Vectors | None = None
        known = weighted[np.isfinite(weighted).all(axis=1)]
        if n_kept:
            if n_kept > min(known.shape):
                raise QueryError(
                    f"System `{self.system.name}` keeps {n_kept} components; {min(known.shape)} is the most that "
                    f"{len(known):,} sounds in {known.shape[1]} dimensions have. Keep fewer."
                )
            self._mean = known.mean(axis=0)
            covariance = np.cov((known - self._mean).astype(np.float64), rowvar=False)
            self._axes = np.linalg.eigh(covariance)[1][:, ::-1][:, :n_kept].astype(np.float32)
        return self._projected(weighted)

    def _projected(self, vectors: Vectors) -> Vectors:
        return vectors if self._axes is None else np.asarray((vectors - self._mean) @ self._axes, np.float32)


def _aspect_weights(system: System, encoder: Encoder) -> Vectors:
    weights = np.ones(encoder.n_dims, np.float32)
    for name, weight in system.aspects.items():
        if name not in encoder.blocks:
            names = ", ".join(encoder.blocks) or "none"
            raise QueryError(f"`{encoder.name}` has no aspect `{name}`, of system `{system.name}`. It has: {names}.")
        if not weight >= 0.0:
            raise QueryError(f"Aspect `{name}` of system `{system.name}` weighs {weight:g}. Write 0 or more.")
        weights[encoder.blocks[name]] = np.sqrt(weight)
    return weights
