"""The self-check of weights: they prove that they hear, and that their words mean something, before first use.

Weights come from many places and through many converters. A wrong filterbank or a collapsed text network gives
vectors that look like any others and find nothing, so figures are taken instead of trust.
"""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from bowerbird.base.errors import EncoderError
from bowerbird.base.files import write_whole
from bowerbird.domain.sounds import Samples, Vectors
from bowerbird.encoders.protocol import Encoder, TextEncoder
from bowerbird.encoders.weights.cards import Card, Role, audio_identity, text_identity
from bowerbird.encoders.weights.store import Weights, cannot, has_file, used_roles

logger = logging.getLogger(__name__)

PROOF_NAME: Final = "proof.json"

MIN_SAME_COSINE: Final = 0.9999
MAX_TEXT_COSINE: Final = 0.9
MIN_RANKING: Final = 0.65
MIN_DIFFERENCE: Final = 1e-6
"""Of some number of two vectors."""

MIN_INT8_COSINE: Final = 0.9
"""Mean over the demo sounds, between embeddings by 8-bit weights and in full precision.

With sums that overflow, the tiny network gives 0.4 to 0.6; without, 0.99. What lies between is for `library.recall` to
judge, on the user's own sounds.
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
"""Unrelated texts, and the kinds of demo sounds that each means: their folders' names."""

_VERSION: Final = 1
"""Of the check: with another, proofs are asked for again."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What the self-check found.

    Attributes
    ----------
    same_cosine : float
        The same audio twice, alone and in company.
    text_cosine : float or None
        The closest two of the unrelated texts; None where words are not encoded, or mean nothing.
    ranking : float or None
        How well five texts find their demo sounds: the mean area under their ROC curves, 0.5 for guessing, 1 for
        perfection.
    sentence : str
        What failed, with a remedy; "" for nothing.
    int8_cosine, int8_text_cosine : float or None
        Mean cosine between embeddings by 8-bit weights and in full precision; None where either is missing.
    int8_sentence : str
        Why the 8-bit weights are not used, with a remedy; "" for nothing.
    """

    same_cosine: float
    text_cosine: float | None = None
    ranking: float | None = None
    sentence: str = ""
    int8_cosine: float | None = None
    int8_text_cosine: float | None = None
    int8_sentence: str = ""

    @property
    def is_good(self) -> bool:
        """Whether the weights may be used."""
        return not self.sentence


def prove(
    encoder: Encoder,
    card: Card,
    sounds: Sequence[tuple[str, Samples]],
    *,
    progress: Callable[[int, int], bool] = lambda _done, _total: True,
) -> Proof | None:
    """Check an encoder on demo sounds.

    Parameters
    ----------
    encoder : Encoder
    card : Card
        Of untrained weights, meaning is not asked for.
    sounds : sequence of (str, ndarray of shape (n_frames,))
        Kind, and a window at the encoder's rate.
    progress : callable
        Told sounds done and in all; False ends the check.

    Returns
    -------
    Proof or None
        None when it was ended.

    Raises
    ------
    EncoderError
        When the weights cannot be loaded or run.
    """
    rows: list[Vectors] = []
    for number, (_, window) in enumerate(sounds):
        if not progress(number, len(sounds)):
            return None
        rows.append(encoder.encode([window]))
    vectors = np.concatenate(rows)
    if sentence := _fault_of(vectors, card, n_rows=len(sounds)):
        return Proof(0.0, sentence=sentence)
    company = encoder.encode([sounds[-1][1], sounds[0][1]])
    same_cosine = float(vectors[0] @ company[1])
    if not same_cosine > MIN_SAME_COSINE:
        return Proof(
            same_cosine,
            sentence=f"The same sound twice gave two vectors (cosine {same_cosine:.4f}). {_remedy(card)}",
        )
    if encoder.text is None or not card.is_trained:
        return Proof(same_cosine)
    return _prove_words(encoder.text, card, [kind for kind, _ in sounds], vectors, same_cosine)


def compare_int8(
    proof: Proof,
    card: Card,
    sounds: tuple[Vectors, Vectors] | None,
    texts: tuple[Vectors, Vectors] | None,
) -> Proof:
    """Compare 8-bit weights with those in full precision.

    Parameters
    ----------
    proof : Proof
        Of the weights in full precision.
    card : Card
    sounds, texts : tuple of two ndarray, each shape (n, n_dims), or None
        Unit embeddings in full precision and by 8-bit weights; None where there are no 8-bit weights.

    Returns
    -------
    Proof
        The same, with the cosines and, where one is too low, the sentence that says so.
    """
    cosines = [None if pair is None else float(np.mean((pair[0] * pair[1]).sum(axis=1))) for pair in (sounds, texts)]
    sentence = ""
    for cosine, lowest, network in zip(
        cosines, (MIN_INT8_COSINE, MIN_INT8_TEXT_COSINE), ("audio", "text"), strict=True
    ):
        if cosine is not None and not cosine >= lowest:
            sentence = sentence or (
                f"The 8-bit {network} network of `{card.id}` disagrees with the one in full precision (mean cosine "
                f"{cosine:.2f}, at least {lowest} is needed). The 8-bit weights are not used. Fetch or import them "
                "again, or use the full weights."
            )
    return replace(proof, int8_cosine=cosines[0], int8_text_cosine=cosines[1], int8_sentence=sentence)


