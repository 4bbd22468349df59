"""Fit how likely results are right, from scores on labelled clips that the ear was not trained on.

    PYTHONPATH=app python models/train/fit_calibration.py FOLDER [--library DIR]

FOLDER holds a ``labels.csv`` (columns path, label, words, source_path, group) and the clips that it names. They are
indexed into DIR, by default a temporary folder. A result is right if it has the query's label or shares a describing
word with it, since labels of one set are often synonyms. Only queries with at least 15 right sounds of other groups are
used, so that the first page of 15 results could be right. Writes ``models/NAME.calibration.toml`` for the ear and the
acoustic encoder.

Labels and words come from names, so that even identical sounds agree only up to a ceiling. It is fitted with the curve
and left out of it: a probability is about the sounds, not about their labels.
"""

import argparse
import csv
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from bowerbird.domain.name_words import describing_words
from bowerbird.domain.sounds import Vectors
from bowerbird.encoders.acoustic.encoder import AcousticEncoder
from bowerbird.encoders.calibration import CALIBRATION_ENDING, calibration_text
from bowerbird.encoders.ear.encoder import EarEncoder
from bowerbird.encoders.ear.word_forms import forms
from bowerbird.encoders.protocol import Encoder, WordComparer
from bowerbird.jobs.control import Control
from bowerbird.library.indexing.index import index_folders
from bowerbird.library.library import Library
from bowerbird.library.search.learned_words import LearnedWords, NamedVectors, fit_words, vocabulary
from bowerbird.library.search.meanings import share_understood, text_direction
from bowerbird.ranking.calibration import Calibration, Curve, QueryKind, calibration_error, margins

MODELS = Path(__file__).parents[1]

PAGE: Final = 15
"""Results of a query, and the fewest right sounds that it needs."""

N_BASELINE: Final = 4_000
SEED: Final = 6
N_SPLITS: Final = 2
"""Times that the names of another random half are hidden."""

PENALTY: Final = 1e-3

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Clips:
    """Labelled clips.

    Attributes
    ----------
    vectors : ndarray, shape (n, n_dims), float32
        Unit length.
    labels, groups : ndarray, shape (n,), str
    words : tuple of set of str
        Describing words of each clip's label and words.
    names : tuple of set of str
        Describing words of the name and folders that the clip once had.
    """

    vectors: Vectors
    labels: npt.NDArray[np.str_]
    groups: npt.NDArray[np.str_]
    words: tuple[set[str], ...]
    names: tuple[set[str], ...]

    def right_for(self, text: str) -> Flags:
        """Return which clips have a label or words that say what a text says."""
        asked = [set(forms(word)) for word in describing_words(text)]
        found = [bool(asked) and all(each & own for each in asked) for own in self.words]
        return np.array(found) | (self.labels == text)


@dataclass(frozen=True, slots=True, eq=False)
class Results:
    """The first results of many queries.

    Attributes
    ----------
    scores, margins : ndarray, shape (n,), float64
    is_trained, is_right : ndarray, shape (n,), bool
    """

    scores: npt.NDArray[np.float64]
    margins: npt.NDArray[np.float64]
    is_trained: Flags
    is_right: Flags


