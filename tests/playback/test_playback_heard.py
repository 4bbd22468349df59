"""End-to-end playback: the real player through PortAudio, ALSA and PulseAudio, recorded from the sink's monitor."""

import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
from playback_speaker import Speaker
from playback_stage import sine, steps_of

from bowerbird.audio.loudness import LoudnessMeter
from pulse import RATE_HZ, Ears, PulseServer, missing, running_server

pytestmark = pytest.mark.skipif(missing() is not None, reason=str(missing()))

Heard = npt.NDArray[np.float32]
LEVEL = 0.4


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for hz in (300, 500, 1000):
        soundfile.write(tmp_path / f"{hz}.wav", sine(hz, 10, level=LEVEL, rate_hz=RATE_HZ), RATE_HZ, subtype="FLOAT")
    return tmp_path


def level_of(heard: Heard) -> float:
    """Return the amplitude of a sine with the same power."""
    return float(np.sqrt(2 * np.mean(heard[:, 0].astype(np.float64) ** 2)))


def pitch_of(heard: Heard) -> float:
    window = np.hanning(len(heard))
    return float(np.abs(np.fft.rfft(heard[:, 0] * window, 8 * len(heard))).argmax() * RATE_HZ / (8 * len(heard)))


def least(measure: Callable[[], float], limit: float) -> float:
    """Measure up to five times until the result is within a limit.

    A click of the player's own comes each time; a drop-out, because other work has the machine, does not.
    """
    return next((value for value in (measure() for _ in range(5)) if value < limit), limit)


def is_loud(heard: Heard) -> bool:
    return level_of(heard) > 0.9 * LEVEL


def is_silent(heard: Heard) -> bool:
    return not heard.any()


def db(ratio: float) -> float:
    return float(20 * np.log10(ratio))


def test_the_sine_that_is_played_is_heard_at_its_pitch_and_level(speaker: Speaker, ears: Ears, folder: Path):
    speaker.say("open", latency="high")
    speaker.say("play", folder / "1000.wav")
    assert speaker.event("Started")["duration_s"] == 10
    ears.hear_until(is_loud, "the sine is heard")
    heard = ears.hear(0.5)
    assert pitch_of(heard) == pytest.approx(1000, abs=1)
    assert abs(db(level_of(heard) / LEVEL)) < 1
    np.testing.assert_array_equal(heard[:, 0], heard[:, 1])


def test_volume_is_in_decibels(speaker: Speaker, ears: Ears, folder: Path):
    speaker.say("open", latency="high")
    speaker.say("play", folder / "1000.wav")
    ears.hear_until(is_loud, "the sine is heard")

    def step_of_a_change() -> float:
        speaker.say("volume", 0.0)
        ears.hear_until(is_loud, "it is loud")
        ears.forget()
        speaker.say("volume", -12.0)
        ears.hear_until(lambda heard: level_of(heard) < 0.3 * LEVEL, "it is softer")
        return steps_of(ears.samples)

    steepest = LEVEL * 2 * np.pi * 1000 / RATE_HZ
    assert least(step_of_a_change, 1.2 * steepest) < 1.2 * steepest
    assert db(level_of(ears.hear(0.3)) / LEVEL) == pytest.approx(-12, abs=1)


def test_a_switch_is_heard_soon_and_without_a_click(speaker: Speaker, ears: Ears, folder: Path):
    speaker.say("open", latency="high")
    speaker.say("play", folder / "300.wav")
    ears.hear_until(is_loud, "the first is heard")
    turn = itertools.cycle((500, 300))

    def hear_a_switch() -> Heard:
        hz = next(turn)
        ears.forget()
        speaker.say("play", folder / f"{hz}.wav")
        ears.hear_until(lambda heard: abs(pitch_of(heard) - hz) < 20 and is_loud(heard), "the other is heard")
        return ears.samples

    # Two sines at their steepest at once, and the slope of the fade; a hard cut at a crest is a step of 0.4.
    assert least(lambda: steps_of(hear_a_switch()), 0.06) < 0.06
    assert least(lambda: silence_in(hear_a_switch()), 0.002) < 0.002


