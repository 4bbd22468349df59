"""What the names of sound files say: UCS categories, tempo, key, and whether a sound is a loop."""

import re
from collections.abc import Mapping
from pathlib import PurePath
from typing import Final, TypeAlias

from bowerbird.domain.metadata import Metadata, metadata_of
from bowerbird.domain.musical_keys import parse_key

Categories: TypeAlias = Mapping[str, tuple[str, str]]
"""Category and subcategory of the Universal Category System, by CatID."""

_CAT_ID: Final = re.compile(r"([A-Z]+[A-Z0-9][A-Za-z0-9]*)(?:-([^-_]+))?")
_MIN_FIELDS: Final = 2
"""Fields behind a CatID that make sure that it is one: a title and a creator's ID."""

_BPM: Final = re.compile(
    r"(?<![\d.])(\d{2,3}(?:\.\d{1,2})?)[ _-]?bpm(?![a-z])|(?<![a-z])bpm[ _-]?(\d{2,3}(?:\.\d{1,2})?)(?![\d.])", re.I
)
_MIN_BPM, _MAX_BPM = 40, 300
_KEY_WORDS: Final = (
    re.compile(r"(?<![^\W_])([A-G](?:#|b|♯|♭)?)[ _-]?(min|maj|minor|major|Min|Maj|Minor|Major|MIN|MAJ)(?![^\W\d_])"),
    re.compile(r"(?<![^\W_])([A-G](?:#|b|♯|♭))(m)(?![^\W_])"),
    re.compile(r"(?<![^\W_])([A-G](?:#|♯|♭))()(?![^\W_])"),
)
_MINOR_KEY: Final = re.compile(r"(?<![^\W_])([A-G]m)(?![^\W_])")
_NOTE_ALONE: Final = re.compile(r"(?<![^\W_])([A-G]b?)(?![^\W_])")
_LOOP: Final = re.compile(r"(?<![a-z])loops?(?![a-z])", re.I)
_ONE_SHOT: Final = re.compile(r"(?<![a-z])(?:one[ _-]?shots?|1[ _-]?shots?)(?![a-z])", re.I)


def metadata_of_name(path: str, categories: Categories) -> Metadata:
    """Return what a file's name says; what could be read in two ways is left out.

    Parameters
    ----------
    path : str
        Only the last part is read.
    categories : mapping of str to (str, str)
    """
    stem = PurePath(path).stem
    texts = _ucs_texts(stem, categories)
    bpm = parse_tempo(stem)
    has_one_shot, has_loop = bool(_ONE_SHOT.search(stem)), bool(_LOOP.search(stem))
    if bpm is not None:
        texts["bpm"] = f"{bpm:g}"
    if key := parse_named_key(stem, has_tempo=bpm is not None):
        texts["key"] = key
    if has_loop != has_one_shot:
        texts["loop"] = "yes" if has_loop else "no"
    return metadata_of(texts)


def parse_tempo(stem: str) -> float | None:
    """Return the tempo in a name such as ``Break_174bpm``; None where there is none, or two that differ."""
    found = {float(first or second) for first, second in _BPM.findall(stem)}
    (value,) = found if len(found) == 1 else (None,)
    return value if value is not None and _MIN_BPM <= value <= _MAX_BPM else None


def parse_named_key(stem: str, *, has_tempo: bool) -> str | None:
    """Return the key in a name such as ``Pad_F#min``; None where there is none, or two that differ.

    A single letter is a key only beside a tempo, and where it is the only one: ``Kick A`` is a variant. ``Am`` is a key
    beside a tempo or at the end of the name, and a word elsewhere.
    """
    for expression in _KEY_WORDS:
        keys = {parse_key(note + mode) for note, mode in expression.findall(stem)}
        if keys:
            return keys.pop() if len(keys) == 1 else None
    minor = set(_MINOR_KEY.findall(stem))
    if minor:
        is_sure = len(minor) == 1 and (has_tempo or stem.endswith(tuple(minor)))
        return parse_key(minor.pop()) if is_sure else None
    letters = set(_NOTE_ALONE.findall(stem))
    return parse_key(letters.pop()) if has_tempo and len(letters) == 1 else None


def _ucs_texts(stem: str, categories: Categories) -> dict[str, str]:
    """Return the fields of a name in the form ``CatID_FXName_CreatorID_SourceID_UserData``.

    The CatID may have a vendor's category, as in ``DOORWood-OLD``. A CatID that the list does not have gives its
    category alone, where the list knows its beginning. CatIDs of capitals alone, such as RAIN and TEST, may be ordinary
    words: they need a creator's ID behind the title.
    """
    first, *rest = stem.split("_")
    found = _CAT_ID.fullmatch(first)
    if not found or not rest:
        return {}
    cat_id, vendor = found[1], found[2]
    if cat_id.isupper() and not (cat_id in categories and len(rest) >= _MIN_FIELDS):
        return {}
    if cat_id in categories:
        category, subcategory = categories[cat_id]
    else:
        beginnings = _beginnings(categories)
        known = next((cat_id[:n] for n in range(len(cat_id) - 2, 1, -1) if cat_id[:n] in beginnings), None)
        if known is None or len(rest) < _MIN_FIELDS or not re.fullmatch(r"[A-Z0-9][a-z]\w*", cat_id[len(known) :]):
            return {}
        category, subcategory = beginnings[known], ""
    names = ("title", "creator_id", "source_id", "user_data")
    fields = [*rest[:3], "_".join(rest[3:])]
    texts = {name: value for name, value in zip(names, fields, strict=False) if value}
    subcategory = ", ".join(part for part in (subcategory, vendor) if part)
    texts |= {"catid": cat_id, "category": category}
    return texts | {"subcategory": subcategory} if subcategory else texts


def _beginnings(categories: Categories) -> dict[str, str]:
    """Return the category of the capitals that begin its CatIDs: those of ``DOORMisc`` are ``DOOR``."""
    return {
        cat_id.removesuffix("Misc"): category for cat_id, (category, _) in categories.items() if cat_id.endswith("Misc")
    }
