"""Reading the metadata of a file, whatever its container."""

import logging
import math
import struct
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO, Final

from bowerbird.audio.metadata import apple, wave
from bowerbird.audio.metadata.chunks import Container, read_chunk, read_container
from bowerbird.audio.metadata.ixml import ixml_texts
from bowerbird.audio.metadata.tags import tag_texts
from bowerbird.audio.metadata.text import decode
from bowerbird.domain.metadata import CuePoint, LoopRegion, Metadata, joined, metadata_of

logger = logging.getLogger(__name__)

VERSION: Final = 1
"""Of what is read: sounds whose metadata an older version read are read again."""

MAX_CHARACTERS: Final = 2_000
"""Limit of a field: lyrics and cue sheets are not search terms."""


@dataclass(slots=True)
class _Found:
    """What the chunks of a file hold."""

    texts: list[tuple[str, str]] = field(default_factory=list)
    cue_points: tuple[CuePoint, ...] = ()
    loops: tuple[LoopRegion, ...] = ()


def read_metadata(path: Path) -> Metadata:
    """Read a file's metadata; empty where there is none or it cannot be read."""
    found = _Found()
    texts: list[tuple[str, str]] = []
    try:
        texts += tag_texts(path)
        with path.open("rb") as file:
            container = read_container(file)
            if container is not None:
                _READERS[container.kind](file, container, found)
    except OSError as error:
        logger.info("no metadata of %s: %s", path, error)
    fields = joined([*texts, *found.texts], max_characters=MAX_CHARACTERS)
    return replace(metadata_of(fields), cue_points=found.cue_points, loops=found.loops)


def _read_wave(file: BinaryIO, container: Container, found: _Found) -> None:
    order = container.order
    rate_hz = 0
    cue = associated = b""
    for chunk in container.chunks:
        name = chunk.name
        if name == b"fmt ":
            rate_hz = int.from_bytes(read_chunk(file, chunk)[4:8], order)
        elif name == b"bext":
            found.texts += wave.bext_texts(read_chunk(file, chunk), rate_hz=rate_hz, order=order)
        elif name == b"LIST":
            data = read_chunk(file, chunk)
            if data[:4] == b"INFO":
                found.texts += wave.info_texts(data[4:], order)
            elif data[:4] == b"adtl":
                associated += data[4:]
        elif name == b"iXML":
            found.texts += ixml_texts(read_chunk(file, chunk))
        elif name == b"cue ":
            cue = read_chunk(file, chunk)
        elif name == b"smpl" and rate_hz:
            texts, loops = wave.sampler(read_chunk(file, chunk), rate_hz=rate_hz, order=order)
            found.texts += texts.items()
            found.loops += loops
        elif name == b"inst":
            found.texts += wave.instrument_texts(read_chunk(file, chunk))
        elif name == b"acid":
            found.texts += wave.acid_texts(read_chunk(file, chunk), order)
    if cue and rate_hz:
        found.cue_points = wave.cue_points(cue, associated, rate_hz=rate_hz, order=order)


def _read_aiff(file: BinaryIO, container: Container, found: _Found) -> None:
    rate_hz, n_frames = 0.0, 0
    for chunk in container.chunks:
        if chunk.name == b"COMM":
            data = read_chunk(file, chunk)
            if len(data) >= 18:
                n_frames, rate_hz = int.from_bytes(data[2:6], "big"), _extended(data[8:18])
    for chunk in container.chunks:
        if chunk.name in apple.AIFF_TEXTS:
            text = decode(read_chunk(file, chunk).split(b"\x00")[0])
            found.texts.append((apple.AIFF_TEXTS[chunk.name], text))
        elif chunk.name == b"basc":
            duration_s = n_frames / rate_hz if rate_hz else None
            found.texts += apple.loop_texts(read_chunk(file, chunk), duration_s=duration_s)
        elif chunk.name == b"trns":
            found.texts.append(("transients", apple.transients_text(read_chunk(file, chunk))))
        elif chunk.name == b"MARK" and rate_hz >= 1:
            found.cue_points = apple.markers(read_chunk(file, chunk), rate_hz=round(rate_hz))


def _read_caf(file: BinaryIO, container: Container, found: _Found) -> None:
    known = {chunk.name: chunk for chunk in container.chunks if chunk.name in {b"desc", b"pakt", b"data"}}
    head = {name: read_chunk(file, chunk) for name, chunk in known.items() if name != b"data"}
    n_data_bytes = known[b"data"].n_bytes if b"data" in known else 0
    duration_s = apple.caf_duration_s(head.get(b"desc", b""), head.get(b"pakt", b""), n_data_bytes)
    for chunk in container.chunks:
        if chunk.name == b"info":
            found.texts += apple.caf_strings(read_chunk(file, chunk))
        elif chunk.name == b"basc":
            found.texts += apple.loop_texts(read_chunk(file, chunk), duration_s=duration_s)
        elif chunk.name == b"uuid":
            data = read_chunk(file, chunk)
            if data[:16] == apple.LOOP_STRINGS:
                found.texts += apple.caf_strings(data[16:], duration_s=duration_s)
                found.texts.append(("loop", "yes"))
            elif data[:16] == apple.TRANSIENTS:
                found.texts.append(("transients", apple.transients_text(data[16:])))


def _extended(data: bytes) -> float:
    """Return a number in the 80-bit format of SANE; 0 for what is none."""
    exponent, mantissa = struct.unpack(">HQ", data)
    if not mantissa or exponent & 0x7FFF == 0x7FFF:
        return 0.0
    try:
        return math.ldexp(mantissa, (exponent & 0x7FFF) - 16383 - 63)
    except OverflowError:
        return 0.0


_READERS: Final = {"wave": _read_wave, "aiff": _read_aiff, "caf": _read_caf}
