"""Systems side by side: intervals, comparisons, and what is written about them."""

import csv
import io
import json
import re
from dataclasses import replace

import numpy as np
import pytest

from bowerbird.base.errors import QueryError
from bowerbird.benchmark.correlations import DESCRIPTORS, CorrelationFigures, UnreadableSound
from bowerbird.benchmark.cross_modal import MeanPrecision, TextFigures
from bowerbird.benchmark.evaluation import evaluate_systems, prepare
from bowerbird.benchmark.labels import LabelledSet, LabelledSound
from bowerbird.benchmark.measurements import Gain, Measurements, gains_of
from bowerbird.benchmark.probes import ProbeDifference, ProbeFigures
from bowerbird.benchmark.report.figures import figure_text, reach_text
from bowerbird.benchmark.report.page import notes_of, report_html
from bowerbird.benchmark.report.plots import pairs_with_best, plots_of
from bowerbird.benchmark.report.sections import sections_of
from bowerbird.benchmark.report.tables import CSV_COLUMNS, csv_text, json_figures
from bowerbird.benchmark.systems import SystemSpec

PROBE = ProbeFigures("good", "mlp", 80, 4, 5, 10, 0.8125, 0.7, 0.9, 0.02, 0.8, 0.85)
CLASSES = ("dog", "rain", "<bell>", "wind")


@pytest.fixture(scope="module")
def evaluation(tmp_path_factory):
    """Three systems: two of the same vectors, and one that is worse."""
    folder = tmp_path_factory.mktemp("systems")
    rng = np.random.default_rng(0)
    names = [f"{number}.wav" for number in range(80)]
    sounds = LabelledSet(
        tuple(LabelledSound(name, (CLASSES[i % 4],), f"take {i // 8}{i % 4}") for i, name in enumerate(names))
    )
    good = np.eye(4)[np.arange(80) % 4] + 0.4 * rng.normal(size=(80, 4))
    bad = np.eye(4)[np.arange(80) % 4] + 1.5 * rng.normal(size=(80, 4))
    specs = []
    for name, vectors in (("good", good), ("same", good), ("bad", bad)):
        np.savez(folder / f"{name}.npz", paths=np.array(names), vectors=vectors)
        specs.append(SystemSpec(name, str(folder / f"{name}.npz")))
    families = {"Animals": ("dog",), "Weather": ("rain", "wind")}
    return evaluate_systems(prepare(specs, sounds, folder=folder, library=None), families=families)


def test_intervals_hold_their_figures_and_are_narrower_for_more_classes(evaluation):
    for system in evaluation.systems:
        for figure in ("map_15", "map_150", "mr1", "p_15", "mrr", "ndcg_15"):
            value = getattr(system.figures.macro, figure)
            low, high = getattr(system.macro.low, figure), getattr(system.macro.high, figure)
            assert low <= value <= high
            widths = [getattr(each.high, figure) - getattr(each.low, figure) for each in system.classes.values()]
            assert high - low < np.mean(widths) or figure == "mr1"


def test_a_difference_is_shown_where_there_is_one(evaluation):
    pairs = {(pair.first, pair.second): pair.differences[0] for pair in evaluation.pairs}
    assert set(pairs) == {("good", "same"), ("good", "bad"), ("same", "bad")}
    equal, better = pairs["good", "same"], pairs["good", "bad"]
    assert (equal.value, equal.low, equal.high, equal.p, equal.holm_p) == (0, 0, 0, 1, 1)
    assert better.value > better.low > 0
    assert better.p < 0.01
    assert better.holm_p == pytest.approx(3 * better.p)


def test_the_same_seed_gives_the_same_figures(evaluation):
    first, second = evaluation.systems[:2]
    assert first.macro == second.macro
    assert first.classes == second.classes


def test_systems_of_one_name_are_refused(tmp_path):
    sounds = LabelledSet((LabelledSound("a", ("x",), "a"),))
    with pytest.raises(QueryError, match="Two systems are called “ear”"):
        prepare([SystemSpec("ear", "ear")] * 2, sounds, folder=tmp_path, library=None)


def test_json_has_every_figure_and_no_nan(evaluation):
    figures = json.loads(json.dumps(json_figures(Measurements(evaluation)), allow_nan=False))
    assert [system["name"] for system in figures["systems"]] == ["good", "same", "bad"]
    assert figures["systems"][0]["figures"]["macro"]["map_15"] == evaluation.systems[0].figures.macro.map_15
    assert figures["systems"][0]["macro"]["low"]["map_15"] == evaluation.systems[0].macro.low.map_15
    assert len(figures["pairs"]) == 3
    assert (figures["n_labelled"], figures["n_absent"]) == (80, 0)


def test_csv_has_a_row_for_every_figure(evaluation):
    rows = list(csv.DictReader(io.StringIO(csv_text(Measurements(evaluation)))))
    assert tuple(rows[0]) == CSV_COLUMNS
    n_scopes = 3 * (2 + len(CLASSES) + 2)
    assert len(rows) == n_scopes * 6 + 3 * 3 * 3
    (row,) = [row for row in rows if (row["system"], row["name"], row["figure"]) == ("bad", "<bell>", "map_15")]
    (figures,) = [each for each in evaluation.systems[2].figures.classes if each.label == "<bell>"]
    assert float(row["value"]) == pytest.approx(figures.averages.map_15, rel=1e-5)
    assert float(row["low"]) <= float(row["value"]) <= float(row["high"])


