"""Retrieval figures by labels: every sound is a query against all others. Nothing here reads audio.

The definitions are those of Araz, Bogdanov, Alonso-Jimenez and Font, "Evaluation of Deep Audio
Representations for Semantic Sound Similarity" (CBMI 2024), with one addition: sounds of the query's own
group (takes of one origin) are left out of its ranking, so that near-copies earn nothing.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from bowerbird.base.errors import QueryError
from bowerbird.domain.sounds import Vectors
from bowerbird.ranking.hits import FIGURES, TEN_PAGES, Flags, Floats, Ints, hit_figures
from bowerbird.ranking.vectors import unit_rows

Search: TypeAlias = Literal["cosine", "inner_product", "nearest"]
"""The search functions of the paper: maximum cosine (MCSS), maximum inner product (MIPS), nearest neighbour (NNS)."""

Scores: TypeAlias = npt.NDArray[np.float32]

Scorer: TypeAlias = Callable[[int, int], Scores]
"""Returns the scores of all sounds, shape (stop - start, n_sounds), for the queries from start to stop.

Higher is better; -inf for sounds that are not in the ranking. The array may be changed.
"""

_CHUNK_BYTES = 64_000_000
"""Scores held at a time."""


@dataclass(frozen=True, slots=True)
class Averages:
    """Means over classes (macro) or over queries (micro).

    Attributes
    ----------
    map_15, map_150 : float
        Mean average precision of the first 15 and 150 results, in [0, 1].
    mr1 : float
        Mean 0-based rank of the first relevant result; 0 is best. NaN for rankings that end before it.
    p_15, mrr, ndcg_15 : float
        Mean precision of the first 15 results, reciprocal rank, and nDCG of the first 15 results, in [0, 1].
    """

    map_15: float
    map_150: float
    mr1: float
    p_15: float
    mrr: float
    ndcg_15: float


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


@dataclass(frozen=True, slots=True, eq=False)
class Relevance:
    """Which sounds share classes and groups.

    Attributes
    ----------
    classes : tuple of str
        The names, sorted.
    carries : ndarray, shape (n_classes, n_sounds), bool
    group_codes : ndarray, shape (n_sounds,), int64
        From 0.
    """

    classes: tuple[str, ...]
    carries: Flags
    group_codes: Ints

    @property
    def n_sounds(self) -> int:
        """Size of the collection."""
        return len(self.group_codes)

    @property
    def n_groups(self) -> int:
        """Number of groups."""
        return int(self.group_codes.max(initial=-1)) + 1


@dataclass(frozen=True, slots=True, eq=False)
class QueryFigures:
    """The figures of every query, with columns as in `bowerbird.ranking.hits.FIGURES`.

    Attributes
    ----------
    relevance : Relevance
    queries, classes : ndarray, shape (n,), int64
        A row for each class of each query in which something relevant can be reached.
    values : ndarray, shape (n, n_figures), float64
    any_queries : ndarray, shape (n_queries,), int64
    any_values : ndarray, shape (n_queries, n_figures), float64
        Any shared class is relevant.
    """

    relevance: Relevance
    queries: Ints
    classes: Ints
    values: Floats
    any_queries: Ints
    any_values: Floats


def evaluate(
    vectors: Vectors,
    labels: Sequence[str | Collection[str]],
    groups: Sequence[str],
    *,
    families: Mapping[str, Collection[str]] | None = None,
    search: Search = "cosine",
) -> RetrievalFigures:
    """Score vectors by the labels of what they retrieve.

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
    search : Search

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
    if not len(vectors) == len(labels) == len(groups):
        raise ValueError(f"{len(vectors)} vectors, {len(labels)} labels and {len(groups)} groups")
    scored = score_queries(vector_scorer(vectors, search=search), relevance_of(labels, groups))
    return averaged(scored, families=families or {})


def relevance_of(labels: Sequence[str | Collection[str]], groups: Sequence[str]) -> Relevance:
    """Return which sounds share classes and groups; both sequences have a value for each sound."""
    carried = [(label,) if isinstance(label, str) else tuple(set(label)) for label in labels]
    names = tuple(sorted({label for own in carried for label in own}))
    row_of = {label: row for row, label in enumerate(names)}
    carries = np.zeros((len(names), len(carried)), dtype=np.bool_)
    for sound, own in enumerate(carried):
        carries[[row_of[label] for label in own], sound] = True
    group_codes = np.unique(np.asarray(groups, dtype=np.str_), return_inverse=True)[1]
    return Relevance(names, carries, group_codes.astype(np.int64))


