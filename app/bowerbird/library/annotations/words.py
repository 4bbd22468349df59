"""What a sound may be called: words that the ear suggests, corrected by the people who know better."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bowerbird.base.errors import QueryError
from bowerbird.catalogue.sqlite.reader import CatalogueReader
from bowerbird.catalogue.sqlite.writer import Catalogue
from bowerbird.encoders.protocol import Encoder, Namer

N_SUGGESTED: Final = 3
MIN_CONFIDENCE: Final = 0.05
"""Below, a word is a guess among many."""

_MAX_LETTERS: Final = 60


@dataclass(frozen=True, slots=True)
class SuggestedWord:
    """A word for a sound.

    Attributes
    ----------
    word : str
    confidence : float
        Share of the ear's belief in [0, 1]; 1 for a word that somebody gave.
    is_given : bool
        Whether somebody gave it.
    """

    word: str
    confidence: float
    is_given: bool = False


def suggested_words(reader: CatalogueReader, encoder: Encoder, content_id: int) -> tuple[SuggestedWord, ...]:
    """Return the words for a content: those people gave, then what the encoder suggests and nobody denied.

    Parameters
    ----------
    reader : CatalogueReader
    encoder : Encoder
        One that names sounds; any other suggests nothing.
    content_id : int

    Raises
    ------
    EncoderError
        When its words are missing or damaged.
    """
    given = reader.given_words(content_id)
    words = [SuggestedWord(word, 1.0, is_given=True) for word, is_right in given.items() if is_right]
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


def give_words(library: Path, content_ids: Sequence[int], word: str) -> None:
    """Keep that sounds are called so; searches find them by it.

    Raises
    ------
    QueryError
        When it is no word.
    CatalogueError
        When the library cannot be written.
    """
    _keep(library, content_ids, word, is_right=True)


def deny_word(library: Path, content_ids: Sequence[int], word: str) -> None:
    """Keep that sounds are not called so: it is not suggested for them any more.

    Raises
    ------
    QueryError
        When it is no word.
    CatalogueError
        When the library cannot be written.
    """
    _keep(library, content_ids, word, is_right=False)


def plain_word(word: str) -> str:
    """Return a word, or a few, as it is kept: small letters, one space between words.

    Raises
    ------
    QueryError
        When it is none, or too long for one.
    """
    plain = " ".join(word.lower().split())
    if not any(letter.isalnum() for letter in plain):
        raise QueryError("That is no word. Type what the sound may be called, such as `door creak`.")
    if len(plain) > _MAX_LETTERS:
        raise QueryError(f"`{plain[:20]}…` has {len(plain)} letters. Use a word or a few, {_MAX_LETTERS} at most.")
    return plain


def _keep(library: Path, content_ids: Sequence[int], word: str, *, is_right: bool) -> None:
    plain = plain_word(word)
    with Catalogue(library) as catalogue:
        catalogue.give_word(content_ids, plain, is_right=is_right)
