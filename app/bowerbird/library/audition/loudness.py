"""Playing sounds equally loud: the gain of each, from its stored loudness or measured when it is needed."""

import threading
from collections import OrderedDict
from pathlib import Path
from typing import Final

from bowerbird.audio.loudness import SILENCE_LUFS, measure_loudness
from bowerbird.base.errors import CatalogueError
from bowerbird.library.library import Library

TARGET_LUFS: Final = -18.0
PEAK_LIMIT_DB: Final = 0.0
"""Highest true peak after the gain."""

MAX_GAIN_DB: Final = 36.0
"""Nearly silent sounds are not raised further, since they consist of noise."""

MEASURED_S: Final = 30.0
"""Sounds without a stored loudness are measured up to here, so that a long one starts soon."""

_MAX_KEPT: Final = 4096


def even_gain_db(*, sounding_lufs: float, true_peak_db: float) -> float:
    """Return the gain that brings a sound to `TARGET_LUFS`, or to `PEAK_LIMIT_DB` where that comes first."""
    if sounding_lufs <= SILENCE_LUFS:
        return min(0.0, PEAK_LIMIT_DB - true_peak_db)
    return min(TARGET_LUFS - sounding_lufs, PEAK_LIMIT_DB - true_peak_db, MAX_GAIN_DB)


class EvenLoudness:
    """Knows the gain of every sound. Usable from any thread.

    Parameters
    ----------
    library : Library
    """

    def __init__(self, library: Library) -> None:
        self._library = library
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[Path, int, int], float] = OrderedDict()

    def gain_db(self, path: Path) -> float:
        """Return the gain of a sound in dB.

        A sound that the library has not measured is measured now, and remembered while the program runs.

        Raises
        ------
        AudioError
            When it has to be measured and cannot be decoded.
        """
        key = _key(path)
        with self._lock:
            if key is not None and key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        gain_db = self._stored_gain_db(path)
        if gain_db is None:
            loudness = measure_loudness(path, longest_s=MEASURED_S)
            gain_db = even_gain_db(sounding_lufs=loudness.sounding_lufs, true_peak_db=loudness.true_peak_db)
        with self._lock:
            if key is not None:
                self._known[key] = gain_db
            while len(self._known) > _MAX_KEPT:
                self._known.popitem(last=False)
        return gain_db

    def _stored_gain_db(self, path: Path) -> float | None:
        try:
            with self._library.read() as reader:
                stored = reader.loudness_at(path)
        except CatalogueError:
            return None
        if stored is None or stored.sounding_lufs is None:
            return None
        return even_gain_db(sounding_lufs=stored.sounding_lufs, true_peak_db=stored.true_peak_db)


def _key(path: Path) -> tuple[Path, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return path, found.st_size, found.st_mtime_ns
