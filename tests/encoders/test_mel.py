"""Log-mel spectrograms against formulas, a plain computation in double precision, and the cards' options."""

from dataclasses import replace

import numpy as np
import pytest

from bowerbird.encoders.mel import filterbank, hz_of_mel, log_mel, mel_of_hz
from bowerbird.encoders.weights.cards import LogMel

RATE_HZ = 48_000
SLANEY = LogMel(
    n_fft=1024,
    window_frames=1024,
    hop_frames=480,
    n_mels=64,
    f_min_hz=50.0,
    f_max_hz=14_000.0,
    scale="slaney",
    norm="slaney",
)
HTK = replace(SLANEY, scale="htk", norm="none")
PLAIN = replace(SLANEY, log="none")


def noise(n_frames, seed=0, level=0.1):
    return np.random.default_rng(seed).normal(0, level, n_frames).astype(np.float32)


def plain_spectra(samples, spec):
    """Power of every frame in double precision, one frame at a time."""
    padded = np.pad(samples.astype(np.float64), spec.n_fft // 2, mode="reflect")
    hann = np.sin(np.pi * np.arange(spec.n_fft) / spec.n_fft) ** 2
    starts = range(0, len(padded) - spec.n_fft + 1, spec.hop_frames)
    return np.stack([np.abs(np.fft.rfft(padded[start : start + spec.n_fft] * hann)) ** 2 for start in starts])


@pytest.mark.parametrize("spec", [SLANEY, HTK], ids=["slaney", "htk"])
def test_a_spectrogram_is_what_double_precision_says(spec):
    samples = noise(48_123)
    power = plain_spectra(samples, spec)
    wanted = 10.0 * np.log10(np.maximum(power @ filterbank(spec, RATE_HZ).T.astype(np.float64), 1e-10))
    found = log_mel(samples, spec, RATE_HZ)
    assert found.dtype == np.float32
    assert found.shape == (1 + 48_123 // 480, 64)
    assert np.abs(found - wanted).max() < 2e-4


def test_ten_seconds_are_1001_frames():
    assert log_mel(noise(480_000), SLANEY, RATE_HZ).shape == (1001, 64)


@pytest.mark.parametrize(
    ("scale", "hz", "mel"),
    [
        ("slaney", 0.0, 0.0),
        ("slaney", 500.0, 7.5),
        ("slaney", 1000.0, 15.0),
        ("slaney", 6400.0, 42.0),
        ("htk", 0.0, 0.0),
        ("htk", 700.0, 2595.0 * np.log10(2.0)),
        ("htk", 1000.0, 999.9855),
    ],
)
def test_the_scales_go_through_their_known_points(scale, hz, mel):
    assert mel_of_hz(np.array(hz), scale) == pytest.approx(mel, abs=1e-3)
    assert hz_of_mel(np.array(mel), scale) == pytest.approx(hz, abs=1e-3)


@pytest.mark.parametrize("scale", ["slaney", "htk"])
def test_the_way_back_from_mel_is_the_inverse(scale):
    hz = np.linspace(0.0, 24_000.0, 1000)
    assert np.allclose(hz_of_mel(mel_of_hz(hz, scale), scale), hz, atol=1e-8)


def test_slaney_bands_have_unit_area():
    spec = replace(SLANEY, n_fft=16_384, window_frames=16_384)
    areas = filterbank(spec, RATE_HZ).sum(axis=1, dtype=np.float64) * RATE_HZ / 16_384
    assert np.allclose(areas, 1.0, atol=2e-3)


def test_unscaled_bands_peak_at_one():
    spec = replace(HTK, n_fft=16_384, window_frames=16_384)
    peaks = filterbank(spec, RATE_HZ).max(axis=1)
    assert peaks.max() <= 1.0
    assert peaks.min() > 0.95


def test_neighbouring_unscaled_bands_add_up_to_one():
    spec = replace(HTK, n_fft=4096, window_frames=4096)
    hz = np.arange(2049) * RATE_HZ / 4096
    corners = hz_of_mel(np.linspace(*mel_of_hz(np.array([50.0, 14_000.0]), "htk"), 66), "htk")
    inner = (hz > corners[1]) & (hz < corners[-2])
    assert np.allclose(filterbank(spec, RATE_HZ)[:, inner].sum(axis=0), 1.0, atol=1e-6)


def test_a_filterbank_cannot_be_changed_by_who_reads_it():
    assert not filterbank(SLANEY, RATE_HZ).flags.writeable
    assert filterbank(SLANEY, RATE_HZ) is filterbank(replace(SLANEY), RATE_HZ)


def test_rates_have_filterbanks_of_their_own():
    assert not np.array_equal(filterbank(SLANEY, 48_000), filterbank(SLANEY, 44_100))


@pytest.mark.parametrize("hz", [120.0, 1000.0, 9000.0])
@pytest.mark.parametrize("spec", [SLANEY, HTK], ids=["slaney", "htk"])
def test_a_tone_is_loudest_in_the_band_around_it(spec, hz):
    tone = np.sin(2 * np.pi * hz * np.arange(48_000) / RATE_HZ).astype(np.float32)
    corners = hz_of_mel(np.linspace(*mel_of_hz(np.array([50.0, 14_000.0]), spec.scale), 66), spec.scale)
    band = int(log_mel(tone, spec, RATE_HZ)[50].argmax())
    assert corners[band] <= hz <= corners[band + 2]


def test_silence_lies_at_the_floor():
    silence = np.zeros(4800, np.float32)
    assert np.allclose(log_mel(silence, SLANEY, RATE_HZ), -100.0, atol=1e-4)
    assert np.allclose(log_mel(silence, replace(SLANEY, floor=1e-5), RATE_HZ), -50.0, atol=1e-4)


def test_every_option_of_the_scale_does_what_the_card_says():
    samples = noise(9600)
    plain = log_mel(samples, PLAIN, RATE_HZ)
    natural = replace(SLANEY, log="natural", floor=1e-3, offset=1e-2)
    assert np.allclose(log_mel(samples, natural, RATE_HZ), np.log(np.maximum(plain, 1e-3) + 1e-2), atol=1e-5)
    assert np.allclose(log_mel(samples, SLANEY, RATE_HZ), 10 * np.log10(plain), atol=1e-4)
    moved = replace(SLANEY, mean=-20.0, sd=8.0)
    assert np.allclose(log_mel(samples, moved, RATE_HZ), (10 * np.log10(plain) + 20.0) / 8.0, atol=1e-5)


@pytest.mark.parametrize("power", [1.0, 3.0])
def test_magnitudes_are_raised_to_the_power(power):
    samples = noise(4800)
    wanted = plain_spectra(samples, PLAIN) ** (power / 2) @ filterbank(PLAIN, RATE_HZ).T
    assert np.allclose(log_mel(samples, replace(PLAIN, power=power), RATE_HZ), wanted, rtol=1e-4)


def test_zeros_and_reflections_differ_at_the_ends_only():
    samples = noise(9600)
    mirrored = log_mel(samples, PLAIN, RATE_HZ)
    padded = log_mel(samples, replace(PLAIN, padding="zeros"), RATE_HZ)
    assert np.array_equal(mirrored[2:-2], padded[2:-2])
    assert not np.allclose(mirrored[0], padded[0], rtol=0.1)
    assert not np.allclose(mirrored[-1], padded[-1], rtol=0.1)


def test_zeros_around_a_sound_are_what_padding_adds():
    samples = noise(9600)
    padded = np.pad(samples, 512)
    uncentred = replace(PLAIN, is_centred=False)
    wanted = log_mel(padded, uncentred, RATE_HZ)
    assert np.array_equal(log_mel(samples, replace(PLAIN, padding="zeros"), RATE_HZ), wanted)


def test_without_padding_only_whole_frames_count():
    uncentred = replace(PLAIN, is_centred=False)
    assert log_mel(noise(1024 + 480 * 3 + 479), uncentred, RATE_HZ).shape == (4, 64)


def test_a_short_sound_without_padding_is_followed_by_silence():
    uncentred = replace(PLAIN, is_centred=False)
    samples = noise(100)
    whole = np.concatenate([samples, np.zeros(924, np.float32)])
    assert np.array_equal(log_mel(samples, uncentred, RATE_HZ), log_mel(whole, uncentred, RATE_HZ))


@pytest.mark.parametrize("n_samples", [1, 2, 3, 511, 512, 513])
def test_sounds_shorter_than_their_padding_are_analysed(n_samples):
    spectrogram = log_mel(np.full(n_samples, 0.5, np.float32), SLANEY, RATE_HZ)
    assert spectrogram.shape == (1 + n_samples // 480, 64)
    assert np.isfinite(spectrogram).all()


def test_a_shorter_window_lies_in_the_middle_of_its_transform():
    spec = replace(PLAIN, window_frames=400, is_centred=False)
    click = np.zeros(1024, np.float32)
    click[512] = 1.0
    assert np.allclose(log_mel(click, spec, RATE_HZ), filterbank(spec, RATE_HZ).sum(axis=1), rtol=1e-4)
    click = np.roll(click, 200)
    assert log_mel(click, spec, RATE_HZ).max() == 0.0
    click = np.roll(click, -400)
    assert log_mel(click, spec, RATE_HZ).max() < 1e-12


def test_bands_that_fall_between_bins_say_nothing_and_break_nothing():
    spec = replace(HTK, n_fft=128, window_frames=128, hop_frames=64)
    spectrogram = log_mel(noise(4800), spec, RATE_HZ)
    is_empty = ~filterbank(spec, RATE_HZ).any(axis=1)
    assert is_empty.any()
    assert np.allclose(spectrogram[:, is_empty], -100.0, atol=1e-4)


def test_no_samples_are_a_fault_of_the_caller():
    with pytest.raises(ValueError, match="needs a sample"):
        log_mel(np.zeros(0, np.float32), SLANEY, RATE_HZ)


def test_the_same_sound_gives_the_same_bits():
    samples = noise(480_000)
    assert np.array_equal(log_mel(samples, SLANEY, RATE_HZ), log_mel(samples.copy(), SLANEY, RATE_HZ))


def test_bands_of_unit_sum_weigh_all_bins_together_by_one():
    weights = filterbank(replace(HTK, norm="unit-sum"), RATE_HZ)
    np.testing.assert_allclose(weights.sum(axis=1), 1.0, atol=1e-6)
    np.testing.assert_allclose(weights / weights.max(axis=1, keepdims=True), shape_of(HTK), atol=1e-6)


def shape_of(spec):
    weights = filterbank(spec, RATE_HZ)
    return weights / weights.max(axis=1, keepdims=True)


@pytest.mark.parametrize("scale", ["slaney", "htk"])
def test_triangles_are_straight_in_hz_or_on_the_scale(scale):
    spec = replace(HTK, scale=scale, n_fft=16_384, window_frames=16_384)
    hz = np.arange(spec.n_fft // 2 + 1) * RATE_HZ / spec.n_fft
    for triangles, axis in (("hz", hz), ("scale", mel_of_hz(hz, scale))):
        band = filterbank(replace(spec, triangles=triangles), RATE_HZ)[50].astype(np.float64)
        rising = np.flatnonzero(band)[1 : band.argmax() - np.flatnonzero(band)[0]]
        slopes = np.diff(band[rising]) / np.diff(axis[rising])
        np.testing.assert_allclose(slopes, slopes.mean(), rtol=1e-3)


def test_slaney_norm_counts_hz_whatever_the_triangles_are():
    peaks = [filterbank(replace(SLANEY, triangles=kind), RATE_HZ).max(axis=1) for kind in ("hz", "scale")]
    np.testing.assert_allclose(peaks[0], peaks[1], rtol=0.2)


def test_a_symmetric_hann_window_is_the_same_backwards():
    samples = noise(1024)
    plain = replace(PLAIN, is_centred=False)
    symmetric = replace(plain, hann="symmetric")
    assert np.abs(log_mel(samples, symmetric, RATE_HZ) - log_mel(samples[::-1], symmetric, RATE_HZ)).max() < 1e-5
    assert np.abs(log_mel(samples, plain, RATE_HZ) - log_mel(samples[::-1], plain, RATE_HZ)).max() > 1e-4


@pytest.mark.parametrize("is_centred", [True, False])
@pytest.mark.parametrize("n_samples", [1, 480, 481, 1024, 4800, 5000])
def test_partial_frames_begin_before_the_end_and_are_followed_by_silence(is_centred, n_samples):
    spec = replace(PLAIN, is_centred=is_centred, padding="zeros", last_frame="partial")
    samples = noise(n_samples)
    found = log_mel(samples, spec, RATE_HZ)
    before = 512 if is_centred else 0
    assert len(found) == -(-(before + n_samples) // 480)
    longer = log_mel(np.pad(samples, (0, 4800)), replace(spec, last_frame="whole"), RATE_HZ)
    np.testing.assert_allclose(found, longer[: len(found)], rtol=1e-5, atol=1e-9)