def test_the_page_is_self_contained_and_says_every_figure(evaluation):
    measured = Measurements(evaluation, probes=(PROBE,))
    page = report_html(measured, title="my <labels>.csv")
    assert not re.findall(r"(?:src|href)=[\"'](?!#)", page)
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "").replace("http://www.w3.org/1999/xlink", "")
    assert "my &lt;labels&gt;.csv" in page
    assert "<bell>" not in page
    assert "&lt;bell&gt;" in page
    for system in evaluation.systems:
        assert f"{system.figures.macro.map_15:.3f}" in page
    assert "0.812" in page
    assert "trained 10 times" in page
    assert page == report_html(measured, title="my <labels>.csv")
    once = Measurements(evaluation, probes=(replace(PROBE, n_runs=1),))
    assert "hidden layer is trained once." in sections_of(once)[0].note


def test_parts_together_are_compared_with_each_alone(evaluation):
    specs = [
        SystemSpec("good", "ear", ("pitch", "timbre")),
        SystemSpec("same", "ear", ("meaning",)),
        SystemSpec("bad", "ear", ("pitch",)),
    ]
    (gain,) = gains_of(specs, evaluation)
    assert (gain.together, gain.alone) == ("good", "bad")
    assert gain.retrieval == evaluation.pairs[1].differences
    whole = [replace(specs[2], name="good"), replace(specs[0], name="bad", blocks=())]
    (gain,) = gains_of(whole, evaluation)  # compared the other way round
    first, turned = evaluation.pairs[1].differences[0], gain.retrieval[0]
    assert (turned.value, turned.low, turned.high) == (-first.value, -first.high, -first.low)
    assert gains_of([specs[0], replace(specs[2], n_components=2)], evaluation) == ()


def test_further_figures_are_in_every_output(evaluation):
    found = MeanPrecision(0.275, 0.223, 0.333, 0.016)
    gain = Gain(
        "good",
        "bad",
        evaluation.pairs[1].differences,
        (ProbeDifference("good", "bad", "mlp", 0.111, 0.05, 0.2, 0.002),),
    )
    measured = Measurements(
        evaluation,
        texts=(TextFigures("good", "no training label", 4, 80, found, None),),
        probes=(PROBE,),
        correlations=tuple(CorrelationFigures("good", name, 80, 12, 0.654, 0.987) for name in DESCRIPTORS),
        gains=(gain,),
    )
    sections = sections_of(measured)
    assert [section.title for section in sections] == [
        "Words and sounds",
        "Probes",
        "Parts together and alone",
        "Correlation with descriptors",
    ]
    for section in sections:
        assert {len(row) for row in section.rows} == {len(section.head)}
    page = report_html(measured, title="t")
    for value in ("0.275", "0.223 to 0.333", "0.812", "+0.111", "0.654", "first 0.987"):
        assert value in page
    rows = {(row["scope"], row["name"], row["figure"]): row for row in csv.DictReader(io.StringIO(csv_text(measured)))}
    assert rows["text_to_sound", "no training label", "map"]["value"] == "0.275"
    assert rows["probe", "mlp", "accuracy"]["high"] == "0.9"
    assert rows["difference", "mlp", "accuracy"]["system"] == "good - bad"
    assert rows["correlation", "chroma", "first"]["value"] == "0.987"
    plain = json.loads(json.dumps(json_figures(measured), allow_nan=False))
    assert plain["probes"][0]["accuracy"] == 0.8125
    assert plain["texts"][0]["sound_to_text"] is None


def test_what_was_left_out_is_said_with_its_reason(evaluation):
    reasons = [UnreadableSound(f"{n}.wav", f"{n}.wav is empty. Restore it from a backup.") for n in range(12)]
    measured = Measurements(evaluation, unmatched_texts=("tax return",), unreadable=tuple(reasons))
    texts, sounds = notes_of(measured)
    assert texts == "1 text asks only for classes that do not occur: “tax return”."
    assert sounds.startswith("12 labelled sounds have no descriptors. 0.wav is empty. Restore it from a backup. 1.wav")
    assert sounds.endswith(" 2 others: 10.wav, 11.wav.")
    assert "“tax return”" in report_html(measured, title="t")
    assert json_figures(measured)["unreadable"][11]["path"] == "11.wav"


def test_every_plot_is_drawn_and_described(evaluation):
    plots = {plot.name: plot.svg for plot in plots_of(evaluation)}
    assert list(plots) == ["systems", "differences", "families", "classes"]
    for name in ("good", "same", "bad"):
        assert name in plots["systems"]
    assert f"{evaluation.pairs[1].differences[0].value:+.3f}" in plots["differences"]
    assert "Weather" in plots["families"]
    assert "rain (20)" in plots["classes"]


def test_figures_are_written_with_real_minus_signs_and_without_those_of_zero():
    assert [figure_text(value) for value in (None, float("nan"), 0.26649, -0.0001)] == ["–", "–", "0.266", "0.000"]
    assert figure_text(-57.46, "mr1", is_signed=True) == "−57.5"
    assert [figure_text(value, is_signed=True) for value in (0.1, 0.0002)] == ["+0.100", "0.000"]
    assert reach_text((-0.1, 0.25), is_signed=True) == "−0.100 to +0.250"
    assert reach_text((0.1, float("nan"))) == ""


def test_many_pairs_are_cut_to_those_with_the_best(evaluation):
    assert pairs_with_best(evaluation, most=3) == evaluation.pairs
    kept = pairs_with_best(evaluation, most=2)
    assert {(pair.first, pair.second) for pair in kept} == {("good", "same"), ("good", "bad")}
