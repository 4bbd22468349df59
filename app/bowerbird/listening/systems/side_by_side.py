"""The results of several systems for one query, side by side, with average precision when classes are known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bowerbird.base.errors import EncoderError, QueryError
from bowerbird.library.library import Library
from bowerbird.listening.study import GRADES, Construct, Controls, QueryChoice, Scale, StudyDesign, System
from bowerbird.listening.systems.ranker import Collection, Ranker
from bowerbird.ranking.average_precision import average_precision

MAX_COLUMNS: Final = 5
N_RESULTS: Final = 15
"""Results per column: the N of AP@15."""


@dataclass(frozen=True, slots=True)
class Result:
    """A result in a column.

    Attributes
    ----------
    path : Path
    duration_s, score : float
    shared : tuple of str
        Classes that it shares with the query.
    n_columns : int
        Number of columns that contain it.
    """

    path: Path
    duration_s: float
    score: float
    shared: tuple[str, ...]
    n_columns: int


@dataclass(frozen=True, slots=True)
class ResultColumn:
    """The results of a system.

    Attributes
    ----------
    system : System
    results : tuple of Result
        Best first.
    average_precision : float or None
        AP@15 over shared classes; None when the query has no class, or shares it with no other sound.
    error : str or None
        Why there are no results.
    """

    system: System
    results: tuple[Result, ...] = ()
    average_precision: float | None = None
    error: str | None = None


def side_by_side(
    library: Library,
    systems: Sequence[System],
    *,
    sound: Path | None = None,
    words: str = "",
    labels: Mapping[Path, Sequence[str]] | None = None,
    n_results: int = N_RESULTS,
) -> tuple[ResultColumn, ...]:
    """Search by up to five systems.

    Parameters
    ----------
    library : Library
    systems : sequence of System
        A system that fails has an error instead of results.
    sound : Path, optional
        The query, a sound of the library.
    words : str
        The query when there is no sound.
    labels : mapping of Path to sequence of str, optional
        Classes of sounds.
    n_results : int
        Per system.

    Raises
    ------
    QueryError
        When there is no query, no system or too many, or the sound is not in the library.
    CatalogueError
        When there is no library.
    """
    if not 1 <= len(systems) <= MAX_COLUMNS:
        raise QueryError(f"Cannot compare {len(systems)} systems side by side. Choose 1 to {MAX_COLUMNS}.")
    if sound is None and not words.strip():
        raise QueryError("There is no query. Choose a sound, or enter words.")
    collection = Collection(library)
    query = collection.index_of_path(sound) if sound is not None else None
    if sound is not None and query is None:
        raise QueryError(f"“{sound.name}” is not analysed yet. Wait until it is, or choose another sound.")
    classes = labels or {}
    wanted = frozenset(classes.get(sound, ())) if sound is not None else frozenset()
    relevant = {
        index
        for index, other in enumerate(collection.sounds)
        if index != query and not wanted.isdisjoint(classes.get(other.path, ()))
    }
    found: list[tuple[System, list[tuple[int, float]], str | None]] = []
    for system in systems:
        try:
            ranker = Ranker(system, collection, seed=1)
            order, scores = ranker.rank_words(words) if query is None else ranker.rank_sound(query)
            results = list(zip(order[:n_results].tolist(), scores[:n_results].tolist(), strict=True))
            found.append((system, results, None if results else "No results."))
        except (QueryError, EncoderError) as error:
            found.append((system, [], str(error)))
    n_columns: dict[int, int] = {}
    for _, results, _ in found:
        for index, _ in results:
            n_columns[index] = n_columns.get(index, 0) + 1

    def result(index: int, score: float) -> Result:
        path = collection.sounds[index].path
        shared = tuple(sorted(wanted.intersection(classes.get(path, ()))))
        return Result(path, collection.sounds[index].duration_s, score, shared, n_columns[index])

    columns = []
    for system, results, message in found:
        hits = [index in relevant for index, _ in results]
        precision = (
            average_precision(hits, n_relevant=len(relevant), cutoff=n_results) if results and relevant else None
        )
        columns.append(ResultColumn(system, tuple(result(*pair) for pair in results), precision, message))
    return tuple(columns)


def one_query_design(
    name: str, systems: Sequence[System], *, sound: Path | None = None, words: str = ""
) -> StudyDesign:
    """Return the design of a blind test of the same systems with a single query."""
    is_words = sound is None
    construct: Construct = "matches_words" if is_words else "sounds_alike"
    return StudyDesign(
        name,
        "Single-query blind test",
        tuple(systems),
        construct=construct,
        scale=Scale(GRADES[construct]),
        choice=QueryChoice("words", words=(words,)) if is_words else QueryChoice("sounds", sounds=(str(sound),)),
        controls=Controls(0.0, 1.0, 0.0),
        n_training=0,
    )
