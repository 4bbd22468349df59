"""Folding lists: of the copies of a sound only the best is listed, and on request only one sound of each folder."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from bowerbird.catalogue.protocol import Reader
from bowerbird.catalogue.records import FoldableSounds
from bowerbird.domain.matches import Match

Ids: TypeAlias = npt.NDArray[np.int64]

_MANY: Final = 20_000
"""Sounds from which the copies of the whole library are read once, and kept until it changes."""

_MOST_SEARCHED: Final = 20_000
"""Matches that are looked at, at most, to fill a list with different sounds."""


@dataclass(frozen=True, slots=True)
class Folding:
    """What is folded.

    Attributes
    ----------
    has_folded_copies : bool
        Whether copies are listed as one sound.
    is_one_per_folder : bool
        Whether one sound of each folder is listed.
    """

    has_folded_copies: bool = True
    is_one_per_folder: bool = False


UNFOLDED: Final = Folding(has_folded_copies=False)


@dataclass(frozen=True, slots=True, eq=False)
class Folded:
    """A folded list.

    Attributes
    ----------
    ids : ndarray, shape (n,), int64
        Sounds that are listed, in order.
    copies : mapping of int to ndarray
        The copies that are folded below a sound, the best first, by its id.
    others : mapping of int to ndarray
        The other sounds of its folder that are folded below a sound, with their copies, by its id.
    """

    ids: Ids
    copies: Mapping[int, Ids] = field(default_factory=dict)
    others: Mapping[int, Ids] = field(default_factory=dict)

    @property
    def n_folded(self) -> int:
        """Number of sounds that are not listed themselves."""
        return sum(len(ids) for each in (self.copies, self.others) for ids in each.values())


class ListFolder:
    """Folds lists of one library. For the thread of its reader.

    Parameters
    ----------
    reader : Reader
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._known: tuple[int, FoldableSounds] | None = None

    def fold(self, ids: Ids, folding: Folding, *, is_ranked: bool) -> Folded:
        """Fold a list.

        Parameters
        ----------
        ids : ndarray, shape (n,), int64
        folding : Folding
        is_ranked : bool
            Whether copies are listed where the first of them was, because the first are the best matches. In other
            orders, the listed copy stays where it is.
        """
        folded = self._fold_copies(ids, is_ranked=is_ranked) if folding.has_folded_copies else Folded(ids)
        return self._fold_folders(folded) if folding.is_one_per_folder else folded

    def _foldable(self, ids: Ids) -> FoldableSounds:
        if len(ids) <= _MANY:
            return self._reader.foldable(ids)
        revision = self._reader.revision()
        if self._known is None or self._known[0] != revision:
            self._known = (revision, self._reader.all_copies())
        return self._known[1]

    def _fold_copies(self, ids: Ids, *, is_ranked: bool) -> Folded:
        foldable = self._foldable(ids)
        if not len(foldable.ids):
            return Folded(ids)
        order = np.argsort(foldable.ids)
        known = foldable.ids[order]
        found = np.minimum(np.searchsorted(known, ids), len(known) - 1)
        positions = np.flatnonzero(known[found] == ids)
        rows = order[found[positions]]
        groups, qualities = foldable.groups[rows], foldable.qualities[rows]
        # By group, the best first: of each group, the first is listed and the rest is folded below it.
        by_group = np.lexsort((positions, qualities, groups))
        starts = np.flatnonzero(np.diff(groups[by_group], prepend=groups.min(initial=0) - 1))
        sizes = np.diff(np.append(starts, len(by_group)))
        listed = ids.copy()
        is_kept = np.ones(len(ids), np.bool_)
        copies: dict[int, Ids] = {}
        for start, size in zip(starts[sizes > 1].tolist(), sizes[sizes > 1].tolist(), strict=True):
            members = positions[by_group[start : start + size]]
            is_kept[members] = False
            shown_at = members.min() if is_ranked else members[0]
            is_kept[shown_at] = True
            listed[shown_at] = ids[members[0]]
            copies[int(ids[members[0]])] = ids[members[1:]]
        return Folded(listed[is_kept], copies)

    def _fold_folders(self, folded: Folded) -> Folded:
        folders = self._reader.folder_numbers(folded.ids)
        by_folder = np.argsort(folders, kind="stable")
        starts = np.flatnonzero(np.diff(folders[by_folder], prepend=-1))
        is_kept = np.zeros(len(folded.ids), np.bool_)
        is_kept[by_folder[starts]] = True
        others: dict[int, Ids] = {}
        copies = dict(folded.copies)
        for members in np.split(by_folder, starts[1:]):
            if len(members) > 1:
                first, *rest = folded.ids[members].tolist()
                others[first] = np.concatenate([np.append(copies.pop(each, ids_of()), each)[::-1] for each in rest])
        return Folded(folded.ids[is_kept], copies, others)


def ids_of(*sound_ids: int) -> Ids:
    """Return ids as an array."""
    return np.array(sound_ids, np.int64)


def different_matches(
    find: Callable[[int], Sequence[Match]], folder: ListFolder, folding: Folding, *, limit: int
) -> tuple[list[Match], Folded]:
    """Find enough matches for a list of different sounds.

    Parameters
    ----------
    find : callable
        Returns as many of the best matches as it is asked for, or all.
    folder : ListFolder
    folding : Folding
    limit : int
        Sounds that are listed at most.

    Returns
    -------
    matches : list of Match
        Of the listed sounds, and of what is folded below them.
    folded : Folded
    """
    n_wanted = limit
    while True:
        matches = find(n_wanted)
        folded = folder.fold(ids_of(*(match.sound_id for match in matches)), folding, is_ranked=True)
        if len(folded.ids) >= limit or len(matches) < n_wanted or n_wanted >= _MOST_SEARCHED:
            break
        n_wanted = min(4 * n_wanted, _MOST_SEARCHED)
    listed = folded.ids[:limit].tolist()
    below = {sound_id: (folded.copies.get(sound_id), folded.others.get(sound_id)) for sound_id in listed}
    copies = {sound_id: found for sound_id, (found, _) in below.items() if found is not None}
    others = {sound_id: found for sound_id, (_, found) in below.items() if found is not None}
    kept = set(listed).union(*(ids.tolist() for ids in (*copies.values(), *others.values())))
    return [match for match in matches if match.sound_id in kept], Folded(folded.ids[:limit], copies, others)
