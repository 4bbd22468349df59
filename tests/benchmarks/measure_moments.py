"""Whether short sounds are found in half an hour of background noise, by the clean sound as the example.

    python tests/benchmarks/measure_moments.py --library DIR --shared DIR [--n-sounds 30] [--minutes 30] [--seed 1]

Real sounds of DIR/audio are hidden at known times in generated noise, which is indexed into a copy of the library. A
sound is found if the middle of a moment is within 5 s of the middle of the hidden sound.
"""

import argparse
import csv
import os
import random
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import soundfile

from bowerbird.audio.decode import read_clip
from bowerbird.domain.matches import Match
from bowerbird.domain.query import Example, Query
from bowerbird.domain.sounds import Samples
from bowerbird.encoders.ear.encoder import EarEncoder
from bowerbird.jobs.control import Control
from bowerbird.library.indexing.index import index_folders
from bowerbird.library.library import Library
from bowerbird.library.search.search import Search

RATE_HZ: Final = 44_100
WITHIN_S: Final = 5.0
LENGTHS_S: Final = (0.15, 5.0)
N_TOP: Final = 3
N_ROWS: Final = 100


@dataclass(frozen=True, slots=True)
class Hidden:
    """A sound in the long recording."""

    path: Path
    start_s: float
    duration_s: float


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--library", type=Path, required=True, help="a library that has the sounds of DIR/audio")
    parser.add_argument("--shared", type=Path, required=True, help="DIR, with audio/labels.csv")
    parser.add_argument("--n-sounds", type=int, default=30)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--background-db", type=float, default=-50.0, help="level of the noise, dB below full scale")
    parser.add_argument("--peak-db", type=float, default=-12.0, help="peak of each hidden sound")
    options = parser.parse_args()
    encoder = EarEncoder()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "library"
        shutil.copytree(options.library, copy)
        long = Path(folder) / "sounds" / "long.wav"
        long.parent.mkdir()
        chosen = distinct_sounds(options.shared / "audio", options.n_sounds, options.seed)
        hidden = write_recording(long, chosen, options)
        library = Library.open(copy)
        began = time.monotonic()
        index_folders(library, [long.parent], encoder=encoder, control=Control(), post=lambda _: None, n_workers=1)
        print(f"{options.minutes:g} minutes indexed in {time.monotonic() - began:.1f} s", end="")
        peak_kb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        print(f", worker's peak memory {peak_kb / (1e6 if sys.platform == 'darwin' else 1e3):.0f} MB")
        print(f"{'hidden sound':<56}{'at s':>7}{'long s':>7}{'row':>5}{'moment':>7}")
        search = Search(library, encoder)
        ranks = [found(search, each, long) for each in hidden]
        search.close()
    for each, (row, moment) in zip(hidden, ranks, strict=True):
        name = str(each.path.relative_to(options.shared / "audio"))
        print(f"{name[-55:]:<56}{each.start_s:>7.0f}{each.duration_s:>7.2f}{row or '-':>5}{moment or '-':>7}")
    in_rows = np.mean([row is not None and row <= N_TOP for row, _ in ranks])
    in_moments = np.mean([moment is not None and moment <= N_TOP for _, moment in ranks])
    print(f"in the first {N_TOP} rows of all sounds:      {100 * in_rows:.0f} %")
    print(f"in the first {N_TOP} moments of the recording: {100 * in_moments:.0f} %")


