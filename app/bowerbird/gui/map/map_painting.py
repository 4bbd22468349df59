"""Painting a hundred thousand points: their pixels are computed with numpy, never by one Qt call a point."""

import tomllib
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QColor, QImage

from bowerbird.base.paths import resources_path
from bowerbird.gui.browse.ramp import spectrogram_ramp
from bowerbird.gui.map.map_state import Colouring, Mask, Points
from bowerbird.gui.shell.theme import Tokens

Palette = npt.NDArray[np.uint32]
Pixels = npt.NDArray[np.uint32]

_RAMP_FROM: Final = 70
"""The lowest levels of the spectrogram's ramp are hardly distinct from the ground."""

_DIAMETERS: Final = ((300, 9), (2_000, 7), (8_000, 5), (30_000, 3))
_LEAST_PX: Final = 2
_SMOOTH_FROM_PX: Final = 4
"""Smaller dots are squares of whole pixels: a smooth edge cannot be seen."""

_FAINT_SHARE: Final = 0.5
"""How strong a sound that is not in the list is, compared with the faint colour."""

_DENSITY_FROM: Final = 8_000
_N_DENSE: Final = 6
"""Number of sounds around a pixel from which it is not painted any stronger."""


def diameter_px(n_points: int) -> int:
    """Return the diameter of a dot, in pixels, for a number of visible points."""
    return next((px for most, px in _DIAMETERS if n_points <= most), _LEAST_PX)


@lru_cache(maxsize=2)
def group_colours(*, is_light: bool) -> tuple[str, ...]:
    """Return the colours of groups, the last for all others."""
    with (resources_path() / "styles" / "tokens.toml").open("rb") as file:
        return tuple(tomllib.load(file)["groups"]["light" if is_light else "dark"])


def palette(colouring: Colouring, colours: Tokens) -> Palette:
    """Return the colour of each level as ARGB, shape (256,)."""
    match colouring.kind:
        case "ramp":
            whole = spectrogram_ramp(colours)
            return whole[np.linspace(_RAMP_FROM, 255, 256).astype(np.intp)]
        case "groups":
            tones = group_colours(is_light=QColor(colours.ground).lightness() > 128)
            made = np.full(256, QColor(tones[-1]).rgb(), np.uint32)
            made[: len(tones)] = [QColor(tone).rgb() for tone in tones]
            return made
        case "plain":
            return np.full(256, QColor(colours.wave).rgb(), np.uint32)


def paint_points(
    screen: Points,
    in_result: Mask,
    levels: npt.NDArray[np.uint8],
    palette: Palette,
    *,
    size_px: tuple[int, int],
    ratio: float,
    ground: QColor,
    faint: QColor,
) -> QImage:
    """Paint points: those outside of the list first, faintly, then those in the list in their colours.

    Parameters
    ----------
    screen : ndarray, shape (n, 2), float32
        In device pixels.
    in_result : ndarray, shape (n,), bool
    levels : ndarray, shape (n,), uint8
    palette : ndarray, shape (256,), uint32
    size_px : (int, int)
        Width and height of the image, in device pixels.
    ratio : float
        Device pixels per pixel.
    ground, faint : QColor
    """
    width, height = size_px
    x, y = screen[:, 0], screen[:, 1]
    visible = np.flatnonzero((x >= 0) & (y >= 0) & (x < width) & (y < height))
    diameter = max(_LEAST_PX, round(diameter_px(len(visible)) * ratio))
    margin = diameter // 2 + 2
    columns = width + 2 * margin
    pixels = np.full(columns * (height + 2 * margin), ground.rgb(), np.uint32)
    is_bright = in_result[visible]
    rest, bright = visible[~is_bright], visible[is_bright]
    tone = _mixed(ground, faint, _FAINT_SHARE)
    if len(rest) >= _DENSITY_FROM:
        _paint_density(pixels, _cells(screen[rest], margin, columns), columns, ground, faint)
    elif len(rest):
        smaller = max(_LEAST_PX, diameter - 1)
        _paint_dots(pixels, screen[rest], np.full(len(rest), tone, np.uint32), smaller, margin=margin, columns=columns)
    if len(bright):
        _paint_dots(pixels, screen[bright], palette[levels[bright]], diameter, margin=margin, columns=columns)
    inner = np.ascontiguousarray(pixels.reshape(-1, columns)[margin : margin + height, margin : margin + width])
    image = QImage(inner.data, width, height, width * 4, QImage.Format.Format_RGB32).copy()
    image.setDevicePixelRatio(ratio)
    return image


def _cells(screen: Points, margin: int, columns: int) -> npt.NDArray[np.int64]:
    """Return the index of the pixel of each point."""
    whole = screen.astype(np.int64) + margin
    cells: npt.NDArray[np.int64] = whole[:, 1] * columns + whole[:, 0]
    return cells


def _paint_density(pixels: Pixels, cells: npt.NDArray[np.int64], columns: int, ground: QColor, faint: QColor) -> None:
    counts = np.bincount(cells, minlength=len(pixels)).astype(np.uint16)
    rows = counts.copy()
    rows[1:] += counts[:-1]
    rows[:-1] += counts[1:]
    spread = rows.copy()
    spread[columns:] += rows[:-columns]
    spread[:-columns] += rows[columns:]
    shares = _FAINT_SHARE * (0.55 + 0.9 * np.arange(1, _N_DENSE + 1) / _N_DENSE)
    tones = np.array([ground.rgb(), *(_mixed(ground, faint, share) for share in shares)], np.uint32)
    np.take(tones, np.minimum(spread, _N_DENSE), out=pixels)


def _paint_dots(
    pixels: Pixels,
    screen: Points,
    tones: npt.NDArray[np.uint32],
    diameter: int,
    *,
    margin: int,
    columns: int,
) -> None:
    cells = _cells(screen, margin, columns)
    reach = diameter // 2
    if diameter < _SMOOTH_FROM_PX:
        steps = range(-reach, diameter - reach)
        has_corners = diameter < 3
        for down in steps:
            for right in steps:
                if has_corners or abs(down) + abs(right) <= reach:
                    pixels[cells + down * columns + right] = tones
        return
    fraction = screen - np.floor(screen) - np.float32(0.5)
    red_blue, green = tones & np.uint32(0xFF00FF), tones & np.uint32(0x00FF00)
    for down in range(-reach - 1, reach + 2):
        for right in range(-reach - 1, reach + 2):
            away = np.hypot(right - fraction[:, 0], down - fraction[:, 1])
            cover = np.clip((diameter / 2 + 0.5 - away) * 256, 0, 256).astype(np.uint32)
            touched = np.flatnonzero(cover)
            if not len(touched):
                continue
            at, share = cells[touched] + down * columns + right, cover[touched]
            under = pixels[at]
            less = np.uint32(256) - share
            mixed = (under & np.uint32(0xFF00FF)) * less + red_blue[touched] * share
            mixed_green = (under & np.uint32(0x00FF00)) * less + green[touched] * share
            pixels[at] = (
                np.uint32(0xFF000000)
                | ((mixed >> np.uint32(8)) & np.uint32(0xFF00FF))
                | ((mixed_green >> np.uint32(8)) & np.uint32(0x00FF00))
            )


def _mixed(ground: QColor, tone: QColor, share: float) -> int:
    """Return a colour between two as ARGB."""
    parts = [
        round(low + (high - low) * share)
        for low, high in zip(ground.getRgb()[:3], tone.getRgb()[:3], strict=True)  # type: ignore[index]
    ]
    return QColor(*parts).rgb()
