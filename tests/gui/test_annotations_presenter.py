"""Stars, favourites, notes, collections, saved searches and undo, without Qt and on a real library."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bowerbird.base.errors import BowerbirdError
from bowerbird.catalogue.records import EventKind
from bowerbird.domain.query import Example, parse_filter
from bowerbird.gui.browse.annotations_presenter import AnnotationsPresenter, AnnotationState
from bowerbird.gui.browse.edits_presenter import EditsPresenter
from bowerbird.gui.browse.query_history import QueryState
from bowerbird.gui.browse.shelf_presenter import ShelfPresenter, ShelfSection
from bowerbird.library.annotations.history import History
from bowerbird.library.library import Library


class AtOnce:
    """Queries that run immediately."""

    def run(self, name: str, work: Callable[[], Any], *, done: Any, failed: Any) -> None:
        try:
            result = work()
        except BowerbirdError as error:
            failed(str(error))
        else:
            done(result)


class FakeView:
    def __init__(self) -> None:
        self.annotations: AnnotationState | None = None
        self.sections: list[ShelfSection] = []
        self.marked: str | None = None
        self.undo: tuple[str | None, str | None] = (None, None)
        self.news: list[str] = []
        self.complaints: list[str] = []

    def show_annotations(self, state: AnnotationState | None) -> None:
        self.annotations = state

    def show_shelf(self, sections: list[ShelfSection]) -> None:
        self.sections = sections

    def mark_shelf(self, key: str | None) -> None:
        self.marked = key

    def show_undo(self, undo: str | None, redo: str | None) -> None:
        self.undo = (undo, redo)

    def show_news(self, sentence: str) -> None:
        self.news.append(sentence)

    def complain(self, sentence: str) -> None:
        self.complaints.append(sentence)


class FakeBrowsing:
    def __init__(self) -> None:
        self.state = QueryState()
        self.shown_order = ("relevance", False)

    def show(self, state: QueryState, *, order: tuple[str, bool] | None = None) -> None:
        self.state = state
        self.shown_order = order or self.shown_order


class Desk:
    def __init__(self, folder: Path) -> None:
        self.library = Library.open(folder)
        self.view, self.browsing, queries = FakeView(), FakeBrowsing(), AtOnce()
        self.selected: list[int] = []
        self.n_changes = 0
        self.edits = EditsPresenter(self.view, queries, History(self.library), changed=self._changed)
        self.annotations = AnnotationsPresenter(
            self.view, self.library, queries, self.edits, selected=lambda: self.selected
        )
        self.shelf = ShelfPresenter(
            self.view,
            self.library,
            queries,
            self.browsing,  # type: ignore[arg-type]
            self.edits,
        )
        with self.library.read() as reader:
            self.ids = [int(sound_id) for sound_id in reader.list_ids(_everything())]

    def _changed(self) -> None:
        self.n_changes += 1
        self.annotations.refresh()
        self.shelf.refresh()

    @property
    def state(self) -> AnnotationState:
        assert self.view.annotations is not None
        return self.view.annotations

    def texts(self, name: str) -> list[str]:
        return [item.text for section in self.view.sections if section.name == name for item in section.items]

    def open(self, text: str) -> QueryState:
        self.shelf.open(next(item for section in self.view.sections for item in section.items if item.text == text))
        return self.browsing.state


def _everything() -> Any:
    from bowerbird.domain.query import Query  # noqa: PLC0415

    return Query()


@pytest.fixture
def desk(indexed: Path, tmp_path: Path) -> Desk:
    shutil.copytree(indexed, tmp_path / "library")
    desk = Desk(tmp_path / "library")
    desk.annotations.moved(desk.ids[0], is_passing=False)
    return desk


def test_stars_are_for_all_selected_sounds_and_the_same_number_removes_them(desk: Desk):
    desk.selected = desk.ids[:3]
    desk.annotations.rate(4)
    assert desk.state.stars == 4
    with desk.library.read() as reader:
        assert [row.stars for row in reader.rows(desk.ids[:4]).values()] == [4, 4, 4, 0]
    desk.annotations.rate(4)
    assert desk.state.stars == 0


def test_every_change_can_be_undone_and_done_again(desk: Desk):
    desk.annotations.toggle_favourite()
    desk.annotations.write_note("too wet")
    desk.annotations.collect_in_new("Act 2")
    assert desk.view.undo == ("Create collection “Act 2”", None)
    for _ in range(3):
        desk.edits.undo()
    assert desk.state == AnnotationState()
    assert desk.view.news[-1] == "Undone: Add 1 sound to favourites"
    assert desk.view.undo == (None, "Add 1 sound to favourites")
    for _ in range(3):
        desk.edits.redo()
    assert (desk.state.is_favourite, desk.state.note) == (True, "too wet")
    assert [entry.collection.name for entry in desk.state.collections if entry.is_member] == ["Act 2"]
    desk.edits.redo()
    assert desk.view.complaints == []


def test_a_note_that_is_not_changed_is_no_edit(desk: Desk):
    desk.annotations.write_note("  ")
    assert desk.view.undo == (None, None)


def test_a_collection_is_left_and_entered_by_what_the_current_sound_is(desk: Desk):
    desk.annotations.collect_in_new("Act 2")
    (entry,) = desk.state.collections
    desk.annotations.toggle_collection(entry)
    assert not desk.state.collections[0].is_member
    desk.selected = desk.ids[:2]
    desk.annotations.toggle_collection(desk.state.collections[0])
    assert desk.state.collections[0].is_member
    assert [item.n_sounds for item in desk.view.sections[0].items] == [0, 2]
    desk.annotations.rename(desk.state.collections[0].collection, "Act 3")
    assert desk.texts("collections") == ["Favourites", "Act 3"]
    assert desk.open("Act 3").filters == (parse_filter("collection=Act 3"),)
    desk.annotations.delete(desk.state.collections[0].collection)
    assert desk.texts("collections") == ["Favourites"]


def test_the_entry_of_the_current_query_is_marked_and_no_other(desk: Desk):
    desk.annotations.collect_in_new("Act 2")
    desk.open("Act 2")
    desk.shelf.mark()
    (collection,) = [item for item in desk.view.sections[0].items if item.text == "Act 2"]
    assert desk.view.marked == collection.key
    desk.open("Played")
    desk.shelf.mark()
    assert desk.view.marked == "played"
    desk.browsing.state = QueryState(text="kick")
    desk.shelf.refresh()
    assert desk.view.marked is None


def test_a_collection_of_a_name_that_is_taken_is_refused(desk: Desk):
    desk.annotations.collect_in_new("Act 2")
    desk.annotations.collect_in_new("act 2")
    assert "Choose another name" in desk.view.complaints[0]


def test_without_a_sound_nothing_is_rated(desk: Desk):
    desk.annotations.moved(None, is_passing=False)
    desk.annotations.rate(3)
    assert desk.view.complaints == ["Select a sound first."]
    assert desk.view.annotations is None


def test_nothing_is_read_while_a_key_repeats(desk: Desk):
    desk.annotations.rate(2)
    desk.annotations.moved(desk.ids[1], is_passing=True)
    assert desk.state.stars == 2, "what is shown stays until the key is released"
    desk.annotations.moved(desk.ids[1], is_passing=False)
    assert desk.state.stars == 0


def test_a_saved_search_opens_as_it_was(desk: Desk):
    state = QueryState(
        "deep rain",
        (parse_filter("duration<2"), parse_filter("folder=My Drums")),
        (Example(Path("/s/kick.wav"), is_unlike=True, weight=0.5),),
        (("timbre", 2.0),),
        ranked_order=("stars", True),
    )
    desk.browsing.shown_order = ("stars", True)
    desk.browsing.state = state
    assert desk.shelf.suggested_name() == "deep rain duration<2 folder=My Drums kick"
    desk.shelf.save("Wet")
    desk.browsing.state, desk.browsing.shown_order = QueryState(), ("name", False)
    assert desk.open("Wet") == state
    assert desk.browsing.shown_order == ("stars", True)
    item = desk.view.sections[1].items[0]
    assert item.search is not None
    desk.shelf.rename(item.search, "Wetter")
    assert desk.texts("searches") == ["Wetter"]
    search = desk.view.sections[1].items[0].search
    assert search is not None
    desk.shelf.delete(search)
    assert desk.texts("searches") == []
    desk.edits.undo()
    assert desk.texts("searches") == ["Wetter"]


@pytest.mark.parametrize("name", ['12" vinyl', "'80s drums", 'so-called "wood"', "a  b"])
def test_names_with_quotation_marks_are_kept_in_filters(desk: Desk, name: str):
    desk.annotations.collect_in_new(name)
    shown = " ".join(name.split())
    state = desk.open(shown)
    assert [(each.field.name, each.value) for each in state.filters] == [("collection", shown)]
    desk.shelf.save("Kept")
    desk.browsing.state = QueryState()
    assert desk.open("Kept").filters == state.filters


@pytest.mark.parametrize("kind", ["played", "dragged"])
def test_a_search_of_what_was_played_is_saved(desk: Desk, kind: EventKind):
    desk.browsing.state = QueryState(recent=kind)
    desk.shelf.save("Again")
    desk.browsing.state = QueryState()
    assert desk.open("Again").recent == kind


@pytest.mark.parametrize("kind", ["played", "dragged"])
def test_what_was_played_and_dragged_can_be_listed(desk: Desk, kind: EventKind):
    desk.shelf.record(kind, desk.ids[3])
    desk.shelf.refresh()
    assert desk.open(kind.capitalize()).recent == kind


def test_texts_that_were_searched_can_be_searched_again(desk: Desk):
    desk.shelf.record("queried", "metal", is_shown=True)
    desk.shelf.record("queried", "rain", is_shown=True)
    assert desk.texts("recent") == ["Played", "Dragged", "rain", "metal"]
    assert desk.open("metal").text == "metal"
    desk.shelf.clear_history()
    assert desk.texts("recent") == ["Played", "Dragged"]
