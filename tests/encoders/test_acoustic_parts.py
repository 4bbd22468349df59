"""The stages under the acoustic encoder, each against a sound whose answer is known."""

import numpy as np
import pytest

from bowerbird.encoders.acoustic.brightness import brightness
from bowerbird.encoders.acoustic.envelope import _level_db, _n_onsets
from bowerbird.encoders.acoustic.extent import arc, loudness_lufs
from bowerbird.encoders.acoustic.frames import analyse, step_powers, structure, weighted_mean_and_sd
from bowerbird.encoders.acoustic.harmonics import fine_cepstrum, scale_spectrum
from bowerbird.encoders.acoustic.pitch import track
from bowerbird.encoders.acoustic.spectrum import (
    FLOOR_DB,
    HOP_LENGTH,
    N_BINS,
    N_MELS,
    RATE_HZ,
    _cosines,
    _mel_filters,
    bin_hz,
    decibels_below_peak,
    frames,
    power_spectra,
)
from bowerbird.encoders.acoustic.texture import (
    MODULATION_EDGES_HZ,
    band_correlations,
    modulation_spectra,
    rise_and_fall,
)
from bowerbird.encoders.acoustic.timbre import LIFT, band_contrast, band_flatness


def sine(hz, *, duration_s=1.0, level=1.0):
    return (level * np.sin(2 * np.pi * hz * np.arange(int(duration_s * RATE_HZ)) / RATE_HZ)).astype(np.float32)


def noise(n_frames, seed=0):
    return np.random.default_rng(seed).standard_normal(n_frames).astype(np.float32)


