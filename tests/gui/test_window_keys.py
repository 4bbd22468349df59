"""Keys: moving plays, single letters belong to the list, Escape undoes one thing at a time."""

import pytest

pytest.importorskip("PySide6.QtWidgets", reason="the window needs PySide6", exc_type=ImportError)

from gui_stage import Stage
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication

Key = Qt.Key


def send(stage: Stage, kind: QEvent.Type, key: Qt.Key, *, is_repeated: bool) -> None:
    event = QKeyEvent(kind, key, Qt.KeyboardModifier.NoModifier, "", is_repeated)
    QApplication.sendEvent(stage.table, event)


def test_arrows_move_and_play(stage: Stage):
    stage.enter_list()
    assert stage.player.names == ["Kick 1.wav"]
    stage.press(Key.Key_Down)
    stage.press(Key.Key_Down)
    stage.press(Key.Key_Up)
    assert stage.player.names == ["Kick 1.wav", "Kick 2.wav", "Kick 3.wav", "Kick 2.wav"]
    stage.until(lambda: stage.playing == ["Kick 2.wav"])
    assert stage.selected == ["Kick 2.wav"]


def test_home_and_end_go_to_the_first_and_the_last(stage: Stage):
    stage.enter_list()
    stage.press(Key.Key_End)
    stage.press(Key.Key_Home)
    assert stage.player.names == ["Kick 1.wav", "Tone 49.wav", "Kick 1.wav"]


def test_an_arrow_at_the_end_of_the_list_does_not_play_again(stage: Stage):
    stage.enter_list()
    stage.press(Key.Key_Up)
    assert stage.player.names == ["Kick 1.wav"]


def test_a_key_that_repeats_is_silent_until_it_is_released(stage: Stage):
    stage.enter_list()
    send(stage, QEvent.Type.KeyPress, Key.Key_Down, is_repeated=False)
    for _ in range(3):
        # X11 and Windows release a repeating key before each press of it.
        send(stage, QEvent.Type.KeyRelease, Key.Key_Down, is_repeated=True)
        send(stage, QEvent.Type.KeyPress, Key.Key_Down, is_repeated=True)
    assert stage.player.names == ["Kick 1.wav", "Kick 2.wav"]
    assert stage.selected == ["Tone 00.wav"]
    send(stage, QEvent.Type.KeyRelease, Key.Key_Down, is_repeated=False)
    stage.until(lambda: stage.player.names == ["Kick 1.wav", "Kick 2.wav", "Tone 00.wav"])


def test_a_release_that_is_followed_by_a_press_at_once_is_none(stage: Stage):
    stage.enter_list()
    for is_repeated in (False, True):
        send(stage, QEvent.Type.KeyPress, Key.Key_Down, is_repeated=is_repeated)
    for _ in range(3):  # a busy X server: the repeats look like real keys
        send(stage, QEvent.Type.KeyRelease, Key.Key_Down, is_repeated=False)
        send(stage, QEvent.Type.KeyPress, Key.Key_Down, is_repeated=False)
    assert stage.player.names == ["Kick 1.wav", "Kick 2.wav"]
    send(stage, QEvent.Type.KeyRelease, Key.Key_Down, is_repeated=False)
    stage.until(lambda: len(stage.player.names) == 3)


def test_a_click_after_a_repeating_key_that_was_released_elsewhere_plays(stage: Stage):
    stage.enter_list()
    send(stage, QEvent.Type.KeyPress, Key.Key_Down, is_repeated=True)
    stage.window.search.setFocus()
    stage.click_row("Snare.wav")
    assert stage.player.names[-1] == "Snare.wav"


def test_space_right_and_left_obey_as_the_sheet_says(stage: Stage):
    stage.enter_list()
    stage.press(Key.Key_Space)
    assert not stage.player.is_playing
    stage.press(Key.Key_Space)
    assert stage.player.is_playing
    stage.press(Key.Key_Right)
    assert stage.player.names == ["Kick 1.wav"] * 3
    stage.press(Key.Key_Left)
    assert not stage.player.is_playing
    assert stage.selected == ["Kick 1.wav"]


def test_the_mark_goes_when_the_sound_ends(stage: Stage):
    stage.enter_list()
    stage.until(lambda: stage.playing == ["Kick 1.wav"])
    stage.player.finish()
    stage.until(lambda: stage.playing == [])


