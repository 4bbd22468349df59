"""The systems that are evaluated: encoders, parts of their embeddings, and vectors or rankings computed elsewhere."""

import itertools
import os
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Final, Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from bowerbird.base.errors import CatalogueError, QueryError
from bowerbird.base.files import os_reason
from bowerbird.benchmark.labels import LabelledSet
from bowerbird.benchmark.retrieval import Search
from bowerbird.domain.sounds import Vectors
from bowerbird.encoders.protocol import Encoder
from bowerbird.encoders.registry import ACOUSTIC_ENCODER, DEFAULT_ENCODER, encoder_named
from bowerbird.library.encoders.choice import searched_encoder
from bowerbird.library.foreign_rankings import SoundNames, each_ranking
from bowerbird.library.library import Library
from bowerbird.ranking.vectors import unit_rows

Aggregate: TypeAlias = Literal["mean", "median", "max"]
"""How the windows of a sound become its vector."""

MEANING: Final = "meaning"
"""The block of an ear that is learned; the others are acoustic."""

RANKING_ENDINGS: Final = (".jsonl", ".json", ".trec", ".run", ".txt")
VECTORS_ENDING: Final = ".npz"

_FORM: Final = (
    "Use ear, acoustic, ear:meaning, ear:pitch+timbre, vectors.npz, rankings.jsonl or run.trec, optionally with "
    "window=mean, median or max; pca=N; l2=yes or no; search=cosine, inner_product or nearest; and | between values"
)

Ints: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class SystemSpec:
    """A system to evaluate.

    Attributes
    ----------
    name : str
        In tables.
    source : str
        Name of an encoder, or path of a file.
    blocks : tuple of str
        Parts of the embedding that are used; all when empty.
    aggregate : Aggregate
    n_components : int
        Principal components that are kept, fitted on the evaluated sounds; 0 for all dimensions.
    is_normalised : bool
        Scale vectors to unit length before the search.
    search : Search
    """

    name: str
    source: str
    blocks: tuple[str, ...] = ()
    aggregate: Aggregate = "mean"
    n_components: int = 0
    is_normalised: bool = True
    search: Search = "cosine"

    @property
    def kind(self) -> Literal["encoder", "vectors", "ranking"]:
        """What the source is."""
        source = self.source.lower()
        if source.endswith(VECTORS_ENDING):
            return "vectors"
        return "ranking" if source.endswith(RANKING_ENDINGS) else "encoder"


def parse_systems(text: str) -> tuple[SystemSpec, ...]:
    """Return the systems that are written in a command-line argument.

    ``ear``, ``ear:meaning``, ``ear:pitch+timbre``, ``theirs.npz``, ``theirs.jsonl``, with a name and variants:
    ``small=ear,pca=100,search=nearest``. Every combination of alternatives is a system: ``ear,pca=0|100,l2=yes|no``,
    ``ear:pitch|timbre|pitch+timbre``. The name of an existing file may have commas and equals signs.

    Raises
    ------
    QueryError
        When it is not valid.
    """
    given, source, variants = _split(text)
    systems = [SystemSpec(given or source, source)]
    system = systems[0]
    if system.kind == "encoder":
        encoder, has_blocks, blocks = source.partition(":")
        alternatives = [tuple(parts.split("+")) for parts in blocks.split("|")] if has_blocks else [()]
        if not encoder or (has_blocks and not all(all(parts) for parts in alternatives)):
            raise QueryError(f"“{text}” is not a valid system. {_FORM}.")
        systems = [
            SystemSpec(_encoder_title(given, encoder, parts, is_varied=len(alternatives) > 1), encoder, parts)
            for parts in alternatives
        ]
    elif not given:
        systems = [replace(system, name=Path(source).stem)]
    if system.kind == "ranking" and variants:
        raise QueryError(f"“{text}” is a ranking, which has no variants. Write only the name of the file.")
    options = []
    for variant in variants:
        key, _, values = variant.partition("=")
        chosen_values = values.split("|")
        options.append([(key, value, len(chosen_values) > 1) for value in chosen_values])
    found = []
    for start, chosen in itertools.product(systems, list(itertools.product(*options))):
        changed = start
        for key, value, _ in chosen:
            changed = _changed(changed, key, value, text)
        shown = [f"{key}={value}" for key, value, is_varied in chosen if is_varied or not given]
        found.append(replace(changed, name=" ".join([changed.name, *shown])))
    return tuple(found)


