"""Paired comparisons of systems over queries.

A difference counts as significant when two tests agree, with Holm's adjustment over all comparisons: the permutation
test, which makes no assumption about the distribution over queries but ignores raters, and the t test over queries and
raters, which accounts for the taste of a few raters. The larger of both p values is adjusted.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from bowerbird.listening.analysis import intervals
from bowerbird.listening.analysis.findings import Estimate, Friedman, PairedComparison
from bowerbird.ranking.graded import Floats
from bowerbird.ranking.significance import holm

SIGNIFICANT: Final = 0.05
_TINY: Final = 1e-9
POWER: Final = 0.8
PERMUTATIONS: Final = 5
"""Per resample of the bootstrap: p values near 0.05 need many, and they are fast."""

_MOST_ERRORS: Final = 1e4
"""Largest difference to search for, in standard errors."""


def compared(
    pair: tuple[str, str],
    by_query: tuple[Floats, Floats],
    cells: tuple[Floats, Floats],
    *,
    is_planned: bool,
    n_comparisons: int,
    seed: int,
    n_resamples: int,
) -> PairedComparison:
    """Compare two systems over the queries with figures of both; `adjusted` completes the result.

    Parameters
    ----------
    pair : tuple of str
    by_query : tuple of ndarray, shape (n_queries,), float64
        The figure of each.
    cells : tuple of ndarray, shape (n_queries, n_raters), float64
        Contributions of raters; see `figures.cells_of`.
    is_planned : bool
    n_comparisons : int
        Number of comparisons in the study.
    seed, n_resamples : int
        Of the permutation test.
    """
    has_both = ~np.isnan(by_query[0]) & ~np.isnan(by_query[1])
    first, second = by_query[0][has_both], by_query[1][has_both]
    differences = first - second
    of_raters = cells[0][has_both] - cells[1][has_both]
    n_queries = len(differences)
    difference = intervals.estimate(differences, of_raters)
    return PairedComparison(
        first=pair[0],
        second=pair[1],
        is_planned=is_planned,
        n_queries=n_queries,
        first_value=float(first.mean()) if n_queries else None,
        second_value=float(second.mean()) if n_queries else None,
        difference=difference,
        effect_size=effect_size(differences),
        n_won=int((differences > _TINY).sum()),
        n_lost=int((differences < -_TINY).sum()),
        n_tied=int((np.abs(differences) <= _TINY).sum()),
        permutation_p=permutation_p(differences, seed=seed, n_resamples=n_resamples),
        wilcoxon_p=wilcoxon_p(differences),
        holm_p=None,
        is_shown=False,
        smallest_difference=smallest_difference(
            n_queries, intervals.spread_of(differences, of_raters, subtracted=0.0), n_comparisons=n_comparisons
        ),
        note=too_few(n_queries, n_comparisons=n_comparisons),
        crossed_p=intervals.crossed_p(differences, of_raters),
    )


def adjusted(comparisons: Sequence[PairedComparison]) -> tuple[PairedComparison, ...]:
    """Return comparisons with Holm's p and their verdict."""
    return tuple(
        replace(comparison, holm_p=p, is_shown=is_shown(p, comparison.difference, at=0.0))
        for comparison, p in zip(
            comparisons,
            holm([larger(comparison.permutation_p, comparison.crossed_p) for comparison in comparisons]),
            strict=True,
        )
    )


def is_shown(p: float | None, estimate: Estimate, *, at: float) -> bool:
    """Return whether the adjusted test and the interval both exclude `at`."""
    if p is None or p > SIGNIFICANT or estimate.interval is None:
        return False
    return not estimate.interval.low <= at <= estimate.interval.high


def larger(first: float | None, second: float | None) -> float | None:
    """Return the larger p, None when either test is undefined."""
    return None if first is None or second is None else max(first, second)


def too_few(n_queries: int, *, n_comparisons: int) -> str:
    """Return a sentence when there are too few queries for a test, else ""."""
    if n_queries == 0:
        return "No query has responses for both."
    least = min_queries(n_comparisons)
    if n_queries < least:
        return f"{_queries(n_queries)} are too few for a test: at least {least} are needed."
    return ""


