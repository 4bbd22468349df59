"""Inflections of words: what names of sounds are found by besides the words that were typed.

`encoders.ear.word_forms` guesses which word of its vocabulary was meant, and may guess far. What is here decides which
names are listed, so it has fewer endings: those that leave the meaning of a word as it is.
"""

from collections.abc import Iterator
from typing import Final

_SHORTEST: Final = 3
"""Letters of a base."""

_IRREGULAR: Final = {
    "foot": "feet",
    "tooth": "teeth",
    "goose": "geese",
    "mouse": "mice",
    "man": "men",
    "woman": "women",
    "child": "children",
}
_REGULAR: Final = {plural: single for single, plural in _IRREGULAR.items()} | _IRREGULAR

_ENDINGS: Final[tuple[tuple[str, tuple[str, ...], int], ...]] = (
    ("s", ("",), 3),
    ("es", ("", "e"), 3),
    ("ies", ("y",), 3),
    ("ves", ("f", "fe"), 3),
    ("ing", ("", "e"), 3),
    ("ings", ("", "e"), 3),
    ("ed", ("", "e"), 3),
    ("ied", ("y",), 3),
    ("en", ("", "e"), 3),
    ("n", ("",), 4),
    ("y", ("", "e"), 4),
    ("ly", ("",), 4),
)
"""Endings, what they may have replaced, and the fewest letters of the base."""

_DOUBLED: Final = frozenset({"ing", "ings", "ed", "en"})
"""Endings before which a consonant may be doubled."""

_GROWN: Final = ("s", "es", "ing", "ings", "ed", "en", "n", "y", "ly")


def inflections(word: str) -> tuple[str, ...]:
    """Return what may be other forms of a word: its bases, and what grows from it and from them.

    Many are not words; the caller keeps those that it knows.

    Parameters
    ----------
    word : str
        In lower case, without accents.

    >>> [form for form in inflections("wooden") if form in {"wood", "woods", "woody", "good"}]
    ['wood', 'woods', 'woody']
    """
    if len(word) < _SHORTEST or not word.isalpha():
        return ()
    bases = list(_bases(word))
    grown = (form for base in (word, *bases) for form in _grown(base))
    return tuple(form for form in dict.fromkeys([*bases, *grown]) if form != word)


def _bases(word: str) -> Iterator[str]:
    if word in _REGULAR:
        yield _REGULAR[word]
    for ending, replaced, shortest in _ENDINGS:
        trunk = word[: len(word) - len(ending)]
        if not word.endswith(ending) or len(trunk) < _SHORTEST or (ending == "s" and trunk.endswith("s")):
            continue
        if ending in _DOUBLED and len(trunk) > _SHORTEST and trunk[-1] == trunk[-2]:
            yield trunk[:-1]
        yield from (trunk + letters for letters in replaced if len(trunk + letters) >= shortest)


def _grown(base: str) -> Iterator[str]:
    yield from (base + ending for ending in _GROWN)
    yield from (base + base[-1] + ending for ending in ("ing", "ed", "en"))
    if base.endswith("e"):
        yield from (base[:-1] + ending for ending in ("ing", "ings", "y"))
    if base.endswith("y"):
        yield from (base[:-1] + ending for ending in ("ies", "ied"))
    if base.endswith("f"):
        yield base[:-1] + "ves"
    if base.endswith("fe"):
        yield base[:-2] + "ves"
