"""The settings of the window, kept from one start to the next."""

import dataclasses
import json
import logging
import shutil
import types
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, get_args, get_origin

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
    has_inspector : bool
        Whether the right pane is visible.
    theme : str
        system, dark or light.
    text_size_px : int
        How much larger text is than the system's, in pixels.
    has_folded_copies : bool
        Whether copies are listed as one sound.
    is_one_per_folder : bool
        Whether one sound of each folder is listed.
    has_roomy_rows : bool
        Whether the rows of the list are 28 pixels high instead of 22.
    columns : list of str or None
        Columns of the list from left to right; None for the default.
    column_widths : dict of str to int
        Widths in pixels that differ from the default.
    analysis_load : str
        low or normal: whether the analysis uses one core or all of them.
    has_suggestions : bool
        Whether words that are suggested for a sound are shown beside its tags.
    keys : dict of str to list of str
        Keys by action that differ from the default.
    has_offer : bool
        Whether the offer to download an encoder that understands text is still to be made; False once dismissed.
    is_analysis_held : bool
        Whether the user stopped or paused the analysis; it is not resumed at the next start.
    labels : str or None
        Path of the labels file that systems are compared by.
    map_colour : str
        By what the points of the map are coloured where the list is not ranked.
    has_map_hover : bool
        Whether sounds are played while the pointer rests on them in the map.
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
    has_inspector: bool = True
    theme: str = "system"
    text_size_px: int = 0
    has_folded_copies: bool = True
    is_one_per_folder: bool = False
    has_roomy_rows: bool = False
    columns: list[str] | None = None
    column_widths: dict[str, int] = field(default_factory=dict)
    analysis_load: str = "normal"
    has_suggestions: bool = True
    keys: dict[str, list[str]] = field(default_factory=dict)
    has_offer: bool = True
    is_analysis_held: bool = False
    labels: str | None = None
    map_colour: str = "folder"
    has_map_hover: bool = True
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
    for setting in dataclasses.fields(Settings):
        if setting.name not in stored:
            continue
        value = stored[setting.name]
        if type(value) is int and setting.type is float:
            value = float(value)
        if _is_valid(value, setting.type):
            valid[setting.name] = value
        else:
            invalid.append(setting.name)
    if invalid:
        report(f"Some settings were invalid and have been reset to their defaults: {', '.join(invalid)}. {_kept(path)}")
    return Settings(**valid)


def _is_valid(value: object, annotation: object) -> bool:
    """Return whether a value has a type, with what it contains."""
    if isinstance(annotation, types.UnionType):
        return any(_is_valid(value, choice) for choice in get_args(annotation))
    kind, inside = get_origin(annotation), get_args(annotation)
    if kind is list and isinstance(value, list):
        return all(_is_valid(item, inside[0]) for item in value)
    if kind is dict and isinstance(value, dict):
        return all(_is_valid(key, inside[0]) and _is_valid(item, inside[1]) for key, item in value.items())
    return type(value) is annotation


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
