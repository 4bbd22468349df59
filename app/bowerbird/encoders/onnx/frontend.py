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
    return [_input(filled(patch, n, tower.short), tower) for patch, n in _cut(samples, tower, window_frames)]


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


def filled(samples: Samples, n_samples: int, how: str) -> Samples:
    """Fill a short patch.

    Parameters
    ----------
    samples : ndarray, shape (n,), float32
        At least one sample, and not more than `n_samples`.
    n_samples : int
        Length of the patch.
    how : str
        repeat: as many whole copies as fit, then zeros. zeros. nothing: it stays short.

    Returns
    -------
    ndarray, shape (n_samples,), float32
        Shorter with nothing.
    """
    if how == "nothing" or len(samples) == n_samples:
        return samples
    full = np.zeros(n_samples, np.float32)
    n_copies = n_samples // len(samples) if how == "repeat" else 1
    full[: n_copies * len(samples)].reshape(n_copies, len(samples))[:] = samples
    return full


def _finite(samples: Samples) -> Samples:
    is_finite = np.isfinite(samples)
    return samples if is_finite.all() else np.where(is_finite, samples, np.float32(0.0))


def _cut(samples: Samples, tower: AudioTower, window_frames: int) -> Iterator[tuple[Samples, int]]:
    """Yield the unfilled patches of a window and their wanted length; no patch begins after the end."""
    n_wanted = round(tower.patch_s * tower.rate_hz) or window_frames
    hop = round(tower.patch_hop_s * tower.rate_hz) or n_wanted
    start = 0
    while True:
        yield samples[start : start + n_wanted], n_wanted
        is_complete = start + n_wanted >= len(samples)
        start += hop
        if is_complete or start >= len(samples):
            return


def _input(patch: Samples, tower: AudioTower) -> Floats:
    """Return a patch as a network input: order of axes, batch of one, identical channels."""
    values = patch if tower.log_mel is None else log_mel(patch, tower.log_mel, tower.rate_hz)
    own = "t" if tower.log_mel is None else "tm"
    turned = values.transpose([own.index(letter) for letter in tower.layout if letter in own])
    lengths = iter(turned.shape)
    others = {"b": 1, "c": tower.n_copies}
    shape = [others[letter] if letter in others else next(lengths) for letter in tower.layout]
    alone = [1 if letter in others else length for letter, length in zip(tower.layout, shape, strict=True)]
    return np.ascontiguousarray(np.broadcast_to(turned.reshape(alone), shape), dtype=np.float32)
