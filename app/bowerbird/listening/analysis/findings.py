"""What a listening test says, as values: everything that a report needs, and nothing of how it looks.

How the figures come about is in `figures` (systems), `comparisons`, `agreement`, `flags` and `intervals`; all of a
study's together are `results.Results`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

FlagKind: TypeAlias = Literal[
    "controls", "far_as_identical", "too_fast", "same_grade", "retest", "far_from_others", "sum"
]


@dataclass(frozen=True, slots=True)
class Interval:
    """Where the truth lies with 95 %; `over` names what it was drawn from: queries, raters, or queries and raters."""

    low: float
    high: float
    over: str


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and how sure it is.

    Attributes
    ----------
    value : float or None
    interval : Interval or None
    n : int
        Of what `value` is a mean over: queries, choices, pairs of raters.
    note : str
        A sentence that says why there is no value or no interval; "" else.
    """

    value: float | None
    interval: Interval | None
    n: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class QueryFigures:
    """What a system's results for one query are worth; None where none of them was judged.

    `crowding` is the share of its results that are copies of the query or of one another.
    """

    query_id: str
    n_results: int
    n_judged: int
    ndcg: float | None
    mean_grade: float | None
    success_1: float | None
    success_5: float | None
    precision: float | None
    mrr: float | None
    crowding: float | None


@dataclass(frozen=True, slots=True)
class SystemFigures:
    """One system over all queries.

    Attributes
    ----------
    system : str
    ndcg, mean_grade, success_1, success_5, precision, mrr, crowding : Estimate
        nDCG@depth; grade from 0 to the best; the first, and any of the first five results relevant; share of
        relevant ones; 1 over the rank of the first relevant one; share of copies.
    by_query : tuple of QueryFigures
        In the study's order; the row of the heat map.
    grade_counts : tuple of int
        How often each grade was given to its results, worst first; sliders are rounded.
    """

    system: str
    ndcg: Estimate
    mean_grade: Estimate
    success_1: Estimate
    success_5: Estimate
    precision: Estimate
    mrr: Estimate
    crowding: Estimate
    by_query: tuple[QueryFigures, ...]
    grade_counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SystemCoverage:
    """judged@depth: how many of a system's results somebody judged."""

    system: str
    n_results: int
    n_judged: int
    share: float | None


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of what was asked has been answered.

    Attributes
    ----------
    systems : tuple of SystemCoverage
        Empty for preference and abx.
    n_pairs, n_pairs_judged : int
        Of query and result; preference and abx: of query and pair of systems.
    mean_raters, min_raters, max_raters : float or int
        Who judged a pair.
    share_cannot_judge, share_broken : float or None
        Of the answers, controls included.
    """

    systems: tuple[SystemCoverage, ...]
    n_pairs: int
    n_pairs_judged: int
    mean_raters: float | None
    min_raters: int
    max_raters: int
    share_cannot_judge: float | None
    share_broken: float | None


@dataclass(frozen=True, slots=True)
class PairAgreement:
    """Quadratically weighted kappa of two raters over the `n` that both judged; None where it is not defined."""

    first_id: str
    second_id: str
    kappa: float | None
    n: int


@dataclass(frozen=True, slots=True)
class Ceiling:
    """What a listener would score as a search engine: a rater's own grades as ranking, the others' as truth.

    Attributes
    ----------
    ndcg : Estimate
        Mean over raters.
    systems : mapping of str to float or None
        Scored by the same truths, for comparison.
    """

    ndcg: Estimate
    systems: Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far raters say the same.

    Attributes
    ----------
    alpha : Estimate
        Krippendorff's alpha, ordinal; its interval is over queries.
    kappa : Estimate
        Mean of `pairs`.
    pairs : tuple of PairAgreement
    retest : Estimate
        Weighted kappa of repeats with first answers, all raters together.
    retest_same : float or None
        Share of repeats that were answered alike.
    ceiling : Ceiling or None
        Grades only.
    """

    alpha: Estimate
    kappa: Estimate
    pairs: tuple[PairAgreement, ...]
    retest: Estimate
    retest_same: float | None
    ceiling: Ceiling | None


