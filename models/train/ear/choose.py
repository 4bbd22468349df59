"""Choose what no gradient chooses, on clips of held-out sources: shares, and the temperature of suggestions.

    python choose.py FOLDER OUT [--report FILE]

OUT is a folder that ``train.py --validation SHARE`` finished. Prints, and decides nothing: the numbers stand in
``network.py`` and ``finish.py``.
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import torch
from finish import plan_of
from learner import Learner
from plan import read_material
from scoring import embedded, text_score
from sections import put_section, table
from torch.nn import functional
from words import numbers

from bowerbird.benchmark.retrieval import evaluate

HEARD_SHARES: Final = (1.0, 0.8, 0.6, 0.5, 0.4, 0.2, 0.0)
MEANING_WEIGHTS: Final = (0.0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0)
TEMPERATURES: Final = (0.04, 0.05, 0.06, 0.07, 0.08, 0.1, 0.12, 0.15)


@torch.no_grad()
def main() -> int:
    """Try all shares and weights."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--report", type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    state = torch.load(args.out / "checkpoint.pt", map_location="cpu", weights_only=True)
    plan = plan_of(state["settings"])
    material = read_material(args.folder, plan, cache=args.cache or args.out / "cache")
    learner = Learner(plan, material.words, n_descriptors=material.descriptors.shape[1])
    learner.load_state_dict(state["averaged"])
    learner.eval()
    chosen = np.flatnonzero(material.is_held)
    clips = [material.clips[i] for i in chosen]
    labels, groups = [clip.label for clip in clips], [clip.group for clip in clips]
    acoustic = material.acoustic[chosen]
    heard = embedded(learner.ear, material.heard, None, chosen)
    described = learner.ear.described(torch.from_numpy(acoustic)).numpy()
    rows = []
    for share in HEARD_SHARES:
        both = share * heard + (1.0 - share) * described
        both /= np.linalg.norm(both, axis=1, keepdims=True)
        row = [f"{share}", f"{text_score(learner.table, material, both, labels):.3f}"]
        for weight in MEANING_WEIGHTS:
            fused = np.concatenate([np.sqrt(weight) * both, np.sqrt(1.0 - weight) * acoustic], axis=1, dtype=np.float32)
            row.append(f"{evaluate(fused, labels, groups).macro.map_15:.3f}")
        rows.append(row)
        print("  ".join(row), flush=True)
    header = ["heard share", "text to sound mAP", *(f"MAP@15 at {weight}" for weight in MEANING_WEIGHTS)]
    ear = learner.ear
    ear.shape = replace(ear.shape, heard_share=plan.shape.heard_share)
    vectors = torch.from_numpy(embedded(ear, material.heard, material.acoustic, chosen))
    texts = [list(one) for one in material.words.label_words]
    names = learner.table.texts(numbers(texts, material.words.number_of), learner.table.vectors())
    truth = torch.from_numpy(material.label_numbers[chosen])
    surprises = [float(functional.cross_entropy(vectors @ names.T / one, truth)) for one in TEMPERATURES]
    suggested = ", ".join(f"{one}: {value:.3f}" for one, value in zip(TEMPERATURES, surprises, strict=True))
    print(f"cross entropy of suggested labels by temperature: {suggested}")
    if args.report:
        lines = [
            f"{plan.n_epochs} epochs on other sources than those measured here ({len(chosen)} clips held out, whole",
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
