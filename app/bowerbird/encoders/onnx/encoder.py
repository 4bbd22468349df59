"""Encoders that come as weights: any audio network, and the text network beside it where there is one."""

import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from bowerbird.base.errors import EncoderError, UnheardError
from bowerbird.domain.sounds import Samples, Vectors
from bowerbird.encoders.onnx.frontend import FRONT_END_VERSION, patches
from bowerbird.encoders.onnx.session import Session, require_provider
from bowerbird.encoders.onnx.text import OnnxTextEncoder
from bowerbird.encoders.weights.cards import INT8_ENDING, AudioTower, Role, audio_identity
from bowerbird.encoders.weights.store import Weights, checked_file, has_file

_POOLS: Final[Mapping[str, Callable[..., Any]]] = {"mean": np.mean, "median": np.median, "max": np.max}


class OnnxEncoder:
    """Encodes by a network in ONNX, as its card describes.

    Nothing is loaded until the first window: whoever only searches needs no audio network. Windows are run one at
    a time, so a vector depends on its own window alone; batches gain no speed here and cost memory.

    Parameters
    ----------
    weights : Weights
    is_int8 : bool
        Whether to use the 8-bit audio network: faster, its vectors are others.
    provider : str
        What computes: cpu, cuda, coreml or directml.

    Raises
    ------
    EncoderError
        When the weights lack the network, or the provider is not installed.
    """

    def __init__(self, weights: Weights, *, is_int8: bool = False, provider: str = "cpu") -> None:
        card = weights.card
        role: Role = "audio_int8" if is_int8 else "audio"
        if not has_file(weights, role):
            what = "8-bit weights" if is_int8 else "audio network"
            raise EncoderError(f"`{card.id}` has no {what} here. Fetch or import it again with them.")
        if provider != "cpu":
            require_provider(provider)
        self._weights = weights
        self._role: Role = role
        self._provider = provider
        self._tower = card.audio
        short_name = card.id + (INT8_ENDING if is_int8 else "")
        place = f"@{provider}" if provider != "cpu" else ""
        self._name = short_name + place
        self._id = f"{short_name}-{audio_digest(card.files[role].sha256, card.audio)}{place}"
        self._text = OnnxTextEncoder(weights, n_dims=card.audio.n_dims) if card.text else None
        self._session: Session | None = None
        self._loading = threading.Lock()

    @property
    def id(self) -> str:
        """Name that changes with the weights, the front end and what computes; `cards.is_id_of` knows its form."""
        return self._id

    @property
    def name(self) -> str:
        """The card's id, with what was chosen beside it."""
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
        """No parts: what a dimension says nobody knows."""
        return MappingProxyType({})

    @property
    def text(self) -> OnnxTextEncoder | None:
        """The text network, where the card has one."""
        return self._text

    def encode(self, windows: Sequence[Samples]) -> Vectors:
        """Encode windows, each of its own true length, unpadded.

        Parameters
        ----------
        windows : sequence of ndarray, each shape (n_frames,), float32

        Returns
        -------
        ndarray, shape (n, n_dims), float32
            Rows of unit length, each a function of its own window alone.

        Raises
        ------
        EncoderError
            When the weights are missing, damaged, not what their card says, or give no numbers.
        """
        vectors = np.zeros((len(windows), self.n_dims), np.float32)
        for row, window in enumerate(windows):
            pooled = _POOLS[self._tower.pooling](list(self._frames(window)), axis=0)
            vectors[row] = unit(np.asarray(pooled, np.float32))
        return vectors

    def _frames(self, window: Samples) -> Iterator[npt.NDArray[np.float32]]:
        """Yield what the network says of each patch, or of each frame of it, shape (n_dims,)."""
        session = self._loaded()
        for patch in patches(window, self._tower):
            result = session.run({self._tower.input: patch})
            if not result.size or result.shape[-1:] != (self.n_dims,):
                raise EncoderError(
                    f"The audio network of `{self._weights.card.id}` gives {result.shape[-1] if result.ndim else 0} "
                    f"dimensions where its card says {self.n_dims}. Mend the card, or import the weights that "
                    "belong to it."
                )
            if not np.isfinite(result).all():
                card_id = self._weights.card.id
                raise UnheardError(
                    f"The audio network of `{card_id}` gives something else than numbers. "
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
    """Scale a vector of numbers to unit length; one of zeros points along its first axis."""
    precise = vector.astype(np.float64)  # the squares of small or large numbers are beyond single precision
    norm = float(np.linalg.norm(precise))
    if norm:
        return np.asarray(precise / norm, np.float32)
    first = np.zeros_like(vector)
    first[0] = 1.0
    return first


def audio_digest(sha256: str, tower: AudioTower) -> str:
    """Return the eight digits in an encoder's id that change with its weights, its card and the front end."""
    facts = f"{FRONT_END_VERSION} {sha256} {audio_identity(tower)}"
    return hashlib.blake2b(facts.encode(), digest_size=4).hexdigest()
