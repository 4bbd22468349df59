"""Measure searching a million generated sounds: building the index, opening, queries, words, recall, and memory.

Run ``python tests/benchmarks/measure_million.py --big DIR``, where DIR/library is a library that
`generated.make_library` has filled; it is filled with a million sounds first where there is none (10 minutes, 5 GB).
Without --big, a temporary folder is used. The index in DIR is built again. Each part runs in a process of its own.
`--save FILE` writes the figures as JSON; `--before FILE` prints them beside those of an earlier run on this machine.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).parent))

from generated import make_library

from bowerbird.catalogue.sqlite.reader import SqliteReader
from bowerbird.domain.query import Example, Query, parse_query
from bowerbird.encoders.registry import DEFAULT_ENCODER, encoder_named
from bowerbird.index.compact import CompactIndex
from bowerbird.library.library import Library
from bowerbird.library.search.browsing import N_SIMILAR, Browsing
from bowerbird.library.search.neighbours import Neighbours

TEXTS = ("kick", "deep", "rain", "kick deep", "soft thunder", "bright bell", "engine")
N_QUERIES = 50
K = 10

LINES = {
    "n_sounds": "sounds",
    "build_s": "index built from the catalogue, s",
    "inserts_per_s": "inserts in a second, reading included",
    "build_peak_mb": "peak memory of building, MB",
    "later_inserts_per_s": "inserts in a second into the full index",
    "is_same_by_threads": "same file by 1 and by 2 threads",
    "index_mb": "size of the index on disk, MB",
    "open_to_first_similar_s": "open to the first similar result, s",
    "query_median_ms": "10 nearest windows, median, ms",
    "query_p95_ms": "10 nearest windows, 95th percentile, ms",
    "query_cpu_p95_ms": "the same without waiting for other programs, ms",
    "recall_of_sounds": "recall@10 against exact search, sounds of the library",
    "recall_of_new": "recall@10 against exact search, other vectors",
    "filtered_ms": "10 nearest of half the library, median, ms",
    "n_short": "filtered searches that found fewer than there are",
    "similar_ms": "200 similar sounds with all they show, median, ms",
    "meaning_ms": "words by their meaning alone, median, ms",
    "words_fastest_ms": "words by name and meaning, fastest, ms",
    "words_slowest_ms": "words by name and meaning, slowest, ms",
    "first_list_s": "first list, s",
    "two_threads_resident_mb": "resident, two searching threads, MB",
    "two_threads_peak_mb": "peak, two searching threads, MB",
    "second_thread_s": "first similar result of the second thread, s",
    "window_list_s": "window: start to first list, s",
    "window_similar_s": "window: Find similar, first, s",
    "window_resident_mb": "window: resident, both threads searched, MB",
    "window_peak_mb": "window: peak, MB",
}


def status_mb(name: str) -> int:
    """Return an entry of this process's status, VmRSS or VmHWM, in MB."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) // 1000


def took_ms(
    work: Callable[[int], object], n: int, clock: Callable[[], float] = time.perf_counter
) -> npt.NDArray[np.float64]:
    """Return how long each of n calls took, in ms."""
    took = []
    for number in range(n):
        began = clock()
        work(number)
        took.append((clock() - began) * 1000)
    return np.array(took)


