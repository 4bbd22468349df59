"""Text metadata of sound files: ID3, Vorbis comments, RIFF INFO, BEXT and iXML.

Only text for search and display is read. Damaged metadata does not reject a sound; unreadable fields are left out.
"""

import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final
from xml.etree import ElementTree as ET

import mutagen

logger = logging.getLogger(__name__)

MAX_CHARACTERS: Final = 2_000
"""Limit of a field: lyrics and cue sheets are not search terms."""

_MAX_CHUNK_BYTES: Final = 1_000_000
_MAX_CHUNKS: Final = 1_000

_FIELDS: Final = {
    # ID3
    "TIT2": "title",
    "TPE1": "artist",
    "TALB": "album",
    "TCON": "genre",
    "COMM": "comment",
    "TXXX": "comment",
    "TBPM": "bpm",
    "TKEY": "key",
    # Vorbis comments
    "title": "title",
    "artist": "artist",
    "album": "album",
    "genre": "genre",
    "comment": "comment",
    "description": "description",
    "keywords": "keywords",
    "bpm": "bpm",
    "initialkey": "key",
    # RIFF INFO
    "INAM": "title",
    "IART": "artist",
    "IPRD": "album",
    "IGNR": "genre",
    "ICMT": "comment",
    "IKEY": "keywords",
    "ISBJ": "description",
}

_IXML_FIELDS: Final = {
    "PROJECT": "project",
    "SCENE": "scene",
    "NOTE": "comment",
    "CATEGORY": "category",
    "SUBCATEGORY": "category",
    "CATID": "category",
    "FXNAME": "title",
    "KEYWORDS": "keywords",
    "LIBRARY": "album",
}


def read_metadata(path: Path) -> dict[str, str]:
    """Read a file's text fields.

    Returns
    -------
    dict of str to str
        Field name (title, artist, album, genre, comment, description, keywords, category, ...) to text;
        several values are joined by "; ". Empty if there is none or it cannot be read.
    """
    found: dict[str, list[str]] = {}
    try:
        for name, text in [*_tags(path), *_riff_texts(path)]:
            clean = " ".join(text.replace("\x00", " ").split())[:MAX_CHARACTERS]
            if clean and clean not in found.setdefault(name, []):
                found[name].append(clean)
    except OSError as error:
        logger.info("no metadata of %s: %s", path, error)
    return {name: "; ".join(texts) for name, texts in found.items() if texts}


def _tags(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the tags that mutagen reads."""
    try:
        file = mutagen.File(path)
    except Exception as error:  # mutagen raises whatever its parsers raise; tags are optional
        logger.info("unreadable tags in %s: %s", path, error)
        return
    if file is None or not file.tags:
        return
    for key, value in file.tags.items():
        name = _FIELDS.get(key.split(":")[0]) or _FIELDS.get(key.lower())
        if name is None:
            continue
        for text in getattr(value, "text", value if isinstance(value, list) else [value]):
            yield name, str(text)


def _riff_texts(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the texts in the BEXT, INFO and iXML chunks of a WAVE file."""
    with path.open("rb") as file:
        head = file.read(12)
        if head[:4] not in {b"RIFF", b"RF64"} or head[8:12] != b"WAVE":
            return
        for name, size in _chunks(file):
            if name == b"bext" and size >= 256:
                yield "description", _decode(file.read(256).split(b"\x00")[0])
                yield "originator", _decode(file.read(32).split(b"\x00")[0])
            elif name == b"LIST" and 4 < size <= _MAX_CHUNK_BYTES:
                yield from _info_texts(file.read(size))
            elif name == b"iXML" and size <= _MAX_CHUNK_BYTES:
                yield from _ixml_texts(file.read(size))


def _chunks(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Yield the name and size of each chunk, with the file positioned at its data."""
    position = 12
    data_bytes = 0
    for _ in range(_MAX_CHUNKS):
        file.seek(position)
        head = file.read(8)
        if len(head) < 8:
            return
        size = int.from_bytes(head[4:], "little")
        if head[:4] == b"ds64":  # RF64 stores the size of `data` here (EBU Tech 3306)
            data_bytes = int.from_bytes(file.read(16)[8:], "little")
        elif head[:4] == b"data" and size == 0xFFFFFFFF:
            size = data_bytes
        yield head[:4], size
        position += 8 + size + (size & 1)


def _info_texts(data: bytes) -> Iterator[tuple[str, str]]:
    if data[:4] != b"INFO":
        return
    position = 4
    while position + 8 <= len(data):
        size = int.from_bytes(data[position + 4 : position + 8], "little")
        name = _FIELDS.get(data[position : position + 4].decode("ascii", "replace"))
        if name:
            yield name, _decode(data[position + 8 : position + 8 + size])
        position += 8 + size + (size & 1)


def _ixml_texts(data: bytes) -> Iterator[tuple[str, str]]:
    text = _decode(data).strip("\x00 \r\n\t")
    if "<!DOCTYPE" in text or "<!ENTITY" in text:  # entity bombs: recorders write neither
        return
    try:
        root = ET.fromstring(re.sub(r"^<\?xml[^>]*\?>", "", text))  # noqa: S314 - no entities get this far
    except ET.ParseError:
        return
    for element in root.iter():
        name = _IXML_FIELDS.get(element.tag.upper())
        if name and element.text:
            yield name, element.text


def _decode(data: bytes) -> str:
    """Decode UTF-8 or else a Windows code page; RIFF does not specify the encoding."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")
