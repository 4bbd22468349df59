"""Tables of further figures: words, probes, gains of parts, and descriptors."""

from collections.abc import Iterator
from dataclasses import dataclass

from bowerbird.benchmark.correlations import DESCRIPTORS, LONGEST_S, N_FOLDS
from bowerbird.benchmark.cross_modal import MeanPrecision
from bowerbird.benchmark.measurements import Measurements
from bowerbird.benchmark.report.figures import figure_text, reach_text
from bowerbird.plotting.numerals import ABSENT, p_value

PROBE_NAMES = {"linear": "linear", "mlp": "one hidden layer"}


@dataclass(frozen=True, slots=True)
class Section:
    """A table of further figures.

    Attributes
    ----------
    title : str
    head : tuple of str
    rows : tuple of tuple of (str, str)
        As long as the head: values, and what is written smaller beside them, such as an interval.
    note : str
    """

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[tuple[str, str], ...], ...]
    note: str = ""


def sections_of(measured: Measurements) -> tuple[Section, ...]:
    """Return the tables of what was measured beside retrieval."""
    return tuple(_sections(measured))


def _sections(measured: Measurements) -> Iterator[Section]:
    if measured.texts:
        yield _words(measured)
    if measured.probes:
        yield _probes(measured)
    if measured.gains:
        yield _gains(measured)
    if measured.correlations:
        yield _correlations(measured)


def _words(measured: Measurements) -> Section:
    rows = []
    for each in measured.texts:
        back = each.sound_to_text
        rows.append(
            (
                (each.system, f"{each.scope} ({each.n_texts})"),
                _precision(each.text_to_sound),
                (figure_text(each.text_to_sound.chance), ""),
                (ABSENT, "") if back is None else _precision(back),
                (ABSENT if back is None else figure_text(back.chance), ""),
            )
        )
    return Section(
        "Words and sounds",
        ("System", "Text to sound, mAP", "Chance", "Sound to text, mAP", "Chance"),
        tuple(rows),
        "The name of a class is the text. Text to sound: mean over texts, all sounds ranked. Sound to text: mean over "
        "classes, the names of all classes ranked. Average precision over the whole ranking.",
    )


def _precision(figures: MeanPrecision) -> tuple[str, str]:
    return figure_text(figures.value), reach_text((figures.low, figures.high))


def _probes(measured: Measurements) -> Section:
    rows = tuple(
        (
            (each.system, PROBE_NAMES[each.kind]),
            (figure_text(each.accuracy), reach_text((each.low, each.high))),
            (figure_text(each.run_sd) if each.n_runs > 1 else ABSENT, ""),
            (figure_text(each.class_accuracy), ""),
            (figure_text(each.mean_ap), ""),
        )
        for each in measured.probes
    )
    first = measured.probes[0]
    n_runs = max(each.n_runs for each in measured.probes)
    trained = "once" if n_runs == 1 else f"{n_runs} times"
    return Section(
        "Probes",
        ("System", "Accuracy", "SD of runs", "Mean over classes", "mAP over classes"),
        rows,
        f"Classifiers of {first.n_classes} classes, trained on other folds ({first.n_folds} folds; takes of one group "
        f"are in one fold). The network with a hidden layer is trained {trained}.",
    )


def _gains(measured: Measurements) -> Section:
    kinds = [each.kind for each in measured.gains[0].probes]
    rows = []
    for gain in measured.gains:
        cells = [(f"{gain.together} − {gain.alone}", "")]
        for each in gain.retrieval[:1]:
            cells += [_difference(each.value, each.low, each.high), (p_value(each.holm_p), "")]
        for probe in gain.probes:
            cells += [_difference(probe.value, probe.low, probe.high), (p_value(probe.holm_p), "")]
        rows.append(tuple(cells))
    head = ["Together − alone", "MAP@15", "p"]
    for kind in kinds:
        head += [f"Probe, {PROBE_NAMES[kind]}", "p"]
    return Section(
        "Parts together and alone",
        tuple(head),
        tuple(rows),
        "Of paired permutation tests. p of MAP@15 is adjusted for all pairs of systems, p of probes for these (Holm).",
    )


def _difference(value: float, low: float, high: float) -> tuple[str, str]:
    return figure_text(value, is_signed=True), reach_text((low, high), is_signed=True)


def _correlations(measured: Measurements) -> Section:
    systems = dict.fromkeys(each.system for each in measured.correlations)
    by_cell = {(each.system, each.descriptor): each for each in measured.correlations}
    rows = tuple(
        (
            (system, ""),
            *(
                (figure_text(by_cell[system, name].mean), f"first {figure_text(by_cell[system, name].first)}")
                for name in DESCRIPTORS
            ),
        )
        for system in systems
    )
    n_sounds = measured.correlations[0].n_sounds
    return Section(
        "Correlation with descriptors",
        ("System", *DESCRIPTORS),
        rows,
        f"Means of the canonical correlations with the means and standard deviations of descriptors over time, on "
        f"held-out sounds ({N_FOLDS} folds, {n_sounds:,} sounds, at most {LONGEST_S:.0f} s of each).",
    )
