"""What people type: words, filters and examples."""

import os
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bowerbird.base.errors import QueryError
from bowerbird.domain.fields import FIELDS, FILTER_FIELDS, SORT_FIELDS, filter_examples
from bowerbird.domain.query import Example, Filter, Query, parse_example, parse_filter, parse_query


def condition(name, operator, value):
    return Filter(FILTER_FIELDS[name], operator, value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("duration<2", condition("duration", "<", 2.0)),
        ("duration<=2s", condition("duration", "<=", 2.0)),
        ("duration>250ms", condition("duration", ">", 0.25)),
        ("duration>=1.5m", condition("duration", ">=", 90.0)),
        ("duration<1h", condition("duration", "<", 3600.0)),
        ("duration=.5", condition("duration", "=", 0.5)),
        ("Duration < 2", None),
        ("DURATION<2 S", condition("duration", "<", 2.0)),
        ("channels=stereo", condition("channels", "=", 2.0)),
        ("channels:Mono", condition("channels", "=", 1.0)),
        ("channels>2ch", condition("channels", ">", 2.0)),
        ("rate>=48k", condition("rate", ">=", 48000.0)),
        ("rate=44.1kHz", condition("rate", "=", 44100.0)),
        ("rate<8000Hz", condition("rate", "<", 8000.0)),
        ("format=wav", condition("format", "=", "wav")),
        ("folder=Big Drums", condition("folder", "=", "Big Drums")),
        ("folder:'Big Drums'", condition("folder", "=", "Big Drums")),
        ("folder=a=b", condition("folder", "=", "a=b")),
        ("format<wav", None),
        ("duration=long", None),
        ("duration<2 k", None),
        ("duration<-1", None),
        ("duration<nan", None),
        ("duration<1e3", None),
        ("channels=quad", None),
        ("rate>=", None),
        ("pitch<2", None),
        ("", None),
        ("<2", None),
    ],
)
def test_a_filter_is_read_or_refused_with_a_remedy(text, expected):
    if expected is not None:
        assert parse_filter(text) == expected
        return
    with pytest.raises(QueryError, match=r"\. Write .+\.$"):
        parse_filter(text)


@pytest.mark.parametrize(
    ("text", "words", "filters"),
    [
        ("", "", []),
        ("  big   kick ", "big kick", []),
        ("kick duration<0.5 rate>=48k", "kick", ["duration<0.5", "rate>=48000"]),
        ('folder:"Big Drums" snare', "snare", ["folder=Big Drums"]),
        ('"duration<2"', "", ["duration<2"]),
        ("duration<", "duration<", []),
        ("duration<ki", "duration<ki", []),
        ('unfinished "quote duration<2', 'unfinished "quote duration<2', []),
        ("C:\\Sounds", "C:\\Sounds", []),
        ("impact -voice duration<2", "impact -voice", ["duration<2"]),
        ('impact -"human voice"', 'impact -"human voice"', []),
        ('"-human voice" impact', '"-human voice" impact', []),
        ('"big impact" -"a  b\tc"', '"big impact" -"a b c"', []),
        ("“big impact” now", '"big impact" now', []),
        ('12" vinyl', '12" vinyl', []),
        ('say "a b"c', 'say "a b" c', []),
        ("-duration<2", "-duration<2", []),
        ("-", "-", []),
    ],
)
def test_what_was_typed_falls_into_words_and_complete_filters(text, words, filters):
    query = parse_query(text)
    assert query.typed == words
    assert [str(condition) for condition in query.filters] == filters


@given(st.text(max_size=60))
@example('"')
@example('""')
@example("duration<٣")
@example("rate=²")
def test_no_typing_is_an_error(text):
    query = parse_query(text)
    assert all(term.text for term in query.terms)
    assert all(isinstance(condition, Filter) for condition in query.filters)


@given(st.text(alphabet="duration<>=:channels rate format folder0123456789.kmszh\"'%_", max_size=40))
def test_a_filter_written_out_reads_back_as_itself(text):
    for condition in parse_query(text).filters:
        if isinstance(condition.value, float) and f"{condition.value:g}" != repr(condition.value).removesuffix(".0"):
            continue  # more digits than are shown
        if str(condition.value) != str(condition.value).strip().strip("\"'"):
            continue
        assert parse_filter(str(condition)) == condition


def test_a_file_is_an_example_as_a_whole():
    assert parse_example("rain.wav", exists=os.path.exists) == Example(Path("rain.wav"))


