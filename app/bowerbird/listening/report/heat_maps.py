"""Heat maps: nDCG by query and system, and kappa by pairs of raters.

Colours are a perceptual ramp; values are written into the cells if they fit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Final

from bowerbird.listening.analysis.results import Results
from bowerbird.listening.study import Study
from bowerbird.plotting import drawing
from bowerbird.plotting.drawing import SMALL_PX, WIDTH_PX, Plot, colour, write
from bowerbird.plotting.numerals import ABSENT, decimal

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_RAMP_PX: Final = 26.0
_N_RAMP_STEPS: Final = 32
_N_FOR_ONE_BLOCK: Final = 24
"""Number of queries in a single block; more are split into blocks side by side."""

_GAP_PX: Final = 18.0
_MIN_FOR_VALUE_PX: Final = (24.0, 12.0)
_MIN_FOR_LABEL_PX: Final = 9.0
_MIN_FOR_NUMBER_PX: Final = 15.0
_MAX_CELL_PX: Final = 112.0
_SLANT: Final = 0.71
_MAX_NAME: Final = 16


@dataclass(frozen=True, slots=True)
class _Grid:
    """The geometry of a heat map, in pixels.

    Attributes
    ----------
    label_px : float
        Width of row names.
    cell_px : tuple of float
        Width and height.
    n_blocks, n_rows : int
        Blocks side by side, and rows per block.
    head_px : float
        Height of column names.
    """

    label_px: float
    cell_px: tuple[float, float]
    n_blocks: int
    n_rows: int
    head_px: float

    @property
    def has_values(self) -> bool:
        """Whether a number fits into a cell."""
        return self.cell_px[0] >= _MIN_FOR_VALUE_PX[0] and self.cell_px[1] >= _MIN_FOR_VALUE_PX[1]


def query_map(study: Study, results: Results) -> Plot | None:
    """Draw nDCG by query and system."""
    systems = results.everybody.systems
    by_query = {system.system: {query.query_id: query.ndcg for query in system.by_query} for system in systems}
    if not any(value is not None for found in by_query.values() for value in found.values()):
        return None
    rows = [
        (_query_label(study, query_id), [by_query[system.system].get(query_id) for system in systems])
        for query_id in results.query_ids
    ]
    names = [drawing.elided(system.system, _MAX_NAME * drawing.text_width("n")) for system in systems]
    grid = _query_grid([label for label, _ in rows], names)
    top = _RAMP_PX + grid.head_px
    with drawing.plain_style():
        figure = drawing.new_figure(top + grid.n_rows * grid.cell_px[1] + 2.0)
        axes = drawing.blank_panel(figure, left=0, top=0, width=WIDTH_PX, height=top + grid.n_rows * grid.cell_px[1])
        _ramp_legend(axes, f"nDCG@{results.depth}", ends=("0", "1"))
        for block in range(grid.n_blocks):
            shown = rows[block * grid.n_rows : (block + 1) * grid.n_rows]
            block_px = grid.label_px + len(systems) * grid.cell_px[0] + _GAP_PX
            left = block * block_px + grid.label_px
            if shown:
                _column_names(axes, names, left=left, bottom=top, width=grid.cell_px[0], head_px=grid.head_px)
            _cells(axes, shown, grid=grid, left=left, top=top)
        title = "Query by system"
        names_text = ", ".join(system.system for system in systems)
        description = f"nDCG of {len(rows)} queries, a row each, by {names_text}, a column each."
        svg = drawing.finished(figure, name="queries", title=title, description=description)
    caption = "Brighter is better; an all-dark row is a query for which no system has good results."
    return Plot("queries", title, caption, svg)


def kappa_map(results: Results) -> Plot | None:
    """Draw the weighted kappa of each pair of raters."""
    raters = [rater for rater in results.raters if rater.rater_id in results.everybody.rater_ids]
    known = {frozenset((pair.first_id, pair.second_id)): pair.kappa for pair in results.everybody.agreement.pairs}
    if len(raters) < 2 or all(kappa is None for kappa in known.values()):
        return None
    flagged = [bool(rater.flags) for rater in raters]
    rows = [
        (
            f"{index + 1} {rater.pseudonym}",
            [known.get(frozenset((rater.rater_id, other.rater_id))) for other in raters[:index]],
        )
        for index, rater in enumerate(raters)
    ]
    label_px = 120.0
    side = min(34.0, (WIDTH_PX - label_px - 8.0) / len(raters))
    grid = _Grid(label_px, (side, max(side, 18.0) if len(raters) <= 30 else side), 1, len(raters), 20.0)
    top = _RAMP_PX + grid.head_px
    with drawing.plain_style():
        height = top + grid.n_rows * grid.cell_px[1]
        figure = drawing.new_figure(height + 2.0)
        axes = drawing.blank_panel(figure, left=0, top=0, width=WIDTH_PX, height=height)
        _ramp_legend(axes, "weighted kappa", ends=("0 or less", "1"))
        for index in range(0, len(raters) - 1, ceil(_MIN_FOR_NUMBER_PX / side)):
            write(axes, label_px + (index + 0.5) * side, top - 9.0, f"{index + 1}", ha="center", fontsize=SMALL_PX)
        _cells(axes, rows, grid=grid, left=label_px, top=top, flagged=flagged)
        title = "Rater by rater"
        pairs = [
            f"{first.pseudonym} and {second.pseudonym} {decimal(kappa, places=2)}"
            for index, first in enumerate(raters)
            for second in raters[:index]
            if (kappa := known.get(frozenset((first.rater_id, second.rater_id)))) is not None
        ]
        description = f"Weighted kappa: {'; '.join(pairs)}."
        svg = drawing.finished(figure, name="kappas", title=title, description=description)
    caption = "Quadratically weighted kappa of each pair of raters, with the same numbers in rows and columns"
    caption += "; a triangle marks a flagged rater." if any(flagged) else "."
    return Plot("kappas", title, caption, svg)


def _query_label(study: Study, query_id: str) -> str:
    words = study.query(query_id).words
    return f"{query_id} {words}" if words else query_id


def _query_grid(labels: Sequence[str], names: Sequence[str]) -> _Grid:
    """Return a grid that fits the width: several blocks for many queries, small cells for very many."""
    longest = max(map(len, labels))
    label_px = min(130.0, drawing.text_width("n" * longest) + 8.0)
    widest = max(map(len, names))
    is_slanted = drawing.text_width("n" * widest) > 60.0 or len(names) > 4
    overhang_px = _SLANT * drawing.text_width("n" * widest) if is_slanted else 0.0
    head_px = (_SLANT * drawing.text_width("n" * widest) + 10.0) if is_slanted else 18.0
    room_px = WIDTH_PX - 2.0 - overhang_px
    n_blocks = 1
    if len(labels) > _N_FOR_ONE_BLOCK:
        least_px = label_px + len(names) * _MIN_FOR_VALUE_PX[0] + _GAP_PX
        n_blocks = max(1, min(int((room_px + _GAP_PX) / least_px), ceil(len(labels) / (_N_FOR_ONE_BLOCK // 2))))
    n_rows = ceil(len(labels) / n_blocks)
    width = ((room_px + _GAP_PX) / n_blocks - _GAP_PX - label_px) / len(names)
    height = 20.0 if n_rows <= 40 else max(7.0, min(15.0, 1800.0 / n_rows))
    return _Grid(label_px, (min(width, _MAX_CELL_PX), height), n_blocks, n_rows, head_px)


def _cells(
    axes: "Axes",
    rows: Sequence[tuple[str, Sequence[float | None]]],
    *,
    grid: _Grid,
    left: float,
    top: float,
    flagged: Sequence[bool] = (),
) -> None:
    """Draw rows of cells with their names, and a triangle for each that is `flagged`."""
    width, height = grid.cell_px
    gap = 1.0 if min(width, height) > 6.0 else 0.0
    for row, (label, values) in enumerate(rows):
        y = top + (row + 0.5) * height
        is_flagged = bool(flagged) and flagged[row]
        if height >= _MIN_FOR_LABEL_PX or row % ceil(_MIN_FOR_LABEL_PX / height) == 0 or is_flagged:
            size = min(drawing.TEXT_PX, max(7.0, height - 2.0))
            room_px = grid.label_px - 8.0 - (14.0 if flagged else 0.0)
            name = drawing.elided(label, room_px, size)
            write(axes, left - grid.label_px + 2.0 + (14.0 if flagged else 0.0), y, name, fontsize=size)
        if is_flagged:
            x = left - grid.label_px + 7.0
            axes.plot([x], [y], "^", markersize=7.0, color=colour("unlike"), markeredgewidth=0.0)
        for column, value in enumerate(values):
            tone = colour("raised") if value is None else drawing.ramp(value)
            x = left + column * width
            axes.barh(y, width - gap, height=height - gap, left=x, color=tone)
            if grid.has_values:
                ink = colour("muted") if value is None else drawing.ink_on(tone)
                text = ABSENT if value is None else decimal(value, places=2)
                size = min(SMALL_PX, (width - 3.0) / drawing.text_width(text, 1.0))
                write(axes, x + (width - gap) / 2.0, y, text, ha="center", color=ink, fontsize=size)


def _column_names(
    axes: "Axes", names: Sequence[str], *, left: float, bottom: float, width: float, head_px: float
) -> None:
    is_slanted = head_px > 20.0
    for index, name in enumerate(names):
        x = left + (index + 0.5) * width
        if is_slanted:
            style = {"rotation": 45.0, "rotation_mode": "anchor", "ha": "left", "va": "baseline"}
            write(axes, x, bottom - 6.0, name, **style)
        else:
            write(axes, x, bottom - 9.0, name, ha="center")


def _ramp_legend(axes: "Axes", text: str, *, ends: tuple[str, str]) -> None:
    """Draw the colour legend from the right, so that it fits with any font."""
    right, step = WIDTH_PX - 16.0, 3.0
    left = right - _N_RAMP_STEPS * step
    write(axes, 2.0, 10.0, text)
    write(axes, left - 6.0, 10.0, ends[0], ha="right")
    write(axes, right + 6.0, 10.0, ends[1])
    for index in range(_N_RAMP_STEPS):  # each bar reaches to the right end, so that there are no gaps
        start = left + index * step
        axes.barh(10.0, right - start, height=9.0, left=start, color=drawing.ramp(index / (_N_RAMP_STEPS - 1)))
