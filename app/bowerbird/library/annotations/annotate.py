"""Tags, denied words, stars, favourites and notes of sounds."""

from collections.abc import Sequence
from typing import Final

from bowerbird.base.errors import QueryError
from bowerbird.base.text import count_text
from bowerbird.library.annotations.edits import Change, Edit, SetFavourite, SetNote, SetStars, SetWord, perform
from bowerbird.library.annotations.words import plain_word
from bowerbird.library.library import Library

MAX_ANNOTATED: Final = 5_000
"""Sounds that are annotated at once: this many take a second or two."""

MAX_STARS: Final = 5
MAX_NOTE_CHARACTERS: Final = 2_000


def add_tag(library: Library, sound_ids: Sequence[int], tag: str) -> Edit:
    """Give sounds a tag; searches find them by it, and it is no longer denied.

    Raises
    ------
    QueryError
        When it is not a word, none of the sounds was analysed yet, or there are too many.
    CatalogueError
        When the library cannot be written.
    """
    word = plain_word(tag)
    change = SetWord(word, dict.fromkeys(audio_of(library, sound_ids), True))
    return _performed(library, change, f"Add tag “{word}” to", sound_ids)


def remove_tag(library: Library, sound_ids: Sequence[int], tag: str) -> Edit:
    """Take a tag from those of the sounds that have it, and nothing else.

    Raises
    ------
    QueryError, CatalogueError
        As `add_tag` does.
    """
    word = plain_word(tag)
    audio_ids = audio_of(library, sound_ids)
    with library.read() as reader:
        known = {entry.audio_id: entry for entry in reader.annotations(sound_ids).values()}
    tagged = [audio_id for audio_id in audio_ids if known[audio_id].words.get(word)]
    return _performed(library, SetWord(word, dict.fromkeys(tagged)), f"Remove tag “{word}” from", sound_ids)


def deny_word(library: Library, sound_ids: Sequence[int], word: str) -> Edit:
    """Record that a word does not apply to sounds: it is not suggested, and searches for it do not find them.

    Raises
    ------
    QueryError, CatalogueError
        As `add_tag` does.
    """
    plain = plain_word(word)
    change = SetWord(plain, dict.fromkeys(audio_of(library, sound_ids), False))
    return _performed(library, change, f"Deny word “{plain}” for", sound_ids)


def set_stars(library: Library, sound_ids: Sequence[int], stars: int) -> Edit:
    """Rate sounds with 1 to 5 stars; 0 for none.

    Raises
    ------
    QueryError
        When the number is not from 0 to 5, and as `add_tag` does.
    CatalogueError
        When the library cannot be written.
    """
    if not 0 <= stars <= MAX_STARS:
        raise QueryError(f"{stars} is not a valid number of stars. Choose 0 to {MAX_STARS}.")
    change = SetStars(dict.fromkeys(audio_of(library, sound_ids), stars))
    verb = f"Set {count_text(stars, 'star', 'stars')} for" if stars else "Remove stars from"
    return _performed(library, change, verb, sound_ids)


def set_favourite(library: Library, sound_ids: Sequence[int], *, is_favourite: bool) -> Edit:
    """Make sounds favourites, or not.

    Raises
    ------
    QueryError, CatalogueError
        As `add_tag` does.
    """
    change = SetFavourite(dict.fromkeys(audio_of(library, sound_ids), is_favourite))
    sounds = count_text(len(sound_ids))
    verb, preposition = ("Add", "to") if is_favourite else ("Remove", "from")
    return perform(library, change, f"{verb} {sounds} {preposition} favourites")


def set_note(library: Library, sound_ids: Sequence[int], note: str) -> Edit:
    """Write a note on sounds, instead of the one that they have; "" for none.

    Raises
    ------
    QueryError
        When it is too long, and as `add_tag` does.
    CatalogueError
        When the library cannot be written.
    """
    text = note.strip()
    if len(text) > MAX_NOTE_CHARACTERS:
        raise QueryError(f"The note is too long. Use at most {MAX_NOTE_CHARACTERS:,} characters.")
    change = SetNote(dict.fromkeys(audio_of(library, sound_ids), text))
    return _performed(library, change, "Edit note of" if text else "Remove note of", sound_ids)


def audio_of(library: Library, sound_ids: Sequence[int]) -> list[int]:
    """Return the audio of sounds, each once.

    Raises
    ------
    QueryError
        When there are too many sounds, or none of them was analysed yet.
    """
    if len(sound_ids) > MAX_ANNOTATED:
        raise QueryError(f"{len(sound_ids):,} sounds are too many at once. Select {MAX_ANNOTATED:,} or fewer.")
    with library.read() as reader:
        audio_ids = list(dict.fromkeys(reader.audio_of_sounds(sound_ids).values()))
    if not audio_ids:
        raise QueryError("These sounds are not analysed yet. Wait until they are, then try again.")
    return audio_ids


def _performed(library: Library, change: Change, verb: str, sound_ids: Sequence[int]) -> Edit:
    return perform(library, change, f"{verb} {count_text(len(sound_ids))}")
