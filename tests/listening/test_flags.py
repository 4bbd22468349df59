"""Exclusion criteria: which raters are flagged."""

from dataclasses import replace

import numpy as np
import pytest

from bowerbird.listening.analysis.flags import flags_of
from bowerbird.listening.analysis.rater_evidence import Evidence, agreement_with_others
from bowerbird.listening.analysis.results import results_of
from bowerbird.listening.simulation import Truth, simulate_study
from bowerbird.listening.study import Exclusion

STEADY = tuple((float(n % 4), float(n % 4)) for n in range(16))
UNSTEADY = tuple((float(n % 4), float((n + 2) % 4)) for n in range(16))


def rater(name, **changes):
    careful = Evidence(
        rater_id=name,
        n_answers=200,
        identical=(3.0, 3.0, 2.0, 3.0),
        far=(0.0, 0.0, 1.0, 0.0),
        n_failures=0,
        seconds=(5.0,) * 20,
        answers={"0": 60, "1": 60, "2": 50, "3": 30},
        repeats=STEADY,
        agreement=0.6,
        n_shared=200,
        mean_grade=1.3,
        grade_counts=(60, 60, 50, 30),
    )
    return replace(careful, **changes)


def kinds(*evidence, exclusion=None):
    found = flags_of(evidence, exclusion or Exclusion(), n_grades=4, seed=0)
    return [tuple(flag.kind for flag in flags) for flags in found]


CAREFUL = (rater("a"), rater("b"), rater("c"))


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"n_failures": 5}, "controls"),
        ({"identical": (1.0, 1.0), "far": (1.0, 1.0)}, "far_as_identical"),
        ({"seconds": (0.6,) * 20}, "too_fast"),
        ({"answers": {"2": 190, "1": 10}}, "same_grade"),
        ({"repeats": UNSTEADY}, "retest"),
        ({"agreement": -0.05}, "far_from_others"),
    ],
)
def test_each_fault_has_its_flag_and_no_other_rater_is_flagged(changes, kind):
    assert kinds(*CAREFUL, rater("d", **changes)) == [(), (), (), (kind,)]


def test_a_flag_has_its_figure_and_threshold():
    (flag,) = flags_of([*CAREFUL, rater("d", n_failures=5)], Exclusion(), n_grades=4, seed=0)[-1]
    assert flag.sentence == "Failed 5 of 8 control trials."
    assert (flag.figure, flag.threshold) == (5 / 8, 0.15)


def test_thresholds_are_those_of_the_study():
    fast = rater("d", seconds=(3.0,) * 20)
    assert kinds(*CAREFUL, fast)[-1] == ()
    assert kinds(*CAREFUL, fast, exclusion=Exclusion(min_decision_ms=4000))[-1] == ("too_fast",)


def test_a_failed_control_of_two_flags_nobody():
    assert kinds(*CAREFUL, rater("d", identical=(1.0,), far=(0.0,), n_failures=1))[-1] == ()


def test_a_different_repeat_of_two_flags_nobody():
    others = [rater(name, repeats=(*STEADY[:12], (1.0, 3.0), (0.0, 1.0))) for name in "abc"]
    assert kinds(*others, rater("d", repeats=((0.0, 2.0), (1.0, 1.0))))[-1] == ()


def test_two_raters_who_disagree_are_not_flagged():
    assert kinds(rater("a", agreement=-0.2), rater("b", agreement=-0.2)) == [(), ()]


def test_nobody_is_flagged_when_all_disagree():
    assert kinds(*(rater(name, agreement=0.02) for name in "abcd")) == [(), (), (), ()]


def test_a_rater_who_repeats_a_grade_as_often_as_the_others_is_not_flagged():
    bad_results = {"0": 185, "1": 10, "3": 5}
    assert kinds(*(rater(name, answers=bad_results) for name in "abc")) == [(), (), ()]


def test_weak_evidence_of_several_kinds_is_combined():
    half = tuple(STEADY[:10] + UNSTEADY[10:])
    weak = rater("d", n_failures=3, repeats=half, agreement=0.18, n_shared=80)
    assert kinds(*CAREFUL, weak)[-1] == ("sum",)
    assert kinds(*CAREFUL, replace(weak, n_failures=0, repeats=STEADY))[-1] == ()


def test_a_single_rater_is_flagged_by_controls_and_repeats():
    assert kinds(rater("a", agreement=None, n_shared=0)) == [()]
    assert kinds(rater("a", agreement=None, n_shared=0, repeats=UNSTEADY, n_failures=5)) == [("controls", "retest")]


def test_agreement_ignores_stimuli_with_a_single_rater():
    units = np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0], [3.0, np.nan], [np.nan, 3.0]])
    assert agreement_with_others(units, 0) == (pytest.approx(1.0), 3)
    assert agreement_with_others(units[:2], 0) == (None, 2)
    assert agreement_with_others(np.ones((5, 3)), 0) == (None, 5)


@pytest.mark.parametrize("kind", ["grade", "preference", "abx"])
def test_the_time_per_response_is_computed_by_page(kind):
    study, answers = simulate_study(Truth(kind=kind, n_raters=2, careless=("too_fast",), n_queries=8), seed=3)
    results = results_of(study, answers, n_resamples=20)
    for rater in results.raters:
        is_fast = rater.pseudonym.startswith("too_fast")
        assert (rater.seconds_per_answer < 1.5) == is_fast
        assert ("too_fast" in [flag.kind for flag in rater.flags]) == is_fast
