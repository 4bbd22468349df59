"""Folders in the window: their menu, drives that go and return, folders that have moved, changes on disk."""

from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("PySide6.QtWidgets", reason="the window needs PySide6", exc_type=ImportError)

from gui_sounds import write_tone
from gui_stage import Stage
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QMenu

from bowerbird.gui.browse.counted_tree import COUNT_ROLE, DIMMED_ROLE
from bowerbird.gui.browse.folders_view import FolderTree

HUMS = [f"hum {number}.wav" for number in range(6)]


@pytest.fixture
def few(tmp_path: Path) -> Path:
    for number in range(6):
        write_tone(tmp_path / "Few" / "Deep" / f"hum {number}.wav", 100 + 20 * number, duration_s=0.3)
    return tmp_path / "Few"


@pytest.fixture
def stage_of_few(open_window: Callable[..., Stage], few: Path) -> Stage:
    """A window on that folder, indexed and watched."""
    stage = open_window(folders=(few,))
    stage.until_idle()
    stage.until(lambda: (state := stage.window.folders.state_of(stage.directory("Few"))) and state.folder.is_watched)
    stage.settle()
    return stage


def entries(stage: Stage, directory: str) -> dict[str, bool]:
    """The context menu of a directory: which entries there are, and whether they are enabled."""
    menu = QMenu(stage.window)
    stage.window.folders.fill_menu(menu, stage.directory(directory))
    found = {action.text(): action.isEnabled() for action in menu.actions() if not action.isSeparator()}
    menu.deleteLater()
    return found


def shown(tree: FolderTree, directory_row: int = 1) -> tuple[str, str, bool]:
    """Name, text on the right and dimming of a top row."""
    index = tree.model().index(directory_row, 0)
    return str(index.data()), str(index.data(COUNT_ROLE)), bool(index.data(DIMMED_ROLE))


def choose(stage: Stage, directory: str) -> None:
    stage.program.browsing.location_chosen(stage.directory(directory))
    stage.settle()


def go_away(stage: Stage, few: Path) -> Path:
    """Unplug the folder, and let the window notice."""
    away = few.with_name("unplugged")
    few.rename(away)
    stage.program.folders.look()
    stage.until(lambda: shown(stage.window.folders)[2])
    return away


def test_the_menu_of_a_folder_and_of_a_directory_in_it(stage_of_few: Stage):
    assert entries(stage_of_few, "Few") == {
        "Rescan this folder": True,
        "Watch for changes": True,
        "Locate…": True,
        "Forget missing sounds": False,
        "Show in file manager": True,
        "Remove “Few” from the library": True,
    }
    assert list(entries(stage_of_few, "Few/Deep")) == ["Rescan this folder", "Show in file manager"]


def test_the_file_menu_acts_on_the_selected_folder(stage_of_few: Stage):
    names = stage_of_few.window.actions_by_name
    mine = ("rescan_folder", "watch_folder", "locate_folder", "forget_missing", "reveal_folder")
    assert [names[name].isEnabled() for name in mine] == [False] * 5
    choose(stage_of_few, "Few/Deep")
    assert [names[name].isEnabled() for name in mine] == [True, False, False, False, True]
    choose(stage_of_few, "Few")
    assert [names[name].isEnabled() for name in mine] == [True, True, True, False, True]
    assert names["watch_folder"].isChecked()
    stage_of_few.trigger("watch_folder")
    stage_of_few.until(lambda: not stage_of_few.program._library.folders()[0].is_watched)
    assert not names["watch_folder"].isChecked()


def test_a_new_file_in_a_watched_folder_is_listed_by_itself(stage_of_few: Stage, few: Path):
    write_tone(few / "Deep" / "hum 6.wav", 500, duration_s=0.3)
    stage_of_few.until_rows([*HUMS, "hum 6.wav"])
    assert stage_of_few.progress == ""
    (few / "Deep" / "hum 0.wav").unlink()
    choose(stage_of_few, "Few")
    stage_of_few.until(stage_of_few.window.actions_by_name["forget_missing"].isEnabled)
    assert stage_of_few.window.actions_by_name["forget_missing"].text() == "Forget missing so&unds (1)"
    assert entries(stage_of_few, "Few")["Forget 1 missing sound"]
    stage_of_few.trigger("forget_missing")
    stage_of_few.until_rows([*HUMS[1:], "hum 6.wav"])
    assert stage_of_few.progress == "1 missing sound forgotten. Undo brings them back."


def test_a_folder_that_is_not_watched_is_left_alone(stage_of_few: Stage, few: Path):
    choose(stage_of_few, "Few")
    stage_of_few.trigger("watch_folder")
    stage_of_few.until(lambda: not stage_of_few.program._library.folders()[0].is_watched)
    stage_of_few.settle()
    stage_of_few.until(lambda: stage_of_few.program.folders._watcher is None)


