"""The self-check of weights, on encoders that hear well, badly, or not at all."""

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
    PROOF_NAME,
    TEXTS,
    Proof,
    compare_int8,
    prove,
    read_proof,
    require_proof,
    roc_area,
    write_proof,
)
from bowerbird.encoders.weights.store import weights_in, write_card

TINY = Path(__file__).parent / "tiny_clap"
N_DIMS = 16
KINDS = ["Kick", "Snare", "Clap", "Hat", "Rain", "Bell", "Engine", "Chirp", "Wind", "Pad"]


def unit(rows):
    rows = np.asarray(rows, np.float32)
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


def hearing(window):
    """A vector that says which kind the window is of: its first number."""
    vector = np.full(N_DIMS, 0.1, np.float32)
    vector[int(window[0])] = 1.0
    return unit(vector)


@dataclass
class Ears:
    """Hears kinds as `hear` says, and has words for them as `speak` says; the same lengths as a real one."""

    hear: object = hearing
    speak: object = None
    n_dims: int = N_DIMS
    n_encoded: int = 0
    text: object = field(init=False)

    def __post_init__(self):
        speak = self.speak or meaning
        self.text = SimpleNamespace(encode=lambda texts: np.stack([speak(text) for text in texts]))

    def encode(self, windows):
        self.n_encoded += len(windows)
        return np.stack([self.hear(window) for window in windows])


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


def test_an_encoder_that_hears_and_knows_words_is_good(card):
    proof = prove(Ears(), card, sounds())
    assert proof.is_good
    assert proof.same_cosine == pytest.approx(1)
    assert proof.text_cosine == pytest.approx(0)
    assert proof.ranking == 1.0


def test_collapsed_texts_are_refused(card):
    proof = prove(Ears(speak=lambda text: unit(meaning(text) + 5)), card, sounds())
    assert not proof.is_good
    assert proof.text_cosine > 0.9
    assert "all but the same" in proof.sentence
    assert proof.sentence.endswith("Fetch them anew, or choose another encoder.")


def test_words_that_mean_other_sounds_are_refused(card):
    proof = prove(Ears(speak=lambda text: meaning(text)[::-1].copy()), card, sounds())
    assert not proof.is_good
    assert proof.ranking < 0.65
    assert "hardly better than chance" in proof.sentence


def test_a_ranking_of_chance_is_refused(card):
    proof = prove(Ears(hear=hear_noise), card, sounds())
    assert proof.ranking == pytest.approx(0.5, abs=0.15)
    assert not proof.is_good


def hear_noise(window):
    """The same for the same window, whatever it is of."""
    return unit(np.random.default_rng(abs(int(window[1] * 1e6))).normal(size=N_DIMS))


def test_the_same_sound_twice_must_give_the_same_vector_in_any_company(card):
    class Restless(Ears):
        def encode(self, windows):
            vectors = super().encode(windows)
            return unit(vectors + 0.1 * (len(windows) > 1) * np.arange(N_DIMS))

    proof = prove(Restless(), card, sounds())
    assert not proof.is_good
    assert "twice" in proof.sentence


def test_a_vector_that_depends_on_its_company_is_refused(card):
    class Sociable(Ears):
        def encode(self, windows):
            vectors = super().encode(windows)
            return unit(vectors + 0.1 * vectors[0])

    proof = prove(Sociable(), card, sounds())
    assert not proof.is_good
    assert "twice" in proof.sentence


@pytest.mark.parametrize(
    ("hear", "word"),
    [
        (lambda window: np.full(N_DIMS, np.nan, np.float32), "no numbers"),
        (lambda window: hearing(window) * np.float32(1.1), "unit length"),
        (lambda window: hearing(window)[:8], "8 dimensions"),
        (lambda window: np.eye(1, N_DIMS, dtype=np.float32)[0], "same vector comes out"),
    ],
)
@pytest.mark.parametrize("is_trained", [True, False])
def test_vectors_of_the_wrong_form_are_refused(card, hear, word, is_trained):
    proof = prove(Ears(hear=hear), replace(card, is_trained=is_trained), sounds())
    assert word in proof.sentence


def test_texts_of_the_wrong_form_are_refused(card):
    proof = prove(Ears(speak=lambda text: meaning(text) * 3), card, sounds())
    assert proof.sentence.startswith("Of texts: ")


def test_of_random_weights_nobody_asks_what_words_mean(card):
    proof = prove(Ears(speak=lambda text: unit(np.ones(N_DIMS))), replace(card, is_trained=False), sounds())
    assert proof.is_good
    assert proof.text_cosine is proof.ranking is None


def test_an_encoder_without_words_is_checked_on_sounds_alone(card):
    ears = Ears()
    ears.text = None
    assert prove(ears, card, sounds()).is_good


def test_the_check_can_be_ended(card):
    ears = Ears()
    assert prove(ears, card, sounds(), progress=lambda n_done, n_total: n_done < 3) is None
    assert ears.n_encoded == 3


def test_the_area_is_the_share_of_pairs_in_the_right_order():
    own = np.array([True, True, False, False])
    assert roc_area(np.array([4, 3, 2, 1]), own) == 1
    assert roc_area(np.array([1, 2, 3, 4]), own) == 0
    assert roc_area(np.array([4, 1, 3, 2]), own) == 0.5
    assert roc_area(np.array([1, 1, 1, 1]), own) == 0.5
    with pytest.raises(ValueError, match="both sorts"):
        roc_area(np.array([1.0]), np.array([True]))


