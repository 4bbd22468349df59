"""Results of a study from responses made by hand."""

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import t as student

from bowerbird.listening.analysis.comparisons import min_queries, smallest_difference
from bowerbird.listening.analysis.intervals import Spread
from bowerbird.listening.analysis.results import results_of
from bowerbird.listening.responses import Choice, Rater, Rating, Responses
from bowerbird.listening.simulation import Truth, simulate_study
from bowerbird.listening.study import (
    Comparison,
    Item,
    RankedItem,
    Scale,
    Study,
    StudyDesign,
    StudyQuery,
    System,
)

GOOD, BAD = ("g1", "g2"), ("b1", "b2")


def study_of(n_queries, *, kind="grade", depth=2, scale=None, **options):
    """`good` finds g1, g2 and `bad` finds b1, b2, for every query."""
    queries = tuple(StudyQuery(f"q{n}", item_id=f"x{n}") for n in range(n_queries))
    ids = [f"q{n}{rater}" for n in range(n_queries) for rater in (*GOOD, *BAD)] + [query.item_id for query in queries]
    items = {item_id: Item(item_id, f"hash of {item_id}", 0.0, 1.0, -23.0, 0.0) for item_id in ids}
    runs = {
        name: {query.id: tuple(RankedItem(query.id + entry, 1.0) for entry in found) for query in queries}
        for name, found in (("good", GOOD), ("bad", BAD))
    }
    options = {"scale": scale or Scale(), "planned": (Comparison("good", "bad"),), **options}
    design = StudyDesign(
        "test", "A test", (System("good"), System("bad")), kind=kind, depth=depth, queries=queries, **options
    )
    return Study("0" * 64, design, items, runs)


def rating(rater, query, item, grade, **options):
    fields = {
        "study_hash": "0" * 64,
        "rater_id": rater,
        "session_uuid": "s",
        "page": int(query[1:]),
        "query_id": query,
        "item_id": query + item if item[0] in "gb" else item,
        "presented_position": 1,
        "presented_label": "A",
        "control_type": "",
        "construct": "sounds_alike",
        "grade": grade,
        "slider": None,
        "cannot_judge": False,
        "is_broken": False,
        "n_plays_query": 1,
        "n_plays_item": 1,
        "listened_ms": 3000,
        "decision_ms": 30000,
        "is_repeat": False,
        "is_training": False,
        "revision": 0,
        "timestamp_utc": "2026-01-01T00:00:00Z",
    }
    return Rating(**{**fields, **options})


def choice(rater, query, answer, *, left="good", right="bad", **options):
    fields = {
        "study_hash": "0" * 64,
        "rater_id": rater,
        "session_uuid": "s",
        "page": int(query[1:]),
        "kind": "preference",
        "query_id": query,
        "left_system": left,
        "right_system": right,
        "left_item": "",
        "right_item": "",
        "x_item": "",
        "answer": answer,
        "cannot_judge": False,
        "n_plays_query": 1,
        "n_plays_items": 4,
        "listened_ms": 3000,
        "decision_ms": 30000,
        "is_repeat": False,
        "is_training": False,
        "revision": 0,
        "timestamp_utc": "2026-01-01T00:00:00Z",
    }
    return Choice(**{**fields, **options})


def answers_of(*given):
    names = dict.fromkeys(rating.rater_id for rating in given)
    raters = tuple(Rater(name, f"nick of {name}", n, "") for n, name in enumerate(names))
    ratings = tuple(rating for rating in given if isinstance(rating, Rating))
    return Responses(raters, ratings, tuple(rating for rating in given if isinstance(rating, Choice)))


def grades(rater, query, *four):
    return [rating(rater, query, item, grade) for item, grade in zip((*GOOD, *BAD), four, strict=True)]


def system(results, name):
    return next(system for system in results.everybody.systems if system.system == name)


@pytest.mark.parametrize("kind", ["grade", "preference", "abx"])
def test_a_study_without_ratings_has_a_single_sentence(kind):
    results = results_of(study_of(3, kind=kind), Responses())
    assert (results.n_raters, results.without_flagged) == (0, None)
    assert results.sentences == ("There are no ratings yet.",)
    assert system(results, "good").ndcg.value is None
    assert system(results, "good").ndcg.note == "Nothing was rated."
    json.dumps(results.to_json(), allow_nan=False)


