"""Names of sounds as words to search and keys to sort by."""

import re
import unicodedata
from pathlib import PurePath
from typing import Final

_BOUNDARIES: Final = re.compile(
    r"(?<=[a-zà-ÿ])(?=[A-ZÀ-Þ])"  # camelCase
    r"|(?<=[A-Z])(?=[A-Z][a-z])"  # HTTPServer
    r"|(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])"  # kick01, 808kick
)
_WORDS: Final = re.compile(r"[^\W_]+")
_NUMBERS: Final = re.compile(r"\d+")


def root_name(folder: PurePath) -> str:
    """Return the name of a folder of the library, which the directories in it begin with."""
    return folder.name or folder.drive or "root"


def search_text(name: str) -> str:
    """Return the words a name is found by: as written, and split at case and digit boundaries.

    >>> search_text("BigKick_01.wav")
    'BigKick 01 wav Big Kick'
    """
    words = words_of(name)
    parts = [part for word in words for part in _BOUNDARIES.sub(" ", word).split()]
    return " ".join(dict.fromkeys([*words, *parts]))


def words_of(text: str) -> list[str]:
    """Return the words of a text in order, as written.

    Accents are composed first: a combining accent is not a letter, and macOS writes names that way.
    """
    return _WORDS.findall(unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode("utf-8")))


def fold(text: str) -> str:
    """Return text without case and accents, as the name search compares it."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def directory_key(directory: str) -> str:
    """Return a key that sorts directories as their tree shows them: each below its parent, names as `sort_key` does.

    >>> directory_key("Packs/Pack 10") > directory_key("packs/pack 3/Kicks") > directory_key("Packs/Pack 1")
    True
    """
    return "\x01".join(sort_key(name) for name in directory.split("/"))


def sort_key(name: str) -> str:
    """Return a key that sorts names as people do: without case, numbers by value.

    >>> sort_key("Kick 10.wav") > sort_key("kick 2.wav")
    True
    """
    folded = fold(name.encode("utf-8", "replace").decode("utf-8"))
    return _NUMBERS.sub(lambda digits: digits.group().lstrip("0").zfill(12), folded)
