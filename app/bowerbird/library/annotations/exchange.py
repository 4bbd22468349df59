"""Annotations as CSV or JSON, for spreadsheets, other programs and other computers.

A row is found again by the hash of its samples, else by the hash of the file, else by its path.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bowerbird.base.errors import BowerbirdError, QueryError
from bowerbird.base.files import os_reason, write_atomic
from bowerbird.base.text import count_text
from bowerbird.catalogue.records import AnnotatedSound
from bowerbird.library.annotations.annotate import MAX_NOTE_CHARACTERS, MAX_STARS
from bowerbird.library.annotations.collections import collection_name
from bowerbird.library.annotations.edits import (
    Change,
    Collect,
    CreateCollection,
    Edit,
    SetFavourite,
    SetNote,
    SetStars,
    SetWord,
    Several,
    perform,
)
from bowerbird.library.annotations.words import plain_word
from bowerbird.library.library import Library

VERSION: Final = 1

_COLUMNS: Final = (
    "path", "samples_hash", "file_hash", "tags", "denied", "stars", "favourite", "note", "collections",
)  # fmt: skip
_RUN_BY_SPREADSHEETS: Final = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Row:
    """The annotations of one sound, as they are exchanged.

    Attributes
    ----------
    path : str
    samples_hash, file_hash : bytes
        Empty where they are not known.
    tags, denied, collections : tuple of str
    stars : int
        0 for none.
    is_favourite : bool
    note : str
    """

    path: str
    samples_hash: bytes = b""
    file_hash: bytes = b""
    tags: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()
    stars: int = 0
    is_favourite: bool = False
    note: str = ""
    collections: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Imported:
    """The result of an import.

    Attributes
    ----------
    edit : Edit
    n_matched : int
        Rows whose sound is in the library.
    unmatched : tuple of str
        Paths of the others.
    """

    edit: Edit
    n_matched: int
    unmatched: tuple[str, ...]


def export_annotations(library: Library, out: Path) -> int:
    """Write the annotations of all sounds as CSV, or as JSON where the name ends in ``.json``.

    In CSV, cells that a spreadsheet would run get an apostrophe, which the import removes.

    Returns
    -------
    int
        Number of sounds.

    Raises
    ------
    BowerbirdError
        When the file cannot be written.
    CatalogueError
        When the library cannot be read.
    """
    with library.read() as reader:
        names = {collection.id: collection.name for collection in reader.collections()}
        rows = [_row(sound, names) for sound in reader.annotated_sounds()]
    is_json = out.suffix.lower() == ".json"
    # Spreadsheets expect a mark before UTF-8; names that are not valid text keep their bytes.
    data = _to_json(rows).encode() if is_json else _to_csv(rows).encode("utf-8-sig", "surrogateescape")
    if not out.name or out.is_dir():
        raise BowerbirdError(f"{out} is a folder. Name the file to write, such as tags.csv.")
    try:
        write_atomic(out, data)
    except OSError as error:
        raise BowerbirdError(f"{out} cannot be written ({os_reason(error)}). Choose another folder.") from error
    return len(rows)


def import_annotations(library: Library, source: Path) -> Imported:
    """Add annotations from a file that `export_annotations` wrote, or another program in its form.

    Tags, denied words and collections are added; stars, favourites and notes replace those of the library where the
    file has any.

    Raises
    ------
    QueryError
        When the file cannot be read or is not valid; nothing is changed.
    CatalogueError
        When the library cannot be read or written.
    """
    try:
        text = source.read_text(encoding="utf-8-sig", errors="surrogateescape")
    except OSError as error:
        raise QueryError(f"{source} cannot be read ({os_reason(error)}). Check its name and permissions.") from error
    rows = _from_json(text, source) if text.lstrip()[:1] in {"{", "["} else _from_csv(text, source)
    found, unmatched = _matched(library, rows)
    with library.read() as reader:
        known = {collection.name.casefold(): collection.id for collection in reader.collections()}
    change = Several(tuple(_changes(found, known)))
    edit = perform(library, change, f"Import tags of {count_text(len(found))}")
    return Imported(edit, len(found), tuple(unmatched))


def _row(sound: AnnotatedSound, names: dict[int, str]) -> Row:
    known = sound.annotations
    return Row(
        sound.path,
        sound.samples_hash or b"",
        sound.hash,
        known.tags,
        known.denied,
        known.stars,
        known.is_favourite,
        known.note,
        tuple(names[number] for number in known.collections),
    )


def _matched(library: Library, rows: Sequence[Row]) -> tuple[list[tuple[int, Row]], list[str]]:
    found: list[tuple[int, Row]] = []
    unmatched: list[str] = []
    with library.read() as reader:
        by_hash = reader.audio_by_hash(
            [row.samples_hash for row in rows if row.samples_hash], [row.file_hash for row in rows if row.file_hash]
        )
        for row in rows:
            audio_id = by_hash.get(row.samples_hash) or by_hash.get(row.file_hash)
            if audio_id is None and row.path:
                sound = reader.sound_at(Path(row.path))
                audio_id = reader.audio_of_sounds([sound.id]).get(sound.id) if sound else None
            if audio_id is None:
                unmatched.append(row.path)
            else:
                found.append((audio_id, row))
    return found, unmatched


def _changes(found: Sequence[tuple[int, Row]], known_collections: dict[str, int]) -> Iterable[Change]:
    words: dict[str, dict[int, bool | None]] = {}
    collections: dict[str, tuple[str, dict[int, float]]] = {}
    for audio_id, row in found:
        for given, is_right in ((row.tags, True), (row.denied, False)):
            for word in given:
                words.setdefault(plain_word(word), {})[audio_id] = is_right
        for name in row.collections:
            plain = collection_name(name)
            _, members = collections.setdefault(plain.casefold(), (plain, {}))
            members.setdefault(audio_id, float(len(members) + 1))
    for word, values in words.items():
        yield SetWord(word, values)
    if stars := {audio_id: row.stars for audio_id, row in found if row.stars}:
        yield SetStars(stars)
    if favourites := {audio_id: True for audio_id, row in found if row.is_favourite}:
        yield SetFavourite(favourites)
    if notes := {audio_id: row.note for audio_id, row in found if row.note}:
        yield SetNote(notes)
    for key, (name, members) in collections.items():
        collection_id = known_collections.get(key)
        if collection_id is None:
            yield CreateCollection(name, None, members)
        else:
            yield Collect(collection_id, dict.fromkeys(members, float("inf")))


# CSV


def _to_csv(rows: Sequence[Row]) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    for row in rows:
        cells = [
            row.path,
            row.samples_hash.hex(),
            row.file_hash.hex(),
            _joined(row.tags),
            _joined(row.denied),
            str(row.stars or ""),
            "yes" if row.is_favourite else "",
            row.note,
            _joined(row.collections),
        ]
        writer.writerow([defused(cell) for cell in cells])
    return out.getvalue()


def _from_csv(text: str, source: Path) -> list[Row]:
    reader = csv.DictReader(io.StringIO(text, newline=""))
    try:
        return _read_csv(reader, source)
    except csv.Error as error:  # csv names its limit of characters
        raise QueryError(
            f"{source.name}, line {reader.line_num}: not a valid table ({error}). Correct it and import again."
        ) from error


def _read_csv(reader: "csv.DictReader[str]", source: Path) -> list[Row]:
    columns = [name.strip().lower() for name in reader.fieldnames or ()]
    if not {"path", "samples_hash", "file_hash"} & set(columns):
        raise QueryError(
            f"{source.name} has no column path, samples_hash or file_hash. Choose a file of exported tags."
        )
    reader.fieldnames = columns
    rows = []
    for values in reader:
        cells = {name: restored(value) for name, value in values.items() if name and isinstance(value, str)}
        rows.append(
            _valid(
                cells | {name: _parted(cells.get(name, "")) for name in ("tags", "denied", "collections")},
                f"{source.name}, line {reader.line_num}",
            )
        )
    return rows


def defused(cell: str) -> str:
    """Return a cell that no spreadsheet runs as a formula: it gets an apostrophe in front."""
    return f"'{cell}" if cell.startswith((*_RUN_BY_SPREADSHEETS, "'")) else cell


def restored(cell: str) -> str:
    """Return a cell as it was before `defused`."""
    return cell[1:] if cell[:1] == "'" and cell[1:].startswith((*_RUN_BY_SPREADSHEETS, "'")) else cell


def _joined(texts: Iterable[str]) -> str:
    return "; ".join(text.replace("\\", "\\\\").replace(";", "\\;") for text in texts)


def _parted(cell: str) -> list[str]:
    parts = [""]
    letters = iter(cell)
    for letter in letters:
        if letter == "\\":
            parts[-1] += next(letters, "")
        elif letter == ";":
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts if part.strip()]


# JSON


def _to_json(rows: Sequence[Row]) -> str:
    sounds = [
        {
            "path": row.path,
            "samples_hash": row.samples_hash.hex(),
            "file_hash": row.file_hash.hex(),
            "tags": row.tags,
            "denied": row.denied,
            "stars": row.stars,
            "favourite": row.is_favourite,
            "note": row.note,
            "collections": row.collections,
        }
        for row in rows
    ]
    return json.dumps({"version": VERSION, "sounds": sounds}, indent=1)


def _from_json(text: str, source: Path) -> list[Row]:
    try:
        stored = json.loads(text)
        version, sounds = stored["version"], stored["sounds"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise QueryError(f"{source.name} is not a valid file of tags ({error}). Export it again.") from error
    if version != VERSION:
        raise QueryError(f"{source.name} was written by another version of Bowerbird. Update Bowerbird.")
    if not isinstance(sounds, list) or not all(isinstance(sound, dict) for sound in sounds):
        raise QueryError(f"{source.name} has no list of sounds. Export it again.")
    return [_valid(sound, f"{source.name}, sound {number}") for number, sound in enumerate(sounds, start=1)]


def _valid(values: dict[str, Any], location: str) -> Row:
    """Return a row.

    Raises
    ------
    QueryError
        When a value is not valid.
    """

    def value(name: str, convert: Callable[[Any], Any], default: Any) -> Any:
        stored = values.get(name)
        if stored in (None, ""):
            return default
        try:
            return convert(stored)
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
            raise QueryError(f"{location}: “{stored}” is not a valid {name}. Correct it and import again.") from error

    stars = value("stars", int, 0)
    if not 0 <= stars <= MAX_STARS:
        raise QueryError(f"{location}: “{stars}” is not a valid number of stars. Write 1 to {MAX_STARS}, or nothing.")
    return Row(
        value("path", str, ""),
        value("samples_hash", bytes.fromhex, b""),
        value("file_hash", bytes.fromhex, b""),
        value("tags", _texts, ()),
        value("denied", _texts, ()),
        stars,
        value("favourite", _flag, False),
        value("note", str, "")[:MAX_NOTE_CHARACTERS],
        value("collections", _texts, ()),
    )


def _texts(stored: Any) -> tuple[str, ...]:
    if not isinstance(stored, list):
        raise TypeError(stored)
    return tuple(str(text) for text in stored)


def _flag(stored: Any) -> bool:
    return (
        stored
        if isinstance(stored, bool)
        else {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}[str(stored).lower()]
    )
