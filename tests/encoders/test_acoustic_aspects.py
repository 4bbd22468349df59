"""Each block measures its own aspect: change an aspect of a sound and see which blocks change."""

import numpy as np
import pytest

from bowerbird.encoders.acoustic.encoder import AcousticEncoder

ENCODER = AcousticEncoder()
RATE_HZ = ENCODER.rate_hz


def tone(*, hz=220.0, duration_s=1.0, tilt=1.5, attack_s=0.005, decay_s=0.3, level=0.3):
    """A harmonic tone whose partials fall with ``1 / n ** tilt``."""
    time_s = np.arange(int(duration_s * RATE_HZ)) / RATE_HZ
    partials = [n for n in range(1, 40) if n * hz < 0.45 * RATE_HZ]
    wave = sum(np.sin(2 * np.pi * hz * n * time_s + n * n) / n**tilt for n in partials)
    shape = np.minimum(time_s / attack_s, 1.0) * np.exp(-time_s / decay_s)
    wave = wave / np.abs(wave).max() * shape
    return (level * wave).astype(np.float32)


def noise(*, duration_s=1.0, seed=0):
    return (0.1 * np.random.default_rng(seed).standard_normal(int(duration_s * RATE_HZ))).astype(np.float32)


def moved(one, other):
    """Return 1 - cosine of each block of two sounds."""
    a, b = ENCODER.encode([one, other])
    return {
        name: 1.0 - float(a[part] @ b[part] / (np.linalg.norm(a[part]) * np.linalg.norm(b[part])))
        for name, part in ENCODER.blocks.items()
    }


@pytest.mark.parametrize("sound", [tone(), noise(), tone(hz=900.0, duration_s=0.2)], ids=["tone", "noise", "short"])
@pytest.mark.parametrize("gain", [0.01, 0.3, 4.0])
def test_a_gain_change_moves_the_loudness_and_nothing_else(sound, gain):
    moves = moved(sound, np.float32(gain) * sound)
    assert moves.pop("loudness") > 0.01
    assert max(moves.values()) < 1e-3


def test_a_larger_gain_change_moves_the_loudness_further():
    sound = noise()
    distances = [moved(sound, np.float32(gain) * sound)["loudness"] for gain in (0.5, 0.2, 0.05, 0.01)]
    assert distances == sorted(distances)


def test_a_brighter_copy_moves_brightness_and_leaves_pitch_loudness_and_length():
    moves = moved(tone(tilt=2.0), tone(tilt=0.6))
    assert moves["brightness"] > 0.3
    assert moves["brightness"] > 3 * max(moves["pitch"], moves["envelope"], moves["loudness"], moves["length"])


def test_a_transposition_moves_pitch_more_than_envelope_loudness_and_length():
    moves = moved(tone(hz=220.0), tone(hz=440.0))
    assert moves["pitch"] > 0.1
    assert moves["pitch"] > 3 * max(moves["envelope"], moves["loudness"], moves["length"])


def test_a_wider_interval_moves_pitch_further():
    distances = [moved(tone(hz=220.0), tone(hz=220.0 * 2**octaves))["pitch"] for octaves in (0.02, 0.1, 0.5)]
    assert distances == sorted(distances)


def test_noise_and_tone_differ_in_pitch():
    assert moved(tone(decay_s=10.0), noise())["pitch"] > 0.3


def test_a_slow_attack_moves_the_envelope_most():
    moves = moved(tone(attack_s=0.002), tone(attack_s=0.4, decay_s=0.2))
    assert moves["envelope"] > 0.3
    assert moves["envelope"] == max(moves.values())


def test_a_longer_copy_moves_length_and_keeps_brightness():
    moves = moved(noise(duration_s=0.3), noise(duration_s=3.0))
    assert moves["length"] > 0.1
    assert moves["length"] > 3 * max(moves["brightness"], moves["loudness"])


def test_a_dc_offset_has_no_effect():
    sound = noise()
    assert max(moved(sound, sound + np.float32(0.2)).values()) < 1e-3


@pytest.mark.parametrize("sound", [tone(duration_s=0.4), noise(duration_s=0.5)], ids=["tone", "noise"])
def test_silence_around_a_sound_moves_length_at_most(sound):
    before, after = np.zeros(int(0.3 * RATE_HZ), np.float32), np.zeros(RATE_HZ, np.float32)
    moves = moved(sound, np.concatenate([before, sound, after]))
    assert moves.pop("length") < 0.1
    assert max(moves.values()) < 0.03
