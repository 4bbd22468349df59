"""Training data: a folder of clips, their labels and words, and their spectrograms and descriptors. No torch here."""

import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from fit_acoustic import N_DIMS, fitted

from bowerbird.audio.decode import read_clip
from bowerbird.base.files import open_atomic
from bowerbird.encoders.acoustic.constants import FRONT_END_VERSION as ACOUSTIC_VERSION
from bowerbird.encoders.acoustic.constants import Constants
from bowerbird.encoders.acoustic.descriptors import FITTED, PLAIN, describe
from bowerbird.encoders.acoustic.encoder import WINDOW_S, AcousticEncoder
from bowerbird.encoders.acoustic.spectrum import RATE_HZ
from bowerbird.encoders.ear.encoder import FRONT_END_VERSION, MEL, decibels
from bowerbird.encoders.ear.word_forms import words_of

SHARED: Final = "shared_source"
"""Origin of clips from collections that the evaluation uses too."""

Floats = npt.NDArray[np.float32]
Index = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Clip:
    """One row of the labels file."""

    path: str
    label: str
    words: tuple[str, ...]
    source: str
    commit: str
    licence: str
    attribution: str
    origin: str
    group: str


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """Spectrograms and descriptors of every clip, computed once.

    Attributes
    ----------
    mel_db : ndarray, shape (n_steps, 64), float16
        All clips concatenated, as `bowerbird.encoders.ear.encoder.decibels` gives them.
    starts : ndarray, shape (n_clips + 1,), int64
        Clip i has steps ``starts[i]`` to ``starts[i + 1]``.
    blocks : dict of str to ndarray, each shape (n_clips, n_values), float32
        Raw acoustic descriptors, before any fitted constant.
    """

    mel_db: npt.NDArray[np.float16]
    starts: Index
    blocks: dict[str, Floats]


def read_clips(folder: Path) -> list[Clip]:
    """Read ``labels.csv``: path, label, words, source, source_commit, licence, attribution, origin, group."""
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        return [
            Clip(
                path=row["path"],
                label=row["label"],
                words=tuple(dict.fromkeys(clip_words(row["words"]) + clip_words(row["label"]))),
                source=row["source"],
                commit=row["source_commit"],
                licence=row["licence"],
                attribution=row["attribution"],
                origin=row["origin"],
                group=row["group"],
            )
            for row in csv.DictReader(file)
        ]


def clip_words(text: str) -> tuple[str, ...]:
    """Return the words of a text that are learned: as the program splits it, without numbers and single letters."""
    return tuple(word for word in words_of(text) if len(word) > 1 and not word.isdecimal())


def analysed_clips(folder: Path, clips: list[Clip], *, cache: Path) -> Features:
    """Analyse clips, or read the cache if it was made from the same files and front ends."""
    stamps = "\n".join(_stamp(folder, clip.path) for clip in clips)
    facts = f"{FRONT_END_VERSION} {ACOUSTIC_VERSION} {MEL!r} {folder.resolve()} {stamps}"
    path = cache / f"features-{hashlib.blake2b(facts.encode(), digest_size=6).hexdigest()}.npz"
    blocks = (*FITTED, *PLAIN)
    if path.is_file():
        with np.load(path) as stored:
            return Features(stored["mel_db"], stored["starts"], {name: stored[f"block_{name}"] for name in blocks})
    spectrograms: list[npt.NDArray[np.float16]] = []
    described: dict[str, list[Floats]] = {name: [] for name in blocks}
    for number, clip in enumerate(clips, start=1):
        samples = read_clip(folder / clip.path, rate_hz=RATE_HZ, end_s=WINDOW_S).samples
        spectrograms.append(decibels(samples).astype(np.float16))
        for name, values in describe(samples).items():
            described[name].append(values)
        if number % 1000 == 0:
            print(f"{number} of {len(clips)} clips analysed", flush=True)
    starts = np.concatenate([[0], np.cumsum([len(spectrogram) for spectrogram in spectrograms])]).astype(np.int64)
    features = Features(
        np.concatenate(spectrograms), starts, {name: np.stack(rows) for name, rows in described.items()}
    )
    cache.mkdir(parents=True, exist_ok=True)
    stored = {f"block_{name}": rows for name, rows in features.blocks.items()}
    with open_atomic(path) as file:
        np.savez(file, mel_db=features.mel_db, starts=starts, **stored)
    return features


