"""Whether 8-bit weights find what the full ones find, measured on the user's own sounds."""

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np

from bowerbird.audio.decode import read_clip
from bowerbird.base.errors import AudioError, EncoderError
from bowerbird.base.files import write_whole
from bowerbird.catalogue.sqlite.reader import CatalogueReader
from bowerbird.domain.query import Query
from bowerbird.domain.sounds import Samples, Vectors
from bowerbird.domain.windows import WindowCutter
from bowerbird.encoders.protocol import Encoder
from bowerbird.encoders.weights.cards import INT8_ENDING, Role
from bowerbird.encoders.weights.self_check import hashes, read_proof
from bowerbird.encoders.weights.store import Weights, cannot, has_file
from bowerbird.jobs.control import Control

RECALL_NAME: Final = "recall.json"

MIN_RECALL: Final = 0.95
N_SOUNDS: Final = 200
MIN_SOUNDS: Final = 20
K: Final = 10

_ROLES: Final[tuple[Role, ...]] = ("audio", "audio_int8")
_SEED: Final = 0
_MAX_WINDOWS: Final = 3
"""Of a sound: a long one would take the time of many."""


@dataclass(frozen=True, slots=True)
class Recall:
    """How much of what the full weights find the 8-bit ones find too.

    Attributes
    ----------
    value : float
        Mean share of the ten nearest neighbours.
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
        """The share as people read it, rounded down: what is not enough never reads as enough."""
        return f"{math.floor(self.value * 1000) / 1000:.3f}"


def measure_recall(
    library: Path,
    full: Encoder,
    small: Encoder,
    *,
    control: Control,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Recall | None:
    """Encode some of a library's sounds by both, and compare their neighbours.

    Returns
    -------
    Recall or None
        None when it was cancelled.

    Raises
    ------
    EncoderError
        When there are too few sounds.
    CatalogueError
        When there is no library.
    """
    vectors: tuple[list[Vectors], list[Vectors]] = ([], [])
    for windows in _sounds(library, full):
        control.wait_while_paused()
        if control.is_cancelled:
            return None
        for encoder, rows in zip((full, small), vectors, strict=True):
            rows.append(_whole(encoder, windows))
        progress(len(vectors[0]), N_SOUNDS)
        if len(vectors[0]) == N_SOUNDS:
            break
    n_sounds = len(vectors[0])
    if n_sounds < MIN_SOUNDS:
        raise EncoderError(
            f"The library has {n_sounds} sounds that can be compared, and {MIN_SOUNDS} are needed to say anything. "
            "Index more, then check again."
        )
    return Recall(recall_of(np.stack(vectors[0]), np.stack(vectors[1]), k=K), n_sounds)


def recall_of(full: Vectors, small: Vectors, *, k: int) -> float:
    """Return the mean share of each row's k nearest others in `full` that are so in `small` too.

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


def _sounds(library: Path, encoder: Encoder) -> Iterator[list[Samples]]:
    """Yield the windows of sounds in place, each content once, in an order that chance chose once for all."""
    seen: set[int] = set()
    with CatalogueReader(library) as reader:
        ids = np.sort(reader.list_ids(Query()))
        for sound_id in np.random.default_rng(_SEED).permutation(ids).tolist():
            row = reader.rows([sound_id]).get(sound_id)
            if row is None or row.is_missing or row.content_id in seen:
                continue
            if row.content_id is not None:
                seen.add(row.content_id)
            try:
                clip = read_clip(row.path, rate_hz=encoder.rate_hz, end_s=_MAX_WINDOWS * encoder.window_s)
            except AudioError:  # changed or gone since it was listed: indexing will say so
                continue
            cutter = WindowCutter(encoder.rate_hz, encoder.window_s)
            yield [*cutter.push(clip.samples), *cutter.finish()]


def _whole(encoder: Encoder, windows: list[Samples]) -> Vectors:
    mean = encoder.encode(windows).mean(axis=0)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-12), np.float32)


# Beside the weights


def write_recall(weights: Weights, recall: Recall) -> None:
    """Keep a figure beside the weights it is of.

    Raises
    ------
    EncoderError
        When the disk refuses.
    """
    path = weights.folder / RECALL_NAME
    try:
        write_whole(path, json.dumps(asdict(recall) | {"files": hashes(weights, _ROLES)}, indent=2) + "\n")
    except OSError as error:
        raise cannot("write", path, error) from error


def read_recall(weights: Weights) -> Recall | None:
    """Return the figure of just these weights; None where there is none."""
    if not has_file(weights, "audio_int8"):
        return None
    try:
        stored = json.loads((weights.folder / RECALL_NAME).read_text(encoding="utf-8"))
        recall = Recall(float(stored["value"]), int(stored["n_sounds"]))
        return recall if stored["files"] == hashes(weights, _ROLES) else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def is_int8_offered(weights: Weights) -> bool:
    """Say whether 8-bit weights are here and found, on the user's own sounds, what the full ones find."""
    recall, proof = read_recall(weights), read_proof(weights)
    is_refused = proof is not None and bool(proof.int8_sentence)
    return not is_refused and recall is not None and recall.is_enough


def require_int8(weights: Weights) -> None:
    """Check that 8-bit weights are here.

    Raises
    ------
    EncoderError
        When they are not.
    """
    if not has_file(weights, "audio_int8"):
        raise EncoderError(
            f"`{weights.card.id}{INT8_ENDING}` is not here. Run `bowerbird models fetch {weights.card.id} --int8`, or "
            "import a folder that has `audio_int8.onnx`."
        )
