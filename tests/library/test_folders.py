"""Folders: not connected, moved with their drive, watched, and names that are ignored."""

import shutil
import threading
from pathlib import Path

import pytest
from stage import run

from bowerbird.base.errors import QueryError
from bowerbird.domain.query import Query, parse_query
from bowerbird.library.annotations.annotate import add_tag
from bowerbird.library.folders import ignore, relink, remove_folder, suggest_relink, watch
from bowerbird.library.indexing.ignoring import Ignored
from bowerbird.library.indexing.watch import FolderWatcher, is_of_interest
from bowerbird.library.library import Library
from sounds import noise, sine, write

WAIT_S = 10


@pytest.fixture
def root(tmp_path):
    for number in range(3):
        write(tmp_path / "drive" / "Pack" / f"{number}.wav", noise(number, duration_s=0.2))
    write(tmp_path / "drive" / "tone.wav", sine(duration_s=0.2))
    run(tmp_path / "library", tmp_path / "drive")
    return tmp_path


@pytest.fixture
def library(root):
    return Library.open(root / "library")


def the_folder(library):
    (folder,) = library.folders()
    return folder


def present(library):
    with library.read() as reader:
        rows = reader.rows(reader.list_ids(Query()).tolist()).values()
    return sorted(str(row.path) for row in rows if not row.is_missing)


def test_a_folder_that_is_not_connected_is_known_with_its_sounds(library, root):
    (root / "drive" / "tone.wav").unlink()
    run(root / "library")
    with library.read() as reader:
        (state,) = reader.folder_states()
        assert (state.is_connected, state.n_sounds, state.n_missing) == (True, 4, 1)
        (root / "drive").rename(root / "unplugged")
        (state,) = reader.folder_states()
        assert (state.folder.path, state.is_connected, state.n_sounds) == (root / "drive", False, 4)


def test_a_relinked_folder_keeps_ids_vectors_and_tags_and_doubles_nothing(library, root):
    with library.read() as reader:
        tone = reader.sound_at(root / "drive" / "tone.wav")
    add_tag(library, [tone.id], "steady")
    (root / "drive").rename(root / "other name")
    found = suggest_relink(library, root / "other name")
    assert (found.folder.path, found.n_found, found.n_compared) == (root / "drive", 4, 4)
    relink(library, found.folder, root / "other name")
    summary, _ = run(root / "library")
    assert (summary.n_sounds, summary.n_analysed) == (4, 0)
    with library.read() as reader:
        moved = reader.sound_at(root / "other name" / "tone.wav")
        assert (moved.id, moved.directory) == (tone.id, "other name")
        assert reader.list_ids(parse_query("tag=steady")).tolist() == [tone.id]
        assert reader.count() == 4
        assert len(reader.list_ids(parse_query("other"))) == 4


def test_a_folder_that_was_added_again_elsewhere_is_joined_with_its_former_self(library, root):
    former = the_folder(library)
    with library.read() as reader:
        tone = reader.sound_at(root / "drive" / "tone.wav")
    (root / "drive").rename(root / "new")
    write(root / "new" / "more.wav", noise(8, duration_s=0.1))
    run(root / "library", root / "new")
    with library.read() as reader:
        assert reader.count() == 9
    relink(library, former, root / "new")
    run(root / "library")
    with library.read() as reader:
        assert reader.count() == 5
        assert reader.sound_at(root / "new" / "tone.wav").id == tone.id
        assert [folder.id for folder in reader.folders()] == [former.id]


@pytest.mark.parametrize("removed", ["new", "new/Pack", "."])
def test_a_folder_moves_to_where_removed_folders_are_and_its_sounds_stay(library, root, removed):
    former = the_folder(library)
    shutil.copytree(root / "drive", root / "outer" / "new")
    more = write(root / "outer" / "new" / "Pack" / "more.wav", noise(8, duration_s=0.1))
    run(root / "library", root / "outer" / removed)
    remove_folder(library, next(folder for folder in library.folders() if folder.id != former.id))
    relink(library, former, root / "outer" / "new")
    library.delete_removed()
    assert [folder.id for folder in library.folders()] == [former.id]
    assert str(more) in present(library)
    assert len(present(library)) == 5


def test_files_that_only_look_alike_suggest_nothing(library, root):
    shutil.copytree(root / "drive", root / "copy")
    assert suggest_relink(library, root / "copy") is None  # the folder itself is there
    (root / "drive").rename(root / "unplugged")
    assert suggest_relink(library, root / "copy") is not None
    for path in (root / "copy").rglob("*.wav"):
        path.write_bytes(bytes(path.stat().st_size))
    assert suggest_relink(library, root / "copy") is None
    assert suggest_relink(library, root / "nowhere") is None


def test_a_folder_is_not_relinked_to_where_others_are(library, root):
    write(root / "second" / "x.wav", noise(5, duration_s=0.1))
    run(root / "library", root / "second")
    drive = library.folders()[0]
    (root / "second" / "below").mkdir()
    for path in (root, root / "second" / "below", root / "drive" / "Pack"):
        with pytest.raises(QueryError, match=r"overlaps with another folder"):
            relink(library, drive, path)
    with pytest.raises(QueryError, match=r"Cannot find the folder .+\. Is the drive connected\?"):
        relink(library, drive, root / "nowhere")


