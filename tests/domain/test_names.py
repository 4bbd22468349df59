"""Names as words and as sort keys."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bowerbird.domain.names import parts_of, plain, search_text, sort_key, words_of
from bowerbird.domain.query import parse_query


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("BigKick_01.wav", {"BigKick", "01", "wav", "Big", "Kick"}),
        ("808kick.wav", {"808kick", "808", "kick", "wav"}),
        ("HTTPServer", {"HTTPServer", "HTTP", "Server"}),
        ("ÉtéChaud", {"ÉtéChaud", "Été", "Chaud"}),
        ("snare-rim (soft)", {"snare", "rim", "soft"}),
        ("雨の音 3", {"雨の音", "雨", "の", "音", "3"}),
        ("TR909kick", {"TR909kick", "TR", "909", "kick"}),
        ("Piano C#3", {"Piano", "Csharp", "3", "Csharp3"}),
        ("PadF#min", {"PadFsharpmin", "Pad", "Fsharpmin"}),
        ("___", set()),
    ],
)
def test_a_name_is_found_by_its_words_and_their_parts(name, words):
    assert set(search_text(name).split()) == words


def test_parts_are_in_order_so_that_phrases_are_found():
    assert search_text("kick BigKick_01 kick").split()[:5] == ["kick", "Big", "Kick", "01", "kick"]


@pytest.mark.parametrize(
    ("typed", "parts"),
    [
        ("kick808 TR-909", ["kick", "808", "TR", "909"]),
        ("C#3 c♯ C3 Bb", ["Csharp", "3", "csharp", "C", "3", "Bb"]),
        ("HiHat", ["Hi", "Hat"]),
        ("ガラスbreak", ["ガ", "ラ", "ス", "break"]),
        ("مَرْحَبًا", ["مرحبا"]),
    ],
)
def test_words_have_parts(typed, parts):
    assert parts_of(typed) == parts


def test_words_are_compared_without_case_accents_and_ligatures_but_with_the_marks_of_kana():
    assert [plain(word) for word in ("ÉTÉ", "Straße", "ﬁre", "ガラス", "ЁЛКА")] == [
        "ete",
        "strasse",
        "fire",
        "ガラス",
        "елка",
    ]


def test_words_are_as_written_with_their_accents_composed():
    assert words_of("ÉTÉ Straße re\u0301verb") == ["ÉTÉ", "Straße", "r\u00e9verb"]


def test_plain_text_has_no_case_accents_or_ligatures():
    assert [plain(word) for word in ("ÉTÉ", "Straße", "ﬁre")] == ["ete", "strasse", "fire"]


@pytest.mark.parametrize(
    "names",
    [
        ["kick 2.wav", "Kick 10.wav", "kick 100.wav"],
        ["a.wav", "B.wav", "c.wav"],
        ["take 007", "take 8"],
        ["eclair", "élan", "Emu"],
        ["1", "2", "10", "a"],
    ],
)
def test_names_sort_as_people_sort_them(names):
    backwards = names[::-1]
    assert sorted(backwards, key=sort_key) == names


@given(st.text(alphabet=st.characters(), max_size=40))
def test_every_name_has_words_and_a_key_that_can_be_stored(name):
    for text in (search_text(name), sort_key(name), plain(name)):
        if all(not 0xD800 <= ord(letter) < 0xE000 for letter in name):
            text.encode("utf-8")
    search_text(name).encode("utf-8")
    sort_key(name).encode("utf-8")


def test_an_undecodable_name_still_has_its_words():
    name = b"caf\xe9 kick.wav".decode("utf-8", "surrogateescape")
    assert "kick" in search_text(name).split()


@pytest.mark.parametrize(
    ("text", "wanted", "unwanted"),
    [
        ("", "", ()),
        ("metallic impact", "metallic impact", ()),
        ("metallic -voice impact", "metallic impact", ("voice",)),
        ("-voice", "", ("voice",)),
        ("-voice -human_voice", "", ("voice", "human voice")),
        ("-human-voice", "", ("human voice",)),
        ("hi-hat", "hi-hat", ()),
        ("a - b", "a - b", ()),
        ("-", "-", ()),
        ("--voice", "--voice", ()),
        ("-3db", "-3db", ()),
        ("-voice-", "-voice-", ()),
        ("Foley -Steps- 01", "Foley -Steps- 01", ()),
        ("Foley -Steps 01.wav", "Foley -Steps 01.wav", ()),
        ("Foley -Steps 01", "Foley 01", ("Steps",)),
        ("kick-hat_01.wav", "kick-hat_01.wav", ()),
        ("\u2212voice", "", ("voice",)),
        ("-\u00c9t\u00e9", "", ("\u00c9t\u00e9",)),
        ("-e\u0301te\u0301", "", ("\u00e9t\u00e9",)),
        ("-\u96e8\u306e\u97f3", "", ("\u96e8\u306e\u97f3",)),
        ("  rain \t -wind\n", "rain", ("wind",)),
    ],
)
def test_words_with_a_minus_are_excluded(text, wanted, unwanted):
    query = parse_query(text)
    assert (query.text, query.excluded) == (wanted, unwanted)


@given(st.text(max_size=40))
def test_every_word_is_either_wanted_or_excluded(text):
    query = parse_query(text)
    assume(not query.filters)
    excluded = [word for phrase in query.excluded for word in phrase.split()]
    assert sorted([*query.words, *excluded]) == sorted(words_of(text.replace('"', " ")))
    assert all(phrase and words_of(phrase) == phrase.split() for phrase in query.excluded)
