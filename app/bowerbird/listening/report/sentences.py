"""The findings of a study in sentences: effect sizes first, then their uncertainty."""

from collections.abc import Sequence
from dataclasses import replace

from bowerbird.listening.analysis.findings import (
    Abx,
    Agreement,
    Coverage,
    Estimate,
    Friedman,
    PairedComparison,
    Preference,
    RaterFigures,
    SystemFigures,
)
from bowerbird.listening.study import TrialKind


def preference_sentence(found: Preference) -> str:
    """Return which system was preferred, the winner first."""
    if found.win_rate.value is None:
        return f"There are no comparisons of {found.first} and {found.second} yet."
    is_reversed = found.win_rate.value < 0.5
    winner, loser = (found.second, found.first) if is_reversed else (found.first, found.second)
    rate = _reversed(found.win_rate, about=0.5) if is_reversed else found.win_rate
    n_won = found.n_queries_lost if is_reversed else found.n_queries_won
    assert rate.value is not None
    ties = f", {found.n_ties} of them ties, which count half" if found.n_ties else ""
    share = f"{_percent(rate.value)} of {_counted(found.n_comparisons, 'comparison')}{ties}"
    if found.is_shown:
        n_queries = found.n_queries_won + found.n_queries_lost + found.n_queries_tied
        sentence = (
            f"{winner} was preferred to {loser} in {share}{_percents(rate)}; "
            f"ahead in {n_won} of {_counted(n_queries, 'query')}, {_p(found.holm_p)}."
        )
    else:
        sentence = (
            f"There is no significant preference between {found.first} and {found.second}: {winner} won "
            f"{share}{_percents(rate)}"
        )
        if found.smallest_difference is not None:
            sentence += f"; the smallest detectable win rate is {_percent(min(1.0, 0.5 + found.smallest_difference))}"
        sentence += "."
    return _with(sentence, found.note, is_planned=found.is_planned)


def comparison_sentence(found: PairedComparison, *, depth: int) -> str:
    """Return which system finds better matches, the better first."""
    if found.difference.value is None or found.first_value is None or found.second_value is None:
        return f"{found.first} and {found.second} cannot be compared yet. {found.note}".strip()
    figures = f"nDCG@{depth} {found.first_value:.2f} and {found.second_value:.2f}"
    if not found.is_shown:
        sentence = (
            f"There is no significant difference between {found.first} and {found.second}: {figures}, "
            f"difference {_figure(found.difference)}"
        )
        if found.smallest_difference is not None:
            sentence += f"; the smallest detectable difference is {found.smallest_difference:.2f}"
        return _with(f"{sentence}.", found.note, is_planned=found.is_planned)
    is_reversed = found.difference.value < 0.0
    better, worse = (found.second, found.first) if is_reversed else (found.first, found.second)
    high, low = max(found.first_value, found.second_value), min(found.first_value, found.second_value)
    difference = _reversed(found.difference, about=0.0) if is_reversed else found.difference
    effect = f"effect size {abs(found.effect_size):.1f}, " if found.effect_size is not None else ""
    sentence = (
        f"{better} finds better matches than {worse}: nDCG@{depth} {high:.2f} against {low:.2f}, "
        f"difference {_figure(difference)}, {effect}better in {found.n_lost if is_reversed else found.n_won} "
        f"of {_counted(found.n_queries, 'query')}, {_p(found.holm_p)}."
    )
    return _with(sentence, found.note, is_planned=found.is_planned)


def abx_sentence(found: Abx) -> str:
    """Return whether raters could tell two systems apart."""
    if found.share_right.value is None:
        return f"There are no ABX trials of {found.first} and {found.second} yet."
    share = (
        f"X was identified in {_percent(found.share_right.value)} of "
        f"{_counted(found.n_trials, 'trial')}{_percents(found.share_right)}"
    )
    if found.is_shown:
        sentence = f"Results of {found.first} and {found.second} can be told apart: {share}, {_p(found.holm_p)}."
    else:
        sentence = f"Results of {found.first} and {found.second} cannot be told apart significantly: {share}."
    return _with(sentence, found.note, is_planned=found.is_planned)


def friedman_sentence(found: Friedman) -> str:
    """Return whether several systems differ."""
    if found.p is None or found.statistic is None:
        return found.note
    test = f"Friedman's chi-square {found.statistic:.1f} over {_counted(found.n_queries, 'query')}, {_p(found.p)}"
    if found.p <= 0.05:
        return f"The {found.n_systems} systems differ significantly ({test})."
    return f"The {found.n_systems} systems do not differ significantly ({test})."


