"""Evaluate the ear on labelled recordings outside its training set; file names are not used.

    PYTHONPATH=app:models/train python -m ear.measure FOLDER [--card CARD] [--report FILE]

FOLDER holds ``labels.csv`` (path, class, group, set, eval, description) and the recordings. Needs no torch.
"""

import argparse
import csv
import re
import sys
import time
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bowerbird.audio.decode import read_clip
from bowerbird.benchmark.labels import LabelledSet, read_labels
from bowerbird.benchmark.retrieval import evaluate
from bowerbird.encoders.acoustic.encoder import WINDOW_S
from bowerbird.encoders.acoustic.spectrum import RATE_HZ
from bowerbird.encoders.ear.encoder import EarEncoder
from ear.sections import put_section, table

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """Recordings and their vectors.

    Attributes
    ----------
    sounds : LabelledSet
    vectors : ndarray, shape (n, n_dims), float32
        Of whole recordings: the mean of their windows.
    descriptions : tuple of str
        The description of each recording.
    """

    sounds: LabelledSet
    vectors: Floats
    descriptions: tuple[str, ...]


def main() -> int:
    """Encode, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--card", type=Path, help="card of an ear; default: the shipped ear")
    parser.add_argument("--report", type=Path, help="also write the figures into this training report")
    args = parser.parse_args()
    ear = EarEncoder(args.card)
    began = time.monotonic()
    measured = embedded_recordings(args.folder, ear)
    print(f"{ear.id}: {len(measured.vectors)} recordings encoded in {time.monotonic() - began:.0f} s")
    figures = {**found_by_sound(measured, ear), **found_by_words(measured, ear), **found_by_queries(measured, ear)}
    for name, value in figures.items():
        print(f"{name:44} {value:.3f}")
    if args.report:
        lines = table(
            ["measured on recordings outside the training set", ""],
            [[name, f"{value:.3f}"] for name, value in figures.items()],
        )
        put_section(args.report, "Figures", lines)
    return 0


def embedded_recordings(folder: Path, ear: EarEncoder) -> Measured:
    """Embed every recording window by window."""
    labelled = read_labels(folder / "labels.csv")
    labelled = labelled.only(labelled.positions())
    vectors = []
    for sound in labelled.sounds:
        mean = ear.encode(windows_of(folder / sound.path)).mean(axis=0)
        vectors.append(mean / np.linalg.norm(mean))
    return Measured(labelled, np.stack(vectors).astype(np.float32), descriptions(folder, labelled))


def windows_of(path: Path) -> list[Floats]:
    """Cut a recording into windows as the program does: the last window is kept if it lasts 1 s or more."""
    hop = round(WINDOW_S * RATE_HZ)
    samples = read_clip(path, rate_hz=RATE_HZ).samples
    windows = [samples[start : start + hop] for start in range(0, max(1, len(samples)), hop)]
    return windows[:-1] if len(windows) > 1 and len(windows[-1]) < RATE_HZ else windows


def descriptions(folder: Path, labelled: LabelledSet) -> tuple[str, ...]:
    """Return the description of each recording; its class if it has none."""
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        written = {row["path"]: row.get("description", "") for row in csv.DictReader(file)}
    return tuple(written.get(sound.path) or sound.labels[0].replace("_", " ") for sound in labelled.sounds)


def found_by_sound(measured: Measured, ear: EarEncoder) -> dict[str, float]:
    """Return macro MAP@15 with sounds as queries: acoustic, ear and fused, over all sets and for each set."""
    n = ear.blocks["meaning"].stop
    parts = {"acoustic": measured.vectors[:, n:], "ear": measured.vectors[:, :n], "fused": measured.vectors}
    found = {}
    for name, vectors in parts.items():
        overall = evaluate(vectors, measured.sounds.labels, measured.sounds.groups).macro
        found[f"sound to sound, {name}, MAP@15"] = overall.map_15
        found[f"sound to sound, {name}, MR1"] = overall.mr1
    for origin in sorted({sound.origin for sound in measured.sounds.sounds}):
        own = measured.sounds.positions(origins=[origin])
        labelled = measured.sounds.only(own)
        if not is_scorable(labelled):
            continue
        for name, vectors in parts.items():
            value = evaluate(vectors[own], labelled.labels, labelled.groups).macro.map_15
            found[f"  {origin} ({len(own)}), {name}, MAP@15"] = value
    return found


def is_scorable(labelled: LabelledSet) -> bool:
    """Return whether at least three classes have sounds in two groups."""
    groups: dict[str, set[str]] = {}
    for own, group in zip(labelled.labels, labelled.groups, strict=True):
        groups.setdefault(own[0], set()).add(group)
    return sum(len(own) > 1 for own in groups.values()) >= 3


def found_by_words(measured: Measured, ear: EarEncoder) -> dict[str, float]:
    """Return figures of words as queries, results and suggestions (Elizalde, Zarar and Raj, ICASSP 2019, table 2)."""
    text = ear.text
    if text is None:
        return {}
    names = sorted({label for own in measured.sounds.labels for label in own})
    truth = np.array([own[0] for own in measured.sounds.labels])
    groups = np.array(measured.sounds.groups)
    asked = text.encode([name.replace("_", " ") for name in names])
    written = text.encode(list(measured.descriptions))
    sounds = measured.vectors
    found = {
        "text query, sounds found, mAP over classes": found_by_class(asked @ sounds.T, names, truth),
        "text query, texts found, mAP over classes": found_by_class(asked @ written.T, names, truth),
        "sound query, texts found, mAP over classes": by_query(sounds @ written.T, truth, groups),
        "sound query, sounds found, mAP over classes": by_query(sounds @ sounds.T, truth, groups),
    }
    trained = trained_labels()
    for kind, keep in (("words of training labels", True), ("no training label", False)):
        kept = [name for name in names if (name in trained) == keep]
        if not kept:
            continue
        scores = asked[[names.index(name) for name in kept]] @ sounds.T
        found[f"  {len(kept)} classes, {kind}, text to sound"] = found_by_class(scores, kept, truth)
    for origin in sorted({sound.origin for sound in measured.sounds.sounds}):
        own = measured.sounds.positions(origins=[origin])
        here = [name for name in names if name in set(truth[own])]
        if len(here) > 1:
            scores = asked[[names.index(name) for name in here]] @ sounds[own].T
            found[f"  {origin} ({len(own)}, {len(here)} classes), text to sound"] = found_by_class(
                scores, here, truth[own]
            )
    suggested = suggestions(sounds @ asked.T, 3)
    own = np.array([names.index(label) for label in truth])
    hits = suggested == own[:, None]
    found["sound to class name, first of 3 right"] = over_classes(lambda rows: hits[rows, 0].mean(), truth, names)
    found["sound to class name, one of 3 right"] = over_classes(
        lambda rows: hits[rows].any(axis=1).mean(), truth, names
    )
    return found


def found_by_queries(measured: Measured, ear: EarEncoder) -> dict[str, float]:
    """Return figures of queries without any label or training word (`queries.toml`)."""
    text = ear.text
    if text is None:
        return {}
    queries = tomllib.loads((Path(__file__).parent / "queries.toml").read_text(encoding="utf-8"))["query"]
    truth = np.array([own[0] for own in measured.sounds.labels])
    scores = text.encode([query["text"] for query in queries]) @ measured.vectors.T
    values = [precision(row, np.isin(truth, query["classes"])) for row, query in zip(scores, queries, strict=True)]
    chance = [float(np.isin(truth, query["classes"]).mean()) for query in queries]
    return {
        f"{len(queries)} queries in other words, text to sound, mAP": float(np.mean(values)),
        "  of them better than twice chance": float(np.mean(np.array(values) > 2.0 * np.array(chance))),
    }


def trained_labels() -> set[str]:
    """Return the labels that the shipped ear was trained on, from its report."""
    path = Path(__file__).parents[2] / "ear-report.md"
    if not path.is_file():
        return set()
    listed = re.search(r"^Labels: (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return set(listed.group(1).split(", ")) if listed else set()


def found_by_class(scores: Floats, names: list[str], truth: Any) -> float:
    """Return the mean over classes of the average precision of each name's whole ranking."""
    return float(np.mean([precision(scores[row], truth == name) for row, name in enumerate(names)]))


def by_query(scores: Floats, truth: Any, groups: Any) -> float:
    """Return the mean over classes of their sounds' mean average precision; the own group of a sound is left out."""
    values: dict[str, list[float]] = {}
    for row, label in enumerate(truth):
        others = groups != groups[row]
        relevant = truth[others] == label
        if relevant.any():
            values.setdefault(label, []).append(precision(scores[row][others], relevant))
    return float(np.mean([np.mean(own) for own in values.values()]))


def over_classes(value: Callable[[Any], Any], truth: Any, names: list[str]) -> float:
    """Return the mean over classes of a value of their sounds."""
    return float(np.mean([value(np.flatnonzero(truth == name)) for name in names]))


def precision(scores: Floats, is_relevant: Any) -> float:
    """Return the average precision over the whole ranking."""
    ranks = np.flatnonzero(is_relevant[np.argsort(-scores, kind="stable")]) + 1
    return float(np.mean(np.arange(1, len(ranks) + 1) / ranks)) if len(ranks) else 0.0


def suggestions(scores: Floats, n: int) -> Any:
    """Return the columns of the `n` highest scores of each row."""
    return np.argsort(-scores, axis=1, kind="stable")[:, :n]


if __name__ == "__main__":
    sys.exit(main())
