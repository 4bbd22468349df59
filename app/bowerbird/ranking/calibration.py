"""How likely a result is right, from its score: logistic curves that are fitted on labelled sounds.

A curve sees a result's cosine, its margin over the rest of the library (in standard deviations), and for words whether
the encoder was trained on them. `models/train/fit_calibration.py` fits the curves.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]

QueryKind: TypeAlias = Literal["sounds", "words", "learned words"]
"""Examples; words as the encoder understands them; words with what the library's names teach about them."""

QUERY_KINDS: Final[tuple[QueryKind, ...]] = ("sounds", "words", "learned words")

_SMALLEST_DEVIATION: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Curve:
    """The logistic curve of one kind of query.

    Attributes
    ----------
    intercept, cosine, margin, trained : float
        Coefficients of 1, the cosine, the margin, and whether the encoder was trained on a word of the query.
    """

    intercept: float
    cosine: float
    margin: float
    trained: float = 0.0

    def probabilities(self, scores: npt.ArrayLike, margins: npt.ArrayLike, *, is_trained: bool = False) -> Floats:
        """Return how likely results are right, in [0, 1].

        Parameters
        ----------
        scores, margins : array_like, shape (n,)
        is_trained : bool
        """
        logits = self.intercept + self.cosine * np.asarray(scores, np.float64)
        logits = logits + self.margin * np.asarray(margins, np.float64) + self.trained * is_trained
        return np.asarray(1.0 / (1.0 + np.exp(-logits)))


@dataclass(frozen=True, slots=True)
class Calibration:
    """The curves of one encoder.

    Attributes
    ----------
    encoder_id : str
        They are invalid for any other.
    curves : mapping of QueryKind to Curve
    """

    encoder_id: str
    curves: Mapping[QueryKind, Curve]


def margins(scores: npt.ArrayLike, library_scores: npt.NDArray[np.float32]) -> Floats:
    """Return how many standard deviations scores are above the mean of the library's scores for the same query.

    Parameters
    ----------
    scores : array_like, shape (n,)
    library_scores : ndarray, shape (m,)
        Of a sample of the library.
    """
    above = np.asarray(scores, np.float64)
    if not len(library_scores):
        return np.zeros_like(above)
    deviation = max(float(np.std(library_scores)), _SMALLEST_DEVIATION)
    return np.asarray((above - float(np.mean(library_scores))) / deviation)


def calibration_error(probabilities: Floats, is_right: npt.NDArray[np.bool_], *, n_bins: int = 10) -> float:
    """Return the expected calibration error: the mean distance of probability and share of right results in equal bins.

    Guo, Pleiss, Sun and Weinberger, "On Calibration of Modern Neural Networks" (ICML 2017), equation 3.

    Parameters
    ----------
    probabilities : ndarray, shape (n,)
    is_right : ndarray, shape (n,)
    n_bins : int
    """
    if not len(probabilities):
        return 0.0
    bins = np.minimum((probabilities * n_bins).astype(np.int64), n_bins - 1)
    error = 0.0
    for number in range(n_bins):
        inside = bins == number
        if inside.any():
            error += float(inside.mean() * abs(probabilities[inside].mean() - is_right[inside].mean()))
    return error
