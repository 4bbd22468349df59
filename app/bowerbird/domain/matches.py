"""Matches: what a search found, and how good it is beside everything else there is."""

from dataclasses import dataclass
from typing import Final

WEAK_PERCENTILE: Final = 90.0
"""A match below this percentile of the library is marked weak: one sound in ten is that close by chance."""

_WHOLE_S: Final = 0.01


@dataclass(frozen=True, slots=True)
class Match:
    """One found sound.

    Attributes
    ----------
    sound_id : int
    score : float
        Cosine similarity for examples; the negated BM25 rank for words. Comparable within one search only.
    percentile : float or None
        Share of the library's windows, 0 to 100, that match less well; None where words alone were asked.
    start_s, end_s : float
        The stretch that matched: the whole sound, or a moment in a long one.
    why : str
        What it matched by, in words.
    """

    sound_id: int
    score: float
    percentile: float | None
    start_s: float
    end_s: float
    why: str

    def is_moment_of(self, duration_s: float | None) -> bool:
        """Whether the match is but a part of a sound of this length."""
        return duration_s is not None and self.end_s - self.start_s < duration_s - _WHOLE_S

    @property
    def is_weak(self) -> bool:
        """Whether so many sounds match as well that this one says little."""
        return self.percentile is not None and self.percentile < WEAK_PERCENTILE
