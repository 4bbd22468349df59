"""Classes of sounds by path."""

import os
from pathlib import Path

from bowerbird.benchmark.retrieval import read_labels


def labels_by_path(file: Path | None) -> dict[Path, tuple[str, ...]]:
    """Return the classes of each labelled sound by absolute path; empty when there is no file.

    Raises
    ------
    QueryError
        When the file cannot be read.
    """
    if file is None:
        return {}
    return {
        Path(os.path.abspath(file.parent / sound.path)): sound.labels  # noqa: PTH100 - as paths are stored
        for sound in read_labels(file).sounds
    }
