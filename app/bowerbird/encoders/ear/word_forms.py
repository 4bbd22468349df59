"""Splitting texts into words, and forms of words: accents, stop words, inflections."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from bowerbird.domain.names import plain
from bowerbird.domain.stop_words import STOP_WORDS

ARTICLES: Final = frozenset({"die"})
"""Stop words before another word; at the end of a text they have their English meaning."""

SHORTEST_STEM: Final = 3

_ENDINGS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("s", ("",)),
    ("es", ("", "e", "is")),
    ("ies", ("y", "ie")),
    ("ves", ("f", "fe")),
    ("ing", ("", "e")),
    ("ings", ("", "e")),
    ("ed", ("", "e")),
    ("ied", ("y",)),
    ("er", ("", "e")),
    ("ers", ("", "e")),
    ("est", ("", "e")),
    ("y", ("", "e")),
    ("ly", ("", "le")),
    ("ish", ("", "e")),
    ("like", ("",)),
    ("en", ("", "e")),
    ("ern", ("", "er")),
    ("n", ("",)),
    ("e", ("", "en")),
    ("em", ("", "e")),
    ("et", ("en",)),
    ("t", ("en",)),
    ("endes", ("en",)),
    ("ende", ("en",)),
    ("ender", ("en",)),
    ("end", ("en",)),
)
"""Endings, and what they may have replaced."""

_DOUBLED: Final = frozenset({"ing", "ings", "ed", "er", "ers", "est", "y"})
"""Endings before which a consonant may be doubled."""

_GROWN: Final = ("s", "es", "ing", "ed", "y", "en", "e", "n")
"""Endings to try when only an inflected form may be known."""


_HUMP: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WORD: Final = re.compile(r"[^\W\d_]+|\d+")


def words_of(text: str) -> list[str]:
    """Return the words of a text in lower case; ``DoorSlam_02`` gives door, slam and 02."""
    if not text.islower():
        text = _HUMP.sub(" ", text).lower()
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    return _WORD.findall(text.replace("'", "").replace("’", ""))


def phrase_of(text: str) -> str:
    """Return a word or phrase in its look-up form: lower case, single spaces."""
    return text if text.isalpha() and text.islower() and text.isascii() else " ".join(words_of(text))


def is_stop(tokens: list[str], position: int) -> bool:
    """Return whether a word of a text is a stop word."""
    word = plain(tokens[position])
    return word in STOP_WORDS or (word in ARTICLES and position + 1 < len(tokens))


def forms(word: str) -> Iterator[str]:
    """Yield the forms under which a word may be known: as is, without accents, umlauts as two letters, stems."""
    yield word
    bare = plain(word)
    if bare != word:
        yield bare
    if "ae" in word or "oe" in word or "ue" in word:
        yield word.replace("ae", "a").replace("oe", "o").replace("ue", "u")
    yield from stems(word)
    if bare != word:
        yield from stems(bare)


def phrase_forms(tokens: list[str]) -> Iterator[str]:
    """Yield the forms under which a phrase may be known: as is, without stop words, joined, inflected, swapped."""
    yield " ".join(tokens)
    if any(is_stop(tokens, position) for position in (0, len(tokens) - 1)):
        return
    clear = [word for position, word in enumerate(tokens) if not is_stop(tokens, position)]
    yield " ".join(clear)
    yield "".join(clear)
    yield from (" ".join([*clear[:-1], stem]) for stem in stems(clear[-1]))
    if len(clear) == 2:
        yield f"{clear[1]} {clear[0]}"
        yield from (f"{stem} {clear[0]}" for stem in stems(clear[1]))


def stems(word: str) -> Iterator[str]:
    """Yield the words that a word may be an inflection of, more likely first, then its own inflections.

    Parameters
    ----------
    word : str
        In lower case without accents.
    """
    bases = []
    for ending, instead in _ENDINGS:
        if not word.endswith(ending) or len(word) - len(ending) < SHORTEST_STEM:
            continue
        trunk = word[: len(word) - len(ending)]
        if ending == "s" and trunk.endswith("s"):
            continue
        if ending in _DOUBLED and len(trunk) > SHORTEST_STEM and trunk[-1] == trunk[-2]:
            bases.append(trunk[:-1])
        bases += [trunk + replacement for replacement in instead]
    yield from bases
    if len(word) < SHORTEST_STEM:
        return
    for base in (word, *bases):
        if len(base) < SHORTEST_STEM:
            continue
        yield from (base + ending for ending in _GROWN)
        yield from (base + base[-1] + ending for ending in ("ing", "ed", "er", "y"))
        if base.endswith("e"):
            yield from (base[:-1] + ending for ending in ("ing", "er", "y"))
        if base.endswith("y"):
            yield base[:-1] + "ies"
