"""The plots of a report: grades, figures by query, and agreement. Their values are also in the tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bowerbird.listening.analysis.findings import Estimate, Interval
from bowerbird.listening.analysis.results import Results
from bowerbird.listening.report import heat_maps
from bowerbird.listening.report.numerals import count, percent, reach, with_reach
from bowerbird.listening.study import Study
from bowerbird.plotting import drawing
from bowerbird.plotting.drawing import WIDTH_PX, Plot, colour, write
from bowerbird.plotting.numerals import ABSENT, decimal

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_AXIS_PX: Final = 26.0
_INSET_PX: Final = 6.0
_MIN_SHARE_WRITTEN: Final = 0.09
_N_LANES: Final = 5
"""Dots of different queries are spread over this many lines to avoid overlap."""


def plots_of(study: Study, results: Results) -> tuple[Plot, ...]:
    """Draw the plots that apply to the study and its responses."""
    if not results.n_raters:
        return ()
    drawn: tuple[Plot | None, ...]
    if results.kind == "grade":
        drawn = (
            grade_shares(results),
            ndcg_spread(results),
            heat_maps.query_map(study, results),
            heat_maps.kappa_map(results),
            rater_agreement(study, results),
        )
    elif results.kind == "preference":
        drawn = (win_rates(results), heat_maps.kappa_map(results), rater_agreement(study, results))
    else:
        drawn = (shares_right(results),)
    return tuple(plot for plot in drawn if plot is not None)


def grade_shares(results: Results) -> Plot | None:
    """Draw the shares of grades of each system's results: a bar per system, worst on the left."""
    systems = [system for system in results.everybody.systems if sum(system.grade_counts)]
    if not systems:
        return None
    tones = [
        drawing.ramp(0.12 + 0.83 * index / max(1, len(results.grades) - 1)) for index in range(len(results.grades))
    ]
    with drawing.plain_style():
        lines = _legend_lines(results.grades)
        legend_px, pitch = 20.0 * len(lines) + 8.0, 46.0
        figure = drawing.new_figure(legend_px + pitch * len(systems))
        _grade_legend(drawing.blank_panel(figure, left=0, top=0, width=WIDTH_PX, height=legend_px), lines, tones)
        axes = drawing.blank_panel(figure, left=0, top=legend_px, width=WIDTH_PX, height=pitch * len(systems))
        for row, system in enumerate(systems):
            n, left, top = sum(system.grade_counts), _INSET_PX, row * pitch
            room = WIDTH_PX - 2.0 * _INSET_PX
            write(axes, left, top + 10.0, drawing.elided(system.system, room - 80.0), color=colour("text"))
            write(axes, left + room, top + 10.0, f"{count(n)} grades", ha="right")
            for tone, n_given in zip(tones, system.grade_counts, strict=True):
                width = room * n_given / n
                axes.barh(top + 29.0, width, height=18.0, left=left, color=tone)
                if n_given / n >= _MIN_SHARE_WRITTEN:
                    ink = drawing.ink_on(tone)
                    write(axes, left + width / 2.0, top + 29.0, percent(n_given / n), ha="center", color=ink)
                left += width
        parts = [
            f"{system.system}: "
            + ", ".join(
                f"{grade} {percent(n / sum(system.grade_counts))}"
                for grade, n in zip(results.grades, system.grade_counts, strict=True)
            )
            for system in systems
        ]
        title = "Grades of each system"
        svg = drawing.finished(figure, name="grades", title=title, description="; ".join(parts) + ".")
    return Plot(
        "grades", title, "Shares of the grades that raters gave to each system's results, worst on the left.", svg
    )


