"""Queries of a study, chosen over strata; every system's results for them; and a low anchor for each."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from bowerbird.base.errors import QueryError, StudyError
from bowerbird.encoders.registry import ACOUSTIC_ENCODER, encoder_named
from bowerbird.jobs.control import Control
from bowerbird.jobs.progress import Progress, Report, ignore
from bowerbird.library.library import Library
from bowerbird.listening.study import Candidate, RankedItem, RankedStudy, StudyDesign, StudyQuery
from bowerbird.listening.systems.ranker import Collection, Ranker

_SPARE: Final = 10
"""Results beyond the depth: they replace copies that are removed and sounds that cannot be decoded."""

_FAR_SHARE: Final = 0.1
_TRAINING_WORDS: Final = ("wind", "bell", "footsteps", "door", "water", "click", "bird", "drum")
_SHORT_S: Final = 1.0
_LONG_S: Final = 5.0


def rank_study(
    library: Library,
    design: StudyDesign,
    *,
    labels: Mapping[Path, str] | None = None,
    control: Control,
    report: Report = ignore,
) -> RankedStudy:
    """Choose queries, run every system on them once, and find a low anchor for each.

    Parameters
    ----------
    library : Library
    design : StudyDesign
        Without queries yet.
    labels : mapping of Path to str, optional
        Classes of sounds by absolute path: queries are spread over them, and the report lists them.
    control : Control
    report : callable

    Raises
    ------
    StudyError
        When the library has too few sounds.
    QueryError, EncoderError, CatalogueError
        When a system cannot rank a query.
    Cancelled
        When the job was cancelled.
    """
    collection = Collection(library, merges_copies=design.near_copies == "remove")
    rankers = [Ranker(system, collection, seed=design.seed) for system in design.systems]
    named = labels or {}
    is_words = design.choice.how == "words"
    chosen = _word_queries(design) if is_words else _sound_queries(design, collection, rankers, named)
    copies = _Copies(collection, design)
    runs: dict[str, dict[str, tuple[RankedItem, ...]]] = {ranker.system.name: {} for ranker in rankers}
    queries: list[StudyQuery] = []
    used: set[int] = set()
    for n_done, (query, index) in enumerate(chosen):
        control.check()
        report(Progress("Running the systems", n_done, len(chosen), "queries"))
        scores = np.zeros(len(collection.sounds))
        for ranker in rankers:
            try:
                order, found = ranker.rank_words(query.words) if index is None else ranker.rank_sound(index)
            except QueryError:
                if not query.is_training:
                    raise
                order, found = np.zeros(0, np.int64), np.zeros(0)  # training words are the program's choice
            if ranker.system.kind == "encoder":
                scores[order] += np.arange(len(order))
            results = copies.marked(index, order, found, n=design.depth + _SPARE)
            used.update(result for result, _, _ in results)
            runs[ranker.system.name][query.id] = tuple(
                RankedItem(collection.sounds[result].item_id, score, is_copy) for result, score, is_copy in results
            )
        far = _far(
            scores, index, [result for run in runs.values() for result in run[query.id]], collection, design.seed
        )
        used.update(sound for sound in (index, far) if sound is not None)
        queries.append(replace(query, far_id=collection.sounds[far].item_id if far is not None else ""))
    report(Progress("Running the systems", len(chosen), len(chosen), "queries"))
    candidates = {
        collection.sounds[index].item_id: Candidate(
            collection.sounds[index].path,
            collection.sounds[index].content_hash,
            named.get(collection.sounds[index].path, ""),
        )
        for index in sorted(used)
    }
    notes = tuple(
        f"{ranker.n_unknown:,} results of {ranker.system.name} were left out: they match no sound in this library, or "
        "more than one."
        for ranker in rankers
        if ranker.n_unknown
    )
    if design.near_copies != "keep" and not is_words and not copies.has_vectors:
        notes += (
            "No sound has acoustic vectors, so copies of the queries could not be found. They stay in the results.",
        )
    if design.controls.far_share and not any(query.far_id for query in queries):
        notes += ("No system ranks by an encoder, so the study has no low anchors.",)
    cards = {ranker.system.name: ranker.card for ranker in rankers}
    return RankedStudy(replace(design, queries=tuple(queries)), candidates, runs, cards, notes)


def _word_queries(design: StudyDesign) -> list[tuple[StudyQuery, int | None]]:
    """Return the queries in words, and common words for the training pages."""
    rated = list(dict.fromkeys(" ".join(text.split()) for text in design.choice.words))
    training = [word for word in _TRAINING_WORDS if word not in rated][: design.n_training]
    made: list[tuple[StudyQuery, int | None]] = []
    for letter, texts in (("q", rated), ("t", training)):
        for number, text in enumerate(texts):
            made.append((StudyQuery(_query_id(number, letter), words=text, is_training=letter == "t"), None))
    return made


def _sound_queries(
    design: StudyDesign, collection: Collection, rankers: Sequence[Ranker], labels: Mapping[Path, str]
) -> list[tuple[StudyQuery, int | None]]:
    fit = [index for index in range(len(collection.sounds)) if all(ranker.has(index) for ranker in rankers)]
    if len(collection.sounds) <= design.depth:
        raise StudyError(
            f"The library has {len(collection.sounds):,} sounds, too few for a study of depth {design.depth}. "
            "Index more sounds, or choose a smaller depth."
        )
    stratum = _strata(collection, labels)
    strata = [stratum[index] for index in fit]
    rng = np.random.default_rng(design.seed)
    if design.choice.how == "sounds":
        rated = [_index_of(path, collection, rankers) for path in design.choice.sounds]
        rest = [index for index in fit if index not in rated]
        training = [rest[index] for index in rng.permutation(len(rest))[: design.n_training]]
    else:
        n_wanted = design.choice.n_queries + design.n_training
        unmatched = [
            ranker.system.name for ranker in rankers if not any(map(ranker.has, range(len(collection.sounds))))
        ]
        if unmatched:
            raise StudyError(
                f"System “{unmatched[0]}” matches no sound in this library. Queries and results in its file must have "
                f"the names of the library's sounds, such as “{collection.sounds[0].path.name}”."
            )
        if len(fit) < n_wanted:
            raise StudyError(
                f"Every system has embeddings of {len(fit):,} sounds; the study needs {n_wanted:,} queries, training "
                "included. Choose fewer queries, index more sounds, or run `bowerbird index` for every encoder."
            )
        order = _spread(strata, rng) if design.choice.how == "stratified" else rng.permutation(len(fit)).tolist()
        drawn = [fit[index] for index in order[:n_wanted]]
        rated, training = drawn[: design.choice.n_queries], drawn[design.choice.n_queries :]
    made: list[tuple[StudyQuery, int | None]] = []
    for letter, indices in (("q", rated), ("t", training)):
        for number, index in enumerate(indices):
            sound = collection.sounds[index]
            query = StudyQuery(
                _query_id(number, letter),
                sound.item_id,
                stratum=stratum[index] if design.choice.how == "stratified" else "",
                is_training=letter == "t",
            )
            made.append((query, index))
    return made


def _index_of(path: str, collection: Collection, rankers: Sequence[Ranker]) -> int:
    absolute = Path(os.path.abspath(Path(path).expanduser()))  # noqa: PTH100 - as paths are stored
    index = collection.index_of_path(absolute)
    if index is None:
        raise StudyError(f"“{path}” is not in the library. Index its folder first.")
    for ranker in rankers:
        if not ranker.has(index):
            raise StudyError(f"System “{ranker.system.name}” cannot rank by “{path}”. Choose another query.")
    return index


def _strata(collection: Collection, labels: Mapping[Path, str]) -> list[str]:
    """Return the stratum of each sound: its length, and its class, or its folder where the class is unknown.

    Folders are numbered: a study is sent to others, and the names of folders are private.
    """
    tops = ["/".join(sound.directory.split("/")[:2]) for sound in collection.sounds]
    numbers = {top: number for number, top in enumerate(sorted(set(tops)), start=1)}
    strata = []
    for sound, top in zip(collection.sounds, tops, strict=True):
        length = "short" if sound.duration_s < _SHORT_S else "long" if sound.duration_s > _LONG_S else "medium"
        strata.append(f"{length}, {labels.get(sound.path) or f'folder {numbers[top]}'}")
    return strata


def _spread(strata: Sequence[str], rng: np.random.Generator) -> list[int]:
    """Order indices at random so that each stratum comes once before any comes again."""
    members: dict[str, list[int]] = {}
    for index in rng.permutation(len(strata)).tolist():
        members.setdefault(strata[index], []).append(index)
    names = sorted(members)
    order = []
    while names:
        rng.shuffle(names)
        order += [members[name].pop() for name in names]
        names = [name for name in sorted(names) if members[name]]
    return order


def _far(
    ranks: np.ndarray, query_index: int | None, found: Sequence[RankedItem], collection: Collection, seed: int
) -> int | None:
    """Return a low anchor: a random sound among those that every encoder ranks last."""
    if not ranks.any():
        return None
    taken = {result.item_id for result in found}
    worst = np.argsort(-ranks, kind="stable")[: max(1, int(_FAR_SHARE * len(ranks)))]
    fit = [index for index in worst.tolist() if index != query_index and collection.sounds[index].item_id not in taken]
    return fit[np.random.default_rng([seed, query_index or 0]).integers(len(fit))] if fit else None


class _Copies:
    """Finds copies among results, by their acoustic vectors."""

    def __init__(self, collection: Collection, design: StudyDesign) -> None:
        self._design = design
        self._vectors = _descriptors(collection) if design.near_copies != "keep" else None

    @property
    def has_vectors(self) -> bool:
        """Whether there are acoustic vectors to compare."""
        return self._vectors is not None

    def marked(
        self, index: int | None, order: np.ndarray, scores: np.ndarray, *, n: int
    ) -> list[tuple[int, float, bool]]:
        """Return indices, scores and whether each is a copy of the query or of a better result.

        Copies of the query are left out when the study removes them. Sounds that are merely alike stay: a list that is
        filled with them is a finding about the system.
        """
        rows = list(zip(order.tolist(), scores.tolist(), strict=True))
        vectors = self._vectors
        if vectors is None:
            return [(row, score, False) for row, score in rows[:n]]
        least = self._design.near_copy_cosine
        of_query = (vectors[order] @ vectors[index] >= least).tolist() if index is not None else [False] * len(rows)
        kept: list[tuple[int, float, bool]] = []
        for (row, score), is_copy in zip(rows, of_query, strict=True):
            if len(kept) == n:
                break
            if is_copy and self._design.near_copies == "remove":
                continue
            better = [other for other, _, _ in kept]
            kept.append((row, score, is_copy or bool((vectors[better] @ vectors[row] >= least).any())))
        return kept


def _descriptors(collection: Collection) -> np.ndarray | None:
    try:
        return np.nan_to_num(collection.vectors(encoder_named(ACOUSTIC_ENCODER)))
    except QueryError:  # a library that only another encoder has indexed
        return None


def _query_id(number: int, letter: str) -> str:
    return f"{letter}{number + 1:02d}"
