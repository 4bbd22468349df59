"""Intervals and paired tests of means over queries, which are averaged over classes.

Queries are not independent: takes of one origin are alike, and a query with several classes counts for each. Both the
bootstrap and the permutation test therefore act on *clusters* of queries (takes of one origin), with all their classes.
Classes and the collection are fixed: the intervals say how the figures vary with the choice of queries.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]

CONFIDENCE: Final = 0.95
N_RESAMPLES: Final = 5_000
N_PERMUTATIONS: Final = 10_000
_BATCH_BYTES: Final = 64_000_000
_ROUNDING: Final = 1e-9
_TINY: Final = 1e-12
"""Relative and absolute difference up to which a permuted mean equals the observed mean."""


@dataclass(frozen=True, slots=True, eq=False)
class ClusteredMeans:
    """Means over queries, averaged over classes, and what each cluster of queries contributes.

    Attributes
    ----------
    means : ndarray, shape (n_figures,), float64
    shares : ndarray, shape (n_clusters, n_figures), float64
        They sum to the means.
    influences : ndarray, shape (n_clusters, n_figures), float64
        By how much the means change with the weight of each cluster. Their squares sum to the variances.
    """

    means: Floats
    shares: Floats
    influences: Floats


def clustered_means(values: Floats, *, classes: Ints, clusters: Ints, n_clusters: int) -> ClusteredMeans:
    """Average figures of queries over each class, then over classes.

    Parameters
    ----------
    values : ndarray, shape (n, n_figures), float64
        Figures of a query for one of its classes, a row each.
    classes, clusters : ndarray, shape (n,), int64
        Of each row. Clusters count from 0.
    n_clusters : int

    Notes
    -----
    The influence of cluster g is the mean over classes c of ``n_gc / n_c * (mean_gc - mean_c) * sqrt(k_c / (k_c - 1))``
    with n queries in k clusters: the linearised change of the mean with the weight of g. The root makes the variance of
    a class with few clusters unbiased; the bootstrap of two clusters would have half of it.
    """
    n_figures = values.shape[1]
    names, row_class = np.unique(classes, return_inverse=True)
    n_of = np.bincount(row_class).astype(np.float64)
    by_class = np.zeros((len(names), n_figures))
    np.add.at(by_class, row_class, values)
    by_class /= n_of[:, None]
    pairs = np.unique(np.stack([row_class, clusters]), axis=1)
    k_of = np.bincount(pairs[0], minlength=len(names)).astype(np.float64)
    corrections = np.sqrt(k_of / np.maximum(1.0, k_of - 1.0))
    row_shares = 1.0 / (len(names) * n_of[row_class])[:, None]
    shares = np.zeros((n_clusters, n_figures))
    np.add.at(shares, clusters, values * row_shares)
    influences = np.zeros((n_clusters, n_figures))
    deviations = (values - by_class[row_class]) * row_shares * corrections[row_class][:, None]
    np.add.at(influences, clusters, deviations)
    return ClusteredMeans(by_class.mean(axis=0), shares, influences)


def bootstrap_deviations(influences: Floats, *, seed: int, n_resamples: int = N_RESAMPLES) -> Floats:
    """Return how means deviate in resamples of a weighted bootstrap over clusters.

    Each resample gives every cluster an independent weight from the exponential distribution (the Bayesian bootstrap of
    Rubin 1981, linearised), so that no class loses all its queries.

    Parameters
    ----------
    influences : ndarray, shape (n_clusters, n), float64
        From `clustered_means`; columns of several systems give the deviations of their differences, too.
    seed, n_resamples : int

    Returns
    -------
    ndarray, shape (n_resamples, n), float64
    """
    rng = np.random.default_rng(seed)
    deviations = np.empty((n_resamples, influences.shape[1]))
    narrow = influences.astype(np.float32)
    for rows in _batches(n_resamples, len(influences)):
        weights = rng.standard_exponential((rows.stop - rows.start, len(influences)), np.float32)
        weights -= np.float32(1.0)
        deviations[rows] = weights @ narrow
    return deviations


def percentile_limits(means: Floats, deviations: Floats) -> Floats:
    """Return the 95 % percentile intervals of means, shape (n, 2), from `bootstrap_deviations`."""
    tail = (1.0 - CONFIDENCE) / 2.0
    limits: Floats = np.quantile(means + deviations, [tail, 1.0 - tail], axis=0).T
    return limits


def sign_flips(shares: Floats, *, seed: int, n_permutations: int = N_PERMUTATIONS) -> Floats:
    """Return sums over clusters with random signs, shape (n_permutations, n); the signs are the same in all columns.

    Parameters
    ----------
    shares : ndarray, shape (n_clusters, n), float64
        From `clustered_means`; a column for each figure of each system.
    seed, n_permutations : int
    """
    rng = np.random.default_rng(seed)
    sums = np.empty((n_permutations, shares.shape[1]))
    for rows in _batches(n_permutations, len(shares)):
        signs = rng.integers(0, 2, (rows.stop - rows.start, len(shares)), dtype=np.int8)
        sums[rows] = (2.0 * signs - 1.0) @ shares
    return sums


def permutation_p(difference: float, flipped: Floats) -> float | None:
    """Return the two-sided p of a difference between two systems by a paired permutation test; None for NaN.

    If the systems were equal, their figures of a query could be swapped: the sign of each cluster's difference is
    random (Fisher 1935). The observed signs count too, so p is never 0.

    Parameters
    ----------
    difference : float
    flipped : ndarray, shape (n_permutations,), float64
        One column of `sign_flips` minus another.
    """
    if np.isnan(difference):
        return None
    least = abs(difference) * (1.0 - _ROUNDING) - _TINY
    return float((1 + np.count_nonzero(np.abs(flipped) >= least)) / (1 + len(flipped)))


def holm(ps: Sequence[float | None]) -> list[float | None]:
    """Adjust p values for their number (Holm 1979); None stays None and does not count."""
    known = sorted((p, index) for index, p in enumerate(ps) if p is not None)
    adjusted: list[float | None] = [None] * len(ps)
    largest = 0.0
    for n_before, (p, index) in enumerate(known):
        largest = max(largest, min(1.0, p * (len(known) - n_before)))
        adjusted[index] = largest
    return adjusted


def _batches(n: int, n_columns: int) -> Iterator[slice]:
    """Yield slices of rows whose float64 matrix stays small."""
    size = max(1, _BATCH_BYTES // (8 * max(1, n_columns)))
    for start in range(0, n, size):
        yield slice(start, min(n, start + size))
