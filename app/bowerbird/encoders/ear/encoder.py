"""The built-in encoder (ear): a small audio-text network together with the acoustic encoder."""

import hashlib
import threading
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from bowerbird.base.errors import EncoderError
from bowerbird.base.paths import models_path
from bowerbird.domain.sounds import Samples, Vectors
from bowerbird.encoders.acoustic.encoder import WINDOW_S, AcousticEncoder
from bowerbird.encoders.acoustic.spectrum import RATE_HZ
from bowerbird.encoders.ear.tuning import corrected, read_correction
from bowerbird.encoders.mel import Floats, log_mel
from bowerbird.encoders.onnx.session import Session
from bowerbird.encoders.protocol import TextEncoder
from bowerbird.encoders.weights.cards import LogMel

if TYPE_CHECKING:
    from bowerbird.encoders.ear.words import EarWords

FRONT_END_VERSION: Final = 1
"""Increased whenever the input of the network changes, so that the encoder's id changes too."""

MEL: Final = LogMel(
    n_fft=1024,
    window_frames=1024,
    hop_frames=320,
    n_mels=64,
    f_min_hz=40.0,
    f_max_hz=15_500.0,
    scale="slaney",
    norm="slaney",
    padding="zeros",
)
"""The input of the network: mel bands in 10 ms steps."""

FLOOR_DB: Final = -80.0
"""Levels below this, relative to the loudest band of a window, count as silence."""

TRIM_DB: Final = -60.0
"""A window is trimmed to the steps above this level, relative to the loudest band."""

FEWEST_STEPS: Final = 64
"""Shorter sounds are padded with silence, as in training."""

STEPS_MULTIPLE: Final = 16
"""The number of steps is a multiple of this, so that every layer has whole steps."""

MEL_INPUT: Final = "mel"
ACOUSTIC_INPUT: Final = "acoustic"
OUTPUT: Final = "embedding"

_KIND: Final = "ear"


@dataclass(frozen=True, slots=True)
class EarCard:
    """The card of a trained ear.

    Attributes
    ----------
    name : str
        Name for ``--encoder``.
    network, words : Path
        The audio network, and the vectors of words.
    sha256 : str
        Of the audio network.
    n_learned : int
        Dimensions of the network's output; those of the acoustic encoder follow.
    meaning_weight : float
        Share of the learned part in the similarity of two sounds, in [0, 1].
    correction : Path or None
        Learned from a library (`bowerbird.encoders.ear.tuning`).
    correction_sha256 : str
    """

    name: str
    network: Path
    words: Path
    sha256: str
    n_learned: int
    meaning_weight: float
    correction: Path | None = None
    correction_sha256: str = ""


def read_ear_card(path: Path) -> EarCard:
    """Read the card of an ear, whose files are beside it.

    Raises
    ------
    EncoderError
        When the card is missing, damaged, or of another version.
    """
    try:
        table: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        if table["kind"] != _KIND or table["front_end_version"] != FRONT_END_VERSION:
            raise EncoderError(
                f"{path} belongs to another version. Install Bowerbird again, or train the encoder again."
            )
        card = EarCard(
            name=str(table["name"]),
            network=path.parent / str(table["network"]),
            words=path.parent / str(table["words"]),
            sha256=str(table["sha256"]),
            n_learned=int(table["n_learned"]),
            meaning_weight=float(table["meaning_weight"]),
            correction=path.parent / str(table["correction"]) if "correction" in table else None,
            correction_sha256=str(table.get("correction_sha256", "")),
        )
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, ValueError, TypeError) as error:
        raise EncoderError(
            f"{path} is missing or not a valid card. Install Bowerbird again, or train the encoder again."
        ) from error
    if not 0.0 <= card.meaning_weight <= 1.0 or card.n_learned < 1:
        raise EncoderError(f"{path} has an invalid weight or size. Train the encoder again.")
    return card


