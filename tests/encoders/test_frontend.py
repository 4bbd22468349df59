"""From windows to network inputs: 16 bits, fill, patches, axes; and the way of a file's samples to a window."""

from dataclasses import replace

import numpy as np
import pytest
import soxr

from bowerbird.audio.resample import StreamResampler
from bowerbird.domain.windows import WindowCutter
from bowerbird.encoders.mel import log_mel
from bowerbird.encoders.onnx.frontend import filled, patches, through_int16
from bowerbird.encoders.weights.cards import AudioTower, LogMel

RATE_HZ = 48_000
MEL = LogMel(
    n_fft=1024,
    window_frames=1024,
    hop_frames=480,
    n_mels=64,
    f_min_hz=50.0,
    f_max_hz=14_000.0,
    scale="slaney",
    norm="slaney",
)
WAVEFORM = AudioTower(
    front_end="waveform",
    rate_hz=RATE_HZ,
    n_dims=8,
    layout="bt",
    input="in",
    output="out",
)
CLAP = replace(WAVEFORM, front_end="log-mel", layout="bctm", is_int16=True, log_mel=MEL)


def noise(n_frames, seed=0):
    return np.random.default_rng(seed).uniform(-0.5, 0.5, n_frames).astype(np.float32)


def test_samples_are_rounded_to_16_bits_as_in_training():
    # As in laion_clap: (clip(x) * 32767.).astype(int16), then (that / 32767.0).astype(float32).
    samples = np.concatenate([noise(100_000) * 2, np.array([-7.0, -1.0, -1e-6, 0.0, 1e-6, 0.99999, 1.0, 3.0])])
    samples = samples.astype(np.float32)
    wanted = ((np.clip(samples, -1, 1) * np.float32(32767)).astype(np.int16) / 32767.0).astype(np.float32)
    assert np.array_equal(through_int16(samples), wanted)
    assert not np.signbit(through_int16(np.array([-1e-6], np.float32)))[0]


def test_every_sixteen_bit_value_survives():
    values = (np.arange(-32767, 32768) / 32767.0).astype(np.float32)
    found = np.round(through_int16(values) * 32767.0)
    # A few are cut to the next value towards zero, as the reference cuts them.
    wanted = (values * np.float32(32767)).astype(np.int16)
    assert np.array_equal(found, wanted)


def test_repeating_fills_with_whole_copies_and_then_silence():
    samples = np.array([1, 2, 3], np.float32)
    assert filled(samples, 10, "repeat").tolist() == [1, 2, 3, 1, 2, 3, 1, 2, 3, 0]
    assert filled(samples, 5, "repeat").tolist() == [1, 2, 3, 0, 0]
    assert filled(samples, 5, "zeros").tolist() == [1, 2, 3, 0, 0]
    assert filled(samples, 5, "nothing").tolist() == [1, 2, 3]
    assert filled(samples, 3, "repeat") is samples


@pytest.mark.parametrize(
    ("n_frames", "n_copies"), [(1, 480_000), (14_400, 33), (240_000, 2), (240_001, 1), (479_520, 1), (480_000, 1)]
)
def test_a_short_window_is_repeated_as_often_as_it_fits(n_frames, n_copies):
    window = noise(n_frames)
    (found,) = patches(window, WAVEFORM)
    assert found.shape == (1, 480_000)
    assert np.array_equal(found[0, : n_copies * n_frames], np.tile(window, n_copies))
    assert not found[0, n_copies * n_frames :].any()


def test_a_clap_window_is_the_log_mel_of_its_rounded_and_repeated_samples():
    window = noise(100_000)
    (found,) = patches(window, CLAP)
    rounded = through_int16(window)
    assert found.shape == (1, 1, 1001, 64)
    assert found.dtype == np.float32
    whole = np.concatenate([np.tile(rounded, 4), np.zeros(80_000, np.float32)])
    assert np.array_equal(found[0, 0], log_mel(whole, MEL, RATE_HZ))