def vector_scorer(vectors: Vectors, *, search: Search = "cosine") -> Scorer:
    """Return a scorer of vectors, shape (n_sounds, n_dims), of any length."""
    table = np.ascontiguousarray(vectors, dtype=np.float32)
    if search == "cosine":
        table = unit_rows(table)
    # The query's own length adds the same to all its distances: |x - y|² = |x|² - 2 x·y + |y|².
    halves = np.float32(0.5) * np.einsum("ij,ij->i", table, table) if search == "nearest" else None

    def scores(start: int, stop: int) -> Scores:
        products: Scores = table[start:stop] @ table.T
        if halves is not None:
            products -= halves
        return products

    return scores


def score_queries(scorer: Scorer, relevance: Relevance, *, queries: Flags | None = None) -> QueryFigures:
    """Score the rankings of queries.

    Parameters
    ----------
    scorer : Scorer
    relevance : Relevance
    queries : ndarray, shape (n_sounds,), bool, optional
        Which sounds are queries; by default all.

    Raises
    ------
    QueryError
        When nothing can be scored.
    """
    pairs: list[tuple[Ints, Ints, Floats]] = []
    for start, scores, ranked in _rankings(scorer, relevance):
        asked = np.arange(start, start + len(scores))
        asked = asked if queries is None else asked[queries[asked]]
        classes, rows = np.nonzero(relevance.carries[:, asked])
        pairs.append(_scored(scores, ranked, asked[rows] - start, start=start, relevance=relevance, classes=classes))
        anything = _scored(scores, ranked, asked - start, start=start, relevance=relevance, classes=None)
        pairs.append(anything)
    by_class, anyhow = pairs[0::2], pairs[1::2]
    if not sum(len(found) for found, _, _ in anyhow):
        raise QueryError(
            "No class has sounds of two different groups, so there is nothing to find. "
            "Label more sounds, or check the group column."
        )
    found = np.concatenate([queries for queries, _, _ in by_class])
    classes = np.concatenate([own for _, own, _ in by_class])
    order = np.lexsort((classes, found))
    return QueryFigures(
        relevance,
        found[order],
        classes[order],
        np.concatenate([values for _, _, values in by_class])[order],
        np.concatenate([queries for queries, _, _ in anyhow]),
        np.concatenate([values for _, _, values in anyhow]),
    )


def averaged(scored: QueryFigures, *, families: Mapping[str, Collection[str]]) -> RetrievalFigures:
    """Average the figures of queries over classes, families, and all."""
    names = scored.relevance.classes
    n_of = np.bincount(scored.classes, minlength=len(names))
    sums = np.zeros((len(names), len(FIGURES)))
    np.add.at(sums, scored.classes, scored.values)
    classes = tuple(
        ClassFigures(
            names[row],
            int(n_of[row]),
            len(np.unique(scored.relevance.group_codes[scored.relevance.carries[row]])),
            _averages(sums[row] / n_of[row]),
        )
        for row in np.flatnonzero(n_of).tolist()
    )
    return RetrievalFigures(
        n_sounds=scored.relevance.n_sounds,
        n_queries=len(scored.any_queries),
        macro=_mean_of([figures.averages for figures in classes]),
        micro=_averages(scored.any_values.mean(axis=0)),
        classes=classes,
        families=_family_figures(classes, families),
        unscored=tuple(names[row] for row in np.flatnonzero(n_of == 0).tolist()),
    )


def first_results(scorer: Scorer, relevance: Relevance, *, n: int) -> Iterator[tuple[int, Ints, Scores]]:
    """Yield each query with its `n` best results and their scores, without its own group."""
    for start, scores, _ in _rankings(scorer, relevance, depth=0):
        for row, own in enumerate(scores):
            found = _best(own, n)
            yield start + row, found, own[found]


