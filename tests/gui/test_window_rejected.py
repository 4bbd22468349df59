"""The page of rejected sounds in the window: groups with remedies, keys, and the way back."""

from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("PySide6.QtWidgets", reason="the window needs PySide6", exc_type=ImportError)

from gui_sounds import EVERY, write_tone
from gui_stage import Stage
from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu

from bowerbird.gui.browse.rejected_view import RejectedTree


def texts(tree: RejectedTree) -> list[str]:
    """What can be seen, from the top."""
    found, index = [], tree.model().index(0, 0)
    while index.isValid():
        found.append(str(index.data()))
        index = tree.indexBelow(index)
    return found


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A folder of two damaged files, two empty ones and one that is whole."""
    folder = tmp_path / "Takes"
    write_tone(folder / "good.wav", 300, duration_s=0.3)
    for name in ("bad 1.wav", "bad 2.wav"):
        (folder / name).write_bytes(b"RIFF" + bytes(range(200)))
    for number in range(3):
        (folder / f"empty {number}.wav").write_bytes(b"")
    return folder


@pytest.fixture
def page(open_window: Callable[..., Stage], broken: Path) -> Stage:
    """The page of its rejected sounds, opened by its key."""
    stage = open_window(folders=(broken,))
    stage.until_idle()
    stage.trigger("rejected")
    stage.until(lambda: stage.window.rejected.tree.groups_model.groups)
    return stage


def test_sounds_are_grouped_by_reason_with_the_remedy_once(page: Stage):
    tree, model = page.window.rejected.tree, page.window.rejected.tree.groups_model
    assert page.window.rejected.heading.text() == "5 sounds cannot be used"
    assert [len(group.sounds) for group in model.groups] == [3, 2]
    assert texts(tree)[:4] == ["The file is empty", "empty 0.wav", "empty 1.wav", "empty 2.wav"]
    accessible = str(model.index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole))
    assert accessible == "The file is empty, 3 sounds. Restore it from a backup, or export it again."
    tree.grab()  # both kinds of rows are drawn


def test_a_collapsed_group_stays_so_when_the_list_is_read_again(page: Stage, broken: Path):
    tree = page.window.rejected.tree
    tree.setExpanded(tree.model().index(0, 0), False)
    (broken / "empty 9.wav").write_bytes(b"")
    page.trigger("rescan")
    page.until_idle()
    page.until(lambda: page.window.rejected.heading.text() == "6 sounds cannot be used")
    assert not tree.isExpanded(tree.model().index(0, 0))


def test_enter_reveals_and_escape_returns_to_the_list(page: Stage, monkeypatch: pytest.MonkeyPatch, broken: Path):
    tree = page.window.rejected.tree
    shown: list[Path] = []
    tree.reveal_asked.disconnect()
    tree.reveal_asked.connect(shown.append)
    page.until(tree.hasFocus)
    page.press(Qt.Key.Key_Down)
    page.press(Qt.Key.Key_Return)
    assert shown == [broken / "empty 1.wav"]
    page.press(Qt.Key.Key_Escape)
    page.until(page.table.isVisible)
    assert page.table.hasFocus()


def test_the_key_works_while_the_search_box_has_the_focus(stage: Stage):
    stage.until_active()
    stage.window.focus_search()
    stage.type("kick")
    stage.press(Qt.Key.Key_E, ctrl=True)
    stage.until(stage.window.rejected.isVisible)
    stage.until(stage.window.rejected.tree.hasFocus)
    stage.window.focus_search()
    stage.press(Qt.Key.Key_E, ctrl=True)
    stage.until(stage.table.isVisible)
    assert stage.table.hasFocus(), "the focus returns to the list"
    stage.window.focus_search()
    stage.press(Qt.Key.Key_A, ctrl=True)
    assert stage.window.search.selectedText() == "kick", "keys that edit the text are not taken away"


def test_paths_are_copied_and_a_group_stands_for_its_sounds(page: Stage, broken: Path):
    tree = page.window.rejected.tree
    choose = QItemSelectionModel.SelectionFlag.ClearAndSelect
    tree.selectionModel().setCurrentIndex(tree.model().index(1, 0), choose)
    page.until(tree.hasFocus)
    page.press(Qt.Key.Key_C, ctrl=True)
    assert QGuiApplication.clipboard().text() == f"{broken / 'bad 1.wav'}\n{broken / 'bad 2.wav'}"
    menu = QMenu(page.window)
    tree.fill_menu(menu)
    entries = [(action.text(), action.isEnabled()) for action in menu.actions() if not action.isSeparator()]
    assert entries == [("Show in file manager", False), ("Copy paths", True), ("Try 2 sounds again", True)]
    menu.deleteLater()


def test_sounds_are_tried_again_although_nothing_about_their_files_has_changed(page: Stage, broken: Path):
    """Such as when the file itself was fine, and another program or the drive was in the way."""
    library = page.program._library
    with library.write() as writer, library.read() as reader:
        good = reader.sound_at(broken / "good.wav")
        assert good is not None
        writer.record([], [(good.id, "Decoding good.wav timed out.", "timed_out")], "acoustic")
    page.program.rejected.refresh()
    page.until(lambda: page.window.rejected.heading.text() == "6 sounds cannot be used")
    page.click(page.buttons(page.window.rejected)["Try all again"])
    page.until(lambda: page.window.rejected.heading.text() == "5 sounds cannot be used")
    page.until_idle()
    page.trigger("rejected")
    page.until_rows(["good.wav"])


def test_the_list_stays_while_the_library_changes_and_closes_for_a_new_query(stage: Stage):
    stage.until(stage.window.chips.rejected_link.isVisible)
    stage.click(stage.window.chips.rejected_link)
    stage.until(stage.window.rejected.isVisible)
    stage.program.browsing.refresh()
    stage.settle()
    assert stage.window.rejected.isVisible()
    stage.window.search.setText("kick")
    stage.until(stage.table.isVisible)
    stage.window.search.setText("")
    stage.until_rows(EVERY)


def test_nothing_rejected_is_said_in_words(open_window: Callable[..., Stage], tmp_path: Path):
    write_tone(tmp_path / "Fine" / "tone.wav", 300, duration_s=0.3)
    stage = open_window(folders=(tmp_path / "Fine",))
    stage.until_idle()
    stage.trigger("rejected")
    stage.settle()
    assert stage.window.rejected.heading.text() == "No sound has been rejected"
    assert list(stage.buttons(stage.window.rejected)) == ["Back to sounds"]


def test_a_remedy_wraps_in_a_narrow_window(page: Stage):
    tree = page.window.rejected.tree
    wide_px = tree.visualRect(tree.model().index(0, 0)).height()
    page.window.resize(300, 700)
    page.until(lambda: tree.visualRect(tree.model().index(0, 0)).height() > wide_px)