@pytest.fixture
def tiny(tmp_path):
    shutil.copytree(TINY, tmp_path / "tiny")
    return weights_in(tmp_path / "tiny")


def test_a_proof_is_kept_beside_the_weights(tiny):
    assert read_proof(tiny) is None
    for proof in (Proof(1.0, 0.25, 0.875), Proof(0.0, sentence="It does not. Try another.")):
        write_proof(tiny, proof)
        assert read_proof(tiny) == proof


def test_a_proof_of_other_weights_is_none(tiny):
    write_proof(tiny, Proof(1.0))
    files = tiny.card.files
    other = {**files, "text": replace(files["text"], sha256="0" * 64)}
    write_card(replace(tiny.card, files=other), tiny.folder / "card.toml")
    assert read_proof(weights_in(tiny.folder)) is None
    added = {**files, "audio_int8": replace(files["audio_int8"], sha256="0" * 64)}
    write_card(replace(tiny.card, files=added), tiny.folder / "card.toml")
    assert read_proof(weights_in(tiny.folder)) is not None


def test_a_proof_under_another_card_is_none(tiny):
    write_proof(tiny, Proof(1.0))
    bank = replace(tiny.card.audio.log_mel, scale="htk")
    write_card(replace(tiny.card, audio=replace(tiny.card.audio, log_mel=bank)), tiny.folder / "card.toml")
    assert read_proof(weights_in(tiny.folder)) is None


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"version": 1}', "[" * 100_000])
def test_a_damaged_proof_is_none(tiny, content):
    write_proof(tiny, Proof(1.0))
    (tiny.folder / PROOF_NAME).write_text(content)
    assert read_proof(tiny) is None


def test_weights_are_asked_for_their_proof(tiny):
    with pytest.raises(EncoderError, match=r"not checked yet.*`bowerbird models verify clap-tiny`"):
        require_proof(tiny)
    write_proof(tiny, Proof(0.5, sentence="They are deaf. Fetch others."))
    with pytest.raises(EncoderError, match=r"They are deaf\. Fetch others\."):
        require_proof(tiny)
    write_proof(tiny, Proof(1.0))
    require_proof(tiny)


def test_8_bit_weights_that_agree_are_good(card):
    full = unit(np.eye(4, N_DIMS) + 0.1)
    proof = compare_int8(Proof(1.0), card, (full, unit(full + 0.01)), (full, full))
    assert proof.int8_cosine > 0.99
    assert proof.int8_text_cosine == pytest.approx(1)
    assert proof.int8_sentence == ""


@pytest.mark.parametrize("network", ["audio", "text"])
def test_8_bit_weights_that_disagree_are_not_used_and_the_full_ones_are(tiny, card, network):
    full = unit(np.eye(4, N_DIMS))
    good, bad = (full, full), (full, unit(full + np.eye(4, N_DIMS, 1)))
    sounds, texts = (bad, good) if network == "audio" else (good, bad)
    proof = compare_int8(Proof(1.0), card, sounds, texts)
    assert proof.is_good
    assert f"The 8-bit {network} network" in proof.int8_sentence
    assert "mean cosine 0.71" in proof.int8_sentence
    write_proof(tiny, proof)
    assert read_proof(tiny) == proof
    require_proof(tiny)
    with pytest.raises(EncoderError, match="disagrees with the one in full precision"):
        require_proof(tiny, is_int8=True)


def test_8_bit_weights_that_are_not_here_are_not_compared(card):
    proof = compare_int8(Proof(1.0), card, None, None)
    assert proof == Proof(1.0)


def test_a_comparison_of_other_8_bit_weights_is_forgotten_and_the_proof_stays(tiny):
    write_proof(tiny, Proof(1.0, int8_cosine=0.3, int8_sentence="They disagree. Use others."))
    files = tiny.card.files
    other = {**files, "audio_int8": replace(files["audio_int8"], sha256="0" * 64)}
    write_card(replace(tiny.card, files=other), tiny.folder / "card.toml")
    assert read_proof(weights_in(tiny.folder)) == Proof(1.0)


def test_a_proof_of_an_earlier_version_stays_good(tiny):
    write_proof(tiny, Proof(1.0))
    stored = json.loads((tiny.folder / PROOF_NAME).read_text())
    for key in [key for key in stored if key.startswith("int8")]:
        del stored[key]
    (tiny.folder / PROOF_NAME).write_text(json.dumps(stored))
    assert read_proof(tiny) == Proof(1.0)


def test_the_tiny_network_proves_itself_and_fails_when_it_is_said_to_be_trained(tiny):
    rng = np.random.default_rng(0)
    n_frames = 4_800
    noises = [(kind, rng.normal(0, 0.1, n_frames).astype(np.float32)) for kind in KINDS]
    encoder = OnnxEncoder(tiny)
    proof = prove(encoder, tiny.card, noises)
    assert proof.is_good
    assert proof.same_cosine > 0.9999
    assert not prove(encoder, replace(tiny.card, is_trained=True), noises).is_good
