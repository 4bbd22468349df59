"""Collections: named lists of sounds. List one with the filter ``collection=NAME``, or with `Reader.collected`."""

import math
from collections.abc import Sequence
from typing import Final

from bowerbird.base.errors import QueryError
from bowerbird.base.text import count_text
from bowerbird.catalogue.records import Collection
from bowerbird.library.annotations.annotate import audio_of
from bowerbird.library.annotations.edits import (
    Collect,
    CreateCollection,
    DeleteCollection,
    Edit,
    RenameCollection,
    perform,
)
from bowerbird.library.library import Library

MAX_NAME_CHARACTERS: Final = 80


def create_collection(library: Library, name: str, sound_ids: Sequence[int] = ()) -> Edit:
    """Create a collection, with sounds in it or empty.

    Raises
    ------
    QueryError
        When the name is taken or not valid, none of the sounds was analysed yet, or there are too many.
    CatalogueError
        When the library cannot be written.
    """
    plain = collection_name(name)
    audio_ids = audio_of(library, sound_ids) if sound_ids else []
    members = {audio_id: float(position) for position, audio_id in enumerate(audio_ids, start=1)}
    return perform(library, CreateCollection(plain, None, members), f"Create collection “{plain}”")


def rename_collection(library: Library, collection: Collection, name: str) -> Edit:
    """Rename a collection.

    Raises
    ------
    QueryError
        When the name is taken or not valid.
    CatalogueError
        When the library cannot be written.
    """
    plain = collection_name(name)
    return perform(
        library, RenameCollection(collection.id, plain), f"Rename collection “{collection.name}” to “{plain}”"
    )


def delete_collection(library: Library, collection: Collection) -> Edit:
    """Delete a collection; its sounds stay in the library.

    Raises
    ------
    CatalogueError
        When the library cannot be written.
    """
    return perform(library, DeleteCollection(collection.id), f"Delete collection “{collection.name}”")


def add_to_collection(library: Library, collection: Collection, sound_ids: Sequence[int]) -> Edit:
    """Put sounds at the end of a collection; those that are in it stay where they are.

    Raises
    ------
    QueryError
        When none of the sounds was analysed yet, or there are too many.
    CatalogueError
        When the library cannot be written.
    """
    change = Collect(collection.id, dict.fromkeys(audio_of(library, sound_ids), math.inf))
    return perform(library, change, f"Add {count_text(len(sound_ids))} to “{collection.name}”")


def remove_from_collection(library: Library, collection: Collection, sound_ids: Sequence[int]) -> Edit:
    """Take sounds out of a collection.

    Raises
    ------
    QueryError, CatalogueError
        As `add_to_collection` does.
    """
    change = Collect(collection.id, dict.fromkeys(audio_of(library, sound_ids)))
    return perform(library, change, f"Remove {count_text(len(sound_ids))} from “{collection.name}”")


def collection_name(name: str) -> str:
    """Return a name as it is stored: with single spaces.

    Raises
    ------
    QueryError
        When it is empty or too long.
    """
    plain = " ".join(name.split())
    if not plain:
        raise QueryError("Enter a name for the collection.")
    if len(plain) > MAX_NAME_CHARACTERS:
        raise QueryError(f"“{plain[:20]}…” is too long. Use at most {MAX_NAME_CHARACTERS} characters.")
    return plain
