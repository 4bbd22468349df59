"""Words learned from a library's names, folders, metadata and tags: a direction among its embeddings for each.

The direction of a word is that of linear discriminant analysis (Fisher 1936): from the mean of the library to the mean
of the sounds with the word in their names, with the library's own spread divided out. It is fitted in closed form on
stored embeddings, so words can be learned for any encoder, even without a text encoder. The result is a cache beside
the index.
"""

import io
import logging
import time
import zipfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from bowerbird.base.files import write_atomic
from bowerbird.catalogue.protocol import Reader
from bowerbird.domain.name_words import describing_words
from bowerbird.domain.names import plain, words_of
from bowerbird.domain.sounds import Vectors
from bowerbird.domain.stop_words import STOP_WORDS
from bowerbird.encoders.ear.word_forms import forms
from bowerbird.encoders.protocol import Encoder, TextEncoder, WordComparer
from bowerbird.index.store import file_stem
from bowerbird.jobs.control import Control
from bowerbird.library.library import Library

logger = logging.getLogger(__name__)

MAX_WORDS: Final = 1_000
MIN_SOUNDS: Final = 2
"""A word in the names of fewer sounds is not learned."""

MAX_SHARE: Final = 0.3
"""A word in the names of a larger share of the library says little."""

MIN_COMMON_VARIANCE: Final = 0.1
"""Share of the variance of embeddings that sounds with a word must have in common.

Names of packs and series stay below ("redeclipse" 0.04, "mezzo" 0.08, "philharmonia" 0.10 on 1,784 real sounds), names
of kinds of sounds above ("door" 0.16, "wood" 0.21, "snare" 0.33, "dog" 0.46).
"""

MIN_SOUNDS_COMPARED: Final = 8
"""With fewer sounds, their common variance is too uncertain to leave a word out."""

RIDGE: Final = 0.1
"""Added to the spread, as a share of its mean variance."""

RELATED_SHARE: Final = 0.5
"""Weight of words that are only related to the words of a text."""

LEARNED_WEIGHT: Final = 1.5
"""Weight of what was learned beside the encoder's own understanding of a text, both at unit variance.

Of 0.5 to 4, the best mean over 181 labels with half of the names hidden, in a set that the ear was not trained on (see
DECISIONS).
"""

MAX_SOUNDS: Final = 50_000
"""Of a larger library, so many sounds are used, evenly spaced."""

KEPT_S: Final = 600.0
MIN_CHANGE: Final = 0.01
"""Words are kept for ten minutes while the number of sounds changes by less than this share."""

FORMAT: Final = 1
_N_AT_ONCE: Final = 2_000


@dataclass(frozen=True, slots=True, eq=False)
class LearnedWords:
    """Words, and the directions in which sounds with them lie.

    Attributes
    ----------
    words : tuple of str
        Without case and accents.
    directions : ndarray, shape (n_words, n_dims), float32
        The library's cosines with each have a standard deviation of 1 (before the vector is normalised).
    encoded : ndarray, shape (n_words, n_dims), float32
        The words as the encoder understands them; zero where it does not.
    """

    words: tuple[str, ...]
    directions: Vectors
    encoded: Vectors

    def has(self, word: str) -> bool:
        """Return whether a word, or another form of it, was learned."""
        return bool(self._rows_of([word]))

    def direction(self, text: str, text_encoder: TextEncoder | None = None) -> Vectors | None:
        """Return the direction of a text; None if neither its words nor related words were learned.

        Parameters
        ----------
        text : str
        text_encoder : TextEncoder, optional
            Says which words are related to those of the text.

        Returns
        -------
        ndarray, shape (n_dims,), float32, or None
            The library's scalar products with it have a standard deviation of about 1; less for words that are only
            related.
        """
        weights = np.zeros(len(self.words), np.float32)
        weights[self._rows_of(words_of(text))] = 1.0
        if isinstance(text_encoder, WordComparer) and text_encoder.has_words(text):
            related = text_encoder.relatedness(text_encoder.encode([text])[0], self.encoded)
            weights = np.maximum(weights, np.float32(RELATED_SHARE) * related)
        if not weights.any():
            return None
        mean = weights @ self.directions / weights.sum()
        return np.asarray(mean * min(1.0, float(weights.max())), np.float32)

    def _rows_of(self, words: Iterable[str]) -> list[int]:
        rows = {word: row for row, word in enumerate(self.words)}
        telling = [word for word in map(plain, words) if word not in STOP_WORDS]
        return [rows[form] for word in telling for form in dict.fromkeys(forms(word)) if form in rows]


