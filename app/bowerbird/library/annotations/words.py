"""Words for sounds: those that the encoder suggests, and those that people gave or denied."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bowerbird.base.errors import QueryError
from bowerbird.catalogue.protocol import Reader
from bowerbird.encoders.protocol import Encoder, Namer
from bowerbird.library.library import Library

N_SUGGESTED: Final = 3
MIN_CONFIDENCE: Final = 0.05
"""Words below are not suggested."""

_MAX_LETTERS: Final = 60


@dataclass(frozen=True, slots=True)
class SuggestedWord:
    """A word for a sound.

    Attributes
    ----------
    word : str
    confidence : float
        The encoder's, in [0, 1]; 1 for a word that somebody gave.
    is_given : bool
        Whether somebody gave it.
    """

    word: str
    confidence: float
    is_given: bool = False


def suggested_words(reader: Reader, encoder: Encoder, content_id: int) -> tuple[SuggestedWord, ...]:
    """Return the words for a content: those that people gave, then those that the encoder suggests and nobody denied.

    Parameters
    ----------
    reader : Reader
    encoder : Encoder
        One that suggests words; any other suggests none.
    content_id : int

    Raises
    ------
    EncoderError
        When its words are missing or damaged.
    """
    given = reader.given_words(content_id)
    words = [SuggestedWord(word, 1.0, is_given=True) for word, applies in given.items() if applies]
    if not isinstance(encoder, Namer):
        return tuple(words)
    vectors = reader.sound_windows(content_id, encoder.id, encoder.n_dims)
    if len(vectors):
        (suggested,) = encoder.names_of(vectors.mean(axis=0, keepdims=True), n_names=N_SUGGESTED + len(given))
        words += [
            SuggestedWord(word, confidence)
            for word, confidence in suggested
            if word not in given and confidence >= MIN_CONFIDENCE
        ][:N_SUGGESTED]
    return tuple(words)


def give_words(library: Library, content_ids: Sequence[int], word: str) -> None:
    """Record that a word applies to contents; searches find them by it.

    Raises
    ------
    QueryError
        When it is not a word.
    CatalogueError
        When the library cannot be written.
    """
    _record(library, content_ids, word, is_right=True)


def deny_word(library: Library, content_ids: Sequence[int], word: str) -> None:
    """Record that a word does not apply to contents: it is not suggested for them any more.

    Raises
    ------
    QueryError
        When it is not a word.
    CatalogueError
        When the library cannot be written.
    """
    _record(library, content_ids, word, is_right=False)


def plain_word(word: str) -> str:
    """Return a word, or a few, as it is stored: in lower case, with single spaces.

    Raises
    ------
    QueryError
        When it has no letters, or too many.
    """
    plain = " ".join(word.lower().split())
    if not any(letter.isalnum() for letter in plain):
        raise QueryError("Enter a word or a short phrase, such as “door creak”.")
    if len(plain) > _MAX_LETTERS:
        raise QueryError(f"“{plain[:20]}…” is too long. Use at most {_MAX_LETTERS} characters.")
    return plain


def _record(library: Library, content_ids: Sequence[int], word: str, *, is_right: bool) -> None:
    plain = plain_word(word)
    with library.read() as reader:
        audio_ids = reader.audio_of_contents(content_ids)
    with library.write() as writer:
        writer.set_word(plain, dict.fromkeys(audio_ids, is_right))
