"""What names say: UCS categories, tempo, key and kind, and only where it is sure."""

import pytest

from bowerbird.audio.metadata.ucs import ucs_categories
from bowerbird.domain.musical_keys import equal_keys, parse_key
from bowerbird.domain.sound_names import metadata_of_name

CATEGORIES = ucs_categories()


def named(name):
    return metadata_of_name(name, CATEGORIES)


def test_a_ucs_name_gives_its_fields():
    assert named("DOORWood_Creak Slow_ANN_STORM_take 2_far.wav").texts == {
        "catid": "DOORWood",
        "category": "DOORS",
        "subcategory": "WOOD",
        "title": "Creak Slow",
        "creator_id": "ANN",
        "source_id": "STORM",
        "user_data": "take 2_far",
    }


def test_the_list_is_the_published_one():
    assert len(CATEGORIES) == 753
    assert len(set(CATEGORIES.values())) == 753
    known = {
        "AIRBlow": ("AIR", "BLOW"),
        "AMBUndwtr": ("AMBIENCE", "UNDERWATER"),
        "CREASrce": ("CREATURES", "SOURCE"),
        "DSGNRythm": ("DESIGNED", "RHYTHMIC"),
        "MAGSpel": ("MAGIC", "SPELL"),
        "RAIN": ("RAIN", "GENERAL"),
        "SWSH": ("SWOOSHES", "SWISH"),
        "VEHTruck": ("VEHICLES", "TRUCK VAN & SUV"),
        "WOODTonl": ("WOOD", "TONAL"),
    }
    assert {cat_id: CATEGORIES.get(cat_id) for cat_id in known} == known


def test_a_cat_id_of_capitals_alone_needs_the_whole_form():
    assert named("THUN_Rolling Far_ANN_STORM.wav").texts["subcategory"] == "THUNDER"
    assert named("WHSH_Fast_ANN.wav").texts["category"] == "SWOOSHES"


def test_a_vendor_category_stands_behind_the_subcategory():
    assert named("DOORWood-OLD BARN_Creak_ANN_STORM.wav").texts["subcategory"] == "WOOD, OLD BARN"


def test_an_unknown_cat_id_of_a_known_category_gives_the_category_alone():
    texts = named("DOORXxxx_Creak_ANN_STORM.wav").texts
    assert texts["category"] == "DOORS"
    assert "subcategory" not in texts


@pytest.mark.parametrize(
    "name",
    [
        "DOOR_Creak_ANN_STORM.wav",
        "doorwood_creak.wav",
        "Kick_01_Hard.wav",
        "DOORWood.wav",
        "TEST_kick.wav",
        "RAIN_roof.wav",
    ],
)
def test_other_names_have_no_category(name):
    assert "category" not in named(name).texts


@pytest.mark.parametrize(
    ("name", "bpm"),
    [
        ("Amen_174bpm.wav", 174),
        ("Amen 120.5 BPM.wav", 120.5),
        ("bpm90 loop.wav", 90),
        ("Amen 174.wav", None),
        ("120bpm to 140bpm.wav", None),
        ("1200bpm.wav", None),
        ("20bpm.wav", None),
    ],
)
def test_a_tempo_is_read_where_it_is_sure(name, bpm):
    assert named(name).bpm == bpm


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Pad_F#min.wav", "F# minor"),
        ("Pad Gb minor.wav", "F# minor"),
        ("Bass_120bpm_Am.wav", "A minor"),
        ("Bass_Am.wav", "A minor"),
        ("Bass_C_120bpm.wav", "C"),
        ("Am I late.wav", None),
        ("Kick A.wav", None),
        ("Cmaj to Dmin.wav", None),
        ("Chord Eb.wav", None),
        ("Chord F#.wav", "F#"),
    ],
)
def test_a_key_is_read_where_it_is_sure(name, key):
    assert named(name).root_key == key


@pytest.mark.parametrize(
    ("name", "is_loop"),
    [("Drum Loop.wav", True), ("kick one-shot.wav", False), ("loop or one shot.wav", None), ("Kick.wav", None)],
)
def test_a_loop_is_one_where_the_name_says_so(name, is_loop):
    assert named(name).is_loop is is_loop


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Am", "A minor"),
        ("am", "A minor"),
        ("AM", "A major"),
        ("bb", "A#"),
        ("Db Major", "C# major"),
        ("e♭ min", "D# minor"),
        ("Cb", "B"),
        ("8A", "A minor"),
        ("8B", "C major"),
        ("H", None),
        ("Amazing", None),
    ],
)
def test_every_spelling_of_a_key_is_one(text, key):
    assert parse_key(text) == key


def test_a_note_is_also_its_major_key_and_never_its_minor_key():
    assert equal_keys("C") == equal_keys("C major") == ("C", "C major")
    assert equal_keys("C minor") == ("C minor",)


def test_cat_ids_are_unique_without_regard_to_case():
    assert len({cat_id.lower() for cat_id in CATEGORIES}) == len(CATEGORIES) > 700
