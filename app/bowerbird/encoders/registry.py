"""Encoders by name."""

from pathlib import Path
from typing import Final

from bowerbird.base.errors import EncoderError
from bowerbird.base.paths import ears_path
from bowerbird.encoders.acoustic.encoder import AcousticEncoder
from bowerbird.encoders.ear.encoder import EarEncoder
from bowerbird.encoders.protocol import Encoder
from bowerbird.encoders.weights.cards import INT8_ENDING, shipped_cards
from bowerbird.encoders.weights.self_check import require_self_check
from bowerbird.encoders.weights.store import has_file, installed_weights

DEFAULT_ENCODER: Final = "ear"
"""The built-in encoder: every library has its embeddings."""

ACOUSTIC_ENCODER: Final = "acoustic"
"""The acoustic descriptors: a part of the built-in encoder, and the only encoder of earlier versions."""

JOINT: Final = "+"
"""Between the names of two encoders that are combined, such as ear+aisfx."""

_CARD_NAME: Final = "ear.toml"


def encoder_names() -> tuple[str, ...]:
    """Return the names that ``--encoder`` accepts now; it also accepts full ids."""
    names = [DEFAULT_ENCODER, ACOUSTIC_ENCODER, *trained_ears()]
    for name, weights in installed_weights().items():
        names.append(name)
        if has_file(weights, "audio_int8"):
            names.append(name + INT8_ENDING)
        if weights.card.text is None:
            names += [f"{ear}{JOINT}{name}" for ear in (DEFAULT_ENCODER, *trained_ears())]
    return tuple(names)


def encoder_named(name: str) -> Encoder:
    """Create the encoder of a name or full id.

    Parameters
    ----------
    name : str
        ``ear``, ``acoustic``, the name of a tuned encoder, or the id of a card with installed weights, with ``-int8``
        for its 8-bit weights. ``ear+NAME`` combines the built-in encoder, or a tuned one, with the weights of a card.
        ``@cuda``, ``@coreml`` or ``@directml`` at the end selects a device.

    Raises
    ------
    EncoderError
        When there is no such encoder, or it is incomplete or has not passed its self-check.
    """
    wanted, _, provider = name.partition("@")
    ears = trained_ears()
    if JOINT in wanted:
        return _combined(wanted, provider or "cpu")
    for known, card in {**ears, DEFAULT_ENCODER: None, ACOUSTIC_ENCODER: None}.items():
        if wanted != known and (wanted in ears or not wanted.startswith(f"{known}-")):
            continue
        encoder = AcousticEncoder() if known == ACOUSTIC_ENCODER else EarEncoder(card)
        if wanted in (known, encoder.id):
            return encoder
        if known in {DEFAULT_ENCODER, ACOUSTIC_ENCODER}:
            raise EncoderError(
                f"The encoder {wanted} belongs to another version of Bowerbird; this version has {encoder.id}. "
                "Index your folders again."
            )
    return _from_weights(wanted, provider or "cpu")


def trained_ears() -> dict[str, Path]:
    """Return the cards of tuned encoders by name."""
    try:
        return {card.parent.name: card for card in sorted(ears_path().glob(f"*/{_CARD_NAME}"))}
    except OSError:
        return {}


def _combined(wanted: str, provider: str) -> Encoder:
    from bowerbird.encoders.combined import CombinedEncoder  # noqa: PLC0415 - few processes need it

    first, _, second = wanted.partition(JOINT)
    ears = {**trained_ears(), DEFAULT_ENCODER: None}
    if first not in ears:
        raise EncoderError(
            f"“{wanted}” is not a valid combination: the built-in encoder or one that was tuned to your sounds comes "
            f"first, such as {DEFAULT_ENCODER}{JOINT}{second}."
        )
    stem = second.rpartition("-")[0]  # of a full id
    name = stem if second not in encoder_names() and stem in encoder_names() else second
    other = _from_weights(name, provider)
    if other.text is not None:
        raise EncoderError(
            f"“{wanted}” is not a valid combination: {name} understands text itself. Use it alone: {name}."
        )
    encoder = CombinedEncoder(EarEncoder(ears[first]), other)
    if name != second and wanted != encoder.id.partition("@")[0]:
        raise EncoderError(
            f"The encoder {wanted} belongs to other weights or another version of Bowerbird; now it is {encoder.id}. "
            "Index your folders again."
        )
    return encoder


def _from_weights(wanted: str, provider: str) -> Encoder:
    from bowerbird.encoders.onnx.encoder import OnnxEncoder  # noqa: PLC0415 - the front ends are slow to import

    installed = installed_weights()
    for name, weights in installed.items():
        for is_int8 in (False, True):
            short_name = name + (INT8_ENDING if is_int8 else "")
            if wanted != short_name and not wanted.startswith(f"{short_name}-"):
                continue
            if is_int8 and not has_file(weights, "audio_int8"):
                continue
            encoder = OnnxEncoder(weights, is_int8=is_int8, provider=provider)
            if wanted in (short_name, encoder.id.partition("@")[0]):
                require_self_check(weights, is_int8=is_int8)
                return encoder
    if wanted.removesuffix(INT8_ENDING) in installed:
        raise EncoderError(
            f"The 8-bit weights of {wanted.removesuffix(INT8_ENDING)} are not installed. "
            f"Run `bowerbird models fetch {wanted.removesuffix(INT8_ENDING)} --int8`."
        )
    if wanted in shipped_cards():
        raise EncoderError(
            f"The weights of {wanted} are not installed. Run `bowerbird models fetch {wanted}`, or "
            "`bowerbird models import DIR` with a folder that contains them."
        )
    raise EncoderError(f"Unknown encoder “{wanted}”. Choose from: {', '.join(encoder_names())}.")
