"""Ratings as arrays of grades by query, rater and result."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from bowerbird.listening.responses import Choice, Rating, Responses
from bowerbird.listening.study import Scale, Study
from bowerbird.ranking.graded import Floats, Ints

_SLIDER_GRADES = 4
"""A slider alone is converted to this many grades."""


@dataclass(frozen=True, slots=True, eq=False)
class GradeTable:
    """Grades of the pool, without controls and repeats.

    Attributes
    ----------
    query_ids, systems, rater_ids : tuple of str
        Without training queries.
    grades : ndarray, shape (n_queries, n_raters, n_items), float64
        NaN without a grade. Items of a query are in the order of its pool.
    ranked : ndarray, shape (n_queries, n_systems, depth), int64
        Indices into the pool, best first; -1 for no result.
    crowding : ndarray, shape (n_queries, n_systems), float64
        Share of a system's results that are copies of the query or of one another; NaN without results.
    best : float
        The highest grade.
    relevant_from : float
        The lowest grade of the scale's upper half.
    """

    query_ids: tuple[str, ...]
    systems: tuple[str, ...]
    rater_ids: tuple[str, ...]
    grades: Floats
    ranked: Ints
    crowding: Floats
    best: float
    relevant_from: float

    @property
    def depth(self) -> int:
        """The number of results per system that are rated."""
        return int(self.ranked.shape[2])

    def without(self, rater_ids: Collection[str]) -> "GradeTable":
        """Return the table of the other raters."""
        kept = [index for index, rater in enumerate(self.rater_ids) if rater not in rater_ids]
        return GradeTable(
            query_ids=self.query_ids,
            systems=self.systems,
            rater_ids=tuple(self.rater_ids[index] for index in kept),
            grades=self.grades[:, kept],
            ranked=self.ranked,
            crowding=self.crowding,
            best=self.best,
            relevant_from=self.relevant_from,
        )


def grade_table(study: Study, ratings: Iterable[Rating], *, rater_ids: Sequence[str]) -> GradeTable:
    """Return the table of some ratings.

    Parameters
    ----------
    study : Study
    ratings : iterable of Rating
        See `valid_ratings`.
    rater_ids : sequence of str
    """
    queries = [query.id for query in study.design.queries if not query.is_training]
    systems = [system.name for system in study.design.systems if system.name in study.runs]
    pools = [{item: index for index, item in enumerate(study.pool(query))} for query in queries]
    grades = np.full((len(queries), len(rater_ids), max([1, *map(len, pools)])), np.nan)
    query_of = {query: index for index, query in enumerate(queries)}
    rater_of = {rater: index for index, rater in enumerate(rater_ids)}
    for rating in ratings:
        grade = grade_of(rating, study.design.scale)
        query = query_of.get(rating.query_id)
        if grade is None or query is None or rating.control_type or rating.is_repeat:
            continue
        item = pools[query].get(rating.item_id)
        if item is not None and rating.rater_id in rater_of:
            grades[query, rater_of[rating.rater_id], item] = grade
    depth = study.design.depth
    ranked = np.full((len(queries), len(systems), depth), -1, dtype=np.int64)
    crowding = np.full((len(queries), len(systems)), np.nan)
    for row, query_id in enumerate(queries):
        for column, system in enumerate(systems):
            results = study.runs[system].get(query_id, ())[:depth]
            ranked[row, column, : len(results)] = [pools[row][result.item_id] for result in results]
            if results:
                crowding[row, column] = float(np.mean([result.is_near_copy for result in results]))
    best = best_grade(study.design.scale)
    return GradeTable(
        query_ids=tuple(queries),
        systems=tuple(systems),
        rater_ids=tuple(rater_ids),
        grades=grades,
        ranked=ranked,
        crowding=crowding,
        best=best,
        relevant_from=lowest_relevant_grade(best),
    )


def grade_of(rating: Rating, scale: Scale) -> float | None:
    """Return the grade of a rating, from 0 to the best grade; None when it has none.

    A slider counts only when there are no grades; its share of the range is then the grade.
    """
    if rating.cannot_judge or rating.is_broken:
        return None
    if rating.grade is not None:
        return float(rating.grade)
    if not scale.grades and rating.slider is not None:
        return rating.slider / 100.0 * best_grade(scale)
    return None


def best_grade(scale: Scale) -> float:
    """Return the highest grade; 3 for a slider alone."""
    return float((len(scale.grades) or _SLIDER_GRADES) - 1)


def lowest_relevant_grade(best: float) -> float:
    """Return the lowest grade of the upper half: 2 of 0 to 3, 3 of 0 to 4."""
    return float(int(best) // 2 + 1)


def valid_ratings(responses: Responses) -> tuple[Rating, ...]:
    """Return the last revisions with a response; of conflicting responses, the first."""
    return tuple(
        rating
        for rating in responses.final_ratings()
        if not rating.is_conflict
        and (rating.grade is not None or rating.slider is not None or rating.cannot_judge or rating.is_broken)
    )


def valid_choices(responses: Responses) -> tuple[Choice, ...]:
    """Return the last revisions of choices with a response; of conflicting responses, the first."""
    return tuple(
        choice
        for choice in responses.final_choices()
        if not choice.is_conflict and (choice.answer is not None or choice.cannot_judge)
    )
