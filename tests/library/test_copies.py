"""Copies in a library: found while indexing, kept when sounds come and go, and measured in older libraries."""

import sqlite3
from contextlib import closing

import numpy as np
import pytest
import soxr
from stage import of_kind, run

from bowerbird.catalogue.sqlite.connection import FILE_NAME
from bowerbird.catalogue.sqlite.migrations import STEPS
from bowerbird.domain.events import BatchRecorded
from bowerbird.library.library import Library
from sounds import RATE_HZ, noise, sine, write


def burst(seed, *, duration_s=0.5):
    """Noise with a shape of its own."""
    samples = noise(seed, duration_s=duration_s, level=0.2)
    t = np.arange(len(samples))[:, None] / RATE_HZ
    return 0.7 * samples * np.exp(-t * (3 + seed)) * (1 + 0.8 * np.sin(2 * np.pi * (5 + seed) * t))


@pytest.fixture
def library(tmp_path):
    return tmp_path / "library"


@pytest.fixture
def sounds(tmp_path):
    """A burst in four forms, another in two, and two that nothing resembles."""
    root = tmp_path / "sounds"
    whole_numbers = np.round(2**23 * burst(1)).astype(np.int32) << 8  # floats are rounded differently for FLAC
    write(root / "a" / "one.wav", whole_numbers, subtype="PCM_24")
    write(root / "b" / "other name.flac", whole_numbers, subtype="PCM_24")
    write(root / "c" / "one quiet.wav", 0.5 * burst(1), subtype="PCM_16")
    write(root / "d" / "one.ogg", burst(1))
    write(root / "a" / "two.wav", burst(2), subtype="PCM_16")
    write(root / "b" / "two.wav", soxr.resample(burst(2), RATE_HZ, 48_000), 48_000, subtype="PCM_16")
    write(root / "a" / "three.wav", burst(3), subtype="PCM_16")
    write(root / "a" / "tone.wav", sine(300), subtype="PCM_16")
    return root


ONES = {"a/one.wav", "b/other name.flac", "c/one quiet.wav", "d/one.ogg"}
TWOS = {"a/two.wav", "b/two.wav"}


def groups(library, root, *, is_exact=False):
    with Library.open(library).read() as reader:
        found = reader.copy_groups(is_exact=is_exact)
        rows = reader.rows([sound_id for group in found for sound_id in group])
        return [[rows[sound_id].path.relative_to(root).as_posix() for sound_id in group] for group in found]


def as_sets(found):
    return sorted((set(group) for group in found), key=min)


def run_sql(library, *statements):
    with closing(sqlite3.connect(library / FILE_NAME)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def test_copies_are_found_while_indexing(library, sounds):
    run(library, sounds)
    assert as_sets(groups(library, sounds)) == [ONES, TWOS]
    assert groups(library, sounds, is_exact=True) == [["a/one.wav", "b/other name.flac"]]


def test_the_best_copy_comes_first(library, sounds):
    run(library, sounds)
    ones, twos = sorted(groups(library, sounds), key=min)
    assert ones[0] == "a/one.wav", "lossless, many bits, the shortest path"
    assert ones[-1] == "d/one.ogg"
    assert twos[0] == "b/two.wav", "the higher rate"


def test_copies_that_come_later_join_their_group_and_the_list_is_told(library, sounds):
    run(library, sounds)
    write(sounds / "e" / "three.mp3", burst(3))
    write(sounds / "e" / "one.aiff", 0.7 * burst(1))
    _, events = run(library, sounds)
    assert as_sets(groups(library, sounds)) == [ONES | {"e/one.aiff"}, {"a/three.wav", "e/three.mp3"}, TWOS]
    assert of_kind(events, BatchRecorded)


def test_a_copy_that_is_removed_leaves_its_group(library, sounds):
    run(library, sounds)
    opened = Library.open(library)
    opened.remove_folder(opened.folders()[0].id)
    opened.delete_removed()
    assert groups(library, sounds) == []
    run(library, sounds / "b", sounds / "d")
    assert as_sets(groups(library, sounds)) == [{"b/other name.flac", "d/one.ogg"}]


def test_a_copy_that_changes_leaves_its_group(library, sounds):
    run(library, sounds)
    write(sounds / "b" / "two.wav", burst(9), subtype="PCM_24")
    run(library, sounds)
    assert as_sets(groups(library, sounds)) == [ONES]


def test_nothing_is_compared_twice(library, sounds):
    run(library, sounds)
    with Library.open(library).write() as writer:
        assert writer.audio_to_compare() == []


def test_a_library_of_an_older_version_gets_fingerprints_and_nothing_is_embedded_again(library, sounds):
    run(library, sounds)
    run_sql(
        library,
        "DROP TABLE fingerprints",
        "DROP TABLE copies",
        "UPDATE windows SET vector = zeroblob(length(vector))",
        f"PRAGMA user_version = {step_number('fingerprints and groups of copies')}",
    )
    run(library, sounds)
    assert as_sets(groups(library, sounds)) == [ONES, TWOS]
    with closing(sqlite3.connect(library / FILE_NAME)) as connection:
        vectors = [vector for (vector,) in connection.execute("SELECT vector FROM windows")]
    assert not any(map(any, vectors))


def step_number(name):
    """The version of a library before a step."""
    return next(number for number, step in enumerate(STEPS) if step.name == name)


def test_silence_is_not_a_copy_of_other_silence_unless_the_samples_are_the_same(library, tmp_path):
    root = tmp_path / "sounds"
    write(root / "a.wav", np.zeros((RATE_HZ, 1)))
    write(root / "b.wav", np.zeros((2 * RATE_HZ, 1)))
    write(root / "c.flac", np.zeros((RATE_HZ, 1)))
    run(library, root)
    assert as_sets(groups(library, root)) == [{"a.wav", "c.flac"}]
