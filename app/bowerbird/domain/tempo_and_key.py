"""Playing sounds in a given tempo and key: how much to stretch, and by how many semitones to shift."""

import math
import re
from dataclasses import dataclass
from typing import Final

NOTE_NAMES: Final = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")

_LETTERS: Final = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_ACCIDENTALS: Final = {"": 0, "#": 1, "♯": 1, "s": 1, "sharp": 1, "b": -1, "♭": -1, "flat": -1}
_MODES: Final = {
    "": False,
    "maj": False,
    "major": False,
    "ionian": False,
    "m": True,
    "min": True,
    "minor": True,
    "aeolian": True,
}
_KEY: Final = re.compile(
    r"\s*(?P<letter>[A-Ga-g])[\s-]*(?P<accidental>#|♯|b|♭|sharp|flat|s(?![a-z]))?[\s_-]*(?P<mode>[A-Za-z]*)\s*"
)


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
    """Return the key that a text names, such as "Am", "F# minor", "Bb", "Dmaj" or "c sharp min"; None if it is none.

    A capital M stands for major, a small one for minor.
    """
    found = _KEY.fullmatch(text)
    if found is None:
        return None
    mode = found["mode"]
    is_minor = False if mode == "M" else _MODES.get(mode.lower())
    if is_minor is None:
        return None
    pitch_class = _LETTERS[found["letter"].upper()] + _ACCIDENTALS[found["accidental"] or ""]
    return Key(pitch_class % 12, is_minor)


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
