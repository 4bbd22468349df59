"""95 % intervals of means over queries and raters.

A figure of a listening test is a mean over queries, each rated by the same raters, so there are two random factors. The
variance has components from queries and raters, as in a two-way random-effects analysis of variance (Cornfield and
Tukey 1956), and the interval is Student's t with Cochran's weighted quantile. Shares (win rate, success, precision)
have Wilson's interval with the effective number of comparisons, so that it stays within 0 and 1 and has a width even if
every query is a success.

The percentile bootstrap over 10 to 20 queries is too narrow, and over queries alone it ignores raters. The coverage of
the intervals in simulated studies is in `calibration`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from bowerbird.listening.analysis.findings import Estimate, Interval
from bowerbird.ranking.graded import Floats

CONFIDENCE: Final = 0.95
_TINY: Final = 1e-15
_SUBTRACTED: Final = 0.75
"""Share of the residual variance, which both components contain, to subtract. All of it would be unbiased, but with few
raters the component of raters would often vanish by chance; less makes intervals too wide."""


@dataclass(frozen=True, slots=True)
class Spread:
    """The variance components of a mean.

    Attributes
    ----------
    parts : tuple of tuple of float
        Variance and degrees of freedom of each random factor.
    over : str
        The factors: queries, raters, or queries and raters.
    """

    parts: tuple[tuple[float, float], ...]
    over: str

    @property
    def variance(self) -> float:
        """The variance of the mean."""
        return sum(variance for variance, _ in self.parts)

    @property
    def n_degrees(self) -> float:
        """The degrees of freedom, by Satterthwaite's approximation."""
        if self.variance <= _TINY:
            return self.parts[0][1]
        return self.variance**2 / sum(variance**2 / n_degrees for variance, n_degrees in self.parts)

    def quantile(self) -> float:
        """Return Cochran's (1964) mean of the components' quantiles of t, weighted by variance."""
        from scipy.stats import t as student  # noqa: PLC0415 - takes seconds to load

        return self._mean([float(student.ppf(0.5 + CONFIDENCE / 2.0, n)) for _, n in self.parts])

    def p_of(self, mean: float) -> float:
        """Return the p of a mean as far from 0, with the same weighting."""
        from scipy.stats import t as student  # noqa: PLC0415

        if self.variance <= _TINY:
            return 1.0 if abs(mean) <= _TINY else 0.0
        ratio = abs(mean) / np.sqrt(self.variance)
        return self._mean([2.0 * float(student.sf(ratio, n)) for _, n in self.parts])

    def _mean(self, values: Sequence[float]) -> float:
        if self.variance <= _TINY:
            return values[0]
        return sum(part[0] * value for part, value in zip(self.parts, values, strict=True)) / self.variance


def estimate(
    by_query: Floats, cells: Floats, *, is_share: bool = False, bounds: tuple[float, float] = (-np.inf, np.inf)
) -> Estimate:
    """Return the mean over queries with its interval.

    Parameters
    ----------
    by_query : ndarray, shape (n_queries,), float64
        The figure of each query; NaN for none.
    cells : ndarray, shape (n_queries, n_raters), float64
        Contributions of raters whose row means are about the figures: responses, or jackknife pseudo-values. NaN for no
        response.
    is_share : bool
        Use Wilson's interval.
    bounds : tuple of float
        Limits of the interval.
    """
    is_known = ~np.isnan(by_query)
    values, cells = by_query[is_known], cells[is_known]
    if not len(values):
        return Estimate(None, None, 0, "Nothing was rated.")
    mean = float(values.mean())
    spread = spread_of(values, cells)
    n_cells = int((~np.isnan(cells)).sum()) or len(values)
    return _bounded(mean, spread, n=len(values), n_cells=n_cells, is_share=is_share, bounds=bounds)


def share_of_responses(cells: Floats) -> Estimate:
    """Return the mean of all responses in [0, 1], with Wilson's interval for crossed factors.

    Parameters
    ----------
    cells : ndarray, shape (n_queries, n_raters), float64
        NaN for no response.
    """
    cells = cells[~np.isnan(cells).all(axis=1)] if cells.size else cells.reshape(0, 0)
    n_cells = int((~np.isnan(cells)).sum())
    if not n_cells:
        return Estimate(None, None, 0, "There are no responses.")
    mean = float(np.nansum(cells) / n_cells)
    weights = np.where(np.isnan(cells), 0.0, 1.0 / n_cells)
    by_query = (weights * np.nan_to_num(cells - mean)).sum(axis=1)
    spread = _spread(by_query, cells, weights)
    found = _bounded(mean, spread, n=len(cells), n_cells=n_cells, is_share=True, bounds=(0.0, 1.0))
    return Estimate(found.value, found.interval, n_cells, found.note)