def _fault_of(vectors: npt.NDArray[np.float32], card: Card, *, n_rows: int) -> str:
    """Say what is wrong with the form of vectors; "" for nothing."""
    if vectors.shape != (n_rows, card.audio.n_dims):
        return f"The vectors have {vectors.shape[-1]} dimensions, the card says {card.audio.n_dims}. {_remedy(card)}"
    if not np.isfinite(vectors).all():
        return f"Some vectors hold no numbers. {_remedy(card)}"
    if np.abs(np.linalg.norm(vectors, axis=1) - 1).max() > 1e-3:
        return f"Some vectors are not of unit length. {_remedy(card)}"
    if np.abs(vectors - vectors[0]).max() < MIN_DIFFERENCE:  # also what an encoder makes of a network's nonsense
        return f"Whatever goes in, the same vector comes out. {_remedy(card)}"
    return ""


def _prove_words(text: TextEncoder, card: Card, kinds: Sequence[str], vectors: Vectors, same_cosine: float) -> Proof:
    words = text.encode(list(TEXTS))
    if sentence := _fault_of(words, card, n_rows=len(TEXTS)):
        return Proof(same_cosine, sentence=f"Of texts: {sentence}")
    cosines = words @ words.T
    text_cosine = float(cosines[~np.eye(len(words), dtype=np.bool_)].max())
    areas = []
    for vector, own in zip(words, TEXTS.values(), strict=True):
        areas.append(roc_area(vectors @ vector, np.array([kind in own for kind in kinds])))
    ranking = float(np.mean(areas))
    sentence = ""
    if not text_cosine < MAX_TEXT_COSINE:
        sentence = f"Texts that have nothing in common are all but the same (cosine {text_cosine:.2f}). {_remedy(card)}"
    elif not ranking >= MIN_RANKING:
        sentence = f"Five texts find their demo sounds hardly better than chance ({ranking:.2f}). {_remedy(card)}"
    return Proof(same_cosine, text_cosine, ranking, sentence)


def _remedy(card: Card) -> str:
    way = "Fetch them anew" if card.source.kind == "hub" else "Export and import them anew"
    return f"These weights of `{card.id}` are not used. {way}, or choose another encoder."


def roc_area(scores: npt.NDArray[np.float32], is_own: npt.NDArray[np.bool_]) -> float:
    """Return the probability that one's own scores higher than another's; ties count half.

    Parameters
    ----------
    scores, is_own : ndarray, shape (n,)
        With at least one of either.
    """
    own, others = scores[is_own], scores[~is_own]
    if not len(own) or not len(others):
        raise ValueError("there must be sounds of both sorts")
    higher = (own[:, None] > others).mean()
    level = (own[:, None] == others).mean()
    return float(higher + level / 2)


# Beside the weights


def write_proof(weights: Weights, proof: Proof) -> None:
    """Keep a proof beside the weights it is of.

    Raises
    ------
    EncoderError
        When the disk refuses.
    """
    path = weights.folder / PROOF_NAME
    stored = asdict(proof) | _stamp(weights) | {"int8_files": _int8_hashes(weights)}
    try:
        write_whole(path, json.dumps(stored, indent=2) + "\n")
    except OSError as error:
        raise cannot("write", path, error) from error


def read_proof(weights: Weights) -> Proof | None:
    """Return the proof of just these weights under just this card; None where there is none."""
    stored = _read(weights.folder / PROOF_NAME)
    if {key: stored.get(key) for key in ("version", "files", "towers")} != _stamp(weights):
        return None
    numbers = [stored.get(key) for key in ("same_cosine", "text_cosine", "ranking")]
    sentence = stored.get("sentence")
    if not isinstance(numbers[0], float) or not isinstance(sentence, str):
        return None
    if not all(number is None or isinstance(number, float) for number in numbers):
        return None
    proof = Proof(numbers[0], numbers[1], numbers[2], sentence)
    return proof if stored.get("int8_files") != _int8_hashes(weights) else _with_int8(proof, stored)


def _with_int8(proof: Proof, stored: Mapping[str, Any]) -> Proof:
    """Add what the comparison of 8-bit weights found; proofs of earlier versions have none."""
    numbers = [stored.get(key) for key in ("int8_cosine", "int8_text_cosine")]
    sentence = stored.get("int8_sentence")
    if not isinstance(sentence, str) or not all(number is None or isinstance(number, float) for number in numbers):
        return proof
    return replace(proof, int8_cosine=numbers[0], int8_text_cosine=numbers[1], int8_sentence=sentence)


def require_proof(weights: Weights, *, is_int8: bool = False) -> None:
    """Check that weights passed the self-check.

    Parameters
    ----------
    weights : Weights
    is_int8 : bool
        Whether the 8-bit weights are meant, which must also agree with those in full precision.

    Raises
    ------
    EncoderError
        When they did not, or were never checked.
    """
    proof = read_proof(weights)
    if proof is None:
        raise EncoderError(
            f"The weights of `{weights.card.id}` were not checked yet. Run `bowerbird models verify {weights.card.id}`."
        )
    if not proof.is_good:
        raise EncoderError(proof.sentence)
    if is_int8 and proof.int8_sentence:
        raise EncoderError(proof.int8_sentence)


def hashes(weights: Weights, roles: Sequence[Role]) -> dict[str, str]:
    """Return the recorded sha256 of files, by role."""
    return {role: weights.card.files[role].sha256 for role in roles}


def _stamp(weights: Weights) -> dict[str, Any]:
    """Return what a proof is good for."""
    card = weights.card
    towers = f"{audio_identity(card.audio)} {text_identity(card.text)} {card.is_trained!r}"
    return {"version": _VERSION, "files": hashes(weights, used_roles(weights)), "towers": towers}


def _int8_hashes(weights: Weights) -> dict[str, str]:
    """Return what a comparison of 8-bit weights is good for."""
    roles: tuple[Role, ...] = ("audio_int8", "text_int8")
    return hashes(weights, [role for role in roles if has_file(weights, role)])


def _read(path: Path) -> dict[str, Any]:
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return stored if isinstance(stored, dict) else {}
