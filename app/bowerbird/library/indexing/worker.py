"""What runs in a worker process: tasks, one at a time, until its pipe closes. It never writes to the library.

This module imports nothing heavy: the number of threads of numerical libraries must be set before they load.
"""

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
import traceback
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from bowerbird.base.errors import (
    AudioError,
    BowerbirdError,
    EncoderError,
    NotEmbeddableError,
    RejectionCode,
    UnreachableError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bowerbird.catalogue.records import Analysis
    from bowerbird.domain.metadata import Metadata
    from bowerbird.domain.sounds import Samples
    from bowerbird.encoders.protocol import Encoder
    from bowerbird.library.indexing.analysis import EncodedPart
    from bowerbird.ranking.fingerprints import StoredFingerprint

_THREAD_VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")

TaskKind: TypeAlias = Literal["identify", "analyse", "encode", "describe", "hash samples"]

READY = "ready"
"""First message of a worker: whatever kills it from then on is a file."""


@dataclass(frozen=True, slots=True)
class Task:
    """One task for one file.

    "encode" embeds a file that is analysed already: `content_hash` is what it must still contain, and `n_known` the
    number of its windows that are embedded already. "describe" reads its metadata, and "hash samples" decodes it.
    """

    kind: TaskKind
    sound_id: int
    path: str
    size_bytes: int
    content_hash: bytes | None = None
    n_known: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """The result of a task.

    Attributes
    ----------
    sound_id : int
    path : str
    hash : bytes or None
    analysis : Analysis or None
    metadata : Metadata or None
    samples_hash : bytes or None
    fingerprint : StoredFingerprint or None
    part : EncodedPart or None
        Embeddings, beginning with the window `first_number`.
    first_number : int
    failure : str or None
        Why the file cannot be analysed or embedded, as a sentence.
    code : RejectionCode
        The class of the failure.
    is_temporary : bool
        Whether the failure is temporary: a drive was disconnected, memory ran out.
    is_partial : bool
        Whether more results of the same task follow.
    fault : str or None
        The traceback of a bug in Bowerbird; None when the file is at fault.
    """

    sound_id: int
    path: str
    hash: bytes | None = None
    analysis: "Analysis | None" = None
    metadata: "Metadata | None" = None
    samples_hash: bytes | None = None
    fingerprint: "StoredFingerprint | None" = None
    part: "EncodedPart | None" = None
    first_number: int = 0
    failure: str | None = None
    code: RejectionCode = "damaged"
    is_temporary: bool = False
    is_partial: bool = False
    fault: str | None = None


def serve(pipe: Connection, encoder_name: str) -> None:
    """Send READY, then run lists of tasks in order, until the pipe closes or None is received.

    Where the encoder cannot be loaded, its error's sentence is sent instead of READY.
    """
    limit_process()
    threading.Thread(target=end_with_parent, name="bowerbird-orphan", daemon=True).start()
    from bowerbird.encoders.registry import encoder_named  # noqa: PLC0415 - after the thread variables

    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        try:
            encoder = encoder_named(encoder_name)
            encoder.encode([_silence(encoder)])  # loads the weights before there is a file to blame
        except EncoderError as error:
            pipe.send(str(error))
            return
        pipe.send(READY)
        while (tasks := pipe.recv()) is not None:
            for task in tasks:
                for outcome in _outcomes(task, encoder):
                    pipe.send(outcome)


def _silence(encoder: "Encoder") -> "Samples":
    """Return a whole window of silence: not every network accepts less."""
    import numpy as np  # noqa: PLC0415 - after the thread variables

    return np.zeros(round(encoder.window_s * encoder.rate_hz), np.float32)


def _outcomes(task: Task, encoder: "Encoder") -> "Iterator[Outcome]":
    from bowerbird.library.indexing import analysis  # noqa: PLC0415 - after the thread variables

    path = Path(task.path)
    try:
        if task.kind == "identify":
            yield Outcome(task.sound_id, task.path, hash=analysis.content_hash(path))
        elif task.kind == "analyse":
            yield Outcome(task.sound_id, task.path, analysis=analysis.analyse(path, encoder))
        elif task.kind == "describe":
            metadata = analysis.metadata_of_content(path, content_hash=task.content_hash or b"")
            yield Outcome(task.sound_id, task.path, metadata=metadata)
        elif task.kind == "hash samples":
            digest, fingerprint = analysis.hash_samples(path, content_hash=task.content_hash or b"")
            yield Outcome(task.sound_id, task.path, samples_hash=digest, fingerprint=fingerprint)
        else:
            number = task.n_known
            for part in analysis.encode_windows(path, encoder, content_hash=task.content_hash or b"", n_known=number):
                yield Outcome(task.sound_id, task.path, part=part, first_number=number, is_partial=not part.is_last)
                number += len(part.vectors)
    except BowerbirdError as error:
        is_temporary = isinstance(error, UnreachableError | EncoderError) and not isinstance(error, NotEmbeddableError)
        is_temporary = is_temporary or not _is_unchanged(task)
        code = error.code if isinstance(error, AudioError) else "not_embedded"
        yield Outcome(task.sound_id, task.path, failure=str(error), code=code, is_temporary=is_temporary)
    except (MemoryError, OSError) as error:
        reason = str(error).lower() or "memory ran short"
        sentence = f"{path.name} could not be analysed now ({reason}). Index again later."
        yield Outcome(task.sound_id, task.path, failure=sentence, is_temporary=True)
    except Exception:  # the worker boundary: a fault of ours is never blamed on a file
        yield Outcome(task.sound_id, task.path, fault=traceback.format_exc())


def end_with_parent() -> None:
    """End this process when the program was killed: a decoder that hangs would keep it alive forever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _is_unchanged(task: Task) -> bool:
    """Return whether the file is still there as it was scanned: a drive that goes away breaks decoding in any way."""
    try:
        return os.stat(task.path).st_size == task.size_bytes  # noqa: PTH116 - as scan does
    except OSError:
        return False


def limit_process() -> None:
    """Use one thread at low priority and ignore the terminal's Ctrl+C: the parent decides when to stop.

    Decoders write about damaged files to the error stream themselves; the user gets a sentence instead.
    """
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 2)
    os.close(silence)
    for variable in _THREAD_VARIABLES:
        os.environ[variable] = "1"
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "win32":
        import ctypes  # noqa: PLC0415 - only there

        below_normal = 0x00004000
        kernel = ctypes.windll.kernel32
        kernel.SetPriorityClass(kernel.GetCurrentProcess(), below_normal)
    else:
        with contextlib.suppress(OSError):
            os.nice(10)
