"""What the map shows, and its geometry: which point is where, and which is meant. Numpy only, no Qt."""

from dataclasses import dataclass, replace
from typing import Final, Literal, Self, TypeAlias

import numpy as np
import numpy.typing as npt

Ids: TypeAlias = npt.NDArray[np.int64]
Points: TypeAlias = npt.NDArray[np.float32]
"""Shape (n, 2)."""

Mask: TypeAlias = npt.NDArray[np.bool_]
Levels: TypeAlias = npt.NDArray[np.uint8]
Direction: TypeAlias = Literal["left", "right", "up", "down"]
ColourKind: TypeAlias = Literal["plain", "ramp", "groups"]

MAX_ZOOM: Final = 400.0
N_GROUPS: Final = 10
OTHER: Final = N_GROUPS
"""Level of what belongs to none of the largest groups."""

_DIRECTIONS: Final[dict[Direction, tuple[int, float]]] = {
    "left": (0, -1.0),
    "right": (0, 1.0),
    "up": (1, -1.0),
    "down": (1, 1.0),
}
_SIDEWAYS_COST: Final = 2.0
"""How much farther a point counts per distance sideways, so that an arrow key leads straight on."""


@dataclass(frozen=True, slots=True, eq=False)
class MapPoints:
    """The points of the map; arrays are parallel.

    Attributes
    ----------
    ids : ndarray, shape (n,), int64
    positions : ndarray, shape (n, 2), float32
        In [0, 1], y downwards.
    in_result : ndarray, shape (n,), bool
        Whether the sound is in the list.
    """

    ids: Ids
    positions: Points
    in_result: Mask

    def __len__(self) -> int:
        return len(self.ids)

    def indices_of(self, ids: Ids) -> npt.NDArray[np.intp]:
        """Return the points of those sounds that have one, in the order of the map."""
        return np.flatnonzero(np.isin(self.ids, ids))


@dataclass(frozen=True, slots=True, eq=False)
class Colouring:
    """The colours of the points.

    Attributes
    ----------
    kind : str
        plain: all have one colour; ramp: levels 0 to 255 of a perceptual ramp; groups: a colour for each level.
    levels : ndarray, shape (n,), uint8
    labels : tuple of str
        For groups the name of each level, the last one for `OTHER` where there are more; for a ramp its two ends.
    """

    kind: ColourKind
    levels: Levels
    labels: tuple[str, ...] = ()

    @property
    def has_other(self) -> bool:
        """Whether the last label is that of the rest."""
        return self.kind == "groups" and bool((self.levels == OTHER).any())


NO_POINTS: Final = MapPoints(np.zeros(0, np.int64), np.zeros((0, 2), np.float32), np.zeros(0, np.bool_))
NO_COLOURS: Final = Colouring("plain", np.zeros(0, np.uint8))


@dataclass(frozen=True, slots=True)
class Camera:
    """The part of the map that is visible.

    Attributes
    ----------
    x, y : float
        What is in the middle, in positions of the map.
    zoom : float
        1 shows everything.
    """

    x: float = 0.5
    y: float = 0.5
    zoom: float = 1.0

    def scale_px(self, width_px: float, height_px: float) -> float:
        """Return the size of the whole map, in pixels."""
        return max(1.0, min(width_px, height_px)) * self.zoom

    def to_screen(self, positions: Points, width_px: float, height_px: float) -> Points:
        """Return positions in pixels from the upper left corner."""
        scale = np.float32(self.scale_px(width_px, height_px))
        offset = np.array([width_px / 2 - self.x * scale, height_px / 2 - self.y * scale], np.float32)
        screen: Points = positions * scale + offset
        return screen

    def zoomed(self, factor: float, at_px: tuple[float, float], width_px: float, height_px: float) -> Self:
        """Return the camera that is closer by a factor, with the same position at a point of the screen."""
        zoom = min(MAX_ZOOM, max(1.0, self.zoom * factor))
        away_px = at_px[0] - width_px / 2, at_px[1] - height_px / 2
        base = self.scale_px(width_px, height_px) / self.zoom
        shift = 1 / (base * self.zoom) - 1 / (base * zoom)
        return self._at(self.x + away_px[0] * shift, self.y + away_px[1] * shift, zoom)

    def panned(self, dx_px: float, dy_px: float, width_px: float, height_px: float) -> Self:
        """Return the camera after the map was dragged."""
        scale = self.scale_px(width_px, height_px)
        return self._at(self.x - dx_px / scale, self.y - dy_px / scale, self.zoom)

    def centred_on(self, position: Points) -> Self:
        """Return the camera with a position in the middle."""
        return replace(self, x=float(position[0]), y=float(position[1]))

    def _at(self, x: float, y: float, zoom: float) -> Self:
        """Return the camera elsewhere: over the map, and in its middle while everything is visible."""
        if zoom <= 1:
            return replace(self, x=0.5, y=0.5, zoom=zoom)
        return replace(self, x=min(1.0, max(0.0, x)), y=min(1.0, max(0.0, y)), zoom=zoom)


