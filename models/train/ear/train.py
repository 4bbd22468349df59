"""Train the ear: a network for sounds and a table of words, in the same space.

    python -m ear.train FOLDER OUT [--epochs N]

FOLDER holds ``labels.csv`` and the clips that it lists. ``OUT/checkpoint.pt`` is written after every epoch; an
interrupted training resumes from it and ends with the same weights. Every random number follows from the seed, the
epoch and the number of the process.
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
from torch import distributed, nn
from torch.multiprocessing import spawn

from bowerbird.base.files import open_atomic
from ear.config import CROPS, Config, Dataset, changed, read_dataset
from ear.data import Index, drawing_weights
from ear.determinism import be_deterministic
from ear.learner import Learner, step_losses
from ear.network import n_parameters
from ear.scoring import scores_of

CROPS_PER_STEP = 33
"""Approximate number of crops of a process in a step."""


def main() -> int:
    """Train, and print progress."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--cache", type=Path, help="folder for analysed clips; default: OUT/cache")
    parser.add_argument("--epochs", type=int, default=Config().n_epochs)
    parser.add_argument("--seed", type=int, default=Config().seed)
    parser.add_argument("--processes", type=int, default=Config().n_processes, help="changes the resulting weights")
    parser.add_argument("--validation", type=float, default=0.0, help="share of clips to hold out, whole sources")
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", help="settings to change")
    args = parser.parse_args()
    config = replace(
        Config(),
        seed=args.seed,
        n_epochs=args.epochs,
        n_processes=args.processes,
        validation_share=args.validation,
    )
    for setting in args.set:
        config = changed(config, *setting.split("=", 1))
    train(args.folder, config, args.out, cache=args.cache or args.out / "cache")
    return 0


def train(folder: Path, config: Config, out: Path, *, cache: Path) -> None:
    """Train to the last epoch, from the checkpoint if there is one.

    Several processes share the work: each has its own batches, and they average every step. On a machine with other
    work this is much faster than threads, which wait for each other within each layer.
    """
    out.mkdir(parents=True, exist_ok=True)
    read_dataset(folder, config, cache=cache)  # fills the cache before the processes need it
    if config.n_processes == 1:
        _train(0, folder, config, out, cache)
        return
    (out / "meeting").unlink(missing_ok=True)
    spawn(_train, args=(folder, config, out, cache), nprocs=config.n_processes)


@dataclass(slots=True)
class TrainingState:
    """The state of a training.

    Attributes
    ----------
    learner, averaged : Learner
        The current weights, and their running mean, which ships.
    optimiser : Optimizer
    n_epochs_done : int
    history : list of dict of str to float
        A row for each epoch.
    """

    learner: Learner
    averaged: Learner
    optimiser: torch.optim.Optimizer
    n_epochs_done: int
    history: list[dict[str, float]]


