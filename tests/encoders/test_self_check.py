"""The self-check of weights, on fake encoders with good and bad embeddings."""

import json
import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from bowerbird.base.errors import EncoderError
from bowerbird.encoders.onnx.encoder import OnnxEncoder
from bowerbird.encoders.weights.cards import shipped_cards
from bowerbird.encoders.weights.self_check import (
    SELF_CHECK_NAME,
    TEXTS,
    SelfCheck,
    compare_int8,
    read_self_check,
    require_self_check,
    roc_area,
    run_self_check,
    write_self_check,
)
from bowerbird.encoders.weights.store import weights_in, write_card
from bowerbird.jobs.control import Cancelled, Control

TINY = Path(__file__).parent / "tiny_clap"
N_DIMS = 16
KINDS = ["Kick", "Snare", "Clap", "Hat", "Rain", "Bell", "Engine", "Chirp", "Wind", "Pad"]


def unit(rows):
    rows = np.asarray(rows, np.float32)
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


def by_kind(window):
    """Return a vector for the kind of a window, which is its first sample."""
    vector = np.full(N_DIMS, 0.1, np.float32)
    vector[int(window[0])] = 1.0
    return unit(vector)


@dataclass
class FakeEncoder:
    """An encoder made of functions for a window and a text."""

    embed: object = by_kind
    embed_text: object = None
    n_dims: int = N_DIMS
    n_encoded: int = 0
    text: object = field(init=False)

    def __post_init__(self):
        embed_text = self.embed_text or meaning
        self.text = SimpleNamespace(encode=lambda texts: np.stack([embed_text(text) for text in texts]))

    def encode(self, windows):
        self.n_encoded += len(windows)
        return np.stack([self.embed(window) for window in windows])


def meaning(text):
    vector = np.zeros(N_DIMS, np.float32)
    for kind in TEXTS[text]:
        vector[KINDS.index(kind)] = 1.0
    return unit(vector)


@pytest.fixture
def card():
    card = shipped_cards()["clap-htsat-unfused"]
    return replace(card, audio=replace(card.audio, n_dims=N_DIMS))


def sounds():
    rng = np.random.default_rng(0)
    return [
        (kind, np.concatenate([[number], rng.normal(size=10)]).astype(np.float32))
        for number, kind in enumerate(KINDS)
        for _ in range(4)
    ]


def test_a_good_encoder_passes(card):
    check = run_self_check(FakeEncoder(), card, sounds(), control=Control())
    assert check.has_passed
    assert check.same_cosine == pytest.approx(1)
    assert check.text_cosine == pytest.approx(0)
    assert check.ranking == 1.0


def test_collapsed_texts_are_rejected(card):
    check = run_self_check(
        FakeEncoder(embed_text=lambda text: unit(meaning(text) + 5)), card, sounds(), control=Control()
    )
    assert not check.has_passed
    assert check.text_cosine > 0.9
    assert "nearly the same" in check.sentence
    assert check.sentence.endswith("Download them again, or choose another encoder.")


def test_texts_that_find_the_wrong_sounds_are_rejected(card):
    check = run_self_check(
        FakeEncoder(embed_text=lambda text: meaning(text)[::-1].copy()), card, sounds(), control=Control()
    )
    assert not check.has_passed
    assert check.ranking < 0.65
    assert "barely better than chance" in check.sentence


def test_a_ranking_at_chance_level_is_rejected(card):
    check = run_self_check(FakeEncoder(embed=embed_noise), card, sounds(), control=Control())
    assert check.ranking == pytest.approx(0.5, abs=0.15)
    assert not check.has_passed


def embed_noise(window):
    """Return a random vector that depends only on the window."""
    return unit(np.random.default_rng(abs(int(window[1] * 1e6))).normal(size=N_DIMS))


def test_an_embedding_must_not_depend_on_the_batch_size(card):
    class BatchDependent(FakeEncoder):
        def encode(self, windows):
            vectors = super().encode(windows)
            return unit(vectors + 0.1 * (len(windows) > 1) * np.arange(N_DIMS))

    check = run_self_check(BatchDependent(), card, sounds(), control=Control())
    assert not check.has_passed
    assert "two different embeddings" in check.sentence


