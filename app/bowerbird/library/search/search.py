"""Searching: words over names, folders and metadata; words by their meaning; examples; all of them together."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from bowerbird.base.errors import QueryError
from bowerbird.catalogue.sqlite.reader import CatalogueReader
from bowerbird.domain.matches import Match
from bowerbird.domain.names import fold, split_unwanted, words_of
from bowerbird.domain.query import Example, Guess, Query
from bowerbird.domain.sounds import Vectors
from bowerbird.encoders.protocol import Encoder, Guesser
from bowerbird.library.indexing.analysis import encode_example
from bowerbird.library.search.neighbours import Neighbours
from bowerbird.ranking.fusion import fused
from bowerbird.ranking.percentiles import percentiles

DEFAULT_LIMIT: Final = 15
EVERYTHING: Final = Query()
_N_NAMED_BLOCKS: Final = 2
_UNLIKE_WEIGHT: Final = 0.5
"""What is unwanted counts half: it shall steer, not lead."""

_N_BEFORE_BEGUN: Final = 10
"""Matches that stand before names that only begin with the last word: "rain" may be unfinished, or no "Rainbow"."""


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """What to be similar to.

    Attributes
    ----------
    vector : ndarray, shape (n_dims,), float32
        Unit length.
    excluded : frozenset of Path
        The examples themselves: nobody asks for what they hold in their hand.
    why : str
        What a match has in common with it.
    is_of_sounds : bool
        Whether it is made of sounds that matches are to be like: the parts of their vectors say in what. Words have
        no timbre, and what is only unlike has nothing in common.
    """

    vector: Vectors
    excluded: frozenset[Path]
    why: str = "sounds alike"
    is_of_sounds: bool = True


class Search:
    """Answers queries about one library. For the thread that made it.

    Parameters
    ----------
    library : Path
    encoder : Encoder

    Raises
    ------
    CatalogueError
        When there is no library.
    """

    def __init__(self, library: Path, encoder: Encoder) -> None:
        self.encoder = encoder
        self.reader = CatalogueReader(library)
        self.neighbours = Neighbours(library, self.reader, encoder)

    def close(self) -> None:
        """Save the index if it changed, and close the catalogue."""
        self.neighbours.save()
        self.reader.close()

    def by_words(self, words: str, among: Query = EVERYTHING, *, limit: int = DEFAULT_LIMIT) -> list[Match]:
        """Find sounds whose name, folder or metadata hold every word that has no minus; the last may be a beginning.

        Those that hold it whole come first. Without such words, the rest of the query lists by name.
        """
        if not words_of(split_unwanted(words)[0]):
            return self._listed(replace(among, words=words), limit)
        whole, begun = self._named(words, among, limit)
        return [*whole, *begun]

    def _named(self, words: str, among: Query, limit: int) -> tuple[list[Match], list[Match]]:
        """Find by words: what holds all of them, and what only begins with the last."""
        wanted = words_of(split_unwanted(words)[0])
        found = self.reader.words_search(replace(among, words=words), limit=limit) if wanted else []
        rows = self.reader.rows([sound_id for sound_id, *_ in found])
        whole: list[Match] = []
        begun: list[Match] = []
        for sound_id, rank, texts, is_whole in found:
            if sound_id in rows:
                why = _where(wanted, texts, is_whole=is_whole)
                match = Match(sound_id, -rank, None, 0.0, rows[sound_id].duration_s or 0.0, why)
                (whole if is_whole else begun).append(match)
        return whole, begun

    def _listed(self, query: Query, limit: int) -> list[Match]:
        ids = self.reader.list_ids(query)[:limit].tolist()
        rows = self.reader.rows(ids)
        why = " and ".join([*query.words.split(), *(str(condition) for condition in query.filters)])
        return [Match(row.id, 0.0, None, 0.0, row.duration_s or 0.0, why) for row in map(rows.get, ids) if row]

    @property
    def knows_words(self) -> bool:
        """Whether words can be searched by their meaning."""
        return self.encoder.text is not None

    def understands(self, words: str) -> bool:
        """Say whether words mean something to the encoder: those that are wanted, else those that are not."""
        wanted, unwanted = split_unwanted(words)
        text = wanted if words_of(wanted) else " ".join(unwanted)
        return bool(words_of(text)) and self.encoder.text is not None and self.encoder.text.knows(text)

    def guesses(self, words: str) -> tuple[Guess, ...]:
        """Say which words, wanted or not, are taken for others that are spelt alike; nothing where none is asked."""
        text = self.encoder.text
        if text is None or not isinstance(text, Guesser) or not self.understands(words):
            return ()
        wanted, unwanted = split_unwanted(words)
        return tuple(dict.fromkeys(guess for one in (wanted, *unwanted) for guess in text.guesses(one)))

    def by_text(
        self, words: str, among: Query = EVERYTHING, *, limit: int = DEFAULT_LIMIT, has_weak: bool = True
    ) -> list[Match]:
        """Find sounds by words, in their names and by their meaning, both rankings fused into one.

        Parameters
        ----------
        words : str
            Those with a minus are not wanted, neither in names nor in meaning.
        among : Query
            Whose filters and place must hold; its words are not asked.
        limit : int
        has_weak : bool
            Whether sounds that fit only weakly, by meaning alone, are shown where others fit better.

        Raises
        ------
        EncoderError
            When the text network is missing or damaged.
        """
        if not self.understands(words):  # signs alone, a name, half a word: nothing can be said of their sound
            return self.by_words(words, among, limit=limit)
        whole, begun = self._named(words, among, limit)
        meant = self.by_example(self.target((), text=words), without_wanted(words, among), limit=limit)
        by_name = {match.sound_id: match for match in [*whole, *begun]}
        by_meaning = {match.sound_id: match for match in meant if has_weak or not match.is_weak}
        if not by_name and not by_meaning:
            return meant[:DEFAULT_LIMIT]
        found = fused([[match.sound_id for match in whole], list(by_meaning)])
        best, rest = found[:_N_BEFORE_BEGUN], found[_N_BEFORE_BEGUN:]
        later = [match.sound_id for match in begun if match.sound_id not in best]
        found = [*best, *fused([later, rest])][:limit]
        return [_both(by_name.get(sound_id), by_meaning.get(sound_id)) for sound_id in found]

    def target(self, examples: Sequence[Example], *, text: str = "") -> Target:
        """Make one thing to be similar to: like some examples, unlike others, and with words' meaning.

        Vectors of words lie apart from those of sounds, and some examples are closer to everything than others.
        So each is divided by the deviation of its cosines in this library before they are added: every one moves
        ranks as much as any other. Whole sounds of the library are not decoded again.

        Parameters
        ----------
        examples : sequence of Example
        text : str
            Words; those with a minus are not wanted.

        Raises
        ------
        AudioError
            When an example cannot be heard.
        EncoderError
            When weights are missing or damaged.
        QueryError
            When there is nothing to be similar to, or words have no meaning to the encoder.
        """
        wanted, unwanted = split_unwanted(text)
        texts = [*([wanted] if words_of(wanted) else []), *unwanted]
        if not examples and not texts:
            raise QueryError("There is no example to search by. Name a file with --like FILE.")
        if texts and self.encoder.text is None:
            raise QueryError(f"`{self.encoder.name}` knows no words. Choose an encoder that does with --encoder.")
        self.neighbours.refresh()
        usual = self.neighbours.usual()
        parts = [
            (_scaled(_unit(self._vectors(example).mean(axis=0)), usual), example.is_unlike) for example in examples
        ]
        likes = [vector for vector, is_unlike in parts if not is_unlike]
        unlikes = [vector for vector, is_unlike in parts if is_unlike]
        if self.encoder.text is not None and texts:
            meanings = [_scaled(vector, usual) for vector in self.encoder.text.encode(texts)]
            n_wanted = len(texts) - len(unwanted)
            likes, sounds_like = [*meanings[:n_wanted]], likes
            if sounds_like:
                likes.append(np.mean(sounds_like, axis=0))
            unlikes += meanings[n_wanted:]
        vector = np.zeros(self.encoder.n_dims, np.float32)
        if likes:
            vector += np.mean(likes, axis=0)
        if unlikes:
            vector -= np.float32(_UNLIKE_WEIGHT) * np.mean(unlikes, axis=0)
        whole = frozenset(_absolute(example.path) for example in examples if example.is_whole)
        why = _common(has_examples=bool(examples), has_words=bool(texts)) if likes else "sounds different"
        return Target(_unit(vector), whole, why, is_of_sounds=bool(likes) and not texts)

    def _vectors(self, example: Example) -> Vectors:
        if example.is_whole:
            sound = self.reader.sound_at(_absolute(example.path))
            if sound is not None and sound.content_id is not None:
                stored = self.reader.sound_windows(sound.content_id, self.encoder.id, self.encoder.n_dims)
                if len(stored):
                    return stored
        return encode_example(example, self.encoder)

    def by_example(self, target: Target, among: Query = EVERYTHING, *, limit: int = DEFAULT_LIMIT) -> list[Match]:
        """Find the sounds most similar to a target, among those that a query names.

        Each sound appears once, with the stretch that matches best.
        """
        with self.reader.snapshot():
            return self._by_example(target, among, limit)

    def _by_example(self, target: Target, among: Query, limit: int) -> list[Match]:
        self.neighbours.refresh()
        contents: npt.NDArray[np.int64] | None = None
        admitted: set[int] | None = None
        if not among.is_everything:
            contents, sound_ids = self.reader.contents_where(among)
            admitted = set(sound_ids.tolist())
        n_asked = 2 * limit + 8
        while True:
            found = self.neighbours.search(target.vector, n_asked, content_ids=contents)
            matches = self._matches(target, found, admitted=admitted, limit=limit)
            if len(matches) >= limit or len(found[0]) < n_asked:
                return matches
            n_asked *= 4  # long sounds and copies had crowded the list

    def _matches(
        self,
        target: Target,
        found: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float32]],
        *,
        admitted: set[int] | None,
        limit: int,
    ) -> list[Match]:
        window_ids, content_ids, scores = found
        first_of: dict[int, int] = {}
        for place, content_id in enumerate(content_ids.tolist()):
            first_of.setdefault(content_id, place)
        sounds = self.reader.sounds_of(first_of)
        rows = self.reader.rows([sound_id for content_id in first_of for sound_id in sounds.get(content_id, ())])
        shown = [
            (place, row)
            for content_id, place in first_of.items()
            for sound_id in sounds.get(content_id, ())
            if (admitted is None or sound_id in admitted)
            and (row := rows.get(sound_id)) is not None
            and row.path not in target.excluded
        ][:limit]
        places = [place for place, _ in shown]
        chosen_ids = window_ids[places]
        spans = self.reader.spans(chosen_ids)
        vectors = self.reader.vectors_of(chosen_ids, self.encoder.n_dims)
        usual = self.neighbours.usual()
        ranks = percentiles(scores[places], usual @ target.vector)
        reasons = self._reasons(target, vectors, usual)
        return [
            Match(
                row.id,
                float(scores[place]),
                float(rank),
                *spans[int(window_id)][:2],
                reason,
            )
            for (place, row), window_id, rank, reason in zip(shown, chosen_ids, ranks, reasons, strict=True)
        ]

    def _reasons(self, target: Target, vectors: Vectors, usual: Vectors) -> list[str]:
        """Name the aspects in which each match is closer than is usual here, for encoders whose vectors have parts."""
        if not self.encoder.blocks or not target.is_of_sounds:
            return [target.why] * len(vectors)
        query = target.vector
        closeness = {
            name: percentiles(_nearness(query, vectors, part), _nearness(query, usual, part))
            for name, part in self.encoder.blocks.items()
        }
        names = list(closeness)
        table = np.stack([closeness[name] for name in names])
        best = np.argsort(-table, axis=0, kind="stable")[:_N_NAMED_BLOCKS]
        return [f"alike in {' and '.join(names[place] for place in column)}" for column in best.T]


def _scaled(vector: Vectors, usual: Vectors) -> Vectors:
    """Divide by the deviation of the library's cosines with it."""
    deviation = float(np.std(usual @ vector)) if len(usual) else 0.0
    return np.asarray(vector / max(deviation, 1e-3), np.float32)


