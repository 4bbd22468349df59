"""Measure searching a large library: the time to the first result, queries, words, memory, recall.

Run ``python tests/benchmarks/measure_million.py --library DIR``, where DIR is the folder of a library that
`generated.make_library` has filled (``--make N`` fills it first). Prints one JSON line for each part.
"""

import argparse
import json
import os
import resource
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from generated import make_library

from bowerbird.catalogue.sqlite.reader import SqliteReader
from bowerbird.domain.query import Example, Query, parse_query
from bowerbird.encoders.registry import DEFAULT_ENCODER, encoder_named
from bowerbird.jobs.control import Control
from bowerbird.library.library import Library
from bowerbird.library.search.browsing import Browsing
from bowerbird.library.search.neighbours import update_index

TEXTS = ("k", "ki", "kick", "kick deep", "kick deep so", "deep", "zzkick", "rain", "wav")
N_QUERIES = 50
K = 10


def report(name: str, **figures: object) -> None:
    """Print one JSON line."""
    print(json.dumps({"benchmark": name, **figures, "cores": os.cpu_count()}), flush=True)


def resident_mb() -> int:
    """Return the resident memory of this process, in MB; its peak where the system does not say."""
    status = Path("/proc/self/status")
    if status.exists():
        lines = status.read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) // 1000
    return peak_mb()


def peak_mb() -> int:
    """Return the largest resident memory so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000


def times_ms(work: Callable[[int], object], n: int) -> dict[str, float]:
    """Return the median and the 95th percentile of n calls, in ms."""
    took = []
    for number in range(n):
        began = time.perf_counter()
        work(number)
        took.append((time.perf_counter() - began) * 1000)
    return {"median_ms": round(float(np.median(took)), 1), "p95_ms": round(float(np.percentile(took, 95)), 1)}


def vectors_in_parts(reader: SqliteReader, encoder_id: str, n_dims: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield ids and vectors of 20,000 windows at a time."""
    rows = reader._connection.execute("SELECT id, vector FROM windows WHERE encoder_id = ? ORDER BY id", [encoder_id])
    while part := rows.fetchmany(20_000):
        yield (
            np.array([row["id"] for row in part]),
            np.frombuffer(b"".join(row["vector"] for row in part), np.float32).reshape(-1, n_dims),
        )


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


def measure(folder: Path) -> None:
    """Measure one library."""
    library, encoder = Library.open(folder), encoder_named(DEFAULT_ENCODER)
    with library.read() as reader:
        n_sounds = reader.count()
        rows = reader.rows(reader.list_ids(Query())[:: max(1, n_sounds // N_QUERIES)][:N_QUERIES].tolist())
    examples = [Example(row.path) for row in rows.values()]
    report("memory before", n_sounds=n_sounds, resident_mb=resident_mb())

    began = time.perf_counter()
    browsing = Browsing(library, encoder)
    browsing.similar(examples[:1], Query())
    report("open to first similar result", seconds=round(time.perf_counter() - began, 2))
    report("200 similar sounds", **times_ms(lambda i: browsing.similar([examples[i]], Query()), len(examples)))
    filtered = parse_query("duration<0.1")
    report("similar, filtered", **times_ms(lambda i: browsing.similar([examples[i]], filtered), 5))
    neighbours = browsing._search.neighbours
    with library.read() as reader:
        contents = [row.content_id for row in rows.values()]
        queries = np.stack([reader.sound_windows(each, encoder.id, encoder.n_dims)[0] for each in contents])
    warm = times_ms(lambda i: neighbours.search(queries[i % len(queries)], K), 4 * len(queries))
    report("10 nearest windows", index=neighbours.kind, **warm)

    texts = {}
    for text in TEXTS:
        query = parse_query(text)
        browsing.list(query)
        texts[f"list {text}"] = times_ms(lambda _, query=query: browsing.list(query), 3)["median_ms"]
        texts[f"meant {text}"] = times_ms(lambda _, query=query: browsing.meant(query), 3)["median_ms"]
    report("words, ms", **texts)

    done = threading.Event()
    hold = threading.Event()

    def second() -> None:
        other = Browsing(library, encoder)
        other.similar(examples[1:2], Query())
        other.meant(parse_query("rain"))
        done.set()
        hold.wait()
        other.close()

    thread = threading.Thread(target=second)
    began = time.perf_counter()
    thread.start()
    done.wait()
    report("second thread", seconds=round(time.perf_counter() - began, 2), resident_mb=resident_mb(), peak_mb=peak_mb())
    hold.set()
    thread.join()

    truth = exact_nearest(folder, encoder.id, queries, K)
    hits = sum(
        len(set(neighbours.search(query, K)[0].tolist()) & nearest)
        for query, nearest in zip(queries, truth, strict=True)
    )
    report("recall", recall_at_10=round(hits / (K * len(queries)), 4))
    browsing.close()


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--library", type=Path, required=True, metavar="DIR")
    parser.add_argument("--make", type=int, metavar="N", help="fill the library with N generated sounds first")
    parser.add_argument("--index", action="store_true", help="bring the vector index up to date first")
    options = parser.parse_args()
    encoder = encoder_named(DEFAULT_ENCODER)
    if options.make:
        make_library(options.library, options.make, encoder)
    if options.index:
        began = time.perf_counter()
        update_index(Library.open(options.library), encoder, Control())
        with SqliteReader(options.library) as reader:
            n = len(reader.window_ids(encoder.id)[0])
        seconds = time.perf_counter() - began
        report("index built", seconds=round(seconds, 1), inserts_per_s=round(n / seconds), peak_mb=peak_mb())
    measure(options.library)


if __name__ == "__main__":
    main()
