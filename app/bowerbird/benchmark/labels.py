"""Classes of sounds by where they lie, as the window and the command line ask for them."""

import os
from pathlib import Path

from bowerbird.benchmark.retrieval import read_labels


def labels_by_path(file: Path | None) -> dict[Path, tuple[str, ...]]:
    """Return the classes of every labelled sound by its absolute path; nothing where there is no file.

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
