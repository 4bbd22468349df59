"""Finding copies of real sounds: precision and recall of pairs, by the way in which a copy was made, and the time.

Sounds that the library lists are processed as people process them, then everything is indexed in a temporary library.
Originals that the labels call takes of one origin are not counted as mistakes: some of them are one recording.

    python tests/benchmarks/measure_copies.py --library DIR --shared DIR
"""

import argparse
import csv
import itertools
import os
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from bowerbird.catalogue.sqlite.connection import FILE_NAME
from bowerbird.encoders.registry import DEFAULT_ENCODER, encoder_named
from bowerbird.jobs.control import Control
from bowerbird.library.indexing.copies import find_copies
from bowerbird.library.indexing.index import index_folders
from bowerbird.library.library import Library

_Frames: TypeAlias = npt.NDArray[np.float64]
_Written: TypeAlias = tuple[_Frames | npt.NDArray[np.int32], int, str, dict[str, Any]]

_LONGEST_S: Final = 30.0
_LEAST_RATE_HZ: Final = 16_000
"""Originals below this rate are left out: nobody halves that."""

_LEAST_PEAK: Final = 0.01
"""Quieter originals are left out: rounded to 16 bits at -6 dB they are another sound."""


def _padded(frames: _Frames, rate_hz: int) -> _Frames:
    silence = np.zeros((round(0.1 * rate_hz), frames.shape[1]))
    return np.concatenate([silence, frames, silence])


