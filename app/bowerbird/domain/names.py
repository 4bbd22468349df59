"""Names of sounds as words to search and keys to sort by."""

import re
import unicodedata
from typing import Final

_BOUNDARIES: Final = re.compile(
    r"(?<=[a-zà-ÿ])(?=[A-ZÀ-Þ])"  # camelCase
    r"|(?<=[A-Z])(?=[A-Z][a-z])"  # HTTPServer
    r"|(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])"  # kick01, 808kick
)
_WORDS: Final = re.compile(r"[^\W_]+")
_UNWANTED: Final = re.compile(r"[-\u2212][^\W_]")
_NUMBERS: Final = re.compile(r"\d+")


def search_text(name: str) -> str:
    """Return the words a name is found by: as written, and taken apart at case and digit boundaries.

    >>> search_text("BigKick_01.wav")
    'BigKick 01 wav Big Kick'
    """
    words = _words(name)
    parts = [part for word in words for part in _BOUNDARIES.sub(" ", word).split()]
    return " ".join(dict.fromkeys([*words, *parts]))


def words_of(text: str) -> list[str]:
    """Return the words of a query in order, as written: whoever compares them folds both sides in its own way."""
    return _words(text)


def is_unwanted(word: str) -> bool:
    """Say whether a word has the minus of those that are not wanted."""
    return bool(_UNWANTED.match(word))


def split_unwanted(text: str) -> tuple[str, tuple[str, ...]]:
    """Split words into those that are wanted and those with a minus before them, which are not.

    >>> split_unwanted("metallic impact -voice -human_voice")
    ('metallic impact', ('voice', 'human voice'))
    """
    wanted = []
    unwanted = []
    for word in text.split():
        if is_unwanted(word):
            unwanted.append(" ".join(_words(word)))
        else:
            wanted.append(word)
    return " ".join(wanted), tuple(unwanted)


def _words(text: str) -> list[str]:
    """Take text apart; composed first, for an accent on its own is no letter, and macOS writes names that way."""
    return _WORDS.findall(unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode("utf-8")))


def fold(text: str) -> str:
    """Fold case and accents, as the name search does."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def sort_key(name: str) -> str:
    """Return a key that sorts names as people do: without case, numbers by value.

    >>> sort_key("Kick 10.wav") > sort_key("kick 2.wav")
    True
    """
    folded = fold(name.encode("utf-8", "replace").decode("utf-8"))
    return _NUMBERS.sub(lambda digits: digits.group().lstrip("0").zfill(12), folded)
