"""Forms of words: splitting texts, accents, stop words, inflections by rules. What words mean is not known here."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

_ENGLISH_STOPS: Final = """
a an the of with and or in on at for to from by into onto some very quite rather being is are it its that this my
sound sounds like
"""
_GERMAN_STOPS: Final = """
der das ein eine einen einem einer des dem den mit und oder von vom im ins auf aus bei fur sehr
klang klange gerausch gerausche
"""
STOP_WORDS: Final = frozenset((_ENGLISH_STOPS + _GERMAN_STOPS).split())
"""Words that say nothing about a sound, without accents."""

ARTICLES: Final = frozenset({"die"})
"""Stop words before another word; at the end they mean what they mean in English."""

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
"""Endings, and what may have stood in their place."""

_DOUBLED: Final = frozenset({"ing", "ings", "ed", "er", "ers", "est", "y"})
"""Endings before which a consonant is doubled."""

_GROWN: Final = ("s", "es", "ing", "ed", "y", "en", "e", "n")
"""Endings to try where only an inflected form may be known."""


_HUMP: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WORD: Final = re.compile(r"[^\W\d_]+|\d+")


def words_of(text: str) -> list[str]:
    """Words of a text in small letters; ``DoorSlam_02`` gives door, slam and 02."""
    if not text.islower():
        text = _HUMP.sub(" ", text).lower()
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    return _WORD.findall(text.replace("'", "").replace("’", ""))


def plain(text: str) -> str:
    """A text without accents; ß is ss."""
    if text.isascii():
        return text
    apart = unicodedata.normalize("NFKD", text.replace("ß", "ss"))
    return "".join(one for one in apart if not unicodedata.combining(one))


def phrase_of(text: str) -> str:
    """A word or phrase as it is looked up: small letters, one space between words."""
    return text if text.isalpha() and text.islower() and text.isascii() else " ".join(words_of(text))


def is_stop(tokens: list[str], place: int) -> bool:
    """Whether a word of a text says nothing."""
    word = plain(tokens[place])
    return word in STOP_WORDS or (word in ARTICLES and place + 1 < len(tokens))


def forms(word: str) -> Iterator[str]:
    """Yield what a word may stand in the thesaurus as: itself, without accents, umlauts as two letters, its stems."""
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
    """Yield what a phrase may stand in the thesaurus as: itself, inflected, in one word, the other way round."""
    yield " ".join(tokens)
    if any(is_stop(tokens, place) for place in (0, len(tokens) - 1)):
        return
    clear = [word for place, word in enumerate(tokens) if not is_stop(tokens, place)]
    yield " ".join(clear)
    yield "".join(clear)
    yield from (" ".join([*clear[:-1], stem]) for stem in stems(clear[-1]))
    if len(clear) == 2:
        yield f"{clear[1]} {clear[0]}"
        yield from (f"{stem} {clear[0]}" for stem in stems(clear[1]))


def stems(word: str) -> Iterator[str]:
    """Yield what a word may be an inflection of, likelier forms first, then forms that it may have.

    Parameters
    ----------
    word : str
        In small letters without accents.
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
        bases += [trunk + one for one in instead]
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
