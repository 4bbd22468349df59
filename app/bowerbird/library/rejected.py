"""Sounds that cannot be used: they can be tried again, for instance after a drive has been repaired."""

from collections.abc import Sequence
from pathlib import Path

from bowerbird.catalogue.records import RejectedSound
from bowerbird.library.library import Library


def try_again(library: Library, sounds: Sequence[RejectedSound]) -> list[Path]:
    """Forget why sounds were rejected, and return the directories to index for their next analysis, each once.

    Raises
    ------
    CatalogueError
        When the library cannot be written.
    """
    with library.write() as writer:
        writer.forget_rejections([sound.id for sound in sounds])
    return list(dict.fromkeys(sound.path.parent for sound in sounds))
