"""How often a changed copy of a sound finds the sound itself: by the built-in encoder and by each part of it.

    python tests/benchmarks/measure_robustness.py --library DIR --shared DIR [--n-sounds 200] [--seed 1]

Each changed copy is written to a file and searched by, as an example that is dropped on the window. The table has the
share of copies whose nearest sound in the library is the one they were made of, and the median cosine of both and its
5th percentile.
"""

import argparse
import csv
import os
import random
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from bowerbird.audio.decode import open_sound
from bowerbird.audio.time_stretch import stretched
from bowerbird.base.errors import AudioError
from bowerbird.catalogue.protocol import Reader
from bowerbird.domain.query import Example
from bowerbird.domain.sounds import Samples, Vectors
from bowerbird.encoders.ear.encoder import EarEncoder
from bowerbird.library.indexing.analysis import encode_example
from bowerbird.library.library import Library

MP3_COMPRESSION: Final = 1.0 - (64.0 - 32.0) / (320.0 - 32.0)
"""libsndfile's scale from 320 (0) to 32 kb/s (1)."""

SAME_COSINE: Final = 1e-5
"""Files with the same samples are one sound."""


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """A decoded file: samples of shape (n_frames, n_channels), float32, and how to write them."""

    samples: Samples
    rate_hz: int
    ending: str = ".wav"
    options: Mapping[str, object] = field(default_factory=lambda: {"subtype": "FLOAT"})


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """What a library holds: a row a window, its content, and the content of each path."""

    vectors: Vectors
    contents: npt.NDArray[np.int64]
    by_path: Mapping[str, int]


def unchanged(sound: Sound) -> Sound:
    """Return the sound as it is."""
    return sound


def scaled(gain_db: float) -> Callable[[Sound], Sound]:
    """Return what changes the level; float files are not clipped."""
    return lambda sound: Sound(sound.samples * np.float32(10.0 ** (gain_db / 20.0)), sound.rate_hz)


def clipped(sound: Sound) -> Sound:
    """Return the sound 6 dB too loud for a 16-bit file."""
    loud = sound.samples * np.float32(2.0 / max(1e-9, float(np.abs(sound.samples).max())))
    return Sound(np.clip(loud, -1.0, 1.0), sound.rate_hz, options={"subtype": "PCM_16"})


def offset(sound: Sound) -> Sound:
    """Return the sound with a tenth of full scale added."""
    return Sound(sound.samples + np.float32(0.1), sound.rate_hz)


def one_sided(sound: Sound) -> Sound:
    """Return the sound, mono, on the left channel of a stereo file."""
    mono = sound.samples.mean(axis=1)
    return Sound(np.stack([mono, np.zeros_like(mono)], axis=1), sound.rate_hz)


def opposed(sound: Sound) -> Sound:
    """Return the sound, mono, on both channels, one of them inverted."""
    mono = sound.samples.mean(axis=1)
    return Sound(np.stack([mono, -mono], axis=1), sound.rate_hz)


def followed(silence_s: float) -> Callable[[Sound], Sound]:
    """Return what adds silence at the end."""

    def change(sound: Sound) -> Sound:
        silence = np.zeros((round(silence_s * sound.rate_hz), sound.samples.shape[1]), np.float32)
        return Sound(np.concatenate([sound.samples, silence]), sound.rate_hz)

    return change


def half_silent(sound: Sound) -> Sound:
    """Return the sound followed by as much silence."""
    return followed(len(sound.samples) / sound.rate_hz)(sound)


def preceded(sound: Sound) -> Sound:
    """Return the sound after half a second of silence."""
    silence = np.zeros((round(0.5 * sound.rate_hz), sound.samples.shape[1]), np.float32)
    return Sound(np.concatenate([silence, sound.samples]), sound.rate_hz)


