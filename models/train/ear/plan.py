"""What decides how the ear comes out: every number of a training, and what it is trained on."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from augment import Strength
from data import (
    SHARED,
    Clip,
    Floats,
    Heard,
    Index,
    acoustic_vectors,
    fitted_constants,
    heard_clips,
    held_out,
    read_clips,
)
from network import Shape
from words import Vocabulary, vocabulary

from bowerbird.encoders.acoustic.constants import Constants, read_constants, standardised

ROOT: Final = Path(__file__).parents[3]

CROPS: Final = ((64, 0.4, 48), (128, 0.45, 32), (256, 0.15, 20))
"""Steps of a crop, how often it is chosen, and how many make a batch."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that decides what comes out."""

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


def changed(plan: Plan, name: str, value: str) -> Plan:
    """Return the plan with one value other; ``shape.n_dims`` and ``strength.tilt_db`` reach inside."""
    head, _, rest = name.partition(".")
    if rest:
        inner = getattr(plan, head)
        return replace(plan, **{head: replace(inner, **{rest: _like(getattr(inner, rest), value)})})
    return replace(plan, **{head: _like(getattr(plan, head), value)})


def _like(old: Any, value: str) -> Any:
    if isinstance(old, bool):
        return value == "true"
    if isinstance(old, tuple):
        return tuple(int(one) for one in value.split(","))
    return type(old)(value)


@dataclass(frozen=True, eq=False)
class Material:
    """What is trained on.

    Attributes
    ----------
    clips : list of Clip
    heard : Heard
    acoustic : ndarray, shape (n_clips, n_acoustic), float32
    is_held : ndarray, shape (n_clips,), bool
        True for clips that are for validation only.
    words : Vocabulary
    """

    clips: list[Clip]
    heard: Heard
    acoustic: Floats
    is_held: npt.NDArray[np.bool_]
    words: Vocabulary

    @cached_property
    def descriptors(self) -> Floats:
        """Raw acoustic descriptors of all clips in standard deviations, shape (n_clips, n_values)."""
        values = np.concatenate(list(self.heard.blocks.values()), axis=1)
        known = values[self.trained_on]
        return standardised(values, known.mean(axis=0), known.std(axis=0) + np.float32(1e-3)).astype(np.float32)

    @cached_property
    def label_numbers(self) -> Index:
        """Number of every clip's label, shape (n_clips,)."""
        number_of = {label: number for number, label in enumerate(self.words.labels)}
        return np.array([number_of[clip.label] for clip in self.clips], np.int64)

    @property
    def trained_on(self) -> Index:
        """Positions of the clips that are trained on."""
        return np.flatnonzero(~self.is_held)


def read_material(folder: Path, plan: Plan, *, cache: Path) -> Material:
    """Read and hear the clips.

    Where some are held out, the acoustic constants are fitted anew without them: what they sound like must not
    have been seen in any way.
    """
    clips = read_clips(folder)
    heard = heard_clips(folder, clips, cache=cache)
    is_held = np.zeros(len(clips), np.bool_)
    constants: Constants = read_constants(ROOT / "models" / "acoustic.npz")
    if plan.validation_share:
        is_held = held_out(clips, seed=plan.seed, share=plan.validation_share)
        constants = fitted_constants(clips, heard, ~is_held, like=constants)
    if not plan.with_shared:
        is_held |= np.array([clip.origin == SHARED for clip in clips])
    words = vocabulary(clips, [])
    return Material(clips, heard, acoustic_vectors(heard, constants), is_held, words)
