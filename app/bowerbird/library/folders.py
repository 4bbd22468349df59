"""The folders of a library: removed so that they can be brought back, moved with a drive, ignored files."""

import os
from collections.abc import Sequence
from pathlib import Path

from bowerbird.base.errors import QueryError
from bowerbird.base.text import count_text
from bowerbird.catalogue.records import Folder
from bowerbird.library.annotations.edits import Edit, HideFolder, HideSounds, perform
from bowerbird.library.library import Library


def remove_folder(library: Library, folder: Folder) -> Edit:
    """Remove a folder and its sounds from the library; the files stay where they are.

    Everything is kept, hidden, until the edit leaves the history or the program starts next.

    Raises
    ------
    CatalogueError
        When the library is being indexed or cannot be written.
    """
    with library.lock("indexing"):
        return perform(library, HideFolder(folder.id), f"Remove folder “{folder.path.name or folder.path}”")


def forget_missing(library: Library, sound_ids: Sequence[int] | None = None) -> Edit:
    """Remove missing sounds from the library: those that are named, or all.

    Raises
    ------
    CatalogueError
        When the library cannot be written.
    """
    with library.read() as reader:
        missing = reader.missing_ids().tolist()
    chosen = set(missing if sound_ids is None else sound_ids)
    forgotten = tuple(sound_id for sound_id in missing if sound_id in chosen)
    return perform(
        library, HideSounds(forgotten), f"Forget {count_text(len(forgotten), 'missing sound', 'missing sounds')}"
    )


def relink(library: Library, folder: Folder, path: Path) -> None:
    """Record that a folder is at another path now; its sounds keep their vectors and annotations, and none is doubled.

    Index it afterwards: files that are not where they were are recognised by their content.

    Raises
    ------
    QueryError
        When the path is not a folder, or overlaps with another folder of the library.
    CatalogueError
        When the library is being indexed or cannot be written.
    """
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - unlike resolve, keeps the user's links
    if not absolute.is_dir():
        raise QueryError(f"Cannot find the folder {path}. Is the drive connected?")
    with library.write() as writer, library.lock("indexing"):
        try:
            writer.move_folder(folder.id, absolute)
        except ValueError as error:
            raise QueryError(f"{path} overlaps with another folder of the library. Remove that one first.") from error


def ignore(library: Library, patterns: Sequence[str]) -> None:
    """Let scans ignore files and folders whose names match one of some patterns, such as ``*.asd``, without case.

    Raises
    ------
    QueryError
        When a pattern would ignore everything, or has a slash.
    CatalogueError
        When the library cannot be written.
    """
    plain = [pattern.strip() for pattern in patterns if pattern.strip()]
    for pattern in plain:
        if not pattern.strip("*?") or "/" in pattern or "\\" in pattern:
            raise QueryError(
                f"“{pattern}” is not a valid pattern. Write a name such as .git, or an ending such as *.asd."
            )
    with library.write() as writer:
        writer.ignore(plain)
