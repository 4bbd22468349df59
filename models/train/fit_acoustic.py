"""Fit the acoustic encoder's constants: standardisation and a discriminant projection for each block.

    OPENBLAS_NUM_THREADS=1 python models/train/fit_acoustic.py FOLDER

FOLDER holds a ``labels.csv`` (columns path, label, group, source, source_commit, licence, attribution,
origin) and the clips that it names. Clips of origin ``shared_source`` come from collections that the
measurements use too, and are left out. Writes ``models/acoustic.npz``, ``models/acoustic.toml`` and
``models/acoustic-sources.csv``. Nothing is random: the same folder gives the same files. (With several
threads, eigenvectors would differ in their last bits.)
"""

import argparse
import csv
import os
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bowerbird.audio.decode import read_clip
from bowerbird.encoders.acoustic.constants import Constants, Projection, standardised, write_constants
from bowerbird.encoders.acoustic.descriptors import FITTED, describe
from bowerbird.encoders.acoustic.encoder import WINDOW_S, AcousticEncoder
from bowerbird.encoders.acoustic.spectrum import RATE_HZ

MODELS = Path(__file__).parents[1]

N_DIMS = {"timbre": 64, "brightness": 12, "pitch": 16, "envelope": 20}
WEIGHTS = {
    "timbre": 0.52,
    "brightness": 0.14,
    "pitch": 0.08,
    "envelope": 0.14,
    "loudness": 0.04,
    "length": 0.08,
}
SHRINKAGE = 0.45
"""Share of the within-class scatter that is replaced by a sphere of the same trace."""

SMALLEST_SCALE = 1e-3

Matrix = npt.NDArray[np.float64]


def main() -> int:
    """Fit and write the constants."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="folder with labels.csv and the clips it names")
    folder = parser.parse_args().folder
    if os.environ.get("OPENBLAS_NUM_THREADS") != "1":
        print("The constants depend on the number of threads. Set OPENBLAS_NUM_THREADS=1.", file=sys.stderr)
        return 2
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["origin"] != "shared_source"]
    described = described_clips([folder / row["path"] for row in rows])
    labels = np.array([row["label"] for row in rows])
    groups = np.array([row["group"] for row in rows])
    constants = Constants(
        projections={name: fitted(described[name], labels, groups, n_dims=N_DIMS[name]) for name in FITTED},
        weights=WEIGHTS,
    )
    write_constants(MODELS / "acoustic.npz", constants)
    write_sources(MODELS / "acoustic-sources.csv", rows)
    encoder = AcousticEncoder()
    write_card(MODELS / "acoustic.toml", encoder, n_clips=len(rows), n_labels=len(set(labels)))
    for name in FITTED:
        print(f"{name}: {described[name].shape[1]} descriptors to {N_DIMS[name]} dimensions")
    print(f"{encoder.id}: {encoder.n_dims} dimensions from {len(rows)} clips of {len(set(labels))} labels")
    return 0


def described_clips(paths: list[Path]) -> dict[str, Matrix]:
    """Return the raw descriptors of every clip's first window, by block, each of shape (n_clips, n_values)."""
    described: dict[str, list[Matrix]] = {name: [] for name in FITTED}
    for number, path in enumerate(paths, start=1):
        clip = read_clip(path, rate_hz=RATE_HZ, end_s=WINDOW_S)
        values = describe(clip.samples)
        for name, block in described.items():
            block.append(values[name].astype(np.float64))
        if number % 1000 == 0:
            print(f"{number} of {len(paths)} clips described")
    return {name: np.stack(block) for name, block in described.items()}


