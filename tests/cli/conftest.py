"""The command without a process of its own, where what counts is what it says and leaves."""

import pytest
from bowerbird_command import Done

from bowerbird.cli.main import run
from encoding_stage import Here


@pytest.fixture
def command(capsys, monkeypatch):
    """Run `bowerbird` in this process, workers and all."""
    Here(monkeypatch)
    monkeypatch.setenv("COLUMNS", "200")

    def run_here(*arguments):
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        return Done(code, *capsys.readouterr())

    return run_here
