"""Sounds of the comparison with aiSFX, at 44.1 kHz, made anew wherever they are needed and stored nowhere."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

RATE_HZ = 44_100


def _seconds(duration_s):
    return np.arange(round(duration_s * RATE_HZ)) / RATE_HZ


def _noise(seed, n_frames, level):
    return level * (2.0 * np.random.default_rng(seed).random(n_frames) - 1.0)


def sine():
    """441.3 Hz for 3 s."""
    return 0.5 * np.sin(2.0 * np.pi * 441.3 * _seconds(3.0))


def noise():
    """White, 2.5 s."""
    return _noise(1, 110_250, 0.3)


def impulse():
    """One sample of 1 in 1.5 s."""
    samples = np.zeros(66_150)
    samples[30_000] = 1.0
    return samples


def silence_with_a_click():
    """Digital silence of 4 s, and a click of 1 ms near its end."""
    samples = np.zeros(176_400)
    samples[150_000:150_044] = _noise(2, 44, 0.8)
    return samples


def sweep():
    """From 40 Hz to 20 kHz in 5 s."""
    t = _seconds(5.0)
    rate = np.log(20_000.0 / 40.0) / 5.0
    return 0.6 * np.sin(2.0 * np.pi * 40.0 * np.expm1(rate * t) / rate)


def short():
    """A fall from 900 to 200 Hz in 50 ms: less than a block."""
    t = _seconds(0.05)
    return 0.8 * np.exp(-t * 40.0) * np.sin(2.0 * np.pi * (200.0 * t + 700.0 / 60.0 * (1.0 - np.exp(-60.0 * t))))


def mixture():
    """Tones, noise that swells, and hits, 12 s."""
    t = _seconds(12.0)
    samples = 0.1 * np.sin(2.0 * np.pi * 220.0 * t) + 0.05 * np.sin(2.0 * np.pi * 3_520.0 * t)
    samples += _noise(3, len(t), 0.2) * np.sin(np.pi * t / 12.0) ** 2
    for start_s in (0.5, 2.9, 6.1, 9.7):
        start = round(start_s * RATE_HZ)
        hit = _seconds(0.4)
        samples[start : start + len(hit)] += 0.4 * np.exp(-hit * 20.0) * np.sin(2.0 * np.pi * 90.0 * hit)
    return samples


SIGNALS: Mapping[str, Callable[[], np.ndarray]] = MappingProxyType(
    {make.__name__: make for make in (sine, noise, impulse, silence_with_a_click, sweep, short, mixture)}
)


def signal(name):
    """Return a sound, shape (n_samples,), float32."""
    return SIGNALS[name]().astype(np.float32)


LAYERS = ((1, 64), (64, 64), (64, 128), (128, 128), (128, 256), (256, 256), (256, 512), (512, 512))
"""Channels of each convolution, before and after."""


def random_tensors(seed=0):
    """Return tensors with the names, shapes and types of aiSFX's embedding network, and random values."""
    rng = np.random.default_rng(seed)
    tensors = {}
    for number, (n_in, n_out) in enumerate(LAYERS):
        block, layer = f"embedding_net.conv_block{number // 2 + 1}", number % 2 + 1
        weights = rng.standard_normal((n_out, n_in, 3, 3), np.float32) * np.float32(np.sqrt(2.0 / (9 * n_in)))
        tensors[f"{block}.conv{layer}.weight"] = weights
        tensors[f"{block}.bn{layer}.weight"] = np.float32(0.8) + np.float32(0.4) * rng.random(n_out, np.float32)
        tensors[f"{block}.bn{layer}.bias"] = np.float32(0.1) * rng.standard_normal(n_out, np.float32)
        tensors[f"{block}.bn{layer}.running_mean"] = np.float32(0.1) * rng.standard_normal(n_out, np.float32)
        tensors[f"{block}.bn{layer}.running_var"] = np.float32(0.5) + rng.random(n_out, np.float32)
        tensors[f"{block}.bn{layer}.num_batches_tracked"] = np.array(7, np.int64)
    return tensors
