import itertools
from pathlib import Path

import numpy as np
import pytest
from playback_stage import RATE_HZ, FakeSound, sine, steps_of

from bowerbird.audio.stereo import stereo_matrix, to_stereo
from bowerbird.base.errors import AudioError
from bowerbird.playback.blocks import device_blocks, span_of
from bowerbird.playback.request import Request, Treatment

REVERSED = Treatment(is_reversed=True)


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


def counting(n_frames: int, n_channels: int = 1) -> np.ndarray:
    """Samples that tell where they are: channel k of frame i is (i + k * n) / (n * channels)."""
    n = n_frames * n_channels
    return ((np.arange(n_frames)[:, None] + n_frames * np.arange(n_channels)) / n).astype(np.float32)


def test_reversed_a_sound_is_given_from_its_end_to_its_start():
    samples = counting(50_000, 2)
    np.testing.assert_array_equal(played(FakeSound(samples, RATE_HZ), treatment=REVERSED), samples[::-1])


def test_a_reversed_part_is_faded_where_it_is_cut():
    samples = np.full((RATE_HZ, 1), 0.5, np.float32)
    out = played(FakeSound(samples, RATE_HZ), start_s=0.2, end_s=0.6, treatment=REVERSED)
    assert len(out) == round(0.4 * RATE_HZ)
    assert abs(out[0, 0]) < 0.01
    assert abs(out[-1, 0]) < 0.01
    assert steps_of(out) < 0.01


def test_a_reversed_sound_can_start_inside():
    samples = counting(RATE_HZ)
    out = played(FakeSound(samples, RATE_HZ), from_s=0.5, treatment=REVERSED)
    np.testing.assert_array_equal(out[240:, 0], samples[: RATE_HZ // 2][::-1][240:, 0])


def test_a_reversed_loop_repeats_backwards():
    samples = counting(1000)
    out = played(FakeSound(samples, RATE_HZ), seconds=0.1, is_looped=True, treatment=REVERSED)
    np.testing.assert_array_equal(out[:, 0], np.tile(samples[::-1, 0], 5)[:4800])


def test_speed_moves_length_and_pitch_together():
    out = played(FakeSound(sine(440, 1), RATE_HZ), treatment=Treatment(speed=2.0))
    assert len(out) == pytest.approx(RATE_HZ / 2, abs=100)
    spectrum = np.abs(np.fft.rfft(out[:, 0] * np.hanning(len(out))))
    assert spectrum.argmax() * RATE_HZ / len(out) == pytest.approx(880, abs=4)


def test_pitch_keeps_the_length_of_a_part():
    out = played(FakeSound(sine(440, 2), RATE_HZ), start_s=0.5, end_s=1.5, treatment=Treatment(semitones=12))
    assert len(out) == RATE_HZ
    spectrum = np.abs(np.fft.rfft(out[:, 0] * np.hanning(len(out))))
    assert spectrum.argmax() == pytest.approx(880, abs=2)
    assert abs(out[-1, 0]) < 0.01  # faded where it is cut


def test_a_slower_part_is_faded_at_its_own_end():
    out = played(FakeSound(np.full(RATE_HZ, 0.5, np.float32), RATE_HZ), end_s=0.5, treatment=Treatment(speed=0.5))
    assert len(out) == pytest.approx(RATE_HZ, abs=100)
    assert out[-400, 0] == pytest.approx(0.5, abs=0.01)
    assert abs(out[-10, 0]) < 0.05


def test_one_channel_is_heard_on_both_sides():
    samples = counting(1000, 6)
    out = played(FakeSound(samples, RATE_HZ), treatment=Treatment(channel=4))
    np.testing.assert_array_equal(out[:, 0], samples[:, 4])
    np.testing.assert_array_equal(out[:, 1], samples[:, 4])


def test_a_channel_that_a_sound_lacks_plays_them_all():
    samples = counting(1000, 2)
    np.testing.assert_array_equal(played(FakeSound(samples, RATE_HZ), treatment=Treatment(channel=4)), samples)


def test_the_ends_of_a_loop_move_to_rising_zero_crossings():
    sound = FakeSound(sine(100, 2), RATE_HZ)
    span = span_of(Request(Path("a.wav"), 0.503, 0.808, is_looped=True), sound)
    assert (span.start / RATE_HZ, span.end / RATE_HZ) == pytest.approx((0.5, 0.81), abs=1 / RATE_HZ)
    unlooped = span_of(Request(Path("a.wav"), 0.503, 0.808), sound)
    assert (unlooped.start, unlooped.end) == (round(0.503 * RATE_HZ), round(0.808 * RATE_HZ))


def test_a_loop_at_any_ends_does_not_click():
    loop = {"start_s": 0.5013, "end_s": 0.6031, "is_looped": True}
    out = played(FakeSound(sine(100, 2), RATE_HZ), seconds=1.0, **loop)
    assert steps_of(out[480:]) < 1.5 * 0.5 * 2 * np.pi * 100 / RATE_HZ


def test_a_loop_without_zero_crossings_keeps_its_ends():
    span = span_of(
        Request(Path("a.wav"), 0.2, 0.4, is_looped=True), FakeSound(np.full(RATE_HZ, 0.5, np.float32), RATE_HZ)
    )
    assert (span.start, span.end) == (9600, 19_200)


@pytest.mark.parametrize("options", [{"semitones": 25}, {"tempo": 0.0}, {"speed": 8.0}])
def test_a_treatment_out_of_range_is_refused(options: dict[str, float]):
    with pytest.raises(ValueError, match="invalid"):
        Treatment(**options)
