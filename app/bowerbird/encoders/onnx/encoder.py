"""Encoders whose weights are ONNX files: an audio network, and a text network if the card has one."""

import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from bowerbird.base.errors import EncoderError, NotEmbeddableError
from bowerbird.domain.sounds import Samples, Vectors
from bowerbird.encoders.onnx.frontend import FRONT_END_VERSION, patches
from bowerbird.encoders.onnx.session import Session, require_provider
from bowerbird.encoders.onnx.text import OnnxTextEncoder
from bowerbird.encoders.weights.cards import INT8_ENDING, AudioTower, Role, audio_identity
from bowerbird.encoders.weights.store import Weights, checked_file, has_file

_POOLS: Final[Mapping[str, Callable[..., Any]]] = {"mean": np.mean, "median": np.median, "max": np.max}


class OnnxEncoder:
    """Encodes with an ONNX network, as described by its card.

    The network is loaded at the first window, because search does not need it. Windows are run one at a time, so that
    a vector depends on its own window only; batches are no faster here and use more memory.

    Parameters
    ----------
    weights : Weights
    is_int8 : bool
        Whether to use the faster 8-bit audio network, whose vectors differ.
    provider : str
        Device: cpu, cuda, coreml or directml.

    Raises
    ------
    EncoderError
        When the weights lack the network, or the provider is not installed.
    """

    def __init__(self, weights: Weights, *, is_int8: bool = False, provider: str = "cpu") -> None:
        card = weights.card
        role: Role = "audio_int8" if is_int8 else "audio"
        if not has_file(weights, role):
            part = "8-bit weights" if is_int8 else "audio network"
            raise EncoderError(f"{card.id} is installed without its {part}. Download or import it again.")
        if provider != "cpu":
            require_provider(provider)
        self._weights = weights
        self._role: Role = role
        self._provider = provider
        self._tower = card.audio
        short_name = card.id + (INT8_ENDING if is_int8 else "")
        device = f"@{provider}" if provider != "cpu" else ""
        self._name = short_name + device
        self._id = f"{short_name}-{audio_digest(card.files[role].sha256, card.audio)}{device}"
        self._text = OnnxTextEncoder(weights, n_dims=card.audio.n_dims) if card.text else None
        self._session: Session | None = None
        self._loading = threading.Lock()

    @property
    def id(self) -> str:
        """Changes with the weights, the front end and the device; `cards.is_id_of` parses it."""
        return self._id

    @property
    def name(self) -> str:
        """The card's id, with the suffixes for 8-bit weights and the device."""
        return self._name

    @property
    def n_dims(self) -> int:
        """Length of a vector."""
        return self._tower.n_dims

    @property
    def rate_hz(self) -> int:
        """Sampling rate that windows must have."""
        return self._tower.rate_hz

    @property
    def window_s(self) -> float:
        """Longest window, in seconds."""
        return self._tower.window_s

    @property
    def blocks(self) -> Mapping[str, slice]:
        """Empty: the dimensions have no known meaning."""
        return MappingProxyType({})

    @property
    def text(self) -> OnnxTextEncoder | None:
        """The text network, if the card has one."""
        return self._text

    def encode(self, windows: Sequence[Samples]) -> Vectors:
        """Encode windows of any length, unpadded.

        Parameters
        ----------
        windows : sequence of ndarray, each shape (n_frames,), float32

        Returns
        -------
        ndarray, shape (n, n_dims), float32
            Rows of unit length, each a function of its own window only.

        Raises
        ------
        EncoderError
            When the weights are missing, damaged, not as in their card, or return invalid values.
        """
        vectors = np.zeros((len(windows), self.n_dims), np.float32)
        for row, window in enumerate(windows):
            pooled = _POOLS[self._tower.pooling](list(self._frames(window)), axis=0)
            vectors[row] = unit(np.asarray(pooled, np.float32))
        return vectors

    def _frames(self, window: Samples) -> Iterator[npt.NDArray[np.float32]]:
        """Yield the network's output for each patch, or for each frame of a patch, shape (n_dims,)."""
        session = self._loaded()
        for patch in patches(window, self._tower):
            result = session.run({self._tower.input: patch})
            if not result.size or result.shape[-1:] != (self.n_dims,):
                raise EncoderError(
                    f"The audio network of {self._weights.card.id} returns {result.shape[-1] if result.ndim else 0} "
                    f"dimensions; its card says {self.n_dims}. Correct the card, or import the matching weights."
                )
            if not np.isfinite(result).all():
                card_id = self._weights.card.id
                raise NotEmbeddableError(
                    f"The audio network of {card_id} returned invalid values for this sound. "
                    f"Run `bowerbird models verify {card_id}`, or choose another encoder."
                )
            yield from result.reshape(-1, self.n_dims)

    def _loaded(self) -> Session:
        with self._loading:
            if self._session is None:
                path = checked_file(self._weights, self._role)
                self._session = Session(
                    path, provider=self._provider, inputs=[self._tower.input], output=self._tower.output
                )
            return self._session


def unit(vector: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Scale a vector to unit length; a zero vector becomes the first unit vector."""
    precise = vector.astype(np.float64)  # squares of very small or large values exceed single precision
    norm = float(np.linalg.norm(precise))
    if norm:
        return np.asarray(precise / norm, np.float32)
    first = np.zeros_like(vector)
    first[0] = 1.0
    return first


def audio_digest(sha256: str, tower: AudioTower) -> str:
    """Return the eight hexadecimal digits of an encoder's id: a hash of weights, card and front end."""
    facts = f"{FRONT_END_VERSION} {sha256} {audio_identity(tower)}"
    return hashlib.blake2b(facts.encode(), digest_size=4).hexdigest()