@dataclass(frozen=True, slots=True)
class PairedComparison:
    """Two systems over the same queries, by nDCG.

    Attributes
    ----------
    is_planned : bool
        False: exploratory.
    n_queries : int
        That have a figure of both.
    first_value, second_value : float or None
    difference : Estimate
        First less second.
    effect_size : float or None
        Cohen's d_z: mean difference over its standard deviation over queries.
    n_won, n_lost, n_tied : int
        Queries, as the first has it.
    permutation_p, wilcoxon_p : float or None
    holm_p : float or None
        The larger of `permutation_p` and `crossed_p`, adjusted over all comparisons.
    is_shown : bool
        `holm_p` is at most 0.05 and the interval leaves 0 out.
    smallest_difference : float or None
        That the study would have shown four times in five.
    note : str
    crossed_p : float or None
        Of the t test over queries and raters.
    """

    first: str
    second: str
    is_planned: bool
    n_queries: int
    first_value: float | None
    second_value: float | None
    difference: Estimate
    effect_size: float | None
    n_won: int
    n_lost: int
    n_tied: int
    permutation_p: float | None
    wilcoxon_p: float | None
    holm_p: float | None
    is_shown: bool
    smallest_difference: float | None
    note: str = ""
    crossed_p: float | None = None


@dataclass(frozen=True, slots=True)
class Friedman:
    """Friedman's test that three or more systems are alike."""

    n_systems: int
    n_queries: int
    statistic: float | None
    p: float | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Preference:
    """How often the first system's list was preferred to the second's.

    Attributes
    ----------
    n_comparisons, n_wins, n_ties, n_losses : int
        Responses, repeats not counted.
    win_rate : Estimate
        Ties count half.
    n_queries_won, n_queries_lost, n_queries_tied : int
    permutation_p : float or None
        Of the win rates by query.
    sign_p : float or None
        Of the queries won and lost.
    holm_p, is_shown, smallest_difference, crossed_p
        As in `PairedComparison`; the difference is that of the win rate from one half.
    """

    first: str
    second: str
    is_planned: bool
    n_comparisons: int
    n_wins: int
    n_ties: int
    n_losses: int
    win_rate: Estimate
    n_queries_won: int
    n_queries_lost: int
    n_queries_tied: int
    permutation_p: float | None
    sign_p: float | None
    holm_p: float | None
    is_shown: bool
    smallest_difference: float | None
    note: str = ""
    crossed_p: float | None = None


@dataclass(frozen=True, slots=True)
class Abx:
    """How often X was recognised; `p` is that of guessing as well or better, `holm_p` adjusted over all pairs."""

    first: str
    second: str
    is_planned: bool
    n_trials: int
    n_right: int
    share_right: Estimate
    p: float | None
    holm_p: float | None
    is_shown: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class Flag:
    """Why a rater's answers should be looked at; `figure` passed `threshold`."""

    kind: FlagKind
    sentence: str
    figure: float
    threshold: float


@dataclass(frozen=True, slots=True)
class RaterFigures:
    """One rater.

    Attributes
    ----------
    n_answers : int
        Ratings or choices that count, controls and repeats included.
    n_controls, n_control_failures : int
    seconds_per_answer : float or None
        Median over pages.
    same_grade : float or None
        Share of the commonest answer.
    retest : float or None
        Weighted kappa of `n_repeats` repeats.
    agreement : float or None
        Rank correlation with the mean of the others.
    mean_grade : float or None
    grade_counts : tuple of int
        Of the pool's sounds, worst first.
    flags : tuple of Flag
    """

    rater_id: str
    pseudonym: str
    n_answers: int
    n_controls: int
    n_control_failures: int
    seconds_per_answer: float | None
    same_grade: float | None
    n_repeats: int
    retest: float | None
    agreement: float | None
    mean_grade: float | None
    grade_counts: tuple[int, ...]
    flags: tuple[Flag, ...]


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything that depends on who is counted.

    Attributes
    ----------
    rater_ids : tuple of str
        Whose answers these are.
    coverage : Coverage
    agreement : Agreement
    systems : tuple of SystemFigures
        In the study's order; figures by ear are None for preference and abx.
    comparisons : tuple of PairedComparison
    friedman : Friedman or None
        None for fewer than three systems.
    preferences : tuple of Preference
    abx : tuple of Abx
        Each of the three is empty for other kinds of trial.
    sentences : tuple of str
        What was found, in words.
    """

    rater_ids: tuple[str, ...]
    coverage: Coverage
    agreement: Agreement
    systems: tuple[SystemFigures, ...]
    comparisons: tuple[PairedComparison, ...]
    friedman: Friedman | None
    preferences: tuple[Preference, ...]
    abx: tuple[Abx, ...]
    sentences: tuple[str, ...]
