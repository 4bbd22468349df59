"""Text of the built-in encoder: encoding text, and suggesting words for sounds."""

import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from bowerbird.base.errors import EncoderError
from bowerbird.base.paths import models_path
from bowerbird.domain.names import plain
from bowerbird.domain.query import SpellingCorrection
from bowerbird.domain.sounds import Vectors
from bowerbird.encoders.acoustic.encoder import AcousticEncoder
from bowerbird.encoders.acoustic.spectrum import Floats
from bowerbird.encoders.ear.adjectives import Directions, read_directions
from bowerbird.encoders.ear.thesaurus import Group, Meaning, Thesaurus, load_thesaurus
from bowerbird.encoders.ear.word_forms import phrase_of

STEERING: Final = 0.07
"""Score per standard deviation of an adjective's quantity, as a cosine.

Measured on training clips of held-out sources over 15 adjectives and 59 labels: the first 15 results are 20 percentiles
closer to the adjective, and their precision falls from 0.135 to 0.118. At 0.03 it is 10 percentiles and 0.134, at 0.15
34 percentiles and 0.081.
"""

SYNONYM_SHARE: Final = 1.0
RELATED_SHARE: Final = 0.2
PARENT_SHARE: Final = 0.2
"""Weights of the mean of a group's words, relative to its name."""

GROUP_SHARE: Final = 0.7
"""Weight of the groups of a word against its own vector, which is learned from few sounds.

Measured on training clips of held-out sources with synonyms of their labels as queries: 0.3 has an mAP of 0.164, 0.7 of
0.176 and 1.0 of 0.178.
"""

FAINT_WORDS: Final = frozenset(
    {"noise", "sample", "samples", "effect", "effects", "sfx", "fx", "foley", "recording", "lärm", "effekt"}
    | {"sound effect", "sound fx"}
)
"""Words that are used for any sound; they count less beside other words."""

FAINT_SHARE: Final = 0.25

LEAST_RELATED: Final = 0.5
"""Cosine from which two words count as related. Of 0.3 to 0.8, the best for learned words (see DECISIONS)."""

GRAM_LENGTHS: Final = (3, 4, 5)
DEFAULT_TEMPERATURE: Final = 0.1
"""Of suggestions: of eight values, the lowest cross entropy on held-out clips. Training uses it too."""

