"""Which encoder a library is searched with, and which one it is to have next."""

import logging
from dataclasses import dataclass
from pathlib import Path

from bowerbird.catalogue.connection import LibraryLock
from bowerbird.catalogue.reader import CatalogueReader
from bowerbird.catalogue.records import EncoderRole
from bowerbird.catalogue.writer import Catalogue
from bowerbird.encoder.protocol import Encoder
from bowerbird.encoder.registry import DEFAULT_ENCODER, encoder_named
from bowerbird.errors import CatalogueError, EncoderError

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Choice:
    """An encoder, and why it is not the one that was chosen; "" when it is."""

    encoder: Encoder
    complaint: str = ""


def searched_encoder(library: Path) -> Choice:
    """Return the encoder that searches use: the chosen one once its vectors are complete, else the built-in."""
    return _chosen(library, "searched")


def wanted_encoder(library: Path) -> Choice:
    """Return the encoder whose vectors a library is to have beside the built-in one's; the built-in for none."""
    return _chosen(library, "wanted")


def _chosen(library: Path, role: EncoderRole) -> Choice:
    try:
        with CatalogueReader(library) as reader:
            name = reader.encoder(role)
    except CatalogueError:  # nothing there yet; whoever needs it will say so
        name = None
    if name is None:
        return Choice(encoder_named(DEFAULT_ENCODER))
    try:
        return Choice(encoder_named(name))
    except EncoderError as error:
        logger.warning("%s", error)
        return Choice(
            encoder_named(DEFAULT_ENCODER), f"{error} Until then the built-in encoder serves; nothing was lost."
        )


def choose_encoder(library: Path, encoder: Encoder) -> bool:
    """Make an encoder the one that a library is to have; searches use it as soon as its vectors are complete.

    Returns
    -------
    bool
        Whether searches use it from now on: nothing is to be encoded first.

    Raises
    ------
    CatalogueError
        When the library cannot be written.
    """
    with Catalogue(library) as catalogue:
        catalogue.set_encoder("wanted", encoder.name)
        return finish_encoder(catalogue, encoder, is_everything_tried=False)


def finish_encoder(catalogue: Catalogue, encoder: Encoder, *, is_everything_tried: bool) -> bool:
    """Let searches use the wanted encoder if its vectors are complete, or everything within reach was tried."""
    with CatalogueReader(catalogue.library) as reader:
        is_used = reader.encoder("searched") == encoder.name
        is_complete = is_everything_tried or not reader.count_unencoded(encoder.id)
    if is_complete and not is_used:
        catalogue.set_encoder("searched", encoder.name)
    return is_complete or is_used


def forget_vectors(library: Path, encoder_id: str) -> int:
    """Delete the vectors of an encoder; return how many there were.

    Raises
    ------
    CatalogueError
        When the library is being indexed.
    """
    with Catalogue(library) as catalogue:
        lock = LibraryLock(library)
        try:
            return catalogue.forget_vectors(encoder_id)
        finally:
            lock.release()