def test_ten_seconds_are_a_whole_window():
    window = noise(480_000)
    (found,) = patches(window, replace(CLAP, is_int16=False))
    assert np.array_equal(found[0, 0], log_mel(window, MEL, RATE_HZ))


@pytest.mark.parametrize("n_frames", [0, 480_001])
def test_a_window_of_impossible_length_is_a_fault_of_the_caller(n_frames):
    with pytest.raises(ValueError, match="a window has 1 to 480000 samples"):
        patches(np.zeros(n_frames, np.float32), CLAP)


def test_values_that_are_not_finite_count_as_silence():
    window = noise(48_000)
    fixed = window.copy()
    fixed[[5, 700, 20_000]] = 0.0
    broken = fixed.copy()
    broken[[5, 700, 20_000]] = [np.nan, np.inf, -np.inf]
    assert np.array_equal(patches(broken, CLAP)[0], patches(fixed, CLAP)[0])


def test_a_window_is_left_as_it_was():
    window = noise(480_000)
    window[3] = np.nan
    before = window.copy()
    patches(window, CLAP)
    patches(window, WAVEFORM)
    assert np.array_equal(window, before, equal_nan=True)


@pytest.mark.parametrize(
    ("layout", "shape"),
    [
        ("bctm", (1, 4, 1001, 64)),
        ("bcmt", (1, 4, 64, 1001)),
        ("btm", (1, 1001, 64)),
        ("bmt", (1, 64, 1001)),
        ("tmcb", (1001, 64, 4, 1)),
    ],
)
def test_axes_come_in_the_order_of_the_card(layout, shape):
    window = noise(480_000)
    (found,) = patches(window, replace(CLAP, layout=layout, n_copies=4))
    assert found.shape == shape
    assert found.flags.c_contiguous
    plain = patches(window, CLAP)[0][0, 0]
    turned = found.transpose([layout.index(letter) for letter in "btmc" if letter in layout])
    for copy in np.moveaxis(turned.reshape(1001, 64, -1), 2, 0):
        assert np.array_equal(copy, plain)


def test_a_waveform_may_have_channels():
    window = noise(480_000)
    (found,) = patches(window, replace(WAVEFORM, layout="bct", n_copies=2))
    assert found.shape == (1, 2, 480_000)
    assert np.array_equal(found[0], [window, window])


@pytest.mark.parametrize(
    ("n_frames", "starts"),
    [
        (400, [0]),
        (1000, [0]),
        (1001, [0, 500]),
        (1500, [0, 500]),
        (1501, [0, 500, 1000]),
        (2400, [0, 500, 1000, 1500]),
    ],
)
def test_patches_cover_the_window_and_the_last_is_filled(n_frames, starts):
    tower = replace(WAVEFORM, rate_hz=1000, window_s=3.0, patch_s=1.0, patch_hop_s=0.5, short="zeros")
    window = noise(n_frames)
    found = patches(window, tower)
    assert len(found) == len(starts)
    padded = np.concatenate([window, np.zeros(1000, np.float32)])
    for patch, start in zip(found, starts, strict=True):
        assert np.array_equal(patch[0], padded[start : start + 1000])


def test_patches_without_a_hop_lie_side_by_side():
    tower = replace(WAVEFORM, rate_hz=1000, window_s=3.0, patch_s=1.0, short="nothing")
    window = noise(2300)
    found = patches(window, tower)
    assert [patch.shape for patch in found] == [(1, 1000), (1, 1000), (1, 300)]
    assert np.array_equal(np.concatenate(found, axis=1)[0], window)


def test_no_patch_begins_after_the_window_has_ended():
    tower = replace(WAVEFORM, rate_hz=1000, window_s=3.0, patch_s=0.5, patch_hop_s=1.5)
    assert len(patches(noise(1400), tower)) == 1
    assert len(patches(noise(1600), tower)) == 2


