"""A two-dimensional layout of vectors in which similar vectors are neighbours; the only module that imports openTSNE.

A layout is t-SNE (van der Maaten and Hinton 2008) of at most `N_LANDMARKS` vectors, computed with openTSNE (Poličar et
al. 2024). Every other vector is placed among the landmarks that are most similar to it.
"""

from collections.abc import Callable
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

Vectors: TypeAlias = npt.NDArray[np.float32]
Positions: TypeAlias = npt.NDArray[np.float32]
"""Shape (n, 2), in [0, 1]."""

Progress: TypeAlias = Callable[[float], object]
"""Receives the part that is done, in [0, 1]."""

N_LANDMARKS: Final = 10_000
_PERPLEXITY: Final = 15
_N_EARLY: Final = 250
_N_LATE: Final = 350
"""Iterations with and without exaggerated attraction."""

_REPORT_EVERY: Final = 10
_FFT_FROM: Final = 1_000
"""Number of vectors from which interpolation is faster than the Barnes-Hut tree."""

_FEWEST: Final = 8
_N_NEIGHBOURS: Final = 3
_SHARPNESS: Final = 20.0
"""How fast the weight of a neighbour falls with its cosine distance."""

_BLOCK: Final = 512
_MARGIN: Final = 0.02
_INITIAL_SD: Final = 1e-4
_LEAST_KNOWN: Final = 0.5


def project(
    vectors: Vectors,
    *,
    former: Positions | None = None,
    seed: int = 0,
    n_threads: int = 1,
    progress: Progress = lambda _: None,
) -> Positions:
    """Compute a layout of unit vectors.

    Parameters
    ----------
    vectors : ndarray, shape (n, n_dims), float32
    former : ndarray, shape (n, 2), float32, or None
        Positions in an earlier layout, NaN for vectors that it does not have. Where it has at least half of them, the
        new layout starts from it, so that groups stay about where they were.
    seed : int
        The same vectors, former positions and seed give the same layout on the same machine.
    n_threads : int
    progress : callable

    Returns
    -------
    ndarray, shape (n, 2), float32
        In [0, 1], with the same scale in both directions.
    """
    n = len(vectors)
    if not n:
        return np.zeros((0, 2), np.float32)
    chance = np.random.default_rng(seed)
    is_landmark = np.zeros(n, np.bool_)
    is_landmark[chance.choice(n, min(n, N_LANDMARKS), replace=False)] = True
    landmarks = vectors[is_landmark]
    initial = _initial(landmarks, None if former is None else former[is_landmark], chance)
    share = len(landmarks) / n
    made = _t_sne(landmarks, initial, seed, n_threads, lambda done: progress(done * (0.5 + 0.5 * share)))
    positions = np.empty((n, 2), np.float32)
    positions[is_landmark] = _in_unit_square(made)
    positions[~is_landmark] = place(
        vectors[~is_landmark],
        landmarks,
        positions[is_landmark],
        progress=lambda done: progress(0.5 + 0.5 * share + done * (0.5 - 0.5 * share)),
    )
    progress(1.0)
    return positions


def place(vectors: Vectors, placed: Vectors, positions: Positions, *, progress: Progress = lambda _: None) -> Positions:
    """Place unit vectors in a layout of others: at the weighted mean of their most similar vectors' positions.

    Parameters
    ----------
    vectors : ndarray, shape (n, n_dims), float32
    placed : ndarray, shape (m, n_dims), float32
    positions : ndarray, shape (m, 2), float32
        Of the placed vectors.
    progress : callable

    Returns
    -------
    ndarray, shape (n, 2), float32
        In the middle of the layout where it has no vectors.
    """
    if not len(placed):
        return np.full((len(vectors), 2), 0.5, np.float32)
    neighbours, cosines = _nearest(vectors, placed, min(_N_NEIGHBOURS, len(placed)), progress=progress)
    weights = np.exp(_SHARPNESS * (cosines - cosines[:, :1]))
    weights /= weights.sum(axis=1, keepdims=True)
    means: Positions = (weights[:, :, None] * positions[neighbours]).sum(axis=1, dtype=np.float32)
    return means


