"""The tables of `bowerbird evaluate` in the terminal."""

from rich.markup import escape
from rich.table import Table
from rich.text import Text

from bowerbird.base.text import count_text
from bowerbird.benchmark.evaluation import Evaluation, SystemFigures
from bowerbird.benchmark.measurements import Measurements
from bowerbird.benchmark.report.figures import LABELS, figure_text, reach_text
from bowerbird.benchmark.report.plots import pairs_with_best
from bowerbird.benchmark.report.sections import Section, sections_of
from bowerbird.plotting.numerals import p_value

MOST_PAIRS = 10
"""More pairs of systems are not printed."""

_MOST_COLUMNS = 4
"""Of systems in the table of families."""

_SHOWN = ("map_15", "map_150", "mr1")


def measurement_tables(measured: Measurements) -> list[Table]:
    """Return all tables that apply."""
    evaluation = measured.evaluation
    tables = [_system_table(evaluation.systems)]
    if any(system.figures.families for system in evaluation.systems):
        tables.append(_family_table(evaluation.systems))
    if evaluation.pairs:
        tables.append(_pair_table(evaluation))
    return tables + [_section_table(section) for section in sections_of(measured)]


def _system_table(systems: tuple[SystemFigures, ...]) -> Table:
    table = _table("system", "dims", *(LABELS[name] for name in _SHOWN), "micro MAP@15")
    for system in systems:
        figures = system.figures
        cells = [
            _cell(
                figure_text(getattr(figures.macro, name), name),
                reach_text((getattr(system.macro.low, name), getattr(system.macro.high, name)), name),
            )
            for name in _SHOWN
        ]
        micro = _cell(
            figure_text(figures.micro.map_15), reach_text((system.micro.low.map_15, system.micro.high.map_15))
        )
        table.add_row(Text(system.name), str(system.n_dims or ""), *cells, micro)
    return table


def _family_table(systems: tuple[SystemFigures, ...]) -> Table:
    """Return a column for each system, or a row if there are many."""
    values = [{each.family: each for each in system.figures.families} for system in systems]
    families = list(dict.fromkeys(name for found in values for name in found))
    n_classes = [next(found[family].n_classes for found in values if family in found) for family in families]
    titles = [f"{family} ({n})" for family, n in zip(families, n_classes, strict=True)]
    names = [system.name for system in systems]
    cells = [
        [figure_text(found[family].averages.map_15 if family in found else None) for found in values]
        for family in families
    ]
    if len(systems) > _MOST_COLUMNS:
        names, titles, cells = titles, names, [list(row) for row in zip(*cells, strict=True)]
    table = _table("MAP@15 by family", *(escape(name) for name in names))
    for title, row in zip(titles, cells, strict=True):
        table.add_row(Text(title), *row)
    return table


def _pair_table(evaluation: Evaluation) -> Table:
    """Return a row for each figure of each pair, which fits into narrow terminals."""
    table = _table("difference", "", "value", "95 % interval", "p, Holm")
    for pair in pairs_with_best(evaluation, most=MOST_PAIRS):
        title = f"{pair.first} − {pair.second}"
        for number, each in enumerate(pair.differences):
            table.add_row(
                Text(title if not number else ""),
                LABELS[each.figure],
                figure_text(each.value, each.figure, is_signed=True),
                reach_text((each.low, each.high), each.figure, is_signed=True),
                p_value(each.holm_p),
            )
    n_hidden = len(evaluation.pairs) - len(pairs_with_best(evaluation, most=MOST_PAIRS))
    if n_hidden:
        others = count_text(n_hidden, "other pair is", "other pairs are")
        table.caption = (
            f"{others} in --csv, --json and --html; p is adjusted for {'it' if n_hidden == 1 else 'them'} too."
        )
    return table


def _section_table(section: Section) -> Table:
    table = _table(section.title, *section.head[1:])
    for (name, less), *cells in section.rows:
        table.add_row(_cell(name, less), *(_cell(*cell) for cell in cells))
    table.caption = section.note
    return table


def _cell(value: str, less: str = "") -> Text:
    """Return a value with its interval below it."""
    return Text.assemble(value, (f"\n{less}", "dim")) if less else Text(value)


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, header_style="dim", pad_edge=False, caption_justify="left")
    table.add_column(first, overflow="fold")
    for heading in others:
        table.add_column(heading, justify="right", overflow="fold")
    return table
