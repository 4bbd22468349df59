"""The text network of an ONNX encoder."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from bowerbird.base.errors import EncoderError
from bowerbird.domain.sounds import Vectors
from bowerbird.encoders.onnx.session import Session
from bowerbird.encoders.weights.cards import FILE_NAMES, Role, TextTower
from bowerbird.encoders.weights.store import Weights, checked_file, has_file

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_N_THREADS: Final = 2
"""A query reads 340 MB of weights: two threads take 18 ms for 12 tokens, one takes 30 ms."""

_N_KEPT: Final = 512
"""Size of the cache of text vectors: a query runs again with every filter and every new sound."""


class OnnxTextEncoder:
    """Encodes texts with an ONNX network, which is loaded at the first text. Thread-safe.

    Parameters
    ----------
    weights : Weights
        Their card has a text network.
    n_dims : int
        Length of an embedding.
    is_int8 : bool
        Whether to use the 8-bit network even if there is one in full precision; otherwise only without one.
    """

    def __init__(self, weights: Weights, *, n_dims: int, is_int8: bool = False) -> None:
        if weights.card.text is None:
            raise ValueError("the card has no text network")
        self._weights = weights
        self._role: Role = "text_int8" if is_int8 or not has_file(weights, "text") else "text"
        self._tower: TextTower = weights.card.text
        self._n_dims = n_dims
        self._kept: OrderedDict[str, npt.NDArray[np.float32]] = OrderedDict()
        self._loaded: tuple[Tokenizer, Session] | None = None
        self._lock = threading.Lock()

    def has_words(self, text: str) -> bool:  # noqa: ARG002 - other encoders have a vocabulary
        """Return True: the network accepts any text."""
        return True

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Encode texts one at a time, unpadded.

        Returns
        -------
        ndarray, shape (n, n_dims), float32
            Rows of unit length.

        Raises
        ------
        EncoderError
            When the weights are missing, damaged, or do not match their card.
        """
        with self._lock:
            vectors = np.zeros((len(texts), self._n_dims), np.float32)
            for row, text in enumerate(texts):
                vectors[row] = self._vector(text)
            return vectors

    def _vector(self, text: str) -> npt.NDArray[np.float32]:
        if text in self._kept:
            self._kept.move_to_end(text)
            return self._kept[text]
        tokenizer, session = self._load()
        try:
            tokens = tokenizer.encode(text.encode("utf-8", "replace").decode("utf-8"))
        except Exception as error:  # the library has no narrower exception
            raise self._tokenizer_error() from error
        inputs = {self._tower.input_ids: np.array([tokens.ids], np.int64)}
        if self._tower.attention_mask:
            inputs[self._tower.attention_mask] = np.ones((1, len(tokens.ids)), np.int64)
        result = session.run(inputs).reshape(-1)
        if result.size != self._n_dims or not np.isfinite(result).all() or not result.any():
            raise EncoderError(
                f"The text network of {self._weights.card.id} did not return a vector of {self._n_dims} dimensions. "
                "Correct the card, or import the matching weights."
            )
        vector = np.asarray(result / np.linalg.norm(result), np.float32)
        vector.setflags(write=False)
        self._kept[text] = vector
        if len(self._kept) > _N_KEPT:
            self._kept.popitem(last=False)
        return vector

    def _load(self) -> "tuple[Tokenizer, Session]":
        if self._loaded is None:
            names = [self._tower.input_ids, self._tower.attention_mask]
            session = Session(
                checked_file(self._weights, self._role),
                provider="cpu",
                inputs=names,
                output=self._tower.output,
                n_threads=_N_THREADS,
            )
            self._loaded = self._tokenizer(), session
        return self._loaded

    def _tokenizer(self) -> "Tokenizer":
        from tokenizers import Tokenizer  # noqa: PLC0415 - slow to import, and few processes need it

        path = checked_file(self._weights, "tokenizer")
        try:
            tokenizer = Tokenizer.from_file(str(path))
            tokenizer.enable_truncation(self._tower.max_tokens)
            tokenizer.no_padding()
        except Exception as error:  # the library has no narrower exception
            raise self._tokenizer_error() from error
        return tokenizer

    def _tokenizer_error(self) -> EncoderError:
        return EncoderError(
            f"{FILE_NAMES['tokenizer']} of {self._weights.card.id} is not a valid tokenizer. "
            "Download or import it again."
        )
