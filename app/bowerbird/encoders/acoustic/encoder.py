"""The acoustic encoder: descriptors in six named blocks, computed with numpy."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np

from bowerbird.base.paths import models_path
from bowerbird.domain.sounds import Samples, Vectors
from bowerbird.encoders.acoustic.constants import FRONT_END_VERSION, Constants, read_constants
from bowerbird.encoders.acoustic.descriptors import FITTED, PLAIN, describe
from bowerbird.encoders.acoustic.spectrum import RATE_HZ, Floats

WINDOW_S = 10.0


class AcousticEncoder:
    """Describes timbre, brightness, pitch, envelope, loudness and length as named blocks.

    Every block of a vector has the same length for every sound, the square root of its weight, so the
    cosine of two vectors is the weighted mean of the cosines of their blocks. Only the loudness block
    depends on the level.

    Parameters
    ----------
    constants : Constants, optional
        Default: the shipped constants.

    Raises
    ------
    EncoderError
        When the shipped constants are missing or damaged.
    """

    def __init__(self, constants: Constants | None = None) -> None:
        self._constants = read_constants(models_path() / "acoustic.npz") if constants is None else constants
        self._id = f"acoustic-{FRONT_END_VERSION}-{self._constants.digest()}"
        sizes = {name: self._constants.projections[name].matrix.shape[1] for name in FITTED}
        silence = describe(np.zeros(1, dtype=np.float32))
        sizes |= {name: len(silence[name]) for name in PLAIN}
        stops = np.cumsum(list(sizes.values())).tolist()
        self._blocks = MappingProxyType(
            {name: slice(stop - size, stop) for (name, size), stop in zip(sizes.items(), stops, strict=True)}
        )
        self._n_dims = int(stops[-1])

    @property
    def id(self) -> str:
        """Changes with the front end and every constant."""
        return self._id

    @property
    def name(self) -> str:
        """The name for ``--encoder``, without a version."""
        return "acoustic"

    @property
    def text(self) -> None:
        """None: it does not encode text."""
        return None

    @property
    def n_dims(self) -> int:
        """Length of a vector."""
        return self._n_dims

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
        """Named parts of the vector."""
        return self._blocks

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
        """
        vectors = np.zeros((len(windows), self._n_dims), dtype=np.float32)
        for row, window in enumerate(windows):
            vectors[row] = self._vector(window)
        return vectors

    def _vector(self, window: Samples) -> Floats:
        described = describe(window)
        vector = np.zeros(self._n_dims, dtype=np.float32)
        for name, part in self._blocks.items():
            values = described[name]
            if name in FITTED:
                values = self._constants.projections[name].apply(values)
            vector[part] = np.float32(np.sqrt(self._constants.weights[name])) * _unit(values)
        return vector / np.linalg.norm(vector)


def _unit(values: Floats) -> Floats:
    """Scale to unit length; a zero block becomes its first unit vector."""
    norm = float(np.linalg.norm(values))
    if norm > 1e-6:
        return values / np.float32(norm)
    first = np.zeros_like(values)
    first[0] = 1.0
    return first