def test_one_rater_and_one_query_give_figures_and_no_intervals():
    results = results_of(study_of(1), answers_of(*grades("r", "q0", 3, 2, 1, 0)))
    good = system(results, "good")
    assert (good.ndcg.value, good.ndcg.interval) == (1.0, None)
    assert good.ndcg.note == "One query and one rater give no interval."
    (compared,) = results.everybody.comparisons
    assert (compared.permutation_p, compared.is_shown, compared.effect_size) == (None, False, None)
    assert "at least 6 are needed" in compared.note
    assert results.everybody.agreement.alpha.value is None
    assert results.everybody.agreement.ceiling is None
    json.dumps(results.to_json(), allow_nan=False)


def test_several_raters_and_one_query_have_an_interval_over_raters():
    given = [
        grade for name, worst in (("r", 0), ("s", 1), ("t", 2)) for grade in grades(name, "q0", 3, 2, worst, worst)
    ]
    results = results_of(study_of(1), answers_of(*given))
    assert system(results, "bad").mean_grade.interval.over == "raters"
    assert system(results, "bad").mean_grade.value == pytest.approx(1.0)


def test_figures_of_a_query_match_a_worked_example():
    # Means: g1 2, g2 3, b1 0.5, b2 2. Best order 3, 2; gains a third each.
    given = [*grades("r", "q0", 1, 3, 0, 2), *grades("s", "q0", 3, 3, 1, 2)]
    results = results_of(study_of(1), answers_of(*given))
    second = 0.6309297535714574
    good, bad = system(results, "good"), system(results, "bad")
    assert good.ndcg.value == pytest.approx((2 + 3 * second) / (3 + 2 * second))
    assert bad.ndcg.value == pytest.approx((0.5 + 2 * second) / (3 + 2 * second))
    assert bad.mean_grade.value == pytest.approx(1.25)
    assert (bad.success_1.value, bad.success_5.value, bad.precision.value, bad.mrr.value) == (0.0, 1.0, 0.5, 0.5)
    assert good.grade_counts == (0, 1, 0, 3)
    assert results.gains == pytest.approx((0, 1 / 3, 2 / 3, 1))


def test_results_without_a_grade_are_removed_and_counted():
    given = [
        rating("r", "q0", "g1", None, is_broken=True),
        *grades("r", "q0", 0, 3, 1, 1)[1:],
    ]
    results = results_of(study_of(1), answers_of(*given))
    good = system(results, "good")
    assert (good.ndcg.value, good.success_1.value, good.precision.value) == (1.0, 1.0, 1.0)
    assert good.by_query[0].n_judged == 1
    assert results.everybody.coverage.share_broken == pytest.approx(0.25)
    covered = {system.system: system.share for system in results.everybody.coverage.systems}
    assert covered == {"good": 0.5, "bad": 1.0}
    assert results.everybody.coverage.n_pairs_judged == 3


def test_only_the_last_revision_counts_unless_it_was_withdrawn():
    given = [
        rating("r", "q0", "g1", 0),
        rating("r", "q0", "g1", 3, revision=1),
        rating("r", "q0", "b1", 3),
        rating("r", "q0", "b1", None, revision=1),
    ]
    results = results_of(study_of(1), answers_of(*given))
    assert results.n_ratings == 1
    assert system(results, "good").mean_grade.value == 3.0
    assert system(results, "bad").mean_grade.value is None


def test_training_controls_repeats_and_conflicts_do_not_change_the_figures():
    base = grades("r", "q0", 3, 3, 1, 1)
    more = [
        rating("r", "q0", "g1", 0, is_training=True, page=7),
        rating("r", "q0", "x0", 3, control_type="identical"),
        rating("r", "q0", "g1", 0, is_repeat=True, page=8),
        rating("r", "q0", "g2", 0, is_conflict=True),
    ]
    plain, full = (results_of(study_of(1), answers_of(*given)) for given in (base, [*base, *more]))
    assert full.everybody.systems == plain.everybody.systems
    assert (full.n_training, full.n_conflicts) == (1, 1)
    assert full.raters[0].n_repeats == 1
    assert full.everybody.agreement.retest_same == 0.0


def test_a_slider_alone_is_converted_to_grades():
    scale = Scale(grades=(), has_slider=True)
    given = [replace(grade, grade=None, slider=grade.grade * 20.0) for grade in grades("r", "q0", 5, 4, 1, 0)]
    results = results_of(study_of(1, scale=scale), answers_of(*given))
    assert system(results, "good").mean_grade.value == pytest.approx(2.7)
    assert results.grades == ("0", "1", "2", "3")
    assert any("slider" in remark for remark in results.remarks)


