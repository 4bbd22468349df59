"""What a sound may be called: suggested by the encoder, corrected by people, found by words."""

import numpy as np
import pytest
from stage import run

from bowerbird.base.errors import QueryError
from bowerbird.catalogue.sqlite.reader import SqliteReader
from bowerbird.domain.query import Query, parse_query
from bowerbird.encoders.registry import DEFAULT_ENCODER, encoder_named
from bowerbird.library.annotations.words import MIN_CONFIDENCE, deny_word, give_words, suggested_words
from bowerbird.library.library import Library
from sounds import noise, write


class Parrot:
    """The built-in encoder with five names for every sound."""

    NAMES = (("bell", 0.5), ("metal", 0.3), ("ring", 0.1), ("cat", 0.06), ("dog", MIN_CONFIDENCE / 2))

    def __init__(self):
        self._built_in = encoder_named(DEFAULT_ENCODER)

    def __getattr__(self, name):
        return getattr(self._built_in, name)

    def names_of(self, vectors, *, n_names):
        assert vectors.shape == (1, self.n_dims)
        assert np.isfinite(vectors).all()
        return [self.NAMES[:n_names]]


@pytest.fixture
def library(tmp_path):
    folder = tmp_path / "sounds"
    for number in range(2):
        write(folder / f"{number}.wav", noise(number, duration_s=0.2))
    write(folder / "copy of 0.wav", noise(0, duration_s=0.2))
    run(tmp_path / "library", folder)
    return tmp_path / "library"


def content_of(library, name):
    with SqliteReader(library) as reader:
        return next(
            row.content_id for row in reader.rows(reader.list_ids(Query()).tolist()).values() if row.name == name
        )


def words(library, name="0.wav", encoder=None):
    with SqliteReader(library) as reader:
        return [one.word for one in suggested_words(reader, encoder or Parrot(), content_of(library, name))]


def found(library, text):
    with SqliteReader(library) as reader:
        return sorted(row.name for row in reader.rows(reader.list_ids(parse_query(text)).tolist()).values())


def test_the_likeliest_three_are_suggested_with_their_confidence(library):
    with SqliteReader(library) as reader:
        suggested = suggested_words(reader, Parrot(), content_of(library, "0.wav"))
    assert [(one.word, one.confidence, one.is_given) for one in suggested] == [
        ("bell", 0.5, False),
        ("metal", 0.3, False),
        ("ring", 0.1, False),
    ]


def test_an_encoder_that_names_nothing_suggests_nothing(library):
    assert words(library, encoder=encoder_named("acoustic")) == []


def test_a_word_that_was_denied_is_not_suggested_any_more_and_the_next_takes_its_place(library):
    deny_word(Library.open(library), [content_of(library, "0.wav")], "bell")
    assert words(library) == ["metal", "ring", "cat"]
    assert words(library, "1.wav") == ["bell", "metal", "ring"]


def test_what_is_hardly_believed_is_not_suggested(library):
    for word in ("bell", "metal", "ring"):
        deny_word(Library.open(library), [content_of(library, "0.wav")], word)
    assert words(library) == ["cat"]


def test_a_word_that_was_given_comes_first_and_finds_the_sound_and_its_copies(library):
    assert found(library, "tür") == []
    give_words(Library.open(library), [content_of(library, "0.wav")], "  Tür ")
    assert words(library) == ["tür", "bell", "metal", "ring"]
    assert words(library, "copy of 0.wav")[0] == "tür"
    assert found(library, "tür") == ["0.wav", "copy of 0.wav"]


def test_a_given_word_may_be_taken_back(library):
    content_id = content_of(library, "0.wav")
    give_words(Library.open(library), [content_id], "door")
    deny_word(Library.open(library), [content_id], "door")
    assert words(library) == ["bell", "metal", "ring"]
    assert found(library, "door") == []


@pytest.mark.parametrize("word", ["", "   ", "?!", "--"])
def test_what_is_no_word_is_refused_with_an_example(library, word):
    with pytest.raises(QueryError, match=r"Enter a word or a short phrase, such as"):
        give_words(Library.open(library), [content_of(library, "0.wav")], word)


def test_a_word_that_is_too_long_is_refused_and_not_cut(library):
    content_ids = [content_of(library, "0.wav")]
    give_words(Library.open(library), content_ids, "ab " * 19 + "abc")
    with pytest.raises(QueryError, match=r"“ab ab ab ab ab ab ab…” is too long\. Use at most 60 characters"):
        give_words(Library.open(library), content_ids, "ab " * 19 + "abcd")
    assert len(words(library)) == 4


def test_given_words_outlast_a_file_that_is_written_anew(library, tmp_path):
    give_words(Library.open(library), [content_of(library, "1.wav")], "rumble")
    deny_word(Library.open(library), [content_of(library, "1.wav")], "bell")
    write(tmp_path / "sounds" / "1.wav", noise(1, duration_s=0.3))
    run(library, tmp_path / "sounds")
    assert found(library, "rumble") == ["1.wav"]
    assert words(library, "1.wav") == ["rumble", "metal", "ring", "cat"]


def test_given_words_outlast_a_folder_that_is_removed_and_added_again(library, tmp_path):
    give_words(Library.open(library), [content_of(library, "1.wav")], "rumble")
    with SqliteReader(library) as reader:
        (folder,) = reader.folders()
    Library.open(library).remove_folder(folder.id)
    run(library, tmp_path / "sounds")
    assert found(library, "rumble") == ["1.wav"]


def test_a_sound_that_is_gone_meanwhile_is_postponed(library):
    give_words(Library.open(library), [99_999, content_of(library, "1.wav")], "rumble")
    assert found(library, "rumble") == ["1.wav"]


def test_given_words_outlast_indexing(library, tmp_path):
    give_words(Library.open(library), [content_of(library, "1.wav")], "rumble")
    run(library, tmp_path / "sounds")
    assert found(library, "rumble") == ["1.wav"]
