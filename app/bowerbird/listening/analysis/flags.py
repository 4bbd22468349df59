"""Exclusion criteria: which raters are flagged, and why. The report has all figures with and without them.

The thresholds are those of the study. To avoid false alarms with few controls, repeats or shared responses, the
evidence must also be rare among careful raters. A careful rater fails as many control trials as the study allows,
repeats responses as reliably as the other raters, agrees with them at least two thirds as well as they agree with one
another, and spreads responses as they do. Weak evidence of several kinds is combined by Fisher's method.

The rates of true and false flags in simulated studies are in `calibration`.
"""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from bowerbird.listening.analysis.agreement import weighted_kappa
from bowerbird.listening.analysis.findings import Flag
from bowerbird.listening.analysis.grades import best_grade
from bowerbird.listening.analysis.rater_evidence import Evidence, typical
from bowerbird.listening.study import Exclusion, Scale

RARE: Final = 0.01
"""Largest probability of the evidence for a careful rater."""

RARE_TO_DISAGREE: Final = 0.05
"""The same for agreement, where most careful raters agree better than the model assumes."""

RARE_IN_SUM: Final = 0.05
MIN_PAGES: Final = 5
"""For a median time."""

MIN_ANSWERS: Final = 10
"""For a most frequent response."""

MIN_REPEATS_ALONE: Final = 10
"""For a rater without other raters to compare with."""

_FAIR_SHARE: Final = 2.0 / 3.0
"""Share of the others' agreement that a careful rater reaches."""

_N_DRAWS: Final = 1000


def flags_of(
    evidence: Sequence[Evidence], exclusion: Exclusion, *, n_grades: int, seed: int
) -> tuple[tuple[Flag, ...], ...]:
    """Return the flags of each rater.

    Parameters
    ----------
    evidence : sequence of Evidence
        Of all raters, each of whom is compared with the others.
    exclusion : Exclusion
    n_grades : int
        Of the scale; 3 for preferences.
    seed : int
    """
    return tuple(
        _flags_of_one(
            rater, [other for other in evidence if other is not rater], exclusion, n_grades=n_grades, seed=seed
        )
        for rater in evidence
    )


def retest_of(evidence: Evidence, *, n_grades: int) -> float | None:
    """Return the weighted kappa of a rater's repeats."""
    pairs = np.rint(np.array(evidence.repeats, dtype=np.float64).reshape(-1, 2))
    return weighted_kappa(pairs[:, 0], pairs[:, 1], n_grades=n_grades)


def n_grades_of(scale: Scale) -> int:
    """Return the number of grades of a scale; 4 for a slider alone."""
    return int(best_grade(scale)) + 1


def _flags_of_one(
    evidence: Evidence, others: Sequence[Evidence], exclusion: Exclusion, *, n_grades: int, seed: int
) -> tuple[Flag, ...]:
    controls_p = _controls_p(evidence, exclusion)
    retest_p = _retest_p(evidence, others, seed=seed)
    agreement_p = _agreement_p(evidence, others)
    found = [
        _controls(evidence, exclusion, controls_p),
        _far_as_identical(evidence),
        _too_fast(evidence, exclusion),
        _same_grade(evidence, others, exclusion),
        _retest(evidence, others, exclusion, retest_p, n_grades=n_grades),
        _far_from_others(evidence, exclusion, agreement_p),
    ]
    flags = tuple(flag for flag in found if flag is not None)
    return flags or _sum([controls_p, retest_p, agreement_p])


def _controls_p(evidence: Evidence, exclusion: Exclusion) -> float | None:
    """Return the probability that a rater with the allowed failure rate fails so many control trials."""
    from scipy.stats import binomtest  # noqa: PLC0415 - takes seconds to load

    n = len(evidence.identical) + len(evidence.far)
    if not n:
        return None
    return float(binomtest(evidence.n_failures, n, exclusion.max_control_failures, alternative="greater").pvalue)


def _controls(evidence: Evidence, exclusion: Exclusion, p: float | None) -> Flag | None:
    n = len(evidence.identical) + len(evidence.far)
    if p is None or p > RARE or evidence.n_failures <= exclusion.max_control_failures * n:
        return None
    return Flag(
        "controls",
        f"Failed {evidence.n_failures} of {n} control trials.",
        evidence.n_failures / n,
        exclusion.max_control_failures,
    )


def _far_as_identical(evidence: Evidence) -> Flag | None:
    if min(len(evidence.identical), len(evidence.far)) < 2:
        return None
    identical, far = float(np.mean(evidence.identical)), float(np.mean(evidence.far))
    if far < identical:
        return None
    sentence = f"Graded low anchors as high as hidden references ({far:.1f} and {identical:.1f})."
    return Flag("far_as_identical", sentence, far, identical)


