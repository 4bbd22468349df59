"""Retrieval figures from graded relevance: nDCG, mean grade, success, precision and reciprocal rank.

The gain of a grade is linear, grade over best grade: the gain of a mean grade is then the mean of the gains, so the
number of raters does not shift it, as it would with 2^grade - 1.

Results without a grade are removed and the ranks closed up (condensed lists: Sakai 2007). A gain of 0 would punish the
system whose results have not been graded yet. A query whose pool has no gain at all counts 0 for every system.
"""

from typing import Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]
FigureName: TypeAlias = Literal["ndcg", "mean_grade", "success_1", "success_5", "precision", "mrr"]
FIGURES: Final[tuple[FigureName, ...]] = ("ndcg", "mean_grade", "success_1", "success_5", "precision", "mrr")


def mean_grades(grades: Floats) -> Floats:
    """Return the mean over raters, NaN without a grade; shape (..., n_raters, n_items) to (..., n_items)."""
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
    """Score rankings by the grades of their results.

    nDCG is that of Järvelin and Kekäläinen (2002) with the discount 1 / log2(1 + rank) at every rank; the ideal list
    comes from the whole pool of the query.

    Parameters
    ----------
    grades : ndarray, shape (..., n_queries, n_items), float64
        NaN for items without a grade.
    ranked : ndarray, shape (n_queries, n_systems, depth), int64
        Indices into the items, best first; -1 for no result.
    best, relevant_from : float
        The highest grade, and the lowest relevant grade.

    Returns
    -------
    dict of FigureName to ndarray, shape (..., n_queries, n_systems), float64
        NaN when there are results without any grade. A system without results for a query that has grades gets 0, but
        no mean grade: otherwise a system that skips hard queries would be the best.
    """
    depth = ranked.shape[2]
    rows = np.arange(ranked.shape[0])[:, None, None]
    found = np.where(ranked >= 0, grades[..., rows, np.maximum(ranked, 0)], np.nan)
    is_graded = ~np.isnan(found)
    n_graded = is_graded.sum(axis=-1)
    n_counted = depth - ((ranked >= 0) & ~is_graded).sum(axis=-1)
    ranks = np.cumsum(is_graded, axis=-1)
    known = np.where(is_graded, found, 0.0)
    gained = (known / best * np.where(is_graded, discounts(ranks), 0.0)).sum(axis=-1)
    relevant = is_graded & (known >= relevant_from - 1e-9)

    reciprocal = np.where(relevant, 1.0 / np.maximum(ranks, 1), 0.0).max(axis=-1)
    figures: dict[FigureName, Floats] = {
        "ndcg": _ratio(gained, _ideal(grades / best, depth=depth, n_counted=n_counted)),
        "mean_grade": known.sum(axis=-1) / np.maximum(n_graded, 1),
        "success_1": (reciprocal >= 1.0).astype(np.float64),
        "success_5": (reciprocal >= 1.0 / 5.0 - 1e-9).astype(np.float64),
        "precision": relevant.sum(axis=-1) / np.maximum(n_counted, 1),
        "mrr": reciprocal,
    }
    has_failed = np.all(ranked < 0, axis=-1) & np.any(~np.isnan(grades), axis=-1)[..., None]
    figures = {name: np.where(n_graded > 0, values, np.nan) for name, values in figures.items()}
    return {
        name: values if name == "mean_grade" else np.where(has_failed, 0.0, values) for name, values in figures.items()
    }


def discounts(ranks: Ints) -> Floats:
    """Return the weight of a result at each rank: 1 at rank 1, 0.63 at rank 2, 0.5 at rank 3."""
    return np.asarray(1.0 / np.log2(1.0 + np.maximum(ranks, 1)), dtype=np.float64)


def _ideal(gains: Floats, *, depth: int, n_counted: Ints) -> Floats:
    """Return the discounted gain of the best possible list of `n_counted` results from the pool."""
    best_first = -np.sort(-np.nan_to_num(gains), axis=-1)[..., :depth]
    short = depth - best_first.shape[-1]
    best_first = np.concatenate([best_first, np.zeros((*best_first.shape[:-1], short))], axis=-1)
    sums = np.cumsum(best_first * discounts(np.arange(1, depth + 1)), axis=-1)
    sums = np.concatenate([np.zeros((*sums.shape[:-1], 1)), sums], axis=-1)
    return np.take_along_axis(sums, n_counted, axis=-1)


def _ratio(part: Floats, whole: Floats) -> Floats:
    return np.where(whole > 0.0, part / np.where(whole > 0.0, whole, 1.0), 0.0)
