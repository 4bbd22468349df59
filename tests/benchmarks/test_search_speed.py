"""How fast the nearest vectors, words and sorted lists are found among 100,000."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from generated import N_SOUNDS

from bowerbird.catalogue.sqlite.reader import SqliteReader
from bowerbird.domain.fields import SORT_FIELDS
from bowerbird.domain.query import Query, parse_query
from bowerbird.index.exact import ExactIndex
from bowerbird.index.hnsw import HnswIndex, is_available

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(1800)]


def median_ms(work: Callable[[], object], n: int = 15) -> float:
    took = []
    for _ in range(n):
        began = time.perf_counter()
        work()
        took.append((time.perf_counter() - began) * 1000)
    return round(float(np.median(took)), 2)


def test_exact_and_hnsw(report: Callable[..., None]) -> None:
    chance = np.random.default_rng(1)
    centres = chance.standard_normal((1000, 512)).astype(np.float32)
    vectors = centres[chance.integers(0, 1000, N_SOUNDS)] + chance.standard_normal((N_SOUNDS, 512), np.float32) * 0.6
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    labels = np.arange(N_SOUNDS)
    exact = ExactIndex(512)
    exact.add(labels, vectors)
    query = vectors[7]
    figures = {"exact_ms": median_ms(lambda: exact.search(query, 10))}
    if is_available():
        graph = HnswIndex(512)
        began = time.perf_counter()
        graph.add(labels, vectors)
        figures["inserts_per_s"] = round(N_SOUNDS / (time.perf_counter() - began))
        figures["recall_at_10"] = round(graph.tune(), 4)
        figures["ef"] = graph.ef
        figures["hnsw_ms"] = median_ms(lambda: graph.search(query, 10), 200)
        figures["exact_over_hnsw"] = round(figures["exact_ms"] / figures["hnsw_ms"], 1)
    report("nearest of 512-dimensional vectors", n_vectors=N_SOUNDS, **figures)


def test_lists_and_words(big_library: Path, report: Callable[..., None]) -> None:
    with SqliteReader(big_library) as reader:
        sorts = {
            f"sort_{order}_ms": median_ms(lambda o=order: reader.list_ids(Query(order=o))) for order in SORT_FIELDS
        }
        typed = {
            f"type_{text}_ms": median_ms(lambda t=text: reader.list_ids(parse_query(t)))
            for text in ("k", "ki", "kic", "kick", "kick d", "kick deep", "w", "wav")
        }
        short = parse_query("duration<0.5 channels=2")
        report(
            "lists",
            n_sounds=N_SOUNDS,
            **sorts,
            **typed,
            filter_ms=median_ms(lambda: reader.list_ids(short)),
            folder_ms=median_ms(lambda: reader.list_ids(parse_query("folder=Kick"))),
            page_ms=median_ms(lambda: reader.rows(reader.list_ids(Query())[5000:5128].tolist())),
        )
