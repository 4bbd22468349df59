"""Running the command as people do: in a process of its own."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Done:
    """What a command left: its exit code and what it said."""

    code: int
    out: str
    complaints: str

    @property
    def rows(self):
        """Its output as JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]


def environment(**more):
    return os.environ | {"PYTHONPATH": str(ROOT / "app"), "COLUMNS": "200"} | more


def bowerbird(*arguments, **more):
    """Run `bowerbird`; a traceback is never right."""
    done = subprocess.run(
        [sys.executable, "-m", "bowerbird", *map(str, arguments)],
        env=environment(**more),
        capture_output=True,
        encoding="utf-8",
        errors="surrogateescape",
        timeout=250,
        check=False,
    )
    assert "Traceback" not in done.stdout + done.stderr
    assert "Warning" not in done.stderr
    return Done(done.returncode, done.stdout, done.stderr)
