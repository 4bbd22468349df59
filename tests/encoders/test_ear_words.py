"""The ear's word side against a table of a few words whose vectors are axes."""

import time
import zlib
from pathlib import Path

import numpy as np
import pytest

from bowerbird.base.errors import EncoderError
from bowerbird.base.paths import models_path
from bowerbird.domain.query import SpellingCorrection
from bowerbird.encoders.acoustic.encoder import AcousticEncoder
from bowerbird.encoders.ear.adjectives import Directions
from bowerbird.encoders.ear.thesaurus import Adjective, Group, Thesaurus
from bowerbird.encoders.ear.words import DEFAULT_TEMPERATURE, STEERING, EarWords, gram_buckets, read_table

WORDS = ("dog", "animal", "glass", "breaking", "engine", "noise", "tür", "bell")
N = len(WORDS)
N_BUCKETS = 64
WEIGHT = 0.36
ACOUSTIC = AcousticEncoder()
BLOCKS = {name: slice(part.start + N, part.stop + N) for name, part in ACOUSTIC.blocks.items()}

THESAURUS = Thesaurus(
    (
        Group("animal"),
        Group("dog", words=("hound", "guard dog"), german=("hund",), related=("bell",), parents=("animal",)),
        Group("glass breaking", words=("shatter",)),
        Group("engine", words=("motor",)),
        Group("noise"),
        Group("door", german=("tür",)),
        Group("wyvern", words=("drake",), parents=("animal",)),
        Group("nothing known", words=("blorb",)),
        Group("bell", words=("deep ring", "wyvern")),
    ),
    (
        Adjective("bright", "brightness", "centroid", "high"),
        Adjective("dull", "brightness", "centroid", "low", words=("muffled",)),
        Adjective("colourful", "timbre", "colour", "high"),
    ),
)


def directions() -> Directions:
    along = np.zeros((2, ACOUSTIC.n_dims), np.float32)
    along[0, ACOUSTIC.blocks["brightness"].start] = 1.0
    along[1, ACOUSTIC.blocks["timbre"].start] = 1.0
    return Directions(
        encoder_id=ACOUSTIC.id,
        quantities=("centroid", "colour"),
        directions=along,
        sds=np.array([0.2, 0.2], np.float32),
        correlations=np.array([0.9, 0.1], np.float32),
        provenance="Made in a test.",
    )


def write_table(path: Path, **changes) -> Path:
    arrays = {
        "words": np.frombuffer("\n".join(WORDS).encode(), np.uint8),
        "vectors": np.eye(N, dtype=np.float16),
        "weights": np.ones(N, np.float16),
        "grams": np.random.default_rng(0).standard_normal((N_BUCKETS, N)).astype(np.float16),
    } | changes
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})
    return path


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return write_table(tmp_path / "words.npz")


def ear_words(path: Path, *, weight: float = WEIGHT, thesaurus: Thesaurus = THESAURUS) -> EarWords:
    return EarWords(path, meaning_weight=weight, acoustic=ACOUSTIC, thesaurus=thesaurus, directions=directions())


@pytest.fixture
def words(table: Path) -> EarWords:
    return ear_words(table)


def learned(words: EarWords, text: str) -> np.ndarray:
    return words.encode([text])[0, :N]


def nearest(words: EarWords, text: str) -> str:
    return WORDS[int(np.argmax(learned(words, text)))]


def test_rows_are_of_unit_length_and_say_nothing_of_how_it_sounds(words):
    vectors = words.encode(["dog", "glass breaking", "zzzz", ""])
    assert (vectors.shape, vectors.dtype) == ((4, N + 128), np.float32)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert not vectors[:, N:].any()


def test_no_texts_give_no_rows(words):
    assert words.encode([]).shape == (0, N + 128)


def test_a_word_of_the_table_is_mostly_its_own_vector(words):
    assert nearest(words, "dog") == "dog"
    assert nearest(words, "DOGS!") == "dog"
    assert nearest(words, "Tür") == "tür"


def test_a_text_is_the_sum_of_its_words(words):
    both = learned(words, "engine bell")
    np.testing.assert_allclose(both[WORDS.index("engine")], both[WORDS.index("bell")], rtol=1e-5)
    assert both[WORDS.index("engine")] > 0.6


def test_a_word_that_counts_more_weighs_more(tmp_path):
    weights = np.ones(N, np.float16)
    weights[WORDS.index("engine")] = 3
    both = learned(ear_words(write_table(tmp_path / "w.npz", weights=weights)), "engine bell")
    assert both[WORDS.index("engine")] > 2.5 * both[WORDS.index("bell")]


