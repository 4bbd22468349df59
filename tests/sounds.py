"""Synthesised sounds for the tests, and files of them in every format."""

from pathlib import Path

import numpy as np
import soundfile

RATE_HZ = 44_100


def sine(hz=440.0, *, duration_s=1.0, rate_hz=RATE_HZ, level=0.5, n_channels=1, phase=0.0):
    """A steady tone, shape (n_frames, n_channels)."""
    t = np.arange(round(duration_s * rate_hz)) / rate_hz
    return np.repeat(level * np.sin(2 * np.pi * hz * t + phase)[:, None], n_channels, axis=1)


def noise(seed, *, duration_s=1.0, rate_hz=RATE_HZ, level=0.1, n_channels=1):
    """White noise of a standard deviation, shape (n_frames, n_channels)."""
    return np.random.default_rng(seed).normal(0, level, (round(duration_s * rate_hz), n_channels))


def click(*, duration_s=0.3, rate_hz=RATE_HZ, level=0.8):
    """A decaying click, shape (n_frames, 1)."""
    t = np.arange(round(duration_s * rate_hz)) / rate_hz
    return (level * np.exp(-t * 60) * np.sin(2 * np.pi * 180 * t))[:, None]


def write(path, samples, rate_hz=RATE_HZ, *, format=None, subtype=None):  # noqa: A002 - as soundfile calls it
    """Write a sound; the format follows the extension unless it is named."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        soundfile.write(file, samples, rate_hz, format=format or _FORMATS[path.suffix.lower()], subtype=subtype)
    return path


_FORMATS = {
    ".aif": "AIFF",
    ".aifc": "AIFF",
    ".aiff": "AIFF",
    ".au": "AU",
    ".bwf": "WAV",
    ".caf": "CAF",
    ".flac": "FLAC",
    ".mp3": "MP3",
    ".oga": "OGG",
    ".ogg": "OGG",
    ".opus": "OGG",
    ".rf64": "RF64",
    ".snd": "AU",
    ".w64": "W64",
    ".wav": "WAV",
    ".wave": "WAV",
    ".wavex": "WAVEX",
}


def with_chunks(path, *chunks):
    """Append RIFF chunks, each (name, data), to a WAVE file."""
    data = path.read_bytes()
    for name, body in chunks:
        data += name + len(body).to_bytes(4, "little") + body + b"\x00" * (len(body) & 1)
    path.write_bytes(data[:4] + (len(data) - 8).to_bytes(4, "little") + data[8:])
    return path


def small_library(root):
    """About forty short sounds in folders: tones, noises, clicks, copies, long and broken sounds, and other files."""
    for number in range(10):
        write(root / "tones" / f"tone {number}.wav", sine(110 * 1.3**number, duration_s=0.3), subtype="PCM_24")
        write(root / "noises" / f"Noise_{number:02}.flac", noise(number, duration_s=0.4, n_channels=2))
    for number in range(8):
        write(root / "drums" / "kicks" / f"kick{number}.ogg", click(duration_s=0.2 + number / 50))
    write(root / "long" / "two windows.wav", noise(99, duration_s=12, rate_hz=8000), 8000)
    for number in range(4):
        source = root / "tones" / f"tone {number}.wav"
        (root / "copies").mkdir(exist_ok=True)
        (root / "copies" / f"copy of {number}.wav").write_bytes(source.read_bytes())
    broken = root / "broken"
    broken.mkdir()
    (broken / "empty.wav").write_bytes(b"")
    (broken / "garbage.wav").write_bytes(b"RIFF" + bytes(range(200)))
    (broken / "same garbage.wav").write_bytes(b"RIFF" + bytes(range(200)))
    (broken / "other.mp4").write_bytes(b"\x00\x00\x00\x18ftypmp42" + bytes(100))
    (root / "notes.txt").write_text("no sound")
    (root / "cover.jpg").write_bytes(b"\xff\xd8\xff")
    return root


N_SMALL = 33 + 4
"""Number of sounds in the small library, including broken sounds."""

N_SMALL_BROKEN = 4
