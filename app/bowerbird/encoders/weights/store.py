"""Weights on this machine: where they lie, whether they are all there, and whether they are what they were.

A folder an encoder, with its card beside the files. What is on its way lies in a folder beside it, which takes the
name of the encoder once everything in it is there and checked. What comes over a network is not here.
"""

import contextlib
import errno
import hashlib
import json
import logging
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, Final

from bowerbird.base.errors import EncoderError
from bowerbird.base.files import refusal, swap_folder, write_whole
from bowerbird.base.paths import weights_path
from bowerbird.base.text import bytes_text
from bowerbird.encoders.weights.cards import CARD_NAME, FILE_NAMES, Card, Role, WeightFile, read_card

logger = logging.getLogger(__name__)

PART_ENDING: Final = ".part"
"""What the folder of weights that are on their way is called, after the encoder's id. An id has no full stop."""

_OLD_ENDING: Final = ".old"
"""What the folder of weights that others take the place of is called, until these are there."""

_BLOCK_BYTES: Final = 1 << 20
_SPARE_BYTES: Final = 50_000_000
"""Left free beside what comes: a full disk harms more than this program."""

_NO_SPACE: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights that are here.

    Attributes
    ----------
    card : Card
        As recorded when they came: with the sha256 of each file.
    folder : Path
        With the files under the names of `FILE_NAMES`.
    """

    card: Card
    folder: Path


def installed_weights() -> dict[str, Weights]:
    """Return the weights that are here and complete, by id; what is damaged is left out and logged.

    Nothing is hashed: `checked_file` does that when a file is used.
    """
    found: dict[str, Weights] = {}
    for name in weights_folders():
        folder = weights_path() / name
        try:
            weights = weights_in(folder)
            if weights.card.id != folder.name:
                raise EncoderError(f"The card in {folder} is of `{weights.card.id}`. Import that folder again.")
        except EncoderError as error:
            logger.warning("weights were left out: %s", error)
            continue
        found[name] = weights
    return found


def weights_folders() -> list[str]:
    """Return the names of the folders that have weights, or should; an exchange that broke off is undone first."""
    try:
        for old in weights_path().glob(f"*{_OLD_ENDING}"):
            place = old.with_suffix("")
            if old.is_dir() and not place.exists():  # the program ended in the midst of `put_in_place`
                with contextlib.suppress(OSError):
                    old.rename(place)
        return sorted(path.name for path in weights_path().iterdir() if "." not in path.name and path.is_dir())
    except OSError:  # nothing was ever fetched, or the drive is away
        return []


def weights_in(folder: Path) -> Weights:
    """Return the weights in a folder that has a card and the card's files.

    Raises
    ------
    EncoderError
        When the card or a file that it cannot do without is missing.
    """
    weights = Weights(read_card(folder / CARD_NAME), folder)
    for role in used_roles(weights):
        if not has_file(weights, role):
            raise EncoderError(f"`{FILE_NAMES[role]}` is missing in {folder}. {_remedy(weights.card)}")
    return weights


def needed_roles(card: Card) -> tuple[Role, ...]:
    """Return the files that an encoder is fetched with, unless more is asked for."""
    return ("audio",) if card.text is None else ("audio", "text", "tokenizer")


def used_roles(weights: Weights) -> tuple[Role, ...]:
    """Return the files that an encoder works with; where it has 8-bit text weights alone, these."""
    if has_file(weights, "text_int8") and not has_file(weights, "text"):
        return ("audio", "text_int8", "tokenizer")
    return needed_roles(weights.card)


def file_of(weights: Weights, role: Role) -> Path:
    """Return where a file lies, or would."""
    return weights.folder / FILE_NAMES[role]


def has_file(weights: Weights, role: Role) -> bool:
    """Say whether a file is here and in the card."""
    return role in weights.card.files and file_of(weights, role).is_file()


def checked_file(weights: Weights, role: Role) -> Path:
    """Return a file whose every byte was read just now and is as it was when it came.

    Raises
    ------
    EncoderError
        When it is missing, cut short, or another than was recorded.
    """
    name = f"`{FILE_NAMES[role]}` of `{weights.card.id}`"
    path = file_of(weights, role)
    recorded = weights.card.files.get(role)
    if recorded is None or not path.is_file():
        raise EncoderError(f"{name} is not here. {_remedy(weights.card)}")
    if not recorded.sha256:
        raise EncoderError(f"{name} was never recorded, so nobody can say what it is. {_remedy(weights.card)}")
    try:
        n_bytes = path.stat().st_size
        is_short = recorded.size_bytes > n_bytes
        is_same = not is_short and sha256_of(path) == recorded.sha256
    except OSError as error:
        raise cannot("read", path, error) from error
    if is_short:
        raise EncoderError(
            f"{name} is cut short: {n_bytes:,} of {recorded.size_bytes:,} bytes. {_remedy(weights.card)}"
        )
    if not is_same:
        raise EncoderError(f"{name} is not the file that was recorded: its sha256 differs. {_remedy(weights.card)}")
    return path


def _remedy(card: Card) -> str:
    if card.source.kind == "hub":
        return f"Run `bowerbird models fetch {card.id}`."
    return "Run `bowerbird models import DIR` with the folder that has it."


def sha256_of(path: Path, *, progress: Callable[[int], bool] = lambda _: True) -> str:
    """Return a file's sha256 in hexadecimal digits; "" when `progress`, told of each block's bytes, returns False."""
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
            if not progress(len(block)):
                return ""
    return digest.hexdigest()


# On the way


def part_folder(encoder_id: str) -> Path:
    """Return the folder that an encoder's weights come into before they are complete."""
    return weights_path() / (encoder_id + PART_ENDING)


