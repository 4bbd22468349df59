"""The perceptual colour ramp of spectrograms: viridis (Nathaniel Smith and Stéfan van der Walt, CC0)."""

from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QColor

from bowerbird.gui.shell.theme import Tokens

_VIRIDIS: Final = (
    "#440154",
    "#482878",
    "#3e4989",
    "#31688e",
    "#26828e",
    "#1f9e89",
    "#35b779",
    "#6ece58",
    "#b5de2b",
    "#fde725",
)
_GROUND_SHARE: Final = 0.12
"""The lower end of the ramp leads to the ground, so that silence is not coloured."""

_LIGHT_GROUND_SHARE: Final = 0.45
_N_DARK: Final = 6
"""On a light ground, loud is dark: of the ramp only its dark tones are used, since yellow has no contrast there."""


@lru_cache(maxsize=4)
def spectrogram_ramp(colours: Tokens) -> npt.NDArray[np.uint32]:
    """Return the colours of the levels 0 to 255 as ARGB, shape (256,): from the ground to the strongest contrast."""
    tones = [_rgb(QColor(tone)) for tone in _VIRIDIS]
    ground = _rgb(QColor(colours.ground))
    is_light = sum(ground) > 3 * 128
    tones = tones[_N_DARK - 1 :: -1] if is_light else tones
    share = np.linspace(0, 1, 256)
    first = _LIGHT_GROUND_SHARE if is_light else _GROUND_SHARE
    positions = np.concatenate([[0.0], np.linspace(first, 1, len(tones))])
    channels = np.array([ground, *tones]).T
    red, green, blue = (np.round(np.interp(share, positions, channel)).astype(np.uint32) for channel in channels)
    argb: npt.NDArray[np.uint32] = (np.uint32(0xFF) << 24) | (red << 16) | (green << 8) | blue
    argb.setflags(write=False)
    return argb


def _rgb(colour: QColor) -> tuple[int, int, int]:
    return colour.red(), colour.green(), colour.blue()