def system_sentences(systems: Sequence[SystemFigures], *, depth: int) -> list[str]:
    """Return the figures of each system, the best first."""
    rated = [system for system in systems if system.ndcg.value is not None]
    rated.sort(key=lambda system: -(system.ndcg.value or 0.0))
    return [
        f"{system.system}: nDCG@{depth} {_figure(system.ndcg)}, mean grade {_figure(system.mean_grade)}, "
        f"first result relevant in {_share(system.success_1)} of queries."
        for system in rated
    ]


def agreement_sentences(found: Agreement, *, kind: TrialKind, depth: int) -> list[str]:
    """Return the agreement of raters, with one another and with themselves, and the listener ceiling."""
    if kind == "abx":
        return []
    sentences = []
    if found.alpha.value is not None:
        sentences.append(f"Inter-rater agreement: Krippendorff's alpha {_figure(found.alpha)}.")
    else:
        sentences.append(f"Inter-rater agreement is unknown. {found.alpha.note}")
    if found.retest.value is not None and found.retest_same is not None:
        sentences.append(
            f"{_percent(found.retest_same)} of {_counted(found.retest.n, 'repeat')} had the same response again "
            f"(weighted kappa {found.retest.value:.2f})."
        )
    if found.ceiling is not None and found.ceiling.ndcg.value is not None:
        systems = [f"{name} {value:.2f}" for name, value in found.ceiling.systems.items() if value is not None]
        sentences.append(
            f"Listener ceiling: a rater's own ranking scores nDCG@{depth} {_figure(found.ceiling.ndcg)} by the others' "
            f"grades; by the same grades, the systems score {', '.join(systems)}."
        )
    return sentences


def coverage_sentence(found: Coverage, *, n_raters: int) -> str:
    """Return the share of the study that was rated."""
    sentence = (
        f"{_counted(n_raters, 'rater')} rated {found.n_pairs_judged} of {_counted(found.n_pairs, 'pair')}, "
        f"{found.mean_raters or 0.0:.1f} raters per pair."
    )
    if found.share_cannot_judge:
        sentence += f" {_percent(found.share_cannot_judge)} of responses were “cannot judge”."
    if found.share_broken:
        sentence += f" {_percent(found.share_broken)} were “broken”."
    return sentence


def flag_sentences(raters: Sequence[RaterFigures]) -> list[str]:
    """Return which raters are flagged, and why."""
    flagged = [rater for rater in raters if rater.flags]
    if not flagged:
        return ["No rater is flagged."] if raters else []
    head = f"{len(flagged)} of {_counted(len(raters), 'rater')} {'is' if len(flagged) == 1 else 'are'} flagged."
    return [head] + [f"{rater.pseudonym}: {' '.join(flag.sentence for flag in rater.flags)}" for rater in flagged]


def _with(sentence: str, note: str, *, is_planned: bool) -> str:
    sentence = f"{sentence} {note}".strip()
    return sentence if is_planned else f"Exploratory: {sentence}"


def _reversed(found: Estimate, *, about: float) -> Estimate:
    """Return the estimate from the view of the second system."""
    assert found.value is not None
    sides = 2.0 * about
    interval = found.interval
    reversed_ = None if interval is None else replace(interval, low=sides - interval.high, high=sides - interval.low)
    return replace(found, value=sides - found.value, interval=reversed_)


def _figure(estimate: Estimate) -> str:
    assert estimate.value is not None
    interval = estimate.interval
    span = "" if interval is None else f" ({interval.low:.2f} to {interval.high:.2f})"
    return f"{estimate.value:.2f}{span}"


def _share(estimate: Estimate) -> str:
    return "no" if estimate.value is None else _percent(estimate.value)


def _percents(estimate: Estimate) -> str:
    if estimate.interval is None:
        return ""
    return f", 95 % interval {100.0 * estimate.interval.low:.0f} to {100.0 * estimate.interval.high:.0f}"


def _percent(share: float) -> str:
    return f"{100.0 * share:.0f} %"


def _p(p: float | None) -> str:
    if p is None:
        return "untested"
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}" if p < 0.1 else f"p = {p:.2f}"


def _counted(n: int, noun: str) -> str:
    if n == 1:
        return f"1 {noun}"
    return f"{n} {noun[:-1]}ies" if noun.endswith("y") else f"{n} {noun}s"
