"""The commands, and the only module that turns errors into exit codes."""

import logging
import sys
from collections.abc import Callable, Sequence
from typing import Any

import typer
from rich.console import Console

from bowerbird import __version__
from bowerbird.base.errors import BowerbirdError
from bowerbird.base.paths import log_path
from bowerbird.cli import doctor as doctoring
from bowerbird.cli import duplicates as duplicating
from bowerbird.cli import evaluate as evaluating
from bowerbird.cli import export as exporting
from bowerbird.cli import folders, models, tags
from bowerbird.cli import index as indexing
from bowerbird.cli import search as searching
from bowerbird.cli import study as studying
from bowerbird.cli import train as training
from bowerbird.cli.options import EXIT_COULD_NOT, EXIT_DONE, EXIT_INTERRUPTED

logger = logging.getLogger(__name__)

# The base class of usage errors, which typer does not export: click's own, or typer's copy, depending on the version.
_WRONG_USE: Any = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")

app = typer.Typer(
    name="bowerbird",
    help="Find sounds that sound alike. Without a command, or with only folders, the window opens:\n\n"
    "    bowerbird [--library DIR] [FOLDER...]",
    epilog="Exit codes: 0 done, 1 done but some sounds could not be used, 2 failed, 130 interrupted.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("index")(indexing.index)
app.command("demo")(indexing.demo)
app.command("search", cls=searching.SearchCommand)(searching.search)
app.command("evaluate")(evaluating.evaluate)
app.command("duplicates")(duplicating.duplicates)
app.command("export")(exporting.export)
app.command("train")(training.train)
app.command("words")(training.words)
app.command("doctor")(doctoring.doctor)
app.add_typer(folders.app, name="folders")
app.add_typer(models.app, name="models")
app.add_typer(tags.app, name="tags")
app.add_typer(studying.app, name="study")


def _show_version(*, wanted: bool) -> None:
    if wanted:
        typer.echo(f"bowerbird {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    version: bool = typer.Option(
        False,
        "--version",
        callback=lambda value: _show_version(wanted=value),
        is_eager=True,
        help="Show the version.",
    ),
) -> None:
    """Define the options before a command."""


COMMANDS = frozenset(
    [command.name for command in app.registered_commands if command.name]
    + [group.name for group in app.registered_groups if group.name]
)


def run(arguments: Sequence[str], *, rate_window: Callable[[Sequence[str]], int] | None = None) -> int:
    """Run a command and return its exit code; errors become a sentence on stderr.

    Parameters
    ----------
    arguments : sequence of str
    rate_window : callable, optional
        Opens the rating window, for the one command that has a window.
    """
    if hasattr(sys.stdout, "reconfigure"):  # file names may contain bytes that no terminal can show
        sys.stdout.reconfigure(errors="replace")
        sys.stderr.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        result = app(args=list(arguments), standalone_mode=False, prog_name="bowerbird", obj=rate_window)
    except BowerbirdError as error:
        code = _print_error(str(error))
    except _WRONG_USE as error:
        error.show()
        code = EXIT_COULD_NOT
    except (KeyboardInterrupt, typer.Abort):
        code = EXIT_INTERRUPTED
    except (BrokenPipeError, SystemExit):  # the reader of our output has closed it; typer and rich exit then
        sys.stdout = None  # nothing is left to be flushed at the end
        code = EXIT_DONE
    except Exception:  # the command line's boundary: the log has the traceback, the user a sentence
        logger.exception("bowerbird %s", " ".join(arguments))
        code = _print_error(f"Bowerbird stopped because of a fault. Please report it with the log file, {log_path()}.")
    else:
        code = result if isinstance(result, int) else EXIT_DONE
    return code


def _print_error(sentence: str) -> int:
    Console(stderr=True, highlight=False, soft_wrap=True).print(sentence, markup=False, style=None)
    return EXIT_COULD_NOT
