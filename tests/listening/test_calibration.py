"""Calibration: reports of simulated studies recover their truth."""

import itertools
import sys
from dataclasses import replace

import numpy as np
import pytest

from bowerbird.jobs.control import Control
from bowerbird.listening.analysis.results import results_of
from bowerbird.listening.calibration import (
    Calibration,
    Share,
    check_calibration,
    true_figures,
    true_win_rates,
    truth_of,
)
from bowerbird.listening.plan import plan_pages
from bowerbird.listening.responses import Responses
from bowerbird.listening.simulation import Truth, simulate_study

N_QUICK = 16


@pytest.fixture(scope="module")
def quick():
    return check_calibration(n_studies=N_QUICK, seed=11, n_resamples=60, control=Control())


def test_intervals_nearly_always_cover_the_truth(quick):
    # 93 to 97 % is tested by the long test; an interval half as wide would cover it in about 67 %.
    assert all(share.value > 0.82 for share in quick.covered.values())
    assert set(quick.covered) >= {"ndcg", "mean_grade", "difference of ndcg", "win rate", "share right"}


def test_equal_systems_are_rarely_found_different_and_unequal_systems_often_are(quick):
    assert all(share.n <= 4 for share in quick.false_positives.values())
    assert quick.found["grade"].value > 0.8


def test_careless_raters_are_flagged_and_careful_raters_are_not(quick):
    of_grades = [share for name, share in quick.flagged.items() if name.startswith("grade")]
    assert len(of_grades) == 3
    assert all(share.value == 1.0 for share in of_grades)
    assert all(share.value < 0.1 for share in quick.accused.values())


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_five_hundred_studies_of_each_kind_meet_all_targets():
    def report(progress):
        if progress.n_done % 50 == 0:
            print(f"{progress.n_done} of {progress.n_total} studies of each kind", file=sys.stderr, flush=True)

    calibration = check_calibration(n_studies=500, seed=0, control=Control(), report=report)
    print("\n".join(calibration.sentences()))
    assert calibration.shortfalls() == ()


def test_a_missed_target_is_named():
    fine = Calibration(
        n_studies=100,
        seed=0,
        covered={"ndcg": Share(95, 100), "success_5": Share(99, 100)},
        false_positives={"grade": Share(5, 100)},
        found={},
        flagged={"grade, random": Share(80, 100), "grade, too_fast": Share(100, 100), "abx, random": Share(0, 100)},
        accused={"grade": Share(5, 100)},
    )
    assert fine.shortfalls() == ()
    assert replace(fine, covered={"ndcg": Share(92, 100)}).shortfalls() == ("ndcg: too narrow, 92.0 % (92 of 100)",)
    assert replace(fine, covered={"ndcg": Share(98, 100)}).shortfalls() == ("ndcg: too wide, 98.0 % (98 of 100)",)
    assert len(replace(fine, false_positives={"grade": Share(10, 100)}).shortfalls()) == 1
    assert len(replace(fine, flagged={"grade, random": Share(89, 100)}).shortfalls()) == 1
    assert len(replace(fine, accused={"grade": Share(6, 100)}).shortfalls()) == 1


def test_a_simulated_study_depends_on_its_seed_alone():
    first, again, other = (simulate_study(Truth(n_queries=3), seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert first[0].hash != other[0].hash


@pytest.mark.parametrize("kind", ["grade", "preference", "abx"])
def test_simulated_raters_answer_every_page_that_real_raters_would_see(kind):
    study, answers = simulate_study(Truth(kind=kind, n_raters=2, n_queries=6), seed=4)
    asked = sum(
        len(page.slots) if kind == "grade" else 1
        for number in range(2)
        for page in plan_pages(study, rater_number=number)
    )
    assert len(answers.ratings) + len(answers.choices) == asked
    assert any(response.is_repeat for response in itertools.chain(answers.ratings, answers.choices))


def test_every_other_simulated_study_has_a_careless_rater_of_each_kind_in_turn():
    kinds = [truth_of(number, "grade", seed=0).careless for number in range(8)]
    assert kinds == [(), ("random",), (), ("same_answer",), (), ("too_fast",), (), ("random",)]


def test_the_truth_has_two_equal_systems_and_a_worse_one():
    figures = true_figures(Truth(n_raters=5), seed=1, n_queries=8000)
    assert abs(figures["ndcg"][0] - figures["ndcg"][1]) < 0.01
    assert figures["ndcg"][0] > figures["ndcg"][2] + 0.1
    rates = true_win_rates(Truth(), seed=1, n_queries=20_000)
    assert rates["one", "two"] == pytest.approx(0.5, abs=0.01)
    assert rates["one", "three"] > 0.65


def test_the_true_win_rate_is_that_of_very_many_raters():
    truth = Truth(kind="preference", n_queries=60, n_raters=20, taste_sd=0.0)
    study, answers = simulate_study(truth, seed=12)
    found = results_of(study, answers, n_resamples=10).everybody.preferences
    expected = true_win_rates(truth, seed=2, n_queries=20_000)
    for entry in found:
        assert entry.win_rate.value == pytest.approx(expected[entry.first, entry.second], abs=0.07)


def test_a_random_rater_is_flagged_even_without_controls_and_repeats():
    study, answers = simulate_study(Truth(n_raters=5, careless=("random",)), seed=13)
    bare = Responses(
        answers.raters, tuple(rating for rating in answers.ratings if not rating.control_type and not rating.is_repeat)
    )
    flags = {
        rater.pseudonym: [flag.kind for flag in rater.flags] for rater in results_of(study, bare, n_resamples=10).raters
    }
    accused = {name: kinds for name, kinds in flags.items() if kinds}
    assert [name.split("-")[0] for name in accused] == ["random"]
    assert "far_from_others" in next(iter(accused.values()))


def test_lapses_and_noise_leave_grades_within_the_scale():
    _, answers = simulate_study(Truth(n_queries=4, noise=5.0), seed=14)
    assert set(np.unique([rating.grade for rating in answers.ratings])) == {0, 1, 2, 3}
