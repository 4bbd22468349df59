"""Retrieval figures by labels: every sound is a query against all others. Nothing here reads audio.

The definitions are those of Araz, Bogdanov, Alonso-Jimenez and Font, "Evaluation of Deep Audio
Representations for Semantic Sound Similarity" (CBMI 2024), with one addition: sounds of the query's own
group (takes of one origin) are left out of its ranking, so that near-copies earn nothing.
"""

import csv
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bowerbird.base.errors import QueryError
from bowerbird.base.files import os_reason
from bowerbird.domain.sounds import Vectors
from bowerbird.ranking.average_precision import average_precision

PAGE = 15
"""Results on a first page: the N of MAP@15."""

TEN_PAGES = 150
"""Results on ten pages: the N of MAP@150."""

_CHUNK_BYTES = 64_000_000
"""Scores held at a time."""

_Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class LabelledSound:
    """One row of a labels file.

    Attributes
    ----------
    path : str
        As written in the file, relative to the file's folder.
    labels : tuple of str
        The classes of the sound, at least one.
    group : str
        Takes of one origin share it.
    family : str
        The class's family, or empty.
    origin : str
        The collection ("set") that the sound came with, or empty.
    is_query : bool
        False for sounds that are no part of the measurement (``eval=0``).
    """

    path: str
    labels: tuple[str, ...]
    group: str
    family: str = ""
    origin: str = ""
    is_query: bool = True


@dataclass(frozen=True, slots=True)
class LabelledSet:
    """Labelled sounds in the order of their file."""

    sounds: tuple[LabelledSound, ...]

    @property
    def paths(self) -> tuple[str, ...]:
        """The path of every sound."""
        return tuple(sound.path for sound in self.sounds)

    @property
    def labels(self) -> tuple[tuple[str, ...], ...]:
        """The classes of every sound."""
        return tuple(sound.labels for sound in self.sounds)

    @property
    def groups(self) -> tuple[str, ...]:
        """The group of every sound."""
        return tuple(sound.group for sound in self.sounds)

    @property
    def families(self) -> dict[str, tuple[str, ...]]:
        """Family to its classes; classes that appear in several families stay outside."""
        parents: dict[str, set[str]] = {}
        for sound in self.sounds:
            if sound.family and len(sound.labels) == 1:
                parents.setdefault(sound.labels[0], set()).add(sound.family)
        families: dict[str, list[str]] = {}
        for label in sorted(parents):
            if len(parents[label]) == 1:
                families.setdefault(next(iter(parents[label])), []).append(label)
        return {family: tuple(families[family]) for family in sorted(families)}

    def positions(
        self, *, origins: Collection[str] | None = None, classes: Collection[str] | None = None
    ) -> npt.NDArray[np.int64]:
        """Return the positions of the sounds of some collections or classes, for ``vectors[positions]``.

        Parameters
        ----------
        origins, classes : collection of str, optional
            Keep only sounds of these collections, and only sounds with one of these classes.

        Returns
        -------
        ndarray, shape (n_kept,), int64
        """
        kept = [
            i
            for i, sound in enumerate(self.sounds)
            if sound.is_query
            and (origins is None or sound.origin in origins)
            and (classes is None or not set(classes).isdisjoint(sound.labels))
        ]
        return np.array(kept, dtype=np.int64)

    def only(self, positions: npt.NDArray[np.int64]) -> "LabelledSet":
        """Return the sounds at `positions`, in that order."""
        return LabelledSet(tuple(self.sounds[i] for i in positions))


@dataclass(frozen=True, slots=True)
class Averages:
    """Means over classes (macro) or over queries (micro).

    Attributes
    ----------
    map_15, map_150 : float
        Mean average precision of the first 15 and 150 results, in [0, 1].
    mr1 : float
        Mean 0-based rank of the first relevant result; 0 is best.
    """

    map_15: float
    map_150: float
    mr1: float


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """Figures of one class: means over its `n_queries` sounds."""

    label: str
    n_queries: int
    n_groups: int
    averages: Averages


@dataclass(frozen=True, slots=True)
class FamilyFigures:
    """Means over the scored classes of one family."""

    family: str
    n_classes: int
    averages: Averages


