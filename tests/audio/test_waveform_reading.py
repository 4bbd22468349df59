"""Waveforms and spectrograms of files."""

import numpy as np
import pytest
import soundfile

from bowerbird.audio.spectrogram import Spectrogram, measure_spectrogram
from bowerbird.audio.waveform import measure_waveform, read_part
from bowerbird.base.errors import AudioError
from sounds import click, sine, write


def test_a_file_has_the_waveform_of_each_channel(tmp_path):
    samples = np.concatenate([sine(100, level=0.8), sine(100, level=0.2)], axis=1)
    waveform = measure_waveform(write(tmp_path / "a.flac", samples))
    assert waveform.n_channels == 2
    columns = waveform.columns(0, 1, 10)
    np.testing.assert_allclose(columns[:, :, 1].mean(axis=1), [0.8, 0.2], atol=0.01)


def test_float_audio_above_full_scale_keeps_its_peak(tmp_path):
    soundfile.write(tmp_path / "a.wav", sine(100, level=8.0), 44_100, subtype="FLOAT")
    assert measure_waveform(tmp_path / "a.wav").peak == pytest.approx(8.0, abs=0.01)


def test_a_waveform_that_is_not_wanted_any_more_is_not_measured(tmp_path):
    path = write(tmp_path / "a.wav", sine(duration_s=5))
    assert measure_waveform(path, is_wanted=lambda: False) is None
    assert measure_spectrogram(path, start_s=0, end_s=5, n_columns=9, n_rows=9, is_wanted=lambda: False) is None


def test_a_part_has_the_samples_around_it(tmp_path):
    samples = sine(440)
    part = read_part(write(tmp_path / "a.wav", samples), start_s=0.5, end_s=0.501)
    assert part.first == 22_049
    assert len(part.samples) >= 46
    np.testing.assert_allclose(part.samples[:, 0], samples[part.first : part.first + len(part.samples), 0], atol=1e-4)


@pytest.mark.parametrize(("start_s", "end_s"), [(0.99, 3.0), (5.0, 6.0), (0.0, 0.001)])
def test_a_part_at_the_ends_is_shorter(tmp_path, start_s, end_s):
    part = read_part(write(tmp_path / "a.wav", sine(440)), start_s=start_s, end_s=end_s)
    assert part.first + len(part.samples) <= 44_100


def row_hz(spectrogram: Spectrogram, row: int) -> float:
    share = (len(spectrogram.levels) - row - 0.5) / len(spectrogram.levels)
    return spectrogram.low_hz * (spectrogram.high_hz / spectrogram.low_hz) ** share


@pytest.mark.parametrize("hz", [100, 1000, 8000])
def test_a_tone_is_a_line_at_its_frequency(tmp_path, hz):
    path = write(tmp_path / "a.wav", sine(hz, level=1.0, duration_s=2))
    found = measure_spectrogram(path, start_s=0, end_s=2, n_columns=50, n_rows=120)
    assert found.levels.shape == (120, 50)
    assert row_hz(found, int(found.levels[:, 25].argmax())) == pytest.approx(hz, rel=0.1)
    assert found.levels[:, 25].max() > 240
    far = int(np.argmin([abs(row_hz(found, row) / (hz * 2) - 1) for row in range(120)]))
    assert found.levels[far, 25] < 120


def test_a_hit_is_at_its_time(tmp_path):
    samples = np.zeros((44_100, 1))
    samples[22_050 : 22_050 + len(click())] = click()
    found = measure_spectrogram(write(tmp_path / "a.wav", samples), start_s=0, end_s=1, n_columns=100, n_rows=64)
    onset = int(np.argmax(found.levels.max(axis=0) > 100))
    assert onset == pytest.approx(50, abs=2)
    assert not found.levels[:, :45].any()


def test_a_part_of_a_long_sound(tmp_path):
    samples = np.concatenate([sine(200, duration_s=3), sine(3000, duration_s=3)])
    path = write(tmp_path / "a.wav", samples)
    found = measure_spectrogram(path, start_s=2.5, end_s=3.5, n_columns=40, n_rows=100)
    peaks = [row_hz(found, int(found.levels[:, column].argmax())) for column in (5, 35)]
    assert peaks == [pytest.approx(200, rel=0.15), pytest.approx(3000, rel=0.1)]


@pytest.mark.parametrize("duration_s", [0.001, 0.05])
def test_the_shortest_sounds_have_a_spectrogram(tmp_path, duration_s):
    path = write(tmp_path / "a.wav", sine(duration_s=duration_s))
    found = measure_spectrogram(path, start_s=0, end_s=duration_s, n_columns=300, n_rows=64)
    assert found.levels.any()


def test_a_file_that_cannot_be_decoded_is_named(tmp_path):
    for measure in (
        measure_waveform,
        lambda path: read_part(path, start_s=0, end_s=1),
        lambda path: measure_spectrogram(path, start_s=0, end_s=1, n_columns=9, n_rows=9),
    ):
        with pytest.raises(AudioError, match=r"gone\.wav"):
            measure(tmp_path / "gone.wav")
