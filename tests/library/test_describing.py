"""Metadata in lists and searches, and what an older version of the program did not read."""

import sqlite3
from contextlib import closing

import numpy as np
import pytest
from stage import of_kind, run

from bowerbird.audio.metadata import reading
from bowerbird.catalogue.sqlite.connection import FILE_NAME
from bowerbird.catalogue.sqlite.reader import SqliteReader
from bowerbird.domain.events import Progress
from bowerbird.domain.query import Query, parse_query
from bowerbird.jobs.control import Control
from sounds import noise, sine, with_chunks, write

INFO = b"LIST", b"INFO" + b"IART" + (4).to_bytes(4, "little") + b"Anna"


@pytest.fixture
def library(tmp_path):
    return tmp_path / "library"


@pytest.fixture
def sounds(tmp_path):
    root = tmp_path / "sounds"
    with_chunks(write(root / "Pack 10" / "Bass Loop_120bpm_Gbm.wav", sine(55, duration_s=0.2)), INFO)
    write(root / "pack 3" / "DOORWood_Creak_ANN_STORM.wav", noise(1, duration_s=0.2))
    write(root / "Pack 1" / "Kick one shot.flac", sine(60, duration_s=0.1))
    return root


def names(library, query):
    with SqliteReader(library) as reader:
        ids = reader.list_ids(query if isinstance(query, Query) else parse_query(query)).tolist()
        rows = reader.rows(ids)
    return [rows[sound_id].name for sound_id in ids]


BASS, CREAK, KICK = "Bass Loop_120bpm_Gbm.wav", "DOORWood_Creak_ANN_STORM.wav", "Kick one shot.flac"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("bpm>=118", [BASS]),
        ("bpm=120", [BASS]),
        ("bpm<118", []),
        ("key=F#m", [BASS]),
        ("key=gbmin", [BASS]),
        ("key=F#", []),
        ("loop=yes", [BASS]),
        ("loop=no", [KICK]),
        ("artist=ann", [BASS]),
        ("category=door", [CREAK]),
        ("category=wood", [CREAK]),
        ("title=creak", [CREAK]),
        ("loudness<0", [BASS, CREAK, KICK]),
        ("peak<-90", []),
        ("doors", [CREAK]),
        ("anna", [BASS]),
    ],
)
def test_sounds_are_filtered_and_searched_by_what_files_and_names_say(library, sounds, query, found):
    run(library, sounds)
    assert names(library, query) == found


def test_lists_are_sorted_by_metadata_and_unknown_values_come_last(library, sounds):
    run(library, sounds)
    assert names(library, Query(order="bpm", is_descending=True))[0] == BASS
    assert names(library, Query(order="category"))[0] == CREAK


def test_folders_are_sorted_as_their_tree_is_with_numbers_by_value(library, sounds):
    write(sounds / "Pack 1" / "Deep" / "z.wav", sine(99, duration_s=0.1))
    run(library, sounds)
    assert names(library, Query(order="folder")) == [KICK, "z.wav", CREAK, BASS]


def test_the_inspector_gets_groups_in_order(library, sounds):
    run(library, sounds)
    with SqliteReader(library) as reader:
        found = reader.metadata(reader.sound_at(sounds / "Pack 10" / BASS).id)
        nothing = reader.metadata(12_345)
    assert [(group.name, group.entries) for group in found.groups] == [
        ("Description", (("Artist", "Anna"),)),
        ("Music", (("Tempo (BPM)", "120"), ("Key", "F# minor"), ("Loop", "yes"))),
    ]
    assert (found.bpm, found.root_key, found.is_loop) == (120.0, "F# minor", True)
    assert nothing.groups == ()


def test_names_are_searched_by_category_before_anything_is_analysed(library, sounds):
    control = Control()

    def post(event):
        if isinstance(event, Progress):  # everything is listed, nothing is analysed
            assert names(library, "category=doors") == [CREAK]
            control.cancel()

    run(library, sounds, control=control, post=post)
    assert control.is_cancelled


def test_a_renamed_sound_has_what_its_new_name_says(library, sounds):
    run(library, sounds)
    (sounds / "Pack 10" / BASS).rename(sounds / "Pack 10" / "Bass_90bpm.wav")
    run(library, sounds)
    assert names(library, "bpm=120") == []
    assert names(library, "bpm=90") == ["Bass_90bpm.wav"]


def as_an_older_version_left_it(library):
    with closing(sqlite3.connect(library / FILE_NAME)) as connection, connection:
        connection.execute("UPDATE contents SET metadata_version = 0, metadata = ''")
        connection.execute("UPDATE audio SET hash = NULL")
        connection.execute("UPDATE sounds SET name_metadata = NULL, bpm = NULL, artist = NULL, category = NULL")
        connection.execute("UPDATE sound_words SET metadata = ''")


def hashes(library):
    with closing(sqlite3.connect(library / FILE_NAME)) as connection:
        return connection.execute(
            "SELECT contents.hash, audio.hash, metadata_version FROM contents JOIN audio ON audio.id = audio_id "
            "ORDER BY contents.hash"
        ).fetchall()


def test_what_an_older_version_did_not_read_is_read_and_nothing_is_embedded_again(library, sounds):
    run(library, sounds)
    before = hashes(library)
    assert all(digest and version == reading.VERSION for _, digest, version in before)
    as_an_older_version_left_it(library)
    assert names(library, "artist=anna") == []
    summary, events = run(library, sounds)
    assert (summary.n_analysed, summary.n_encoded, summary.n_rejected) == (0, 0, 0)
    assert {event.activity for event in of_kind(events, Progress)} == {"Reading metadata", "Hashing samples"}
    assert names(library, "artist=anna") == [BASS]
    assert names(library, "bpm=120") == [BASS]
    assert hashes(library) == before


def test_reading_it_is_resumed_where_it_was_cancelled(library, sounds):
    run(library, sounds)
    before = hashes(library)
    as_an_older_version_left_it(library)
    control = Control()

    def post(event):
        if isinstance(event, Progress) and event.activity == "Reading metadata":
            control.cancel()

    run(library, sounds, control=control, post=post)
    assert hashes(library) != before
    run(library, sounds)
    assert hashes(library) == before


def test_the_same_samples_have_the_same_hash_in_every_lossless_container(library, tmp_path):
    samples = np.round(32_000 * noise(3, duration_s=0.2, n_channels=2)).astype(np.int16)
    for name, subtype in (("a.wav", "PCM_16"), ("b.flac", "PCM_16"), ("c.aiff", "PCM_16"), ("d.wav", "PCM_24")):
        write(tmp_path / "sounds" / name, samples, subtype=subtype)
    write(tmp_path / "sounds" / "f.wav", samples + 1, subtype="PCM_16")
    write(tmp_path / "sounds" / "e.wav", samples, 48_000, subtype="PCM_16")
    run(library, tmp_path / "sounds")
    with SqliteReader(library) as reader:
        ids = [reader.sound_at(tmp_path / "sounds" / f"{name}").id for name in ("a.wav", "b.flac", "c.aiff", "d.wav")]
        others = [reader.sound_at(tmp_path / "sounds" / name).id for name in ("e.wav", "f.wav")]
        audio = reader.audio_of_sounds([*ids, *others])
    assert len({audio[sound_id] for sound_id in ids}) == 1
    assert len(set(audio.values())) == 3