class EarEncoder:
    """Combines a small network for meaning with the acoustic encoder for timbre, pitch and more.

    The inputs of the network are mel bands and the acoustic vector. An embedding is the network's output followed by
    the acoustic vector, each scaled by the square root of its weight, so that the cosine of two embeddings is the
    weighted mean of both cosines. Windows are run one at a time, so that an embedding depends on its own window only.
    The network is loaded at the first window, because search does not need it.

    Parameters
    ----------
    card : Path, optional
        Default: the shipped ear.
    acoustic : AcousticEncoder, optional
        Default: the shipped constants.

    Raises
    ------
    EncoderError
        When the card or the acoustic constants are missing or damaged.
    """

    def __init__(self, card: Path | None = None, *, acoustic: AcousticEncoder | None = None) -> None:
        self._card = read_ear_card(models_path() / "ear.toml" if card is None else card)
        self._acoustic = AcousticEncoder() if acoustic is None else acoustic
        n_learned = self._card.n_learned
        blocks = {"meaning": slice(0, n_learned)}
        for name, part in self._acoustic.blocks.items():
            blocks[name] = slice(part.start + n_learned, part.stop + n_learned)
        self._blocks = MappingProxyType(blocks)
        weights = f"{self._card.sha256} {self._card.correction_sha256}"
        facts = f"{FRONT_END_VERSION} {weights} {self._card.meaning_weight!r} {self._acoustic.id}"
        self._id = f"{self._card.name}-{FRONT_END_VERSION}-{hashlib.blake2b(facts.encode(), digest_size=4).hexdigest()}"
        self._session: Session | None = None
        self._words: EarWords | None = None
        self._correction: Floats | None = None
        self._loading = threading.Lock()

    @property
    def id(self) -> str:
        """Changes with the weights, the front ends and the acoustic constants."""
        return self._id

    @property
    def card(self) -> EarCard:
        """The card."""
        return self._card

    @property
    def name(self) -> str:
        """The name for ``--encoder``, without a version."""
        return self._card.name

    @property
    def n_dims(self) -> int:
        """Length of a vector."""
        return self._card.n_learned + self._acoustic.n_dims

    @property
    def rate_hz(self) -> int:
        """Sampling rate that windows must have."""
        return RATE_HZ

    @property
    def window_s(self) -> float:
        """Longest window, in seconds."""
        return WINDOW_S

    @property
    def blocks(self) -> Mapping[str, slice]:
        """Named parts of the vector: meaning first, then the acoustic ones."""
        return self._blocks

    @property
    def meaning_weight(self) -> float:
        """Share of the learned part in the similarity of two sounds."""
        return self._card.meaning_weight

    @property
    def text(self) -> TextEncoder | None:
        """The text encoder; None if the table of words is missing."""
        return self._loaded_words()

    def names_of(self, vectors: Vectors, *, n_names: int) -> list[tuple[tuple[str, float], ...]]:
        """Suggest words for sounds by the learned parts of their embeddings; none if the table of words is missing.

        Parameters
        ----------
        vectors : ndarray, shape (n, n_dims), float32
        n_names : int

        Returns
        -------
        list of tuple of (str, float)
            For each embedding the most likely words, most likely first, each with its probability in [0, 1].
        """
        words = self._loaded_words()
        if words is None:
            return [() for _ in vectors]
        return words.suggest(vectors[:, : self._card.n_learned], n_words=n_names)

    def encode(self, windows: Sequence[Samples]) -> Vectors:
        """Encode windows of any length, unpadded.

        Parameters
        ----------
        windows : sequence of ndarray, each shape (n_frames,), float32
            Mono at `rate_hz`. Values that are not finite count as silence.

        Returns
        -------
        ndarray, shape (n, n_dims), float32
            Rows of unit length, each a function of its own window only.

        Raises
        ------
        EncoderError
            When the network is missing, damaged, or does not match its card.
        """
        vectors = np.zeros((len(windows), self.n_dims), np.float32)
        if not len(windows):
            return vectors
        vectors[:, self._card.n_learned :] = self._acoustic.encode(windows)
        for row, window in zip(vectors, windows, strict=True):
            acoustic = row[self._card.n_learned :]
            row[: self._card.n_learned] = np.float32(np.sqrt(self.meaning_weight)) * self._meaning(window, acoustic)
            acoustic *= np.float32(np.sqrt(1.0 - self.meaning_weight))
        return vectors

    def _meaning(self, window: Samples, acoustic: Floats) -> Floats:
        """Return the output of the network, shape (n_learned,), of unit length."""
        mel = network_input(decibels(window))
        result = self._loaded().run({MEL_INPUT: mel[None, None], ACOUSTIC_INPUT: acoustic[None]})
        if result.shape != (1, self._card.n_learned):
            raise EncoderError(
                f"{self._card.network.name} returns {result.shape[-1] if result.ndim else 0} dimensions; its card says "
                f"{self._card.n_learned}. Install Bowerbird again, or train the encoder again."
            )
        learned: Floats = result[0]
        if self._correction is not None:
            learned = corrected(result, acoustic[None], self._correction)[0]
        norm = float(np.linalg.norm(learned))
        if np.isfinite(norm) and norm > 1e-6:
            return learned / np.float32(norm)
        learned = np.zeros_like(learned)
        learned[0] = 1.0
        return learned

    def _loaded(self) -> Session:
        with self._loading:
            if self._session is None:
                path = self._card.network
                if not path.is_file():
                    raise EncoderError(f"{path} is missing. Install Bowerbird again, or train the encoder again.")
                if hashlib.sha256(path.read_bytes()).hexdigest() != self._card.sha256:
                    raise EncoderError(
                        f"{path} is damaged: its sha256 differs. Install Bowerbird again, or train the encoder again."
                    )
                if self._card.correction is not None:
                    self._correction = read_correction(
                        self._card.correction, n_learned=self._card.n_learned, n_acoustic=self._acoustic.n_dims
                    )
                self._session = Session(path, provider="cpu", inputs=[MEL_INPUT, ACOUSTIC_INPUT], output=OUTPUT)
            return self._session

    def _loaded_words(self) -> "EarWords | None":
        from bowerbird.encoders.ear.words import EarWords  # noqa: PLC0415 - not needed for indexing

        with self._loading:
            if self._words is None and self._card.words.is_file():
                self._words = EarWords(self._card.words, meaning_weight=self.meaning_weight, acoustic=self._acoustic)
            return self._words


