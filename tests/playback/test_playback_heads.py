"""Beginnings of sounds that are kept in memory."""

from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest
import soundfile
from playback_stage import RATE_HZ, FakeSound, sine

from bowerbird.audio.decode import open_sound
from bowerbird.base.errors import AudioError
from bowerbird.playback import heads as heads_module
from bowerbird.playback.blocks import Reader
from bowerbird.playback.heads import HEAD_S, Heads


class Drive:
    """Counts the files that are opened."""

    def __init__(self) -> None:
        self.sounds: dict[Path, FakeSound] = {}
        self.opened: list[Path] = []

    def sound(self, name: str, seconds: float) -> Path:
        self.sounds[Path(name)] = FakeSound(sine(440, seconds), RATE_HZ)
        return Path(name)

    def open(self, path: Path) -> AbstractContextManager[Reader]:
        self.opened.append(path)
        if path not in self.sounds:
            raise AudioError(f"Cannot find {path.name}.")
        return self.sounds[path]


@pytest.fixture
def drive() -> Drive:
    return Drive()


def read_all(reader: Reader) -> np.ndarray:
    blocks = []
    while len(block := reader.read(10_000)):
        blocks.append(block)
    return np.concatenate(blocks)


def test_a_short_sound_is_read_from_memory_alone(drive: Drive):
    heads, path = Heads(drive.open), drive.sound("a.wav", 1)
    assert heads.load(path)
    with heads.open(path) as reader:
        np.testing.assert_array_equal(read_all(reader), drive.sounds[path].samples)
        reader.seek(4800)
        np.testing.assert_array_equal(reader.read(100), drive.sounds[path].samples[4800:4900])
    assert drive.opened == [path]


def test_a_long_sound_continues_from_its_file(drive: Drive):
    heads, path = Heads(drive.open), drive.sound("a.wav", 3 * HEAD_S)
    heads.load(path)
    with heads.open(path) as reader:
        np.testing.assert_array_equal(read_all(reader), drive.sounds[path].samples)
        reader.seek(0)
        reader.read(100)
        reader.seek(round(2.5 * HEAD_S * RATE_HZ))
        np.testing.assert_array_equal(
            reader.read(100), drive.sounds[path].samples[round(2.5 * HEAD_S * RATE_HZ) :][:100]
        )
    assert drive.opened == [path, path]
    assert drive.sounds[path].is_closed.is_set()


def test_the_memory_is_bounded_and_the_oldest_go_first(drive: Drive):
    heads = Heads(drive.open, limit_bytes=2 * RATE_HZ * 4)
    paths = [drive.sound(f"{number}.wav", 1) for number in range(3)]
    for path in paths:
        heads.load(path)
    assert heads.n_bytes == 2 * RATE_HZ * 4
    drive.opened.clear()
    for path in (paths[2], paths[1], paths[0]):
        heads.open(path)
    assert drive.opened == [paths[0]]


def test_a_sound_that_cannot_be_read_is_left_to_the_player(drive: Drive):
    heads = Heads(drive.open)
    assert not heads.load(Path("gone.wav"))
    with pytest.raises(AudioError):
        heads.open(Path("gone.wav"))


def test_a_file_that_was_written_since_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "a.wav"
    soundfile.write(path, sine(440, 0.5), RATE_HZ)
    heads = Heads(open_sound)
    heads.load(path)
    soundfile.write(path, np.full(1000, 0.25, np.float32), RATE_HZ)
    monkeypatch.setattr(heads_module, "FRESH_S", 0.0)
    with heads.open(path) as reader:
        assert reader.n_frames == 1000
        assert reader.read(10)[0, 0] == pytest.approx(0.25, abs=1e-4)