def test_seconds_after_an_at_sign_are_a_region():
    assert parse_example("my@home/rain.wav@3-7.5", exists=os.path.exists) == Example(Path("my@home/rain.wav"), 3.0, 7.5)


@pytest.mark.parametrize("text", ["rain.wav@", "rain.wav@3", "rain.wav@3-", "rain.wav@a-b", "@1-2", "rain.wav@-1-2"])
def test_what_is_not_a_region_is_part_of_the_name(text):
    assert parse_example(text, exists=os.path.exists) == Example(Path(text))


def test_a_file_whose_name_looks_like_a_region_is_meant_whole(tmp_path):
    path = tmp_path / "take@1-2"
    path.write_bytes(b"x")
    assert parse_example(str(path), exists=os.path.exists).is_whole


@pytest.mark.parametrize("text", ["rain.wav@7-3", "rain.wav@3-3"])
def test_a_region_that_ends_before_it_starts_is_refused_with_a_remedy(text):
    with pytest.raises(QueryError, match=r"ends before it starts\. Write .+"):
        parse_example(text, exists=os.path.exists)


def test_a_name_too_long_for_any_disk_is_still_an_example():
    assert parse_example("a" * 5000 + "@1-2", exists=os.path.exists).start_s == 1.0


def test_an_excluded_phrase_keeps_its_minus_for_all_of_it():
    query = parse_query('metal -"human voice" -wind')
    assert (query.text, query.words, query.excluded) == ("metal", ("metal",), ("human voice", "wind"))


@pytest.mark.parametrize("text", ["voice", "hi-hat", "12 dB", "-12 dB", "rain wind", "-", "-_"])
def test_without_a_minus_before_a_letter_nothing_is_excluded(text):
    query = parse_query(text)
    assert query.excluded == ()
    assert query.text == query.typed


@pytest.mark.parametrize(
    "text",
    [
        "",
        "kick",
        'kick -"open hat" duration<0.5',
        'folder="Big Drums" snare',
        "rain -voice",
        '"-12 dB" x',
        'rate>1k "a b',
    ],
)
def test_a_query_written_out_reads_back_as_itself(text):
    query = parse_query(text)
    assert parse_query(str(query)) == query


@pytest.mark.parametrize(
    ("text", "words", "is_excluded", "is_open"),
    [
        ('"door bell"', ("door", "bell"), False, False),
        ('"-12 dB"', ("12", "dB"), False, False),
        ('-"door bell"', ("door", "bell"), True, False),
        ('"door be', ("door", "be"), False, True),
        ('-"door be', ("door", "be"), True, True),
    ],
)
def test_what_is_in_quotes_is_a_phrase_and_only_a_minus_before_them_excludes_it(text, words, is_excluded, is_open):
    (term,) = parse_query(text).terms
    assert (term.words, term.is_phrase, term.is_excluded, term.is_open) == (words, True, is_excluded, is_open)


@pytest.mark.parametrize("text", ['""', '"', '-"', '"..."', '-""'])
def test_quotes_without_words_are_nothing(text):
    assert parse_query(text).terms == ()


def test_only_the_exclusions_of_a_query_stay():
    assert parse_query("rain -voice duration<2").only_exclusions() == parse_query("-voice duration<2")


def test_every_filter_field_has_an_example_that_is_a_filter_of_it():
    for entry in FIELDS:
        if entry.is_filter:
            assert parse_filter(entry.example).field is entry
            assert entry.example in filter_examples()


def test_every_sortable_field_is_an_order():
    assert Query().order in SORT_FIELDS
    assert "format" not in SORT_FIELDS


@pytest.mark.parametrize(
    "text",
    [
        "/sounds/Doors/Open Door -2.wav",
        '"/sounds/Doors/Open Door -2.wav"',
        "'~/Open Door -2.wav'",
        '"C:\\Sounds\\Open Door -2.wav"',
        "\\\\server\\share\\Open Door -2.wav",
    ],
)
def test_of_a_pasted_path_the_name_is_searched(text):
    assert parse_query(text) == parse_query("Open Door -2.wav")


@pytest.mark.parametrize("text", ["kick/snare", "/folder/", "AC/DC live.wav", "folder=/sounds/a.wav"])
def test_what_is_no_path_of_a_sound_is_searched_as_it_is(text):
    assert "/" in parse_query(text).text or parse_query(text).filters
