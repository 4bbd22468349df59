"""The results of a study: all findings with all raters, and again without flagged raters."""

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
    """The results of a study.

    Attributes
    ----------
    study_hash, title : str
    kind : str
        grade, preference or abx.
    is_pilot : bool
    n_raters : int
        With a response that counts.
    n_ratings, n_choices : int
        That count: last revisions without training, including controls and repeats.
    n_training : int
        Responses on training pages.
    n_conflicts : int
        Responses that conflict with an earlier response to the same stimulus. They do not count.
    n_queries, depth : int
    query_ids : tuple of str
        In the order of the study.
    grades : tuple of str
        Of the scale, worst first; "0" to "3" for a slider.
    gains : tuple of float
        Of each grade in nDCG.
    relevant_from : float
        The lowest mean grade of a relevant result.
    raters : tuple of RaterFigures
        With their flags.
    everybody : Findings
    without_flagged : Findings or None
        None when no rater, or every rater, is flagged.
    sentences : tuple of str
        The findings in words, most important first.
    remarks : tuple of str
        About the methods.
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
        """Return plain values for a JSON file; NaN is null."""
        plain = _plain(dataclasses.asdict(self))
        assert isinstance(plain, dict)
        return plain


def results_of(study: Study, responses: Responses, *, seed: int = 0, n_resamples: int = 2000) -> Results:
    """Evaluate a study with all raters, and again without flagged raters.

    Parameters
    ----------
    study : Study
    responses : Responses
        May be empty.
    seed : int
        Of resampling; the same seed gives the same figures.
    n_resamples : int
        Of the bootstrap of alpha and of permutation tests that do not try all permutations.
    """
    valid = ValidResponses.of(responses)
    raters = rater_figures(study, valid, responses, seed=seed)
    flagged = {rater.rater_id for rater in raters if rater.flags}
    everybody = findings_of(study, valid, seed=seed, n_resamples=n_resamples)
    rest = valid.without(flagged)
    without = findings_of(study, rest, seed=seed, n_resamples=n_resamples) if flagged and rest.rater_ids else None
    best = best_grade(study.design.scale)
    query_ids = tuple(query.id for query in study.design.queries if not query.is_training)
    return Results(
        study_hash=study.hash,
        title=study.design.title,
        kind=study.design.kind,
        is_pilot=study.design.is_pilot,
        n_raters=len(valid.rater_ids),
        n_ratings=len(valid.ratings),
        n_choices=len(valid.choices),
        n_training=sum(rating.is_training for rating in responses.ratings)
        + sum(choice.is_training for choice in responses.choices),
        n_conflicts=sum(rating.is_conflict for rating in responses.final_ratings())
        + sum(choice.is_conflict for choice in responses.final_choices()),
        n_queries=len(query_ids),
        depth=study.design.depth,
        query_ids=query_ids,
        grades=study.design.scale.grades or tuple(str(grade) for grade in range(int(best) + 1)),
        gains=tuple(grade / best for grade in range(int(best) + 1)),
        relevant_from=lowest_relevant_grade(best),
        raters=raters,
        everybody=everybody,
        without_flagged=without,
        sentences=_summary(study, raters, everybody, without),
        remarks=_remarks(study),
    )


def _summary(
    study: Study, raters: tuple[RaterFigures, ...], everybody: Findings, without: Findings | None
) -> tuple[str, ...]:
    summary: list[str] = []
    if study.design.is_pilot:
        summary.append("This is a pilot study: its ratings test the study itself and are not results.")
    if not raters:
        return (*summary, "There are no ratings yet.")
    summary += everybody.sentences
    summary += sentences.flag_sentences(raters)
    if without is not None:
        summary += [f"Without flagged raters: {each}" for each in without.sentences]
    return tuple(summary)


def _remarks(study: Study) -> tuple[str, ...]:
    """Return sentences about the methods."""
    always = [
        (
            "Only last revisions count; training pages do not. Of conflicting responses to the same stimulus, the "
            "first counts."
        ),
        (
            "Confidence intervals generalise to other queries and raters: Student's t over both (Wilson's interval for "
            "shares), or over queries alone with a single rater."
        ),
        (
            "A difference is significant when the permutation test over queries and the t test over queries and raters "
            "are both significant at 0.05 after Holm's adjustment, and the interval excludes equality."
        ),
        (
            "The smallest detectable difference is the one that the t test across queries and raters detects with "
            "80 % power at a significance level of 0.05 divided by the number of comparisons."
        ),
        "Flagged raters are not excluded: all figures are given with and without them.",
    ]
    if not study.design.planned:
        always.append("No comparison was planned, so all are exploratory.")
    if study.design.kind != "grade":
        return (*always, *same_results(study))
    grades = [
        (
            "A sound rated by several raters has their mean grade. nDCG uses linear gains (grade over best grade), the "
            "discount 1 / log2(1 + rank), and the ideal order of the whole pool of the query."
        ),
        "Results without a rating are removed and the ranks closed up.",
        "Crowding is the share of results that are near-duplicates of the query or of a better result of the system.",
        f"A result is relevant if its mean grade is {lowest_relevant_grade(best_grade(study.design.scale)):g} or more.",
    ]
    if not study.design.scale.grades:
        grades.append("The slider, from 0 to 100, is converted to grades from 0 to 3.")
    return tuple(grades + always)


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return value
