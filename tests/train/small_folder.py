"""A folder of synthesised clips with the labels file that training reads."""

import csv
from pathlib import Path

import numpy as np
import soundfile

HEADER = [
    "path",
    "label",
    "family",
    "words",
    "source",
    "source_commit",
    "source_path",
    "licence",
    "attribution",
    "origin",
    "duration_s",
    "group",
]
KINDS = {"tone": ("low hum", 120.0), "whistle": ("high whistle", 2500.0), "glass_breaking": ("glass shatter", 6000.0)}


def write_folder(folder: Path, *, n_sources: int, n_takes: int = 2) -> None:
    """Write tones of three kinds, each in takes, from several sources."""
    rng = np.random.default_rng(0)
    (folder / "clips").mkdir()
    rows = []
    for source in range(n_sources):
        for label, (words, hz) in KINDS.items():
            for take in range(n_takes):
                seconds = np.arange(4_000 + 2_000 * take) / 32_000
                samples = np.sin(2 * np.pi * hz * (1 + 0.1 * rng.uniform()) * seconds) * np.exp(-seconds * 8)
                name = f"clips/{source}_{label}_{take}.wav"
                soundfile.write(folder / name, samples.astype(np.float32), 32_000)
                origin = "shared_source" if source == 1 else "new"
                rows.append(
                    [
                        *(name, label, "Things", words, f"maker/{source}", "0123", name, "CC0-1.0", f"maker {source}"),
                        *(origin, f"{len(samples) / 32_000:.3f}", f"{source}/{label}"),
                    ]
                )
    with (folder / "labels.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(rows)
