"""Stage three of indexing: the vectors of one more encoder, for sounds that are analysed already.

A large network takes a hundred times as long as everything else, so this comes last, and a few windows at a time are
recorded: whoever is interrupted in the midst of an hour of rain goes on there.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from bowerbird.catalogue.records import EncodedWindows, Folder, PendingContent
from bowerbird.catalogue.sqlite.writer import Catalogue
from bowerbird.domain.events import Event, SoundNotEncoded
from bowerbird.domain.windows import n_windows, spans
from bowerbird.encoders.protocol import Encoder
from bowerbird.jobs.control import Control
from bowerbird.library.indexing.pace import Pace
from bowerbird.library.indexing.worker import Outcome, Task
from bowerbird.library.indexing.worker_pool import in_batches, run_tasks

Post: TypeAlias = Callable[[Event], None]

_RECENT_S: Final = 60.0
_SOUNDS_A_WORKER: Final = 4


@dataclass(slots=True)
class Encoded:
    """What a run of stage three came to.

    Attributes
    ----------
    n_encoded : int
        Sounds that have all their vectors now.
    refused, passed_over : set of str
        Paths of those that will never have them, and of those that are tried again the next time.
    """

    n_encoded: int = 0
    refused: set[str] = field(default_factory=set)
    passed_over: set[str] = field(default_factory=set)


def encode_pending(
    catalogue: Catalogue,
    places: Sequence[tuple[Folder, str]],
    *,
    encoder: Encoder,
    control: Control,
    post: Post,
    n_workers: int,
) -> Encoded:
    """Find the vectors of an encoder that are not there yet.

    Parameters
    ----------
    catalogue : Catalogue
    places : sequence of (Folder, str)
        Folders, and the path below which their sounds are wanted.
    encoder : Encoder
    control : Control
    post : callable
        Receives events in this thread.
    n_workers : int

    Returns
    -------
    Encoded

    Raises
    ------
    EncoderError
        When its weights are missing or damaged.
    """
    pending: dict[int, PendingContent] = {}
    for folder, below in places:
        for content in catalogue.unencoded(folder, below=below, encoder_id=encoder.id):
            pending.setdefault(content.id, content)
    done = Encoded()
    if not pending:
        return done
    by_sound = {content.sound_id: content for content in pending.values()}
    work = sum(_windows_left(content, encoder) for content in pending.values())
    pace = Pace(len(pending), work_total=work, recent_s=_RECENT_S, activity=encoder.name)
    post(pace.advance(0))
    tasks = (Task("encode", one.sound_id, one.path, one.size_bytes, one.hash, one.n_known) for one in pending.values())
    n_workers = min(n_workers, 1 + len(pending) // _SOUNDS_A_WORKER)
    outcomes = run_tasks(tasks, encoder_name=encoder.name, n_workers=n_workers, control=control)
    for batch in in_batches(outcomes):
        windows = [_windows(outcome, by_sound[outcome.sound_id], encoder) for outcome in batch if not outcome.failure]
        lasting = [
            (by_sound[outcome.sound_id].id, outcome.failure)
            for outcome in batch
            if outcome.failure and not outcome.is_passing
        ]
        catalogue.record_windows(windows, lasting, encoder.id)
        for outcome in batch:
            if outcome.failure:
                (done.passed_over if outcome.is_passing else done.refused).add(outcome.path)
                post(SoundNotEncoded(outcome.path, outcome.failure))
        n_finished = sum(one.is_last for one in windows)
        done.n_encoded += n_finished
        n_failed = len(batch) - len(windows)
        work_done = sum(len(one.vectors) for one in windows)
        post(pace.advance(n_finished + n_failed, work_done))
    return done


def _windows_left(content: PendingContent, encoder: Encoder) -> int:
    return max(1, n_windows(content.duration_s, encoder.window_s) - content.n_known)


def _windows(outcome: Outcome, content: PendingContent, encoder: Encoder) -> EncodedWindows:
    assert outcome.vectors is not None
    first, n = outcome.first_number, len(outcome.vectors)
    known = spans(first + n, duration_s=content.duration_s, window_s=encoder.window_s)
    return EncodedWindows(content.id, first, tuple(known[first:]), outcome.vectors, not outcome.is_partial)
