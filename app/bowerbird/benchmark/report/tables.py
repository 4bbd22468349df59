"""The figures of an evaluation for other programs: JSON and CSV."""

import csv
import dataclasses
import io
import math
from collections.abc import Iterator
from typing import Any

from bowerbird.benchmark.evaluation import Evaluation, Limits
from bowerbird.benchmark.retrieval import Averages
from bowerbird.ranking.hits import FIGURES

CSV_COLUMNS = ("system", "scope", "name", "n_queries", "figure", "value", "low", "high")


def json_figures(evaluation: Evaluation) -> dict[str, Any]:
    """Return all figures in plain types; None for figures that are not defined."""
    found: dict[str, Any] = without_nan(dataclasses.asdict(evaluation))
    return {"n_absent": len(evaluation.absent), **found}


def without_nan(value: Any) -> Any:
    """Return nested plain values with None for NaN, which JSON does not have."""
    if isinstance(value, dict):
        return {key: without_nan(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(each) for each in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def csv_text(evaluation: Evaluation) -> str:
    """Return all figures in long form, a row each, with the columns of `CSV_COLUMNS`.

    The scope is macro, micro, class or family; for pairs of systems, which are written ``first - second``, it is
    difference, p or holm_p.
    """
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    writer.writerows(_system_rows(evaluation))
    for pair in evaluation.pairs:
        name = f"{pair.first} - {pair.second}"
        for each in pair.differences:
            limits = (_number(each.low), _number(each.high))
            writer.writerow((name, "difference", "", "", each.figure, _number(each.value), *limits))
            writer.writerow((name, "p", "", "", each.figure, _number(each.p), "", ""))
            writer.writerow((name, "holm_p", "", "", each.figure, _number(each.holm_p), "", ""))
    return file.getvalue()


def _system_rows(evaluation: Evaluation) -> Iterator[tuple[object, ...]]:
    for system in evaluation.systems:
        figures = system.figures
        yield from _rows((system.name, "macro", "", figures.n_queries), figures.macro, system.macro)
        yield from _rows((system.name, "micro", "", figures.n_queries), figures.micro, system.micro)
        for each in figures.classes:
            limits = system.classes.get(each.label)
            yield from _rows((system.name, "class", each.label, each.n_queries), each.averages, limits)
        for family in figures.families:
            yield from _rows((system.name, "family", family.family, ""), family.averages, None)


def _rows(head: tuple[object, ...], averages: Averages, limits: Limits | None) -> Iterator[tuple[object, ...]]:
    for figure in FIGURES:
        low, high = ("", "") if limits is None else (getattr(limits.low, figure), getattr(limits.high, figure))
        yield (*head, figure, _number(getattr(averages, figure)), _number(low), _number(high))


def _number(value: float | str | None) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return "" if math.isnan(value) else f"{value:.6g}"
