"""Merging rankings."""

from collections.abc import Sequence
from typing import Final

_FUSION_K: Final = 60


def fused(rankings: Sequence[Sequence[int]]) -> list[int]:
    """Merge rankings into one: reciprocal rank fusion (Cormack, Clarke, Büttcher, SIGIR 2009), k = 60.

    Parameters
    ----------
    rankings : sequence of sequence of int
        Ids, best first; on equal scores the earlier ranking comes first.
    """
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, item in enumerate(ranking, start=1):
            scores[item] = scores.get(item, 0.0) + 1.0 / (_FUSION_K + rank)
    return sorted(scores, key=lambda item: -scores[item])
