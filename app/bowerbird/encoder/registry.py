"""Encoders by name: the one place that knows which there are."""

from bowerbird.encoder.acoustic import AcousticEncoder
from bowerbird.encoder.protocol import Encoder
from bowerbird.errors import EncoderError

DEFAULT_ENCODER = "acoustic"

ENCODER_NAMES = ("acoustic",)
"""What a person may write after ``--encoder``; a full id is understood too."""


def encoder_named(name: str) -> Encoder:
    """Make the encoder of a name or full id.

    Raises
    ------
    EncoderError
        When there is no such encoder, or when it is incomplete.
    """
    acoustic = AcousticEncoder()
    if name in ("acoustic", acoustic.id):
        return acoustic
    if name.startswith("acoustic-"):
        raise EncoderError(
            f"The encoder `{name}` is of another version of Bowerbird; this one has `{acoustic.id}`. "
            "Index the folder again with it."
        )
    known = ", ".join(ENCODER_NAMES)
    raise EncoderError(f"There is no encoder `{name}`. Choose one of: {known}.")
