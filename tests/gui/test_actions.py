"""Every action has a text, a handler and a key of its own; the key sheet lists them all."""

import gc
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable

import pytest

pytest.importorskip("PySide6.QtWidgets", reason="the window needs PySide6", exc_type=ImportError)

from gui_sounds import EVERY
from gui_stage import Stage
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QApplication, QWidget

from bowerbird.base.errors import CatalogueError
from bowerbird.gui.shell import actions
from bowerbird.gui.shell import exceptions as boundary
from bowerbird.gui.shell.actions import ACTIONS, CONTEXT_MENU, shown_key
from bowerbird.gui.shell.keys_view import KeySheet


def test_every_action_has_a_text_and_a_menu():
    assert all(card.name and card.text and card.menu for card in ACTIONS)
    assert len({card.name for card in ACTIONS}) == len(ACTIONS)


def test_no_underlined_letter_is_the_key_of_another_action():
    letters = {key: card.name for card in ACTIONS for key in card.keys if len(key) == 1}
    for card in ACTIONS:
        underlined = card.text.partition("&")[2][:1].upper()
        assert letters.get(underlined, card.name) == card.name, card


def test_no_two_actions_share_a_key():
    """Keys of the window reach the list too, so that one key must not stand in both."""
    keys = Counter(QKeySequence(key).toString() for card in ACTIONS for key in card.keys)
    assert "" not in keys
    assert [key for key, n in keys.items() if n > 1] == []


def test_no_two_letters_of_a_menu_are_the_same():
    letters = Counter((card.menu, card.text[card.text.index("&") + 1].lower()) for card in ACTIONS)
    assert [place for place, n in letters.items() if n > 1] == []


def test_single_letters_do_not_work_while_text_is_typed():
    in_window = {key for card in ACTIONS for key in card.keys if card.scope == "window"}
    assert not {key for key in in_window if len(key) == 1 and key.isalnum()}


def test_an_action_without_a_handler_does_not_start(qapp: object):
    with pytest.raises(KeyError):
        actions.connect({"new": QAction("New")}, {})


def test_every_action_is_in_a_menu_of_the_window_and_does_something(stage: Stage):
    menus = [action.menu() for action in stage.window.menuBar().actions()]
    shown = {action for menu in menus for action in menu.actions() if not action.isSeparator() and not action.menu()}
    assert shown == set(stage.window.actions_by_name.values())
    assert set(stage.window.actions_by_name) == {card.name for card in ACTIONS}
    assert all(action.receivers("2triggered(bool)") for action in shown)


def test_the_context_menu_holds_six_that_exist():
    assert len(CONTEXT_MENU) == 6
    assert set(CONTEXT_MENU) <= {card.name for card in ACTIONS}


def test_the_key_sheet_lists_every_action_with_its_keys(stage: Stage):
    stage.trigger("keys")
    sheet = stage.program._key_sheet.dialog
    assert set(sheet.buttons) == {card.name for card in ACTIONS}
    for card in ACTIONS:
        assert sheet.buttons[card.name].text() == (" or ".join(shown_key(key) for key in card.keys) or "–")


@pytest.mark.parametrize("key", ["?", Qt.Key.Key_F1], ids=["question mark", "F1"])
def test_the_sheet_is_a_key_away_and_is_made_once(stage: Stage, key: "str | Qt.Key"):
    for _ in range(2):
        stage.until_active()
        stage.enter_list()
        stage.press(key)
        stage.until(lambda: stage.program._key_sheet.dialog is not None and stage.program._key_sheet.dialog.isVisible())
        stage.program._key_sheet.close()
    assert len(stage.window.findChildren(KeySheet)) == 1


def press_on(stage: Stage, name: str, key: Qt.Key) -> KeySheet:
    """Click the key of an action in the sheet, and press another."""
    stage.trigger("keys")
    sheet = stage.program._key_sheet.dialog
    assert sheet is not None
    stage.click(sheet.buttons[name])
    stage.qtbot.keyClick(sheet.buttons[name], key)
    return sheet


def test_a_key_that_is_changed_works_at_once_and_after_a_restart(stage: Stage, open_window: Callable[..., Stage]):
    sheet = press_on(stage, "loop", Qt.Key.Key_K)
    assert sheet.buttons["loop"].text() == "K"
    sheet.close()
    stage.until_active()
    stage.enter_list()
    stage.press("k")
    assert stage.window.actions_by_name["loop"].isChecked()
    stage.press("l")
    assert stage.window.actions_by_name["loop"].isChecked(), "its former key does nothing"
    stage.close()
    again = open_window()
    assert again.window.actions_by_name["loop"].shortcut().toString() == "K"


