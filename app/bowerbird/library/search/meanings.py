"""The meaning of words in a library: what its encoder understands, and what was learned from names."""

from typing import Final

import numpy as np

from bowerbird.domain.names import plain, words_of
from bowerbird.domain.sounds import Vectors
from bowerbird.domain.stop_words import STOP_WORDS
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
        """What was learned from the library's names; read again when its file was written again."""
        try:
            status = self._path.stat()
        except OSError:
            self._stamp = self._words = None
            return None
        stamp = (status.st_mtime_ns, status.st_size)
        if stamp != self._stamp:
            self._stamp, self._words = stamp, read_learned_words(self._path, self._encoder)
        return self._words

    @property
    def version(self) -> object:
        """Differs when something else was learned from the library's names."""
        return self._stamp if self._learned is not None else None

    @property
    def has_any(self) -> bool:
        """Whether any word means something."""
        learned = self._learned
        return self._encoder.text is not None or (learned is not None and bool(learned.words))

    def understands(self, text: str) -> bool:
        """Return whether any word of a text means something."""
        encoder = self._encoder.text
        if not text:
            return False
        return (encoder is not None and encoder.has_words(text)) or self._has_learned_word(text)

    def can_encode(self, text: str) -> bool:
        """Return whether a text can be encoded, even if none of its words is known."""
        return self._encoder.text is not None or self._has_learned_word(text)

    def has_learned(self, text: str) -> bool:
        """Return whether something about a text was learned from names."""
        learned = self._learned
        return learned is not None and learned.direction(text, self._encoder.text) is not None

    def is_trained(self, text: str) -> bool:
        """Return whether the encoder was trained on a word of a text, or does not tell."""
        return not isinstance(self._encoder.text, WordComparer) or self._encoder.text.is_trained(text)

    def unknown_words(self, text: str) -> tuple[str, ...]:
        """Return the words of a text that mean nothing, in lower case."""
        return unknown_words(text, self._encoder.text, self._learned)

    def share_understood(self, text: str) -> float:
        """Return how much of a text was understood, in [0, 1]; see the function."""
        return share_understood(text, self._encoder.text, self._learned)

    def encode(self, text: str, baseline: Vectors) -> Vectors:
        """Return the direction of a text; see `text_direction`."""
        found = text_direction(text, self._encoder.text, self._learned, baseline)
        assert found is not None, "can_encode() is asked first"
        return found

    def _has_learned_word(self, text: str) -> bool:
        learned = self._learned
        return learned is not None and any(learned.has(word) for word in words_of(text))


def unknown_words(text: str, encoder: TextEncoder | None, learned: LearnedWords | None) -> tuple[str, ...]:
    """Return the words of a text that mean nothing, in lower case; none where the encoder does not tell."""
    if encoder is None:
        unknown = tuple(word.lower() for word in words_of(text) if plain(word) not in STOP_WORDS)
    elif isinstance(encoder, WordComparer):
        unknown = encoder.unknown_words(text)
    else:
        return ()
    return tuple(word for word in unknown if learned is None or not learned.has(word))


def share_understood(text: str, encoder: TextEncoder | None, learned: LearnedWords | None) -> float:
    """Return how much of a text was understood, in [0, 1]: a word whose spelling was corrected counts half.

    A result is right if it matches all words. So its probability by those that were understood is multiplied by this.

    Parameters
    ----------
    text : str
    encoder : TextEncoder or None
    learned : LearnedWords or None
    """
    words = [word for word in map(plain, words_of(text)) if word not in STOP_WORDS]
    unknown = set(map(plain, unknown_words(text, encoder, learned)))
    guesses = encoder.guesses(text) if isinstance(encoder, WordComparer) else ()
    corrected = {plain(guess.typed) for guess in guesses if learned is None or not learned.has(guess.typed)}
    lost = sum(1.0 if word in unknown else 0.5 if word in corrected else 0.0 for word in words)
    return 1.0 - lost / max(1, len(words))


def text_direction(
    text: str, encoder: TextEncoder | None, learned: LearnedWords | None, baseline: Vectors
) -> Vectors | None:
    """Return the direction of a text: the sum of the encoder's and the one that was learned from names.

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
    from_names = learned.direction(text, encoder) if learned is not None else None
    if encoder is None or (from_names is not None and not encoder.has_words(text)):
        return from_names
    understood: Vectors = encoder.encode([text])[0]
    if from_names is None:
        return understood
    return scaled(understood, baseline) + np.float32(LEARNED_WEIGHT) * from_names


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
