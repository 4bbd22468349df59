"""Misspelt words: which known word was meant. Nothing here knows what words mean."""

from collections.abc import Iterable
from typing import Any, Final

import numpy as np

SHORTEST_MISSPELT: Final = 4
"""Letters: shorter words have too many neighbours."""

SHORTEST_TWICE_MISSPELT: Final = 8

SHORTEST_WITH_OTHER_FIRST: Final = 6
"""Letters: shorter words are hardly ever misspelt at their beginning, and "tent" is no "vent"."""

MOST_SLIPS_WITH_OTHER_FIRST: Final = 1
"""Whoever slips twice still knows how the word begins: "zorblatt" is no "Rohrblatt"."""


class Spellings:
    """Finds the known word that a misspelt one was meant to be.

    Words whose letters differ too much are ruled out at once, by counting them; few are left to be compared.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._words = [word for word in words if len(word) >= SHORTEST_MISSPELT and word.isascii() and word.isalpha()]
        self._counts = np.stack([_letter_counts(word) for word in self._words]) if self._words else np.zeros((0, 26))

    def nearest(self, word: str) -> str | None:
        """Return the nearest word: one slip away, or two in a long word."""
        if len(word) < SHORTEST_MISSPELT or not (word.isascii() and word.isalpha()):
            return None
        n_slips = 2 if len(word) >= SHORTEST_TWICE_MISSPELT else 1
        differences = np.abs(self._counts - _letter_counts(word)).sum(axis=1)
        best: tuple[int, bool, bool] | None = None
        found = None
        for place in np.flatnonzero(differences <= 2 * n_slips):
            other = self._words[place]
            if word[0] != other[0] and len(word) < SHORTEST_WITH_OTHER_FIRST:
                continue
            slips = _slips(word, other)
            if word[0] != other[0] and slips > MOST_SLIPS_WITH_OTHER_FIRST:
                continue
            rank = (slips, word[0] != other[0], word[-1] != other[-1])
            if slips <= n_slips and (best is None or rank < best):
                best, found = rank, other
        return found


def _letter_counts(word: str) -> np.ndarray[Any, np.dtype[np.int16]]:
    letters = np.frombuffer(word.encode("ascii"), np.uint8) - ord("a")
    return np.bincount(letters, minlength=26).astype(np.int16)


def _slips(a: str, b: str) -> int:
    """Letters left out, put in, replaced or swapped with their neighbour (Damerau 1964, restricted)."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, letter in enumerate(a, start=1):
        earlier, before, row = before, row, [i]
        for j, other in enumerate(b, start=1):
            cost = min(row[j - 1] + 1, before[j] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == b[j - 2] and a[i - 2] == other:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
    return row[-1]
