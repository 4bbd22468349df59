"""The page of a report: it has all figures, is self-contained, and is safe against any alias."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest

from bowerbird.listening.analysis.results import results_of
from bowerbird.listening.report.numerals import p_text, percent, percent_reach, reach, typeset
from bowerbird.listening.report.page import design_rows, lead_sentences, report_html, system_texts
from bowerbird.listening.responses import Responses
from bowerbird.listening.simulation import Truth, simulate_study
from bowerbird.listening.study import Comparison
from bowerbird.plotting.numerals import decimal, p_value

VOID = {"meta", "br", "img", "link", "input", "hr"}
THREE = {"good": 0.9, "middling": 0.6, "chance": 0.0}
HOSTILE = '"><img src=x onerror=alert(1)><script>alert(2)</script>{{ 7 * 7 }}'


class Page(HTMLParser):
    """What a page holds, by section; complains of tags that do not close."""

    def __init__(self, html):
        super().__init__()
        self.stack, self.tags, self.ids, self.addresses = [], [], [], []
        self.sections, self.rows = {"": ""}, {}
        self._section = ""
        self.feed(html)
        assert self.stack == []

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.tags.append(tag)
        self.ids += [found["id"]] if "id" in found else []
        self.addresses += [value for name, value in attributes if name.split(":")[-1] in {"href", "src", "action"}]
        self.addresses += re.findall(r"url\(([^)]*)\)", found.get("style") or "")
        if tag == "section":
            self._section = found["id"]
            self.sections[self._section] = ""
            self.rows[self._section] = []
        if tag == "tr" and self._section:
            self.rows[self._section].append("")
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        self.handle_endtag(tag)

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag
        if tag in {"td", "th"}:
            self.handle_data("|")
        if tag in {"dd", "dt", "li", "p", "small", "text"}:
            self.handle_data(" ")

    def handle_data(self, data):
        self.sections[self._section] += data
        if "tr" in self.stack and self._section:
            self.rows[self._section][-1] += data

    def row(self, section, *words):
        """Return the text of the one row that holds all words."""
        (found,) = [row for row in self.rows[section] if all(word in row for word in words)]
        return found

    def cells(self, section, *words):
        return [cell.strip() for cell in self.row(section, *words).split("|")][1:-1]


def played(**truth):
    study, answers = simulate_study(Truth(**{"n_queries": 6, "n_raters": 4, **truth}), seed=2)
    if truth.get("kind") != "abx":
        study = replace(study, design=replace(study.design, planned=(Comparison("good", "chance"),)))
    return study, results_of(study, answers, n_resamples=50)


@pytest.fixture(scope="module")
def graded():
    study, answers = simulate_study(Truth(quality=THREE, n_queries=8, n_raters=4, careless=("random",)), seed=2)
    results = results_of(study, answers, n_resamples=50)
    assert results.without_flagged is not None
    first, *others = results.everybody.comparisons
    compared = (replace(first, is_planned=True), *others)
    return study, replace(results, everybody=replace(results.everybody, comparisons=compared))


@pytest.fixture(scope="module")
def preferred():
    return played(kind="preference", quality=THREE)


@pytest.fixture(scope="module")
def told_apart():
    return played(kind="abx", quality={"good": 0.9, "chance": 0.0})


@pytest.mark.parametrize("kind", ["graded", "preferred", "told_apart"])
def test_the_page_is_self_contained(kind, request):
    study, results = request.getfixturevalue(kind)
    html = report_html(study, results)
    page = Page(html)
    assert not {"script", "link", "iframe", "img", "object", "base"} & set(page.tags)
    assert all(address.startswith("#") for address in page.addresses)
    assert "@import" not in html
    assert "url(http" not in html
    assert len(page.ids) == len(set(page.ids))
    assert html == report_html(study, results)
    for svg in re.findall(r"<svg.*?</svg>", html, re.S):
        ET.fromstring(svg)


def test_the_page_follows_the_colour_scheme_and_is_light_in_print(graded):
    html = report_html(*graded)
    assert "@media screen and (prefers-color-scheme: dark)" in html
    assert html.index("--ground: #f4f5f7") < html.index("--ground: #15171c")
    assert "@media print" in html
    assert 'name="viewport"' in html


def test_sections_are_in_reading_order(graded):
    page = Page(report_html(*graded))
    assert list(page.sections)[1:] == [
        "findings", "design", "systems", "comparisons", "plots", "coverage", "agreement", "raters-table", "unflagged",
        "by-query", "remarks", "files",
    ]  # fmt: skip


def test_all_sentences_are_shown_and_the_most_important_leads(graded):
    study, results = graded
    html = report_html(study, results)
    page = Page(html)
    for sentence in lead_sentences(results):
        assert typeset(sentence) in page.sections["findings"]
    for sentence in results.without_flagged.sentences:
        assert typeset(sentence) in page.sections["unflagged"]
        assert f"Without flagged raters: {sentence}" in results.sentences
        assert f"Without flagged raters: {typeset(sentence)}" not in page.sections["findings"]
    assert page.sections["findings"].strip().startswith(typeset(results.everybody.sentences[0]))
    for remark in results.remarks:
        assert typeset(remark) in page.sections["remarks"]


def test_the_table_of_systems_has_all_figures_and_the_ceiling(graded):
    study, results = graded
    page = Page(report_html(study, results))
    ceiling = results.everybody.agreement.ceiling
    for system in results.everybody.systems:
        row = page.row("systems", system.system)
        for it in (system.ndcg, system.mean_grade, system.mrr):
            assert f"{decimal(it.value)}{reach(it.interval)}" in row
        for it in (system.success_1, system.success_5, system.precision, system.crowding):
            assert f"{percent(it.value)}{percent_reach(it.interval)}" in row
        assert decimal(ceiling.systems[system.system]) in row
        for query in system.by_query:
            assert f"{decimal(query.ndcg)}{decimal(query.mean_grade, places=2)}" in page.row("by-query", query.query_id)
        assert decimal(system.ndcg.value) in page.sections["unflagged"]
    assert f"{decimal(ceiling.ndcg.value)}{reach(ceiling.ndcg.interval)}" in page.row(
        "systems", "listeners", decimal(ceiling.ndcg.value)
    )


def test_effects_come_before_p_and_planned_before_exploratory(graded):
    study, results = graded
    page = Page(report_html(study, results))
    for it in results.everybody.comparisons:
        assert page.cells("comparisons", f"{it.first} − {it.second}") == [
            f"{decimal(it.difference.value, is_signed=True)}{reach(it.difference.interval, is_signed=True)}",
            decimal(it.effect_size, places=2, is_signed=True),
            f"{it.n_won}, {it.n_lost}, {it.n_tied}of {it.n_queries}",
            p_value(it.holm_p),
            p_value(it.permutation_p),
            p_value(it.wilcoxon_p),
            decimal(it.smallest_difference),
            (f"{it.first if it.difference.value > 0 else it.second} is better" if it.is_shown else "not significant")
            + it.note,
        ]
    words = page.sections["comparisons"]
    planned, exploratory = words.index("Planned"), words.index("Exploratory")
    for it in results.everybody.comparisons:
        place = words.index(f"{it.first} − {it.second}")
        assert (planned < place < exploratory) == it.is_planned
    assert p_text(results.everybody.friedman.p) in words
    assert decimal(results.everybody.friedman.statistic, places=2) in words


def test_agreement_and_coverage_have_intervals(graded):
    study, results = graded
    page = Page(report_html(study, results))
    agreement, coverage = results.everybody.agreement, results.everybody.coverage
    for it in (agreement.alpha, agreement.kappa, agreement.retest):
        assert decimal(it.value) in page.sections["agreement"]
        assert reach(it.interval) in page.sections["agreement"]
    assert percent(agreement.retest_same) in page.sections["agreement"]
    assert f"{coverage.n_pairs_judged} of {coverage.n_pairs} pairs" in page.sections["coverage"]
    assert f"{decimal(coverage.mean_raters, places=2)} on average" in page.sections["coverage"]
    for system in coverage.systems:
        assert f"{system.system}: {system.n_judged} of {system.n_results} results" in page.sections["coverage"]


def test_raters_have_their_flags_and_figures_without_flagged_raters(graded):
    study, results = graded
    page = Page(report_html(study, results))
    for rater in results.raters:
        row = page.row("raters-table", rater.pseudonym)
        assert percent(rater.same_grade) in row
        assert decimal(rater.agreement, places=2) in row
        assert decimal(rater.mean_grade, places=2) in row
        assert f"{rater.n_control_failures}of {rater.n_controls}" in row
        assert all(typeset(flag.sentence) in row for flag in rater.flags)
        assert ("▲" in row) == bool(rater.flags)
    for with_all, without in zip(results.everybody.systems, results.without_flagged.systems, strict=True):
        row = page.row("unflagged", f"{with_all.system} nDCG")
        assert row.index(decimal(with_all.ndcg.value)) < row.rindex(decimal(without.ndcg.value))
    for it in results.without_flagged.comparisons:
        row = page.row("unflagged", f"{it.first} − {it.second}")
        assert f"{decimal(it.difference.value, is_signed=True)}, {p_text(it.holm_p)}" in row
    assert decimal(results.without_flagged.agreement.alpha.value) in page.row("unflagged", "alpha")


def test_without_flagged_raters_there_is_no_second_table(preferred):
    study, results = preferred
    assert results.without_flagged is None
    assert "unflagged" not in Page(report_html(study, results)).sections


def test_preferences_have_win_rates_and_no_grades(preferred):
    study, results = preferred
    page = Page(report_html(study, results))
    assert not {"systems", "by-query"} & set(page.sections)
    assert results.everybody.preferences
    for it in results.everybody.preferences:
        could = None if it.smallest_difference is None else min(1.0, 0.5 + it.smallest_difference)
        assert page.cells("comparisons", f"{it.first} over {it.second}")[:-1] == [
            f"{percent(it.win_rate.value)}{percent_reach(it.win_rate.interval)}",
            f"{it.n_wins}, {it.n_ties}, {it.n_losses}of {it.n_comparisons}",
            f"{it.n_queries_won}, {it.n_queries_lost}, {it.n_queries_tied}",
            p_value(it.holm_p),
            p_value(it.permutation_p),
            p_value(it.sign_p),
            percent(could),
        ]
    assert "qrels.txt" not in page.sections["files"]
    assert "Mean grade" not in page.sections["raters-table"]
    for system in results.everybody.systems:
        assert f"{system.system}: {percent(system.crowding.value)}" in page.sections["coverage"]


def test_abx_has_shares_and_no_agreement_with_others(told_apart):
    study, results = told_apart
    page = Page(report_html(study, results))
    (it,) = results.everybody.abx
    row = page.row("comparisons", "good and chance")
    assert f"{percent(it.share_right.value)}{percent_reach(it.share_right.interval)}" in row
    assert f"{it.n_right}of {it.n_trials}" in row
    assert p_value(it.p) in row
    assert "With others" not in page.sections["raters-table"]
    assert "agreement" not in page.sections
    assert "correlation" not in page.sections["design"]


@pytest.mark.parametrize("kind", ["grade", "preference", "abx"])
def test_a_study_without_ratings_shows_its_design(kind):
    study, _ = simulate_study(Truth(kind=kind, quality=THREE, n_queries=3, n_raters=1), seed=1)
    page = Page(report_html(study, results_of(study, Responses())))
    assert list(page.sections)[1:] == ["findings", "design", "remarks", "files"]
    assert "There are no ratings yet." in page.sections["findings"]
    assert study.design.shown_question in page.sections["design"]
    assert study.hash in page.sections["design"]


def test_a_pilot_says_so_once_at_the_top(graded):
    study, results = graded
    piloted = replace(results, is_pilot=True, sentences=("This is a pilot: nothing counts.", *results.sentences))
    html = report_html(study, piloted)
    page = Page(html)
    assert html.index('class="pilot"') < html.index('class="lead"')
    assert "This is a pilot" not in page.sections["findings"]
    assert 'class="pilot"' not in report_html(study, results)


def test_the_design_is_shown(graded):
    study, results = graded
    rows = dict(design_rows(study, results))
    assert rows["Question"] == "How similar is each sound to the reference?"
    assert "0 Not similar, 1 Slightly similar, 2 Very similar, 3 Nearly identical" in rows["Scale"]
    assert "A mean grade of 2 or more is relevant" in rows["Scale"]
    assert rows["Queries"].startswith("8, ")
    assert "The best 5 results per system" in rows["Depth"]
    section = Page(report_html(study, results)).sections["design"]
    assert all(typeset(words) in section for words in rows.values())


def test_queries_in_words_are_listed(graded):
    study, results = graded
    queries = tuple(replace(query, words=f"a door, {query.id}") for query in study.design.queries)
    study = replace(study, design=replace(study.design, queries=queries, construct="matches_words"))
    page = Page(report_html(study, results))
    assert "a door, q00 · a door, q01" in page.sections["design"]
    assert "a door, q03" in page.row("by-query", "q03")


def test_systems_are_described_by_their_cards(graded):
    study, _ = graded
    cards = {
        "good": {
            "kind": "encoder", "encoder": "clap-630k", "encoder_id": "0f" * 8, "n_dims": 512, "n_components": 100,
            "search": "nearest", "aspects": {"pitch": 2.0}, "index": "exact", "vector": "mean of windows",
            "n_sounds": 18300, "program": "bowerbird 0.1.0",
        },
        "middling": {"kind": "ranking", "ranking": "field.jsonl", "n_sounds": 40},
        "chance": {"kind": "random"},
    }  # fmt: skip
    good, middling, chance = system_texts(study, cards)
    assert good.text == (
        "clap-630k, 100 principal components, by Euclidean distance, pitch × 2, mean of windows, exact index, "
        "18,300 sounds, bowerbird 0.1.0"
    )
    assert good.encoder_id == "0f" * 8
    assert middling.text == "ranking of field.jsonl, 40 sounds"
    assert chance.text == "in random order"
    assert [text.name for text in system_texts(study)] == ["good", "middling", "chance"]


def test_hostile_text_is_escaped(graded):
    study, results = graded
    raters = tuple(replace(rater, pseudonym=HOSTILE) for rater in results.raters)
    queries = tuple(replace(query, words=HOSTILE, stratum=HOSTILE) for query in study.design.queries)
    design = replace(study.design, queries=queries, question=HOSTILE, name=HOSTILE)
    hostile = replace(
        results, title=HOSTILE, raters=raters, sentences=(HOSTILE,), grades=(HOSTILE, "b", "c", "d"), remarks=(HOSTILE,)
    )
    html = report_html(
        replace(study, design=design), hostile, systems={"good": {"kind": "encoder", "encoder": HOSTILE}}
    )
    page = Page(html)
    assert not {"script", "img"} & set(page.tags)
    assert HOSTILE in page.sections["findings"]
    assert HOSTILE in page.sections["raters-table"]
    assert "49" not in page.sections["findings"]
    for svg in re.findall(r"<svg.*?</svg>", html, re.S):
        ET.fromstring(svg)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("71 % of 240", "71\u202f% of 240"),
        ("correlation -0.27", "correlation −0.27"),
        ("correlation -0.00 over 3", "correlation 0.00 over 3"),
        ("random-0 and clap-630k", "random-0 and clap-630k"),
        ("0.7 s per response", "0.7\u00a0s per response"),
        ("p = 0.020", "p\u00a0=\u00a00.020"),
        ("Wilcoxon p < 0.001.", "Wilcoxon p\u00a0<\u00a00.001."),
    ],
)
def test_sentences_are_typeset(written, expected):
    assert typeset(written) == expected


def test_numbers_are_formatted():
    assert decimal(None) == "–"
    assert decimal(-0.0001) == "0.000"
    assert decimal(-0.5, places=1) == "−0.5"
    assert decimal(0.1234, is_signed=True) == "+0.123"
    assert decimal(0.0, is_signed=True) == "0.000"
    assert percent(0.716) == "72\u202f%"
    assert p_value(0.0004) == "< 0.001"
    assert p_value(0.001) == "0.001"
    assert p_text(0.0004) == "p\u00a0<\u00a00.001"
    assert p_text(None) == "untested"