def ndcg_spread(results: Results) -> Plot | None:
    """Draw each system's nDCG by query, its mean with the interval, and the listener ceiling."""
    systems = [system for system in results.everybody.systems if system.ndcg.value is not None]
    if not systems:
        return None
    ceiling = results.everybody.agreement.ceiling
    listeners = None if ceiling is None else ceiling.ndcg.value
    head_px, pitch = (18.0 if listeners is not None else 0.0), 60.0
    with drawing.plain_style():
        figure = drawing.new_figure(head_px + pitch * len(systems) + _AXIS_PX)
        axes = drawing.rows_panel(figure, top=head_px, n_rows=len(systems), pitch=pitch, inset=_INSET_PX + 8.0)
        _share_axis(axes, as_percent=False)
        for row, system in enumerate(systems):
            write(axes, 0.0, row - 0.34, drawing.elided(system.system, 240.0), color=colour("text"))
            write(axes, 1.0, row - 0.34, decimal(system.ndcg.value), color=colour("text"), ha="right", weight="bold")
            values = [query.ndcg for query in system.by_query if query.ndcg is not None]
            lanes = [row - 0.06 + 0.045 * (index % _N_LANES) for index in range(len(values))]
            axes.plot(values, lanes, "o", markersize=5.0, alpha=0.7, markeredgewidth=0.0, color=colour("wave"))
            _mark(axes, system.ndcg, row + 0.26, marker="D")
        if listeners is not None:
            axes.axvline(listeners, color=colour("accent"), linewidth=1.5, dashes=(4, 3))
            side = "right" if listeners > 0.5 else "left"
            write(
                axes, listeners, -0.5 - 10.0 / pitch, f"listeners {decimal(listeners)}", ha=side, color=colour("accent")
            )
        means = "; ".join(f"{system.system} {with_reach(system.ndcg)}" for system in systems)
        description = f"Means with 95 % intervals: {means}."
        title = f"nDCG@{results.depth} by query"
        svg = drawing.finished(figure, name="spread", title=title, description=description)
    caption = "Each dot is a query; the diamond is the mean, its line the 95 % interval."
    if listeners is not None:
        caption += " The dashed line is the listener ceiling: a rater's own ranking, scored by the other raters."
    return Plot("spread", title, caption, svg)


def rater_agreement(study: Study, results: Results) -> Plot | None:
    """Draw each rater's agreement with the mean of the others; triangles are flagged raters."""
    raters = [rater for rater in results.raters if rater.agreement is not None]
    if not raters:
        return None
    threshold = study.design.exclusion.min_agreement
    values = [rater.agreement for rater in raters if rater.agreement is not None]
    low = next(low for low in (0.0, -0.5, -1.0) if low == -1.0 or min([*values, threshold]) >= low)
    pitch, names_px, head_px = max(13.0, min(24.0, 1200.0 / len(raters))), 116.0, 24.0
    with drawing.plain_style():
        figure = drawing.new_figure(head_px + pitch * len(raters) + _AXIS_PX)
        legend = drawing.blank_panel(figure, left=0, top=0, width=WIDTH_PX, height=head_px)
        for x, flagged, text in ((names_px, False, "rater"), (names_px + 76.0, True, "flagged rater")):
            _rater_mark(legend, x + 6.0, 10.0, is_flagged=flagged)
            write(legend, x + 16.0, 10.0, text)
        names = drawing.blank_panel(figure, left=0, top=head_px, width=names_px, height=pitch * len(raters))
        axes = drawing.panel(
            figure, left=names_px, top=head_px, width=WIDTH_PX - names_px - 14.0, height=pitch * len(raters)
        )
        axes.set_ylim(len(raters) - 0.5, -0.5)
        axes.set_yticks([])
        axes.grid(visible=True, axis="x")
        axes.set_axisbelow(True)
        ticks = [tick for tick in (-1.0, -0.5, 0.0, 0.5, 1.0) if tick >= low]
        axes.set_xlim(low - 0.02 * (1.0 - low), 1.0 + 0.02 * (1.0 - low))
        axes.set_xticks(ticks, [decimal(tick, places=2) for tick in ticks])
        axes.axvline(threshold, color=colour("unlike"), linewidth=1.0, dashes=(4, 3))
        for row, rater in enumerate(raters):
            assert rater.agreement is not None
            ink = colour("text") if rater.flags else colour("muted")
            write(names, _INSET_PX, (row + 0.5) * pitch, drawing.elided(rater.pseudonym, names_px - 16.0), color=ink)
            _rater_mark(axes, rater.agreement, row, is_flagged=bool(rater.flags))
        description = "; ".join(
            f"{rater.pseudonym} {decimal(rater.agreement, places=2)}{' (flagged)' if rater.flags else ''}"
            for rater in raters
        )
        title = "Agreement with other raters"
        svg = drawing.finished(figure, name="raters", title=title, description=f"Rank correlation: {description}.")
    caption = (
        "Rank correlation of each rater's responses with the mean of all others; a triangle is a flagged rater, "
        f"the dashed line the threshold of the study, {decimal(threshold, places=2)}."
    )
    return Plot("raters", title, caption, svg)


@dataclass(frozen=True, slots=True)
class _Rate:
    """A row of a plot of shares."""

    label: str
    estimate: Estimate
    is_planned: bool


def win_rates(results: Results) -> Plot | None:
    """Draw the win rate of each pair of systems."""
    rates = [
        _Rate(f"{preference.first} over {preference.second}", preference.win_rate, preference.is_planned)
        for preference in results.everybody.preferences
    ]
    title = "Preferences"
    caption = (
        "How often the first system's list was preferred, with ties as half and 95 % intervals; the dashed line is no "
        "preference. Filled marks are planned comparisons, hollow marks exploratory."
    )
    return _rates(rates, name="wins", title=title, caption=caption, half="no preference")


