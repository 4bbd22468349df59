"""What every encoder promises."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from bowerbird.domain.sounds import Samples, Vectors


class Encoder(Protocol):
    """Turns windows of mono audio into unit vectors; the same audio gives the same vector, always."""

    @property
    def id(self) -> str:
        """Changes whenever the vectors would."""
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
        """
        ...
