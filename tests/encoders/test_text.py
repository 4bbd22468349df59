"""The text network: each text by itself, cut where the network ends, and run once."""

import logging
import threading
from dataclasses import replace

import numpy as np
import pytest

import tiny_weights
from bowerbird.base.errors import EncoderError
from bowerbird.encoders.onnx.text import _N_KEPT, OnnxTextEncoder
from bowerbird.encoders.weights.cards import WeightFile
from bowerbird.encoders.weights.store import Weights, sha256_of

N_DIMS = 64
ODD = {
    "nothing": "",
    "spaces": "  \t\n",
    "a sign": "?",
    "emoji": "🌧️👩‍👩‍👧🏳️‍🌈",
    "ten thousand letters": "a" * 10_000,
    "ten thousand words": "rain " * 10_000,
    "right to left": "صوت المطر קול גשם",
    "combining": "e\u0301\u0301\u0301",
    "Chinese": "雨の音",
    "a null": "rain\0drops",
    "special tokens": "<s></s><pad><mask>",
}


@pytest.fixture
def weights():
    return tiny_weights.have()


@pytest.fixture
def encoder(weights):
    return OnnxTextEncoder(weights, n_dims=N_DIMS)


class Watched:
    """A session that records its inputs."""

    def __init__(self, encoder):
        encoder.encode(["anything"])
        self._tokenizer, self._session = encoder._loaded
        self.inputs = []
        encoder._loaded = self._tokenizer, self

    def run(self, inputs):
        self.inputs.append(inputs)
        return self._session.run(inputs)

    @property
    def lengths(self):
        return [inputs["input_ids"].shape for inputs in self.inputs]


def with_file(weights, role, content):
    """The same weights with another file, recorded as if it had come so."""
    path = weights.folder / {"tokenizer": "tokenizer.json", "text": "text.onnx"}[role]
    path.write_bytes(content)
    file = WeightFile(path.name, len(content), sha256_of(path))
    return Weights(replace(weights.card, files={**weights.card.files, role: file}), weights.folder)


def test_texts_have_unit_vectors_of_their_own(encoder):
    vectors = encoder.encode(["rain", "a metallic impact with a long tail", "Rain"])
    assert (vectors.shape, vectors.dtype) == ((3, N_DIMS), np.float32)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert len({vector.tobytes() for vector in vectors}) == 3


def test_no_texts_give_no_vectors(encoder):
    assert encoder.encode([]).shape == (0, N_DIMS)


def test_a_text_has_the_same_vector_whatever_else_is_asked(weights, encoder):
    texts = ["rain", "a very much longer description of some metallic impact with a long tail", "x"]
    together = encoder.encode(texts)
    alone = np.concatenate([OnnxTextEncoder(weights, n_dims=N_DIMS).encode([text]) for text in texts])
    np.testing.assert_array_equal(together, alone)
    np.testing.assert_array_equal(OnnxTextEncoder(weights, n_dims=N_DIMS).encode(texts[::-1])[::-1], alone)


def test_nothing_is_padded_and_every_token_counts(encoder):
    watched = Watched(encoder)
    encoder.encode(["rain", "rain and wind"])
    (one, n_short), (other, n_long) = watched.lengths
    assert (one, other) == (1, 1)
    assert 3 <= n_short < n_long < 20  # with the marks of beginning and end
    for inputs in watched.inputs:
        np.testing.assert_array_equal(inputs["attention_mask"], np.ones_like(inputs["input_ids"]))


def test_texts_are_cut_at_77_tokens(encoder):
    watched = Watched(encoder)
    long = " ".join(f"word{number}" for number in range(200))
    cut, longer = encoder.encode([long, long + " and more"])
    assert watched.lengths == [(1, 77), (1, 77)]
    np.testing.assert_array_equal(cut, longer)
    last = watched.inputs[0]["input_ids"][0, -1]
    encoder.encode(["x"])
    assert last == watched.inputs[-1]["input_ids"][0, -1]  # the mark of the end is not cut off


def test_the_card_says_where_texts_are_cut(weights):
    card = replace(weights.card, text=replace(weights.card.text, max_tokens=10))
    encoder = OnnxTextEncoder(Weights(card, weights.folder), n_dims=N_DIMS)
    watched = Watched(encoder)
    encoder.encode(["one two three four five six seven eight nine ten eleven twelve"])
    assert watched.lengths == [(1, 10)]


def test_a_text_that_was_asked_before_is_not_run_again(encoder):
    watched = Watched(encoder)
    first = encoder.encode(["rain", "wind", "rain"])
    again = encoder.encode(["wind"])
    assert len(watched.inputs) == 2
    np.testing.assert_array_equal(first[0], first[2])
    np.testing.assert_array_equal(first[1], again[0])


def test_a_caller_cannot_change_a_cached_vector(encoder):
    first = encoder.encode(["rain"])
    expected = first.copy()
    first[:] = 0
    np.testing.assert_array_equal(encoder.encode(["rain"]), expected)


