"""Indexing: folders go in, listed, analysed and indexed sounds come out. Resumable at any moment."""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final, TypeAlias

from bowerbird.base.errors import CatalogueError
from bowerbird.catalogue.records import FileStamp, Folder, PendingSound
from bowerbird.catalogue.sqlite.connection import LibraryLock
from bowerbird.catalogue.sqlite.reader import CatalogueReader
from bowerbird.catalogue.sqlite.writer import Catalogue
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
from bowerbird.library.indexing.encoding import encode_pending
from bowerbird.library.indexing.pace import Pace
from bowerbird.library.indexing.scan import Walk, walk
from bowerbird.library.indexing.worker import Outcome, Task, TaskKind
from bowerbird.library.indexing.worker_pool import default_n_workers, in_batches, run_tasks

Post: TypeAlias = Callable[[Event], None]

LISTED_AT_ONCE: Final = 1000


@dataclass(slots=True)
class _Run:
    """What a run of indexing needs at every stage."""

    catalogue: Catalogue
    encoder: Encoder
    control: Control
    post: Post
    n_workers: int
    n_listed: int = 0
    n_analysed: int = 0
    n_copies: int = 0
    n_encoded: int = 0
    rejected: set[str] = field(default_factory=set)
    passed_over: set[str] = field(default_factory=set)
    n_unreachable: int = 0
    places: list[tuple[Folder, str]] = field(default_factory=list)


def index_folders(
    library: Path,
    folders: Sequence[Path],
    *,
    encoder: Encoder,
    control: Control,
    post: Post,
    n_workers: int | None = None,
    further: Encoder | None = None,
) -> IndexingFinished:
    """Add folders to a library and bring them up to date; with none, every folder it has.

    Everything is listed first, then what may be a copy is identified, then what is left is analysed, then the
    further encoder's vectors are found. Each stage asks the catalogue what is still to do, so a run that was killed
    or cancelled is taken up by the next.

    Parameters
    ----------
    library : Path
        Folder of the library.
    folders : sequence of Path
    encoder : Encoder
    control : Control
        Cancels within two seconds, or pauses.
    post : callable
        Receives events in this thread.
    n_workers : int or None
        Worker processes; None for one a core.
    further : Encoder or None
        One more encoder, whose vectors every sound is to have; if it is the one that `choose_encoder` was told,
        searches use it when they are complete.

    Raises
    ------
    CatalogueError
        When the library cannot be written, or another process indexes it.
    EncoderError
        When weights are missing or damaged; everything but their vectors is done then.
    """
    began = time.monotonic()
    with Catalogue(library) as catalogue:
        lock = LibraryLock(library)
        try:
            searched_before = searched_encoder(library).encoder.id
            run = _Run(catalogue, encoder, control, post, n_workers or default_n_workers())
            for path in _outermost(folders or [folder.path for folder in known_folders(library)]):
                _list_folder(run, path)
            _analyse_pending(run)
            if not control.is_cancelled:
                catalogue.forget_orphans()
                _let_built_in_serve(run)
                searched = searched_encoder(library).encoder
                if searched.id != searched_before:  # all that an older encoder had heard
                    post(EncoderReady(searched.name, 0))
                if further is not None and further.id != encoder.id:
                    _encode_further(run, further)
            summary = IndexingFinished(
                n_sounds=run.n_listed,
                n_analysed=run.n_analysed,
                n_copies=run.n_copies,
                n_rejected=_name_known_rejections(run) + len(run.passed_over),
                n_unreachable=run.n_unreachable,
                seconds=time.monotonic() - began,
                is_cancelled=control.is_cancelled,
                n_encoded=run.n_encoded,
            )
        finally:
            lock.release()
    post(summary)
    return summary


def known_folders(library: Path) -> list[Folder]:
    """Return the folders of a library, by path."""
    with CatalogueReader(library) as reader:
        return reader.folders()