NEVER_SUGGESTED: Final = frozenset({"other", "weapon other", "animal other"})


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Learned vectors of words.

    Attributes
    ----------
    words : tuple of str
        In lower case.
    vectors : ndarray, shape (n_words, n_dims), float32
    weights : ndarray, shape (n_words,), float32
        Weight of each word in a text.
    grams : ndarray, shape (n_buckets, n_dims), float32
        Vectors of hashed letter sequences; an unknown word is the mean of its own.
    names : tuple of str
        Words that may be suggested for a sound; empty if the table has none.
    temperature : float
        Of the softmax of suggestions; lower is more confident.
    own : frozenset of str
        Words learned from a library; the thesaurus does not change their vectors.
    """

    words: tuple[str, ...]
    vectors: Floats
    weights: Floats
    grams: Floats
    names: tuple[str, ...] = ()
    temperature: float = DEFAULT_TEMPERATURE
    own: frozenset[str] = frozenset()

    @property
    def n_dims(self) -> int:
        """Length of a vector."""
        return int(self.vectors.shape[1])


class EarWords:
    """Encodes text into the space of sounds, and suggests words for sounds.

    A text is the weighted sum of its words: learned vectors for words in the table, else vectors by the thesaurus, by
    similar spelling, or by letter sequences. Adjectives with a measurable quantity steer the acoustic part instead. A
    text without meaningful words is the mean of all words.

    Parameters
    ----------
    path : Path
        The learned table, an ``.npz``: ``words`` (UTF-8 as uint8, a word per line), ``vectors``, ``weights`` and
        ``grams``; optionally ``labels`` (as ``words``) and ``temperature``, for suggestions.
    meaning_weight : float
        Share of the learned part in the similarity of two sounds, in [0, 1].
    acoustic : AcousticEncoder
    thesaurus : Thesaurus, optional
        Default: the shipped thesaurus and the user's additions.

    Raises
    ------
    EncoderError
        When the table is missing or damaged.
    """

    def __init__(
        self,
        path: Path,
        *,
        meaning_weight: float,
        acoustic: AcousticEncoder,
        thesaurus: Thesaurus | None = None,
        directions: Directions | None = None,
    ) -> None:
        self._table = read_table(path)
        self._meaning_weight = meaning_weight
        self._acoustic = acoustic
        self._chosen_thesaurus = thesaurus
        self._chosen_directions = directions
        self._group_vectors: dict[str, Floats | None] = {}

    def labels(self) -> tuple[str, ...]:
        """Return the labels of the training sounds, as phrases in lower case."""
        return self._table.names

    def has_words(self, text: str) -> bool:
        """Return whether any word of a text is in the table or the thesaurus, also misspelt."""
        meanings = self._thesaurus.meanings(text, also=self._rows)
        return any(meaning.word or meaning.groups or meaning.adjectives for meaning in meanings)

    def guesses(self, text: str) -> tuple[SpellingCorrection, ...]:
        """Return the words of a text that are replaced by similarly spelt words."""
        meanings = self._thesaurus.meanings(text, also=self._rows)
        return tuple(
            dict.fromkeys(
                SpellingCorrection(meaning.text, meaning.word)
                for meaning in meanings
                if meaning.is_guess and meaning.word
            )
        )

    def synonyms(self, text: str) -> tuple[str, ...]:
        """Return the words and phrases, in lower case, that mean what a word or phrase of a text means.

        Raises
        ------
        EncoderError
            When the words are missing or damaged.
        """
        meanings = self._thesaurus.meanings(text, also=self._rows)
        groups = [group for meaning in meanings if not meaning.is_guess for group in meaning.groups]
        words = [word for group in groups for word in (group.name, *group.words, *group.german)]
        known = [meaning.word for meaning in meanings if meaning.word and not meaning.is_guess]
        return tuple(dict.fromkeys(word.lower() for word in (*known, *words)))

    def unknown_words(self, text: str) -> tuple[str, ...]:
        """Return the words of a text, in lower case, that are neither in the table nor in the thesaurus."""
        meanings = self._thesaurus.meanings(text, also=self._rows)
        return tuple(
            word
            for meaning in meanings
            if not (meaning.word or meaning.groups or meaning.adjectives)
            for word in meaning.text.split()
        )

    def is_trained(self, text: str) -> bool:
        """Return whether a word or phrase of a text is a label of the training set, or a synonym of one."""
        return any(
            meaning.word in self._labels or any(group.name in self._labels for group in meaning.groups)
            for meaning in self._thesaurus.meanings(text, also=self._rows)
            if not meaning.is_guess
        )

    def relatedness(self, encoded: Vectors, words: Vectors) -> Vectors:
        """Return how closely an encoded text, shape (n_dims,), is related to encoded words (n, n_dims).

        Returns
        -------
        ndarray, shape (n,), float32
            In [0, 1]; 0 for unrelated words.
        """
        cosines = words @ encoded
        return np.asarray(np.clip((cosines - LEAST_RELATED) / (1.0 - LEAST_RELATED), 0.0, 1.0), np.float32)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Encode texts.

        Returns
        -------
        ndarray, shape (n, n_dims), float32
            The learned part, then the acoustic part, which only adjectives set. Rows of unit length, independent of
            the other texts.

        Raises
        ------
        EncoderError
            When shipped files are missing or damaged.
        """
        vectors = np.zeros((len(texts), self._table.n_dims + self._acoustic.n_dims), np.float32)
        # Each part of a sound's embedding is scaled by the square root of its weight. These scales make the score the
        # cosine of meaning, plus STEERING per standard deviation.
        scale = 1.0 / np.sqrt(max(self._meaning_weight, 1e-6))
        steering_scale = STEERING / np.sqrt(max(1.0 - self._meaning_weight, 1e-6))
        for number, text in enumerate(texts):
            learned, steering = self._parts(text)
            row = np.concatenate([learned * np.float32(scale), steering * np.float32(steering_scale)])
            vectors[number] = row / np.linalg.norm(row)
        return vectors

    def suggest(self, learned: Floats, *, n_words: int = 3) -> list[tuple[tuple[str, float], ...]]:
        """Suggest words for sounds.

        Parameters
        ----------
        learned : ndarray, shape (n, n_learned), float32
            Learned parts of embeddings, of any length.
        n_words : int

        Returns
        -------
        list of tuple of (str, float)
            For each sound the most likely words, most likely first, each with its probability in [0, 1] (a softmax
            over all names).
        """
        names, vectors = self._names
        if not names:
            return [() for _ in learned]
        units = learned / np.maximum(np.linalg.norm(learned, axis=1, keepdims=True), np.float32(1e-9))
        logits = np.einsum("ij,kj->ik", units, vectors) / np.float32(self._table.temperature)
        probabilities = np.exp(logits - logits.max(axis=1, keepdims=True))
        probabilities /= probabilities.sum(axis=1, keepdims=True)
        best = np.argsort(-probabilities, axis=1, kind="stable")[:, :n_words]
        return [tuple((names[i], float(row[i])) for i in order) for row, order in zip(probabilities, best, strict=True)]

    @cached_property
    def _thesaurus(self) -> Thesaurus:
        return load_thesaurus() if self._chosen_thesaurus is None else self._chosen_thesaurus

    @cached_property
    def _directions(self) -> Directions:
        if self._chosen_directions is not None:
            return self._chosen_directions
        return read_directions(models_path() / "adjectives.npz", encoder_id=self._acoustic.id)

    @cached_property
    def _rows(self) -> dict[str, int]:
        """The row of every word; words with accents also without, unless that is another word."""
        rows = {word: row for row, word in enumerate(self._table.words)}
        for word, row in list(rows.items()):
            if not word.isascii():
                rows.setdefault(plain(word), row)
        return rows

    @cached_property
    def _labels(self) -> frozenset[str]:
        return frozenset(self._table.names)

    @cached_property
    def _mean(self) -> Floats:
        """Mean of all words, of unit length."""
        return _unit(self._table.weights @ self._table.vectors)

    @cached_property
    def _typical_length(self) -> float:
        """Length for words that are not in the table."""
        lengths = np.linalg.norm(self._table.vectors, axis=1) * self._table.weights
        return float(lengths.mean()) if len(lengths) else 1.0

    @cached_property
    def _names(self) -> tuple[tuple[str, ...], Floats]:
        """The words that may be suggested, and their unit vectors, shape (n_names, n_learned)."""
        candidates = [phrase_of(name) for name in self._table.names or [group.name for group in self._thesaurus.groups]]
        names = tuple(name for name in candidates if name not in NEVER_SUGGESTED and self._bag(name) is not None)
        vectors = [self._parts(name)[0] for name in names]
        return names, np.stack(vectors) if vectors else np.zeros((0, self._table.n_dims), np.float32)

    def _parts(self, text: str) -> tuple[Floats, Floats]:
        """Return the learned part, of unit length or zero, and the steering, in scores per standard deviation."""
        learned = np.zeros(self._table.n_dims, np.float32)
        steering = np.zeros(self._acoustic.n_dims, np.float32)
        meanings = []
        for meaning in self._thesaurus.meanings(text, also=self._rows):
            along = self._steering(meaning)
            if along is None:
                meanings.append(meaning)
            else:
                steering += along
        is_specific = any(meaning.word not in FAINT_WORDS for meaning in meanings)
        for meaning in meanings:
            share = FAINT_SHARE if is_specific and meaning.word in FAINT_WORDS else 1.0
            learned += np.float32(share) * self._vector(meaning)
        length = float(np.linalg.norm(learned))
        if length > 1e-6:
            return learned / np.float32(length), steering
        is_steered = float(np.linalg.norm(steering)) > 1e-6
        return (np.zeros_like(learned) if is_steered else self._mean), steering

    def _steering(self, meaning: Meaning) -> Floats | None:
        """Return the steering of adjectives, or None for other words."""
        found = [
            along
            for adjective in meaning.adjectives
            if (along := self._directions.steering(adjective.quantity, is_high=adjective.towards == "high")) is not None
        ]
        return np.mean(found, axis=0, dtype=np.float32) if found else None

    def _vector(self, meaning: Meaning) -> Floats:
        """Return the vector of a word or phrase; its length is its weight."""
        own = self._bag(meaning.word) if meaning.word else None
        if own is not None and meaning.word in self._table.own:
            return own
        groups = [vector for group in meaning.groups if (vector := self._group_vector(group)) is not None]
        if not groups:
            return self._by_letters(meaning.text) if own is None else own
        # The group of this name is first; a word in several groups means all of them.
        together = _unit(groups[0] if meaning.word == phrase_of(meaning.groups[0].name) else np.sum(groups, axis=0))
        if own is None:
            return together * np.float32(self._typical_length)
        length = np.float32(np.linalg.norm(own))
        return own * np.float32(1.0 - GROUP_SHARE) + together * (length * np.float32(GROUP_SHARE))

    def _group_vector(self, group: Group) -> Floats | None:
        """Return the unit vector of a group from its words in the table; None if there are none."""
        if group.name not in self._group_vectors:
            parts = [
                (1.0, (group.name,)),
                (SYNONYM_SHARE, (*group.words, *group.german)),
                (RELATED_SHARE, group.related),
                (PARENT_SHARE, group.parents),
            ]
            total = np.zeros(self._table.n_dims, np.float32)
            for share, words in parts:
                known = [_unit(bag) for word in words if (bag := self._bag(phrase_of(word))) is not None]
                if known:
                    total += np.float32(share) * np.mean(known, axis=0, dtype=np.float32)
            self._group_vectors[group.name] = _unit(total) if np.linalg.norm(total) > 1e-6 else None
        return self._group_vectors[group.name]

    def _bag(self, phrase: str) -> Floats | None:
        """Return the weighted sum of the words of a phrase; None if any is missing in the table."""
        rows = [self._rows.get(word) for word in phrase.split() if not word.isdecimal()]
        found = [row for row in rows if row is not None]
        if not found or len(found) < len(rows):
            return None
        bag: Floats = self._table.weights[found] @ self._table.vectors[found]
        return bag

    def _by_letters(self, text: str) -> Floats:
        """Return the vector of unknown words from their letter sequences."""
        buckets = [bucket for word in text.split() for bucket in gram_buckets(word, len(self._table.grams))]
        mean: Floats = self._table.grams[buckets].mean(axis=0)
        return mean * np.float32(self._table.weights.mean() if len(self._table.weights) else 1.0)


