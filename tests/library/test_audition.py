"""The gain that plays every sound equally loud."""

import sqlite3

import numpy as np
import pytest
from stage import run

from bowerbird.audio.loudness import LoudnessMeter
from bowerbird.base.errors import AudioError
from bowerbird.library.audition import loudness as audition
from bowerbird.library.audition.loudness import TARGET_LUFS, EvenLoudness, even_gain_db
from bowerbird.library.library import Library
from sounds import click, noise, sine, write


def played_lufs(samples, rate_hz=44_100):
    meter = LoudnessMeter(rate_hz, samples.shape[1])
    meter.push(samples.astype(np.float32))
    return meter.finish().sounding_lufs


def test_the_gain_reaches_the_target():
    assert even_gain_db(sounding_lufs=-30.0, true_peak_db=-20.0) == TARGET_LUFS + 30.0
    assert even_gain_db(sounding_lufs=-8.0, true_peak_db=-1.0) == TARGET_LUFS + 8.0


def test_the_gain_stops_at_full_scale():
    assert even_gain_db(sounding_lufs=-30.0, true_peak_db=-3.0) == 3.0
    assert even_gain_db(sounding_lufs=-20.0, true_peak_db=18.0) == -18.0


def test_silence_is_not_raised():
    assert even_gain_db(sounding_lufs=-70.0, true_peak_db=-60.0) == 0.0


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "Sounds"
    write(folder / "loud.wav", noise(1, duration_s=2, level=0.1, n_channels=2))
    write(folder / "faint.wav", noise(1, duration_s=2, level=0.01, n_channels=2))
    write(folder / "hit.wav", np.concatenate([click(), np.zeros((44_100 * 2, 1))]))
    return folder


def test_the_stored_loudness_of_a_library_gives_the_gain(tmp_path, folder, monkeypatch):
    run(tmp_path / "library", folder)
    monkeypatch.setattr(audition, "measure_loudness", None)  # nothing is decoded
    even = EvenLoudness(Library.open(tmp_path / "library"))
    loud, faint = even.gain_db(folder / "loud.wav"), even.gain_db(folder / "faint.wav")
    assert faint - loud == pytest.approx(20, abs=0.2)
    assert played_lufs(noise(1, duration_s=2, level=0.1, n_channels=2) * 10 ** (loud / 20)) == pytest.approx(
        TARGET_LUFS, abs=0.2
    )


def test_a_hit_before_silence_is_not_raised_above_full_scale(tmp_path, folder):
    gain_db = EvenLoudness(Library.open(tmp_path / "none")).gain_db(folder / "hit.wav")
    assert np.abs(click()).max() * 10 ** (gain_db / 20) <= 1.0
    assert gain_db == pytest.approx(even_gain_db(sounding_lufs=played_lufs(click()), true_peak_db=-100.0), abs=0.3)


def test_a_library_of_an_earlier_version_is_measured_when_it_is_played(tmp_path, folder):
    run(tmp_path / "library", folder)
    library = Library.open(tmp_path / "library")
    stored = EvenLoudness(library).gain_db(folder / "loud.wav")
    with sqlite3.connect(tmp_path / "library" / "catalogue.sqlite3") as connection:
        connection.execute("UPDATE contents SET sounding_lufs = NULL")
    connection.close()
    assert EvenLoudness(library).gain_db(folder / "loud.wav") == pytest.approx(stored, abs=0.01)


def test_a_sound_is_measured_once(tmp_path, folder, monkeypatch):
    even = EvenLoudness(Library.open(tmp_path / "none"))
    first = even.gain_db(folder / "loud.wav")
    monkeypatch.setattr(audition, "measure_loudness", None)
    assert even.gain_db(folder / "loud.wav") == first
    monkeypatch.undo()
    write(folder / "loud.wav", 0.1 * sine(duration_s=1))
    assert even.gain_db(folder / "loud.wav") != first  # written since


def test_a_sound_that_cannot_be_decoded_is_named(tmp_path):
    with pytest.raises(AudioError, match=r"Cannot find gone\.wav"):
        EvenLoudness(Library.open(tmp_path / "none")).gain_db(tmp_path / "gone.wav")
