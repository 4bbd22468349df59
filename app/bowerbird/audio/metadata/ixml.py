"""iXML as recorders write it: with bare ampersands, bytes after its end, or another encoding than declared."""

import html
import re
from collections.abc import Iterator
from typing import Final
from xml.etree import ElementTree as ET

from bowerbird.audio.metadata.text import decode

_FIELDS: Final = {
    "PROJECT": "project",
    "SCENE": "scene",
    "TAKE": "take",
    "TAPE": "tape",
    "NOTE": "note",
    "CATEGORY": "category",
    "SUBCATEGORY": "subcategory",
    "CATID": "catid",
    "FXNAME": "title",
    "KEYWORDS": "keywords",
    "LIBRARY": "album",
    "DESCRIPTION": "description",
    "MICROPHONE": "microphone",
    "LOCATION_NAME": "location",
    "LOCATION": "location",
    "TIMECODE_RATE": "timecode_rate",
    "FILE_SAMPLE_RATE": "speed",
    "ARTIST": "artist",
    "DESIGNER": "artist",
    "CREATORID": "creator_id",
    "SOURCEID": "source_id",
    "USERDATA": "user_data",
    "BWF_ORIGINATOR": "originator",
    "BWF_DESCRIPTION": "description",
}
_BARE_AMPERSAND: Final = re.compile(r"&(?!#\d+;|#x[0-9a-fA-F]+;|(?:amp|lt|gt|quot|apos);)")
_CONTROLS: Final = re.compile(r"[\x01-\x08\x0b\x0c\x0e-\x1f]")
_ELEMENT: Final = re.compile(r"<([A-Za-z_][\w.-]*)[^<>]*>([^<>]*)</\1\s*>")


def ixml_texts(data: bytes) -> Iterator[tuple[str, str]]:
    """Yield the fields of an iXML chunk; of one that is not valid XML, those whose elements are whole."""
    text = _text(data)
    if "<!DOCTYPE" in text or "<!ENTITY" in text:  # entity bombs: recorders write neither
        return
    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", text)
    end = text.rfind("</BWFXML>")
    text = text[: end + len("</BWFXML>")] if end >= 0 else text
    try:
        root = ET.fromstring(_BARE_AMPERSAND.sub("&amp;", text))  # noqa: S314 - no entities get this far
        elements = [(element.tag.rsplit("}", 1)[-1], element.text or "") for element in root.iter()]
    except ET.ParseError:
        elements = [(name, html.unescape(value)) for name, value in _ELEMENT.findall(text)]
    yield from _fields(elements)


def _fields(elements: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    names: list[str] = []
    for tag, value in elements:
        upper = tag.upper()
        if upper == "CIRCLED":
            yield "circled", {"TRUE": "yes", "FALSE": "no"}.get(value.strip().upper(), value)
        elif upper == "NAME" and value.strip():
            names.append(" ".join(value.split()))
        elif upper == "FILE_SAMPLE_RATE":
            yield "speed", f"{value.strip()} Hz" if value.strip() else ""
        elif field := _FIELDS.get(upper):
            yield field, value
    yield "tracks", ", ".join(dict.fromkeys(names))


def _text(data: bytes) -> str:
    """Return the text before its terminator; NUL bytes inside UTF-16 are part of letters."""
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"} or b"\x00" in data[:8].strip(b"\x00"):
        text = decode(data)
    else:
        text = decode(data.lstrip(b"\x00").split(b"\x00")[0])
    return _CONTROLS.sub("", text.lstrip("\ufeff").split("\x00")[0]).strip()
