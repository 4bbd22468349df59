"""Scanning a folder: every sound below it, lazily, in a fixed order. Only files of unknown extension are opened."""

import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bowerbird.audio import formats
from bowerbird.base.files import os_reason
from bowerbird.catalogue.records import FileStamp
from bowerbird.jobs.control import Control
from bowerbird.library.indexing.ignoring import Ignored

_NOTHING: Final = Ignored()


@dataclass(slots=True)
class Scan:
    """What a scan found besides sounds, filled while it runs.

    Attributes
    ----------
    ignored : list of str
        Files that are not sounds.
    unread : list of (str, str)
        Directories that could not be read, with reasons; with the root among them, nothing was read.
    """

    ignored: list[str] = field(default_factory=list)
    unread: list[tuple[str, str]] = field(default_factory=list)


def scan(root: Path, met: Scan, control: Control, *, ignored: Ignored = _NOTHING) -> Iterator[FileStamp]:
    """Yield the sounds below a folder in the order of their names, directory by directory.

    Links are followed once; hidden files, system folders and ignored names are skipped.

    Parameters
    ----------
    root : Path
        Absolute.
    met : Scan
        Receives everything else.
    control : Control
        Cancelling ends the scan early.
    ignored : Ignored
        Names of files and folders that are skipped.
    """
    waiting = [str(root)]
    visited: set[tuple[int, int]] = set()
    while waiting and not control.is_cancelled:
        directory = waiting.pop()
        try:
            here = os.stat(directory)  # noqa: PTH116 - a Path per file would be slow
            if here.st_ino and (here.st_dev, here.st_ino) in visited:  # some network drives have no inode numbers
                continue
            visited.add((here.st_dev, here.st_ino))
            with os.scandir(directory) as entries:
                listed = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            met.unread.append((directory, os_reason(error)))
            continue
        below: list[str] = []
        unread: str | None = None
        for entry in listed:
            if entry.name.startswith(".") or ignored.matches(entry.name):
                continue
            try:
                facts = entry.stat()
            except FileNotFoundError:  # a dangling link, or gone since
                continue
            except OSError as error:
                if error.errno != errno.ELOOP:  # the drive fails, or access is denied: the directory counts as unread
                    unread = unread or os_reason(error)
                continue
            if stat.S_ISDIR(facts.st_mode):
                below.append(entry.path)
            elif not stat.S_ISREG(facts.st_mode):
                continue
            elif formats.is_sound(entry.path):
                yield FileStamp(entry.path, facts.st_size, facts.st_mtime_ns)
            else:
                met.ignored.append(entry.path)
        if unread:
            met.unread.append((directory, unread))
        waiting.extend(reversed(below))
