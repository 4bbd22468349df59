"""Tempo ratios and shifts between keys."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.domain.tempo_and_key import Key, key_shift_semitones, parse_key, tempo_ratio


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Am", Key(9, True)),
        ("A", Key(9)),
        ("F# minor", Key(6, True)),
        ("C#m", Key(1, True)),
        ("Dmaj", Key(2)),
        ("Bb", Key(10)),
        ("Ebmin", Key(3, True)),
        ("c sharp min", Key(1, True)),
        ("G_Major", Key(7)),
        ("Cb", Key(11)),
        ("B", Key(11)),
        ("bm", Key(11, True)),
        ("DM", Key(2)),
        ("E-flat major", Key(3)),
        ("H", None),
        ("Amen", None),
        ("", None),
        ("120", None),
    ],
)
def test_the_names_of_keys(text: str, key: Key | None):
    assert parse_key(text) == key


@given(st.builds(Key, st.integers(0, 11), st.booleans()))
def test_a_key_is_read_as_it_is_written(key: Key):
    assert parse_key(str(key)) == key


@pytest.mark.parametrize(
    ("sound_bpm", "target_bpm", "ratio"),
    [
        (120, 120, 1),
        (100, 120, 1.2),
        (70, 140, 1),
        (174, 87, 1),
        (60, 100, 100 / 120),
        (30, 240, 1),
        (170, 90, 180 / 170),
    ],
)
def test_a_tempo_is_reached_over_its_nearest_octave(sound_bpm: float, target_bpm: float, ratio: float):
    assert tempo_ratio(sound_bpm, target_bpm) == pytest.approx(ratio)


@given(st.floats(1, 999), st.floats(1, 999))
def test_a_sound_is_never_stretched_beyond_a_factor_of_two(sound_bpm: float, target_bpm: float):
    ratio = tempo_ratio(sound_bpm, target_bpm)
    assert 0.5 < ratio < 2
    octaves = math.log2(sound_bpm * ratio / target_bpm)
    assert octaves == pytest.approx(round(octaves), abs=1e-6)


@pytest.mark.parametrize("bpm", [0.0, -1.0, float("nan"), float("inf")])
def test_a_tempo_that_is_none_is_refused(bpm: float):
    with pytest.raises(ValueError, match="invalid tempo"):
        tempo_ratio(bpm, 120)
    with pytest.raises(ValueError, match="invalid tempo"):
        tempo_ratio(120, bpm)


@pytest.mark.parametrize(
    ("sound", "target", "semitones"),
    [
        ("Am", "Am", 0),
        ("Am", "C", 0),
        ("C", "Am", 0),
        ("C", "D", 2),
        ("D", "C", -2),
        ("C", "A", -3),
        ("Em", "Am", 5),
        ("B", "C", 1),
        ("Dm", "C", -5),
    ],
)
def test_the_smallest_shift_leads_to_a_key(sound: str, target: str, semitones: int):
    sound_key, target_key = parse_key(sound), parse_key(target)
    assert sound_key is not None
    assert target_key is not None
    assert key_shift_semitones(sound_key, target_key) == semitones


@given(st.builds(Key, st.integers(0, 11), st.booleans()), st.builds(Key, st.integers(0, 11), st.booleans()))
def test_a_shift_has_at_most_six_semitones_and_arrives(sound: Key, target: Key):
    shift = key_shift_semitones(sound, target)
    assert -6 <= shift <= 6
    assert (sound.relative_major + shift) % 12 == target.relative_major
