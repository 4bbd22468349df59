"""The tables of `bowerbird evaluate` say every system."""

import io

import numpy as np
import pytest
from rich.console import Console

from bowerbird.benchmark.evaluation import evaluate_systems, prepare
from bowerbird.benchmark.labels import LabelledSet, LabelledSound
from bowerbird.benchmark.measurements import Measurements
from bowerbird.benchmark.systems import SystemSpec
from bowerbird.cli.evaluation_tables import MOST_PAIRS, measurement_tables


def printed(folder, n_systems):
    """What is printed about systems of random vectors, in 80 columns."""
    rng = np.random.default_rng(0)
    names = [f"{number}.wav" for number in range(20)]
    sounds = LabelledSet(tuple(LabelledSound(name, ("abcd"[i % 4],), name) for i, name in enumerate(names)))
    specs = []
    for number in range(n_systems):
        path = folder / f"system[b]{number}.npz"
        np.savez(path, paths=np.array(names), vectors=rng.normal(size=(20, 3)))
        specs.append(SystemSpec(path.stem, str(path)))
    families = {"Animals": ("a", "b"), "Things": ("c",), "Weather": ("d",)}
    evaluation = evaluate_systems(prepare(specs, sounds, folder=folder, library=None), families=families)
    texts = []
    for table in measurement_tables(Measurements(evaluation)):
        console = Console(width=80, file=io.StringIO())
        console.print(table)
        texts.append(console.file.getvalue())
    return evaluation, texts


@pytest.mark.parametrize("n_systems", [1, 3, 6])
def test_every_system_and_family_is_printed(tmp_path, n_systems):
    evaluation, (systems, families, *_) = printed(tmp_path, n_systems)
    for system in evaluation.systems:
        assert system.name in systems  # brackets are no markup
        assert system.name in families
        assert f"{system.figures.macro.map_15:.3f}" in systems
    for family in ("Animals (2)", "Things (1)", "Weather (1)"):
        assert family in families


def test_many_pairs_are_cut_and_counted(tmp_path):
    evaluation, (_, _, pairs) = printed(tmp_path, 6)
    assert len(evaluation.pairs) > MOST_PAIRS
    assert f"{len(evaluation.pairs) - 5} other pairs" in " ".join(pairs.split())
    assert pairs.count("MAP@150") == 5
