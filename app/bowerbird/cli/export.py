"""`bowerbird export`."""

from pathlib import Path
from typing import Annotated

import typer

from bowerbird.base.paths import library_path
from bowerbird.cli.options import EncoderName, Library, encoder_to_search
from bowerbird.library.export import export_vectors


def export(
    *,
    vectors: Annotated[Path, typer.Option(metavar="OUT.npz", help="File to write: paths, vectors, encoder_id.")],
    encoder: EncoderName = None,
    library: Library = None,
) -> int:
    """Write every sound's path and vector to a NumPy archive."""
    chosen = encoder_to_search(encoder, library_path(library))
    n = export_vectors(library_path(library), chosen, vectors)
    typer.echo(f"{n:,} vectors of {chosen.n_dims} dimensions ({chosen.id}) written to {vectors}")
    return 0
