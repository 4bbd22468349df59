"""Names beside meaning: sounds that have every word in their names come first, then some of the words and meaning."""

from dataclasses import replace

import pytest
from planted import METAL, RAIN, ROOT, VOICE, Planted, Words, fill

from bowerbird.domain.query import RELEVANCE, SpellingCorrection, parse_query
from bowerbird.library.library import Library
from bowerbird.library.search.browsing import Browsing
from bowerbird.library.search.search import Search

SOUNDS = {
    "drums/TR909_kick.wav": [METAL],
    "drums/snare 909.wav": [METAL],
    "drums/909.wav": [METAL],
    "drums/metallic 9090.wav": [METAL],
    "water/rain on wood.wav": [RAIN],
    "water/rain.wav": [VOICE],
    "water/rains.wav": [VOICE],
    "water/train.wav": [VOICE],
    "water/like rain.wav": [RAIN],
    "water/drizzle.wav": [RAIN],
    "rian/Rian Voice.wav": [VOICE],
}


class Guessing(Words):
    """Takes words that it does not know for others."""

    def has_words(self, text):
        return "xyz" not in text

    def guesses(self, text):
        return tuple(SpellingCorrection(word, word[::-1]) for word in text.split() if word in {"ria", "rian", "latem"})


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    library = tmp_path_factory.mktemp("library")
    fill(library, SOUNDS)
    return Library.open(library)


@pytest.fixture
def search(library):
    search = Search(library, Planted(text=Guessing()))
    yield search
    search.close()


def names(search, matches):
    rows = search.reader.rows([match.sound_id for match in matches])
    return [rows[match.sound_id].path.relative_to(ROOT).name for match in matches]


def test_sounds_with_the_number_in_their_names_come_first_without_gaps(search):
    found = names(search, search.by_text(parse_query("909"), limit=50))
    assert found[0] == "909.wav"
    assert set(found[1:3]) == {"TR909_kick.wav", "snare 909.wav"}
    assert "metallic 9090.wav" in found[3:]


def test_whole_words_come_before_meaning_and_parts_of_words_take_turns_with_it(search):
    found = names(search, search.by_text(parse_query("rain"), limit=100))
    assert found[0] == "rain.wav"  # the whole name
    assert set(found[1:3]) == {"rain on wood.wav", "like rain.wav"}
    assert found[3] == "rains.wav"
    assert set(found[4:6]) == {"drizzle.wav", "train.wav"}


def test_sounds_with_some_of_the_words_are_found_and_say_how_many(search):
    matches = search.by_words(parse_query("wooden zeppelin rain"), limit=50)
    assert names(search, matches) == ["rain on wood.wav", "like rain.wav", "rain.wav", "rains.wav"]
    assert [match.why.split(" in ")[0] for match in matches] == ["2 of 3 words"] + ["1 of 3 words"] * 3


def test_words_of_the_library_are_not_taken_for_misspellings(search):
    assert search.words_of(parse_query("rian latem")).guesses == (SpellingCorrection("latem", "metal"),)
    assert names(search, search.by_text(parse_query("rian"), limit=50)) == ["Rian Voice.wav"]


def test_every_sound_with_the_words_is_listed_the_best_first(library):
    browsing, query = Browsing(library, Planted(text=Guessing())), replace(parse_query("rain"), order=RELEVANCE)
    try:
        listing = browsing.meant(query)
        rows = browsing._search.reader.rows(listing.ids.tolist())
        listed = [rows[sound_id].name for sound_id in listing.ids.tolist()]
        assert (listed[0], listed[3]) == ("rain.wav", "rains.wav")
        assert set(listed[1:3]) == {"rain on wood.wav", "like rain.wav"}
        assert {"train.wav", "drizzle.wav"} <= set(listed)
        assert len(set(listed)) == len(listed)
        assert listing.ids.tolist() == browsing.meant(query).ids.tolist()
    finally:
        browsing.close()


@pytest.mark.parametrize("text", ["rain", "wooden rain", "909"])
def test_the_first_results_are_the_same_whatever_the_limit_is(search, text):
    every = search.by_text(parse_query(text), limit=40)
    for limit in (1, 3, 10):
        assert search.by_text(parse_query(text), limit=limit) == every[:limit]


def test_a_corrected_spelling_is_searched_in_names_too(search):
    matches = search.by_text(parse_query("latem"), limit=50)  # metal
    assert "metallic 9090.wav" in names(search, [match for match in matches if match.is_named])


def test_a_beginning_of_a_word_of_the_library_is_not_corrected(search):
    assert search.words_of(parse_query("ria")).guesses == search.words_of(parse_query("rian")).guesses == ()


def test_several_words_of_which_the_last_is_unfinished_come_before_some_of_the_words(search):
    found = names(search, search.by_text(parse_query("rain woo"), limit=50))
    assert found[0] == "rain on wood.wav"
