"""The program's entrance: a command runs on the command line, anything else opens the window."""

import multiprocessing
import sys
from collections.abc import Sequence

from bowerbird.base.errors import StudyError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run Bowerbird and return its exit code."""
    multiprocessing.freeze_support()
    given = list(sys.argv[1:] if arguments is None else arguments)
    from bowerbird.base.log import start_logging  # noqa: PLC0415 - worker processes import this module for nothing

    start_logging()
    from bowerbird.cli.main import COMMANDS, run  # noqa: PLC0415

    if given and (given[0] in COMMANDS or given[0] in {"-h", "--help", "--version"}):
        return run(given, rate_window=_rate_window)
    try:
        from bowerbird.gui.shell.application import open_window  # noqa: PLC0415 - Qt may be absent
    except ImportError as error:
        print(  # noqa: T201 - the command line's own boundary lies behind Qt here
            f"The window cannot open ({error}). Install PySide6-Essentials, or use the commands: bowerbird --help.",
            file=sys.stderr,
        )
        return 2
    return open_window(given)


def _rate_window(arguments: Sequence[str]) -> int:
    try:
        from bowerbird.gui.listening.rating_application import rate_window  # noqa: PLC0415 - Qt may be absent
    except ImportError as error:
        raise StudyError(f"The rating window cannot open ({error}). Install PySide6-Essentials.") from error
    return rate_window(arguments)


if __name__ == "__main__":
    sys.exit(main())
