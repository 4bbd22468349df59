"""Stage three of indexing: a further encoder embeds sounds that are analysed already.

A large network takes a hundred times as long as everything else, so this comes last, and embeddings are recorded a few
windows at a time: an interrupted run resumes inside a long sound.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from bowerbird.catalogue.protocol import Writer
from bowerbird.catalogue.records import EncodedWindows, Folder, PendingContent
from bowerbird.domain.events import Event, SoundNotEncoded
from bowerbird.domain.windows import n_windows, spans_within
from bowerbird.encoders.protocol import Encoder
from bowerbird.jobs.control import Control
from bowerbird.library.indexing.outcomes import sort_outcomes
from bowerbird.library.indexing.pace import Pace
from bowerbird.library.indexing.worker import Outcome, Task
from bowerbird.library.indexing.worker_pool import in_batches, run_tasks

Post: TypeAlias = Callable[[Event], None]

_RECENT_S: Final = 60.0
_SOUNDS_PER_WORKER: Final = 4


@dataclass(slots=True)
class Encoded:
    """The result of stage three.

    Attributes
    ----------
    n_encoded : int
        Number of sounds whose embeddings were completed.
    rejected, postponed, faulty : set of str
        Paths of sounds that cannot be embedded, that are tried again at the next run, and that failed by a fault of the
        program.
    """

    n_encoded: int = 0
    rejected: set[str] = field(default_factory=set)
    postponed: set[str] = field(default_factory=set)
    faulty: set[str] = field(default_factory=set)


def encode_pending(
    writer: Writer,
    scanned: Sequence[tuple[Folder, str]],
    *,
    encoder: Encoder,
    control: Control,
    post: Post,
    n_workers: int,
) -> Encoded:
    """Embed sounds that lack embeddings of an encoder.

    Parameters
    ----------
    writer : Writer
    scanned : sequence of (Folder, str)
        Folders, and the path below which their sounds are embedded.
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
    for folder, below in scanned:
        for content in writer.unencoded(folder, below=below, encoder_id=encoder.id):
            pending.setdefault(content.id, content)
    encoded = Encoded()
    if not pending:
        return encoded
    by_sound = {content.sound_id: content for content in pending.values()}
    work = sum(_n_windows_left(content, encoder) for content in pending.values())
    pace = Pace(len(pending), work_total=work, recent_s=_RECENT_S, activity=encoder.name)
    post(pace.advance(0))
    tasks = (
        Task("encode", content.sound_id, content.path, content.size_bytes, content.hash, content.n_known)
        for content in pending.values()
    )
    n_workers = min(n_workers, 1 + len(pending) // _SOUNDS_PER_WORKER)
    for batch in in_batches(run_tasks(tasks, encoder_name=encoder.name, n_workers=n_workers, control=control)):
        windows = [_windows(outcome, by_sound[outcome.sound_id]) for outcome in batch if outcome.part is not None]
        failures = sort_outcomes(batch)
        rejected = [(by_sound[outcome.sound_id].id, reason) for outcome, reason in failures.rejected]
        writer.record_windows(windows, rejected, encoder.id)
        writer.record_faults([outcome.sound_id for outcome in failures.faulty], encoder.id)
        encoded.rejected |= {outcome.path for outcome, _ in failures.rejected}
        encoded.postponed |= {outcome.path for outcome, _ in failures.postponed}
        encoded.faulty |= {outcome.path for outcome in failures.faulty}
        for outcome, reason in (*failures.rejected, *failures.postponed):
            post(SoundNotEncoded(outcome.path, reason))
        n_finished = sum(entry.is_last for entry in windows)
        encoded.n_encoded += n_finished
        post(pace.advance(n_finished + len(batch) - len(windows), sum(len(entry.vectors) for entry in windows)))
    return encoded


def _n_windows_left(content: PendingContent, encoder: Encoder) -> int:
    return max(1, n_windows(content.duration_s, encoder.window_s) - content.n_known)


def _windows(outcome: Outcome, content: PendingContent) -> EncodedWindows:
    assert outcome.part is not None
    part = outcome.part
    within = spans_within(part.spans, content.duration_s)
    return EncodedWindows(content.id, outcome.first_number, within, part.vectors, part.is_last, part.uses)
