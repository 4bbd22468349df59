"""The configuration of a training, and the dataset it reads."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from bowerbird.encoders.acoustic.constants import Constants, read_constants, standardised
from ear.augment import Strength
from ear.data import (
    SHARED,
    Clip,
    Features,
    Floats,
    Index,
    acoustic_vectors,
    analysed_clips,
    fitted_constants,
    held_out,
    read_clips,
)
from ear.network import Shape
from ear.words import Vocabulary, vocabulary

ROOT: Final = Path(__file__).parents[3]

CROPS: Final = ((64, 0.4, 48), (128, 0.45, 32), (256, 0.15, 20))
"""Steps of a crop, how often it is chosen, and how many make a batch."""


@dataclass(frozen=True, slots=True)
class Config:
    """Every setting that changes the result of a training."""

    seed: int = 1
    n_epochs: int = 100
    n_processes: int = 2
    rate: float = 3e-3
    decay: float = 0.05
    average: float = 0.998
    label_scale: float = 16.0
    text_scale: float = 14.0
    smoothing: float = 0.1
    contrast_weight: float = 1.0
    descriptor_weight: float = 2.0
    drawing_weight: float = 0.0
    acoustic_noise: float = 0.8
    described_weight: float = 0.5
    own_dropout: float = 0.2
    reworded_share: float = 0.4
    is_bfloat16: bool = True
    with_shared: bool = True
    validation_share: float = 0.0
    shape: Shape = field(default_factory=Shape)
    strength: Strength = field(default_factory=Strength)


def changed(config: Config, name: str, value: str) -> Config:
    """Return the config with a setting changed; ``shape.n_dims`` and ``strength.tilt_db`` name nested settings."""
    head, _, rest = name.partition(".")
    if rest:
        inner = getattr(config, head)
        return replace(config, **{head: replace(inner, **{rest: _like(getattr(inner, rest), value)})})
    return replace(config, **{head: _like(getattr(config, head), value)})


def _like(old: Any, value: str) -> Any:
    if isinstance(old, bool):
        return value == "true"
    if isinstance(old, tuple):
        return tuple(int(part) for part in value.split(","))
    return type(old)(value)


@dataclass(frozen=True, eq=False)
class Dataset:
    """The clips to train on and to validate with.

    Attributes
    ----------
    clips : list of Clip
    features : Features
    acoustic : ndarray, shape (n_clips, n_acoustic), float32
    is_held : ndarray, shape (n_clips,), bool
        True for clips that are used for validation only.
    words : Vocabulary
    """

    clips: list[Clip]
    features: Features
    acoustic: Floats
    is_held: npt.NDArray[np.bool_]
    words: Vocabulary

    @cached_property
    def descriptors(self) -> Floats:
        """Return the standardised acoustic descriptors of all clips, shape (n_clips, n_values)."""
        values = np.concatenate(list(self.features.blocks.values()), axis=1)
        known = values[self.trained_on]
        return standardised(values, known.mean(axis=0), known.std(axis=0) + np.float32(1e-3)).astype(np.float32)

    @cached_property
    def label_numbers(self) -> Index:
        """Return the number of each clip's label, shape (n_clips,)."""
        number_of = {label: number for number, label in enumerate(self.words.labels)}
        return np.array([number_of[clip.label] for clip in self.clips], np.int64)

    @property
    def trained_on(self) -> Index:
        """Return the indices of the training clips."""
        return np.flatnonzero(~self.is_held)


def read_dataset(folder: Path, config: Config, *, cache: Path) -> Dataset:
    """Read and analyse the clips.

    When clips are held out, the acoustic constants are fitted without them, so that validation is on unseen sounds.
    """
    clips = read_clips(folder)
    features = analysed_clips(folder, clips, cache=cache)
    is_held = np.zeros(len(clips), np.bool_)
    constants: Constants = read_constants(ROOT / "models" / "acoustic.npz")
    if config.validation_share:
        is_held = held_out(clips, seed=config.seed, share=config.validation_share)
        constants = fitted_constants(clips, features, ~is_held, like=constants)
    if not config.with_shared:
        is_held |= np.array([clip.origin == SHARED for clip in clips])
    words = vocabulary(clips, [])
    return Dataset(clips, features, acoustic_vectors(features, constants), is_held, words)
