"""Train the ear: one network for sounds and a table of words, in the same space.

    python train.py FOLDER OUT [--epochs N]

FOLDER holds ``labels.csv`` and the clips that it names. OUT gets ``checkpoint.pt`` after every epoch: started again,
the training goes on from there and ends with the very same weights. Every random number follows from the seed, the
number of the epoch and that of the process.
"""

import argparse
import copy
import csv
import sys
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from data import Index, drawing_weights
from determinism import be_deterministic
from learner import Learner, step_losses
from network import n_parameters
from plan import CROPS, Material, Plan, changed, read_material
from scoring import scores_of
from torch import distributed, nn
from torch.multiprocessing import spawn

CROPS_A_STEP = 33
"""About how many crops a process takes at once."""


def main() -> int:
    """Train, and say how it goes."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--cache", type=Path, help="folder for what clips sound like; by default in OUT")
    parser.add_argument("--epochs", type=int, default=Plan().n_epochs)
    parser.add_argument("--seed", type=int, default=Plan().seed)
    parser.add_argument("--processes", type=int, default=Plan().n_processes, help="another number gives other weights")
    parser.add_argument("--validation", type=float, default=0.0, help="share of clips to hold out, by whole sources")
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", help="other values of the plan")
    args = parser.parse_args()
    plan = replace(
        Plan(),
        seed=args.seed,
        n_epochs=args.epochs,
        n_processes=args.processes,
        validation_share=args.validation,
    )
    for one in args.set:
        plan = changed(plan, *one.split("=", 1))
    train(args.folder, plan, args.out, cache=args.cache or args.out / "cache")
    return 0


def train(folder: Path, plan: Plan, out: Path, *, cache: Path) -> None:
    """Train to the plan's last epoch, from the checkpoint where there is one.

    Several processes share the work: each takes batches of its own and they agree on every step, so that none waits
    for another within a layer. Beside other work that is much faster than threads.
    """
    out.mkdir(parents=True, exist_ok=True)
    read_material(folder, plan, cache=cache)  # fills the cache before anybody needs it
    if plan.n_processes == 1:
        _train(0, folder, plan, out, cache)
        return
    (out / "meeting").unlink(missing_ok=True)
    spawn(_train, args=(folder, plan, out, cache), nprocs=plan.n_processes)


@dataclass(slots=True)
class Course:
    """How far a training is.

    Attributes
    ----------
    learner, averaged : Learner
        As it is, and its running mean, which is what ships.
    optimiser : Optimizer
    n_epochs_done : int
    history : list of dict of str to float
        One row an epoch.
    """

    learner: Learner
    averaged: Learner
    optimiser: torch.optim.Optimizer
    n_epochs_done: int
    history: list[dict[str, float]]


def _train(rank: int, folder: Path, plan: Plan, out: Path, cache: Path) -> None:
    """Train as one of the plan's processes; the first of them writes."""
    torch.set_num_threads(1)
    be_deterministic()
    if plan.n_processes > 1:
        meeting = f"file://{(out / 'meeting').resolve()}"
        distributed.init_process_group("gloo", init_method=meeting, rank=rank, world_size=plan.n_processes)
    material = read_material(folder, plan, cache=cache)
    course = begun(material, plan, out / "checkpoint.pt")
    n_steps = len(material.trained_on) // (CROPS_A_STEP * plan.n_processes)
    if rank == 0:
        n = n_parameters(course.learner.ear)
        print(f"{n} parameters, {len(material.trained_on)} clips, {n_steps} steps an epoch", flush=True)
    began = time.monotonic()
    while course.n_epochs_done < plan.n_epochs:
        row = _epoch(course, material, plan, rank=rank, n_steps=n_steps)
        course.n_epochs_done += 1
        if rank:
            continue
        row = {"epoch": float(course.n_epochs_done), "seconds": time.monotonic() - began} | row
        is_last = course.n_epochs_done == plan.n_epochs
        if plan.validation_share and (is_last or course.n_epochs_done % max(5, plan.n_epochs // 6) == 0):
            row |= scores_of(course.averaged.ear, course.averaged.table, material, material.is_held)
        course.history.append(row)
        print("  ".join(f"{name} {value:.3f}" for name, value in row.items()), flush=True)
        write_checkpoint(out / "checkpoint.pt", state_of(course, material, plan))
    if rank == 0:
        write_curve(out / "curve.csv", course.history)
    if plan.n_processes > 1:
        distributed.barrier()
        distributed.destroy_process_group()


def begun(material: Material, plan: Plan, checkpoint: Path) -> Course:
    """Begin, or take up what the checkpoint holds.

    Raises
    ------
    SystemExit
        When the checkpoint is of another plan or of other clips.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(plan.seed)
    learner = Learner(plan, material.words, n_descriptors=material.descriptors.shape[1]).to(device)
    learner = learner.to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(_decayed(learner, plan), lr=plan.rate, betas=(0.9, 0.98))
    course = Course(learner, copy.deepcopy(learner), optimiser, 0, [])
    if not checkpoint.is_file():
        return course
    state = torch.load(checkpoint, map_location=device, weights_only=True)
    if state["plan"] != repr(plan) or state["words"] != list(material.words.words):
        raise SystemExit(f"`{checkpoint}` is of another plan or of other clips. Give another folder, or delete it.")
    course.learner.load_state_dict(state["learner"])
    course.averaged.load_state_dict(state["averaged"])
    course.optimiser.load_state_dict(state["optimiser"])
    course.n_epochs_done, course.history = state["epoch"], state["history"]
    return course


def _epoch(course: Course, material: Material, plan: Plan, *, rank: int, n_steps: int) -> dict[str, float]:
    """Train for an epoch; give the mean of every loss."""
    epoch = course.n_epochs_done
    sizes = np.random.default_rng([plan.seed, epoch]).choice(len(CROPS), n_steps, p=[one[1] for one in CROPS])
    rng = np.random.default_rng([plan.seed, epoch, rank])
    torch.manual_seed(plan.seed * 1_000_003 + epoch * 64 + rank)
    drawn = epoch_order(material, n_steps * max(one[2] for one in CROPS), rng)
    sums: dict[str, float] = {}
    course.learner.train()
    place = 0
    for step, size in enumerate(sizes, start=epoch * n_steps):
        n_crop_steps, _, n = CROPS[size]
        for group in course.optimiser.param_groups:
            group["lr"] = plan.rate * _pace(step / (n_steps * plan.n_epochs))
        chosen = drawn[place : place + n]
        place += n
        parts = step_losses(course.learner, material, chosen, plan=plan, n_steps=n_crop_steps, rng=rng)
        course.optimiser.zero_grad(set_to_none=True)
        torch.stack(list(parts.values())).sum().backward()
        _agree(course.learner, plan)
        nn.utils.clip_grad_norm_(course.learner.parameters(), 5.0)
        course.optimiser.step()
        _average(course.averaged, course.learner, kept=min(plan.average, 1.0 - 1.0 / (1 + step)))
        for name, value in parts.items():
            sums[name] = sums.get(name, 0.0) + float(value.detach()) / n_steps
    return sums


def epoch_order(material: Material, n: int, rng: np.random.Generator) -> Index:
    """Draw the clips of an epoch."""
    chosen = material.trained_on
    weights = drawing_weights([material.clips[i] for i in chosen])
    return rng.choice(chosen, size=n, p=weights)


def state_of(course: Course, material: Material, plan: Plan) -> dict[str, Any]:
    """Everything that a training needs to go on, and that finishing it needs to know."""
    return {
        "plan": repr(plan),
        "settings": asdict(plan),
        "words": list(material.words.words),
        "epoch": course.n_epochs_done,
        "history": course.history,
        "learner": course.learner.state_dict(),
        "averaged": course.averaged.state_dict(),
        "optimiser": course.optimiser.state_dict(),
    }


def write_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write all of a checkpoint, or none of it."""
    torch.save(state, path.with_suffix(".part"))
    path.with_suffix(".part").replace(path)


@torch.no_grad()
def _agree(learner: Learner, plan: Plan) -> None:
    """Make gradients and running statistics the mean of all processes'."""
    if plan.n_processes == 1:
        return
    shared = [one.grad for one in learner.parameters() if one.grad is not None]
    shared += [one for one in learner.buffers() if one.dtype.is_floating_point]
    flat = torch.cat([one.reshape(-1) for one in shared])
    distributed.all_reduce(flat)
    flat /= plan.n_processes
    place = 0
    for one in shared:
        one.copy_(flat[place : place + one.numel()].view_as(one))
        place += one.numel()


def _decayed(learner: Learner, plan: Plan) -> list[dict[str, Any]]:
    """Weights decay; biases, norms and words' own weights do not."""
    decayed = [one for name, one in learner.named_parameters() if one.ndim > 1 and not name.startswith("table")]
    others = [one for name, one in learner.named_parameters() if one.ndim <= 1 or name.startswith("table")]
    return [{"params": decayed, "weight_decay": plan.decay}, {"params": others, "weight_decay": 0.0}]


def _pace(part: float) -> float:
    """Learning rate by progress: up over the first twentieth, then down along a cosine."""
    if part < 0.05:
        return 0.04 + 0.96 * part / 0.05
    return 0.001 + 0.999 * 0.5 * (1.0 + float(np.cos(np.pi * (part - 0.05) / 0.95)))


@torch.no_grad()
def _average(averaged: nn.Module, learner: nn.Module, *, kept: float) -> None:
    """Move the running mean of all weights a little."""
    for mean, now in zip(averaged.state_dict().values(), learner.state_dict().values(), strict=True):
        if mean.dtype.is_floating_point:
            mean.lerp_(now, 1.0 - kept)
        else:
            mean.copy_(now)


def write_curve(path: Path, history: list[dict[str, float]]) -> None:
    """Write one row an epoch."""
    names = list(dict.fromkeys(name for row in history for name in row))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: f"{value:.4f}" for name, value in row.items()} for row in history)


if __name__ == "__main__":
    sys.exit(main())
