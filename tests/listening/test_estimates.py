"""The estimated length of a design, and the overview of a study."""

from dataclasses import replace

import pytest

from bowerbird.listening.overview import overview_of
from bowerbird.listening.plan import estimate_of, estimated_minutes, plan_pages
from bowerbird.listening.response_store import FILE_NAME, ResponseStore
from bowerbird.listening.responses import Event, Rater
from bowerbird.listening.study import Comparison, Controls, QueryChoice, System
from listening_stage import design, sample_study

NO_CONTROLS = Controls(0.0, 0.0, 0.0)


def estimated(study, **changes):
    made = replace(study.design, queries=(), choice=QueryChoice(n_queries=4), **changes)
    return estimate_of(made, mean_excerpt_s=0.3)


@pytest.mark.parametrize("kind", ["preference", "abx"])
def test_pairs_are_counted_as_they_are_planned(tmp_path, kind):
    study = sample_study(tmp_path / "s", kind=kind, controls=NO_CONTROLS).study
    found = estimated(study)
    assert found.n_pages == len(plan_pages(study, rater_number=0))
    assert found.minutes == pytest.approx(estimated_minutes(study), rel=0.05)


def test_all_pairs_are_counted_when_none_is_planned():
    made = design(kind="preference", planned=(), n_training=0, controls=NO_CONTROLS, choice=QueryChoice(n_queries=4))
    assert estimate_of(made).n_pages == 4 * 3
    assert estimate_of(replace(made, planned=(Comparison("good", "chance"),))).n_pages == 4


def test_the_estimate_of_a_grade_study_is_within_a_third(tmp_path):
    study = sample_study(tmp_path / "s", n_queries=4, depth=2, n_per_page=4).study
    found = estimated(study)
    assert found.n_pages == pytest.approx(len(plan_pages(study, rater_number=0)), rel=0.34)
    assert found.minutes == pytest.approx(estimated_minutes(study), rel=0.34)


def test_a_variant_adds_less_than_another_encoder_and_random_order_adds_most():
    def minutes(*systems):
        return estimate_of(design(systems=systems, controls=NO_CONTROLS, depth=10)).minutes

    ear, variant = System("ear", encoder="ear"), System("less", encoder="ear", n_components=20)
    other, chance = System("acoustic", encoder="acoustic"), System("random", kind="random")
    assert minutes(ear) < minutes(ear, variant) < minutes(ear, other) < minutes(ear, chance)


def test_queries_in_words_have_no_reference_to_play():
    words = design(choice=QueryChoice("words", words=("a", "b")), construct="matches_words", controls=NO_CONTROLS)
    sounds = design(choice=QueryChoice("sounds", sounds=("a", "b")), controls=NO_CONTROLS)
    assert estimate_of(words).n_pages == estimate_of(sounds).n_pages
    assert estimate_of(words).minutes < estimate_of(sounds).minutes


def test_an_overview_counts_every_page_once_and_creates_no_file(tmp_path):
    folder = sample_study(tmp_path / "s")
    assert overview_of(folder).raters == ()
    assert not (folder.path / FILE_NAME).exists()
    with ResponseStore(folder.path) as file:
        for number, name in enumerate(("heron", "wren")):
            file.add_rater(Rater(f"id-{name}", name, number, "2026-01-01T00:00:00Z"))
        for page in (0, 1, 1):
            file.add(Event("id-heron", "s", "completed", "2026-01-01T00:00:00Z", page=page))
        file.add(Event("id-wren", "s", "opened", "2026-01-01T00:00:00Z", page=0))
    overview = overview_of(folder)
    assert [(rater.pseudonym, rater.n_done) for rater in overview.raters] == [("heron", 2), ("wren", 0)]
    assert overview.n_queries == 4
    assert overview.n_pages == len(plan_pages(folder.study, rater_number=0))


def test_a_rater_is_done_after_the_pages_of_their_own_plan(tmp_path):
    folder = sample_study(tmp_path / "s", n_queries=12, controls=Controls(0.5, 0.5, 0.3))
    lengths = [len(plan_pages(folder.study, rater_number=number)) for number in range(40)]
    number = next(number for number, length in enumerate(lengths) if length != lengths[0])
    with ResponseStore(folder.path) as file:
        file.add_rater(Rater("id-wren", "wren", number, "2026-01-01T00:00:00Z"))
        for page in range(lengths[number]):
            file.add(Event("id-wren", "s", "completed", "2026-01-01T00:00:00Z", page=page))
    (rater,) = overview_of(folder).raters
    assert (rater.n_done, rater.n_pages, rater.is_done) == (lengths[number], lengths[number], True)
