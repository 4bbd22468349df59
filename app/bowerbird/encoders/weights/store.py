"""Installed weights: where they are stored, whether they are complete, and whether their content is unchanged.

Each encoder has a folder with its card beside the files. An unfinished download has a folder of its own, which is
renamed once every file is complete and checked. Downloading itself is in `fetching`.
"""

import contextlib
import errno
import hashlib
import json
import logging
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, Final

from bowerbird.base.errors import EncoderError
from bowerbird.base.files import os_reason, swap_folder, write_atomic
from bowerbird.base.paths import weights_path
from bowerbird.base.text import bytes_text
from bowerbird.encoders.weights.cards import CARD_NAME, FILE_NAMES, Card, Role, WeightFile, read_card

logger = logging.getLogger(__name__)

IMPORT_FOLDER: Final = "(“Import folder…” in the window, or `bowerbird models import DIR`)"
"""How to import a folder, for errors that are shown in the window and on the command line."""

PART_ENDING: Final = ".part"
"""Ending of the folder of an unfinished download, after the encoder's id; ids contain no full stop."""

_OLD_ENDING: Final = ".old"
"""Ending of the folder of weights that are being replaced."""

_SPARE_BYTES: Final = 50_000_000
"""Kept free on the disk: a full disk harms more than this program."""

_NO_SPACE: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


@dataclass(frozen=True, slots=True)
class Weights:
    """Installed weights.

    Attributes
    ----------
    card : Card
        As recorded when they were installed, with the sha256 of each file.
    folder : Path
        Contains the files under the names of `FILE_NAMES`.
    """

    card: Card
    folder: Path


def installed_weights() -> dict[str, Weights]:
    """Return the installed and complete weights by id; damaged ones are logged and left out.

    Nothing is hashed: `checked_file` does that when a file is used.
    """
    found: dict[str, Weights] = {}
    for name in weights_folders():
        folder = weights_path() / name
        try:
            weights = weights_in(folder)
            if weights.card.id != folder.name:
                raise EncoderError(f"The card in {folder} belongs to {weights.card.id}. Import that folder again.")
        except EncoderError as error:
            logger.warning("damaged weights were skipped: %s", error)
            continue
        found[name] = weights
    return found


def weights_folders() -> list[str]:
    """Return the names of the folders of weights, damaged ones too; undo an interrupted replacement first."""
    try:
        for old in weights_path().glob(f"*{_OLD_ENDING}"):
            folder = old.with_suffix("")
            if old.is_dir() and not folder.exists():  # the program ended between the two steps of `install`
                with contextlib.suppress(OSError):
                    old.rename(folder)
        return sorted(path.name for path in weights_path().iterdir() if "." not in path.name and path.is_dir())
    except OSError:  # nothing was ever installed, or the drive is disconnected
        return []


def weights_in(folder: Path) -> Weights:
    """Return the weights in a folder that contains a card and its files.

    Raises
    ------
    EncoderError
        When the card or a necessary file is missing.
    """
    weights = Weights(read_card(folder / CARD_NAME), folder)
    for role in used_roles(weights):
        if not has_file(weights, role):
            raise EncoderError(f"{FILE_NAMES[role]} is missing in {folder}. {_remedy(weights.card)}")
    return weights


def needed_roles(card: Card) -> tuple[Role, ...]:
    """Return the files that are downloaded by default."""
    return ("audio",) if card.text is None else ("audio", "text", "tokenizer")


def used_roles(weights: Weights) -> tuple[Role, ...]:
    """Return the files that an encoder uses: 8-bit text weights only when there are no others."""
    if has_file(weights, "text_int8") and not has_file(weights, "text"):
        return ("audio", "text_int8", "tokenizer")
    return needed_roles(weights.card)


def file_of(weights: Weights, role: Role) -> Path:
    """Return the path of a file, installed or not."""
    return weights.folder / FILE_NAMES[role]


def has_file(weights: Weights, role: Role) -> bool:
    """Return whether a file is installed and in the card."""
    return role in weights.card.files and file_of(weights, role).is_file()


def checked_file(weights: Weights, role: Role) -> Path:
    """Return the path of a file after comparing its content with the recorded sha256.

    Raises
    ------
    EncoderError
        When it is missing, truncated or changed.
    """
    name = f"{FILE_NAMES[role]} of {weights.card.id}"
    path = file_of(weights, role)
    recorded = weights.card.files.get(role)
    if recorded is None or not path.is_file():
        raise EncoderError(f"{name} is not installed. {_remedy(weights.card)}")
    if not recorded.sha256:
        raise EncoderError(f"{name} has no recorded sha256, so it cannot be verified. {_remedy(weights.card)}")
    try:
        n_bytes = path.stat().st_size
        is_short = recorded.size_bytes > n_bytes
        is_same = not is_short and sha256_of(path) == recorded.sha256
    except OSError as error:
        raise disk_error("read", path, error) from error
    if is_short:
        raise EncoderError(
            f"{name} is truncated: {n_bytes:,} of {recorded.size_bytes:,} bytes. {_remedy(weights.card)}"
        )
    if not is_same:
        raise EncoderError(f"{name} was changed: its sha256 differs. {_remedy(weights.card)}")
    return path