@dataclass(frozen=True, slots=True, eq=False)
class NamedVectors:
    """Embeddings of sounds, and the words in their names.

    Attributes
    ----------
    vectors : ndarray, shape (n, n_dims), float32
        Unit length.
    words : sequence of set of str
        Of each sound; empty for a sound whose name says nothing.
    """

    vectors: Vectors
    words: Sequence[set[str]]


def vocabulary(words: Sequence[set[str]]) -> tuple[str, ...]:
    """Return the words that enough sounds, and not too many, have in their names: the most frequent of them, sorted."""
    counts = Counter(word for own in words for word in own)
    most = max(MIN_SOUNDS, MAX_SHARE * len(words))
    frequent = [word for word, n in counts.most_common() if MIN_SOUNDS <= n <= most]
    return tuple(sorted(frequent[:MAX_WORDS]))


def fit_words(batches: Iterable[NamedVectors], words: Sequence[str], encoder: Encoder) -> LearnedWords:
    """Fit the directions of words in closed form.

    Parameters
    ----------
    batches : iterable of NamedVectors
        All sounds; each batch is used once.
    words : sequence of str
    encoder : Encoder
    """
    n_dims = encoder.n_dims
    column_of = {word: column for column, word in enumerate(words)}
    n_sounds, n_with = 0, np.zeros(len(words))
    total, square = np.zeros(n_dims), np.zeros((n_dims, n_dims))
    sums = np.zeros((len(words), n_dims))
    for batch in batches:
        has_word = np.zeros((len(batch.vectors), len(words)), np.float32)
        for row, own in enumerate(batch.words):
            has_word[row, [column_of[word] for word in own if word in column_of]] = 1.0
        n_sounds += len(batch.vectors)
        n_with += has_word.sum(axis=0)
        total += batch.vectors.sum(axis=0)
        square += batch.vectors.T @ batch.vectors
        sums += has_word.T @ batch.vectors
    mean = total / max(1, n_sounds)
    spread = square / max(1, n_sounds) - np.outer(mean, mean)
    variance = max(float(np.trace(spread)), 1e-12)
    offsets = sums / np.maximum(n_with, 1.0)[:, None] - mean
    common = (np.square(offsets).sum(axis=1) - variance / np.maximum(n_with, 1.0)) / variance
    is_kept = (n_with >= MIN_SOUNDS) & ((n_with < MIN_SOUNDS_COMPARED) | (common >= MIN_COMMON_VARIANCE))
    ridge = RIDGE * variance / n_dims * np.eye(n_dims)
    directions = np.linalg.solve(spread + ridge, offsets[is_kept].T).T
    deviations = np.sqrt(np.einsum("ij,jk,ik->i", directions, spread, directions))
    kept = tuple(word for word, is_chosen in zip(words, is_kept, strict=True) if is_chosen)
    return LearnedWords(
        kept,
        np.asarray(directions / np.maximum(deviations, 1e-9)[:, None], np.float32),
        _encoded(kept, encoder),
    )


def _encoded(words: Sequence[str], encoder: Encoder) -> Vectors:
    vectors = np.zeros((len(words), encoder.n_dims), np.float32)
    text = encoder.text
    if isinstance(text, WordComparer):
        known = [row for row, word in enumerate(words) if not text.unknown_words(word) and not text.guesses(word)]
        if known:
            vectors[known] = text.encode([words[row] for row in known])
    return vectors


def update_learned_words(library: Library, encoder: Encoder, control: Control) -> None:
    """Learn the words of a library's names again if the library has changed; some seconds for 100,000 sounds.

    While few sounds are added, as when a watched folder changes, this waits until ten minutes have passed.

    Raises
    ------
    CatalogueError
        When there is no library.
    EncoderError
        When the words of the encoder are missing or damaged.
    """
    path = words_path(library, encoder)
    with library.read() as reader:
        revision = reader.revision()
        contents = reader.encoded_contents(encoder.id)
        if _is_recent(path, encoder, revision, len(contents)):
            return
        n_contents = len(contents)
        if len(contents) > MAX_SOUNDS:
            contents = contents[np.linspace(0, len(contents) - 1, MAX_SOUNDS).astype(np.int64)]
        named = _name_words(reader, contents, control)
        known = vocabulary(list(named.values()))
        learned = fit_words(_batches(reader, contents, named, encoder, control), known, encoder)
    if control.is_cancelled:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, _packed(learned, encoder, revision, n_contents))
    except OSError as error:
        logger.warning("the words of names were not saved: %s", error)


