"""Names of files and folders that scans ignore."""

import fnmatch
import re
from collections.abc import Sequence
from typing import Final

DEFAULT_PATTERNS: Final = (".git", "__MACOSX", "._*", "*.asd", "*.reapeaks")
"""What a new library ignores: what other programs leave beside sounds. A migration has written the same."""

_SYSTEM: Final = frozenset({"__macosx", "$recycle.bin", "system volume information"})


class Ignored:
    """Names that are ignored: folders of the system, and those that match a pattern, without case.

    Parameters
    ----------
    patterns : sequence of str
        With ``*``, ``?`` and ``[...]``, for whole names.
    """

    def __init__(self, patterns: Sequence[str] = ()) -> None:
        self._expression = re.compile("|".join(fnmatch.translate(pattern.lower()) for pattern in patterns) or r"(?!)")

    def matches(self, name: str) -> bool:
        """Return whether a file or folder of this name is ignored."""
        lower = name.lower()
        return lower in _SYSTEM or self._expression.match(lower) is not None
