"""The figures of each system, by query and over all queries, with their confidence intervals.

The definitions are in `bowerbird.ranking.graded`. The coverage says how many results have no rating.
"""

from collections.abc import Mapping

import numpy as np

from bowerbird.listening.analysis import intervals
from bowerbird.listening.analysis.findings import Estimate, QueryFigures, SystemFigures
from bowerbird.listening.analysis.grades import GradeTable
from bowerbird.ranking.graded import (
    FIGURES,
    FigureName,
    Floats,
    Ints,
    mean_grades,
    means_without_each,
    ranking_figures,
)

_SHARES = frozenset({"success_1", "success_5", "precision"})


def cells_of(by_query: Floats, without_each: Floats, grades: Floats) -> Floats:
    """Return the contribution of each rater to a figure, as jackknife pseudo-values (Tukey 1958).

    Parameters
    ----------
    by_query : ndarray, shape (n_queries, n_systems)
        With all raters.
    without_each : ndarray, shape (n_raters, n_queries, n_systems)
    grades : ndarray, shape (n_queries, n_raters, n_items)

    Returns
    -------
    ndarray, shape (n_queries, n_raters, n_systems), float64
        NaN for raters without a grade for a query.
    """
    has = np.any(~np.isnan(grades), axis=2)
    n_raters = has.sum(axis=1)[:, None, None]
    left_out = np.moveaxis(without_each, 0, 1)
    values = by_query[:, None, :]
    cells = np.where(np.isnan(left_out), values, n_raters * values - (n_raters - 1) * left_out)
    return np.where(has[:, :, np.newaxis], cells, np.nan)


def figures_and_cells(table: GradeTable) -> dict[FigureName, tuple[Floats, Floats]]:
    """Return each figure by query and system, and the contributions of raters to it."""
    options = {"best": table.best, "relevant_from": table.relevant_from}
    figures = ranking_figures(mean_grades(table.grades), table.ranked, **options)
    without = ranking_figures(means_without_each(table.grades), table.ranked, **options)
    return {name: (figures[name], cells_of(figures[name], without[name], table.grades)) for name in FIGURES}


def system_figures(table: GradeTable, by_name: Mapping[FigureName, tuple[Floats, Floats]]) -> tuple[SystemFigures, ...]:
    """Return the figures of each system, with intervals over queries and raters.

    Parameters
    ----------
    table : GradeTable
    by_name : mapping of FigureName to tuple of ndarray
        From `figures_and_cells`.
    """
    bounds = {name: (0.0, table.best if name == "mean_grade" else 1.0) for name in FIGURES}
    means = mean_grades(table.grades)
    found = []
    for column, system in enumerate(table.systems):
        estimates: dict[str, Estimate] = {
            name: intervals.estimate(
                values[:, column], cells[:, :, column], is_share=name in _SHARES, bounds=bounds[name]
            )
            for name, (values, cells) in by_name.items()
        }
        crowding = table.crowding[:, column]
        crowded = intervals.estimate(crowding, crowding[:, None], is_share=True, bounds=(0.0, 1.0))
        by_query = tuple(
            QueryFigures(
                query_id=query_id,
                n_results=int((table.ranked[row, column] >= 0).sum()),
                n_judged=_n_graded(means[row], table.ranked[row, column]),
                crowding=_known(crowding[row]),
                **{name: _known(values[row, column]) for name, (values, _) in by_name.items()},
            )
            for row, query_id in enumerate(table.query_ids)
        )
        counts = _grade_counts(table, column)
        found.append(SystemFigures(system, **estimates, crowding=crowded, by_query=by_query, grade_counts=counts))
    return tuple(found)


def _n_graded(grades: Floats, ranked: Ints) -> int:
    return int((~np.isnan(grades[ranked[ranked >= 0]])).sum())


def _grade_counts(table: GradeTable, column: int) -> tuple[int, ...]:
    """Count the grades that raters gave to the results of a system, sliders rounded."""
    counts = np.zeros(int(table.best) + 1, dtype=np.int64)
    for row, ranked in enumerate(table.ranked[:, column]):
        given = table.grades[row][:, ranked[ranked >= 0]]
        given = given[~np.isnan(given)]
        counts += np.bincount(np.rint(given).astype(np.int64), minlength=len(counts))
    return tuple(int(count) for count in counts)


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
