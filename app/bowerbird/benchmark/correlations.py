"""What embeddings have in common with simple descriptors: canonical correlations, as in COALA's table 2.

Favory, Drossos, Virtanen and Serra, "COALA: Co-aligned autoencoders for learning semantically enriched audio
representations" (2020), correlate the sounds that the directions were fitted to, which grows with the number of
dimensions. Here the correlations are of held-out folds, so those of unrelated vectors are about 0.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from bowerbird.audio.decode import read_clip
from bowerbird.base.errors import AudioError, QueryError
from bowerbird.benchmark.evaluation import SEED, Prepared
from bowerbird.domain.sounds import Samples, Vectors
from bowerbird.encoders.acoustic.spectrum import (
    RATE_HZ,
    bin_hz,
    cepstra,
    decibels_below_peak,
    frames,
    mel_powers,
    power_spectra,
)
from bowerbird.ranking.hits import Flags, Floats, Ints

DESCRIPTORS: Final = ("MFCC", "chroma", "centroid", "bandwidth")
"""Means and standard deviations over time, of 24, 12, 1 and 1 values."""

LONGEST_S: Final = 30.0
"""Longer sounds are described by their beginning."""

N_FOLDS: Final = 5
LEAST_IN_FOLD: Final = 10
"""Sounds of a fold: correlations of two or three are near 1 or -1 whatever they are."""

SHRINKAGE: Final = 0.01
"""Share of the mean variance that is added to all variances, so that few sounds do not determine many dimensions."""

_ENDINGS: Final = ("", ".wav", ".flac", ".ogg", ".mp3", ".aif", ".aiff")
_N_FFT: Final = 4096
_HOP: Final = 1024
_LOWEST_HZ: Final = 130.0
_HIGHEST_HZ: Final = 4_000.0
_QUIET: Final = 1e-6
"""Frames with less of the power of the loudest are left out."""

_SMALLEST_SD: Final = 1e-9
_TINY: Final = 1e-12


@dataclass(frozen=True, slots=True)
class CorrelationFigures:
    """How much of a descriptor a system's vectors determine.

    Attributes
    ----------
    system : str
    descriptor : str
        One of `DESCRIPTORS`.
    n_sounds, n_components : int
    mean : float
        Mean of the canonical correlations of held-out sounds; below 0 by chance only.
    first : float
        The largest.
    """

    system: str
    descriptor: str
    n_sounds: int
    n_components: int
    mean: float
    first: float


@dataclass(frozen=True, slots=True)
class UnreadableSound:
    """A labelled sound without descriptors.

    Attributes
    ----------
    path : str
        As in the file of labels.
    reason : str
        A sentence.
    """

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Correlations:
    """The figures of all systems and descriptors, and the sounds that were left out."""

    figures: tuple[CorrelationFigures, ...] = ()
    unreadable: tuple[UnreadableSound, ...] = ()


def check_descriptors(ready: Prepared, *, folder: Path, seed: int = SEED) -> None:
    """Check that vectors can be correlated with descriptors, without reading the sounds.

    Raises
    ------
    QueryError
        When no system has vectors, or too few sounds have files in the folder.
    """
    if not ready.vectors:
        raise QueryError("Rankings cannot be correlated with descriptors. Add a system with vectors.")
    has_file = np.array([_existing(folder / sound.path).is_file() for sound in ready.labelled.sounds])
    _require_folds(ready.relevance.group_codes, has_file, folder=folder, seed=seed)


def correlation_figures(ready: Prepared, *, folder: Path, seed: int = SEED) -> Correlations:
    """Correlate the vectors of every system with descriptors of the sounds, which are read from their files.

    Parameters
    ----------
    ready : Prepared
    folder : Path
        The paths of the sounds are relative to it.
    seed : int
        Of the folds.

    Raises
    ------
    QueryError
        When no system has vectors, or too few files can be read.
    """
    check_descriptors(ready, folder=folder, seed=seed)
    sounds = ready.labelled.sounds
    tables, failures = described([folder / sound.path for sound in sounds])
    is_readable = np.array([number not in failures for number in range(len(sounds))])
    _require_folds(ready.relevance.group_codes, is_readable, folder=folder, seed=seed)
    groups = ready.relevance.group_codes[is_readable]
    found = []
    for name, vectors in ready.vectors.items():
        for descriptor, table in tables.items():
            values = held_out_correlations(vectors[is_readable], table, groups, seed=seed)
            found.append(
                CorrelationFigures(
                    name, descriptor, len(groups), len(values), float(values.mean()), float(values.max())
                )
            )
    unreadable = tuple(UnreadableSound(sounds[number].path, reason) for number, reason in failures.items())
    return Correlations(tuple(found), unreadable)


def _require_folds(group_codes: Ints, is_kept: Flags, *, folder: Path, seed: int) -> None:
    """Raise QueryError when a fold of the kept sounds has fewer than `LEAST_IN_FOLD`."""
    folds = _folds(group_codes[is_kept], n_folds=N_FOLDS, seed=seed)
    if min(int(is_test.sum()) for _, is_test in folds) >= LEAST_IN_FOLD:
        return
    remedy = "Label more sounds" if is_kept.all() else "Put the file of labels into the folder of the sounds"
    raise QueryError(
        f"{int(is_kept.sum()):,} of {len(is_kept):,} labelled sounds can be read from {folder}, too few to correlate: "
        f"each of {N_FOLDS} folds needs {LEAST_IN_FOLD} sounds, and takes of one group are in one fold. {remedy}."
    )


def described(paths: Sequence[Path]) -> tuple[dict[str, Floats], dict[int, str]]:
    """Describe sounds.

    Returns
    -------
    tables : dict of str to ndarray, shape (n_readable, n_values), float64
        By descriptor.
    failures : dict of int to str
        By position: why a sound cannot be read, a sentence.
    """
    rows: list[dict[str, Floats]] = []
    failures: dict[int, str] = {}
    for number, path in enumerate(paths):
        try:
            clip = read_clip(_existing(path), rate_hz=RATE_HZ, end_s=LONGEST_S)
        except AudioError as error:
            failures[number] = str(error)
            continue
        rows.append(descriptors_of(clip.samples))
    return {name: np.array([row[name] for row in rows]) for name in DESCRIPTORS}, failures


def descriptors_of(samples: Samples) -> dict[str, Floats]:
    """Return the means, then the standard deviations over time, of each descriptor of a sound.

    Parameters
    ----------
    samples : ndarray, shape (n_frames,), float32
        Mono at `RATE_HZ`.

    Returns
    -------
    dict of str to ndarray, float64
        MFCC in dB without the level coefficient; chroma as shares of the power from 130 Hz to 4 kHz in 12 pitch classes
        from C; centroid and bandwidth of the magnitudes in kHz.
    """
    power = power_spectra(samples)
    power = power[_loud(power)]
    magnitudes = np.sqrt(power.astype(np.float64))
    shares = magnitudes / np.maximum(magnitudes.sum(axis=1, keepdims=True), _TINY)
    khz = bin_hz().astype(np.float64) / 1_000.0
    centroid = shares @ khz
    bandwidth = np.sqrt(np.maximum(0.0, shares @ khz**2 - centroid**2))
    series = {
        "MFCC": cepstra(decibels_below_peak(mel_powers(power))).astype(np.float64),
        "chroma": _chroma(samples),
        "centroid": centroid[:, None],
        "bandwidth": bandwidth[:, None],
    }
    return {name: np.concatenate([rows.mean(axis=0), rows.std(axis=0)]) for name, rows in series.items()}


def held_out_correlations(
    first: Vectors | Floats, second: Vectors | Floats, groups: Ints, *, n_folds: int = N_FOLDS, seed: int = SEED
) -> Floats:
    """Return the canonical correlations of held-out sounds, the mean over folds.

    Parameters
    ----------
    first, second : ndarray, shape (n_sounds, n_dims)
    groups : ndarray, shape (n_sounds,), int64
        Sounds of a group are in the same fold.
    n_folds, seed : int

    Returns
    -------
    ndarray, shape (the smaller n_dims,), float64
        In order of the correlations that were fitted.
    """
    tables = np.asarray(first, np.float64), np.asarray(second, np.float64)
    found = []
    for train, test in _folds(groups, n_folds=n_folds, seed=seed):
        maps = canonical_directions(tables[0][train], tables[1][train])
        projected = [table[test] @ directions for table, directions in zip(tables, maps, strict=True)]
        centred = [values - values.mean(axis=0) for values in projected]
        lengths = [np.sqrt((values**2).sum(axis=0)) for values in centred]
        products = (centred[0] * centred[1]).sum(axis=0)
        found.append(products / np.maximum(lengths[0] * lengths[1], _TINY))
    return np.asarray(np.mean(found, axis=0))


def canonical_directions(first: Floats, second: Floats) -> tuple[Floats, Floats]:
    """Return the directions in two spaces whose projections correlate most (Hotelling 1936), with `SHRINKAGE`.

    Returns
    -------
    tuple of ndarray, shape (n_dims of each, the smaller n_dims), float64
    """
    scales = [_scale(table) for table in (first, second)]
    scaled = [(table - table.mean(axis=0)) * scale for table, scale in zip((first, second), scales, strict=True)]
    whitened = [_inverse_root(table.T @ table / len(table)) for table in scaled]
    shared = scaled[0].T @ scaled[1] / len(first)
    left, _, right = np.linalg.svd(whitened[0] @ shared @ whitened[1], full_matrices=False)
    return scales[0][:, None] * (whitened[0] @ left), scales[1][:, None] * (whitened[1] @ right.T)


def _scale(table: Floats) -> Floats:
    """Return the reciprocals of the standard deviations; 0 for constants."""
    sd = table.std(axis=0)
    return np.where(sd > _SMALLEST_SD, 1.0 / np.maximum(sd, _SMALLEST_SD), 0.0)


def _inverse_root(covariance: Floats) -> Floats:
    mean_variance = max(float(np.trace(covariance)) / len(covariance), _TINY)
    values, axes = np.linalg.eigh(covariance + SHRINKAGE * mean_variance * np.eye(len(covariance)))
    return np.asarray((axes / np.sqrt(values)) @ axes.T)


def _folds(groups: Ints, *, n_folds: int, seed: int) -> Iterator[tuple[Flags, Flags]]:
    """Yield which sounds are in the training and the test part of each fold; groups are dealt out in random order."""
    names, codes = np.unique(groups, return_inverse=True)
    fold_of = np.random.default_rng(seed).permutation(len(names)) % n_folds
    for fold in range(n_folds):
        is_test = fold_of[codes] == fold
        yield ~is_test, is_test


def _chroma(samples: Samples) -> Floats:
    """Return the shares of the pitch classes, shape (n_steps, 12)."""
    windowed = frames(samples, length=_N_FFT, hop=_HOP) * np.hanning(_N_FFT).astype(np.float32)
    power = np.abs(np.fft.rfft(windowed)) ** 2
    hz = np.arange(power.shape[1]) * RATE_HZ / _N_FFT
    kept = (hz >= _LOWEST_HZ) & (hz <= _HIGHEST_HZ)
    pitches = np.round(69.0 + 12.0 * np.log2(hz[kept] / 440.0)).astype(np.int64) % 12
    sums = power[_loud(power)][:, kept] @ np.eye(12)[pitches]
    return np.asarray(sums / np.maximum(sums.sum(axis=1, keepdims=True), _TINY))


def _loud(power: npt.NDArray[np.floating]) -> Flags:
    """Return which frames are not nearly silent; all of them in silence."""
    totals = power.sum(axis=1)
    return np.asarray(totals >= _QUIET * totals.max(initial=0.0))


def _existing(path: Path) -> Path:
    """Return the path of a sound that is written with or without its extension."""
    for ending in _ENDINGS:
        candidate = path.with_name(path.name + ending)
        if candidate.is_file():
            return candidate
    return path
