"""Statistics of each rater's responses, which `flags` evaluates."""

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
    """Statistics of a rater's responses.

    Attributes
    ----------
    rater_id : str
    n_answers : int
    identical, far : tuple of float
        Grades of hidden references and of low anchors.
    n_failures : int
        Hidden references below the upper half of the scale, and low anchors within it.
    seconds : tuple of float
        Per response, by page.
    answers : Mapping of str to int
        Number of times each grade or side was given.
    repeats : tuple of tuple of float
        First and second response.
    agreement : float or None
        Rank correlation with the mean of the other raters, over `n_shared` units.
    n_shared : int
    mean_grade : float or None
    grade_counts : tuple of int
        Of the pool, without controls and repeats.
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
    def most_frequent(self) -> int:
        """Number of times the most frequent response was given."""
        return max(self.answers.values(), default=0)

    @property
    def n_given(self) -> int:
        """Number of responses that are not empty."""
        return sum(self.answers.values())


def evidence_of_grades(
    study: Study, ratings: Iterable[Rating], *, rater_ids: Sequence[str], units: Floats, relevant_from: float
) -> tuple[Evidence, ...]:
    """Return the evidence in a study of grades.

    Parameters
    ----------
    study : Study
    ratings : iterable of Rating
        See `valid_ratings`.
    rater_ids : sequence of str
    units : ndarray, shape (n_units, n_raters), float64
        Grades of the pool.
    relevant_from : float
        The lowest grade of the upper half of the scale.
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
    """Return the evidence in a study of preferences or of ABX.

    For ABX, `units` is empty: identifying X less often than others does not show a lack of care.
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
    """Return Spearman's correlation of a rater with the mean of all others, and the number of units.

    None for fewer than three units, or when either side is constant.
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
    """Return the first and second grade of each repeated stimulus."""
    first: dict[tuple[str, str], float] = {}
    again: dict[tuple[str, str], float] = {}
    for rating, grade in graded:
        if not rating.control_type:
            (again if rating.is_repeat else first)[rating.query_id, rating.item_id] = grade
    return tuple((first[key], again[key]) for key in again if key in first)


def repeated_choices(choices: Iterable[Choice]) -> Repeats:
    """Return the first and second preference of each repeated pair, from 0 to 2, independent of sides."""
    first: dict[tuple[str, str, str], float] = {}
    again: dict[tuple[str, str, str], float] = {}
    for choice in choices:
        value = value_of(choice)
        if choice.kind != "preference" or value is None:
            continue
        a, b = sorted((choice.left_system, choice.right_system))
        turned = value if a == choice.left_system else 1.0 - value
        (again if choice.is_repeat else first)[choice.query_id, a, b] = 2.0 * turned
    return tuple((first[key], again[key]) for key in again if key in first)


def _seconds_by_page(ratings: Iterable[Rating]) -> tuple[float, ...]:
    """Return the time per stimulus on each page: the time of the last response over the number of stimuli.

    Times count from the opening of the page, and a rater who first plays all stimuli gives all grades within seconds.
    """
    pages: dict[tuple[str, int], list[int]] = defaultdict(list)
    for rating in ratings:
        pages[rating.session_uuid, rating.page].append(rating.decision_ms)
    return tuple(max(times) / 1000.0 / len(times) for times in pages.values())


def typical(values: Sequence[float]) -> float | None:
    """Return the median; None for no values."""
    return float(median(values)) if values else None