def _name_words(reader: Reader, contents: npt.NDArray[np.int64], control: Control) -> dict[int, set[str]]:
    """Return the words in the names of contents, by content id."""
    named: dict[int, set[str]] = {}
    shared: dict[str, str] = {}  # each word once: names repeat them
    for start in range(0, len(contents), _N_AT_ONCE):
        if control.is_cancelled:
            return named
        texts = reader.content_texts(contents[start : start + _N_AT_ONCE].tolist())
        for content_id, own in texts.items():
            words = set().union(*map(describing_words, own))
            named[content_id] = {shared.setdefault(word, word) for word in words}
    return named


def _batches(
    reader: Reader,
    contents: npt.NDArray[np.int64],
    named: Mapping[int, set[str]],
    encoder: Encoder,
    control: Control,
) -> Iterable[NamedVectors]:
    for start in range(0, len(contents), _N_AT_ONCE):
        if control.is_cancelled:
            return
        chunk: list[int] = contents[start : start + _N_AT_ONCE].tolist()
        ids, vectors = reader.content_vectors(chunk, encoder.id, encoder.n_dims)
        yield NamedVectors(vectors, [named.get(content_id, set()) for content_id in ids.tolist()])


# The cache


def words_path(library: Library, encoder: Encoder) -> Path:
    """Return the file of the words that were learned from a library's names for an encoder."""
    return library.index_folder / f"{file_stem(encoder.id)}.words.npz"


def has_learned_words(library: Library, encoder: Encoder) -> bool:
    """Return whether the words of a library's names were learned, even if sounds were added or renamed since."""
    return _stored_counts(words_path(library, encoder), encoder) is not None


def read_learned_words(path: Path, encoder: Encoder) -> LearnedWords | None:
    """Read what `update_learned_words` has stored; None if there is nothing intact for this encoder."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            if int(stored["format"]) != FORMAT or _text(stored["encoder_id"]) != encoder.id:
                return None
            text = _text(stored["words"])
            words = tuple(text.split("\n")) if text else ()
            learned = LearnedWords(words, stored["directions"].astype(np.float32), stored["encoded"].astype(np.float32))
    except (OSError, ValueError, KeyError, EOFError, UnicodeDecodeError, zipfile.BadZipFile):
        return None
    shape = (len(words), encoder.n_dims)
    return learned if (learned.directions.shape, learned.encoded.shape) == (shape, shape) else None


def _is_recent(path: Path, encoder: Encoder, revision: int, n_contents: int) -> bool:
    """Return whether stored words are of a library as it is now, or were learned lately from nearly as many sounds."""
    stored = _stored_counts(path, encoder)
    if stored is None:
        return False
    stored_revision, n_stored = stored
    if stored_revision == revision:
        return True
    try:
        age_s = time.time() - path.stat().st_mtime
    except OSError:
        return False
    return 0 <= age_s < KEPT_S and abs(n_contents - n_stored) < MIN_CHANGE * n_stored


def _stored_counts(path: Path, encoder: Encoder) -> tuple[int, int] | None:
    """Return the revision of the library from which words were learned, and the number of its contents."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            is_own = int(stored["format"]) == FORMAT and _text(stored["encoder_id"]) == encoder.id
            return (int(stored["revision"]), int(stored["n_contents"])) if is_own else None
    except (OSError, ValueError, KeyError, EOFError, UnicodeDecodeError, zipfile.BadZipFile):
        return None


def _packed(learned: LearnedWords, encoder: Encoder, revision: int, n_contents: int) -> bytes:
    file = io.BytesIO()
    np.savez(
        file,
        allow_pickle=False,
        format=np.array(FORMAT),
        revision=np.array(revision),
        n_contents=np.array(n_contents),
        encoder_id=_bytes(encoder.id),
        words=_bytes("\n".join(learned.words)),
        directions=learned.directions.astype(np.float16),
        encoded=learned.encoded.astype(np.float16),
    )
    return file.getvalue()


def _bytes(text: str) -> npt.NDArray[np.uint8]:
    return np.frombuffer(text.encode(), np.uint8)


def _text(stored: npt.NDArray[np.uint8]) -> str:
    return stored.tobytes().decode()
