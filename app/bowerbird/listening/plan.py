"""The pages of each rater: random, balanced over positions, and reproducible.

They are determined by the study's hash and the rater's number, so a resumed page has the same order. The order of
stimuli is a Latin square: among as many raters as a query has stimuli, each stimulus appears at each position exactly
once. The order of pages is random for each rater.
"""

import hashlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

import numpy as np

from bowerbird.listening.responses import Column, Page, Slot
from bowerbird.listening.study import Study, StudyDesign, StudyQuery

_T = TypeVar("_T")

MIN_PAGES_BETWEEN: Final = 2
"""Pages between a trial and its repeat, so that the first response is not simply remembered."""

_SECONDS: Final = {"grade": 9.0, "preference": 60.0, "abx": 25.0}
"""Time to respond to a stimulus, a pair of lists or an ABX trial, without listening; for estimates."""

_NEW_SHARES: Final = {"variant": 0.1, "encoder": 0.4, "chance": 1.0}
"""Share of a further system's results that no earlier system has found. In libraries of 64 and 395 sounds, at depths 5
and 9: 0.00 to 0.10 for a variant of the same encoder, 0.15 to 0.26 for the acoustic encoder beside the ear, 0.86 to
0.99 for random results. An encoder of another kind finds more; before the study is built this is an estimate."""


@dataclass(frozen=True, slots=True)
class Effort:
    """The estimated length of a study."""

    n_pages: int
    minutes: float


def plan_pages(study: Study, *, rater_number: int) -> tuple[Page, ...]:
    """Return all pages of a rater, training pages first.

    Parameters
    ----------
    study : Study
    rater_number : int
        From 0; large and random for raters on other machines, see `raters.join`.
    """
    plan = {"grade": _grade_pages, "preference": _preference_pages, "abx": _abx_pages}[study.design.kind]
    training = [query for query in study.design.queries if query.is_training]
    rated = [query for query in study.design.queries if not query.is_training]
    pages = [
        *(replace(page, is_training=True) for page in plan(study, training, rater_number)),
        *_with_repeats(study, _shuffled(plan(study, rated, rater_number), study, rater_number, "pages"), rater_number),
    ]
    return tuple(replace(page, number=number) for number, page in enumerate(pages))


def estimated_minutes(study: Study) -> float:
    """Return how long a rater needs: the required listening, and the time for every response."""
    seconds = 0.0
    for page in plan_pages(study, rater_number=0):
        items = [slot.item_id for slot in page.slots] + [study.query(page.query_id).item_id]
        listening_s = sum(study.items[item].duration_s for item in items if item)
        n_answers = len(page.slots) if page.kind == "grade" else 1
        seconds += study.design.must_hear_share * listening_s + _SECONDS[page.kind] * n_answers
    return seconds / 60.0


