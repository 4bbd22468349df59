"""What every encoder promises."""

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from bowerbird.domain.query import Guess
from bowerbird.domain.sounds import Samples, Vectors


class TextEncoder(Protocol):
    """Turns words into vectors that lie near those of the sounds they mean."""

    def knows(self, text: str) -> bool:
        """Say whether any word of a text means something to it; where none does, the text is a name at most.

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
class Guesser(Protocol):
    """An encoder of words that takes some for others that are spelt alike."""

    def guesses(self, text: str) -> tuple[Guess, ...]:
        """Say which words of a text it takes for which others.

        Raises
        ------
        EncoderError
            When the words are missing or damaged.
        """
        ...


class Encoder(Protocol):
    """Turns windows of mono audio into unit vectors; the same audio gives the same vector, always."""

    @property
    def id(self) -> str:
        """Changes whenever the vectors would."""
        ...

    @property
    def name(self) -> str:
        """What `encoder_named` makes the same encoder of, here or in another process."""
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
        """Named parts of the vector; empty where it has none."""
        ...

    @property
    def text(self) -> TextEncoder | None:
        """What encodes words into the same space, where the encoder knows what words mean."""
        ...

    def encode(self, windows: Sequence[Samples]) -> Vectors:
        """Encode windows, each of its own true length, unpadded.

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
    """An encoder that can say what its vectors may be called."""

    def names_of(self, vectors: Vectors, *, n_names: int) -> list[tuple[tuple[str, float], ...]]:
        """Say what sounds may be called.

        Parameters
        ----------
        vectors : ndarray, shape (n, n_dims), float32
            Of this encoder; of any length but 0.
        n_names : int

        Returns
        -------
        list of tuple of (str, float)
            For every vector its likeliest names, likeliest first, each with its share of the belief in [0, 1].

        Raises
        ------
        EncoderError
            When the names are missing or damaged.
        """
        ...