def main() -> int:
    """Index, fit, write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--library", type=Path, help="a library in which FOLDER was indexed")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        library = Library.open(args.library or Path(scratch))
        ear = EarEncoder()
        if args.library is None:
            library.create()
            index_folders(library, [args.folder], encoder=ear, control=Control(), post=lambda _: None)
        with library.read() as reader:
            paths, vectors = reader.all_vectors(ear.id, ear.n_dims)
    rows = labelled_rows(args.folder, paths)
    acoustic = AcousticEncoder()
    learned_part = ear.blocks["meaning"].stop
    for encoder, own in ((ear, vectors), (acoustic, vectors[:, learned_part:])):
        clips = clips_of(rows, own)
        calibration = Calibration(encoder.id, dict(fitted_curves(encoder, clips)))
        comment = f"Fitted by models/train/fit_calibration.py on {len(clips.vectors):,} clips, PAGE = {PAGE}."
        path = MODELS / f"{encoder.name}{CALIBRATION_ENDING}"
        path.write_text(calibration_text(calibration, comment=comment), "utf-8")
        print(f"Wrote {path}")
    return 0


def labelled_rows(folder: Path, paths: Sequence[Path]) -> list[tuple[int, dict[str, str]]]:
    """Return the rows of labels.csv whose clips were indexed, each with the position of its clip."""
    position_of = {path: position for position, path in enumerate(paths)}
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    found = ((position_of.get(folder.absolute() / row["path"]), row) for row in rows)
    return [(position, row) for position, row in found if position is not None]


def clips_of(rows: Sequence[tuple[int, dict[str, str]]], vectors: Vectors) -> Clips:
    """Return labelled clips with some vectors."""
    own = vectors[[position for position, _ in rows]]
    return Clips(
        own / np.maximum(np.linalg.norm(own, axis=1, keepdims=True), np.float32(1e-9)),
        np.array([row["label"].replace("_", " ") for _, row in rows]),
        np.array([row["group"] for _, row in rows]),
        tuple(describing_words(f"{row['label'].replace('_', ' ')} {row['words']}") for _, row in rows),
        tuple(describing_words(Path(row["source_path"]).with_suffix("").as_posix()) for _, row in rows),
    )


def fitted_curves(encoder: Encoder, clips: Clips) -> Iterator[tuple[QueryKind, Curve]]:
    """Yield a curve for each kind of query, and print how well it fits."""
    yield "sounds", fitted_curve("sounds", by_sounds(clips))
    if encoder.text is not None:
        yield "words", fitted_curve("words", by_words(clips, encoder))
    yield "learned words", fitted_curve("learned words", by_learned_words(clips, encoder))


def by_sounds(clips: Clips) -> Results:
    """Return the first results of each clip as an example; clips of its group are left out."""
    shared = [{form for word in own for form in forms(word)} for own in clips.words]
    baseline = sample(clips.vectors)
    found = []
    for position in range(len(clips.vectors)):
        is_own = clips.groups == clips.groups[position]
        is_alike = np.array([not shared[position].isdisjoint(own) for own in clips.words])
        is_right = (clips.labels == clips.labels[position]) | is_alike
        if np.count_nonzero(is_right & ~is_own) >= PAGE:
            target = clips.vectors[position]
            found.append(first_results(target, clips.vectors, baseline, is_right, among=~is_own, is_trained=False))
    return joined(found)


def by_words(clips: Clips, encoder: Encoder) -> Results:
    """Return the first results of labels and words by their meaning."""
    baseline = sample(clips.vectors)
    everything = np.ones(len(clips.vectors), bool)
    return joined(results_of_texts(clips, encoder, None, baseline, everything))


def by_learned_words(clips: Clips, encoder: Encoder) -> Results:
    """Return the first results of labels and words among clips whose names were not learned from."""
    baseline = sample(clips.vectors)
    found = []
    for split in range(N_SPLITS):
        is_hidden = np.random.default_rng([SEED, split]).permutation(len(clips.vectors)) % 2 == 1
        names = [set() if hidden else own for own, hidden in zip(clips.names, is_hidden, strict=True)]
        shown = [own for own, hidden in zip(clips.names, is_hidden, strict=True) if not hidden]
        learned = fit_words([NamedVectors(clips.vectors, names)], vocabulary(shown), encoder)
        found += list(results_of_texts(clips, encoder, learned, baseline, is_hidden))
    return joined(found)


def results_of_texts(
    clips: Clips, encoder: Encoder, learned: LearnedWords | None, baseline: Vectors, among: Flags
) -> Iterator[Results]:
    """Yield the first results of each text that is wholly understood and that at least a page of clips is right for."""
    for text in texts_of(clips):
        is_right = clips.right_for(text)
        is_understood = share_understood(text, encoder.text, learned) == 1.0
        if np.count_nonzero(is_right & among) < PAGE or not is_understood:
            continue
        target = text_direction(text, encoder.text, learned, baseline)
        if target is None or (learned is not None and learned.direction(text, encoder.text) is None):
            continue
        is_trained = isinstance(encoder.text, WordComparer) and encoder.text.is_trained(text)
        yield first_results(
            target / np.linalg.norm(target), clips.vectors, baseline, is_right, among=among, is_trained=is_trained
        )


def texts_of(clips: Clips) -> list[str]:
    """Return all labels, and the words that describe at least a page of clips."""
    counts = Counter(word for own in clips.words for word in own)
    frequent = {word for word, n in counts.items() if n >= PAGE}
    return sorted(({str(label) for label in clips.labels} - {"other"}) | frequent)


def sample(vectors: Vectors) -> Vectors:
    """Return at most 4,000 vectors, as searches compare scores with."""
    return vectors[np.random.default_rng(SEED).permutation(len(vectors))[:N_BASELINE]]


def first_results(
    target: Vectors, vectors: Vectors, baseline: Vectors, is_right: Flags, *, among: Flags, is_trained: bool
) -> Results:
    """Return the first results of one query."""
    scores = np.where(among, vectors @ target, -np.inf)
    best = np.argsort(-scores, kind="stable")[:PAGE]
    best = best[np.isfinite(scores[best])]
    own = scores[best].astype(np.float64)
    return Results(own, margins(own, baseline @ target), np.full(len(best), is_trained), is_right[best])


def joined(found: Sequence[Results] | Iterator[Results]) -> Results:
    """Return the results of many queries as one."""
    each = list(found)
    return Results(
        np.concatenate([results.scores for results in each]),
        np.concatenate([results.margins for results in each]),
        np.concatenate([results.is_trained for results in each]),
        np.concatenate([results.is_right for results in each]),
    )


def fitted_curve(kind: QueryKind, results: Results) -> Curve:
    """Fit a curve by maximum likelihood, with the ceiling of agreement, and print how well it fits."""
    features = np.stack([results.scores, results.margins, results.is_trained.astype(np.float64)], axis=1)
    means, deviations = features.mean(axis=0), np.maximum(features.std(axis=0), 1e-9)
    given = (features - means) / deviations

    def loss(values: npt.NDArray[np.float64]) -> float:
        agreed = sigmoid(values[-1]) * sigmoid(given @ values[1:-1] + values[0])
        agreed = np.clip(agreed, 1e-12, 1 - 1e-12)
        likelihood = np.where(results.is_right, np.log(agreed), np.log1p(-agreed))
        return float(-likelihood.mean() + PENALTY * np.square(values[1:-1]).sum())

    starts = ([0.0, 0.0, 0.0, 0.0, ceiling] for ceiling in (0.0, 1.0, 2.0, 3.0))
    best = min((minimize(loss, start) for start in starts), key=lambda fit: float(fit.fun)).x
    slopes = np.where(features.std(axis=0) > 1e-6, best[1:-1] / deviations, 0.0)
    curve = Curve(float(best[0] - slopes @ means), *(float(slope) for slope in slopes))
    probabilities = curve_probabilities(curve, results)
    ceiling = float(sigmoid(best[-1]))
    error = calibration_error(ceiling * probabilities, results.is_right)
    print(
        f"{kind}: {len(results.scores):,} results, {results.is_right.mean():.3f} right, ceiling {ceiling:.2f}, ", end=""
    )
    print(f"calibration error below the ceiling {error:.3f}")
    return curve


def curve_probabilities(curve: Curve, results: Results) -> npt.NDArray[np.float64]:
    """Return how likely each result is right."""
    trained = curve.probabilities(results.scores, results.margins, is_trained=True)
    other = curve.probabilities(results.scores, results.margins, is_trained=False)
    return np.where(results.is_trained, trained, other)


def sigmoid(values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return the logistic function."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.asarray(values, np.float64))))


if __name__ == "__main__":
    sys.exit(main())
