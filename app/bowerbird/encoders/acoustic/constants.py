"""The fitted constants of the acoustic encoder: reading, writing, applying and naming them."""

import hashlib
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bowerbird.base.errors import EncoderError
from bowerbird.encoders.acoustic.descriptors import FITTED, PLAIN
from bowerbird.encoders.acoustic.spectrum import Floats

FRONT_END_VERSION = 1
"""Increased whenever a raw descriptor changes, so that the encoder's id changes too."""

CLIP = 2.5
"""Standardised descriptors are clipped to this many standard deviations."""


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """Standardisation and linear projection of one block's descriptors.

    Attributes
    ----------
    mean, scale : ndarray, shape (n_values,), float32
    matrix : ndarray, shape (n_values, n_dims), float32
    offset : ndarray, shape (n_dims,), float32
        Where the average sound comes to lie; it is taken off.
    """

    mean: Floats
    scale: Floats
    matrix: Floats
    offset: Floats

    def apply(self, values: Floats) -> Floats:
        """Project descriptors of shape (n_values,) or (n, n_values)."""
        # Unlike the matrix product, einsum gives the same bits with any number of threads.
        points = standardised(values, self.mean, self.scale)
        projected: Floats = np.einsum("...i,ij->...j", points, self.matrix) - self.offset
        return projected


@dataclass(frozen=True, slots=True, eq=False)
class Constants:
    """All fitted and chosen constants of the acoustic encoder.

    Attributes
    ----------
    projections : mapping of str to Projection
        One a fitted block.
    weights : mapping of str to float
        Share of each block in the similarity of two sounds; they sum to 1.
    """

    projections: Mapping[str, Projection]
    weights: Mapping[str, float]

    def arrays(self) -> dict[str, Floats]:
        """All constants as named arrays, as they are stored."""
        found = {f"{name}_weight": np.array(weight, dtype=np.float32) for name, weight in self.weights.items()}
        for name, projection in self.projections.items():
            found |= {
                f"{name}_mean": projection.mean,
                f"{name}_scale": projection.scale,
                f"{name}_matrix": projection.matrix,
                f"{name}_offset": projection.offset,
            }
        return found

    def digest(self) -> str:
        """Return the first eight hexadecimal digits of the SHA-256 of all constants."""
        hasher = hashlib.sha256()
        for name, array in sorted(self.arrays().items()):
            hasher.update(f"{name}{array.shape}".encode())
            hasher.update(np.ascontiguousarray(array, dtype="<f4").tobytes())
        return hasher.hexdigest()[:8]


def standardised(values: Floats, mean: Floats, scale: Floats) -> Floats:
    """Standardise descriptors and clip them to `CLIP`."""
    kept: Floats = np.clip((values - mean) / scale, np.float32(-CLIP), np.float32(CLIP))
    return kept


def read_constants(path: Path) -> Constants:
    """Read constants written by `write_constants`.

    Raises
    ------
    EncoderError
        When the file is missing, damaged or of another version.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            arrays = {name: stored[name].astype(np.float32, copy=False) for name in stored.files}
        for array in arrays.values():
            array.flags.writeable = False
        return Constants(
            projections={
                name: Projection(*(arrays[f"{name}_{part}"] for part in ("mean", "scale", "matrix", "offset")))
                for name in FITTED
            },
            weights={name: float(arrays[f"{name}_weight"]) for name in (*FITTED, *PLAIN)},
        )
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise EncoderError(
            f"The acoustic encoder's constants, {path}, cannot be read. Install Bowerbird again."
        ) from error


def write_constants(path: Path, constants: Constants) -> None:
    """Write constants as an uncompressed ``.npz``; equal constants give equal bytes under one Python."""
    np.savez(path, allow_pickle=False, **dict(sorted(constants.arrays().items())))