def test_a_key_of_another_action_is_taken_only_after_a_question(stage: Stage):
    sheet = press_on(stage, "loop", Qt.Key.Key_W)
    assert sheet.message == "W belongs to “Add a tag”. Use it here instead?"
    assert sheet.buttons["loop"].text() == "L"
    stage.click(sheet._replace)
    assert (sheet.buttons["loop"].text(), sheet.buttons["add_word"].text()) == ("W", "–")
    stage.click(sheet._reset)
    assert (sheet.buttons["loop"].text(), sheet.buttons["add_word"].text()) == ("L", "W")
    assert stage.program._keys.changed == {}


def test_letters_are_not_keys_of_the_whole_window(stage: Stage):
    sheet = press_on(stage, "rescan", Qt.Key.Key_K)
    assert sheet.message == "K is typed in the search box. Use it together with Ctrl or Alt."
    assert sheet.buttons["rescan"].text() == "F5"


def test_a_key_can_be_removed_and_escape_leaves_it(stage: Stage):
    sheet = press_on(stage, "rescan", Qt.Key.Key_Escape)
    assert (sheet.isVisible(), sheet.buttons["rescan"].text()) == (True, "F5")
    sheet = press_on(stage, "rescan", Qt.Key.Key_Delete)
    assert sheet.buttons["rescan"].text() == "–"
    assert stage.window.actions_by_name["rescan"].shortcuts() == []


def test_removing_a_folder_needs_one_that_was_added(stage: Stage):
    remove = stage.window.actions_by_name["remove_folder"]
    assert not remove.isEnabled()
    stage.program.browsing.location_chosen(stage.directory("Sounds"))
    assert remove.isEnabled()
    stage.program.browsing.location_chosen(None)
    assert not remove.isEnabled()


def test_keys_are_kept_by_a_menu_that_is_open(stage: Stage):
    loop = stage.window.actions_by_name["loop"]
    stage.enter_list()
    bar = stage.window.menuBar()
    bar.setActiveAction(bar.actions()[0])
    stage.until(lambda: QApplication.activePopupWidget() is not None)
    stage.qtbot.keyClick(QApplication.activePopupWidget(), Qt.Key.Key_L)
    assert not loop.isChecked()
    stage.qtbot.keyClick(QApplication.activePopupWidget(), Qt.Key.Key_Escape)
    stage.until(lambda: QApplication.activePopupWidget() is None)
    stage.table.setFocus()
    stage.press(Qt.Key.Key_L)
    assert loop.isChecked()


def test_a_folder_that_is_removed_takes_its_sounds_along_and_undo_brings_them_back(stage: Stage):
    stage.program.browsing.location_chosen(stage.directory("Sounds"))
    stage.trigger("remove_folder")
    stage.until(lambda: stage.model.rowCount() == 0)
    assert stage.empty_state == "Find sounds by how they sound, by description or by name."
    stage.until(lambda: stage.window.actions_by_name["undo"].text() == "&Undo: Remove folder “Sounds”")
    stage.trigger("undo")
    stage.until(lambda: stage.model.rowCount() == len(EVERY))
    assert stage.progress == "Undone: Remove folder “Sounds”"
    stage.click_row("Kick 1.wav")
    stage.trigger("similar")
    stage.until(lambda: stage.summary.endswith("matches"))


def test_buttons_and_fields_have_names_for_screen_readers(stage: Stage):
    window = stage.window
    named: list[QWidget] = [window.search, window.table, window.folders, window.waveform, window.transport._volume]
    assert all(widget.accessibleName() for widget in named)


def test_a_fault_that_nobody_caught_is_logged_and_told(stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog):
    for module, name in ((sys, "excepthook"), (threading, "excepthook")):
        monkeypatch.setattr(module, name, getattr(module, name))
    boundary.show_uncaught(stage.window)
    sys.excepthook(ValueError, ValueError("odd"), None)
    assert "a bug in Bowerbird" in stage.notice
    assert "ValueError: odd" in caplog.text
    sys.excepthook(CatalogueError, CatalogueError("The catalogue is away. Connect its drive."), None)
    assert stage.notice == "The catalogue is away. Connect its drive."
    caplog.clear()
    monkeypatch.undo()  # the hook holds the window
    gc.collect()


def test_a_signal_closes_the_window_and_a_later_one_wakes_nobody(stage: Stage, capfd: pytest.CaptureFixture[str]):
    former = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    former_fd = signal.set_wakeup_fd(-1)
    boundary.close_on_signals(stage.window)
    try:
        signal.raise_signal(signal.SIGTERM)
        stage.until(lambda: not stage.window.isVisible())
        assert [signal.getsignal(number) for number in former] == [signal.SIG_DFL] * 2
        late: list[int] = []
        signal.signal(signal.SIGTERM, lambda number, _: late.append(number))
        signal.raise_signal(signal.SIGTERM)
        assert late == [signal.SIGTERM]
        assert capfd.readouterr().err == ""
    finally:
        signal.set_wakeup_fd(former_fd)
        for number, handler in former.items():
            signal.signal(number, handler)