def _rankings(scorer: Scorer, relevance: Relevance, *, depth: int = TEN_PAGES) -> Iterator[tuple[int, Scores, Ints]]:
    """Yield chunks of queries: the first query, all scores (-inf for its own group), the best results (-1: none)."""
    n_sounds, codes = relevance.n_sounds, relevance.group_codes
    n_at_once = max(1, _CHUNK_BYTES // (4 * max(1, n_sounds)))
    members = _group_members(codes)
    for start in range(0, n_sounds, n_at_once):
        stop = min(n_sounds, start + n_at_once)
        scores = scorer(start, stop)
        ranked = np.full((stop - start, min(depth, n_sounds)), -1, np.int64)
        for row, own in enumerate(scores):
            own[members[codes[start + row]]] = -np.inf
            if depth:
                best = _best(own, depth)
                ranked[row, : len(best)] = best
        yield start, scores, ranked


def _group_members(codes: Ints) -> list[Ints]:
    """Return the sounds of each group."""
    order = np.argsort(codes, kind="stable")
    return np.split(order, np.cumsum(np.bincount(codes))[:-1]) if len(codes) else []


def _best(scores: Scores, n: int) -> Ints:
    """Return the positions of the `n` highest finite scores, best first, equal scores in collection order."""
    if n < len(scores):
        threshold = np.partition(scores, len(scores) - n)[len(scores) - n]
        candidates = np.flatnonzero(scores >= threshold)
    else:
        candidates = np.arange(len(scores))
    candidates = candidates[scores[candidates] > -np.inf]
    return candidates[np.argsort(-scores[candidates], kind="stable")][:n]


def _scored(
    scores: Scores, ranked: Ints, rows: Ints, *, start: int, relevance: Relevance, classes: Ints | None
) -> tuple[Ints, Ints, Floats]:
    """Return queries, classes and figures of rankings in which something relevant can be reached.

    Parameters
    ----------
    scores, ranked : ndarray
        From `_rankings`.
    rows : ndarray, shape (n,), int64
        Rows of scores.
    start : int
        The query of row 0.
    relevance : Relevance
    classes : ndarray, shape (n,), int64, or None
        The class that is relevant in each ranking; None where any class of the query is.
    """
    if classes is None:
        classes = np.zeros(len(rows), np.int64)
        table = (
            np.stack([relevance.carries[relevance.carries[:, start + row]].any(axis=0) for row in rows])
            if len(rows)
            else np.zeros((0, relevance.n_sounds), np.bool_)
        )
        of = np.arange(len(rows))
    else:
        table, of = relevance.carries, classes
    n_relevant = _reachable_counts(table, of, rows + start, relevance.group_codes)
    kept = np.flatnonzero(n_relevant)
    rows, classes, of, n_relevant = rows[kept], classes[kept], of[kept], n_relevant[kept]
    results = ranked[rows]
    hits = table[of[:, None], np.maximum(results, 0)] & (results >= 0)
    first = np.where(hits.any(axis=1), hits.argmax(axis=1), -1).astype(np.float64) if hits.size else np.zeros(len(rows))
    for index in np.flatnonzero(first < 0).tolist():
        first[index] = _rank_of_first(scores[rows[index]], table[of[index]])
    return rows + start, classes, hit_figures(hits, n_relevant=n_relevant, first=first)


def _reachable_counts(table: Flags, of: Ints, queries: Ints, group_codes: Ints) -> Ints:
    """Return the number of relevant sounds outside the query's group, for each query and its row of the table."""
    if not len(queries):
        return np.zeros(0, np.int64)
    n_groups = int(group_codes.max()) + 1
    totals = table.sum(axis=1)
    relevance, sounds = np.nonzero(table)
    keys, counts = np.unique(relevance * n_groups + group_codes[sounds], return_counts=True)
    own = of * n_groups + group_codes[queries]
    at = np.minimum(np.searchsorted(keys, own), len(keys) - 1)
    return np.asarray(totals[of] - np.where(keys[at] == own, counts[at], 0), np.int64)


def _rank_of_first(scores: Scores, relevant: Flags) -> float:
    """Return the 0-based rank of the first relevant sound; NaN when the ranking has none."""
    candidates = np.flatnonzero(relevant & (scores > -np.inf))
    if not len(candidates):
        return float("nan")
    first = candidates[np.argmax(scores[candidates])]
    return float(np.count_nonzero(scores > scores[first]) + np.count_nonzero(scores[:first] == scores[first]))


def _averages(figures: Floats) -> Averages:
    return Averages(*(float(value) for value in figures))


def _mean_of(averages: Sequence[Averages]) -> Averages:
    return _averages(np.mean([[getattr(each, name) for name in FIGURES] for each in averages], axis=0))


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
