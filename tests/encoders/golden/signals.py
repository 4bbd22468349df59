"""Sounds of the comparison with laion_clap, made anew wherever they are needed and stored nowhere."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

RATE_HZ = 48_000


def _seconds(duration_s):
    return np.arange(round(duration_s * RATE_HZ)) / RATE_HZ


def _noise(seed, n_frames, level):
    return level * (2.0 * np.random.default_rng(seed).random(n_frames) - 1.0)


def thump():
    """A kick-like fall from 180 to 45 Hz, 0.45 s."""
    t = _seconds(0.45)
    hz = 45.0 + 135.0 * np.exp(-t * 30.0)
    return 0.9 * np.exp(-t * 9.0) * np.sin(2.0 * np.pi * np.cumsum(hz) / RATE_HZ)


def sine():
    """441.3 Hz for 3 s."""
    return 0.5 * np.sin(2.0 * np.pi * 441.3 * _seconds(3.0))


def chirp():
    """From 60 Hz to 16 kHz in 8 s."""
    t = _seconds(8.0)
    rate = np.log(16_000.0 / 60.0) / 8.0
    return 0.6 * np.sin(2.0 * np.pi * 60.0 * np.expm1(rate * t) / rate)


def noise():
    """White, 2.5 s."""
    return _noise(1, 120_000, 0.3)


def silence():
    """Digital, 1 s."""
    return np.zeros(RATE_HZ)


def click():
    """One frame of 1 in 0.05 s."""
    samples = np.zeros(2400)
    samples[1000] = 1.0
    return samples


def offset():
    """A constant, 2 s."""
    return np.full(96_000, 0.25)


def clipped_square():
    """110 Hz above full scale, 1.7 s."""
    return 1.4 * np.sign(np.sin(2.0 * np.pi * 110.0 * _seconds(1.7) + 0.1))


def short_voice():
    """A vowel-like pulse train, 0.3 s."""
    t = _seconds(0.3)
    return sum(0.3 / k * np.sin(2.0 * np.pi * 130.0 * k * t + k) for k in range(1, 30)) * np.hanning(len(t))


def five_seconds():
    """Exactly two copies fit."""
    return _noise(2, 240_000, 0.2) * np.exp(-_seconds(5.0))


def five_seconds_and_a_frame():
    """Only one copy fits."""
    return _noise(2, 240_001, 0.2) * np.exp(-np.arange(240_001) / RATE_HZ)


def just_short():
    """9.99 s: one copy and a little silence."""
    t = _seconds(9.99)
    return 0.4 * np.sin(2.0 * np.pi * 220.0 * t) * (1.0 + np.sin(2.0 * np.pi * 3.0 * t)) / 2 + _noise(3, len(t), 0.01)


def ten_seconds():
    """Exactly a window."""
    return _noise(4, 480_000, 0.5) * (np.sin(2.0 * np.pi * 0.7 * _seconds(10.0) + 0.3) > 0.0)


def _long():
    t = _seconds(24.0)
    bells = sum(np.sin(2.0 * np.pi * 310.0 * k * t) * np.exp(-(t % 1.3) * k) / k for k in (1.0, 2.76, 5.4, 8.93))
    return 0.2 * bells + _noise(5, len(t), 0.02)


def long_first():
    """A window of a long sound."""
    return _long()[:480_000]


def long_second():
    """The next."""
    return _long()[480_000:960_000]


def long_last():
    """Its rest, 4 s."""
    return _long()[960_000:]


def very_quiet():
    """Noise of a few 16-bit steps, 1.2 s."""
    return _noise(6, 57_600, 1e-4)


def stereo():
    """The mean of two channels, 2.2 s."""
    t = _seconds(2.2)
    left, right = np.sin(2.0 * np.pi * 523.0 * t), np.sign(np.sin(2.0 * np.pi * 659.0 * t + 0.1))
    return (left.astype(np.float32) * np.float32(0.4) + right.astype(np.float32) * np.float32(0.2)) * np.float32(0.5)


def one_frame():
    """As short as a sound can be."""
    return np.array([0.3])


SIGNALS: Mapping[str, Callable[[], np.ndarray]] = MappingProxyType(
    {
        make.__name__: make
        for make in (
            thump,
            sine,
            chirp,
            noise,
            silence,
            click,
            offset,
            clipped_square,
            short_voice,
            five_seconds,
            five_seconds_and_a_frame,
            just_short,
            ten_seconds,
            long_first,
            long_second,
            long_last,
            very_quiet,
            stereo,
            one_frame,
        )
    }
)


def signal(name):
    """Make a signal, shape (n_frames,), float32, at most 10 s at `RATE_HZ`."""
    return SIGNALS[name]().astype(np.float32)