def remove_folder(library: Path, folder_id: int) -> None:
    """Forget a folder and its sounds; the files stay where they are.

    Raises
    ------
    CatalogueError
        When the library is being indexed.
    """
    with Catalogue(library) as catalogue:
        lock = LibraryLock(library)
        try:
            catalogue.remove_folder(folder_id)
        finally:
            lock.release()


def _outermost(folders: Sequence[Path]) -> list[Path]:
    """Make folders absolute and leave out those that others hold: nothing is listed or counted twice."""
    absolute = [Path(os.path.abspath(path)) for path in folders]  # noqa: PTH100 - unlike resolve, keeps the user's links
    distinct = list(dict.fromkeys(absolute))
    return [path for path in distinct if not any(other in path.parents for other in distinct)]


def _list_folder(run: _Run, absolute: Path) -> None:
    """Stage one: every sound has a row and can be found by name."""
    if not os.path.isdir(absolute):  # noqa: PTH112 - Path's raises where a drive is lost or closed to us
        run.n_unreachable += 1
        run.post(FolderUnreachable(str(absolute), "it is not there"))
        return
    folder = run.catalogue.add_folder(absolute)
    below = _with_separator(str(absolute))
    run.catalogue.begin_walk()
    met = Walk()
    n_found = n_new = n_changed = 0
    for batch in _batches(walk(absolute, met, run.control), LISTED_AT_ONCE):
        listed = run.catalogue.reconcile(folder, batch)
        n_found += len(batch)
        n_new += listed.n_new
        n_changed += listed.n_changed
        run.post(SoundsListed(str(absolute), n_found))
        if listed.n_new or listed.n_changed:
            run.post(BatchRecorded(listed.n_new + listed.n_changed))
    n_missing = 0
    if not run.control.is_cancelled:
        unread = [_with_separator(directory) for directory, _ in met.unread]
        n_missing = run.catalogue.mark_missing(folder, below=below, unread=unread)
    for directory, reason in met.unread:
        run.n_unreachable += 1
        run.post(FolderUnreachable(directory, reason))
    for ignored in met.ignored:
        run.post(FileIgnored(ignored))
    run.n_listed += n_found
    run.places.append((folder, below))
    run.post(FolderListed(str(absolute), n_found, n_new, n_changed, n_missing, len(met.ignored)))


def _analyse_pending(run: _Run) -> None:
    """Stage two: copies are recognised, everything else is analysed."""
    n_total = sum(
        run.catalogue.count_pending(folder, below=below, encoder_id=run.encoder.id) for folder, below in run.places
    )
    pace = Pace(n_total)
    for folder, below in run.places:
        _identify(run, pace, folder, below)
        # Copies of a rejected sound come up in the next pass, each to get a sentence of its own.
        while not run.control.is_cancelled:
            pending = run.catalogue.pending(folder, below=below, encoder_id=run.encoder.id)
            pending = [sound for sound in pending if sound.path not in run.passed_over]
            if not pending:
                break
            _analyse(run, pace, pending)


def _encode_further(run: _Run, encoder: Encoder) -> None:
    """Stage three: the vectors of one more encoder; when all that can be reached has them, searches use them."""
    done = encode_pending(
        run.catalogue, run.places, encoder=encoder, control=run.control, post=run.post, n_workers=run.n_workers
    )
    run.n_encoded = done.n_encoded
    run.rejected |= done.refused
    run.passed_over |= done.passed_over
    if run.control.is_cancelled:
        return
    with CatalogueReader(run.catalogue.library) as reader:
        was_used = is_searched_with(reader, encoder)
        n_left = reader.count_unencoded(encoder.id)
        has_vectors = encoder.id in reader.encoder_ids()
    is_everything_tried = has_vectors and not done.passed_over and _has_listed_all(run)
    is_used = finish_encoder(run.catalogue, encoder, is_everything_tried=is_everything_tried)
    if is_used and not was_used:
        run.post(EncoderReady(encoder.name, n_left))


