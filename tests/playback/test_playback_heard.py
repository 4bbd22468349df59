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
