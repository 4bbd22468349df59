"""What a study found, in plain sentences: how large a difference is before how sure."""

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
    """Say which of two lists was preferred, the winner first."""
    if found.win_rate.value is None:
        return f"Nobody has compared {found.first} with {found.second} yet."
    is_turned = found.win_rate.value < 0.5
    winner, loser = (found.second, found.first) if is_turned else (found.first, found.second)
    rate = _turned(found.win_rate, about=0.5) if is_turned else found.win_rate
    n_won = found.n_queries_lost if is_turned else found.n_queries_won
    assert rate.value is not None
    ties = f", {found.n_ties} of them ties that count half" if found.n_ties else ""
    what = f"{_percent(rate.value)} of {_counted(found.n_comparisons, 'comparison')}{ties}"
    if found.is_shown:
        n_queries = found.n_queries_won + found.n_queries_lost + found.n_queries_tied
        sentence = (
            f"{winner} was preferred to {loser} in {what}{_percents(rate)}; "
            f"ahead in {n_won} of {_counted(n_queries, 'query')}, {_p(found.holm_p)}."
        )
    else:
        sentence = (
            f"No preference between {found.first} and {found.second} was shown: {winner} won {what}{_percents(rate)}"
        )
        if found.smallest_difference is not None:
            sentence += (
                f"; this study could have found a win rate of {_percent(min(1.0, 0.5 + found.smallest_difference))}"
            )
        sentence += "."
    return _with(sentence, found.note, is_planned=found.is_planned)


def comparison_sentence(found: PairedComparison, *, depth: int) -> str:
    """Say which of two systems finds better matches, the better first."""
    if found.difference.value is None or found.first_value is None or found.second_value is None:
        return f"{found.first} and {found.second} cannot be compared yet. {found.note}".strip()
    figures = f"nDCG@{depth} {found.first_value:.2f} and {found.second_value:.2f}"
    if not found.is_shown:
        sentence = (
            f"No difference between {found.first} and {found.second} was shown: {figures}, "
            f"difference {_figure(found.difference)}"
        )
        if found.smallest_difference is not None:
            sentence += f"; this study could have found one of {found.smallest_difference:.2f}"
        return _with(f"{sentence}.", found.note, is_planned=found.is_planned)
    is_turned = found.difference.value < 0.0
    better, worse = (found.second, found.first) if is_turned else (found.first, found.second)
    high, low = max(found.first_value, found.second_value), min(found.first_value, found.second_value)
    difference = _turned(found.difference, about=0.0) if is_turned else found.difference
    effect = f"effect size {abs(found.effect_size):.1f}, " if found.effect_size is not None else ""
    sentence = (
        f"{better} finds better matches than {worse}: nDCG@{depth} {high:.2f} against {low:.2f}, "
        f"difference {_figure(difference)}, {effect}better in {found.n_lost if is_turned else found.n_won} "
        f"of {_counted(found.n_queries, 'query')}, {_p(found.holm_p)}."
    )
    return _with(sentence, found.note, is_planned=found.is_planned)


def abx_sentence(found: Abx) -> str:
    """Say whether a difference was heard."""
    if found.share_right.value is None:
        return f"Nobody has told {found.first} and {found.second} apart yet."
    what = (
        f"X was recognised in {_percent(found.share_right.value)} of "
        f"{_counted(found.n_trials, 'trial')}{_percents(found.share_right)}"
    )
    if found.is_shown:
        sentence = f"Results of {found.first} and {found.second} can be told apart: {what}, {_p(found.holm_p)}."
    else:
        sentence = f"That results of {found.first} and {found.second} can be told apart was not shown: {what}."
    return _with(sentence, found.note, is_planned=found.is_planned)


def friedman_sentence(found: Friedman) -> str:
    """Say whether several systems differ at all."""
    if found.p is None or found.statistic is None:
        return found.note
    what = f"Friedman's chi-square {found.statistic:.1f} over {_counted(found.n_queries, 'query')}, {_p(found.p)}"
    if found.p <= 0.05:
        return f"The {found.n_systems} systems are not all alike ({what})."
    return f"That the {found.n_systems} systems differ at all was not shown ({what})."


def system_sentences(systems: Sequence[SystemFigures], *, depth: int) -> list[str]:
    """Say what every system is worth, the best first."""
    judged = [system for system in systems if system.ndcg.value is not None]
    judged.sort(key=lambda one: -(one.ndcg.value or 0.0))
    return [
        f"{system.system}: nDCG@{depth} {_figure(system.ndcg)}, mean grade {_figure(system.mean_grade)}, "
        f"first result relevant in {_share(system.success_1)} of queries."
        for system in judged
    ]


def agreement_sentences(found: Agreement, *, kind: TrialKind, depth: int) -> list[str]:
    """Say how far raters agree, with themselves too, and what a listener would score."""
    if kind == "abx":
        return []
    sentences = []
    if found.alpha.value is not None:
        sentences.append(f"Raters agree with one another by Krippendorff's alpha {_figure(found.alpha)}.")
    else:
        sentences.append(f"How far raters agree is not known. {found.alpha.note}")
    if found.retest.value is not None and found.retest_same is not None:
        sentences.append(
            f"Of {_counted(found.retest.n, 'repeat')}, {_percent(found.retest_same)} were answered as the first time "
            f"(weighted kappa {found.retest.value:.2f})."
        )
    if found.ceiling is not None and found.ceiling.ndcg.value is not None:
        beside = [f"{name} {value:.2f}" for name, value in found.ceiling.systems.items() if value is not None]
        sentences.append(
            f"A listener as search engine would score nDCG@{depth} {_figure(found.ceiling.ndcg)} by the others' "
            f"grades; by the same grades: {', '.join(beside)}."
        )
    return sentences


def coverage_sentence(found: Coverage, *, n_raters: int) -> str:
    """Say how much of what was asked has been answered."""
    sentence = (
        f"{_counted(n_raters, 'rater')} judged {found.n_pairs_judged} of {_counted(found.n_pairs, 'pair')}, "
        f"{found.mean_raters or 0.0:.1f} raters a pair."
    )
    if found.share_cannot_judge:
        sentence += f" {_percent(found.share_cannot_judge)} of answers were `cannot judge`."
    if found.share_broken:
        sentence += f" {_percent(found.share_broken)} were `broken`."
    return sentence


def flag_sentences(raters: Sequence[RaterFigures]) -> list[str]:
    """Say who is flagged and for what."""
    flagged = [rater for rater in raters if rater.flags]
    if not flagged:
        return ["No rater is flagged."] if raters else []
    head = f"{len(flagged)} of {_counted(len(raters), 'rater')} {'is' if len(flagged) == 1 else 'are'} flagged."
    return [head] + [f"{rater.pseudonym}: {' '.join(flag.sentence for flag in rater.flags)}" for rater in flagged]


def _with(sentence: str, note: str, *, is_planned: bool) -> str:
    sentence = f"{sentence} {note}".strip()
    return sentence if is_planned else f"Exploratory: {sentence}"


def _turned(found: Estimate, *, about: float) -> Estimate:
    """Return the same as the second system has it."""
    assert found.value is not None
    sides = 2.0 * about
    interval = found.interval
    turned = None if interval is None else replace(interval, low=sides - interval.high, high=sides - interval.low)
    return replace(found, value=sides - found.value, interval=turned)


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


def _counted(n: int, what: str) -> str:
    if n == 1:
        return f"1 {what}"
    return f"{n} {what[:-1]}ies" if what.endswith("y") else f"{n} {what}s"
