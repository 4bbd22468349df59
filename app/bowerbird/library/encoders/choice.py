"""The encoder that a library is searched with, and the encoder that is selected for it."""

import logging
from dataclasses import dataclass
from typing import Final

from bowerbird.base.errors import CatalogueError, EncoderError
from bowerbird.catalogue.protocol import Reader, Writer
from bowerbird.catalogue.records import EncoderRole
from bowerbird.encoders.protocol import Encoder
from bowerbird.encoders.registry import ACOUSTIC_ENCODER, DEFAULT_ENCODER, JOINT, encoder_named, trained_ears
from bowerbird.encoders.weights.cards import INT8_ENDING, Card
from bowerbird.encoders.weights.store import installed_weights
from bowerbird.library.encoders.recall import read_recall
from bowerbird.library.library import Library

_ROLES: Final[tuple[EncoderRole, ...]] = ("wanted", "searched")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Choice:
    """An encoder, and why it is not the selected encoder; None when it is."""

    encoder: Encoder
    warning: str | None = None


def searched_encoder(library: Library) -> Choice:
    """Return the encoder that search uses: the selected one once its embeddings are complete, else the built-in."""
    return _chosen(library, "searched")


def wanted_encoder(library: Library) -> Choice:
    """Return the encoder that is selected for a library; the built-in encoder is always indexed as well."""
    return _chosen(library, "wanted")


def _chosen(library: Library, role: EncoderRole) -> Choice:
    known_id: str | None = None
    try:
        with library.read() as reader:
            name = reader.encoder(role)
            known_id = reader.searched_id() if role == "searched" else None
    except CatalogueError:  # there is no library yet; opening it reports why
        name = None
    if name is None or name == DEFAULT_ENCODER:
        if known_id and known_id == (built_in := encoder_named(DEFAULT_ENCODER)).id:
            return Choice(built_in)
        return Choice(_built_in(library) if role == "searched" else encoder_named(DEFAULT_ENCODER))
    try:
        encoder = encoder_named(name)
        if known_id and encoder.id != known_id:
            raise EncoderError(f"The weights of {name} have changed. Index your folders again.")
        require_recall(name)  # 8-bit weights that were imported again have not been measured
        return Choice(encoder)
    except EncoderError as error:
        logger.warning("%s", str(error))  # the error itself would keep its frames alive
        fallback = _built_in(library) if role == "searched" else encoder_named(DEFAULT_ENCODER)
        return Choice(fallback, f"{error} Until then, search uses the built-in encoder; nothing was lost.")


def _built_in(library: Library) -> Encoder:
    """Return the built-in encoder, or the acoustic encoder of earlier versions while that has indexed more sounds."""
    built_in = encoder_named(DEFAULT_ENCODER)
    older = encoder_named(ACOUSTIC_ENCODER)
    try:
        with library.read() as reader:
            if older.id in reader.encoder_ids() and (n_left := reader.count_unencoded(built_in.id)):
                return older if reader.count_unencoded(older.id) < n_left else built_in
    except CatalogueError:  # there is no library yet
        pass
    return built_in


def choose_encoder(library: Library, encoder: Encoder) -> bool:
    """Select an encoder for a library; search uses it as soon as its embeddings are complete.

    Returns
    -------
    bool
        Whether search uses it at once.

    Raises
    ------
    CatalogueError
        When the library cannot be written.
    EncoderError
        When it has 8-bit weights with too little recall, or none was measured.
    """
    require_recall(encoder.name)
    with library.write() as catalogue:
        catalogue.set_encoder("wanted", encoder.name)
        if encoder.name == DEFAULT_ENCODER:  # going back does not wait for a drive that is disconnected
            catalogue.set_encoder("searched", encoder.name)
            return True
        return finish_encoder(library, catalogue, encoder, is_everything_tried=False)


