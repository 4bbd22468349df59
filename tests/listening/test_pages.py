"""Pages: every stimulus once, in random, balanced and reproducible order."""

from collections import Counter

import numpy as np
import pytest
from scipy.stats import chi2_contingency, chisquare

from bowerbird.listening.plan import estimated_minutes, plan_pages, same_results
from bowerbird.listening.study import Controls
from listening_stage import sample_study


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    return sample_study(tmp_path_factory.mktemp("graded") / "s", n_queries=8, depth=5).study


def asked(pages):
    return [page for page in pages if not page.is_training and not page.is_repeat]


def test_every_stimulus_of_the_pool_appears_once_and_controls_are_added(graded):
    for number in range(5):
        shown = Counter(
            (page.query_id, slot.item_id)
            for page in asked(plan_pages(graded, rater_number=number))
            for slot in page.slots
            if not slot.control
        )
        wanted = {(query.id, item) for query in graded.design.queries[1:] for item in graded.pool(query.id)}
        assert set(shown) == wanted
        assert set(shown.values()) == {1}


def test_pages_are_reproducible_and_differ_between_raters(graded):
    first = plan_pages(graded, rater_number=3)
    assert plan_pages(graded, rater_number=3) == first
    assert [page.slots for page in plan_pages(graded, rater_number=4)] != [page.slots for page in first]
    assert [page.number for page in first] == list(range(len(first)))


def test_positions_are_balanced_over_a_thousand_pages(tmp_path):
    study = sample_study(tmp_path / "s", n_queries=1, depth=8, n_training=0, controls=Controls(0.0, 0.0, 0.0)).study
    pool = study.pool("q01")
    assert len(pool) == 8
    counts = {item: Counter() for item in pool}
    followed = Counter()
    for number in range(1000):
        (page,) = plan_pages(study, rater_number=number)
        for position, slot in enumerate(page.slots):
            counts[slot.item_id][position] += 1
        followed.update((slot.item_id, after.item_id) for slot, after in zip(page.slots, page.slots[1:], strict=False))
    for item in pool:  # 1,000 pages are 125 whole squares: exactly balanced
        assert [counts[item][position] for position in range(8)] == [125] * 8
    assert chisquare([followed[first, second] for first in pool for second in pool if first != second]).pvalue > 0.001


def test_without_whole_squares_positions_are_as_even_as_chance(tmp_path):
    """Raters on other machines have random numbers: chi-square over 1,000 pages must not find a pattern."""
    study = sample_study(tmp_path / "s", n_queries=1, depth=8, n_training=0, controls=Controls(0.0, 0.0, 0.0)).study
    numbers = np.random.default_rng(5).choice(1_000_000, 1000, replace=False).tolist()
    counts = Counter()
    for number in numbers:
        (page,) = plan_pages(study, rater_number=number)
        counts.update((slot.item_id, position) for position, slot in enumerate(page.slots))
    table = [[counts[item, position] for position in range(8)] for item in study.pool("q01")]
    assert chi2_contingency(table).pvalue > 0.001


@pytest.mark.parametrize("kind", ["preference", "abx"])
def test_sides_are_balanced_within_every_rater_and_over_raters(tmp_path, kind):
    study = sample_study(tmp_path / "s", n_queries=7, kind=kind, planned=()).study
    sides, x_sides = Counter(), Counter()
    for number in range(100):
        pages = asked(plan_pages(study, rater_number=number))
        left = Counter((tuple(sorted(c.system for c in page.columns)), page.columns[0].system) for page in pages)
        for pair in {pair for pair, _ in left}:
            first, second = (left[pair, name] for name in pair)
            assert abs(first - second) <= 1
        systems = [[column.system for column in page.columns] for page in pages]
        sides.update(left for left, right in systems if "chance" in {left, right})
        x_sides.update(page.x == page.columns[0].slots[0].item_id for page in pages if page.x)
    chance = sides["chance"]
    assert abs(chance - (sides.total() - chance)) <= 0.05 * sides.total()
    if kind == "abx":
        assert abs(x_sides[True] - x_sides[False]) <= 0.1 * x_sides.total()
        assert chisquare([x_sides[True], x_sides[False]]).pvalue > 0.001


def test_controls_and_repeats_have_their_shares(tmp_path):
    study = sample_study(tmp_path / "s", n_queries=40, depth=4, controls=Controls(0.1, 0.2, 0.07)).study
    pages = plan_pages(study, rater_number=2)
    kinds = Counter(slot.control for page in asked(pages) for slot in page.slots)
    assert (kinds["identical"], kinds["far"]) == (4, 8)  # of forty queries, a page each
    n_trials = sum(len(page.slots) for page in asked(pages))
    assert sum(len(page.slots) for page in pages if page.is_repeat) == round(0.07 * n_trials)


def test_a_repeat_comes_at_least_three_pages_after_the_first(graded):
    for number in range(20):
        pages = plan_pages(graded, rater_number=number)
        for page in pages:
            if page.is_repeat:
                first = next(
                    other_page
                    for other_page in pages
                    if other_page.query_id == page.query_id
                    and not other_page.is_repeat
                    and {slot.item_id for slot in page.slots} <= {slot.item_id for slot in other_page.slots}
                )
                assert page.number - first.number > 2
                assert not any(slot.control for slot in page.slots)


def test_no_page_exceeds_its_number_of_stimuli(tmp_path):
    study = sample_study(tmp_path / "s", n_queries=5, depth=8, n_per_page=4).study
    pages = plan_pages(study, rater_number=0)
    assert max(len(page.slots) for page in pages) <= 4


def test_training_pages_come_first_and_are_marked(graded):
    pages = plan_pages(graded, rater_number=0)
    flags = [page.is_training for page in pages]
    assert flags == sorted(flags, reverse=True)
    assert {page.query_id for page in pages if page.is_training} == {"t01"}
    assert any(slot.control == "identical" for page in pages if page.is_training for slot in page.slots)


def test_longer_excerpts_take_longer(tmp_path):
    short = sample_study(tmp_path / "short", duration_s=0.2).study
    long = sample_study(tmp_path / "long", duration_s=2.0).study
    assert estimated_minutes(long) > estimated_minutes(short) > 0


def test_words_have_no_hidden_reference(tmp_path):
    study = sample_study(tmp_path / "s", has_words=True).study
    pages = plan_pages(study, rater_number=0)
    assert not any(slot.control == "identical" for page in pages for slot in page.slots)


def test_identical_lists_are_not_compared_and_a_note_says_so(tmp_path):
    folder = sample_study(tmp_path / "s", kind="preference", planned=())
    study = folder.study
    runs = {**study.runs, "middling": study.runs["good"]}
    same = type(study)(study.hash, study.design, study.items, runs)
    pairs = {tuple(sorted(c.system for c in page.columns)) for page in plan_pages(same, rater_number=0)}
    assert ("good", "middling") not in pairs
    assert same_results(same) == ("good and middling have the same results for 4 of 4 queries, which are left out.",)
    assert same_results(study) == ()
