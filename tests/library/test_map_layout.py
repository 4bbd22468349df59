"""The map of a library: stored positions, new sounds, another layout when it has grown, and cancelling."""

import multiprocessing
import os
import threading
from pathlib import Path

import numpy as np
import pytest
from stage import DeafEncoder

from analyses import ENCODER_ID, N_DIMS, analysis, stamp
from bowerbird.catalogue.sqlite.writer import SqliteWriter
from bowerbird.jobs.control import Cancelled, Control
from bowerbird.jobs.progress import ignore
from bowerbird.library.library import Library
from bowerbird.library.map.computing import update_layout
from bowerbird.library.map.layout import layout_path, load_layout, read_map
from bowerbird.library.map.placing import bring_up_to_date

ROOT = Path("/sounds") if os.sep == "/" else Path("C:\\sounds")


@pytest.fixture
def library(tmp_path):
    fill(tmp_path, range(60))
    return Library.open(tmp_path)


def fill(folder, numbers, *, seed_of=lambda number: number):
    with SqliteWriter(folder) as catalogue:
        added = catalogue.add_folder(ROOT)
        catalogue.reconcile(added, [stamp(ROOT / f"Kit {number % 3}" / f"{number:04}.wav") for number in numbers])
        pending = catalogue.pending(added, below=f"{ROOT}{os.sep}", encoder_id=ENCODER_ID)
        numbered = [(sound.id, analysis(seed_of(int(Path(sound.path).stem)))) for sound in pending]
        catalogue.record(numbered, [], ENCODER_ID)


def lay_out(library):
    bring_up_to_date(library, ENCODER_ID, N_DIMS, seed=1)
    return read_map(library, ENCODER_ID)


def test_sounds_have_no_position_before_a_layout_is_computed(library):
    made = read_map(library, ENCODER_ID)
    assert not made.has_layout
    assert not made.is_current
    assert np.isnan(made.positions).all()


def test_every_sound_has_a_position_and_properties(library):
    made = lay_out(library)
    assert made.has_layout
    assert made.is_current
    assert len(made.sounds.ids) == 60
    assert ((made.positions >= 0) & (made.positions <= 1)).all()
    assert [made.sounds.directories[number] for number in made.sounds.directory_numbers[:4]] == [
        "sounds/Kit 0",
        "sounds/Kit 1",
        "sounds/Kit 2",
        "sounds/Kit 0",
    ]
    assert made.sounds.category_numbers.tolist() == [-1] * 60
    assert made.sounds.durations_s[0] == 10.0
    assert made.sounds.lufs[0] == -20.0


def test_a_process_computes_the_same_layout(library):
    here = lay_out(library).positions
    layout_path(library, ENCODER_ID).unlink()
    shares = []
    update_layout(library, DeafEncoder(), Control(), lambda progress: shares.append(progress.share))
    assert np.array_equal(read_map(library, ENCODER_ID).positions, here)
    assert shares[-1] == 1.0


def test_new_sounds_are_placed_and_the_others_stay(library):
    before = lay_out(library).positions
    fill(library.folder, range(60, 70))
    grown = read_map(library, ENCODER_ID)
    assert np.isnan(grown.positions[60:]).all()
    assert not grown.is_current
    after = lay_out(library)
    assert after.is_current
    assert np.array_equal(after.positions[:60], before)
    with library.read() as reader:
        contents, vectors = reader.mean_vectors(ENCODER_ID, N_DIMS)
    vectors = vectors[np.searchsorted(contents, after.sounds.content_ids)]
    similar = np.argsort(-(vectors[60:] @ vectors[:60].T), axis=1)[:, :3]
    around = before[similar]  # a weighted mean of three lies between them
    assert (after.positions[60:] >= around.min(axis=1) - 1e-5).all()
    assert (after.positions[60:] <= around.max(axis=1) + 1e-5).all()


def test_a_library_that_has_grown_is_laid_out_again(library):
    before = lay_out(library).positions
    fill(library.folder, range(60, 90))
    assert np.array_equal(read_map(library, ENCODER_ID).positions[:60], before)  # until then
    assert lay_out(library).is_current
    assert load_layout(library, ENCODER_ID).n_computed == 90


def test_a_library_of_other_sounds_is_laid_out_anew(library):
    lay_out(library)
    stored = layout_path(library, ENCODER_ID)
    with np.load(stored) as former:
        changed = dict(former) | {"keys": former["keys"] + np.uint64(1000)}
    np.savez(stored, **changed)
    made = lay_out(library)
    assert made.is_current
    assert len(np.unique(made.positions, axis=0)) == 60


def test_copies_share_a_position(library):
    lay_out(library)
    fill(library.folder, range(100, 104), seed_of=lambda number: number - 100)
    made = read_map(library, ENCODER_ID)
    assert made.is_current
    assert np.array_equal(made.positions[60:64], made.positions[:4])


def test_sounds_that_are_gone_keep_their_position(library):
    before = lay_out(library).positions
    with SqliteWriter(library.folder) as catalogue:
        catalogue.hide_sounds([1])
    fill(library.folder, range(60, 65))
    lay_out(library)
    with SqliteWriter(library.folder) as catalogue:
        catalogue.show_sounds([1])
    assert np.array_equal(read_map(library, ENCODER_ID).positions[0], before[0])


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 not a layout"])
def test_a_damaged_layout_is_computed_again(library, damage):
    lay_out(library)
    layout_path(library, ENCODER_ID).write_bytes(damage)
    assert not read_map(library, ENCODER_ID).has_layout
    assert lay_out(library).has_layout


def test_every_encoder_has_a_layout_of_its_own(library):
    lay_out(library)
    assert not read_map(library, "another").has_layout


def test_cancelling_ends_the_process_and_stores_nothing(library):
    control = Control()
    timer = threading.Timer(0.2, control.cancel)
    timer.start()
    with pytest.raises(Cancelled):
        update_layout(library, DeafEncoder(), control, ignore)
    timer.join()
    assert not [child for child in multiprocessing.active_children() if child.name == "bowerbird-map"]
    assert load_layout(library, ENCODER_ID) is None