def shares_right(results: Results) -> Plot | None:
    """Draw how often X was identified for each pair of systems."""
    rates = [
        _Rate(f"{pair.first} and {pair.second}", pair.share_right, pair.is_planned) for pair in results.everybody.abx
    ]
    title = "ABX"
    caption = (
        "How often X was identified, with 95 % intervals; the dashed line is guessing. Filled marks are planned "
        "comparisons, hollow marks exploratory."
    )
    return _rates(rates, name="abx", title=title, caption=caption, half="guessing")


def _rates(rates: Sequence[_Rate], *, name: str, title: str, caption: str, half: str) -> Plot | None:
    rates = [rate for rate in rates if rate.estimate.value is not None]
    if not rates:
        return None
    head_px, pitch = 18.0, 46.0
    with drawing.plain_style():
        figure = drawing.new_figure(head_px + pitch * len(rates) + _AXIS_PX)
        axes = drawing.rows_panel(figure, top=head_px, n_rows=len(rates), pitch=pitch, inset=_INSET_PX + 12.0)
        _share_axis(axes, as_percent=True)
        axes.axvline(0.5, color=colour("accent"), linewidth=1.5, dashes=(4, 3))
        write(axes, 0.5, -0.5 - 10.0 / pitch, half, ha="center", color=colour("accent"))
        for row, rate in enumerate(rates):
            label = drawing.elided(rate.label, 290.0)
            axes.text(
                0.0,
                row - 0.2,
                drawing.drawable(label),
                va="center",
                color=colour("text"),
                bbox={"facecolor": colour("panel"), "edgecolor": "none", "pad": 1.0},
            )
            write(axes, 1.0, row - 0.2, percent(rate.estimate.value), color=colour("text"), ha="right", weight="bold")
            _mark(axes, rate.estimate, row + 0.2, marker="o", is_hollow=not rate.is_planned)
        description = "; ".join(
            f"{rate.label} {percent(rate.estimate.value)}{_ends(rate.estimate.interval)}" for rate in rates
        )
        svg = drawing.finished(figure, name=name, title=title, description=f"{description}.")
    return Plot(name, title, caption, svg)


def _ends(interval: Interval | None) -> str:
    return "" if interval is None else f" ({reach(interval, places=2)})"


def _share_axis(axes: "Axes", *, as_percent: bool) -> None:
    ticks = [0.0, 0.25, 0.5, 0.75, 1.0]
    axes.set_xlim(0.0, 1.0)
    axes.set_xticks(ticks, [percent(tick) if as_percent else decimal(tick, places=2) for tick in ticks])


def _mark(axes: "Axes", estimate: Estimate, y: float, *, marker: str, is_hollow: bool = False) -> None:
    """Draw an estimate and its interval, without clipping at the edges."""
    if estimate.interval is not None:
        ends = (estimate.interval.low, estimate.interval.high)
        axes.plot(ends, (y, y), color=colour("text"), linewidth=2.0, clip_on=False)
    if estimate.value is not None:
        fill = colour("panel") if is_hollow else colour("text")
        axes.plot(
            [estimate.value],
            [y],
            marker,
            markersize=7.0,
            markerfacecolor=fill,
            markeredgecolor=colour("text"),
            markeredgewidth=1.5,
            clip_on=False,
        )


def _rater_mark(axes: "Axes", x: float, y: float, *, is_flagged: bool) -> None:
    """Draw a rater; shape and colour both show whether the rater is flagged."""
    marker, tone, size = ("^", "unlike", 8.0) if is_flagged else ("o", "wave", 7.0)
    axes.plot([x], [y], marker, markersize=size, color=colour(tone), markeredgewidth=0.0, clip_on=False)


def _legend_lines(grades: Sequence[str]) -> list[list[tuple[float, int, str]]]:
    """Return lines of (left, grade, label) that fit the width."""
    lines: list[list[tuple[float, int, str]]] = [[]]
    left = _INSET_PX
    for index, grade in enumerate(grades):
        text = drawing.elided(grade or ABSENT, WIDTH_PX - 40.0)
        width = 16.0 + drawing.text_width(text) + 12.0
        if lines[-1] and left + width > WIDTH_PX:
            lines.append([])
            left = _INSET_PX
        lines[-1].append((left, index, text))
        left += width
    return lines


def _grade_legend(axes: "Axes", lines: Sequence[Sequence[tuple[float, int, str]]], tones: Sequence[str]) -> None:
    for row, line in enumerate(lines):
        for left, index, text in line:
            axes.barh(20.0 * row + 10.0, 10.0, height=10.0, left=left, color=tones[index])
            write(axes, left + 16.0, 20.0 * row + 10.0, text)
