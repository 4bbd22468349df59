"""Measure settings that are not learned, on held-out sources: the shares, and the temperature of suggestions.

    python -m ear.choose FOLDER OUT [--report FILE]

OUT is the folder of a finished ``ear.train --validation SHARE``. The figures are printed; the chosen values are set by
hand in ``network.py`` and ``finish.py``.
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch.nn import functional

from bowerbird.benchmark.retrieval import evaluate
from ear.config import read_dataset
from ear.finish import config_of
from ear.learner import Learner
from ear.scoring import embedded, text_score
from ear.sections import put_section, table
from ear.words import numbers

AUDIO_SHARES: Final = (1.0, 0.8, 0.6, 0.5, 0.4, 0.2, 0.0)
MEANING_WEIGHTS: Final = (0.0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0)
TEMPERATURES: Final = (0.04, 0.05, 0.06, 0.07, 0.08, 0.1, 0.12, 0.15)


@torch.no_grad()
def main() -> int:
    """Measure every share and weight."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--report", type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    state = torch.load(args.out / "checkpoint.pt", map_location="cpu", weights_only=True)
    config = config_of(state["settings"])
    dataset = read_dataset(args.folder, config, cache=args.cache or args.out / "cache")
    learner = Learner(config, dataset.words, n_descriptors=dataset.descriptors.shape[1])
    learner.load_state_dict(state["averaged"])
    learner.eval()
    chosen = np.flatnonzero(dataset.is_held)
    clips = [dataset.clips[i] for i in chosen]
    labels, groups = [clip.label for clip in clips], [clip.group for clip in clips]
    acoustic = dataset.acoustic[chosen]
    audio = embedded(learner.ear, dataset.features, None, chosen)
    described = learner.ear.described(torch.from_numpy(acoustic)).numpy()
    rows = []
    for share in AUDIO_SHARES:
        both = share * audio + (1.0 - share) * described
        both /= np.linalg.norm(both, axis=1, keepdims=True)
        row = [f"{share}", f"{text_score(learner.table, dataset, both, labels):.3f}"]
        for weight in MEANING_WEIGHTS:
            fused = np.concatenate([np.sqrt(weight) * both, np.sqrt(1.0 - weight) * acoustic], axis=1, dtype=np.float32)
            row.append(f"{evaluate(fused, labels, groups).macro.map_15:.3f}")
        rows.append(row)
        print("  ".join(row), flush=True)
    header = ["audio share", "text to sound mAP", *(f"MAP@15 at {weight}" for weight in MEANING_WEIGHTS)]
    ear = learner.ear
    ear.shape = replace(ear.shape, audio_share=config.shape.audio_share)
    vectors = torch.from_numpy(embedded(ear, dataset.features, dataset.acoustic, chosen))
    texts = [list(label) for label in dataset.words.label_words]
    names = learner.table.texts(numbers(texts, dataset.words.number_of), learner.table.vectors())
    truth = torch.from_numpy(dataset.label_numbers[chosen])
    losses = [float(functional.cross_entropy(vectors @ names.T / value, truth)) for value in TEMPERATURES]
    suggested = ", ".join(f"{value}: {loss:.3f}" for value, loss in zip(TEMPERATURES, losses, strict=True))
    print(f"cross entropy of suggested labels by temperature: {suggested}")
    if args.report:
        lines = [
            f"{config.n_epochs} epochs on other sources than those measured here ({len(chosen)} clips held out, whole",
            "sources; the acoustic constants were fitted without them). Weight 0 is the acoustic encoder alone.",
            "",
            *table(header, rows),
            "",
            f"Cross entropy of suggested labels by temperature: {suggested}.",
        ]
        put_section(args.report, "Choice of shares", lines)
    return 0


if __name__ == "__main__":
    sys.exit(main())
