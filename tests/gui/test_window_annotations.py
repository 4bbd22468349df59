"""Stars, favourites, notes, collections and the history in the window, by mouse and keyboard."""

from typing import Any

import pytest

pytest.importorskip("PySide6.QtWidgets", reason="the window needs PySide6", exc_type=ImportError)

from gui_sounds import EVERY
from gui_stage import Stage
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QMenu, QToolButton

from bowerbird.gui.shell.ask_name import NameDialog

Key = Qt.Key


def name_it(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Enter a name in the next dialog that asks for one."""

    def execute(self: NameDialog) -> Any:
        self.field.setText(name)
        return NameDialog.DialogCode.Accepted

    monkeypatch.setattr(NameDialog, "exec", execute)


def stars(stage: Stage) -> int:
    state = stage.program.annotations.state
    return state.stars if state else 0


def test_digits_and_f_rate_the_selected_sounds_and_undo_takes_it_back(stage: Stage):
    stage.enter_list()
    stage.press("4")
    stage.until(lambda: stars(stage) == 4)
    stage.press("f")
    stage.until(lambda: stage.program.annotations.state.is_favourite)
    assert stage.window.actions_by_name["undo"].text() == "&Undo: Add 1 sound to favourites"
    stage.press(Key.Key_Z, ctrl=True)
    stage.until(lambda: not stage.program.annotations.state.is_favourite)
    stage.press(Key.Key_Z, ctrl=True)
    stage.until(lambda: stars(stage) == 0)
    assert not stage.window.actions_by_name["undo"].isEnabled()


def test_a_click_on_a_star_and_on_the_heart_rates(stage: Stage):
    stage.click_row("Kick 2.wav")
    stage.click(stage.window.inspector.rating.stars[2])
    stage.until(lambda: stars(stage) == 3)
    stage.click(stage.window.inspector.rating.heart)
    stage.until(lambda: stage.program.annotations.state.is_favourite)
    stage.window.shelf.open_text("Favourites")
    stage.until_rows(["Kick 2.wav"])
    stage.trigger("back")
    stage.until_rows(EVERY)


def test_a_note_is_saved_when_its_field_is_left(stage: Stage):
    stage.enter_list()
    note = stage.window.inspector.note
    note.setFocus()
    stage.type("dry")
    stage.press(Key.Key_Escape)
    assert stage.table.hasFocus()
    stage.until(lambda: stage.program.annotations.state.note == "dry")
    stage.press(Key.Key_Down)
    stage.until(lambda: note.toPlainText() == "")
    stage.window.search.setText("note=dry")
    stage.until_rows(["Kick 1.wav"])


def test_a_selection_becomes_a_collection_that_lists_it(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    name_it(monkeypatch, "Act 2")
    stage.enter_list()
    stage.qtbot.keyClick(stage.table, Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    stage.trigger("collect")
    stage.until(lambda: "Act 2" in stage.window.shelf.texts)
    stage.window.shelf.open_text("Act 2")
    stage.until_rows(["Kick 1.wav", "Kick 2.wav"])
    stage.until(lambda: stage.chip_texts == ["Collection: Act 2"])  # chips are laid out after the rows
    menu = QMenu(stage.window)
    stage.window.inspector.collections.fill_menu(menu)
    assert [action.text() for action in menu.actions() if action.text()] == ["Act 2", "New collection…"]
    menu.actions()[0].trigger()
    stage.until_rows([])
    stage.trigger("undo")
    stage.until_rows(["Kick 1.wav", "Kick 2.wav"])
    menu.deleteLater()


def test_a_search_is_saved_under_a_name_and_opened_again(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    stage.click_row("Kick 1.wav")
    stage.trigger("similar")
    stage.until(lambda: stage.chip_texts == ["Like Kick 1.wav"])
    name_it(monkeypatch, "Kicks")
    stage.trigger("save_search")
    stage.until(lambda: "Kicks" in stage.window.shelf.texts)
    stage.trigger("clear")
    stage.trigger("clear")
    stage.until(lambda: not stage.chips)
    stage.window.shelf.open_text("Kicks")
    stage.until(lambda: stage.chip_texts == ["Like Kick 1.wav"])


def test_what_was_played_is_listed_the_latest_first(stage: Stage):
    for name in ("Kick 1.wav", "Snare.wav"):
        stage.click_row(name)
        stage.until(lambda name=name: stage.playing == [name])
    stage.settle()
    stage.window.shelf.open_text("Played")
    stage.until_rows(["Snare.wav", "Kick 1.wav"])
    stage.until(lambda: stage.chip_texts == ["Recently played"])
    stage.click(stage.chips[0].findChild(QToolButton))
    stage.until(lambda: len(stage.names) > 2 and stage.chip_texts == [])


def test_words_that_were_searched_are_listed(stage: Stage):
    stage.window.focus_search()
    stage.type("snare")
    stage.press(Key.Key_Return)
    stage.until(lambda: "snare" in stage.window.shelf.texts)
    stage.settle()
    stage.until(stage.table.hasFocus)
    assert [entry.query for entry in stage.program._reader.history("queried", limit=9)] == ["snare"], "recorded once"
    stage.trigger("clear_history")
    stage.until(lambda: "snare" not in stage.window.shelf.texts)


def test_the_extra_buttons_of_the_mouse_go_back_and_forward(stage: Stage):
    stage.window.search.setText("snare")
    stage.until(lambda: stage.names[0] == "Snare.wav")

    def press(button: Qt.MouseButton) -> None:
        at = QPointF(QPoint(40, 40))
        event = QMouseEvent(QMouseEvent.Type.MouseButtonPress, at, at, button, button, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(stage.table.viewport(), event)

    press(Qt.MouseButton.BackButton)
    stage.until_rows(EVERY)
    press(Qt.MouseButton.ForwardButton)
    stage.until(lambda: stage.window.search.text() == "snare")


def test_back_returns_to_the_position_and_the_selection(stage: Stage):
    stage.window.resize(1200, 420)
    stage.click_row("Tone 30.wav")
    place, played = stage.place, len(stage.player.played)
    stage.trigger("similar")
    stage.until(lambda: stage.chips)
    stage.trigger("back")
    stage.until_rows(EVERY)
    assert stage.selected == ["Tone 30.wav"]
    assert stage.place == place
    assert len(stage.player.played) == played, "it is not played again"


def test_back_makes_the_sound_that_was_selected_the_current_one(stage: Stage):
    stage.click_row("Tone 30.wav")
    stage.trigger("similar")
    stage.until(lambda: stage.chips)
    stage.table.select(0, is_quiet=False)
    stage.trigger("back")
    stage.until_rows(EVERY)
    stage.until(lambda: stage.window.current_sound.name == "Tone 30.wav")
    assert stage.program.playing.path.name == "Tone 30.wav"
    n_played = len(stage.player.played)
    stage.trigger("replay")
    assert stage.player.played[n_played].path.name == "Tone 30.wav"


def test_the_same_digit_on_the_next_sound_rates_that_sound(stage: Stage):
    stage.enter_list()
    stage.press("3")
    stage.press(Key.Key_Down)
    stage.press("3")
    stage.settle()
    rows = [stage.program._reader.rows([stage.model.sound_id(row)]) for row in (0, 1)]
    assert [next(iter(row.values())).stars for row in rows] == [3, 3]


def test_a_note_and_a_rating_survive_an_immediate_close(stage: Stage, open_window: Any):
    stage.enter_list()
    stage.press("5")
    stage.window.inspector.note.setFocus()
    stage.type("dry")
    stage.close()
    again = open_window()
    again.until_rows(EVERY)
    again.click_row("Kick 1.wav")
    again.until(lambda: again.program.annotations.state is not None)
    again.settle()
    state = again.program.annotations.state
    assert (state.stars, state.note) == (5, "dry")
