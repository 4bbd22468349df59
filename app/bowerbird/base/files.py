"""Files and folders that are written completely or not at all, and operating system errors as text."""

import errno
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO


def os_reason(error: OSError, *, fallback: str = "the system refused") -> str:
    """Return the message of an operating system error in lower case."""
    return (error.strerror or str(error) or fallback).lower()


def write_atomic(path: Path, data: bytes | str) -> None:
    """Write a file completely or not at all.

    Raises
    ------
    OSError
        When writing fails; the former file is unchanged.
    """
    with open_atomic(path) as file:
        file.write(data.encode("utf-8") if isinstance(data, str) else data)


@contextmanager
def open_atomic(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for writing; it replaces `path` when the block ends without an error.

    Raises
    ------
    OSError
        When writing fails; the former file is unchanged.
    """
    draft = path.with_name(f".{path.name}.draft")
    try:
        with draft.open("wb") as file:
            yield file
        os.replace(draft, path)  # noqa: PTH105 - the atomic one
    except BaseException:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise


def check_writable(path: Path) -> None:
    """Check that `write_atomic` can write a file, without changing it.

    Raises
    ------
    OSError
        When it cannot be written.
    """
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    draft = path.with_name(f".{path.name}.draft")
    draft.open("wb").close()
    draft.unlink()


def replace_folder(folder: Path, fill: Callable[[Path], None]) -> None:
    """Fill a draft folder, then replace `folder` with it, completely or not at all.

    Raises
    ------
    OSError
        When writing fails; the former file is unchanged.
    """
    draft = folder.with_name(f".{folder.name}.draft")
    try:
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        fill(draft)
        swap_folder(folder, draft, former=folder.with_name(f".{folder.name}.former"))
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


def swap_folder(folder: Path, draft: Path, *, former: Path) -> None:
    """Move a finished draft to `folder`; what is there waits at `former` and is then deleted.

    Raises
    ------
    OSError
        When it cannot be written; the former folder is back, and the draft still exists.
    """
    if former.exists():
        shutil.rmtree(former)
    if folder.exists():
        folder.replace(former)
    try:
        draft.replace(folder)
    except OSError:
        if former.exists():
            former.replace(folder)
        raise
    shutil.rmtree(former, ignore_errors=True)


def is_readable(folder: Path) -> bool:
    """Return whether a folder can be read now; a drive that sleeps may take a while to say so."""
    try:
        with os.scandir(folder) as entries:
            next(entries, None)
    except OSError:
        return False
    return True


def outermost(folders: Iterable[str]) -> list[str]:
    """Return those of some absolute folders that are not inside another, each once, sorted.

    They are strings: with a `Path` for each, thousands of folders would hold up every other thread for a minute.
    """
    kept: list[str] = []
    # Separators sort first: otherwise "a b" would stand between "a" and "a/c".
    for folder in sorted(set(folders), key=lambda path: path.replace(os.sep, "\0")):
        if not kept or not folder.startswith(kept[-1].rstrip(os.sep) + os.sep):
            kept.append(folder)
    return kept
