"""Words find names, folders and metadata: in any spelling and form, in the middle of words, and some of several."""

import os
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyses import ENCODER_ID, analysis, stamp
from bowerbird.catalogue.sqlite.reader import SqliteReader
from bowerbird.catalogue.sqlite.writer import SqliteWriter
from bowerbird.domain.names import parts_of, words_of
from bowerbird.domain.query import RELEVANCE, parse_query

ROOT = Path("/sounds") if os.sep == "/" else Path("C:\\sounds")


def write(library, paths, **facts):
    """Write a library of analysed sounds; ``facts`` has those of single sounds, by stem."""
    with SqliteWriter(library) as catalogue:
        folder = catalogue.add_folder(ROOT)
        catalogue.begin_scan()
        catalogue.reconcile(folder, [stamp(ROOT / path) for path in paths])
        pending = catalogue.pending(folder, below=f"{ROOT}{os.sep}", encoder_id=ENCODER_ID)
        found = [(sound.id, analysis(sound.id, **facts.get(Path(sound.path).stem, {}))) for sound in pending]
        catalogue.record(found, [], ENCODER_ID)


@contextmanager
def library_of(library, *paths, **facts):
    write(library, paths, **facts)
    with SqliteReader(library) as reader:
        yield reader


def names(reader, ids):
    rows = reader.rows(list(ids))
    return [rows[sound_id].name for sound_id in ids]


def found(reader, text):
    """Return the names of the sounds that have every word, best first."""
    return names(reader, reader.named(parse_query(text)).ids.tolist())


def partly(reader, text):
    """Return how many words each of the sounds has that have some of them, best first."""
    matches = reader.partly_named(parse_query(text), limit=100)
    return list(zip(names(reader, [match.sound_id for match in matches]), [m.n_found for m in matches], strict=True))


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    with library_of(
        tmp_path_factory.mktemp("library"),
        "door_wood/open_door.ogg",
        "hats/Hi-Hat.wav",
        "hats/HiHat 2.wav",
        "hats/hihat_3.wav",
        "hats/hi hat 4.wav",
        "percussion/Handclap.wav",
        "claps/clap.wav",
        "claps/clapping.wav",
        "drums/TR909_kick.wav",
        "drums/909.wav",
        "drums/kick-808.wav",
        "drums/808 snare.wav",
        "notes/Piano C#3.wav",
        "notes/Piano C3.wav",
        "notes/SubBass.wav",
        "notes/sub bass.wav",
        "science/x-ray.wav",
        "science/XRay hum.wav",
        "science/T.N.T.wav",
        "science/tnt blast.wav",
        "levels/tone -6 dB.wav",
        "levels/tone -12 dB.wav",
        "phones/bell phone.wav",
        "phones/bell.wav",
        "phones/door bell.wav",
        "phones/bell of a door.wav",
        "animals/dogs barking.wav",
        "animals/dog bark.wav",
        "animals/Foley -Steps 01.wav",
        "animals/Foley 01.wav",
        "tagged.wav",
        tagged={"metadata": {"title": "Thunderclap", "comment": "far away"}},
    ) as reader:
        yield reader


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("wooden door", ["open_door.ogg"]),
        ("clap", ["clap.wav", "clapping.wav", "Handclap.wav"]),  # in comments, the middle of words is not looked for
        ("dog", ["dog bark.wav", "dogs barking.wav"]),
        ("dogs", ["dogs barking.wav", "dog bark.wav"]),
        ("barking", ["dogs barking.wav", "dog bark.wav"]),
        ("bark", ["dog bark.wav", "dogs barking.wav"]),
        ("far thunderclap", ["tagged.wav"]),
        ("909 kick", ["TR909_kick.wav"]),
        ("tr909", ["TR909_kick.wav"]),
        ("TR-909", ["TR909_kick.wav"]),
        ("C#3", ["Piano C#3.wav"]),
        ("C3", ["Piano C3.wav"]),
        ("C#", ["Piano C#3.wav"]),
        ("-6 dB", ["tone -6 dB.wav"]),
        ("tone -12 dB", ["tone -12 dB.wav"]),
        ("kick-808", ["kick-808.wav"]),
        ("bell -phone", ["bell.wav", "bell of a door.wav", "door bell.wav"]),
        ('"door bell"', ["door bell.wav"]),
        ('"bell door"', []),
        ('bell -"door bell"', ["bell.wav", "bell phone.wav", "bell of a door.wav"]),
        ("Foley -Steps", ["Foley 01.wav"]),
        ("Foley -Steps 01.wav", ["Foley -Steps 01.wav"]),
    ],
)
def test_words_find_names_best_first(reader, text, expected):
    assert found(reader, text) == expected


