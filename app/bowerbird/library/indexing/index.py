"""Indexing: folders are scanned, sounds analysed and embedded. It can be interrupted at any moment and resumed."""

import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final, TypeAlias

from bowerbird.base.files import outermost
from bowerbird.catalogue.protocol import Writer
from bowerbird.catalogue.records import FileStamp, Folder, PendingSound
from bowerbird.domain.events import (
    BatchRecorded,
    EncoderReady,
    Event,
    FileIgnored,
    FolderListed,
    FolderUnreachable,
    IndexingFinished,
    SoundRejected,
    SoundsListed,
)
from bowerbird.encoders.protocol import Encoder
from bowerbird.jobs.control import Control
from bowerbird.library.encoders.choice import finish_encoder, is_searched_with, searched_encoder
from bowerbird.library.indexing.copies import find_copies
from bowerbird.library.indexing.describing import (
    Workers,
    describe_pending,
    hash_pending_samples,
    read_names,
    renew_words,
)
from bowerbird.library.indexing.encoding import encode_pending
from bowerbird.library.indexing.ignoring import Ignored
from bowerbird.library.indexing.outcomes import sort_outcomes
from bowerbird.library.indexing.pace import Pace
from bowerbird.library.indexing.scan import Scan, scan
from bowerbird.library.indexing.worker import Outcome, Task, TaskKind
from bowerbird.library.indexing.worker_pool import default_n_workers, in_batches, run_tasks
from bowerbird.library.library import Library
from bowerbird.library.search.index_growth import GrowingIndex

logger = logging.getLogger(__name__)

Post: TypeAlias = Callable[[Event], None]

SCANNED_AT_ONCE: Final = 1000
_SOUNDS_PER_WORKER: Final = 8
"""A worker takes as long to start as some forty sounds to analyse."""


@dataclass(slots=True)
class _Run:
    """What a run of indexing needs at every stage, and its counts."""

    library: Library
    writer: Writer
    encoder: Encoder
    control: Control
    post: Post
    n_workers: int
    ignored: Ignored
    n_listed: int = 0
    n_analysed: int = 0
    n_copies: int = 0
    n_encoded: int = 0
    n_unreachable: int = 0
    rejected: set[str] = field(default_factory=set)
    postponed: set[str] = field(default_factory=set)
    faulty: set[str] = field(default_factory=set)
    scanned: list[tuple[Folder, str]] = field(default_factory=list)


def index_folders(
    library: Library,
    folders: Sequence[Path],
    *,
    encoder: Encoder,
    control: Control,
    post: Post,
    n_workers: int | None = None,
    further: Encoder | None = None,
) -> IndexingFinished:
    """Add folders to a library and bring them up to date; with none, every folder it has.

    All folders are scanned first, then possible copies are identified, then the remaining sounds are analysed, then the
    further encoder embeds them. What an older version of the program did not read of sounds is read in passing: their
    names and metadata before those embeddings, a hash and a fingerprint of their samples after them. At the end, new
    sounds are compared with all others to find copies. Each stage asks the catalogue what is still pending, so a killed
    or cancelled run is resumed by the next.

    Parameters
    ----------
    library : Library
    folders : sequence of Path
    encoder : Encoder
        The built-in one.
    control : Control
        Cancels within two seconds, or pauses.
    post : callable
        Receives events in this thread.
    n_workers : int or None
        Worker processes; None for one per core.
    further : Encoder or None
        Another encoder to embed every sound with; if it is the one that `choose_encoder` has chosen, searches use it as
        soon as its embeddings are complete.

    Raises
    ------
    CatalogueError
        When the library cannot be written, or another process is indexing it.
    EncoderError
        When weights are missing or damaged; everything but their embeddings is done then.
    """
    began = time.monotonic()
    with library.write() as writer, library.lock("indexing"):
        searched_before = searched_encoder(library).encoder.id
        with library.read() as reader:
            ignored = Ignored(reader.ignored_patterns())
        run = _Run(library, writer, encoder, control, post, n_workers or default_n_workers(), ignored)
        for path in _outermost(folders or [folder.path for folder in library.folders()]):
            _scan_folder(run, path)
        read_names(writer, control)
        _analyse_pending(run)
        renew_words(writer, control, post)
        workers = Workers(encoder.id, run.n_workers, control)
        describe_pending(writer, run.scanned, workers=workers, post=post)
        if not control.is_cancelled:
            writer.delete_orphans()
            _search_with_built_in(run)
            searched = searched_encoder(library).encoder
            if searched.id != searched_before:  # it has embedded all that an older encoder had
                post(EncoderReady(searched.name, 0))
            if further is not None and further.id != encoder.id:
                _encode_further(run, further)
        hash_pending_samples(writer, run.scanned, workers=workers, post=post)
        find_copies(writer, control=control, post=post)
        summary = IndexingFinished(
            n_sounds=run.n_listed,
            n_analysed=run.n_analysed,
            n_copies=run.n_copies,
            n_rejected=_post_known_rejections(run) + len(run.postponed),
            n_unreachable=run.n_unreachable,
            seconds=time.monotonic() - began,
            is_cancelled=control.is_cancelled,
            n_encoded=run.n_encoded,
            n_faulty=len(run.faulty),
        )
    post(summary)
    return summary


