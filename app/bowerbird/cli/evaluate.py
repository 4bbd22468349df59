"""`bowerbird evaluate`."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bowerbird.base.errors import QueryError
from bowerbird.base.files import check_writable, os_reason, write_atomic
from bowerbird.base.text import count_text
from bowerbird.benchmark.correlations import Correlations, check_descriptors, correlation_figures
from bowerbird.benchmark.cross_modal import check_texts, read_text_queries, text_figures, unmatched_texts
from bowerbird.benchmark.evaluation import evaluate_systems, prepare
from bowerbird.benchmark.labels import read_families, read_labels
from bowerbird.benchmark.measurements import Measurements, gains_of
from bowerbird.benchmark.probes import ProbeSettings, check_probes, probe_systems
from bowerbird.benchmark.report.page import notes_of, report_html
from bowerbird.benchmark.report.tables import csv_text, json_figures
from bowerbird.benchmark.systems import default_systems, parse_systems
from bowerbird.benchmark.trec import check_runs, write_runs
from bowerbird.cli.evaluation_tables import measurement_tables
from bowerbird.cli.options import JsonOption, LibraryOption, open_library


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
            "window=mean|median|max, pca=N, l2=yes|no, search=cosine|inner_product|nearest. With | between values, "
            "each is a system: ear:pitch|timbre|pitch+timbre. "
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
    words: Annotated[
        bool, typer.Option("--words", help="Also find sounds by the names of classes, and names by sounds.")
    ] = False,
    queries: Annotated[
        Path | None,
        typer.Option(
            metavar="TOML",
            help="Other texts to find sounds by: [[query]] tables of text and classes.",
            show_default=False,
        ),
    ] = None,
    probes: Annotated[
        bool, typer.Option("--probes", help="Also train classifiers of the embeddings; takes minutes.")
    ] = False,
    runs: Annotated[int, typer.Option(min=1, help="How often the network of --probes is trained.")] = 10,
    descriptors: Annotated[
        bool,
        typer.Option("--descriptors", help="Also correlate embeddings with MFCC, chroma, centroid and bandwidth."),
    ] = False,
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
    for path in (csv, html):
        if path is not None:
            _check_writable(path)
    if trec is not None:
        check_runs(trec)
    texts = () if queries is None else read_text_queries(queries)
    labelled = read_labels(labels)
    labelled = labelled.only(labelled.positions(origins=sets or None))
    if not labelled.sounds:
        raise QueryError(f"{labels} has no sounds to measure in these sets. Check --set and the eval column.")
    by_family = labelled.families if families is None else read_families(families)
    opened = open_library(library)
    specs = [spec for text in encoder or () for spec in parse_systems(text)] or list(default_systems(opened))
    ready = prepare(specs, labelled, folder=labels.parent, library=opened)
    has_texts = words or bool(texts)
    if has_texts:
        check_texts(ready, texts)
    if probes:
        check_probes(ready)
    if descriptors:
        check_descriptors(ready, folder=labels.parent)
    text_scores = text_figures(ready, queries=texts) if has_texts else ()  # first: it may find no words
    evaluation = evaluate_systems(ready, families=by_family)
    probed = probe_systems(ready, ProbeSettings(n_runs=runs)) if probes else None
    correlations = correlation_figures(ready, folder=labels.parent) if descriptors else Correlations()
    measured = Measurements(
        evaluation,
        texts=text_scores,
        unmatched_texts=unmatched_texts(ready, texts),
        probes=() if probed is None else probed.figures,
        correlations=correlations.figures,
        unreadable=correlations.unreadable,
        gains=gains_of(specs, evaluation, probed),
    )
    if csv is not None:
        _write(csv, csv_text(measured))
    if html is not None:
        _write(html, report_html(measured, title=labels.name))
    if trec is not None:
        write_runs(ready, trec)
    if as_json:
        typer.echo(json.dumps(json_figures(measured)))
    else:
        _print_figures(measured)
    return 0


def _check_writable(path: Path) -> None:
    try:
        check_writable(path)
    except OSError as error:
        raise _unwritable(path, error) from error


def _write(path: Path, text: str) -> None:
    try:
        write_atomic(path, text)
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> QueryError:
    return QueryError(f"{path} cannot be written ({os_reason(error)}). Choose another folder.")


def _print_figures(measured: Measurements) -> None:
    evaluation = measured.evaluation
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
    for note in notes_of(measured):
        console.print(note, markup=False)
    for table in measurement_tables(measured):
        console.print()
        console.print(table)
