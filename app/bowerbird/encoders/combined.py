"""The built-in encoder together with an encoder that does not understand text: one embedding, one index, one search.

An embedding is both embeddings side by side, each scaled by the square root of its share, so that the cosine of two
embeddings is the weighted mean of both cosines. Text is that of the ear, with zeros for the other part.
"""

import hashlib
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

import numpy as np
import soxr

from bowerbird.domain.query import SpellingCorrection
from bowerbird.domain.sounds import Samples, Vectors
from bowerbird.encoders.ear.encoder import EarEncoder
from bowerbird.encoders.protocol import Encoder, LabelLearner, SynonymFinder, TextEncoder, WordComparer

EAR_SHARE: Final = 0.4
"""Share of the ear in the similarity of two sounds, measured with aiSFX on sounds that neither was trained on.

See DECISIONS 83 and `tests/benchmarks/measure_combined.py`.
"""

_VERSION: Final = 1
"""Increased whenever embeddings change though those of both parts do not, so that ids change too."""


class CombinedEncoder:
    """Combines an ear with another encoder.

    Windows have the higher of both rates and are resampled for the other encoder.

    Parameters
    ----------
    ear : EarEncoder
        The built-in encoder, or one that was tuned.
    other : Encoder
    """

    def __init__(self, ear: EarEncoder, other: Encoder) -> None:
        self._ear = ear
        self._other = other
        other_name, _, device = other.name.partition("@")
        ending = f"@{device}" if device else ""
        facts = f"{_VERSION} {ear.id} {other.id} {EAR_SHARE!r}"
        digest = hashlib.blake2b(facts.encode(), digest_size=4).hexdigest()
        self._name = f"{ear.name}+{other_name}{ending}"
        self._id = f"{ear.name}+{other_name}-{digest}{ending}"
        self._blocks = MappingProxyType({**ear.blocks, other_name: slice(ear.n_dims, ear.n_dims + other.n_dims)})

    @property
    def id(self) -> str:
        """Changes with either encoder and the shares; `cards.is_id_of` parses it."""
        return self._id

    @property
    def name(self) -> str:
        """Both names, such as ear+aisfx, with the suffix for the device."""
        return self._name

    @property
    def n_dims(self) -> int:
        """Length of a vector."""
        return self._ear.n_dims + self._other.n_dims

    @property
    def rate_hz(self) -> int:
        """Sampling rate that windows must have."""
        return max(self._ear.rate_hz, self._other.rate_hz)

    @property
    def window_s(self) -> float:
        """Longest window, in seconds."""
        return min(self._ear.window_s, self._other.window_s)

    @property
    def blocks(self) -> Mapping[str, slice]:
        """The named parts of the ear, then the other encoder as one part with its name."""
        return self._blocks

    @property
    def text(self) -> TextEncoder | None:
        """The text encoder of the ear; None if its table of words is missing."""
        words = self._ear.text
        return None if words is None else _EarText(words, n_ear=self._ear.n_dims, n_dims=self.n_dims)

    def names_of(self, vectors: Vectors, *, n_names: int) -> list[tuple[tuple[str, float], ...]]:
        """Suggest words for sounds, as the ear does; see `Namer`."""
        return self._ear.names_of(vectors[:, : self._ear.n_dims], n_names=n_names)

    def encode(self, windows: Sequence[Samples]) -> Vectors:
        """Encode windows of any length, unpadded.

        Parameters
        ----------
        windows : sequence of ndarray, each shape (n_frames,), float32
            Mono at `rate_hz`.

        Returns
        -------
        ndarray, shape (n, n_dims), float32
            Rows of unit length, each a function of its own window only.

        Raises
        ------
        EncoderError
            When the weights of either are missing or damaged.
        """
        parts = []
        for encoder, share in ((self._ear, EAR_SHARE), (self._other, 1.0 - EAR_SHARE)):
            own = [_resampled(window, self.rate_hz, encoder) for window in windows]
            parts.append(np.float32(np.sqrt(share)) * encoder.encode(own))
        return np.concatenate(parts, axis=1)


def _resampled(window: Samples, rate_hz: int, encoder: Encoder) -> Samples:
    """Return a window at the rate of an encoder, at least one sample and not longer than its windows."""
    if rate_hz == encoder.rate_hz:
        return window
    samples: Samples = soxr.resample(np.ascontiguousarray(window), rate_hz, encoder.rate_hz, quality="HQ")
    return samples[: round(encoder.window_s * encoder.rate_hz)] if len(samples) else window[:1]


class _EarText:
    """The text encoder of an ear, whose vectors are followed by zeros."""

    def __init__(self, words: TextEncoder, *, n_ear: int, n_dims: int) -> None:
        assert isinstance(words, WordComparer)
        assert isinstance(words, SynonymFinder)
        assert isinstance(words, LabelLearner)
        self._words: WordComparer = words
        self._synonyms: SynonymFinder = words
        self._labels: LabelLearner = words
        self._n_ear = n_ear
        self._n_dims = n_dims

    def labels(self) -> tuple[str, ...]:
        return self._labels.labels()

    def has_words(self, text: str) -> bool:
        return self._words.has_words(text)

    def guesses(self, text: str) -> tuple[SpellingCorrection, ...]:
        return self._words.guesses(text)

    def synonyms(self, text: str) -> tuple[str, ...]:
        return self._synonyms.synonyms(text)

    def unknown_words(self, text: str) -> tuple[str, ...]:
        return self._words.unknown_words(text)

    def is_trained(self, text: str) -> bool:
        return self._words.is_trained(text)

    def relatedness(self, encoded: Vectors, words: Vectors) -> Vectors:
        return self._words.relatedness(encoded[: self._n_ear], words[:, : self._n_ear])

    def encode(self, texts: Sequence[str]) -> Vectors:
        vectors = np.zeros((len(texts), self._n_dims), np.float32)
        vectors[:, : self._n_ear] = self._words.encode(texts)
        return vectors
