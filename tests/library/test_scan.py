"""Walking folders as they are: links, loops, closed doors, hidden things and names of every kind."""

import os
import sys
from pathlib import Path

import pytest

from bowerbird.jobs.control import Control
from bowerbird.library.indexing.scan import Scan, scan
from privileges import bound_by_permissions

posix = pytest.mark.skipif(sys.platform == "win32", reason="needs links, pipes and permissions")


def found(root, control=None):
    met = Scan()
    return [str(Path(stamp.path).relative_to(root)) for stamp in scan(root, met, control or Control())], met


def touch(path, data=b"x"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def test_sounds_come_in_the_order_of_names_directory_by_directory(tmp_path):
    for name in ["b.wav", "a.wav", "z/a.wav", "c/b/y.wav", "c/x.wav"]:
        touch(tmp_path / name)
    assert found(tmp_path)[0] == ["a.wav", "b.wav", "c/x.wav", "c/b/y.wav", "z/a.wav"]


def test_what_is_no_sound_is_ignored_by_name(tmp_path):
    touch(tmp_path / "notes.txt")
    touch(tmp_path / "unknown.thing")
    touch(tmp_path / "take", b"RIFF....WAVE")
    paths, met = found(tmp_path)
    assert paths == ["take"]
    assert sorted(Path(path).name for path in met.ignored) == ["notes.txt", "unknown.thing"]


def test_hidden_files_and_the_leavings_of_systems_are_postponed(tmp_path):
    for name in [".hidden.wav", "._a.wav", ".git/a.wav", "__MACOSX/a.wav", "$RECYCLE.BIN/a.wav", "a.wav"]:
        touch(tmp_path / name)
    paths, met = found(tmp_path)
    assert paths == ["a.wav"]
    assert (met.ignored, met.unread) == ([], [])


def test_size_and_time_are_those_of_the_file(tmp_path):
    path = touch(tmp_path / "a.wav", b"12345")
    (stamp,) = scan(tmp_path, Scan(), Control())
    assert (stamp.size_bytes, stamp.mtime_ns) == (5, path.stat().st_mtime_ns)


@posix
def test_a_loop_of_links_is_walked_once(tmp_path):
    touch(tmp_path / "in" / "a.wav")
    (tmp_path / "in" / "up").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "in" / "self").symlink_to(tmp_path / "in", target_is_directory=True)
    (tmp_path / "round").symlink_to(tmp_path / "round")
    assert found(tmp_path)[0] == ["in/a.wav"]
    assert found(tmp_path)[1].unread == []


@posix
def test_linked_folders_and_files_are_followed_and_dangling_ones_are_not(tmp_path):
    touch(tmp_path / "elsewhere" / "a.wav")
    touch(tmp_path / "elsewhere" / "folder" / "b.wav")
    root = tmp_path / "root"
    root.mkdir()
    (root / "file.wav").symlink_to(tmp_path / "elsewhere" / "a.wav")
    (root / "linked").symlink_to(tmp_path / "elsewhere" / "folder", target_is_directory=True)
    (root / "dangling.wav").symlink_to(tmp_path / "gone.wav")
    paths, met = found(root)
    assert paths == ["file.wav", "linked/b.wav"]
    assert met.unread == []


@posix
def test_a_named_pipe_is_no_sound_and_is_not_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.wav")
    os.mkfifo(tmp_path / "pipe")
    assert found(tmp_path)[0] == []


@posix
@pytest.mark.parametrize("mode", [0, 0o400, 0o100])
def test_a_directory_closed_to_us_is_unread_and_the_rest_is_found(tmp_path, mode):
    touch(tmp_path / "closed" / "a.wav")
    touch(tmp_path / "open" / "b.wav")
    (tmp_path / "closed").chmod(mode)
    try:
        with bound_by_permissions():
            paths, met = found(tmp_path)
    finally:
        (tmp_path / "closed").chmod(0o700)
    assert paths == ["open/b.wav"]
    ((directory, reason),) = met.unread
    assert directory == str(tmp_path / "closed")
    assert "permission" in reason


def test_a_root_that_is_gone_is_unread(tmp_path):
    paths, met = found(tmp_path / "gone")
    assert paths == []
    assert [directory for directory, _ in met.unread] == [str(tmp_path / "gone")]


def test_cancelling_ends_the_walk(tmp_path):
    for number in range(20):
        touch(tmp_path / f"{number:02}" / "a.wav")
    control, n = Control(), 0
    for _ in scan(tmp_path, Scan(), control):
        n += 1
        control.cancel()
    assert n == 1


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has file names that are no text")
def test_names_that_are_not_text_are_found(tmp_path):
    name = os.fsdecode(b"caf\xe9.wav")
    touch(tmp_path / os.fsdecode(b"d\xff") / name)
    assert found(tmp_path)[0] == [f"{os.fsdecode(b'd' + bytes([255]))}/{name}"]
