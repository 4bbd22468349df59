"""The evaluation as a self-contained HTML page: no other files, no scripts, no network.

The layout is in `resources/report/evaluation.html.jinja`; this module has the values and filters of the template.
"""

from collections.abc import Sequence
from typing import Final

import bowerbird
from bowerbird.base.paths import resources_path
from bowerbird.base.text import count_text
from bowerbird.benchmark.evaluation import N_CLASS_RESAMPLES, Evaluation
from bowerbird.benchmark.measurements import Measurements
from bowerbird.benchmark.report import plots
from bowerbird.benchmark.report.figures import LABELS, figure_text, reach_text
from bowerbird.benchmark.report.sections import sections_of
from bowerbird.benchmark.retrieval import Averages
from bowerbird.plotting import drawing
from bowerbird.plotting.numerals import p_value
from bowerbird.ranking.significance import N_PERMUTATIONS, N_RESAMPLES

_MOST_LISTED: Final = 10


def report_html(measured: Measurements, *, title: str) -> str:
    """Return the report, the same for the same figures."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - reports are rare

    environment = Environment(
        loader=FileSystemLoader(resources_path() / "report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"figure": figure_text, "reach": reach_text, "p_value": p_value}
    evaluation = measured.evaluation
    shown = plots.pairs_with_best(evaluation, most=plots.MOST_PAIRS)
    n_hidden = len(evaluation.pairs) - len(shown)
    first = evaluation.systems[0].figures
    facts = [
        count_text(first.n_sounds),
        count_text(first.n_queries, "query", "queries"),
        count_text(len(first.classes), "class", "classes"),
        count_text(len(evaluation.systems), "system", "systems"),
    ]
    return environment.get_template("evaluation.html.jinja").render(
        title=title,
        facts=" · ".join(facts),
        columns=list(LABELS.items()),
        labels=LABELS,
        systems=plots.best_first(evaluation.systems),
        notes=notes_of(measured),
        pairs=shown,
        n_hidden=n_hidden,
        hidden=count_text(n_hidden, "other pair is", "other pairs are"),
        sections=sections_of(measured),
        plots=plots.plots_of(evaluation),
        classes=_class_rows(evaluation),
        unscored=first.unscored,
        n_resamples=f"{N_RESAMPLES:,}",
        n_class_resamples=f"{N_CLASS_RESAMPLES:,}",
        n_permutations=f"{N_PERMUTATIONS:,}",
        tokens=drawing.tokens(),
        program=f"Bowerbird {bowerbird.__version__}",
    )


def notes_of(measured: Measurements) -> list[str]:
    """Return sentences about what was left out."""
    evaluation = measured.evaluation
    notes = [note for system in evaluation.systems for note in system.notes]
    if evaluation.absent:
        n = count_text(len(evaluation.absent), "labelled sound has", "labelled sounds have")
        notes.append(f"{n} no vector: {_listed(evaluation.absent)}.")
    if evaluation.n_unranked:
        n_queries = count_text(evaluation.n_unranked, "query", "queries")
        notes.append(f"{n_queries} without results in one of the rankings were left out for all systems.")
    if measured.unmatched_texts:
        texts = [f"“{text}”" for text in measured.unmatched_texts]
        n = count_text(len(texts), "text asks", "texts ask")
        notes.append(f"{n} only for classes that do not occur: {_listed(texts)}.")
    if measured.unreadable:
        n = count_text(len(measured.unreadable), "labelled sound has", "labelled sounds have")
        reasons = " ".join(each.reason for each in measured.unreadable[:_MOST_LISTED])
        others = [each.path for each in measured.unreadable[_MOST_LISTED:]]
        more = f" {count_text(len(others), 'other', 'others')}: {_listed(others)}." if others else ""
        notes.append(f"{n} no descriptors. {reasons}{more}")
    return notes


def _listed(names: Sequence[str]) -> str:
    """Return the first names, and how many there are beside them."""
    more = f" and {len(names) - _MOST_LISTED:,} more" if len(names) > _MOST_LISTED else ""
    return ", ".join(names[:_MOST_LISTED]) + more


def _class_rows(evaluation: Evaluation) -> list[tuple[str, int, list[Averages | None]]]:
    """Return each class with its number of queries and the figures of the systems, in the order of the page."""
    ordered = plots.best_first(evaluation.systems)
    found = [{each.label: each for each in system.figures.classes} for system in ordered]
    rows = []
    for label in sorted({label for classes in found for label in classes}):
        n_queries = max(classes[label].n_queries for classes in found if label in classes)
        rows.append((label, n_queries, [classes[label].averages if label in classes else None for classes in found]))
    return rows
