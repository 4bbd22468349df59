"""Names in any script are found, folders are told apart by identity, and what is old is forgotten."""

import os
from pathlib import Path

import pytest

from analyses import ENCODER_ID, analysis, stamp
from bowerbird.catalogue.records import FileStamp
from bowerbird.catalogue.sqlite.reader import SqliteReader
from bowerbird.catalogue.sqlite.sounds import directory_of
from bowerbird.catalogue.sqlite.writer import SqliteWriter
from bowerbird.domain.query import Location, Query, parse_query

pytestmark = pytest.mark.skipif(os.sep != "/", reason="the paths below are written as POSIX has them")


@pytest.fixture
def catalogue(tmp_path):
    with SqliteWriter(tmp_path) as catalogue:
        yield catalogue


@pytest.fixture
def reader(catalogue):
    with SqliteReader(catalogue.library) as reader:
        yield reader


def listed(catalogue, root, *names):
    folder = catalogue.add_folder(Path(root))
    catalogue.reconcile(folder, [stamp(Path(root) / name) for name in names])
    return folder


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("킥 드럼.wav", "킥"),
        ("ガラス.wav", "ガラス"),
        ("Straße.wav", "straße"),
        ("re\u0301verb.wav", "réverb"),
        ("re\u0301verb.wav", "reverb"),
        ("Türknall.wav", "turknall"),
        ("雷の音.wav", "雷の音"),
    ],
)
def test_a_sound_is_found_by_its_own_name_in_any_script(catalogue, reader, name, words):
    listed(catalogue, "/sounds", name, "other.wav")
    assert len(reader.list_ids(parse_query(words))) == 1


def test_two_folders_of_one_name_are_two_places(catalogue, reader):
    first = listed(catalogue, "/x/Samples", "a.wav", "Drums/b.wav")
    second = listed(catalogue, "/z/Samples", "c.wav")
    assert len(reader.list_ids(Query(location=Location(first.id, "Samples")))) == 2
    assert len(reader.list_ids(Query(location=Location(second.id, "Samples")))) == 1
    assert {place.folder_id for place, _ in reader.directories()} == {first.id, second.id}


def test_a_place_holds_what_lies_below_it_and_nothing_of_a_like_name(catalogue, reader):
    folder = listed(catalogue, "/s", "Drums/a.wav", "Drums/Kick/b.wav", "Drums 2/c.wav", "Other/Drums/d.wav")
    ids = reader.list_ids(Query(location=Location(folder.id, "s/Drums"))).tolist()
    assert sorted(row.name for row in reader.rows(ids).values()) == ["a.wav", "b.wav"]


@pytest.mark.parametrize("directory", ["b\udcff d", "back\\slash", "100%", "under_score"])
def test_a_place_of_any_name_shows_its_sounds(catalogue, reader, directory):
    folder = listed(catalogue, "/s", f"{directory}/a.wav")
    assert len(reader.list_ids(Query(location=Location(folder.id, f"s/{directory}")))) == 1


def test_a_drive_as_a_folder_has_a_name(catalogue, reader):
    assert directory_of("/usr/a.wav", Path("/")) == "root/usr"


def test_words_of_metadata_go_with_the_content_they_came_from(catalogue, reader):
    folder = listed(catalogue, "/s", "a.wav")
    sound = catalogue.pending(folder, below="/s/", encoder_id=ENCODER_ID)[0]
    catalogue.record([(sound.id, analysis(1, metadata={"title": "Zanzibar"}))], [], ENCODER_ID)
    assert len(reader.list_ids(parse_query("zanzibar"))) == 1
    catalogue.reconcile(folder, [FileStamp("/s/a.wav", 101, 9)])
    catalogue.record([(sound.id, analysis(2))], [], ENCODER_ID)
    assert len(reader.list_ids(parse_query("zanzibar"))) == 0


def test_thousands_of_directories_may_be_closed_to_us(catalogue, reader):
    folder = listed(catalogue, "/s", *(f"{i}/a.wav" for i in range(1500)))
    catalogue.begin_scan()
    unread = [f"/s/{i}/" for i in range(1499)]
    assert catalogue.mark_missing(folder, below="/s/", unread=unread) == 1


def test_a_catalogue_on_a_disk_that_cannot_be_written_is_still_read(catalogue, monkeypatch):
    listed(catalogue, "/s", "a.wav")
    catalogue.close()
    monkeypatch.setattr(os, "access", lambda *_: False)
    with SqliteReader(catalogue.library) as reader:
        assert len(reader.list_ids(Query())) == 1
