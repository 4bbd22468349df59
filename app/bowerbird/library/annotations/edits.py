"""Changes of data, as values that can be undone: what to write, and a description of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from bowerbird.base.errors import QueryError
from bowerbird.catalogue.protocol import Writer
from bowerbird.catalogue.records import StoredSearch
from bowerbird.library.library import Library


class Change(Protocol):
    """Something to write."""

    def apply(self, writer: Writer) -> "Change | None":
        """Write it; return what undoes it, or None where nothing changed.

        Raises
        ------
        QueryError
            When it is not possible any more.
        """
        ...

    def forget(self, writer: Writer) -> None:
        """Delete what was kept only for this change, which will not be applied."""
        ...


@dataclass(frozen=True, slots=True)
class Edit:
    """A change that was made.

    Attributes
    ----------
    description : str
        As a menu shows it, such as ``Remove tag “wood” from 3 sounds``.
    reverse : Change or None
        What undoes it; None where nothing changed.
    """

    description: str
    reverse: Change | None

    @property
    def has_effect(self) -> bool:
        """Whether anything changed."""
        return self.reverse is not None


def perform(library: Library, change: Change, description: str) -> Edit:
    """Make a change.

    Raises
    ------
    CatalogueError
        When the library cannot be written.
    QueryError
        When the change is not possible.
    """
    with library.write() as writer:
        return Edit(description, change.apply(writer))


@dataclass(frozen=True, slots=True)
class _Kept:
    """A change for which nothing is kept."""

    def forget(self, writer: Writer) -> None:
        """Delete nothing."""


@dataclass(frozen=True, slots=True)
class SetWord(_Kept):
    """Give audio a word as a tag (True), deny it (False), or neither (None)."""

    word: str
    values: Mapping[int, bool | None]

    def apply(self, writer: Writer) -> "SetWord | None":
        """Write it."""
        former = writer.set_word(self.word, self.values)
        return SetWord(self.word, former) if former else None


@dataclass(frozen=True, slots=True)
class SetStars(_Kept):
    """Set the stars of audio, 0 for none."""

    values: Mapping[int, int]

    def apply(self, writer: Writer) -> "SetStars | None":
        """Write it."""
        former = writer.set_stars(self.values)
        return SetStars(former) if former else None


@dataclass(frozen=True, slots=True)
class SetFavourite(_Kept):
    """Set whether audio is a favourite."""

    values: Mapping[int, bool]

    def apply(self, writer: Writer) -> "SetFavourite | None":
        """Write it."""
        former = writer.set_favourite(self.values)
        return SetFavourite(former) if former else None


@dataclass(frozen=True, slots=True)
class SetNote(_Kept):
    """Set the notes of audio, "" for none."""

    values: Mapping[int, str]

    def apply(self, writer: Writer) -> "SetNote | None":
        """Write it."""
        former = writer.set_note(self.values)
        return SetNote(former) if former else None


@dataclass(frozen=True, slots=True)
class CreateCollection(_Kept):
    """Create a collection, or bring back one that was deleted."""

    name: str
    collection_id: int | None = None
    members: Mapping[int, float] | None = None

    def apply(self, writer: Writer) -> "DeleteCollection":
        """Write it."""
        created = writer.create_collection(self.name, collection_id=self.collection_id, members=self.members)
        if created is None:
            raise QueryError(f"There is a collection “{self.name}” already. Choose another name.")
        return DeleteCollection(created)


@dataclass(frozen=True, slots=True)
class DeleteCollection(_Kept):
    """Delete a collection; its sounds stay in the library."""

    collection_id: int

    def apply(self, writer: Writer) -> CreateCollection | None:
        """Write it."""
        deleted = writer.delete_collection(self.collection_id)
        return CreateCollection(deleted[0], self.collection_id, deleted[1]) if deleted else None


@dataclass(frozen=True, slots=True)
class RenameCollection(_Kept):
    """Rename a collection."""

    collection_id: int
    name: str

    def apply(self, writer: Writer) -> "RenameCollection | None":
        """Write it."""
        former = writer.rename_collection(self.collection_id, self.name)
        if former is None:
            raise QueryError(f"The collection cannot be called “{self.name}”. Choose a name that no other has.")
        return RenameCollection(self.collection_id, former) if former != self.name else None


@dataclass(frozen=True, slots=True)
class Collect(_Kept):
    """Put audio into a collection at a position, infinity for its end, or take it out (None)."""

    collection_id: int
    values: Mapping[int, float | None]

    def apply(self, writer: Writer) -> "Collect | None":
        """Write it."""
        former = writer.collect(self.collection_id, self.values)
        return Collect(self.collection_id, former) if former else None


@dataclass(frozen=True, slots=True)
class DeleteSearch(_Kept):
    """Delete a saved search."""

    search_id: int

    def apply(self, writer: Writer) -> "SaveSearch | None":
        """Write it."""
        deleted = writer.delete_search(self.search_id)
        return SaveSearch(deleted.name, deleted.state, deleted.id) if deleted else None


@dataclass(frozen=True, slots=True)
class SaveSearch(_Kept):
    """Save a search under a name that no other has, or bring back one that was deleted."""

    name: str
    state: str
    search_id: int | None = None

    def apply(self, writer: Writer) -> DeleteSearch:
        """Write it."""
        created = writer.create_search(self.name, self.state, search_id=self.search_id)
        if created is None:
            raise QueryError(f"There is a saved search “{self.name}” already. Rename it, then undo again.")
        return DeleteSearch(created)


@dataclass(frozen=True, slots=True)
class ChangeSearch(_Kept):
    """Give a saved search a name and a state."""

    search: StoredSearch

    def apply(self, writer: Writer) -> "ChangeSearch | None":
        """Write it."""
        try:
            former = writer.change_search(self.search)
        except ValueError as error:
            text = f"There is a saved search “{self.search.name}” already. Choose another name, or rename it."
            raise QueryError(text) from error
        return ChangeSearch(former) if former not in {None, self.search} else None


@dataclass(frozen=True, slots=True)
class HideFolder(_Kept):
    """Remove a folder from the library; its files stay where they are."""

    folder_id: int

    def apply(self, writer: Writer) -> "ShowFolder":
        """Write it."""
        writer.hide_folder(self.folder_id)
        return ShowFolder(self.folder_id)


@dataclass(frozen=True, slots=True)
class ShowFolder:
    """Bring back a folder with its sounds, as they were."""

    folder_id: int

    def apply(self, writer: Writer) -> HideFolder:
        """Write it."""
        writer.show_folder(self.folder_id)
        return HideFolder(self.folder_id)

    def forget(self, writer: Writer) -> None:
        """Delete the folder with its sounds for good."""
        writer.delete_hidden(folder_id=self.folder_id)


@dataclass(frozen=True, slots=True)
class HideSounds(_Kept):
    """Remove sounds from the library."""

    sound_ids: tuple[int, ...]

    def apply(self, writer: Writer) -> "ShowSounds | None":
        """Write it."""
        writer.hide_sounds(self.sound_ids)
        return ShowSounds(self.sound_ids) if self.sound_ids else None


@dataclass(frozen=True, slots=True)
class ShowSounds:
    """Bring back sounds, as they were."""

    sound_ids: tuple[int, ...]

    def apply(self, writer: Writer) -> HideSounds:
        """Write it."""
        writer.show_sounds(self.sound_ids)
        return HideSounds(self.sound_ids)

    def forget(self, writer: Writer) -> None:
        """Delete the sounds for good."""
        writer.delete_hidden(sound_ids=self.sound_ids)


@dataclass(frozen=True, slots=True)
class Several:
    """Changes that are made and undone together, all or none."""

    changes: tuple[Change, ...]

    def apply(self, writer: Writer) -> "Several | None":
        """Write them in order."""
        with writer.together():
            reverses = [reverse for change in self.changes if (reverse := change.apply(writer)) is not None]
        return Several(tuple(reversed(reverses))) if reverses else None

    def forget(self, writer: Writer) -> None:
        """Forget each."""
        for change in self.changes:
            change.forget(writer)
