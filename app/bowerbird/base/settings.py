"""The settings of the window, kept from one start to the next."""

import dataclasses
import json
import logging
import shutil
import types
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, get_args

from bowerbird.base.files import os_reason, write_atomic

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Settings:
    """A user's settings.

    Attributes
    ----------
    folder : str or None
        Path of the folder that is selected in the left pane; None for all sounds.
    directory : str or None
        The directory selected in that folder.
    order : str
        Column that the list is sorted by.
    is_descending : bool
    volume_db : float
    is_auto_play, is_loop : bool
    is_even : bool
        Whether sounds are played equally loud.
    output : str or None
        Name of the sound output; None follows the system's default.
    latency : str
        low or high.
    has_folders : bool
        Whether the left pane is visible.
    has_words : bool
        Whether the suggested words of the current sound are visible.
    theme : str
        system, dark or light.
    has_offer : bool
        Whether the offer to download an encoder that understands text is still to be made; False once dismissed.
    labels : str or None
        Path of the labels file that systems are compared by.
    geometry, splitter, rows_splitter : str or None
        Geometry of the window and its splitters, in base 64.
    """

    folder: str | None = None
    directory: str | None = None
    order: str = "name"
    is_descending: bool = False
    volume_db: float = 0.0
    is_auto_play: bool = True
    is_loop: bool = False
    is_even: bool = False
    output: str | None = None
    latency: str = "low"
    has_folders: bool = True
    has_words: bool = True
    theme: str = "system"
    has_offer: bool = True
    labels: str | None = None
    geometry: str | None = None
    splitter: str | None = None
    rows_splitter: str | None = None


def _none_for_empty(stored: dict[str, Any]) -> dict[str, Any]:
    """Upgrade from version 0, in which an empty string stood for "none"."""
    optional = {"folder", "directory", "labels", "geometry", "splitter", "rows_splitter"}
    return {name: None if name in optional and value == "" else value for name, value in stored.items()}


_UPGRADES: Final = (_none_for_empty,)
"""The upgrade from each version to the next. A file without a version is version 0."""

VERSION: Final = len(_UPGRADES)


def load_settings(path: Path, report: Callable[[str], object] = logger.warning) -> Settings:
    """Read the settings, and upgrade those of an older version.

    Parameters
    ----------
    path : Path
        Without a file there, every setting has its default.
    report : callable
        Receives a sentence when something in the file cannot be used. The file is then copied to `invalid_path`, since
        the next `save_settings` replaces it.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Settings()
    except OSError as error:
        report(f"Cannot read the settings {path}: {os_reason(error)}. Bowerbird uses its defaults.")
        return Settings()
    except ValueError:
        text = ""
    try:
        stored = json.loads(text)
    except (ValueError, RecursionError):
        stored = None
    if not isinstance(stored, dict):
        report(f"The settings file is damaged, so Bowerbird uses its defaults. {_kept(path)}")
        return Settings()
    version = stored.pop("version", 0)
    if type(version) is not int or not 0 <= version <= VERSION:
        report(f"The settings were saved by a newer version of Bowerbird; some of them may be ignored. {_kept(path)}")
        version = VERSION
    for upgrade in _UPGRADES[version:]:
        stored = upgrade(stored)
    valid: dict[str, Any] = {}
    invalid: list[str] = []
    for field in dataclasses.fields(Settings):
        if field.name not in stored:
            continue
        value = stored[field.name]
        if type(value) is int and field.type is float:
            value = float(value)
        if type(value) in _types(field.type):
            valid[field.name] = value
        else:
            invalid.append(field.name)
    if invalid:
        report(f"Some settings were invalid and have been reset to their defaults: {', '.join(invalid)}. {_kept(path)}")
    return Settings(**valid)


def _types(annotation: object) -> tuple[object, ...]:
    return get_args(annotation) if isinstance(annotation, types.UnionType) else (annotation,)


def invalid_path(path: Path) -> Path:
    """Return where a copy of settings is kept that could not be used."""
    return path.with_suffix(".invalid.json")


def _kept(path: Path) -> str:
    with suppress(OSError):
        shutil.copyfile(path, invalid_path(path))
    return f"The file is kept as {invalid_path(path).name}."


def save_settings(settings: Settings, path: Path) -> None:
    """Write the settings; if it cannot be written, the old file stays and a warning is logged."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, json.dumps({"version": VERSION, **dataclasses.asdict(settings)}, indent=2))
    except OSError as error:
        logger.warning("settings were not saved: %s", error)
