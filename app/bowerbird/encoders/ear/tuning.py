"""What an ear learns from one library: a small linear correction of its vectors, and vectors of the library's words.

The network stays as it is. For every sound there is a vector of the words in its name; the correction moves sounds
towards them, as far as held-back sounds gain from it (ridge regression). It is computed at once and needs no torch.
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
"""A word's own vector counts as much as so many sounds that are called so."""


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
        """Just the sounds at some places."""
        return NamedSounds(self.learned[chosen], self.acoustic[chosen], tuple(self.words[i] for i in chosen))


def fitted_correction(
    sounds: NamedSounds, word_vectors: Mapping[str, Floats], *, strength: float, penalty: float
) -> Floats:
    """Fit the correction that moves sounds towards the words of their names.

    Both sides are centred first: vectors of words lie apart from those of sounds, and nobody gains when all of them
    move there.

    Parameters
    ----------
    sounds : NamedSounds
    word_vectors : mapping of str to ndarray, shape (n_learned,)
        Unit length.
    strength : float
        How far, 1 is all the way.
    penalty : float
        Of the ridge, in sounds.

    Returns
    -------
    ndarray, shape (n_learned + n_acoustic + 1, n_learned), float32
        For `corrected`.
    """
    wanted = np.stack([np.mean([word_vectors[word] for word in words], axis=0) for words in sounds.words])
    wanted = units(wanted - wanted.mean(axis=0)) - units(sounds.learned - sounds.learned.mean(axis=0))
    given = _with_one(sounds.learned, sounds.acoustic).astype(np.float64)
    # Sounds with one set of words are one kind, however many they are: they share their weight, by the square root.
    sizes = dict.fromkeys(sounds.words, 0)
    for words in sounds.words:
        sizes[words] += 1
    weights = np.array([1.0 / np.sqrt(sizes[words]) for words in sounds.words])
    weighted = given * weights[:, None]
    ridge = penalty * np.eye(given.shape[1])
    solution = np.linalg.solve(weighted.T @ given + ridge, weighted.T @ (strength * wanted))
    return solution.astype(np.float32)


def corrected(learned: Floats, acoustic: Floats, correction: Floats) -> Floats:
    """Apply a correction to rows. A vector that must not depend on its company comes alone.

    Returns
    -------
    ndarray, shape (n, n_learned), float32
        Unit length.
    """
    return units(learned + _with_one(learned, acoustic) @ correction)


def centred_words(sounds: NamedSounds, word_vectors: Mapping[str, Floats]) -> dict[str, Floats]:
    """Move the vectors of words towards the sounds that are called so, the more the more there are."""
    called: dict[str, list[int]] = {}
    for place, words in enumerate(sounds.words):
        for word in words:
            called.setdefault(word, []).append(place)
    moved = {}
    for word, places in called.items():
        centre = units(sounds.learned[places].mean(axis=0, keepdims=True))[0]
        moved[word] = units((_PRIOR_SOUNDS * word_vectors[word] + len(places) * centre)[None])[0]
    return moved


def read_correction(path: Path, *, n_learned: int, n_acoustic: int) -> Floats:
    """Read a correction.

    Raises
    ------
    EncoderError
        When it is missing, damaged, or of another ear.
    """
    try:
        with path.open("rb") as file:
            correction = np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise EncoderError(f"{path} is missing or damaged. Run `bowerbird train` again.") from error
    if correction.shape != (n_learned + n_acoustic + 1, n_learned) or not np.isfinite(correction).all():
        raise EncoderError(f"{path} belongs to another ear. Run `bowerbird train` again.")
    return np.asarray(correction, np.float32)


def units(rows: npt.NDArray[np.floating]) -> Floats:
    """Scale rows to unit length; one of zeros stays so."""
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9), np.float32)


def _with_one(learned: Floats, acoustic: Floats) -> Floats:
    return np.concatenate([learned, acoustic, np.ones((len(learned), 1), np.float32)], axis=1)