def old_folder(encoder_id: str) -> Path:
    """Return the folder that an encoder's weights lie in while others take their place."""
    return weights_path() / (encoder_id + _OLD_ENDING)


def put_in_place(card: Card, part: Path) -> Weights:
    """Record what came, and let it take the place of what was there.

    Those are two steps: where the program ends between them, `weights_folders` puts back what was there.

    Parameters
    ----------
    card : Card
        With size and sha256 of every file that came.
    part : Path
        With the files; it is gone afterwards.

    Raises
    ------
    EncoderError
        When a file is missing or the disk refuses; what was there is still there then.
    """
    place, old = weights_path() / card.id, old_folder(card.id)
    write_card(card, part / CARD_NAME)
    weights_in(part)
    try:
        swap_folder(place, part, former=old)
    except OSError as error:
        raise EncoderError(
            f"{place} cannot be replaced ({refusal(error)}). Close other windows of Bowerbird, then try again."
        ) from error
    return weights_in(place)


def recorded(card: Card, role: Role, *, size_bytes: int, sha256: str) -> Card:
    """Return a card that knows the size and sha256 of a file."""
    known = WeightFile(card.files[role].path, size_bytes, sha256)
    return replace(card, files={**card.files, role: known})


def require_space(folder: Path, n_bytes: int) -> None:
    """Check that a disk has room for so many bytes more.

    Raises
    ------
    EncoderError
        When it has not.
    """
    n_free = free_bytes(folder)
    if n_free < n_bytes + _SPARE_BYTES:
        raise EncoderError(
            f"{bytes_text(n_bytes)} are needed at {folder} and {bytes_text(n_free) or 'none'} are free. "
            "Make room on that disk, then try again."
        )


def free_bytes(folder: Path) -> int:
    """Return how much room there is where a folder lies, or will."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free


def cannot(verb: str, path: Path, error: OSError) -> EncoderError:
    """Return a fault of the disk as a sentence."""
    if error.errno in _NO_SPACE:
        return EncoderError(f"The disk of {path.parent} is full. Make room on it, then try again.")
    return EncoderError(f"{path} cannot be {_PAST[verb]} ({refusal(error)}). Check its permissions and the drive.")


_PAST: Final = {"read": "read", "write": "written", "remove": "removed"}


# Cards as files


def write_card(card: Card, path: Path) -> None:
    """Write a card so that `read_card` returns the same, at once or not at all.

    Raises
    ------
    EncoderError
        When the disk refuses.
    """
    try:
        write_whole(path, "\n".join(_lines(card, "")) + "\n")
    except OSError as error:
        raise cannot("write", path, error) from error


def _lines(value: Any, place: str) -> Iterator[str]:
    """Yield a dataclass as TOML: plain fields first, then each table under its full name."""
    tables: list[tuple[str, Any]] = []
    for one in fields(value):
        field_value = getattr(value, one.name)
        if is_dataclass(field_value) or isinstance(field_value, Mapping):
            tables.append((one.name, field_value))
        elif field_value is not None and not (one.default is not MISSING and field_value == one.default):
            yield f"{one.name} = {_scalar(field_value)}"
    for name, table in tables:
        full_name = f"{place}.{name}" if place else name
        yield ""
        yield f"[{full_name}]"
        if isinstance(table, Mapping):
            for key, entry in table.items():
                values = ", ".join(f"{one.name} = {_scalar(getattr(entry, one.name))}" for one in fields(entry))
                yield f"{key} = {{ {values} }}"
        else:
            yield from _lines(table, full_name)


def _scalar(value: str | bool | float) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):  # TOML's basic strings are JSON's, except for one control character
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return repr(value)