def _outermost(folders: Sequence[Path]) -> list[Path]:
    """Return absolute folders without those that others contain: nothing is scanned or counted twice."""
    absolute = dict.fromkeys(os.path.abspath(path) for path in folders)  # noqa: PTH100 - unlike resolve, keeps links
    kept = set(outermost(absolute))
    return [Path(path) for path in absolute if path in kept]


def _scan_folder(run: _Run, absolute: Path) -> None:
    """Stage one: every sound has a row and can be found by name."""
    if not os.path.isdir(absolute):  # noqa: PTH112 - Path's raises where a drive is lost or access is denied
        run.n_unreachable += 1
        run.post(FolderUnreachable(str(absolute), "it is not there"))
        return
    folder = run.writer.add_folder(absolute)
    below = _with_separator(str(absolute))
    run.writer.begin_scan()
    met = Scan()
    n_found = n_new = n_changed = n_missing = 0
    for batch in _batches(scan(absolute, met, run.control, ignored=run.ignored), SCANNED_AT_ONCE):
        counts = run.writer.reconcile(folder, batch)
        n_found += len(batch)
        n_new += counts.n_new
        n_changed += counts.n_changed
        run.post(SoundsListed(str(absolute), n_found))
        if counts.n_new or counts.n_changed:
            run.post(BatchRecorded(counts.n_new + counts.n_changed))
    if not run.control.is_cancelled:
        unread = [_with_separator(directory) for directory, _ in met.unread]
        n_missing = run.writer.mark_missing(folder, below=below, unread=unread)
    for directory, reason in met.unread:
        run.n_unreachable += 1
        run.post(FolderUnreachable(directory, reason))
    for ignored in met.ignored:
        run.post(FileIgnored(ignored))
    run.n_listed += n_found
    run.scanned.append((folder, below))
    run.post(FolderListed(str(absolute), n_found, n_new, n_changed, n_missing, len(met.ignored)))


def _analyse_pending(run: _Run) -> None:
    """Stage two: copies are identified, everything else is analysed."""
    n_total = sum(
        run.writer.count_pending(folder, below=below, encoder_id=run.encoder.id) for folder, below in run.scanned
    )
    pace = Pace(n_total)
    with GrowingIndex(run.library, run.encoder, run.control) as index:
        for folder, below in run.scanned:
            _identify(run, pace, folder, below)
            # Copies of a rejected sound become pending after it, and each gets a reason of its own.
            while not run.control.is_cancelled:
                pending = run.writer.pending(folder, below=below, encoder_id=run.encoder.id)
                pending = [sound for sound in pending if sound.path not in run.postponed]
                if not pending:
                    break
                _analyse(run, pace, pending, index)


def _identify(run: _Run, pace: Pace, folder: Folder, below: str) -> None:
    pending = run.writer.unidentified(folder, below=below, encoder_id=run.encoder.id)
    for batch in in_batches(_outcomes(run, "identify", pending)):
        failed = _record_failures(run, batch)
        n_known = run.writer.record_hashes(
            [(outcome.sound_id, outcome.hash) for outcome in batch if outcome.hash], run.encoder.id
        )
        run.n_copies += n_known
        run.post(BatchRecorded(len(batch)))
        run.post(pace.advance(n_known + failed))


