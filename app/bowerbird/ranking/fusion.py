"""Merging rankings."""

from collections.abc import Sequence
from typing import Final

_FUSION_K: Final = 60


def fused(rankings: Sequence[Sequence[int]]) -> list[int]:
    """Merge rankings into one: reciprocal rank fusion (Cormack, Clarke, Büttcher, SIGIR 2009), k = 60.

    Parameters
    ----------
    rankings : sequence of sequence of int
        Ids, best first; of equal ones the earlier ranking goes first.
    """
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, one in enumerate(ranking, start=1):
            scores[one] = scores.get(one, 0.0) + 1.0 / (_FUSION_K + rank)
    return sorted(scores, key=lambda one: -scores[one])
