"""Matches: the results of a search, and how good they are compared with the rest of the library."""

from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

Band: TypeAlias = Literal["close", "related", "stretch", "weak"]

BANDS: Final[tuple[tuple[Band, float], ...]] = (("close", 99.0), ("related", 97.0), ("stretch", 90.0))
"""The lowest percentile of each band of matches; what is below all of them is weak."""

WEAK_PERCENTILE: Final = 90.0
"""A match below this percentile of the library is marked weak: one sound in ten is this similar by chance."""

_WHOLE_S: Final = 0.01


@dataclass(frozen=True, slots=True)
class Moment:
    """A further part of a long sound that matched.

    Attributes
    ----------
    score, percentile : float
        As those of a match.
    start_s, end_s : float
    """

    score: float
    percentile: float
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Match:
    """One result of a search.

    Attributes
    ----------
    sound_id : int
    score : float
        Cosine similarity for examples; the negated BM25 score for words. Comparable within one search only.
    percentile : float or None
        Share of the library's windows, 0 to 100, that are less similar; None for matches by name only.
    start_s, end_s : float
        The region that matched: the whole sound, or a window of a long one.
    why : str
        Why it matched, in words.
    aspects : tuple of (str, float)
        For each aspect of the sound, the share of the library, 0 to 100, that is less similar in it; empty where the
        encoder does not tell aspects apart.
    moments : tuple of Moment
        Further parts of a long sound that match and are not weak, the best first; of those among the nearest windows.
    """

    sound_id: int
    score: float
    percentile: float | None
    start_s: float
    end_s: float
    why: str
    aspects: tuple[tuple[str, float], ...] = ()
    moments: tuple[Moment, ...] = ()

    def at(self, number: int) -> "Match":
        """Return the match with a moment in place of its region, counted from 1; 0 for the match itself."""
        if not number:
            return self
        moment = self.moments[number - 1]
        return replace(
            self,
            score=moment.score,
            percentile=moment.percentile,
            start_s=moment.start_s,
            end_s=moment.end_s,
            aspects=(),
            moments=(),
        )

    def is_part_of(self, duration_s: float | None) -> bool:
        """Return whether only a part of a sound of this length matched."""
        return duration_s is not None and self.end_s - self.start_s < duration_s - _WHOLE_S

    @property
    def band(self) -> Band | None:
        """How good the match is, compared with the rest of the library; None for matches by name only."""
        if self.percentile is None:
            return None
        percentile = self.percentile
        return next((band for band, lowest in BANDS if percentile >= lowest), "weak")

    @property
    def is_weak(self) -> bool:
        """Whether many sounds of the library match as well."""
        return self.percentile is not None and self.percentile < WEAK_PERCENTILE
