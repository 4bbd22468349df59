"""The systems that can be compared on a library."""

from dataclasses import dataclass

from bowerbird.base.errors import EncoderError
from bowerbird.encoders.protocol import Encoder
from bowerbird.encoders.registry import ACOUSTIC_ENCODER, DEFAULT_ENCODER, encoder_named, encoder_names
from bowerbird.library.encoders.choice import searched_encoder
from bowerbird.library.library import Library


@dataclass(frozen=True, slots=True)
class EncoderChoice:
    """An encoder that the library has embeddings of.

    Attributes
    ----------
    name : str
    n_dims : int
    aspects : tuple of str
        Names of the parts of its vectors, which can have weights.
    has_text : bool
        Whether it can search by words.
    """

    name: str
    n_dims: int
    aspects: tuple[str, ...]
    has_text: bool


@dataclass(frozen=True, slots=True, eq=False)
class SystemChoices:
    """The encoders of a library.

    Attributes
    ----------
    encoders : tuple of EncoderChoice
        The encoder that searches use is the first.
    n_sounds : int
        Without duplicates.
    durations_s : tuple of float
        Of the sounds.
    """

    encoders: tuple[EncoderChoice, ...]
    n_sounds: int
    durations_s: tuple[float, ...]

    def encoder(self, name: str) -> EncoderChoice | None:
        """Return an encoder by name; None when the library has no embeddings of it."""
        return next((encoder for encoder in self.encoders if encoder.name == name), None)

    def mean_excerpt_s(self, longest_s: float) -> float:
        """Return the mean duration of the library's sounds, each cut to a length."""
        cut = [min(durations_, longest_s) for durations_ in self.durations_s]
        return sum(cut) / len(cut) if cut else longest_s


def system_choices(library: Library) -> SystemChoices:
    """Return the encoders that can be compared on a library.

    Raises
    ------
    CatalogueError
        When there is no library.
    """
    with library.read() as reader:
        ids = set(reader.encoder_ids())
        durations_s = tuple(row.duration_s for row in reader.present_contents())
    built_in = encoder_named(DEFAULT_ENCODER)
    searched = searched_encoder(library).encoder.name
    found = []
    for name in encoder_names():
        try:
            encoder = encoder_named(name)
        except EncoderError:  # damaged, or its self-check failed
            continue
        # The vectors of the built-in encoder contain the acoustic vectors.
        if encoder.id in ids or (name == ACOUSTIC_ENCODER and built_in.id in ids):
            found.append(_choice(name, encoder))
    return SystemChoices(
        tuple(sorted(found, key=lambda choice: choice.name != searched)), len(durations_s), durations_s
    )


def _choice(name: str, encoder: Encoder) -> EncoderChoice:
    return EncoderChoice(name, encoder.n_dims, tuple(encoder.blocks), encoder.text is not None)
