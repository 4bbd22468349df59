"""Systems side by side on labelled sounds: figures with intervals, and paired tests between systems."""

import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from bowerbird.base.errors import QueryError
from bowerbird.base.text import count_text
from bowerbird.benchmark.labels import LabelledSet
from bowerbird.benchmark.retrieval import (
    Averages,
    QueryFigures,
    Relevance,
    RetrievalFigures,
    Scorer,
    Scores,
    averaged,
    relevance_of,
    score_queries,
    vector_scorer,
)
from bowerbird.benchmark.systems import EncoderSystem, LabelledVectors, SystemSpec, prepared, read_orders
from bowerbird.domain.sounds import Vectors
from bowerbird.library.library import Library
from bowerbird.ranking.hits import FIGURES, Flags, Floats, Ints
from bowerbird.ranking.significance import (
    ClusteredMeans,
    bootstrap_deviations,
    clustered_means,
    holm,
    percentile_limits,
    permutation_p,
    sign_flips,
)

COMPARED: Final = ("map_15", "map_150", "mr1")
"""The figures that are tested between systems."""

SEED: Final = 1
N_CLASS_RESAMPLES: Final = 2_000
"""Resamples for the intervals of single classes."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The 95 % interval of each figure."""

    low: Averages
    high: Averages


@dataclass(frozen=True, slots=True)
class SystemFigures:
    """What a system retrieves.

    Attributes
    ----------
    name : str
    source : str
        Its encoder or file.
    encoder_id : str
        "" for files.
    parts : tuple of str
        Blocks of the embedding that are used; all when empty.
    n_dims : int
        Of the vectors that were searched; 0 for rankings.
    figures : RetrievalFigures
    macro, micro : Limits
    classes : dict of str to Limits
        By class.
    notes : tuple of str
        Sentences about what was left out.
    """

    name: str
    source: str
    encoder_id: str
    parts: tuple[str, ...]
    n_dims: int
    figures: RetrievalFigures
    macro: Limits
    micro: Limits
    classes: Mapping[str, Limits]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """A macro figure of one system minus that of another.

    Attributes
    ----------
    figure : str
        One of `COMPARED`.
    value : float
        NaN when either figure is.
    low, high : float
        The 95 % interval.
    p : float or None
        Of the paired permutation test.
    holm_p : float or None
        Adjusted for the number of pairs.
    """

    figure: str
    value: float
    low: float
    high: float
    p: float | None
    holm_p: float | None = None


