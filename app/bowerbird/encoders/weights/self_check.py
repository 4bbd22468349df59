"""The self-check of weights before first use: audio and text embeddings are measured on the demo sounds.

Weights have many sources and converters. A wrong filterbank or a collapsed text network gives embeddings that look
valid and find nothing.
"""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from bowerbird.base.errors import EncoderError
from bowerbird.base.files import write_atomic
from bowerbird.domain.sounds import Samples, Vectors
from bowerbird.encoders.protocol import Encoder, TextEncoder
from bowerbird.encoders.weights.cards import Card, Role, audio_identity, text_identity
from bowerbird.encoders.weights.store import Weights, disk_error, has_file, used_roles
from bowerbird.jobs.control import Control
from bowerbird.jobs.progress import Progress, Report, ignore

logger = logging.getLogger(__name__)

SELF_CHECK_NAME: Final = "proof.json"

MIN_SAME_COSINE: Final = 0.9999
MAX_TEXT_COSINE: Final = 0.9
MIN_RANKING: Final = 0.65
MIN_DIFFERENCE: Final = 1e-6
"""Smallest difference between embeddings of different sounds, in at least one dimension."""

MIN_INT8_COSINE: Final = 0.9
"""Mean over the demo sounds, between embeddings by 8-bit weights and in full precision.

With sums that overflow, the tiny network gives 0.4 to 0.6; without, 0.99. Values in between
are left to `library.encoders.recall`, which measures on the user's own sounds.
"""

MIN_INT8_TEXT_COSINE: Final = 0.97
"""The same over the texts: 0.87 to 0.94 with sums that overflow, 0.996 without."""

TEXTS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "a drum hit": frozenset({"Kick", "Snare", "Clap", "Hat"}),
        "rain falling": frozenset({"Rain"}),
        "a bell ringing": frozenset({"Bell"}),
        "a car engine running": frozenset({"Engine"}),
        "birds chirping": frozenset({"Chirp"}),
    }
)
"""Unrelated texts, and the kinds of demo sounds that each describes (names of their folders)."""

_VERSION: Final = 1
"""Results of another version are ignored, so the check runs again."""


@dataclass(frozen=True, slots=True)
class SelfCheck:
    """The result of the self-check.

    Attributes
    ----------
    same_cosine : float
        Of the same audio, embedded alone and in a batch.
    text_cosine : float or None
        Of the two most similar unrelated texts; None without text, or for untrained weights.
    ranking : float or None
        How well five texts find their demo sounds: the mean area under their ROC curves, 0.5 at chance level, 1 at
        best.
    sentence : str
        What failed, with a remedy; "" when the weights passed (as stored).
    int8_cosine, int8_text_cosine : float or None
        Mean cosine between embeddings by 8-bit weights and in full precision; None when either is missing.
    int8_sentence : str
        Why the 8-bit weights are not used, with a remedy; "" when they passed (as stored).
    """

    same_cosine: float
    text_cosine: float | None = None
    ranking: float | None = None
    sentence: str = ""
    int8_cosine: float | None = None
    int8_text_cosine: float | None = None
    int8_sentence: str = ""

    @property
    def has_passed(self) -> bool:
        """Whether the weights may be used."""
        return not self.sentence


def run_self_check(
    encoder: Encoder,
    card: Card,
    sounds: Sequence[tuple[str, Samples]],
    *,
    control: Control,
    report: Report = ignore,
    activity: str = "Checking",
) -> SelfCheck:
    """Check an encoder on demo sounds.

    Parameters
    ----------
    encoder : Encoder
    card : Card
        Untrained weights are not checked for meaning.
    sounds : sequence of (str, ndarray of shape (n_frames,))
        Kind, and a window at the encoder's rate.
    control : Control
        Checked between sounds.
    report : callable
        Receives progress in sounds.
    activity : str
        Of the progress.

    Raises
    ------
    EncoderError
        When the weights cannot be loaded or run.
    Cancelled
    """
    rows: list[Vectors] = []
    for number, (_, window) in enumerate(sounds):
        report(Progress(activity, number, len(sounds), "sounds"))
        control.check()
        rows.append(encoder.encode([window]))
    vectors = np.concatenate(rows)
    if sentence := _fault_of(vectors, card, n_rows=len(sounds)):
        return SelfCheck(0.0, sentence=sentence)
    batch = encoder.encode([sounds[-1][1], sounds[0][1]])
    same_cosine = float(vectors[0] @ batch[1])
    if not same_cosine > MIN_SAME_COSINE:
        return SelfCheck(
            same_cosine,
            sentence=f"The same sound gave two different embeddings (cosine {same_cosine:.4f}). {_remedy(card)}",
        )
    if encoder.text is None or not card.is_trained:
        return SelfCheck(same_cosine)
    return _check_texts(encoder.text, card, [kind for kind, _ in sounds], vectors, same_cosine)