def _let_built_in_serve(run: _Run) -> None:
    """Let searches use the built-in encoder once it heard all within reach, though an older one heard what is away."""
    with CatalogueReader(run.catalogue.library) as reader:
        is_chosen = reader.encoder("searched") in {None, run.encoder.name}
        has_vectors = run.encoder.id in reader.encoder_ids()
    serving = searched_encoder(run.catalogue.library).encoder
    if is_chosen and has_vectors and serving.id != run.encoder.id and not run.passed_over and _has_listed_all(run):
        run.catalogue.set_encoder("searched", run.encoder.name, run.encoder.id)


def _has_listed_all(run: _Run) -> bool:
    """Say whether every folder of the library that can be reached was gone through."""
    listed = {below for _, below in run.places}
    with CatalogueReader(run.catalogue.library) as reader:
        reachable = [folder.path for folder in reader.folders() if os.path.isdir(folder.path)]  # noqa: PTH112
    return all(_with_separator(str(path)) in listed for path in reachable)


def _identify(run: _Run, pace: Pace, folder: Folder, below: str) -> None:
    pending = run.catalogue.unidentified(folder, below=below, encoder_id=run.encoder.id)
    for batch in in_batches(_outcomes(run, "identify", pending)):
        failures = _lasting(batch)
        _reject(run, batch)
        run.catalogue.record([], failures, run.encoder.id)
        hashes = [(outcome.sound_id, outcome.hash) for outcome in batch if outcome.hash]
        n_known = run.catalogue.record_hashes(hashes, run.encoder.id)
        run.n_copies += n_known
        run.post(BatchRecorded(len(batch)))
        run.post(pace.advance(n_known + len(failures)))


def _analyse(run: _Run, pace: Pace, pending: Sequence[PendingSound]) -> None:
    run.post(pace.advance(0))
    for batch in in_batches(_outcomes(run, "analyse", pending)):
        analyses = [(outcome.sound_id, outcome.analysis) for outcome in batch if outcome.analysis]
        failures = _lasting(batch)
        n_sounds = run.catalogue.record(analyses, failures, run.encoder.id)
        run.n_analysed += len(analyses)
        run.n_copies += max(0, n_sounds - len(analyses))
        _reject(run, batch)
        run.post(BatchRecorded(len(batch)))
        run.post(pace.advance(n_sounds + len(failures)))


def _outcomes(run: _Run, kind: TaskKind, pending: Sequence[PendingSound]) -> Iterator[Outcome]:
    tasks = (Task(kind, sound.id, sound.path, sound.size_bytes) for sound in pending)
    n_workers = min(run.n_workers, 1 + len(pending) // 8)  # a worker costs as much to start as some forty sounds
    return run_tasks(tasks, encoder_name=run.encoder.id, n_workers=n_workers, control=run.control)


def _lasting(batch: Iterable[Outcome]) -> list[tuple[int, str]]:
    """Return the failures that say something of their files, to be recorded."""
    return [(outcome.sound_id, outcome.failure) for outcome in batch if outcome.failure and not outcome.is_passing]


def _reject(run: _Run, batch: Iterable[Outcome]) -> None:
    for outcome in batch:
        if outcome.failure:
            (run.passed_over if outcome.is_passing else run.rejected).add(outcome.path)
            run.post(SoundRejected(outcome.path, outcome.failure))


def _name_known_rejections(run: _Run) -> int:
    """Name the sounds that an earlier run rejected, and count all that stand rejected."""
    n = 0
    with CatalogueReader(run.catalogue.library) as reader:
        for folder, below in run.places:
            for sound in reader.rejected(folder.id):
                if str(sound.path).startswith(below):
                    n += 1
                    if str(sound.path) not in run.rejected:
                        run.post(SoundRejected(str(sound.path), sound.reason, is_known=True))
    return n


def _batches(items: Iterable[FileStamp], size: int) -> Iterator[list[FileStamp]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def _with_separator(path: str) -> str:
    return path if path.endswith(os.sep) else path + os.sep


def index_exists(library: Path) -> bool:
    """Say whether there is a library with at least one folder."""
    try:
        return bool(known_folders(library))
    except CatalogueError:
        return False
