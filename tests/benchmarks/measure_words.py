"""How well class names find sounds whose names are hidden, with words learned from the names of the others.

    python tests/benchmarks/measure_words.py --library DIR --shared DIR

The mean over classes of the average precision, over several random halves: by the ear's own words, by the words that
the names of the other half teach, and by both as searches use them. Then with whole groups of takes hidden, so that no
take of a hidden sound has a name.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from labelled import Flags, Labelled, arguments, average_precision, read_labelled

from bowerbird.domain.name_words import describing_words
from bowerbird.encoders.ear.encoder import EarEncoder
from bowerbird.library.search.learned_words import LearnedWords, NamedVectors, fit_words, vocabulary
from bowerbird.library.search.meanings import text_direction

SEED: Final = 6
N_SPLITS: Final = 5
WAYS: Final = ("the ear alone", "learned alone", "both")


def main() -> int:
    """Print the table."""
    args = arguments(__doc__).parse_args()
    ear = EarEncoder()
    sounds = read_labelled(args.library, args.shared / "audio", ear)
    everything = np.ones(len(sounds.rows), bool)
    print(f"{len(sounds.rows):,} sounds; class name to sounds, mean average precision over {len(sounds.names)} classes")
    print(f"all names hidden, the ear alone: {mean_precision(sounds, ear, None, everything, 'the ear alone'):.3f}")
    kinds = {
        "file names and folders": [Path(row["source_path"]).with_suffix("").as_posix() for row in sounds.rows],
        "descriptions": [row["description"] for row in sounds.rows],
    }
    print(f"{'':60}" + "".join(f"{way:>16}" for way in WAYS))
    for kind, names in kinds.items():
        for is_by_group in (False, True):
            figures = [of_split(sounds, ear, names, split, is_by_group=is_by_group) for split in range(N_SPLITS)]
            means = np.mean(figures, axis=0)
            title = f"{kind}, half of the {'groups' if is_by_group else 'sounds'} hidden"
            print(f"{title:60}" + "".join(f"{mean:16.3f}" for mean in means))
    return 0


def of_split(sounds: Labelled, ear: EarEncoder, names: Sequence[str], split: int, *, is_by_group: bool) -> list[float]:
    """Return the mean average precision of each way on a hidden half."""
    rng = np.random.default_rng([SEED, split])
    if is_by_group:
        groups = np.unique(sounds.groups)
        is_hidden = np.isin(sounds.groups, rng.permutation(groups)[: len(groups) // 2])
    else:
        is_hidden = rng.permutation(len(names)) % 2 == 1
    words = [set() if hidden else describing_words(name) for name, hidden in zip(names, is_hidden, strict=True)]
    known = vocabulary([own for own, hidden in zip(words, is_hidden, strict=True) if not hidden])
    learned = fit_words([NamedVectors(sounds.vectors, words)], known, ear)
    return [mean_precision(sounds, ear, learned, is_hidden, way) for way in WAYS]


def mean_precision(sounds: Labelled, ear: EarEncoder, learned: LearnedWords | None, among: Flags, way: str) -> float:
    """Return the mean over classes of the average precision of their names; a name that says nothing gives chance."""
    found = []
    for name in sounds.names:
        is_right = (sounds.classes == name)[among]
        if not is_right.any():
            continue
        match way:
            case "the ear alone":
                direction = ear.text.encode([name])[0]
            case "learned alone":
                direction = learned.direction(name, ear.text) if learned is not None else None
            case _:
                direction = text_direction(name, ear.text, learned, sounds.vectors)
        scores = sounds.vectors[among] @ direction if direction is not None else np.zeros(len(is_right))
        found.append(average_precision(scores, is_right))
    return float(np.mean(found))


if __name__ == "__main__":
    sys.exit(main())
