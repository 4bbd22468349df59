"""The thesaurus: the shipped file, the user's additions, and looking up words."""

import time
from pathlib import Path

import pytest

from bowerbird.base.errors import EncoderError
from bowerbird.base.paths import resources_path, settings_path
from bowerbird.domain.names import plain
from bowerbird.encoders.ear.spelling import Spellings
from bowerbird.encoders.ear.thesaurus import BLOCKS, Group, Thesaurus, load_thesaurus, read_thesaurus
from bowerbird.encoders.ear.word_forms import stems, words_of

SHIPPED = resources_path() / "thesaurus.toml"

SMALL = """
[[group]]
name = "dog"
kind = "animals"
words = ["puppy", "bark", "woof"]
german = ["hund", "welpe", "bellen"]
related = ["growl"]
parents = ["animal"]

[[group]]
name = "animal"
kind = "animals"
german = ["tier"]

[[group]]
name = "door"
words = ["door handle"]
german = ["tür"]

[[group]]
name = "wood"
words = ["wooden", "bar"]
german = ["holz"]

[[group]]
name = "bear"
german = ["bär"]

[[group]]
name = "glass breaking"
words = ["breaking glass", "shattered", "smash"]

[[group]]
name = "explosion"
words = ["blast"]

[[group]]
name = "pain"
words = ["die", "ouch"]

[[adjective]]
name = "bright"
words = ["brilliant"]
german = ["strahlend"]
steers = "brightness"
quantity = "centroid"
towards = "high"
"""


@pytest.fixture(scope="module")
def shipped() -> Thesaurus:
    return read_thesaurus(SHIPPED)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "shipped.toml"
    path.write_text(SMALL, encoding="utf-8")
    return path


def own_file(folder: Path, text: str) -> Path:
    path = folder / "thesaurus.toml"
    path.write_text(text, encoding="utf-8")
    return path


def names(thesaurus: Thesaurus, text: str) -> list[str]:
    """First group or adjective of everything found; "?" where nothing is known."""
    return [
        (meaning.groups[0].name if meaning.groups else meaning.adjectives[0].name if meaning.adjectives else "?")
        for meaning in thesaurus.meanings(text)
    ]


def test_it_has_twelve_hundred_english_words_and_as_many_kinds_as_were_asked_for(shipped):
    words = {word for group in shipped.groups for word in (group.name, *group.words)}
    assert len(words) >= 1200
    assert len({word for group in shipped.groups for word in group.german}) >= 1000
    kinds = {group.kind for group in shipped.groups}
    assert kinds >= {"animals", "weather", "water", "people", "household", "vehicles", "weapons", "instruments"}


@pytest.mark.parametrize(
    ("word", "group"),
    [
        ("puppy", "dog"),
        ("gunfire", "gunshot"),
        ("sub drop", "sub drop"),
        ("808", "drum machine"),
        ("one-shot", "one shot"),
        ("Gewitter", "thunder"),
        ("Tür", "door"),
    ],
)
def test_words_of_every_field_are_found(shipped, word, group):
    assert names(shipped, word) == [group]


def test_every_adjective_steers_a_part_that_there_is(shipped):
    assert len(shipped.adjectives) >= 20
    assert {adjective.steers for adjective in shipped.adjectives} <= set(BLOCKS)


def test_no_two_adjectives_share_a_word(shipped):
    words = [one for each in shipped.adjectives for one in (each.name, *each.words, *each.german)]
    assert sorted(words) == sorted(set(words))


def test_no_word_is_both_a_thing_and_an_adjective(shipped):
    both = [word for word, meaning in shipped.known_words.items() if meaning.groups and meaning.adjectives]
    assert both == []


def test_a_group_is_found_by_its_name(shipped):
    assert shipped.group_named("Footsteps-Gravel") is shipped.group_named("footsteps gravel") is not None
    assert shipped.group_named("no such thing") is None


def test_a_known_word_is_found_in_any_case_accent_or_encoding(shipped):
    for text in ("TÜR", "tür", "tu\u0308r", "Tuer", "tur"):
        assert names(shipped, text) == ["door"], text


def test_a_word_with_its_accent_is_not_another_without(small):
    thesaurus = read_thesaurus(small)
    assert names(thesaurus, "bär") == ["bear"]
    assert names(thesaurus, "bar") == ["wood"]


def test_the_longest_phrase_is_found_first(small):
    thesaurus = read_thesaurus(small)
    assert names(thesaurus, "breaking glass door") == ["glass breaking", "door"]
    assert names(thesaurus, "door handle") == ["door"]
    assert [meaning.text for meaning in thesaurus.meanings("door handle")] == ["door handle"]


def test_a_phrase_is_found_inflected_turned_round_and_with_small_words_between(small):
    thesaurus = read_thesaurus(small)
    for text in ("breaking glasses", "glass-breaking", "breaking of the glass", "handle of a door"):
        assert len(thesaurus.meanings(text)) == 1, text
        assert names(thesaurus, text)[0] in ("glass breaking", "door")


