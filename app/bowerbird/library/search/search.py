"""Searching: words in names, folders and metadata; words by their meaning; examples; all of them together."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from types import MappingProxyType
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from bowerbird.catalogue.records import WindowSpan, WordLevel, WordMatch
from bowerbird.domain.matches import Match, Moment, is_weak
from bowerbird.domain.query import Example, Query
from bowerbird.domain.sounds import Vectors
from bowerbird.encoders.calibration import calibration_of
from bowerbird.encoders.protocol import Encoder
from bowerbird.encoders.registry import ACOUSTIC_ENCODER, DEFAULT_ENCODER, encoder_named
from bowerbird.index.exact import cosines, weighted_cosines
from bowerbird.library.library import Library
from bowerbird.library.search.meanings import Meanings
from bowerbird.library.search.names_and_meaning import in_order
from bowerbird.library.search.neighbours import Neighbours
from bowerbird.library.search.other_speeds import best_of_speeds
from bowerbird.library.search.query_words import QueryWordReader, QueryWords
from bowerbird.library.search.targets import Target, Targets
from bowerbird.ranking.calibration import margins
from bowerbird.ranking.percentiles import percentiles

DEFAULT_LIMIT: Final = 15
EVERYTHING: Final = Query()
_N_NAMED_ASPECTS: Final = 2
_MAX_MOMENTS: Final = 3
"""Further moments of a long sound that are shown."""

N_FEW: Final = 20
"""Where fewer sounds have every word, those with some of the words follow."""

N_RANKED: Final = 200
"""Sounds that are ranked at least, by name and by meaning."""

N_PARTLY: Final = 200
"""Sounds with some of the words that are listed."""

_LEVELS: Final[Mapping[WordLevel, str]] = MappingProxyType(
    {
        "name": "words",
        "whole": "words",
        "inflected": "forms of words",
        "begun": "beginnings of words",
        "inside": "parts of words",
    }
)


Found: TypeAlias = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float32]]
"""Windows that were found, best first: their ids, the ids of their contents, and scores."""


class Search:
    """Searches one library. For the thread that made it.

    Parameters
    ----------
    library : Library
    encoder : Encoder

    Raises
    ------
    CatalogueError
        When there is no library.
    """

    def __init__(self, library: Library, encoder: Encoder) -> None:
        self.encoder = encoder
        self.reader = library.read()
        self.neighbours = Neighbours(library, self.reader, encoder)
        self._meanings = Meanings(library, encoder)
        self._words = QueryWordReader(self.reader, encoder, self._meanings)
        self._targets = Targets(self.reader, encoder, self.neighbours, self._meanings)
        self._calibration = calibration_of(encoder)
        self._library = library
        self._for_words: Search | None = None

    def close(self) -> None:
        """Save the index if it changed, and close the catalogue."""
        if self._for_words is not None:
            self._for_words.close()
        self.neighbours.save()
        self.reader.close()

    # Words

    def for_words(self) -> "Search":
        """Return the search that finds sounds by words alone.

        It is this one, unless the weights of its encoder have no text network: then the built-in encoder's, whose
        embeddings every library has.
        """
        if self.encoder.text is not None or self.encoder.name == ACOUSTIC_ENCODER:  # a part of the ear, without words
            return self
        if self._for_words is None:
            built_in = encoder_named(DEFAULT_ENCODER)
            if built_in.text is None or built_in.id not in self.reader.encoder_ids():
                return self
            self._for_words = Search(self._library, built_in)
        return self._for_words

    @property
    def has_meanings(self) -> bool:
        """Whether words can be searched by their meaning, which an encoder has or which was learned from names."""
        words = self.for_words()
        return self._meanings.has_any if words is self else words.has_meanings

    def words_of(self, query: Query) -> QueryWords:
        """Return how the words of a query are read."""
        return self._words.read(query)

    def understands(self, query: Query) -> bool:
        """Return whether a query's words mean something: the wanted words, else the excluded words."""
        return self.words_of(query).is_understood

    def by_words(self, query: Query, *, limit: int = DEFAULT_LIMIT) -> list[Match]:
        """Find sounds whose name, folder or metadata contain every word, at least as a part of a word.

        Whole words come first, then their inflections, beginnings and middles of words; where few sounds have every
        word, those with some of them follow. Without words, the query's filters list sounds by name.
        """
        if not query.words:
            return self._listed(query, limit)
        names = self.words_of(query).named
        found = self.reader.search_words(names, limit=limit)
        return self._matches_of([*found, *self._partly_named(names)][:limit])

    def by_text(self, query: Query, *, limit: int = DEFAULT_LIMIT, n_weak: int | None = None) -> list[Match]:
        """Find sounds by words in their names and by the meaning of the words, both rankings fused into one.

        Words are given to `for_words`. Sounds that have every word, whole or inflected, come first; weak matches by
        meaning alone come last.

        Parameters
        ----------
        query : Query
        limit : int
        n_weak : int, optional
            The most weak matches by meaning alone; default: as many as the limit allows.

        Raises
        ------
        EncoderError
            When the text network is missing or damaged.
        """
        words = self.for_words()
        if words is not self:
            return words.by_text(query, limit=limit, n_weak=n_weak)
        if not self.understands(query):  # punctuation, a name, an unfinished word
            return self.by_words(query, limit=limit)
        depth = max(limit, N_RANKED)  # the order is the same whatever the limit is
        names = self.words_of(query).named
        named = self.reader.named(names)
        found = self.reader.search_words(names, limit=depth)
        partly = self._partly_named(names)
        meant = self.by_example(self.target((), query), query.only_exclusions(), limit=depth)
        by_name = {match.sound_id: match for match in self._matches_of([*found, *partly])}
        every = np.array([*by_name, *(match.sound_id for match in meant)], np.int64)
        whole = set(named.whole_among(every).tolist())
        n_words = found[0].n_words if found else 0
        meant = [replace(match, n_named=n_words if match.sound_id in whole else 0) for match in meant]
        weak = [match for match in meant if match.is_weak and match.sound_id not in by_name]
        left_out = {match.sound_id for match in weak}
        by_meaning = {match.sound_id: match for match in meant if match.sound_id not in left_out}
        ids = self._present_first(in_order(found, partly, list(by_meaning), whole))
        likely = [_merged(by_name.get(sound_id), by_meaning.get(sound_id)) for sound_id in ids[:limit]]
        return [*likely, *weak[:n_weak]][:limit]

    def _partly_named(self, query: Query) -> list[WordMatch]:
        """Return sounds with some of the words, where few have them all."""
        is_few = len(query.words) > 1 and len(self.reader.named(query).ids) < N_FEW
        return self.reader.partly_named(query, limit=N_PARTLY) if is_few else []

    def _present_first(self, sound_ids: Sequence[int]) -> list[int]:
        """Return sounds in their order, those that are missing behind all others."""
        is_missing = np.isin(sound_ids, self.reader.missing_ids()).tolist()
        return [sound_ids[index] for index in sorted(range(len(sound_ids)), key=is_missing.__getitem__)]

    def _matches_of(self, found: Sequence[WordMatch]) -> list[Match]:
        """Return matches of words; a score falls with the rank."""
        rows = self.reader.listed_files([hit.sound_id for hit in found])
        return [
            Match(
                hit.sound_id,
                1.0 / rank,
                None,
                0.0,
                rows[hit.sound_id].duration_s or 0.0,
                _word_reason(hit),
                n_named=hit.n_found,
            )
            for rank, hit in enumerate(found, start=1)
            if hit.sound_id in rows
        ]

    def _listed(self, query: Query, limit: int) -> list[Match]:
        ids = self.reader.list_ids(query)[:limit].tolist()
        rows = self.reader.rows(ids)
        why = " and ".join([*(term.text for term in query.terms), *(str(condition) for condition in query.filters)])
        return [Match(row.id, 0.0, None, 0.0, row.duration_s or 0.0, why) for row in map(rows.get, ids) if row]

    # Examples

    def similar(self, examples: Sequence[Example], query: Query, *, limit: int = DEFAULT_LIMIT) -> list[Match]:
        """Find sounds similar to examples.

        Words add their meaning where the encoder understands them; otherwise only sounds named by them are compared.
        On request, examples are also tried at other speeds.

        Raises
        ------
        AudioError
            When an example cannot be decoded.
        EncoderError
            When weights are missing or damaged.
        """
        return self.finder(examples, query)(limit)

    def finder(self, examples: Sequence[Example], query: Query) -> Callable[[int], list[Match]]:
        """Return a function that finds as many similar sounds as it is asked for; see `similar`.

        The examples are decoded and embedded at its first call, and not again.
        """
        is_understood = self.understands(query)
        wanted = query if is_understood else Query(aspects=query.aspects)
        among = query.only_exclusions() if is_understood else query
        target = cache(lambda tried: self.target(tried, wanted))

        def find(tried: Sequence[Example], limit: int) -> list[Match]:
            return self.by_example(target(tuple(tried)), among, limit=limit)

        if query.has_other_speeds and not all(example.is_unlike for example in examples):
            return lambda limit: best_of_speeds(lambda tried: find(tried, limit), examples, limit=limit)
        return lambda limit: find(examples, limit)

    def target(self, examples: Sequence[Example], query: Query = EVERYTHING) -> Target:
        """Combine examples, and the meaning of a query's words, into one target; see `Targets.of`."""
        return self._targets.of(examples, self.words_of(query))

    def by_example(self, target: Target, among: Query = EVERYTHING, *, limit: int = DEFAULT_LIMIT) -> list[Match]:
        """Find the sounds most similar to a target among those that match a query.

        Each sound appears once, with the window that matches best.
        """
        with self.reader.snapshot():
            return self._by_example(target, among, limit)

    def _by_example(self, target: Target, among: Query, limit: int) -> list[Match]:
        self.neighbours.refresh()
        contents: npt.NDArray[np.int64] | None = None
        admitted: npt.NDArray[np.int64] | None = None
        if not among.is_everything:
            contents, admitted = self.reader.matching_contents(among)
        denied = self.reader.denied_contents(target.words) if target.words else set()
        n_windows = 2 * limit + 8
        while True:
            found = self.neighbours.search(target.vector, n_windows, content_ids=contents, weighting=target.weighting)
            others = self._apart_from_examples(target, found)
            matches = self._matches(target, others, admitted=admitted, denied=denied, limit=limit)
            if len(matches) >= limit or len(found[0]) < n_windows:
                return matches
            n_windows *= 4  # many were windows of the same long sounds

    def _apart_from_examples(self, target: Target, found: Found) -> Found:
        """Leave out the windows that share more than half with an example's region, or the region with them."""
        window_ids, content_ids, scores = found
        own = np.flatnonzero(np.isin(content_ids, [content_id for content_id, _, _ in target.excluded_regions]))
        if not len(own):
            return found
        spans = self.reader.spans(window_ids[own])
        is_kept = np.ones(len(window_ids), np.bool_)
        for index in own.tolist():
            span = spans.get(int(window_ids[index]))
            is_kept[index] = span is None or not any(
                content_id == content_ids[index] and _is_same_part(span, start_s, end_s)
                for content_id, start_s, end_s in target.excluded_regions
            )
        return window_ids[is_kept], content_ids[is_kept], scores[is_kept]

    def _matches(
        self,
        target: Target,
        found: Found,
        *,
        admitted: npt.NDArray[np.int64] | None,
        denied: set[int],
        limit: int,
    ) -> list[Match]:
        window_ids, content_ids, scores = found
        best_of: dict[int, int] = {}
        for index, content_id in enumerate(content_ids.tolist()):
            if content_id not in denied:
                best_of.setdefault(content_id, index)
        sounds = self.reader.sounds_of(best_of)
        sound_ids = [sound_id for content_id in best_of for sound_id in sounds.get(content_id, ())]
        if admitted is not None:
            sound_ids = np.array(sound_ids, np.int64)[np.isin(sound_ids, admitted)].tolist()
        rows = self.reader.listed_files(sound_ids)
        excluded = {str(path) for path in target.excluded}
        shown = [
            (index, row)
            for content_id, index in best_of.items()
            for sound_id in sounds.get(content_id, ())
            if (row := rows.get(sound_id)) is not None
            and row.path not in excluded
            and sound_id not in target.excluded_ids
        ][:limit]
        indices = [index for index, _ in shown]
        shown_ids = window_ids[indices]
        baseline = self.neighbours.baseline()
        baseline_scores = _cosines(target, baseline)
        ranks = percentiles(scores[indices], baseline_scores)
        probabilities = self._probabilities(target, scores[indices], baseline_scores)
        aspects = self._aspects(target, shown_ids, baseline)
        spans = self.reader.spans(shown_ids)
        moments = self._moments(target, found, {int(content_ids[index]): index for index in indices}, baseline_scores)
        matches = []
        parts = zip(shown, shown_ids.tolist(), ranks, probabilities, aspects, strict=True)
        for (index, row), window_id, rank, probability, closeness in parts:
            span = spans[window_id]
            reason = _closest_aspects(closeness) if closeness else target.why
            matches.append(
                Match(
                    row.id,
                    float(scores[index]),
                    float(rank),
                    span.start_s,
                    span.end_s,
                    reason,
                    closeness,
                    _apart(moments.get(int(content_ids[index]), ()), span),
                    probability,
                )
            )
        return matches

    def _probabilities(
        self, target: Target, scores: npt.NDArray[np.float32], baseline_scores: npt.NDArray[np.float32]
    ) -> list[float] | list[None]:
        """Return how likely results with some scores are right; None each where that is not known."""
        curve = self._calibration.curves.get(target.kind) if self._calibration and target.kind else None
        if curve is None:
            return [None] * len(scores)
        above = margins(scores, baseline_scores)
        probabilities = curve.probabilities(scores, above, is_trained=target.is_trained) * target.understood
        found: list[float] = probabilities.tolist()
        return found

    def _moments(
        self,
        target: Target,
        found: Found,
        best_of: Mapping[int, int],
        baseline_scores: npt.NDArray[np.float32],
    ) -> dict[int, list[Moment]]:
        """Return the windows found of each content, beside the best, that are not weak, by content id, best first.

        Parameters
        ----------
        target : Target
        found : Found
        best_of : mapping of int to int
            Where the best window of a content stands among them.
        baseline_scores : ndarray
            The scores of a sample of the library.
        """
        window_ids, content_ids, scores = found
        contents = content_ids.tolist()
        further = [index for index, each in enumerate(contents) if best_of.get(each, index) != index]
        if not further:
            return {}
        ranks = percentiles(scores[further], baseline_scores)
        probabilities = self._probabilities(target, scores[further], baseline_scores)
        rated = zip(further, ranks.tolist(), probabilities, strict=True)
        strong = [(index, rank, likely) for index, rank, likely in rated if not is_weak(likely, rank)]
        spans = self.reader.spans(window_ids[[index for index, *_ in strong]])
        moments: dict[int, list[Moment]] = {}
        for index, rank, probability in strong:
            span = spans.get(int(window_ids[index]))
            if span is not None:
                moment = Moment(float(scores[index]), rank, span.start_s, span.end_s, probability)
                moments.setdefault(contents[index], []).append(moment)
        return moments

    def _aspects(
        self, target: Target, window_ids: npt.NDArray[np.int64], baseline: Vectors
    ) -> list[tuple[tuple[str, float], ...]]:
        """Return how close each window is in each aspect, for encoders whose embeddings have named blocks."""
        if not self.encoder.blocks or not target.is_sound:
            return [()] * len(window_ids)
        vectors = self.reader.vectors_of(window_ids, self.encoder.n_dims)
        closeness = {
            name: percentiles(
                _similarities(target.vector, vectors, block), _similarities(target.vector, baseline, block)
            )
            for name, block in self.encoder.blocks.items()
        }
        shares = np.stack(list(closeness.values()), axis=1)
        return [tuple(zip(closeness, row, strict=True)) for row in shares.tolist()]


