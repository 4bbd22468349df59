"""What the large waveform shows, without Qt: the visible part, its time axis, the region and their texts."""

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal, TypeAlias

from bowerbird.gui.translation import translate

MAX_LANES: Final = 8
ZOOM_STEP: Final = 1.25
HANDLE_PX: Final = 6
"""How far from an edge of the region it can be taken."""

_MIN_LANE_PX: Final = 36
_MIN_TICK_PX: Final = 72
_MIN_FRAMES: Final = 16
_SILENT_DB: Final = -96.0

Edge: TypeAlias = Literal["start", "end"]


@dataclass(frozen=True, slots=True)
class Marker:
    """A cue point with its name."""

    time_s: float
    name: str


@dataclass(frozen=True, slots=True)
class Viewport:
    """The visible part of a sound.

    Attributes
    ----------
    duration_s : float
        Of the sound.
    start_s, end_s : float
    shortest_s : float
        The nearest zoom.
    """

    duration_s: float
    start_s: float
    end_s: float
    shortest_s: float

    @classmethod
    def of(cls, duration_s: float, rate_hz: int) -> "Viewport":
        """Return the whole of a sound."""
        duration_s = max(duration_s, 1e-4)
        return cls(duration_s, 0.0, duration_s, min(duration_s, _MIN_FRAMES / max(1, rate_hz)))

    @property
    def length_s(self) -> float:
        """Length of the visible part."""
        return self.end_s - self.start_s

    @property
    def is_whole(self) -> bool:
        """Whether the whole sound is visible."""
        return self.length_s >= self.duration_s * (1 - 1e-9)

    def whole(self) -> "Viewport":
        """Return the whole sound."""
        return replace(self, start_s=0.0, end_s=self.duration_s)

    def zoomed(self, factor: float, *, at_s: float) -> "Viewport":
        """Return a part that is shorter by a factor, with a position where it is."""
        length_s = min(max(self.length_s / factor, self.shortest_s), self.duration_s)
        share = (at_s - self.start_s) / self.length_s
        return self._from(at_s - share * length_s, length_s)

    def scrolled(self, by_s: float) -> "Viewport":
        """Return the part that begins later, or earlier."""
        return self._from(self.start_s + by_s, self.length_s)

    def following(self, position_s: float) -> "Viewport":
        """Return this part, or the next one if a position has left it."""
        if self.is_whole or self.start_s <= position_s < self.end_s:
            return self
        return self._from(position_s - 0.05 * self.length_s, self.length_s)

    def second_at(self, x: float, width_px: float) -> float:
        """Return the position at a pixel, inside the sound."""
        return min(max(self.start_s + x / max(1.0, width_px) * self.length_s, 0.0), self.duration_s)

    def x_of(self, second: float, width_px: float) -> float:
        """Return the pixel of a position."""
        return (second - self.start_s) / self.length_s * width_px

    def _from(self, start_s: float, length_s: float) -> "Viewport":
        start_s = min(max(start_s, 0.0), self.duration_s - length_s)
        return replace(self, start_s=start_s, end_s=start_s + length_s)


@dataclass(frozen=True, slots=True)
class DetailRequest:
    """What a waveform needs that is not stored.

    Attributes
    ----------
    path : Path
    viewport : Viewport
    n_columns, n_rows : int
        Device pixels.
    is_spectrogram : bool
    """

    path: Path
    viewport: Viewport
    n_columns: int
    n_rows: int
    is_spectrogram: bool


def edge_at(x: float, start_x: float, end_x: float) -> Edge | None:
    """Return the edge of a region that is taken at a pixel; of a narrow region the nearer one."""
    to_start, to_end = abs(x - start_x), abs(x - end_x)
    if min(to_start, to_end) > HANDLE_PX:
        return None
    return "start" if to_start < to_end or (to_start == to_end and x < start_x) else "end"


def n_lanes(n_channels: int, height_px: float, *, is_split: bool) -> int:
    """Return how many lanes there are: one a channel where they fit, else one for all."""
    n = min(n_channels, MAX_LANES)
    return n if is_split and n > 1 and n_channels <= MAX_LANES and height_px / n >= _MIN_LANE_PX else 1


def lane_name(channel: int, n_channels: int) -> str:
    """Return the name of a channel: "L" and "R", else its number."""
    return ("L", "R")[channel] if n_channels == 2 else str(channel + 1)


def ticks(viewport: Viewport, width_px: float) -> list[tuple[float, str]]:
    """Return the positions of the time axis with their texts, at least 72 pixels apart."""
    step = _step_s(viewport.length_s / max(1.0, width_px) * _MIN_TICK_PX)
    first = math.ceil(viewport.start_s / step - 1e-9)
    last = math.floor(viewport.end_s / step + 1e-9)
    n_decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    is_clock = viewport.duration_s >= 60
    return [
        (number * step, _position_text(number * step, n_decimals=n_decimals, is_clock=is_clock))
        for number in range(first, last + 1)
    ]


def _step_s(least_s: float) -> float:
    if least_s > 1:
        steps = (2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)
        return float(next((step for step in steps if step >= least_s), 3600 * math.ceil(least_s / 3600)))
    power = 10.0 ** math.floor(math.log10(max(least_s, 1e-7)))
    return float(next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least_s * (1 - 1e-9)))


def _position_text(second: float, *, n_decimals: int, is_clock: bool) -> str:
    if not is_clock:
        return f"{second:.{n_decimals}f}"
    minutes, rest = divmod(round(second, n_decimals), 60)
    width = 2 if not n_decimals else 3 + n_decimals
    text = f"{rest:0{width}.{n_decimals}f}"
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02}:{text}" if hours else f"{minutes}:{text}"


def region_text(start_s: float, end_s: float) -> str:
    """Return the readout of a region: "17.38–25.04 s · 7.66 s"."""
    length_s = end_s - start_s
    n_decimals = 2 if length_s >= 0.1 else 4
    if end_s >= 60:
        first, last = (_position_text(second, n_decimals=n_decimals, is_clock=True) for second in (start_s, end_s))
        return f"{first}–{last} · {length_s:.{n_decimals}f} s"
    return f"{start_s:.{n_decimals}f}–{end_s:.{n_decimals}f} s · {length_s:.{n_decimals}f} s"


def peak_text(peak: float) -> str:
    """Return the level that the waveform is drawn to: "peak +18 dB", "peak −6.2 dB"; empty for silence."""
    level_db = 20 * math.log10(peak) if peak > 0 else _SILENT_DB
    if level_db <= _SILENT_DB:
        return ""
    shown = f"{abs(level_db):.0f}" if abs(level_db) >= 10 else f"{abs(level_db):.1f}"
    sign = "" if float(shown) == 0 else "+" if level_db > 0 else "−"
    return translate("Waveform", "peak {level} dB").format(level=f"{sign}{shown.removesuffix('.0')}")
