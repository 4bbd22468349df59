"""Importing weights from a folder: one that was exported, or one that somebody carried here from a hub."""

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

from bowerbird.base.errors import EncoderError
from bowerbird.encoders.weights.cards import CARD_NAME, FILE_NAMES, ROLES, Card, Role, read_card, shipped_cards
from bowerbird.encoders.weights.store import (
    Weights,
    cannot,
    needed_roles,
    part_folder,
    put_in_place,
    recorded,
    require_space,
)

_BLOCK_BYTES: Final = 1 << 20


def import_weights(
    folder: Path,
    *,
    is_cancelled: Callable[[], bool] = lambda: False,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Weights | None:
    """Copy weights, check them, and let them take the place of what was there.

    Parameters
    ----------
    folder : Path
        With a card and its files, or laid out as the repository of a card that ships.
    is_cancelled : callable
        Asked between blocks.
    progress : callable
        Told bytes done and in all.

    Returns
    -------
    Weights or None
        None when it was cancelled.

    Raises
    ------
    EncoderError
        When a card or file is missing, a file is another than its card says, or the disk refuses; what was there
        before is still there then.
    """
    card = card_in(folder)
    sources = _sources(card, folder)
    part = part_folder(card.id)
    try:
        sizes = {role: source.stat().st_size for role, source in sources.items()}
        shutil.rmtree(part, ignore_errors=True)
        require_space(part, sum(sizes.values()))
        part.mkdir(parents=True)
    except OSError as error:
        raise cannot("write", part, error) from error
    try:
        n_before = 0
        for role, source in sources.items():

            def go_on(n_bytes: int, n_before: int = n_before) -> bool:
                progress(n_before + n_bytes, sum(sizes.values()))
                return not is_cancelled()

            sha256 = _copy(source, part / FILE_NAMES[role], go_on)
            if not sha256:
                return None
            wanted = card.files[role].sha256
            if wanted and sha256 != wanted:
                raise EncoderError(
                    f"`{source.name}` in {folder} is not the file that its card means: its sha256 differs. Export or "
                    "copy it again; nothing was imported."
                )
            n_bytes = (part / FILE_NAMES[role]).stat().st_size
            n_before += n_bytes
            card = recorded(card, role, size_bytes=n_bytes, sha256=sha256)
        return put_in_place(card, part)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def card_in(folder: Path) -> Card:
    """Return the card of the weights in a folder.

    Raises
    ------
    EncoderError
        When it is no folder, or nobody can say what it holds.
    """
    if not folder.is_dir():
        raise EncoderError(f"{folder} is no folder. Name the one that has the weights.")
    if (folder / CARD_NAME).exists():
        return read_card(folder / CARD_NAME)
    for card in shipped_cards().values():
        if card.source.kind == "hub" and (folder / card.files["audio"].path).is_file():
            return card
    raise EncoderError(
        f"{folder} has no `{CARD_NAME}`, and its files lie as in no repository that Bowerbird knows. Write a card, "
        "as models/README.md says, and begin with models/general.toml."
    )


def _sources(card: Card, folder: Path) -> dict[Role, Path]:
    """Return where each file of a card lies in a folder; what may be absent is left out."""
    found: dict[Role, Path] = {}
    for role in ROLES:
        if role in card.files:
            places = [folder / FILE_NAMES[role], folder / card.files[role].path]
            if there := [place for place in places if place.is_file()]:
                found[role] = there[0]
    for role in needed_roles(card):
        if role not in found and not (role == "text" and "text_int8" in found):
            raise EncoderError(
                f"`{card.files[role].path}` is missing in {folder}. Export or copy it again; nothing was imported."
            )
    return found


def _copy(source: Path, target: Path, go_on: Callable[[int], bool]) -> str:
    """Copy a file; return its sha256, or "" when it shall not go on."""
    digest = hashlib.sha256()
    n_bytes = 0
    try:
        with source.open("rb") as reader:
            try:
                with target.open("wb") as writer:
                    while block := reader.read(_BLOCK_BYTES):
                        digest.update(block)
                        n_bytes += writer.write(block)
                        if not go_on(n_bytes):
                            return ""
            except OSError as error:
                raise cannot("write", target, error) from error
    except OSError as error:
        raise cannot("read", source, error) from error
    return digest.hexdigest()