def _is_same_part(span: WindowSpan, start_s: float, end_s: float) -> bool:
    """Return whether a window and a region share more than half of the shorter of them."""
    shared_s = min(span.end_s, end_s) - max(span.start_s, start_s)
    return shared_s > 0.5 * min(span.end_s - span.start_s, end_s - start_s)


def _apart(moments: Sequence[Moment], best: WindowSpan) -> tuple[Moment, ...]:
    """Return the first moments that do not adjoin the best window or each other."""
    kept: list[Moment] = []
    apart_s = 1.5 * (best.end_s - best.start_s)
    for moment in moments:
        if all(abs(moment.start_s - start_s) > apart_s for start_s in (best.start_s, *(each.start_s for each in kept))):
            kept.append(moment)
    return tuple(kept[:_MAX_MOMENTS])


def _cosines(target: Target, vectors: Vectors) -> npt.NDArray[np.float32]:
    if target.weighting is None:
        return cosines(vectors, target.vector)
    return weighted_cosines(target.vector, vectors, target.weighting)


def _closest_aspects(aspects: Sequence[tuple[str, float]]) -> str:
    """Name the aspects in which a match is closest."""
    names = [name for name, _ in sorted(aspects, key=lambda aspect: -aspect[1])]
    return f"similar in {' and '.join(names[:_N_NAMED_ASPECTS])}"


def _merged(named: Match | None, meant: Match | None) -> Match:
    """Return one match for two of the same sound."""
    if named is None or meant is None:
        match = named or meant
        assert match is not None
        return match
    return replace(meant, why=f"{named.why}, and by meaning", n_named=named.n_named)


def _similarities(query: Vectors, vectors: Vectors, block: slice) -> npt.NDArray[np.float32]:
    return np.asarray(-np.linalg.norm(vectors[:, block] - query[block], axis=1), np.float32)


def _word_reason(hit: WordMatch) -> str:
    """Say how and where words were found."""
    found = f"{hit.n_found} of {hit.n_words} words" if hit.n_found < hit.n_words else _LEVELS[hit.level]
    return f"{found} in {', '.join(hit.fields)}" if hit.fields else found
