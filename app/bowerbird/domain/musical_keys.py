"""Musical keys in one spelling, from what people and programs write."""

import re
from typing import Final

NOTE_NAMES: Final = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_PITCH_CLASSES: Final = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
_ACCIDENTALS: Final = {"": 0, "#": 1, "♯": 1, "sharp": 1, "s": 1, "b": -1, "♭": -1, "flat": -1}
_KEY: Final = re.compile(
    r"([a-g])[ _-]?(#|♯|sharp|s(?![a-z])|b|♭|flat)?[ _-]?(m|min|minor|maj|major|moll|dur)?", re.IGNORECASE
)
_MINOR: Final = frozenset({"m", "min", "minor", "moll"})

CAMELOT: Final = re.compile(r"(1[0-2]|[1-9])([AB])", re.IGNORECASE)
"""A key as DJ programs write it: a position on the circle of fifths, A for minor and B for major."""


def parse_key(text: str) -> str | None:
    """Return a key in the spelling that is stored: "A minor", "F# major", or "C" where only the note is known.

    Flats are written as sharps, so that enharmonic spellings are equal.

    >>> parse_key("Gbm"), parse_key("c"), parse_key("F# Major")
    ('F# minor', 'C', 'F# major')
    """
    plain = text.strip()
    if camelot := CAMELOT.fullmatch(plain):
        is_minor = camelot[2].upper() == "A"
        pitch_class = (7 * (int(camelot[1]) - 8) + (9 if is_minor else 0)) % 12
        return f"{NOTE_NAMES[pitch_class]} {'minor' if is_minor else 'major'}"
    found = _KEY.fullmatch(plain)
    if not found:
        return None
    note, accidental, mode = found[1].lower(), (found[2] or "").lower(), found[3]
    name = NOTE_NAMES[(_PITCH_CLASSES[note] + _ACCIDENTALS[accidental]) % 12]
    if mode is None:
        return name
    return f"{name} {'minor' if mode != 'M' and mode.lower() in _MINOR else 'major'}"


def note_name(midi_note: int) -> str:
    """Return the name of a MIDI note without its octave; 60 is "C"."""
    return NOTE_NAMES[midi_note % 12]


def equal_keys(key: str) -> tuple[str, ...]:
    """Return the stored keys that a filter by `key` finds: a note alone is also its major key, and the reverse."""
    note = key.removesuffix(" major")
    return (note, f"{note} major") if " minor" not in key else (key,)
