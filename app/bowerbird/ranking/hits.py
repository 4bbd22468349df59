"""Retrieval figures of many rankings at once, from which of their results are relevant.

AP@N is that of Araz, Bogdanov, Alonso-Jimenez and Font, "Evaluation of Deep Audio Representations for Semantic Sound
Similarity" (CBMI 2024): its denominator is ``min(N, n_relevant)``. trec_eval's ``map_cut_N`` has ``n_relevant`` there.
P@N, reciprocal rank and nDCG@N are as in trec_eval.
"""

from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Flags: TypeAlias = npt.NDArray[np.bool_]
Ints: TypeAlias = npt.NDArray[np.int64]

PAGE: Final = 15
"""Results on a first page: the N of MAP@15."""

TEN_PAGES: Final = 150
"""Results on ten pages: the N of MAP@150."""

FIGURES: Final = ("map_15", "map_150", "mr1", "p_15", "mrr", "ndcg_15")
"""Columns of `hit_figures`."""


def hit_figures(hits: Flags, *, n_relevant: Ints, first: Floats) -> Floats:
    """Score rankings.

    Parameters
    ----------
    hits : ndarray, shape (n, depth), bool
        Whether each of the first results is relevant, best first, at least `TEN_PAGES` or as many as there are.
    n_relevant : ndarray, shape (n,), int64
        Relevant items that can be found, at least 1.
    first : ndarray, shape (n,), float64
        0-based rank of the first relevant item in the whole ranking; NaN when it has none.

    Returns
    -------
    ndarray, shape (n, 6), float64
        The columns of `FIGURES`: AP@15, AP@150, the 0-based rank of the first relevant item, P@15, its reciprocal
        1-based rank (0 for none) and nDCG@15.
    """
    figures = np.zeros((len(hits), len(FIGURES)))
    figures[:, 0] = average_precisions(hits, n_relevant=n_relevant, cutoff=PAGE)
    figures[:, 1] = average_precisions(hits, n_relevant=n_relevant, cutoff=TEN_PAGES)
    figures[:, 2] = first
    figures[:, 3] = hits[:, :PAGE].sum(axis=1) / PAGE
    figures[:, 4] = np.where(np.isnan(first), 0.0, 1.0 / (1.0 + np.nan_to_num(first)))
    figures[:, 5] = _ndcg(hits, n_relevant=n_relevant, cutoff=PAGE)
    return figures


def average_precisions(hits: Flags, *, n_relevant: Ints, cutoff: int) -> Floats:
    """Return AP@N of each row of hits, shape (n,); see the module for its denominator."""
    counted = hits[:, :cutoff]
    ranks = np.arange(1, counted.shape[1] + 1)
    precisions = np.cumsum(counted, axis=1, dtype=np.int32) / ranks
    sums = np.einsum("ij,ij->i", precisions, counted.astype(np.float64))
    return np.asarray(sums / np.maximum(1, np.minimum(cutoff, n_relevant)))


def _ndcg(hits: Flags, *, n_relevant: Ints, cutoff: int) -> Floats:
    """Return nDCG@N with binary gains and the discount 1 / log2(1 + rank), shape (n,)."""
    discounts = 1.0 / np.log2(1.0 + np.arange(1, cutoff + 1))
    counted = hits[:, :cutoff]
    gained = counted @ discounts[: counted.shape[1]]
    ideal = np.concatenate([[0.0], np.cumsum(discounts)])[np.minimum(cutoff, n_relevant)]
    return np.asarray(gained / np.where(ideal > 0.0, ideal, 1.0))