def test_crowding_needs_no_ratings():
    study = study_of(1)
    first, second = study.runs["good"]["q0"]
    runs = {**study.runs, "good": {"q0": (first, replace(second, is_near_copy=True))}}
    results = results_of(replace(study, runs=runs), Responses())
    assert (system(results, "good").crowding.value, system(results, "bad").crowding.value) == (0.5, 0.0)


def test_a_query_without_results_counts_zero():
    study = study_of(2)
    runs = {**study.runs, "good": {**study.runs["good"], "q1": ()}}
    given = [grade for n in range(2) for grade in grades("r", f"q{n}", 3, 3, 1, 1)]
    results = results_of(replace(study, runs=runs), answers_of(*given))
    good = system(results, "good")
    assert [query.ndcg for query in good.by_query] == [pytest.approx(good.by_query[0].ndcg), 0.0]
    assert good.by_query[1].mean_grade is None
    assert good.success_1.value == 0.5


def test_three_comparisons_need_seven_queries():
    assert [min_queries(n) for n in (1, 2, 3)] == [6, 7, 7]


def test_the_smallest_difference_is_detected_with_80_percent_power():
    """Simulated with few raters, where few degrees of freedom make approximations fail."""
    rng = np.random.default_rng(4)
    for n_degrees in (3, 20):
        spread = Spread(((0.04, n_degrees),), "queries")
        wanted = smallest_difference(20, spread, n_comparisons=3)
        errors = 0.2 * np.sqrt(rng.chisquare(n_degrees, 40_000) / n_degrees)
        means = wanted + 0.2 * rng.normal(size=40_000)
        critical = student.isf(0.05 / 3 / 2, n_degrees)
        assert np.mean(means / errors > critical) == pytest.approx(0.8, abs=0.01)
    assert smallest_difference(5, spread, n_comparisons=1) is None


def test_a_significant_difference_is_reported_with_its_size_first():
    given = [
        grade
        for rater in "rst"
        for n in range(10)
        for grade in grades(rater, f"q{n}", 3, 2 + n % 2, n % 2, (n + 1) % 3 % 2)
    ]
    results = results_of(study_of(10), answers_of(*given))
    (compared,) = results.everybody.comparisons
    assert compared.is_shown
    assert compared.is_planned
    assert (compared.n_won, compared.n_lost) == (10, 0)
    assert results.sentences[0].startswith("good finds better matches than bad: nDCG@2 ")
    assert results.sentences[0].index("difference") < results.sentences[0].index("p = 0.002")


def test_a_nonsignificant_difference_is_reported_with_the_smallest_detectable():
    given = [grade for rater in "rs" for n in range(8) for grade in grades(rater, f"q{n}", 2, n % 4, 2, (n + 2) % 4)]
    results = results_of(study_of(8), answers_of(*given))
    (compared,) = results.everybody.comparisons
    assert not compared.is_shown
    assert compared.smallest_difference > 0.0
    assert f"the smallest detectable difference is {compared.smallest_difference:.2f}" in results.sentences[0]


def test_unplanned_comparisons_are_exploratory():
    results = results_of(study_of(2, planned=()), answers_of(*grades("r", "q0", 3, 2, 1, 0)))
    assert not results.everybody.comparisons[0].is_planned
    assert results.sentences[0].startswith("Exploratory: ")


def test_ties_count_half_and_sides_do_not_matter():
    given = [
        choice("r", "q0", "left"),
        choice("r", "q1", "right", left="bad", right="good"),
        choice("r", "q2", "tie"),
        choice("r", "q3", "right"),
        choice("r", "q4", None, cannot_judge=True),
    ]
    results = results_of(study_of(5, kind="preference"), answers_of(*given))
    (found,) = results.everybody.preferences
    assert (found.n_comparisons, found.n_wins, found.n_ties, found.n_losses) == (4, 2, 1, 1)
    assert found.win_rate.value == pytest.approx(2.5 / 4)
    assert (found.n_queries_won, found.n_queries_lost, found.n_queries_tied) == (2, 1, 1)
    assert results.everybody.coverage.share_cannot_judge == pytest.approx(0.2)


