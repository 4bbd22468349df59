"""Recording from an input: what is kept, what is cut off, what is refused."""

import json
import subprocess
import sys
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from playback_stage import sine

from bowerbird.base.errors import PlaybackError
from bowerbird.domain.sounds import Samples
from bowerbird.playback.recorder import SILENT_DB, Recorder, trimmed
from pulse import RATE_HZ, PulseServer, missing, running_server

APP = Path(__file__).parents[2] / "app"


class FakeInput:
    """An input whose blocks the test sends."""

    rate_hz = 1000

    def __init__(self) -> None:
        self.n_closed = 0
        self.receive: Callable[[Samples], None] = lambda _: None

    def open(self, receive: Callable[[Samples], None], /) -> "FakeInput":
        self.receive = receive
        return self

    def close(self) -> None:
        self.n_closed += 1


def block(level: float, n_frames: int = 100) -> Samples:
    return np.full((n_frames, 1), level, np.float32)


@pytest.fixture
def source() -> FakeInput:
    return FakeInput()


def test_what_came_in_is_what_is_returned(source: FakeInput):
    recorder = Recorder(open_input=source.open)
    recorder.start()
    shared = block(0.5)
    source.receive(shared)
    shared[:] = 0.1  # the device writes the next block to the same memory
    source.receive(shared)
    assert recorder.duration_s == 0.2
    samples, rate_hz = recorder.stop()
    assert (samples.shape, rate_hz, source.n_closed) == ((200, 1), 1000, 1)
    assert samples[0, 0] == np.float32(0.5)
    assert not recorder.is_recording


def test_the_level_rises_at_once_and_falls_slowly(source: FakeInput):
    recorder = Recorder(open_input=source.open)
    recorder.start()
    source.receive(block(0.5))
    assert recorder.level_db == pytest.approx(-6.02, abs=0.01)
    source.receive(block(0.0))
    assert recorder.level_db == pytest.approx(-8.02, abs=0.01)
    source.receive(block(0.0, n_frames=10_000))
    assert recorder.level_db == SILENT_DB


def test_a_recording_ends_at_its_longest(source: FakeInput):
    recorder = Recorder(open_input=source.open, max_s=0.25)
    recorder.start()
    for _ in range(10):
        source.receive(block(0.5))
    assert recorder.is_full
    assert len(recorder.stop()[0]) == 250


def test_silence_is_refused_with_a_remedy(source: FakeInput):
    recorder = Recorder(open_input=source.open)
    recorder.start()
    source.receive(block(0.0005))
    with pytest.raises(PlaybackError, match="Only silence was recorded"):
        recorder.stop()
    assert source.n_closed == 1


def test_a_cancelled_recording_is_forgotten(source: FakeInput):
    recorder = Recorder(open_input=source.open)
    recorder.start()
    source.receive(block(0.5))
    recorder.cancel()
    recorder.start()
    assert recorder.duration_s == 0.0
    recorder.cancel()
    assert source.n_closed == 2


def test_quiet_ends_are_cut_off_and_quiet_middles_are_not():
    loud, quiet = block(0.5, 300), block(0.0, 400)
    cut = trimmed(np.concatenate([quiet, loud, quiet, loud, quiet]), 1000)
    assert len(cut) == 50 + 300 + 400 + 300 + 50
    assert cut[50, 0] == np.float32(0.5)


@pytest.mark.skipif(missing() is not None, reason=str(missing()))
def test_a_tone_at_the_input_is_recorded_with_its_pitch_and_level(tmp_path: Path):
    tone = (sine(440, 30, level=0.25, rate_hz=RATE_HZ) * 32767).astype("<i2")
    with wave.open(str(tmp_path / "tone.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(tone.tobytes())
    with running_server(tmp_path) as server:
        assert isinstance(server, PulseServer)
        with subprocess.Popen(["paplay", str(tmp_path / "tone.wav")], env=server.env) as playing:
            done = subprocess.run(
                [sys.executable, str(Path(__file__).with_name("recorder_probe.py"))],
                env={**server.env, "PYTHONPATH": str(APP)},
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            playing.terminate()
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["hz"] == pytest.approx(440, abs=2)
    assert found["peak"] == pytest.approx(0.25, abs=0.02)
    assert found["level_db"] == pytest.approx(-12, abs=1)
    assert found["duration_s"] > 0.5
