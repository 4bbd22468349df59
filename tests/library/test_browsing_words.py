"""Words as the window asks for them: by sound, from whichever encoder names sounds."""

import pytest
from stage import run

from bowerbird.domain.query import Query
from bowerbird.encoders.ear.encoder import EarEncoder
from bowerbird.encoders.registry import encoder_named
from bowerbird.library.annotations.annotate import add_tag, deny_word, remove_tag
from bowerbird.library.library import Library
from bowerbird.library.search.browsing import Browsing
from sounds import noise, write

NAMES = (("bell", 0.5), ("metal", 0.3))


@pytest.fixture
def library(tmp_path, monkeypatch):
    monkeypatch.setattr(EarEncoder, "names_of", lambda _, vectors, *, n_names: [NAMES[:n_names] for _ in vectors])
    for number in range(3):
        write(tmp_path / "sounds" / f"{number}.wav", noise(number, duration_s=0.2))
    (tmp_path / "sounds" / "garbage.wav").write_bytes(b"RIFF" + bytes(range(200)))
    run(tmp_path / "library", tmp_path / "sounds")
    return tmp_path / "library"


@pytest.fixture(params=["ear", "acoustic"])
def browsing(library, request):
    browsing = Browsing(Library.open(library), encoder_named(request.param))
    yield browsing
    browsing.close()


def ids(browsing):
    return browsing.list(Query()).ids.tolist()


def words(browsing, sound_id):
    return [one.word for one in browsing.words(sound_id)]


def test_the_built_in_encoder_names_sounds_whichever_is_searched_by(browsing):
    assert words(browsing, ids(browsing)[0]) == ["bell", "metal"]


def test_what_was_not_analysed_has_no_words(browsing):
    assert browsing.words(999) == ()


def test_a_word_is_denied_for_just_the_sounds_named(browsing, library):
    first, second, _ = ids(browsing)
    deny_word(Library.open(library), [first], "bell")
    assert (words(browsing, first), words(browsing, second)) == (["metal"], ["bell", "metal"])


def test_a_tag_is_removed_only_where_it_was_given(browsing, library):
    first, second, third = ids(browsing)
    add_tag(Library.open(library), [first, second], "clank")
    remove_tag(Library.open(library), [first, second, third], "clank")
    assert [words(browsing, one) for one in (first, second, third)] == [["bell", "metal"]] * 3
