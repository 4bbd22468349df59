"""Measure `bowerbird evaluate`: its speed and memory on random vectors, and all systems on labelled recordings.

    python tests/benchmarks/measure_evaluate.py --library DIR --shared DIR

DIR of --library is a library in which DIR/audio of --shared was indexed with the built-in encoder; DIR/audio has
``labels.csv``. The library is copied, not changed.
"""

import argparse
import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from rich.console import Console

from bowerbird.benchmark.correlations import correlation_figures
from bowerbird.benchmark.cross_modal import read_text_queries, text_figures, unmatched_texts
from bowerbird.benchmark.evaluation import evaluate_systems, prepare
from bowerbird.benchmark.labels import LabelledSet, LabelledSound, read_labels
from bowerbird.benchmark.measurements import Measurements, gains_of
from bowerbird.benchmark.probes import ProbeSettings, probe_systems
from bowerbird.benchmark.report.page import notes_of
from bowerbird.benchmark.systems import SystemSpec, parse_systems
from bowerbird.cli.evaluation_tables import measurement_tables
from bowerbird.library.library import Library

N_SOUNDS = 10_231
"""The evaluation set of FSD50K."""

N_CLASSES = 200
N_DIMS = 512
SYSTEMS = (
    "ear",
    "ear:acoustic|meaning|loudness|length|brightness|timbre|pitch|envelope|pitch+timbre+meaning",
    "ear,window=median|max",
    "ear,pca=50|100",
    "ear,l2=no,search=inner_product|nearest",
)
PROBED = ("ear", "ear:acoustic|meaning|pitch|timbre|pitch+timbre+meaning")
N_RUNS = 3
"""Of the probes with a hidden layer."""

QUERIES = Path(__file__).parents[2] / "models" / "train" / "ear" / "queries.toml"
STRONG = ("esc10", "fsdd", "philharmonia")
"""The collections whose labels were given by listeners."""


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--library", type=Path, required=True, metavar="DIR")
    parser.add_argument("--shared", type=Path, required=True, metavar="DIR")
    args = parser.parse_args()
    console = Console(width=140, highlight=False)
    measure_speed(console)
    labels = args.shared / "audio" / "labels.csv"
    with tempfile.TemporaryDirectory() as folder:
        copied = Path(folder) / "library"
        shutil.copytree(args.library, copied)
        library = Library.open(copied)
        for title, origins in (("All classes", None), (f"Strong labels ({', '.join(STRONG)})", STRONG)):
            labelled = read_labels(labels)
            labelled = labelled.only(labelled.positions(origins=origins))
            console.rule(title)
            measured = measured_systems(labelled, folder=labels.parent, library=library)
            for note in notes_of(measured):
                console.print(note, markup=False)
            for table in measurement_tables(measured):
                console.print(table)
                console.print()
    return 0


def measured_systems(labelled: LabelledSet, *, folder: Path, library: Library) -> Measurements:
    """Measure all systems on labelled sounds; probes and descriptors only of parts of the embedding."""
    specs = [spec for text in SYSTEMS for spec in parse_systems(text)]
    ready = prepare(specs, labelled, folder=folder, library=library)
    evaluation = evaluate_systems(ready, families=labelled.families)
    few = [spec for text in PROBED for spec in parse_systems(text)]
    ready = prepare(few, labelled, folder=folder, library=library)
    probes = probe_systems(ready, ProbeSettings(n_runs=N_RUNS))
    queries = read_text_queries(QUERIES)
    correlations = correlation_figures(ready, folder=folder)
    return Measurements(
        evaluation,
        texts=text_figures(ready, queries=queries),
        unmatched_texts=unmatched_texts(ready, queries),
        probes=probes.figures,
        correlations=correlations.figures,
        unreadable=correlations.unreadable,
        gains=gains_of(few, evaluation, probes),
    )


def measure_speed(console: Console) -> None:
    """Print the time and the peak memory of scoring as many sounds as FSD50K's evaluation set has."""
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((N_CLASSES, N_DIMS), np.float32)
    own = [rng.choice(N_CLASSES, size=1 + rng.integers(0, 4), replace=False) for _ in range(N_SOUNDS)]
    vectors = rng.standard_normal((N_SOUNDS, N_DIMS), np.float32)
    vectors += 0.5 * np.stack([centres[classes].mean(axis=0) for classes in own])
    sounds = tuple(
        LabelledSound(f"{number}.wav", tuple(f"class {label}" for label in classes), f"{number}")
        for number, classes in enumerate(own)
    )
    with tempfile.TemporaryDirectory() as folder:
        specs = []
        for name, table in (("first", vectors), ("second", vectors[:, : N_DIMS // 2])):
            np.savez(Path(folder) / f"{name}.npz", paths=np.array([each.path for each in sounds]), vectors=table)
            specs.append(SystemSpec(name, str(Path(folder) / f"{name}.npz")))
        for n_systems in (1, 2):
            began, began_cpu = time.monotonic(), time.process_time()
            ready = prepare(specs[:n_systems], LabelledSet(sounds), folder=Path(folder), library=None)
            evaluation = evaluate_systems(ready, families={})
            took_s, cpu_s = time.monotonic() - began, time.process_time() - began_cpu
            peak_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
            console.print(
                f"{N_SOUNDS:,} x {N_SOUNDS:,} rankings, {N_CLASSES} classes, {N_DIMS} dimensions, {n_systems} "
                f"{'system' if n_systems == 1 else 'systems, compared'}: {took_s:.1f} s ({cpu_s:.1f} s of processor "
                f"time), peak memory "
                f"{peak_bytes / 1e9:.2f} GB, MAP@15 {evaluation.systems[0].figures.macro.map_15:.3f}"
            )


if __name__ == "__main__":
    sys.exit(main())
