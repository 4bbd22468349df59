"""Paired preference and ABX: win rates, and how often X was identified."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bowerbird.listening.analysis import comparisons, intervals
from bowerbird.listening.analysis.findings import Abx, Preference
from bowerbird.listening.plan import compared_pairs
from bowerbird.listening.responses import Choice
from bowerbird.listening.study import Study
from bowerbird.ranking.graded import Floats
from bowerbird.ranking.significance import holm


@dataclass(frozen=True, slots=True, eq=False)
class ChoiceTable:
    """Responses to one pair of systems.

    Attributes
    ----------
    first, second : str
    is_planned : bool
    cells : ndarray, shape (n_queries, n_raters), float64
        Preference: 1 when the first is preferred, 0.5 for a tie, else 0. ABX: 1 when X is identified, else 0.
        NaN for no response.
    """

    first: str
    second: str
    is_planned: bool
    cells: Floats


def choice_tables(study: Study, choices: Iterable[Choice], *, rater_ids: Sequence[str]) -> tuple[ChoiceTable, ...]:
    """Return a table for each pair of systems that the study compares; repeats are left out."""
    queries = {query.id: index for index, query in enumerate(q for q in study.design.queries if not q.is_training)}
    raters = {rater: index for index, rater in enumerate(rater_ids)}
    pairs = compared_pairs(study)
    cells = {pair: np.full((len(queries), len(raters)), np.nan) for pair in pairs}
    for choice in choices:
        value = value_of(choice)
        if value is None or choice.is_repeat or choice.query_id not in queries or choice.rater_id not in raters:
            continue
        cell = queries[choice.query_id], raters[choice.rater_id]
        if (choice.left_system, choice.right_system) in cells:
            cells[choice.left_system, choice.right_system][cell] = value
        elif (choice.right_system, choice.left_system) in cells:
            turned = value if choice.kind == "abx" else 1.0 - value
            cells[choice.right_system, choice.left_system][cell] = turned
    is_planned = bool(study.design.planned)
    return tuple(ChoiceTable(first, second, is_planned, cells[first, second]) for first, second in pairs)


def value_of(choice: Choice) -> float | None:
    """Return 1 when left is preferred, 0.5 for a tie, else 0; ABX: whether X is identified; None for no response."""
    if choice.kind == "abx":
        return None if choice.is_right is None else float(choice.is_right)
    if choice.answer is None or choice.cannot_judge:
        return None
    return {"left": 1.0, "tie": 0.5, "right": 0.0}[choice.answer]


def preferences(tables: Sequence[ChoiceTable], *, seed: int, n_resamples: int) -> tuple[Preference, ...]:
    """Return the preferences for each pair of systems.

    Responses to one query are about the same two lists, and those of one rater follow one taste, so they are not
    independent: the permutation and sign tests are over queries, the t test and the interval over queries and raters.
    """
    found = []
    for table in tables:
        given = table.cells[~np.isnan(table.cells)]
        by_query = means_by_query(table.cells)
        lead = by_query[~np.isnan(by_query)] - 0.5
        n_won, n_lost = int((lead > 1e-9).sum()), int((lead < -1e-9).sum())
        spread = intervals.spread_of(by_query, table.cells)
        found.append(
            Preference(
                first=table.first,
                second=table.second,
                is_planned=table.is_planned,
                n_comparisons=len(given),
                n_wins=int((given == 1.0).sum()),
                n_ties=int((given == 0.5).sum()),
                n_losses=int((given == 0.0).sum()),
                win_rate=intervals.share_of_responses(table.cells),
                n_queries_won=n_won,
                n_queries_lost=n_lost,
                n_queries_tied=len(lead) - n_won - n_lost,
                permutation_p=comparisons.permutation_p(lead, seed=seed, n_resamples=n_resamples),
                sign_p=comparisons.sign_p(n_won, n_lost),
                holm_p=None,
                is_shown=False,
                smallest_difference=comparisons.smallest_difference(len(lead), spread, n_comparisons=len(tables)),
                note=comparisons.too_few(len(lead), n_comparisons=len(tables)),
                crossed_p=intervals.crossed_p(by_query - 0.5, table.cells - 0.5),
            )
        )
    ps = holm([comparisons.larger(entry.permutation_p, entry.crossed_p) for entry in found])
    return tuple(
        replace(entry, holm_p=p, is_shown=comparisons.is_shown(p, entry.win_rate, at=0.5))
        for entry, p in zip(found, ps, strict=True)
    )


def abx_figures(tables: Sequence[ChoiceTable]) -> tuple[Abx, ...]:
    """Return how often X was identified, for each pair of systems.

    A rater who hears no difference guesses independently in each trial, so the binomial test over all trials is valid
    for any queries and raters; the interval of the share is over both.
    """
    from scipy.stats import binomtest  # noqa: PLC0415 - takes seconds to load

    found = []
    for table in tables:
        given = table.cells[~np.isnan(table.cells)]
        n_right = int(given.sum())
        found.append(
            Abx(
                first=table.first,
                second=table.second,
                is_planned=table.is_planned,
                n_trials=len(given),
                n_right=n_right,
                share_right=intervals.share_of_responses(table.cells),
                p=float(binomtest(n_right, len(given), alternative="greater").pvalue) if len(given) else None,
                holm_p=None,
                is_shown=False,
                note="" if len(given) else "There are no responses.",
            )
        )
    ps = holm([entry.p for entry in found])
    return tuple(
        replace(entry, holm_p=p, is_shown=p is not None and p <= comparisons.SIGNIFICANT)
        for entry, p in zip(found, ps, strict=True)
    )


def means_by_query(cells: Floats) -> Floats:
    """Return the mean response of each query, NaN without responses."""
    has = ~np.isnan(cells)
    n = has.sum(axis=1)
    return np.where(n > 0, np.where(has, cells, 0.0).sum(axis=1) / np.maximum(n, 1), np.nan)