def _split(text: str) -> tuple[str, str, list[str]]:
    """Return the name of a system, "" for none, its encoder or file, and its variants."""
    parts = text.split(",")
    for n_parts in range(len(parts), 0, -1):
        head = ",".join(parts[:n_parts])
        given, _, source = head.partition("=")
        for name, path in (("", head), (given, source)):
            if SystemSpec(name, path).kind != "encoder" and Path(path).is_file():
                return name, path, parts[n_parts:]
    given, _, source = parts[0].rpartition("=")
    return given, source, parts[1:]


def _encoder_title(given: str, encoder: str, blocks: tuple[str, ...], *, is_varied: bool) -> str:
    parts = "+".join(blocks)
    if given:
        return f"{given} {parts}" if is_varied else given
    return f"{encoder}:{parts}" if parts else encoder


def _changed(system: SystemSpec, key: str, value: str, text: str) -> SystemSpec:
    match key:
        case "window" if value in get_args(Aggregate):
            return replace(system, aggregate=value)  # type: ignore[arg-type] # one of its values
        case "pca" if value.isdecimal():
            return replace(system, n_components=int(value))
        case "l2" if value in ("yes", "no"):
            return replace(system, is_normalised=value == "yes")
        case "search" if value in get_args(Search):
            return replace(system, search=value)  # type: ignore[arg-type] # one of its values
        case _:
            raise QueryError(f"“{key}={value}” in “{text}” is not valid. {_FORM}.")


def default_systems(library: Library) -> tuple[SystemSpec, ...]:
    """Return the encoder that searches use, and the acoustic descriptors."""
    current = searched_encoder(library).encoder.name
    names = dict.fromkeys((current, ACOUSTIC_ENCODER))
    return tuple(SystemSpec(name, name) for name in names)


@dataclass(frozen=True, slots=True)
class EncoderSystem:
    """The encoder of a system, and the parts of its embedding that are used.

    Attributes
    ----------
    encoder : Encoder
    parts : tuple of slice
        In the order of use; all dimensions when empty.
    """

    encoder: Encoder
    parts: tuple[slice, ...] = ()

    def part_of(self, vectors: Vectors) -> Vectors:
        """Return the used dimensions of vectors, shape (n, n_dims)."""
        return np.concatenate([vectors[:, part] for part in self.parts], axis=1) if self.parts else vectors


