"""Plots of a report: valid, reproducible, and with real text."""

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import matplotlib as mpl
import pytest

from bowerbird.listening.analysis.results import results_of
from bowerbird.listening.report import heat_maps, plots
from bowerbird.listening.report.numerals import percent
from bowerbird.listening.simulation import Truth, simulate_study
from bowerbird.listening.study import StudyQuery
from bowerbird.plotting import drawing
from bowerbird.plotting.numerals import decimal

SVG = "{http://www.w3.org/2000/svg}"
THREE = {"good": 0.9, "middling": 0.6, "chance": 0.0}


def played(**truth):
    study, answers = simulate_study(Truth(**{"n_queries": 6, "n_raters": 4, **truth}), seed=2)
    return study, results_of(study, answers, n_resamples=50)


@pytest.fixture(scope="module")
def graded():
    return played(quality=THREE, n_queries=8, careless=("random",))


@pytest.fixture(scope="module")
def preferred():
    return played(kind="preference", quality=THREE)


@pytest.fixture(scope="module")
def told_apart():
    return played(kind="abx", quality={"good": 0.9, "chance": 0.0})


def texts(plot):
    return ["".join(element.itertext()) for element in ET.fromstring(plot.svg).iter(f"{SVG}text")]


def with_systems(results, systems):
    return replace(results, everybody=replace(results.everybody, systems=systems))


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("graded", ["grades", "spread", "queries", "kappas", "raters"]),
        ("preferred", ["wins", "kappas", "raters"]),
        ("told_apart", ["abx"]),
    ],
)
def test_each_kind_of_trial_has_its_plots_with_title_description_and_caption(kind, names, request):
    study, results = request.getfixturevalue(kind)
    drawn = plots.plots_of(study, results)
    assert [plot.name for plot in drawn] == names
    for plot in drawn:
        root = ET.fromstring(plot.svg)
        assert root.tag == f"{SVG}svg"
        titles = {child.tag: child for child in root if child.text}
        assert titles[f"{SVG}title"].text == plot.title
        labels = root.attrib["aria-labelledby"].split()
        assert [titles[f"{SVG}{tag}"].attrib["id"] for tag in ("title", "desc")] == labels
        assert re.fullmatch(r"[A-Z].+\.", plot.caption)


@pytest.mark.parametrize("kind", ["graded", "preferred", "told_apart"])
def test_plots_are_reproducible(kind, request):
    study, results = request.getfixturevalue(kind)
    assert plots.plots_of(study, results) == plots.plots_of(study, results)


def test_ids_are_unique_on_a_page_and_refer_to_their_own_plot(graded):
    ids = []
    for plot in plots.plots_of(*graded):
        own = re.findall(r'\bid="([^"]+)"', plot.svg)
        assert all(each.startswith(plot.name + "-") for each in own)
        assert set(re.findall(r"(?:url\(|href=\")#([\w-]+)", plot.svg)) <= set(own)
        ids += own
    assert len(ids) == len(set(ids))


def test_a_plot_is_self_contained_and_styles_nothing_around_it(graded):
    for plot in plots.plots_of(*graded):
        assert "<style" not in plot.svg
        assert "<metadata" not in plot.svg
        assert not re.search(r"(?:href|src)=\"(?!#)|url\((?!#)|@import", plot.svg)


def test_every_token_can_be_recoloured_by_the_page(graded):
    light = drawing.tokens()["light"]
    for plot in plots.plots_of(*graded):
        bare = re.sub(r"var\(--\w+, #\w+\)", "", plot.svg)
        assert not [code for code in light.values() if code in bare]
        assert f"var(--muted, {light['muted']})" in plot.svg


def test_text_has_the_font_of_the_page(graded):
    for plot in plots.plots_of(*graded):
        assert set(re.findall(r"font-family: ([^;\"]+)", plot.svg)) == {"system-ui, sans-serif"}


def test_matplotlib_settings_of_the_user_are_ignored(graded):
    _, results = graded
    before = plots.grade_shares(results)
    with mpl.rc_context({"svg.fonttype": "path", "font.size": 30.0, "axes.facecolor": "red", "svg.hashsalt": None}):
        assert plots.grade_shares(results) == before


def test_shares_of_grades_are_written_in_their_bars(graded):
    _, results = graded
    shown = texts(plots.grade_shares(results))
    for system in results.everybody.systems:
        shares = [n / sum(system.grade_counts) for n in system.grade_counts]
        assert system.system in shown
        assert all(percent(share) in shown for share in shares if share >= 0.1)
    assert set(results.grades) <= set(shown)


def test_means_and_the_ceiling_are_written_beside_the_spread(graded):
    _, results = graded
    shown = texts(plots.ndcg_spread(results))
    assert {decimal(system.ndcg.value) for system in results.everybody.systems} <= set(shown)
    assert f"listeners {decimal(results.everybody.agreement.ceiling.ndcg.value)}" in shown


def test_every_query_is_a_dot_of_its_system(graded):
    _, results = graded
    dots = plots.ndcg_spread(results).svg.count("<use ")
    assert dots == sum(len(system.by_query) + 1 for system in results.everybody.systems)


