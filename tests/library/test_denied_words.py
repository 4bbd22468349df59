"""A denied word counts: the sound is no longer found by it, neither by name nor by meaning."""

from dataclasses import replace

import pytest
from planted import ROOT, Planted, Words, fill
from stage import run

from bowerbird.catalogue.sqlite.reader import SqliteReader
from bowerbird.domain.query import RELEVANCE, parse_query
from bowerbird.encoders.registry import encoder_named
from bowerbird.library.annotations.annotate import add_tag, deny_word
from bowerbird.library.annotations.history import History
from bowerbird.library.library import Library
from bowerbird.library.search.browsing import Browsing
from bowerbird.library.search.search import Search
from sounds import noise, write


class WordsWithSynonyms(Words):
    """Also knows that a shower is rain."""

    def synonyms(self, text):
        return ("rain", "shower") if "shower" in text or "rain" in text else ()


@pytest.fixture
def library(tmp_path):
    fill(tmp_path / "library")
    return Library.open(tmp_path / "library")


@pytest.fixture
def search(library):
    search = Search(library, Planted(text=WordsWithSynonyms()))
    yield search
    search.close()


def id_of(library, name):
    with library.read() as reader:
        return reader.sound_at(ROOT / name).id


def found(search, text):
    return [match.sound_id for match in search.by_text(parse_query(text), limit=100)]


@pytest.mark.parametrize("name", ["water/a.wav", "speech/rain report.wav"])
@pytest.mark.parametrize("denied", ["rain", "shower"])
def test_a_denied_word_or_its_synonym_finds_a_sound_no_more(library, search, name, denied):
    sound_id = id_of(library, name)
    assert sound_id in found(search, "rain")
    edits = History(library)
    edits.add(deny_word(library, [sound_id], denied))
    assert sound_id not in found(search, "rain")
    assert sound_id not in [match.sound_id for match in search.similar([], parse_query("rain"), limit=100)]
    edits.undo()
    assert sound_id in found(search, "rain")


def test_other_words_find_it_still(library, search):
    sound_id = id_of(library, "speech/rain report.wav")
    deny_word(library, [sound_id], "rain")
    assert sound_id in found(search, "voice")
    assert sound_id in found(search, "report")


def test_a_denied_phrase_counts_only_whole(library, search):
    sound_id = id_of(library, "speech/rain report.wav")
    deny_word(library, [sound_id], "rain report")
    assert sound_id not in found(search, "rain report")
    assert sound_id in found(search, "rain")


def test_lists_by_name_leave_it_out_too(library):
    sound_id = id_of(library, "speech/rain report.wav")
    deny_word(library, [sound_id], "report")
    with SqliteReader(library.folder) as reader:
        assert reader.list_ids(parse_query("report")).tolist() == []
        assert reader.list_ids(parse_query("report duration>0")).tolist() == []
        assert reader.list_ids(parse_query("rain")).tolist() == [sound_id]
    browsing = Browsing(library, Planted(text=WordsWithSynonyms()))
    assert sound_id not in browsing.meant(parse_query("report")).ids
    assert sound_id in browsing.meant(parse_query("rain")).ids
    browsing.close()


def test_the_ear_knows_synonyms_and_no_misspelling(library):
    text = encoder_named("ear").text
    assert {"dog", "hund"} <= set(text.synonyms("dogs"))
    assert text.synonyms("zzqx") == ()


def test_missing_sounds_come_last(tmp_path):
    for number in range(3):
        write(tmp_path / "sounds" / f"rain {number}.wav", noise(number, duration_s=0.2))
    write(tmp_path / "sounds" / "rain in a very long name with many words.wav", noise(9, duration_s=0.2))
    run(tmp_path / "library", tmp_path / "sounds")
    (tmp_path / "sounds" / "rain 0.wav").unlink()
    run(tmp_path / "library", tmp_path / "sounds")
    library = Library.open(tmp_path / "library")
    with library.read() as reader:
        missing = int(reader.missing_ids()[0])
    browsing = Browsing(library, encoder_named("ear"))
    for query in (parse_query("rain"), parse_query("rain -voice")):
        assert browsing.meant(replace(query, order=RELEVANCE)).ids.tolist()[-1] == missing
    browsing.close()
    search = Search(library, encoder_named("ear"))
    assert found(search, "rain")[-1] == missing
    assert [match.sound_id for match in search.by_words(parse_query("rain"))][-1] == missing
    search.close()


def test_a_denied_word_becomes_a_tag(library, search):
    sound_id = id_of(library, "tools/hammer.wav")
    deny_word(library, [sound_id], "rain")
    add_tag(library, [sound_id], "rain")
    assert sound_id in found(search, "rain")
