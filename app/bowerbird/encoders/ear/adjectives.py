"""Directions of measured quantities in acoustic vectors, along which adjectives steer a query."""

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from bowerbird.base.errors import EncoderError
from bowerbird.encoders.acoustic.spectrum import Floats

FORMAT_VERSION: Final = 1

LEAST_CORRELATION: Final = 0.6
"""A quantity that vectors predict less well is not used: its adjectives are ordinary words then."""


@dataclass(frozen=True, slots=True, eq=False)
class Directions:
    """Directions in acoustic vectors along which measured quantities increase.

    Attributes
    ----------
    encoder_id : str
        Of the acoustic encoder that the directions were fitted for; they are invalid for any other.
    quantities : tuple of str
    directions : ndarray, shape (n_quantities, n_dims), float32
        Of unit length.
    sds : ndarray, shape (n_quantities,), float32
        Standard deviation of sounds along each direction.
    correlations : ndarray, shape (n_quantities,), float32
        Between predicted and measured values on held-out sounds.
    provenance : str
    """

    encoder_id: str
    quantities: tuple[str, ...]
    directions: Floats
    sds: Floats
    correlations: Floats
    provenance: str

    def steering(self, quantity: str, *, is_high: bool) -> Floats | None:
        """Return what to add to a query so that the score increases by 1 per standard deviation.

        Returns
        -------
        ndarray, shape (n_dims,), float32, or None
            None if the quantity is unknown or poorly predicted.
        """
        if quantity not in self.quantities:
            return None
        row = self.quantities.index(quantity)
        if self.correlations[row] < LEAST_CORRELATION:
            return None
        along: Floats = self.directions[row] / self.sds[row]
        return along if is_high else -along


def read_directions(path: Path, *, encoder_id: str) -> Directions:
    """Read directions written by `write_directions`.

    Raises
    ------
    EncoderError
        When the file is missing, damaged, or for another acoustic encoder.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            version = int(stored["version"])
            found = Directions(
                encoder_id=_text(stored["encoder_id"]),
                quantities=tuple(_text(stored["quantities"]).split("\n")),
                directions=stored["directions"].astype(np.float32),
                sds=stored["sds"].astype(np.float32),
                correlations=stored["correlations"].astype(np.float32),
                provenance=_text(stored["provenance"]),
            )
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise EncoderError(f"The directions of adjectives, {path}, cannot be read. Install Bowerbird again.") from error
    shapes = (found.directions.shape[:1], found.sds.shape, found.correlations.shape)
    if version != FORMAT_VERSION or shapes != ((len(found.quantities),),) * 3:
        raise EncoderError(f"The directions of adjectives, {path}, are damaged. Install Bowerbird again.")
    if found.encoder_id != encoder_id:
        raise EncoderError(
            f"The directions of adjectives, {path}, belong to {found.encoder_id}, not to {encoder_id}. "
            "Run models/train/fit_adjectives.py again, or install Bowerbird again."
        )
    for array in (found.directions, found.sds, found.correlations):
        array.flags.writeable = False
    return found


def write_directions(path: Path, found: Directions) -> None:
    """Write directions as an uncompressed ``.npz``; equal directions give equal bytes under one Python."""
    np.savez(
        path,
        allow_pickle=False,
        version=np.array(FORMAT_VERSION),
        encoder_id=_bytes(found.encoder_id),
        quantities=_bytes("\n".join(found.quantities)),
        directions=found.directions,
        sds=found.sds,
        correlations=found.correlations,
        provenance=_bytes(found.provenance),
    )


def _bytes(text: str) -> "np.ndarray[tuple[int], np.dtype[np.uint8]]":
    return np.frombuffer(text.encode(), np.uint8)


def _text(stored: "np.ndarray[tuple[int], np.dtype[np.uint8]]") -> str:
    return stored.tobytes().decode()