def test_a_double_click_plays_again(stage: Stage):
    stage.click_row("Snare.wav")
    index = stage.model.index(stage.row("Snare.wav"), 0)
    place = stage.table.visualRect(index).center()
    stage.qtbot.mouseDClick(stage.table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert set(stage.player.names) == {"Snare.wav"}
    assert len(stage.player.names) >= 2


def test_loop_and_auto_play_are_switched_in_the_list(stage: Stage):
    stage.enter_list()
    stage.press("l")
    assert stage.window.actions_by_name["loop"].isChecked()
    assert stage.player.played[-1].loop
    stage.press("a")
    stage.press(Key.Key_Down)
    assert "Kick 2.wav" not in stage.player.names
    stage.press("a")
    stage.press(Key.Key_Down)
    assert stage.player.names[-1] == "Kick 3.wav"


def test_letters_in_the_search_box_are_text_and_nothing_else(stage: Stage):
    stage.enter_list()
    n_played = len(stage.player.played)
    stage.press(Key.Key_F, ctrl=True)
    stage.type("la ?/")
    assert stage.window.search.text() == "la ?/"
    assert not stage.window.actions_by_name["loop"].isChecked()
    assert stage.window.actions_by_name["auto_play"].isChecked()
    assert len(stage.player.played) == n_played
    assert QApplication.activeModalWidget() is None


@pytest.mark.parametrize("key", ["ctrl+f", "/"])
def test_the_search_box_is_a_key_away(stage: Stage, key: str):
    stage.enter_list()
    stage.press(Key.Key_F, ctrl=True) if key == "ctrl+f" else stage.press("/")
    assert stage.window.search.hasFocus()
    assert stage.window.search.text() == ""


@pytest.mark.parametrize("key", [Key.Key_Down, Key.Key_Return, Key.Key_Enter])
def test_down_and_enter_leave_the_search_box_for_the_first_row(deaf_to_words: Stage, key: Qt.Key):
    stage = deaf_to_words
    stage.window.focus_search()
    stage.type("snare")
    stage.until_rows(["Snare.wav"])
    stage.press(key)
    assert stage.table.hasFocus()
    assert (stage.selected, stage.player.names) == (["Snare.wav"], ["Snare.wav"])


def test_down_out_of_the_search_box_comes_back_to_the_chosen_row_without_playing_it(stage: Stage):
    stage.click_row("Kick 3.wav")
    stage.window.focus_search()
    stage.press(Key.Key_Down)
    assert (stage.selected, stage.player.names) == (["Kick 3.wav"], ["Kick 3.wav"])


def test_down_stays_in_the_search_box_where_nothing_is_found(deaf_to_words: Stage):
    stage = deaf_to_words
    stage.window.focus_search()
    stage.type("zzzz")
    stage.until(lambda: stage.empty_state)
    stage.press(Key.Key_Down)
    assert stage.window.search.hasFocus()


def test_escape_stops_then_clears_the_region_the_examples_and_the_words(deaf_to_words: Stage):
    stage = deaf_to_words
    stage.enter_list()
    stage.press(Key.Key_Return)
    stage.until(lambda: stage.chip_texts == ["Like Kick 1.wav"])
    stage.window.focus_search()
    stage.type("kick")
    stage.until(lambda: sorted(stage.names) == ["Kick 2.wav", "Kick 3.wav"])
    stage.click_row("Kick 2.wav")
    stage.window.waveform.select_region(0.05, 0.15)
    stage.window.waveform.region_chosen.emit(0.05, 0.15)
    playing = stage.program.playing
    assert (stage.player.is_playing, playing.region is not None) == (True, True)

    stage.press(Key.Key_Escape)
    assert (stage.player.is_playing, playing.region is not None) == (False, True)
    stage.press(Key.Key_Escape)
    assert playing.region is None
    assert stage.window.waveform.region is None
    stage.until(lambda: stage.chips)  # they are laid out with the next events
    stage.press(Key.Key_Escape)
    stage.until_rows(["Kick 1.wav", "Kick 2.wav", "Kick 3.wav"])
    assert (stage.chips, stage.window.search.text()) == ([], "kick")
    stage.press(Key.Key_Escape)
    stage.until(lambda: len(stage.names) == 54)
    assert stage.window.search.text() == ""


def test_escape_in_the_search_box_clears_as_it_does_in_the_list(deaf_to_words: Stage):
    stage = deaf_to_words
    stage.window.focus_search()
    stage.type("snare")
    stage.until_rows(["Snare.wav"])
    stage.press(Key.Key_Escape)
    stage.until(lambda: len(stage.names) == 54)
    assert stage.window.search.text() == ""


def test_the_path_is_copied_from_the_list(stage: Stage):
    stage.enter_list()
    stage.press(Key.Key_C, ctrl=True)
    path = stage.model.sound(0).path
    assert QApplication.clipboard().text() == str(path)
    assert [url.toLocalFile() for url in QApplication.clipboard().mimeData().urls()] == [path.as_posix()]


def test_a_missing_device_is_said_in_the_transport_until_it_is_back(stage: Stage):
    device = stage.window.transport._device
    stage.player.has_device = False
    stage.enter_list()
    stage.until(device.isVisible)
    assert device.toolTip() == "No sound output was found. Connect one, then play again."
    assert not stage.window.transport._properties.isVisible()
    stage.window.transport.show_device(None)
    assert not device.isVisible()
    assert stage.window.transport._properties.isVisible()
