"""Words learned from names: a direction for each, in which sounds lie that do not have the word in their names too."""

import os
import time

import numpy as np
import pytest
from planted import METAL, N_DIMS, RAIN, Planted, Words, fill_with, planted

from bowerbird.catalogue.sqlite.writer import SqliteWriter
from bowerbird.domain.name_words import describing_words
from bowerbird.domain.query import parse_query
from bowerbird.encoders.ear.encoder import EarEncoder
from bowerbird.jobs.control import Control
from bowerbird.library.library import Library
from bowerbird.library.search.learned_words import (
    NamedVectors,
    fit_words,
    has_learned_words,
    read_learned_words,
    update_learned_words,
    vocabulary,
    words_path,
)
from bowerbird.library.search.meanings import share_understood, unknown_words
from bowerbird.library.search.search import Search

SPLODGE = np.eye(N_DIMS, dtype=np.float32)[3]
HIDDEN = "takes/0001.wav"


class Deaf(Planted):
    """The planted encoder without words of its own."""

    def __init__(self):
        super().__init__(text=None)


def sounds():
    """Return sounds of three kinds; one of a kind that names call a splodge has a name that says nothing."""
    vectors = {f"Splodges/Splodge {number}.wav": planted(f"s{number}", [0.9 * SPLODGE]) for number in range(9)}
    vectors |= {HIDDEN: planted("hidden", [0.9 * SPLODGE])}
    vectors |= {f"rain {number}.wav": planted(f"r{number}", [0.9 * RAIN]) for number in range(9)}
    return vectors | {f"clang {number}.wav": planted(f"m{number}", [0.9 * METAL]) for number in range(20)}


@pytest.fixture
def library(tmp_path):
    fill_with(tmp_path, sounds())
    return Library.open(tmp_path)


def found_by(library, encoder, text):
    search = Search(library, encoder)
    matches = search.by_example(search.target((), parse_query(text)), limit=15)
    rows = search.reader.rows([match.sound_id for match in matches])
    search.close()
    return [rows[match.sound_id].name for match in matches]


def test_a_sound_is_found_by_a_word_that_only_names_of_similar_sounds_have(library):
    update_learned_words(library, Deaf(), Control())
    found = found_by(library, Deaf(), "splodge")
    assert "0001.wav" in found[:10]
    assert all("rain" not in name and "clang" not in name for name in found[:10])


def test_other_forms_of_a_word_mean_the_same_and_stop_words_nothing(library):
    update_learned_words(library, Deaf(), Control())
    learned = read_learned_words(words_path(library, Deaf()), Deaf())
    assert learned.has("Splodges")
    assert learned.has("raining")
    assert not learned.has("the")
    np.testing.assert_allclose(learned.direction("the splodges"), learned.direction("splodge"), atol=1e-6)
    assert learned.direction("quuxlyd") is None


def test_words_are_learned_again_after_a_change_and_only_then(library):
    encoder = Deaf()
    assert not has_learned_words(library, encoder)
    update_learned_words(library, encoder, Control())
    path = words_path(library, encoder)
    first = path.stat()
    update_learned_words(library, encoder, Control())
    assert path.stat().st_mtime_ns == first.st_mtime_ns
    fill_with(
        library.folder, sounds() | {f"fizz {number}.wav": planted(f"f{number}", [0.9 * METAL]) for number in range(9)}
    )
    update_learned_words(library, encoder, Control())
    assert read_learned_words(path, encoder).has("fizz")


def test_words_are_kept_for_ten_minutes_while_hardly_anything_changes(library):
    encoder = Deaf()
    path = words_path(library, encoder)

    def learned_at_ns():
        update_learned_words(library, encoder, Control())
        return path.stat().st_mtime_ns

    first = learned_at_ns()
    with SqliteWriter(library.folder) as writer:
        writer._connection.execute("UPDATE revision SET number = number + 1")
    assert learned_at_ns() == first
    ten_minutes_ago = time.time() - 601
    os.utime(path, (ten_minutes_ago, ten_minutes_ago))
    assert learned_at_ns() > first


def test_a_search_that_is_open_sees_what_was_learned_meanwhile(library):
    search = Search(library, Deaf())
    assert not search.has_meanings
    assert not search.understands(parse_query("splodge"))
    assert search.words_of(parse_query("a splodge")).unknown == ("splodge",)
    update_learned_words(library, Deaf(), Control())
    assert search.has_meanings
    assert search.understands(parse_query("splodge"))
    assert search.words_of(parse_query("a splodge")).unknown == ()
    search.close()


def test_a_cancelled_run_writes_nothing(library):
    control = Control()
    control.cancel()
    update_learned_words(library, Deaf(), control)
    assert not has_learned_words(library, Deaf())


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 cut off", b"{}"])
def test_a_damaged_file_of_words_is_not_read_and_is_made_again(library, damage):
    encoder = Deaf()
    update_learned_words(library, encoder, Control())
    path = words_path(library, encoder)
    path.write_bytes(damage)
    assert read_learned_words(path, encoder) is None
    assert not has_learned_words(library, encoder)
    update_learned_words(library, encoder, Control())
    assert read_learned_words(path, encoder).has("splodge")