def without_wanted(words: str, among: Query) -> Query:
    """Return a query with only those of the words that exclude: names that hold them stay out."""
    _, unwanted = split_unwanted(words)
    return replace(among, words=" ".join("-" + "_".join(phrase.split()) for phrase in unwanted))


def _common(*, has_examples: bool, has_words: bool) -> str:
    if not has_words:
        return "sounds alike"
    return "sounds alike, by meaning too" if has_examples else "by meaning"


def _both(named: Match | None, meant: Match | None) -> Match:
    """Make one match of two of the same sound."""
    if named is None or meant is None:
        match = named or meant
        assert match is not None
        return match
    return replace(meant, why=f"{named.why}, by meaning too")


def _nearness(query: Vectors, vectors: Vectors, part: slice) -> npt.NDArray[np.float32]:
    return np.asarray(-np.linalg.norm(vectors[:, part] - query[part], axis=1), np.float32)


def _where(wanted: Sequence[str], texts: tuple[str, str, str], *, is_whole: bool) -> str:
    """Say where words were found, or only the beginning of the last."""
    whole = {fold(word) for word in (wanted if is_whole else wanted[:-1])}
    beginning = "" if is_whole else fold(wanted[-1])
    places = [
        place
        for place, text in zip(("name", "folder", "metadata"), texts, strict=True)
        if any(part in whole or (beginning and part.startswith(beginning)) for part in fold(text).split())
    ]
    found = "words" if is_whole else "words that begin so"
    return f"{found} in {' and '.join(places)}" if places else found


def _unit(vector: npt.NDArray[np.float32]) -> Vectors:
    return np.asarray(vector / max(1e-12, float(np.linalg.norm(vector))), np.float32)


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 - unlike resolve, keeps the user's own links
