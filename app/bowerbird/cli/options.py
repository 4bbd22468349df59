"""Options that several commands share."""

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

Library: TypeAlias = Annotated[
    Path | None,
    typer.Option("--library", help="Folder of the library; the user's own by default.", show_default=False),
]
EncoderName: TypeAlias = Annotated[str, typer.Option("--encoder", help="Encoder, by name or id.")]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON for other programs.")]