def _too_fast(evidence: Evidence, exclusion: Exclusion) -> Flag | None:
    seconds = typical(evidence.seconds)
    threshold = exclusion.min_decision_ms / 1000.0
    if seconds is None or len(evidence.seconds) < MIN_PAGES or seconds >= threshold:
        return None
    sentence = f"Took {seconds:.1f} s per response; the minimum is {threshold:.1f} s."
    return Flag("too_fast", sentence, seconds, threshold)


def _same_grade(evidence: Evidence, others: Sequence[Evidence], exclusion: Exclusion) -> Flag | None:
    from scipy.stats import binomtest  # noqa: PLC0415

    n = evidence.n_given
    if n < MIN_ANSWERS or evidence.most_frequent <= exclusion.max_same_grade * n:
        return None
    expected = typical([other.most_frequent / other.n_given for other in others if other.n_given >= MIN_ANSWERS])
    # When all results are bad, the other raters give the same grade as often.
    if expected is not None and binomtest(evidence.most_frequent, n, expected, alternative="greater").pvalue > RARE:
        return None
    share = evidence.most_frequent / n
    return Flag("same_grade", f"Gave the same response {_percent(share)} of the time.", share, exclusion.max_same_grade)


def _retest_p(evidence: Evidence, others: Sequence[Evidence], *, seed: int) -> float | None:
    """Return the probability that as many repeats of all raters differ as much, squared, as this rater's."""
    own = np.array([(first - again) ** 2 for first, again in evidence.repeats])
    rest = np.array([(first - again) ** 2 for other in others for first, again in other.repeats])
    if not len(own) or len(rest) < 2 * len(own):
        return None
    pool = np.tile(np.concatenate([own, rest]), (_N_DRAWS, 1))
    drawn = np.random.default_rng(seed).permuted(pool, axis=1)[:, : len(own)].mean(axis=1)
    return (float((drawn >= own.mean() - 1e-9).sum()) + 1.0) / (_N_DRAWS + 1.0)


def _retest(
    evidence: Evidence, others: Sequence[Evidence], exclusion: Exclusion, p: float | None, *, n_grades: int
) -> Flag | None:
    kappa = retest_of(evidence, n_grades=n_grades)
    if kappa is None or kappa >= exclusion.min_retest:
        return None
    is_rare = p <= RARE if p is not None else not others and len(evidence.repeats) >= MIN_REPEATS_ALONE
    if not is_rare:
        return None
    sentence = f"Responded differently to {len(evidence.repeats)} repeated trials (weighted kappa {kappa:.2f})."
    return Flag("retest", sentence, kappa, exclusion.min_retest)


def _agreement_p(evidence: Evidence, others: Sequence[Evidence]) -> float | None:
    """Return the probability that a rater who agrees two thirds as well as the others agrees so little.

    By Fisher's transformation.
    """
    from scipy.stats import norm  # noqa: PLC0415

    known = [other.agreement for other in others if other.agreement is not None]
    # When only two raters disagree, either may be wrong.
    if evidence.agreement is None or len(known) < 2 or evidence.n_shared < MIN_ANSWERS:
        return None
    expected = typical(known)
    assert expected is not None
    if expected <= 0.0:
        return None
    # Variance of Spearman's correlation on that scale: Bonett and Wright 2000.
    error = math.sqrt((1.0 + expected**2 / 2.0) / (evidence.n_shared - 3))
    distance = (
        math.atanh(np.clip(evidence.agreement, -0.999, 0.999)) - _FAIR_SHARE * math.atanh(min(expected, 0.999))
    ) / error
    return float(norm.cdf(distance))


def _far_from_others(evidence: Evidence, exclusion: Exclusion, p: float | None) -> Flag | None:
    if p is None or p > RARE_TO_DISAGREE or evidence.agreement is None or evidence.agreement >= exclusion.min_agreement:
        return None
    sentence = (
        f"Ranks sounds differently from other raters (correlation {evidence.agreement:.2f} over {evidence.n_shared})."
    )
    return Flag("far_from_others", sentence, evidence.agreement, exclusion.min_agreement)


def _sum(ps: Sequence[float | None]) -> tuple[Flag, ...]:
    from scipy.stats import combine_pvalues  # noqa: PLC0415

    known = [p for p in ps if p is not None]
    if len(known) < 2:
        return ()
    p = float(combine_pvalues(known, method="fisher").pvalue)
    if p > RARE_IN_SUM:
        return ()
    sentence = (
        "Control trials, repeats and agreement are all weak: a careful rater does this with "
        f"{100.0 * p:.1f} % probability."
    )
    return (Flag("sum", sentence, p, RARE_IN_SUM),)


def _percent(share: float) -> str:
    return f"{100.0 * share:.0f} %"
