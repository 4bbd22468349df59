"""What is read of sounds that an older version of the program analysed: names, metadata, hashes and fingerprints.

None of it embeds anything. What is left to do is a question to the catalogue, so an interrupted pass is resumed.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from bowerbird.audio.metadata import reading
from bowerbird.audio.metadata.ucs import ucs_categories
from bowerbird.catalogue.protocol import Writer
from bowerbird.catalogue.records import Folder, PendingContent
from bowerbird.domain.events import BatchRecorded, Event
from bowerbird.domain.sound_names import metadata_of_name
from bowerbird.jobs.control import Control
from bowerbird.library.indexing.outcomes import sort_outcomes
from bowerbird.library.indexing.pace import Pace
from bowerbird.library.indexing.worker import Outcome, Task, TaskKind
from bowerbird.library.indexing.worker_pool import in_batches, run_tasks

Post: TypeAlias = Callable[[Event], None]

_NAMES_AT_ONCE: Final = 1000
_NAMES_RENEWED_AT_ONCE: Final = 250
"""Others who write wait for about 0.1 s."""

_SOUNDS_PER_WORKER: Final = 100
"""Reading metadata takes a millisecond, starting a worker seconds."""

_ACTIVITIES: Final[Mapping[TaskKind, tuple[str, str]]] = {
    "describe": ("Reading metadata", "metadata"),
    "hash samples": ("Hashing samples", "samples"),
}
"""What is shown meanwhile, and what stands for it in the catalogue's table of faults."""


def read_names(writer: Writer, control: Control) -> None:
    """Read what the names of sounds say, as far as it was not read yet, or was read by an older version."""
    categories = ucs_categories()
    while not control.is_cancelled:
        names = writer.unread_names(limit=_NAMES_AT_ONCE)
        if not names:
            break
        writer.record_names([(sound_id, metadata_of_name(name, categories).texts) for sound_id, name in names])


def renew_words(writer: Writer, control: Control, post: Post) -> None:
    """Make the texts anew by which sounds are found, as far as an older version made them."""
    pace = Pace(writer.count_old_words(), activity="Reading names")
    while not control.is_cancelled:
        control.wait_while_paused()
        n_renewed = writer.renew_words(limit=_NAMES_RENEWED_AT_ONCE)
        if not n_renewed:
            break
        post(pace.advance(n_renewed))


@dataclass(frozen=True, slots=True)
class Workers:
    """How worker processes are run.

    Attributes
    ----------
    encoder_name : str
        Of the encoder that they load.
    n_workers : int
        The most that run at once.
    control : Control
    """

    encoder_name: str
    n_workers: int
    control: Control


def describe_pending(writer: Writer, scanned: Sequence[tuple[Folder, str]], *, workers: Workers, post: Post) -> None:
    """Read the metadata of sounds whose metadata an older version read; see `hash_pending_samples`."""
    pending = [writer.undescribed(folder, below=below, version=reading.VERSION) for folder, below in scanned]
    for batch in _run("describe", pending, writer, workers, post):
        found = [(content_id, outcome.metadata) for content_id, outcome in batch if outcome.metadata is not None]
        writer.record_metadata(found, reading.VERSION)


def hash_pending_samples(
    writer: Writer, scanned: Sequence[tuple[Folder, str]], *, workers: Workers, post: Post
) -> None:
    """Hash the samples of sounds that were analysed without, and measure their fingerprints.

    Parameters
    ----------
    writer : Writer
    scanned : sequence of (Folder, str)
        Folders, and the path below which their sounds are read.
    workers : Workers
    post : callable
        Receives events in this thread.
    """
    pending = [writer.without_samples_hash(folder, below=below) for folder, below in scanned]
    for batch in _run("hash samples", pending, writer, workers, post):
        writer.record_samples(
            [
                (content_id, outcome.samples_hash, outcome.fingerprint)
                for content_id, outcome in batch
                if outcome.samples_hash is not None and outcome.fingerprint is not None
            ]
        )


def _run(
    kind: TaskKind, lists: Sequence[Sequence[PendingContent]], writer: Writer, workers: Workers, post: Post
) -> Iterator[list[tuple[int, Outcome]]]:
    """Yield batches of outcomes with their content ids; what failed for good is not tried again by this version."""
    pending = {content.id: content for contents in lists for content in contents}
    if not pending or workers.control.is_cancelled:
        return
    content_of = {content.sound_id: content.id for content in pending.values()}
    activity, purpose = _ACTIVITIES[kind]
    pace = Pace(len(pending), activity=activity)
    tasks = (
        Task(kind, content.sound_id, content.path, content.size_bytes, content.hash) for content in pending.values()
    )
    outcomes = run_tasks(
        tasks,
        encoder_name=workers.encoder_name,
        n_workers=min(workers.n_workers, 1 + len(pending) // _SOUNDS_PER_WORKER),
        control=workers.control,
    )
    for batch in in_batches(outcomes):
        yield [(content_of[outcome.sound_id], outcome) for outcome in batch]
        failures = sort_outcomes(batch)
        failed = [outcome.sound_id for outcome, _ in failures.rejected]
        writer.record_faults([*failed, *(outcome.sound_id for outcome in failures.faulty)], purpose)
        post(BatchRecorded(len(batch)))
        post(pace.advance(len(batch)))