@pytest.mark.parametrize(
    ("text", "word"),
    [("hound", "dog"), ("Hund", "dog"), ("motors", "engine"), ("enigne", "engine"), ("hunds", "dog")],
)
def test_a_word_that_is_only_in_the_thesaurus_means_its_group(words, text, word):
    assert nearest(words, text) == word


def test_a_group_is_first_its_name_then_what_goes_with_it_and_what_it_is_a_kind_of(words):
    vector = learned(words, "hound")
    assert vector[WORDS.index("dog")] > 3 * vector[WORDS.index("animal")] > 0
    assert vector[WORDS.index("dog")] > 3 * vector[WORDS.index("bell")] > 0
    assert abs(vector[WORDS.index("glass")]) < 1e-6


def test_a_group_without_learned_words_has_the_meaning_of_its_parents(words):
    assert nearest(words, "wyvern") == "animal"
    assert nearest(words, "drakes") == "animal"


def test_the_name_of_a_group_means_that_group_and_no_other_that_has_the_word(words):
    assert abs(learned(words, "wyvern")[WORDS.index("bell")]) < 1e-6


def test_a_phrase_whose_words_are_not_in_the_table_means_its_group(words):
    assert nearest(words, "deep ring") == "bell"


def test_words_that_nothing_is_known_of_are_made_of_their_letters(words, table):
    grams = read_table(table).grams
    mean = grams[gram_buckets("qwertz", N_BUCKETS)].mean(axis=0)
    np.testing.assert_allclose(learned(words, "qwertz"), mean / np.linalg.norm(mean), atol=1e-5)


def test_a_group_of_which_nothing_is_in_the_table_is_made_of_letters_too(words, table):
    mean = read_table(table).grams[gram_buckets("blorb", N_BUCKETS)].mean(axis=0)
    np.testing.assert_allclose(learned(words, "blorb"), mean / np.linalg.norm(mean), atol=1e-5)


def test_letter_sequences_are_those_of_training():
    assert gram_buckets("ox", 1 << 32) == [zlib.crc32(gram) for gram in (b"^ox", b"ox$", b"^ox$")]
    assert gram_buckets("tür", 64)[1] == zlib.crc32("tür".encode()) % 64


@pytest.mark.parametrize("text", ["", "   ", "the of a", "?!…", "12 03"])
def test_a_text_that_says_nothing_is_the_mean_of_all_words(words, text):
    np.testing.assert_allclose(learned(words, text), np.full(N, N**-0.5), atol=1e-6)


def test_noise_beside_a_word_counts_little_and_alone_in_full(words):
    beside = learned(words, "engine noise")
    assert beside[WORDS.index("engine")] > 3 * beside[WORDS.index("noise")] > 0
    assert nearest(words, "noise") == "noise"


def test_an_adjective_alone_only_steers(words):
    (vector,) = words.encode(["bright"])
    assert not vector[:N].any()
    assert vector[BLOCKS["brightness"].start] == pytest.approx(1.0)
    np.testing.assert_allclose(words.encode(["muffled"])[0], -vector, atol=1e-6)


def test_an_adjective_beside_a_word_adds_what_was_measured_to_the_score(words):
    plain, bright = words.encode(["dog", "bright dog"])
    np.testing.assert_allclose(bright[:N] / np.linalg.norm(bright[:N]), plain[:N], atol=1e-5)
    # A sound with the best match for "dog", and a sound with a match worse by the value of a standard deviation,
    # but is brighter by just that: both must score alike.
    usual, brighter = np.zeros((2, N + 128), np.float32)
    usual[:N] = np.sqrt(WEIGHT) * plain[:N]
    brighter[:N] = np.sqrt(WEIGHT) * plain[:N] * (1.0 - STEERING)
    brighter[BLOCKS["brightness"].start] = np.sqrt(1.0 - WEIGHT) * 0.2
    assert bright @ usual == pytest.approx(bright @ brighter, rel=1e-4)


def test_an_adjective_without_a_direction_is_an_ordinary_word(words, table):
    mean = read_table(table).grams[gram_buckets("colourful", N_BUCKETS)].mean(axis=0)
    np.testing.assert_allclose(learned(words, "colourful"), mean / np.linalg.norm(mean), atol=1e-5)


def test_adjectives_that_contradict_each_other_leave_the_word(words):
    vectors = words.encode(["bright dull dog", "dog"])
    np.testing.assert_allclose(vectors[0], vectors[1], atol=1e-6)
    assert np.isfinite(words.encode(["bright dull"])).all()


@pytest.mark.parametrize("weight", [0.0, 1.0])
def test_a_weight_at_the_end_of_its_range_gives_vectors_still(table, weight):
    vectors = ear_words(table, weight=weight).encode(["bright dog", "bright", "dog"])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_a_text_has_the_same_bits_alone_and_in_a_crowd(words):
    crowd = words.encode(["bright dog", "qwertz", "glass breaking", "hound"])
    for text, row in zip(["bright dog", "qwertz", "glass breaking", "hound"], crowd, strict=True):
        np.testing.assert_array_equal(words.encode([text])[0], row)


