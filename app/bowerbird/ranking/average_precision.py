"""Average precision of a ranking."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt


def average_precision(
    is_relevant: Sequence[bool] | npt.NDArray[np.bool_], *, n_relevant: int | None = None, cutoff: int | None = None
) -> float:
    """Return the sum of the precisions at relevant ranks over the number of relevant items.

    With a cut-off N it is AP@N: ranks beyond N are ignored, and the denominator is ``min(N, n_relevant)`` (Araz,
    Bogdanov, Alonso-Jimenez and Font, "Evaluation of Deep Audio Representations for Semantic Sound Similarity", CBMI
    2024).

    Parameters
    ----------
    is_relevant : sequence of bool, length n_results
        Best result first.
    n_relevant : int, optional
        Relevant items in the collection; by default those in `is_relevant`.
    cutoff : int, optional
        N.

    Returns
    -------
    float
        In [0, 1]; 0 when nothing is relevant.
    """
    hits = np.asarray(is_relevant, dtype=np.bool_)[:cutoff]
    n_relevant = int(np.count_nonzero(is_relevant)) if n_relevant is None else n_relevant
    n_counted = n_relevant if cutoff is None else min(cutoff, n_relevant)
    if n_counted == 0 or not hits.any():
        return 0.0
    ranks = np.flatnonzero(hits) + 1
    return float((np.arange(1, len(ranks) + 1) / ranks).sum() / n_counted)
