"""The words in names of sounds and folders that say what a sound is."""

import re
from typing import Final

from bowerbird.domain.names import plain, search_text
from bowerbird.domain.stop_words import STOP_WORDS

_LETTERS: Final = re.compile(r"[^\W\d_]{3,}")
_IGNORED: Final = STOP_WORDS | frozenset(
    {"wav", "aif", "aiff", "flac", "ogg", "sample", "samples"}
    | {"audio", "sfx", "new", "copy", "take", "mono", "stereo", "left", "right", "loop", "loops", "one", "shot"}
    | {"oneshot", "edit", "master", "final", "mix", "untitled", "track", "version"}
)


def describing_words(text: str) -> set[str]:
    """Return the words of a name that may describe a sound: plain, of three letters or more, without file jargon.

    >>> sorted(describing_words("DogBark_01 (stereo).wav"))
    ['bark', 'dog', 'dogbark']
    """
    return set(letter_runs(search_text(text))) - _IGNORED


def letter_runs(text: str) -> list[str]:
    """Return the runs of three letters or more in a text, plain, in order."""
    return _LETTERS.findall(plain(text))
