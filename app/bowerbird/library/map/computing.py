"""Computing the map of a library in a process of its own, so that the window never waits for it.

The process reads the embeddings, computes positions and stores them. Nothing is kept when it is cancelled: the next one
starts again, which costs at most a minute and a half of processor time.
"""

import multiprocessing
import os
import threading
import traceback
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from bowerbird.base.errors import BowerbirdError
from bowerbird.jobs.control import Control
from bowerbird.jobs.progress import Progress, Report
from bowerbird.library.indexing.worker import end_with_parent, limit_process

if TYPE_CHECKING:
    from bowerbird.encoders.protocol import Encoder
    from bowerbird.library.library import Library

ACTIVITY: Final = "Computing the map"

_MAX_THREADS: Final = 4
_POLL_S: Final = 0.1
_STOP_S: Final = 1.0
_SEED: Final = 1

_Message: TypeAlias = float | str | None
"""The part that is done; an error's sentence; None when it is done."""


class _Fault(str):
    """A traceback of the process."""

    __slots__ = ()


def update_layout(library: "Library", encoder: "Encoder", control: Control, report: Report) -> None:
    """Bring the map of an encoder up to date: place new sounds, or compute a layout where there is none.

    A layout is computed again when the library has grown by more than `layout.GROWN`. The stored one is kept until
    then.

    Raises
    ------
    Cancelled
        When the job was cancelled; the process has ended.
    BowerbirdError
        When the library cannot be read, or the process ended unexpectedly.
    """
    context = multiprocessing.get_context("spawn")
    pipe, theirs = context.Pipe()
    process = context.Process(
        target=_serve,
        args=(theirs, str(library.folder), encoder.id, encoder.n_dims),
        name="bowerbird-map",
        daemon=True,
    )
    process.start()
    theirs.close()
    try:
        while True:
            control.check()
            if not pipe.poll(_POLL_S):
                continue
            try:
                message: _Message = pipe.recv()
            except (EOFError, OSError) as error:
                raise BowerbirdError(
                    "The map could not be computed: its process ended. Close other programs to free memory, "
                    "then open the map again."
                ) from error
            match message:
                case None:
                    return
                case _Fault():
                    raise RuntimeError(message)
                case str():
                    raise BowerbirdError(message)
                case _:
                    report(Progress(ACTIVITY, round(1000 * message), 1000))
    finally:
        process.kill()
        process.join(_STOP_S)
        pipe.close()


def _serve(pipe: Connection, folder: str, encoder_id: str, n_dims: int) -> None:
    """Bring a layout up to date, and send its progress."""
    limit_process()
    threading.Thread(target=end_with_parent, name="bowerbird-orphan", daemon=True).start()
    from bowerbird.library.library import Library  # noqa: PLC0415 - after the thread variables
    from bowerbird.library.map.placing import bring_up_to_date  # noqa: PLC0415

    try:
        bring_up_to_date(
            Library.open(Path(folder)),
            encoder_id,
            n_dims,
            seed=_SEED,
            n_threads=max(1, min(_MAX_THREADS, (os.cpu_count() or 1) // 2)),
            progress=pipe.send,
        )
        pipe.send(None)
    except BowerbirdError as error:
        pipe.send(str(error))
    except OSError as error:
        pipe.send(f"The map could not be stored: {error.strerror or error}. Check the library's folder.")
    except Exception:
        pipe.send(_Fault(traceback.format_exc()))
