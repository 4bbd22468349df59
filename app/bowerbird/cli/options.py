"""Options and exit codes that several commands share."""

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

EXIT_DONE = 0
EXIT_SOME_REJECTED = 1
EXIT_COULD_NOT = 2
EXIT_INTERRUPTED = 130

Library: TypeAlias = Annotated[
    Path | None,
    typer.Option("--library", help="Folder of the library; the user's own by default.", show_default=False),
]
EncoderName: TypeAlias = Annotated[str, typer.Option("--encoder", help="Encoder, by name or id.")]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON for other programs.")]
