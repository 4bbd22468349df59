"""The log: a rotating file on the user's own disk."""

import logging
import logging.handlers

from bowerbird.base import paths

logger = logging.getLogger("bowerbird")


def start_logging() -> None:
    """Write warnings and errors to the log file, if its folder is writable."""
    if logger.handlers:
        return
    logger.addHandler(logging.NullHandler())
    logging.raiseExceptions = False  # a failure to log is not shown to users
    path = paths.log_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.handlers.RotatingFileHandler(
            path, maxBytes=1_000_000, backupCount=2, encoding="utf-8", errors="backslashreplace", delay=True
        )
    except OSError:
        return
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logger.addHandler(handler)
    logger.propagate = False
