"""What probes can and cannot learn from vectors."""

import numpy as np
import pytest

from bowerbird.base.errors import QueryError
from bowerbird.benchmark.evaluation import prepare
from bowerbird.benchmark.labels import LabelledSet, LabelledSound
from bowerbird.benchmark.probes import ProbeSettings, probe_systems
from bowerbird.benchmark.systems import SystemSpec


def probed(folder, tables, labels, groups=None, **options):
    """The figures of vectors by (system, kind), and the results."""
    names = [f"{number}.wav" for number in range(len(labels))]
    groups = names if groups is None else groups
    sounds = LabelledSet(
        tuple(
            LabelledSound(name, own if isinstance(own, tuple) else (own,), str(group))
            for name, own, group in zip(names, labels, groups, strict=True)
        )
    )
    specs = []
    for name, vectors in tables.items():
        np.savez(folder / f"{name}.npz", paths=np.array(names), vectors=np.asarray(vectors, np.float32))
        specs.append(SystemSpec(name, str(folder / f"{name}.npz"), is_normalised=False))
    results = probe_systems(
        prepare(specs, sounds, folder=folder, library=None),
        ProbeSettings(**{"n_runs": 1, "n_hidden": 32, "n_folds": 2, "n_steps": 300} | options),
    )
    return {(each.system, each.kind): each for each in results.figures}, results


def test_classes_that_are_apart_are_learned_and_noise_is_not(tmp_path):
    rng = np.random.default_rng(0)
    labels = [f"class {i % 4}" for i in range(120)]
    clear = 3.0 * np.eye(4)[np.arange(120) % 4] + 0.1 * rng.normal(size=(120, 4))
    figures, results = probed(tmp_path, {"clear": clear, "noise": rng.normal(size=(120, 4))}, labels, n_runs=2)
    for kind in ("linear", "mlp"):
        found = figures["clear", kind]
        assert (found.accuracy, found.class_accuracy, found.mean_ap) == pytest.approx((1, 1, 1), abs=0.02)
        noise = figures["noise", kind]
        assert noise.low < noise.accuracy < noise.high < 0.6
        difference = results.difference("clear", "noise", kind)
        assert difference.value == pytest.approx(found.accuracy - noise.accuracy)
        assert difference.low > 0.3
        assert difference.p < 0.01
    assert (figures["clear", "linear"].n_runs, figures["clear", "mlp"].n_runs) == (1, 2)
    assert (figures["noise", "linear"].run_sd, figures["noise", "mlp"].run_sd > 0) == (0, True)


def test_only_the_network_learns_what_no_line_separates(tmp_path):
    rng = np.random.default_rng(1)
    signs = rng.choice([-1.0, 1.0], (240, 2))
    labels = ["same" if first == second else "other" for first, second in signs]
    figures, _ = probed(tmp_path, {"x": signs + 0.1 * rng.normal(size=(240, 2))}, labels, n_hidden=64)
    assert figures["x", "linear"].accuracy < 0.7
    assert figures["x", "mlp"].accuracy > 0.9


def test_takes_of_one_origin_do_not_teach_each_other(tmp_path):
    rng = np.random.default_rng(2)
    groups = np.arange(120) // 6
    labels = [f"class {group % 2}" for group in groups]
    vectors = rng.normal(size=(20, 40))[groups] + 0.01 * rng.normal(size=(120, 40))
    apart, _ = probed(tmp_path, {"x": vectors}, labels, groups, kinds=("linear",))
    together, _ = probed(tmp_path, {"x": vectors}, labels, kinds=("linear",))
    assert together["x", "linear"].accuracy > 0.95
    assert apart["x", "linear"].accuracy < 0.8


def test_sounds_with_several_classes_are_scored_by_class(tmp_path):
    rng = np.random.default_rng(3)
    has = rng.random((150, 3)) < 0.5
    has[:, 0] |= ~has.any(axis=1)
    labels = [tuple(f"class {i}" for i in np.flatnonzero(own)) for own in has]
    figures, _ = probed(tmp_path, {"x": 4.0 * has + 0.2 * rng.normal(size=(150, 3))}, labels)
    for kind in ("linear", "mlp"):
        assert figures["x", kind].mean_ap > 0.95
        assert figures["x", kind].accuracy > 0.95


def test_classes_of_one_group_are_left_out_and_one_class_is_a_sentence(tmp_path):
    labels = ["a", "a", "b", "b", "lone", "lone"]
    groups = ["1", "2", "3", "4", "5", "5"]
    figures, _ = probed(tmp_path, {"x": np.eye(6)}, labels, groups, kinds=("linear",))
    assert (figures["x", "linear"].n_sounds, figures["x", "linear"].n_classes) == (4, 2)
    with pytest.raises(QueryError, match="nothing to classify"):
        probed(tmp_path, {"x": np.eye(6)[:4]}, ["a", "a", "lone", "lone"], ["1", "2", "3", "3"])


def test_rankings_cannot_be_probed(tmp_path):
    (tmp_path / "x.trec").write_text("a Q0 b 1 0.5 x\nb Q0 a 1 0.5 x\n")
    sounds = LabelledSet(tuple(LabelledSound(name, ("c",), name) for name in "ab"))
    ready = prepare([SystemSpec("x", str(tmp_path / "x.trec"))], sounds, folder=tmp_path, library=None)
    with pytest.raises(QueryError, match="Rankings cannot be probed"):
        probe_systems(ready)
