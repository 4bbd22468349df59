"""Finding copies: new fingerprints are compared with all that have nearly the same spectrum."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeAlias

from bowerbird.catalogue.protocol import Writer
from bowerbird.domain.events import BatchRecorded, Event
from bowerbird.jobs.control import Control
from bowerbird.library.indexing.pace import Pace
from bowerbird.ranking.fingerprints import Candidates, Fingerprint, copies_among

Post: TypeAlias = Callable[[Event], None]

MAX_CANDIDATES: Final = 100
"""Sounds that a sound is compared with at most, the nearest first: the time for each is bounded in any library."""

_AT_ONCE: Final = 100
_N_OF_GROUP: Final = 3
"""Members of a group that a sound is compared with, the nearest first."""

_QUIET: Final = 500
"""Sounds up to which no progress is shown: they take less than a second."""


def find_copies(writer: Writer, *, control: Control, post: Post) -> None:
    """Compare the sounds that were not compared yet with all others; a cancelled pass is resumed by the next.

    Parameters
    ----------
    writer : Writer
    control : Control
    post : callable
        Receives events in this thread.
    """
    pending = writer.audio_to_compare()
    if not pending:
        return
    candidates = Candidates(*writer.fingerprint_keys())
    groups = _Groups(writer.copied_audio())
    uncompared = set(pending)
    pace = Pace(len(pending), activity="Finding copies")
    for start in range(0, len(pending), _AT_ONCE):
        control.wait_while_paused()
        if control.is_cancelled:
            return
        found = []
        for audio_id in pending[start : start + _AT_ONCE]:
            uncompared.discard(audio_id)  # with the others, it is compared in their turn
            near = [each for each in candidates.near(audio_id, limit=MAX_CANDIDATES).tolist() if each not in uncompared]
            copies = _copies_among(audio_id, groups.few_of_each(near), writer)
            groups.join(audio_id, copies)
            found.append((audio_id, copies))
        writer.record_copies(found)
        n_found = sum(len(copies) for _, copies in found)
        if n_found:
            post(BatchRecorded(n_found))
        if len(pending) > _QUIET:
            post(pace.advance(len(found)))


def _copies_among(audio_id: int, near: Sequence[int], writer: Writer) -> Sequence[int]:
    if not near:
        return ()
    stored = writer.fingerprints([audio_id, *near])
    others = [(each, Fingerprint.from_bytes(stored[each])) for each in near if each in stored]
    own = Fingerprint.from_bytes(stored[audio_id])
    return [others[position][0] for position in copies_among(own, [each for _, each in others])]


class _Groups:
    """Which audio is known to be one sound, while copies are being found."""

    def __init__(self, known: Iterable[tuple[int, int]]) -> None:
        self._parents = {audio_id: -group for audio_id, group in known}  # audio and groups have numbers of their own

    def _root(self, audio_id: int) -> int:
        root = audio_id
        while (parent := self._parents.get(root, root)) != root:
            root = parent
        while (parent := self._parents.get(audio_id, root)) != root:
            self._parents[audio_id], audio_id = root, parent
        return root

    def join(self, audio_id: int, copies: Iterable[int]) -> None:
        """Record that some audio is one sound."""
        for each in copies:
            self._parents[self._root(each)] = self._root(audio_id)

    def few_of_each(self, near: Iterable[int]) -> list[int]:
        """Return at most three members of each group, in the given order.

        A sound that is a copy of one member joins the whole group, so it is not compared with the other members.
        """
        n_of: Counter[int] = Counter()
        kept = []
        for audio_id in near:
            root = self._root(audio_id)
            n_of[root] += 1
            if n_of[root] <= _N_OF_GROUP:
                kept.append(audio_id)
        return kept