def test_words_of_another_encoder_are_not_used(library):
    update_learned_words(library, Deaf(), Control())
    other = Deaf()
    other.id = "planted-2"
    assert read_learned_words(words_path(library, Deaf()), other) is None


def test_what_the_encoder_understands_and_what_was_learned_are_added(library):
    """ "Rain" is known to both; a name that lies, "rain" for clangs, does not take all of the meaning away."""
    update_learned_words(library, Planted(), Control())
    assert set(found_by(library, Planted(), "rain")[:9]) == {f"rain {number}.wav" for number in range(9)}


# Which words


def test_words_of_one_sound_or_of_nearly_all_are_not_learned():
    names = [{"drum", "kick"}, {"drum", "kick"}, {"drum", "snare"}, {"drum"}] + [{"drum"}] * 6
    assert vocabulary(names) == ("kick",)


def test_names_of_packs_are_left_out_since_their_sounds_have_nothing_in_common():
    rng = np.random.default_rng(5)
    vectors = rng.normal(size=(400, 16)).astype(np.float32)
    vectors[:40, 0] += 6
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    words = [{"gong"} if row < 40 else {"megapack"} if row % 2 else set() for row in range(400)]
    words = [own | ({"megapack"} if row < 20 else set()) for row, own in enumerate(words)]
    assert fit_words([NamedVectors(vectors, words)], ("gong", "megapack"), Deaf()).words == ("gong",)


def test_a_fit_in_batches_equals_one_at_once():
    rng = np.random.default_rng(7)
    vectors = rng.normal(size=(60, N_DIMS)).astype(np.float32)
    vectors[:9, 2] += 9
    words = [{"gong"} if row < 9 else set() for row in range(60)]
    whole = fit_words([NamedVectors(vectors, words)], ("gong",), Deaf())
    parts = fit_words(
        [NamedVectors(vectors[:25], words[:25]), NamedVectors(vectors[25:], words[25:])], ("gong",), Deaf()
    )
    np.testing.assert_allclose(whole.directions, parts.directions, rtol=1e-4)


def test_the_librarys_cosines_with_a_direction_have_unit_deviation():
    rng = np.random.default_rng(8)
    vectors = rng.normal(size=(300, N_DIMS)).astype(np.float32)
    vectors[:30, 1] += 4
    words = [{"gong"} if row < 30 else set() for row in range(300)]
    (direction,) = fit_words([NamedVectors(vectors, words)], ("gong",), Deaf()).directions
    assert np.std(vectors @ direction) == pytest.approx(1.0, rel=1e-3)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("DogBark_01 (stereo).wav", {"dog", "bark", "dogbark"}),
        ("TR909_Kick-12 take 3", {"kick"}),
        ("Türknarren.aif", {"turknarren"}),
    ],
)
def test_describing_words_are_those_that_say_what_a_sound_is(name, words):
    assert words <= describing_words(name)
    assert not describing_words(name) & {"wav", "aif", "stereo", "take"}


# What is understood


def test_related_words_are_those_of_the_encoder_and_never_corrections():
    """The ear reads "bart" as a misspelt "bark": nothing about dogs is learned from a folder of that name."""
    ear = EarEncoder()
    vectors = np.random.default_rng(3).normal(size=(20, ear.n_dims)).astype(np.float32)
    words = [{"bart", "laugh"} if row < 5 else set() for row in range(20)]
    learned = fit_words([NamedVectors(vectors, words)], ("bart", "laugh"), ear)
    assert learned.direction("dog barking", ear.text) is None
    np.testing.assert_allclose(
        learned.direction("giggle", ear.text) / np.linalg.norm(learned.direction("giggle", ear.text)),
        learned.direction("laugh", ear.text) / np.linalg.norm(learned.direction("laugh", ear.text)),
        atol=1e-5,
    )


@pytest.mark.parametrize(
    ("text", "unknown", "share"),
    [
        ("dog barking", (), 1.0),
        ("a dog with quuxlyd", ("quuxlyd",), 0.5),
        ("thuner", (), 0.5),  # taken for thunder
        ("quuxlyd", ("quuxlyd",), 0.0),
    ],
)
def test_words_without_a_meaning_are_named_and_counted(text, unknown, share):
    ear = EarEncoder()
    assert unknown_words(text, ear.text, None) == unknown
    assert share_understood(text, ear.text, None) == share


def test_an_encoder_that_does_not_tell_is_taken_to_understand_everything():
    assert unknown_words("quuxlyd", Words(), None) == ()
    assert share_understood("quuxlyd", Words(), None) == 1.0
