"""A study, evaluated: every figure with all raters, and once more without those who are flagged.

The parts that `Results` is made of are in `findings`.
"""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bowerbird.listening.analysis.analysis import ValidResponses, findings_of, rater_figures
from bowerbird.listening.analysis.findings import Findings, RaterFigures
from bowerbird.listening.analysis.grades import best_grade, lowest_relevant_grade
from bowerbird.listening.plan import same_results
from bowerbird.listening.report import sentences
from bowerbird.listening.responses import Responses
from bowerbird.listening.study import Study, TrialKind


@dataclass(frozen=True, slots=True)
class Results:
    """A study, evaluated.

    Attributes
    ----------
    study_hash, title : str
    kind : str
        grade, preference or abx.
    is_pilot : bool
    n_raters : int
        Who gave an answer that counts.
    n_ratings, n_choices : int
        That count: last revisions, no training; controls and repeats included.
    n_training : int
        Responses on training pages.
    n_conflicts : int
        Responses that disagree with another one of the same place. They were kept, and do not count.
    n_queries, depth : int
    query_ids : tuple of str
        In the study's order.
    grades : tuple of str
        The scale's words, worst first; "0" to "3" for a slider.
    gains : tuple of float
        What a grade is worth in nDCG.
    relevant_from : float
        The lowest mean grade of a relevant result.
    raters : tuple of RaterFigures
        With their flags.
    everybody : Findings
    without_flagged : Findings or None
        None where nobody, or everybody, is flagged.
    sentences : tuple of str
        The findings in words, most important first.
    remarks : tuple of str
        How it was computed, for the small print.
    """

    study_hash: str
    title: str
    kind: TrialKind
    is_pilot: bool
    n_raters: int
    n_ratings: int
    n_choices: int
    n_training: int
    n_conflicts: int
    n_queries: int
    depth: int
    query_ids: tuple[str, ...]
    grades: tuple[str, ...]
    gains: tuple[float, ...]
    relevant_from: float
    raters: tuple[RaterFigures, ...]
    everybody: Findings
    without_flagged: Findings | None
    sentences: tuple[str, ...]
    remarks: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return plain values for a JSON file; what is no number is null."""
        plain = _plain(dataclasses.asdict(self))
        assert isinstance(plain, dict)
        return plain


def results_of(study: Study, answers: Responses, *, seed: int = 0, n_resamples: int = 2000) -> Results:
    """Evaluate a study: with all raters, and once more without those who are flagged.

    Parameters
    ----------
    study : Study
    answers : Responses
        Of this study, any number, none included.
    seed : int
        Of resampling, so that the same answers give the same figures.
    n_resamples : int
        Of the bootstrap of alpha and of the permutation tests where not every permutation is tried.
    """
    counted = ValidResponses.of(answers)
    people = rater_figures(study, counted, answers, seed=seed)
    flagged = {rater.rater_id for rater in people if rater.flags}
    everybody = findings_of(study, counted, seed=seed, n_resamples=n_resamples)
    rest = counted.without(flagged)
    without = findings_of(study, rest, seed=seed, n_resamples=n_resamples) if flagged and rest.rater_ids else None
    best = best_grade(study.design.scale)
    query_ids = tuple(query.id for query in study.design.queries if not query.is_training)
    return Results(
        study_hash=study.hash,
        title=study.design.title,
        kind=study.design.kind,
        is_pilot=study.design.is_pilot,
        n_raters=len(counted.rater_ids),
        n_ratings=len(counted.ratings),
        n_choices=len(counted.choices),
        n_training=sum(rating.is_training for rating in answers.ratings)
        + sum(choice.is_training for choice in answers.choices),
        n_conflicts=sum(final_rating.is_conflict for final_rating in answers.final_ratings())
        + sum(final_choice.is_conflict for final_choice in answers.final_choices()),
        n_queries=len(query_ids),
        depth=study.design.depth,
        query_ids=query_ids,
        grades=study.design.scale.grades or tuple(str(grade) for grade in range(int(best) + 1)),
        gains=tuple(grade / best for grade in range(int(best) + 1)),
        relevant_from=lowest_relevant_grade(best),
        raters=people,
        everybody=everybody,
        without_flagged=without,
        sentences=_summary(study, people, everybody, without),
        remarks=_remarks(study),
    )


def _summary(
    study: Study, people: tuple[RaterFigures, ...], everybody: Findings, without: Findings | None
) -> tuple[str, ...]:
    said: list[str] = []
    if study.design.is_pilot:
        said.append("This is a pilot: its ratings were given to try the study out, and show nothing.")
    if not people:
        return (*said, "Nobody has answered yet.")
    said += everybody.sentences
    said += sentences.flag_sentences(people)
    if without is not None:
        said += [f"Without flagged raters: {each}" for each in without.sentences]
    return tuple(said)


def _remarks(study: Study) -> tuple[str, ...]:
    """Say how the figures came about."""
    always = [
        (
            "Only last revisions count; training pages do not. Of answers that disagree about the same "
            "place, the first counts."
        ),
        (
            "Intervals are for other queries and other raters like these: Student's t over both (Wilson's form for "
            "shares), or over queries alone where there is one rater."
        ),
        (
            "A difference is called shown where the permutation test over queries and the t test over queries and "
            "raters are both significant at 0.05 after Holm's adjustment, and the interval leaves equality out."
        ),
        (
            "The smallest difference that the study could have found is that which the t test over queries and raters "
            "finds with 80 % power at 0.05 over the number of comparisons."
        ),
        "Flags leave nobody out by themselves: figures are given with and without flagged raters.",
    ]
    if not study.design.planned:
        always.append("No comparison was planned, so all are exploratory.")
    if study.design.kind != "grade":
        return (*always, *same_results(study))
    grades = [
        (
            "A sound judged by several raters has their mean grade. nDCG has linear gains (grade over best grade), "
            "the discount 1 / log2(1 + rank), and the ideal order of the query's whole pool."
        ),
        "Results that nobody judged are left out and ranks closed up.",
        "Crowding is the share of results that are near copies of the query or of a better result of the same system.",
        f"A result is relevant from a mean grade of {lowest_relevant_grade(best_grade(study.design.scale)):g} on.",
    ]
    if not study.design.scale.grades:
        grades.append("The slider's share of the way, times 3, is the grade.")
    return tuple(grades + always)


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return value