def test_ignored_names_are_not_scanned(library, root):
    write(root / "drive" / "Renders" / "x.wav", noise(5, duration_s=0.1))
    write(root / "drive" / "take_BACKUP.wav", noise(6, duration_s=0.1))
    write(root / "drive" / "__MACOSX" / "y.wav", noise(7, duration_s=0.1))
    ignore(library, ["renders", " *_backup.* ", ""])
    summary, _ = run(root / "library")
    assert summary.n_sounds == 4
    with library.read() as reader:
        assert reader.ignored_patterns() == ["*_backup.*", "renders"]


@pytest.mark.parametrize("pattern", ["*", "?*", "a/b", "a\\b"])
def test_a_pattern_that_ignores_everything_is_refused(library, pattern):
    with pytest.raises(QueryError, match=r"is not a valid pattern\. Write"):
        ignore(library, [pattern])


def test_the_default_patterns_ignore_what_other_programs_leave(library):
    with library.read() as reader:
        ignored = Ignored(reader.ignored_patterns())
    assert all(ignored.matches(name) for name in (".git", "__MacOSX", "._kick.wav", "Kick.wav.ASD", "x.reapeaks"))
    assert not ignored.matches("kick.wav")


def test_whether_a_folder_is_watched_is_kept(library):
    assert not the_folder(library).is_watched
    watch(library, the_folder(library), is_watched=True)
    assert the_folder(library).is_watched


# Watching


class Reports:
    """What a watcher reported, and waiting for it."""

    def __init__(self):
        self.directories = []
        self._changed = threading.Condition()

    def __call__(self, directories):
        with self._changed:
            self.directories += directories
            self._changed.notify_all()

    def wait_for(self, directory):
        with self._changed:
            return self._changed.wait_for(lambda: directory in self.directories, WAIT_S)


@pytest.fixture(params=[False, True], ids=["events", "polling"])
def watching(library, request):
    """Start to watch the folder of the library; returns the reports."""
    watchers = []

    def start(settle_s=0.3):
        reports = Reports()
        watcher = FolderWatcher(
            library, library.folders(), changed=reports, settle_s=settle_s, is_polling=request.param
        )
        watcher.start()
        watchers.append(watcher)
        assert watcher.wait_until_ready(WAIT_S)
        return reports

    yield start
    for watcher in watchers:
        watcher.stop()


def test_a_new_changed_or_deleted_sound_is_reported_by_its_directory(library, root, watching):
    reports = watching()
    write(root / "drive" / "Pack" / "new.wav", noise(9, duration_s=0.1))
    assert reports.wait_for(root / "drive" / "Pack")
    reports.directories.clear()
    (root / "drive" / "tone.wav").unlink()
    assert reports.wait_for(root / "drive")
    run(root / "library", *reports.directories)
    assert present(library) == [str(root / "drive" / "Pack" / name) for name in ("0.wav", "1.wav", "2.wav", "new.wav")]


def test_a_whole_directory_that_goes_or_comes_is_reported(root, watching):
    reports = watching()
    (root / "drive" / "Pack").rename(root / "Pack")
    assert reports.wait_for(root / "drive")
    reports.directories.clear()
    (root / "Pack").rename(root / "drive" / "Back")
    assert reports.wait_for(root / "drive" / "Back")


def test_what_is_no_sound_or_ignored_is_not_reported(root, watching):
    reports = watching()
    (root / "drive" / "Pack" / "notes.txt").write_text("x")
    (root / "drive" / "Pack" / "0.wav.asd").write_bytes(b"x")
    (root / "drive" / ".cache").mkdir()
    (root / "drive" / ".cache" / "x.wav").write_bytes(b"x")
    write(root / "drive" / "last.wav", noise(9, duration_s=0.1))
    assert reports.wait_for(root / "drive")
    assert reports.directories == [root / "drive"]


def test_a_file_that_is_being_written_is_waited_for(root, watching):
    reports = watching()
    whole = write(root / "whole.wav", noise(9, duration_s=1.0)).read_bytes()
    path = root / "drive" / "Pack" / "recording.wav"
    path.write_bytes(whole[: len(whole) // 2])  # as long as its header says less than half is there
    write(root / "drive" / "tone 2.wav", sine(duration_s=0.1))
    write(root / "drive" / "Other" / "x.wav", sine(99, duration_s=0.1))
    assert reports.wait_for(root / "drive" / "Other")
    assert root / "drive" / "Pack" not in reports.directories
    assert root / "drive" not in reports.directories
    path.write_bytes(whole)
    assert reports.wait_for(root / "drive")  # with everything below it


def test_a_drive_that_returns_is_reported(root, watching):
    (root / "drive").rename(root / "unplugged")
    reports = watching()
    (root / "unplugged").rename(root / "drive")
    assert reports.wait_for(root / "drive")


def test_nothing_is_reported_after_stopping(library, root):
    reports = Reports()
    watcher = FolderWatcher(library, library.folders(), changed=reports, settle_s=0.1)
    watcher.start()
    assert watcher.wait_until_ready(WAIT_S)
    watcher.stop()
    write(root / "drive" / "late.wav", noise(9, duration_s=0.1))
    assert reports.directories == []
    assert not [thread for thread in threading.enumerate() if thread.name == "bowerbird-watch"]


def test_only_names_that_a_scan_would_see_are_of_interest():
    ignored = Ignored(["*.asd"])
    inside = [str(Path("/s", *parts)) for parts in (("a.wav",), ("b", "c.flac"), ("new folder",), ("no ending",))]
    outside = [str(Path("/s", *parts)) for parts in ((".git", "a.wav"), ("a.wav.asd",), ("x.txt",), (".a.wav",))]
    assert all(is_of_interest(path, "/s", ignored) for path in inside)
    assert not any(is_of_interest(path, "/s", ignored) for path in outside)
