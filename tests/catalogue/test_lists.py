"""Lists of sounds: words, filters and orders, as people expect them."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyses import ENCODER_ID, N_DIMS, analysis, stamp
from bowerbird.catalogue.sqlite.reader import SqliteReader
from bowerbird.catalogue.sqlite.writer import SqliteWriter
from bowerbird.domain.fields import SORT_FIELDS
from bowerbird.domain.query import RELEVANCE, Query, parse_query

ROOT = Path("/sounds") if os.sep == "/" else Path("C:\\sounds")

SOUNDS = {
    # path: facts, or None where it was not analysed yet
    "Drums/BigKick_01.wav": {"duration_s": 0.5, "n_channels": 1, "rate_hz": 44_100},
    "Drums/kick 2.wav": {"duration_s": 0.25, "n_channels": 2, "rate_hz": 48_000},
    "Drums/Kick 10.flac": {"duration_s": 1.0, "n_channels": 2, "rate_hz": 96_000, "format": "FLAC"},
    "Nature/Été/pluie.ogg": {"duration_s": 90.0, "n_channels": 2, "rate_hz": 44_100, "format": "OGG"},
    "Nature/rain_100%.wav": {"duration_s": 12.0, "n_channels": 1, "rate_hz": 22_050},
    "Nature/rain_100x.wav": {"duration_s": 12.0, "n_channels": 1, "rate_hz": 22_050},
    "Na%ure/wind.wav": {"duration_s": 3.0, "n_channels": 6, "rate_hz": 44_100},
    "tagged.mp3": {"duration_s": 2.0, "metadata": {"title": "Thunderclap", "key": "Am"}, "format": "MP3"},
    "unknown 1.wav": None,
    "Unknown 2.wav": None,
}


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    library = tmp_path_factory.mktemp("library")
    with SqliteWriter(library) as catalogue:
        folder = catalogue.add_folder(ROOT)
        catalogue.begin_scan()
        catalogue.reconcile(folder, [stamp(ROOT / path) for path in SOUNDS] + [stamp(ROOT / "broken kick.wav")])
        for sound in catalogue.pending(folder, below=f"{ROOT}{os.sep}", encoder_id=ENCODER_ID):
            facts = SOUNDS.get(Path(sound.path).relative_to(ROOT).as_posix())
            if facts is not None:
                catalogue.record([(sound.id, analysis(sound.id, **facts))], [], ENCODER_ID)
            elif "broken" in sound.path:
                catalogue.record([], [(sound.id, "`broken` is broken. Fix it.", "damaged")], ENCODER_ID)
    with SqliteReader(library) as reader:
        yield reader


def names(reader, text="", **order):
    ids = reader.list_ids(replace(parse_query(text), **order)).tolist()
    rows = reader.rows(ids)
    return [rows[sound_id].name for sound_id in ids]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("kick", {"BigKick_01.wav", "kick 2.wav", "Kick 10.flac"}),
        ("KICK", {"BigKick_01.wav", "kick 2.wav", "Kick 10.flac"}),
        ("ki", {"BigKick_01.wav", "kick 2.wav", "Kick 10.flac"}),
        ("ki 2", set()),
        ("kick 10", {"Kick 10.flac"}),
        ("bigkick", {"BigKick_01.wav"}),
        ("big", {"BigKick_01.wav"}),
        ("01", {"BigKick_01.wav"}),
        ("drums kick 2", {"kick 2.wav"}),
        ("ete", {"pluie.ogg"}),
        ("ÉTÉ", {"pluie.ogg"}),
        ("thunder", {"tagged.mp3"}),
        ("thunderclap am", {"tagged.mp3"}),
        ("thunderc", {"tagged.mp3"}),
        ("under", set()),  # the middle of words is looked for in names and folders only
        ("un", {"unknown 1.wav", "Unknown 2.wav"}),
        ("wav kick", {"BigKick_01.wav", "kick 2.wav"}),
        ("OR", set()),
        ("kick OR rain", set()),
        ("NOT kick", set()),
        ("name:kick", set()),
        ("ki*", {"BigKick_01.wav", "kick 2.wav", "Kick 10.flac"}),
        ('"', set(SOUNDS_NAMES := {Path(path).name for path in SOUNDS})),
        ("(((", SOUNDS_NAMES),
        ("kick duration<0.5", {"kick 2.wav"}),
        ("duration<=0.5", {"BigKick_01.wav", "kick 2.wav"}),
        ("duration>=12", {"pluie.ogg", "rain_100%.wav", "rain_100x.wav"}),
        ("duration=500ms", {"BigKick_01.wav"}),
        ("duration>1min", {"pluie.ogg"}),
        ("channels=stereo", {"kick 2.wav", "Kick 10.flac", "pluie.ogg"}),
        ("channels>2", {"wind.wav"}),
        ("rate>=48k", {"kick 2.wav", "Kick 10.flac"}),
        ("rate=22.05k", {"rain_100%.wav", "rain_100x.wav"}),
        ("format=flac", {"Kick 10.flac"}),
        ("format:.OGG", {"pluie.ogg"}),
        ("format=flac|ogg", {"Kick 10.flac", "pluie.ogg"}),
        ("format=flac|ogg duration>=12", {"pluie.ogg"}),
        ("folder=Drums|Nature/Été", {"BigKick_01.wav", "kick 2.wav", "Kick 10.flac", "pluie.ogg"}),
        ("format=%", set()),
        ("format=w_v", set()),
        ("folder=Drums", {"BigKick_01.wav", "kick 2.wav", "Kick 10.flac"}),
        ("folder=drums", {"BigKick_01.wav", "kick 2.wav", "Kick 10.flac"}),
        ("folder=Nature", {"pluie.ogg", "rain_100%.wav", "rain_100x.wav"}),
        ("folder=Nature/Été", {"pluie.ogg"}),
        ("folder=Na%ure", {"wind.wav"}),
        ("folder=Dru", set()),
        (f"folder={ROOT / 'Drums'}", {"BigKick_01.wav", "kick 2.wav", "Kick 10.flac"}),
        (f"folder={ROOT / 'Dru'}", set()),
        ("folder=sounds duration<1", {"BigKick_01.wav", "kick 2.wav"}),
        ("folder=it's", set()),
    ],
)
def test_words_and_filters_find_exactly_these(reader, text, expected):
    assert set(names(reader, text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "kick",
        "kick duration<0.5",
        "wav folder=Drums",
        f"wav folder={ROOT / 'Nature'}",
        "wav format=wav channels=1 rate>=22k",
    ],
)
def test_searches_by_words_and_examples_admit_what_lists_show(reader, text):
    query = parse_query(text)
    found = reader.search_words(query, limit=100)
    listed = reader.list_ids(query).tolist()
    assert sorted(match.sound_id for match in found) == sorted(listed)
    analysed = {sound_id for sound_id, row in reader.rows(listed).items() if row.content_id is not None}
    assert set(reader.matching_contents(query)[1].tolist()) == analysed
    assert sorted(reader.list_ids(replace(query, order=RELEVANCE)).tolist()) == sorted(listed)
    assert listed


def test_a_rejected_sound_is_in_no_list_but_its_own(reader):
    assert "broken kick.wav" not in names(reader, "kick")
    assert "broken kick.wav" not in names(reader)
    assert [sound.path.name for sound in reader.rejected()] == ["broken kick.wav"]
    assert reader.count() == len(SOUNDS)


def test_names_are_listed_as_people_sort_them(reader):
    assert names(reader, "kick") == ["BigKick_01.wav", "kick 2.wav", "Kick 10.flac"]
    assert names(reader, "kick", is_descending=True) == ["Kick 10.flac", "kick 2.wav", "BigKick_01.wav"]


@pytest.mark.parametrize("order", ["duration", "channels", "rate"])
@pytest.mark.parametrize("is_descending", [False, True])
def test_sounds_with_unknown_facts_come_last_in_either_direction(reader, order, is_descending):
    found = names(reader, order=order, is_descending=is_descending)
    assert len(found) == len(SOUNDS)
    assert {name.lower() for name in found[-2:]} == {"unknown 1.wav", "unknown 2.wav"}


@pytest.mark.parametrize("is_descending", [False, True])
def test_durations_are_in_order(reader, is_descending):
    ids = reader.list_ids(Query(order="duration", is_descending=is_descending)).tolist()
    rows = reader.rows(ids)
    known = [rows[i].duration_s for i in ids if rows[i].duration_s is not None]
    assert known == sorted(known, reverse=is_descending)


@pytest.mark.parametrize("order", [*SORT_FIELDS, RELEVANCE])
@pytest.mark.parametrize("text", ["", "kick", "channels=1", "rain channels=1"])
def test_every_order_lists_the_same_sounds(reader, order, text):
    assert sorted(names(reader, text, order=order)) == sorted(names(reader, text))


@pytest.mark.parametrize("is_reversed", [False, True])
@pytest.mark.parametrize(
    ("text", "in_the_name", "in_the_folder"),
    [("storm", "a/storm.wav", "storm/a.wav"), ("storm hill", "hill/a storm.wav", "hill storm/a.wav")],
    ids=["one word", "one of two words"],
)
def test_a_word_in_the_name_weighs_more_than_one_in_the_folder(tmp_path, text, in_the_name, in_the_folder, is_reversed):
    paths = [in_the_name, in_the_folder]  # as long, and the first is the first of equals
    with SqliteWriter(tmp_path) as catalogue:
        folder = catalogue.add_folder(ROOT)
        catalogue.begin_scan()
        catalogue.reconcile(folder, [stamp(ROOT / path) for path in (paths[::-1] if is_reversed else paths)])
    with SqliteReader(tmp_path) as reader:
        expected = [Path(path).name for path in paths]
        assert names(reader, text, order=RELEVANCE) == expected
        found = [match.sound_id for match in reader.search_words(parse_query(text), limit=10)]
        rows = reader.rows(found)
        assert [rows[sound_id].name for sound_id in found] == expected


def test_whole_words_come_before_beginnings_however_few_are_asked_for(reader):
    found = reader.search_words(parse_query("wav k"), limit=10)
    assert {match.level for match in found} == {"begun"}
    found = reader.search_words(parse_query("rain 100"), limit=10)
    assert {match.level for match in found} == {"whole"}
    (match,) = reader.search_words(parse_query("1"), limit=1)
    assert (reader.rows([match.sound_id])[match.sound_id].name, match.level) == ("unknown 1.wav", "whole")


def test_a_word_search_is_limited_and_says_where_it_looked(reader):
    (match,) = reader.search_words(parse_query("thunderclap"), limit=1)
    assert match.fields == ("metadata",)
    assert len(reader.search_words(parse_query("kick"), limit=2)) == 2
    assert reader.search_words(parse_query("..."), limit=2) == []


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=40))
def test_no_typing_makes_the_catalogue_complain(reader, text):
    names(reader, text)
    names(reader, text, order=RELEVANCE)
    reader.search_words(parse_query(text), limit=5)
    reader.matching_contents(parse_query(text))


@settings(max_examples=150, deadline=None)
@given(
    field=st.sampled_from(["folder", "format"]),
    value=st.text(alphabet="aD/\\%_'\"[]*?:.~ é\udce9", min_size=1, max_size=12),
)
def test_no_folder_or_format_makes_the_catalogue_complain(reader, field, value):
    names(reader, f'{field}="{value}"')


def test_vectors_come_back_as_they_were_recorded(reader):
    stored = reader.windows(ENCODER_ID, N_DIMS)
    assert len(stored.ids) == 8
    sound = next(row for row in reader.rows(list(range(1, 20))).values() if row.name == "kick 2.wav")
    expected = analysis(sound.id).vectors
    np.testing.assert_array_equal(reader.sound_windows(sound.content_id, ENCODER_ID, N_DIMS), expected)
    window = stored.ids[stored.content_ids == sound.content_id]
    np.testing.assert_array_equal(reader.vectors_of(window, N_DIMS), expected)


def test_every_sound_has_one_vector_of_unit_length(reader):
    paths, vectors = reader.all_vectors(ENCODER_ID, N_DIMS)
    assert len(paths) == 8
    assert paths == sorted(paths)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert reader.all_vectors("another", N_DIMS)[0] == []


def test_details_and_peaks_of_a_sound_are_known(reader):
    sound = next(row for row in reader.rows(list(range(1, 20))).values() if row.name == "tagged.mp3")
    assert reader.details(sound.id).metadata == {"title": "Thunderclap", "key": "Am"}
    assert reader.details(sound.id).lufs == -20
    np.testing.assert_array_equal(reader.peaks(sound.content_id).bins, analysis(sound.id).peaks.bins)
    np.testing.assert_array_equal(sound.overview, analysis(sound.id).overview)
    assert reader.details(10_000) is None
    assert reader.peaks(10_000) is None


def test_more_ids_than_sqlite_takes_at_once_are_looked_up(reader):
    assert len(reader.rows(list(range(5000)))) == len(SOUNDS) + 1
