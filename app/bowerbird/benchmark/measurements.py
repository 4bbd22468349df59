"""Everything that was measured of systems: retrieval, words, probes, correlations, and what parts gain together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bowerbird.benchmark.correlations import CorrelationFigures, UnreadableSound
from bowerbird.benchmark.cross_modal import TextFigures
from bowerbird.benchmark.evaluation import Difference, Evaluation
from bowerbird.benchmark.probes import KINDS, ProbeDifference, ProbeFigures, ProbeResults
from bowerbird.benchmark.systems import SystemSpec
from bowerbird.ranking.significance import holm


@dataclass(frozen=True, slots=True)
class Gain:
    """The figures of parts of an embedding together minus those of one part alone.

    Such a gain of hand-made and learned parts is reported by Verma, "Diverse audio embeddings" (2023).

    Attributes
    ----------
    together, alone : str
        Names of systems.
    retrieval : tuple of Difference
    probes : tuple of ProbeDifference
        Empty without probes.
    """

    together: str
    alone: str
    retrieval: tuple[Difference, ...]
    probes: tuple[ProbeDifference, ...] = ()


@dataclass(frozen=True, slots=True)
class Measurements:
    """All figures of an evaluation; empty where they were not asked for.

    Attributes
    ----------
    evaluation : Evaluation
    texts : tuple of TextFigures
    unmatched_texts : tuple of str
        Texts that were left out because they ask for classes that do not occur.
    probes : tuple of ProbeFigures
    correlations : tuple of CorrelationFigures
    unreadable : tuple of UnreadableSound
        Sounds that were left out of the correlations.
    gains : tuple of Gain
    """

    evaluation: Evaluation
    texts: tuple[TextFigures, ...] = ()
    unmatched_texts: tuple[str, ...] = ()
    probes: tuple[ProbeFigures, ...] = ()
    correlations: tuple[CorrelationFigures, ...] = ()
    unreadable: tuple[UnreadableSound, ...] = ()
    gains: tuple[Gain, ...] = ()


def gains_of(
    specs: Sequence[SystemSpec], evaluation: Evaluation, probes: ProbeResults | None = None
) -> tuple[Gain, ...]:
    """Compare systems that use several parts of an embedding, or all, with those that use one of them alone.

    Parameters
    ----------
    specs : sequence of SystemSpec
        Of the evaluated systems.
    evaluation : Evaluation
    probes : ProbeResults, optional
    """
    pairs = list(_nested(specs))
    by_pair: dict[tuple[str, str], list[ProbeDifference]] = {pair: [] for pair in pairs}
    for kind in KINDS:
        compared = [
            probes.difference(together, alone, kind)
            for together, alone in pairs
            if probes is not None and (together, kind) in probes.accuracies
        ]
        for each, p in zip(compared, holm([each.p for each in compared]), strict=True):
            by_pair[each.first, each.second].append(replace(each, holm_p=p))
    return tuple(
        Gain(together, alone, _differences(evaluation, together, alone), tuple(by_pair[together, alone]))
        for together, alone in pairs
    )


def _nested(specs: Sequence[SystemSpec]) -> Iterator[tuple[str, str]]:
    for whole in specs:
        if whole.kind != "encoder" or len(whole.blocks) == 1:
            continue
        for part in specs:
            is_variant = replace(part, name="", blocks=()) == replace(whole, name="", blocks=())
            if is_variant and len(part.blocks) == 1 and (not whole.blocks or part.blocks[0] in whole.blocks):
                yield whole.name, part.name


def _differences(evaluation: Evaluation, first: str, second: str) -> tuple[Difference, ...]:
    """Return the differences of a pair, which may have been compared the other way round."""
    for pair in evaluation.pairs:
        if (pair.first, pair.second) == (first, second):
            return pair.differences
        if (pair.first, pair.second) == (second, first):
            return tuple(replace(each, value=-each.value, low=-each.high, high=-each.low) for each in pair.differences)
    return ()