def effect_size(differences: Floats) -> float | None:
    """Return Cohen's d_z (Cohen 1988): the mean difference over its standard deviation."""
    if len(differences) < 2:
        return None
    spread = float(differences.std(ddof=1))
    return float(differences.mean()) / spread if spread > _TINY else None


def permutation_p(differences: Floats, *, seed: int, n_resamples: int) -> float | None:
    """Return the p of the paired permutation test: how often random signs give a mean as far from 0 (Fisher 1935)."""
    from scipy.stats import permutation_test  # noqa: PLC0415 - takes seconds to load

    if len(differences) < 2:
        return None
    if np.abs(differences).max() <= _TINY:
        return 1.0
    found = permutation_test(
        (differences,),
        lambda sample, axis: sample.mean(axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=PERMUTATIONS * n_resamples,
        rng=np.random.default_rng(seed),
    )
    return float(found.pvalue)


def wilcoxon_p(differences: Floats) -> float | None:
    """Return the p of Wilcoxon's signed-rank test; equal values are left out."""
    from scipy.stats import wilcoxon  # noqa: PLC0415

    unequal = differences[np.abs(differences) > _TINY]
    if len(differences) < 2:
        return None
    # Rounding makes values equal that differ only in the last bit.
    return float(wilcoxon(np.round(unequal, 12)).pvalue) if len(unequal) else 1.0


def friedman(values: Floats) -> Friedman | None:
    """Return Friedman's test over queries with figures of all systems; None for fewer than three systems.

    Parameters
    ----------
    values : ndarray, shape (n_queries, n_systems), float64
    """
    from scipy.stats import friedmanchisquare  # noqa: PLC0415

    n_systems = values.shape[1]
    if n_systems < 3:
        return None
    complete = np.round(values[~np.isnan(values).any(axis=1)], 12)
    n_queries = len(complete)
    if n_queries < 2:
        note = f"{_queries(n_queries)} with figures of all systems are too few for a test."
        return Friedman(n_systems, n_queries, None, None, note)
    if (complete == complete[:, :1]).all():
        return Friedman(n_systems, n_queries, None, None, "All systems have the same figures.")
    found = friedmanchisquare(*complete.T)
    return Friedman(n_systems, n_queries, float(found.statistic), float(found.pvalue))


def sign_p(n_won: int, n_lost: int) -> float | None:
    """Return the p of the sign test; ties are left out."""
    from scipy.stats import binomtest  # noqa: PLC0415

    return float(binomtest(n_won, n_won + n_lost).pvalue) if n_won + n_lost else None


def smallest_difference(n: int, spread: intervals.Spread | None, *, n_comparisons: int) -> float | None:
    """Return the difference that the t test over queries and raters detects with 80 % power; None if there is none.

    The level is 0.05 over the number of comparisons, Holm's first and hardest step. Power is that of the noncentral t
    distribution (Cohen 1988).
    """
    from scipy.optimize import brentq  # noqa: PLC0415 - takes seconds to load
    from scipy.stats import nct  # noqa: PLC0415
    from scipy.stats import t as student  # noqa: PLC0415

    if n < min_queries(n_comparisons) or spread is None or spread.variance <= _TINY**2:
        return None
    n_degrees = spread.n_degrees
    critical = float(student.isf(SIGNIFICANT / max(1, n_comparisons) / 2.0, n_degrees))

    def lack(shift: float) -> float:
        return POWER - float(nct.sf(critical, n_degrees, shift))

    most = 2.0 * critical + 4.0
    while lack(most) > 0.0:
        if most > _MOST_ERRORS:
            return None  # with so few raters no difference is detectable
        most *= 2.0
    return float(brentq(lack, 0.0, most)) * float(np.sqrt(spread.variance))


def min_queries(n_comparisons: int) -> int:
    """Return the number of queries the permutation test needs to reach significance after Holm's adjustment.

    The smallest p of n random signs is 2 / 2^n.
    """
    return math.ceil(math.log2(2.0 * max(1, n_comparisons) / SIGNIFICANT))


def _queries(n: int) -> str:
    return "1 query" if n == 1 else f"{n} queries"
