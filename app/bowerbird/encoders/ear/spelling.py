"""Correction of misspelt words."""

from collections.abc import Iterable
from typing import Any, Final

import numpy as np

SHORTEST_MISSPELT: Final = 4
"""Letters: shorter words have too many similar words."""

SHORTEST_TWICE_MISSPELT: Final = 8

SHORTEST_WITH_OTHER_FIRST: Final = 6
"""Letters: shorter words are rarely misspelt in the first letter, and "tent" is not "vent"."""

MAX_DISTANCE_WITH_OTHER_FIRST: Final = 1
"""With two mistakes, the first letter must be right: "zorblatt" is not "Rohrblatt"."""


class Spellings:
    """Finds the known word nearest to a misspelt word.

    Most words are excluded by their letter counts; the edit distance is computed for the rest only.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._words = [word for word in words if len(word) >= SHORTEST_MISSPELT and word.isascii() and word.isalpha()]
        self._counts = np.stack([_letter_counts(word) for word in self._words]) if self._words else np.zeros((0, 26))

    def nearest(self, word: str) -> str | None:
        """Return the nearest word within an edit distance of 1, or of 2 for a long word."""
        if len(word) < SHORTEST_MISSPELT or not (word.isascii() and word.isalpha()):
            return None
        max_distance = 2 if len(word) >= SHORTEST_TWICE_MISSPELT else 1
        differences = np.abs(self._counts - _letter_counts(word)).sum(axis=1)
        best: tuple[int, bool, bool] | None = None
        found = None
        for i in np.flatnonzero(differences <= 2 * max_distance):
            other = self._words[i]
            if word[0] != other[0] and len(word) < SHORTEST_WITH_OTHER_FIRST:
                continue
            distance = _edit_distance(word, other)
            if word[0] != other[0] and distance > MAX_DISTANCE_WITH_OTHER_FIRST:
                continue
            rank = (distance, word[0] != other[0], word[-1] != other[-1])
            if distance <= max_distance and (best is None or rank < best):
                best, found = rank, other
        return found


def _letter_counts(word: str) -> np.ndarray[Any, np.dtype[np.int16]]:
    letters = np.frombuffer(word.encode("ascii"), np.uint8) - ord("a")
    return np.bincount(letters, minlength=26).astype(np.int16)


def _edit_distance(a: str, b: str) -> int:
    """Return the number of deleted, inserted, replaced or transposed letters (Damerau 1964, restricted)."""
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