def test_the_measure_finds_a_click(speaker: Speaker, ears: Ears, tmp_path: Path):
    cut = sine(300, 1, level=LEVEL, rate_hz=RATE_HZ)
    crest = round(RATE_HZ / 300 * 150.25)
    cut[crest:] = sine(500, 1, level=LEVEL, rate_hz=RATE_HZ)[: len(cut) - crest]
    soundfile.write(tmp_path / "cut.wav", cut, RATE_HZ, subtype="FLOAT")
    speaker.say("open", latency="high")
    speaker.say("play", tmp_path / "cut.wav")
    ears.hear_until(is_loud, "it is heard")
    ears.hear_until(is_silent, "it is over")
    assert steps_of(ears.samples) > 0.3


def test_stop_leaves_silence_and_no_click(speaker: Speaker, ears: Ears, folder: Path):
    speaker.say("open", latency="high")

    def step_of_a_stop() -> float:
        speaker.say("play", folder / "300.wav")
        speaker.event("Started")
        ears.hear_until(is_loud, "it is heard")
        ears.forget()
        speaker.say("stop")
        assert speaker.event("Stopped")["finished"] is False
        ears.hear_until(is_silent, "it is silent")
        return steps_of(ears.samples)

    assert least(step_of_a_stop, 0.06) < 0.06
    assert not ears.hear(0.2).any()
    assert speaker.say("position")["value"] is None


def test_a_click_on_a_sound_is_heard_within_fifty_milliseconds(speaker: Speaker, ears: Ears, folder: Path):
    speaker.say("open")
    delays_s = []
    for _ in range(7):
        ears.hear_until(is_silent, "it is silent")
        begin = ears.n_frames
        asked = speaker.say("play", folder / "1000.wav")
        speaker.event("Started")
        ears.hear_until(is_loud, "it is heard")
        onset = begin + int(np.argmax(np.abs(ears.samples[begin:, 0]) > 0.05))
        delays_s.append(ears.arrival_s(onset) - asked["at"])
        speaker.say("stop")
        speaker.event("Stopped")
    # Includes at least 10 ms of the recording itself; the median, because other work shares the cores.
    assert np.median(delays_s) < 0.05, delays_s


def test_a_short_loop_is_heard_without_a_seam(speaker: Speaker, ears: Ears, tmp_path: Path):
    soundfile.write(tmp_path / "loop.wav", sine(300, 0.1, level=LEVEL, rate_hz=RATE_HZ), RATE_HZ, subtype="FLOAT")
    speaker.say("open", latency="high")
    speaker.say("play", tmp_path / "loop.wav", loop=True)
    ears.hear_until(is_loud, "it is heard")
    steepest = LEVEL * 2 * np.pi * 300 / RATE_HZ
    assert least(lambda: steps_of(ears.hear(1.0)), 1.05 * steepest) < 1.05 * steepest
    assert least(lambda: abs(db(level_of(ears.hear(0.5)) / LEVEL)), 0.1) < 0.1


def lufs_of(heard: Heard) -> float:
    meter = LoudnessMeter(RATE_HZ, 2)
    meter.push(heard)
    return meter.finish().sounding_lufs


def hear_whole(speaker: Speaker, ears: Ears, path: Path, **options: object) -> Heard:
    """Play a sound to its end, and return what was heard from its first sample above silence to its last."""
    ears.hear_until(is_silent, "it is silent")
    begin = ears.n_frames
    speaker.say("play", path, **options)
    speaker.event("Started")
    assert speaker.event("Stopped", timeout_s=20)["finished"]
    ears.hear_until(is_silent, "it is over")
    heard = ears.since(begin)
    sounding = np.flatnonzero(np.abs(heard).max(axis=1) > 1e-4)
    return heard[sounding[0] : sounding[-1] + 1]


def test_two_sounds_that_differ_by_20_db_are_heard_equally_loud(speaker: Speaker, ears: Ears, tmp_path: Path):
    hit = np.random.default_rng(1).normal(0, 1, round(1.5 * RATE_HZ)) * np.exp(-np.arange(round(1.5 * RATE_HZ)) / 9000)
    silence = np.zeros(RATE_HZ)
    levels = {"loud": (0.2, hit), "faint": (0.02, hit), "hit before silence": (0.05, np.concatenate([hit, silence]))}
    for name, (level, samples) in levels.items():
        soundfile.write(tmp_path / f"{name}.wav", level * samples, RATE_HZ, subtype="FLOAT")
    speaker.say("open", latency="high")
    plain = [lufs_of(hear_whole(speaker, ears, tmp_path / f"{name}.wav")) for name in levels]
    assert plain[0] - plain[1] == pytest.approx(20, abs=0.5)
    for name in levels:
        heard = hear_whole(speaker, ears, tmp_path / f"{name}.wav", is_even=True)
        assert lufs_of(heard) == pytest.approx(-18, abs=1), name
        assert np.abs(heard).max() <= 1.0