def test_an_embedding_must_not_depend_on_the_other_sounds(card):
    class NeighbourDependent(FakeEncoder):
        def encode(self, windows):
            vectors = super().encode(windows)
            return unit(vectors + 0.1 * vectors[0])

    check = run_self_check(NeighbourDependent(), card, sounds(), control=Control())
    assert not check.has_passed
    assert "two different embeddings" in check.sentence


@pytest.mark.parametrize(
    ("embed", "word"),
    [
        (lambda window: np.full(N_DIMS, np.nan, np.float32), "not numbers"),
        (lambda window: by_kind(window) * np.float32(1.1), "unit length"),
        (lambda window: by_kind(window)[:8], "8 dimensions"),
        (lambda window: np.eye(1, N_DIMS, dtype=np.float32)[0], "All embeddings are the same"),
    ],
)
@pytest.mark.parametrize("is_trained", [True, False])
def test_invalid_embeddings_are_rejected(card, embed, word, is_trained):
    check = run_self_check(FakeEncoder(embed=embed), replace(card, is_trained=is_trained), sounds(), control=Control())
    assert word in check.sentence


def test_invalid_text_embeddings_are_rejected(card):
    check = run_self_check(FakeEncoder(embed_text=lambda text: meaning(text) * 3), card, sounds(), control=Control())
    assert check.sentence.startswith("Text embeddings: ")


def test_random_weights_are_not_checked_for_meaning(card):
    check = run_self_check(
        FakeEncoder(embed_text=lambda text: unit(np.ones(N_DIMS))),
        replace(card, is_trained=False),
        sounds(),
        control=Control(),
    )
    assert check.has_passed
    assert check.text_cosine is check.ranking is None


def test_an_encoder_without_text_is_checked_on_sounds_only(card):
    encoder = FakeEncoder()
    encoder.text = None
    assert run_self_check(encoder, card, sounds(), control=Control()).has_passed


def test_the_check_can_be_cancelled(card):
    encoder, control = FakeEncoder(), Control()

    def report(progress):
        assert progress.unit == "sounds"
        if progress.n_done == 3:
            control.cancel()

    with pytest.raises(Cancelled):
        run_self_check(encoder, card, sounds(), control=control, report=report)
    assert encoder.n_encoded == 3


def test_the_roc_area_is_the_share_of_pairs_in_the_right_order():
    own = np.array([True, True, False, False])
    assert roc_area(np.array([4, 3, 2, 1]), own) == 1
    assert roc_area(np.array([1, 2, 3, 4]), own) == 0
    assert roc_area(np.array([4, 1, 3, 2]), own) == 0.5
    assert roc_area(np.array([1, 1, 1, 1]), own) == 0.5
    with pytest.raises(ValueError, match="relevant and irrelevant"):
        roc_area(np.array([1.0]), np.array([True]))


@pytest.fixture
def tiny(tmp_path):
    shutil.copytree(TINY, tmp_path / "tiny")
    return weights_in(tmp_path / "tiny")


def test_the_result_is_stored_beside_the_weights(tiny):
    assert read_self_check(tiny) is None
    for check in (SelfCheck(1.0, 0.25, 0.875), SelfCheck(0.0, sentence="It does not. Try another.")):
        write_self_check(tiny, check)
        assert read_self_check(tiny) == check


def test_the_result_of_other_weights_is_ignored(tiny):
    write_self_check(tiny, SelfCheck(1.0))
    files = tiny.card.files
    other = {**files, "text": replace(files["text"], sha256="0" * 64)}
    write_card(replace(tiny.card, files=other), tiny.folder / "card.toml")
    assert read_self_check(weights_in(tiny.folder)) is None
    added = {**files, "audio_int8": replace(files["audio_int8"], sha256="0" * 64)}
    write_card(replace(tiny.card, files=added), tiny.folder / "card.toml")
    assert read_self_check(weights_in(tiny.folder)) is not None