def test_a_folder_that_is_not_connected_is_dimmed_and_says_what_can_be_done(stage_of_few: Stage, few: Path):
    tree = stage_of_few.window.folders
    assert shown(tree) == ("Few", "6", False)
    away = go_away(stage_of_few, few)
    assert shown(tree) == ("Few", "not connected", True)
    index = tree.model().index(1, 0)
    assert str(index.data(Qt.ItemDataRole.ToolTipRole)) == f"{few}\nNot connected. Its sounds stay in the library."
    assert index.data(Qt.ItemDataRole.AccessibleTextRole) == "Few, not connected"
    tree.grab()
    assert stage_of_few.progress == "“Few” is not connected. Its sounds stay in the library."
    assert not entries(stage_of_few, "Few")["Rescan this folder"]
    choose(stage_of_few, "Few")
    stage_of_few.window.status.show_news(None)
    assert stage_of_few.progress == "“Few” is not connected. Its sounds stay in the library."
    assert list(stage_of_few.buttons(stage_of_few.window.status)) == ["Locate…"]
    assert stage_of_few.names == HUMS
    away.rename(few)
    stage_of_few.program.folders.look()
    stage_of_few.until(lambda: shown(tree) == ("Few", "6", False))
    stage_of_few.until_idle()
    stage_of_few.window.status.show_news(None)
    assert stage_of_few.progress == ""


def test_a_folder_that_was_located_elsewhere_keeps_its_sounds(
    stage_of_few: Stage, few: Path, monkeypatch: pytest.MonkeyPatch
):
    away = go_away(stage_of_few, few)
    ids = [stage_of_few.model.sound_id(row) for row in range(6)]
    choose(stage_of_few, "Few")
    stage_of_few.window.status.show_news(None)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(away))
    stage_of_few.click(stage_of_few.buttons(stage_of_few.window.status)["Locate…"])
    stage_of_few.until(lambda: shown(stage_of_few.window.folders) == ("unplugged", "6", False))
    stage_of_few.until_idle()
    stage_of_few.until_rows(HUMS)
    assert [stage_of_few.model.sound_id(row) for row in range(6)] == ids


def test_a_drive_that_returned_elsewhere_is_one_click_away(stage_of_few: Stage, few: Path):
    away = go_away(stage_of_few, few)
    stage_of_few.window.status.show_news(None)
    assert stage_of_few.drag_in(stage_of_few.window, [away])
    stage_of_few.until(lambda: stage_of_few.progress == f"“Few” seems to be at {away} now.")
    assert list(stage_of_few.buttons(stage_of_few.window.status)) == ["Relink", "Add anyway"]
    assert not stage_of_few.program.indexing.is_running
    stage_of_few.click(stage_of_few.buttons(stage_of_few.window.status)["Relink"])
    stage_of_few.until(lambda: [folder.path for folder in stage_of_few.program._library.folders()] == [away])
    stage_of_few.until_idle()
    stage_of_few.until_rows(HUMS)


def test_the_question_can_be_closed(stage_of_few: Stage, few: Path):
    away = go_away(stage_of_few, few)
    stage_of_few.window.status.show_news(None)
    stage_of_few.program.folders.add([away])
    stage_of_few.until(lambda: stage_of_few.buttons(stage_of_few.window.status))
    stage_of_few.click(stage_of_few.window.status._cross)
    assert stage_of_few.progress == ""
    stage_of_few.settle()
    assert [folder.path for folder in stage_of_few.program._library.folders()] == [few]


def test_an_empty_folder_is_in_the_tree_and_can_be_removed_by_its_key(
    open_window: Callable[..., Stage], tmp_path: Path
):
    (tmp_path / "Bounces").mkdir()
    stage = open_window(folders=(tmp_path / "Bounces",))
    stage.until_idle()
    tree = stage.window.folders
    stage.until(lambda: tree.model().rowCount() == 2)
    assert shown(tree) == ("Bounces", "0", False)
    tree.setFocus()
    stage.press(Qt.Key.Key_Down)
    stage.press(Qt.Key.Key_Delete)
    stage.until(lambda: tree.model().rowCount() == 1)
    stage.trigger("undo")
    stage.until(lambda: tree.model().rowCount() == 2)


def test_the_status_line_says_what_the_analysis_does(stage_of_few: Stage, few: Path, tmp_path: Path):
    for number in range(30):
        write_tone(tmp_path / "More" / f"{number}.wav", 100 + 9 * number, duration_s=0.4)
    stage_of_few.program.folders.add([tmp_path / "More"])
    stage_of_few.until(lambda: stage_of_few.window.status.is_indexing)
    tip = stage_of_few.window.status._line.toolTip()
    assert tip.startswith(stage_of_few.progress)
    assert "reads each file once" in tip
    assert "nothing leaves this computer" in tip
    stage_of_few.until_idle()
    assert "reads each file once" not in stage_of_few.window.status._line.toolTip() or not stage_of_few.progress
