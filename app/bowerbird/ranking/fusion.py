"""Merging rankings."""

from collections.abc import Sequence
from typing import Final

_FUSION_K: Final = 3
"""Published with 60; with 3, the first of each ranking count more (see DECISIONS)."""


def fused(rankings: Sequence[Sequence[int]], weights: Sequence[float] | None = None) -> list[int]:
    """Merge rankings into one: reciprocal rank fusion (Cormack, Clarke, Büttcher, SIGIR 2009), k = 3.

    Parameters
    ----------
    rankings : sequence of sequence of int
        Ids, best first; on equal scores the earlier ranking comes first.
    weights : sequence of float, optional
        How much each ranking counts; default: all the same.
    """
    scores: dict[int, float] = {}
    for ranking, weight in zip(rankings, weights or [1.0] * len(rankings), strict=True):
        for rank, item in enumerate(ranking, start=1):
            scores[item] = scores.get(item, 0.0) + weight / (_FUSION_K + rank)
    return sorted(scores, key=lambda item: -scores[item])
