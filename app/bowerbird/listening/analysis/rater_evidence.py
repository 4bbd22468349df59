"""What each rater's answers look like, apart from what they say: the evidence that `flags` weighs."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TypeAlias

import numpy as np

from bowerbird.listening.analysis.choices import value_of
from bowerbird.listening.analysis.grades import best_grade, grade_of
from bowerbird.listening.responses import Choice, Rating
from bowerbird.listening.study import Study
from bowerbird.ranking.graded import Floats

Repeats: TypeAlias = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """One rater's answers, counted.

    Attributes
    ----------
    rater_id : str
    n_answers : int
    identical, far : tuple of float
        Grades of the controls.
    n_failures : int
        Identical ones below the scale's upper half, far ones within it.
    seconds : tuple of float
        For an answer, page by page.
    answers : Mapping of str to int
        How often each was given: grades, or sides.
    repeats : tuple of tuple of float
        First answer and second.
    agreement : float or None
        Rank correlation with the mean of the others, over `n_shared` units.
    n_shared : int
    mean_grade : float or None
    grade_counts : tuple of int
        Of the pool, controls and repeats left out.
    """

    rater_id: str
    n_answers: int
    identical: tuple[float, ...]
    far: tuple[float, ...]
    n_failures: int
    seconds: tuple[float, ...]
    answers: Mapping[str, int]
    repeats: Repeats
    agreement: float | None
    n_shared: int
    mean_grade: float | None
    grade_counts: tuple[int, ...]

    @property
    def commonest(self) -> int:
        """How often the commonest answer was given."""
        return max(self.answers.values(), default=0)

    @property
    def n_given(self) -> int:
        """How many answers said something."""
        return sum(self.answers.values())


def evidence_of_grades(
    study: Study, ratings: Iterable[Rating], *, rater_ids: Sequence[str], units: Floats, relevant_from: float
) -> tuple[Evidence, ...]:
    """Return the evidence of a study of grades.

    Parameters
    ----------
    study : Study
    ratings : iterable of Rating
        Those that count.
    rater_ids : sequence of str
    units : ndarray, shape (n_units, n_raters), float64
        The pool's grades.
    relevant_from : float
        Where the upper half of the scale begins.
    """
    by_rater: dict[str, list[Rating]] = defaultdict(list)
    for rating in ratings:
        by_rater[rating.rater_id].append(rating)
    n_grades = int(best_grade(study.design.scale)) + 1
    found = []
    for column, rater_id in enumerate(rater_ids):
        own = by_rater[rater_id]
        graded = [
            (response, grade) for response in own if (grade := grade_of(response, study.design.scale)) is not None
        ]
        identical = tuple(
            grade for rating, grade in graded if rating.control_type == "identical" and not rating.is_repeat
        )
        far = tuple(grade for rating, grade in graded if rating.control_type == "far" and not rating.is_repeat)
        agreement, n_shared = agreement_with_others(units, column)
        given = units[:, column][~np.isnan(units[:, column])]
        found.append(
            Evidence(
                rater_id=rater_id,
                n_answers=len(own),
                identical=identical,
                far=far,
                n_failures=sum(grade < relevant_from for grade in identical)
                + sum(grade >= relevant_from for grade in far),
                seconds=_seconds_by_page(own),
                answers=Counter(str(round(grade)) for _, grade in graded),
                repeats=repeated_grades(graded),
                agreement=agreement,
                n_shared=n_shared,
                mean_grade=float(given.mean()) if len(given) else None,
                grade_counts=tuple(int((np.rint(given) == grade).sum()) for grade in range(n_grades)),
            )
        )
    return tuple(found)


def evidence_of_choices(choices: Iterable[Choice], *, rater_ids: Sequence[str], units: Floats) -> tuple[Evidence, ...]:
    """Return the evidence of a study of preferences or of ABX, likewise.

    Who recognises X less often than others has other ears, not less care: for ABX, give no `units`.
    """
    by_rater: dict[str, list[Choice]] = defaultdict(list)
    for choice in choices:
        by_rater[choice.rater_id].append(choice)
    found = []
    for column, rater_id in enumerate(rater_ids):
        own = by_rater[rater_id]
        agreement, n_shared = agreement_with_others(units, column) if len(units) else (None, 0)
        found.append(
            Evidence(
                rater_id=rater_id,
                n_answers=len(own),
                identical=(),
                far=(),
                n_failures=0,
                seconds=tuple(response.decision_ms / 1000.0 for response in own),
                answers=Counter(
                    response.answer for response in own if response.answer is not None and not response.cannot_judge
                ),
                repeats=repeated_choices(own),
                agreement=agreement,
                n_shared=n_shared,
                mean_grade=None,
                grade_counts=(),
            )
        )
    return tuple(found)


def agreement_with_others(units: Floats, column: int) -> tuple[float | None, int]:
    """Return Spearman's correlation of one rater with the mean of all others, and over how many units.

    None for fewer than three units, or where one side is always the same.
    """
    from scipy.stats import spearmanr  # noqa: PLC0415 - takes seconds to load

    others = np.delete(units, column, axis=1)
    has = ~np.isnan(others)
    n = has.sum(axis=1)
    mean = np.where(has, others, 0.0).sum(axis=1) / np.maximum(n, 1)
    own = units[:, column]
    shared = (n > 0) & ~np.isnan(own)
    mean, own = mean[shared], own[shared]
    if len(own) < 3 or np.ptp(own) == 0.0 or np.ptp(mean) == 0.0:
        return None, len(own)
    return float(spearmanr(own, mean).statistic), len(own)


def repeated_grades(graded: Iterable[tuple[Rating, float]]) -> Repeats:
    """Return first and second grade of what one rater judged twice."""
    first: dict[tuple[str, str], float] = {}
    again: dict[tuple[str, str], float] = {}
    for rating, grade in graded:
        if not rating.control_type:
            (again if rating.is_repeat else first)[rating.query_id, rating.item_id] = grade
    return tuple((first[key], again[key]) for key in again if key in first)


def repeated_choices(choices: Iterable[Choice]) -> Repeats:
    """Return first and second preference of what one rater compared twice, from 0 to 2, whatever side it was on."""
    first: dict[tuple[str, str, str], float] = {}
    again: dict[tuple[str, str, str], float] = {}
    for choice in choices:
        value = value_of(choice)
        if choice.kind != "preference" or value is None:
            continue
        one, two = sorted((choice.left_system, choice.right_system))
        turned = value if one == choice.left_system else 1.0 - value
        (again if choice.is_repeat else first)[choice.query_id, one, two] = 2.0 * turned
    return tuple((first[key], again[key]) for key in again if key in first)


def _seconds_by_page(ratings: Iterable[Rating]) -> tuple[float, ...]:
    """Return the time for a candidate on each page: to the page's last decision, over its candidates.

    Decisions are timed from the page's opening, and who hears all candidates first gives all grades within seconds.
    """
    pages: dict[tuple[str, int], list[int]] = defaultdict(list)
    for rating in ratings:
        pages[rating.session_uuid, rating.page].append(rating.decision_ms)
    return tuple(max(times) / 1000.0 / len(times) for times in pages.values())


def typical(values: Sequence[float]) -> float | None:
    """Return the median, None of nothing."""
    return float(median(values)) if values else None
