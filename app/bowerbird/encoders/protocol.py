"""The interfaces of encoders."""

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from bowerbird.domain.query import SpellingCorrection
from bowerbird.domain.sounds import Samples, Vectors


class TextEncoder(Protocol):
    """Encodes text into the space of sound embeddings."""

    def has_words(self, text: str) -> bool:
        """Return whether any word of a text is in the vocabulary; otherwise search uses names only.

        Raises
        ------
        EncoderError
            When the words are missing or damaged.
        """
        ...

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Encode texts.

        Returns
        -------
        ndarray, shape (n, n_dims), float32
            Rows of unit length, independent of the other texts given.

        Raises
        ------
        EncoderError
            When the weights are missing or damaged.
        """
        ...


@runtime_checkable
class SpellingCorrector(Protocol):
    """A text encoder that corrects misspelt words."""

    def guesses(self, text: str) -> tuple[SpellingCorrection, ...]:
        """Return the words of a text that it replaces by similarly spelt words.

        Raises
        ------
        EncoderError
            When the words are missing or damaged.
        """
        ...


@runtime_checkable
class SynonymFinder(Protocol):
    """A text encoder with synonyms."""

    def synonyms(self, text: str) -> tuple[str, ...]:
        """Return the words and phrases, in lower case, that mean what a word or phrase of a text means.

        Raises
        ------
        EncoderError
            When the words are missing or damaged.
        """
        ...


@runtime_checkable
class WordComparer(TextEncoder, SpellingCorrector, Protocol):
    """A text encoder with a vocabulary: which words are in it, and how closely they are related."""

    def unknown_words(self, text: str) -> tuple[str, ...]:
        """Return the words of a text, in lower case, that mean nothing to it.

        Raises
        ------
        EncoderError
            When the words are missing or damaged.
        """
        ...

    def is_trained(self, text: str) -> bool:
        """Return whether a word or phrase of a text names a kind of sound that it was trained on.

        Raises
        ------
        EncoderError
            When the words are missing or damaged.
        """
        ...

    def relatedness(self, encoded: Vectors, words: Vectors) -> Vectors:
        """Return how closely an encoded text, shape (n_dims,), is related to encoded words (n, n_dims).

        Returns
        -------
        ndarray, shape (n,), float32
            In [0, 1]; 0 for unrelated words.
        """
        ...


@runtime_checkable
class LabelLearner(Protocol):
    """A text encoder that was trained on known labels."""

    def labels(self) -> tuple[str, ...]:
        """Return the labels, as phrases in lower case.

        Raises
        ------
        EncoderError
            When the words are missing or damaged.
        """
        ...


class Encoder(Protocol):
    """Encodes windows of mono audio as unit vectors; the same audio always gives the same vector."""

    @property
    def id(self) -> str:
        """Changes whenever the vectors would."""
        ...

    @property
    def name(self) -> str:
        """The name from which `encoder_named` creates the same encoder, in any process."""
        ...

    @property
    def n_dims(self) -> int:
        """Length of a vector."""
        ...

    @property
    def rate_hz(self) -> int:
        """Sampling rate the windows must have."""
        ...

    @property
    def window_s(self) -> float:
        """Longest window, in seconds."""
        ...

    @property
    def blocks(self) -> Mapping[str, slice]:
        """Named parts of the vector; empty if it has none."""
        ...

    @property
    def text(self) -> TextEncoder | None:
        """The text encoder for the same space; None if there is none."""
        ...

    def encode(self, windows: Sequence[Samples]) -> Vectors:
        """Encode windows of any length, unpadded.

        Parameters
        ----------
        windows : sequence of ndarray, each shape (n_frames,), float32
            Mono at `rate_hz`, 1 frame to `window_s` long, finite.

        Returns
        -------
        ndarray, shape (n, n_dims), float32
            Rows of unit length, independent of the other windows given.

        Raises
        ------
        EncoderError
            When the weights are missing or damaged.
        """
        ...


@runtime_checkable
class Namer(Protocol):
    """An encoder that can suggest words for its embeddings."""

    def names_of(self, vectors: Vectors, *, n_names: int) -> list[tuple[tuple[str, float], ...]]:
        """Suggest words for sounds.

        Parameters
        ----------
        vectors : ndarray, shape (n, n_dims), float32
            Embeddings of this encoder, of any length except 0.
        n_names : int

        Returns
        -------
        list of tuple of (str, float)
            For each embedding the most likely words, most likely first, each with its probability in [0, 1].

        Raises
        ------
        EncoderError
            When the words are missing or damaged.
        """
        ...