def _train(rank: int, folder: Path, config: Config, out: Path, cache: Path) -> None:
    """Train as one of the processes; the first of them writes."""
    torch.set_num_threads(1)
    be_deterministic()
    if config.n_processes > 1:
        meeting = f"file://{(out / 'meeting').resolve()}"
        distributed.init_process_group("gloo", init_method=meeting, rank=rank, world_size=config.n_processes)
    dataset = read_dataset(folder, config, cache=cache)
    training = restored_state(dataset, config, out / "checkpoint.pt")
    n_steps = len(dataset.trained_on) // (CROPS_PER_STEP * config.n_processes)
    if rank == 0:
        n = n_parameters(training.learner.ear)
        print(f"{n} parameters, {len(dataset.trained_on)} clips, {n_steps} steps an epoch", flush=True)
    began = time.monotonic()
    while training.n_epochs_done < config.n_epochs:
        row = _epoch(training, dataset, config, rank=rank, n_steps=n_steps)
        training.n_epochs_done += 1
        if rank:
            continue
        row = {"epoch": float(training.n_epochs_done), "seconds": time.monotonic() - began} | row
        is_last = training.n_epochs_done == config.n_epochs
        if config.validation_share and (is_last or training.n_epochs_done % max(5, config.n_epochs // 6) == 0):
            row |= scores_of(training.averaged.ear, training.averaged.table, dataset, dataset.is_held)
        training.history.append(row)
        print("  ".join(f"{name} {value:.3f}" for name, value in row.items()), flush=True)
        write_checkpoint(out / "checkpoint.pt", state_of(training, dataset, config))
    if rank == 0:
        write_curve(out / "curve.csv", training.history)
    if config.n_processes > 1:
        distributed.barrier()
        distributed.destroy_process_group()


def restored_state(dataset: Dataset, config: Config, checkpoint: Path) -> TrainingState:
    """Start, or restore the checkpoint.

    Raises
    ------
    SystemExit
        When the checkpoint has another config or other clips.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(config.seed)
    learner = Learner(config, dataset.words, n_descriptors=dataset.descriptors.shape[1]).to(device)
    learner = learner.to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(_decayed(learner, config), lr=config.rate, betas=(0.9, 0.98))
    training = TrainingState(learner, copy.deepcopy(learner), optimiser, 0, [])
    if not checkpoint.is_file():
        return training
    state = torch.load(checkpoint, map_location=device, weights_only=True)
    if state["settings"] != asdict(config) or state["words"] != list(dataset.words.words):
        raise SystemExit(f"`{checkpoint}` has another config or other clips. Choose another folder, or delete it.")
    training.learner.load_state_dict(state["learner"])
    training.averaged.load_state_dict(state["averaged"])
    training.optimiser.load_state_dict(state["optimiser"])
    training.n_epochs_done, training.history = state["epoch"], state["history"]
    return training


def _epoch(training: TrainingState, dataset: Dataset, config: Config, *, rank: int, n_steps: int) -> dict[str, float]:
    """Train for an epoch; return the mean of each loss."""
    epoch = training.n_epochs_done
    sizes = np.random.default_rng([config.seed, epoch]).choice(len(CROPS), n_steps, p=[share for _, share, _ in CROPS])
    rng = np.random.default_rng([config.seed, epoch, rank])
    torch.manual_seed(config.seed * 1_000_003 + epoch * 64 + rank)
    drawn = epoch_order(dataset, n_steps * max(n for _, _, n in CROPS), rng)
    sums: dict[str, float] = {}
    training.learner.train()
    start = 0
    for step, size in enumerate(sizes, start=epoch * n_steps):
        n_crop_steps, _, n = CROPS[size]
        for group in training.optimiser.param_groups:
            group["lr"] = config.rate * _schedule(step / (n_steps * config.n_epochs))
        chosen = drawn[start : start + n]
        start += n
        parts = step_losses(training.learner, dataset, chosen, config=config, n_steps=n_crop_steps, rng=rng)
        training.optimiser.zero_grad(set_to_none=True)
        torch.stack(list(parts.values())).sum().backward()
        _agree(training.learner, config)
        nn.utils.clip_grad_norm_(training.learner.parameters(), 5.0)
        training.optimiser.step()
        _average(training.averaged, training.learner, kept=min(config.average, 1.0 - 1.0 / (1 + step)))
        for name, value in parts.items():
            sums[name] = sums.get(name, 0.0) + float(value.detach()) / n_steps
    return sums


def epoch_order(dataset: Dataset, n: int, rng: np.random.Generator) -> Index:
    """Sample the clips of an epoch."""
    chosen = dataset.trained_on
    weights = drawing_weights([dataset.clips[i] for i in chosen])
    return rng.choice(chosen, size=n, p=weights)


def state_of(training: TrainingState, dataset: Dataset, config: Config) -> dict[str, Any]:
    """Return everything that resuming and finishing a training need."""
    return {
        "settings": asdict(config),
        "words": list(dataset.words.words),
        "epoch": training.n_epochs_done,
        "history": training.history,
        "learner": training.learner.state_dict(),
        "averaged": training.averaged.state_dict(),
        "optimiser": training.optimiser.state_dict(),
    }


def write_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write a checkpoint whole or not at all."""
    with open_atomic(path) as file:
        torch.save(state, file)


@torch.no_grad()
def _agree(learner: Learner, config: Config) -> None:
    """Average gradients and running statistics over all processes."""
    if config.n_processes == 1:
        return
    shared = [weights.grad for weights in learner.parameters() if weights.grad is not None]
    shared += [buffer for buffer in learner.buffers() if buffer.dtype.is_floating_point]
    flat = torch.cat([values.reshape(-1) for values in shared])
    distributed.all_reduce(flat)
    flat /= config.n_processes
    start = 0
    for values in shared:
        values.copy_(flat[start : start + values.numel()].view_as(values))
        start += values.numel()


def _decayed(learner: Learner, config: Config) -> list[dict[str, Any]]:
    """Group the parameters: weights decay; biases, norms and the table of words do not."""
    named = list(learner.named_parameters())
    decayed = [weights for name, weights in named if weights.ndim > 1 and not name.startswith("table")]
    others = [weights for name, weights in named if weights.ndim <= 1 or name.startswith("table")]
    return [{"params": decayed, "weight_decay": config.decay}, {"params": others, "weight_decay": 0.0}]


def _schedule(part: float) -> float:
    """Return the learning rate at a part of the training: linear warm-up over a twentieth, then a cosine."""
    if part < 0.05:
        return 0.04 + 0.96 * part / 0.05
    return 0.001 + 0.999 * 0.5 * (1.0 + float(np.cos(np.pi * (part - 0.05) / 0.95)))


@torch.no_grad()
def _average(averaged: nn.Module, learner: nn.Module, *, kept: float) -> None:
    """Update the running mean of all weights."""
    for mean, now in zip(averaged.state_dict().values(), learner.state_dict().values(), strict=True):
        if mean.dtype.is_floating_point:
            mean.lerp_(now, 1.0 - kept)
        else:
            mean.copy_(now)


def write_curve(path: Path, history: list[dict[str, float]]) -> None:
    """Write a row for each epoch."""
    names = list(dict.fromkeys(name for row in history for name in row))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: f"{value:.4f}" for name, value in row.items()} for row in history)


if __name__ == "__main__":
    sys.exit(main())