def decibels(window: Samples) -> Floats:
    """Return the mel bands of a window in dB relative to the loudest, without leading and trailing silence.

    Parameters
    ----------
    window : ndarray, shape (n_frames,), float32
        Mono at 32 kHz. Values that are not finite count as silence.

    Returns
    -------
    ndarray, shape (n_steps, 64), float32
        In [`FLOOR_DB`, 0], at least one step. Silence is `FLOOR_DB` throughout.
    """
    is_finite = np.isfinite(window)
    samples: Samples = window if is_finite.all() else np.where(is_finite, window, np.float32(0.0))
    peak = np.float32(np.abs(samples).max(initial=0.0))
    if not len(samples) or peak < np.float32(1e-12):
        return np.full((1, MEL.n_mels), FLOOR_DB, np.float32)
    level: Samples = np.asarray(samples / peak, np.float32)
    mel = log_mel(level, MEL, RATE_HZ)
    mel -= mel.max()
    sounding = np.flatnonzero(mel.max(axis=1) >= TRIM_DB)
    return np.maximum(mel[sounding[0] : sounding[-1] + 1], np.float32(FLOOR_DB))


def network_input(mel_db: Floats) -> Floats:
    """Return mel bands as the input of the network: padded with silence and scaled.

    Parameters
    ----------
    mel_db : ndarray, shape (n_steps, 64), float32
        From `decibels`.

    Returns
    -------
    ndarray, shape (n_more_steps, 64), float32
        A multiple of `STEPS_MULTIPLE` steps, at least `FEWEST_STEPS`.
    """
    n_steps = max(FEWEST_STEPS, -(-len(mel_db) // STEPS_MULTIPLE) * STEPS_MULTIPLE)
    padded = np.full((n_steps, mel_db.shape[1]), FLOOR_DB, np.float32)
    padded[: len(mel_db)] = mel_db
    return scaled(padded)


def scaled(mel_db: Floats) -> Floats:
    """Convert dB to the network's scale: silence is -2, the loudest band 2."""
    return (mel_db - np.float32(FLOOR_DB / 2.0)) / np.float32(20.0)
