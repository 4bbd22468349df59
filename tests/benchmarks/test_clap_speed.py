"""What a large network costs inside the program: from file to vector, from words to ranked results, in memory.

They need full-size weights: `BOWERBIRD_CLAP_DIR` names a folder that `models/export` made. With
`BOWERBIRD_TORCH_PYTHON`, an interpreter that has torch, transformers and laion-clap, the networks are compared side by
side too. Beside every figure that somebody asked for stands what is wanted, and a last line says what falls short. No
time decides a test.
"""

import json
import multiprocessing
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import soundfile
from generated import N_SOUNDS, make_library
from tokenizers import Tokenizer

from bowerbird.catalogue.sqlite.reader import SqliteReader
from bowerbird.domain.query import parse_query
from bowerbird.encoders.onnx.frontend import patches
from bowerbird.encoders.onnx.session import Session
from bowerbird.encoders.protocol import Encoder
from bowerbird.encoders.registry import DEFAULT_ENCODER, encoder_named
from bowerbird.encoders.weights.cards import CARD_NAME, FILE_NAMES, read_card
from bowerbird.jobs.control import Control
from bowerbird.library.encoders.models import import_model
from bowerbird.library.indexing.index import index_folders
from bowerbird.library.library import Library
from bowerbird.library.search.browsing import Browsing
from bowerbird.library.search.neighbours import update_index
from bowerbird.library.search.search import Search

ROOT = Path(__file__).parents[2]
WEIGHTS = Path(os.environ.get("BOWERBIRD_CLAP_DIR", "absent"))

pytestmark = [
    pytest.mark.benchmark,
    pytest.mark.timeout(3600),
    pytest.mark.skipif(not (WEIGHTS / CARD_NAME).is_file(), reason="BOWERBIRD_CLAP_DIR names no weights"),
]

N_FILES = 60
N_TEXTS = 30
N_TOKENS = 12
UNHEARD = ("metallic", "impact", "large", "hall", "tail", "stone", "hollow", "creaking", "door", "a", "in", "of")
"""Words that are in no name of the library."""
SIGNS = tuple("!?.,;:")
"""Tokens to the text network, nothing to names."""


@dataclass(frozen=True, slots=True)
class Goal:
    """What a figure shall be.

    Attributes
    ----------
    bound : float
    is_most : bool
        Whether it may be lower, and not higher.
    """

    bound: float
    is_most: bool = False

    def __str__(self) -> str:
        return f"{'at most' if self.is_most else 'at least'} {self.bound:g}"

    def is_reached(self, figure: float) -> bool:
        return figure <= self.bound if self.is_most else figure >= self.bound


FP32_FASTER = Goal(2.4)
INT8_FASTER = Goal(5.0)
SHARE_OF_NETWORK = Goal(0.85)
WORKER_RSS_MB = Goal(450, is_most=True)
ANSWER_MS = Goal(35, is_most=True)


@dataclass(slots=True)
class Tally:
    """Sets figures beside what is wanted, and keeps those that fall short."""

    n_figures: int = 0
    short: list[str] = field(default_factory=list)

    def beside(self, name: str, figure: float, goal: Goal) -> dict[str, object]:
        self.n_figures += 1
        if not goal.is_reached(figure):
            self.short.append(f"{name} {figure:g}, {goal} wanted")
        return {"found": figure, "wanted": str(goal)}

    def __str__(self) -> str:
        if self.short:
            return f"falls short: {'; '.join(self.short)}"
        return f"all reached, of {self.n_figures} figures"


@pytest.fixture(scope="module")
def tally(pytestconfig: pytest.Config) -> Iterator[Tally]:
    """What the benchmarks of this file found, summed up in a line after the last of them."""
    kept = Tally()
    yield kept
    if kept.n_figures:
        with pytestconfig.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
            print(f"\n{kept}")


def texts(begin: str, pieces: Sequence[str], *, joint: str) -> list[str]:
    """Make different texts of exactly 12 tokens, the first and the last sign among them, whatever the vocabulary."""
    tokenizer = Tokenizer.from_file(str(WEIGHTS / FILE_NAMES["tokenizer"]))
    chance = np.random.default_rng(1)
    made: dict[str, None] = {}
    for _ in range(100_000):
        text = joint.join([begin, *chance.choice(pieces, chance.integers(1, N_TOKENS))]).strip()
        if len(tokenizer.encode(text).ids) == N_TOKENS:
            made[text] = None
        if len(made) == N_TEXTS:
            return list(made)
    raise ValueError(f"of {pieces}, no {N_TEXTS} texts of {N_TOKENS} tokens can be made")


