"""Options and exit codes that several commands share."""

import sys
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from bowerbird.encoders.protocol import Encoder
from bowerbird.encoders.registry import encoder_named
from bowerbird.library.encoders.choice import searched_encoder

EXIT_DONE = 0
EXIT_SOME_REJECTED = 1
EXIT_COULD_NOT = 2
EXIT_INTERRUPTED = 130

Library: TypeAlias = Annotated[
    Path | None,
    typer.Option("--library", help="Folder of the library; the user's own by default.", show_default=False),
]
EncoderName: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--encoder",
        metavar="NAME",
        help="Encoder, by name or id; `bowerbird models list` has them. By default the one the library was given.",
        show_default=False,
    ),
]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON for other programs.")]


def encoder_to_search(name: str | None, library: Path) -> Encoder:
    """Return the encoder that was named, or the one a library is searched with; a missing one is told on stderr.

    Raises
    ------
    EncoderError
        When the named one is not there.
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
