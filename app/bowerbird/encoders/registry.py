"""Encoders by name: the one place that knows which there are."""

from pathlib import Path
from typing import Final

from bowerbird.base.errors import EncoderError
from bowerbird.base.paths import ears_path
from bowerbird.encoders.acoustic.encoder import AcousticEncoder
from bowerbird.encoders.ear.encoder import EarEncoder
from bowerbird.encoders.protocol import Encoder
from bowerbird.encoders.weights.cards import INT8_ENDING, shipped_cards
from bowerbird.encoders.weights.self_check import require_proof
from bowerbird.encoders.weights.store import has_file, installed_weights

DEFAULT_ENCODER: Final = "ear"
"""The encoder that is built in: every library has its vectors, whatever else there is."""

ACOUSTIC_ENCODER: Final = "acoustic"
"""Hand-made descriptors alone: the ear's other half, and what libraries of earlier versions were heard by."""

_CARD_NAME: Final = "ear.toml"


def encoder_names() -> tuple[str, ...]:
    """Return what a person may write after ``--encoder``, as things are; a full id is understood too."""
    names = [DEFAULT_ENCODER, ACOUSTIC_ENCODER, *trained_ears()]
    for name, weights in installed_weights().items():
        names.append(name)
        if has_file(weights, "audio_int8"):
            names.append(name + INT8_ENDING)
    return tuple(names)


def encoder_named(name: str) -> Encoder:
    """Make the encoder of a name or full id.

    Parameters
    ----------
    name : str
        ``ear``, ``acoustic``, the name of an ear that was trained here, the id of a card whose weights are here, the
        same with ``-int8`` for its 8-bit weights; then
        ``@cuda``, ``@coreml`` or ``@directml`` for what shall compute.

    Raises
    ------
    EncoderError
        When there is no such encoder, when it is incomplete, or has not passed its self-check.
    """
    wanted, _, provider = name.partition("@")
    ears = trained_ears()
    for spoken, card in {**ears, DEFAULT_ENCODER: None, ACOUSTIC_ENCODER: None}.items():
        if wanted != spoken and (wanted in ears or not wanted.startswith(f"{spoken}-")):
            continue
        encoder = AcousticEncoder() if spoken == ACOUSTIC_ENCODER else EarEncoder(card)
        if wanted in (spoken, encoder.id):
            return encoder
        if spoken in {DEFAULT_ENCODER, ACOUSTIC_ENCODER}:
            raise EncoderError(
                f"The encoder `{wanted}` is of another version of Bowerbird; this one has `{encoder.id}`. "
                "Index the folder again with it."
            )
    return _from_weights(wanted, provider or "cpu")


def trained_ears() -> dict[str, Path]:
    """Return the cards of the ears that were trained here, by name."""
    try:
        return {card.parent.name: card for card in sorted(ears_path().glob(f"*/{_CARD_NAME}"))}
    except OSError:
        return {}


def _from_weights(wanted: str, provider: str) -> Encoder:
    from bowerbird.encoders.onnx.encoder import OnnxEncoder  # noqa: PLC0415 - the front ends take a while to load

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
                require_proof(weights, is_int8=is_int8)
                return encoder
    if wanted.removesuffix(INT8_ENDING) in installed:
        raise EncoderError(
            f"`{wanted.removesuffix(INT8_ENDING)}` has no 8-bit weights here. "
            f"Run `bowerbird models fetch {wanted.removesuffix(INT8_ENDING)} --int8`."
        )
    if wanted in shipped_cards():
        raise EncoderError(
            f"The weights of `{wanted}` are not here. Run `bowerbird models fetch {wanted}`, or "
            "`bowerbird models import DIR` with a folder that has them."
        )
    raise EncoderError(f"There is no encoder `{wanted}`. Choose one of: {', '.join(encoder_names())}.")