def faint_tail(sound: Sound) -> Sound:
    """Return the sound with a tail of 6 s that begins 50 dB below its peak and fades away."""
    n_frames = round(6.0 * sound.rate_hz)
    fading = np.exp(-np.arange(n_frames) / (1.5 * sound.rate_hz))[:, None]
    peak = float(np.abs(sound.samples).max())
    noise = np.random.default_rng(3).standard_normal((n_frames, sound.samples.shape[1]))
    tail = (0.3 * peak * 10.0 ** (-50.0 / 20.0) * noise * fading).astype(np.float32)
    return Sound(np.concatenate([sound.samples, tail]), sound.rate_hz)


def faint_lead_in(sound: Sound) -> Sound:
    """Return the sound after 26 s of noise that is 60 dB below its peak."""
    peak = float(np.abs(sound.samples).max())
    noise = np.random.default_rng(3).standard_normal((round(26.0 * sound.rate_hz), sound.samples.shape[1]))
    return Sound(np.concatenate([(0.001 * peak * noise).astype(np.float32), sound.samples]), sound.rate_hz)


def mp3(sound: Sound) -> Sound:
    """Return the sound as an MP3 file of 64 kb/s."""
    samples = np.asarray(soxr.resample(sound.samples, sound.rate_hz, 44_100), np.float32)
    options = {"subtype": "MPEG_LAYER_III", "compression_level": MP3_COMPRESSION, "bitrate_mode": "CONSTANT"}
    return Sound(np.clip(samples, -1.0, 1.0), 44_100, ".mp3", options)


def narrow(sound: Sound) -> Sound:
    """Return the sound at 8 kHz."""
    return Sound(np.asarray(soxr.resample(sound.samples, sound.rate_hz, 8_000), np.float32), 8_000)


def reverberant(sound: Sound) -> Sound:
    """Return the sound with reverb: decaying noise of 0.8 s (60 dB), 6 dB below the direct sound."""
    n_frames = round(0.8 * sound.rate_hz)
    response = np.random.default_rng(5).standard_normal(n_frames)
    response *= 10.0 ** (-3.0 * np.arange(n_frames) / n_frames)
    response *= 0.5 / np.sqrt(np.sum(response**2))
    response[0] += 1.0
    size = 1 << (len(sound.samples) + n_frames).bit_length()
    spectrum = np.fft.rfft(sound.samples, n=size, axis=0) * np.fft.rfft(response, n=size)[:, None]
    wet = np.fft.irfft(spectrum, axis=0)[: len(sound.samples) + n_frames]
    return Sound(wet.astype(np.float32), sound.rate_hz)


def noisy(sound: Sound) -> Sound:
    """Return the sound with white noise 20 dB below it."""
    level = float(np.sqrt(np.mean(sound.samples**2))) * 0.1
    noise = np.random.default_rng(7).standard_normal(sound.samples.shape)
    return Sound((sound.samples + level * noise).astype(np.float32), sound.rate_hz)


def transposed(semitones: float) -> Callable[[Sound], Sound]:
    """Return what changes the pitch at the same length."""

    def change(sound: Sound) -> Sound:
        blocks = stretched(iter([sound.samples]), rate_hz=sound.rate_hz, semitones=semitones)
        return Sound(np.concatenate(list(blocks)), sound.rate_hz)

    return change