def test_the_preferred_system_is_named_first_in_any_order_of_the_design():
    given = [choice(rater, f"q{n}", "right") for rater in ("r", "s") for n in range(12)]
    results = results_of(study_of(12, kind="preference"), answers_of(*given))
    assert results.sentences[0].startswith("bad was preferred to good in 100 % of 24 comparisons, 95 % interval ")
    assert results.sentences[0].endswith("to 100; ahead in 12 of 12 queries, p < 0.001.")


def test_abx_counts_correct_identifications():
    given = [
        choice(
            "r",
            f"q{n}",
            "left" if n < 12 else "right",
            kind="abx",
            left_item=f"q{n}g1",
            right_item=f"q{n}b1",
            x_item=f"q{n}g1",
        )
        for n in range(16)
    ]
    results = results_of(study_of(16, kind="abx"), answers_of(*given))
    (found,) = results.everybody.abx
    assert (found.n_trials, found.n_right, found.is_shown) == (16, 12, True)
    # 12 of 16 is the common threshold of ABX tests: 0.0384 by guessing (Clark 1982).
    assert found.p == pytest.approx(0.0384, abs=0.0001)


def test_figures_are_given_with_and_without_flagged_raters():
    study, answers = simulate_study(Truth(n_raters=4, careless=("random",)), seed=5)
    results = results_of(study, answers, n_resamples=200)
    assert [bool(rater.flags) for rater in results.raters] == [
        rater.pseudonym.startswith("random") for rater in results.raters
    ]
    assert results.without_flagged is not None
    assert len(results.without_flagged.rater_ids) == len(results.everybody.rater_ids) - 1 == 4
    assert results.without_flagged.agreement.alpha.value > results.everybody.agreement.alpha.value
    assert any(sentence.startswith("Without flagged raters: ") for sentence in results.sentences)
    json.dumps(results.to_json(), allow_nan=False)


def test_results_are_reproducible():
    study, answers = simulate_study(Truth(n_raters=3, n_queries=8), seed=6)
    first, again = (results_of(study, answers, n_resamples=100) for _ in range(2))
    assert first == again


def test_perfect_agreement_has_alpha_one_and_ceiling_one():
    given = [grade for rater in "rs" for n in range(4) for grade in grades(rater, f"q{n}", 3, 2, 1, n % 2)]
    results = results_of(study_of(4), answers_of(*given))
    agreement = results.everybody.agreement
    assert (agreement.alpha.value, agreement.kappa.value) == (pytest.approx(1.0), pytest.approx(1.0))
    assert agreement.ceiling.ndcg.value == pytest.approx(1.0)
    assert agreement.ceiling.systems["good"] == pytest.approx(1.0)


def test_constant_responses_have_no_defined_agreement():
    given = [grade for rater in "rs" for n in range(4) for grade in grades(rater, f"q{n}", 2, 2, 2, 2)]
    results = results_of(study_of(4), answers_of(*given))
    assert results.everybody.agreement.alpha.value is None
    assert results.everybody.agreement.kappa.value is None
    assert results.everybody.comparisons[0].permutation_p == 1.0
    assert results.raters[0].flags == ()


def test_queries_in_words_need_no_hidden_reference():
    study = study_of(4, construct="matches_words")
    design = replace(
        study.design, queries=tuple(replace(query, item_id="", words="a door") for query in study.design.queries)
    )
    given = [grade for rater in "rst" for n in range(4) for grade in grades(rater, f"q{n}", 3, 2, 1, 0)]
    given += [rating("r", f"q{n}", "far", 3, control_type="far") for n in range(4)]
    results = results_of(replace(study, design=design), answers_of(*given))
    assert [(rater.n_controls, rater.n_control_failures) for rater in results.raters] == [(4, 4), (0, 0), (0, 0)]
    assert [[flag.kind for flag in rater.flags] for rater in results.raters] == [["controls"], [], []]


def test_a_pilot_says_so_first():
    results = results_of(study_of(1, is_pilot=True), Responses())
    assert results.is_pilot
    assert results.sentences[0].startswith("This is a pilot")


def test_nan_is_null_in_json():
    results = replace(results_of(study_of(1), Responses()), relevant_from=float("nan"))
    plain = results.to_json()
    assert plain["relevant_from"] is None
    assert plain["everybody"]["systems"][0]["ndcg"]["value"] is None
    assert isinstance(plain["everybody"]["systems"], list)
