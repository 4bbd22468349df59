"""`bowerbird export`."""

from pathlib import Path
from typing import Annotated

import typer

from bowerbird.cli.options import EncoderOption, LibraryOption, encoder_to_search, open_library
from bowerbird.library.export import export_vectors


def export(
    *,
    vectors: Annotated[Path, typer.Option(metavar="OUT.npz", help="File to write: paths, vectors, encoder_id.")],
    encoder: EncoderOption = None,
    library: LibraryOption = None,
) -> int:
    """Write every sound's path and embedding to a NumPy archive."""
    opened = open_library(library)
    chosen = encoder_to_search(encoder, opened)
    n_sounds = export_vectors(opened, chosen, vectors)
    typer.echo(f"{n_sounds:,} embeddings of {chosen.n_dims} dimensions ({chosen.id}) written to {vectors}")
    return 0