def test_a_reversed_sound_is_heard_backwards(speaker: Speaker, ears: Ears, tmp_path: Path):
    chirp = np.concatenate([sine(hz, 0.25, level=LEVEL, rate_hz=RATE_HZ) for hz in (400, 800, 1600)])
    soundfile.write(tmp_path / "up.wav", chirp, RATE_HZ, subtype="FLOAT")
    speaker.say("open", latency="high")
    for treatment, pitches in (({}, (400, 800, 1600)), ({"is_reversed": True}, (1600, 800, 400))):
        heard = hear_whole(speaker, ears, tmp_path / "up.wav", treatment=treatment)
        n = round(0.25 * RATE_HZ)
        parts = [heard[k * n + n // 4 : k * n + 3 * n // 4] for k in range(3)]
        assert [pitch_of(part) for part in parts] == [pytest.approx(hz, abs=5) for hz in pitches]


def test_a_shifted_pitch_is_heard_at_the_same_length(speaker: Speaker, ears: Ears, tmp_path: Path):
    soundfile.write(tmp_path / "a.wav", sine(440, 1, level=LEVEL, rate_hz=RATE_HZ), RATE_HZ, subtype="FLOAT")
    speaker.say("open", latency="high")
    heard = hear_whole(speaker, ears, tmp_path / "a.wav", treatment={"semitones": 12})
    assert pitch_of(heard[len(heard) // 4 : 3 * len(heard) // 4]) == pytest.approx(880, abs=2)
    assert len(heard) / RATE_HZ == pytest.approx(1, abs=0.01)
    faster = hear_whole(speaker, ears, tmp_path / "a.wav", treatment={"speed": 2})
    assert pitch_of(faster[len(faster) // 4 : 3 * len(faster) // 4]) == pytest.approx(880, abs=2)
    assert len(faster) / RATE_HZ == pytest.approx(0.5, abs=0.01)


def test_an_output_can_be_chosen_by_name(speaker: Speaker, ears: Ears, folder: Path):
    names = speaker.say("list_outputs")["value"]
    assert names
    speaker.say("open", latency="high", output=names[0])
    speaker.say("play", folder / "1000.wav")
    speaker.event("Started")
    ears.hear_until(is_loud, "it is heard")
    speaker.say("choose_output", "Headphones that are not there")
    assert speaker.event("OutputReplaced")["name"] == "Headphones that are not there"
    ears.hear_until(is_loud, "it is heard through the default")


def test_a_dead_sound_server_is_reported_and_used_again_when_it_returns(tmp_path_factory, folder: Path):
    with running_server(tmp_path_factory.mktemp("pulse")) as server, Speaker(server.env) as speaker:
        speaker.say("open", latency="high")
        with Ears(server) as ears:
            speaker.say("play", folder / "1000.wav")
            speaker.event("Started")
            ears.hear_until(is_loud, "it is heard")
            server.kill()
        assert speaker.event("Stopped")["finished"] is False
        assert "was lost" in speaker.event("DeviceChanged")["sentence"]
        speaker.say("play", folder / "1000.wav")
        assert "No sound output was found" in speaker.event("DeviceChanged")["sentence"]
        server.start()
        with Ears(server) as ears:
            speaker.say("play", folder / "1000.wav")
            assert speaker.event("DeviceChanged")["sentence"] is None
            speaker.event("Started")
            ears.hear_until(is_loud, "it is heard again")
            assert pitch_of(ears.hear(0.2)) == pytest.approx(1000, abs=2)


def test_without_a_sound_server_an_error_is_reported_and_the_program_continues(pulse_server: PulseServer, folder: Path):
    with Speaker({**pulse_server.env, "PULSE_SERVER": "unix:/nowhere/native"}) as speaker:
        speaker.say("open")
        speaker.say("play", folder / "1000.wav")
        assert "No sound output was found" in speaker.event("DeviceChanged")["sentence"]


def silence_in(heard: Heard) -> float:
    """Return the longest silence in seconds."""
    flags = np.abs(heard[:, 0]) < 0.005
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return float((edges[1::2] - edges[::2]).max(initial=0)) / RATE_HZ
