"""`bowerbird folders` and `bowerbird tags`: what they say and leave."""

import csv

import pytest

from sounds import noise, write


@pytest.fixture
def root(tmp_path, command):
    for number in range(2):
        write(tmp_path / "drive" / f"{number}.wav", noise(number, duration_s=0.2))
    assert command("index", tmp_path / "drive", "--library", tmp_path / "library").code == 0
    return tmp_path


@pytest.fixture
def folders(root, command):
    return lambda *arguments: command("folders", *arguments, "--library", root / "library")


def test_folders_are_listed_with_those_that_are_not_connected(root, folders):
    assert folders("list").out == f"{root / 'drive'}\t2 sounds\n"
    (root / "drive").rename(root / "away")
    assert folders("list").out == f"{root / 'drive'}\t2 sounds, not connected\n"


def test_a_moved_folder_is_recognised_and_relinked(root, folders, command):
    (root / "drive").rename(root / "moved")
    done = command("index", root / "moved", "--library", root / "library")
    assert f"`bowerbird folders relink {root / 'drive'} {root / 'moved'}`" in done.complaints
    assert folders("relink", root / "drive", root / "moved").code == 0
    assert folders("list").out == f"{root / 'moved'}\t2 sounds\n"


def test_a_folder_is_not_relinked_to_where_none_of_its_sounds_is(root, folders):
    (root / "other").mkdir()
    done = folders("relink", root / "drive", root / "other")
    assert done.code == 2
    assert f"{root / 'other'} has none of the sounds of “drive”. Choose the folder that has them." in done.complaints
    assert folders("list").out == f"{root / 'drive'}\t2 sounds\n"


def test_missing_sounds_are_forgotten_and_folders_removed(root, folders, command):
    (root / "drive" / "1.wav").unlink()
    command("index", "--library", root / "library")
    assert folders("list").out == f"{root / 'drive'}\t2 sounds, 1 missing\n"
    assert folders("forget-missing").out == "1 missing sound forgotten\n"
    assert folders("list").out == f"{root / 'drive'}\t1 sound\n"
    assert folders("remove", root / "drive").code == 0
    assert folders("list").out == ""
    done = folders("remove", root / "drive")
    assert (done.code, "is not a folder of the library. Run" in done.complaints) == (2, True)


def test_ignored_names_are_listed_and_chosen(folders):
    assert folders("ignore").out.split() == ["*.asd", "*.reapeaks", "._*", ".git", "__MACOSX"]
    assert folders("ignore", "Renders", "*.bak").out.split() == ["*.bak", "Renders"]
    assert folders("ignore", "*").code == 2


def test_tags_are_exported_and_imported_and_unknown_sounds_are_named(root, command):
    library = ("--library", root / "library")
    command("words", root / "drive" / "0.wav", "--add", "wood", *library)
    done = command("tags", "export", root / "tags.csv", *library)
    assert (done.code, done.out) == (0, f"1 sound written to {root / 'tags.csv'}\n")
    with (root / "tags.csv").open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["path"], row["tags"]) == (str(root / "drive" / "0.wav"), "wood")
    (root / "mine.csv").write_text(f"path,stars\n{root / 'drive' / '1.wav'},4\n/nowhere.wav,1\n")
    done = command("tags", "import", root / "mine.csv", *library)
    assert (done.code, done.out) == (1, "1 sound updated\n")
    assert "/nowhere.wav is not in the library." in done.complaints
    found = command("search", "--filter", "stars>=3", "--json", *library)
    assert [row["path"] for row in found.rows] == [str(root / "drive" / "1.wav")]
