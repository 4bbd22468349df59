"""Matches: the results of a search, and how good they are compared with the rest of the library."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

Band: TypeAlias = Literal["close", "related", "stretch", "weak"]

BANDS: Final[tuple[tuple[Band, float], ...]] = (("close", 0.7), ("related", 0.3), ("stretch", 0.1))
"""The lowest probability of each band of matches; what is below all of them is weak."""

WEAK_PERCENTILE: Final = 90.0
"""Without a probability, a match below this percentile of the library counts as weak."""

_LEAST_TOP_PERCENT: Final = 0.1
"""Percentiles are counted on a sample of 4,000 windows."""

_WHOLE_S: Final = 0.01

SPEED_TEXTS: Final[Mapping[float, str]] = {0.5: "at half speed", 2.0: "at double speed"}
"""The other speeds that examples are tried at."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A further part of a long sound that matched.

    Attributes
    ----------
    score, percentile, probability : float
        As those of a match.
    start_s, end_s : float
    """

    score: float
    percentile: float
    start_s: float
    end_s: float
    probability: float | None = None


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
    probability : float or None
        How likely the match is right, in [0, 1]; None for matches by name only, and for queries and encoders without a
        calibration.
    moments : tuple of Moment
        Further parts of a long sound that match and are not weak, the best first; of those among the nearest windows.
    n_named : int
        How many of the words that are searched are in its name, folder or metadata.
    speed : float
        Of the examples: at 0.5 it is similar to the examples at half speed.
    """

    sound_id: int
    score: float
    percentile: float | None
    start_s: float
    end_s: float
    why: str
    aspects: tuple[tuple[str, float], ...] = ()
    moments: tuple[Moment, ...] = ()
    probability: float | None = None
    n_named: int = 0
    speed: float = 1.0

    def at(self, number: int) -> "Match":
        """Return the match with a moment in place of its region, counted from 1; 0 for the match itself."""
        if not number:
            return self
        moment = self.moments[number - 1]
        return replace(
            self,
            score=moment.score,
            percentile=moment.percentile,
            probability=moment.probability,
            start_s=moment.start_s,
            end_s=moment.end_s,
            aspects=(),
            moments=(),
            n_named=0,
        )

    def is_part_of(self, duration_s: float | None) -> bool:
        """Return whether only a part of a sound of this length matched."""
        return duration_s is not None and self.end_s - self.start_s < duration_s - _WHOLE_S

    @property
    def is_named(self) -> bool:
        """Whether words are in its name, folder or metadata."""
        return self.n_named > 0

    @property
    def band(self) -> Band | None:
        """How likely the match is right; None where only its rank is known, or where only its name matches."""
        if self.probability is None:
            return None
        band = band_of(self.probability)
        return None if self.is_named and band == "weak" else band

    @property
    def is_weak(self) -> bool:
        """Whether the match is probably wrong; without a probability, whether much of the library matches as well.

        A match by name never is.
        """
        return not self.is_named and is_weak(self.probability, self.percentile)

    @property
    def top_percent(self) -> float | None:
        """Share of the library, 0 to 100, that is at least as similar, as far as it can be told; None by name only."""
        return None if self.percentile is None else max(_LEAST_TOP_PERCENT, 100.0 - self.percentile)


def band_of(probability: float) -> Band:
    """Return the band of a probability of being right, in [0, 1]."""
    return next((band for band, lowest in BANDS if probability >= lowest), "weak")


def is_weak(probability: float | None, percentile: float | None) -> bool:
    """Return whether a match is probably wrong; without a probability, whether much of the library matches as well.

    Parameters
    ----------
    probability : float or None
    percentile : float or None
        Share of the library, 0 to 100, that is less similar.
    """
    if probability is not None:
        return band_of(probability) == "weak"
    return percentile is not None and percentile < WEAK_PERCENTILE
