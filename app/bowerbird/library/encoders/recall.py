"""Recall of 8-bit weights against full precision, measured on the user's own sounds."""

import json
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Final

import numpy as np

from bowerbird.audio.decode import read_clip
from bowerbird.base.errors import AudioError, EncoderError
from bowerbird.base.files import write_atomic
from bowerbird.domain.query import Query
from bowerbird.domain.sounds import Samples, Vectors
from bowerbird.domain.windows import WindowCutter
from bowerbird.encoders.protocol import Encoder
from bowerbird.encoders.weights.cards import INT8_ENDING, Role
from bowerbird.encoders.weights.self_check import hashes, read_self_check
from bowerbird.encoders.weights.store import Weights, disk_error, has_file
from bowerbird.jobs.control import Control
from bowerbird.jobs.progress import Progress, Report, ignore
from bowerbird.library.library import Library

RECALL_NAME: Final = "recall.json"

MIN_RECALL: Final = 0.95
N_SOUNDS: Final = 200
MIN_SOUNDS: Final = 20
K: Final = 10

_ROLES: Final[tuple[Role, ...]] = ("audio", "audio_int8")
_SEED: Final = 0
_MAX_WINDOWS: Final = 3
"""Of each sound: a long sound would take the time of many."""


@dataclass(frozen=True, slots=True)
class Recall:
    """Share of the nearest neighbours that 8-bit weights have in common with full precision.

    Attributes
    ----------
    value : float
        Mean over sounds of the shared part of the 10 nearest neighbours.
    n_sounds : int
    """

    value: float
    n_sounds: int

    @property
    def is_enough(self) -> bool:
        """Whether 8-bit weights may be offered."""
        return self.value >= MIN_RECALL

    @property
    def text(self) -> str:
        """The share rounded down, so that an insufficient share never reads as sufficient."""
        return f"{math.floor(self.value * 1000) / 1000:.3f}"


def measure_recall(
    library: Library,
    full: Encoder,
    small: Encoder,
    *,
    control: Control,
    report: Report = ignore,
    activity: str = "Comparing",
) -> Recall:
    """Embed a sample of a library's sounds with both encoders, and compare their nearest neighbours.

    Raises
    ------
    EncoderError
        When there are too few sounds.
    CatalogueError
        When there is no library.
    Cancelled
    """
    vectors: tuple[list[Vectors], list[Vectors]] = ([], [])
    for windows in _sounds(library, full):
        control.check()
        for encoder, rows in zip((full, small), vectors, strict=True):
            rows.append(_embedding(encoder, windows))
        report(Progress(activity, len(vectors[0]), N_SOUNDS, "sounds"))
        if len(vectors[0]) == N_SOUNDS:
            break
    n_sounds = len(vectors[0])
    if n_sounds < MIN_SOUNDS:
        raise EncoderError(
            f"The library has only {n_sounds} sounds to compare; {MIN_SOUNDS} are needed. "
            "Index more sounds, then check again."
        )
    return Recall(recall_of(np.stack(vectors[0]), np.stack(vectors[1]), k=K), n_sounds)


def recall_of(full: Vectors, small: Vectors, *, k: int) -> float:
    """Return the mean share of each row's k nearest neighbours in `full` that are also nearest in `small`.

    Parameters
    ----------
    full, small : ndarray, shape (n, n_dims)
        Unit length, n > k.
    """
    nearest = []
    for vectors in (full, small):
        cosines = vectors @ vectors.T
        np.fill_diagonal(cosines, -np.inf)
        nearest.append(np.argsort(-cosines, axis=1, kind="stable")[:, :k])
    shared = [len(np.intersect1d(a, b, assume_unique=True)) for a, b in zip(*nearest, strict=True)]
    return float(np.mean(shared) / k)


def _sounds(library: Library, encoder: Encoder) -> Iterator[list[Samples]]:
    """Yield the windows of the available sounds, each content once, in a fixed random order."""
    seen: set[int] = set()
    with library.read() as reader:
        ids = np.sort(reader.list_ids(Query()))
        for sound_id in np.random.default_rng(_SEED).permutation(ids).tolist():
            row = reader.rows([sound_id]).get(sound_id)
            if row is None or row.is_missing or row.content_id in seen:
                continue
            if row.content_id is not None:
                seen.add(row.content_id)
            try:
                clip = read_clip(row.path, rate_hz=encoder.rate_hz, end_s=_MAX_WINDOWS * encoder.window_s)
            except AudioError:  # changed or missing since it was listed: indexing reports it
                continue
            cutter = WindowCutter(encoder.rate_hz, encoder.window_s)
            yield [*cutter.push(clip.samples), *cutter.finish()]


def _embedding(encoder: Encoder, windows: list[Samples]) -> Vectors:
    mean = encoder.encode(windows).mean(axis=0)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-12), np.float32)


# The file beside the weights


def write_recall(weights: Weights, recall: Recall) -> None:
    """Store the figure beside the weights.

    Raises
    ------
    EncoderError
        When it cannot be written.
    """
    path = weights.folder / RECALL_NAME
    try:
        write_atomic(path, json.dumps(asdict(recall) | {"files": hashes(weights, _ROLES)}, indent=2) + "\n")
    except OSError as error:
        raise disk_error("write", path, error) from error


def read_recall(weights: Weights) -> Recall | None:
    """Return the stored figure for exactly these weights; None if there is none."""
    if not has_file(weights, "audio_int8"):
        return None
    try:
        stored = json.loads((weights.folder / RECALL_NAME).read_text(encoding="utf-8"))
        recall = Recall(float(stored["value"]), int(stored["n_sounds"]))
        return recall if stored["files"] == hashes(weights, _ROLES) else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def is_int8_offered(weights: Weights) -> bool:
    """Return whether 8-bit weights are installed, have passed their check and have enough recall."""
    recall, check = read_recall(weights), read_self_check(weights)
    is_rejected = check is not None and bool(check.int8_sentence)
    return not is_rejected and recall is not None and recall.is_enough


def require_int8(weights: Weights) -> None:
    """Check that 8-bit weights are installed.

    Raises
    ------
    EncoderError
        When they are not.
    """
    if not has_file(weights, "audio_int8"):
        raise EncoderError(
            f"{weights.card.id}{INT8_ENDING} is not installed. "
            f"Run `bowerbird models fetch {weights.card.id} --int8`, or import a folder that contains audio_int8.onnx."
        )