def nearest_point(screen: Points, at_px: tuple[float, float], *, within_px: float, preferred: Mask) -> int | None:
    """Return the point that is meant at a place of the screen, or None; of two about as near, a preferred one.

    Parameters
    ----------
    screen : ndarray, shape (n, 2), float32
        In pixels.
    at_px : (float, float)
    within_px : float
    preferred : ndarray, shape (n,), bool
        Counts as half as far away.
    """
    if not len(screen):
        return None
    away = np.hypot(screen[:, 0] - np.float32(at_px[0]), screen[:, 1] - np.float32(at_px[1]))
    near = np.flatnonzero(away <= within_px)
    if not len(near):
        return None
    return int(near[np.argmin(away[near] * np.where(preferred[near], 0.5, 1.0))])


def next_point(positions: Points, current: int, direction: Direction, allowed: Mask) -> int | None:
    """Return the nearest allowed point in a direction from another point; None where there is none.

    Directions are 90° wide; of two points, the one straight ahead is preferred.
    """
    axis, sign = _DIRECTIONS[direction]
    offsets = positions - positions[current]
    ahead, sideways = offsets[:, axis] * np.float32(sign), np.abs(offsets[:, 1 - axis])
    candidates = np.flatnonzero((ahead > 0) & (sideways <= ahead) & allowed)
    if not len(candidates):
        return None
    return int(candidates[np.argmin(ahead[candidates] + _SIDEWAYS_COST * sideways[candidates])])


def inside(points: Points, outline: Points) -> Mask:
    """Return which points lie in a closed outline, by the even-odd rule, shape (n,)."""
    is_inside = np.zeros(len(points), np.bool_)
    if len(outline) < 3:
        return is_inside
    near = np.flatnonzero(((points >= outline.min(axis=0)) & (points <= outline.max(axis=0))).all(axis=1))
    x, y = points[near, 0], points[near, 1]
    odd = np.zeros(len(near), np.bool_)
    for (x0, y0), (x1, y1) in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        if y0 != y1:
            odd ^= ((y0 > y) != (y1 > y)) & (x < (x1 - x0) * (y - y0) / (y1 - y0) + x0)
    is_inside[near] = odd
    return is_inside


def ramp_levels(values: npt.NDArray[np.float32], *, lowest: float, highest: float) -> Levels:
    """Return values as levels of a ramp, shape (n,); values that are not known are at its lower end."""
    share = (np.nan_to_num(values, nan=lowest) - lowest) / max(highest - lowest, 1e-9)
    levels: Levels = np.round(np.clip(share, 0, 1) * 255).astype(np.uint8)
    return levels


def group_levels(numbers: npt.NDArray[np.int32], names: tuple[str, ...], *, other: str) -> Colouring:
    """Return a colouring by groups: the largest have levels in the order of their names, the rest is `OTHER`.

    Parameters
    ----------
    numbers : ndarray, shape (n,), int32
        Positions in `names`; -1 for no group.
    names : tuple of str
    other : str
        The label of the rest.
    """
    counts = np.bincount(numbers[numbers >= 0], minlength=len(names))
    largest = [int(number) for number in np.argsort(-counts, kind="stable")[:N_GROUPS] if counts[number]]
    largest.sort(key=lambda number: names[number].casefold())
    level_of = np.full(len(names) + 1, OTHER, np.uint8)  # the last belongs to -1
    level_of[largest] = np.arange(len(largest))
    levels = level_of[numbers]
    labels = tuple(names[number] for number in largest)
    return Colouring("groups", levels, (*labels, other) if (levels == OTHER).any() else labels)


def branches(directories: tuple[str, ...]) -> tuple[npt.NDArray[np.int32], tuple[str, ...]]:
    """Return the branch of each directory and the branches' names: where the tree of directories first divides.

    Parameters
    ----------
    directories : tuple of str
        With slashes.
    """
    parts = [directory.split("/") for directory in directories]
    depth = 0
    while parts and all(len(each) > depth + 1 for each in parts) and len({each[depth] for each in parts}) == 1:
        depth += 1
    names: dict[str, int] = {}
    numbers = np.array([names.setdefault(each[min(depth, len(each) - 1)], len(names)) for each in parts], np.int32)
    return numbers, tuple(names)
