"""Ablation study: train variants of the ear equally long and compare them.

    python -m ear.compare FOLDER OUT MEASURED [--epochs N] [--report FILE]

FOLDER is the training set; MEASURED holds labelled recordings that are not in it (see ``measure.py``). OUT gets a
folder for each variant. No setting is chosen by these figures.
"""

import argparse
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import torch

from bowerbird.benchmark.labels import read_labels
from bowerbird.benchmark.retrieval import evaluate
from bowerbird.encoders.acoustic.encoder import AcousticEncoder
from bowerbird.encoders.ear.encoder import decibels
from bowerbird.encoders.ear.words import EarWords
from ear.config import Config, changed, read_dataset
from ear.data import Features, Floats
from ear.finish import MEANING_WEIGHT, put_words
from ear.learner import Learner
from ear.measure import Measured, found_by_class, windows_of
from ear.network import Ear
from ear.scoring import embedded
from ear.sections import put_section, table
from ear.train import train

VARIANTS: Final = {
    "all": (),
    "labels only": ("contrast_weight=0", "descriptor_weight=0"),
    "labels and words": ("descriptor_weight=0",),
    "all, with reconstruction": ("drawing_weight=1",),
    "all, without the acoustic vector": ("shape.n_acoustic=0",),
    "all, without clips of measured collections": ("with_shared=false",),
}
"""Settings of each variant that differ from the default config."""


@dataclass(frozen=True, slots=True, eq=False)
class Recordings:
    """Recordings to evaluate on, analysed once.

    Attributes
    ----------
    features : Features
        Of their windows.
    acoustic : ndarray, shape (n_windows, n_acoustic), float32
    of_recording : ndarray, shape (n_windows,), int64
    """

    measured: Measured
    features: Features
    acoustic: Floats
    of_recording: np.ndarray


def main() -> int:
    """Train and evaluate every variant, and write the table into the report."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("measured", type=Path)
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--report", type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    recordings = analysed_recordings(args.measured)
    rows = []
    for name, settings in VARIANTS.items():
        config = replace(Config(), n_epochs=args.epochs)
        for setting in settings:
            config = changed(config, *setting.split("=", 1))
        out = args.out / name.replace(" ", "-").replace(",", "")
        cache = args.cache or args.out / "cache"
        train(args.folder, config, out, cache=cache)
        rows.append([name, *figures_of(out, args.folder, config, recordings, cache=cache)])
        print("  ".join(rows[-1]), flush=True)
        if args.report:
            lines = [
                f"{args.epochs} epochs each, far fewer than the shipped ear; recordings outside the training set.",
                "",
            ]
            header = ["variant", "ear MAP@15", "with acoustic MAP@15", "text to sound mAP"]
            put_section(args.report, "Comparison", lines + table(header, rows))
    return 0


def analysed_recordings(folder: Path) -> Recordings:
    """Analyse all windows of all recordings."""
    labelled = read_labels(folder / "labels.csv")
    labelled = labelled.only(labelled.positions())
    acoustic = AcousticEncoder()
    spectrograms, vectors, owners = [], [], []
    for number, sound in enumerate(labelled.sounds):
        windows = windows_of(folder / sound.path)
        spectrograms += [decibels(window).astype(np.float16) for window in windows]
        vectors.append(acoustic.encode(windows))
        owners += [number] * len(windows)
    starts = np.concatenate([[0], np.cumsum([len(spectrogram) for spectrogram in spectrograms])]).astype(np.int64)
    features = Features(np.concatenate(spectrograms), starts, {})
    nothing = np.zeros((len(labelled.sounds), 0), np.float32)
    return Recordings(Measured(labelled, nothing, ()), features, np.concatenate(vectors), np.array(owners))


def figures_of(out: Path, folder: Path, config: Config, recordings: Recordings, *, cache: Path) -> list[str]:
    """Return sound-to-sound figures of the ear alone and with the acoustic encoder, and the text-to-sound figure."""
    dataset = read_dataset(folder, config, cache=cache)
    learner = Learner(config, dataset.words, n_descriptors=dataset.descriptors.shape[1])
    learner.load_state_dict(torch.load(out / "checkpoint.pt", weights_only=True)["averaged"])
    learner.eval()
    put_words(out / "words.npz", learner, dataset, config)
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
    found = [evaluate(vectors, sounds.labels, sounds.groups).macro.map_15 for vectors in (learned, both)]
    return [f"{value:.3f}" for value in (*found, found_by_class(texts @ learned.T, names, truth))]


def vectors_of(ear: Ear, recordings: Recordings) -> Floats:
    """Return the vectors of recordings by an ear."""
    everything = np.arange(len(recordings.of_recording))
    return mean_of(embedded(ear, recordings.features, recordings.acoustic, everything), recordings.of_recording)


def mean_of(vectors: Floats, owners: np.ndarray) -> Floats:
    """Return the mean of each recording's windows, of unit length."""
    sums = np.zeros((int(owners.max()) + 1, vectors.shape[1]), np.float32)
    np.add.at(sums, owners, vectors)
    return sums / np.linalg.norm(sums, axis=1, keepdims=True)


if __name__ == "__main__":
    sys.exit(main())
