"""What systems are worth by ear: nDCG, mean grade, success, precision, reciprocal rank, each by query and over all.

A pair judged by several raters has their mean grade. The gain of a grade is linear, grade over best grade: the gain of
a mean is then the mean of gains, so how many raters there are does not shift it, as it would with 2^grade - 1.

Results that nobody judged are left out and the ranks closed up (condensed lists: Sakai 2007). The pool holds every
result, so one is missing only where a study is unfinished or its excerpt is broken; gain 0 would punish the system
whose results have not been reached yet. Coverage says how many they are. A query for which nothing in the pool has any
gain counts 0 for every system.
"""

from collections.abc import Mapping

import numpy as np

from bowerbird.listening.analysis import intervals
from bowerbird.listening.analysis.findings import FIGURES, Estimate, FigureName, QueryFigures, SystemFigures
from bowerbird.listening.analysis.grades import Floats, GradeTable, Ints

_SHARES = frozenset({"success_1", "success_5", "precision"})


def mean_grades(grades: Floats) -> Floats:
    """Return the mean over raters, NaN where nobody judged; shape (..., n_raters, n_items) to (..., n_items)."""
    has = ~np.isnan(grades)
    n = has.sum(axis=-2)
    return np.where(n > 0, np.where(has, grades, 0.0).sum(axis=-2) / np.maximum(n, 1), np.nan)


def means_without_each(grades: Floats) -> Floats:
    """Return the mean grades without each rater in turn; shape (n_queries, n_raters, n_items) to (n_raters, ...)."""
    has = ~np.isnan(grades)
    known = np.where(has, grades, 0.0)
    n = has.sum(axis=1, keepdims=True) - has
    sums = known.sum(axis=1, keepdims=True) - known
    return np.moveaxis(np.where(n > 0, sums / np.maximum(n, 1), np.nan), 1, 0)


def ranking_figures(grades: Floats, ranked: Ints, *, best: float, relevant_from: float) -> dict[FigureName, Floats]:
    """Score rankings by the grades of what they rank.

    nDCG is Järvelin and Kekäläinen's (2002) with the discount 1 / log2(1 + rank) at every rank; the ideal list is
    made of the query's whole pool.

    Parameters
    ----------
    grades : ndarray, shape (..., n_queries, n_items), float64
        NaN for what was not judged.
    ranked : ndarray, shape (n_queries, n_systems, depth), int64
        Places in `grades`, best first; -1 for none.
    best, relevant_from : float

    Returns
    -------
    dict of FigureName to ndarray, shape (..., n_queries, n_systems), float64
        NaN where results are there and none was judged. A system that found nothing for a query that others were judged
        for has 0, but no mean grade: whoever answers the easy queries alone is not the best.
    """
    depth = ranked.shape[2]
    rows = np.arange(ranked.shape[0])[:, None, None]
    found = np.where(ranked >= 0, grades[..., rows, np.maximum(ranked, 0)], np.nan)
    is_judged = ~np.isnan(found)
    n_judged = is_judged.sum(axis=-1)
    n_counted = depth - ((ranked >= 0) & ~is_judged).sum(axis=-1)
    ranks = np.cumsum(is_judged, axis=-1)
    known = np.where(is_judged, found, 0.0)
    gained = (known / best * np.where(is_judged, discounts(ranks), 0.0)).sum(axis=-1)
    relevant = is_judged & (known >= relevant_from - 1e-9)

    reciprocal = np.where(relevant, 1.0 / np.maximum(ranks, 1), 0.0).max(axis=-1)
    figures: dict[FigureName, Floats] = {
        "ndcg": _ratio(gained, _ideal(grades / best, depth=depth, n_counted=n_counted)),
        "mean_grade": known.sum(axis=-1) / np.maximum(n_judged, 1),
        "success_1": (reciprocal >= 1.0).astype(np.float64),
        "success_5": (reciprocal >= 1.0 / 5.0 - 1e-9).astype(np.float64),
        "precision": relevant.sum(axis=-1) / np.maximum(n_counted, 1),
        "mrr": reciprocal,
    }
    has_failed = np.all(ranked < 0, axis=-1) & np.any(~np.isnan(grades), axis=-1)[..., None]
    figures = {name: np.where(n_judged > 0, values, np.nan) for name, values in figures.items()}
    return {
        name: values if name == "mean_grade" else np.where(has_failed, 0.0, values) for name, values in figures.items()
    }


def discounts(ranks: Ints) -> Floats:
    """Return what a result at each rank counts: 1 at rank 1, 0.63 at rank 2, 0.5 at rank 3."""
    return np.asarray(1.0 / np.log2(1.0 + np.maximum(ranks, 1)), dtype=np.float64)


