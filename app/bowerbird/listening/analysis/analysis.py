"""The findings of a study of each kind, from its responses."""

import itertools
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from bowerbird.listening.analysis import agreement, choices, comparisons, figures, flags
from bowerbird.listening.analysis import rater_evidence as raters
from bowerbird.listening.analysis.findings import Coverage, Findings, RaterFigures, SystemCoverage
from bowerbird.listening.analysis.grades import (
    GradeTable,
    grade_table,
    valid_choices,
    valid_ratings,
)
from bowerbird.listening.plan import compared_pairs, plan_pages
from bowerbird.listening.report import sentences
from bowerbird.listening.responses import Choice, Rating, Responses
from bowerbird.listening.study import Study
from bowerbird.ranking.graded import Floats, Ints

_N_PREFERENCES = 3
"""The second is preferred, a tie, the first is preferred."""


@dataclass(frozen=True, slots=True)
class ValidResponses:
    """The responses that count, and their raters in the order of joining."""

    rater_ids: tuple[str, ...]
    ratings: tuple[Rating, ...]
    choices: tuple[Choice, ...]

    @classmethod
    def of(cls, responses: Responses) -> "ValidResponses":
        """Return last revisions without training pages and conflicts; raters without a response are left out."""
        ratings, choices = valid_ratings(responses), valid_choices(responses)
        known = dict.fromkeys(
            itertools.chain((rater.id for rater in responses.raters), (rating.rater_id for rating in ratings))
        )
        known |= dict.fromkeys(choice.rater_id for choice in choices)
        responding = {rating.rater_id for rating in ratings} | {choice.rater_id for choice in choices}
        return cls(tuple(rater for rater in known if rater in responding), ratings, choices)

    def without(self, rater_ids: Collection[str]) -> "ValidResponses":
        """Return the responses of the other raters."""
        return ValidResponses(
            tuple(rater for rater in self.rater_ids if rater not in rater_ids),
            tuple(rating for rating in self.ratings if rating.rater_id not in rater_ids),
            tuple(choice for choice in self.choices if choice.rater_id not in rater_ids),
        )


def findings_of(study: Study, valid: ValidResponses, *, seed: int, n_resamples: int) -> Findings:
    """Return all findings from the responses that count.

    Parameters
    ----------
    study : Study
    valid : ValidResponses
    seed, n_resamples : int
        Of the bootstrap and the permutation tests.
    """
    if study.design.kind == "grade":
        return _graded(study, valid, seed=seed, n_resamples=n_resamples)
    return _compared(study, valid, seed=seed, n_resamples=n_resamples)


def rater_figures(study: Study, valid: ValidResponses, responses: Responses, *, seed: int) -> tuple[RaterFigures, ...]:
    """Return the figures and flags of each rater."""
    units, _ = units_of(study, valid)
    if study.design.kind == "grade":
        n_grades = flags.n_grades_of(study.design.scale)
        table = grade_table(study, (), rater_ids=())
        evidence = raters.evidence_of_grades(
            study, valid.ratings, rater_ids=valid.rater_ids, units=units, relevant_from=table.relevant_from
        )
    else:
        n_grades = _N_PREFERENCES
        evidence = raters.evidence_of_choices(valid.choices, rater_ids=valid.rater_ids, units=units)
    found = flags.flags_of(evidence, study.design.exclusion, n_grades=n_grades, seed=seed)
    pseudonyms = {rater.id: rater.pseudonym for rater in responses.raters}
    return tuple(
        RaterFigures(
            rater_id=rater.rater_id,
            pseudonym=pseudonyms.get(rater.rater_id) or rater.rater_id,
            n_answers=rater.n_answers,
            n_controls=len(rater.identical) + len(rater.far),
            n_control_failures=rater.n_failures,
            seconds_per_answer=raters.typical(rater.seconds),
            same_grade=rater.most_frequent / rater.n_given if rater.n_given else None,
            n_repeats=len(rater.repeats),
            retest=flags.retest_of(rater, n_grades=n_grades),
            agreement=rater.agreement,
            mean_grade=rater.mean_grade,
            grade_counts=rater.grade_counts,
            flags=own,
        )
        for rater, own in zip(evidence, found, strict=True)
    )


def units_of(study: Study, valid: ValidResponses) -> tuple[Floats, Ints]:
    """Return what raters can agree on, as rows of raters, and the query of each row; empty for ABX."""
    if study.design.kind == "grade":
        return agreement.grade_units(grade_table(study, valid.ratings, rater_ids=valid.rater_ids))
    if study.design.kind == "preference":
        return agreement.choice_units(choices.choice_tables(study, valid.choices, rater_ids=valid.rater_ids))
    return np.zeros((0, len(valid.rater_ids))), np.zeros(0, dtype=np.int64)


