"""The folders of a library: removed so that they can be brought back, moved with a drive, ignored files."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from bowerbird.base.errors import QueryError, UnreachableError
from bowerbird.base.files import is_readable
from bowerbird.base.text import count_text
from bowerbird.catalogue.protocol import Reader
from bowerbird.catalogue.records import Folder, StoredFile
from bowerbird.library.annotations.edits import Edit, HideFolder, HideSounds, perform
from bowerbird.library.indexing.analysis import content_hash
from bowerbird.library.library import Library

_T = TypeVar("_T")

_N_COMPARED: Final = 200
_N_HASHED: Final = 5
_MIN_SHARE: Final = 0.8


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


def forget_missing(library: Library, sound_ids: Sequence[int] | None = None, *, folder: Folder | None = None) -> Edit:
    """Remove missing sounds from the library: those that are named, those of a folder, or all.

    Raises
    ------
    CatalogueError
        When the library cannot be written.
    """
    with library.read() as reader:
        missing = reader.missing_ids(folder.id if folder is not None else None).tolist()
    chosen = set(missing if sound_ids is None else sound_ids)
    forgotten = tuple(sound_id for sound_id in missing if sound_id in chosen)
    return perform(
        library, HideSounds(forgotten), f"Forget {count_text(len(forgotten), 'missing sound', 'missing sounds')}"
    )


def delete_missing(library: Library) -> int:
    """Remove all missing sounds from the library for good; tags return if a file does.

    Returns
    -------
    int
        How many there were.

    Raises
    ------
    CatalogueError
        When the library cannot be written.
    """
    with library.write() as writer, writer.together():
        with library.read() as reader:
            missing = reader.missing_ids().tolist()
        writer.hide_sounds(missing)
        writer.delete_hidden(sound_ids=missing)
    return len(missing)


def watch(library: Library, folder: Folder, *, is_watched: bool) -> None:
    """Record whether changes in a folder are recognised while the program runs; see `indexing.watch.FolderWatcher`.

    Raises
    ------
    CatalogueError
        When the library cannot be written.
    """
    with library.write() as writer:
        writer.watch_folder(folder.id, is_watched=is_watched)


def relink(library: Library, folder: Folder, path: Path) -> None:
    """Record that a folder is at another path now; its sounds keep their vectors and annotations, and none is doubled.

    Index it afterwards: files that are not where they were are recognised by their content.

    Raises
    ------
    QueryError
        When the path is not a folder, has none of the folder's sounds, or is inside another folder of the library or
        around it.
    CatalogueError
        When the library is being indexed or cannot be written.
    """
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - unlike resolve, keeps the user's links
    if not absolute.is_dir():
        raise QueryError(f"Cannot find the folder {path}. Is the drive connected?")
    with library.read() as reader:
        found = _found_at(reader, folder, absolute)
    with library.write() as writer, library.lock("indexing"), writer.together():
        try:
            writer.move_folder(folder.id, absolute)
        except ValueError as error:
            raise QueryError(f"{path} overlaps with another folder of the library. Remove that one first.") from error
        if found.n_compared and not found.here:  # an overlap is the better explanation, and comes first
            name = folder.path.name or folder.path
            raise QueryError(f"{path} has none of the sounds of “{name}”. Choose the folder that has them.")


@dataclass(frozen=True, slots=True)
class Relink:
    """A folder that is not connected, and whose files another folder has.

    Attributes
    ----------
    folder : Folder
    n_found, n_compared : int
        Files with the same relative path and size, among those that were compared.
    """

    folder: Folder
    n_found: int
    n_compared: int


def suggest_relink(library: Library, path: Path) -> Relink | None:
    """Return the folder of the library that a path probably is, under another name; None without one.

    Of each folder that is not connected, some files are looked for by their relative paths and sizes; the content of a
    few is compared.

    Raises
    ------
    CatalogueError
        When the library cannot be read.
    """
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - as above
    best: Relink | None = None
    with library.read() as reader:
        for folder in reader.folders():
            if folder.path == absolute or is_readable(folder.path):
                continue
            found = _found_at(reader, folder, absolute)
            is_probable = len(found.here) >= max(1, _MIN_SHARE * found.n_compared) and all(
                _has_content(here, file.hash) for file, here in _spread(found.here, _N_HASHED)
            )
            if is_probable and (best is None or len(found.here) > best.n_found):
                best = Relink(folder, len(found.here), found.n_compared)
    return best


@dataclass(frozen=True, slots=True)
class _Found:
    """Files of a folder that are at another path too, with their paths there, and how many were looked for."""

    here: list[tuple[StoredFile, Path]]
    n_compared: int


def _found_at(reader: Reader, folder: Folder, absolute: Path) -> _Found:
    files = _spread(reader.stored_files(folder.id), _N_COMPARED)
    paths = [(file, absolute / Path(file.path).relative_to(folder.path)) for file in files]
    return _Found([(file, here) for file, here in paths if _size(here) == file.size_bytes], len(files))


def _spread(values: Sequence[_T], n: int) -> Sequence[_T]:
    """Return at most n values, from the first to the last."""
    return values[:: -(-len(values) // n)] if values else values


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def _has_content(path: Path, digest: bytes | None) -> bool:
    """Return whether a file has the content of a hash, or the hash is not known."""
    try:
        return digest is None or content_hash(path) == digest
    except UnreachableError:
        return False


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
