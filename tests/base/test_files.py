"""Files and folders on a real disk are written whole or not at all."""

import errno
import os
from contextlib import suppress
from pathlib import Path

import pytest

from bowerbird.base.files import (
    check_writable,
    open_atomic,
    os_reason,
    outermost,
    replace_folder,
    swap_folder,
    write_atomic,
)
from privileges import bound_by_permissions


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def read_only(tmp_path):
    folder = tmp_path / "read-only"
    folder.mkdir()
    (folder / "kept.txt").write_text("before")
    (folder / "kept").mkdir()
    (folder / "kept" / "old.txt").write_text("before")
    folder.chmod(0o555)
    yield folder
    folder.chmod(0o755)


def test_a_refusal_is_given_in_the_words_of_the_system():
    assert os_reason(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))) == "no space left on device"


def test_a_refusal_without_a_reason_is_still_a_reason():
    assert os_reason(OSError("Disk gone")) == "disk gone"
    assert os_reason(OSError()) == "the system refused"
    assert os_reason(OSError(), fallback="it cannot be opened") == "it cannot be opened"


@pytest.mark.parametrize("data", ["grün\n", "grün\n".encode()])
def test_text_and_bytes_replace_what_was_there(tmp_path, data):
    path = tmp_path / "words.txt"
    path.write_text("before")
    write_atomic(path, data)
    assert path.read_text(encoding="utf-8") == "grün\n"
    assert names(tmp_path) == ["words.txt"]


def test_an_interrupted_write_leaves_the_former_file_and_no_draft(tmp_path):
    path = tmp_path / "words.txt"
    path.write_text("before")
    with suppress(KeyboardInterrupt), open_atomic(path) as file:
        file.write(b"half")
        raise KeyboardInterrupt
    assert path.read_text() == "before"
    assert names(tmp_path) == ["words.txt"]


def test_a_full_disk_leaves_the_former_file(tmp_path):
    if not Path("/dev/full").exists():
        pytest.skip("there is no device that is always full here")
    path = tmp_path / "words.txt"
    path.write_text("before")
    path.with_name(".words.txt.draft").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        write_atomic(path, "after")
    assert path.read_text() == "before"
    assert names(tmp_path) == ["words.txt"]


def test_a_folder_that_may_not_be_written_keeps_its_file(read_only):
    with bound_by_permissions(), pytest.raises(PermissionError):
        write_atomic(read_only / "kept.txt", "after")
    assert (read_only / "kept.txt").read_text() == "before"
    assert names(read_only) == ["kept", "kept.txt"]


def test_whether_a_file_can_be_written_is_checked_without_writing_it(tmp_path, read_only):
    with bound_by_permissions(), pytest.raises(PermissionError):
        check_writable(read_only / "kept.txt")
    with pytest.raises(IsADirectoryError):
        check_writable(read_only)
    kept = tmp_path / "kept.txt"
    kept.write_text("before")
    check_writable(kept)
    check_writable(tmp_path / "new.txt")
    assert kept.read_text() == "before"
    assert names(tmp_path) == ["kept.txt", "read-only"]


def test_a_folder_is_replaced_whole(tmp_path):
    folder = tmp_path / "ear"
    folder.mkdir()
    (folder / "old.txt").write_text("before")
    replace_folder(folder, lambda draft: write_atomic(draft / "new.txt", "after"))
    assert names(folder) == ["new.txt"]
    assert names(tmp_path) == ["ear"]


def test_a_folder_that_never_existed_is_made_with_its_parents(tmp_path):
    replace_folder(tmp_path / "ears" / "mine", lambda draft: write_atomic(draft / "new.txt", "after"))
    assert names(tmp_path / "ears") == ["mine"]


def test_a_draft_that_cannot_be_filled_leaves_the_former_folder(tmp_path):
    folder = tmp_path / "ear"
    folder.mkdir()
    (folder / "old.txt").write_text("before")

    def breaking(draft):
        (draft / "half.txt").write_text("half")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        replace_folder(folder, breaking)
    assert names(folder) == ["old.txt"]
    assert names(tmp_path) == ["ear"]


def test_a_folder_that_may_not_be_replaced_stays(read_only):
    with bound_by_permissions(), pytest.raises(PermissionError):
        replace_folder(read_only / "kept", lambda draft: None)
    assert names(read_only / "kept") == ["old.txt"]


def test_the_former_folder_is_put_back_when_the_draft_cannot_be_moved(tmp_path):
    folder, former = tmp_path / "ear", tmp_path / "ear.old"
    folder.mkdir()
    (folder / "old.txt").write_text("before")
    with pytest.raises(FileNotFoundError):
        swap_folder(folder, tmp_path / "gone", former=former)
    assert names(folder) == ["old.txt"]
    assert not former.exists()


def test_remains_of_an_earlier_swap_are_cleared(tmp_path):
    folder, draft, former = (tmp_path / name for name in ("ear", "draft", "ear.old"))
    for path in (folder, draft, former):
        path.mkdir()
        (path / f"{path.name}.txt").write_text(path.name)
    swap_folder(folder, draft, former=former)
    assert names(folder) == ["draft.txt"]
    assert names(tmp_path) == ["ear"]


def test_folders_inside_others_are_left_out_whatever_their_names_sort_like():
    paths = [os.sep + path.replace("/", os.sep) for path in ("a b/c", "a/c", "a", "a b/c/d", "a/b", "d", "a", "a-b")]
    assert outermost(paths) == [os.sep + path.replace("/", os.sep) for path in ("a", "a b/c", "a-b", "d")]
    assert outermost([os.sep, *paths]) == [os.sep]


def test_thousands_of_folders_are_compared_without_looking_at_every_pair():
    class Counted(str):
        n_compared = 0

        def startswith(self, *arguments):
            Counted.n_compared += 1
            return super().startswith(*arguments)

    paths = [Counted(os.path.join(os.sep, f"pack {number}")) for number in range(20_000)]  # noqa: PTH118
    assert len(outermost(paths)) == len(paths)
    assert Counted.n_compared <= len(paths)
