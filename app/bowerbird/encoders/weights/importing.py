"""Importing weights from a folder: an export, or a copy of a hub's repository from another computer.

What a wheel, the file of a Python package, contains is imported by `packages`.
"""

import hashlib
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from bowerbird.base.errors import EncoderError
from bowerbird.encoders.weights.cards import CARD_NAME, FILE_NAMES, ROLES, Card, Role, Source, read_card, shipped_cards
from bowerbird.encoders.weights.store import (
    Weights,
    disk_error,
    install,
    needed_roles,
    part_folder,
    require_space,
    with_recorded_file,
)
from bowerbird.jobs.control import Control
from bowerbird.jobs.progress import Progress, Report, ignore

_BLOCK_BYTES: Final = 1 << 20


def import_weights(folder: Path, *, control: Control, report: Report = ignore, activity: str = "Importing") -> Weights:
    """Copy weights, verify them, and replace what was installed.

    Parameters
    ----------
    folder : Path
        Contains a card and its files, or has the layout of a shipped card's repository.
    control : Control
        Checked between blocks.
    report : callable
        Receives progress in bytes.
    activity : str
        Of the progress.

    Raises
    ------
    EncoderError
        When a card or file is missing, a file is not the card's, or it cannot be written; the former weights are kept.
    Cancelled
    """
    card = card_in(folder)
    if card.source.kind == "package" and card.id not in shipped_cards():
        card = replace(card, source=Source("own"))  # only a shipped card has the network without weights
    sources = _sources(card, folder)
    part = part_folder(card.id)
    try:
        sizes = {role: source.stat().st_size for role, source in sources.items()}
        shutil.rmtree(part, ignore_errors=True)
        require_space(part, sum(sizes.values()))
        part.mkdir(parents=True)
    except OSError as error:
        raise disk_error("write", part, error) from error
    n_total, n_done = sum(sizes.values()), 0

    def copied(n_bytes: int) -> None:
        nonlocal n_done
        n_done += n_bytes
        report(Progress(activity, n_done, max(n_total, n_done), "bytes"))
        control.check()

    try:
        for role, source in sources.items():
            sha256 = _copy(source, part / FILE_NAMES[role], copied)
            wanted = card.files[role].sha256
            if wanted and sha256 != wanted:
                raise EncoderError(
                    f"{source.name} in {folder} is not the file of its card: its sha256 differs. Nothing was imported. "
                    "Export or copy it again."
                )
            n_bytes = (part / FILE_NAMES[role]).stat().st_size
            card = with_recorded_file(card, role, size_bytes=n_bytes, sha256=sha256)
        return install(card, part)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def wheel_in(source: Path) -> Path | None:
    """Return the wheel to import: the file itself, or the wheel of a shipped card in a folder without a card."""
    if source.is_file():
        return source
    if not (source / CARD_NAME).exists():
        for card in shipped_cards().values():
            if card.source.package is not None and (source / card.source.package.wheel).is_file():
                return source / card.source.package.wheel
    return None


def card_of_wheel(wheel: Path) -> Card:
    """Return the shipped card whose package a wheel may be; its content is compared when it is imported.

    Raises
    ------
    EncoderError
        When no card names this package.
    """
    packages = {card.source.package: card for card in shipped_cards().values() if card.source.package is not None}
    name = _normalised(wheel.stem.partition("-")[0])  # what follows is the version
    card = next((card for package, card in packages.items() if _normalised(package.name) == name), None)
    if card is None or wheel.suffix.lower() != ".whl":
        raise EncoderError(
            f"{wheel.name} is not a file that can be imported. Choose a folder of weights, or the package file "
            f"{' or '.join(package.wheel for package in packages)}."
        )
    return card


def _normalised(name: str) -> str:
    """Return a package's name as PEP 503 normalises it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def card_in(folder: Path) -> Card:
    """Return the card of the weights in a folder.

    Raises
    ------
    EncoderError
        When it is not a folder, or its weights are unknown.
    """
    if not folder.is_dir():
        raise EncoderError(
            f"{folder} is not a folder. Choose the folder that contains the weights, or a package file (.whl)."
        )
    if (folder / CARD_NAME).exists():
        return read_card(folder / CARD_NAME)
    for card in shipped_cards().values():
        if card.source.kind == "hub" and (folder / card.files["audio"].path).is_file():
            return card
    raise EncoderError(
        f"{folder} has no {CARD_NAME} and is not a copy of a known repository. Write a card, starting from "
        "models/general.toml; models/README.md describes the format."
    )


def _sources(card: Card, folder: Path) -> dict[Role, Path]:
    """Return the path of each file of a card in a folder; missing optional files are left out."""
    found: dict[Role, Path] = {}
    for role in ROLES:
        if role in card.files:
            for path in (folder / FILE_NAMES[role], folder / card.files[role].path):
                if path.is_file():
                    found.setdefault(role, path)
    for role in needed_roles(card):
        if role not in found and not (role == "text" and "text_int8" in found):
            raise EncoderError(
                f"{card.files[role].path} is missing in {folder}. Nothing was imported. Export or copy it again."
            )
    return found


def _copy(source: Path, target: Path, copied: Callable[[int], None]) -> str:
    """Copy a file and return its sha256; `copied` receives the size of each block."""
    digest = hashlib.sha256()
    try:
        with source.open("rb") as reader:
            try:
                with target.open("wb") as writer:
                    while block := reader.read(_BLOCK_BYTES):
                        digest.update(block)
                        copied(writer.write(block))
            except OSError as error:
                raise disk_error("write", target, error) from error
    except OSError as error:
        raise disk_error("read", source, error) from error
    return digest.hexdigest()