def stop_using_model(library: Library, name: str) -> bool:
    """Select the built-in encoder in place of a model whose weights were removed.

    Returns
    -------
    bool
        Whether the model was in use.

    Raises
    ------
    CatalogueError
        When the library cannot be written.
    """
    try:
        with library.read() as reader:
            chosen = {role: reader.encoder(role) for role in _ROLES}
    except CatalogueError:  # there is no library
        return False
    roles = [role for role, used in chosen.items() if used is not None and is_of_model(used, name)]
    if roles:
        with library.write() as catalogue:
            for role in roles:
                catalogue.set_encoder(role, DEFAULT_ENCODER)
    return bool(roles)


def is_of_model(encoder_name: str, model: str) -> bool:
    """Return whether an encoder's name refers to a model's full or 8-bit weights, on any device.

    So does a combination of the model with another encoder.
    """
    return any(part.removesuffix(INT8_ENDING) == model for part in encoder_name.partition("@")[0].split(JOINT))


def is_alone(encoder_name: str, model: str) -> bool:
    """Return whether an encoder's name refers to a model's weights and to nothing else."""
    return JOINT not in encoder_name and is_of_model(encoder_name, model)


def combined_names(card: Card) -> tuple[str, ...]:
    """Return the names of a card's encoder combined with the built-in encoder, then with each that was tuned.

    Empty for a card that understands text itself.
    """
    ears = (DEFAULT_ENCODER, *trained_ears()) if card.text is None else ()
    return tuple(f"{ear}{JOINT}{card.id}" for ear in ears)


def is_combination(encoder_name: str, combined: str) -> bool:
    """Return whether an encoder's name refers to a combination, with full or 8-bit weights, on any device."""
    return encoder_name.partition("@")[0].removesuffix(INT8_ENDING) == combined


def require_recall(name: str) -> None:
    """Check that 8-bit weights, if the name refers to them, have enough recall on the user's own sounds.

    Raises
    ------
    EncoderError
        When they do not, or it was not measured.
    """
    short_name = encoder_named(name.partition("@")[0]).name.rpartition(JOINT)[2]
    weights = installed_weights().get(short_name.removesuffix(INT8_ENDING))
    if not short_name.endswith(INT8_ENDING) or weights is None:
        return
    recall = read_recall(weights)
    if recall is None:
        raise EncoderError(
            f"{short_name} has not been compared on your sounds yet. "
            f"Run `bowerbird models verify {weights.card.id} --int8`."
        )
    if not recall.is_enough:
        raise EncoderError(
            f"{short_name} is not accurate enough on your sounds: {recall.text} of the 10 nearest are the same as with "
            f"the full weights ({recall.n_sounds} sounds). Use {weights.card.id}."
        )


def finish_encoder(library: Library, catalogue: Writer, encoder: Encoder, *, is_everything_tried: bool) -> bool:
    """Let search use the selected encoder if its embeddings are complete or every available sound was tried.

    Returns
    -------
    bool
        Whether search uses it, with exactly these weights.
    """
    with library.read() as reader:
        is_used = is_searched_with(reader, encoder)
        has_vectors = encoder.id in reader.encoder_ids()
        is_complete = is_everything_tried or (has_vectors and not reader.count_unencoded(encoder.id))
    if is_complete and not is_used:
        catalogue.set_encoder("searched", encoder.name, encoder.id)
    return is_complete or is_used


def is_searched_with(reader: Reader, encoder: Encoder) -> bool:
    """Return whether search uses an encoder, with exactly these weights."""
    return reader.encoder("searched") == encoder.name and reader.searched_id() in {None, encoder.id}


def delete_embeddings(library: Library, encoder_id: str) -> int:
    """Delete the embeddings of an encoder; return how many there were.

    Raises
    ------
    CatalogueError
        When the library is being indexed.
    """
    try:
        library.read().close()
    except CatalogueError:  # there is no library
        return 0
    with library.write() as catalogue, library.lock("indexing"):
        return catalogue.delete_embeddings(encoder_id)