@dataclass(frozen=True, slots=True)
class RetrievalFigures:
    """What a set of vectors retrieves.

    Attributes
    ----------
    n_sounds : int
        Size of the collection that was searched.
    n_queries : int
        Queries with at least one relevant sound outside their own group.
    macro : Averages
        Means over the scored classes.
    micro : Averages
        Means over queries, where any shared label is relevant.
    classes : tuple of ClassFigures
        The scored classes by name.
    families : tuple of FamilyFigures
        By name; empty where no families were given.
    unscored : tuple of str
        Classes whose sounds all share one group: nothing relevant can be reached.
    """

    n_sounds: int
    n_queries: int
    macro: Averages
    micro: Averages
    classes: tuple[ClassFigures, ...]
    families: tuple[FamilyFigures, ...]
    unscored: tuple[str, ...]


def evaluate(
    vectors: Vectors,
    labels: Sequence[str | Collection[str]],
    groups: Sequence[str],
    *,
    families: Mapping[str, Collection[str]] | None = None,
) -> RetrievalFigures:
    """Score vectors by the labels of what they retrieve, by cosine.

    Parameters
    ----------
    vectors : ndarray, shape (n_sounds, n_dims), float32
        Need not be of unit length.
    labels : sequence of str or of collections of str, length n_sounds
        The class or classes of each sound.
    groups : sequence of str, length n_sounds
        A sound never meets its own group. Give every sound its own to leave out the query only.
    families : mapping of str to collection of str, optional
        Family to its classes, for the family means.

    Returns
    -------
    RetrievalFigures

    Raises
    ------
    QueryError
        When nothing can be scored: fewer than two sounds, or every class has a single group.
    ValueError
        When the three do not have the same length.
    """
    n_sounds = len(vectors)
    if not n_sounds == len(labels) == len(groups):
        raise ValueError(f"{n_sounds} vectors, {len(labels)} labels and {len(groups)} groups")
    carried = [(label,) if isinstance(label, str) else tuple(sorted(set(label))) for label in labels]
    names = sorted({label for labels_of_one in carried for label in labels_of_one})
    column_of = {label: column for column, label in enumerate(names)}
    columns = [np.array([column_of[label] for label in own], dtype=np.int64) for own in carried]
    carries = np.zeros((len(names), n_sounds), dtype=np.bool_)
    for i, own in enumerate(columns):
        carries[own, i] = True
    group_codes = np.unique(np.asarray(groups, dtype=np.str_), return_inverse=True)[1]
    n_groups = [len(np.unique(group_codes[row])) for row in carries]

    by_class: list[list[tuple[float, float, float]]] = [[] for _ in names]
    by_query: list[tuple[float, float, float]] = []
    for query, scores in _rankable(vectors, group_codes):
        ranked = _best(scores, TEN_PAGES)
        for column in columns[query]:
            figures = _query_figures(scores, ranked, carries[column])
            if figures is not None:
                by_class[column].append(figures)
        any_shared = _query_figures(scores, ranked, np.logical_or.reduce(carries[columns[query]]))
        if any_shared is not None:
            by_query.append(any_shared)
    if not by_query:
        raise QueryError(
            "No class has sounds of two different groups, so there is nothing to find. "
            "Label more sounds, or check the group column."
        )

    classes = tuple(
        ClassFigures(name, len(by_class[i]), n_groups[i], _averages(by_class[i]))
        for i, name in enumerate(names)
        if by_class[i]
    )
    return RetrievalFigures(
        n_sounds=n_sounds,
        n_queries=len(by_query),
        macro=_mean_of([figures.averages for figures in classes]),
        micro=_averages(by_query),
        classes=classes,
        families=_family_figures(classes, families or {}),
        unscored=tuple(name for i, name in enumerate(names) if not by_class[i]),
    )