def test_a_last_patch_is_repeated_like_a_short_window():
    tower = replace(WAVEFORM, rate_hz=1000, window_s=3.0, patch_s=1.0)
    window = noise(1300)
    last = patches(window, tower)[1][0]
    assert np.array_equal(last, np.concatenate([np.tile(window[1000:], 3), np.zeros(100, np.float32)]))


def resampled(samples, rate_hz, *, block_frames):
    stream = StreamResampler(rate_hz, RATE_HZ)
    parts = [stream.push(samples[at : at + block_frames]) for at in range(0, len(samples), block_frames)]
    return [*parts, stream.finish()]


def cut(parts):
    cutter = WindowCutter(RATE_HZ, 10.0)
    return [window for part in parts for window in cutter.push(part)] + list(cutter.finish())


@pytest.mark.parametrize("block_frames", [997, 16_384, 220_500])
def test_five_seconds_at_44_100_hz_are_repeated_twice(block_frames):
    # With a frame too many from the resampler, it would be a single copy and five seconds of silence.
    samples = noise(220_500)
    (window,) = cut(resampled(samples, 44_100, block_frames=block_frames))
    assert len(window) == 240_000
    assert np.abs(window - soxr.resample(samples, 44_100, RATE_HZ, quality="HQ")).max() < 1e-6
    (whole,) = patches(window, WAVEFORM)
    assert np.array_equal(whole[0], np.tile(window, 2))
    (found,) = patches(window, CLAP)
    assert np.array_equal(found[0, 0], log_mel(np.tile(through_int16(window), 2), MEL, RATE_HZ))


@pytest.mark.parametrize("rate_hz", [8000, 11_025, 22_050, 32_000, 44_100, 48_000, 88_200, 96_000, 192_000])
def test_ten_seconds_at_any_rate_are_a_single_window(rate_hz):
    samples = noise(10 * rate_hz)
    (window,) = cut(resampled(samples, rate_hz, block_frames=4096))
    assert len(window) == 480_000
    assert np.abs(window - soxr.resample(samples, rate_hz, RATE_HZ, quality="HQ")).max() < 1e-6


@pytest.mark.parametrize("block_frames", [1234, 65_536])
def test_the_windows_of_a_long_sound_are_pieces_of_the_whole(block_frames):
    samples = noise(44_100 * 25)
    windows = cut(resampled(samples, 44_100, block_frames=block_frames))
    assert [len(window) for window in windows] == [480_000, 480_000, 240_000]
    whole = soxr.resample(samples, 44_100, RATE_HZ, quality="HQ")
    assert np.abs(np.concatenate(windows) - whole).max() < 1e-6


@pytest.mark.parametrize(("short", "is_last_partial"), [("zeros", True), ("zeros", False), ("repeat", True)])
def test_a_spectrogram_is_cut_in_frames(short, is_last_partial):
    spec = LogMel(1024, 1024, 480, 64, 50.0, 14_000.0, "slaney", "slaney")
    tower = AudioTower(
        "log-mel",
        rate_hz=48_000,
        n_dims=512,
        layout="btm",
        input="mel",
        output="embedding",
        short=short,
        log_mel=spec,
        patch_frames=40,
        patch_hop_frames=30,
        is_last_partial=is_last_partial,
    )
    window = np.random.default_rng(0).normal(0, 0.1, 480 * 80).astype(np.float32)
    mel = log_mel(window, spec, 48_000)
    found = patches(window, tower)
    assert len(mel) == 81
    assert len(found) == (3 if is_last_partial else 2)
    for number, patch in enumerate(found):
        part = mel[30 * number : 30 * number + 40]
        np.testing.assert_array_equal(patch[0, : len(part)], part)
    if is_last_partial:  # 21 frames, no second copy fits
        assert not found[-1][0, 21:].any()
    (only,) = patches(window[: 480 * 9], tower)
    copied = only[0, 10:20] if short == "repeat" else np.zeros((10, 64))
    np.testing.assert_array_equal(copied, only[0, :10] if short == "repeat" else only[0, 10:20])
