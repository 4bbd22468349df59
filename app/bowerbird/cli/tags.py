"""`bowerbird tags`."""

from pathlib import Path
from typing import Annotated

import typer

from bowerbird.base.text import count_text, printable
from bowerbird.cli.options import EXIT_DONE, EXIT_SOME_REJECTED, LibraryOption, open_library, warn
from bowerbird.library.annotations.exchange import export_annotations, import_annotations

app = typer.Typer(help="Export and import tags, stars, favourites, notes and collections.", no_args_is_help=True)


@app.command("export")
def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="File to write: CSV, or JSON if it ends in .json.")],
    *,
    library: LibraryOption = None,
) -> int:
    """Write tags, denied words, stars, favourites, notes and collections to a file."""
    n_sounds = export_annotations(open_library(library), file)
    typer.echo(f"{count_text(n_sounds)} written to {printable(str(file))}")
    return EXIT_DONE


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV or JSON that `tags export` has written.")],
    *,
    library: LibraryOption = None,
) -> int:
    """Add what a file says to the sounds of the library, found by their samples, else their files, else their paths."""
    imported = import_annotations(open_library(library), file)
    typer.echo(f"{count_text(imported.n_matched)} updated")
    for path in imported.unmatched:
        warn(f"{printable(path) or 'A row without a path'} is not in the library. Index its folder, then import again.")
    return EXIT_SOME_REJECTED if imported.unmatched else EXIT_DONE
