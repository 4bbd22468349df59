"""What people type: words, filters and examples."""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bowerbird.base.errors import QueryError
from bowerbird.domain.names import split_unwanted
from bowerbird.domain.query import Example, Filter, parse_example, parse_filter, parse_text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("duration<2", Filter("duration", "<", 2.0)),
        ("duration<=2s", Filter("duration", "<=", 2.0)),
        ("duration>250ms", Filter("duration", ">", 0.25)),
        ("duration>=1.5m", Filter("duration", ">=", 90.0)),
        ("duration<1h", Filter("duration", "<", 3600.0)),
        ("duration=.5", Filter("duration", "=", 0.5)),
        ("Duration < 2", None),
        ("DURATION<2 S", Filter("duration", "<", 2.0)),
        ("channels=stereo", Filter("channels", "=", 2.0)),
        ("channels:Mono", Filter("channels", "=", 1.0)),
        ("channels>2ch", Filter("channels", ">", 2.0)),
        ("rate>=48k", Filter("rate", ">=", 48000.0)),
        ("rate=44.1kHz", Filter("rate", "=", 44100.0)),
        ("rate<8000Hz", Filter("rate", "<", 8000.0)),
        ("format=wav", Filter("format", "=", "wav")),
        ("folder=Big Drums", Filter("folder", "=", "Big Drums")),
        ("folder:'Big Drums'", Filter("folder", "=", "Big Drums")),
        ("folder=a=b", Filter("folder", "=", "a=b")),
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
        ('unfinished "quote duration<2', "unfinished quote duration<2", []),
        ("C:\\Sounds", "C:\\Sounds", []),
        ("impact -voice duration<2", "impact -voice", ["duration<2"]),
        ('impact -"human voice"', "impact -human_voice", []),
        ('"-human voice" impact', "-human_voice impact", []),
        ('"big impact" -"a  b\tc"', "big impact -a_b_c", []),
        ("-duration<2", "-duration<2", []),
        ("-", "-", []),
    ],
)
def test_what_was_typed_falls_into_words_and_complete_filters(text, words, filters):
    found, conditions = parse_text(text)
    assert found == words
    assert [str(condition) for condition in conditions] == filters


@given(st.text(max_size=60))
@example('"')
@example('""')
@example("duration<٣")
@example("rate=²")
def test_no_typing_is_an_error(text):
    words, conditions = parse_text(text)
    assert isinstance(words, str)
    assert all(isinstance(condition, Filter) for condition in conditions)


@given(st.text(alphabet="duration<>=:channels rate format folder0123456789.kmszh\"'%_", max_size=40))
def test_a_filter_written_out_reads_back_as_itself(text):
    for condition in parse_text(text)[1]:
        if isinstance(condition.value, float) and f"{condition.value:g}" != repr(condition.value).removesuffix(".0"):
            continue  # more digits than are shown
        if str(condition.value) != str(condition.value).strip().strip("\"'"):
            continue
        assert parse_filter(str(condition)) == condition


def test_a_file_is_an_example_as_a_whole():
    assert parse_example("rain.wav") == Example(Path("rain.wav"))


def test_seconds_after_an_at_sign_are_a_stretch():
    assert parse_example("my@home/rain.wav@3-7.5") == Example(Path("my@home/rain.wav"), 3.0, 7.5)


@pytest.mark.parametrize("text", ["rain.wav@", "rain.wav@3", "rain.wav@3-", "rain.wav@a-b", "@1-2", "rain.wav@-1-2"])
def test_what_is_no_stretch_is_part_of_the_name(text):
    assert parse_example(text) == Example(Path(text))


def test_a_file_whose_name_looks_like_a_stretch_is_meant_whole(tmp_path):
    path = tmp_path / "take@1-2"
    path.write_bytes(b"x")
    assert parse_example(str(path)).is_whole


@pytest.mark.parametrize("text", ["rain.wav@7-3", "rain.wav@3-3"])
def test_a_stretch_that_ends_before_it_starts_is_refused_with_a_remedy(text):
    with pytest.raises(QueryError, match=r"ends before it starts\. Write .+"):
        parse_example(text)


def test_a_name_too_long_for_any_disk_is_still_an_example():
    assert parse_example("a" * 5000 + "@1-2").start_s == 1.0


def test_a_phrase_that_is_not_wanted_keeps_its_minus_for_all_of_it():
    words, _ = parse_text('metal -"human voice" -wind')
    assert split_unwanted(words) == ("metal", ("human voice", "wind"))


@pytest.mark.parametrize("text", ["voice", "hi-hat", 'metallic "long tail"', "rain wind"])
def test_without_a_minus_every_word_is_wanted(text):
    words, _ = parse_text(text)
    assert split_unwanted(words) == (words, ())
