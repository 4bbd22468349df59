"""Train the ear in other ways, equally long, and say what each part of the training is worth.

    python compare.py FOLDER OUT MEASURED [--epochs N] [--report FILE]

FOLDER is trained on; MEASURED holds labelled recordings that are not (see ``measure.py``). OUT gets a folder a way.
Nothing is chosen by these figures.
"""

import argparse
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import torch
from data import Floats, Heard
from finish import MEANING_WEIGHT, put_words
from learner import Learner
from measure import Measured, found_by_class, windows_of
from network import Ear
from plan import Plan, changed, read_material
from scoring import embedded
from sections import put_section, table

from bowerbird.benchmark.retrieval import evaluate, read_labels
from bowerbird.encoders.acoustic.encoder import AcousticEncoder
from bowerbird.encoders.ear.encoder import decibels
from bowerbird.encoders.ear.words import EarWords
from train import train

WAYS: Final = {
    "all": (),
    "labels only": ("contrast_weight=0", "descriptor_weight=0"),
    "labels and words": ("descriptor_weight=0",),
    "all, and drawing the sound": ("drawing_weight=1",),
    "all, acoustic vector not told": ("shape.n_acoustic=0",),
    "all, without clips of measured collections": ("with_shared=false",),
}
"""What is different; the rest is the plan."""


@dataclass(frozen=True, slots=True, eq=False)
class Recordings:
    """Recordings to measure with, heard once.

    Attributes
    ----------
    heard : Heard
        Their windows.
    acoustic : ndarray, shape (n_windows, n_acoustic), float32
    of_recording : ndarray, shape (n_windows,), int64
    """

    measured: Measured
    heard: Heard
    acoustic: Floats
    of_recording: np.ndarray


def main() -> int:
    """Train, measure, and put the table into the report."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("measured", type=Path)
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--report", type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    recordings = heard_recordings(args.measured)
    rows = []
    for name, settings in WAYS.items():
        plan = replace(Plan(), n_epochs=args.epochs)
        for one in settings:
            plan = changed(plan, *one.split("=", 1))
        out = args.out / name.replace(" ", "-").replace(",", "")
        cache = args.cache or args.out / "cache"
        train(args.folder, plan, out, cache=cache)
        rows.append([name, *figures_of(out, args.folder, plan, recordings, cache=cache)])
        print("  ".join(rows[-1]), flush=True)
        if args.report:
            lines = [
                f"{args.epochs} epochs each, far fewer than what ships; on recordings that were not trained on.",
                "",
            ]
            header = ["way", "ear MAP@15", "with acoustic MAP@15", "text to sound mAP"]
            put_section(args.report, "Comparison", lines + table(header, rows))
    return 0


def heard_recordings(folder: Path) -> Recordings:
    """Hear all windows of all recordings."""
    labelled = read_labels(folder / "labels.csv")
    labelled = labelled.only(labelled.positions())
    acoustic = AcousticEncoder()
    spectrograms, vectors, owners = [], [], []
    for number, sound in enumerate(labelled.sounds):
        windows = windows_of(folder / sound.path)
        spectrograms += [decibels(window).astype(np.float16) for window in windows]
        vectors.append(acoustic.encode(windows))
        owners += [number] * len(windows)
    starts = np.concatenate([[0], np.cumsum([len(one) for one in spectrograms])]).astype(np.int64)
    heard = Heard(np.concatenate(spectrograms), starts, {})
    nothing = np.zeros((len(labelled.sounds), 0), np.float32)
    return Recordings(Measured(labelled, nothing, ()), heard, np.concatenate(vectors), np.array(owners))


def figures_of(out: Path, folder: Path, plan: Plan, recordings: Recordings, *, cache: Path) -> list[str]:
    """Sound to sound by the ear, with the acoustic encoder, and text to sound."""
    material = read_material(folder, plan, cache=cache)
    learner = Learner(plan, material.words, n_descriptors=material.descriptors.shape[1])
    learner.load_state_dict(torch.load(out / "checkpoint.pt", weights_only=True)["averaged"])
    learner.eval()
    put_words(out / "words.npz", learner, material, plan)
    sounds = recordings.measured.sounds
    learned = vectors_of(learner.ear, recordings)
    acoustic = mean_of(recordings.acoustic, recordings.of_recording)
    both = np.concatenate(
        [np.sqrt(MEANING_WEIGHT) * learned, np.sqrt(1.0 - MEANING_WEIGHT) * acoustic], axis=1, dtype=np.float32
    )
    words = EarWords(out / "words.npz", meaning_weight=1.0, acoustic=AcousticEncoder())
    names = sorted({label for own in sounds.labels for label in own})
    texts = words.encode([name.replace("_", " ") for name in names])[:, : learned.shape[1]]
    truth = np.array([own[0] for own in sounds.labels])
    found = [evaluate(one, sounds.labels, sounds.groups).macro.map_15 for one in (learned, both)]
    return [f"{value:.3f}" for value in (*found, found_by_class(texts @ learned.T, names, truth))]


def vectors_of(ear: Ear, recordings: Recordings) -> Floats:
    """Vectors of recordings by one ear."""
    everything = np.arange(len(recordings.of_recording))
    return mean_of(embedded(ear, recordings.heard, recordings.acoustic, everything), recordings.of_recording)


def mean_of(vectors: Floats, owners: np.ndarray) -> Floats:
    """Means of the windows of every recording, of unit length."""
    sums = np.zeros((int(owners.max()) + 1, vectors.shape[1]), np.float32)
    np.add.at(sums, owners, vectors)
    return sums / np.linalg.norm(sums, axis=1, keepdims=True)


if __name__ == "__main__":
    sys.exit(main())
