"""Rendered files: they contain what the player plays."""

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile
from playback_stage import RATE_HZ, Stage, sine

from bowerbird.audio.decode import open_sound
from bowerbird.base.errors import AudioError
from bowerbird.playback.events import Started
from bowerbird.playback.player import Player
from bowerbird.playback.render import render_for_drag
from bowerbird.playback.request import Request, Treatment

TREATMENTS = {
    "region": ({"start_s": 0.21, "end_s": 0.83}, Treatment()),
    "reversed": ({}, Treatment(is_reversed=True)),
    "pitched": ({}, Treatment(semitones=-3)),
    "slower": ({"start_s": 0.1}, Treatment(tempo=0.8)),
    "tape": ({"end_s": 0.7}, Treatment(speed=1.5)),
    "second channel": ({}, Treatment(channel=1)),
    "everything": ({"start_s": 0.3, "end_s": 0.9}, Treatment(True, 5, 1.1, 0.9, 0)),
}


def write(path: Path, *, n_channels: int = 2, subtype: str = "FLOAT", rate_hz: int = RATE_HZ) -> Path:
    chance = np.random.default_rng(1)
    samples = np.stack([sine(220 * (k + 1), 1.0, level=0.3, rate_hz=rate_hz) for k in range(n_channels)], axis=1)
    soundfile.write(path, samples + chance.normal(0, 0.01, samples.shape), rate_hz, subtype=subtype)
    return path


def played(stage: Stage, n_frames: int, path: Path, **options: object) -> np.ndarray:
    """What the player hands to the mixer, taken from a device at the rate of the file."""
    stage.player.close()
    player = stage.player = Player(post=stage.events.put, open_output=stage._open_output)
    player.play(path, **options)
    stage.next(Started)
    return stage.pull(n_frames)


@pytest.mark.parametrize("name", TREATMENTS)
def test_a_rendered_file_equals_what_is_played(name: str, stage: Stage, tmp_path: Path):
    part, treatment = TREATMENTS[name]
    path = write(tmp_path / "a.wav")
    rendered, rate_hz = soundfile.read(
        render_for_drag(Request(path, treatment=treatment, **part), tmp_path / "cache"), dtype="float32", always_2d=True
    )
    assert rate_hz == RATE_HZ
    heard = played(stage, len(rendered) + 480, path, treatment=treatment, **part)
    both = np.repeat(rendered, 2, axis=1) if rendered.shape[1] == 1 else rendered
    np.testing.assert_array_equal(heard[: len(both)], both)
    assert not heard[len(both) :].any()


def test_a_loop_is_rendered_once_and_equals_its_repetition(stage: Stage, tmp_path: Path):
    path = write(tmp_path / "a.wav")
    loop = {"start_s": 0.2003, "end_s": 0.4007}
    rendered, _ = soundfile.read(
        render_for_drag(Request(path, is_looped=True, **loop), tmp_path / "cache"), dtype="float32"
    )
    heard = played(stage, 3 * len(rendered), path, loop=True, **loop)
    np.testing.assert_array_equal(heard[len(rendered) : 2 * len(rendered)], rendered)


def test_a_sound_that_plays_as_it_is_is_the_original(tmp_path: Path):
    path = write(tmp_path / "a.wav")
    for request in (Request(path), Request(path, from_s=0.5, gain_db=-6, is_even=True, is_looped=True)):
        assert render_for_drag(request, tmp_path / "cache") == path
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize(
    ("ending", "subtype", "expected"),
    [
        ("wav", "PCM_16", "PCM_16"),
        ("wav", "PCM_24", "PCM_24"),
        ("flac", "PCM_16", "PCM_16"),
        ("aiff", "PCM_S8", "PCM_U8"),
        ("wav", "FLOAT", "FLOAT"),
        ("mp3", None, "FLOAT"),
        ("ogg", "VORBIS", "FLOAT"),
    ],
)
def test_rate_channels_and_bit_depth_are_those_of_the_source(
    ending: str, subtype: str | None, expected: str, tmp_path: Path
):
    soundfile.write(tmp_path / f"a.{ending}", np.stack([sine(440, 1, rate_hz=44_100)] * 2, axis=1), 44_100, subtype)
    path = render_for_drag(Request(tmp_path / f"a.{ending}", end_s=0.5), tmp_path / "cache")
    info = soundfile.info(path)
    assert (info.format, info.subtype, info.samplerate, info.channels) == ("WAV", expected, 44_100, 2)
    assert info.frames == 22_050


