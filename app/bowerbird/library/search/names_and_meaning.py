"""One order of sounds that words name and sounds that they mean."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from bowerbird.catalogue.records import WORD_LEVELS, WordMatch
from bowerbird.ranking.fusion import fused


@dataclass(frozen=True, slots=True)
class FusionWeights:
    """How much rankings by name count beside the ranking by meaning, which counts 1.

    Attributes
    ----------
    whole : float
        Sounds with every word whole: it orders them among themselves.
    parts : float
        Sounds with every word as a part of a word, such as Handclap for "clap".
    some : float
        Sounds with half of the words; more or fewer count by the third power of their share.
    """

    whole: float
    parts: float
    some: float


WEIGHTS: Final = FusionWeights(whole=0.3, parts=1.0, some=1.0)
"""Chosen on 336 labels of sounds that the ear was not trained on (see DECISIONS)."""

_SHARE_POWER: Final = 3
"""A sound with the share s of the words counts `some * (2 * s) ** 3`, so `some` for half of them. The power is not
fitted for queries of three words and more: the labels by which the weights were chosen have at most two."""


def in_order(
    found: Sequence[WordMatch],
    partly: Sequence[WordMatch],
    meant: Sequence[int],
    whole: Collection[int],
    weights: FusionWeights = WEIGHTS,
) -> list[int]:
    """Return the ids of sounds that words name or mean, best first: those with every word whole come before all others.

    Of several words, one may be a part of a word. A single word that is a part of a word takes turns with meaning.

    Parameters
    ----------
    found : sequence of WordMatch
        Sounds with every word, at least as a part of a word, best first.
    partly : sequence of WordMatch
        Sounds with some of the words, best first.
    meant : sequence of int
        Sounds by meaning, best first.
    whole : collection of int
        Those of all of them that have every word whole or inflected.
    weights : FusionWeights
    """
    level = {hit.sound_id: WORD_LEVELS.index(hit.level) for hit in found}
    named = fused([[hit.sound_id for hit in found if hit.sound_id in whole], meant], [weights.whole, 1.0])
    if found and found[0].n_words > 1:  # the last word may be unfinished
        whole = {hit.sound_id for hit in found} | set(whole)
        named = [*named, *(hit.sound_id for hit in found if hit.sound_id not in named)]
    named_whole = (sound_id for sound_id in named if sound_id in whole)
    first = sorted(named_whole, key=lambda sound_id: level.get(sound_id, len(WORD_LEVELS)))
    rankings = [
        [sound_id for sound_id in meant if sound_id not in whole],
        [hit.sound_id for hit in found if hit.sound_id not in whole],
    ]
    counts = [1.0, weights.parts]
    for share in sorted({hit.n_found / hit.n_words for hit in partly}, reverse=True):
        rankings.append([hit.sound_id for hit in partly if hit.n_found / hit.n_words == share])
        counts.append(weights.some * (2.0 * share) ** _SHARE_POWER)
    return [*first, *fused(rankings, counts)]
