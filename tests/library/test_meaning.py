"""Search by meaning: words that no name holds, words that are not wanted, words and examples mixed.

The encoder knows what every test word means and has its vectors planted, so the right order is known beforehand.
"""

from dataclasses import replace

import numpy as np
import pytest
from planted import N_BACKGROUND, N_DIMS, NOWHERE, PLANTED, RAIN, ROOT, Planted, Words, fill, unit

from bowerbird.base.errors import EncoderError, QueryError
from bowerbird.catalogue.sqlite.reader import SqliteReader
from bowerbird.domain.matches import WEAK_PERCENTILE
from bowerbird.domain.query import RELEVANCE, Example, Location, Query, SpellingCorrection, parse_filter, parse_query
from bowerbird.library.library import Library
from bowerbird.library.search.browsing import N_WEAK, Browsing
from bowerbird.library.search.search import Search
from bowerbird.ranking.calibration import Calibration, Curve


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    library = tmp_path_factory.mktemp("library")
    fill(library)
    return library


@pytest.fixture
def search(library):
    search = Search(Library.open(library), Planted())
    yield search
    search.close()


@pytest.fixture
def browsing(library):
    browsing = Browsing(Library.open(library), Planted())
    yield browsing
    browsing.close()


def names(search, matches):
    rows = search.reader.rows([match.sound_id for match in matches])
    return [rows[match.sound_id].path.relative_to(ROOT).as_posix() for match in matches]


def ids(search, *wanted):
    return [search.reader.sound_at(ROOT / name).id for name in wanted]


def example(name, *, is_unlike=False):
    return Example(ROOT / name, is_unlike=is_unlike)


# Words


def test_words_find_what_they_mean_in_the_order_of_its_closeness(search):
    matches = search.by_example(search.target((), parse_query("rain")))
    assert names(search, matches)[:4] == ["water/a.wav", "long/storm.wav", "water/b.wav", "water/c.wav"]
    assert [match.score for match in matches] == sorted((match.score for match in matches), reverse=True)
    assert {match.why for match in matches} == {"by meaning"}


def test_the_moment_of_a_long_sound_is_the_one_that_was_meant(search):
    (storm,) = ids(search, "long/storm.wav")
    found = {match.sound_id: match for match in search.by_text(parse_query("rain"))}
    assert (found[storm].start_s, found[storm].end_s) == (10, 20)


def test_sounds_without_the_word_in_their_names_are_found(search):
    found = names(search, search.by_text(parse_query("metal")))
    assert found[:2] == ["tools/hammer.wav", "tools/my voice.wav"]
    assert search.by_words(parse_query("metal")) == []


def test_what_is_named_comes_first_then_what_is_meant(search):
    matches = search.by_text(parse_query("rain"), limit=6)
    assert names(search, matches)[:4] == ["speech/rain report.wav", "water/a.wav", "long/storm.wav", "water/b.wav"]
    named, *meant = matches
    assert named.why == "words in name, and by meaning"
    assert (named.is_named, named.is_weak) == (True, False)
    assert {match.why for match in meant} == {"by meaning"}


def test_what_both_name_and_mean_stands_first_and_says_so(search):
    matches = search.by_text(parse_query("voice"), limit=100)
    by_name = dict(zip(names(search, matches), matches, strict=True))
    assert "and by meaning" in by_name["tools/my voice.wav"].why
    assert by_name["tools/my voice.wav"].why.startswith("words in name")
    assert names(search, matches)[0] == "tools/my voice.wav"
    assert by_name["tools/my voice.wav"].percentile is not None


def test_percentiles_are_shares_of_the_library_and_weak_matches_are_marked(search):
    matches = search.by_example(search.target((), parse_query("rain")), limit=1000)
    assert len(matches) == len(PLANTED) + N_BACKGROUND
    with SqliteReader(search.reader.library) as reader:
        scores = reader.windows(Planted().id, N_DIMS).vectors @ RAIN
    for match in matches:
        assert match.percentile == pytest.approx(100 * np.mean(scores < match.score - 1e-6), abs=1.5)
        assert match.is_weak == (match.percentile < WEAK_PERCENTILE)
    assert [match.is_weak for match in matches[:4]] == [False] * 4
    assert matches[-1].is_weak