def _nearest(
    vectors: Vectors, others: Vectors, k: int, *, are_same: bool = False, progress: Progress = lambda _: None
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """Return the k most similar vectors and their cosines, most similar first; shapes (n, k).

    `are_same` leaves every vector out of its own neighbours.
    """
    neighbours = np.empty((len(vectors), k), np.int64)
    cosines = np.empty((len(vectors), k), np.float32)
    for start in range(0, len(vectors), _BLOCK):
        similarity = vectors[start : start + _BLOCK] @ others.T
        rows = np.arange(len(similarity))
        if are_same:
            similarity[rows, start + rows] = -np.inf
        chosen = np.argpartition(similarity, -k, axis=1)[:, -k:]
        values = np.take_along_axis(similarity, chosen, axis=1)
        order = np.argsort(-values, axis=1, kind="stable")
        neighbours[start : start + _BLOCK] = np.take_along_axis(chosen, order, axis=1)
        cosines[start : start + _BLOCK] = np.take_along_axis(values, order, axis=1)
        progress((start + len(similarity)) / len(vectors))
    return neighbours, cosines


def _initial(vectors: Vectors, former: Positions | None, chance: np.random.Generator) -> npt.NDArray[np.float64]:
    """Return where t-SNE starts: from an earlier layout, or from the two principal components."""
    if former is not None:
        is_known = ~np.isnan(former[:, 0])
        if is_known.mean() >= _LEAST_KNOWN:
            start = former.astype(np.float64)
            start[~is_known] = place(vectors[~is_known], vectors[is_known], former[is_known])
            return _scaled(start, chance)
    return _scaled(_principal(vectors), chance)


def _principal(vectors: Vectors) -> npt.NDArray[np.float64]:
    """Return the first two principal components, each with the sign that makes its largest value positive."""
    centred = vectors.astype(np.float64) - vectors.mean(axis=0, dtype=np.float64)
    _, axes = np.linalg.eigh(centred.T @ centred)
    components = np.zeros((len(vectors), 2))
    for number, axis in enumerate(axes.T[::-1][:2]):
        component = centred @ axis
        components[:, number] = component * (np.sign(component[np.argmax(np.abs(component))]) or 1.0)
    return components


def _scaled(positions: npt.NDArray[np.float64], chance: np.random.Generator) -> npt.NDArray[np.float64]:
    """Centre and scale for the start of t-SNE; equal positions are moved apart, because nothing repels them else."""
    centred = positions - positions.mean(axis=0)
    sd = centred[:, 0].std() or 1.0
    start: npt.NDArray[np.float64] = centred / sd * _INITIAL_SD
    return start + chance.normal(scale=_INITIAL_SD / 100, size=start.shape)


def _t_sne(
    vectors: Vectors, initial: npt.NDArray[np.float64], seed: int, n_threads: int, progress: Progress
) -> npt.NDArray[np.float64]:
    n = len(vectors)
    if n < _FEWEST:  # too few for neighbourhoods
        return initial
    import openTSNE  # noqa: PLC0415 - 2 s, and only the process that computes a layout needs it

    perplexity = min(_PERPLEXITY, (n - 1) // 3)
    neighbours, cosines = _nearest(
        vectors, vectors, 3 * perplexity, are_same=True, progress=lambda done: progress(0.1 * done)
    )
    distances = np.sqrt(np.maximum(0.0, 2 - 2 * cosines))
    affinities = openTSNE.affinity.PerplexityBasedNN(
        knn_index=openTSNE.nearest_neighbors.PrecomputedNeighbors(neighbours, distances),
        perplexity=perplexity,
        n_jobs=n_threads,
    )
    embedding = openTSNE.TSNEEmbedding(
        initial,
        affinities,
        negative_gradient_method="fft" if n >= _FFT_FROM else "bh",
        n_jobs=n_threads,
        random_state=seed,
    )
    n_before = 0

    def report(iteration: int, *_: object) -> None:
        progress(0.1 + 0.9 * (n_before + iteration) / (_N_EARLY + _N_LATE))

    callbacks = {"callbacks": report, "callbacks_every_iters": _REPORT_EVERY}
    embedding = embedding.optimize(_N_EARLY, exaggeration=12, momentum=0.5, **callbacks)
    n_before = _N_EARLY
    embedding = embedding.optimize(_N_LATE, momentum=0.8, **callbacks)
    return np.asarray(embedding, np.float64)


def _in_unit_square(positions: npt.NDArray[np.float64]) -> Positions:
    """Scale into the unit square with a margin, by the same factor in both directions."""
    lowest, highest = positions.min(axis=0), positions.max(axis=0)
    extent = float((highest - lowest).max()) or 1.0
    centred = (positions - (lowest + highest) / 2) / extent
    scaled: Positions = (0.5 + centred * (1 - 2 * _MARGIN)).astype(np.float32)
    return scaled