def _stamp(folder: Path, name: str) -> str:
    """Return a clip's name with the size and time of its file."""
    found = (folder / name).stat()
    return f"{name} {found.st_size} {found.st_mtime_ns}"


def acoustic_vectors(features: Features, constants: Constants) -> Floats:
    """Return the acoustic encoder's vectors of all clips, shape (n_clips, n_dims)."""
    parts = []
    for name in AcousticEncoder(constants).blocks:
        values = features.blocks[name]
        if name in FITTED:
            values = constants.projections[name].apply(values)
        norms = np.linalg.norm(values, axis=1, keepdims=True)
        first = np.eye(1, values.shape[1], dtype=np.float32)
        units = np.where(norms > 1e-6, values / np.maximum(norms, 1e-6), first)
        parts.append(np.float32(np.sqrt(constants.weights[name])) * units)
    vectors = np.concatenate(parts, axis=1)
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def held_out(clips: list[Clip], *, seed: int, share: float) -> npt.NDArray[np.bool_]:
    """Choose clips for validation: whole sources, so that a source's own character does not help to find its clips.

    The largest source is too large to hold out; whole groups of it are chosen instead. Labels that occur only in
    validation are kept there: they alone measure how well unknown kinds are found.

    Returns
    -------
    ndarray, shape (n_clips,), bool
        True for about `share` of the clips.
    """
    rng = np.random.default_rng(seed)
    counts: dict[str, int] = {}
    for clip in clips:
        counts[clip.source] = counts.get(clip.source, 0) + 1
    largest = max(counts, key=lambda source: counts[source])
    others = sorted(source for source in counts if source != largest)
    wanted = share * (len(clips) - counts[largest])
    chosen: set[str] = set()
    taken = 0
    for source in rng.permutation(others):
        if taken + counts[source] <= wanted * 1.05:
            chosen.add(str(source))
            taken += counts[source]
    groups = sorted({clip.group for clip in clips if clip.source == largest})
    chosen_groups = {str(group) for group in rng.permutation(groups)[: round(share * len(groups))]}
    return np.array([clip.source in chosen or clip.group in chosen_groups for clip in clips])


def drawing_weights(clips: list[Clip]) -> npt.NDArray[np.float64]:
    """Return the sampling weight of each clip, which falls with the square root of its group's and label's size.

    The weights sum to 1.
    """
    labels: dict[str, int] = {}
    groups: dict[str, int] = {}
    for clip in clips:
        labels[clip.label] = labels.get(clip.label, 0) + 1
        groups[clip.group] = groups.get(clip.group, 0) + 1
    weights = np.array([1.0 / np.sqrt(labels[clip.label] * groups[clip.group]) for clip in clips])
    return weights / weights.sum()


def fitted_constants(
    clips: list[Clip], features: Features, is_used: npt.NDArray[np.bool_], *, like: Constants
) -> Constants:
    """Fit the acoustic constants on some of the clips, the way the shipped constants are fitted."""
    used = np.flatnonzero(is_used & np.array([clip.origin != SHARED for clip in clips]))
    labels = np.array([clips[i].label for i in used])
    groups = np.array([clips[i].group for i in used])
    projections = {
        name: fitted(features.blocks[name][used].astype(np.float64), labels, groups, n_dims=N_DIMS[name])
        for name in FITTED
    }
    return Constants(projections=projections, weights=like.weights)
