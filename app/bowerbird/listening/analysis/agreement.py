"""Inter-rater agreement: Krippendorff's alpha and weighted kappa; test–retest agreement; and the listener ceiling.

Sliders are rounded to grades. The interval of alpha is the percentile bootstrap over queries.
"""

import itertools
from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

import numpy as np

from bowerbird.listening.analysis import intervals
from bowerbird.listening.analysis.choices import ChoiceTable
from bowerbird.listening.analysis.findings import Agreement, Ceiling, Estimate, Interval, PairAgreement
from bowerbird.listening.analysis.grades import GradeTable
from bowerbird.ranking.graded import Floats, Ints, discounts, means_without_each, ranking_figures

_NO_PAIR: Final = "No two raters rated the same stimulus."

Level: TypeAlias = Literal["nominal", "ordinal", "interval", "ratio"]


def agreement_of(
    units: Floats,
    query_of: Ints,
    rater_ids: Sequence[str],
    repeats: Sequence[tuple[float, float]],
    *,
    n_grades: int,
    ceiling: Ceiling | None,
    seed: int,
    n_resamples: int,
) -> Agreement:
    """Return all figures of agreement.

    Parameters
    ----------
    units : ndarray, shape (n_units, n_raters), float64
        Grades from 0 to ``n_grades - 1``; NaN for none.
    query_of : ndarray, shape (n_units,), int64
        The query of each unit.
    rater_ids : sequence of str
    repeats : sequence of tuple of float
        First and second response.
    n_grades : int
    ceiling : Ceiling or None
    seed, n_resamples : int
        Of the bootstrap.
    """
    rounded = np.rint(units)
    pairs = tuple(
        PairAgreement(
            rater_ids[first],
            rater_ids[second],
            weighted_kappa(rounded[:, first], rounded[:, second], n_grades=n_grades),
            int((~np.isnan(rounded[:, first]) & ~np.isnan(rounded[:, second])).sum()),
        )
        for first, second in itertools.combinations(range(len(rater_ids)), 2)
    )
    known = [pair.kappa for pair in pairs if pair.kappa is not None]
    again = np.rint(np.array(repeats, dtype=np.float64).reshape(-1, 2))
    retest = weighted_kappa(again[:, 0], again[:, 1], n_grades=n_grades)
    return Agreement(
        alpha=alpha_of(counts_of(rounded, n_grades=n_grades), query_of, seed=seed, n_resamples=n_resamples),
        kappa=Estimate(
            float(np.mean(known)) if known else None,
            None,
            len(known),
            "Pairs of raters share raters; see alpha for an interval." if known else _NO_PAIR,
        ),
        pairs=pairs,
        retest=Estimate(retest, None, len(again), "" if retest is not None else "There are too few repeats."),
        retest_same=float((again[:, 0] == again[:, 1]).mean()) if len(again) else None,
        ceiling=ceiling,
    )


def grade_units(table: GradeTable) -> tuple[Floats, Ints]:
    """Return the grades of the pool as rows of raters, and the query of each row."""
    n_queries, n_raters, n_items = table.grades.shape
    units = np.moveaxis(table.grades, 1, 2).reshape(n_queries * n_items, n_raters)
    return units, np.repeat(np.arange(n_queries, dtype=np.int64), n_items)


def choice_units(tables: Sequence[ChoiceTable]) -> tuple[Floats, Ints]:
    """Return preferences as grades 0 (second), 1 (tie) and 2 (first), and the query of each row."""
    if not tables:
        return np.zeros((0, 0)), np.zeros(0, dtype=np.int64)
    units = np.concatenate([table.cells * 2.0 for table in tables])
    return units, np.tile(np.arange(len(tables[0].cells), dtype=np.int64), len(tables))


def counts_of(units: Floats, *, n_grades: int) -> Ints:
    """Count how often each grade was given to each unit; shape (n_units, n_grades)."""
    return np.stack([(units == grade).sum(axis=1) for grade in range(n_grades)], axis=1).astype(np.int64)


