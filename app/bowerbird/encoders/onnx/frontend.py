"""Network inputs from windows of sound, as described by a card."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from bowerbird.domain.sounds import Samples
from bowerbird.encoders.mel import Floats, log_mel
from bowerbird.encoders.weights.cards import AudioTower

FRONT_END_VERSION: Final = 1
"""Increased whenever network inputs change, so that encoder ids change too."""


def patches(window: Samples, tower: AudioTower) -> list[Floats]:
    """Return the network inputs of a window, each a batch of 1.

    Parameters
    ----------
    window : ndarray, shape (n_samples,), float32
        Mono at the tower's rate, unpadded. Values that are not finite count as silence.
    tower : AudioTower

    Returns
    -------
    list of ndarray, axes in the order of `tower.layout`, float32
        At least one, contiguous.

    Raises
    ------
    ValueError
        When the window is empty, or longer than the tower's.
    """
    window_frames = round(tower.window_s * tower.rate_hz)
    if not 1 <= len(window) <= window_frames:
        raise ValueError(f"a window has 1 to {window_frames} samples, not {len(window)}")
    samples = _finite(window)
    if tower.is_int16:
        samples = through_int16(samples)
    if tower.log_mel is not None and tower.patch_frames:
        mel = log_mel(samples, tower.log_mel, tower.rate_hz)
        parts = _cut(mel, tower.patch_frames, tower.patch_hop_frames, has_partial=tower.is_last_partial)
        return [_input(filled(part, tower.patch_frames, tower.short), tower) for part in parts]
    n_samples = round(tower.patch_s * tower.rate_hz) or window_frames
    parts = _cut(samples, n_samples, round(tower.patch_hop_s * tower.rate_hz), has_partial=tower.is_last_partial)
    return [_input(_features(filled(part, n_samples, tower.short), tower), tower) for part in parts]


def through_int16(samples: Samples) -> Samples:
    """Round samples to 16 bits as laion_clap does: clip to [-1, 1], truncate towards zero, and convert back.

    Returns
    -------
    ndarray, shape as given, float32
        Multiples of 1 / 32767.
    """
    scale = np.float32(32767.0)
    rounded: Samples = np.trunc(np.clip(samples, -1.0, 1.0) * scale)
    # Adding zero turns -0.0, which 16 bits do not have, into 0.0.
    return (rounded + np.float32(0.0)) / scale


def filled(values: Floats, n_wanted: int, how: str) -> Floats:
    """Fill a short patch.

    Parameters
    ----------
    values : ndarray, shape (n,) or (n, n_mels), float32
        Samples or frames: at least one, and not more than `n_wanted`.
    n_wanted : int
        Length of the patch.
    how : str
        repeat: as many whole copies as fit, then zeros. zeros. nothing: it stays short.

    Returns
    -------
    ndarray, shape (n_wanted,) or (n_wanted, n_mels), float32
        Shorter with nothing.
    """
    if how == "nothing" or len(values) == n_wanted:
        return values
    full = np.zeros((n_wanted, *values.shape[1:]), np.float32)
    n_copies = n_wanted // len(values) if how == "repeat" else 1
    full[: n_copies * len(values)].reshape(n_copies, *values.shape)[:] = values
    return full


def _finite(samples: Samples) -> Samples:
    is_finite = np.isfinite(samples)
    return samples if is_finite.all() else np.where(is_finite, samples, np.float32(0.0))


def _cut(values: Floats, n_wanted: int, hop: int, *, has_partial: bool) -> Iterator[Floats]:
    """Yield the unfilled patches of samples or frames; no patch begins after the end.

    Parameters
    ----------
    values : ndarray, shape (n,) or (n, n_mels)
    n_wanted, hop : int
        Length and hop of patches; a hop of 0 is their length.
    has_partial : bool
        Whether a last patch that is short is yielded even if there are others.
    """
    for start in range(0, len(values), hop or n_wanted):
        part = values[start : start + n_wanted]
        if start and len(part) < n_wanted and not has_partial:
            return
        yield part
        if start + n_wanted >= len(values):
            return


def _features(patch: Samples, tower: AudioTower) -> Floats:
    return patch if tower.log_mel is None else log_mel(patch, tower.log_mel, tower.rate_hz)


def _input(values: Floats, tower: AudioTower) -> Floats:
    """Return samples or a spectrogram as a network input: order of axes, batch of one, identical channels."""
    own = "t" if tower.log_mel is None else "tm"
    turned = values.transpose([own.index(letter) for letter in tower.layout if letter in own])
    lengths = iter(turned.shape)
    others = {"b": 1, "c": tower.n_copies}
    shape = [others[letter] if letter in others else next(lengths) for letter in tower.layout]
    alone = [1 if letter in others else length for letter, length in zip(tower.layout, shape, strict=True)]
    return np.ascontiguousarray(np.broadcast_to(turned.reshape(alone), shape), dtype=np.float32)
