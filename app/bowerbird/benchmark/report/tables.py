"""The figures of an evaluation for other programs: JSON and CSV."""

import csv
import dataclasses
import io
import math
from collections.abc import Iterator
from typing import Any

from bowerbird.benchmark.evaluation import Evaluation, Limits
from bowerbird.benchmark.measurements import Measurements
from bowerbird.benchmark.retrieval import Averages
from bowerbird.ranking.hits import FIGURES

CSV_COLUMNS = ("system", "scope", "name", "n_queries", "figure", "value", "low", "high")


def json_figures(measured: Measurements) -> dict[str, Any]:
    """Return all figures in plain types; None for figures that are not defined."""
    found: dict[str, Any] = without_nan(dataclasses.asdict(measured))
    evaluation = found.pop("evaluation")
    return {"n_absent": len(measured.evaluation.absent), **evaluation, **found}


def without_nan(value: Any) -> Any:
    """Return nested plain values with None for NaN, which JSON does not have."""
    if isinstance(value, dict):
        return {key: without_nan(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(each) for each in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def csv_text(measured: Measurements) -> str:
    """Return all figures in long form, a row each, with the columns of `CSV_COLUMNS`.

    The scope is macro, micro, class or family; for pairs of systems, which are written ``first - second``, it is
    difference, p or holm_p. It is text_to_sound or sound_to_text for words, with the name of the texts; probe, with the
    kind of probe; and correlation, with the name of the descriptor.
    """
    evaluation = measured.evaluation
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    writer.writerows(_system_rows(evaluation))
    writer.writerows(_further_rows(measured))
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


def _further_rows(measured: Measurements) -> Iterator[tuple[object, ...]]:
    head: tuple[object, ...]
    for text in measured.texts:
        for scope, n, found in (
            ("text_to_sound", text.n_texts, text.text_to_sound),
            ("sound_to_text", text.n_sounds, text.sound_to_text),
        ):
            if found is not None:
                head = (text.system, scope, text.scope, n)
                yield (*head, "map", _number(found.value), _number(found.low), _number(found.high))
                yield (*head, "chance", _number(found.chance), "", "")
    for probe in measured.probes:
        head = (probe.system, "probe", probe.kind, probe.n_sounds)
        yield (*head, "accuracy", _number(probe.accuracy), _number(probe.low), _number(probe.high))
        for figure in ("run_sd", "class_accuracy", "mean_ap"):
            yield (*head, figure, _number(getattr(probe, figure)), "", "")
    for gain in measured.gains:
        for each in gain.probes:
            head = (f"{gain.together} - {gain.alone}", "difference", each.kind, "")
            yield (*head, "accuracy", _number(each.value), _number(each.low), _number(each.high))
            yield (*head, "accuracy_p", _number(each.p), "", "")
            yield (*head, "accuracy_holm_p", _number(each.holm_p), "", "")
    for found_with in measured.correlations:
        head = (found_with.system, "correlation", found_with.descriptor, found_with.n_sounds)
        yield (*head, "mean", _number(found_with.mean), "", "")
        yield (*head, "first", _number(found_with.first), "", "")


def _rows(head: tuple[object, ...], averages: Averages, limits: Limits | None) -> Iterator[tuple[object, ...]]:
    for figure in FIGURES:
        low, high = ("", "") if limits is None else (getattr(limits.low, figure), getattr(limits.high, figure))
        yield (*head, figure, _number(getattr(averages, figure)), _number(low), _number(high))


def _number(value: float | str | None) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return "" if math.isnan(value) else f"{value:.6g}"
