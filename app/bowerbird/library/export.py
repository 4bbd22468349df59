"""Exporting embeddings in a form that any program reads."""

from pathlib import Path

import numpy as np

from bowerbird.base.errors import BowerbirdError, QueryError
from bowerbird.base.files import open_atomic, os_reason
from bowerbird.domain.sounds import Vectors
from bowerbird.encoders.protocol import Encoder
from bowerbird.library.library import Library


def sound_vectors(library: Library, encoder: Encoder) -> tuple[list[Path], Vectors]:
    """Return every sound's path and embedding, sorted by path.

    Returns
    -------
    paths : list of Path
    vectors : ndarray, shape (n, n_dims), float32
        Unit length; of a long sound, the re-normalised mean of its windows.

    Raises
    ------
    QueryError
        When the encoder has not embedded any sound.
    """
    with library.read() as reader:
        paths, vectors = reader.all_vectors(encoder.id, encoder.n_dims)
    if not paths:
        raise QueryError(
            f"No sound is embedded by {encoder.id} yet. Run `bowerbird index` to bring the library up to date."
        )
    return paths, vectors


def export_vectors(library: Library, encoder: Encoder, out: Path) -> int:
    """Write ``paths``, ``vectors`` and ``encoder_id`` to a NumPy archive, readable without pickle.

    Returns
    -------
    int
        Number of sounds in it.

    Raises
    ------
    BowerbirdError
        When there is nothing to write, or the file cannot be written.
    """
    paths, vectors = sound_vectors(library, encoder)
    names = np.array([str(path).encode("utf-8", "replace").decode("utf-8") for path in paths], dtype=np.str_)
    if not out.name or out.is_dir():
        raise BowerbirdError(f"{out} is a folder. Name the file to write, such as vectors.npz.")
    try:
        with open_atomic(out) as file:
            np.savez_compressed(file, paths=names, vectors=vectors, encoder_id=np.array(encoder.id))
    except OSError as error:
        raise BowerbirdError(f"{out} cannot be written ({os_reason(error)}). Choose another folder.") from error
    return len(paths)