def compare_int8(
    check: SelfCheck,
    card: Card,
    sounds: tuple[Vectors, Vectors] | None,
    texts: tuple[Vectors, Vectors] | None,
) -> SelfCheck:
    """Compare 8-bit weights with those in full precision.

    Parameters
    ----------
    check : SelfCheck
        Of the weights in full precision.
    card : Card
    sounds, texts : tuple of two ndarray, each shape (n, n_dims), or None
        Unit embeddings in full precision and with 8-bit weights; None without 8-bit weights.

    Returns
    -------
    SelfCheck
        With the cosines and, if one is too low, the sentence.
    """
    cosines = [None if pair is None else float(np.mean((pair[0] * pair[1]).sum(axis=1))) for pair in (sounds, texts)]
    sentence = ""
    for cosine, lowest, network in zip(
        cosines, (MIN_INT8_COSINE, MIN_INT8_TEXT_COSINE), ("audio", "text"), strict=True
    ):
        if cosine is not None and not cosine >= lowest:
            sentence = sentence or (
                f"The 8-bit {network} network of {card.id} differs from the full-precision network (mean cosine "
                f"{cosine:.2f}; at least {lowest} is needed). The 8-bit weights are not used. Download or import them "
                "again, or use the full-precision weights."
            )
    return replace(check, int8_cosine=cosines[0], int8_text_cosine=cosines[1], int8_sentence=sentence)


def _fault_of(vectors: npt.NDArray[np.float32], card: Card, *, n_rows: int) -> str | None:
    """Return what is wrong with the shape or values of embeddings; None when they are valid."""
    if vectors.shape != (n_rows, card.audio.n_dims):
        return f"Embeddings have {vectors.shape[-1]} dimensions; the card says {card.audio.n_dims}. {_remedy(card)}"
    if not np.isfinite(vectors).all():
        return f"Some embeddings contain values that are not numbers. {_remedy(card)}"
    if np.abs(np.linalg.norm(vectors, axis=1) - 1).max() > 1e-3:
        return f"Some embeddings do not have unit length. {_remedy(card)}"
    if (
        np.abs(vectors - vectors[0]).max() < MIN_DIFFERENCE
    ):  # the encoder also returns a constant for invalid network output
        return f"All embeddings are the same. {_remedy(card)}"
    return None


def _check_texts(
    text: TextEncoder, card: Card, kinds: Sequence[str], vectors: Vectors, same_cosine: float
) -> SelfCheck:
    words = text.encode(list(TEXTS))
    if sentence := _fault_of(words, card, n_rows=len(TEXTS)):
        return SelfCheck(same_cosine, sentence=f"Text embeddings: {sentence}")
    cosines = words @ words.T
    text_cosine = float(cosines[~np.eye(len(words), dtype=np.bool_)].max())
    areas = []
    for vector, own in zip(words, TEXTS.values(), strict=True):
        areas.append(roc_area(vectors @ vector, np.array([kind in own for kind in kinds])))
    ranking = float(np.mean(areas))
    sentence = ""
    if not text_cosine < MAX_TEXT_COSINE:
        sentence = f"Unrelated texts have nearly the same embedding (cosine {text_cosine:.2f}). {_remedy(card)}"
    elif not ranking >= MIN_RANKING:
        sentence = f"Texts find the demo sounds barely better than chance ({ranking:.2f}). {_remedy(card)}"
    return SelfCheck(same_cosine, text_cosine, ranking, sentence)


