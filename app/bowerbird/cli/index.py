"""`bowerbird index` and `bowerbird demo`."""

import os
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from bowerbird.base.errors import CatalogueError, QueryError
from bowerbird.base.paths import library_path
from bowerbird.cli.options import (
    EXIT_DONE,
    EXIT_INTERRUPTED,
    EXIT_SOME_REJECTED,
    AsJson,
    Library,
    warn,
)
from bowerbird.cli.progress import JsonEvents, LiveProgress
from bowerbird.cli.search import show_searches
from bowerbird.encoders.protocol import Encoder
from bowerbird.encoders.registry import DEFAULT_ENCODER, encoder_named
from bowerbird.jobs.control import Control
from bowerbird.library.demo import demo_folder
from bowerbird.library.encoders.choice import choose_encoder, require_recall, wanted_encoder
from bowerbird.library.indexing.index import index_exists, index_folders
from bowerbird.library.search.neighbours import update_index


def index(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FOLDER]...", help="Folders to add or bring up to date; all known ones by default."),
    ] = None,
    *,
    encoder: Annotated[
        str | None,
        typer.Option(
            "--encoder",
            metavar="NAME",
            help="The encoder that the library shall have beside the built-in one, from now on; `ear` for none. "
            "`@cuda`, `@coreml` or `@directml` after its name computes there.",
            show_default=False,
        ),
    ] = None,
    workers: Annotated[
        int, typer.Option(min=0, help="Worker processes; 0 for one a core.", show_default="one a core")
    ] = 0,
    library: Library = None,
    as_json: AsJson = False,
) -> int:
    """Add folders and index their sounds.

    Every sound is analysed and has the built-in encoder's vectors; those of the library's further encoder come
    after, and searches use them as soon as they are complete. A second run does only what is new or changed. A run
    that was stopped, or killed, is taken up where it was.
    """
    return _index(folders or [], encoder, workers, library_path(library), as_json=as_json)


def demo(
    folders: Annotated[
        list[Path] | None, typer.Argument(metavar="[FOLDER]...", help="Other folders than the demo sounds.")
    ] = None,
    *,
    library: Library = None,
    as_json: AsJson = False,
) -> int:
    """Index the demo sounds that ship with Bowerbird, then show a search by words and one by example."""
    place = library_path(library)
    code = _index(folders or [demo_folder()], None, 0, place, as_json=as_json)
    if code in {EXIT_DONE, EXIT_SOME_REJECTED} and not as_json:
        show_searches(place, DEFAULT_ENCODER)
    return code


def _index(folders: Sequence[Path], encoder_name: str | None, n_workers: int, library: Path, *, as_json: bool) -> int:
    absent = [folder for folder in folders if not os.path.isdir(folder)]  # noqa: PTH112 - Path's raises for lost drives
    if absent and len(absent) == len(folders):
        names = ", ".join(str(folder) for folder in absent)
        raise QueryError(f"There is no folder {names}. Check the spelling, or connect the drive.")
    if not folders and not index_exists(library):
        raise CatalogueError(f"The library at {library} has no folders yet. Run `bowerbird index FOLDER`.")
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
        for encoder in {one.id: one for one in (built_in, further)}.values():
            if not control.is_cancelled:
                update_index(library, encoder, control)  # now, so that the first search need not
    if control.is_cancelled:
        return EXIT_INTERRUPTED
    return EXIT_SOME_REJECTED if summary.n_rejected or summary.n_unreachable else EXIT_DONE


def _further(name: str | None, library: Path) -> Encoder:
    """Return the encoder that the library shall have; the built-in for no other."""
    if name is not None:
        require_recall(name)
        return encoder_named(name)
    choice = wanted_encoder(library)
    warn(choice.warning)
    return choice.encoder


@contextmanager
def interrupts(control: Control) -> Iterator[None]:
    """Let Ctrl+C cancel: what was done is recorded before the command ends."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, lambda *_: control.cancel())
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
