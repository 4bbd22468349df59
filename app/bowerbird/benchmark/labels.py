"""Labelled sounds, and the files that hold them."""

import csv
import json
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bowerbird.base.errors import QueryError
from bowerbird.base.files import os_reason


@dataclass(frozen=True, slots=True)
class LabelledSound:
    """One row of a labels file.

    Attributes
    ----------
    path : str
        As written in the file, relative to the file's folder.
    labels : tuple of str
        The classes of the sound, at least one.
    group : str
        Takes of one origin share it.
    family : str
        The class's family, or empty.
    origin : str
        The collection ("set") that the sound came with, or empty.
    is_query : bool
        False for sounds that are not part of the measurement (``eval=0``).
    """

    path: str
    labels: tuple[str, ...]
    group: str
    family: str = ""
    origin: str = ""
    is_query: bool = True


@dataclass(frozen=True, slots=True)
class LabelledSet:
    """Labelled sounds in the order of their file."""

    sounds: tuple[LabelledSound, ...]

    @property
    def paths(self) -> tuple[str, ...]:
        """The path of every sound."""
        return tuple(sound.path for sound in self.sounds)

    @property
    def labels(self) -> tuple[tuple[str, ...], ...]:
        """The classes of every sound."""
        return tuple(sound.labels for sound in self.sounds)

    @property
    def groups(self) -> tuple[str, ...]:
        """The group of every sound."""
        return tuple(sound.group for sound in self.sounds)

    @property
    def families(self) -> dict[str, tuple[str, ...]]:
        """Family to its classes; classes that appear in several families stay outside."""
        found: dict[str, set[str]] = {}
        for sound in self.sounds:
            if sound.family and len(sound.labels) == 1:
                found.setdefault(sound.family, set()).add(sound.labels[0])
        return _without_shared(found)

    def positions(
        self, *, origins: Collection[str] | None = None, classes: Collection[str] | None = None
    ) -> npt.NDArray[np.int64]:
        """Return the positions of the sounds of some collections or classes, for ``vectors[positions]``.

        Parameters
        ----------
        origins, classes : collection of str, optional
            Keep only sounds of these collections, and only sounds with one of these classes.

        Returns
        -------
        ndarray, shape (n_kept,), int64
        """
        kept = [
            i
            for i, sound in enumerate(self.sounds)
            if sound.is_query
            and (origins is None or sound.origin in origins)
            and (classes is None or not set(classes).isdisjoint(sound.labels))
        ]
        return np.array(kept, dtype=np.int64)

    def only(self, positions: npt.NDArray[np.int64]) -> "LabelledSet":
        """Return the sounds at `positions`, in that order."""
        return LabelledSet(tuple(self.sounds[i] for i in positions))


def read_labels(path: Path) -> LabelledSet:
    """Read a labels file: ``path,class,group,eval,…`` or FSD50K's ``fname,labels``.

    Parameters
    ----------
    path : Path
        UTF-8 CSV with a header. Of the first form only ``path`` and ``class`` are needed; ``family`` and
        ``set`` are read too. A missing group makes the sound its own; ``eval`` 0 keeps it out of the
        measurement. ``labels`` and ``class`` may hold several names, separated by commas.

    Raises
    ------
    QueryError
        When the file cannot be read or a row lacks its name or its class.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except OSError as error:
        raise QueryError(
            f"{path} cannot be read ({os_reason(error)}). Check its spelling and its permissions."
        ) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise QueryError(f"{path} is not a text table. Give a UTF-8 CSV file.") from error
    if not rows:
        raise QueryError(f"{path} has no rows. Give a CSV file with a header and one row per sound.")
    name_column = "path" if "path" in rows[0] else "fname"
    label_column = "class" if "class" in rows[0] else "labels"
    if name_column not in rows[0] or label_column not in rows[0]:
        raise QueryError(f"{path} has no columns path and class, nor fname and labels. Add a header line.")
    sounds = []
    for number, row in enumerate(rows, start=2):
        name = (row[name_column] or "").strip()
        labels = tuple(part.strip() for part in (row[label_column] or "").split(",") if part.strip())
        if not name or not labels:
            raise QueryError(f"{path}, row {number}, lacks a name or a class. Fill it in, or delete it.")
        sounds.append(
            LabelledSound(
                path=name,
                labels=labels,
                group=(row.get("group") or "").strip() or name,
                family=(row.get("family") or "").strip(),
                origin=(row.get("set") or "").strip(),
                is_query=(row.get("eval") or "1").strip() != "0",
            )
        )
    return LabelledSet(tuple(sounds))


def read_families(path: Path) -> dict[str, tuple[str, ...]]:
    """Read a file of families, ``{family: [class, ...]}``; classes of several families stay outside.

    Raises
    ------
    QueryError
        When the file cannot be read or has another format.
    """
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise QueryError(
            f"{path} cannot be read ({os_reason(error)}). Check its spelling and its permissions."
        ) from error
    except ValueError as error:
        raise QueryError(f'{path} is not a JSON file. Its format is {{"family": ["class", ...]}}.') from error
    is_valid = isinstance(table, dict) and all(
        isinstance(classes, list) and all(isinstance(name, str) for name in classes) for classes in table.values()
    )
    if not is_valid:
        raise QueryError(f'{path} has another format. Its format is {{"family": ["class", ...]}}.')
    return _without_shared({str(family): classes for family, classes in table.items()})


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


def _without_shared(families: Mapping[str, Collection[str]]) -> dict[str, tuple[str, ...]]:
    """Return the classes of each family that no other family has; families and classes sorted."""
    parents: dict[str, set[str]] = {}
    for family, classes in families.items():
        for name in classes:
            parents.setdefault(name, set()).add(family)
    kept = {
        family: tuple(sorted(name for name in set(classes) if len(parents[name]) == 1))
        for family, classes in sorted(families.items())
    }
    return {family: classes for family, classes in kept.items() if classes}
