"""`bowerbird index` and `bowerbird demo`."""

import os
import shlex
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from bowerbird.base.errors import CatalogueError, QueryError
from bowerbird.cli.options import (
    EXIT_DONE,
    EXIT_INTERRUPTED,
    EXIT_SOME_REJECTED,
    JsonOption,
    LibraryOption,
    open_library,
    warn,
)
from bowerbird.cli.progress import JsonEvents, LiveProgress
from bowerbird.cli.search import show_searches
from bowerbird.encoders.protocol import Encoder
from bowerbird.encoders.registry import DEFAULT_ENCODER, encoder_named
from bowerbird.jobs.control import Control
from bowerbird.library.demo import demo_folder
from bowerbird.library.encoders.choice import choose_encoder, require_recall, wanted_encoder
from bowerbird.library.folders import suggest_relink
from bowerbird.library.indexing.index import index_folders
from bowerbird.library.library import Library
from bowerbird.library.search.neighbours import update_index


def index(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FOLDER]...", help="Folders to add or update. Default: all folders of the library."),
    ] = None,
    *,
    encoder: Annotated[
        str | None,
        typer.Option(
            "--encoder",
            metavar="NAME",
            help="Encoder to use in addition to the built-in one; `ear` for the built-in encoder only. "
            "Append `@cuda`, `@coreml` or `@directml` to choose a device.",
            show_default=False,
        ),
    ] = None,
    workers: Annotated[
        int, typer.Option(min=0, help="Number of worker processes; 0 for one per core.", show_default="one per core")
    ] = 0,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> int:
    """Add folders and index their sounds.

    The built-in encoder analyses and embeds every sound. If the library has an additional encoder, search uses it as
    soon as it has embedded every sound. Later runs only process new and changed sounds. An interrupted run is resumed.
    """
    return _index(folders or [], encoder, workers, open_library(library), as_json=as_json)


def demo(
    folders: Annotated[
        list[Path] | None, typer.Argument(metavar="[FOLDER]...", help="Folders to index instead of the demo sounds.")
    ] = None,
    *,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> int:
    """Index the demo sounds that ship with Bowerbird, then show a search by words and one by example."""
    opened = open_library(library)
    code = _index(folders or [demo_folder()], None, 0, opened, as_json=as_json)
    if code in {EXIT_DONE, EXIT_SOME_REJECTED} and not as_json:
        show_searches(opened, DEFAULT_ENCODER)
    return code


def _index(
    folders: Sequence[Path], encoder_name: str | None, n_workers: int, library: Library, *, as_json: bool
) -> int:
    absent = [folder for folder in folders if not os.path.isdir(folder)]  # noqa: PTH112 - Path's raises for lost drives
    if absent and len(absent) == len(folders):
        names = ", ".join(str(folder) for folder in absent)
        raise QueryError(f"Cannot find the folder {names}. Check the spelling, or connect its drive.")
    if not folders and not library.has_folders():
        raise CatalogueError(f"The library at {library.folder} has no folders yet. Run `bowerbird index FOLDER`.")
    _suggest_relinks(folders, library)
    built_in = encoder_named(DEFAULT_ENCODER)
    further = _further(encoder_name, library)
    if encoder_name is not None:
        choose_encoder(library, further)
    control = Control()
    with interrupts(control), JsonEvents() if as_json else LiveProgress() as display:
        summary = index_folders(
            library,
            folders,
            encoder=built_in,
            further=further,
            control=control,
            post=display.post,
            n_workers=n_workers or None,
        )
        for encoder in {encoder.id: encoder for encoder in (built_in, further)}.values():
            if not control.is_cancelled:
                update_index(library, encoder, control)  # so that the first search does not have to
    if control.is_cancelled:
        return EXIT_INTERRUPTED
    is_incomplete = summary.n_rejected or summary.n_unreachable or summary.n_faulty
    return EXIT_SOME_REJECTED if is_incomplete else EXIT_DONE


def _suggest_relinks(folders: Sequence[Path], library: Library) -> None:
    """Warn where a new folder seems to be one of the library whose drive is not connected."""
    if not folders or not library.has_folders():
        return
    known = {folder.path for folder in library.folders()}
    for folder in folders:
        absolute = Path(os.path.abspath(folder))  # noqa: PTH100 - unlike resolve, keeps the user's links
        suggestion = None if absolute in known else suggest_relink(library, absolute)
        if suggestion is not None:
            paths = f"{shlex.quote(str(suggestion.folder.path))} {shlex.quote(str(folder))}"
            warn(
                f"{folder} has the files of {suggestion.folder.path}, which is not connected. If it has moved, run "
                f"`bowerbird folders relink {paths}`."
            )


def _further(name: str | None, library: Library) -> Encoder:
    """Return the library's additional encoder; the built-in encoder where there is none."""
    if name is not None:
        require_recall(name)
        return encoder_named(name)
    choice = wanted_encoder(library)
    warn(choice.warning)
    return choice.encoder


@contextmanager
def interrupts(control: Control) -> Iterator[None]:
    """Let Ctrl+C cancel: finished work is recorded before the command ends."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, lambda *_: control.cancel())
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
