"""Why sounds cannot be used, in classes: one sentence and one remedy for all sounds of a class."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bowerbird.base.errors import RejectionCode


@dataclass(frozen=True, slots=True)
class Rejection:
    """A class of reasons.

    Attributes
    ----------
    reason : str
        What is wrong, as the title of a list of sounds.
    remedy : str
        What to do about all of them.
    """

    reason: str
    remedy: str


REJECTIONS: Final[Mapping[RejectionCode, Rejection]] = {
    "empty": Rejection("The file is empty", "Restore it from a backup, or export it again."),
    "truncated": Rejection("The file ends before the length in its header", "Copy it again, or export it again."),
    "damaged": Rejection("The file is damaged", "Export it again as WAV or FLAC."),
    "no_audio": Rejection("The file contains no audio", "Export it again, or delete it."),
    "unsupported": Rejection("Bowerbird cannot decode the format", "Convert it to WAV or FLAC."),
    "no_resource_fork": Rejection(
        "The file has lost its resource fork", "Copy it again from a Mac, or convert it to WAV there."
    ),
    "crashed": Rejection("Decoding crashed", "Export it again as WAV or FLAC."),
    "timed_out": Rejection("Decoding takes too long", "Export it again as WAV or FLAC."),
    "not_embedded": Rejection(
        "The encoder cannot embed the sound", "Search by name, or choose another encoder under File, Encoders."
    ),
}
"""In the order in which they are shown where as many sounds have them."""