def test_a_word_that_was_written_apart_is_found_too(small):
    assert names(read_thesaurus(small), "ex plosion") == ["explosion"]


@pytest.mark.parametrize("text", ["dogs", "barking", "barked", "puppies", "woofs", "Hunde", "Hunden"])
def test_inflections_need_not_be_listed(small, text):
    assert names(read_thesaurus(small), text) == ["dog"]


def test_a_word_is_found_where_only_its_inflection_is_listed(small):
    assert names(read_thesaurus(small), "shatter shattering") == ["glass breaking", "glass breaking"]


@pytest.mark.parametrize("text", ["explosoin", "exploson", "explossion", "expolsoin", "eksplosion"])
def test_a_long_word_may_have_two_slips(small, text):
    assert names(read_thesaurus(small), text) == ["explosion"]


def test_a_short_word_may_have_a_single_mistake_and_the_shortest_none(small):
    thesaurus = read_thesaurus(small)
    assert names(thesaurus, "pupy blsat") == ["dog", "explosion"]
    assert names(thesaurus, "pxpxy dxg") == ["?", "?"]


def test_a_short_word_keeps_its_first_letter():
    assert Spellings(["vent", "water"]).nearest("tent") is None
    assert Spellings(["explosion"]).nearest("xxplosion") == "explosion"


def test_very_long_words_are_fast_and_do_not_recurse(shipped):
    began = time.perf_counter()
    assert [meaning.word for meaning in shipped.meanings("dog" * 5000)] == [None]
    assert [meaning.word for meaning in shipped.meanings("a" * 5000)] == [None]
    assert time.perf_counter() - began < 1.0


@pytest.mark.parametrize("word", ["decay", "decays", "mono", "send", "spiccato", "flac"])
def test_words_of_the_trade_are_not_corrected(word):
    (meaning,) = load_thesaurus().meanings(word)
    assert (meaning.word, meaning.is_guess) == (None, False)


def test_misspelt_kinds_of_sounds_are_corrected_beside_them():
    decay, thunder = load_thesaurus().meanings("decay thuner")
    assert (decay.word, thunder.word, thunder.is_guess) == (None, "thunder", True)


def test_users_add_words_that_are_not_corrected(tmp_path):
    own = tmp_path / "thesaurus.toml"
    own.write_text('not_corrected = ["Thuner"]')
    assert read_thesaurus(SHIPPED, own).meanings("thuner")[0].word is None
    own.write_text('not_corrected = "Thuner"')
    with pytest.raises(EncoderError, match="not_corrected must be a list of texts"):
        read_thesaurus(SHIPPED, own)


def test_a_word_that_is_known_elsewhere_is_not_corrected(small):
    (meaning,) = read_thesaurus(small).meanings("blaste", also={"blaste"})
    assert (meaning.word, meaning.groups) == ("blaste", ())


def test_german_compounds_are_taken_apart(small):
    thesaurus = read_thesaurus(small)
    assert names(thesaurus, "Holztür") == ["wood", "door"]
    assert names(thesaurus, "Hundebellen") == ["dog", "dog"]
    assert names(thesaurus, "Holztürxyz") == ["?"]


def test_stop_words_and_bare_numbers_mean_nothing(small):
    thesaurus = read_thesaurus(small)
    assert thesaurus.meanings("the sound of a") == ()
    assert thesaurus.meanings("") == ()
    assert names(thesaurus, "the sound of 2 dogs") == ["dog"]


def test_die_is_an_article_before_a_word_and_death_at_the_end(small):
    thesaurus = read_thesaurus(small)
    assert names(thesaurus, "die Tür") == ["door"]
    assert names(thesaurus, "bear die") == ["bear", "pain"]


def test_a_file_name_is_read_as_words():
    assert words_of("DoorSlam_02-heavy.wav") == ["door", "slam", "02", "heavy", "wav"]
    assert words_of("Straße ÄÖÜ don't") == ["straße", "äöü", "dont"]
    assert plain("straße äöü é") == "strasse aou e"


def test_likelier_stems_come_first():
    assert next(stems("barking")) == "bark"
    assert list(stems("stopping"))[:2] == ["stop", "stopp"]
    assert "leaf" in set(stems("leaves"))
    assert "hiss" not in {next(stems("hisss"), ""), next(stems("bass"), "")}


def test_the_name_of_a_group_comes_before_the_words_of_others(shipped):
    for word in ("roar", "clap", "chime", "broom"):
        assert names(shipped, word) == [word]


