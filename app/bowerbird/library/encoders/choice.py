"""Which encoder a library is searched with, and which one it is to have next."""

import logging
from dataclasses import dataclass
from typing import Final

from bowerbird.base.errors import CatalogueError, EncoderError
from bowerbird.catalogue.protocol import Reader, Writer
from bowerbird.catalogue.records import EncoderRole
from bowerbird.encoders.protocol import Encoder
from bowerbird.encoders.registry import ACOUSTIC_ENCODER, DEFAULT_ENCODER, encoder_named
from bowerbird.encoders.weights.cards import INT8_ENDING
from bowerbird.encoders.weights.store import installed_weights
from bowerbird.library.encoders.recall import read_recall
from bowerbird.library.library import Library

_ROLES: Final[tuple[EncoderRole, ...]] = ("wanted", "searched")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Choice:
    """An encoder, and why it is not the one that was chosen; "" when it is."""

    encoder: Encoder
    complaint: str = ""


def searched_encoder(library: Library) -> Choice:
    """Return the encoder that searches use: the chosen one once its vectors are complete, else the built-in."""
    return _chosen(library, "searched")


def wanted_encoder(library: Library) -> Choice:
    """Return the encoder whose vectors a library is to have beside the built-in one's; the built-in for none."""
    return _chosen(library, "wanted")


def _chosen(library: Library, role: EncoderRole) -> Choice:
    known_id: str | None = None
    try:
        with library.read() as reader:
            name = reader.encoder(role)
            known_id = reader.searched_id() if role == "searched" else None
    except CatalogueError:  # nothing there yet; whoever needs it will say so
        name = None
    if name is None or name == DEFAULT_ENCODER:
        if known_id and known_id == (built_in := encoder_named(DEFAULT_ENCODER)).id:
            return Choice(built_in)  # it has heard everything within reach
        return Choice(_built_in(library) if role == "searched" else encoder_named(DEFAULT_ENCODER))
    try:
        encoder = encoder_named(name)
        if known_id and encoder.id != known_id:
            raise EncoderError(f"`{name}` has other weights than before. Index again, so that it hears your sounds.")
        require_recall(name)  # 8-bit weights that were imported anew were measured by nobody
        return Choice(encoder)
    except EncoderError as error:
        logger.warning("%s", str(error))  # the error itself would keep its frames alive
        serving = _built_in(library) if role == "searched" else encoder_named(DEFAULT_ENCODER)
        return Choice(serving, f"{error} Until then the built-in encoder serves; nothing was lost.")


def _built_in(library: Library) -> Encoder:
    """Return the built-in encoder; while a library is heard anew by it, the acoustic one that heard more of it."""
    built_in = encoder_named(DEFAULT_ENCODER)
    older = encoder_named(ACOUSTIC_ENCODER)
    try:
        with library.read() as reader:
            if older.id in reader.encoder_ids() and (n_left := reader.count_unencoded(built_in.id)):
                return older if reader.count_unencoded(older.id) < n_left else built_in
    except CatalogueError:  # nothing there yet
        pass
    return built_in


def choose_encoder(library: Library, encoder: Encoder) -> bool:
    """Make an encoder the one that a library is to have; searches use it as soon as its vectors are complete.

    Returns
    -------
    bool
        Whether searches use it from now on: nothing is to be encoded first.

    Raises
    ------
    CatalogueError
        When the library cannot be written.
    EncoderError
        When it has 8-bit weights that find too little, or that nobody measured.
    """
    require_recall(encoder.name)
    with library.write() as catalogue:
        catalogue.set_encoder("wanted", encoder.name)
        if encoder.name == DEFAULT_ENCODER:  # whoever goes back need not wait for a drive that is away
            catalogue.set_encoder("searched", encoder.name)
            return True
        return finish_encoder(library, catalogue, encoder, is_everything_tried=False)


def let_go(library: Library, name: str) -> bool:
    """Go back to the built-in encoder where a model whose weights were removed was wanted or searched with.

    Returns
    -------
    bool
        Whether it was.

    Raises
    ------
    CatalogueError
        When the library cannot be written.
    """
    try:
        with library.read() as reader:
            chosen = {role: reader.encoder(role) or "" for role in _ROLES}
    except CatalogueError:  # no library, so nobody used it
        return False
    roles = [role for role, used in chosen.items() if is_of_model(used, name)]
    if roles:
        with library.write() as catalogue:
            for role in roles:
                catalogue.set_encoder(role, DEFAULT_ENCODER)
    return bool(roles)


def is_of_model(encoder_name: str, model: str) -> bool:
    """Say whether an encoder's name means a model's full or 8-bit weights, wherever they compute."""
    return encoder_name.partition("@")[0].removesuffix(INT8_ENDING) == model


def require_recall(name: str) -> None:
    """Check that 8-bit weights, where they are meant, find on this user's sounds what the full ones find.

    Raises
    ------
    EncoderError
        When they do not, or nobody measured.
    """
    spoken = encoder_named(name.partition("@")[0]).name
    weights = installed_weights().get(spoken.removesuffix(INT8_ENDING))
    if not spoken.endswith(INT8_ENDING) or weights is None:
        return
    recall = read_recall(weights)
    if recall is None:
        raise EncoderError(
            f"Whether `{spoken}` serves your sounds was not measured yet. "
            f"Run `bowerbird models verify {weights.card.id} --int8`."
        )
    if not recall.is_enough:
        raise EncoderError(
            f"`{spoken}` finds too little of what the full weights find: {recall.text} of the nearest ten, on "
            f"{recall.n_sounds} of your sounds. Use `{weights.card.id}`."
        )


def finish_encoder(library: Library, catalogue: Writer, encoder: Encoder, *, is_everything_tried: bool) -> bool:
    """Let searches use the wanted encoder if its vectors are complete, or everything within reach was tried.

    Returns
    -------
    bool
        Whether searches use it, with just these weights.
    """
    with library.read() as reader:
        is_used = is_searched_with(reader, encoder)
        has_vectors = encoder.id in reader.encoder_ids()
        is_complete = is_everything_tried or (has_vectors and not reader.count_unencoded(encoder.id))
    if is_complete and not is_used:
        catalogue.set_encoder("searched", encoder.name, encoder.id)
    return is_complete or is_used


def is_searched_with(reader: Reader, encoder: Encoder) -> bool:
    """Say whether searches use an encoder, with just these weights."""
    return reader.encoder("searched") == encoder.name and reader.searched_id() in {None, encoder.id}


def forget_vectors(library: Library, encoder_id: str) -> int:
    """Delete the vectors of an encoder; return how many there were.

    Raises
    ------
    CatalogueError
        When the library is being indexed.
    """
    try:
        library.read().close()
    except CatalogueError:  # there is no library, so there are none
        return 0
    with library.write() as catalogue, library.lock("indexing"):
        return catalogue.delete_embeddings(encoder_id)