@dataclass(frozen=True, slots=True)
class PairFigures:
    """Two systems compared on the same queries."""

    first: str
    second: str
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """Systems side by side.

    Attributes
    ----------
    n_labelled : int
        Sounds that were to be measured.
    absent : tuple of str
        Labelled sounds that were left out because a system has no vector of them.
    n_unranked : int
        Queries that were left out because a ranking has no results for them.
    systems : tuple of SystemFigures
    pairs : tuple of PairFigures
    """

    n_labelled: int
    absent: tuple[str, ...]
    n_unranked: int
    systems: tuple[SystemFigures, ...]
    pairs: tuple[PairFigures, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """Labelled sounds that every system has, and how each system scores them.

    Attributes
    ----------
    labelled : LabelledSet
        The sounds that are measured.
    positions : ndarray, shape (n_sounds,), int64
        Where they are in the set that was given.
    absent : tuple of str
    specs : tuple of SystemSpec
    vectors : dict of str to ndarray, shape (n_sounds, n_dims), float32
        By name of the system, as they are searched; not for rankings.
    scorers : tuple of Scorer
    queries : ndarray, shape (n_sounds,), bool
        Sounds that every system ranks others for.
    encoders : dict of str to EncoderSystem
        By name of the system.
    notes : dict of str to tuple of str
        By name of the system: sentences about what was left out.
    """

    labelled: LabelledSet
    positions: Ints
    absent: tuple[str, ...]
    specs: tuple[SystemSpec, ...]
    vectors: Mapping[str, Vectors]
    scorers: tuple[Scorer, ...]
    queries: Flags
    encoders: Mapping[str, EncoderSystem]
    notes: Mapping[str, tuple[str, ...]]

    @property
    def relevance(self) -> Relevance:
        """Which sounds share classes and groups."""
        return relevance_of(self.labelled.labels, self.labelled.groups)


def prepare(specs: Sequence[SystemSpec], labelled: LabelledSet, *, folder: Path, library: Library | None) -> Prepared:
    """Find the vectors and rankings of systems, and the labelled sounds that all of them have.

    Parameters
    ----------
    specs : sequence of SystemSpec
    labelled : LabelledSet
    folder : Path
        The paths of the sounds are relative to it.
    library : Library or None
        Needed by encoders.

    Raises
    ------
    QueryError
        When systems have the same name, or no sound in common.
    EncoderError, CatalogueError
        When there is no such encoder or no library.
    """
    names = [spec.name for spec in specs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise QueryError(f"Two systems are called “{twice[0]}”. Name them: NAME={twice[0]}.")
    source = LabelledVectors(labelled, folder, library)
    has = np.ones(len(labelled.sounds), np.bool_)
    tables: dict[str, Vectors] = {}
    encoders: dict[str, EncoderSystem] = {}
    if any(spec.kind == "encoder" for spec in specs):
        has &= source.is_in_library()
        if not has.any():
            raise QueryError(
                f"None of the {len(has):,} labelled sounds is in the library. Run `bowerbird index {folder}` first."
            )
    for spec in specs:
        if spec.kind == "ranking":
            continue
        tables[spec.name] = table = source.vectors(spec)
        own = np.isfinite(table).all(axis=1)
        if not (has & own).any():
            raise QueryError(f"No labelled sound has vectors of all systems: {', '.join(tables)}. Use fewer systems.")
        has &= own
        if spec.kind == "encoder":
            encoders[spec.name] = source.encoder(spec)
    positions = np.flatnonzero(has)
    kept = labelled.only(positions)
    queries = np.ones(len(positions), np.bool_)
    scorers: list[Scorer] = []
    vectors: dict[str, Vectors] = {}
    notes: dict[str, tuple[str, ...]] = {}
    for spec in specs:
        if spec.kind == "ranking":
            orders, n_unknown = read_orders(Path(spec.source), kept)
            is_ranked = np.zeros(len(positions), np.bool_)
            is_ranked[list(orders)] = True
            queries &= is_ranked
            scorers.append(_ranking_scorer(orders, len(positions)))
            if n_unknown:
                results = count_text(n_unknown, "result", "results")
                fate = "is not a labelled sound and was" if n_unknown == 1 else "are not labelled sounds and were"
                notes[spec.name] = (f"{results} of {spec.name} {fate} left out.",)
        else:
            vectors[spec.name] = found = prepared(tables[spec.name][positions], spec)
            scorers.append(vector_scorer(found, search=spec.search))
    if not queries.any():
        raise QueryError("No labelled sound is a query of all rankings. Use fewer rankings.")
    absent = tuple(sound.path for sound, is_kept in zip(labelled.sounds, has, strict=True) if not is_kept)
    return Prepared(kept, positions, absent, tuple(specs), vectors, tuple(scorers), queries, encoders, notes)


def evaluate_systems(ready: Prepared, *, families: Mapping[str, Collection[str]], seed: int = SEED) -> Evaluation:
    """Score every system on the same queries and compare all pairs.

    Parameters
    ----------
    ready : Prepared
    families : mapping of str to collection of str
    seed : int
        Of the bootstrap and the permutation tests.

    Raises
    ------
    QueryError
        When nothing can be scored.
    """
    relevance = ready.relevance
    all_scored = [score_queries(scorer, relevance, queries=ready.queries) for scorer in ready.scorers]
    macro = [_over_classes(scored) for scored in all_scored]
    micro = [_over_queries(scored) for scored in all_scored]
    # The systems have the same clusters, and thus the same weights in each resample.
    influences = np.stack([means.influences for means in (*macro, *micro)], axis=1)
    deviations = bootstrap_deviations(influences.reshape(len(influences), -1), seed=seed)
    deviations = deviations.reshape(len(deviations), *influences.shape[1:])
    systems = []
    for number, (spec, scored) in enumerate(zip(ready.specs, all_scored, strict=True)):
        vectors = ready.vectors.get(spec.name)
        systems.append(
            SystemFigures(
                name=spec.name,
                source=spec.source,
                encoder_id=ready.encoders[spec.name].encoder.id if spec.name in ready.encoders else "",
                parts=spec.blocks,
                n_dims=0 if vectors is None else vectors.shape[1],
                figures=averaged(scored, families=families),
                macro=_limits(macro[number].means, deviations[:, number]),
                micro=_limits(micro[number].means, deviations[:, len(macro) + number]),
                classes=_class_limits(scored, seed),
                notes=ready.notes.get(spec.name, ()),
            )
        )
    return Evaluation(
        n_labelled=len(ready.labelled.sounds) + len(ready.absent),
        absent=ready.absent,
        n_unranked=int((~ready.queries).sum()),
        systems=tuple(systems),
        pairs=_compared([system.name for system in systems], macro, deviations, seed),
    )


def _ranking_scorer(orders: Mapping[int, npt.NDArray[np.int32]], n_sounds: int) -> Scorer:
    def scores(start: int, stop: int) -> Scores:
        table = np.full((stop - start, n_sounds), -np.inf, np.float32)
        for query in range(start, stop):
            order = orders.get(query)
            if order is not None:
                table[query - start, order] = -np.arange(len(order), dtype=np.float32)
        return table

    return scores


def _over_classes(scored: QueryFigures) -> ClusteredMeans:
    """Return the macro figures, with the groups of queries as clusters."""
    relevance = scored.relevance
    return clustered_means(
        scored.values,
        classes=scored.classes,
        clusters=relevance.group_codes[scored.queries],
        n_clusters=relevance.n_groups,
    )


def _over_queries(scored: QueryFigures) -> ClusteredMeans:
    """Return the micro figures, with the groups of queries as clusters."""
    relevance = scored.relevance
    return clustered_means(
        scored.any_values,
        classes=np.zeros(len(scored.any_queries), np.int64),
        clusters=relevance.group_codes[scored.any_queries],
        n_clusters=relevance.n_groups,
    )


def _class_limits(scored: QueryFigures, seed: int) -> dict[str, Limits]:
    """Return the interval of each class over its own groups."""
    found = {}
    order = np.argsort(scored.classes, kind="stable")
    classes, starts = np.unique(scored.classes[order], return_index=True)
    for row, rows in zip(classes.tolist(), np.split(order, starts[1:]), strict=True):
        clusters = np.unique(scored.relevance.group_codes[scored.queries[rows]], return_inverse=True)[1]
        means = clustered_means(
            scored.values[rows],
            classes=np.zeros(len(rows), np.int64),
            clusters=clusters.astype(np.int64),
            n_clusters=int(clusters.max()) + 1,
        )
        found[scored.relevance.classes[row]] = _limits(
            means.means, bootstrap_deviations(means.influences, seed=seed, n_resamples=N_CLASS_RESAMPLES)
        )
    return found


def _limits(means: Floats, deviations: Floats) -> Limits:
    limits = percentile_limits(means, deviations)
    limits[:, 0] = np.maximum(limits[:, 0], 0.0)
    is_share = np.array([name != "mr1" for name in FIGURES])
    limits[is_share, 1] = np.minimum(limits[is_share, 1], 1.0)
    return Limits(*(Averages(*(float(value) for value in column)) for column in limits.T))


def _compared(
    names: Sequence[str], means: Sequence[ClusteredMeans], deviations: Floats, seed: int
) -> tuple[PairFigures, ...]:
    """Compare all pairs, with Holm's p over the pairs for each figure.

    Parameters
    ----------
    names : sequence of str
    means : sequence of ClusteredMeans
    deviations : ndarray, shape (n_resamples, at least n_systems, n_figures), float64
    seed : int
    """
    pairs = list(itertools.combinations(range(len(names)), 2))
    if not pairs:
        return ()
    columns = [FIGURES.index(figure) for figure in COMPARED]
    shares = np.stack([each.shares[:, columns] for each in means], axis=1)
    flipped = sign_flips(shares.reshape(len(shares), -1), seed=seed)
    flipped = flipped.reshape(len(flipped), *shares.shape[1:])
    found: list[list[Difference]] = [[] for _ in pairs]
    for number, (figure, column) in enumerate(zip(COMPARED, columns, strict=True)):
        for row, (first, second) in enumerate(pairs):
            value = float(means[first].means[column] - means[second].means[column])
            spread = deviations[:, first, [column]] - deviations[:, second, [column]]
            low, high = percentile_limits(np.array([value]), spread)[0].tolist()
            p = permutation_p(value, flipped[:, first, number] - flipped[:, second, number])
            found[row].append(Difference(figure, value, low, high, p))
        adjusted = holm([differences[-1].p for differences in found])
        for differences, p in zip(found, adjusted, strict=True):
            differences[-1] = replace(differences[-1], holm_p=p)
    return tuple(
        PairFigures(names[first], names[second], tuple(differences))
        for (first, second), differences in zip(pairs, found, strict=True)
    )