def test_weak_matches_come_last_and_only_as_many_as_are_wanted(search):
    every = search.by_text(parse_query("rain"), limit=200)
    assert len(every) == len(PLANTED) + N_BACKGROUND
    assert [match.is_weak for match in every] == sorted(match.is_weak for match in every)
    few = search.by_text(parse_query("rain"), limit=200, n_weak=3)
    assert sum(match.is_weak for match in few) == 3
    assert few == every[: len(few)]
    only_weak = search.by_text(parse_query("rain folder=tools"), limit=200, n_weak=3)
    assert sorted(names(search, only_weak)) == ["tools/hammer.wav", "tools/my voice.wav"]
    assert all(match.is_weak for match in only_weak)


def test_a_list_says_how_many_sounds_come_before_those_that_are_probably_no_match(browsing):
    """The planted encoder has a calibration here: what is like rain is likely, the rest is not."""
    browsing._search._calibration = Calibration("planted-1", {"words": Curve(-9.0, 18.0, 0.0)})
    listing = browsing.meant(replace(parse_query("rain"), order=RELEVANCE))
    bands = [match.band if (match := listing.matches.get(sound_id)) else None for sound_id in listing.ids.tolist()]
    assert listing.n_likely == bands.index("weak") > 0
    assert set(bands[listing.n_likely :]) == {"weak"}
    assert len(bands) - listing.n_likely == N_WEAK
    assert browsing.meant(replace(parse_query("rain"), order="name")).n_likely is None


def test_the_limit_holds(search):
    assert len(search.by_text(parse_query("rain"), limit=3)) == 3


def test_a_name_that_begins_with_the_word_is_found_and_says_so(search):
    found = search.by_text(parse_query("rep"))
    assert names(search, found)[0] == "speech/rain report.wav"
    assert found[0].why.startswith("beginnings of words in name")
    assert names(search, search.by_words(parse_query("rep"))) == ["speech/rain report.wav"]
    assert names(search, search.by_text(parse_query("report")))[0] == "speech/rain report.wav"


def test_a_minus_leaves_in_what_only_begins_with_its_word(search):
    assert "tools/hammer.wav" in names(search, search.by_text(parse_query("metal -ham"), limit=100))
    assert "tools/hammer.wav" not in names(search, search.by_text(parse_query("metal -hammer"), limit=100))


# Words that are not wanted


def test_an_unwanted_word_pushes_its_meaning_away(search):
    plain = names(search, search.by_example(search.target((), parse_query("rain"))))
    pushed = names(search, search.by_example(search.target((), parse_query("rain -voice"))))
    assert plain[:4] == ["water/a.wav", "long/storm.wav", "water/b.wav", "water/c.wav"]
    assert pushed[:3] == ["water/a.wav", "long/storm.wav", "water/c.wav"]


