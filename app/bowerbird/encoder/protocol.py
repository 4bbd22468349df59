"""What every encoder promises."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from bowerbird.domain.sounds import Samples, Vectors


class TextEncoder(Protocol):
    """Turns words into vectors that lie near those of the sounds they mean."""

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
