"""Indexing from end to end: real files, real worker processes, a real catalogue."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import killing
import pytest
from stage import of_kind, run

from analyses import dump
from bowerbird.base.errors import CatalogueError, EncoderError
from bowerbird.catalogue.sqlite.lock import process_lock
from bowerbird.catalogue.sqlite.reader import SqliteReader
from bowerbird.domain.events import (
    BatchRecorded,
    FileIgnored,
    FolderListed,
    FolderUnreachable,
    IndexingFinished,
    Progress,
    SoundRejected,
)
from bowerbird.domain.query import Query, parse_query
from bowerbird.jobs.control import Control
from bowerbird.library.indexing import worker_pool as workers
from bowerbird.library.library import Library
from privileges import bound_by_permissions
from sounds import N_SMALL, N_SMALL_BROKEN, click, noise, sine, small_library, write

posix = pytest.mark.skipif(sys.platform == "win32", reason="needs named pipes or permissions")


BROKEN = {"empty.wav", "garbage.wav", "same garbage.wav", "other.mp4"}


@pytest.fixture
def library(tmp_path):
    return tmp_path / "library"


@pytest.fixture
def sounds(tmp_path):
    """Three sounds."""
    root = tmp_path / "sounds"
    write(root / "tone.wav", sine(duration_s=0.2))
    write(root / "below" / "noise.flac", noise(1, duration_s=0.2))
    write(root / "below" / "click.ogg", click())
    return root


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """The small library, indexed: (library, folder, summary, events). Not to be changed."""
    folder = small_library(tmp_path_factory.mktemp("small"))
    library = tmp_path_factory.mktemp("library") / "library"
    return library, folder, *run(library, folder)


def test_everything_is_analysed_copied_rejected_or_ignored(small):
    library, folder, summary, events = small
    assert (summary.n_sounds, summary.n_rejected) == (N_SMALL, N_SMALL_BROKEN)
    assert summary.n_copies == 4
    assert summary.n_analysed == N_SMALL - N_SMALL_BROKEN - 4
    assert not summary.is_cancelled
    assert events[-1] == summary
    (listed,) = of_kind(events, FolderListed)
    assert (listed.n_found, listed.n_new, listed.n_changed, listed.n_missing) == (N_SMALL, N_SMALL, 0, 0)
    assert {Path(event.path).name for event in of_kind(events, FileIgnored)} == {"notes.txt", "cover.jpg"}
    with SqliteReader(library) as reader:
        assert reader.count() == N_SMALL - N_SMALL_BROKEN
        rows = reader.rows(reader.list_ids(Query()).tolist()).values()
        assert all(row.duration_s and row.overview is not None and row.content_id for row in rows)
        long = reader.sound_at(folder / "long" / "two windows.wav")
        assert (long.duration_s, long.rate_hz, long.n_channels, long.format) == (12.0, 8000, 1, "WAV")


def test_every_rejection_names_its_file_and_a_remedy(small):
    rejected = of_kind(small[3], SoundRejected)
    assert {Path(event.path).name for event in rejected} == BROKEN
    for event in rejected:
        assert event.reason.lstrip("`").startswith(Path(event.path).name)
        assert event.reason.endswith(".")
        assert not event.is_known


def test_rejected_sounds_are_grouped_by_the_class_of_their_reasons(small):
    library = small[0]
    with SqliteReader(library) as reader:
        groups = reader.rejected_groups()
        assert sum(len(group.sounds) for group in groups) == reader.count_rejected() == N_SMALL_BROKEN
    assert {group.code: [sound.path.name for sound in group.sounds] for group in groups} == {
        "damaged": ["garbage.wav", "same garbage.wav"],
        "empty": ["empty.wav"],
        "unsupported": ["other.mp4"],
    }
    assert groups[0].code == "damaged"
    assert all(group.reason and group.remedy.endswith(".") for group in groups)


def test_progress_ends_with_everything_done(small):
    steps = of_kind(small[3], Progress)
    assert [step.n_done for step in steps] == sorted(step.n_done for step in steps)
    assert steps[-1].n_done == steps[-1].n_total == N_SMALL


def test_a_copy_shares_what_was_found_out_about_its_twin(small):
    library, folder, *_ = small
    with SqliteReader(library) as reader:
        twin = reader.sound_at(folder / "tones" / "tone 1.wav")
        copy = reader.sound_at(folder / "copies" / "copy of 1.wav")
    assert twin.id != copy.id
    assert (twin.content_id, twin.duration_s) == (copy.content_id, copy.duration_s)


def test_a_second_run_does_nothing_and_starts_no_worker(small, monkeypatch):
    library, folder, *_ = small
    monkeypatch.setattr(workers, "serve", killing.serve_never)
    before = dump(library)
    summary, events = run(library, folder)
    assert (summary.n_analysed, summary.n_copies, summary.n_rejected) == (0, 0, N_SMALL_BROKEN)
    assert of_kind(events, BatchRecorded) == []
    assert {Path(event.path).name for event in of_kind(events, SoundRejected) if event.is_known} == BROKEN
    assert dump(library) == before


def test_one_worker_and_two_find_the_same_bit_for_bit(small, tmp_path):
    library, folder, *_ = small
    run(tmp_path / "other", folder, n_workers=1)
    assert dump(tmp_path / "other") == dump(library)


def test_a_run_without_folders_brings_all_known_ones_up_to_date(library, sounds, tmp_path):
    write(tmp_path / "more" / "a.wav", sine(330, duration_s=0.1))
    run(library, sounds, tmp_path / "more")
    write(tmp_path / "more" / "b.wav", sine(550, duration_s=0.1))
    summary, _ = run(library)
    assert (summary.n_sounds, summary.n_analysed) == (5, 1)
    assert len(Library.open(library).folders()) == 2


def test_a_changed_file_is_analysed_again_and_its_old_content_forgotten(library, sounds):
    run(library, sounds)
    write(sounds / "tone.wav", sine(880, duration_s=0.7))
    summary, events = run(library, sounds)
    assert summary.n_analysed == 1
    assert of_kind(events, FolderListed)[0].n_changed == 1
    with SqliteReader(library) as reader:
        assert reader.sound_at(sounds / "tone.wav").duration_s == pytest.approx(0.7)
    assert len(dump(library)["contents"]) == 3


def test_a_fixed_file_is_no_longer_rejected(library, sounds):
    (sounds / "tone.wav").write_bytes(b"")
    assert run(library, sounds)[0].n_rejected == 1
    write(sounds / "tone.wav", sine(duration_s=0.2))
    assert run(library, sounds)[0].n_rejected == 0


def test_a_moved_folder_of_sounds_is_recognised_without_analysis(library, sounds):
    run(library, sounds)
    with SqliteReader(library) as reader:
        before = reader.sound_at(sounds / "below" / "noise.flac")
    (sounds / "below").rename(sounds / "elsewhere")
    summary, events = run(library, sounds)
    assert (summary.n_analysed, summary.n_copies) == (0, 2)
    assert of_kind(events, FolderListed)[0].n_missing == 2
    with SqliteReader(library) as reader:
        after = reader.sound_at(sounds / "elsewhere" / "noise.flac")
        assert (after.id, after.is_missing) == (before.id, False)
        assert reader.count() == 3


def test_a_root_that_cannot_be_reached_marks_nothing_missing(library, sounds, tmp_path):
    run(library, sounds)
    sounds.rename(tmp_path / "unplugged")
    summary, events = run(library)
    assert summary.n_sounds == 0
    assert [event.folder for event in of_kind(events, FolderUnreachable)] == [str(sounds)]
    with SqliteReader(library) as reader:
        assert not any(row.is_missing for row in reader.rows(reader.list_ids(Query()).tolist()).values())


@posix
def test_a_root_closed_to_us_marks_nothing_missing(library, sounds):
    run(library, sounds)
    sounds.chmod(0)
    try:
        with bound_by_permissions():
            _, events = run(library)
    finally:
        sounds.chmod(0o700)
    assert len(of_kind(events, FolderUnreachable)) == 1
    with SqliteReader(library) as reader:
        assert not any(row.is_missing for row in reader.rows(reader.list_ids(Query()).tolist()).values())


@posix
@pytest.mark.parametrize("mode", [0, 0o400])
def test_a_subdirectory_closed_to_us_is_named_and_marks_nothing_in_it_missing(library, sounds, mode):
    run(library, sounds)
    (sounds / "tone.wav").unlink()
    (sounds / "below").chmod(mode)
    try:
        with bound_by_permissions():
            _, events = run(library, sounds)
    finally:
        (sounds / "below").chmod(0o700)
    assert [event.folder for event in of_kind(events, FolderUnreachable)] == [str(sounds / "below")]
    with SqliteReader(library) as reader:
        assert reader.sound_at(sounds / "tone.wav").is_missing
        assert not reader.sound_at(sounds / "below" / "click.ogg").is_missing


def test_a_folder_named_twice_is_counted_once(library, sounds):
    (sounds / "below" / "broken.wav").write_bytes(b"")
    summary, events = run(library, sounds, sounds / "below", sounds)
    assert (summary.n_sounds, summary.n_analysed, summary.n_rejected) == (4, 3, 1)
    assert len(of_kind(events, SoundRejected)) == 1


def test_a_folder_inside_another_may_be_named_first(library, sounds):
    summary, _ = run(library, sounds / "below", sounds)
    assert (summary.n_sounds, summary.n_analysed) == (3, 3)
    assert [folder.path for folder in Library.open(library).folders()] == [sounds]


def test_bringing_a_part_up_to_date_leaves_the_rest_alone(library, sounds):
    run(library, sounds)
    (sounds / "tone.wav").unlink()
    (sounds / "below" / "click.ogg").unlink()
    summary, _ = run(library, sounds / "below")
    assert summary.n_sounds == 1
    with SqliteReader(library) as reader:
        assert reader.sound_at(sounds / "below" / "click.ogg").is_missing
        assert not reader.sound_at(sounds / "tone.wav").is_missing


def test_a_removed_folder_leaves_no_trace_but_the_files(library, sounds, tmp_path):
    run(library, sounds)
    (folder,) = Library.open(library).folders()
    Library.open(library).remove_folder(folder.id)
    content = dump(library)
    assert (content["sounds"], content["contents"], content["windows"], content["n_words"]) == ([], [], [], (0,))
    assert (sounds / "tone.wav").exists()
    assert not Library.open(library).has_folders()


def test_a_library_that_is_being_indexed_is_left_alone(library, sounds):
    run(library, sounds)
    with process_lock(library):
        with pytest.raises(CatalogueError, match="Another Bowerbird process is indexing"):
            run(library, sounds)
        with pytest.raises(CatalogueError, match="Another Bowerbird process is indexing"):
            Library.open(library).remove_folder(Library.open(library).folders()[0].id)
    run(library, sounds)


@posix
def test_a_killer_file_is_named_and_the_rest_survive(library, sounds, monkeypatch):
    for number in range(16):
        write(sounds / "many" / f"{number}.wav", sine(200 + 10 * number, duration_s=0.1))
    write(sounds / "many" / "killer.wav", noise(5, duration_s=0.1))
    monkeypatch.setattr(workers, "serve", killing.serve)
    summary, events = run(library, sounds)
    assert [event.reason for event in of_kind(events, SoundRejected)] == [
        "Decoding killer.wav crashed twice. Re-export it."
    ]
    assert (summary.n_analysed, summary.n_rejected) == (19, 1)
    with SqliteReader(library) as reader:
        rows = reader.rows(reader.list_ids(Query()).tolist()).values()
        assert [row.name for row in rows if row.content_id is None] == []


@posix
def test_a_file_that_takes_forever_is_given_up_and_the_rest_survive(library, sounds, monkeypatch):
    write(sounds / "hanging.wav", noise(5, duration_s=0.1))
    monkeypatch.setattr(workers, "serve", killing.serve)
    monkeypatch.setattr(workers, "LIMIT_S", 3.0)
    summary, events = run(library, sounds)
    assert [event.reason for event in of_kind(events, SoundRejected)] == [
        "Decoding hanging.wav timed out. Re-export it."
    ]
    assert (summary.n_analysed, summary.n_rejected) == (3, 1)


def test_workers_that_cannot_start_are_said_so_and_blame_no_file(library, sounds, monkeypatch):
    monkeypatch.setattr(workers, "serve", killing.serve_never)
    with pytest.raises(EncoderError, match=r"cannot start\. Close other programs"):
        run(library, sounds)
    with SqliteReader(library) as reader:
        assert reader.rejected() == []
    monkeypatch.undo()
    assert run(library, sounds)[0].n_analysed == 3


@posix
@pytest.mark.parametrize("is_paused", [False, True])
def test_cancelling_ends_within_two_seconds_and_the_next_run_completes(library, sounds, monkeypatch, is_paused):
    for number in range(6):
        write(sounds / f"{number}.wav", sine(300 + number, duration_s=0.1))
    write(sounds / "hanging.wav", noise(5, duration_s=0.1))
    os.mkfifo(sounds / "told")
    monkeypatch.setattr(workers, "serve", killing.serve)
    control, cancelled_at = Control(), []

    def cancel_when_told():
        (sounds / "told").read_text()  # returns when the file is in a worker's hands
        if is_paused:
            control.pause()
        cancelled_at.append(time.monotonic())
        control.cancel()

    button = threading.Thread(target=cancel_when_told)
    button.start()
    summary, _ = run(library, sounds, control=control)
    assert time.monotonic() - cancelled_at[0] < 2
    button.join()
    assert summary.is_cancelled
    monkeypatch.undo()
    summary, _ = run(library, sounds)
    assert not summary.is_cancelled
    with SqliteReader(library) as reader:
        assert all(row.content_id for row in reader.rows(reader.list_ids(Query()).tolist()).values())
        assert reader.count() == 10


def test_paused_work_waits_and_resumed_work_completes(library, sounds):
    control, reached, summaries = Control(), threading.Event(), []
    control.pause()

    def post(event):
        if isinstance(event, FolderListed):
            reached.set()

    job = threading.Thread(target=lambda: summaries.append(run(library, sounds, control=control, post=post)[0]))
    job.start()
    assert reached.wait(10)
    job.join(1.0)
    assert job.is_alive()
    with SqliteReader(library) as reader:
        assert not dump(library)["windows"]
        assert reader.count() == 3
    control.resume()
    job.join(30)
    assert summaries[0].n_analysed == 3
    assert isinstance(summaries[0], IndexingFinished)


def test_a_worker_loads_numpy_only_after_it_has_chosen_its_threads():
    code = "import sys, bowerbird.library.indexing.worker; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], env=_environment(), check=False).returncode == 0


def _environment():
    return os.environ | {"PYTHONPATH": str(Path(__file__).parents[2] / "app")}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has file names that are no text")
def test_a_file_whose_name_is_no_text_is_indexed(library, tmp_path):
    path = tmp_path / "sounds" / os.fsdecode(b"d\xe9but") / os.fsdecode(b"caf\xe9 kick.wav")
    write(path, click())
    summary, _ = run(library, tmp_path / "sounds")
    assert summary.n_analysed == 1
    with SqliteReader(library) as reader:
        assert reader.sound_at(path).duration_s == pytest.approx(0.3)
        assert len(reader.list_ids(parse_query("kick"))) == 1
    assert run(library, tmp_path / "sounds")[0].n_analysed == 0


@posix
def test_a_loop_of_links_is_indexed_once(library, sounds):
    (sounds / "below" / "up").symlink_to(sounds, target_is_directory=True)
    assert run(library, sounds)[0].n_sounds == 3
