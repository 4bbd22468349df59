"""The meaning of words in a library: what its encoder understands, and what the names of its sounds teach."""

from typing import Final

import numpy as np

from bowerbird.domain.names import words_of
from bowerbird.domain.sounds import Vectors
from bowerbird.encoders.protocol import Encoder, TextEncoder, WordComparer
from bowerbird.index.exact import cosines
from bowerbird.library.library import Library
from bowerbird.library.search.learned_words import LEARNED_WEIGHT, LearnedWords, read_learned_words, words_path

_SMALLEST_DEVIATION: Final = 1e-3


class Meanings:
    """Encodes texts as targets among a library's embeddings. For the thread of its search.

    Parameters
    ----------
    library : Library
    encoder : Encoder
    """

    def __init__(self, library: Library, encoder: Encoder) -> None:
        self._encoder = encoder
        self._path = words_path(library, encoder)
        self._stamp: tuple[int, int] | None = None
        self._words: LearnedWords | None = None

    @property
    def _learned(self) -> LearnedWords | None:
        """What the library's names have taught, read again when an indexing run has written it again."""
        try:
            status = self._path.stat()
        except OSError:
            self._stamp = self._words = None
            return None
        stamp = (status.st_mtime_ns, status.st_size)
        if stamp != self._stamp:
            self._stamp, self._words = stamp, read_learned_words(self._path, self._encoder)
        return self._words

    def understands(self, text: str) -> bool:
        """Return whether any word of a text means something."""
        encoder = self._encoder.text
        if not text:
            return False
        return (encoder is not None and encoder.has_words(text)) or self._has_learned_word(text)

    def can_encode(self, text: str) -> bool:
        """Return whether a text has a meaning, be it that of an unknown word."""
        return self._encoder.text is not None or self._has_learned_word(text)

    def has_learned(self, text: str) -> bool:
        """Return whether names taught something about a text."""
        learned = self._learned
        return learned is not None and learned.direction(text, self._encoder.text) is not None

    def is_trained(self, text: str) -> bool:
        """Return whether the encoder was trained on a word of a text, or does not tell."""
        return not isinstance(self._encoder.text, WordComparer) or self._encoder.text.is_trained(text)

    def unknown_words(self, text: str) -> tuple[str, ...]:
        """Return the words of a text that mean nothing, in lower case."""
        encoder, learned = self._encoder.text, self._learned
        if encoder is None:
            unknown = tuple(word.lower() for word in words_of(text))
        elif isinstance(encoder, WordComparer):
            unknown = encoder.unknown_words(text)
        else:
            return ()
        return tuple(word for word in unknown if learned is None or not learned.has(word))

    def encode(self, text: str, baseline: Vectors) -> Vectors:
        """Return the direction of a text; see `text_direction`."""
        found = text_direction(text, self._encoder.text, self._learned, baseline)
        assert found is not None, "can_encode() is asked first"
        return found

    def _has_learned_word(self, text: str) -> bool:
        learned = self._learned
        return learned is not None and any(learned.has(word) for word in words_of(text))


def text_direction(
    text: str, encoder: TextEncoder | None, learned: LearnedWords | None, baseline: Vectors
) -> Vectors | None:
    """Return the direction of a text: as an encoder understands it, and as names have taught it.

    Each is scaled to the same spread in the library before they are added.

    Parameters
    ----------
    text : str
    encoder : TextEncoder or None
    learned : LearnedWords or None
    baseline : ndarray, shape (n, n_dims), float32
        A sample of the library's embeddings.

    Returns
    -------
    ndarray, shape (n_dims,), float32, or None
        None if nothing can be said about the text.
    """
    taught = learned.direction(text, encoder) if learned is not None else None
    if encoder is None or (taught is not None and not encoder.has_words(text)):
        return taught
    understood: Vectors = encoder.encode([text])[0]
    if taught is None:
        return understood
    return scaled(understood, baseline) + np.float32(LEARNED_WEIGHT) * taught


def scaled(vector: Vectors, baseline: Vectors) -> Vectors:
    """Divide a vector by the standard deviation of the library's scalar products with it.

    Parameters
    ----------
    vector : ndarray, shape (n_dims,)
    baseline : ndarray, shape (n, n_dims)
        A sample of the library's embeddings.
    """
    deviation = float(np.std(cosines(baseline, vector))) if len(baseline) else 0.0
    return np.asarray(vector / max(deviation, _SMALLEST_DEVIATION), np.float32)
