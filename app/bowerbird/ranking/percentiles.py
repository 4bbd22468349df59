"""Scores as percentiles of a library."""

import numpy as np
import numpy.typing as npt


def percentiles(scores: npt.NDArray[np.float32], reference: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Return the share of reference scores below each score.

    Parameters
    ----------
    scores : ndarray, shape (n,)
    reference : ndarray, shape (m,)
        Scores of the library, or of a sample of it.

    Returns
    -------
    ndarray, shape (n,)
        In [0, 100].
    """
    if not len(reference):
        return np.full(len(scores), 100.0)
    below = np.searchsorted(np.sort(reference), scores, side="left")
    return np.asarray(below / len(reference) * 100.0)
