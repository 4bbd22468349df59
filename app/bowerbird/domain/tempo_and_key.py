"""Playing sounds in a given tempo and key: how much to stretch, and by how many semitones to shift."""

import math
from dataclasses import dataclass

from bowerbird.domain import musical_keys
from bowerbird.domain.musical_keys import NOTE_NAMES


@dataclass(frozen=True, slots=True)
class Key:
    """A musical key, or the root note of a sound.

    Attributes
    ----------
    pitch_class : int
        Semitones above C, 0 to 11.
    is_minor : bool
    """

    pitch_class: int
    is_minor: bool = False

    def __str__(self) -> str:
        return f"{NOTE_NAMES[self.pitch_class]}{' minor' if self.is_minor else ' major'}"

    @property
    def relative_major(self) -> int:
        """Pitch class of the major key with the same notes."""
        return (self.pitch_class + 3) % 12 if self.is_minor else self.pitch_class


def parse_key(text: str) -> Key | None:
    """Return the key that a text names, such as "Am", "F# minor" or "Bb"; None if it is none.

    A note alone counts as its major key.
    """
    stored = musical_keys.parse_key(text)
    if stored is None:
        return None
    note, _, mode = stored.partition(" ")
    return Key(NOTE_NAMES.index(note), mode == "minor")


def tempo_ratio(sound_bpm: float, target_bpm: float) -> float:
    """Return how much faster a sound has to be played to be in a tempo.

    A sound at 70 BPM fits 140 BPM as it is: half and double tempo count as the same. Of the possible ratios, the one
    nearest to 1 is returned, between 0.71 and 1.41.

    Raises
    ------
    ValueError
        When a tempo is not above 0.
    """
    if not (sound_bpm > 0 and target_bpm > 0 and math.isfinite(sound_bpm) and math.isfinite(target_bpm)):
        raise ValueError(f"invalid tempo: {sound_bpm} or {target_bpm} BPM")
    octaves = math.log2(target_bpm / sound_bpm)
    return float(2 ** (octaves - round(octaves)))


def key_shift_semitones(sound_key: Key, target_key: Key) -> int:
    """Return the smallest shift that brings a sound into a key, from -6 to +6 semitones.

    Keys with the same notes count as the same: a sound in A minor fits C major as it is.
    """
    return (target_key.relative_major - sound_key.relative_major + 6) % 12 - 6
