"""Examples at other speeds: what is similar to a sound an octave lower and twice as long, or higher and shorter."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from bowerbird.domain.matches import SPEED_TEXTS, Match
from bowerbird.domain.query import Example


def best_of_speeds(
    find: Callable[[Sequence[Example]], list[Match]], examples: Sequence[Example], *, limit: int
) -> list[Match]:
    """Find sounds similar to examples as they are, at half speed, or at double speed.

    Parameters
    ----------
    find : callable
        Returns the matches for some examples, the best first.
    examples : sequence of Example
        Those that matches should differ from keep their speed.
    limit : int

    Returns
    -------
    list of Match
        Each sound once, with the speed at which it is most similar, and the best first: by probability where it is
        known, else by score.
    """
    best = {match.sound_id: match for match in find(examples)}
    for speed, text in SPEED_TEXTS.items():
        for match in find([example if example.is_unlike else replace(example, speed=speed) for example in examples]):
            known = best.get(match.sound_id)
            if known is None or _rank(match) > _rank(known):
                best[match.sound_id] = replace(match, why=f"{match.why}, {text}", speed=speed)
    return sorted(best.values(), key=_rank, reverse=True)[:limit]


def _rank(match: Match) -> tuple[float, float]:
    return match.probability or 0.0, match.score
