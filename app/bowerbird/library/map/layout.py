"""The positions of a library's sounds on its map, stored beside the vector index: a cache with a stamp.

A position belongs to a content and an encoder. Contents are named by their hash, so that copies share a position and a
restored library keeps it.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from bowerbird.base.files import open_atomic
from bowerbird.catalogue.records import AnalysedSounds
from bowerbird.index.store import file_stem
from bowerbird.library.library import Library
from bowerbird.ranking.projection import Positions

FORMAT: Final = 1
"""Of the file, and of how positions are computed: layouts of another format are computed again."""

GROWN: Final = 0.3
"""A layout is computed again when the library has grown by more than this share of it."""

Keys = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True, eq=False)
class MapLayout:
    """The positions of contents in the map of one encoder.

    Attributes
    ----------
    keys : ndarray, shape (n,), uint64
        Content keys, ascending; see `AnalysedSounds`.
    positions : ndarray, shape (n, 2), float32
        In [0, 1].
    n_computed : int
        Number of contents that the layout was computed from; the others were placed among them later.
    """

    keys: Keys
    positions: Positions
    n_computed: int

    def of(self, keys: Keys) -> Positions:
        """Return the positions of contents, shape (m, 2), NaN for those that have none."""
        found = np.full((len(keys), 2), np.nan, np.float32)
        if len(self.keys):
            indices = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
            is_known = self.keys[indices] == keys
            found[is_known] = self.positions[indices[is_known]]
        return found

    def has_outgrown(self, n_contents: int) -> bool:
        """Return whether a library of this many contents is to be laid out again."""
        return n_contents > (1 + GROWN) * self.n_computed


@dataclass(frozen=True, slots=True, eq=False)
class LibraryMap:
    """A library's sounds and their positions.

    Attributes
    ----------
    sounds : AnalysedSounds
    positions : ndarray, shape (n, 2), float32
        In [0, 1]; NaN for sounds that have none yet.
    has_layout : bool
    is_current : bool
        Whether `update_layout` has nothing to do.
    """

    sounds: AnalysedSounds
    positions: Positions
    has_layout: bool
    is_current: bool


def read_map(library: Library, encoder_id: str) -> LibraryMap:
    """Return a library's map as it was computed last.

    Raises
    ------
    CatalogueError
        When the library cannot be read.
    """
    with library.read() as reader:
        sounds = reader.analysed_sounds()
        _, content_ids = reader.window_ids(encoder_id)
    layout = load_layout(library, encoder_id)
    is_embedded = np.isin(sounds.content_ids, content_ids)
    if layout is None:
        positions = np.full((len(sounds.ids), 2), np.nan, np.float32)
        return LibraryMap(sounds, positions, has_layout=False, is_current=not is_embedded.any())
    positions = layout.of(sounds.content_keys)
    is_complete = not np.isnan(positions[is_embedded]).any()
    n_contents = len(np.unique(sounds.content_keys[is_embedded]))
    return LibraryMap(
        sounds, positions, has_layout=True, is_current=is_complete and not layout.has_outgrown(n_contents)
    )


def layout_path(library: Library, encoder_id: str) -> Path:
    """Return the file of an encoder's layout."""
    return library.index_folder / f"{file_stem(encoder_id)}.map.npz"


def load_layout(library: Library, encoder_id: str) -> MapLayout | None:
    """Return the stored layout of an encoder; None if there is none, or it is damaged or of another format."""
    try:
        with layout_path(library, encoder_id).open("rb") as file, np.load(file, allow_pickle=False) as stored:
            if int(stored["format"]) != FORMAT or str(stored["encoder_id"]) != encoder_id:
                return None
            layout = MapLayout(stored["keys"], stored["positions"], int(stored["n_computed"]))
    except (OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile):
        return None
    is_valid = (
        layout.keys.dtype == np.uint64
        and layout.positions.dtype == np.float32
        and layout.positions.shape == (*layout.keys.shape, 2)
        and bool((layout.keys[1:] > layout.keys[:-1]).all())
        and bool(((layout.positions >= 0) & (layout.positions <= 1)).all())
    )
    return layout if is_valid else None


def save_layout(library: Library, encoder_id: str, layout: MapLayout) -> None:
    """Store a layout in place of the former one.

    Raises
    ------
    OSError
        When it cannot be written; the former one is kept.
    """
    path = layout_path(library, encoder_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    with open_atomic(path) as file:
        np.savez(
            file,
            format=FORMAT,
            encoder_id=encoder_id,
            keys=layout.keys,
            positions=layout.positions,
            n_computed=layout.n_computed,
        )
