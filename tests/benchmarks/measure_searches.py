"""How many of the first ten results of sixteen searches are right.

    python tests/benchmarks/measure_searches.py --library DIR --shared DIR [--app DIR]

Runs ``bowerbird search`` on a copy of the library and judges by the classes of `searches.toml`. With --app, the program
of another checkout is run, on a library that it can read.
"""

import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any, Final

from labelled import arguments

N_JUDGED: Final = 10


def main() -> int:
    """Print the table."""
    parser = arguments(__doc__)
    parser.add_argument(
        "--app", type=Path, default=Path(__file__).parents[2] / "app", help="of the program that is run"
    )
    args = parser.parse_args()
    folder = args.shared / "audio"
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        class_of = {str((folder / row["path"]).absolute()): row["class"] for row in csv.DictReader(file)}
    searches = tomllib.loads(Path(__file__).with_name("searches.toml").read_text(encoding="utf-8"))["search"]
    total = 0
    print(f"{'search':28}{'right of 10':>12}{'possible':>10}  the first three")
    with tempfile.TemporaryDirectory() as scratch:
        shutil.copytree(args.library, scratch, dirs_exist_ok=True)
        run(args.app, scratch, "index")  # brings the library up to date
        for search in searches:
            is_right = [path for path, own in class_of.items() if right(search, path, own)]
            output = run(args.app, scratch, "search", "--json", "--limit", str(N_JUDGED), "--", *search["text"].split())
            rows = [json.loads(line) for line in output.splitlines()]
            n_right = sum(row["path"] in is_right for row in rows)
            total += n_right
            first = ", ".join(shown(row, is_right) for row in rows[:3])
            print(f"{search['text']:28}{n_right:12}{min(N_JUDGED, len(is_right)):10}  {first}", flush=True)
    print(f"{'all':28}{total:12}")
    return 0


def right(search: dict[str, Any], path: str, own_class: str) -> bool:
    """Return whether a sound is right for a search."""
    return own_class in search["classes"] and search.get("path", "") in path


def shown(row: dict[str, Any], is_right: list[str]) -> str:
    """Return the name of a result, whether it is right, and its band or that it was found by name."""
    mark = "+" if row["path"] in is_right else "-"
    return f"{mark}{Path(row['path']).name} ({row['band'] or 'by name'})"


def run(app: Path, library: str, command: str, *arguments: str) -> str:
    """Run the program and return what it printed."""
    environment = os.environ | {"PYTHONPATH": str(app.absolute())}
    program = [sys.executable, "-m", "bowerbird", command, "--library", library, *arguments]
    done = subprocess.run(program, env=environment, capture_output=True, text=True, check=False)
    if done.returncode not in {0, 1}:  # 1: some files were rejected
        raise SystemExit(done.stderr)
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
