"""`bowerbird duplicates`."""

import json
from collections.abc import Iterable
from itertools import islice
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bowerbird.base.text import count_text, printable
from bowerbird.cli.options import JsonOption, LibraryOption, open_library
from bowerbird.library.duplicates import Copy, copy_groups


def duplicates(
    *,
    exact: Annotated[bool, typer.Option("--exact", help="List only sounds with the same samples.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Number of groups to show; default: all.")] = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> int:
    """List sounds that are copies of each other, the best copy first, and in what the others differ from it.

    Copies are the same recording: also encoded, resampled, louder or quieter, faded, or with silence around it. The
    best is lossless, then has the higher rate, then more bits, then is longer. Nothing is deleted.
    """
    with open_library(library).read() as reader:
        n_pending = reader.n_uncompared()
        groups = islice(copy_groups(reader, is_exact=exact), limit)
        if as_json:
            _print_json(groups)
        else:
            _print_table(groups, is_complete=not n_pending)
    if n_pending:
        typer.echo("Not all sounds were compared yet. Run `bowerbird index` to finish.", err=True)
    return 0


def _print_json(groups: Iterable[tuple[Copy, ...]]) -> None:
    for number, group in enumerate(groups, start=1):
        sounds = [
            {
                "path": str(copy.sound.path),
                "sound_id": copy.sound.id,
                "format": copy.sound.format,
                "encoding": copy.sound.encoding,
                "rate_hz": copy.sound.rate_hz,
                "n_channels": copy.sound.n_channels,
                "duration_s": copy.sound.duration_s,
                "gain_db": copy.gain_db if index else 0.0,
                "has_same_samples": copy.has_same_samples,
                "is_missing": copy.sound.is_missing,
                "differences": list(copy.differences),
            }
            for index, copy in enumerate(group)
        ]
        typer.echo(json.dumps({"group": number, "sounds": sounds}))


def _print_table(groups: Iterable[tuple[Copy, ...]], *, is_complete: bool) -> None:
    console = Console(highlight=False)
    table = Table(box=None, header_style="dim", pad_edge=False)
    table.add_column("name", overflow="fold")
    table.add_column("folder", style="dim", overflow="fold")
    table.add_column("differs in", style="dim")
    n_groups = n_further = 0
    for group in groups:
        n_groups += 1
        n_further += len(group) - 1
        for index, copy in enumerate(group):
            same = ["same samples"] if index and copy.has_same_samples else []
            differences = ", ".join([*same, *copy.differences])
            if console.is_terminal:
                indent = "  " if index else ""
                table.add_row(Text(indent + printable(copy.sound.name)), printable(copy.sound.directory), differences)
            else:
                typer.echo(f"{n_groups}\t{printable(str(copy.sound.path))}\t{differences}")
    if not n_groups:
        console.print("No copies." if is_complete else "No copies so far.")
    elif console.is_terminal:
        console.print(table)
        sounds = count_text(n_groups, "sound has", "sounds have")
        console.print(f"{sounds} {count_text(n_further, 'further copy', 'further copies')}.", style="dim")