def _analyse(run: _Run, pace: Pace, pending: Sequence[PendingSound], index: GrowingIndex) -> None:
    run.post(pace.advance(0))
    for batch in in_batches(_outcomes(run, "analyse", pending)):
        analyses = [(outcome.sound_id, outcome.analysis) for outcome in batch if outcome.analysis]
        n_sounds = run.writer.record(analyses, [], run.encoder.id)
        failed = _record_failures(run, batch)
        run.n_analysed += len(analyses)
        run.n_copies += max(0, n_sounds - len(analyses))
        index.recorded(len(analyses))
        run.post(BatchRecorded(len(batch)))
        run.post(pace.advance(n_sounds + failed))


def _outcomes(run: _Run, kind: TaskKind, pending: Sequence[PendingSound]) -> Iterator[Outcome]:
    tasks = (Task(kind, sound.id, sound.path, sound.size_bytes) for sound in pending)
    n_workers = min(run.n_workers, 1 + len(pending) // _SOUNDS_PER_WORKER)
    return run_tasks(tasks, encoder_name=run.encoder.id, n_workers=n_workers, control=run.control)


def _record_failures(run: _Run, batch: Iterable[Outcome]) -> int:
    """Record what failed for good; return the number of sounds that need no further attempt in this run."""
    failures = sort_outcomes(batch)
    rejected = [(outcome.sound_id, reason, outcome.code) for outcome, reason in failures.rejected]
    run.writer.record([], rejected, run.encoder.id)
    run.writer.record_faults([outcome.sound_id for outcome in failures.faulty], run.encoder.id)
    run.rejected |= {outcome.path for outcome, _ in failures.rejected}
    run.postponed |= {outcome.path for outcome, _ in failures.postponed}
    run.faulty |= {outcome.path for outcome in failures.faulty}
    for outcome, reason in (*failures.rejected, *failures.postponed):
        run.post(SoundRejected(outcome.path, reason))
    return len(failures.rejected) + len(failures.faulty)


def _encode_further(run: _Run, encoder: Encoder) -> None:
    """Stage three: embeddings of a further encoder; when all that can be reached has them, searches use them."""
    encoded = encode_pending(
        run.writer, run.scanned, encoder=encoder, control=run.control, post=run.post, n_workers=run.n_workers
    )
    run.n_encoded = encoded.n_encoded
    run.rejected |= encoded.rejected
    run.postponed |= encoded.postponed
    run.faulty |= encoded.faulty
    if run.control.is_cancelled:
        return
    with run.library.read() as reader:
        was_used = is_searched_with(reader, encoder)
        n_left = reader.count_unencoded(encoder.id)
        has_embeddings = encoder.id in reader.encoder_ids()
    is_everything_tried = has_embeddings and not encoded.postponed and _has_scanned_all(run)
    is_used = finish_encoder(run.library, run.writer, encoder, is_everything_tried=is_everything_tried)
    if is_used and not was_used:
        run.post(EncoderReady(encoder.name, n_left))


def _search_with_built_in(run: _Run) -> None:
    """Search with the built-in encoder once it embedded all that can be reached, though an older one embedded more."""
    with run.library.read() as reader:
        is_chosen = reader.encoder("searched") in {None, run.encoder.name}
        has_embeddings = run.encoder.id in reader.encoder_ids()
    searched = searched_encoder(run.library).encoder
    if is_chosen and has_embeddings and searched.id != run.encoder.id and not run.postponed and _has_scanned_all(run):
        run.writer.set_encoder("searched", run.encoder.name, run.encoder.id)


def _has_scanned_all(run: _Run) -> bool:
    """Return whether every folder of the library that can be reached was scanned."""
    scanned = {below for _, below in run.scanned}
    reachable = [folder.path for folder in run.library.folders() if os.path.isdir(folder.path)]  # noqa: PTH112
    return all(_with_separator(str(path)) in scanned for path in reachable)


def _post_known_rejections(run: _Run) -> int:
    """Post the sounds that an earlier run rejected; return the number of all that are rejected."""
    n_rejected = 0
    with run.library.read() as reader:
        for folder, below in run.scanned:
            for sound in reader.rejected(folder.id):
                if str(sound.path).startswith(below):
                    n_rejected += 1
                    if str(sound.path) not in run.rejected:
                        run.post(SoundRejected(str(sound.path), sound.reason, is_known=True))
    return n_rejected


def _batches(stamps: Iterable[FileStamp], size: int) -> Iterator[list[FileStamp]]:
    iterator = iter(stamps)
    while batch := list(islice(iterator, size)):
        yield batch


def _with_separator(path: str) -> str:
    return path if path.endswith(os.sep) else path + os.sep
