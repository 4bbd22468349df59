"""Canonical correlations of known vectors, and descriptors of known sounds."""

import numpy as np
import pytest

from bowerbird.base.errors import QueryError
from bowerbird.benchmark.correlations import (
    canonical_directions,
    check_descriptors,
    correlation_figures,
    described,
    descriptors_of,
    held_out_correlations,
)
from bowerbird.benchmark.evaluation import prepare
from bowerbird.benchmark.labels import LabelledSet, LabelledSound
from bowerbird.benchmark.systems import SystemSpec
from bowerbird.encoders.acoustic.spectrum import RATE_HZ
from sounds import noise, write

N = 600


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def test_a_linear_map_correlates_fully_and_unrelated_vectors_do_not():
    first = normal(N, 6)
    mapped = held_out_correlations(first, first @ normal(6, 3, seed=1) + 5.0, np.arange(N))
    assert mapped.shape == (3,)
    np.testing.assert_allclose(mapped, 1.0, atol=0.01)
    assert abs(held_out_correlations(normal(N, 40), normal(N, 3, seed=2), np.arange(N)).mean()) < 0.1


def test_known_correlations_are_found_in_order():
    first, other = normal(20_000, 2), normal(20_000, 2, seed=1)
    strengths = np.array([0.3, 0.8])
    second = first * strengths + other * np.sqrt(1.0 - strengths**2)
    found = held_out_correlations(first @ [[1, 0.5], [-0.3, 1]], second @ [[0, 2], [1, 0.2]], np.arange(20_000))
    np.testing.assert_allclose(found, [0.8, 0.3], atol=0.03)


def test_takes_of_one_origin_are_held_out_together():
    groups = np.arange(N) // 20
    first = normal(30, 25)[groups] + 0.01 * normal(N, 25, seed=1)
    second = normal(30, 2, seed=2)[groups]
    assert held_out_correlations(first, second, np.arange(N)).mean() > 0.8
    assert held_out_correlations(first, second, groups).mean() < 0.5


def test_a_constant_dimension_correlates_with_nothing():
    first = np.hstack([normal(N, 2), np.full((N, 1), 7.0)])
    found = held_out_correlations(first, first, np.arange(N))
    np.testing.assert_allclose(np.sort(found), [0.0, 1.0, 1.0], atol=0.02)
    assert all(np.isfinite(directions).all() for directions in canonical_directions(first, first))


def test_descriptors_of_a_tone_are_its_pitch_and_frequency():
    time = np.arange(RATE_HZ) / RATE_HZ
    low = descriptors_of((0.5 * np.sin(2 * np.pi * 440.0 * time)).astype(np.float32))
    assert low["chroma"][:12].argmax() == 9  # A
    assert low["centroid"][0] == pytest.approx(0.44, abs=0.05)
    hiss = descriptors_of((0.1 * normal(RATE_HZ)).astype(np.float32))
    assert hiss["centroid"][0] == pytest.approx(8.0, abs=0.5)
    assert hiss["bandwidth"][0] == pytest.approx(16.0 / np.sqrt(12.0), abs=0.5)
    assert {name: len(values) for name, values in low.items()} == {
        "MFCC": 48,
        "chroma": 24,
        "centroid": 2,
        "bandwidth": 2,
    }
    silent = descriptors_of(np.zeros(100, np.float32))
    assert all(np.isfinite(values).all() for values in silent.values())


def test_sounds_are_read_with_or_without_extension_and_unreadable_ones_are_left_out(tmp_path):
    write(tmp_path / "a.wav", noise(1, duration_s=0.2))
    (tmp_path / "broken.wav").write_bytes(b"no sound")
    tables, failures = described([tmp_path / "a", tmp_path / "broken.wav", tmp_path / "gone", tmp_path / "a.wav"])
    assert list(failures) == [1, 2]
    assert failures[1].startswith("broken.wav cannot be decoded")
    assert tables["MFCC"].shape == (2, 48)
    np.testing.assert_array_equal(tables["MFCC"][0], tables["MFCC"][1])


@pytest.fixture
def tones(tmp_path):
    """Systems of the frequencies of tones, and of the same tones with others that have no files: (tones, all)."""
    names = [f"{number}.wav" for number in range(60)]
    hz = np.geomspace(300.0, 8_000.0, 60)
    time = np.arange(4_800) / 48_000
    for name, each in zip(names, hz, strict=True):
        write(tmp_path / name, 0.5 * np.sin(2 * np.pi * each * time), rate_hz=48_000)

    def ready(*, n_tones, others=(), group=lambda name: name):
        kept = [*names[:n_tones], *others]
        np.savez(tmp_path / "hz.npz", paths=np.array(kept), vectors=np.resize(hz, len(kept))[:, None])
        sounds = LabelledSet(tuple(LabelledSound(name, ("tone",), group(name)) for name in kept))
        specs = [SystemSpec("hz", str(tmp_path / "hz.npz"), is_normalised=False)]
        return prepare(specs, sounds, folder=tmp_path, library=None)

    return ready


def test_vectors_of_the_centroid_correlate_with_it(tmp_path, tones):
    ready = tones(n_tones=60)
    found = correlation_figures(ready, folder=tmp_path)
    centroid = {each.descriptor: each for each in found.figures}["centroid"]
    assert centroid.first > 0.98
    assert (centroid.n_sounds, centroid.n_components) == (60, 1)
    assert found.unreadable == ()
    with pytest.raises(QueryError, match=r"0 of 60 labelled sounds can be read.*Put the file of labels"):
        correlation_figures(ready, folder=tmp_path / "elsewhere")


def test_sounds_that_cannot_be_read_are_left_out_and_named(tmp_path, tones):
    (tmp_path / "broken.wav").write_bytes(b"no sound")
    found = correlation_figures(tones(n_tones=60, others=("broken.wav", "gone.wav")), folder=tmp_path)
    assert {each.n_sounds for each in found.figures} == {60}
    assert [each.path for each in found.unreadable] == ["broken.wav", "gone.wav"]
    assert all(each.path in each.reason for each in found.unreadable)


def test_folds_of_few_sounds_are_refused(tmp_path, tones):
    with pytest.raises(QueryError, match=r"49 of 49 labelled sounds.*each of 5 folds needs 10 sounds.*Label more"):
        check_descriptors(tones(n_tones=49), folder=tmp_path)
    uneven = tones(n_tones=60, group=lambda name: name if int(name[:-4]) < 6 else "one take")
    with pytest.raises(QueryError, match="takes of one group are in one fold"):
        check_descriptors(uneven, folder=tmp_path)