class LabelledVectors:
    """The vectors of labelled sounds, from a library and from files.

    Parameters
    ----------
    labelled : LabelledSet
    folder : Path
        The paths of the sounds are relative to it.
    library : Library or None
        Needed by encoders.
    """

    def __init__(self, labelled: LabelledSet, folder: Path, library: Library | None) -> None:
        self.labelled = labelled
        self._folder = folder
        self._library = library
        self._contents: list[int] | None = None
        self._windows: dict[str, tuple[Ints, Vectors]] = {}

    def paths(self) -> list[Path]:
        """Return the absolute path of each sound, as it is expected beside the file of labels."""
        return [
            Path(os.path.abspath(self._folder / sound.path))  # noqa: PTH100 - as paths are stored
            for sound in self.labelled.sounds
        ]

    def encoder(self, spec: SystemSpec) -> EncoderSystem:
        """Return the encoder of a system.

        Raises
        ------
        EncoderError
            When there is no such encoder.
        QueryError
            When it has no such block.
        """
        encoder = encoder_named(spec.source)
        blocks = dict(encoder.blocks)
        if MEANING in blocks:
            n_acoustic = encoder_named(ACOUSTIC_ENCODER).n_dims  # an encoder combined with the ear follows
            blocks[ACOUSTIC_ENCODER] = slice(blocks[MEANING].stop, blocks[MEANING].stop + n_acoustic)
        unknown = [name for name in spec.blocks if name not in blocks]
        if unknown:
            raise QueryError(
                f"{encoder.name} has no block “{unknown[0]}”. Its blocks: {', '.join(blocks) or 'none'}. "
                "Join several with +."
            )
        return EncoderSystem(encoder, tuple(blocks[name] for name in spec.blocks))

    def is_in_library(self) -> npt.NDArray[np.bool_]:
        """Return which sounds the library has, shape (n_sounds,)."""
        return np.array(self._content_ids()) >= 0

    def vectors(self, spec: SystemSpec) -> Vectors:
        """Return the vector of each sound before normalisation and principal components, NaN for sounds without one.

        Returns
        -------
        ndarray, shape (n_sounds, n_dims), float32

        Raises
        ------
        QueryError
            When there are no vectors, or the encoder has no such block.
        EncoderError, CatalogueError
            When there is no such encoder or no library.
        """
        rows, windows = self._file_windows(Path(spec.source)) if spec.kind == "vectors" else self._encoder_windows(spec)
        if not len(rows):
            where = spec.source if spec.kind == "vectors" else "the library"
            remedy = (
                "Its `paths` must have the names of the labelled sounds, with or without folders and extension"
                if spec.kind == "vectors"
                else f"Run `bowerbird index {self._folder} --encoder {spec.source}` first"
            )
            raise QueryError(
                f"None of the {len(self.labelled.sounds):,} labelled sounds has a vector of {spec.source} in {where}. "
                f"{remedy}."
            )
        return _aggregated(windows, rows, n_sounds=len(self.labelled.sounds), aggregate=spec.aggregate)

    def _encoder_windows(self, spec: SystemSpec) -> tuple[Ints, Vectors]:
        """Return the sounds that windows belong to, and their vectors of unit length."""
        system = self.encoder(spec)
        rows, windows = self._stored(system.encoder)
        if system.encoder.name == ACOUSTIC_ENCODER:
            # The embeddings of an ear contain the acoustic vectors.
            ear = encoder_named(DEFAULT_ENCODER)
            ear_rows, ear_windows = self._stored(ear)
            if len(np.unique(ear_rows)) > len(np.unique(rows)):
                rows, windows = ear_rows, ear_windows[:, ear.blocks[MEANING].stop :]
        return rows, unit_rows(system.part_of(windows))

    def _stored(self, encoder: Encoder) -> tuple[Ints, Vectors]:
        """Return the sound of each window, and the windows: as in searches, those that count in the mean."""
        if encoder.id not in self._windows:
            contents = self._content_ids()
            known = sorted({content for content in contents if content >= 0})
            with self._opened().read() as reader:
                ids, vectors = reader.counted_windows(known, encoder.id, encoder.n_dims)
            order = np.argsort(ids, kind="stable")
            ids = ids[order]
            rows, taken = [], []
            for sound, content in enumerate(contents):
                first, last = np.searchsorted(ids, [content, content + 1])
                rows.append(np.full(last - first, sound, np.int64))
                taken.append(order[first:last])
            self._windows[encoder.id] = (np.concatenate(rows), vectors[np.concatenate(taken)])
        return self._windows[encoder.id]

    def _content_ids(self) -> list[int]:
        """Return the library's content id of each labelled sound, -1 for none."""
        if self._contents is None:
            with self._opened().read() as reader:
                stored = reader.content_paths()
            by_path = {str(path): content for path, content in stored}
            by_stem = {str(path.with_suffix("")): content for path, content in stored}
            wanted = [str(path) for path in self.paths()]
            found = [by_path.get(path, by_stem.get(path, -1)) for path in wanted]
            if -1 in found:
                names = SoundNames([path for path, _ in stored])
                for index, content in enumerate(found):
                    if content < 0:
                        match = names.index_of(self.labelled.sounds[index].path)
                        found[index] = -1 if match is None else stored[match][1]
            self._contents = found
        return self._contents

    def _opened(self) -> Library:
        if self._library is None:
            raise CatalogueError("There is no library. Index the labelled sounds first.")
        return self._library

    def _file_windows(self, path: Path) -> tuple[Ints, Vectors]:
        names, vectors = read_vectors(path)
        finder = SoundNames([PurePath(sound.path) for sound in self.labelled.sounds])
        known: dict[str, int | None] = {}
        for name in names:
            if name not in known:
                known[name] = finder.index_of(name)
        rows = np.array([-1 if (index := known[name]) is None else index for name in names], np.int64)
        return rows[rows >= 0], vectors[rows >= 0]


