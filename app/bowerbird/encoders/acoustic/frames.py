"""The common input of all blocks: a cleaned window with its spectra and weightings."""

from dataclasses import dataclass

import numpy as np

from bowerbird.encoders.acoustic.spectrum import (
    FLOOR_DB,
    HOP_LENGTH,
    RATE_HZ,
    Floats,
    cepstra,
    decibels_below_peak,
    mel_powers,
    power_spectra,
)

ONSET_DB = -30.0
"""A sound begins where its level first reaches this, relative to its peak."""

SILENCE_DB = -60.0

STEP_LENGTH = 160
"""Samples of a step of the envelope, 5 ms."""

LOUDEST = np.float32(1e6)
"""Clipping level: louder than any converter output, and its square does not overflow."""

ATTACK_S = 0.04
TAIL_S = 0.25


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """A window of sound and its spectra; every array is float32.

    Attributes
    ----------
    samples : ndarray, shape (n_sounding_frames,)
        Without silence before and after, without its mean, divided by its peak: in [-1, 1], all zero when
        silent.
    n_frames : int
        Of the window as it was given.
    peak : float
        What the samples were divided by; 0 when silent.
    power : ndarray, shape (n_steps, N_BINS)
        Power spectra, every 10 ms.
    mel_db : ndarray, shape (n_steps, N_MELS)
        Mel bands in dB below the loudest.
    cepstra : ndarray, shape (n_steps, N_CEPSTRA)
        Cepstra of `mel_db`.
    energies : ndarray, shape (n_steps,)
        Mean power of each step, the loudest 1; all zero when silent.
    weights : ndarray, shape (4, n_steps)
        Rows of sum 1: by amplitude (`LOUD`), by presence (`PRESENT`), attack (`ATTACK`), tail (`TAIL`).
    """

    samples: Floats
    n_frames: int
    peak: float
    power: Floats
    mel_db: Floats
    cepstra: Floats
    energies: Floats
    weights: Floats


LOUD, PRESENT, ATTACK, TAIL = range(4)


def analyse(window: Floats) -> Analysis:
    """Clean a window and compute its spectra.

    Parameters
    ----------
    window : ndarray, shape (n_frames,), float32
        Mono at `RATE_HZ`, at least one frame.
    """
    finite = _finite(window)
    samples, peak = _normalised(_sounding(finite))
    power = power_spectra(samples)
    mel_db = decibels_below_peak(mel_powers(power))
    energies = power.mean(axis=1)
    energies /= max(float(energies.max()), 1e-30)
    return Analysis(samples, len(finite), peak, power, mel_db, cepstra(mel_db), energies, _weights(energies))


def weighted_mean_and_sd(values: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Return mean and standard deviation over time under several weightings.

    Parameters
    ----------
    values : ndarray, shape (n_steps, n_values), float32
    weights : ndarray, shape (n_weightings, n_steps), float32
        Rows of sum 1.

    Returns
    -------
    mean, sd : ndarray, each shape (n_weightings, n_values), float32
    """
    # Moments about a common centre: float32 would lose the variance of values far from 0.
    centre = values.mean(axis=0)
    away = values - centre
    mean = weights @ away
    variance = weights @ (away * away) - mean * mean
    return mean + centre, np.sqrt(np.maximum(variance, 0.0))


def structure(values: Floats, *, lags: tuple[int, ...]) -> Floats:
    """Return the mean absolute change over each lag.

    A sound shorter than a lag keeps the change of the longest lag that it has.

    Parameters
    ----------
    values : ndarray, shape (n_steps, n_values), float32
    lags : tuple of int
        In steps, ascending.

    Returns
    -------
    ndarray, shape (n_lags, n_values), float32
    """
    changes = np.zeros((len(lags), values.shape[1]), dtype=np.float32)
    for row, lag in enumerate(lags):
        if lag < len(values):
            changes[row] = np.abs(values[lag:] - values[:-lag]).mean(axis=0)
        elif row:
            changes[row] = changes[row - 1]
    return changes


def step_powers(samples: Floats) -> Floats:
    """Return the mean power of 10 ms every 5 ms, normalised to a maximum of 1; all zero for silence.

    Returns
    -------
    ndarray, shape (n_steps,), float32
    """
    steps = _steps(samples)
    return _relative_powers(np.einsum("ij,ij->i", steps, steps))


def _steps(samples: Floats) -> Floats:
    """Return samples in rows of 5 ms; the last is padded with zeros."""
    n_steps = -(-len(samples) // STEP_LENGTH)
    padded = np.zeros(n_steps * STEP_LENGTH, dtype=np.float32)
    padded[: len(samples)] = samples
    return padded.reshape(n_steps, STEP_LENGTH)


def _relative_powers(power: Floats) -> Floats:
    """Return the sums of adjacent steps, normalised to a maximum of 1."""
    power[1:] += power[:-1].copy()
    relative: Floats = power / np.float32(max(float(power.max()), 1e-30))
    return relative


def _finite(window: Floats) -> Floats:
    samples = np.asarray(window, dtype=np.float32)
    if not len(samples):
        return np.zeros(1, dtype=np.float32)
    return np.where(np.isfinite(samples), np.clip(samples, -LOUDEST, LOUDEST), np.float32(0.0))


def _sounding(samples: Floats) -> Floats:
    """Trim parts more than `SILENCE_DB` below the loudest part from both ends.

    Only what moves within 5 ms counts: a constant offset is as silent as nothing.
    """
    steps = _steps(samples)
    moving = steps - steps.mean(axis=1, keepdims=True)
    power = _relative_powers(np.einsum("ij,ij->i", moving, moving))
    present = np.flatnonzero(power > 10.0 ** (SILENCE_DB / 10.0))
    if not len(present):
        return samples
    return samples[present[0] * STEP_LENGTH : (present[-1] + 1) * STEP_LENGTH]


def _normalised(samples: Floats) -> tuple[Floats, float]:
    """Return samples without their mean, divided by their peak, and the peak."""
    if len(samples) > 1:
        samples = samples - np.float32(samples.mean(dtype=np.float64))
    peak = float(np.abs(samples).max())
    # Below the last bit of 24-bit audio there is only rounding noise.
    if peak < 2.0**-24:
        return np.zeros_like(samples), 0.0
    return samples / np.float32(peak), peak


def _weights(energies: Floats) -> Floats:
    """Return weightings of the steps, shape (4, n_steps), with rows of sum 1."""
    amplitude = np.sqrt(energies)
    quietest = np.float32(10.0 ** (FLOOR_DB / 20.0))
    present = np.float32(1.0) / (1.0 + (np.float32(10.0 ** (-50.0 / 20.0)) / (amplitude + quietest)) ** 2)
    onset = int(np.argmax(amplitude >= 10.0 ** (ONSET_DB / 20.0)))
    age_s = (np.arange(len(energies), dtype=np.float32) - onset) * np.float32(HOP_LENGTH / RATE_HZ)
    begun = age_s >= 0.0
    attack = amplitude * np.exp(-np.maximum(age_s, 0.0) / ATTACK_S) * begun
    tail = np.sqrt(amplitude) * -np.expm1(-np.maximum(age_s, 0.0) / TAIL_S) * begun
    weights = np.stack([amplitude, present, attack, tail]).astype(np.float32, copy=False) + np.float32(1e-7)
    weights /= weights.sum(axis=1, keepdims=True)
    return weights
