"""The sounds of the window's tests: three kicks, a snare and fifty tones."""

from pathlib import Path

import numpy as np
import soundfile

RATE_HZ = 44_100


def write_tone(path: Path, hz: float, *, duration_s: float, n_channels: int = 1, rate_hz: int = RATE_HZ) -> None:
    t = np.arange(round(duration_s * rate_hz)) / rate_hz
    tone = 0.5 * np.sin(2 * np.pi * hz * t)
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.repeat(tone[:, None], n_channels, axis=1), rate_hz)


def write_kick(path: Path, *, duration_s: float) -> None:
    """Write a kick; one of another length has another pitch as well, so it is no copy."""
    hz = 60 + 1500 * (duration_s - 0.2)
    t = np.arange(round(duration_s * RATE_HZ)) / RATE_HZ
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, 0.8 * np.exp(-t * 40) * np.sin(2 * np.pi * hz * t), RATE_HZ)


def make_sounds(root: Path) -> Path:
    """Three kicks, a snare, fifty tones, and one that is none."""
    for number in (1, 2, 3):
        write_kick(root / "Drums" / f"Kick {number}.wav", duration_s=0.2 + number / 20)
    noise = np.random.default_rng(1).normal(0, 0.1, (RATE_HZ // 2, 2))
    soundfile.write(root / "Drums" / "Snare.wav", noise, RATE_HZ)
    for number in range(50):
        write_tone(
            root / "Tones" / f"Tone {number:02}.wav",
            110 * 1.04**number,
            duration_s=0.6 + number / 100,
            n_channels=1 + number % 2,
            rate_hz=48_000 if number < 5 else RATE_HZ,
        )
    (root / "Tones" / "garbage.wav").write_bytes(b"RIFF" + bytes(range(200)))
    return root


DRUMS = ("Kick 1.wav", "Kick 2.wav", "Kick 3.wav", "Snare.wav")
TONES = tuple(f"Tone {number:02}.wav" for number in range(50))
EVERY = DRUMS + TONES