@pytest.mark.parametrize("n_frames", [1, 319, 320, 321, 5000])
def test_frames_are_centred_on_every_hop(n_frames):
    samples = np.arange(1, n_frames + 1, dtype=np.float32)
    framed = frames(samples, length=64, hop=HOP_LENGTH)
    assert framed.shape == (1 + n_frames // HOP_LENGTH, 64)
    for step, frame in enumerate(framed):
        place = step * HOP_LENGTH
        assert frame[32] == (samples[place] if place < n_frames else 0.0)


@pytest.mark.parametrize("hz", [100.0, 1000.0, 9000.0])
def test_the_strongest_bin_is_the_sine(hz):
    power = power_spectra(sine(hz))[10:-10]
    assert power.dtype == np.float32
    assert np.all(np.abs(bin_hz()[power.argmax(axis=1)] - hz) <= RATE_HZ / 1024 / 2 + 1e-3)


def test_a_constant_offset_has_no_spectrum():
    assert power_spectra(np.full(5000, 0.7, np.float32))[2:-2].max() < 1e-4


def test_mel_filters_have_unit_sum_and_cover_every_bin():
    filters = _mel_filters()
    assert filters.shape == (N_BINS, N_MELS)
    assert np.allclose(filters.sum(axis=0), 1.0, atol=1e-5)
    assert np.all(filters[2:-1].sum(axis=1) > 0.0)


def test_cepstra_are_orthonormal_and_ignore_a_constant():
    basis = _cosines()
    assert np.allclose(basis.T @ basis, np.eye(basis.shape[1]), atol=1e-5)
    assert np.allclose(basis.sum(axis=0), 0.0, atol=1e-4)


def test_decibels_are_relative_and_floored():
    levels = decibels_below_peak(np.array([[4.0, 0.4, 0.0]], np.float32))
    assert np.allclose(levels, [[0.0, -10.0, FLOOR_DB]], atol=1e-4)
    assert np.all(decibels_below_peak(np.zeros((2, 3), np.float32)) == FLOOR_DB)


def test_weighted_moments_match_numpy():
    values, weights = noise(400).reshape(100, 4) + 50.0, np.full((1, 100), 0.01, np.float32)
    mean, sd = weighted_mean_and_sd(values, weights)
    assert np.allclose(mean[0], values.mean(axis=0), atol=1e-3)
    assert np.allclose(sd[0], values.std(axis=0), atol=1e-3)


def test_structure_of_a_ramp_grows_with_the_lag_and_stays_beyond_the_end():
    ramp = np.arange(10, dtype=np.float32)[:, None]
    assert structure(ramp, lags=(1, 3, 50))[:, 0].tolist() == [1.0, 3.0, 3.0]
    assert structure(ramp[:1], lags=(1, 3))[:, 0].tolist() == [0.0, 0.0]


@pytest.mark.parametrize("hz", [55.0, 110.0, 440.0, 1000.0, 2500.0])
def test_the_pitch_of_a_sine_is_its_frequency(hz):
    octaves, salience, _ = track(sine(hz))
    inner = slice(3, -3)
    assert np.all(np.abs(octaves[inner] - np.log2(hz / 440.0)) < 0.03)
    assert np.all(salience[inner] > 0.9)


def test_the_pitch_of_a_tone_without_its_fundamental_is_the_fundamental():
    octaves, _, _ = track(sine(400.0) + sine(600.0) + sine(800.0))
    assert np.all(np.abs(octaves[3:-3] - np.log2(200.0 / 440.0)) < 0.03)


def test_noise_has_no_sure_pitch():
    assert np.median(track(noise(RATE_HZ))[1]) < 0.4


def test_a_tone_is_less_flat_and_has_more_contrast_than_noise():
    flatness, contrast = [], []
    for wave in (noise(RATE_HZ), sine(440.0)):
        power = analyse(wave).power[5:-5] + LIFT
        flatness.append(band_flatness(power, np.log(power)).mean(axis=0))
        contrast.append(band_contrast(np.log(power)).mean(axis=0))
    assert np.all(flatness[0] > -1.0)
    assert flatness[1][1] < -3.0
    assert contrast[1][1] > contrast[0][1] + 5.0


def test_contrast_is_the_strongest_tenth_over_the_weakest():
    logarithms = np.tile(np.random.default_rng(0).permutation(N_BINS).astype(np.float32), (2, 1))
    octave = np.sort(logarithms[0, 256:])
    expected = octave[-25:].mean() - octave[:25].mean()
    assert band_contrast(logarithms)[:, -1] == pytest.approx(expected, rel=1e-5)


def test_a_transposed_pattern_of_partials_keeps_its_scale_spectrum():
    place_octaves = np.log2(np.maximum(bin_hz(), 1.0) / 1000.0)

    def partials(octaves):
        return sum(np.exp(-(((place_octaves - octaves - k / 3) / 0.05) ** 2)) for k in range(4)).astype(np.float32)

    same, other = scale_spectrum(partials(0.5)), scale_spectrum(np.abs(noise(N_BINS)))
    assert np.abs(same - scale_spectrum(partials(0.0))).mean() < 0.2 < np.abs(same - other).mean()


def test_evenly_spaced_partials_stand_out_of_the_fine_cepstrum_at_their_spacing():
    spacing_hz = 500.0
    comb = (8.0 * np.cos(2 * np.pi * bin_hz() / spacing_hz)).astype(np.float32)
    assert fine_cepstrum(comb).argmax() == (RATE_HZ / spacing_hz - 8) // 8


@pytest.mark.parametrize("rate_hz", [0.7, 6.0, 20.0])
def test_a_flutter_shows_in_its_octave_of_modulation(rate_hz):
    time_s = np.arange(400) * 0.01
    bands_db = np.tile((20 * np.log10(1.0 + 0.5 * np.sin(2 * np.pi * rate_hz * time_s)))[:, None], (1, 8))
    strongest = modulation_spectra(bands_db.astype(np.float32)).argmax(axis=0)
    assert np.all(strongest == np.searchsorted(MODULATION_EDGES_HZ, rate_hz) - 1)


def test_bands_that_move_together_correlate_and_steady_bands_do_not():
    moves = 10.0 * noise(300)[:, None]
    weights = np.full(300, 1 / 300, np.float32)
    pair = band_correlations(np.concatenate([moves, moves, -moves, 0 * moves], axis=1), weights)
    assert pair == pytest.approx([1.0, -1.0, 0.0, -1.0, 0.0, 0.0], abs=0.25)


def test_a_fading_sound_falls_and_does_not_rise():
    mel_db = np.tile(-0.5 * np.arange(50, dtype=np.float32)[:, None], (1, N_MELS))
    moves = rise_and_fall(mel_db, np.full(50, 0.02, np.float32))
    assert moves == pytest.approx([0.0] * 8 + [0.5] * 8, abs=1e-5)


def test_brightness_of_a_higher_sine_has_a_higher_centroid():
    low, high = brightness(analyse(sine(250.0)))[0], brightness(analyse(sine(4000.0)))[0]
    assert high - low == pytest.approx(4.0, abs=0.2)


@pytest.mark.parametrize("n_clicks", [1, 2, 5])
def test_each_click_is_an_onset(n_clicks):
    samples = np.zeros(RATE_HZ, np.float32)
    samples[2000 :: RATE_HZ // n_clicks][:n_clicks] = 1.0
    assert _n_onsets(_level_db(step_powers(samples))) == n_clicks


def test_a_full_scale_sine_has_the_loudness_of_the_standard():
    loudest, gated = loudness_lufs(analyse(sine(997.0, duration_s=3.0)))
    assert loudest == pytest.approx(-3.01, abs=0.1)
    assert gated == pytest.approx(-3.01, abs=0.1)


def test_loudness_follows_the_gain_in_decibels():
    loud, quiet = (loudness_lufs(analyse(sine(500.0, level=level)))[1] for level in (0.5, 0.05))
    assert loud - quiet == pytest.approx(20.0, abs=1e-3)


def test_an_arc_is_of_unit_length_and_turns_with_the_difference():
    places = [arc(value, lowest=-80.0, highest=0.0) for value in (-200.0, -80.0, -60.0, -30.0, 0.0, 10.0)]
    assert all(np.linalg.norm(place) == pytest.approx(1.0, abs=1e-6) for place in places)
    assert np.array_equal(places[0], places[1])
    assert np.array_equal(places[4], places[5])
    nearness = [float(places[1] @ place) for place in places[1:5]]
    assert nearness == sorted(nearness, reverse=True)
