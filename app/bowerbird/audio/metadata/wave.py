"""The chunks of WAVE files: bext, LIST INFO, cue and adtl, smpl, inst, acid."""

import struct
from collections.abc import Iterator
from typing import Final, Literal, TypeAlias

from bowerbird.audio.metadata.chunks import subchunks
from bowerbird.audio.metadata.text import decode
from bowerbird.domain.metadata import CuePoint, LoopRegion
from bowerbird.domain.musical_keys import note_name

Order: TypeAlias = Literal["little", "big"]
Texts: TypeAlias = Iterator[tuple[str, str]]

_INFO_FIELDS: Final = {
    "INAM": "title",
    "IART": "artist",
    "IPRD": "album",
    "IGNR": "genre",
    "ICMT": "comment",
    "IKEY": "keywords",
    "ISBJ": "description",
    "ICOP": "copyright",
    "ICRD": "year",
    "ISFT": "software",
    "IENG": "engineer",
    "ITRK": "track_number",
    "IPRT": "track_number",
    "ISRC": "source_id",
    "IMED": "tape",
    "ITCH": "engineer",
    "IBPM": "bpm",
}
_LOUDNESS: Final = ("loudness", "loudness_range", "max_true_peak", "max_momentary", "max_short_term")
_LOUDNESS_UNITS: Final = ("LUFS", "LU", "dBTP", "LUFS", "LUFS")
_NO_LOUDNESS: Final = frozenset({0x7FFF, 0, -1})
_LOOP_KINDS: Final = {1: "alternating", 2: "backward"}

MAX_MARKS: Final = 10_000


def bext_texts(data: bytes, *, rate_hz: int, order: Order) -> Texts:
    """Yield the fields of a broadcast extension, versions 0 to 2 (EBU Tech 3285); of a cut one, what is there."""
    if len(data) < 256:
        return
    for name, start, end in (
        ("description", 0, 256),
        ("originator", 256, 288),
        ("originator_reference", 288, 320),
    ):
        yield name, decode(data[start:end].split(b"\x00")[0])
    date, time = decode(data[320:330].split(b"\x00")[0]), decode(data[330:338].split(b"\x00")[0])
    if date.strip("-: 0"):
        yield "origination_date", f"{date} {time}".strip()
    if len(data) < 348:
        return
    frames = int.from_bytes(data[338:346], order)
    if frames and rate_hz:
        yield "time_reference", f"{_clock(frames / rate_hz)} ({frames:,} samples)"
    version = int.from_bytes(data[346:348], order)
    if version >= 1 and any(data[348:412]):
        yield "umid", data[348:412].rstrip(b"\x00").hex()
    if version >= 2 and len(data) >= 422:
        values = struct.unpack(f"{'<' if order == 'little' else '>'}5h", data[412:422])
        for name, unit, value in zip(_LOUDNESS, _LOUDNESS_UNITS, values, strict=True):
            if value not in _NO_LOUDNESS and abs(value) < 10_000:
                yield name, f"{value / 100:.1f} {unit}"
    yield "coding_history", decode(data[602:].split(b"\x00")[0])


def info_texts(data: bytes, order: Order) -> Texts:
    """Yield the texts of a LIST INFO chunk, the name INFO left out."""
    for name, value in subchunks(data, order):
        field = _INFO_FIELDS.get(name.decode("latin-1").upper())
        if field:
            yield field, decode(value)


def cue_points(cue: bytes, associated: bytes, *, rate_hz: int, order: Order) -> tuple[CuePoint, ...]:
    """Return the points of a cue chunk in order of time, with the names and lengths of the associated list.

    Parameters
    ----------
    cue : bytes
    associated : bytes
        Of LIST adtl, the name left out.
    rate_hz : int
    order : {"little", "big"}
    """
    names: dict[int, str] = {}
    notes: dict[int, str] = {}
    lengths: dict[int, int] = {}
    for name, data in subchunks(associated, order):
        number = int.from_bytes(data[:4], order)
        if name == b"labl":
            names.setdefault(number, _line(data[4:]))
        elif name == b"note":
            notes.setdefault(number, _line(data[4:]))
        elif name == b"ltxt" and len(data) >= 20:
            lengths.setdefault(number, int.from_bytes(data[4:8], order))
            if text := _line(data[20:]):
                notes.setdefault(number, text)
    n_points = min(int.from_bytes(cue[:4], order), (len(cue) - 4) // 24, MAX_MARKS)
    found = []
    for index in range(max(0, n_points)):
        point = cue[4 + 24 * index : 28 + 24 * index]
        number = int.from_bytes(point[:4], order)
        # The position in the samples is the last number; the second is one in a playlist and often 0.
        frame = int.from_bytes(point[20:24], order)
        length = lengths.get(number, 0)
        label = names.get(number) or notes.get(number, "")
        found.append(CuePoint(label, frame / rate_hz, length / rate_hz if length else None))
    return tuple(sorted(found, key=lambda point: point.start_s))


def sampler(data: bytes, *, rate_hz: int, order: Order) -> tuple[dict[str, str], tuple[LoopRegion, ...]]:
    """Return the root note and the loops of a smpl chunk."""
    if len(data) < 36:
        return {}, ()
    numbers = [int.from_bytes(data[start : start + 4], order) for start in range(0, 36, 4)]
    loops = []
    for index in range(min(numbers[7], (len(data) - 36) // 24, MAX_MARKS)):
        loop = data[36 + 24 * index : 60 + 24 * index]
        kind, start, end = (int.from_bytes(loop[at : at + 4], order) for at in (4, 8, 12))
        if end > start:
            loops.append(LoopRegion(start / rate_hz, (end + 1) / rate_hz, _LOOP_KINDS.get(kind, "forward")))
    note = numbers[3]
    # 60 stands in most files that were never assigned a key, so it says nothing by itself.
    return {"root_note": note_name(note)} if 0 < note < 128 and note != 60 else {}, tuple(loops)


def instrument_texts(data: bytes) -> Texts:
    """Yield the root note and the range of an inst chunk."""
    if len(data) < 7:
        return
    note, low, high = data[0], data[3], data[4]
    if 0 < note < 128 and note != 60:
        yield "root_note", note_name(note)
    if (low, high) != (0, 127) and low <= high < 128:
        yield "note_range", f"{low} to {high} (MIDI)"


def acid_texts(data: bytes, order: Order) -> Texts:
    """Yield tempo, root note, beats and time signature of an acid chunk, and whether it is a loop."""
    if len(data) < 24:
        return
    flags = int.from_bytes(data[:4], order)
    is_one_shot = bool(flags & 1)
    yield "loop", "no" if is_one_shot else "yes"
    if flags & 2:
        yield "root_note", note_name(int.from_bytes(data[4:6], order))
    n_beats = int.from_bytes(data[12:16], order)
    denominator, numerator = (int.from_bytes(data[at : at + 2], order) for at in (16, 18))
    (bpm,) = struct.unpack("<f" if order == "little" else ">f", data[20:24])
    if not is_one_shot:
        if 20 <= bpm <= 400:
            yield "bpm", f"{bpm:.2f}".rstrip("0").rstrip(".")
        if 0 < n_beats < 100_000:
            yield "beats", str(n_beats)
        if 0 < numerator < 100 and 0 < denominator < 100:
            yield "time_signature", f"{numerator}/{denominator}"


def _line(data: bytes) -> str:
    return " ".join(decode(data.split(b"\x00")[0]).split())[:200]


def _clock(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours:02}:{minutes:02}:{rest:06.3f}"