def _faded(frames: _Frames, rate_hz: int) -> _Frames:
    """Fade in over 5 ms, and out over the last tenth of the sound, 300 ms at most."""
    gain = np.ones(len(frames))
    n_in = min(len(frames) // 4, round(0.005 * rate_hz))
    n_out = min(len(frames) // 10, round(0.3 * rate_hz))
    gain[:n_in] = np.linspace(0, 1, n_in)
    gain[len(frames) - n_out :] = np.linspace(1, 0, n_out)
    return frames * gain[:, None]


def _at_rate(frames: _Frames, rate_hz: int, wanted_hz: int) -> _Written:
    return np.clip(soxr.resample(frames, rate_hz, wanted_hz), -1, 1), wanted_hz, ".wav", {"subtype": "PCM_16"}


def _whole(frames: _Frames) -> npt.NDArray[np.int32]:
    """Return 24-bit samples: the formats round floats differently."""
    return np.asarray(np.round(frames * (2**23 - 1)).astype(np.int32) << 8, np.int32)


def _ogg_opus(frames: _Frames, rate_hz: int) -> _Written:
    at_48k = frames if rate_hz == 48_000 else np.clip(soxr.resample(frames, rate_hz, 48_000), -1, 1)
    return at_48k, 48_000, ".opus", {"format": "OGG", "subtype": "OPUS"}


def _mp3(frames: _Frames, rate_hz: int) -> _Written:
    known = (16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
    if rate_hz not in known:
        frames, rate_hz = np.clip(soxr.resample(frames, rate_hz, 44_100), -1, 1), 44_100
    return frames, rate_hz, ".mp3", {"format": "MP3", "bitrate_mode": "CONSTANT", "compression_level": 0.6}


KINDS: Final[dict[str, Callable[[_Frames, int], _Written]]] = {
    "same samples, FLAC": lambda frames, hz: (_whole(frames), hz, ".flac", {"subtype": "PCM_24"}),
    "same samples, AIFF": lambda frames, hz: (_whole(frames), hz, ".aiff", {"subtype": "PCM_24"}),
    "MP3": _mp3,
    "Ogg Vorbis": lambda frames, hz: (frames, hz, ".ogg", {"format": "OGG", "subtype": "VORBIS"}),
    "Opus": _ogg_opus,
    "-6 dB": lambda frames, hz: (0.5 * frames, hz, ".wav", {"subtype": "PCM_16"}),
    "100 ms of silence": lambda frames, hz: (_padded(frames, hz), hz, ".wav", {"subtype": "PCM_16"}),
    "48 kHz": lambda frames, hz: _at_rate(frames, hz, 44_100 if hz == 48_000 else 48_000),
    "half the rate": lambda frames, hz: _at_rate(frames, hz, hz // 2),
    "faded": lambda frames, hz: (_faded(frames, hz), hz, ".wav", {"subtype": "PCM_16"}),
    "MP3 of -6 dB with silence": lambda frames, hz: _mp3(_padded(0.5 * frames, hz), hz),
}


def _originals(library: Path, audio: Path, n: int, seed: int) -> Iterator[tuple[str, str, _Frames, int]]:
    """Yield path, group of takes, frames and rate of sounds that can be processed."""
    with (audio / "labels.csv").open(encoding="utf-8", newline="") as file:
        labels = {row["path"]: row for row in csv.DictReader(file)}
    with Library.open(library).read() as reader:
        listed = [row.path for row in reader.present_contents()]
    paths = sorted(path.relative_to(audio).as_posix() for path in listed if path.is_relative_to(audio))
    paths = [path for path in paths if path in labels and float(labels[path]["duration_s"]) <= _LONGEST_S]
    n_yielded = 0
    for index in np.random.default_rng(seed).permutation(len(paths)).tolist():
        path = paths[index]
        try:
            frames, rate_hz = soundfile.read(audio / path, dtype="float64", always_2d=True)
        except soundfile.LibsndfileError:
            continue
        if rate_hz < _LEAST_RATE_HZ or frames.shape[1] > 2 or np.abs(frames).max(initial=0) < _LEAST_PEAK:
            continue
        frames /= max(1.0, np.abs(frames).max())  # what decoders of lossy formats return may exceed full scale
        yield path, labels[path]["group"] or path, frames, rate_hz
        n_yielded += 1
        if n_yielded == n:
            return


def _generate(folder: Path, library: Path, audio: Path, n: int, seed: int) -> dict[str, tuple[int, str, str]]:
    """Write originals and copies; return the number of the original, its group and the kind by file name."""
    written: dict[str, tuple[int, str, str]] = {}
    for number, (_, group, frames, rate_hz) in enumerate(_originals(library, audio, n, seed)):
        kinds = {"original": lambda frames, hz: (_whole(frames), hz, ".wav", {"subtype": "PCM_24"}), **KINDS}
        for kind_number, (kind, process) in enumerate(kinds.items()):
            samples, hz, suffix, options = process(frames, rate_hz)
            name = f"{number:05d} {kind_number:02d}{suffix}"
            try:
                with (folder / name).open("wb") as file:
                    options = {"format": {".wav": "WAV", ".flac": "FLAC", ".aiff": "AIFF"}.get(suffix), **options}
                    soundfile.write(file, samples, hz, **options)
            except soundfile.LibsndfileError:  # a rate that this format does not have
                (folder / name).unlink()
                continue
            written[name] = (number, group, kind)
    return written


def _measure(folder: Path, written: dict[str, tuple[int, str, str]]) -> None:
    library = Library.open(folder / "library")
    started_s = time.perf_counter()
    summary = index_folders(
        library, [folder / "sounds"], encoder=encoder_named(DEFAULT_ENCODER), control=Control(), post=lambda _: None
    )
    indexing_s = time.perf_counter() - started_s
    with library.read() as reader:
        groups = reader.copy_groups()
        rows = reader.rows([sound_id for group in groups for sound_id in group])
        found = [[written[rows[sound_id].path.name] for sound_id in group] for group in groups]
    group_of = {(number, kind): index for index, group in enumerate(found) for number, _, kind in group}
    n_right = n_wrong = n_takes = 0
    mistaken: set[tuple[str, str]] = set()
    for group in found:
        for (first, first_takes, _), (second, second_takes, _) in itertools.combinations(group, 2):
            n_right += first == second
            n_takes += first != second and first_takes == second_takes
            if first != second and first_takes != second_takes:
                n_wrong += 1
                mistaken.add((first_takes, second_takes))
    all_of = Counter(number for number, _, _ in written.values())
    n_pairs = sum(n * (n - 1) // 2 for n in all_of.values())
    print(f"{len(all_of):,} originals, {len(written):,} files, {summary.n_rejected} rejected")
    print(f"precision of pairs          {n_right / max(1, n_right + n_wrong):.4f}  ({n_wrong:,} wrong)")
    print(f"recall of pairs             {n_right / max(1, n_pairs):.4f}  ({n_right:,} of {n_pairs:,})")
    print(f"pairs of takes of one origin, not counted: {n_takes:,}")
    for pair in sorted(mistaken):
        print(f"taken for copies: {' and '.join(pair)}")
    print("\nrecall with the original, by kind")
    for kind in KINDS:
        numbers = [number for number, _, each in written.values() if each == kind]
        hits = [
            number for number in numbers if group_of.get((number, kind), -1) == group_of.get((number, "original"), -2)
        ]
        print(f"  {kind:<26}{len(hits) / max(1, len(numbers)):.4f}  ({len(hits)} of {len(numbers)})")
    comparing_s = _comparing_s(library)
    print(f"\nindexing                    {indexing_s:.1f} s, {1e3 * indexing_s / len(written):.2f} ms a sound")
    print(f"of that, comparing          {comparing_s:.1f} s, {100 * comparing_s / indexing_s:.1f} %")


def _comparing_s(library: Library) -> float:
    """Compare all fingerprints again; return how long that took."""
    with closing(sqlite3.connect(library.folder / FILE_NAME)) as connection, connection:
        connection.execute("DELETE FROM copies")
        connection.execute("UPDATE fingerprints SET is_compared = 0 WHERE key IS NOT NULL")
    with library.write() as writer:
        started_s = time.perf_counter()
        find_copies(writer, control=Control(), post=lambda _: None)
        return time.perf_counter() - started_s


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", type=Path, required=True, help="a library that has indexed the sounds")
    parser.add_argument("--shared", type=Path, required=True, help="the folder with audio/labels.csv")
    parser.add_argument("--n-sounds", type=int, default=250, help="number of originals")
    parser.add_argument("--seed", type=int, default=7)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "sounds").mkdir()
        os.environ["BOWERBIRD_HOME"] = str(folder / "home")
        written = _generate(
            folder / "sounds", chosen.library, (chosen.shared / "audio").absolute(), chosen.n_sounds, chosen.seed
        )
        _measure(folder, written)


if __name__ == "__main__":
    main()
