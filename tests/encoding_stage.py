"""Indexing with a further encoder: in workers that hang or die half-way through a sound, or without any."""

import os
import signal
import sqlite3
import threading

from bowerbird.catalogue.sqlite.connection import FILE_NAME
from bowerbird.catalogue.sqlite.writer import SqliteWriter
from bowerbird.encoders.registry import DEFAULT_ENCODER, encoder_named
from bowerbird.jobs.control import Control
from bowerbird.library.indexing import encoding, worker
from bowerbird.library.indexing import index as ingest
from bowerbird.library.indexing.index import index_folders
from bowerbird.library.library import Library


def run_further(library, *folders, further, n_workers=1, control=None, post=None):
    """Index with a further encoder, named or given; returns the summary and every event."""
    events = []

    def hear(event):
        events.append(event)
        if post is not None:
            post(event)

    encoder = encoder_named(further) if isinstance(further, str) else further
    with SqliteWriter(library) as catalogue:
        catalogue.set_encoder("wanted", encoder.name)
    summary = index_folders(
        Library.open(library),
        folders,
        encoder=encoder_named(DEFAULT_ENCODER),
        further=encoder,
        control=control or Control(),
        post=hear,
        n_workers=n_workers,
    )
    return summary, events


class Here:
    """Does in this process what workers do in theirs, and counts the windows that were encoded.

    Parameters
    ----------
    monkeypatch : MonkeyPatch
    """

    def __init__(self, monkeypatch):
        self.n_encoded = 0
        monkeypatch.setattr(ingest, "run_tasks", self._run_tasks)
        monkeypatch.setattr(encoding, "run_tasks", self._run_tasks)

    def _run_tasks(self, tasks, *, encoder_name, n_workers, control):
        encoder = encoder_named(encoder_name)
        for task in tasks:
            for outcome in worker._outcomes(task, encoder):
                if control.is_cancelled:
                    return
                if outcome.part is not None:
                    self.n_encoded += len(outcome.part.vectors)
                yield outcome


def vectors_of(library, encoder_id):
    """Every vector of an encoder: bytes by content hash and number."""
    connection = sqlite3.connect(library / FILE_NAME)
    try:
        rows = connection.execute(
            "SELECT hash, number, start_s, end_s, vector FROM windows JOIN contents ON contents.id = content_id "
            "WHERE encoder_id = ?",
            [encoder_id],
        ).fetchall()
    finally:
        connection.close()
    return {(hash_, number): (start_s, end_s, vector) for hash_, number, start_s, end_s, vector in rows}


def done_by(library, encoder_id):
    """What is said of every content that an encoder is done with: its hash and the failure, None for none."""
    connection = sqlite3.connect(library / FILE_NAME)
    try:
        return dict(
            connection.execute(
                "SELECT hash, failure FROM encoded JOIN contents ON contents.id = content_id WHERE encoder_id = ?",
                [encoder_id],
            ).fetchall()
        )
    finally:
        connection.close()


def serve_beginnings(pipe, encoder_name):
    """A worker that never gets beyond the first vectors of a long sound."""
    _serve(pipe, encoder_name, lambda path: threading.Event().wait())


def serve_killers(pipe, encoder_name):
    """A worker that dies half-way through sounds called killer, and only when they are encoded."""

    def die(path):
        if path.name.startswith("killer"):
            os.kill(os.getpid(), signal.SIGKILL)

    _serve(pipe, encoder_name, die)


def _serve(pipe, encoder_name, before_the_next):
    from bowerbird.library.indexing import analysis  # noqa: PLC0415 - in the worker process

    encode_windows = analysis.encode_windows

    def with_trouble(path, encoder, **options):
        for part in encode_windows(path, encoder, **options):
            yield part
            if not part.is_last:
                before_the_next(path)

    analysis.encode_windows = with_trouble
    worker.serve(pipe, encoder_name)