def test_the_result_under_another_card_is_ignored(tiny):
    write_self_check(tiny, SelfCheck(1.0))
    bank = replace(tiny.card.audio.log_mel, scale="htk")
    write_card(replace(tiny.card, audio=replace(tiny.card.audio, log_mel=bank)), tiny.folder / "card.toml")
    assert read_self_check(weights_in(tiny.folder)) is None


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"version": 1}', "[" * 100_000])
def test_a_damaged_result_is_ignored(tiny, content):
    write_self_check(tiny, SelfCheck(1.0))
    (tiny.folder / SELF_CHECK_NAME).write_text(content)
    assert read_self_check(tiny) is None


def test_weights_need_a_passed_check(tiny):
    with pytest.raises(EncoderError, match=r"have not been checked.*`bowerbird models verify clap-tiny`"):
        require_self_check(tiny)
    write_self_check(tiny, SelfCheck(0.5, sentence="They fail. Use others."))
    with pytest.raises(EncoderError, match=r"They fail\. Use others\."):
        require_self_check(tiny)
    write_self_check(tiny, SelfCheck(1.0))
    require_self_check(tiny)


def test_8_bit_weights_that_agree_pass(card):
    full = unit(np.eye(4, N_DIMS) + 0.1)
    check = compare_int8(SelfCheck(1.0), card, (full, unit(full + 0.01)), (full, full))
    assert check.int8_cosine > 0.99
    assert check.int8_text_cosine == pytest.approx(1)
    assert check.int8_sentence == ""


@pytest.mark.parametrize("network", ["audio", "text"])
def test_8_bit_weights_that_disagree_are_not_used_but_the_full_weights_are(tiny, card, network):
    full = unit(np.eye(4, N_DIMS))
    good, bad = (full, full), (full, unit(full + np.eye(4, N_DIMS, 1)))
    sounds, texts = (bad, good) if network == "audio" else (good, bad)
    check = compare_int8(SelfCheck(1.0), card, sounds, texts)
    assert check.has_passed
    assert f"The 8-bit {network} network" in check.int8_sentence
    assert "mean cosine 0.71" in check.int8_sentence
    write_self_check(tiny, check)
    assert read_self_check(tiny) == check
    require_self_check(tiny)
    with pytest.raises(EncoderError, match="differs from the full-precision network"):
        require_self_check(tiny, is_int8=True)


def test_missing_8_bit_weights_are_not_compared(card):
    check = compare_int8(SelfCheck(1.0), card, None, None)
    assert check == SelfCheck(1.0)


def test_the_comparison_of_other_8_bit_weights_is_ignored_and_the_result_is_kept(tiny):
    write_self_check(tiny, SelfCheck(1.0, int8_cosine=0.3, int8_sentence="They disagree. Use others."))
    files = tiny.card.files
    other = {**files, "audio_int8": replace(files["audio_int8"], sha256="0" * 64)}
    write_card(replace(tiny.card, files=other), tiny.folder / "card.toml")
    assert read_self_check(weights_in(tiny.folder)) == SelfCheck(1.0)


def test_a_result_of_an_earlier_version_stays_valid(tiny):
    write_self_check(tiny, SelfCheck(1.0))
    stored = json.loads((tiny.folder / SELF_CHECK_NAME).read_text())
    for key in [key for key in stored if key.startswith("int8")]:
        del stored[key]
    (tiny.folder / SELF_CHECK_NAME).write_text(json.dumps(stored))
    assert read_self_check(tiny) == SelfCheck(1.0)


def test_the_tiny_network_passes_and_fails_when_its_card_says_trained(tiny):
    rng = np.random.default_rng(0)
    n_frames = 4_800
    noises = [(kind, rng.normal(0, 0.1, n_frames).astype(np.float32)) for kind in KINDS]
    encoder = OnnxEncoder(tiny)
    check = run_self_check(encoder, tiny.card, noises, control=Control())
    assert check.has_passed
    assert check.same_cosine > 0.9999
    assert not run_self_check(encoder, replace(tiny.card, is_trained=True), noises, control=Control()).has_passed
