"""What positions a library lacks: a whole layout, or some new sounds in the layout that it has."""

import numpy as np

from bowerbird.library.library import Library
from bowerbird.library.map.layout import GROWN, Keys, MapLayout, load_layout, save_layout
from bowerbird.ranking.projection import Positions, Progress, Vectors, place, project


def bring_up_to_date(
    library: Library,
    encoder_id: str,
    n_dims: int,
    *,
    seed: int,
    n_threads: int = 1,
    progress: Progress = lambda _: None,
) -> None:
    """Place a library's new sounds, or lay all of them out where most have no position.

    Raises
    ------
    CatalogueError
        When the library cannot be read.
    OSError
        When the layout cannot be written.
    """
    keys, vectors = _embeddings(library, encoder_id, n_dims)
    former = load_layout(library, encoder_id)
    positions = None if former is None else former.of(keys)
    n_known = 0 if positions is None else int((~np.isnan(positions[:, 0])).sum())
    is_foreign = len(keys) > (1 + GROWN) * n_known  # another library was restored into this folder
    if former is None or positions is None or is_foreign or former.has_outgrown(len(keys)):
        made = project(vectors, former=positions, seed=seed, n_threads=n_threads, progress=progress)
        save_layout(library, encoder_id, MapLayout(keys, made, len(keys)))
        return
    is_new = np.isnan(positions[:, 0])
    if not is_new.any():
        return
    positions[is_new] = place(vectors[is_new], vectors[~is_new], positions[~is_new], progress=progress)
    save_layout(library, encoder_id, _joined(former, keys, positions))


def _embeddings(library: Library, encoder_id: str, n_dims: int) -> tuple[Keys, Vectors]:
    """Return every content's key, ascending, and embedding."""
    with library.read() as reader, reader.snapshot():
        sounds = reader.analysed_sounds()
        content_ids, vectors = reader.mean_vectors(encoder_id, n_dims)
    known, first = np.unique(sounds.content_ids, return_index=True)
    is_known = np.isin(content_ids, known)
    keys = sounds.content_keys[first[np.searchsorted(known, content_ids[is_known])]]
    keys, order = np.unique(keys, return_index=True)
    return keys, vectors[is_known][order]


def _joined(former: MapLayout, keys: Keys, positions: Positions) -> MapLayout:
    """Return a layout with further positions; those of sounds that are gone are kept, since they may come back."""
    is_other = ~np.isin(former.keys, keys)
    all_keys = np.concatenate([former.keys[is_other], keys])
    order = np.argsort(all_keys)
    all_positions = np.concatenate([former.positions[is_other], positions])
    return MapLayout(all_keys[order], all_positions[order], former.n_computed)