def _remedy(card: Card) -> str:
    action = "Download them again" if card.source.can_be_fetched else "Export and import them again"
    return f"These weights of {card.id} are not used. {action}, or choose another encoder."


def roc_area(scores: npt.NDArray[np.float32], is_relevant: npt.NDArray[np.bool_]) -> float:
    """Return the area under the ROC curve: the probability that a relevant sound scores higher; ties count half.

    Parameters
    ----------
    scores, is_relevant : ndarray, shape (n,)
        At least one relevant and one irrelevant sound.
    """
    relevant, others = scores[is_relevant], scores[~is_relevant]
    if not len(relevant) or not len(others):
        raise ValueError("there must be relevant and irrelevant sounds")
    higher = (relevant[:, None] > others).mean()
    equal = (relevant[:, None] == others).mean()
    return float(higher + equal / 2)


# The file beside the weights


def write_self_check(weights: Weights, check: SelfCheck) -> None:
    """Store the result of a check beside the weights.

    Raises
    ------
    EncoderError
        When it cannot be written.
    """
    path = weights.folder / SELF_CHECK_NAME
    stored = asdict(check) | _stamp(weights) | {"int8_files": _int8_hashes(weights)}
    try:
        write_atomic(path, json.dumps(stored, indent=2) + "\n")
    except OSError as error:
        raise disk_error("write", path, error) from error


def read_self_check(weights: Weights) -> SelfCheck | None:
    """Return the stored result for exactly these weights and this card; None if there is none."""
    stored = _read(weights.folder / SELF_CHECK_NAME)
    if {key: stored.get(key) for key in ("version", "files", "towers")} != _stamp(weights):
        return None
    numbers = [stored.get(key) for key in ("same_cosine", "text_cosine", "ranking")]
    sentence = stored.get("sentence")
    if not isinstance(numbers[0], float) or not isinstance(sentence, str):
        return None
    if not all(number is None or isinstance(number, float) for number in numbers):
        return None
    check = SelfCheck(numbers[0], numbers[1], numbers[2], sentence)
    return check if stored.get("int8_files") != _int8_hashes(weights) else _with_int8(check, stored)


def _with_int8(check: SelfCheck, stored: Mapping[str, Any]) -> SelfCheck:
    """Add the comparison of 8-bit weights, which earlier versions did not store."""
    numbers = [stored.get(key) for key in ("int8_cosine", "int8_text_cosine")]
    sentence = stored.get("int8_sentence")
    if not isinstance(sentence, str) or not all(number is None or isinstance(number, float) for number in numbers):
        return check
    return replace(check, int8_cosine=numbers[0], int8_text_cosine=numbers[1], int8_sentence=sentence)


def require_self_check(weights: Weights, *, is_int8: bool = False) -> None:
    """Check that weights passed their self-check.

    Parameters
    ----------
    weights : Weights
    is_int8 : bool
        Whether to use the 8-bit weights, which must also agree with those in full precision.

    Raises
    ------
    EncoderError
        When they failed, or were never checked.
    """
    check = read_self_check(weights)
    if check is None:
        raise EncoderError(
            f"The weights of {weights.card.id} have not been checked. Run `bowerbird models verify {weights.card.id}`."
        )
    if not check.has_passed:
        raise EncoderError(check.sentence)
    if is_int8 and check.int8_sentence:
        raise EncoderError(check.int8_sentence)


def hashes(weights: Weights, roles: Sequence[Role]) -> dict[str, str]:
    """Return the recorded sha256 of files, by role."""
    return {role: weights.card.files[role].sha256 for role in roles}


def _stamp(weights: Weights) -> dict[str, Any]:
    """Return what the result of a check depends on."""
    card = weights.card
    towers = f"{audio_identity(card.audio)} {text_identity(card.text)} {card.is_trained!r}"
    return {"version": _VERSION, "files": hashes(weights, used_roles(weights)), "towers": towers}


def _int8_hashes(weights: Weights) -> dict[str, str]:
    """Return what the comparison of 8-bit weights depends on."""
    roles: tuple[Role, ...] = ("audio_int8", "text_int8")
    return hashes(weights, [role for role in roles if has_file(weights, role)])


def _read(path: Path) -> dict[str, Any]:
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return stored if isinstance(stored, dict) else {}
