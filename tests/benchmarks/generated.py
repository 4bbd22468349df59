"""Libraries and folders of any size, generated: for benchmarks of what does not depend on the sounds themselves."""

import os
import random
from pathlib import Path

import numpy as np

from bowerbird.audio.metadata import reading
from bowerbird.catalogue.records import Analysis, FileStamp, Folder
from bowerbird.catalogue.sqlite.writer import SqliteWriter
from bowerbird.domain.metadata import Metadata
from bowerbird.domain.peaks import OVERVIEW_COLUMNS, Peaks
from bowerbird.encoders.protocol import Encoder

N_SOUNDS = int(os.environ.get("BOWERBIRD_BENCH_SOUNDS", "100000"))


KINDS = [
    "Kick",
    "Snare",
    "Hat",
    "Clap",
    "Bass",
    "Pad",
    "Bell",
    "Pluck",
    "Laser",
    "Beep",
    "Rain",
    "Wind",
    "Thunder",
    "Footstep",
    "Chirp",
    "Engine",
]
TRAITS = [
    "Deep",
    "Tight",
    "Open",
    "Soft",
    "Hard",
    "Bright",
    "Dark",
    "Short",
    "Long",
    "Wet",
    "Dry",
    "Distant",
    "Vintage",
    "Modern",
    "Big",
    "Thin",
]


def names(n: int) -> list[str]:
    """Return n distinct file names such as people give, in a fixed random order."""
    chance = random.Random(1)
    made = [f"{chance.choice(KINDS)} {chance.choice(TRAITS)} {chance.choice(TRAITS)} {i:06d}.wav" for i in range(n)]
    chance.shuffle(made)
    return made


def make_folder(root: Path, n: int, *, n_per_folder: int = 1000) -> None:
    """Fill a folder with sparse files: they have a size, and take no room."""
    for i, name in enumerate(names(n)):
        folder = root / f"Pack {i // n_per_folder:03d}"
        if i % n_per_folder == 0:
            folder.mkdir(parents=True)
        with (folder / name).open("wb") as file:
            file.truncate(50_000 + i)


def make_library(library: Path, n: int, encoder: Encoder) -> None:
    """Fill a library with n analysed sounds that are nowhere on disk."""
    chance = np.random.default_rng(1)
    root = library / "Sounds"
    folder = Folder(0, root)
    with SqliteWriter(library) as catalogue:
        folder = catalogue.add_folder(root)
        made = names(n)
        for start in range(0, n, 1000):
            part = made[start : start + 1000]
            stamps = [
                FileStamp(str(root / KINDS[i % 16] / f"Pack {i // 1000:03d}" / name), 50_000 + start + i, 1)
                for i, name in enumerate(part)
            ]
            catalogue.reconcile(folder, stamps)
            ids = [row[0] for row in catalogue._connection.execute("SELECT id FROM sounds WHERE content_id IS NULL")]
            catalogue.record([(sound_id, _analysis(chance, encoder)) for sound_id in ids], [], encoder.id)


def _analysis(chance: np.random.Generator, encoder: Encoder) -> Analysis:
    vector = chance.standard_normal(encoder.n_dims).astype(np.float32)
    loud = np.abs(chance.standard_normal(OVERVIEW_COLUMNS) * 40).clip(1, 127)
    overview = np.stack([-loud, loud], axis=1).astype(np.int8)
    duration_s = float(chance.gamma(1.2, 1.5) + 0.02)
    return Analysis(
        hash=chance.bytes(16),
        size_bytes=50_000,
        duration_s=duration_s,
        n_channels=int(chance.integers(1, 3)),
        rate_hz=int(chance.choice([44_100, 48_000, 96_000])),
        format="WAV",
        encoding="16 bit",
        lufs=-18.0,
        true_peak_db=-1.0,
        metadata=Metadata(),
        metadata_version=reading.VERSION,
        samples_hash=chance.bytes(16),
        peaks=Peaks(overview, 512),
        overview=overview,
        spans=((0.0, duration_s),),
        vectors=(vector / np.linalg.norm(vector))[None, :],
    )
