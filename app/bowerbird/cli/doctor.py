"""`bowerbird doctor`."""

import importlib.metadata
import importlib.util
import platform
import sys
from pathlib import Path

import typer

from bowerbird import __version__
from bowerbird.base import paths
from bowerbird.base.errors import CatalogueError
from bowerbird.base.text import count_text
from bowerbird.cli.options import LibraryOption, open_library
from bowerbird.encoders.ear.thesaurus import own_thesaurus_fault, own_thesaurus_path
from bowerbird.index import hnsw
from bowerbird.library.encoders.choice import searched_encoder
from bowerbird.library.library import Library
from bowerbird.library.search.shared_index import HNSW_FROM
from bowerbird.playback.device import describe_output

_PACKAGES = ("numpy", "soundfile", "soxr", "python-stretch", "hnswlib", "sounddevice", "PySide6-Essentials")


def doctor(*, library: LibraryOption = None) -> int:
    """Show versions, folders, and missing components."""
    chosen = open_library(library)
    typer.echo(f"bowerbird {__version__} on Python {platform.python_version()}, {platform.platform()}")
    for package in _PACKAGES:
        typer.echo(f"  {package}: {_version(package)}")
    typer.echo(f"library: {chosen.folder} ({_contents(chosen)})")
    typer.echo(f"settings: {paths.settings_path()}")
    typer.echo(f"log: {paths.log_path()}")
    choice = searched_encoder(chosen)
    typer.echo(f"encoder: {choice.encoder.id}{f' ({choice.warning})' if choice.warning else ''}")
    typer.echo(f"models: {paths.weights_path()}")
    typer.echo(f"thesaurus: {own_thesaurus_path()} ({own_thesaurus_fault() or _presence(own_thesaurus_path())})")
    if not hnsw.is_available():
        typer.echo("index: exact; install hnswlib for faster search in very large libraries")
    else:
        typer.echo(f"index: exact up to {HNSW_FROM:,} vectors, hnswlib from there")

    typer.echo(f"sound output: {describe_output()}")
    if importlib.util.find_spec("PySide6") is None:
        typer.echo(f"window: not available; run `{sys.executable} -m pip install PySide6-Essentials`")
    return 0


def _presence(path: Path) -> str:
    return "in use" if path.exists() else "not created"


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _contents(library: Library) -> str:
    try:
        with library.read() as reader:
            return f"{count_text(reader.count())} in {count_text(len(reader.folders()), 'folder', 'folders')}"
    except CatalogueError as error:
        return str(error)