def read_vectors(path: Path) -> tuple[list[str], Vectors]:
    """Read vectors computed elsewhere.

    Parameters
    ----------
    path : Path
        A NumPy archive with ``paths`` (n,) and ``vectors`` (n, n_dims). The rows of a path that occurs more than once
        are its windows.

    Raises
    ------
    QueryError
        When the file cannot be read or has another format.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            names = [str(name) for name in stored["paths"].tolist()]
            vectors = np.asarray(stored["vectors"], np.float32)
    except OSError as error:
        raise QueryError(
            f"{path} cannot be read ({os_reason(error)}). Check its spelling and its permissions."
        ) from error
    except (ValueError, KeyError, TypeError, EOFError, AttributeError, zipfile.BadZipFile) as error:
        raise QueryError(
            f"{path} is not a NumPy archive with `paths` and `vectors`. Write it with "
            "numpy.savez(file, paths=..., vectors=...), with paths as text and not as objects."
        ) from error
    if vectors.ndim != 2 or len(vectors) != len(names) or not vectors.shape[1]:
        raise QueryError(
            f"{path} has {len(names):,} paths and vectors of shape {vectors.shape}. Write one row for each path."
        )
    if not np.isfinite(vectors).all():
        raise QueryError(f"{path} has vectors with values that are not finite. Leave these sounds out.")
    return names, vectors


def read_orders(path: Path, labelled: LabelledSet) -> tuple[dict[int, npt.NDArray[np.int32]], int]:
    """Read rankings of labelled sounds that were computed elsewhere.

    Returns
    -------
    orders : dict of int to ndarray, shape (n_results,), int32
        For each query that was ranked, its results, best first.
    n_unknown : int
        Results that are not labelled sounds.

    Raises
    ------
    QueryError
        When the file cannot be read, or ranks none of the sounds.
    """
    finder = SoundNames([PurePath(sound.path) for sound in labelled.sounds])
    known: dict[str, int] = {}

    def index_of(name: str) -> int:
        if name not in known:
            index = finder.index_of(name)
            known[name] = -1 if index is None else index
        return known[name]

    found: dict[int, list[npt.NDArray[np.int32]]] = {}
    n_unknown = 0
    for query, results in each_ranking(path):
        at = index_of(query)
        if at < 0:
            continue
        ranked = np.array([(rank, index_of(item)) for rank, item, _ in results], np.int32).reshape(-1, 2)
        n_unknown += int((ranked[:, 1] < 0).sum())
        found.setdefault(at, []).append(ranked[ranked[:, 1] >= 0])
    orders = {at: _merged(found.pop(at)) for at in list(found)}
    if not orders:
        raise QueryError(
            f"{path} ranks none of the {len(labelled.sounds):,} labelled sounds. Its queries must have the names "
            "of the labelled sounds, with or without folders and extension."
        )
    return orders, n_unknown


def _merged(parts: Sequence[npt.NDArray[np.int32]]) -> npt.NDArray[np.int32]:
    """Return the results of a query by rank, each once, from rows of ranks and results."""
    rows = np.concatenate(parts)
    order = rows[np.argsort(rows[:, 0], kind="stable"), 1]
    first = np.unique(order, return_index=True)[1]
    return np.asarray(order[np.sort(first)])


def prepared(vectors: Vectors, spec: SystemSpec) -> Vectors:
    """Return vectors, shape (n_sounds, n_dims), as a system searches them: principal components, then unit length.

    Raises
    ------
    QueryError
        When there are fewer components.
    """
    if spec.n_components:
        if spec.n_components > min(vectors.shape):
            raise QueryError(
                f"System “{spec.name}” keeps {spec.n_components} components; at most {min(vectors.shape)} are possible "
                f"with {len(vectors):,} sounds in {vectors.shape[1]} dimensions. Keep fewer."
            )
        centred = vectors.astype(np.float64) - vectors.mean(axis=0, dtype=np.float64)
        axes = np.linalg.eigh(centred.T @ centred)[1][:, ::-1][:, : spec.n_components]
        vectors = (centred @ axes).astype(np.float32)
    return unit_rows(vectors) if spec.is_normalised else vectors


def _aggregated(windows: Vectors, rows: Ints, *, n_sounds: int, aggregate: Aggregate) -> Vectors:
    """Return the vector of each sound from its windows, NaN for sounds without windows."""
    order = np.argsort(rows, kind="stable")
    windows, rows = windows[order], rows[order]
    sounds, starts = np.unique(rows, return_index=True)
    table = np.full((n_sounds, windows.shape[1]), np.nan, np.float32)
    if aggregate == "median":
        parts: Sequence[Vectors] = np.split(windows, starts[1:])
        for sound, part in zip(sounds.tolist(), parts, strict=True):
            table[sound] = np.median(part, axis=0)
    elif aggregate == "max":
        table[sounds] = np.maximum.reduceat(windows, starts, axis=0)
    else:
        counts = np.diff(np.append(starts, len(rows)))[:, None]
        table[sounds] = np.add.reduceat(windows.astype(np.float64), starts, axis=0) / counts
    return table