CHANGES: Final[Mapping[str, Callable[[Sound], Sound]]] = {
    "unchanged": unchanged,
    "-24 dB": scaled(-24.0),
    "+18 dB, float": scaled(18.0),
    "clipped by 6 dB": clipped,
    "DC offset of 0.1": offset,
    "on one side of stereo": one_sided,
    "opposite channels": opposed,
    "as much silence after": half_silent,
    "0.5 s of silence before": preceded,
    "5 s of silence after": followed(5.0),
    "6 s of faint tail (-50 dB)": faint_tail,
    "26 s of faint noise before": faint_lead_in,
    "MP3, 64 kb/s": mp3,
    "8 kHz": narrow,
    "reverb, 0.8 s, -6 dB": reverberant,
    "white noise, 20 dB below": noisy,
    "3 semitones up": transposed(3.0),
    "3 semitones down": transposed(-3.0),
}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--library", type=Path, required=True, help="a library that has the sounds of DIR/audio")
    parser.add_argument("--shared", type=Path, required=True, help="DIR, with audio/labels.csv")
    parser.add_argument("--n-sounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", action="append", help="a change; all of them by default")
    options = parser.parse_args()
    encoder = EarEncoder()
    with Library.open(options.library).read() as reader:
        stored = read_stored(reader, encoder)
    paths = chosen(options.shared / "audio", stored, options.n_sounds, options.seed)
    n_meaning = encoder.blocks["meaning"].stop
    parts = {"ear": slice(None), "meaning": slice(0, n_meaning), "acoustic": slice(n_meaning, None)}
    print(f"{len(paths)} sounds, each searched for among {len(set(stored.contents.tolist())):,}; {encoder.id}")
    print(f"{'':<28}{''.join(f'{name:>10}' for name in parts)}{'cosine':>10}{'lowest':>9}{'ms':>7}")
    for name in options.only or CHANGES:
        began = time.monotonic()
        found = [searched(path, CHANGES[name], stored, encoder, parts) for path in paths]
        ms = 1000.0 * (time.monotonic() - began) / len(paths)
        shares = [100.0 * np.mean([each[0][part] for each in found]) for part in parts]
        cosines = [each[1] for each in found]
        print(
            f"{name:<28}{''.join(f'{share:>8.1f} %' for share in shares)}"
            f"{np.median(cosines):>10.4f}{np.quantile(cosines, 0.05):>9.3f}{ms:>7.0f}",
            flush=True,
        )


def read_stored(reader: Reader, encoder: EarEncoder) -> Stored:
    """Return the embeddings of a library."""
    windows = reader.windows(encoder.id, encoder.n_dims)
    sounds = reader.sounds_of(sorted(set(windows.content_ids.tolist())))
    rows = reader.rows([sound_id for ids in sounds.values() for sound_id in ids])
    by_path = {str(rows[sound_id].path): content_id for content_id, ids in sounds.items() for sound_id in ids}
    return Stored(windows.vectors, windows.content_ids, by_path)


def chosen(audio: Path, stored: Stored, n_sounds: int, seed: int) -> list[Path]:
    """Return some sounds for retrieval figures that are in the library and not silent."""
    with (audio / "labels.csv").open(encoding="utf-8", newline="") as file:
        names = sorted(row["path"] for row in csv.DictReader(file) if row["eval"] == "1")
    paths = [Path(os.path.abspath(audio / name)) for name in names]  # noqa: PTH100 - as paths are stored
    paths = [path for path in paths if str(path) in stored.by_path]
    random.Random(seed).shuffle(paths)
    sounding = (path for path in paths if np.abs(decoded(path).samples).max(initial=0.0) > 1e-3)
    return [path for path, _ in zip(sounding, range(n_sounds), strict=False)]


def decoded(path: Path) -> Sound:
    """Decode a file with its rate and channels."""
    with open_sound(path) as reader:
        return Sound(reader.read(reader.n_frames), reader.rate_hz)


def searched(
    path: Path,
    change: Callable[[Sound], Sound],
    stored: Stored,
    encoder: EarEncoder,
    parts: Mapping[str, slice],
) -> tuple[dict[str, bool], float]:
    """Search by a changed copy; return whether each part of the encoder finds the sound first, and the cosine."""
    sound = change(decoded(path))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"copy{sound.ending}"
        soundfile.write(file, sound.samples, sound.rate_hz, **sound.options)
        try:
            vectors = encode_example(Example(file), encoder)
        except AudioError as error:
            raise SystemExit(f"{path}: {error}") from error
    is_own = stored.contents == stored.by_path[str(path)]
    finds: dict[str, bool] = {}
    own_cosine = 0.0
    for name, part in parts.items():
        cosines = unit(stored.vectors[:, part]) @ unit(vectors[:, part].mean(axis=0))
        own = float(cosines[is_own].max())
        finds[name] = bool(own >= cosines.max() - SAME_COSINE)
        if name == "ear":
            own_cosine = own
    return finds, own_cosine


def unit(vectors: Vectors) -> Vectors:
    """Scale rows to unit length."""
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12), np.float32)


if __name__ == "__main__":
    main()
