"""Ranking all sounds of a library by a system: an encoder or a variant of it, an imported ranking, or at random.

Each sound has a single vector, the mean of its windows, and ranking is exact. The search box differs: it finds windows
within long sounds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bowerbird import __version__
from bowerbird.base.errors import QueryError
from bowerbird.catalogue.protocol import Reader
from bowerbird.domain.sounds import Vectors
from bowerbird.encoders.protocol import Encoder
from bowerbird.encoders.registry import ACOUSTIC_ENCODER, DEFAULT_ENCODER, encoder_named
from bowerbird.library.foreign_rankings import SoundNames, read_rankings
from bowerbird.library.library import Library
from bowerbird.listening.study import System
from bowerbird.ranking.vectors import unit_rows

Indices = npt.NDArray[np.int64]
Scores = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CollectedSound:
    """A sound of the library, without duplicates.

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
        """Its id in studies."""
        return self.content_hash[:12]


class Collection:
    """All sounds of a library, without duplicates; vectors are loaded when first needed.

    Parameters
    ----------
    library : Library
    merges_copies : bool
        Whether of the copies of a sound, encoded or processed in another way, only the best is in the collection.

    Attributes
    ----------
    sounds : list of CollectedSound
    paths : list of (Path, int)
        Paths by which sounds are known, those of merged copies among them, and their indices in `sounds`.

    Raises
    ------
    CatalogueError
        When there is no library.
    """

    def __init__(self, library: Library, *, merges_copies: bool = False) -> None:
        self._library = library
        with library.read() as reader:
            present = [
                CollectedSound(row.id, row.hash, row.path, row.directory, row.duration_s)
                for row in reader.present_contents()
            ]
            best_of = _best_of(reader, {sound.id for sound in present}) if merges_copies else {}
        self.sounds = [sound for sound in present if best_of.get(sound.id, sound.id) == sound.id]
        self._index_of = {sound.id: index for index, sound in enumerate(self.sounds)}
        self._index_of_any = {sound.id: self._index_of[best_of.get(sound.id, sound.id)] for sound in present}
        self.paths = [(sound.path, self._index_of_any[sound.id]) for sound in present]
        self._vectors: dict[str, Vectors] = {}

    def vectors(self, encoder: Encoder) -> Vectors:
        """Return the vector of each sound, in the order of `sounds`; rows of NaN for sounds without one.

        When the acoustic encoder has none, they are taken from the vectors of the built-in encoder, which contain them.

        Raises
        ------
        QueryError
            When no sound has one.
        """
        if encoder.id not in self._vectors:
            with self._library.read() as reader:
                ids, means = reader.mean_vectors(encoder.id, encoder.n_dims)
            table = np.full((len(self.sounds), encoder.n_dims), np.nan, np.float32)
            for content_id, mean in zip(ids.tolist(), means, strict=True):
                if content_id in self._index_of:
                    table[self._index_of[content_id]] = mean
            if np.isnan(table).all() and encoder.name == ACOUSTIC_ENCODER:
                table = self._descriptors(table)
            if np.isnan(table).all():
                raise QueryError(
                    f"The library has no embeddings of {encoder.name} yet. Run "
                    f"`bowerbird index --encoder {encoder.name}` first."
                )
            self._vectors[encoder.id] = table
        return self._vectors[encoder.id]

    def _descriptors(self, nothing: Vectors) -> Vectors:
        """Return the acoustic part of the built-in encoder's vectors; `nothing` when there are none."""
        built_in = encoder_named(DEFAULT_ENCODER)
        try:
            vectors = self.vectors(built_in)
        except QueryError:
            return nothing
        part = vectors[:, built_in.blocks["meaning"].stop :]
        return unit_rows(part)

    def index_of_path(self, path: Path) -> int | None:
        """Return the index of a sound in `sounds`; None when the library does not have it."""
        with self._library.read() as reader:
            row = reader.sound_at(path)
        return self._index_of_any.get(row.content_id) if row is not None and row.content_id is not None else None


def _best_of(reader: Reader, content_ids: set[int]) -> dict[int, int]:
    """Return the best copy among some contents, by the id of each."""
    best: dict[int, int] = {}
    found: dict[int, int] = {}
    for content_id, group in zip(*(ids.tolist() for ids in reader.content_groups()), strict=True):
        if content_id in content_ids:
            found[content_id] = best.setdefault(group, content_id)
    return found


