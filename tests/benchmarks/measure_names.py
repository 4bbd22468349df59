"""Measure searching by words, from a keystroke to the rows of the first page, alone or beside an earlier revision.

Run ``python tests/benchmarks/measure_names.py --library DIR [--shared DIR] [--before REVISION]``. The library is
copied, since each revision brings it up to date in its own way; the copies are deleted. Prints the median of each text
in ms, of the ranked list of the window, by names and meaning, and of a list by names alone; with --before for both
revisions, and their ratio. Then how long it takes to make the texts anew by which the sounds of an older library are
found.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from bowerbird.domain.query import RELEVANCE, parse_query
from bowerbird.encoders.registry import DEFAULT_ENCODER, encoder_named
from bowerbird.library.library import Library
from bowerbird.library.search.browsing import Browsing

TEXTS = (
    "k", "ki", "kic", "kick", "kick d", "kick deep", "kick deep so", "deep wooden snare", "ap", "nare", "042400",
    "rain", "thunder", "hi hat", "hihat", "-6 dB", '"deep short"', "wind -open", "zzkick", "wav",
)  # fmt: skip
N_TIMES = 7
N_ROWS = 64
"""Rows of a page of the list."""

N_RENEWED = 2000


def measure(library: Path) -> dict[str, dict[str, tuple[float, int]]]:
    """Return the median time in ms and the number of sounds of each text, by kind of list; runs in its own process."""
    browsing = Browsing(Library.open(library), encoder_named(DEFAULT_ENCODER))
    browsing.warm_up()
    reader = browsing._search.reader
    found: dict[str, dict[str, tuple[float, int]]] = {}
    for kind, order in (("meant", RELEVANCE), ("list", "name")):
        for text in TEXTS:
            took = []
            for number in range(N_TIMES):
                browsing.list(parse_query(f"zz{number}"))  # no list is kept from the time before
                began = time.perf_counter()
                query = replace(parse_query(text), order=order)
                ids = (browsing.meant if kind == "meant" else browsing.list)(query).ids
                reader.rows(ids[:N_ROWS].tolist())
                took.append((time.perf_counter() - began) * 1000)
            found.setdefault(kind, {})[text] = (sorted(took)[N_TIMES // 2], len(ids))
    browsing.close()
    return found


def measure_renewal(library: Path) -> None:
    """Print how long making texts anew takes, and how many sounds have old ones."""
    with Library.open(library).write() as writer:
        n_old = writer.count_old_words()
        began, longest_s, n_done = time.perf_counter(), 0.0, 0
        while n_done < min(N_RENEWED, n_old):
            batch_began = time.perf_counter()
            n_done += writer.renew_words(limit=250)
            longest_s = max(longest_s, time.perf_counter() - batch_began)
        each_ms = (time.perf_counter() - began) * 1000 / max(1, n_done)
    print(
        f"texts to be made anew: {n_old:,}; {each_ms:.2f} ms each, so {n_old * each_ms / 60_000:.1f} min in the "
        f"background; the longest transaction of 250 took {longest_s * 1000:.0f} ms"
    )


def checkout(revision: str, folder: Path) -> Path:
    """Write the program of a revision into a folder; return its source root."""
    root = Path(__file__).parents[2]
    archive = subprocess.run(
        ["git", "-C", str(root), "archive", revision, "app", "models", "resources", "pyproject.toml"],
        check=True,
        capture_output=True,
    ).stdout
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive, check=True)
    return folder / "app"


def run_here(library: Path, source: Path) -> dict[str, dict[str, tuple[float, int]]]:
    """Measure in a process of its own, with the program of a source root."""
    done = subprocess.run(
        [sys.executable, __file__, "--library", str(library), "--here"],
        env=os.environ | {"PYTHONPATH": str(source)},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    found: dict[str, dict[str, tuple[float, int]]] = json.loads(done.stdout.splitlines()[-1])
    return found


def copied(library: Path, folder: Path) -> Path:
    """Copy a library; return the folder of the copy."""
    source = library / "library" if (library / "library").is_dir() else library
    return Path(shutil.copytree(source, folder))


def print_table(before: dict[str, dict[str, tuple[float, int]]], now: dict[str, dict[str, tuple[float, int]]]) -> None:
    """Print times and numbers of sounds, side by side where there is an earlier revision."""
    for kind, title in (("meant", "by names and meaning"), ("list", "by names alone")):
        times = now[kind]
        slowest = max(TEXTS, key=lambda text: times[text][0])
        if not before:
            print(f"\n{title}, from keystroke to rows: ms, sounds")
            for text in TEXTS:
                print(f"  {text:20}{times[text][0]:9.1f}{times[text][1]:10,}")
            print(f"  slowest: {times[slowest][0]:.1f} ms ({slowest})")
            continue
        print(f"\n{title}, from keystroke to rows: before (ms, sounds), now (ms, sounds), now / before")
        for text in TEXTS:
            (old_ms, n_old), (new_ms, n_new) = before[kind][text], times[text]
            print(f"  {text:20}{old_ms:9.1f}{n_old:10,}{new_ms:9.1f}{n_new:10,}{new_ms / old_ms:9.2f}")
        ratios = sorted(times[text][0] / before[kind][text][0] for text in TEXTS)
        total = sum(times[text][0] for text in TEXTS) / sum(before[kind][text][0] for text in TEXTS)
        print(
            f"  all texts together: ratio {total:.2f}; median ratio {ratios[len(ratios) // 2]:.2f}; "
            f"slowest now: {times[slowest][0]:.1f} ms ({slowest})"
        )


def main() -> None:
    """Measure both revisions."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--library", type=Path, required=True)
    parser.add_argument("--shared", type=Path, help="not used: names are measured without audio")
    parser.add_argument("--before", default="none", help="revision to compare with; default: none")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.here:
        print(json.dumps(measure(arguments.library)))
        return
    source = Path(__file__).parents[2] / "app"
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "program"
        program.mkdir()
        before = {}
        if arguments.before != "none":
            before = run_here(copied(arguments.library, Path(folder) / "before"), checkout(arguments.before, program))
            shutil.rmtree(Path(folder) / "before")
        library = copied(arguments.library, Path(folder) / "now")
        now = run_here(library, source)
        print_table(before, now)
        measure_renewal(library)


if __name__ == "__main__":
    main()
