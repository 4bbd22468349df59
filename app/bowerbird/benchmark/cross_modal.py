"""Words and sounds: which sounds the name of a class finds, and which names a sound finds.

Both directions follow Elizalde, Zarar and Raj, "Cross modal audio search and retrieval with joint embeddings based on
text and audio" (ICASSP 2019): average precision over the whole ranking, so its denominator is the number of relevant
items. Their means are over queries; here they are over classes, because classes differ in size.
"""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

import numpy as np

from bowerbird.base.errors import QueryError
from bowerbird.base.files import os_reason
from bowerbird.benchmark.evaluation import SEED, Prepared
from bowerbird.benchmark.systems import EncoderSystem, SystemSpec
from bowerbird.domain.sounds import Vectors
from bowerbird.encoders.protocol import LabelLearner
from bowerbird.ranking.hits import Flags, Floats, Ints, average_precisions
from bowerbird.ranking.significance import bootstrap_deviations, clustered_means, percentile_limits
from bowerbird.ranking.vectors import unit_rows

_NO_TEXT: Final = (
    "None of the systems encodes text: acoustic descriptors, vectors and rankings do not, and neither do principal "
    "components. Add --encoder ear."
)

Scope: TypeAlias = Literal["all classes", "training labels", "no training label", "queries"]
"""Which texts: names of classes, of those that are (not) labels in the training of the encoder, or other texts."""


@dataclass(frozen=True, slots=True)
class TextQuery:
    """A text and the classes that it asks for."""

    text: str
    classes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MeanPrecision:
    """A mean average precision.

    Attributes
    ----------
    value : float
        In [0, 1].
    low, high : float
        The 95 % interval over texts, or over groups of sounds.
    chance : float
        Expected value of random rankings.
    """

    value: float
    low: float
    high: float
    chance: float


@dataclass(frozen=True, slots=True)
class TextFigures:
    """How well a system finds sounds by words, and words by sounds.

    Attributes
    ----------
    system : str
    scope : Scope
    n_texts : int
    n_sounds : int
        Sounds that are queries for names.
    text_to_sound : MeanPrecision
        Mean over texts. All sounds are ranked.
    sound_to_text : MeanPrecision or None
        Mean over classes of their sounds. The names of all classes are ranked. None for `queries`.
    """

    system: str
    scope: Scope
    n_texts: int
    n_sounds: int
    text_to_sound: MeanPrecision
    sound_to_text: MeanPrecision | None


