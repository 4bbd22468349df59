"""Folding lists: of the copies of a sound only the best is listed, and on request only one sound of each folder."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from bowerbird.catalogue.protocol import Reader
from bowerbird.catalogue.records import FoldableSounds
from bowerbird.domain.matches import Match

Ids: TypeAlias = npt.NDArray[np.int64]

_NO_IDS: Final[Ids] = np.zeros(0, np.int64)

_MANY: Final = 20_000
"""Sounds from which copies and folders of the whole library are read once, and kept until it changes."""

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


class Below(Mapping[int, Ids]):
    """Sounds that are folded below others, best first, by the id of the listed sound.

    Parameters
    ----------
    listed : ndarray, shape (n,), int64
        The sound that each is folded below; the same ids lie side by side.
    ids : ndarray, shape (n,), int64
        The folded sounds.
    """

    def __init__(self, listed: Ids = _NO_IDS, ids: Ids = _NO_IDS) -> None:
        self.listed = listed
        self.ids = ids
        starts = _starts_of(listed)
        order = np.argsort(listed[starts])
        self._keys = listed[starts][order]
        self._starts = starts[order]
        self._stops = np.append(starts[1:], len(listed))[order]

    @classmethod
    def of(cls, folded: Mapping[int, Ids]) -> Self:
        """Return what a mapping of listed sounds to folded sounds says."""
        sizes = [len(ids) for ids in folded.values()]
        return cls(np.repeat(ids_of(*folded), sizes), np.concatenate([_NO_IDS, *folded.values()]))

    def __getitem__(self, sound_id: int) -> Ids:
        position = int(np.searchsorted(self._keys, sound_id))
        if position == len(self._keys) or self._keys[position] != sound_id:
            raise KeyError(sound_id)
        return self.ids[self._starts[position] : self._stops[position]]

    def __iter__(self) -> Iterator[int]:
        return iter(self._keys.tolist())

    def __len__(self) -> int:
        return len(self._keys)

    def only(self, sound_ids: Ids) -> "Below":
        """Return what is folded below some of the listed sounds."""
        is_kept = np.isin(self.listed, sound_ids)
        return Below(self.listed[is_kept], self.ids[is_kept])

    def is_same(self, other: "Below") -> bool:
        """Return whether the same sounds are folded in the same order."""
        return np.array_equal(self.listed, other.listed) and np.array_equal(self.ids, other.ids)


@dataclass(frozen=True, slots=True, eq=False)
class Folded:
    """A folded list.

    Attributes
    ----------
    ids : ndarray, shape (n,), int64
        Sounds that are listed, in order.
    copies : Below
        The copies that are folded below a sound.
    others : Below
        The other sounds of its folder that are folded below a sound; their copies are not listed at all.
    """

    ids: Ids
    copies: Below = field(default_factory=Below)
    others: Below = field(default_factory=Below)


class ListFolder:
    """Folds lists of one library. For the thread of its reader.

    Parameters
    ----------
    reader : Reader
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._known: tuple[int, FoldableSounds] | None = None
        self._known_folders: tuple[int, Ids] | None = None

    def fold(self, ids: Ids, folding: Folding, *, is_ranked: bool, n_named: Ids | None = None) -> Folded:
        """Fold a list.

        Parameters
        ----------
        ids : ndarray, shape (n,), int64
        folding : Folding
        is_ranked : bool
            Whether copies are listed where the first of them was, because the first are the best matches. In other
            orders, the listed copy stays where it is.
        n_named : ndarray, shape (n,), int64, or None
            How many of the words that are searched the names have: of copies in a ranked list, one with the most of
            them is listed.
        """
        folded = (
            self._fold_copies(ids, is_ranked=is_ranked, n_named=n_named) if folding.has_folded_copies else Folded(ids)
        )
        return self._fold_folders(folded) if folding.is_one_per_folder else folded

    def _foldable(self, ids: Ids) -> FoldableSounds:
        if len(ids) <= _MANY:
            return self._reader.foldable(ids)
        revision = self._reader.revision()
        if self._known is None or self._known[0] != revision:
            self._known = (revision, self._reader.all_copies())
        return self._known[1]

    def _fold_copies(self, ids: Ids, *, is_ranked: bool, n_named: Ids | None) -> Folded:
        foldable = self._foldable(ids)
        if not len(foldable.ids):
            return Folded(ids)
        order = np.argsort(foldable.ids)
        known = foldable.ids[order]
        found = np.minimum(np.searchsorted(known, ids), len(known) - 1)
        positions = np.flatnonzero(known[found] == ids)
        if not len(positions):
            return Folded(ids)
        rows = order[found[positions]]
        groups, qualities = foldable.groups[rows], foldable.qualities[rows]
        words = n_named[positions] if is_ranked and n_named is not None else np.zeros(len(positions), np.int64)
        # By group, the best first: of each group, the first is listed and the rest is folded below it.
        by_group = np.lexsort((positions, qualities, -words, groups))
        members = positions[by_group]
        starts = _starts_of(groups[by_group])
        sizes = np.diff(np.append(starts, len(members)))
        best = members[starts]
        shown_at = np.minimum.reduceat(members, starts) if is_ranked else best
        is_folded = np.ones(len(members), np.bool_)
        is_folded[starts] = False
        is_kept = np.ones(len(ids), np.bool_)
        is_kept[members] = False
        is_kept[shown_at] = True
        listed = ids.copy()
        listed[shown_at] = ids[best]
        return Folded(listed[is_kept], Below(np.repeat(ids[best], sizes)[is_folded], ids[members[is_folded]]))

    def _folder_numbers(self, ids: Ids) -> Ids:
        if len(ids) <= _MANY:
            return self._reader.folder_numbers(ids)
        revision = self._reader.revision()
        if self._known_folders is None or self._known_folders[0] != revision:
            self._known_folders = (revision, np.append(self._reader.all_folder_numbers(), -1))
        numbers = self._known_folders[1]
        return numbers[np.minimum(ids, len(numbers) - 1)]

    def _fold_folders(self, folded: Folded) -> Folded:
        if not len(folded.ids):
            return folded
        folders = self._folder_numbers(folded.ids)
        by_folder = np.argsort(folders, kind="stable")
        starts = _starts_of(folders[by_folder])
        first_at = np.empty(len(folders), np.int64)  # where the first sound of each one's folder is listed
        first_at[by_folder] = np.repeat(by_folder[starts], np.diff(np.append(starts, len(folders))))
        is_kept = first_at == np.arange(len(folders))
        # Each sound that is not listed any more goes below the first of its folder; its copies are not listed.
        rest = np.flatnonzero(~is_kept)
        rest = rest[np.argsort(first_at[rest], kind="stable")]
        others = Below(folded.ids[first_at[rest]], folded.ids[rest])
        return Folded(folded.ids[is_kept], folded.copies.only(folded.ids[is_kept]), others)


def _starts_of(values: Ids) -> Ids:
    """Return where each run of equal values starts."""
    is_start = np.ones(len(values), np.bool_)
    is_start[1:] = values[1:] != values[:-1]
    return np.flatnonzero(is_start)


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
        Returns as many of the best matches as it is asked for, or all. It may be called several times.
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
        n_named = ids_of(*(match.n_named for match in matches))
        ids = ids_of(*(match.sound_id for match in matches))
        folded = folder.fold(ids, folding, is_ranked=True, n_named=n_named)
        if len(folded.ids) >= limit or len(matches) < n_wanted or n_wanted >= _MOST_SEARCHED:
            break
        n_wanted = min(4 * n_wanted, _MOST_SEARCHED)
    listed = folded.ids[:limit]
    folded = Folded(listed, folded.copies.only(listed), folded.others.only(listed))
    kept = set(np.concatenate([listed, folded.copies.ids, folded.others.ids]).tolist())
    return [match for match in matches if match.sound_id in kept], folded