def test_a_users_words_join_a_group_of_the_same_name_and_add_others(small, tmp_path):
    own = own_file(
        tmp_path,
        '[[group]]\nname = "Dog"\nwords = ["rex", "puppy"]\n\n'
        '[[group]]\nname = "speeder bike"\nwords = ["swoop bike"]\nparents = ["animal"]\n',
    )
    thesaurus = read_thesaurus(small, own)
    dog = thesaurus.group_named("dog")
    assert dog is not None
    assert dog.words == ("puppy", "bark", "woof", "rex")
    assert (dog.name, dog.kind, dog.parents) == ("dog", "animals", ("animal",))
    assert names(thesaurus, "rex swoop bikes") == ["dog", "speeder bike"]


def test_a_missing_own_thesaurus_is_not_an_error(small, tmp_path):
    assert read_thesaurus(small, tmp_path / "none.toml") == read_thesaurus(small)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[group]\nname", "is not valid TOML"),
        ('[[group]]\nwords = ["a"]', "has no name"),
        ('[[group]]\nname = "x"\nwords = "a"', "words of x must be a list of texts"),
        ('[[group]]\nname = "x"\nwords = ["a", 3]', "words of x must be a list of texts"),
        ('[[group]]\nname = "x"\nkind = 3', "kind of x must be a text"),
        ('[[group]]\nname = "x"\nparents = ["nobody"]', "a parent nobody that does not exist"),
        ('[[group]]\nname = "x"\nsynonyms = ["a"]', "synonyms, which is unknown"),
        ('[group]\nname = "x"', "group must be written [[group]]"),
        ('[[groups]]\nname = "x"', "it has groups"),
        ('[[adjective]]\nname = "x"\nsteers = "colour"\nquantity = "q"\ntowards = "high"', "steers colour"),
        ('[[adjective]]\nname = "x"\nsteers = "pitch"\nquantity = "q"\ntowards = "up"', "has towards = up"),
        ('[[adjective]]\nname = "x"\nsteers = "pitch"', "quantity of x must be a text"),
    ],
)
def test_a_wrong_file_is_named_with_what_is_wrong_in_it(small, tmp_path, text, said):
    own = own_file(tmp_path, text)
    with pytest.raises(EncoderError) as caught:
        read_thesaurus(small, own)
    assert str(own) in str(caught.value)
    assert said in str(caught.value)


def test_a_missing_thesaurus_is_named(tmp_path):
    with pytest.raises(EncoderError, match="cannot be read"):
        read_thesaurus(tmp_path / "none.toml")


def test_bytes_that_are_not_utf_8_are_refused(small, tmp_path):
    own = tmp_path / "thesaurus.toml"
    own.write_bytes(b'[[group]]\nname = "\xff\xfe"')
    with pytest.raises(EncoderError, match="is not valid TOML"):
        read_thesaurus(small, own)


def test_a_damaged_file_of_the_users_is_named_in_the_log_and_the_rest_works(caplog):
    own = settings_path().with_name("thesaurus.toml")
    own.parent.mkdir(parents=True, exist_ok=True)
    own.write_text("[[group", encoding="utf-8")
    thesaurus = load_thesaurus()
    assert names(thesaurus, "puppy") == ["dog"]
    assert str(own) in caplog.text


def test_words_of_the_users_own_file_are_found_without_being_asked_for():
    own = settings_path().with_name("thesaurus.toml")
    own.parent.mkdir(parents=True, exist_ok=True)
    own.write_text('[[group]]\nname = "dog"\nwords = ["snuffles"]\n', encoding="utf-8")
    assert names(load_thesaurus(), "snuffles") == ["dog"]


def test_what_is_found_of_equal_slips_begins_and_ends_alike():
    assert Spellings(["band", "land", "hand"]).nearest("lamd") == "land"
    assert Spellings([]).nearest("anything") is None
    assert Spellings(["thunder"]).nearest("thudner") == "thunder"


def test_an_empty_thesaurus_finds_nothing_and_does_not_fail():
    empty = Thesaurus((), ())
    assert [meaning.word for meaning in empty.meanings("some dog")] == [None]
    assert Thesaurus((Group("..."),), ()).meanings("dog")[0].word is None


def test_a_query_is_understood_in_a_moment(shipped):
    shipped.meanings("warm upp")
    spans = []
    for _ in range(20):
        began = time.perf_counter()
        shipped.meanings("bright metalic impcat")
        spans.append(time.perf_counter() - began)
    assert min(spans) < 0.005  # about 1 ms; the rest is for slow machines


def test_with_two_mistakes_the_first_letter_must_be_right():
    assert Spellings(["rohrblatt"]).nearest("zorblatt") is None
    assert Spellings(["rohrblatt"]).nearest("rorbalatt") == "rohrblatt"


def test_what_is_only_spelt_alike_is_a_guess(small):
    (guessed,) = read_thesaurus(small).meanings("explosoin")
    assert (guessed.word, guessed.is_guess) == ("explosion", True)
    assert not any(meaning.is_guess for meaning in read_thesaurus(small).meanings("explosions Holztür ex plosion"))
