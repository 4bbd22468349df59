"""Properties of every vector of the acoustic encoder."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import bowerbird
from bowerbird.encoders.acoustic.constants import Constants
from bowerbird.encoders.acoustic.encoder import AcousticEncoder

ENCODER = AcousticEncoder()


def noise(n_frames, *, seed=0, level=0.1):
    return (level * np.random.default_rng(seed).standard_normal(n_frames)).astype(np.float32)


def is_a_unit_vector(vector):
    return np.isfinite(vector).all() and abs(np.linalg.norm(vector) - 1.0) < 1e-5


ODD_WINDOWS = {
    "silence": np.zeros(16_000, np.float32),
    "one frame": np.ones(1, np.float32),
    "one silent frame": np.zeros(1, np.float32),
    "two frames": np.array([0.5, -0.5], np.float32),
    "direct current": np.full(8_000, 0.7, np.float32),
    "a click at the start": np.eye(1, 9_000, 0, dtype=np.float32)[0],
    "a click at the end": np.eye(1, 9_000, 8_999, dtype=np.float32)[0],
    "not a number": np.full(700, np.nan, np.float32),
    "infinite": np.full(700, np.inf, np.float32),
    "one not a number in noise": np.where(np.arange(9_000) == 50, np.nan, noise(9_000)).astype(np.float32),
    "denormal": np.full(500, 1e-45, np.float32),
    "hugely loud": noise(9_000, level=1e30),
    "the largest floats": np.array([3e38, -3e38] * 500, np.float32),
    "square wave": np.sign(np.sin(np.arange(32_000) * 0.05)).astype(np.float32),
    "ten seconds": noise(320_000),
}


@pytest.mark.parametrize("name", ODD_WINDOWS)
def test_every_odd_window_has_a_finite_unit_vector(name):
    vectors = ENCODER.encode([ODD_WINDOWS[name]])
    assert vectors.dtype == np.float32
    assert vectors.shape == (1, ENCODER.n_dims)
    assert is_a_unit_vector(vectors[0])


@given(
    hnp.arrays(
        np.float32,
        st.integers(1, 3000),
        elements=st.floats(width=32, allow_nan=True, allow_infinity=True),
        fill=st.floats(-1, 1, width=32),
    )
)
@settings(max_examples=60, deadline=None)
def test_any_floats_have_a_finite_unit_vector(window):
    assert is_a_unit_vector(ENCODER.encode([window])[0])


@pytest.mark.parametrize("n_frames", [1, 2, 3, 159, 160, 161, 319, 320, 321, 1023, 1024, 1025, 16_001])
def test_every_short_length_has_a_finite_unit_vector(n_frames):
    assert is_a_unit_vector(ENCODER.encode([noise(n_frames)])[0])


def test_a_vector_does_not_depend_on_its_batch():
    windows = [noise(16_000, seed=1), noise(500, seed=2), np.zeros(1, np.float32), noise(48_000, seed=3)]
    together = ENCODER.encode(windows)
    for window, vector in zip(windows, together, strict=True):
        assert np.array_equal(ENCODER.encode([window])[0], vector)


def test_the_same_sound_gives_the_same_bits_and_is_left_as_it_was():
    window = noise(20_000)
    before = window.copy()
    window.flags.writeable = False
    assert np.array_equal(ENCODER.encode([window]), AcousticEncoder().encode([window]))
    assert np.array_equal(window, before)


def test_the_number_of_threads_does_not_change_a_bit():
    program = (
        "import hashlib, numpy as np; from bowerbird.encoders.acoustic.encoder import AcousticEncoder;"
        "noise = np.random.default_rng(0).standard_normal((3, 200_001)).astype(np.float32);"
        "print(hashlib.sha256(AcousticEncoder().encode(list(noise)).tobytes()).hexdigest())"
    )
    app = str(Path(bowerbird.__file__).parents[1])
    digests = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "OPENBLAS_NUM_THREADS": n_threads, "PYTHONPATH": app},
            capture_output=True,
            check=True,
        ).stdout
        for n_threads in ("1", "2", "4")
    }
    assert len(digests) == 1


def test_no_windows_give_no_vectors():
    assert ENCODER.encode([]).shape == (0, ENCODER.n_dims)


def test_the_six_blocks_lie_side_by_side_and_fill_the_vector():
    assert list(ENCODER.blocks) == ["timbre", "brightness", "pitch", "envelope", "loudness", "length"]
    stops = [0]
    for part in ENCODER.blocks.values():
        assert part.start == stops[-1]
        stops.append(part.stop)
    assert stops[-1] == ENCODER.n_dims <= 128


def test_every_block_has_the_length_of_its_weight_for_every_sound():
    windows = [noise(16_000), np.zeros(16_000, np.float32), np.sin(np.arange(9_000) * 0.1).astype(np.float32)]
    vectors = ENCODER.encode(windows)
    shares = np.stack([(vectors[:, part] ** 2).sum(axis=1) for part in ENCODER.blocks.values()])
    assert np.allclose(shares, shares[:, :1], atol=1e-5)
    assert np.allclose(shares.sum(axis=0), 1.0, atol=1e-5)


def test_another_constant_makes_another_id():
    constants = ENCODER._constants
    weights = dict(constants.weights) | {"timbre": constants.weights["timbre"] * 1.01}
    assert AcousticEncoder(Constants(constants.projections, weights)).id != ENCODER.id
    assert AcousticEncoder(Constants(constants.projections, dict(constants.weights))).id == ENCODER.id
