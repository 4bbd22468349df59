"""Finding copies: new fingerprints are compared with all that have nearly the same spectrum."""

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from bowerbird.catalogue.protocol import Writer
from bowerbird.domain.events import BatchRecorded, Event
from bowerbird.jobs.control import Control
from bowerbird.library.indexing.pace import Pace
from bowerbird.ranking.near_duplicates import Candidates, Fingerprint, copies_among

Post: TypeAlias = Callable[[Event], None]

MAX_CANDIDATES: Final = 200
"""Sounds that a sound is compared with at most, the nearest first: the time for each is bounded in any library."""

_AT_ONCE: Final = 100
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
    uncompared = set(pending)
    pace = Pace(len(pending), activity="Finding copies")
    for start in range(0, len(pending), _AT_ONCE):
        control.wait_while_paused()
        if control.is_cancelled:
            return
        batch = pending[start : start + _AT_ONCE]
        found = [(audio_id, _copies_of(audio_id, writer, candidates, uncompared)) for audio_id in batch]
        writer.record_copies(found)
        n_found = sum(len(copies) for _, copies in found)
        if n_found:
            post(BatchRecorded(n_found))
        if len(pending) > _QUIET:
            post(pace.advance(len(batch)))


def _copies_of(audio_id: int, writer: Writer, candidates: Candidates, uncompared: set[int]) -> Sequence[int]:
    """Return the copies of audio among all other, those left out that will be compared with it in their turn."""
    uncompared.discard(audio_id)
    near = [each for each in candidates.near(audio_id, limit=MAX_CANDIDATES).tolist() if each not in uncompared]
    if not near:
        return ()
    stored = writer.fingerprints([audio_id, *near])
    others = [(each, Fingerprint.from_bytes(stored[each])) for each in near if each in stored]
    own = Fingerprint.from_bytes(stored[audio_id])
    return [others[position][0] for position in copies_among(own, [each for _, each in others])]
