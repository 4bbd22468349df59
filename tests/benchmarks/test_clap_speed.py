"""What a large network costs inside the program: from file to vector, from words to ranked results, in memory.

They need full-size weights: `BOWERBIRD_CLAP_DIR` names a folder that `models/export` made. With
`BOWERBIRD_TORCH_PYTHON`, an interpreter that has torch, transformers and laion-clap, the networks are compared side by
side too.
"""

import json
import multiprocessing
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from generated import make_library

from bowerbird.catalogue.reader import CatalogueReader
from bowerbird.encoder.cards import CARD_NAME, FILE_NAMES, read_card
from bowerbird.encoder.frontend import patches
from bowerbird.encoder.protocol import Encoder
from bowerbird.encoder.registry import DEFAULT_ENCODER, encoder_named
from bowerbird.encoder.session import Session
from bowerbird.library.control import Control
from bowerbird.library.ingest import index_folders
from bowerbird.library.models import import_models
from bowerbird.library.neighbours import update_index
from bowerbird.library.search import Search
from conftest import N_SOUNDS

ROOT = Path(__file__).parents[2]
WEIGHTS = Path(os.environ.get("BOWERBIRD_CLAP_DIR", "absent"))

pytestmark = [
    pytest.mark.benchmark,
    pytest.mark.timeout(3600),
    pytest.mark.skipif(not (WEIGHTS / CARD_NAME).is_file(), reason="BOWERBIRD_CLAP_DIR names no weights"),
]

N_FILES = 60
TEXT = os.environ.get("BOWERBIRD_BENCH_TEXT", "metallic impact in a large hall, long tail")
"""Ten words or so: 12 tokens with RoBERTa's tokenizer, more with a small vocabulary."""


@pytest.fixture
def clap() -> str:
    """The name of the imported encoder."""
    state = import_models(WEIGHTS, control=Control(), post=lambda _: None)
    assert state is not None
    return state.card.id


def run_network(n_rounds: int, ready: "multiprocessing.synchronize.Barrier") -> None:
    """Run the bare network on one input, as a process of its own."""
    card = read_card(WEIGHTS / CARD_NAME)
    session = Session(
        WEIGHTS / FILE_NAMES["audio"], provider="cpu", inputs=[card.audio.input], output=card.audio.output
    )
    (patch,) = patches(np.zeros(480_000, np.float32), card.audio)
    session.run({card.audio.input: patch})
    ready.wait()
    for _ in range(n_rounds):
        session.run({card.audio.input: patch})
    ready.wait()


def bare_rate(n_processes: int) -> float:
    """Windows a second of the bare network in some processes at once."""
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(n_processes + 1)
    n_rounds = N_FILES // n_processes
    processes = [context.Process(target=run_network, args=(n_rounds, ready)) for _ in range(n_processes)]
    for process in processes:
        process.start()
    ready.wait()
    began = time.perf_counter()
    ready.wait()
    seconds = time.perf_counter() - began
    for process in processes:
        process.join()
    return n_rounds * n_processes / seconds


class Watch:
    """Hears the events of indexing; takes the time from the first vector to the last, and the workers' memory."""

    def __init__(self) -> None:
        self.marks: list[tuple[float, int]] = []
        self.rss_mb = 0.0

    def __call__(self, event: object) -> None:
        activity = getattr(event, "activity", "")
        if activity:
            self.marks.append((time.perf_counter(), event.n_done))
            for process in multiprocessing.active_children():
                status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
                high = next(line for line in status.splitlines() if line.startswith("VmHWM"))
                self.rss_mb = max(self.rss_mb, int(high.split()[1]) / 1000)

    @property
    def per_second(self) -> float:
        """Sounds a second once the workers run."""
        running = [mark for mark in self.marks if mark[1]]
        (since, before), (until, after) = running[0], running[-1]
        return (after - before) / (until - since)


@pytest.mark.parametrize("n_workers", [1, 2])
def test_pipeline_beside_the_bare_network(
    clap: str, n_workers: int, tmp_path: Path, report: Callable[..., None]
) -> None:
    chance = np.random.default_rng(1)
    (tmp_path / "sounds").mkdir()
    for i in range(N_FILES):
        soundfile.write(tmp_path / "sounds" / f"{i}.wav", 0.1 * chance.standard_normal((441_000, 2)), 44_100)
    before = bare_rate(n_workers)
    watch = Watch()
    index_folders(
        tmp_path / "library",
        [tmp_path / "sounds"],
        encoder=encoder_named(DEFAULT_ENCODER),
        further=encoder_named(clap),
        control=Control(),
        post=watch,
        n_workers=n_workers,
    )
    bare = (before + bare_rate(n_workers)) / 2
    with CatalogueReader(tmp_path / "library") as reader:
        assert not reader.count_unencoded(encoder_named(clap).id)
    report(
        "windows a second, 10 s of 44.1 kHz stereo each, from file to catalogue",
        n_workers=n_workers,
        pipeline=round(watch.per_second, 2),
        bare_network=round(bare, 2),
        ratio=round(watch.per_second / bare, 3),
        worker_rss_mb=round(watch.rss_mb),
    )


def test_words_to_ranked_results(clap: str, tmp_path: Path, report: Callable[..., None]) -> None:
    encoder: Encoder = encoder_named(clap)
    assert encoder.text is not None
    make_library(tmp_path / "library", N_SOUNDS, encoder)
    update_index(tmp_path / "library", encoder, Control())  # as indexing does: the graph, from 100,000 on
    search = Search(tmp_path / "library", encoder)
    began = time.perf_counter()
    search.by_text("warm up")
    first_s = time.perf_counter() - began
    whole, network = [], []
    for i in range(30):
        text = f"{i} {TEXT}"  # another text each time: vectors of texts are kept
        began = time.perf_counter()
        search.by_text(text, limit=15)
        whole.append(1000 * (time.perf_counter() - began))
        began = time.perf_counter()
        encoder.text.encode([f"{i}{TEXT}"])
        network.append(1000 * (time.perf_counter() - began))
    report(
        "words to ranked results, ms",
        n_vectors=N_SOUNDS,
        index=search.neighbours.kind,
        median=round(float(np.median(whole)), 1),
        most=round(max(whole), 1),
        text_network_alone=round(float(np.median(network)), 1),
        first_s=round(first_s, 2),
    )
    search.close()


@pytest.mark.skipif("BOWERBIRD_TORCH_PYTHON" not in os.environ, reason="BOWERBIRD_TORCH_PYTHON names no interpreter")
def test_networks_side_by_side(report: Callable[..., None]) -> None:
    python_path = os.pathsep.join([str(ROOT / "app"), str(ROOT / "models" / "export")])
    done = subprocess.run(
        [os.environ["BOWERBIRD_TORCH_PYTHON"], str(ROOT / "models" / "export" / "speed.py"), str(WEIGHTS)],
        env={**os.environ, "PYTHONPATH": python_path},
        capture_output=True,
        text=True,
        check=True,
    )
    figures = json.loads(done.stdout.splitlines()[-1])
    report(figures.pop("benchmark"), **figures)