class Ranker:
    """Ranks the sounds of a collection by a system.

    Parameters
    ----------
    system : System
    collection : Collection
    seed : int
        Of random systems.

    Raises
    ------
    QueryError
        When the library has no embeddings of its encoder, or its file cannot be read.
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
            self._names = SoundNames([path for path, _ in collection.paths])
            self._indices = [index for _, index in collection.paths]
        if system.kind == "encoder":
            self._encoder = encoder_named(system.encoder)
            self._weights = _aspect_weights(system, self._encoder)
            self._table = self._prepare(collection.vectors(self._encoder))

    @property
    def card(self) -> Mapping[str, object]:
        """The description of the system, in plain types."""
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
        """Return whether a sound can be a query."""
        if self.system.kind == "encoder":
            return bool(np.isfinite(self._table[index]).all())
        if self.system.kind == "ranking":
            return any(self._index_of(name) == index for name in self._rankings)
        return True

    def rank_sound(self, index: int) -> tuple[Indices, Scores]:
        """Rank all other sounds by a sound.

        Returns
        -------
        indices : ndarray, shape (n,), int64
            Of the collection's sounds, best first, without sounds that have no vector.
        scores : ndarray, shape (n,), float64
        """
        if self.system.kind == "ranking":
            indices, scores = self._imported(
                next((found for name, found in self._rankings.items() if self._index_of(name) == index), [])
            )
        elif self.system.kind == "random":
            indices, scores = self._at_random(self._collection.sounds[index].item_id)
        else:
            indices, scores = self._nearest(self._table[index])
        is_other = indices != index
        return indices[is_other], scores[is_other]

    def rank_words(self, words: str) -> tuple[Indices, Scores]:
        """Rank all sounds by words; see `rank_sound`.

        Raises
        ------
        QueryError
            When the encoder cannot search by words, or knows none of these.
        """
        if self.system.kind == "ranking":
            return self._imported(self._rankings.get(words, []))
        if self.system.kind == "random":
            return self._at_random(words)
        text = self._encoder.text
        if text is None:
            raise QueryError(
                f"{self._encoder.name} cannot search by words, so system “{self.system.name}” has no results."
            )
        if not text.has_words(words):
            raise QueryError(f"{self._encoder.name} knows none of the words “{words}”. Use other words.")
        return self._nearest(self._projected(text.encode([words]) * self._weights)[0])

    def _nearest(self, query: Vectors) -> tuple[Indices, Scores]:
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

    def _at_random(self, query: str) -> tuple[Indices, Scores]:
        rng = np.random.default_rng([self._seed, *query.encode()])
        order = rng.permutation(len(self._collection.sounds)).astype(np.int64)
        return order, np.linspace(1.0, 0.0, len(order))

    def _imported(self, results: list[tuple[str, float]]) -> tuple[Indices, Scores]:
        named = [(self._index_of(item), score) for item, score in results]
        self.n_unknown += sum(index is None for index, _ in named)
        first_of: dict[int, float] = {}
        for index, score in named:
            if index is not None:
                first_of.setdefault(index, score)  # a further copy of a sound is left out
        known = list(first_of.items())
        return np.array([index for index, _ in known], np.int64), np.array([score for _, score in known], np.float64)

    def _index_of(self, name: str) -> int | None:
        found = self._names.index_of(name)
        return self._indices[found] if found is not None else None

    def _prepare(self, vectors: Vectors) -> Vectors:
        """Apply the weights, then keep some principal components, computed over this library."""
        weighted = vectors * self._weights
        n_kept = self.system.n_components
        self._mean = np.zeros(vectors.shape[1], np.float32)
        self._axes: Vectors | None = None
        known = weighted[np.isfinite(weighted).all(axis=1)]
        if n_kept:
            if n_kept > min(known.shape):
                raise QueryError(
                    f"System “{self.system.name}” keeps {n_kept} components; at most {min(known.shape)} are possible "
                    f"with {len(known):,} sounds in {known.shape[1]} dimensions. Keep fewer."
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
            raise QueryError(f"System “{system.name}”: {encoder.name} has no aspect “{name}”. Its aspects: {names}.")
        if not weight >= 0.0:
            raise QueryError(f"System “{system.name}”: the weight of {name} is {weight:g}. Use 0 or more.")
        weights[encoder.blocks[name]] = np.sqrt(weight)
    return weights
