"""AIFF texts and markers, CAF information strings, and the data of Apple Loops in both."""

import struct
from collections.abc import Iterator
from typing import Final, TypeAlias

from bowerbird.audio.metadata.text import decode
from bowerbird.domain.metadata import CuePoint
from bowerbird.domain.musical_keys import note_name

Texts: TypeAlias = Iterator[tuple[str, str]]

AIFF_TEXTS: Final = {b"NAME": "title", b"AUTH": "artist", b"ANNO": "comment", b"(c) ": "copyright"}

LOOP_STRINGS: Final = bytes.fromhex("29819273b5bf4aefb78d62d1ef90bb2c")
"""Identifies the strings of an Apple Loop in a `uuid` chunk of a CAF file."""

TRANSIENTS: Final = bytes.fromhex("0352811b9d5d42e1882d6af61a6b330c")

_CAF_FIELDS: Final = {
    "title": "title",
    "artist": "artist",
    "album": "album",
    "genre": "genre",
    "comments": "comment",
    "comment": "comment",
    "copyright": "copyright",
    "year": "year",
    "tempo": "bpm",
    "key signature": "key",
    "time signature": "time_signature",
    "composer": "composer",
    "track number": "track_number",
    "source encoder": "software",
    "category": "category",
    "subcategory": "subcategory",
    "descriptors": "keywords",
    "beat count": "beats",
}
_MODES: Final = {1: " minor", 2: " major"}
_ONE_SHOT: Final = 2


def loop_texts(data: bytes, *, duration_s: float | None) -> Texts:
    """Yield key, beats, time signature, tempo and kind from a `basc` chunk: the data of an Apple Loop.

    Parameters
    ----------
    data : bytes
        Version, beats (4 bytes each), root note (48 is C), scale, numerator, denominator, kind (2 bytes each).
    duration_s : float or None
        Of the sound: with the beats it gives the tempo.
    """
    if len(data) < 18:
        return
    n_beats = int.from_bytes(data[4:8], "big")
    root, scale, numerator, denominator, kind = (int.from_bytes(data[at : at + 2], "big") for at in range(8, 18, 2))
    is_one_shot = kind == _ONE_SHOT
    yield "loop", "no" if is_one_shot else "yes"
    if 0 < root < 128:
        yield "key", note_name(root) + _MODES.get(scale, "")
    if is_one_shot or not 0 < n_beats < 100_000:
        return
    yield "beats", str(n_beats)
    if 0 < numerator < 100 and 0 < denominator < 100:
        yield "time_signature", f"{numerator}/{denominator}"
    if duration_s:
        yield "bpm", f"{60 * n_beats / duration_s:.2f}".rstrip("0").rstrip(".")


def transients_text(data: bytes) -> str:
    """Return the number of transients in an Apple Loop: 16 bytes, their number, and a row of 12 bytes for each.

    This is not documented; for another layout it is "yes".
    """
    n_transients = int.from_bytes(data[16:20], "big")
    return str(n_transients) if n_transients and len(data) == 20 + 12 * n_transients else "yes"


def caf_strings(data: bytes, *, duration_s: float | None = None) -> Texts:
    """Yield the fields among pairs of strings that end in NUL, after their number (4 bytes).

    Parameters
    ----------
    data : bytes
    duration_s : float or None
        Of the sound: with the number of beats it gives the tempo.
    """
    parts = data[4:].split(b"\x00")
    pairs = zip(parts[::2], parts[1::2], strict=False)
    values = {decode(name).strip().lower(): decode(value).strip() for name, value in pairs}
    mode = values.get("key type", "")
    for name, value in values.items():
        if name == "key signature" and mode in {"minor", "major"}:
            yield "key", f"{value} {mode}"
        elif field := _CAF_FIELDS.get(name):
            yield field, value
    beats = values.get("beat count", "")
    if duration_s and beats.isdecimal() and int(beats) and "tempo" not in values:
        yield "bpm", f"{60 * int(beats) / duration_s:.2f}".rstrip("0").rstrip(".")


def caf_duration_s(desc: bytes, pakt: bytes, n_data_bytes: int) -> float | None:
    """Return the length of a CAF file from its description, its packet table and the size of its data."""
    if len(desc) < 32:
        return None
    (rate_hz,) = struct.unpack(">d", desc[:8])
    n_packet_bytes, n_packet_frames = (int.from_bytes(desc[at : at + 4], "big") for at in (16, 20))
    if not 1 <= rate_hz < 1e7:
        return None
    if len(pakt) >= 24:
        return max(0, int.from_bytes(pakt[8:16], "big", signed=True)) / float(rate_hz)
    if not n_packet_bytes:
        return None
    return max(0, n_data_bytes - 4) // n_packet_bytes * n_packet_frames / float(rate_hz)


def markers(data: bytes, *, rate_hz: int) -> tuple[CuePoint, ...]:
    """Return the markers of an AIFF file in order of time."""
    found = []
    position = 2
    for _ in range(int.from_bytes(data[:2], "big")):
        if position + 7 > len(data):
            break
        frame = int.from_bytes(data[position + 2 : position + 6], "big")
        n_letters = data[position + 6]
        name = decode(data[position + 7 : position + 7 + n_letters])
        found.append(CuePoint(" ".join(name.replace("\x00", " ").split()), frame / rate_hz))
        position += 7 + n_letters + (1 - n_letters % 2)  # the length byte and the letters are padded to even
    return tuple(sorted(found, key=lambda point: point.start_s))
