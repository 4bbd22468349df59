"""Index files: only intact and matching files are loaded."""

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bowerbird.index import compact, hnsw, store
from bowerbird.index.compact import CompactIndex
from bowerbird.index.exact import ExactIndex
from bowerbird.index.hnsw import HnswIndex
from bowerbird.index.store import Stamp, load, read_stamp, save

N_DIMS = 6
KINDS = [
    ExactIndex,
    *([HnswIndex] if hnsw.is_available() else []),
    *([CompactIndex] if compact.is_available() else []),
]


def n_for(kind):
    return 1_100 if kind is CompactIndex else 50  # fewer have no codes


def unit_vectors(n, seed=0):
    vectors = np.random.default_rng(seed).normal(size=(n, N_DIMS)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def saved(folder, kind=ExactIndex, n=50, encoder_id="ear-1", seed=0):
    index = kind(N_DIMS)
    index.add(np.arange(1, n + 1), unit_vectors(n, seed))
    if isinstance(index, CompactIndex):
        index.train()
    stamp = Stamp(encoder_id, N_DIMS, index.kind, n)
    save(index, stamp, folder)
    return index, stamp


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n", [0, 1, 50, 1_100])
def test_an_index_comes_back_as_it_was_saved(tmp_path, kind, n):
    index, stamp = saved(tmp_path, kind, n)
    again = load("ear-1", N_DIMS, tmp_path)
    assert read_stamp("ear-1", tmp_path) == stamp
    assert again.kind == index.kind
    np.testing.assert_array_equal(again.labels(), index.labels())
    for query in unit_vectors(3, seed=9):
        np.testing.assert_array_equal(again.search(query, 10)[0], index.search(query, 10)[0])


def test_nothing_saved_loads_as_nothing(tmp_path):
    assert load("ear-1", N_DIMS, tmp_path) is None
    assert load("ear-1", N_DIMS, tmp_path / "absent") is None


def test_another_encoder_or_length_loads_as_nothing(tmp_path):
    saved(tmp_path)
    assert load("ear-2", N_DIMS, tmp_path) is None
    assert load("ear-1", N_DIMS + 1, tmp_path) is None


def test_encoders_whose_names_look_alike_on_disk_are_kept_apart(tmp_path):
    saved(tmp_path, encoder_id="ear/1", n=3)
    saved(tmp_path, encoder_id="ear:1", n=4)
    assert len(load("ear/1", N_DIMS, tmp_path)) == 3
    assert len(load("ear:1", N_DIMS, tmp_path)) == 4


def test_saving_again_replaces_the_former_files(tmp_path):
    saved(tmp_path, n=10)
    saved(tmp_path, n=20)
    assert len(load("ear-1", N_DIMS, tmp_path)) == 20
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("suffix", [".index", ".labels"])
@pytest.mark.parametrize("damage", ["gone", "empty", "truncated", "longer", "foreign"])
def test_a_damaged_piece_loads_as_nothing(tmp_path, kind, suffix, damage):
    saved(tmp_path, kind, n_for(kind))
    (piece,) = tmp_path.glob(f"*{suffix}")
    data = piece.read_bytes()
    if damage == "gone":
        piece.unlink()
    else:
        changed = {
            "empty": b"",
            "truncated": data[:-1],
            "longer": data + b"x",
            "foreign": b"\x7fELF" * (len(data) // 4),
        }
        piece.write_bytes(changed[damage])
    assert load("ear-1", N_DIMS, tmp_path) is None


@pytest.mark.parametrize("kind", KINDS)
def test_any_flipped_bit_loads_as_nothing(tmp_path, kind):
    saved(tmp_path, kind, n_for(kind))
    rng = np.random.default_rng(0)
    for piece in [*tmp_path.glob("*.index"), *tmp_path.glob("*.labels")]:
        data = piece.read_bytes()
        for place in [0, len(data) - 1, *rng.integers(0, len(data), 40)]:
            flipped = bytearray(data)
            flipped[place] ^= 1 << int(rng.integers(8))
            piece.write_bytes(flipped)
            assert load("ear-1", N_DIMS, tmp_path) is None
        piece.write_bytes(data)
    assert load("ear-1", N_DIMS, tmp_path) is not None


def test_a_pickle_instead_of_labels_is_not_opened(tmp_path):
    saved(tmp_path)
    (piece,) = tmp_path.glob("*.labels")
    with piece.open("wb") as file:
        np.save(file, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    (stamp_path,) = tmp_path.glob("*.json")
    stored = json.loads(stamp_path.read_text())
    stored["files"][piece.name] = [piece.stat().st_size, store._checksum(piece)]
    stored["kind"] = "hnsw"
    stamp_path.write_text(json.dumps(stored))
    assert load("ear-1", N_DIMS, tmp_path) is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(["format", "encoder_id", "n_dims", "kind", "revision", "files", "other"]),
    value=json_values,
    is_removed=st.booleans(),
)
def test_a_stamp_of_any_content_loads_as_nothing_or_as_what_it_says(tmp_path, name, value, is_removed):
    saved(tmp_path)
    (stamp_path,) = tmp_path.glob("*.json")
    stored = json.loads(stamp_path.read_text())
    if is_removed:
        stored.pop(name, None)
    else:
        stored[name] = value
    stamp_path.write_text(json.dumps(stored))
    hash(read_stamp("ear-1", tmp_path))  # the owner compares stamps
    loaded = load("ear-1", N_DIMS, tmp_path)
    assert loaded is None or len(loaded) == 50


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=80) | json_values.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_as_a_stamp_load_as_nothing(tmp_path, content):
    saved(tmp_path)
    (stamp_path,) = tmp_path.glob("*.json")
    stamp_path.write_bytes(content)
    assert read_stamp("ear-1", tmp_path) is None
    assert load("ear-1", N_DIMS, tmp_path) is None


def test_a_stamp_nested_without_end_loads_as_nothing(tmp_path):
    saved(tmp_path)
    (stamp_path,) = tmp_path.glob("*.json")
    stamp_path.write_text("[" * 200_000)
    assert load("ear-1", N_DIMS, tmp_path) is None


def test_a_stamp_that_points_outside_its_folder_reads_nothing_there(tmp_path):
    saved(tmp_path / "index")
    (stamp_path,) = (tmp_path / "index").glob("*.json")
    stored = json.loads(stamp_path.read_text())
    outside = {}
    for name, facts in stored["files"].items():
        (tmp_path / "index" / name).rename(tmp_path / name)
        outside[f"../{name}"] = facts
    stamp_path.write_text(json.dumps(stored | {"files": outside}))
    assert load("ear-1", N_DIMS, tmp_path / "index") is None


class FullDisk(ExactIndex):
    """Writes half of itself, then the disk is full."""

    def write(self, path):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")


def test_a_disk_that_is_full_leaves_what_was_saved_before(tmp_path):
    saved(tmp_path, n=10)
    before = sorted(path.name for path in tmp_path.iterdir())
    index = FullDisk(N_DIMS)
    with pytest.raises(OSError, match="No space"):
        save(index, Stamp("ear-1", N_DIMS, "exact", 1), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert len(load("ear-1", N_DIMS, tmp_path)) == 10


def test_a_crash_before_the_stamp_leaves_the_old_index(tmp_path, monkeypatch):
    saved(tmp_path, n=10)

    def crash(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(store.json, "dumps", crash)
    with pytest.raises(KeyboardInterrupt):
        saved(tmp_path, n=20)
    monkeypatch.undo()
    assert len(load("ear-1", N_DIMS, tmp_path)) == 10


def test_where_hnswlib_is_absent_its_graph_loads_as_nothing(tmp_path, monkeypatch):
    if not hnsw.is_available():
        pytest.skip("there is none to be saved")
    saved(tmp_path, HnswIndex)
    monkeypatch.setattr(hnsw, "hnswlib", None)
    assert load("ear-1", N_DIMS, tmp_path) is None