def gram_buckets(word: str, n_buckets: int) -> list[int]:
    """Return the hash buckets of the sequences of 3 to 5 letters in ``^word$``."""
    marked = f"^{word}$"
    grams = [marked[i : i + n] for n in GRAM_LENGTHS for i in range(len(marked) - n + 1)]
    return [zlib.crc32(gram.encode()) % n_buckets for gram in grams]


def read_table(path: Path) -> Table:
    """Read a table of words.

    Raises
    ------
    EncoderError
        When it is missing or damaged.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            table = Table(
                words=_lines(stored["words"]),
                vectors=_read_only(stored["vectors"]),
                weights=_read_only(stored["weights"]),
                grams=_read_only(stored["grams"]),
                names=_lines(stored["labels"]) if "labels" in stored.files else (),
                temperature=float(stored["temperature"]) if "temperature" in stored.files else DEFAULT_TEMPERATURE,
                own=frozenset(_lines(stored["own"])) if "own" in stored.files else frozenset(),
            )
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise EncoderError(
            f"The word vectors, {path}, cannot be read. Install Bowerbird again, or train the encoder again."
        ) from error
    shapes = (table.vectors.shape[:1], table.weights.shape)
    is_valid = table.vectors.ndim == 2 and shapes == ((len(table.words),),) * 2 and table.grams.ndim == 2
    if not is_valid or not len(table.grams) or table.grams.shape[1] != table.n_dims or not table.temperature > 0.0:
        raise EncoderError(f"The word vectors, {path}, are damaged. Install Bowerbird again.")
    return table


def write_own_words(source: Path, target: Path, own: Mapping[str, Floats]) -> None:
    """Write a table in which a library's words have vectors of their own.

    Parameters
    ----------
    source, target : Path
    own : mapping of str to ndarray, shape (n_dims,)
        Unit length.

    Raises
    ------
    OSError
        When it cannot be written.
    """
    with source.open("rb") as file, np.load(file, allow_pickle=False) as stored:
        parts = {name: stored[name] for name in stored.files}
    table = read_table(source)
    lengths = np.linalg.norm(table.vectors, axis=1)
    rows = {word: row for row, word in enumerate(table.words)}
    new = [word for word in own if word not in rows]
    vectors = np.concatenate([table.vectors, np.zeros((len(new), table.n_dims), np.float32)])
    weights = np.concatenate([table.weights, np.full(len(new), table.weights.mean(), np.float32)])
    rows |= {word: len(table.words) + row for row, word in enumerate(new)}
    for word, vector in own.items():
        vectors[rows[word]] = vector * np.float32(lengths.mean())
    parts["words"] = np.frombuffer("\n".join([*table.words, *new]).encode(), np.uint8)
    parts["vectors"], parts["weights"] = vectors.astype(np.float16), weights.astype(np.float16)
    parts["own"] = np.frombuffer("\n".join(own).encode(), np.uint8)
    with target.open("wb") as draft:
        np.savez(draft, **parts)


def _lines(stored: npt.NDArray[np.uint8]) -> tuple[str, ...]:
    text = stored.tobytes().decode("utf-8")
    return tuple(text.split("\n")) if text else ()


def _read_only(stored: npt.NDArray[np.floating]) -> Floats:
    values = stored.astype(np.float32)
    if not np.isfinite(values).all():
        raise ValueError("not finite")
    values.flags.writeable = False
    return values


def _unit(vector: Floats) -> Floats:
    """Scale to unit length; a zero vector becomes the first unit vector."""
    length = float(np.linalg.norm(vector))
    if length > 1e-9:
        return (vector / np.float32(length)).astype(np.float32, copy=False)
    return np.eye(1, len(vector), dtype=np.float32).ravel()
