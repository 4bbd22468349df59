import itertools
from pathlib import Path

import numpy as np
import pytest
from playback_stage import RATE_HZ, FakeSound, sine, steps_of

from bowerbird.base.errors import AudioError
from bowerbird.playback.stretch import Request, device_blocks, stereo_matrix, to_stereo


def played(sound: FakeSound, *, seconds: float | None = None, rate_hz: int = RATE_HZ, **options: object) -> np.ndarray:
    request = Request(Path("a.wav"), **options)
    with sound:
        blocks = device_blocks(sound, request, rate_hz=rate_hz)
        if seconds is None:
            return np.concatenate(list(blocks))
        taken, n = [], 0
        while n < seconds * rate_hz:
            taken.append(next(blocks))
            n += len(taken[-1])
    return np.concatenate(taken)[: round(seconds * rate_hz)]


def test_a_whole_sound_is_given_sample_for_sample():
    samples = np.random.default_rng(1).uniform(-1, 1, (50_000, 2)).astype(np.float32)
    np.testing.assert_array_equal(played(FakeSound(samples, RATE_HZ)), samples)


def test_mono_is_heard_on_both_sides():
    samples = sine(440, 0.1)
    heard = played(FakeSound(samples, RATE_HZ))
    np.testing.assert_array_equal(heard[:, 0], samples)
    np.testing.assert_array_equal(heard[:, 1], samples)


@pytest.mark.parametrize("n_channels", [3, 4, 6, 8, 12])
def test_many_channels_fold_to_two_without_clipping(n_channels: int):
    np.testing.assert_allclose(stereo_matrix(n_channels).sum(axis=0), 1, rtol=1e-6)
    left = np.zeros((10, n_channels), np.float32)
    left[:, 0] = 1
    heard = to_stereo(left)
    assert heard[0, 0] > 0.15
    assert heard[0, 1] == 0


def test_another_rate_keeps_pitch_and_length():
    heard = played(FakeSound(sine(1000, 1.0, rate_hz=44_100), 44_100))
    assert len(heard) == pytest.approx(RATE_HZ, abs=2)
    spectrum = np.abs(np.fft.rfft(heard[:, 0]))
    assert spectrum.argmax() == pytest.approx(1000, abs=1)


def test_a_stretch_is_that_stretch_with_soft_edges():
    samples = np.full(RATE_HZ, 0.5, np.float32)
    heard = played(FakeSound(samples, RATE_HZ), start_s=0.25, end_s=0.5)
    assert len(heard) == RATE_HZ // 4
    assert steps_of(heard) < 0.01
    assert abs(heard[0, 0]) < 0.001
    assert abs(heard[-1, 0]) < 0.001
    np.testing.assert_array_equal(heard[240:-240], 0.5)


def test_an_attack_at_the_first_frame_is_not_softened():
    click = np.zeros(1000, np.float32)
    click[:20] = 1
    np.testing.assert_array_equal(played(FakeSound(click, RATE_HZ))[:20], 1)


@pytest.mark.parametrize("seconds", [0.01, 0.5, 12.0])
@pytest.mark.parametrize("rate_hz", [RATE_HZ, 44_100])
def test_a_loop_has_no_seam(seconds: float, rate_hz: int):
    # Every length is a whole number of periods, so the result is a continuous sine.
    heard = played(FakeSound(sine(200, seconds), RATE_HZ), seconds=2.5 * seconds + 0.5, rate_hz=rate_hz, is_looped=True)
    wanted = sine(200, 2.5 * seconds + 0.5, rate_hz=rate_hz)
    inner = slice(rate_hz // 100, -rate_hz // 100)
    np.testing.assert_allclose(heard[inner, 0], wanted[inner], atol=2e-3)


def test_a_loop_entered_by_a_seek_returns_to_its_start():
    samples = np.arange(1000, dtype=np.float32) / 1000
    request = {"start_s": 100 / RATE_HZ, "end_s": 300 / RATE_HZ, "from_s": 700 / RATE_HZ, "is_looped": True}
    heard = played(FakeSound(samples, RATE_HZ), seconds=0.1, **request)[:, 0]
    np.testing.assert_allclose(heard[240:440], heard[440:640])
    assert {round(1000 * value) for value in heard[240:].tolist()} == set(range(100, 300))


def test_a_file_that_ends_early_ends_or_turns_round_there():
    short = FakeSound(sine(200, 0.5), RATE_HZ, declared=RATE_HZ)
    assert len(played(short)) == RATE_HZ // 2
    assert len(played(short, seconds=1.5, is_looped=True)) == 1.5 * RATE_HZ


def test_gain_is_this_sounds_own():
    samples = np.full(1000, 0.5, np.float32)
    np.testing.assert_allclose(played(FakeSound(samples, RATE_HZ), gain_db=-6.0), 0.5 * 10 ** (-6 / 20), rtol=1e-6)


def test_an_empty_sound_and_a_stretch_behind_its_end_are_named():
    with pytest.raises(AudioError, match=r"a\.wav contains no audio"):
        played(FakeSound(np.zeros(0, np.float32), RATE_HZ))
    with pytest.raises(AudioError, match=r"ends at 1\.00 s, before"):
        played(FakeSound(sine(200, 1.0), RATE_HZ), start_s=2.0)


def test_the_head_is_read_in_little():
    sound = FakeSound(sine(200, 60.0), RATE_HZ)
    with sound:
        next(itertools.islice(device_blocks(sound, Request(Path("a.wav")), rate_hz=RATE_HZ), 1))
    assert sound.n_read <= 16_384