def _graded(study: Study, valid: ValidResponses, *, seed: int, n_resamples: int) -> Findings:
    table = grade_table(study, valid.ratings, rater_ids=valid.rater_ids)
    by_name = figures.figures_and_cells(table)
    systems = figures.system_figures(table, by_name)
    values, cells = by_name["ndcg"]
    pairs = [pair for pair in compared_pairs(study) if set(pair) <= set(table.systems)]
    compared = comparisons.adjusted(
        [
            comparisons.compared(
                pair,
                (values[:, first], values[:, second]),
                (cells[:, :, first], cells[:, :, second]),
                is_planned=bool(study.design.planned),
                n_comparisons=len(pairs),
                seed=seed,
                n_resamples=n_resamples,
            )
            for pair in pairs
            for first, second in [(table.systems.index(pair[0]), table.systems.index(pair[1]))]
        ]
    )
    units, query_of = agreement.grade_units(table)
    agreed = agreement.agreement_of(
        units,
        query_of,
        valid.rater_ids,
        _repeats(study, valid),
        n_grades=flags.n_grades_of(study.design.scale),
        ceiling=agreement.ceiling_of(table),
        seed=seed,
        n_resamples=n_resamples,
    )
    coverage = _coverage_of_grades(table, valid)
    friedman = comparisons.friedman(values)
    depth = study.design.depth
    texts = [sentences.comparison_sentence(comparison, depth=depth) for comparison in compared]
    if friedman is not None:
        texts.append(sentences.friedman_sentence(friedman))
    texts += sentences.system_sentences(systems, depth=depth)
    texts += sentences.agreement_sentences(agreed, kind="grade", depth=depth)
    return Findings(
        rater_ids=valid.rater_ids,
        coverage=coverage,
        agreement=agreed,
        systems=systems,
        comparisons=compared,
        friedman=friedman,
        preferences=(),
        abx=(),
        sentences=(*texts, sentences.coverage_sentence(coverage, n_raters=len(valid.rater_ids))),
    )


def _compared(study: Study, valid: ValidResponses, *, seed: int, n_resamples: int) -> Findings:
    is_abx = study.design.kind == "abx"
    tables = choices.choice_tables(study, valid.choices, rater_ids=valid.rater_ids)
    preferences = () if is_abx else choices.preferences(tables, seed=seed, n_resamples=n_resamples)
    abx = choices.abx_figures(tables) if is_abx else ()
    units, query_of = units_of(study, valid)
    agreed = agreement.agreement_of(
        units,
        query_of,
        valid.rater_ids,
        _repeats(study, valid),
        n_grades=_N_PREFERENCES,
        ceiling=None,
        seed=seed,
        n_resamples=n_resamples,
    )
    # Without grades the systems have only their crowding.
    table = grade_table(study, (), rater_ids=valid.rater_ids)
    coverage = _coverage_of_choices(study, valid, tables)
    depth = study.design.depth
    texts = [sentences.preference_sentence(preference) for preference in preferences]
    texts += [sentences.abx_sentence(pair) for pair in abx]
    texts += sentences.agreement_sentences(agreed, kind=study.design.kind, depth=depth)
    return Findings(
        rater_ids=valid.rater_ids,
        coverage=coverage,
        agreement=agreed,
        systems=figures.system_figures(table, figures.figures_and_cells(table)),
        comparisons=(),
        friedman=None,
        preferences=preferences,
        abx=abx,
        sentences=(*texts, sentences.coverage_sentence(coverage, n_raters=len(valid.rater_ids))),
    )


def _repeats(study: Study, valid: ValidResponses) -> list[tuple[float, float]]:
    units = np.zeros((0, len(valid.rater_ids)))
    if study.design.kind == "grade":
        evidence = raters.evidence_of_grades(
            study, valid.ratings, rater_ids=valid.rater_ids, units=units, relevant_from=0.0
        )
    else:
        evidence = raters.evidence_of_choices(valid.choices, rater_ids=valid.rater_ids, units=units)
    return [pair for rater in evidence for pair in rater.repeats]


def _coverage_of_grades(table: GradeTable, valid: ValidResponses) -> Coverage:
    n_raters_of = (~np.isnan(table.grades)).sum(axis=1)
    systems = []
    for column, system in enumerate(table.systems):
        ranked = table.ranked[:, column]
        rows = np.arange(len(ranked))[:, None]
        n_results = int((ranked >= 0).sum())
        n_judged = int(((ranked >= 0) & (n_raters_of[rows, np.maximum(ranked, 0)] > 0)).sum())
        systems.append(SystemCoverage(system, n_results, n_judged, n_judged / n_results if n_results else None))
    is_pooled = np.zeros(n_raters_of.shape, dtype=np.bool_)
    for row, ranked in enumerate(table.ranked):
        is_pooled[row, ranked[ranked >= 0]] = True
    return _coverage(n_raters_of[is_pooled], valid, tuple(systems))


def _coverage_of_choices(study: Study, valid: ValidResponses, tables: tuple[choices.ChoiceTable, ...]) -> Coverage:
    rated = {
        (page.query_id, frozenset(column.system for column in page.columns))
        for page in plan_pages(study, rater_number=0)
        if not page.is_training
    }
    rows = {query.id: row for row, query in enumerate(q for q in study.design.queries if not q.is_training)}
    of_pair = {frozenset((table.first, table.second)): (~np.isnan(table.cells)).sum(axis=1) for table in tables}
    n_raters_of = [int(of_pair[pair][rows[query]]) for query, pair in sorted(rated, key=str) if pair in of_pair]
    return _coverage(np.array(n_raters_of, dtype=np.int64), valid, ())


def _coverage(n_raters_of: Ints, valid: ValidResponses, systems: tuple[SystemCoverage, ...]) -> Coverage:
    cannot = [rating.cannot_judge for rating in valid.ratings] + [choice.cannot_judge for choice in valid.choices]
    broken = [rating.is_broken for rating in valid.ratings]
    return Coverage(
        systems=systems,
        n_pairs=len(n_raters_of),
        n_pairs_judged=int((n_raters_of > 0).sum()),
        mean_raters=float(n_raters_of.mean()) if len(n_raters_of) else None,
        min_raters=int(n_raters_of.min()) if len(n_raters_of) else 0,
        max_raters=int(n_raters_of.max(initial=0)),
        share_cannot_judge=float(np.mean(cannot)) if cannot else None,
        share_broken=float(np.mean(broken)) if broken else None,
    )