def cells_of(by_query: Floats, without_each: Floats, grades: Floats) -> Floats:
    """Return what each rater contributes to a figure, as pseudo-values of the jackknife (Tukey 1958).

    Parameters
    ----------
    by_query : ndarray, shape (n_queries, n_systems)
        With all raters.
    without_each : ndarray, shape (n_raters, n_queries, n_systems)
    grades : ndarray, shape (n_queries, n_raters, n_items)

    Returns
    -------
    ndarray, shape (n_queries, n_raters, n_systems), float64
        NaN for raters who judged nothing of a query.
    """
    has = np.any(~np.isnan(grades), axis=2)
    n_raters = has.sum(axis=1)[:, None, None]
    left_out = np.moveaxis(without_each, 0, 1)
    values = by_query[:, None, :]
    cells = np.where(np.isnan(left_out), values, n_raters * values - (n_raters - 1) * left_out)
    return np.where(has[:, :, np.newaxis], cells, np.nan)


def figures_and_cells(table: GradeTable) -> dict[FigureName, tuple[Floats, Floats]]:
    """Return every figure by query and system, and the raters' contributions to it."""
    options = {"best": table.best, "relevant_from": table.relevant_from}
    figures = ranking_figures(mean_grades(table.grades), table.ranked, **options)
    without = ranking_figures(means_without_each(table.grades), table.ranked, **options)
    return {name: (figures[name], cells_of(figures[name], without[name], table.grades)) for name in FIGURES}


def system_figures(table: GradeTable, by_name: Mapping[FigureName, tuple[Floats, Floats]]) -> tuple[SystemFigures, ...]:
    """Return the figures of every system, with intervals over queries and raters.

    Parameters
    ----------
    table : GradeTable
    by_name : mapping of FigureName to tuple of ndarray
        From `figures_and_cells`.
    """
    bounds = {name: (0.0, table.best if name == "mean_grade" else 1.0) for name in FIGURES}
    judged = mean_grades(table.grades)
    found = []
    for column, system in enumerate(table.systems):
        estimates: dict[str, Estimate] = {
            name: intervals.estimate(
                values[:, column], cells[:, :, column], is_share=name in _SHARES, bounds=bounds[name]
            )
            for name, (values, cells) in by_name.items()
        }
        crowding = table.crowding[:, column]
        # Copies are counted, not heard: a rater has no part in it.
        crowded = intervals.estimate(crowding, crowding[:, None], is_share=True, bounds=(0.0, 1.0))
        by_query = tuple(
            QueryFigures(
                query_id=query_id,
                n_results=int((table.ranked[row, column] >= 0).sum()),
                n_judged=_n_judged(judged[row], table.ranked[row, column]),
                crowding=_known(crowding[row]),
                **{name: _known(values[row, column]) for name, (values, _) in by_name.items()},
            )
            for row, query_id in enumerate(table.query_ids)
        )
        counts = _grade_counts(table, column)
        found.append(SystemFigures(system, **estimates, crowding=crowded, by_query=by_query, grade_counts=counts))
    return tuple(found)


def _ideal(gains: Floats, *, depth: int, n_counted: Ints) -> Floats:
    """Return the discounted gain of the best list that the pool allows, `n_counted` results long."""
    best_first = -np.sort(-np.nan_to_num(gains), axis=-1)[..., :depth]
    short = depth - best_first.shape[-1]
    best_first = np.concatenate([best_first, np.zeros((*best_first.shape[:-1], short))], axis=-1)
    sums = np.cumsum(best_first * discounts(np.arange(1, depth + 1)), axis=-1)
    sums = np.concatenate([np.zeros((*sums.shape[:-1], 1)), sums], axis=-1)
    return np.take_along_axis(sums, n_counted, axis=-1)


def _ratio(part: Floats, whole: Floats) -> Floats:
    return np.where(whole > 0.0, part / np.where(whole > 0.0, whole, 1.0), 0.0)


def _n_judged(grades: Floats, ranked: Ints) -> int:
    return int((~np.isnan(grades[ranked[ranked >= 0]])).sum())


def _grade_counts(table: GradeTable, column: int) -> tuple[int, ...]:
    """Count the single grades that raters gave to a system's results, sliders rounded."""
    counts = np.zeros(int(table.best) + 1, dtype=np.int64)
    for row, ranked in enumerate(table.ranked[:, column]):
        given = table.grades[row][:, ranked[ranked >= 0]]
        given = given[~np.isnan(given)]
        counts += np.bincount(np.rint(given).astype(np.int64), minlength=len(counts))
    return tuple(int(count) for count in counts)


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
