"""The raw descriptors of a window, block by block, before any fitted constant."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from bowerbird.encoders.acoustic.brightness import brightness
from bowerbird.encoders.acoustic.envelope import envelope
from bowerbird.encoders.acoustic.extent import length, loudness
from bowerbird.encoders.acoustic.frames import Analysis, analyse
from bowerbird.encoders.acoustic.pitch import pitch
from bowerbird.encoders.acoustic.spectrum import Floats
from bowerbird.encoders.acoustic.timbre import timbre

Describe: TypeAlias = Callable[[Analysis], Floats]

FITTED: Mapping[str, Describe] = MappingProxyType(
    {"timbre": timbre, "brightness": brightness, "pitch": pitch, "envelope": envelope}
)
"""Blocks whose descriptors are standardised and projected by fitted constants."""

PLAIN: Mapping[str, Describe] = MappingProxyType({"loudness": loudness, "length": length})
"""Blocks that are used in the vector without fitted constants."""


def describe(window: Floats) -> dict[str, Floats]:
    """Describe one window.

    Parameters
    ----------
    window : ndarray, shape (n_frames,), float32
        Mono at `spectrum.RATE_HZ`.

    Returns
    -------
    dict of str to ndarray, each shape (n_values,), float32
        By block, in the order of the vector; finite whatever the window holds.
    """
    analysis = analyse(window)
    return {name: block(analysis) for name, block in {**FITTED, **PLAIN}.items()}
