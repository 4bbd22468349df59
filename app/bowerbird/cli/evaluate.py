"""`bowerbird evaluate`."""

import dataclasses
import json
import os
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from bowerbird.base.errors import QueryError
from bowerbird.benchmark.retrieval import Averages, LabelledSet, RetrievalFigures, read_labels
from bowerbird.benchmark.retrieval import evaluate as figures_of
from bowerbird.cli.options import EncoderOption, JsonOption, LibraryOption, encoder_to_search, open_library
from bowerbird.library.export import sound_vectors


def evaluate(
    *,
    labels: Annotated[
        Path,
        typer.Option(
            metavar="CSV",
            help="Columns path and class, optionally group, family, set, eval; or fname and labels.",
        ),
    ],
    encoder: EncoderOption = None,
    sets: Annotated[
        list[str] | None,
        typer.Option("--set", help="Measure only sounds of this set; repeatable.", show_default=False),
    ] = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> int:
    """Measure how well similarity finds sounds with the same label.

    Every labelled sound is a query and is compared with all others, except those in its own group.
    MAP@15 and MAP@150 are means of average precision, MR1 the mean rank (from 0) of the first relevant sound;
    macro is the mean over classes, micro over queries.
    """
    labelled = read_labels(labels)
    labelled = labelled.only(labelled.positions(origins=sets or None))
    if not labelled.sounds:
        raise QueryError(f"{labels} has no sounds to measure in these sets. Check --set and the eval column.")
    opened = open_library(library)
    chosen = encoder_to_search(encoder, opened)
    paths, vectors = sound_vectors(opened, chosen)
    kept, rows = _locate(labelled, labels.parent, paths)
    n_absent = len(labelled.sounds) - len(kept)
    if not kept:
        raise QueryError(
            f"None of the {n_absent:,} labelled sounds is in the library. Run `bowerbird index {labels.parent}` first."
        )
    labelled = labelled.only(np.array(kept, np.int64))
    figures = figures_of(vectors[rows], labelled.labels, labelled.groups, families=labelled.families)
    if as_json:
        typer.echo(json.dumps({"encoder": chosen.id, "n_absent": n_absent, **dataclasses.asdict(figures)}))
    else:
        _print_figures(figures, chosen.id, n_absent)
    return 0


def _locate(labelled: LabelledSet, folder: Path, paths: list[Path]) -> tuple[list[int], list[int]]:
    """Return the labelled sounds that the library has, and their rows there; names without extension match any."""
    by_path = {str(path): row for row, path in enumerate(paths)}
    by_stem = {str(path.with_suffix("")): row for row, path in enumerate(paths)}
    kept, found = [], []
    for number, sound in enumerate(labelled.sounds):
        path = os.path.abspath(folder / sound.path)  # noqa: PTH100 - as paths are stored
        row = by_path.get(path, by_stem.get(path))
        if row is not None:
            kept.append(number)
            found.append(row)
    return kept, found


def _print_figures(figures: RetrievalFigures, encoder_id: str, n_absent: int) -> None:
    console = Console(highlight=False)
    console.print(
        f"{encoder_id}: {figures.n_sounds:,} sounds, {figures.n_queries:,} queries, {len(figures.classes)} classes"
    )
    if figures.unscored:
        console.print(
            f"{len(figures.unscored)} classes have only one group and are not scored: {', '.join(figures.unscored)}"
        )
    if n_absent:
        console.print(f"{n_absent:,} labelled sounds are not in the library or were rejected")
    table = Table(box=None, header_style="dim", pad_edge=False)
    table.add_column("")
    for heading in ("MAP@15", "MAP@150", "MR1"):
        table.add_column(heading, justify="right")
    for name, averages in (("macro", figures.macro), ("micro", figures.micro)):
        table.add_row(name, *_cells(averages))
    for family in figures.families:
        table.add_row(f"  {family.family} ({family.n_classes})", *_cells(family.averages), style="dim")
    console.print(table)


def _cells(averages: Averages) -> tuple[str, str, str]:
    return f"{averages.map_15:.3f}", f"{averages.map_150:.3f}", f"{averages.mr1:.1f}"