def read_text_queries(path: Path) -> tuple[TextQuery, ...]:
    """Read texts and the classes that they ask for from a TOML file of ``[[query]]`` with `text` and `classes`.

    Raises
    ------
    QueryError
        When the file cannot be read or has another format.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        queries = tuple(TextQuery(_text(row["text"]), _texts(row["classes"])) for row in table["query"])
    except OSError as error:
        raise QueryError(
            f"{path} cannot be read ({os_reason(error)}). Check its spelling and its permissions."
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise QueryError(
            f'{path} has another format. Write [[query]] tables with text = "..." and classes = ["...", ...].'
        ) from error
    if not queries:
        raise QueryError(f"{path} has no queries. Write a [[query]] table for each.")
    return queries


def check_texts(ready: Prepared, queries: Sequence[TextQuery] = ()) -> None:
    """Check that texts can be scored, without encoding them.

    Raises
    ------
    QueryError
        When no system encodes text, or no text asks for a class that occurs.
    """
    if not any(_encodes_text(ready, spec) for spec in ready.specs):
        raise QueryError(_NO_TEXT)
    if queries and len(unmatched_texts(ready, queries)) == len(queries):
        raise QueryError(
            f"None of {len(queries):,} texts asks for a class of the labelled sounds. Write classes as they are in the "
            "file of labels."
        )


def unmatched_texts(ready: Prepared, queries: Sequence[TextQuery]) -> tuple[str, ...]:
    """Return the texts that ask only for classes that do not occur."""
    return tuple(query.text for query in queries if set(query.classes).isdisjoint(ready.relevance.classes))


def _encodes_text(ready: Prepared, spec: SystemSpec) -> bool:
    system = ready.encoders.get(spec.name)
    return system is not None and system.encoder.text is not None and not spec.n_components


def text_figures(ready: Prepared, *, queries: Sequence[TextQuery] = (), seed: int = SEED) -> tuple[TextFigures, ...]:
    """Score the systems whose encoder encodes text; others are left out.

    Parameters
    ----------
    ready : Prepared
    queries : sequence of TextQuery
        Further texts, except those in `unmatched_texts`.
    seed : int
        Of the intervals.

    Raises
    ------
    QueryError
        When no system encodes text, or no text asks for a class that occurs.
    EncoderError
        When the weights of an encoder are missing or damaged.
    """
    check_texts(ready, queries)
    relevance = ready.relevance
    asked = [query for query in queries if not set(query.classes).isdisjoint(relevance.classes)]
    found: list[TextFigures] = []
    for spec in ready.specs:
        if not _encodes_text(ready, spec):
            continue
        system = ready.encoders[spec.name]
        names = [_phrase(name) for name in relevance.classes]
        sounds, texts = unit_rows(ready.vectors[spec.name]), text_vectors(system, names)
        if not texts.any():  # words have no acoustic part
            continue
        similarities = sounds @ texts.T
        to_sounds = _precisions(similarities.T, relevance.carries)
        to_texts = _precisions(similarities, relevance.carries.T)
        for scope, kept in _scopes(system, names):
            found.append(
                TextFigures(
                    spec.name,
                    scope,
                    int(kept.sum()),
                    int(relevance.carries[kept].any(axis=0).sum()),
                    _over_texts(to_sounds[kept], relevance.carries[kept], seed),
                    _over_sounds(to_texts, relevance.carries, kept, relevance.group_codes, seed),
                )
            )
        if asked:
            wanted = np.stack([np.isin(relevance.classes, query.classes) for query in asked])
            hits = (wanted.astype(np.int64) @ relevance.carries.astype(np.int64)) > 0
            similarities = text_vectors(system, [query.text for query in asked]) @ sounds.T
            figures = _over_texts(_precisions(similarities, hits), hits, seed)
            found.append(TextFigures(spec.name, "queries", len(asked), 0, figures, None))
    if not found:
        raise QueryError(_NO_TEXT)
    return tuple(found)


def text_vectors(system: EncoderSystem, texts: Sequence[str]) -> Vectors:
    """Return the vectors of texts, shape (n_texts, n_dims), in the parts of the embedding that a system uses."""
    if system.encoder.text is None:
        raise ValueError(f"{system.encoder.name} does not encode text")
    return unit_rows(system.part_of(system.encoder.text.encode(texts)))


def chance_precisions(n_relevant: Ints, n_items: int) -> Floats:
    """Return the expected average precision of a random ranking with `n_relevant` of `n_items` relevant, shape (n,).

    With P(rank k is relevant) = R / N, and (R - 1) / (N - 1) of the other ranks relevant if it is, the mean over k of
    ``(1 + (k - 1) (R - 1) / (N - 1)) / k``.
    """
    harmonic = float((1.0 / np.arange(1, n_items + 1)).sum())
    others = (n_relevant - 1.0) / max(1, n_items - 1)
    return np.asarray((harmonic + (n_items - harmonic) * others) / n_items, np.float64)


def _scopes(system: EncoderSystem, names: Sequence[str]) -> list[tuple[Scope, Flags]]:
    scopes: list[tuple[Scope, Flags]] = [("all classes", np.ones(len(names), np.bool_))]
    text = system.encoder.text
    if text is not None and isinstance(text, LabelLearner):
        known = {_phrase(label) for label in text.labels()}
        is_trained = np.array([name in known for name in names])
        scopes += [("training labels", is_trained), ("no training label", ~is_trained)]
    return [(scope, kept) for scope, kept in scopes if kept.any()]


def _precisions(similarities: Vectors, is_relevant: Flags) -> Floats:
    """Return the average precision of each row's whole ranking, equal similarities in order of the columns."""
    found = np.zeros(len(similarities))
    for row, (own, relevant) in enumerate(zip(similarities, is_relevant, strict=True)):
        hits = relevant[np.argsort(-own, kind="stable")]
        found[row] = average_precisions(
            hits[None], n_relevant=np.array([np.count_nonzero(relevant)]), cutoff=len(hits)
        )[0]
    return found


def _over_texts(precisions: Floats, is_relevant: Flags, seed: int) -> MeanPrecision:
    n = len(precisions)
    chance = chance_precisions(is_relevant.sum(axis=1), is_relevant.shape[1]).mean()
    return _mean(precisions, np.zeros(n, np.int64), np.arange(n), float(chance), seed)


def _over_sounds(precisions: Floats, carries: Flags, kept: Flags, group_codes: Ints, seed: int) -> MeanPrecision:
    """Return the mean over the kept classes of the precisions of their sounds."""
    rows, sounds = np.nonzero(carries & kept[:, None])
    chance = chance_precisions(carries.sum(axis=0)[sounds], len(carries))
    by_class = np.bincount(rows, chance) / np.maximum(1, np.bincount(rows))
    clusters = np.unique(group_codes[sounds], return_inverse=True)[1].astype(np.int64)
    return _mean(precisions[sounds], rows, clusters, float(by_class[np.unique(rows)].mean()), seed)


def _mean(values: Floats, classes: Ints, clusters: Ints, chance: float, seed: int) -> MeanPrecision:
    means = clustered_means(values[:, None], classes=classes, clusters=clusters, n_clusters=int(clusters.max()) + 1)
    limits = percentile_limits(means.means, bootstrap_deviations(means.influences, seed=seed))[0]
    low, high = np.clip(limits, 0.0, 1.0).tolist()
    return MeanPrecision(float(means.means[0]), low, high, chance)


_SPACES: Final = re.compile(r"[_\s]+")


def _phrase(label: str) -> str:
    """Return the name of a class as a text: "Chirp_and_tweet" is "chirp and tweet"."""
    return _SPACES.sub(" ", label).strip().lower()


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError("not a list")
    return tuple(_text(each) for each in value)
