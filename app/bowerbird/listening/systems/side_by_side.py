"""Several systems' results for one query in columns, outside any study, with label overlap where labels exist."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bowerbird.base.errors import EncoderError, QueryError
from bowerbird.listening.study import GRADES, Construct, Controls, QueryChoice, Scale, StudyDesign, System
from bowerbird.listening.systems.ranker import Collection, Ranker

MAX_COLUMNS: Final = 5
PAGE: Final = 15
"""Results shown: the N of AP@15."""


@dataclass(frozen=True, slots=True)
class Result:
    """One result in a column.

    Attributes
    ----------
    path : Path
    duration_s, score : float
    shared : tuple of str
        Labels that it has in common with the query.
    n_columns : int
        In how many columns it stands.
    """

    path: Path
    duration_s: float
    score: float
    shared: tuple[str, ...]
    n_columns: int


@dataclass(frozen=True, slots=True)
class ResultColumn:
    """What one system found.

    Attributes
    ----------
    system : System
    results : tuple of Result
        Best first.
    average_precision : float or None
        AP@15 over shared labels; None where the query has none, or nothing else carries any of them.
    complaint : str
        Why there are no results; "" else.
    """

    system: System
    results: tuple[Result, ...] = ()
    average_precision: float | None = None
    complaint: str = ""


def side_by_side(
    library: Path,
    systems: Sequence[System],
    *,
    sound: Path | None = None,
    words: str = "",
    labels: Mapping[Path, Sequence[str]] | None = None,
    n_results: int = PAGE,
) -> tuple[ResultColumn, ...]:
    """Ask up to five systems one thing.

    Parameters
    ----------
    library : Path
    systems : sequence of System
        A system that cannot answer has a complaint in place of results; the others answer.
    sound : Path, optional
        Of the library.
    words : str
        Where no sound is asked about.
    labels : mapping of Path to sequence of str, optional
    n_results : int

    Raises
    ------
    QueryError
        When nothing is asked, or of too many, or the sound is not in the library.
    CatalogueError
        When there is no library.
    """
    if not 1 <= len(systems) <= MAX_COLUMNS:
        raise QueryError(f"{len(systems)} systems do not fit side by side. Choose one to {MAX_COLUMNS}.")
    if sound is None and not words.strip():
        raise QueryError("There is nothing to ask. Choose a sound, or write words.")
    collection = Collection(library)
    index = collection.index_of_path(sound) if sound is not None else None
    if sound is not None and index is None:
        raise QueryError(f"`{sound.name}` is not analysed yet. Wait until it is, or choose another sound.")
    known = labels or {}
    wanted = frozenset(known.get(sound, ())) if sound is not None else frozenset()
    relevant = {
        number
        for number, sound in enumerate(collection.sounds)
        if number != index and not wanted.isdisjoint(known.get(sound.path, ()))
    }
    columns: list[tuple[System, list[tuple[int, float]], str]] = []
    for system in systems:
        try:
            ranker = Ranker(system, collection, seed=1)
            order, scores = ranker.rank_words(words) if index is None else ranker.rank_sound(index)
            found = list(zip(order[:n_results].tolist(), scores[:n_results].tolist(), strict=True))
            columns.append((system, found, "" if found else "It found nothing."))
        except (QueryError, EncoderError) as error:
            columns.append((system, [], str(error)))
    stands: dict[int, int] = {}
    for _, found, _ in columns:
        for number, _ in found:
            stands[number] = stands.get(number, 0) + 1
    return tuple(
        ResultColumn(
            system,
            tuple(
                Result(
                    collection.sounds[number].path,
                    collection.sounds[number].duration_s,
                    score,
                    tuple(sorted(wanted.intersection(known.get(collection.sounds[number].path, ())))),
                    stands[number],
                )
                for number, score in found
            ),
            _average_precision([number in relevant for number, _ in found], len(relevant), n_results)
            if found
            else None,
            complaint,
        )
        for system, found, complaint in columns
    )


def one_query_design(
    name: str, systems: Sequence[System], *, sound: Path | None = None, words: str = ""
) -> StudyDesign:
    """Return a design that asks by ear what stands side by side: one query, the same systems, blind."""
    is_words = sound is None
    construct: Construct = "matches_words" if is_words else "sounds_alike"
    return StudyDesign(
        name,
        "One query, blind",
        tuple(systems),
        construct=construct,
        scale=Scale(GRADES[construct]),
        choice=QueryChoice("words", words=(words,)) if is_words else QueryChoice("sounds", sounds=(str(sound),)),
        controls=Controls(0.0, 1.0, 0.0),
        n_training=0,
    )


def _average_precision(is_relevant: Sequence[bool], n_relevant: int, n_results: int) -> float | None:
    """AP@N = sum of precisions at relevant ranks over min(N, number of relevant sounds) (Araz et al. 2024)."""
    if not n_relevant:
        return None
    n_found, total = 0, 0.0
    for rank, is_hit in enumerate(is_relevant, start=1):
        if is_hit:
            n_found += 1
            total += n_found / rank
    return total / min(n_results, n_relevant)
