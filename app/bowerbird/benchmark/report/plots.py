"""The plots of an evaluation: systems, differences, classes and families. Their values are also in the tables."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from bowerbird.benchmark.evaluation import Evaluation, PairFigures, SystemFigures
from bowerbird.benchmark.report.figures import figure_text
from bowerbird.plotting import drawing
from bowerbird.plotting.drawing import SMALL_PX, WIDTH_PX, Plot, colour, write

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_PAIRS: Final = 20
"""More pairs of systems are not drawn."""

_AXIS_PX: Final = 26.0
_PITCH_PX: Final = 40.0
_CLASS_PX: Final = 15.0
_LABEL_PX: Final = 120.0
_LEGEND_PX: Final = 16.0
_MARKERS: Final = ("", "D", "o", "^", "s", "v")
"""Of systems in the plot of classes; the first has bars."""

_TONES: Final = ("wave", "query", "accent", "like", "unlike", "text")


def plots_of(evaluation: Evaluation) -> tuple[Plot, ...]:
    """Draw the plots that apply."""
    drawn = (
        system_means(evaluation.systems),
        differences(evaluation),
        family_map(evaluation.systems),
        class_bars(evaluation.systems),
    )
    return tuple(plot for plot in drawn if plot is not None)


def best_first(systems: Sequence[SystemFigures]) -> list[SystemFigures]:
    """Return systems by MAP@15, the best first."""
    return sorted(systems, key=lambda system: -system.figures.macro.map_15)


def pairs_with_best(evaluation: Evaluation, *, most: int) -> tuple[PairFigures, ...]:
    """Return all pairs, or at most that many of those with the best system if there are more."""
    if len(evaluation.pairs) <= most:
        return evaluation.pairs
    best = best_first(evaluation.systems)[0].name
    return tuple(pair for pair in evaluation.pairs if best in (pair.first, pair.second))[:most]


def system_means(systems: Sequence[SystemFigures]) -> Plot:
    """Draw MAP@15 of each system with its interval."""
    ordered = best_first(systems)
    with drawing.plain_style():
        figure = drawing.new_figure(_PITCH_PX * len(ordered) + _AXIS_PX)
        axes = drawing.rows_panel(figure, top=0.0, n_rows=len(ordered), pitch=_PITCH_PX, inset=14.0)
        highest = max(system.macro.high.map_15 for system in ordered)
        axes.set_xlim(0.0, min(1.0, highest * 1.08) or 1.0)
        for row, system in enumerate(ordered):
            value, limits = system.figures.macro.map_15, system.macro
            _row_text(axes, row, drawing.elided(system.name, 240.0), f"{value:.3f}")
            _mark(axes, value, (limits.low.map_15, limits.high.map_15), row + 0.22)
        described = "; ".join(
            f"{system.name} {system.figures.macro.map_15:.3f} "
            f"({system.macro.low.map_15:.3f} to {system.macro.high.map_15:.3f})"
            for system in ordered
        )
        title = "MAP@15"
        svg = drawing.finished(figure, name="systems", title=title, description=f"{described}.")
    return Plot("systems", title, "Means over classes with 95 % intervals.", svg)


def differences(evaluation: Evaluation) -> Plot | None:
    """Draw the difference of MAP@15 of each pair with its interval."""
    pairs = pairs_with_best(evaluation, most=MOST_PAIRS)
    if not pairs:
        return None
    found = [(pair, pair.differences[0]) for pair in pairs]
    reach = max(max(abs(each.low), abs(each.high)) for _, each in found) * 1.08 or 1.0
    with drawing.plain_style():
        figure = drawing.new_figure(_PITCH_PX * len(found) + _AXIS_PX)
        axes = drawing.rows_panel(figure, top=0.0, n_rows=len(found), pitch=_PITCH_PX, inset=14.0)
        axes.set_xlim(-reach, reach)
        axes.locator_params(axis="x", nbins=5)
        axes.axvline(0.0, color=colour("accent"), linewidth=1.5, dashes=(4, 3))
        for row, (pair, each) in enumerate(found):
            name = f"{drawing.elided(pair.first, 120.0)} − {drawing.elided(pair.second, 120.0)}"
            _row_text(axes, row, name, figure_text(each.value, is_signed=True))
            is_shown = each.holm_p is not None and each.holm_p < 0.05
            _mark(axes, each.value, (each.low, each.high), row + 0.22, is_hollow=not is_shown)
        described = "; ".join(
            f"{pair.first} minus {pair.second} {each.value:+.3f} ({each.low:+.3f} to {each.high:+.3f})"
            for pair, each in found
        )
        title = "Differences of MAP@15"
        svg = drawing.finished(figure, name="differences", title=title, description=f"{described}.")
    caption = (
        "First minus second with 95 % intervals. Filled marks are significant at 0.05 after Holm's adjustment for all "
        "pairs."
    )
    return Plot("differences", title, caption, svg)


def class_bars(systems: Sequence[SystemFigures]) -> Plot:
    """Draw MAP@15 by class: bars for the first system, marks for up to five others."""
    shown = systems[: len(_MARKERS)]
    values = [{each.label: each.averages.map_15 for each in system.figures.classes} for system in shown]
    counts = {each.label: each.n_queries for each in shown[0].figures.classes}
    labels = sorted(values[0], key=lambda label: -values[0][label])
    with drawing.plain_style():
        top = _LEGEND_PX * len(shown) + 8.0
        height = _CLASS_PX * len(labels)
        figure = drawing.new_figure(top + height + _AXIS_PX)
        legend = drawing.blank_panel(figure, left=0, top=0, width=WIDTH_PX, height=top)
        for row, system in enumerate(shown):
            y = _LEGEND_PX * row + 8.0
            if row:
                legend.plot([_LABEL_PX + 5.0], [y], _MARKERS[row], **_mark_style(row))
            else:
                legend.barh(y, 10.0, height=8.0, left=_LABEL_PX, color=colour(_TONES[0]))
            write(legend, _LABEL_PX + 16.0, y, drawing.elided(system.name, WIDTH_PX - _LABEL_PX - 20.0))
        names = drawing.blank_panel(figure, left=0, top=top, width=_LABEL_PX, height=height)
        axes = drawing.panel(figure, left=_LABEL_PX, top=top, width=WIDTH_PX - _LABEL_PX - 8.0, height=height)
        axes.set_xlim(0.0, 1.0)
        axes.set_ylim(len(labels) - 0.5, -0.5)
        axes.set_yticks([])
        axes.grid(visible=True, axis="x")
        axes.set_axisbelow(True)
        for row, label in enumerate(labels):
            text = drawing.elided(f"{label} ({counts[label]})", _LABEL_PX - 6.0, SMALL_PX)
            write(names, _LABEL_PX - 6.0, _CLASS_PX * (row + 0.5), text, ha="right", fontsize=SMALL_PX)
            axes.barh(row, values[0][label], height=0.7, color=colour(_TONES[0]))
            limits = shown[0].classes.get(label)
            if limits is not None:
                ends = (limits.low.map_15, limits.high.map_15)
                axes.plot(ends, (row, row), color=colour("text"), linewidth=1.0)
        for number in range(1, len(shown)):
            rows = [row for row, label in enumerate(labels) if label in values[number]]
            found = [values[number][labels[row]] for row in rows]
            axes.plot(found, rows, _MARKERS[number], clip_on=False, **_mark_style(number))
        described = "; ".join(f"{label} {values[0][label]:.2f}" for label in labels)
        title = "MAP@15 by class"
        svg = drawing.finished(figure, name="classes", title=title, description=f"{shown[0].name}: {described}.")
    caption = "The number of queries is in brackets. Lines are 95 % intervals of the bars."
    return Plot("classes", title, caption, svg)


def family_map(systems: Sequence[SystemFigures]) -> Plot | None:
    """Draw MAP@15 by family and system as a heat map."""
    families = list(dict.fromkeys(each.family for system in systems for each in system.figures.families))
    if not families:
        return None
    values = [{each.family: each.averages.map_15 for each in system.figures.families} for system in systems]
    highest = max(value for found in values for value in found.values()) or 1.0
    cell_px, row_px = min(72.0, (WIDTH_PX - _LABEL_PX - 2.0) / len(systems)), 20.0
    head_px = _LEGEND_PX * len(systems) + 22.0
    with drawing.plain_style():
        figure = drawing.new_figure(head_px + row_px * len(families) + 2.0)
        axes = drawing.blank_panel(figure, left=0, top=0, width=WIDTH_PX, height=head_px + row_px * len(families) + 2.0)
        for column, system in enumerate(systems):
            number = f"{column + 1}"
            write(axes, 2.0, _LEGEND_PX * (column + 0.5), f"{number}  {drawing.elided(system.name, WIDTH_PX - 24.0)}")
            write(axes, _LABEL_PX + (column + 0.5) * cell_px, head_px - 10.0, number, ha="center", fontsize=SMALL_PX)
        for row, family in enumerate(families):
            y = head_px + (row + 0.5) * row_px
            write(axes, _LABEL_PX - 6.0, y, drawing.elided(family, _LABEL_PX - 8.0), ha="right")
            for column, found in enumerate(values):
                value = found.get(family)
                tone = colour("raised") if value is None else drawing.ramp(value / highest)
                left = _LABEL_PX + column * cell_px
                axes.barh(y, cell_px - 1.0, height=row_px - 1.0, left=left, color=tone)
                if value is not None and cell_px >= 26.0:
                    ink = drawing.ink_on(tone)
                    write(axes, left + cell_px / 2.0, y, f"{value:.2f}", ha="center", color=ink, fontsize=SMALL_PX)
        described = "; ".join(
            f"{family}: " + ", ".join(f"{found[family]:.2f}" for found in values if family in found)
            for family in families
        )
        title = "MAP@15 by family"
        svg = drawing.finished(figure, name="families", title=title, description=f"{described}.")
    return Plot("families", title, "Means over the classes of a family. Brighter is better.", svg)


def _row_text(axes: "Axes", row: int, name: str, value: str) -> None:
    left, right = axes.get_xlim()
    write(axes, left, row - 0.2, name, color=colour("text"))
    write(axes, right, row - 0.2, value, color=colour("text"), ha="right", weight="bold")


def _mark(axes: "Axes", value: float, ends: tuple[float, float], y: float, *, is_hollow: bool = False) -> None:
    if not math.isnan(value):
        axes.plot(ends, (y, y), color=colour("text"), linewidth=2.0, clip_on=False)
        fill = colour("panel") if is_hollow else colour("text")
        style: dict[str, Any] = {"markerfacecolor": fill, "markeredgecolor": colour("text"), "markeredgewidth": 1.5}
        axes.plot([value], [y], "D", markersize=7.0, clip_on=False, **style)


def _mark_style(number: int) -> dict[str, Any]:
    return {"markersize": 4.5, "color": colour(_TONES[number]), "markeredgewidth": 0.0}
