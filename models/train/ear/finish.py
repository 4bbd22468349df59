"""Turn a finished training into the files that ship: network, words, card, sources and report.

    python -m ear.finish FOLDER OUT MODELS [--name NAME]

OUT is the folder of a finished `ear.train`; MODELS gets ``ear.onnx``, ``ear-words.npz``, ``ear.toml``,
``ear-sources.csv`` and ``ear-report.md``.
"""

import argparse
import csv
import sys
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from bowerbird.encoders.ear.thesaurus import read_thesaurus
from bowerbird.encoders.ear.words import DEFAULT_TEMPERATURE
from ear.augment import Strength
from ear.config import ROOT, Config, Dataset, read_dataset
from ear.data import Clip
from ear.determinism import be_deterministic
from ear.export import plain_copy, write_card, write_network
from ear.fit_words import WordConfig, finished, fit_words, word_dataset, write_words
from ear.learner import Learner
from ear.network import Shape
from ear.report import write_report
from ear.scoring import embedded
from ear.words import WordTable, vocabulary

MEANING_WEIGHT: Final = 0.5
"""Share of the learned part, chosen on clips of held-out sources; see the report."""


def main() -> int:
    """Fit the words, export, and write the report."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("models", type=Path)
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--name", default="ear")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    be_deterministic()
    state = torch.load(args.out / "checkpoint.pt", map_location="cpu", weights_only=True)
    config = config_of(state["settings"])
    if state["epoch"] != config.n_epochs:
        raise SystemExit(
            f"`{args.out}` holds {state['epoch']} of {config.n_epochs} epochs. Run ear.train again to continue."
        )
    dataset = read_dataset(args.folder, config, cache=args.cache or args.out / "cache")
    learner = Learner(config, dataset.words, n_descriptors=dataset.descriptors.shape[1])
    learner.load_state_dict(state["averaged"])
    learner.eval()
    clips = [dataset.clips[i] for i in dataset.trained_on]

    difference = write_network(args.models / f"{args.name}.onnx", learner.ear)
    n_words = put_words(args.models / f"{args.name}-words.npz", learner, dataset, config)
    write_sources(args.models / f"{args.name}-sources.csv", clips)
    write_card(args.models / f"{args.name}.toml", learner.ear, meaning_weight=MEANING_WEIGHT, clips=clips)
    write_report(
        args.models / f"{args.name}-report.md",
        config=config,
        clips=clips,
        history=state["history"],
        difference=difference,
        recall=recall_of_rounding(learner, dataset),
        n_words=n_words,
    )
    print(f"Exported with a difference of {difference:.1e}; {n_words} words.")
    return 0


def config_of(settings: dict[str, Any]) -> Config:
    """Read a config back from a checkpoint; the audio share is not learned and has its present default."""
    shape = Shape(**settings["shape"] | {"audio_share": Shape().audio_share})
    return Config(**settings | {"shape": shape, "strength": Strength(**settings["strength"])})


def put_words(path: Path, learner: Learner, dataset: Dataset, config: Config) -> int:
    """Fit and write the vectors of all words of the thesaurus and the clips; return how many."""
    words = vocabulary(dataset.clips, read_thesaurus(ROOT / "resources" / "thesaurus.toml").groups)
    torch.manual_seed(config.seed)
    table = WordTable(words.words, config.shape.n_dims)
    old = dataset.words.number_of
    with torch.no_grad():
        table.grams.copy_(learner.table.grams)
        for number, word in enumerate(words.words):
            if word in old:
                table.own[number] = learner.table.own[old[word]]
                table.weight[number] = learner.table.weight[old[word]]
    counts = fit_words(table, word_dataset(learner.ear, dataset, words, config), config, WordConfig())
    vectors, weights = finished(table, words, counts)
    write_words(path, words, vectors, weights, table.grams.detach().numpy(), temperature=DEFAULT_TEMPERATURE)
    return len(words.words)


def recall_of_rounding(learner: Learner, dataset: Dataset) -> float:
    """Return the share of the 10 nearest clips that are the same with 16-bit weights."""
    chosen = dataset.trained_on[:: max(1, len(dataset.trained_on) // 1000)]
    full = embedded(learner.ear, dataset.features, dataset.acoustic, chosen)
    small = embedded(plain_copy(learner.ear), dataset.features, dataset.acoustic, chosen)
    near = [np.argsort(-(rows @ rows.T) + 9.0 * np.eye(len(rows)), axis=1)[:, :10] for rows in (full, small)]
    return float(np.mean([len(set(a) & set(b)) / 10 for a, b in zip(*near, strict=True)]))


def write_sources(path: Path, clips: list[Clip]) -> None:
    """Write a row for each source: its commit, number of clips, licences and authors."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["source", "commit", "n_clips", "licences", "authors"])
        for source, commit in sorted({(clip.source, clip.commit) for clip in clips}):
            own = [clip for clip in clips if (clip.source, clip.commit) == (source, commit)]
            licences = " | ".join(sorted({clip.licence for clip in own}))
            authors = " | ".join(sorted({clip.attribution for clip in own}))
            writer.writerow([source, commit, len(own), licences, authors])


if __name__ == "__main__":
    sys.exit(main())
