"""What a map of the library shows of its sounds."""

from collections import Counter
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
        directories: dict[str, int] = {}
        categories: dict[str, int] = {}
        tag_of = self._most_common_tags()
        tags: dict[str, int] = {}
        ids, content_ids, keys, directory_numbers, category_numbers, tag_numbers = [], [], [], [], [], []
        durations_s, lufs = [], []
        for row in self._each(
            "SELECT sounds.id, content_id, contents.hash, directory, category, sounds.duration_s, sounds.lufs "
            f"FROM sounds JOIN contents ON contents.id = content_id WHERE {conditions.USABLE} ORDER BY sounds.id"
        ):
            ids.append(row[0])
            content_ids.append(row[1])
            keys.append(row[2][-_KEY_BYTES:].rjust(_KEY_BYTES, b"\0"))
            directory_numbers.append(directories.setdefault(row[3], len(directories)))
            category_numbers.append(categories.setdefault(row[4], len(categories)) if row[4] else -1)
            tag = tag_of.get(row[1])
            tag_numbers.append(tags.setdefault(tag, len(tags)) if tag is not None else -1)
            durations_s.append(row[5])
            lufs.append(row[6])
        return AnalysedSounds(
            np.array(ids, np.int64),
            np.array(content_ids, np.int64),
            np.frombuffer(b"".join(keys), np.uint64),
            tuple(directories),
            np.array(directory_numbers, np.int32),
            tuple(categories),
            np.array(category_numbers, np.int32),
            tuple(tags),
            np.array(tag_numbers, np.int32),
            np.array(durations_s, np.float32),
            np.array(lufs, np.float32),
        )

    def _most_common_tags(self) -> dict[int, str]:
        """Return the tag of each content that has one; of several, the one that most contents have."""
        pairs = [
            (row[0], row[1])
            for row in self._each("SELECT contents.id, word FROM words JOIN contents USING (audio_id) WHERE is_right")
        ]
        counts = Counter(word for _, word in pairs)
        return dict(sorted(pairs, key=lambda pair: (counts[pair[1]], pair[1])))  # the last of equal keys is kept
