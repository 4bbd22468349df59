"""Locations: the library, settings and logs of a user, and the files that ship with the package."""

import os
from pathlib import Path

import platformdirs

import bowerbird

HOME_VARIABLE = "BOWERBIRD_HOME"
"""Environment variable: the folder of library, settings and log."""


def library_path(chosen: Path | None = None) -> Path:
    """Return the folder of the library: the chosen folder, or the user's default.

    The folder is not created.
    """
    if chosen is not None:
        return chosen.expanduser().absolute()
    home = os.environ.get(HOME_VARIABLE)
    if home:
        return Path(home).expanduser().absolute() / "library"
    return platformdirs.user_data_path("Bowerbird", appauthor=False) / "library"


def settings_path() -> Path:
    """Return the file of the user's settings."""
    home = os.environ.get(HOME_VARIABLE)
    if home:
        return Path(home).expanduser().absolute() / "settings.json"
    return platformdirs.user_config_path("Bowerbird", appauthor=False) / "settings.json"


def log_path() -> Path:
    """Return the file that warnings and errors are logged to."""
    home = os.environ.get(HOME_VARIABLE)
    if home:
        return Path(home).expanduser().absolute() / "log" / "bowerbird.log"
    return platformdirs.user_log_path("Bowerbird", appauthor=False) / "bowerbird.log"


def weights_path() -> Path:
    """Return the folder of downloaded and imported weights, one folder per encoder."""
    home = os.environ.get(HOME_VARIABLE)
    if home:
        return Path(home).expanduser().absolute() / "models"
    return platformdirs.user_data_path("Bowerbird", appauthor=False) / "models"


def studies_path() -> Path:
    """Return the folder of the user's listening tests, one folder per study."""
    home = os.environ.get(HOME_VARIABLE)
    if home:
        return Path(home).expanduser().absolute() / "studies"
    return platformdirs.user_data_path("Bowerbird", appauthor=False) / "studies"


def cache_path() -> Path:
    """Return the folder of files that can be made again, such as rendered sounds."""
    home = os.environ.get(HOME_VARIABLE)
    if home:
        return Path(home).expanduser().absolute() / "cache"
    return platformdirs.user_cache_path("Bowerbird", appauthor=False)


def recordings_path() -> Path:
    """Return the folder of recordings that were searched by."""
    home = os.environ.get(HOME_VARIABLE)
    if home:
        return Path(home).expanduser().absolute() / "recordings"
    return platformdirs.user_data_path("Bowerbird", appauthor=False) / "recordings"


def ears_path() -> Path:
    """Return the folder of the ears that the user has trained, one folder per ear."""
    return weights_path().with_name("ears")


def resources_path() -> Path:
    """Return the folder of icons, styles and demo sounds."""
    return _shipped("resources")


def models_path() -> Path:
    """Return the folder of encoder cards and their constants."""
    return _shipped("models")


def _shipped(name: str) -> Path:
    """Return a shipped folder: inside the installed package, or beside `app/` in a checkout."""
    package = Path(bowerbird.__file__).parent
    installed = package / name
    return installed if installed.is_dir() else package.parents[1] / name