def distinct_sounds(audio: Path, n_sounds: int, seed: int) -> list[Path]:
    """Return short sounds, each of another class."""
    with (audio / "labels.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["eval"] == "1"]
    rows = [row for row in rows if LENGTHS_S[0] <= float(row["duration_s"]) <= LENGTHS_S[1]]
    random.Random(seed).shuffle(rows)
    by_class = {row["class"]: row for row in reversed(rows)}
    classes = sorted(by_class)
    random.Random(seed).shuffle(classes)
    return [Path(os.path.abspath(audio / by_class[name]["path"])) for name in classes[:n_sounds]]  # noqa: PTH100


def write_recording(path: Path, sounds: list[Path], options: argparse.Namespace) -> list[Hidden]:
    """Write noise that drifts slowly in level and colour, with a sound in each of equal parts of it."""
    chance = np.random.default_rng(options.seed)
    part_s = options.minutes * 60 / len(sounds)
    level, peak = (np.float32(10.0 ** (db / 20.0)) for db in (options.background_db, options.peak_db))
    noise = background(chance)
    waiting = np.zeros(0, np.float32)
    hidden = []
    with soundfile.SoundFile(path, "w", RATE_HZ, 1, subtype="PCM_16") as file:
        for number, sound in enumerate(sounds):
            part = np.zeros(round((number + 1) * part_s * RATE_HZ) - round(number * part_s * RATE_HZ), np.float32)
            while len(waiting) < len(part):
                waiting = np.concatenate([waiting, level * next(noise)])
            part += waiting[: len(part)]
            waiting = waiting[len(part) :]
            samples = read_clip(sound, rate_hz=RATE_HZ).samples
            samples = samples * (peak / np.abs(samples).max())
            duration_s = len(samples) / RATE_HZ
            start = round(chance.uniform(1.0, part_s - duration_s - 1.0) * RATE_HZ)
            part[start : start + len(samples)] += samples
            hidden.append(Hidden(sound, number * part_s + start / RATE_HZ, duration_s))
            file.write(part)
    return hidden


def background(chance: np.random.Generator) -> Iterator[Samples]:
    """Yield 10 s of noise of level 1 between white and brown at a time; it drifts by some dB within a minute.

    Blocks of coloured noise overlap by half, with windows whose squares add up to 1: joins are not heard.
    """
    n_frames = 10 * RATE_HZ
    hz = np.fft.rfftfreq(2 * n_frames, 1.0 / RATE_HZ)
    window = np.sin(np.pi * (np.arange(2 * n_frames) + 0.5) / (2 * n_frames)).astype(np.float32)
    rest = np.zeros(n_frames, np.float32)
    share, gain_db = chance.uniform(0.05, 0.5), chance.uniform(-4.0, 4.0)
    while True:
        brown = np.fft.irfft(np.fft.rfft(chance.standard_normal(2 * n_frames)) / np.maximum(hz, 40.0), 2 * n_frames)
        brown = (brown / brown.std()).astype(np.float32) * window
        joined, rest = rest + brown[:n_frames], brown[n_frames:]
        next_share, next_db = chance.uniform(0.05, 0.5), chance.uniform(-4.0, 4.0)
        shares = np.linspace(share, next_share, n_frames, dtype=np.float32)
        gains = 10.0 ** (np.linspace(gain_db, next_db, n_frames, dtype=np.float32) / 20.0)
        white = chance.standard_normal(n_frames, np.float32)
        share, gain_db = next_share, next_db
        yield np.asarray((shares * white + (1.0 - shares) * joined) * gains, np.float32)


def found(search: Search, hidden: Hidden, long: Path) -> tuple[int | None, int | None]:
    """Return the row of the recording that begins with the hidden sound, and which of its moments has it."""
    matches = search.similar([Example(hidden.path)], Query(), limit=N_ROWS)
    rows = search.reader.rows([match.sound_id for match in matches])
    for row, match in enumerate(matches, start=1):
        if rows[match.sound_id].path == long:
            is_there = [is_at(match.at(number), hidden) for number in range(1 + len(match.moments))]
            moment = is_there.index(True) + 1 if any(is_there) else None
            return (row if is_there[0] else None), moment
    return None, None


def is_at(match: Match, hidden: Hidden) -> bool:
    """Return whether a match is where a sound is hidden."""
    middle_s = hidden.start_s + hidden.duration_s / 2.0
    return abs((match.start_s + match.end_s) / 2.0 - middle_s) <= WITHIN_S


if __name__ == "__main__":
    main()