def test_a_sound_is_called_what_it_is_near_to_likeliest_first(tmp_path):
    path = write_table(
        tmp_path / "w.npz",
        labels=np.frombuffer(b"dog\nbell\nglass breaking\nunheard of\nother", np.uint8),
        temperature=np.float32(0.1),
    )
    words = ear_words(path)
    sounds = np.zeros((3, N), np.float32)
    sounds[0, WORDS.index("bell")] = 0.3
    sounds[1, [WORDS.index("glass"), WORDS.index("breaking")]] = 5.0
    sounds[2, [WORDS.index("dog"), WORDS.index("bell")]] = 1.0
    first, second, third = words.suggest(sounds)
    assert first[0][0] == "bell"
    assert first[0][1] > 0.95
    assert second[0][0] == "glass breaking"
    assert {word for word, _ in third[:2]} == {"dog", "bell"}
    assert third[0][1] + third[1][1] > 0.95
    for row in (first, second, third):
        shares = [share for _, share in row]
        assert shares == sorted(shares, reverse=True)
        assert sum(shares) == pytest.approx(1.0, abs=1e-5)
        assert "unheard of" not in {word for word, _ in row}


def test_without_labels_the_groups_of_the_thesaurus_are_suggested(words):
    (row,) = words.suggest(np.eye(N, dtype=np.float32)[:1], n_words=1)
    assert row[0][0] == "dog"


def test_the_shipped_table_has_the_default_temperature():
    assert read_table(models_path() / "ear-words.npz").temperature == pytest.approx(DEFAULT_TEMPERATURE)


def test_silence_is_called_something_or_nothing_but_does_not_fail(words, table):
    (row,) = words.suggest(np.zeros((1, N), np.float32))
    assert all(np.isfinite(share) for _, share in row)
    assert ear_words(table, thesaurus=Thesaurus((), ())).suggest(np.zeros((2, N), np.float32)) == [(), ()]
    assert words.suggest(np.zeros((0, N), np.float32)) == []


def test_a_misspelt_word_says_what_it_is_taken_as(words):
    assert words.guesses("a shattre, engnie and shattre of dogs") == (
        SpellingCorrection("shattre", "shatter"),
        SpellingCorrection("engnie", "engine"),
    )
    assert words.guesses("qxzv dog") == ()


def test_a_users_word_means_the_group_it_was_put_in(table):
    grown = Thesaurus((Group("dog", words=("snuffles",)),), ())
    assert nearest(ear_words(table, thesaurus=grown), "snuffles") == "dog"


def test_the_shipped_thesaurus_and_directions_are_the_default(table):
    words = EarWords(table, meaning_weight=WEIGHT, acoustic=ACOUSTIC)
    assert nearest(words, "puppy") == "dog"
    (vector,) = words.encode(["bright"])
    assert not vector[:N].any()
    assert vector[BLOCKS["brightness"]].any()


@pytest.mark.parametrize(
    "changes",
    [
        {"grams": None},
        {"weights": np.ones(3, np.float16)},
        {"vectors": np.ones((3, N), np.float16)},
        {"vectors": np.full((N, N), np.nan, np.float16)},
        {"grams": np.ones((9, 3), np.float16)},
        {"grams": np.ones((0, N), np.float16)},
        {"words": np.array([0xFF, 0xFE], np.uint8)},
        {"temperature": np.float32(0)},
    ],
)
def test_a_damaged_table_is_refused_with_a_sentence(tmp_path, changes):
    path = write_table(tmp_path / "w.npz", **changes)
    with pytest.raises(EncoderError, match=r"Install Bowerbird again") as caught:
        ear_words(path)
    assert str(path) in str(caught.value)


def test_a_missing_or_cut_table_is_refused_with_a_sentence(tmp_path, table):
    with pytest.raises(EncoderError, match="cannot be read"):
        ear_words(tmp_path / "none.npz")
    table.write_bytes(table.read_bytes()[:200])
    with pytest.raises(EncoderError, match="cannot be read"):
        ear_words(table)


def test_a_query_is_fast(table):
    words = EarWords(table, meaning_weight=WEIGHT, acoustic=ACOUSTIC)
    words.encode(["warming up bright qwertz"])
    spans = []
    for _ in range(20):
        began = time.perf_counter()
        words.encode(["bright metalic impcat on a wooden door"])
        spans.append(time.perf_counter() - began)
    assert min(spans) < 0.01  # about 1 ms; the rest is for slow machines
