"""Properties of every vector of the built-in encoder."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import bowerbird
from bowerbird.base.errors import EncoderError
from bowerbird.base.paths import models_path
from bowerbird.encoders.acoustic.encoder import AcousticEncoder
from bowerbird.encoders.ear.encoder import (
    FEWEST_STEPS,
    FLOOR_DB,
    STEPS_MULTIPLE,
    EarEncoder,
    decibels,
    network_input,
    read_ear_card,
)

ENCODER = EarEncoder()
N_LEARNED = ENCODER.blocks["meaning"].stop


def noise(n_frames, *, seed=0, level=0.1):
    return (level * np.random.default_rng(seed).standard_normal(n_frames)).astype(np.float32)


def tone(n_frames, hz=440.0):
    return np.sin(2 * np.pi * hz / 32_000 * np.arange(n_frames)).astype(np.float32)


ODD_WINDOWS = {
    "silence": np.zeros(16_000, np.float32),
    "one frame": np.ones(1, np.float32),
    "one silent frame": np.zeros(1, np.float32),
    "20 ms": noise(640),
    "direct current": np.full(8_000, 0.7, np.float32),
    "a click at the end": np.eye(1, 9_000, 8_999, dtype=np.float32)[0],
    "not a number": np.full(700, np.nan, np.float32),
    "infinite": np.full(700, np.inf, np.float32),
    "denormal": np.full(500, 1e-45, np.float32),
    "hugely loud": noise(9_000, level=1e30),
    "the largest floats": np.array([3e38, -3e38] * 500, np.float32),
    "ten seconds": noise(320_000),
}


@pytest.mark.parametrize("name", ODD_WINDOWS)
def test_every_odd_window_has_a_finite_unit_vector(name):
    vectors = ENCODER.encode([ODD_WINDOWS[name]])
    assert vectors.dtype == np.float32
    assert vectors.shape == (1, ENCODER.n_dims)
    assert np.isfinite(vectors).all()
    assert abs(np.linalg.norm(vectors[0]) - 1.0) < 1e-5


def test_a_vector_is_the_same_alone_and_in_a_crowd():
    windows = [noise(5_000), tone(70_000), noise(700, seed=1), tone(320_000, hz=90.0)]
    crowd = ENCODER.encode(windows)
    alone = np.concatenate([ENCODER.encode([window]) for window in reversed(windows)])[::-1]
    assert np.array_equal(crowd, alone)


def test_no_windows_give_no_vectors():
    assert ENCODER.encode([]).shape == (0, ENCODER.n_dims)


def test_the_cosine_is_the_weighted_mean_of_meaning_and_acoustic():
    windows = [noise(30_000), tone(30_000)]
    one, other = ENCODER.encode(windows)
    meaning = ENCODER.blocks["meaning"]
    learned = [vector[meaning] / np.linalg.norm(vector[meaning]) for vector in (one, other)]
    heard = AcousticEncoder().encode(windows)
    weight = ENCODER.meaning_weight
    assert one @ other == pytest.approx(weight * learned[0] @ learned[1] + (1 - weight) * heard[0] @ heard[1], abs=1e-5)


def test_blocks_fill_the_vector_without_overlap():
    ends = [(part.start, part.stop) for part in ENCODER.blocks.values()]
    assert [start for start, _ in ends] == [0, *(stop for _, stop in ends[:-1])]
    assert ends[-1][1] == ENCODER.n_dims
    assert next(iter(ENCODER.blocks)) == "meaning"
    assert 128 <= ENCODER.n_dims <= 256


def test_the_level_and_the_silence_around_a_sound_do_not_change_its_meaning():
    window = noise(40_000) * np.linspace(1.0, 0.0, 40_000, dtype=np.float32)
    padded = np.concatenate([np.zeros(16_000, np.float32), window / 50, np.zeros(32_000, np.float32)])
    one, other = (vector[:N_LEARNED] for vector in ENCODER.encode([window, padded]))
    assert one @ other / (np.linalg.norm(one) * np.linalg.norm(other)) > 0.99


def test_another_process_gives_the_same_bits():
    program = (
        "import numpy as np; from bowerbird.encoders.ear.encoder import EarEncoder;"
        "window = (0.1 * np.random.default_rng(0).standard_normal(50_000)).astype(np.float32);"
        "print(EarEncoder().encode([window]).tobytes().hex())"
    )
    folder = str(Path(bowerbird.__file__).parents[1])
    run = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": folder, "OMP_NUM_THREADS": "2"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == ENCODER.encode([noise(50_000)]).tobytes().hex()


def test_short_sounds_cost_what_they_last():
    assert len(network_input(decibels(noise(640)))) == FEWEST_STEPS
    assert len(network_input(decibels(noise(32_000)))) == 112
    assert len(network_input(decibels(noise(320_000)))) % STEPS_MULTIPLE == 0


def test_bands_lie_between_the_floor_and_the_loudest():
    mel = decibels(tone(32_000))
    assert mel.max() == 0.0
    assert mel.min() == FLOOR_DB
    assert mel.shape == (101, 64)


def shipped_copy(folder):
    for ending in (".toml", ".onnx", "-words.npz"):
        name = f"ear{ending}"
        (folder / name).write_bytes((models_path() / name).read_bytes())
    return folder / "ear.toml"


def test_the_id_changes_with_the_weights_and_with_their_share(tmp_path):
    card = shipped_copy(tmp_path)
    assert EarEncoder(card).id == ENCODER.id
    text = card.read_text(encoding="utf-8")
    card.write_text(
        text.replace(f"meaning_weight = {ENCODER.meaning_weight}", "meaning_weight = 0.33"), encoding="utf-8"
    )
    assert EarEncoder(card).id != ENCODER.id
    assert EarEncoder(card).id.startswith("ear-")


def test_a_damaged_network_is_refused_with_a_sentence(tmp_path):
    card = shipped_copy(tmp_path)
    network = tmp_path / "ear.onnx"
    network.write_bytes(network.read_bytes()[:-1] + b"x")
    with pytest.raises(EncoderError, match=r".*ear\.onnx is damaged"):
        EarEncoder(card).encode([noise(1000)])


def test_a_missing_network_is_named(tmp_path):
    card = shipped_copy(tmp_path)
    (tmp_path / "ear.onnx").unlink()
    with pytest.raises(EncoderError, match=r".*ear\.onnx is missing\. Install"):
        EarEncoder(card).encode([noise(1000)])


def test_without_its_words_the_ear_still_embeds_sounds(tmp_path):
    card = shipped_copy(tmp_path)
    (tmp_path / "ear-words.npz").unlink()
    ear = EarEncoder(card)
    assert ear.text is None
    assert ear.encode([noise(1000)]).shape == (1, ENCODER.n_dims)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("kind", "sort"),
        ('kind = "ear"', 'kind = "eye"'),
        ("meaning_weight = 0", "meaning_weight = 7"),
        ("n_learned", "n"),
    ],
)
def test_a_card_of_another_kind_is_refused_with_a_sentence(tmp_path, old, new):
    card = shipped_copy(tmp_path)
    card.write_text(card.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(EncoderError, match=r"rain the encoder again"):
        read_ear_card(card)


def test_the_card_names_the_network_that_ships():
    card = read_ear_card(models_path() / "ear.toml")
    assert hashlib.sha256(card.network.read_bytes()).hexdigest() == card.sha256
    assert card.network.stat().st_size + card.words.stat().st_size < 10_000_000


def test_words_lie_in_the_same_space():
    text = ENCODER.text
    assert text is not None
    vectors = text.encode(["dog barking", "glass"])
    assert vectors.shape == (2, ENCODER.n_dims)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
