"""The tags that mutagen reads: ID3 and Vorbis comments."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import mutagen

logger = logging.getLogger(__name__)

_FIELDS: Final = {
    # ID3
    "TIT2": "title",
    "TIT1": "description",
    "TPE1": "artist",
    "TALB": "album",
    "TCON": "genre",
    "COMM": "comment",
    "TXXX": "comment",
    "TBPM": "bpm",
    "TKEY": "key",
    "TCOM": "composer",
    "TCOP": "copyright",
    "TDRC": "year",
    "TRCK": "track_number",
    "TMOO": "mood",
    # Vorbis comments
    "title": "title",
    "artist": "artist",
    "album": "album",
    "genre": "genre",
    "comment": "comment",
    "description": "description",
    "keywords": "keywords",
    "bpm": "bpm",
    "tempo": "bpm",
    "initialkey": "key",
    "key": "key",
    "composer": "composer",
    "copyright": "copyright",
    "date": "year",
    "tracknumber": "track_number",
    "mood": "mood",
    "instrument": "instrument",
    "category": "category",
    "subcategory": "subcategory",
    "catid": "catid",
    "project": "project",
    "scene": "scene",
    "take": "take",
}


def tag_texts(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the tags of a file."""
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
