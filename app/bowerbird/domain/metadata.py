"""What sound files and their names say about a sound: texts by field, tempo, key, loops and cue points."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from bowerbird.domain.musical_keys import parse_key


@dataclass(frozen=True, slots=True)
class CuePoint:
    """A marked position in a sound.

    Attributes
    ----------
    name : str
        "" where it has none.
    start_s : float
    length_s : float or None
        None for a position without a length.
    """

    name: str
    start_s: float
    length_s: float | None = None


@dataclass(frozen=True, slots=True)
class LoopRegion:
    """A stretch of a sound that a sampler repeats.

    Attributes
    ----------
    start_s, end_s : float
    kind : str
        forward, alternating or backward.
    """

    start_s: float
    end_s: float
    kind: str = "forward"


@dataclass(frozen=True, slots=True)
class Metadata:
    """The metadata of a sound.

    Attributes
    ----------
    texts : mapping of str to str
        By the names of `FIELDS`; several values are joined by "; ".
    bpm : float or None
        Beats per minute.
    root_key : str or None
        As `musical_keys.parse_key` returns it.
    is_loop : bool or None
        None where nobody says whether it is a loop or a one-shot.
    cue_points : tuple of CuePoint
    loops : tuple of LoopRegion
    """

    texts: Mapping[str, str] = field(default_factory=dict)
    bpm: float | None = None
    root_key: str | None = None
    is_loop: bool | None = None
    cue_points: tuple[CuePoint, ...] = ()
    loops: tuple[LoopRegion, ...] = ()


@dataclass(frozen=True, slots=True)
class MetadataGroup:
    """Fields that belong together, as (label, value)."""

    name: str
    entries: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class SoundMetadata:
    """The metadata of a sound as an inspector shows it.

    Attributes
    ----------
    groups : tuple of MetadataGroup
        In the order of `FIELDS`; without those that are empty.
    cue_points : tuple of CuePoint
    loops : tuple of LoopRegion
    bpm : float or None
    root_key : str or None
    is_loop : bool or None
    """

    groups: tuple[MetadataGroup, ...] = ()
    cue_points: tuple[CuePoint, ...] = ()
    loops: tuple[LoopRegion, ...] = ()
    bpm: float | None = None
    root_key: str | None = None
    is_loop: bool | None = None


FIELDS: Final[Mapping[str, tuple[str, str]]] = {
    "category": ("Description", "Category"),
    "subcategory": ("Description", "Subcategory"),
    "title": ("Description", "Title"),
    "description": ("Description", "Description"),
    "keywords": ("Description", "Keywords"),
    "comment": ("Description", "Comment"),
    "artist": ("Description", "Artist"),
    "album": ("Description", "Album or library"),
    "genre": ("Description", "Genre"),
    "mood": ("Description", "Mood"),
    "instrument": ("Description", "Instrument"),
    "composer": ("Description", "Composer"),
    "track_number": ("Description", "Track number"),
    "year": ("Description", "Date"),
    "copyright": ("Description", "Copyright"),
    "catid": ("Description", "UCS CatID"),
    "creator_id": ("Description", "UCS creator"),
    "source_id": ("Description", "UCS source"),
    "user_data": ("Description", "UCS user data"),
    "bpm": ("Music", "Tempo (BPM)"),
    "key": ("Music", "Key"),
    "root_note": ("Music", "Root note"),
    "beats": ("Music", "Beats"),
    "time_signature": ("Music", "Time signature"),
    "loop": ("Music", "Loop"),
    "note_range": ("Music", "Note range"),
    "transients": ("Music", "Transients"),
    "project": ("Recording", "Project"),
    "scene": ("Recording", "Scene"),
    "take": ("Recording", "Take"),
    "tape": ("Recording", "Tape or roll"),
    "circled": ("Recording", "Circled"),
    "note": ("Recording", "Note"),
    "tracks": ("Recording", "Tracks"),
    "microphone": ("Recording", "Microphone"),
    "location": ("Recording", "Location"),
    "speed": ("Recording", "Speed"),
    "timecode_rate": ("Recording", "Time code rate"),
    "originator": ("Recording", "Originator"),
    "originator_reference": ("Recording", "Originator reference"),
    "origination_date": ("Recording", "Recorded on"),
    "time_reference": ("Recording", "Time reference"),
    "umid": ("Recording", "UMID"),
    "software": ("Recording", "Software"),
    "engineer": ("Recording", "Engineer"),
    "loudness": ("Loudness", "Integrated loudness"),
    "loudness_range": ("Loudness", "Loudness range"),
    "max_true_peak": ("Loudness", "Maximum true peak"),
    "max_momentary": ("Loudness", "Maximum momentary loudness"),
    "max_short_term": ("Loudness", "Maximum short-term loudness"),
    "coding_history": ("Loudness", "Coding history"),
}
"""Group and label of every field, in the order in which they are shown."""

_NOT_SEARCHED: Final = frozenset(
    {"umid", "time_reference", "coding_history", *(name for name, (group, _) in FIELDS.items() if group == "Loudness")}
)


def joined(pairs: Iterable[tuple[str, str]], *, max_characters: int = 2_000) -> dict[str, str]:
    """Return texts by field: white space is normalised, equal values of a field are kept once.

    Parameters
    ----------
    pairs : iterable of (field, text)
    max_characters : int
        Longer texts are cut.
    """
    found: dict[str, list[str]] = {}
    for name, text in pairs:
        clean = " ".join(text.replace("\x00", " ").split())[:max_characters]
        if clean and clean not in found.setdefault(name, []):
            found[name].append(clean)
    return {name: "; ".join(texts) for name, texts in found.items() if texts}


def metadata_of(texts: Mapping[str, str]) -> Metadata:
    """Return the metadata that texts give: tempo, key and loop are read from the fields of these names."""
    return Metadata(texts, parse_bpm(texts.get("bpm", "")), first_key(texts), _as_flag(texts.get("loop", "")))


def for_inspector(metadata: Metadata) -> SoundMetadata:
    """Return metadata grouped and labelled; fields without a label come last."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for name, (group, label) in FIELDS.items():
        if value := metadata.texts.get(name):
            groups.setdefault(group, []).append((label, value))
    for name in sorted(metadata.texts.keys() - FIELDS.keys()):
        groups.setdefault("Other", []).append((name, metadata.texts[name]))
    return SoundMetadata(
        tuple(MetadataGroup(name, tuple(entries)) for name, entries in groups.items()),
        metadata.cue_points,
        metadata.loops,
        metadata.bpm,
        metadata.root_key,
        metadata.is_loop,
    )


def searched_texts(metadata: Metadata) -> list[str]:
    """Return the texts that a search by words looks at, names of cue points among them."""
    texts = [text for name, text in metadata.texts.items() if name not in _NOT_SEARCHED]
    return [*texts, *(cue.name for cue in metadata.cue_points if cue.name)]


def parse_bpm(text: str) -> float | None:
    """Return a tempo in beats per minute; None for what is not a plausible one."""
    try:
        value = float(text.split(";", maxsplit=1)[0].replace(",", "."))
    except ValueError:
        return None
    return value if 20 <= value <= 400 else None


def first_key(texts: Mapping[str, str]) -> str | None:
    """Return the key that texts name, else the root note."""
    named = (parse_key(texts.get(name, "").split(";", maxsplit=1)[0]) for name in ("key", "root_note"))
    return next((key for key in named if key), None)


def _as_flag(text: str) -> bool | None:
    return {"yes": True, "no": False}.get(text)