@pytest.fixture
def clap() -> str:
    """The name of the imported encoder."""
    state = import_model(WEIGHTS, control=Control())
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
    clap: str, n_workers: int, tmp_path: Path, report: Callable[..., None], tally: Tally
) -> None:
    chance = np.random.default_rng(1)
    (tmp_path / "sounds").mkdir()
    for i in range(N_FILES):
        soundfile.write(tmp_path / "sounds" / f"{i}.wav", 0.1 * chance.standard_normal((441_000, 2)), 44_100)
    before = bare_rate(n_workers)
    watch = Watch()
    index_folders(
        Library.open(tmp_path / "library"),
        [tmp_path / "sounds"],
        encoder=encoder_named(DEFAULT_ENCODER),
        further=encoder_named(clap),
        control=Control(),
        post=watch,
        n_workers=n_workers,
    )
    bare = (before + bare_rate(n_workers)) / 2
    with SqliteReader(tmp_path / "library") as reader:
        assert not reader.count_unencoded(encoder_named(clap).id)
    of_workers = f"with {n_workers} worker{'s' if n_workers > 1 else ''}"
    report(
        "windows a second, 10 s of 44.1 kHz stereo each, from file to catalogue",
        n_workers=n_workers,
        pipeline=round(watch.per_second, 2),
        bare_network=round(bare, 2),
        ratio=tally.beside(
            f"pipeline beside the bare network {of_workers}", round(watch.per_second / bare, 3), SHARE_OF_NETWORK
        ),
        worker_rss_mb=tally.beside(f"MB of a worker {of_workers}", round(watch.rss_mb), WORKER_RSS_MB),
    )


def milliseconds(ask: Callable[[str], object], asked: Sequence[str]) -> list[float]:
    """Time one question for every text; another each time, for vectors of texts are kept."""
    took = []
    for text in asked:
        began = time.perf_counter()
        ask(text)
        took.append(1000 * (time.perf_counter() - began))
    return took


def test_words_to_ranked_results(clap: str, tmp_path: Path, report: Callable[..., None], tally: Tally) -> None:
    encoder: Encoder = encoder_named(clap)
    assert encoder.text is not None
    make_library(tmp_path / "library", N_SOUNDS, encoder)
    update_index(Library.open(tmp_path / "library"), encoder, Control())  # as indexing does: the graph, from 100,000 on
    search, browsing = (
        Search(Library.open(tmp_path / "library"), encoder),
        Browsing(Library.open(tmp_path / "library"), encoder),
    )
    assert not len(search.reader.list_ids(parse_query(UNHEARD[0])))
    assert len(search.reader.list_ids(parse_query("wav"))) == N_SOUNDS

    def in_window(words: str) -> object:
        return browsing.meant(parse_query(words))

    began = time.perf_counter()
    search.by_text(parse_query("warm up"))
    first_s = time.perf_counter() - began
    in_window("warm up")
    alone = encoder_named(clap).text  # it has not heard the texts that the other keeps
    assert alone is not None
    alone.encode(["warm up"])
    systems: dict[str, tuple[Callable[[str], object], list[str]]] = {
        "command line, words in no name": (
            lambda words: search.by_text(parse_query(words)),
            texts("", UNHEARD, joint=" "),
        ),
        "window, a word in no name": (in_window, texts(UNHEARD[0], SIGNS, joint="")),
        "window, a word in every name": (in_window, texts("wav", SIGNS, joint="")),
    }
    for name, (ask, asked) in systems.items():
        took = milliseconds(ask, asked)
        report(
            f"words to ranked results, ms: {name}",
            n_vectors=N_SOUNDS,
            n_tokens=N_TOKENS,
            index=search.neighbours.kind,
            median=tally.beside(f"ms for words ({name})", round(float(np.median(took)), 1), ANSWER_MS),
            most=round(max(took), 1),
            text_network_alone=round(float(np.median(milliseconds(lambda text: alone.encode([text]), asked))), 1),
            first_s=round(first_s, 2),
        )
    search.close()
    browsing.close()


@pytest.mark.skipif("BOWERBIRD_TORCH_PYTHON" not in os.environ, reason="BOWERBIRD_TORCH_PYTHON names no interpreter")
def test_networks_side_by_side(report: Callable[..., None], tally: Tally) -> None:
    python_path = os.pathsep.join([str(ROOT / "app"), str(ROOT / "models" / "export")])
    done = subprocess.run(
        [os.environ["BOWERBIRD_TORCH_PYTHON"], str(ROOT / "models" / "export" / "speed.py"), str(WEIGHTS)],
        env={**os.environ, "PYTHONPATH": python_path},
        capture_output=True,
        text=True,
        check=True,
    )
    figures = json.loads(done.stdout.splitlines()[-1])
    faster = figures["times_faster_than_laion_clap"]
    for kind, goal in (("fp32", FP32_FASTER), ("int8", INT8_FASTER)):
        faster[kind] = tally.beside(f"{kind}, times faster than laion_clap", faster[kind], goal)
    report(figures.pop("benchmark"), **figures)
