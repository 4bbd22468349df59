"""What the window remembers from one start to the next."""

import dataclasses
import json
import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Settings:
    """A user's choices.

    Attributes
    ----------
    folder, directory : str
        Path of the folder, and directory in it, chosen in the left pane; "" for all sounds.
    order : str
        Column that the list is sorted by.
    is_descending : bool
    volume_db : float
    is_auto_play, is_loop : bool
    has_folders : bool
        The left pane is shown.
    has_words : bool
        The words of the sound at hand are shown.
    theme : str
        system, dark or light.
    has_offer : bool
        The offer to fetch an encoder that knows words is still to be made; False once it was dismissed.
    labels : str
        Path of the table of classes that systems are compared by; "" for none.
    geometry, splitter, rows_splitter : str
        States of the window's parts, in base 64.
    """

    folder: str = ""
    directory: str = ""
    order: str = "name"
    is_descending: bool = False
    volume_db: float = 0.0
    is_auto_play: bool = True
    is_loop: bool = False
    has_folders: bool = True
    has_words: bool = True
    theme: str = "system"
    has_offer: bool = True
    labels: str = ""
    geometry: str = ""
    splitter: str = ""
    rows_splitter: str = ""


def load_settings(path: Path) -> Settings:
    """Read settings; what is absent, unknown or of the wrong type is as new."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return Settings()
    if not isinstance(stored, dict):
        return Settings()
    known: dict[str, Any] = {}
    for field in dataclasses.fields(Settings):
        value = stored.get(field.name)
        if type(value) is int and field.type in {float, "float"}:
            value = float(value)
        if type(value) is type(field.default):
            known[field.name] = value
    return Settings(**known)


def save_settings(settings: Settings, path: Path) -> None:
    """Write settings at once or not at all; a disk that refuses loses them, not the program."""
    draft = path.with_suffix(".draft")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(json.dumps(dataclasses.asdict(settings), indent=2), encoding="utf-8")
        os.replace(draft, path)  # noqa: PTH105 - the atomic one
    except OSError as error:
        logger.warning("settings were not saved: %s", error)