def vectors_in_parts(reader: SqliteReader, encoder_id: str, n_dims: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield ids and vectors of 20,000 windows at a time."""
    last = 0
    while len((stored := reader.windows(encoder_id, n_dims, after=last, limit=20_000)).ids):
        last = int(stored.ids[-1])
        yield stored.ids, stored.vectors


def exact_nearest(library: Path, encoder_id: str, queries: np.ndarray, k: int) -> list[set[int]]:
    """Return the ids of the k windows nearest to each query, by all cosines."""
    best_ids = np.zeros((len(queries), 0), np.int64)
    best_scores = np.zeros((len(queries), 0), np.float32)
    with SqliteReader(library) as reader:
        for ids, vectors in vectors_in_parts(reader, encoder_id, queries.shape[1]):
            scores = np.concatenate([best_scores, queries @ vectors.T], axis=1)
            joined = np.concatenate([best_ids, np.broadcast_to(ids, (len(queries), len(ids)))], axis=1)
            order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
            best_ids = np.take_along_axis(joined, order, axis=1)
            best_scores = np.take_along_axis(scores, order, axis=1)
    return [set(row.tolist()) for row in best_ids]


def build(folder: Path) -> dict[str, object]:
    """Build the index of a library that has none, and save it."""
    library, encoder = Library.open(folder), encoder_named(DEFAULT_ENCODER)
    shutil.rmtree(library.index_folder, ignore_errors=True)
    began = time.perf_counter()
    with library.read() as reader:
        neighbours = Neighbours(library, reader, encoder)
        neighbours.refresh()
        neighbours.save()
        seconds = time.perf_counter() - began
        n_windows = len(neighbours)
    files = [path for path in library.index_folder.iterdir() if path.suffix in {".index", ".vectors"}]
    return {
        "n_windows": n_windows,
        "build_s": round(seconds, 1),
        "inserts_per_s": round(n_windows / seconds),
        "build_peak_mb": status_mb("VmHWM"),
        "index_mb": sum(path.stat().st_size for path in library.index_folder.iterdir()) // 1_000_000,
        "checksums": sorted(_checksum(path) for path in files),
    }


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def search(folder: Path) -> dict[str, object]:
    """Search a library that has its index."""
    library, encoder = Library.open(folder), encoder_named(DEFAULT_ENCODER)
    with library.read() as reader:
        n_sounds = reader.count()
        ids = np.linspace(1, n_sounds, N_QUERIES).astype(int).tolist()
        rows = reader.rows(ids)
    examples = [Example(row.path) for row in rows.values()]
    figures: dict[str, object] = {"n_sounds": n_sounds}

    browsing = Browsing(library, encoder)
    began = time.perf_counter()
    browsing.similar(examples[:1], Query())
    figures["open_to_first_similar_s"] = round(time.perf_counter() - began, 2)
    neighbours = browsing._search.neighbours
    with library.read() as reader:
        contents = [row.content_id for row in rows.values() if row.content_id is not None]
        queries = np.concatenate([reader.sound_windows(each, encoder.id, encoder.n_dims)[:1] for each in contents])
    took = took_ms(lambda number: neighbours.search(queries[number % len(queries)], K), 4 * len(queries))
    figures["query_median_ms"], figures["query_p95_ms"] = (round(float(np.percentile(took, p)), 1) for p in (50, 95))
    busy = took_ms(
        lambda number: neighbours.search(queries[number % len(queries)], K), 4 * len(queries), time.thread_time
    )
    figures["query_cpu_p95_ms"] = round(float(np.percentile(busy, 95)), 1)
    similar = took_ms(lambda number: browsing.similar([examples[number]], Query()), len(examples))
    figures["similar_ms"] = round(float(np.median(similar)), 1)

    every = browsing._search.reader.matching_contents(Query())[0]
    half = every[::2]
    filtered = took_ms(lambda number: neighbours.search(queries[number], K, content_ids=half), 20)
    figures["filtered_ms"] = round(float(np.median(filtered)), 1)
    figures["n_short"] = sum(
        len(neighbours.search(query, k, content_ids=every[::step])[0]) < min(k, len(every[::step]))
        for query in queries[:5]
        for step in (2, 7, 100, 997, 50_000)
        for k in (10, 408, 3_000)
    )

    parsed = [parse_query(text) for text in TEXTS]
    one = browsing._search
    for query in parsed:
        browsing.meant(query)
    words = np.array([np.median(took_ms(lambda _, query=query: browsing.meant(query), 3)) for query in parsed])
    figures["words_fastest_ms"], figures["words_slowest_ms"] = round(words.min(), 1), round(words.max(), 1)
    meaning = [
        np.median(took_ms(lambda _, query=query: one.by_example(one.target((), query), limit=N_SIMILAR), 3))
        for query in parsed
    ]
    figures["meaning_ms"] = round(float(np.median(meaning)), 1)

    figures |= _second_thread(library, examples)
    chance = np.random.default_rng(2)
    other = chance.standard_normal((N_QUERIES, encoder.n_dims)).astype(np.float32)
    other /= np.linalg.norm(other, axis=1, keepdims=True)
    truth = exact_nearest(folder, encoder.id, np.concatenate([queries, other]), K)
    found = [set(neighbours.search(query, K)[0].tolist()) for query in (*queries, *other)]
    hits = [len(one & nearest) / K for one, nearest in zip(found, truth, strict=True)]
    figures["recall_of_sounds"] = round(float(np.mean(hits[: len(queries)])), 4)
    figures["recall_of_new"] = round(float(np.mean(hits[len(queries) :])), 4)

    index = neighbours._shared._index
    assert isinstance(index, CompactIndex)
    added = chance.standard_normal((20_000, encoder.n_dims)).astype(np.float32)
    first = int(index.labels()[-1]) + 1
    began = time.perf_counter()
    for start in range(0, len(added), 2_000):
        index.add(np.arange(first + start, first + start + 2_000), added[start : start + 2_000])
    figures["later_inserts_per_s"] = round(len(added) / (time.perf_counter() - began))
    browsing._search.reader.close()  # without saving what was added
    return figures


def _second_thread(library: Library, examples: list[Example]) -> dict[str, object]:
    """Search in a second thread while the first keeps what it has opened."""
    figures: dict[str, object] = {}

    def work() -> None:
        began = time.perf_counter()
        second = Browsing(library, encoder_named(DEFAULT_ENCODER))
        second.similar(examples[1:2], Query())
        figures["second_thread_s"] = round(time.perf_counter() - began, 2)
        second.meant(parse_query("rain"))
        figures["two_threads_resident_mb"], figures["two_threads_peak_mb"] = status_mb("VmRSS"), status_mb("VmHWM")
        second.close()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return figures


def first_list(folder: Path) -> dict[str, object]:
    """List a library for the first time in a process."""
    library, encoder = Library.open(folder), encoder_named(DEFAULT_ENCODER)
    began = time.perf_counter()
    Browsing(library, encoder).list(Query())
    return {"first_list_s": round(time.perf_counter() - began, 2)}


def window(home: Path) -> dict[str, object]:
    """Search in both threads of the real window; nothing where no display can be had."""
    script = Path(__file__).with_name("window_probe.py")
    environment = {**os.environ, "BOWERBIRD_HOME": str(home), "BOWERBIRD_PROBE_BEGAN": repr(time.time())}
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)
    command = [sys.executable, str(script), "memory"]
    if "DISPLAY" not in os.environ and shutil.which("xvfb-run"):
        command = ["xvfb-run", "-a", "-s", "-screen 0 1440x900x24 -nolisten tcp", *command]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=900)
    if done.returncode:
        print(f"The window was not measured: {done.stderr.strip()[-200:]}")
        return {}
    result: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return result


PARTS = {"build": build, "search": search, "list": first_list}


def part(name: str, library: Path, **environment: str) -> dict[str, object]:
    """Run a part in a process of its own."""
    command = [sys.executable, __file__, "--part", name, "--big", str(library)]
    done = subprocess.run(command, env=os.environ | environment, stdout=subprocess.PIPE, text=True, check=True)
    result: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return result


def measure(home: Path, n_sounds: int) -> dict[str, object]:
    """Return the figures of the library in a folder."""
    library = home / "library"
    if not library.exists():
        make_library(library, n_sounds, encoder_named(DEFAULT_ENCODER))
    figures = part("build", library, OMP_NUM_THREADS="2")
    again = part("build", library, OMP_NUM_THREADS="1")
    figures["is_same_by_threads"] = figures.pop("checksums") == again.pop("checksums")
    part("list", library)  # once for the disk's cache
    for name in ("list", "search"):
        figures |= part(name, library)
    figures |= window(home)
    return figures


def print_table(figures: dict[str, object], earlier: dict[str, object]) -> None:
    """Print figures, and their ratios to those of an earlier run where there are any."""
    print(f"{'':60} {'now':>10}" + (f" {'before':>10} {'now/before':>11}" if earlier else ""))
    for name, title in LINES.items():
        now, before = figures.get(name, "-"), earlier.get(name, "")
        has_both = all(isinstance(each, int | float) and not isinstance(each, bool) for each in (now, before))
        ratio = f"{now / before:.3f}" if has_both and before else ""
        print(f"{title:60} {now!s:>10}" + (f" {before!s:>10} {ratio:>11}" if earlier else ""))
    print(f"Load of the machine in the last minutes: {os.getloadavg()}, {os.cpu_count()} cores.")


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--big", type=Path, metavar="DIR", help="a folder with a generated library, or for one")
    parser.add_argument("--sounds", type=int, default=1_000_000, metavar="N", help="how many to generate")
    parser.add_argument("--save", type=Path, metavar="FILE", help="write the figures as JSON")
    parser.add_argument("--before", type=Path, metavar="FILE", help="figures of an earlier run to compare with")
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    parser.add_argument("--library", type=Path, metavar="DIR", help="ignored: this one measures generated sounds")
    parser.add_argument("--shared", type=Path, metavar="DIR", help="ignored")
    options = parser.parse_args()
    if options.part:
        print(json.dumps(PARTS[options.part](options.big)))
        return
    earlier = json.loads(options.before.read_text(encoding="utf-8")) if options.before is not None else {}
    if options.big is not None:
        figures = measure(options.big, options.sounds)
    else:
        with tempfile.TemporaryDirectory(prefix="bowerbird-") as folder:
            figures = measure(Path(folder), options.sounds)
    print_table(figures, earlier)
    if options.save is not None:
        options.save.write_text(json.dumps(figures), encoding="utf-8")


if __name__ == "__main__":
    main()
