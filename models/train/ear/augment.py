"""Batches of crops, augmented so that the ear is robust to level, room, filtering and noise."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor

from bowerbird.encoders.ear.encoder import FLOOR_DB
from ear.data import Features, Floats, Index

_LOG_10: Final = float(np.log(10.0))


@dataclass(frozen=True, slots=True)
class Strength:
    """Strength of augmentation: the largest change, or its probability."""

    stretch: float = 0.2
    shift_bands: int = 2
    tilt_db: float = 6.0
    curve_db: float = 5.0
    room_share: float = 0.15
    noise_share: float = 0.2
    mix_share: float = 0.4
    mask_steps: int = 12
    mask_bands: int = 8


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Crops, each a mixture of two clips.

    Attributes
    ----------
    mel : Tensor, shape (n, 1, n_steps, 64), float32
        On the scale of the network's input.
    first, second : ndarray, shape (n,), int64
        Positions of the clips.
    share : Tensor, shape (n,), float32
        Of the first clip; the rest is the second.
    order : Tensor, shape (n,), int64
        Position in the batch at which the second clip is the first.
    """

    mel: Tensor
    first: Index
    second: Index
    share: Tensor
    order: Tensor


def crops(features: Features, chosen: Index, *, n_steps: int, stretch: float, rng: np.random.Generator) -> Floats:
    """Cut a stretch of each chosen clip, slightly slowed down or sped up.

    Returns
    -------
    ndarray, shape (n, n_steps, 64), float32
        In dB; silence after the end of a clip.
    """
    n = len(chosen)
    lengths = features.starts[chosen + 1] - features.starts[chosen]
    speed = np.exp(rng.uniform(-stretch, stretch, n))
    longest = n_steps * speed
    room = np.maximum(0.0, lengths - longest)
    begin = rng.uniform(0.0, 1.0, n) * room
    # A short sound begins at once, or slightly late.
    begin -= np.where((room == 0.0) & (rng.uniform(size=n) < 0.3), rng.uniform(0.0, 10.0, n), 0.0)
    positions = begin[:, None] + speed[:, None] * np.arange(n_steps)
    lower = np.floor(positions)
    part = (positions - lower).astype(np.float32)[..., None]
    low = lower.astype(np.int64)
    is_inside = (low >= 0) & (low < lengths[:, None])
    last = lengths[:, None] - 1
    start = features.starts[chosen][:, None]
    mel = features.mel_db[start + np.clip(low, 0, last)].astype(np.float32)
    if stretch:
        following = features.mel_db[start + np.clip(low + 1, 0, last)].astype(np.float32)
        mel += part * (following - mel)
    mel[~is_inside] = FLOOR_DB
    return mel


def batch(
    features: Features,
    chosen: Index,
    *,
    n_steps: int,
    strength: Strength,
    rng: np.random.Generator,
    device: torch.device,
) -> Batch:
    """Crop, augment, mix and mask."""
    n = len(chosen)
    mel = torch.from_numpy(crops(features, chosen, n_steps=n_steps, stretch=strength.stretch, rng=rng)).to(device)

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return torch.from_numpy(rng.uniform(low, high, (n, *shape)).astype(np.float32)).to(device)

    def happens(share: float) -> Tensor:
        return torch.from_numpy(rng.uniform(size=n) < share).to(device)

    mel = _shifted(mel, torch.from_numpy(rng.integers(-strength.shift_bands, strength.shift_bands + 1, n)).to(device))
    mel = mel + _curve(uniform(-1, 1, 1) * strength.tilt_db / 2, uniform(-1, 1, 6) * strength.curve_db)[:, None]
    mel = torch.where(mel <= FLOOR_DB + 1.0, torch.full_like(mel, -100.0), mel)
    mel = mel - mel.amax(dim=(1, 2), keepdim=True)
    power = torch.exp(mel * (_LOG_10 / 10.0))

    is_in_room = happens(strength.room_share)
    if is_in_room.any():
        rows = torch.nonzero(is_in_room)[:, 0]
        power[rows] = _in_room(power[rows], uniform(5.0, 60.0)[rows], uniform(0.02, 0.5)[rows])

    order = torch.from_numpy(rng.permutation(n)).to(device)
    share = torch.where(happens(strength.mix_share), uniform(0.5, 1.0), torch.ones(n, device=device))
    level = share[:, None, None]
    power = power * level**2 + power[order] * (1.0 - level) ** 2

    is_noisy = happens(strength.noise_share)
    if is_noisy.any():
        rows = torch.nonzero(is_noisy)[:, 0]
        colour = _curve(uniform(-12, 12, 1)[rows], uniform(-8, 8, 6)[rows]) + uniform(-75.0, -30.0, 1)[rows]
        flutter = torch.from_numpy(rng.gamma(4.0, 0.25, (len(rows), n_steps, 64)).astype(np.float32)).to(device)
        power[rows] += torch.exp(colour * (_LOG_10 / 10.0))[:, None] * flutter
    mel = torch.log(power.clamp_min(1e-12)) * (10.0 / _LOG_10)
    mel = mel - mel.amax(dim=(1, 2), keepdim=True) - uniform(0.0, 6.0, 1, 1)
    mel = mel.clamp_min(FLOOR_DB)
    mel = _masked(mel, strength, rng)
    scaled = (mel - FLOOR_DB / 2.0) / 20.0
    return Batch(scaled[:, None], chosen, chosen[order.cpu().numpy()], share, order)


def _shifted(mel: Tensor, by: Tensor) -> Tensor:
    """Shift each spectrogram up or down by whole bands; the edge is repeated."""
    n_bands = mel.shape[2]
    bands = (torch.arange(n_bands, device=mel.device)[None] - by[:, None]).clamp(0, n_bands - 1)
    return torch.gather(mel, 2, bands[:, None].expand_as(mel))


def _curve(tilt_db: Tensor, knots_db: Tensor) -> Tensor:
    """Return filter curves in dB, (n, 1) and (n, n_knots) to (n, 64)."""
    curve = torch.nn.functional.interpolate(knots_db[:, None], size=64, mode="linear", align_corners=True)[:, 0]
    return curve + tilt_db * torch.linspace(-1.0, 1.0, 64, device=tilt_db.device)


def _in_room(power: Tensor, decay_steps: Tensor, level: Tensor) -> Tensor:
    """Add an exponential reverberation tail."""
    steps = torch.arange(power.shape[1], device=power.device, dtype=torch.float32)
    after = steps[:, None] - steps[None]
    tail = torch.where(after > 0, torch.exp(-after.clamp_min(0)[None] / decay_steps[:, None, None]), torch.zeros(()))
    tail = tail * (level / decay_steps)[:, None, None]
    return power + torch.bmm(tail, power)


def _masked(mel: Tensor, strength: Strength, rng: np.random.Generator) -> Tensor:
    """Silence a stretch of time and some neighbouring bands (Park et al. 2019, arXiv:1904.08779)."""
    n, n_steps, n_bands = mel.shape
    for axis, size, most in ((1, n_steps, strength.mask_steps), (2, n_bands, strength.mask_bands)):
        if not most:
            continue
        width = rng.integers(0, most + 1, n)
        begin = rng.integers(0, np.maximum(1, size - width))
        positions = np.arange(size)[None]
        hidden = (positions >= begin[:, None]) & (positions < (begin + width)[:, None])
        mask = torch.from_numpy(hidden).to(mel.device)
        mel = mel.masked_fill(mask[:, :, None] if axis == 1 else mask[:, None, :], FLOOR_DB)
    return mel