@pytest.mark.parametrize("text", ["hihat", "hi-hat", "hi hat", "HiHat", "Hi.Hat"])
def test_all_spellings_of_a_word_find_all_others(reader, text):
    assert set(found(reader, text)) == {"Hi-Hat.wav", "HiHat 2.wav", "hihat_3.wav", "hi hat 4.wav"}


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (("xray", "x-ray", "x ray", "XRay"), {"x-ray.wav", "XRay hum.wav"}),
        (("tnt", "T.N.T.", "t n t", "TNT"), {"T.N.T.wav", "tnt blast.wav"}),
        (("subbass", "sub bass", "sub-bass", "SubBass"), {"SubBass.wav", "sub bass.wav"}),
    ],
)
def test_joined_hyphened_and_dotted_spellings_meet(reader, texts, expected):
    assert [set(found(reader, text)) for text in texts] == [expected] * len(texts)


def test_numbers_are_found_beside_letters_and_the_whole_name_comes_first(reader):
    assert found(reader, "909") == ["909.wav", "TR909_kick.wav"]


def test_words_of_folders_count_too_and_say_so(reader):
    assert found(reader, "wood") == ["open_door.ogg"]
    (match,) = reader.search_words(parse_query("wood door"), limit=5)
    assert match.fields == ("name", "folder")


@pytest.mark.parametrize("name", ["Foley -Steps 01.wav", "kick-808.wav", "T.N.T.wav", "tone -6 dB.wav", "hi hat 4.wav"])
def test_a_pasted_file_name_finds_that_file_first(reader, name):
    assert found(reader, name)[0] == name


def test_how_words_were_found_is_told(reader):
    found_as = {match.sound_id: match.level for match in reader.search_words(parse_query("clap"), limit=10)}
    assert list(found_as.values()) == ["name", "inflected", "inside"]
    assert {match.level for match in reader.search_words(parse_query("barki"), limit=10)} == {"begun"}


def test_sounds_with_most_of_the_words_come_first_and_those_with_rarer_words_before_others(tmp_path):
    paths = [
        "old wood.wav",
        "old wood door.wav",
        "wood door creak.wav",
        "creak.wav",
        "rain.wav",
        "door.wav",
        "door 2.wav",
    ]
    with library_of(tmp_path, *paths) as reader:
        assert found(reader, "old wood door creak") == []
        assert partly(reader, "old wood door creak") == [
            ("old wood door.wav", 3),
            ("wood door creak.wav", 3),
            ("old wood.wav", 2),
            ("creak.wav", 1),
            ("door 2.wav", 1),
            ("door.wav", 1),
        ]
        assert partly(reader, "door") == []


def test_exact_words_come_before_inflected_where_as_many_were_found(tmp_path):
    with library_of(tmp_path, "woods far.wav", "wooden near.wav", "other.wav") as reader:
        assert [name for name, _ in partly(reader, "wooden zeppelin")] == ["wooden near.wav", "woods far.wav"]


def test_small_words_alone_find_nothing(tmp_path):
    with library_of(tmp_path, "sound of rain.wav", "of.wav", "rain.wav") as reader:
        assert [name for name, _ in partly(reader, "storm of rain")] == ["rain.wav", "sound of rain.wav"]


def test_what_is_excluded_is_left_out_where_only_some_words_are_found(tmp_path):
    with library_of(tmp_path, "wood phone.wav", "wood.wav", "other.wav") as reader:
        assert partly(reader, "wood zeppelin -phone") == [("wood.wav", 1)]


def test_a_list_by_relevance_is_in_the_order_of_how_words_were_found(reader):
    ids = reader.list_ids(replace(parse_query("clap"), order=RELEVANCE)).tolist()
    assert names(reader, ids) == found(reader, "clap")
    ids = reader.list_ids(replace(parse_query("clap"), order="name", is_descending=True)).tolist()
    assert names(reader, ids) == ["Handclap.wav", "clapping.wav", "clap.wav"]


PHRASES = st.lists(st.sampled_from(["-voice", "-6", "bell", "-", "door", "phone", "-door"]), min_size=1, max_size=4)


@given(PHRASES, st.booleans())
def test_what_is_in_quotes_is_never_subtracted(reader, words, is_open):
    phrase = " ".join(words)
    query = parse_query(f'"{phrase}' if is_open else f'"{phrase}"')
    assert query.excluded == ()
    assert query.words == tuple(words_of(phrase))
    stands_there = " ".join(query.words)
    for name in found(reader, f'"{phrase}"') if query.words else []:
        assert f" {stands_there} ".lower() in f" {' '.join(parts_of(name))} ".lower()


@pytest.mark.parametrize(
    ("text", "n"),
    [("folder=door_wood", 1), ("folder=hats hihat", 4), ("folder=hat", 0), ("folder=claps clap", 2)],
)
def test_filters_narrow_down_what_words_find(reader, text, n):
    assert len(reader.list_ids(parse_query(text))) == n


def test_the_catid_of_a_name_finds_it_and_its_category(tmp_path):
    with library_of(tmp_path, "DOORWood_Big Slam_ABC_XYZ.wav", "wood door.wav") as reader:
        assert found(reader, "DOORWood") == ["DOORWood_Big Slam_ABC_XYZ.wav"]
        assert set(found(reader, "door wood")) == {"DOORWood_Big Slam_ABC_XYZ.wav", "wood door.wav"}