def _remedy(card: Card) -> str:
    if card.source.can_be_fetched:
        return f"Run `bowerbird models fetch {card.id}`."
    return "Run `bowerbird models import DIR` with the folder that contains it."


def sha256_of(path: Path) -> str:
    """Return a file's sha256 in hexadecimal digits."""
    with path.open("rb", buffering=0) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# Installing


def part_folder(encoder_id: str, *, attempt: str = "") -> Path:
    """Return the folder of an encoder's unfinished download; with the name of an attempt, if it cannot be resumed."""
    return weights_path() / (encoder_id + PART_ENDING + (f"-{attempt}" if attempt else ""))


def part_folders(encoder_id: str) -> list[Path]:
    """Return the existing folders of an encoder's unfinished downloads."""
    name = encoder_id + PART_ENDING
    try:
        paths = sorted(weights_path().iterdir())
    except OSError:  # nothing was ever installed, or the drive is disconnected
        return []
    return [path for path in paths if path.name == name or path.name.startswith(f"{name}-")]


def old_folder(encoder_id: str) -> Path:
    """Return the folder of an encoder's weights while they are being replaced."""
    return weights_path() / (encoder_id + _OLD_ENDING)


def install(card: Card, part: Path) -> Weights:
    """Write the card beside complete files, and replace what was installed.

    The replacement has two steps; if the program ends between them, `weights_folders` restores the former weights.

    Parameters
    ----------
    card : Card
        With size and sha256 of every file.
    part : Path
        Contains the files; it is moved.

    Raises
    ------
    EncoderError
        When a file is missing or it cannot be written; the former weights are kept.
    """
    folder, old = weights_path() / card.id, old_folder(card.id)
    write_card(card, part / CARD_NAME)
    weights_in(part)
    try:
        swap_folder(folder, part, former=old)
    except OSError as error:
        raise EncoderError(
            f"{folder} cannot be replaced ({os_reason(error)}). Close other windows of Bowerbird, then try again."
        ) from error
    return weights_in(folder)


def with_recorded_file(card: Card, role: Role, *, size_bytes: int, sha256: str) -> Card:
    """Return a card with the size and sha256 of a file."""
    file = WeightFile(card.files[role].path, size_bytes, sha256)
    return replace(card, files={**card.files, role: file})


def require_space(folder: Path, n_bytes: int) -> None:
    """Check that a disk has room for a number of bytes.

    Raises
    ------
    EncoderError
        When there is not enough.
    """
    n_free = free_bytes(folder)
    if n_free < n_bytes + _SPARE_BYTES:
        raise EncoderError(
            f"Not enough space at {folder}: {bytes_text(n_bytes)} needed, {bytes_text(n_free) or '0 MB'} free. "
            "Free some space on that disk, then try again."
        )


def free_bytes(folder: Path) -> int:
    """Return the free space of the disk on which a folder is, or will be."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free


def disk_error(verb: str, path: Path, error: OSError) -> EncoderError:
    """Return an error of the disk as a sentence; `verb` is read, write or remove."""
    if error.errno in _NO_SPACE:
        return EncoderError(f"The disk of {path.parent} is full. Free some space, then try again.")
    return EncoderError(f"{path} cannot be {_PAST[verb]} ({os_reason(error)}). Check its permissions and the drive.")


_PAST: Final = {"read": "read", "write": "written", "remove": "removed"}


# Cards as files


def write_card(card: Card, path: Path) -> None:
    """Write a card so that `read_card` returns the same, whole or not at all.

    Raises
    ------
    EncoderError
        When it cannot be written.
    """
    try:
        write_atomic(path, "\n".join(_lines(card, "")) + "\n")
    except OSError as error:
        raise disk_error("write", path, error) from error


def _lines(value: Any, path: str) -> Iterator[str]:
    """Yield the lines of a dataclass as TOML: plain fields first, then tables under their full names."""
    tables: list[tuple[str, Any]] = []
    for field in fields(value):
        field_value = getattr(value, field.name)
        if is_dataclass(field_value) or isinstance(field_value, Mapping):
            tables.append((field.name, field_value))
        elif field_value is not None and not (field.default is not MISSING and field_value == field.default):
            yield f"{field.name} = {_scalar(field_value)}"
    for name, table in tables:
        full_name = f"{path}.{name}" if path else name
        yield ""
        yield f"[{full_name}]"
        if isinstance(table, Mapping):
            for key, entry in table.items():
                values = ", ".join(f"{field.name} = {_scalar(getattr(entry, field.name))}" for field in fields(entry))
                yield f"{key} = {{ {values} }}"
        else:
            yield from _lines(table, full_name)


def _scalar(value: str | bool | float) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):  # a TOML basic string is a JSON string, except for one control character
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return repr(value)
