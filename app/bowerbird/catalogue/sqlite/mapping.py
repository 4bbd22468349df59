"""What a map of the library shows of its sounds."""

from typing import Final

import numpy as np

from bowerbird.catalogue.records import AnalysedSounds
from bowerbird.catalogue.sqlite import conditions
from bowerbird.catalogue.sqlite.session import Session

_KEY_BYTES: Final = 8


class MapReads(Session):
    """Reads every sound for a map."""

    def analysed_sounds(self) -> AnalysedSounds:
        """Return every usable, analysed sound with what a map shows of it."""
        rows = self._rows(
            "SELECT sounds.id, content_id, contents.hash, directory, category, sounds.duration_s, sounds.lufs "
            f"FROM sounds JOIN contents ON contents.id = content_id WHERE {conditions.USABLE} ORDER BY sounds.id"
        )
        n = len(rows)
        directories: dict[str, int] = {}
        categories: dict[str, int] = {}
        ids = np.fromiter((row[0] for row in rows), np.int64, n)
        content_ids = np.fromiter((row[1] for row in rows), np.int64, n)
        keys = np.frombuffer(b"".join(row[2][-_KEY_BYTES:].rjust(_KEY_BYTES, b"\0") for row in rows), np.uint64)
        directory_numbers = np.fromiter((directories.setdefault(row[3], len(directories)) for row in rows), np.int32, n)
        category_numbers = np.fromiter(
            (categories.setdefault(row[4], len(categories)) if row[4] else -1 for row in rows), np.int32, n
        )
        durations_s = np.array([row[5] for row in rows], np.float32)
        lufs = np.array([row[6] for row in rows], np.float32)
        return AnalysedSounds(
            ids,
            content_ids,
            keys,
            tuple(directories),
            directory_numbers,
            tuple(categories),
            category_numbers,
            durations_s,
            lufs,
        )
