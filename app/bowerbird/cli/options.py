"""Options and exit codes that several commands share."""

import sys
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from bowerbird.base.paths import library_path
from bowerbird.encoders.protocol import Encoder
from bowerbird.encoders.registry import encoder_named
from bowerbird.library.encoders.choice import searched_encoder
from bowerbird.library.library import Library

EXIT_DONE = 0
EXIT_SOME_REJECTED = 1
EXIT_COULD_NOT = 2
EXIT_INTERRUPTED = 130

LibraryOption: TypeAlias = Annotated[
    Path | None,
    typer.Option("--library", help="Folder of the library; by default the user's own.", show_default=False),
]
EncoderOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--encoder",
        metavar="NAME",
        help="Encoder, by name or id, see `bowerbird models list`; by default the library's own.",
        show_default=False,
    ),
]
JsonOption: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON for other programs.")]


def open_library(chosen: Path | None) -> Library:
    """Return the library in the folder of `--library`, or the user's own; it need not exist yet."""
    return Library.open(library_path(chosen))


def encoder_to_search(name: str | None, library: Library) -> Encoder:
    """Return the encoder of `--encoder`, or the encoder that the library is searched with; warn where that is missing.

    Raises
    ------
    EncoderError
        When the named encoder is not installed.
    """
    if name is not None:
        return encoder_named(name)
    choice = searched_encoder(library)
    warn(choice.warning)
    return choice.encoder


def warn(sentence: str | None) -> None:
    """Print a warning on stderr, if there is one."""
    if sentence:
        typer.echo(sentence, file=sys.stderr)
