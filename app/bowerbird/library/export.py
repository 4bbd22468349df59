"""Taking vectors out of the library, in a form that any program reads."""

from pathlib import Path

import numpy as np

from bowerbird.base.errors import BowerbirdError, QueryError
from bowerbird.catalogue.sqlite.reader import CatalogueReader
from bowerbird.domain.sounds import Vectors
from bowerbird.encoders.protocol import Encoder


def sound_vectors(library: Path, encoder: Encoder) -> tuple[list[Path], Vectors]:
    """Return every sound's path and vector, by path.

    Returns
    -------
    paths : list of Path
    vectors : ndarray, shape (n, n_dims), float32
        Unit length; of a long sound, the re-normalised mean of its windows.

    Raises
    ------
    QueryError
        When no sound has vectors of the encoder.
    """
    with CatalogueReader(library) as reader:
        paths, vectors = reader.all_vectors(encoder.id, encoder.n_dims)
    if not paths:
        raise QueryError(
            f"No sound has vectors of {encoder.id} yet. Run `bowerbird index` to bring the library up to date."
        )
    return paths, vectors


def export_vectors(library: Path, encoder: Encoder, out: Path) -> int:
    """Write ``paths``, ``vectors`` and ``encoder_id`` to a NumPy archive, readable without pickle.

    Returns
    -------
    int
        How many sounds it holds.

    Raises
    ------
    BowerbirdError
        When there is nothing to write, or the file cannot be written.
    """
    paths, vectors = sound_vectors(library, encoder)
    names = np.array([str(path).encode("utf-8", "replace").decode("utf-8") for path in paths], dtype=np.str_)
    if not out.name or out.is_dir():
        raise BowerbirdError(f"`{out}` is a folder. Name the file to write, such as vectors.npz.")
    draft = out.with_name(f".{out.name}.draft")
    try:
        with draft.open("wb") as file:
            np.savez_compressed(file, paths=names, vectors=vectors, encoder_id=np.array(encoder.id))
        draft.replace(out)
    except OSError as error:
        draft.unlink(missing_ok=True)
        reason = (error.strerror or str(error)).lower()
        raise BowerbirdError(f"`{out}` cannot be written ({reason}). Choose another place.") from error
    return len(paths)
