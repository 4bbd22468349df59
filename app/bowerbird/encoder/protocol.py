"""What every encoder promises."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from bowerbird.domain.sounds import Samples, Vectors


class Encoder(Protocol):
    """Turns windows of mono audio into unit vectors; the same audio gives the same vector, always.

    Attributes
    ----------
    id : str
        Changes whenever the vectors would: weights, constants and front-end version.
    n_dims : int
        Length of a vector.
    rate_hz : int
        Sampling rate the windows must have.
    window_s : float
        Longest window, in seconds.
    blocks : mapping of str to slice
        Named parts of the vector (the aspects of a match); empty where a vector has no parts.
    """

    @property
    def id(self) -> str: ...
    @property
    def n_dims(self) -> int: ...
    @property
    def rate_hz(self) -> int: ...
    @property
    def window_s(self) -> float: ...
    @property
    def blocks(self) -> Mapping[str, slice]: ...

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
