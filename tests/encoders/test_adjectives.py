"""Directions of adjectives: the shipped file against sounds with a known order, and the file format."""

import numpy as np
import pytest

from bowerbird.base.errors import EncoderError
from bowerbird.base.paths import models_path
from bowerbird.encoders.acoustic.encoder import AcousticEncoder
from bowerbird.encoders.acoustic.spectrum import RATE_HZ
from bowerbird.encoders.ear.adjectives import LEAST_CORRELATION, Directions, read_directions, write_directions
from bowerbird.encoders.ear.thesaurus import load_thesaurus

ENCODER = AcousticEncoder()


@pytest.fixture(scope="module")
def shipped() -> Directions:
    return read_directions(models_path() / "adjectives.npz", encoder_id=ENCODER.id)


def time_of(duration_s):
    return np.arange(round(duration_s * RATE_HZ)) / RATE_HZ


def tone(hz, *, duration_s=1.0, level=0.5):
    """A harmonic tone that dies away."""
    t = time_of(duration_s)
    partials = sum(np.sin(2 * np.pi * k * hz * t) / k for k in range(1, 6) if k * hz < RATE_HZ / 2)
    return (level * partials * np.exp(-2 * t)).astype(np.float32)


def noise(*, duration_s=1.0, level=0.3, highest_hz=16_000.0, seed=0):
    """White noise below a frequency."""
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(round(duration_s * RATE_HZ)))
    spectrum[np.fft.rfftfreq(round(duration_s * RATE_HZ), 1 / RATE_HZ) > highest_hz] = 0
    samples = np.fft.irfft(spectrum)
    return (level * samples / np.abs(samples).max()).astype(np.float32)


def swelling(attack_s):
    t = time_of(1.5)
    return (noise(duration_s=1.5) * np.minimum(t / attack_s, 1.0) * np.exp(-np.maximum(t - attack_s, 0) * 3)).astype(
        np.float32
    )


def clicks(n_a_second):
    samples = np.zeros(2 * RATE_HZ, np.float32)
    burst = noise(duration_s=0.02) * np.linspace(1, 0, 640, dtype=np.float32)
    for place in np.arange(0, 1.95, 1 / n_a_second):
        start = round(place * RATE_HZ)
        samples[start : start + 640] += burst
    return samples


ORDERS = {
    "centroid": [noise(highest_hz=hz) for hz in (500, 2000, 6000, 16_000)],
    "presence": [noise(highest_hz=hz) for hz in (500, 2500, 6000)],
    "low_share": [noise(), noise(highest_hz=400), noise(highest_hz=120)],
    "warmth": [noise(), noise(highest_hz=3000), noise(highest_hz=500)],
    "height": [tone(hz) for hz in (80, 200, 600, 1800)],
    "tonality": [noise(), noise() + 0.25 * tone(300), tone(300)],
    "loudness": [tone(300, level=level) for level in (0.005, 0.03, 0.15, 0.6)],
    "duration": [noise(duration_s=s) for s in (0.05, 0.2, 0.8, 3.0, 9.0)],
    "attack": [swelling(s) for s in (0.002, 0.1, 0.8)],
    "crest": [noise(), swelling(0.3), clicks(1)],
    "onset_rate": [clicks(1), clicks(4), clicks(9)],
}


@pytest.mark.parametrize("quantity", ORDERS)
def test_sounds_lie_in_order_along_the_shipped_direction(shipped, quantity):
    along = shipped.steering(quantity, is_high=True)
    places = ENCODER.encode(ORDERS[quantity]) @ along
    assert np.all(np.diff(places) > 0.1), places


def test_low_is_the_opposite_of_high(shipped):
    np.testing.assert_array_equal(
        shipped.steering("centroid", is_high=False), -shipped.steering("centroid", is_high=True)
    )


def test_brightness_does_not_affect_length_and_level(shipped):
    along = shipped.steering("centroid", is_high=True)
    assert along.any()
    for block in ("length", "loudness", "envelope", "pitch"):
        assert not along[ENCODER.blocks[block]].any()


def test_every_quantity_of_the_thesaurus_is_measured_and_steers(shipped):
    for adjective in load_thesaurus().adjectives:
        assert shipped.steering(adjective.quantity, is_high=True) is not None, adjective.name


def test_directions_have_unit_length_and_decent_correlations(shipped):
    np.testing.assert_allclose(np.linalg.norm(shipped.directions, axis=1), 1, atol=1e-5)
    assert shipped.correlations.min() >= LEAST_CORRELATION


def made(**changes):
    values = {
        "encoder_id": "acoustic-test",
        "quantities": ("centroid", "colour"),
        "directions": np.eye(2, 4, dtype=np.float32),
        "sds": np.array([0.5, 0.5], np.float32),
        "correlations": np.array([0.9, 0.2], np.float32),
        "provenance": "Made in a test; ü.",
    }
    return Directions(**(values | changes))


def test_a_poorly_predicted_quantity_steers_nothing():
    assert made().steering("colour", is_high=True) is None
    assert made().steering("unheard of", is_high=True) is None


def test_a_standard_deviation_further_scores_1_more():
    np.testing.assert_array_equal(made().steering("centroid", is_high=True), [2, 0, 0, 0])


def test_what_is_written_is_read_again_and_in_the_same_bytes(tmp_path):
    for name in ("a.npz", "b.npz"):
        write_directions(tmp_path / name, made())
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    found = read_directions(tmp_path / "a.npz", encoder_id="acoustic-test")
    assert (found.quantities, found.provenance) == (("centroid", "colour"), "Made in a test; ü.")
    np.testing.assert_array_equal(found.directions, made().directions)
    with pytest.raises(ValueError, match="read-only"):
        found.directions[0, 0] = 3


def test_directions_of_another_encoder_are_refused(tmp_path):
    write_directions(tmp_path / "a.npz", made())
    with pytest.raises(EncoderError, match=r"belong to acoustic-test, not to acoustic-1"):
        read_directions(tmp_path / "a.npz", encoder_id="acoustic-1")


def test_missing_cut_and_ill_shaped_directions_are_refused(tmp_path):
    path = tmp_path / "a.npz"
    with pytest.raises(EncoderError, match="cannot be read"):
        read_directions(path, encoder_id="acoustic-test")
    write_directions(path, made())
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(EncoderError, match="cannot be read"):
        read_directions(path, encoder_id="acoustic-test")
    write_directions(path, made(sds=np.ones(3, np.float32)))
    with pytest.raises(EncoderError, match="damaged"):
        read_directions(path, encoder_id="acoustic-test")
