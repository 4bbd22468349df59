"""Turn what was trained into what ships: network, words, card, sources and report.

    python finish.py FOLDER OUT MODELS [--name NAME]

OUT is a folder that `train.py` finished; MODELS gets ``ear.onnx``, ``ear-words.npz``, ``ear.toml``, ``ear-sources.csv``
and ``ear-report.md``.
"""

import argparse
import csv
import sys
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from augment import Strength
from data import Clip
from determinism import be_deterministic
from fit_words import WordPlan, finished, fit_words, lessons_of, write_words
from learner import Learner
from network import Shape
from plan import ROOT, Material, Plan, read_material
from report import write_report
from scoring import embedded
from words import WordTable, read_groups, vocabulary

from bowerbird.encoders.ear.words import DEFAULT_TEMPERATURE
from export import plain_copy, write_card, write_network

MEANING_WEIGHT: Final = 0.5
"""Share of the learned part, chosen on clips of held-out sources; see the report."""


def main() -> int:
    """Fit the words, export, and write what there is to say."""
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
    plan = plan_of(state["settings"])
    if state["epoch"] != plan.n_epochs:
        raise SystemExit(f"`{args.out}` holds {state['epoch']} of {plan.n_epochs} epochs. Run train.py again to go on.")
    material = read_material(args.folder, plan, cache=args.cache or args.out / "cache")
    learner = Learner(plan, material.words, n_descriptors=material.descriptors.shape[1])
    learner.load_state_dict(state["averaged"])
    learner.eval()
    clips = [material.clips[i] for i in material.trained_on]

    difference = write_network(args.models / f"{args.name}.onnx", learner.ear)
    n_words = put_words(args.models / f"{args.name}-words.npz", learner, material, plan)
    write_sources(args.models / f"{args.name}-sources.csv", clips)
    write_card(args.models / f"{args.name}.toml", learner.ear, meaning_weight=MEANING_WEIGHT, clips=clips)
    write_report(
        args.models / f"{args.name}-report.md",
        plan=plan,
        clips=clips,
        history=state["history"],
        difference=difference,
        recall=recall_of_rounding(learner, material),
        n_words=n_words,
    )
    print(f"Exported with a difference of {difference:.1e}; {n_words} words.")
    return 0


def plan_of(settings: dict[str, Any]) -> Plan:
    """Read a plan back from a checkpoint.

    How two opinions are weighed is no matter of training: it is what it is now.
    """
    shape = Shape(**settings["shape"] | {"heard_share": Shape().heard_share})
    return Plan(**settings | {"shape": shape, "strength": Strength(**settings["strength"])})


def put_words(path: Path, learner: Learner, material: Material, plan: Plan) -> int:
    """Learn and write the vectors of all words that there are now; say how many."""
    words = vocabulary(material.clips, read_groups(ROOT / "resources" / "thesaurus.toml"))
    torch.manual_seed(plan.seed)
    table = WordTable(words.words, plan.shape.n_dims)
    old = material.words.number_of
    with torch.no_grad():
        table.grams.copy_(learner.table.grams)
        for number, word in enumerate(words.words):
            if word in old:
                table.own[number] = learner.table.own[old[word]]
                table.weight[number] = learner.table.weight[old[word]]
    said = fit_words(table, lessons_of(learner.ear, material, words, plan), plan, WordPlan())
    vectors, weights = finished(table, words, said)
    write_words(path, words, vectors, weights, table.grams.detach().numpy(), temperature=DEFAULT_TEMPERATURE)
    return len(words.words)


def recall_of_rounding(learner: Learner, material: Material) -> float:
    """Share of the ten nearest clips that are the same with weights of 16 bits."""
    chosen = material.trained_on[:: max(1, len(material.trained_on) // 1000)]
    full = embedded(learner.ear, material.heard, material.acoustic, chosen)
    small = embedded(plain_copy(learner.ear), material.heard, material.acoustic, chosen)
    near = [np.argsort(-(one @ one.T) + 9.0 * np.eye(len(one)), axis=1)[:, :10] for one in (full, small)]
    return float(np.mean([len(set(a) & set(b)) / 10 for a, b in zip(*near, strict=True)]))


def write_sources(path: Path, clips: list[Clip]) -> None:
    """Write one row a source: its commit, number of clips, licences and authors."""
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
