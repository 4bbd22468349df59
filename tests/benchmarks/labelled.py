"""Labelled sounds of an indexed library, for scripts that measure."""

import argparse
import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bowerbird.domain.sounds import Vectors
from bowerbird.encoders.protocol import Encoder
from bowerbird.library.library import Library

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """Sounds with a class.

    Attributes
    ----------
    rows : tuple of dict
        Their rows of labels.csv.
    paths : tuple of Path
    vectors : ndarray, shape (n, n_dims), float32
        Unit length.
    classes, groups : ndarray, shape (n,), str
        Classes are in words: "metal impact".
    """

    rows: tuple[dict[str, str], ...]
    paths: tuple[Path, ...]
    vectors: Vectors
    classes: npt.NDArray[np.str_]
    groups: npt.NDArray[np.str_]

    @property
    def names(self) -> list[str]:
        """The classes, sorted."""
        return sorted({str(name) for name in self.classes})


def arguments(description: str | None) -> argparse.ArgumentParser:
    """Return a parser of the arguments that every script takes."""
    parser = argparse.ArgumentParser(description=(description or "").partition("\n")[0])
    parser.add_argument("--library", type=Path, required=True, help="a library in which DIR/audio was indexed; is read")
    parser.add_argument("--shared", type=Path, required=True, help="DIR, with audio/labels.csv")
    return parser


def read_labelled(library: Path, folder: Path, encoder: Encoder, *, label: str = "class") -> Labelled:
    """Read the sounds of FOLDER/labels.csv that are meant for retrieval and are in a library."""
    with Library.open(library).read() as reader:
        paths, stored = reader.all_vectors(encoder.id, encoder.n_dims)
    position_of = {path: position for position, path in enumerate(paths)}
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row.get("eval", "1") == "1"]
    found = [(row, position_of.get((folder / row["path"]).absolute())) for row in rows]
    known = [(row, position) for row, position in found if position is not None]
    vectors = stored[[position for _, position in known]]
    return Labelled(
        tuple(row for row, _ in known),
        tuple(paths[position] for _, position in known),
        vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.float32(1e-9)),
        np.array([row[label].replace("_", " ") for row, _ in known]),
        np.array([row["group"] for row, _ in known]),
    )


def average_precision(scores: npt.ArrayLike, is_right: Flags) -> float:
    """Return the average precision of a whole ranking by scores."""
    hits = is_right[np.argsort(-np.asarray(scores), kind="stable")]
    places = np.flatnonzero(hits) + 1
    return float(np.mean(np.arange(1, len(places) + 1) / places)) if len(places) else 0.0
