"""The map in the window: another view of the list, with the same selection."""

from collections.abc import Callable

import pytest

pytest.importorskip("PySide6.QtWidgets", reason="the window needs PySide6", exc_type=ImportError)

import numpy as np
from gui_stage import Stage
from PySide6.QtCore import QMimeData, Qt

from bowerbird.base import paths
from bowerbird.domain.query import Query
from bowerbird.encoders.registry import DEFAULT_ENCODER, encoder_named
from bowerbird.gui.shell import window
from bowerbird.library.library import Library
from bowerbird.library.map.layout import read_map
from bowerbird.library.map.placing import bring_up_to_date


@pytest.fixture
def mapped(stage: Stage) -> Stage:
    """A window with its map open."""
    encoder = encoder_named(DEFAULT_ENCODER)
    bring_up_to_date(Library.open(paths.library_path()), encoder.id, encoder.n_dims, seed=1)
    stage.table.setFocus()
    stage.qtbot.keyClick(stage.table, Qt.Key.Key_M)
    stage.until(stage.window.map.canvas.isVisible)
    stage.until(lambda: len(stage.window.map.canvas._points))
    return stage


def id_of(stage: Stage, row: int) -> int:
    sound_id = stage.model.sound_id(row)
    assert sound_id is not None
    return sound_id


def click(stage: Stage, sound_id: int) -> None:
    position = stage.window.map.canvas.position_px(sound_id)
    assert position is not None
    stage.window.map.canvas._click(position, adds=False)


def test_m_toggles_between_list_and_map(mapped: Stage):
    canvas = mapped.window.map.canvas
    assert not mapped.table.isVisible()
    assert canvas.hasFocus()
    assert canvas._points.in_result.sum() == mapped.model.rowCount()
    mapped.qtbot.keyClick(canvas, Qt.Key.Key_M)
    assert mapped.table.isVisible()
    assert mapped.table.hasFocus()


def test_a_map_that_was_never_computed_is_computed_when_it_is_opened(stage: Stage):
    stage.table.setFocus()
    stage.qtbot.keyClick(stage.table, Qt.Key.Key_M)
    sentence = stage.window.map.surfaces[1]
    stage.until(lambda: stage.window.map._message.text() == "The map is being computed" and sentence.hasFocus())
    stage.qtbot.keyClick(sentence, Qt.Key.Key_M)
    stage.until(stage.table.isVisible)
    stage.qtbot.keyClick(stage.table, Qt.Key.Key_M)
    stage.until(lambda: len(stage.window.map.canvas._points))
    assert stage.window.map.canvas.hasFocus()
    encoder = encoder_named(DEFAULT_ENCODER)
    made = read_map(Library.open(paths.library_path()), encoder.id)
    assert made.is_current
    assert np.array_equal(made.sounds.ids, stage.window.map.canvas._points.ids)


def test_a_click_plays_the_sound_and_selects_it_in_the_list(mapped: Stage):
    sound_id = id_of(mapped, 3)
    click(mapped, sound_id)
    mapped.until(lambda: mapped.player._now == mapped.model.sound(3).path)
    assert mapped.window.chosen_ids() == [sound_id]
    assert mapped.table.selected_rows() == [3]
    mapped.qtbot.keyClick(mapped.window.map.canvas, Qt.Key.Key_M)
    assert mapped.window.chosen_ids() == [sound_id]


def test_the_selection_of_the_list_is_that_of_the_map(stage: Stage, mapped: Stage):
    canvas = mapped.window.map.canvas
    mapped.qtbot.keyClick(canvas, Qt.Key.Key_M)
    mapped.table.select(5, is_quiet=True)
    mapped.qtbot.keyClick(mapped.table, Qt.Key.Key_M)
    assert canvas.selected_ids == [id_of(mapped, 5)]


def test_many_selected_sounds_are_selected_in_the_list(mapped: Stage):
    ids = [id_of(mapped, row) for row in (1, 4, 6)]
    mapped.window.map.select(ids)
    mapped.window.map.sounds_selected.emit(ids)
    assert mapped.table.selected_rows() == [1, 4, 6]
    assert mapped.window.chosen_ids() == ids


def test_enter_finds_similar_sounds_even_for_one_outside_of_the_list(mapped: Stage):
    mapped.window.search.setText("kick")
    mapped.window.search.finished.emit()
    mapped.settle()
    canvas = mapped.window.map.canvas
    mapped.until(lambda: not canvas._points.in_result.all())
    outside = int(canvas._points.ids[~canvas._points.in_result][0])
    click(mapped, outside)
    canvas.setFocus()
    mapped.qtbot.keyClick(canvas, Qt.Key.Key_Return)
    mapped.until(lambda: mapped.program.browsing.state.examples)
    with Library.open(paths.library_path()).read() as reader:
        path = reader.rows([outside])[outside].path
    assert [example.path for example in mapped.program.browsing.state.examples] == [path]
    mapped.until(lambda: canvas._examples == (outside,))


def test_hovering_plays_without_selecting(mapped: Stage):
    with Library.open(paths.library_path()).read() as reader:
        sound_id = int(reader.list_ids(Query())[2])
        path = reader.rows([sound_id])[sound_id].path
    mapped.window.map.canvas.hovered.emit(sound_id)
    mapped.until(lambda: mapped.player._now == path)
    assert mapped.window.chosen_ids() == []
    mapped.window.map.canvas.hovered.emit(None)
    mapped.until(lambda: not mapped.player.is_playing)


def test_sounds_are_dragged_out_of_the_map_and_noted(mapped: Stage, monkeypatch: pytest.MonkeyPatch):
    taken: list[list[str]] = []

    def take(source: object, files: QMimeData) -> bool:
        taken.append([url.fileName() for url in files.urls()])
        return True

    monkeypatch.setattr(window, "drag_files", take)
    ids = [id_of(mapped, row) for row in (1, 4)]
    noted: list[list[int]] = []
    mapped.window.dragged.connect(noted.append)
    mapped.window.map.select(ids)
    mapped.window.map.drag_wanted.emit()
    assert taken == [[mapped.names[1], mapped.names[4]]]
    assert noted == [ids]


def test_the_colours_and_the_hovering_of_the_map_are_kept(mapped: Stage, open_window: Callable[..., Stage]):
    mapped.window.map.colour_chosen.emit("length")
    mapped.window.map.hover.setChecked(False)
    mapped.close()
    again = open_window()
    assert again.program.map.colour_of_list == "length"
    assert not again.window.map.hover.isChecked()


def test_no_results_are_explained_instead_of_an_empty_map(mapped: Stage):
    mapped.window.search.setText("duration>500")
    mapped.window.search.finished.emit()
    mapped.until(mapped.window.empty_state.isVisible)
    mapped.window.cleared.emit()
    mapped.until(mapped.window.map.canvas.isVisible)
