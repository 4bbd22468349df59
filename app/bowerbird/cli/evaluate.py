"""`bowerbird evaluate`."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bowerbird.base.errors import QueryError
from bowerbird.base.files import os_reason, write_atomic
from bowerbird.base.text import count_text
from bowerbird.benchmark.evaluation import Evaluation, SystemFigures, evaluate_systems, prepare
from bowerbird.benchmark.labels import read_families, read_labels
from bowerbird.benchmark.report.page import LABELS, figure_text, notes_of, p_text, reach_text, report_html
from bowerbird.benchmark.report.plots import pairs_with_best
from bowerbird.benchmark.report.tables import csv_text, json_figures
from bowerbird.benchmark.systems import default_systems, parse_systems
from bowerbird.benchmark.trec import write_runs
from bowerbird.cli.options import JsonOption, LibraryOption, open_library

_MOST_PAIRS = 10
"""More pairs of systems are not printed."""

_SHOWN = ("map_15", "map_150", "mr1")


def evaluate(
    *,
    labels: Annotated[
        Path,
        typer.Option(
            metavar="CSV",
            help="Columns path and class, optionally group, family, set, eval; or fname and labels (FSD50K).",
        ),
    ],
    encoder: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SYSTEM",
            help="What to measure; repeatable. An encoder (ear, acoustic), parts of its embeddings (ear:meaning, "
            "ear:pitch+timbre), vectors.npz, or rankings (.jsonl, .trec). Variants follow after commas: "
            "window=mean|median|max, pca=N, l2=yes|no, search=cosine|inner_product|nearest. "
            "Default: the library's encoder and its acoustic part.",
            show_default=False,
        ),
    ] = None,
    families: Annotated[
        Path | None,
        typer.Option(metavar="JSON", help="Families of classes: {family: [class, ...]}.", show_default=False),
    ] = None,
    sets: Annotated[
        list[str] | None,
        typer.Option("--set", help="Measure only sounds of this set; repeatable.", show_default=False),
    ] = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
    csv: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write all figures, also by class, as CSV.", show_default=False)
    ] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a report with plots.", show_default=False)
    ] = None,
    trec: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write TREC runs and qrels.", show_default=False)
    ] = None,
) -> int:
    """Measure how well similarity finds sounds with the same label.

    Every labelled sound is a query and is compared with all others, except those in its own group.
    MAP@15 and MAP@150 are means of average precision, MR1 the mean rank (from 0) of the first relevant sound;
    macro is the mean over classes, micro over queries. Intervals are 95 %. Several systems are compared on the same
    queries, by permutation tests with Holm's adjustment.

    vectors.npz has the arrays `paths` and `vectors`; a path with several rows has several windows. Rankings are lines
    like {"query_fname": "a.wav", "results": [{"result_fname": "b.wav", "score": 0.9}]}, or a TREC run. Sounds are
    identified by the end of their path.
    """
    labelled = read_labels(labels)
    labelled = labelled.only(labelled.positions(origins=sets or None))
    if not labelled.sounds:
        raise QueryError(f"{labels} has no sounds to measure in these sets. Check --set and the eval column.")
    by_family = labelled.families if families is None else read_families(families)
    opened = open_library(library)
    specs = [spec for text in encoder or () for spec in parse_systems(text)] or list(default_systems(opened))
    ready = prepare(specs, labelled, folder=labels.parent, library=opened)
    evaluation = evaluate_systems(ready, families=by_family)
    if csv is not None:
        _write(csv, csv_text(evaluation))
    if html is not None:
        _write(html, report_html(evaluation, title=labels.name))
    if trec is not None:
        write_runs(ready, trec)
    if as_json:
        typer.echo(json.dumps(json_figures(evaluation)))
    else:
        _print_figures(evaluation)
    return 0


def _write(path: Path, text: str) -> None:
    try:
        write_atomic(path, text)
    except OSError as error:
        raise QueryError(f"{path} cannot be written ({os_reason(error)}). Choose another folder.") from error


def _print_figures(evaluation: Evaluation) -> None:
    console = Console(highlight=False)
    figures = evaluation.systems[0].figures
    console.print(
        f"{count_text(figures.n_sounds)}, {count_text(figures.n_queries, 'query', 'queries')}, "
        f"{count_text(len(figures.classes), 'class', 'classes')}"
    )
    if figures.unscored:
        n = len(figures.unscored)
        console.print(
            f"{count_text(n, 'class has', 'classes have')} only one group and {'is' if n == 1 else 'are'} not scored: "
            f"{', '.join(figures.unscored)}"
        )
    for note in notes_of(evaluation):
        console.print(note, markup=False)
    console.print(_system_table(evaluation.systems))
    if any(system.figures.families for system in evaluation.systems):
        console.print(_family_table(evaluation.systems))
    if evaluation.pairs:
        console.print(_pair_table(evaluation))
        n_hidden = len(evaluation.pairs) - len(pairs_with_best(evaluation, most=_MOST_PAIRS))
        if n_hidden:
            console.print(f"{n_hidden} other pairs are in --csv, --json and --html; p is adjusted for them too.")


def _system_table(systems: tuple[SystemFigures, ...]) -> Table:
    table = _table("", "dims", *(f"{LABELS[name]}, macro" for name in _SHOWN), "MAP@15, micro")
    for system in systems:
        cells = [
            _with_reach(
                getattr(system.figures.macro, name),
                (getattr(system.macro.low, name), getattr(system.macro.high, name)),
                name,
            )
            for name in _SHOWN
        ]
        micro = _with_reach(system.figures.micro.map_15, (system.micro.low.map_15, system.micro.high.map_15), "map_15")
        table.add_row(system.name, str(system.n_dims or ""), *cells, micro)
    return table


def _family_table(systems: tuple[SystemFigures, ...]) -> Table:
    table = _table("MAP@15 by family", *(system.name for system in systems))
    values = [{each.family: each for each in system.figures.families} for system in systems]
    for family in dict.fromkeys(name for found in values for name in found):
        n_classes = next(found[family].n_classes for found in values if family in found)
        cells = [figure_text(found[family].averages.map_15 if family in found else None, "map_15") for found in values]
        table.add_row(f"{family} ({n_classes})", *cells)
    return table


def _pair_table(evaluation: Evaluation) -> Table:
    heads = [head for name in _SHOWN for head in (LABELS[name], "p")]
    table = _table("difference", *heads)
    for pair in pairs_with_best(evaluation, most=_MOST_PAIRS):
        cells = []
        for each in pair.differences:
            limits = reach_text((each.low, each.high), each.figure, is_signed=True)
            value = figure_text(each.value, each.figure, is_signed=True)
            cells += [f"{value} ({limits})" if limits else value, p_text(each.holm_p)]
        table.add_row(f"{pair.first} − {pair.second}", *cells)
    return table


def _with_reach(value: float, limits: tuple[float, float], name: str) -> str:
    reach = reach_text(limits, name)
    return figure_text(value, name) + (f" ({reach})" if reach else "")


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, header_style="dim", pad_edge=False)
    table.add_column(first)
    for heading in others:
        table.add_column(heading, justify="right")
    return table
