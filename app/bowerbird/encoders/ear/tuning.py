"""Tuning the ear to a library: a linear correction of its embeddings, and vectors of the library's words.

The network does not change. A ridge regression fits a correction that moves each sound towards the vectors of the words
in its name. No torch is needed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from bowerbird.base.errors import EncoderError
from bowerbird.encoders.acoustic.spectrum import Floats

_PRIOR_SOUNDS: Final = 10.0
"""A word's original vector counts as much as this many sounds with that word."""


@dataclass(frozen=True, slots=True, eq=False)
class NamedSounds:
    """Sounds and the words in their names.

    Attributes
    ----------
    learned : ndarray, shape (n, n_learned), float32
        Unit length.
    acoustic : ndarray, shape (n, n_acoustic), float32
        Unit length.
    words : tuple of tuple of str
        Of each sound.
    """

    learned: Floats
    acoustic: Floats
    words: tuple[tuple[str, ...], ...]

    def only(self, chosen: npt.NDArray[np.int64]) -> "NamedSounds":
        """Return some of the sounds."""
        return NamedSounds(self.learned[chosen], self.acoustic[chosen], tuple(self.words[i] for i in chosen))


def fitted_correction(
    sounds: NamedSounds, word_vectors: Mapping[str, Floats], *, strength: float, penalty: float
) -> Floats:
    """Fit the correction that moves sounds towards the words of their names.

    Both sides are centred first: word vectors are apart from sound vectors, and moving all sounds there has no use.

    Parameters
    ----------
    sounds : NamedSounds
    word_vectors : mapping of str to ndarray, shape (n_learned,)
        Unit length.
    strength : float
        How far to move, 1 for all the way.
    penalty : float
        Ridge penalty, in sounds.

    Returns
    -------
    ndarray, shape (n_learned + n_acoustic + 1, n_learned), float32
        For `corrected`.
    """
    wanted = np.stack([np.mean([word_vectors[word] for word in words], axis=0) for words in sounds.words])
    wanted = units(wanted - wanted.mean(axis=0)) - units(sounds.learned - sounds.learned.mean(axis=0))
    given = _with_constant(sounds.learned, sounds.acoustic).astype(np.float64)
    # The weight of a set of words grows with the square root of its number of sounds.
    sizes = dict.fromkeys(sounds.words, 0)
    for words in sounds.words:
        sizes[words] += 1
    weights = np.array([1.0 / np.sqrt(sizes[words]) for words in sounds.words])
    weighted = given * weights[:, None]
    ridge = penalty * np.eye(given.shape[1])
    solution = np.linalg.solve(weighted.T @ given + ridge, weighted.T @ (strength * wanted))
    return solution.astype(np.float32)


def corrected(learned: Floats, acoustic: Floats, correction: Floats) -> Floats:
    """Apply a correction to rows. Pass a single row if it must not depend on other rows.

    Returns
    -------
    ndarray, shape (n, n_learned), float32
        Unit length.
    """
    return units(learned + _with_constant(learned, acoustic) @ correction)


def centred_words(sounds: NamedSounds, word_vectors: Mapping[str, Floats]) -> dict[str, Floats]:
    """Move word vectors towards the sounds with these words, weighted by their number."""
    rows_of: dict[str, list[int]] = {}
    for row, words in enumerate(sounds.words):
        for word in words:
            rows_of.setdefault(word, []).append(row)
    moved = {}
    for word, rows in rows_of.items():
        centre = units(sounds.learned[rows].mean(axis=0, keepdims=True))[0]
        moved[word] = units((_PRIOR_SOUNDS * word_vectors[word] + len(rows) * centre)[None])[0]
    return moved


def read_correction(path: Path, *, n_learned: int, n_acoustic: int) -> Floats:
    """Read a correction.

    Raises
    ------
    EncoderError
        When it is missing, damaged, or belongs to another ear.
    """
    try:
        with path.open("rb") as file:
            correction = np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise EncoderError(f"{path} is missing or damaged. Run `bowerbird train` again.") from error
    if correction.shape != (n_learned + n_acoustic + 1, n_learned) or not np.isfinite(correction).all():
        raise EncoderError(f"{path} belongs to another encoder. Run `bowerbird train` again.")
    return np.asarray(correction, np.float32)


def units(rows: npt.NDArray[np.floating]) -> Floats:
    """Scale rows to unit length; zero rows stay zero."""
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9), np.float32)


def _with_constant(learned: Floats, acoustic: Floats) -> Floats:
    return np.concatenate([learned, acoustic, np.ones((len(learned), 1), np.float32)], axis=1)
