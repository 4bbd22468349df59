"""The demo sounds that ship with the program."""

from pathlib import Path

from bowerbird.base.errors import BowerbirdError
from bowerbird.base.paths import resources_path


def demo_folder() -> Path:
    """Return the folder of the demo sounds.

    Raises
    ------
    BowerbirdError
        When the installation lacks them.
    """
    folder = resources_path() / "demo"
    if not folder.is_dir():
        raise BowerbirdError(f"The demo sounds are not at {folder}. Install Bowerbird again.")
    return folder
