"""A headphone check: which of three tones is quietest depends on whether each ear receives one channel.

Of three tones of 200 Hz one is 6 dB quieter and another has its channels in anti-phase: over loudspeakers the
latter cancels in the air and seems the quietest. Woods, Siegel, Traer, McDermott: "Headphone screening to
facilitate web-based auditory experiments", Attention, Perception & Psychophysics 79, 2017.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from bowerbird.audio.writing import write_flac

N_TRIALS: Final = 6
N_TO_PASS: Final = 5
"""Five of six by guessing: 13 in 729."""

_RATE_HZ: Final = 44_100
_TONE_HZ: Final = 200.0
_TONE_S: Final = 1.0
_RAMP_S: Final = 0.1
_PAUSE_S: Final = 0.5
_QUIETER_DB: Final = -6.0
_PEAK: Final = 0.1


@dataclass(frozen=True, slots=True)
class HeadphoneTrial:
    """Three successive tones.

    Attributes
    ----------
    path : Path
        Of the sound.
    duration_s : float
    quietest : int
        Index of the quiet tone.
    """

    path: Path
    duration_s: float
    quietest: int


def write_trials(folder: Path, *, seed: int) -> tuple[HeadphoneTrial, ...]:
    """Write all orders of the three tones, in random order.

    Raises
    ------
    AudioError
        When it cannot be written.
    """
    orders = list(itertools.permutations(("plain", "quiet", "opposed")))
    shuffled = np.random.default_rng(seed).permutation(len(orders))
    trials = []
    for number, index in enumerate(shuffled):
        order = orders[index]
        samples = tones(order)
        path = folder / f"headphones-{number}.flac"
        write_flac(path, samples, _RATE_HZ)
        trials.append(HeadphoneTrial(path, len(samples) / _RATE_HZ, order.index("quiet")))
    return tuple(trials)


def tones(order: Sequence[str]) -> npt.NDArray[np.float32]:
    """Return tones, each `plain`, `quiet` or `opposed`, with pauses between them; shape (n_frames, 2)."""
    time_s = np.arange(round(_TONE_S * _RATE_HZ)) / _RATE_HZ
    n_ramp = round(_RAMP_S * _RATE_HZ)
    ramp = 0.5 - 0.5 * np.cos(np.pi * np.arange(n_ramp) / n_ramp)
    tone = _PEAK * np.sin(2 * np.pi * _TONE_HZ * time_s)
    tone[:n_ramp] *= ramp
    tone[-n_ramp:] *= ramp[::-1]
    pause = np.zeros((round(_PAUSE_S * _RATE_HZ), 2))
    parts: list[npt.NDArray[np.float64]] = []
    for kind in order:
        gain = 10 ** (_QUIETER_DB / 20) if kind == "quiet" else 1.0
        parts += [np.column_stack((gain * tone, (-gain if kind == "opposed" else gain) * tone)), pause]
    return np.concatenate(parts[:-1]).astype(np.float32)
