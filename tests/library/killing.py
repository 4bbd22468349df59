"""Workers whose decoder dies or hangs on files of certain names, as damaged files make real ones do."""

import os
import signal
import threading

from bowerbird.library.indexing import worker


def serve(pipe, encoder_name):
    """A worker as it is, but for files called killer and hanging.

    A hanging file first says that it was begun, to the named pipe `told` beside it if there is one.
    """
    from bowerbird.library.indexing import analysis  # noqa: PLC0415 - in the worker process

    analyse = analysis.analyse

    def analyse_or_die(path, encoder):
        if path.name.startswith("killer"):
            os.kill(os.getpid(), signal.SIGKILL)
        if path.name.startswith("hanging"):
            told = path.parent / "told"
            if told.exists():
                told.write_text("begun")
            threading.Event().wait()
        return analyse(path, encoder)

    analysis.analyse = analyse_or_die
    worker.serve(pipe, encoder_name)


def serve_never(pipe, encoder_name):
    """A worker that cannot start."""
    os._exit(3)