def test_the_middle_of_a_region_of_integers_is_the_source_bit_for_bit(tmp_path: Path):
    path = write(tmp_path / "a.wav", subtype="PCM_16")
    source, _ = soundfile.read(path, dtype="int16")
    rendered, _ = soundfile.read(render_for_drag(Request(path, 0.25, 0.75), tmp_path / "cache"), dtype="int16")
    np.testing.assert_array_equal(rendered[240:-240], source[12_000:36_000][240:-240])


def test_surround_keeps_its_channels_unless_one_is_chosen(tmp_path: Path):
    path = write(tmp_path / "a.wav", n_channels=6)
    assert soundfile.info(render_for_drag(Request(path, end_s=0.5), tmp_path / "c")).channels == 6
    solo = render_for_drag(Request(path, treatment=Treatment(channel=3)), tmp_path / "c")
    np.testing.assert_array_equal(soundfile.read(solo)[0], soundfile.read(path)[0][:, 3])


def test_the_name_says_what_was_done(tmp_path: Path):
    path = write(tmp_path / "rain.wav")
    request = Request(path, 0.2, 0.45, treatment=Treatment(is_reversed=True, semitones=-3))
    assert render_for_drag(request, tmp_path / "c").name == "rain 0.20-0.45s -3st reversed.wav"
    request = Request(path, 0.5, treatment=Treatment(tempo=1.25, speed=0.5, channel=1))
    assert render_for_drag(request, tmp_path / "c").name == "rain 0.50-s tempo 125% speed 50% ch2.wav"
    looped = Request(path, 0.2, 0.45, is_looped=True)
    assert render_for_drag(looped, tmp_path / "c").name == "rain 0.20-0.45s loop.wav"


def test_a_long_name_is_shortened_to_what_a_file_system_takes(tmp_path: Path):
    path = write(tmp_path / ("ä" * 120 + ".wav"))
    name = render_for_drag(Request(path, treatment=Treatment(is_reversed=True)), tmp_path / "c").name
    assert name.endswith(" reversed.wav")
    assert len(os.fsencode(name)) <= 245


def test_sounds_of_the_same_name_do_not_meet_and_nothing_is_rendered_twice(tmp_path: Path):
    paths = []
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        paths.append(write(tmp_path / folder / "a.wav"))
    first, second = (render_for_drag(Request(path, end_s=0.5), tmp_path / "c") for path in paths)
    assert first != second
    assert first.name == second.name
    stamp = first.stat().st_mtime_ns
    assert render_for_drag(Request(paths[0], end_s=0.5), tmp_path / "c") == first
    assert first.stat().st_mtime_ns == stamp
    write(paths[0], rate_hz=44_100)  # another sound in its place
    assert render_for_drag(Request(paths[0], end_s=0.5), tmp_path / "c") != first


def test_the_folder_is_bounded_and_the_oldest_go_first(tmp_path: Path):
    path = write(tmp_path / "a.wav")
    rendered = []
    for number in range(4):
        rendered.append(render_for_drag(Request(path, end_s=0.1 + number / 100), tmp_path / "c", limit_bytes=100_000))
        os.utime(rendered[-1].parent, ns=(number, number))
    assert [one.exists() for one in rendered] == [False, False, True, True]


def test_a_missing_file_is_named_and_leaves_nothing_behind(tmp_path: Path):
    with pytest.raises(AudioError, match=r"Cannot find gone\.wav"):
        render_for_drag(Request(tmp_path / "gone.wav", end_s=1.0), tmp_path / "c")
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"RIFF" + bytes(200))
    with pytest.raises(AudioError, match=r"broken\.wav"):
        render_for_drag(Request(broken, end_s=1.0), tmp_path / "c")
    assert not list((tmp_path / "c").rglob("*.wav*"))


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path):
    path = write(tmp_path / "a.wav")
    (tmp_path / "c").write_text("a file in its place")
    with pytest.raises(AudioError, match="cannot be written"):
        render_for_drag(Request(path, end_s=0.5), tmp_path / "c")


def test_reading_backwards_from_mp3_is_exact(tmp_path: Path):
    path = tmp_path / "a.mp3"
    soundfile.write(path, np.stack([sine(440, 3, rate_hz=44_100)] * 2, axis=1), 44_100)
    rendered, _ = soundfile.read(render_for_drag(Request(path, treatment=Treatment(True)), tmp_path / "c"))
    with open_sound(path) as reader:
        source = np.concatenate(list(reader.blocks()))
    np.testing.assert_allclose(rendered, source[::-1], atol=1e-4)