def read_labels(path: Path) -> LabelledSet:
    """Read a labels file: ``path,class,group,eval,…`` or FSD50K's ``fname,labels``.

    Parameters
    ----------
    path : Path
        UTF-8 CSV with a header. Of the first form only ``path`` and ``class`` are needed; ``family`` and
        ``set`` are read too. A missing group makes the sound its own; ``eval`` 0 keeps it out of the
        measurement. ``labels`` and ``class`` may hold several names, separated by commas.

    Raises
    ------
    QueryError
        When the file cannot be read or a row lacks its name or its class.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except OSError as error:
        raise QueryError(
            f"{path} cannot be read ({os_reason(error)}). Check its spelling and its permissions."
        ) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise QueryError(f"{path} is not a text table. Give a UTF-8 CSV file.") from error
    if not rows:
        raise QueryError(f"{path} has no rows. Give a CSV file with a header and one row per sound.")
    name_column = "path" if "path" in rows[0] else "fname"
    label_column = "class" if "class" in rows[0] else "labels"
    if name_column not in rows[0] or label_column not in rows[0]:
        raise QueryError(f"{path} has no columns path and class, nor fname and labels. Add a header line.")
    sounds = []
    for number, row in enumerate(rows, start=2):
        name = (row[name_column] or "").strip()
        labels = tuple(part.strip() for part in (row[label_column] or "").split(",") if part.strip())
        if not name or not labels:
            raise QueryError(f"{path}, row {number}, lacks a name or a class. Fill it in, or delete it.")
        sounds.append(
            LabelledSound(
                path=name,
                labels=labels,
                group=(row.get("group") or "").strip() or name,
                family=(row.get("family") or "").strip(),
                origin=(row.get("set") or "").strip(),
                is_query=(row.get("eval") or "1").strip() != "0",
            )
        )
    return LabelledSet(tuple(sounds))


def _rankable(vectors: Vectors, group_codes: npt.NDArray[np.int64]) -> Iterator[tuple[int, npt.NDArray[np.float32]]]:
    """Yield each query with its cosines to all sounds, -inf for those of its own group."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    units = (vectors / np.maximum(lengths, np.float32(1e-12))).astype(np.float32, copy=False)
    n_sounds = len(units)
    n_queries = max(1, _CHUNK_BYTES // (4 * n_sounds)) if n_sounds else 1
    for start in range(0, n_sounds, n_queries):
        scores = units[start : start + n_queries] @ units.T
        for row, own in enumerate(scores):
            own[group_codes == group_codes[start + row]] = -np.inf
            yield start + row, own


def _best(scores: npt.NDArray[np.float32], n: int) -> npt.NDArray[np.int64]:
    """Return the positions of the `n` highest finite scores, best first, equal scores in collection order."""
    if n < len(scores):
        threshold = np.partition(scores, len(scores) - n)[len(scores) - n]
        candidates = np.flatnonzero(scores >= threshold)
    else:
        candidates = np.arange(len(scores))
    candidates = candidates[scores[candidates] > -np.inf]
    return candidates[np.argsort(-scores[candidates], kind="stable")][:n]


def _query_figures(
    scores: npt.NDArray[np.float32], ranked: npt.NDArray[np.int64], relevant: _Flags
) -> tuple[float, float, float] | None:
    """Return AP@15, AP@150 and R1 of one query, or None when nothing relevant can be reached."""
    reachable = np.flatnonzero(relevant & (scores > -np.inf))
    if not len(reachable):
        return None
    hits = relevant[ranked]
    first = reachable[np.argmax(scores[reachable])]
    rank = np.count_nonzero(scores > scores[first]) + np.count_nonzero(scores[:first] == scores[first])
    return (
        average_precision(hits, n_relevant=len(reachable), cutoff=PAGE),
        average_precision(hits, n_relevant=len(reachable), cutoff=TEN_PAGES),
        float(rank),
    )


def _averages(figures: Sequence[tuple[float, float, float]]) -> Averages:
    map_15, map_150, mr1 = np.mean(np.array(figures), axis=0)
    return Averages(float(map_15), float(map_150), float(mr1))


def _mean_of(averages: Sequence[Averages]) -> Averages:
    return _averages([(each.map_15, each.map_150, each.mr1) for each in averages])


def _family_figures(
    classes: Sequence[ClassFigures], families: Mapping[str, Collection[str]]
) -> tuple[FamilyFigures, ...]:
    """Return the means over the scored classes of each family; a family with none is left out."""
    found = []
    for family in sorted(families):
        members = [figures.averages for figures in classes if figures.label in families[family]]
        if members:
            found.append(FamilyFigures(family, len(members), _mean_of(members)))
    return tuple(found)
