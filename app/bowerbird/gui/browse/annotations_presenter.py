"""Stars, favourites, notes and collections of the selected sounds. No Qt."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from bowerbird.catalogue.records import Annotations, Collection
from bowerbird.gui.browse.edits_presenter import EditsPresenter
from bowerbird.gui.queries import Queries
from bowerbird.gui.translation import translate
from bowerbird.library.annotations import annotate
from bowerbird.library.annotations.collections import (
    add_to_collection,
    create_collection,
    delete_collection,
    remove_from_collection,
    rename_collection,
)
from bowerbird.library.annotations.edits import Edit
from bowerbird.library.library import Library


@dataclass(frozen=True, slots=True)
class CollectionState:
    """A collection, and whether the current sound is in it."""

    collection: Collection
    is_member: bool


@dataclass(frozen=True, slots=True)
class AnnotationState:
    """What the inspector shows of the current sound.

    Attributes
    ----------
    stars : int
        0 to 5.
    is_favourite : bool
    note : str
    collections : tuple of CollectionState
        All collections, by name.
    """

    stars: int = 0
    is_favourite: bool = False
    note: str = ""
    collections: tuple[CollectionState, ...] = ()


class AnnotationsView(Protocol):
    """What the presenter needs of the window."""

    def show_annotations(self, state: AnnotationState | None) -> None:
        """Show the annotations of the current sound; None where there are none to show."""

    def complain(self, sentence: str) -> None:
        """Show an error."""


class AnnotationsPresenter:
    """Shows the annotations of the current sound, and changes those of all selected sounds.

    Parameters
    ----------
    view : AnnotationsView
    library : Library
    queries : Queries
        A thread.
    edits : EditsPresenter
    selected : callable
        Returns the ids of the selected sounds.
    """

    def __init__(
        self,
        view: AnnotationsView,
        library: Library,
        queries: Queries,
        edits: EditsPresenter,
        *,
        selected: Callable[[], Sequence[int]],
    ) -> None:
        self._view = view
        self._library = library
        self._queries = queries
        self._edits = edits
        self._selected = selected
        self._sound_id: int | None = None
        self._state: AnnotationState | None = None
        self._latest = 0

    @property
    def state(self) -> AnnotationState | None:
        """What is shown."""
        return self._state

    def moved(self, sound_id: int | None, *, is_passing: bool) -> None:
        """Make a sound the current one; its annotations are not read while a key repeats."""
        self._sound_id = sound_id
        self._latest += 1
        if sound_id is None:
            self._show(None)
        elif not is_passing:
            self.refresh()

    def refresh(self) -> None:
        """Read the annotations of the current sound again."""
        if self._sound_id is None:
            return
        self._latest = number = self._latest + 1
        sound_id = self._sound_id
        self._queries.run(
            "annotations",
            lambda: self._read(sound_id),
            done=lambda state: self._show(state) if number == self._latest else None,
            failed=self._view.complain,
        )

    def _read(self, sound_id: int | None) -> AnnotationState:
        if sound_id is None:
            return AnnotationState()
        with self._library.read() as reader:
            known = reader.annotations([sound_id]).get(sound_id) or Annotations(0)
            return AnnotationState(
                known.stars,
                known.is_favourite,
                known.note,
                tuple(
                    CollectionState(collection, collection.id in known.collections)
                    for collection in reader.collections()
                ),
            )

    def _show(self, state: AnnotationState | None) -> None:
        self._state = state
        self._view.show_annotations(state)

    # Changes

    def rate(self, stars: int) -> None:
        """Rate the selected sounds; the same number again removes their stars."""

        def work(ids: Sequence[int]) -> Edit:
            is_same = self._read_first(ids).stars == stars
            return annotate.set_stars(self._library, ids, 0 if is_same else stars)

        self._change(work)

    def toggle_favourite(self) -> None:
        """Make the selected sounds favourites, or no longer, by what the current one is."""
        self._change(
            lambda ids: annotate.set_favourite(self._library, ids, is_favourite=not self._read_first(ids).is_favourite)
        )

    def _read_first(self, ids: Sequence[int]) -> AnnotationState:
        """Read the annotations of the current sound, or of the first of some; what is shown may be of another."""
        return self._read(self._sound_id if self._sound_id in ids else ids[0])

    def write_note(self, note: str) -> None:
        """Write a note on the current sound."""
        sound_id = self._sound_id
        if sound_id is not None:
            self._edits.make(lambda: annotate.set_note(self._library, [sound_id], note))

    def toggle_collection(self, state: CollectionState) -> None:
        """Add the selected sounds to a collection, or remove them from it, by what the current one is."""
        change = remove_from_collection if state.is_member else add_to_collection
        self._change(lambda ids: change(self._library, state.collection, ids))

    def collect_in_new(self, name: str) -> None:
        """Create a collection with the selected sounds in it."""
        sound_ids = self._chosen()
        if name.strip():
            self._edits.make(lambda: create_collection(self._library, name, sound_ids))

    def rename(self, collection: Collection, name: str) -> None:
        """Rename a collection."""
        if name.strip() and name != collection.name:
            self._edits.make(lambda: rename_collection(self._library, collection, name))

    def delete(self, collection: Collection) -> None:
        """Delete a collection; its sounds stay in the library."""
        self._edits.make(lambda: delete_collection(self._library, collection))

    def _change(self, work: Callable[[Sequence[int]], Edit]) -> None:
        sound_ids = self._chosen()
        if sound_ids:
            self._edits.make(lambda: work(sound_ids))
        else:
            self._view.complain(translate("Annotations", "Select a sound first."))

    def _chosen(self) -> Sequence[int]:
        selected = self._selected()
        if len(selected):
            return selected
        return [] if self._sound_id is None else [self._sound_id]
