"""Names of sounds as words to search and keys to sort by."""

import re
import unicodedata
from pathlib import PurePath
from typing import Final

_BY_CHARACTER: Final = (
    "\u0e00-\u0eff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
"""Thai, Lao, kana, Han and Hangul, whose words are joined without spaces: each character is a part of its own."""

_BOUNDARIES: Final = re.compile(
    r"(?<=[a-zà-ÿ])(?=[A-ZÀ-Þ])"  # camelCase
    r"|(?<=[A-Z])(?=[A-Z][a-z])"  # HTTPServer
    r"|(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])"  # kick01, 808kick
    rf"|(?<=[{_BY_CHARACTER}])(?=[^\W_])|(?<=[^\W_])(?=[{_BY_CHARACTER}])"
)
_SHARP: Final = re.compile(r"(?:(?<![^\W_])|(?<=[a-z\d])(?=[A-G]))([A-Ga-g])[#♯]")
_WORDS: Final = re.compile(r"[^\W_]+")
_ACCENTS: Final = re.compile("[\u0300-\u036f]")
_NUMBERS: Final = re.compile(r"\d+")


def root_name(folder: PurePath) -> str:
    """Return the name of a folder of the library, which the directories in it begin with."""
    return folder.name or folder.drive or "root"


def search_text(name: str) -> str:
    """Return the words a name is found by: its parts in order, then those words that were split into parts.

    >>> search_text("BigKick_01.wav")
    'Big Kick 01 wav BigKick'
    """
    words = words_of(name)
    parts = [_parts(word) for word in words]
    joined = [word for word, split in zip(words, parts, strict=True) if len(split) > 1]
    return " ".join([*(part for split in parts for part in split), *joined])


def parts_of(text: str) -> list[str]:
    """Return the words of a text in order, taken apart: where case changes, and between letters and digits.

    Scripts without spaces are taken apart at each character.

    >>> parts_of("TR909kick C#3")
    ['TR', '909', 'kick', 'Csharp', '3']
    """
    return [part for word in words_of(text) for part in _parts(word)]


def _parts(word: str) -> list[str]:
    return _BOUNDARIES.sub(" ", word).split()


def is_by_character(part: str) -> bool:
    """Return whether a part of a word is a character of a script without spaces."""
    return re.match(f"[{_BY_CHARACTER}]", part) is not None


def words_of(text: str) -> list[str]:
    """Return the words of a text in order, as written; a sharp note is one word, so that C#3 is not C3.

    Accents are composed first: a combining accent is not a letter, and macOS writes names that way. Marks that cannot
    be composed, such as Arabic vowels, are left out.
    """
    text = unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode("utf-8"))
    if not text.isascii():
        text = "".join(letter for letter in text if not unicodedata.category(letter).startswith("M"))
    return _WORDS.findall(_SHARP.sub(r"\1sharp", text))


def plain(text: str) -> str:
    """Return text without case, accents and ligatures, as words are compared; the marks of kana stay."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFC", _ACCENTS.sub("", decomposed))


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
    decomposed = unicodedata.normalize("NFKD", name.encode("utf-8", "replace").decode("utf-8").casefold())
    folded = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return _NUMBERS.sub(lambda digits: digits.group().lstrip("0").zfill(12), folded)
