"""The findings of a listening test, without their presentation.

They are computed in `figures` (systems), `comparisons`, `agreement`, `flags` and `intervals`; `results.Results` has all
findings of a study.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

FlagKind: TypeAlias = Literal[
    "controls", "far_as_identical", "too_fast", "same_grade", "retest", "far_from_others", "sum"
]


@dataclass(frozen=True, slots=True)
class Interval:
    """A 95 % confidence interval; `over` names the sources of variance: queries, raters, or queries and raters."""

    low: float
    high: float
    over: str


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its confidence interval.

    Attributes
    ----------
    value : float or None
    interval : Interval or None
    n : int
        Number of queries, choices or pairs of raters that `value` is a mean over.
    note : str
        Why there is no value or no interval; "" otherwise.
    """

    value: float | None
    interval: Interval | None
    n: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class QueryFigures:
    """The figures of a system for one query; None when no result was rated.

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
    """The figures of a system over all queries.

    Attributes
    ----------
    system : str
    ndcg, mean_grade, success_1, success_5, precision, mrr, crowding : Estimate
        nDCG@depth; mean grade from 0 to the best; share of queries whose first, or one of the first five results is
        relevant; share of relevant results; reciprocal rank of the first relevant result; share of copies.
    by_query : tuple of QueryFigures
        In the order of the study.
    grade_counts : tuple of int
        Number of times each grade was given to its results, worst first; sliders are rounded.
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
    """The rated results of a system: judged@depth."""

    system: str
    n_results: int
    n_judged: int
    share: float | None


@dataclass(frozen=True, slots=True)
class Coverage:
    """The share of the study that was rated.

    Attributes
    ----------
    systems : tuple of SystemCoverage
        Empty for preference and abx.
    n_pairs, n_pairs_judged : int
        Pairs of query and result; for preference and abx, of query and pair of systems.
    mean_raters, min_raters, max_raters : float or int
        Number of raters per pair.
    share_cannot_judge, share_broken : float or None
        Of all responses, including controls.
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
    """Quadratically weighted kappa of two raters over the `n` units that both rated; None if undefined."""

    first_id: str
    second_id: str
    kappa: float | None
    n: int


@dataclass(frozen=True, slots=True)
class Ceiling:
    """The listener ceiling: a rater's own grades as a ranking, scored by the other raters' grades.

    Attributes
    ----------
    ndcg : Estimate
        Mean over raters.
    systems : mapping of str to float or None
        Scored by the same grades.
    """

    ndcg: Estimate
    systems: Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Agreement:
    """Inter-rater and test–retest agreement.

    Attributes
    ----------
    alpha : Estimate
        Krippendorff's alpha, ordinal; its interval is over queries.
    kappa : Estimate
        Mean of `pairs`.
    pairs : tuple of PairAgreement
    retest : Estimate
        Weighted kappa of repeats with first responses, over all raters.
    retest_same : float or None
        Share of repeats with the same response.
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
    """Two systems compared over the same queries by nDCG.

    Attributes
    ----------
    is_planned : bool
        False: exploratory.
    n_queries : int
        With figures of both.
    first_value, second_value : float or None
    difference : Estimate
        First minus second.
    effect_size : float or None
        Cohen's d_z: mean difference over its standard deviation over queries.
    n_won, n_lost, n_tied : int
        Queries, from the view of the first system.
    permutation_p, wilcoxon_p : float or None
    holm_p : float or None
        The larger of `permutation_p` and `crossed_p`, adjusted over all comparisons.
    is_shown : bool
        `holm_p` is at most 0.05 and the interval excludes 0.
    smallest_difference : float or None
        That the study would have detected with 80 % power.
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
    """Friedman's test that three or more systems are equal."""

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
        Responses, without repeats.
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
    """How often X was identified; `p` is that of guessing as well or better, `holm_p` is adjusted over all pairs."""

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
    """A reason to check a rater's responses; `figure` passed `threshold`."""

    kind: FlagKind
    sentence: str
    figure: float
    threshold: float


@dataclass(frozen=True, slots=True)
class RaterFigures:
    """The figures of a rater.

    Attributes
    ----------
    n_answers : int
        Responses that count, including controls and repeats.
    n_controls, n_control_failures : int
    seconds_per_answer : float or None
        Median over pages.
    same_grade : float or None
        Share of the most frequent response.
    retest : float or None
        Weighted kappa of `n_repeats` repeats.
    agreement : float or None
        Rank correlation with the mean of the other raters.
    mean_grade : float or None
    grade_counts : tuple of int
        Of the pool, worst first.
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
    """The findings from the responses of some raters.

    Attributes
    ----------
    rater_ids : tuple of str
        The raters.
    coverage : Coverage
    agreement : Agreement
    systems : tuple of SystemFigures
        In the order of the study; for preference and abx only the crowding is set.
    comparisons : tuple of PairedComparison
    friedman : Friedman or None
        None for fewer than three systems.
    preferences : tuple of Preference
    abx : tuple of Abx
        Empty for other kinds of trial.
    sentences : tuple of str
        The findings in words.
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