def test_the_heat_map_names_every_query_and_writes_every_value(graded):
    study, results = graded
    shown = texts(heat_maps.query_map(study, results))
    assert set(results.query_ids) <= set(shown)
    for system in results.everybody.systems:
        assert {decimal(query.ndcg, places=2) for query in system.by_query} <= set(shown)


@pytest.mark.parametrize(("n_queries", "n_systems"), [(60, 3), (60, 12), (250, 2)])
def test_many_queries_fit_into_the_plot_with_their_names(graded, n_queries, n_systems):
    study, results = graded
    ids = tuple(f"q{place:03d}" for place in range(n_queries))
    one = results.everybody.systems[0]
    systems = tuple(
        replace(
            one,
            system=f"system-{place}",
            by_query=tuple(replace(one.by_query[0], query_id=query_id) for query_id in ids),
        )
        for place in range(n_systems)
    )
    queries = tuple(StudyQuery(query_id) for query_id in ids)
    many = replace(study, design=replace(study.design, queries=queries))
    plot = heat_maps.query_map(many, with_systems(replace(results, query_ids=ids), systems))
    assert set(ids) <= set(texts(plot))
    assert all(float(size) > 5.0 for size in re.findall(r"font-size: ([\d.]+)px", plot.svg))
    corners = [float(x) for x in re.findall(r"[ML] ([\d.-]+) [\d.-]+", plot.svg)]
    assert min(corners) >= 0.0
    assert max(corners) <= drawing.WIDTH_PX


def test_queries_in_words_are_labelled_by_their_words(graded):
    study, results = graded
    queries = tuple(replace(query, words="a squeaky door in the rain") for query in study.design.queries)
    plot = heat_maps.query_map(replace(study, design=replace(study.design, queries=queries)), results)
    assert any(text.startswith("q00 a") and text.endswith("rain") for text in texts(plot))


def test_a_query_without_ratings_is_a_gap(graded):
    study, results = graded
    first, *others = results.everybody.systems
    gap = replace(first, by_query=(replace(first.by_query[0], ndcg=None), *first.by_query[1:]))
    plot = heat_maps.query_map(study, with_systems(results, (gap, *others)))
    assert texts(plot).count("–") == 1
    assert "var(--raised" in plot.svg


def test_flagged_raters_differ_by_shape_and_colour(graded):
    study, results = graded
    n_flagged = sum(bool(rater.flags) for rater in results.raters)
    assert 0 < n_flagged < len(results.raters)
    svg = plots.rater_agreement(study, results).svg
    marks = re.findall(r'<use [^>]*href="#([\w-]+)"[^>]*var\(--(\w+)', svg)
    curves = {mark: re.search(rf'<path id="{mark}" d="([^"]+)"', svg)[1].count("C") for mark, _ in marks}
    assert {tone: {curves[mark] > 0 for mark, of in marks if of == tone} for tone in ("wave", "unlike")} == {
        "wave": {True},
        "unlike": {False},
    }
    assert [of for _, of in marks].count("unlike") == n_flagged + 1  # and the legend's
    matrix = re.findall(r"<use [^>]*var\(--(\w+)", heat_maps.kappa_map(results).svg)
    assert matrix == ["unlike"] * n_flagged


def test_every_pair_of_raters_has_its_kappa_in_the_matrix(graded):
    _, results = graded
    shown = texts(heat_maps.kappa_map(results))
    assert {decimal(pair.kappa, places=2) for pair in results.everybody.agreement.pairs} <= set(shown)
    assert {f"{number} {rater.pseudonym}" for number, rater in enumerate(results.raters, start=1)} <= set(shown)


def test_a_single_rater_has_no_agreement_plot():
    study, results = played(quality=THREE, n_raters=1)
    assert [plot.name for plot in plots.plots_of(study, results)] == ["grades", "spread", "queries"]


def test_rates_are_written_with_a_line_at_one_half(preferred, told_apart):
    for (_, results), draw, half in (
        (preferred, plots.win_rates, "no preference"),
        (told_apart, plots.shares_right, "guessing"),
    ):
        shown = texts(draw(results))
        found = [preference.win_rate for preference in results.everybody.preferences] + [
            pair.share_right for pair in results.everybody.abx
        ]
        assert half in shown
        assert {percent(entry.value) for entry in found} <= set(shown)


def test_any_alias_can_be_drawn(graded):
    study, results = graded
    names = ("$x_1$ & <b>", "bell\x07 \u0000 ring", "鳥 🐦", "ابن عرس", "y" * 200)
    raters = tuple(replace(rater, pseudonym=name) for rater, name in zip(results.raters, names, strict=False))
    for plot in (
        plots.rater_agreement(study, replace(results, raters=raters)),
        heat_maps.kappa_map(replace(results, raters=raters)),
    ):
        shown = texts(plot)
        assert any("$x_1$ & <b>" in text for text in shown)
        assert any("鳥 🐦" in text for text in shown)
        assert not any("y" * 100 in text for text in shown)


def test_nothing_is_drawn_without_responses(graded):
    study, results = graded
    assert plots.plots_of(study, replace(results, n_raters=0)) == ()