def estimate_of(design: StudyDesign, *, mean_excerpt_s: float = 3.0) -> Effort:
    """Estimate the pages and minutes per rater from a design alone.

    Parameters
    ----------
    design : StudyDesign
        Not built yet.
    mean_excerpt_s : float
        Mean duration of the library's sounds, each cut to `design.excerpt_s`.
    """
    is_words, n_systems = design.choice.how == "words", len(design.systems)
    given = {"words": len(design.choice.words), "sounds": len(design.choice.sounds)}
    n_queries = given.get(design.choice.how, design.choice.n_queries)
    n_query_sounds = 0 if is_words else 1
    if design.kind == "grade":
        n_pool = round(design.depth * _n_different(design))
        n_pages_each = -(-n_pool // design.n_per_page)
        n_asked = n_queries * n_pages_each
        n_controls = sum(
            max(1, round(share * n_asked))
            for share in (0.0 if is_words else design.controls.identical_share, design.controls.far_share)
            if share > 0.0
        )
        n_trials = n_queries * n_pool + min(n_controls, 2 * n_queries)
        n_again = round(design.controls.repeat_share * n_trials)
        n_training = design.n_training * -(-(n_pool + 1 + n_query_sounds) // design.n_per_page)
        n_answers = n_trials + n_again + design.n_training * (n_pool + 1 + n_query_sounds)
        n_pages = n_asked + n_training + -(-n_again * n_pages_each // max(1, n_pool))
        n_played = n_answers + n_pages * n_query_sounds
    else:
        n_pairs = len(design.planned) or n_systems * (n_systems - 1) // 2
        n_pages = n_pairs * (n_queries + design.n_training)
        n_pages += round(design.controls.repeat_share * n_pairs * n_queries)
        n_answers = n_pages
        n_played = n_pages * ((2 if design.kind == "abx" else 2 * design.depth) + n_query_sounds)
    seconds = design.must_hear_share * mean_excerpt_s * n_played + _SECONDS[design.kind] * n_answers
    return Effort(n_pages, seconds / 60.0)


def _n_different(design: StudyDesign) -> float:
    """Estimate the number of different results, in multiples of the depth."""
    known: set[str] = set()
    n_different = 0.0
    for index, system in enumerate(design.systems):
        kind = "chance" if system.kind != "encoder" else "variant" if system.encoder in known else "encoder"
        n_different += _NEW_SHARES[kind] if index else 1.0
        known.add(system.encoder)
    return n_different


# The kinds of trial


def _grade_pages(study: Study, queries: Sequence[StudyQuery], rater_number: int) -> list[Page]:
    """Return pages with every stimulus of the pool once, spread evenly over as few pages as possible, and controls."""
    controls = study.design.controls
    has_identical = _some_of(study, queries, controls.identical_share, "identical", rater_number)
    has_far = _some_of(study, queries, controls.far_share, "far", rater_number)
    pages = []
    for query in queries:
        extra: list[Slot] = []
        pool = study.pool(query.id)
        if query.item_id and (query.is_training or query.id in has_identical) and query.item_id not in pool:
            extra.append(Slot(query.item_id, "identical"))
        if query.far_id and (query.is_training or query.id in has_far) and query.far_id not in pool:
            extra.append(Slot(query.far_id, "far"))
        slots = [*(Slot(item_id) for item_id in pool), *extra]
        ordered = _in_latin_order(slots, study, rater_number, query.id)
        n_pages = -(-len(ordered) // study.design.n_per_page)
        for part in np.array_split(np.arange(len(ordered)), max(1, n_pages)):
            if len(part):
                column = Column("", tuple(ordered[index] for index in part))
                pages.append(Page(0, "grade", query.id, (column,)))
    return pages


def _preference_pages(study: Study, queries: Sequence[StudyQuery], rater_number: int) -> list[Page]:
    """Return a page per pair of systems and query; each system is on the left as often as on the right."""
    trials: dict[tuple[str, str], list[tuple[str, Column, Column]]] = {}
    for query in queries:
        for first, second in compared_pairs(study):
            left, right = (_results(study, system, query.id) for system in (first, second))
            if left.slots and right.slots and left.slots != right.slots:
                trials.setdefault((first, second), []).append((query.id, left, right))
    pages = []
    for pair, of_pair in trials.items():
        swaps = _balanced(len(of_pair), study, rater_number, "/".join(pair))
        for (query_id, left, right), is_swapped in zip(of_pair, swaps, strict=True):
            pages.append(Page(0, "preference", query_id, (right, left) if is_swapped else (left, right)))
    return pages


def _abx_pages(study: Study, queries: Sequence[StudyQuery], rater_number: int) -> list[Page]:
    """Return a page per pair of systems and query, with the first results that differ; X is each equally often."""
    trials: dict[tuple[str, str], list[tuple[str, Column, Column]]] = {}
    for query in queries:
        for first, second in compared_pairs(study):
            runs = [study.runs[system].get(query.id, ()) for system in (first, second)]
            differing = next(
                ((a.item_id, b.item_id) for a, b in zip(*runs, strict=False) if a.item_id != b.item_id),
                None,
            )
            if differing:
                a, b = (Column(name, (Slot(item),)) for name, item in zip((first, second), differing, strict=True))
                trials.setdefault((first, second), []).append((query.id, a, b))
    pages = []
    for pair, of_pair in trials.items():
        swaps = _balanced(len(of_pair), study, rater_number, "/".join(pair))
        firsts = _balanced(len(of_pair), study, rater_number, "x/" + "/".join(pair))
        for (query_id, left, right), is_swapped, is_first in zip(of_pair, swaps, firsts, strict=True):
            columns = (right, left) if is_swapped else (left, right)
            x = (left if is_first else right).slots[0].item_id
            pages.append(Page(0, "abx", query_id, columns, x=x))
    return pages


def compared_pairs(study: Study) -> tuple[tuple[str, str], ...]:
    """Return the planned comparisons, or all pairs of systems when there are none."""
    planned = tuple((pair.first, pair.second) for pair in study.design.planned)
    return planned or tuple(itertools.combinations([system.name for system in study.design.systems], 2))


def same_results(study: Study) -> tuple[str, ...]:
    """Return sentences about queries for which two systems return the same results: they have no page."""
    if study.design.kind == "grade":
        return ()
    compared = {name for pair in compared_pairs(study) for name in pair}
    unused = [system.name for system in study.design.systems if system.name not in compared]
    notes = [f"{name} is in no comparison, so its results are not rated." for name in unused]
    rated = [query.id for query in study.design.queries if not query.is_training]
    for first, second in compared_pairs(study):
        n_same = sum(
            _results(study, first, query_id).slots == _results(study, second, query_id).slots for query_id in rated
        )
        if n_same:
            notes.append(
                f"{first} and {second} have the same results for {n_same} of {len(rated)} queries, which are left out."
            )
    return tuple(notes)


def _results(study: Study, system: str, query_id: str) -> Column:
    return Column(system, tuple(Slot(result.item_id) for result in study.runs[system].get(query_id, ())))


# Reproducible randomness


def _with_repeats(study: Study, pages: list[Page], rater_number: int) -> list[Page]:
    """Add repeats of some pages, in another order and as far as possible from the first; controls are not repeated."""
    n_trials = sum(len(page.slots) if page.kind == "grade" else 1 for page in pages)
    n_wanted = round(study.design.controls.repeat_share * n_trials)
    candidates = pages[: max(0, len(pages) - MIN_PAGES_BETWEEN)]
    chosen: list[Page] = []
    for page in _shuffled(candidates, study, rater_number, "repeats"):
        if n_wanted <= 0:
            break
        again = _again(page, study, rater_number, n_most=n_wanted)
        n_wanted -= len(again.slots) if again.kind == "grade" else 1
        chosen.append(again)
    return [*pages, *_far_from(chosen, pages)]


def _again(page: Page, study: Study, rater_number: int, *, n_most: int) -> Page:
    rng = _rng(study, rater_number, f"again/{page.query_id}")
    if page.kind == "grade":
        slots = [slot for slot in page.slots if not slot.control]
        order = rng.permutation(len(slots))[: max(1, n_most)]
        columns: tuple[Column, ...] = (Column("", tuple(slots[index] for index in order)),)
    else:
        columns = page.columns[::-1]
    return replace(page, columns=columns, is_repeat=True)


def _far_from(repeats: Sequence[Page], pages: Sequence[Page]) -> list[Page]:
    """Sort repeats, which come last, by the position of their first page: each is as far from it as possible."""
    first_of = {(page.query_id, tuple(sorted(slot.item_id for slot in page.slots))): n for n, page in enumerate(pages)}

    def first(page: Page) -> int:
        wanted = {slot.item_id for slot in page.slots}
        return min((n for (query, items), n in first_of.items() if query == page.query_id and wanted <= set(items)))

    return sorted(repeats, key=first)


def _some_of(study: Study, queries: Sequence[StudyQuery], share: float, purpose: str, rater_number: int) -> set[str]:
    """Choose the queries that have a control: the rounded share, and at least one unless the share is 0."""
    if share <= 0.0 or not queries:
        return set()
    n_pages = sum(-(-len(study.pool(query.id)) // study.design.n_per_page) for query in queries)
    n_wanted = min(len(queries), max(1, round(share * n_pages)))
    rng = _rng(study, rater_number, purpose)
    return {queries[index].id for index in rng.permutation(len(queries))[:n_wanted]}


def _in_latin_order(slots: Sequence[Slot], study: Study, rater_number: int, query_id: str) -> list[Slot]:
    """Order stimuli by the rater's row of a Latin square whose rows are shuffled for every block of raters.

    The square has the pool alone; controls are inserted at random positions, since not every rater has them.
    """
    pooled = [slot for slot in slots if not slot.control]
    controls = [slot for slot in slots if slot.control]
    if pooled:
        block, row = divmod(rater_number, len(pooled))
        rng = _rng(study, block, f"square/{query_id}")
        symbols, rows = rng.permutation(len(pooled)), rng.permutation(len(pooled))
        columns = rng.permutation(len(pooled))
        indices = (rows[row] + columns) % len(pooled)
        pooled = [pooled[symbols[index]] for index in indices]
    rng = _rng(study, rater_number, f"controls/{query_id}")
    for control in controls:
        pooled.insert(int(rng.integers(len(pooled) + 1)), control)
    return pooled


def _balanced(n: int, study: Study, rater_number: int, purpose: str) -> list[bool]:
    """Return as many True as False, in random order; of an odd number the last depends on the rater's number."""
    flags = [index % 2 == rater_number % 2 for index in range(n)]
    order = _rng(study, rater_number, purpose).permutation(n)
    return [flags[index] for index in order]


def _shuffled(items: Sequence[_T], study: Study, rater_number: int, purpose: str) -> list[_T]:
    return [items[index] for index in _rng(study, rater_number, purpose).permutation(len(items))]


def _rng(study: Study, rater_number: int, purpose: str) -> np.random.Generator:
    digest = hashlib.sha256(f"{study.hash}/{rater_number}/{purpose}".encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "big"))


def letters(n: int) -> list[str]:
    """Return neutral names of stimuli: A, B, C, ..."""
    return [chr(ord("A") + index) for index in range(n)]
