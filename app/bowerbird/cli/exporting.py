"""`bowerbird export`."""

from pathlib import Path
from typing import Annotated

import typer

from bowerbird.cli.options import EncoderName, Library
from bowerbird.encoder.registry import DEFAULT_ENCODER, encoder_named
from bowerbird.library.export import export_vectors
from bowerbird.paths import library_path


def export(
    *,
    vectors: Annotated[Path, typer.Option(metavar="OUT.npz", help="File to write: paths, vectors, encoder_id.")],
    encoder: EncoderName = DEFAULT_ENCODER,
    library: Library = None,
) -> int:
    """Write every sound's path and vector to a NumPy archive."""
    chosen = encoder_named(encoder)
    n = export_vectors(library_path(library), chosen, vectors)
    typer.echo(f"{n:,} vectors of {chosen.n_dims} dimensions ({chosen.id}) written to {vectors}")
    return 0