def fitted(values: Matrix, labels: npt.NDArray[np.str_], groups: npt.NDArray[np.str_], *, n_dims: int) -> Projection:
    """Standardise descriptors and project them on the directions that discriminate labels.

    Linear discriminant analysis (Fisher 1936; Rao 1948) with a shrunk within-class scatter. Takes of one
    group share its weight, frequent labels are damped by the square root of their weight, and every
    direction is scaled by ``sqrt(b / (1 + b))`` for its ratio b of scatter between to within classes.

    Parameters
    ----------
    values : ndarray, shape (n_clips, n_values)
    labels, groups : ndarray of str, shape (n_clips,)
    n_dims : int
        Directions to keep.
    """
    mean = values.mean(axis=0).astype(np.float32)
    scale = (values.std(axis=0) + SMALLEST_SCALE).astype(np.float32)
    points = standardised(values.astype(np.float32), mean, scale).astype(np.float64)

    label_of = np.unique(labels, return_inverse=True)[1]
    pairs, pair_of, pair_counts = np.unique(
        np.stack([label_of, np.unique(groups, return_inverse=True)[1]]),
        axis=1,
        return_inverse=True,
        return_counts=True,
    )
    has_two_groups = np.bincount(pairs[0]) >= 2
    kept = has_two_groups[label_of]
    points, label_of = points[kept], np.unique(label_of[kept], return_inverse=True)[1]
    weight = 1.0 / np.sqrt(pair_counts[pair_of.ravel()[kept]])

    class_weight = np.bincount(label_of, weight)
    means = np.zeros((len(class_weight), points.shape[1]))
    np.add.at(means, label_of, weight[:, None] * points)
    means /= class_weight[:, None]
    away = points - means[label_of]
    damped = weight / np.sqrt(class_weight)[label_of]
    within = (away * damped[:, None]).T @ away / damped.sum()
    share = np.sqrt(class_weight) / np.sqrt(class_weight).sum()
    centred = means - share @ means
    between = (centred * share[:, None]).T @ centred

    sphere = np.trace(within) / len(within) * np.eye(len(within))
    variances, axes = np.linalg.eigh((1.0 - SHRINKAGE) * within + SHRINKAGE * sphere)
    whitening = axes / np.sqrt(variances)
    ratios, directions = np.linalg.eigh(whitening.T @ between @ whitening)
    best = np.argsort(-ratios)[:n_dims]
    ratios = np.maximum(ratios[best], 1e-9)
    matrix = whitening @ directions[:, best] * np.sqrt(ratios / (1.0 + ratios))
    largest = np.abs(matrix).argmax(axis=0)
    matrix *= np.sign(matrix[largest, np.arange(matrix.shape[1])])
    centre = (weight @ points) / weight.sum()
    return Projection(mean, scale, matrix.astype(np.float32), (centre @ matrix).astype(np.float32))


def write_sources(path: Path, rows: list[dict[str, str]]) -> None:
    """Write a row for each source: its commit, number of clips, licences and authors."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["source", "commit", "n_clips", "licences", "authors"])
        for source, commit in sorted({(row["source"], row["source_commit"]) for row in rows}):
            own = [row for row in rows if (row["source"], row["source_commit"]) == (source, commit)]
            licences = " | ".join(sorted({row["licence"] for row in own}))
            authors = " | ".join(sorted({row["attribution"] for row in own}))
            writer.writerow([source, commit, len(own), licences, authors])


def write_card(path: Path, encoder: AcousticEncoder, *, n_clips: int, n_labels: int) -> None:
    """Write the encoder's card."""
    blocks = "\n".join(f"{name} = [{part.start}, {part.stop}]" for name, part in encoder.blocks.items())
    weights = "\n".join(f"{name} = {WEIGHTS[name]}" for name in encoder.blocks)
    path.write_text(
        f'''# Written by models/train/fit_acoustic.py.
id = "{encoder.id}"
name = "Acoustic"
kind = "acoustic"
summary = "Timbre, brightness, pitch, envelope, loudness and length as named parts; built in"
rate_hz = {encoder.rate_hz}
window_s = {encoder.window_s}
n_dims = {encoder.n_dims}
constants = "acoustic.npz"
licence = "Apache-2.0"
source = "Descriptors of this project; fitted on {n_clips} openly licensed clips of {n_labels} labels"
sources = "acoustic-sources.csv"

# First dimension of each part, and the first after it.
[blocks]
{blocks}

# Share of each part in the similarity of two sounds.
[weights]
{weights}
''',
        encoding="utf-8",
    )


if __name__ == "__main__":
    sys.exit(main())