def test_an_unwanted_word_excludes_names_that_hold_it_however_well_they_fit(search):
    assert "tools/my voice.wav" in names(search, search.by_text(parse_query("metal"), limit=100))
    found = names(search, search.by_text(parse_query("metal -voice"), limit=100))
    assert found[0] == "tools/hammer.wav"
    assert "tools/my voice.wav" not in found
    assert "water/b.wav" in found[len(found) // 2 :]


def test_an_unwanted_phrase_excludes_only_names_that_hold_all_of_it(search):
    found = names(search, search.by_text(parse_query("metal -human_voice"), limit=100))
    assert "tools/my voice.wav" in found
    assert search.encoder.text.asked[-1] == "human voice"


def test_unwanted_words_alone_give_what_is_least_like_them(search):
    found = names(search, search.by_text(parse_query("-voice"), limit=100))
    assert "tools/my voice.wav" not in found
    assert found.index("speech/d.wav") > len(found) - 4


# Filters and places


def test_filters_hold_for_what_words_name_and_for_what_they_mean(search):
    stereo = parse_query("rain channels=stereo")
    matches = search.by_text(stereo, limit=100)
    rows = search.reader.rows([match.sound_id for match in matches])
    assert len(matches) == (len(PLANTED) + N_BACKGROUND) // 2
    assert {row.n_channels for row in rows.values()} == {2}


def test_a_place_holds(search):
    with SqliteReader(search.reader.library) as reader:
        (folder,) = reader.folders()
    found = search.by_text(replace(parse_query("rain"), location=Location(folder.id, "sounds/water")), limit=100)
    assert names(search, found) == ["water/a.wav", "water/b.wav", "water/c.wav"]


# Mixtures


def test_an_example_and_words_meet_in_what_is_like_both(search):
    matches = search.by_example(search.target([example("water/a.wav")], parse_query("metal")))
    assert names(search, matches)[0] == "water/c.wav"
    assert {match.why for match in matches} == {"similar in sound and meaning"}
    assert "water/a.wav" not in names(search, matches)


def test_unlike_and_words_and_like_are_mixed(search):
    among = Query(filters=(parse_filter("folder=water"),))
    like_rain = search.by_example(search.target([example("long/storm.wav")], parse_query("rain")), among)
    assert names(search, like_rain) == ["water/a.wav", "water/b.wav", "water/c.wav"]
    unlike = search.target([example("long/storm.wav"), example("speech/d.wav", is_unlike=True)], parse_query("rain"))
    assert names(search, search.by_example(unlike, among)) == ["water/a.wav", "water/c.wav", "water/b.wav"]
    with_minus = search.target([example("long/storm.wav")], parse_query("rain -voice"))
    assert names(search, search.by_example(with_minus, among)) == ["water/a.wav", "water/c.wav", "water/b.wav"]


def test_unlike_alone_gives_the_opposite(search):
    matches = search.by_example(search.target([example("speech/d.wav", is_unlike=True)]), limit=1000)
    found = names(search, matches)
    assert "speech/d.wav" not in found
    assert found[-1] == "speech/rain report.wav"


def test_words_weigh_as_much_as_examples_though_their_vectors_lie_elsewhere(library):
    """Vectors of words lie apart from those of sounds: here most of them is where no sound has anything."""

    class Far(Words):
        def has_words(self, text):
            return True

        def encode(self, texts):
            return np.stack([unit(row + 20 * NOWHERE) for row in super().encode(texts)])

    search = Search(Library.open(library), Planted(text=Far()))
    try:
        found = names(search, search.by_example(search.target([example("water/a.wav")], parse_query("metal"))))
        assert found[0] == "water/c.wav"
    finally:
        search.close()


def test_a_target_is_of_unit_length_whatever_it_is_made_of(search):
    for text, examples in (
        ("rain", []),
        ("-rain", []),
        ("rain -voice metal", [example("water/a.wav"), example("speech/d.wav", is_unlike=True)]),
        ("rain -rain", []),
    ):
        vector = search.target(examples, parse_query(text)).vector
        assert np.isfinite(vector).all()
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


# Without words, or without an encoder that knows them


def test_an_encoder_without_words_searches_names_as_before(library):
    search = Search(Library.open(library), Planted(text=None))
    try:
        assert not search.has_meanings
        assert names(search, search.by_words(parse_query("rain"))) == ["speech/rain report.wav"]
        assert search.by_words(parse_query("metal")) == []
        with pytest.raises(QueryError, match=r"“planted” has no text encoder\. Choose one that has"):
            search.target((), parse_query("rain"))
        with pytest.raises(QueryError, match="There is no example"):
            search.target(())
        among = parse_query("-voice folder=tools")
        assert names(search, search.by_example(search.target([example("water/a.wav")]), among)) == ["tools/hammer.wav"]
    finally:
        search.close()


def test_a_minus_leaves_names_out_where_no_meaning_is_known(library):
    search = Search(Library.open(library), Planted(text=None))
    try:
        everything = search.by_words(parse_query(""), limit=1000)
        found = names(search, search.by_words(parse_query("-voice -rain"), limit=1000))
        assert len(found) == len(everything) - 2
        assert not {"tools/my voice.wav", "speech/rain report.wav"} & set(found)
        assert search.by_words(parse_query("rain -report")) == []
        assert names(search, search.by_words(parse_query("rain -hammer"))) == ["speech/rain report.wav"]
    finally:
        search.close()


def test_a_library_without_vectors_of_the_encoder_still_finds_names(library):
    search = Search(Library.open(library), Planted(id="planted-2"))
    try:
        assert names(search, search.by_text(parse_query("rain"))) == ["speech/rain report.wav"]
        assert search.by_text(parse_query("metal")) == []
    finally:
        search.close()


@pytest.mark.parametrize("text", ["-", "...", "- -", "!?"])
def test_signs_that_are_not_words_are_not_an_error(search, browsing, text):
    assert search.by_text(parse_query(text)) is not None
    assert browsing.meant(parse_query(text)) is not None


# What the window lists


def test_the_window_lists_the_best_of_both_and_every_other_sound_with_the_word(browsing, search):
    listing = browsing.meant(replace(parse_query("voice"), order=RELEVANCE))
    strong, named = ids(search, "speech/d.wav", "tools/my voice.wav")
    assert listing.ids[0] == named
    assert strong in listing.ids[:3].tolist()
    assert strong in listing.matches
    assert len(listing.ids) < N_BACKGROUND // 2
    assert listing.n_library == len(PLANTED) + N_BACKGROUND


def test_the_window_sorts_them_by_a_column(browsing, search):
    listing = browsing.meant(replace(parse_query("rain"), order="name"))
    rows = search.reader.rows(listing.ids.tolist())
    listed = [rows[sound_id].name for sound_id in listing.ids.tolist()]
    assert listed == sorted(listed)
    assert "rain report.wav" in listed


def test_the_window_excludes_unwanted_words(browsing, search):
    (voice,) = ids(search, "tools/my voice.wav")
    assert voice in browsing.meant(parse_query("metal")).ids
    assert voice not in browsing.meant(parse_query("metal -voice")).ids
    assert voice not in browsing.meant(parse_query("-voice")).ids


def test_unwanted_words_exclude_names_beside_an_example_too(browsing, search):
    (voice,) = ids(search, "tools/my voice.wav")
    assert voice not in browsing.similar([example("tools/hammer.wav")], parse_query("-voice")).ids


def test_similar_sounds_with_words_are_like_both(browsing, search):
    listing = browsing.similar([example("water/a.wav")], replace(parse_query("metal"), order=RELEVANCE))
    assert listing.ids[0] == ids(search, "water/c.wav")[0]


def test_warming_up_loads_the_words(library):
    encoder = Planted()
    browsing = Browsing(Library.open(library), encoder)
    try:
        browsing.warm_up()
        assert len(encoder.text.asked) == 1
    finally:
        browsing.close()


def test_a_text_network_that_is_harmed_is_a_sentence(library):
    class Harmed:
        def has_words(self, text):
            return True

        def encode(self, texts):
            raise EncoderError("`text.onnx` is cut short. Fetch it again.")

    search = Search(Library.open(library), Planted(text=Harmed()))
    try:
        with pytest.raises(EncoderError, match="cut short"):
            search.by_text(parse_query("rain"))
        assert names(search, search.by_words(parse_query("rain"))) == ["speech/rain report.wav"]
        assert search.by_example(search.target([example("water/a.wav")]))
    finally:
        search.close()


class Half(Words):
    """Knows its three words, and says so."""

    def has_words(self, text):
        return any(word in {"rain", "voice", "metal"} for word in text.split())


def test_words_that_mean_nothing_are_names_alone(library):
    search = Search(Library.open(library), Planted(text=Half()))
    try:
        assert [match.why for match in search.by_text(parse_query("storm"))] == ["words in name"]
        assert search.by_text(parse_query("qxzv")) == []
        assert search.understands(parse_query("rain qxzv"))
        assert search.understands(parse_query("-voice"))
        assert not search.understands(parse_query("..."))
        assert search.encoder.text.asked == []
    finally:
        search.close()


class Guessing(Half):
    """Takes some words for others, and says so."""

    def has_words(self, text):
        return super().has_words(text) or "rian" in text

    def guesses(self, text):
        return tuple(SpellingCorrection(word, word[::-1]) for word in text.split() if word in {"rian", "latem"})


def test_what_words_were_taken_as_is_told_wherever_their_meaning_is_searched(library):
    search, browsing = (made(Library.open(library), Planted(text=Guessing())) for made in (Search, Browsing))
    try:
        assert search.words_of(parse_query("rian -latem")).guesses == (
            SpellingCorrection("rian", "nair"),
            SpellingCorrection("latem", "metal"),
        )
        assert search.words_of(parse_query("latem")).guesses == ()  # its meaning is not searched
        assert browsing.meant(parse_query("rian")).guesses == (SpellingCorrection("rian", "nair"),)
        assert browsing.similar([example("water/a.wav")], parse_query("rian")).guesses == (
            SpellingCorrection("rian", "nair"),
        )
    finally:
        search.close()
        browsing.close()


def test_what_is_similar_is_kept_to_names_that_mean_nothing(library):
    browsing = Browsing(Library.open(library), Planted(text=Half()))
    try:
        listing = browsing.similar([example("water/a.wav")], parse_query("storm"))
        assert len(listing.ids) == 1
        assert {match.why for match in listing.matches.values()} == {"sounds similar"}
    finally:
        browsing.close()