def spread_of(by_query: Floats, cells: Floats, *, subtracted: float = _SUBTRACTED) -> Spread | None:
    """Return the variance of the interval of `estimate`; None if undefined."""
    is_known = ~np.isnan(by_query)
    values, cells = by_query[is_known], cells[is_known]
    if not len(values):
        return None
    n_raters_of = np.maximum((~np.isnan(cells)).sum(axis=1), 1)
    weights = np.where(np.isnan(cells), 0.0, 1.0 / (len(values) * n_raters_of[:, None]))
    return _spread((values - values.mean()) / len(values), cells, weights, subtracted=subtracted)


def crossed_p(by_query: Floats, cells: Floats) -> float | None:
    """Return the p of the t test, over queries and raters, that the mean over queries is 0; None for one query.

    Unlike the interval, whose coverage is calibrated on average, the test is conservative: the residual variance, which
    both components contain, counts twice, which bounds the variance from above (Owen 2007, "The pigeonhole bootstrap").
    """
    spread = spread_of(by_query, cells, subtracted=0.0)
    values = by_query[~np.isnan(by_query)]
    return None if spread is None or len(values) < 2 else spread.p_of(float(values.mean()))


def wilson(share: float, n: float, *, quantile: float | None = None) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share (Wilson 1927).

    Parameters
    ----------
    share : float
    n : float
        Number of comparisons, possibly a fraction.
    quantile : float, optional
        In place of the normal distribution's 1.96.
    """
    from scipy.stats import norm  # noqa: PLC0415 - takes seconds to load
    from statsmodels.stats.proportion import proportion_confint  # noqa: PLC0415

    alpha = 1.0 - CONFIDENCE if quantile is None else 2.0 * float(norm.sf(quantile))
    low, high = proportion_confint(share * n, n, alpha=alpha, method="wilson")
    return float(low), float(high)


def _spread(by_query: Floats, cells: Floats, weights: Floats, *, subtracted: float = _SUBTRACTED) -> Spread | None:
    """Return the variance of a weighted mean over crossed factors.

    Parameters
    ----------
    by_query : ndarray, shape (n_queries,)
        Deviation that each query contributes to the mean.
    cells, weights : ndarray, shape (n_queries, n_raters)
    subtracted : float
        Share of the residual variance to subtract.

    Returns
    -------
    Spread or None
        None for one query and one rater.
    """
    has = ~np.isnan(cells)
    is_present = has.any(axis=0)
    cells, weights, has = cells[:, is_present], weights[:, is_present], has[:, is_present]
    n_queries, n_raters = cells.shape
    of_queries = n_queries / (n_queries - 1) * float((by_query**2).sum()) if n_queries > 1 else None
    if n_raters < 2:
        return None if of_queries is None else Spread(((of_queries, n_queries - 1),), "queries")

    centred = np.where(has, cells - (weights * np.nan_to_num(cells)).sum(), 0.0)
    by_rater = (weights * centred).sum(axis=0)
    of_raters = n_raters / (n_raters - 1) * float((by_rater**2).sum())
    if of_queries is None:
        return Spread(((of_raters, n_raters - 1),), "raters")
    n_left = int(has.sum()) - n_queries - n_raters + 1
    if n_left < 1:
        # Each query has a different rater: the components cannot be separated, and the larger one contains both.
        larger = max((of_queries, n_queries - 1), (of_raters, n_raters - 1))
        return Spread((larger,), "queries and raters")
    rows = centred.sum(axis=1, keepdims=True) / has.sum(axis=1, keepdims=True)
    left = np.where(has, centred - rows, 0.0)
    columns = left.sum(axis=0, keepdims=True) / has.sum(axis=0, keepdims=True)
    rest = float((np.where(has, left - columns, 0.0) ** 2).sum()) / n_left * float((weights**2).sum())
    between = max(0.0, of_raters - subtracted * rest)
    return Spread(((of_queries, n_queries - 1), (between, n_raters - 1)), "queries and raters")


def _bounded(
    mean: float, spread: Spread | None, *, n: int, n_cells: int, is_share: bool, bounds: tuple[float, float]
) -> Estimate:
    if spread is None:
        return Estimate(mean, None, n, "One query and one rater give no interval.")
    quantile = spread.quantile()
    if is_share:
        binomial = mean * (1.0 - mean)
        n_alike = n if n > 1 else n_cells
        is_mixed = binomial > _TINY and spread.variance > _TINY
        n_effective = min(float(n_cells), binomial / spread.variance) if is_mixed else float(n_alike)
        low, high = wilson(mean, n_effective, quantile=quantile)
    else:
        reach = quantile * float(np.sqrt(spread.variance))
        low, high = mean - reach, mean + reach
    low, high = max(bounds[0], low), min(bounds[1], high)
    return Estimate(mean, Interval(low, high, spread.over), n)
