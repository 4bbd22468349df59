"""Reconciling files with rows: new, changed, missing, moved; folders within folders; names of every kind."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyses import ENCODER_ID, analysis, dump, stamp
from bowerbird.base.errors import CatalogueError
from bowerbird.catalogue.sqlite.connection import from_text, to_text
from bowerbird.catalogue.sqlite.lock import process_lock
from bowerbird.catalogue.sqlite.reader import SqliteReader
from bowerbird.catalogue.sqlite.writer import SqliteWriter
from bowerbird.domain.query import Location, Query, parse_query

ROOT = Path("/sounds") if os.sep == "/" else Path("C:\\sounds")


@pytest.fixture
def catalogue(tmp_path):
    with SqliteWriter(tmp_path) as catalogue:
        yield catalogue


@pytest.fixture
def folder(catalogue):
    return catalogue.add_folder(ROOT)


@pytest.fixture
def reader(catalogue):
    with SqliteReader(catalogue.library) as reader:
        yield reader


def below(path=ROOT):
    return f"{path}{os.sep}"


def walked(catalogue, folder, *stamps, unread=()):
    """One whole walk; returns (new, changed, missing)."""
    catalogue.begin_scan()
    listed = catalogue.reconcile(folder, stamps)
    n_missing = catalogue.mark_missing(folder, below=below(folder.path), unread=unread)
    return listed.n_new, listed.n_changed, n_missing


def pending(catalogue, folder):
    return catalogue.pending(folder, below=below(folder.path), encoder_id=ENCODER_ID)


def analysed(catalogue, folder, *, seed=None, **facts):
    """Analyse what is pending; every sound has content of its own, unless there is a seed."""
    for sound in pending(catalogue, folder):
        catalogue.record([(sound.id, analysis(seed or 1000 + sound.id, **facts))], [], ENCODER_ID)


def test_a_second_walk_over_the_same_files_finds_nothing_new(catalogue, folder):
    stamps = [stamp(ROOT / "a.wav"), stamp(ROOT / "b.wav")]
    assert walked(catalogue, folder, *stamps) == (2, 0, 0)
    assert walked(catalogue, folder, *stamps) == (0, 0, 0)


@pytest.mark.parametrize("now", [{"size_bytes": 101}, {"mtime_ns": 2}])
def test_a_changed_file_is_pending_again_and_forgets_its_facts_and_failure(catalogue, folder, reader, now):
    walked(catalogue, folder, stamp(ROOT / "a.wav"), stamp(ROOT / "b.wav"))
    first, second = pending(catalogue, folder)
    catalogue.record([(first.id, analysis(1))], [(second.id, "No. Try.", "damaged")], ENCODER_ID)
    assert pending(catalogue, folder) == []
    assert walked(catalogue, folder, stamp(ROOT / "a.wav", **now), stamp(ROOT / "b.wav", **now)) == (0, 2, 0)
    assert [sound.id for sound in pending(catalogue, folder)] == [first.id, second.id]
    assert reader.rows([first.id])[first.id].duration_s is None
    assert reader.rejected() == []


def test_a_file_that_is_gone_is_missing_and_keeps_its_row_and_vectors(catalogue, folder, reader):
    walked(catalogue, folder, stamp(ROOT / "a.wav"), stamp(ROOT / "b.wav"))
    analysed(catalogue, folder)
    assert walked(catalogue, folder, stamp(ROOT / "a.wav")) == (0, 0, 1)
    row = reader.sound_at(ROOT / "b.wav")
    assert row.is_missing
    assert len(reader.window_ids(ENCODER_ID)[0]) == 2
    assert sum(not row.is_missing for row in reader.rows(reader.list_ids(Query()).tolist()).values()) == 1


def test_a_file_that_returns_is_not_missing_and_not_pending(catalogue, folder, reader):
    walked(catalogue, folder, stamp(ROOT / "a.wav"))
    analysed(catalogue, folder)
    walked(catalogue, folder)
    assert walked(catalogue, folder, stamp(ROOT / "a.wav")) == (0, 0, 0)
    assert not reader.sound_at(ROOT / "a.wav").is_missing
    assert pending(catalogue, folder) == []


def test_sounds_below_an_unread_directory_are_not_missing(catalogue, folder, reader):
    walked(catalogue, folder, stamp(ROOT / "in" / "a.wav"), stamp(ROOT / "inner.wav"))
    assert walked(catalogue, folder, unread=[below(ROOT / "in")]) == (0, 0, 1)
    assert not reader.sound_at(ROOT / "in" / "a.wav").is_missing
    assert reader.sound_at(ROOT / "inner.wav").is_missing


def test_a_walk_of_a_part_marks_nothing_missing_outside_it(catalogue, folder, reader):
    walked(catalogue, folder, stamp(ROOT / "drums" / "a.wav"), stamp(ROOT / "drums2" / "b.wav"))
    catalogue.begin_scan()
    assert catalogue.mark_missing(folder, below=below(ROOT / "drums")) == 1
    assert not reader.sound_at(ROOT / "drums2" / "b.wav").is_missing


@pytest.mark.parametrize("by_hash_alone", [True, False])
def test_a_moved_sound_keeps_its_id_and_is_found_by_its_new_name(catalogue, folder, reader, by_hash_alone):
    walked(catalogue, folder, stamp(ROOT / "old" / "name.wav"), stamp(ROOT / "other.wav"))
    analysed(catalogue, folder)
    old = reader.sound_at(ROOT / "old" / "name.wav")
    moved = ROOT / "new" / "title.wav"
    assert walked(catalogue, folder, stamp(moved), stamp(ROOT / "other.wav")) == (1, 0, 1)
    (arrived,) = pending(catalogue, folder)
    found = analysis(1000 + old.id)
    if by_hash_alone:
        assert catalogue.record_hashes([(arrived.id, found.hash)], ENCODER_ID) == 1
    else:
        catalogue.record([(arrived.id, found)], [], ENCODER_ID)
    row = reader.sound_at(moved)
    assert (row.id, row.content_id, row.is_missing) == (old.id, old.content_id, False)
    assert row.directory == "sounds/new"
    assert reader.sound_at(ROOT / "old" / "name.wav") is None
    assert reader.list_ids(parse_query("title")).tolist() == [old.id]
    assert reader.list_ids(parse_query("old name")).tolist() == []
    assert pending(catalogue, folder) == []


def test_a_copy_is_a_row_of_its_own_with_the_facts_of_its_twin(catalogue, folder, reader):
    walked(catalogue, folder, stamp(ROOT / "a.wav"))
    analysed(catalogue, folder, metadata={"title": "thunder"})
    first = reader.sound_at(ROOT / "a.wav")
    walked(catalogue, folder, stamp(ROOT / "a.wav"), stamp(ROOT / "b.wav"))
    (copy,) = catalogue.unidentified(folder, below=below(), encoder_id=ENCODER_ID)
    catalogue.record_hashes([(copy.id, analysis(1000 + first.id).hash)], ENCODER_ID)
    second = reader.sound_at(ROOT / "b.wav")
    assert second.id != first.id
    assert (second.content_id, second.duration_s) == (first.content_id, first.duration_s)
    assert set(reader.list_ids(parse_query("thunder")).tolist()) == {first.id, second.id}


def test_only_files_of_the_same_size_are_suspected_to_be_copies(catalogue, folder):
    walked(catalogue, folder, stamp(ROOT / "a.wav", 1), stamp(ROOT / "b.wav", 2), stamp(ROOT / "c.wav", 2))
    suspects = catalogue.unidentified(folder, below=below(), encoder_id=ENCODER_ID)
    assert [Path(sound.path).name for sound in suspects] == ["b.wav", "c.wav"]


def test_one_sound_of_each_content_is_analysed(catalogue, folder):
    walked(catalogue, folder, *(stamp(ROOT / f"{name}.wav") for name in "abc"))
    catalogue.record_hashes([(sound.id, b"x" * 16) for sound in pending(catalogue, folder)], ENCODER_ID)
    assert len(pending(catalogue, folder)) == 1
    assert catalogue.count_pending(folder, below=below(), encoder_id=ENCODER_ID) == 3
    analysed(catalogue, folder, hash=b"x" * 16)
    assert catalogue.count_pending(folder, below=below(), encoder_id=ENCODER_ID) == 0


def test_another_encoder_finds_everything_pending_and_keeps_the_vectors_of_the_first(catalogue, folder, reader):
    walked(catalogue, folder, stamp(ROOT / "a.wav"))
    analysed(catalogue, folder)
    (again,) = catalogue.pending(folder, below=below(), encoder_id="another")
    catalogue.record([(again.id, analysis(1000 + again.id))], [], "another")
    assert (len(reader.window_ids(ENCODER_ID)[0]), len(reader.window_ids("another")[0])) == (1, 1)
    assert not bool(reader.pending_folders("another"))
    assert bool(reader.pending_folders("a third"))


def test_a_folder_inside_a_known_one_is_part_of_it(catalogue, folder):
    assert catalogue.add_folder(ROOT / "drums") == folder
    assert catalogue.add_folder(ROOT) == folder
    assert catalogue.add_folder(Path(f"{ROOT}2")) != folder


def test_a_folder_around_known_ones_takes_them_in(catalogue, reader):
    inner = catalogue.add_folder(ROOT / "drums" / "kicks")
    walked(catalogue, inner, stamp(ROOT / "drums" / "kicks" / "a.wav"))
    before = reader.sound_at(ROOT / "drums" / "kicks" / "a.wav")
    assert before.directory == "kicks"
    outer = catalogue.add_folder(ROOT)
    assert reader.folders() == [outer]
    after = reader.sound_at(ROOT / "drums" / "kicks" / "a.wav")
    assert (after.id, after.directory) == (before.id, "sounds/drums/kicks")
    assert reader.list_ids(parse_query("drums")).tolist() == [after.id]
    assert walked(catalogue, outer, stamp(ROOT / "drums" / "kicks" / "a.wav")) == (0, 0, 0)


def test_a_removed_folder_takes_its_sounds_words_and_vectors_with_it(catalogue, folder, reader):
    other = catalogue.add_folder(Path(f"{ROOT}2"))
    walked(catalogue, folder, stamp(ROOT / "kick.wav"))
    walked(catalogue, other, stamp(Path(f"{ROOT}2") / "kick.wav"))
    analysed(catalogue, folder)
    analysed(catalogue, other)
    catalogue.remove_folder(folder.id)
    assert reader.folders() == [other]
    (left,) = reader.list_ids(parse_query("kick")).tolist()
    assert reader.rows([left])[left].path.parent == other.path
    assert len(reader.window_ids(ENCODER_ID)[0]) == 1
    assert dump(catalogue.library)["n_words"] == (1,)


def test_content_is_kept_while_one_of_its_copies_is_left(catalogue, folder, reader):
    other = catalogue.add_folder(Path(f"{ROOT}2"))
    walked(catalogue, folder, stamp(ROOT / "a.wav"))
    walked(catalogue, other, stamp(Path(f"{ROOT}2") / "b.wav"))
    analysed(catalogue, folder, seed=5)
    analysed(catalogue, other, seed=5)
    catalogue.remove_folder(folder.id)
    assert len(reader.window_ids(ENCODER_ID)[0]) == 1
    catalogue.remove_folder(other.id)
    assert len(reader.window_ids(ENCODER_ID)[0]) == 0


NAMES = ["100%_kick.wav", "it's.wav", 'say "hi".wav', "a;DROP TABLE sounds;--.wav", "雨 🎵.wav", "tab\t.wav", "x" * 250]


@pytest.mark.parametrize("name", NAMES)
def test_any_name_round_trips(catalogue, folder, reader, name):
    walked(catalogue, folder, stamp(ROOT / name))
    row = reader.sound_at(ROOT / name)
    assert (row.name, row.path) == (name, ROOT / name)
    assert walked(catalogue, folder, stamp(ROOT / name)) == (0, 0, 0)


@pytest.mark.skipif(sys.platform == "win32", reason="names are always text there")
def test_a_name_that_is_no_text_round_trips_through_everything(catalogue, tmp_path):
    root = Path(os.fsdecode(b"/sounds\xff"))
    folder = catalogue.add_folder(root)
    path = root / os.fsdecode(b"d\xe9but") / os.fsdecode(b"caf\xe9 kick.wav")
    assert walked(catalogue, folder, stamp(path)) == (1, 0, 0)
    assert walked(catalogue, folder, stamp(path)) == (0, 0, 0)
    analysed(catalogue, folder)
    with SqliteReader(catalogue.library) as reader:
        row = reader.sound_at(path)
        assert (row.path, row.name, reader.folders()[0].path) == (path, path.name, root)
        assert reader.list_ids(parse_query("kick")).tolist() == [row.id]
        assert reader.all_vectors(ENCODER_ID, 4)[0] == [path]
        assert reader.directories() == [(Location(folder.id, row.directory), 1)]
        reason = f"`{path.name}` is empty. Restore it."
        catalogue.record([], [(row.id, reason, "empty")], ENCODER_ID)
        assert [(sound.path, sound.reason) for sound in reader.rejected()] == [(path, reason)]
    assert walked(catalogue, folder) == (0, 0, 1)
    assert walked(catalogue, folder, unread=[below(root / os.fsdecode(b"d\xe9but"))]) == (0, 0, 0)


@given(st.binary(min_size=1, max_size=30).filter(lambda data: b"\0" not in data))
def test_every_name_of_bytes_is_stored_as_it_is(data):
    bound = to_text(os.fsdecode(data))
    assert from_text(bound if isinstance(bound, bytes) else bound.encode()) == os.fsdecode(data)


@settings(max_examples=25, deadline=None)
@given(
    steps=st.lists(st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=8), min_size=1, max_size=5),
    seed=st.integers(0, 99),
)
def test_after_any_walks_the_files_seen_last_are_the_present_ones(tmp_path_factory, steps, seed):
    with SqliteWriter(tmp_path_factory.mktemp("library")) as catalogue:
        folder = catalogue.add_folder(ROOT)
        for names in steps:
            walked(catalogue, folder, *(stamp(ROOT / name, mtime_ns=seed % 3) for name in names))
            analysed(catalogue, folder)
        with SqliteReader(catalogue.library) as reader:
            present = {row.name for row in reader.rows(list(range(1, 100))).values() if not row.is_missing}
            assert present == set(steps[-1])
            assert not bool(reader.pending_folders(ENCODER_ID))


def test_only_one_process_at_a_time_may_index(tmp_path):
    locked = pytest.raises(CatalogueError, match=r"Another Bowerbird process is indexing this library\. Wait")
    with process_lock(tmp_path), locked, process_lock(tmp_path):
        pass
    with process_lock(tmp_path):
        pass


def test_the_library_can_be_read_while_it_is_written(catalogue, folder, reader):
    catalogue.begin_scan()
    with catalogue._transaction():
        catalogue._insert(folder, stamp(ROOT / "a.wav"))
        assert reader.count() == 0
    assert sum(not row.is_missing for row in reader.rows(reader.list_ids(Query()).tolist()).values()) == 1


def test_a_failed_transaction_leaves_nothing_behind(catalogue, folder, reader):
    walked(catalogue, folder, stamp(ROOT / "a.wav"))
    (sound,) = pending(catalogue, folder)
    with pytest.raises(ZeroDivisionError):
        catalogue.record(((sound.id, analysis(number)) if number else 1 / 0 for number in (1, 0)), [], ENCODER_ID)
    assert len(reader.window_ids(ENCODER_ID)[0]) == 0
    assert [left.id for left in pending(catalogue, folder)] == [sound.id]


def test_an_event_of_the_history_is_not_a_new_revision_and_a_change_of_a_sound_is(catalogue, folder, reader):
    walked(catalogue, folder, stamp(ROOT / "a.wav"))
    analysed(catalogue, folder)
    listed = reader.list_ids(Query())
    before = reader.revision()
    catalogue.record_event("played", int(listed[0]), at_s=1.0)
    catalogue.create_search("soft", "{}")
    assert walked(catalogue, folder, stamp(ROOT / "a.wav")) == (0, 0, 0)
    catalogue.delete_orphans()
    assert reader.revision() == before
    assert reader.list_ids(Query()) is listed
    with SqliteWriter(catalogue.library) as other:
        walked(other, folder, stamp(ROOT / "a.wav"), stamp(ROOT / "b.wav"))
    assert reader.revision() > before
    assert len(reader.list_ids(Query())) == 2
    before = reader.revision()
    catalogue.set_stars({1: 3})
    assert reader.revision() > before


def test_a_sound_that_another_process_adds_is_a_new_revision(catalogue, folder, reader):
    before = reader.revision()
    program = (
        "import sys; from pathlib import Path; from bowerbird.catalogue.sqlite.writer import SqliteWriter\n"
        "with SqliteWriter(Path(sys.argv[1])) as writer: writer.add_folder(Path(sys.argv[2]))"
    )
    subprocess.run([sys.executable, "-c", program, str(catalogue.library), str(ROOT.with_name("more"))], check=True)
    assert reader.revision() > before
