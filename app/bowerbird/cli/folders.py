"""`bowerbird folders`."""

import os
from pathlib import Path
from typing import Annotated

import typer

from bowerbird.base.errors import QueryError
from bowerbird.base.text import count_text, printable
from bowerbird.catalogue.records import Folder
from bowerbird.cli.options import EXIT_DONE, LibraryOption, open_library
from bowerbird.library import folders as use_cases
from bowerbird.library.library import Library

app = typer.Typer(help="List folders, record that one has moved, and choose what is ignored.", no_args_is_help=True)


@app.command("list")
def list_folders(*, library: LibraryOption = None) -> int:
    """List the folders of the library, and those that are not connected."""
    with open_library(library).read() as reader:
        for state in reader.folder_states():
            facts = [count_text(state.n_sounds)]
            facts += [f"{state.n_missing:,} missing"] if state.n_missing else []
            facts += [] if state.is_connected else ["not connected"]
            typer.echo(f"{printable(str(state.folder.path))}\t{', '.join(facts)}")
    return EXIT_DONE


@app.command("relink")
def relink(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder of the library, as it was.")],
    path: Annotated[Path, typer.Argument(metavar="PATH", help="Where it is now.")],
    *,
    library: LibraryOption = None,
) -> int:
    """Record that a folder is at another path now; nothing is analysed again, and tags stay."""
    opened = open_library(library)
    use_cases.relink(opened, _folder_at(opened, folder), path)
    typer.echo(f"{printable(str(folder))} is {printable(str(path))} now. Run `bowerbird index` to look for changes.")
    return EXIT_DONE


@app.command("remove")
def remove(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder of the library.")],
    *,
    library: LibraryOption = None,
) -> int:
    """Remove a folder from the library for good; its files stay where they are."""
    opened = open_library(library)
    opened.remove_folder(_folder_at(opened, folder).id)
    return EXIT_DONE


@app.command("forget-missing")
def forget_missing(*, library: LibraryOption = None) -> int:
    """Remove sounds from the library for good whose files are gone; tags return if a file does."""
    n_missing = use_cases.delete_missing(open_library(library))
    typer.echo(f"{count_text(n_missing, 'missing sound', 'missing sounds')} forgotten")
    return EXIT_DONE


@app.command("ignore")
def ignore(
    patterns: Annotated[
        list[str] | None, typer.Argument(metavar="[PATTERN]...", help="Names, such as .git or '*.asd'. Default: list.")
    ] = None,
    *,
    library: LibraryOption = None,
) -> int:
    """Choose names of files and folders that scans ignore, instead of those before; without any, list them."""
    opened = open_library(library)
    if patterns:
        use_cases.ignore(opened, patterns)
    with opened.read() as reader:
        for pattern in reader.ignored_patterns():
            typer.echo(pattern)
    return EXIT_DONE


def _folder_at(library: Library, path: Path) -> Folder:
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - unlike resolve, keeps the user's links
    found = next((folder for folder in library.folders() if folder.path == absolute), None)
    if found is None:
        raise QueryError(f"{path} is not a folder of the library. Run `bowerbird folders list` to see them.")
    return found