def test_what_was_asked_longest_ago_is_let_go_first(encoder):
    watched = Watched(encoder)
    encoder.encode(["often", *map(str, range(_N_KEPT - 2))])
    encoder.encode(["often", "x", "y"])
    n_before = len(watched.inputs)
    encoder.encode(["often"])
    assert len(watched.inputs) == n_before
    encoder.encode(["anything"])
    assert len(watched.inputs) == n_before + 1


@pytest.mark.parametrize("text", ODD.values(), ids=ODD.keys())
def test_odd_texts_have_vectors_too(encoder, text):
    vector = encoder.encode([text])[0]
    assert np.isfinite(vector).all()
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_text_that_cannot_be_encoded_as_utf_8_has_a_vector(encoder):
    undecodable = b"caf\xe9 rain".decode("utf-8", "surrogateescape")
    assert np.isfinite(encoder.encode([undecodable])).all()


def test_threads_that_ask_at_once_get_the_same(encoder):
    found, barrier = [], threading.Barrier(4)

    def ask():
        barrier.wait()
        found.append(encoder.encode(["rain"]).tobytes())

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1


def test_8_bit_weights_stand_in_where_they_are_alone(weights):
    full = OnnxTextEncoder(weights, n_dims=N_DIMS).encode(["rain"])[0]
    (weights.folder / "text.onnx").unlink()
    small = OnnxTextEncoder(weights, n_dims=N_DIMS).encode(["rain"])[0]
    assert full @ small > 0.9
    assert not np.array_equal(full, small)


# Errors


@pytest.mark.parametrize("harm", tiny_weights.HARMS[:2])
@pytest.mark.parametrize("name", ["text.onnx", "tokenizer.json"])
def test_harmed_files_are_refused_with_a_remedy(weights, encoder, name, harm):
    harm(weights.folder / name)
    with pytest.raises(EncoderError, match=rf"{name} of clap-tiny .+\. Run `bowerbird models import DIR`"):
        encoder.encode(["rain"])


def test_a_swapped_network_is_refused(weights, encoder):
    tiny_weights.swap(weights.folder / "text.onnx")
    with pytest.raises(EncoderError, match=r"text\.onnx of clap-tiny .+\. Run"):
        encoder.encode(["rain"])


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"not json", b'{"model": {"type": "nonsense"}}', b"\xff\xfe"])
def test_a_file_that_is_not_a_tokenizer_is_a_sentence(weights, content, caplog, capfd):
    encoder = OnnxTextEncoder(with_file(weights, "tokenizer", content), n_dims=N_DIMS)
    with caplog.at_level(logging.WARNING), pytest.raises(EncoderError, match=r"tokenizer\.json.+\. (Download|Run)"):
        encoder.encode(["rain"])
    assert capfd.readouterr() == ("", "")


def test_an_audio_network_where_the_text_network_should_be_is_a_sentence(weights):
    audio = (weights.folder / "audio.onnx").read_bytes()
    encoder = OnnxTextEncoder(with_file(weights, "text", audio), n_dims=N_DIMS)
    with pytest.raises(
        EncoderError, match=r"has inputs input_features and outputs audio_embeds; its card says .+Correct"
    ):
        encoder.encode(["rain"])


@pytest.mark.parametrize(
    "facts", [{"output": "wrong"}, {"input_ids": "wrong"}, {"attention_mask": "wrong"}, {"attention_mask": ""}]
)
def test_a_wrong_name_in_the_card_is_reported(weights, facts):
    card = replace(weights.card, text=replace(weights.card.text, **facts))
    encoder = OnnxTextEncoder(Weights(card, weights.folder), n_dims=N_DIMS)
    with pytest.raises(EncoderError, match=r"text\.onnx has inputs .+; its card says .+\. Correct the card"):
        encoder.encode(["rain"])


def test_a_wrong_number_of_dimensions_is_reported(weights):
    with pytest.raises(EncoderError, match="did not return a vector of 512 dimensions"):
        OnnxTextEncoder(weights, n_dims=512).encode(["rain"])


def test_a_fault_is_not_kept_and_the_next_try_may_succeed(weights, encoder):
    path = weights.folder / "text.onnx"
    whole = path.read_bytes()
    path.write_bytes(whole[:100])
    with pytest.raises(EncoderError):
        encoder.encode(["rain"])
    path.write_bytes(whole)
    assert encoder.encode(["rain"]).shape == (1, N_DIMS)


def test_an_impossible_token_limit_is_a_sentence(weights):
    card = replace(weights.card, text=replace(weights.card.text, max_tokens=2**70))
    with pytest.raises(EncoderError, match=r"tokenizer\.json of clap-tiny is not a valid tokenizer\. D"):
        OnnxTextEncoder(Weights(card, weights.folder), n_dims=N_DIMS).encode(["rain"])


def test_a_tokenizer_that_fails_at_a_text_is_a_sentence(encoder, monkeypatch):
    class Failing:
        def encode(self, text):
            raise RuntimeError("no such word")

    monkeypatch.setattr(encoder, "_tokenizer", Failing)
    with pytest.raises(EncoderError, match=r"tokenizer\.json of clap-tiny is not a valid tokenizer"):
        encoder.encode(["rain"])