def alpha_of(counts: Ints, query_of: Ints, *, seed: int, n_resamples: int, level: Level = "ordinal") -> Estimate:
    """Return Krippendorff's alpha (Krippendorff 2019, chapter 12) with its bootstrap interval over queries.

    Parameters
    ----------
    counts : ndarray, shape (n_units, n_grades), int64
    query_of : ndarray, shape (n_units,), int64
    seed, n_resamples : int
    level : str
        Of measurement.
    """
    is_pairable = counts.sum(axis=1) >= 2
    counts, query_of = counts[is_pairable], query_of[is_pairable]
    if not len(counts):
        return Estimate(None, None, 0, _NO_PAIR)
    value = _alpha(counts, level)
    if value is None:
        return Estimate(
            None, None, len(counts), "All responses are the same, so agreement beyond chance is not defined."
        )
    queries = np.unique(query_of)
    if len(queries) < 2:
        return Estimate(value, None, len(counts), "A single query gives no interval.")
    rng = np.random.default_rng(seed)
    rows = [np.flatnonzero(query_of == query) for query in queries]
    drawn = (
        _alpha(counts[np.concatenate([rows[index] for index in rng.integers(len(rows), size=len(rows))])], level)
        for _ in range(n_resamples)
    )
    known = [each for each in drawn if each is not None]
    if len(known) < max(2, n_resamples // 2):
        return Estimate(value, None, len(counts), "Responses vary too little for an interval.")
    low, high = np.quantile(known, [0.025, 0.975])
    return Estimate(value, Interval(float(low), float(high), "queries"), len(counts))


def weighted_kappa(first: Floats, second: Floats, *, n_grades: int) -> float | None:
    """Return quadratically weighted kappa (Cohen 1968); None for fewer than two shared units or a single grade."""
    from statsmodels.stats.inter_rater import cohens_kappa  # noqa: PLC0415 - takes seconds to load

    has_both = ~np.isnan(first) & ~np.isnan(second)
    if has_both.sum() < 2:
        return None
    codes = (first[has_both] * n_grades + second[has_both]).astype(np.int64)
    table = np.bincount(codes, minlength=n_grades**2).reshape(n_grades, n_grades)
    if (table.sum(axis=0) > 0).sum() == (table.sum(axis=1) > 0).sum() == np.trace(table > 0) == 1:
        return None
    return float(cohens_kappa(table, wt="quadratic", return_results=False))


def ceiling_of(table: GradeTable) -> Ceiling | None:
    """Rank the pool by each rater's grades and score it by the other raters'; None for fewer than two raters.

    Ties count as ranked at random: each result has the mean gain of its ties (McSherry and Najork 2008).
    """
    n_queries, n_raters, _ = table.grades.shape
    if n_raters < 2:
        return None
    others = means_without_each(table.grades)
    scores = np.full((n_queries, n_raters), np.nan)
    for row, rater in itertools.product(range(n_queries), range(n_raters)):
        truth, own = others[rater, row], table.grades[row, rater]
        is_known = ~np.isnan(truth) & ~np.isnan(own)
        if is_known.any():
            scores[row, rater] = _expected_ndcg(own[is_known], truth[is_known] / table.best, depth=table.depth)
    has = ~np.isnan(scores)
    by_query = np.where(has.any(axis=1), np.nansum(scores, axis=1) / np.maximum(has.sum(axis=1), 1), np.nan)
    found = ranking_figures(others, table.ranked, best=table.best, relevant_from=table.relevant_from)["ndcg"]
    systems = {}
    for column, system in enumerate(table.systems):
        values = found[:, :, column]
        known = values[~np.isnan(values)]
        systems[system] = float(known.mean()) if len(known) else None
    return Ceiling(intervals.estimate(by_query, scores, bounds=(0.0, 1.0)), systems)


def _expected_ndcg(scores: Floats, gains: Floats, *, depth: int) -> float:
    order = np.argsort(-scores, kind="stable")
    _, tie = np.unique(-scores[order], return_inverse=True)
    means = np.bincount(tie, weights=gains[order]) / np.bincount(tie)
    weights = discounts(np.arange(1, len(scores) + 1))[:depth]
    ideal = float((np.sort(gains)[::-1][:depth] * weights).sum())
    return float((means[tie][:depth] * weights).sum()) / ideal if ideal > 0.0 else 0.0


def _alpha(counts: Ints, level: Level) -> float | None:
    import krippendorff  # noqa: PLC0415

    domain = np.flatnonzero(counts.sum(axis=0))
    if len(domain) < 2:
        return None
    return float(krippendorff.alpha(value_counts=counts[:, domain], value_domain=domain, level_of_measurement=level))
