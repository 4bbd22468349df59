"""Adding folders in the window: rows appear at once, progress is told, and it can be paused and cancelled."""

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

pytest.importorskip("PySide6.QtWidgets", reason="the window needs PySide6", exc_type=ImportError)

from gui_sounds import write_tone
from gui_stage import Stage
from PySide6.QtCore import QElapsedTimer, Qt, QTimer
from PySide6.QtWidgets import QFileDialog

from bowerbird.base import paths
from bowerbird.base.errors import CatalogueError
from bowerbird.base.settings import Settings
from bowerbird.catalogue.sqlite.connection import FILE_NAME
from bowerbird.domain.events import FolderListed
from bowerbird.encoders.registry import DEFAULT_ENCODER, encoder_named
from bowerbird.gui.browse import columns
from bowerbird.gui.browse.indexing_presenter import IndexingPresenter
from bowerbird.gui.shell.application import Application
from bowerbird.library.demo import demo_folder
from bowerbird.library.library import Library


@pytest.fixture
def few(tmp_path: Path) -> Path:
    for number in range(6):
        write_tone(tmp_path / "Few" / "Deep" / f"hum {number}.wav", 100 + 20 * number, duration_s=0.3)
    return tmp_path / "Few"


def tree(stage: Stage) -> list[str]:
    """What stands in the left pane, from the top, all of it opened."""
    stage.window.folders.expandAll()
    texts, index = [], stage.window.folders.model().index(0, 0)
    while index.isValid():
        texts.append(str(index.data()))
        index = stage.window.folders.indexBelow(index)
    return texts


def n_analysed(stage: Stage) -> int:
    rows = [stage.model.sound(row) for row in range(stage.model.rowCount())]
    return sum(row is not None and row.duration_s is not None for row in rows)


HANDLE = IndexingPresenter.handle


def handle_and_pause(self: IndexingPresenter, event: object) -> None:
    """Press Pause as soon as a folder is listed."""
    HANDLE(self, event)
    if isinstance(event, FolderListed):
        self.toggle_pause()


@pytest.fixture
def pause_once_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(IndexingPresenter, "handle", handle_and_pause)


def test_an_empty_library_says_so_and_offers_two_ways_out(open_window: Callable[..., Stage]):
    stage = open_window()
    stage.until(lambda: stage.empty_state)
    assert stage.empty_state == "Find sounds by how they sound, by description or by name."
    assert stage.window.empty_state._details.text() == (
        "Everything stays on this computer.\nAnalysis runs in the background and can be paused at any time."
    )
    assert list(stage.buttons(stage.window.empty_state)) == ["Add a folder", "Try the demo sounds"]
    assert stage.summary == "0 sounds"
    assert not stage.table.isVisible()


def test_both_ways_out_of_an_empty_library_lead_somewhere(
    open_window: Callable[..., Stage], few: Path, monkeypatch: pytest.MonkeyPatch
):
    added: list[list[Path]] = []
    monkeypatch.setattr(IndexingPresenter, "add", lambda self, folders: added.append(list(folders)))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(few))
    stage = open_window()
    stage.until(lambda: stage.empty_state)
    for name in ("Add a folder", "Try the demo sounds"):
        stage.click(stage.buttons(stage.window.empty_state)[name])
        stage.settle()
    assert added == [[few], [demo_folder()]]


def test_a_folder_that_is_not_chosen_after_all_is_not_added(
    open_window: Callable[..., Stage], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")
    stage = open_window()
    stage.trigger("add_folder")
    assert not stage.program.indexing.is_running


def test_adding_a_folder_fills_the_table_and_the_tree(open_window: Callable[..., Stage], few: Path):
    stage = open_window(folders=(few,))
    stage.until(lambda: stage.progress)
    assert stage.window.actions_by_name["pause"].isEnabled()
    stage.until_idle()
    assert stage.progress == ""
    assert not stage.window.actions_by_name["pause"].isEnabled()
    assert stage.names == [f"hum {number}.wav" for number in range(6)]
    assert n_analysed(stage) == 6
    assert tree(stage) == ["All sounds", "Few", "Deep"]
    assert stage.summary == "6 sounds"


def test_a_directory_of_the_tree_restricts_the_list(stage: Stage):
    stage.window.folders.expandAll()
    folders = stage.window.folders
    items = [folders.model().index(0, 0)]
    while (below := folders.indexBelow(items[-1])).isValid():
        items.append(below)
    drums = next(item for item in items if str(item.data()).startswith("Drums"))
    stage.qtbot.mouseClick(folders.viewport(), Qt.MouseButton.LeftButton, pos=folders.visualRect(drums).center())
    stage.until_rows(["Kick 1.wav", "Kick 2.wav", "Kick 3.wav", "Snare.wav"])
    assert stage.summary == "4 of 54 sounds"


@pytest.mark.usefixtures("pause_once_listed")
def test_rows_appear_before_they_are_analysed_and_a_pause_holds_until_it_is_ended(
    open_window: Callable[..., Stage], few: Path
):
    stage = open_window(folders=(few,))
    stage.until(lambda: stage.model.rowCount() == 6)
    assert stage.program.indexing.is_running
    assert n_analysed(stage) < 6
    assert stage.progress.startswith("Paused · ")
    assert stage.window.actions_by_name["pause"].text() == "Resume anal&ysis"
    stage.click(stage.buttons(stage.window.status)["Resume"])
    assert not stage.progress.startswith("Paused")
    stage.until_idle()
    assert n_analysed(stage) == 6


@pytest.mark.usefixtures("pause_once_listed")
def test_cancel_by_click_ends_the_run_and_keeps_what_is_listed(open_window: Callable[..., Stage], few: Path):
    stage = open_window(folders=(few,))
    stage.until(lambda: stage.model.rowCount() == 6)
    stage.click(stage.buttons(stage.window.status)["Cancel"])
    assert stage.progress == "Stopping"
    stage.until_idle()
    assert stage.model.rowCount() == 6
    assert n_analysed(stage) < 6
    stage.until(lambda: stage.progress == f"{n_analysed(stage)} of 6 analysed")
    assert list(stage.buttons(stage.window.status)) == ["Resume"]


def test_an_analysis_that_closing_interrupted_is_resumed_at_the_next_start(
    open_window: Callable[..., Stage], sounds: Path
):
    stage = open_window(folders=(sounds,))
    stage.until(lambda: stage.model.rowCount() > 6)
    stage.close()
    again = open_window()
    again.until(lambda: n_analysed(again) == again.model.rowCount() > 6)


def test_pause_by_click_reaches_the_run(open_window: Callable[..., Stage], sounds: Path):
    stage = open_window(folders=(sounds,))
    stage.until(lambda: stage.progress)
    stage.click(stage.buttons(stage.window.status)["Pause"])
    assert stage.program.indexing.runner.control is not None
    assert stage.program.indexing.runner.control.is_paused
    assert list(stage.buttons(stage.window.status)) == ["Resume", "Cancel"]


def test_a_paused_analysis_waits_at_the_next_start_until_it_is_resumed(
    open_window: Callable[..., Stage], few: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(IndexingPresenter, "handle", handle_and_pause)
    stage = open_window(folders=(few,))
    stage.until(lambda: stage.model.rowCount() == 6)
    stage.close()
    monkeypatch.setattr(IndexingPresenter, "handle", HANDLE)
    again = open_window()
    again.until(lambda: again.progress == f"{n_analysed(again)} of 6 analysed")
    again.settle()
    assert not again.program.indexing.is_running, "the user has paused it"
    again.click(again.buttons(again.window.status)["Resume"])
    again.until(lambda: n_analysed(again) == 6)
    again.until_idle()
    assert again.progress == ""


def test_the_event_loop_turns_and_rows_grow_while_sounds_are_analysed(
    open_window: Callable[..., Stage], tmp_path: Path, record_testsuite_property: Callable[[str, object], None]
):
    many = tmp_path / "Many"
    many.mkdir()
    for number in range(20):
        hiss = np.random.default_rng(number).normal(0, 0.05, 6 * 44_100)
        soundfile.write(many / f"hiss {number:02}.wav", hiss, 44_100)
    stage = open_window(folders=(many,))
    clock, tick = QElapsedTimer(), QTimer(interval=1)
    gaps_ms: list[float] = []
    seen: list[tuple[int, int]] = []

    def turn() -> None:
        gaps_ms.append(clock.nsecsElapsed() / 1e6)
        clock.restart()
        if stage.program.indexing.is_running:
            seen.append((stage.model.rowCount(), n_analysed(stage)))

    tick.timeout.connect(turn)
    clock.start()
    tick.start()
    stage.until_idle()
    tick.stop()
    record_testsuite_property("longest_gap_while_indexing_ms", round(max(gaps_ms), 1))
    assert any(n_rows == 20 and n_done < 20 for n_rows, n_done in seen)
    assert [n_rows for n_rows, _ in seen] == sorted(n_rows for n_rows, _ in seen)
    assert n_analysed(stage) == 20


def test_a_selection_and_the_place_survive_rows_that_come_in_above(stage: Stage, tmp_path: Path):
    stage.click_row("Tone 30.wav")
    stage.table.verticalScrollBar().setValue(stage.row("Tone 27.wav") * 28 + 9)
    before = (stage.chosen_id, stage.place)
    for number in range(20):
        write_tone(tmp_path / "More" / f"Aaa {number:02}.wav", 300 + 25 * number, duration_s=0.2)
    stage.program.indexing.add([tmp_path / "More"])
    stage.until_idle()
    assert stage.model.rowCount() == 74
    assert (stage.chosen_id, stage.place) == before
    assert stage.selected == ["Tone 30.wav"]
    assert stage.player.names == ["Tone 30.wav"]


def test_several_chosen_rows_survive_rows_that_come_in_above(stage: Stage, tmp_path: Path):
    stage.click_row("Kick 2.wav")
    index = stage.model.index(stage.row("Snare.wav"), 0)
    stage.qtbot.mouseClick(
        stage.table.viewport(),
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.ControlModifier,
        stage.table.visualRect(index).center(),
    )
    assert stage.selected == ["Kick 2.wav", "Snare.wav"]
    write_tone(tmp_path / "More" / "Aaa.wav", 300, duration_s=0.2)
    stage.program.indexing.add([tmp_path / "More"])
    stage.until_idle()
    assert stage.selected == ["Kick 2.wav", "Snare.wav"]


def test_a_file_that_is_gone_stays_listed_and_says_so(open_window: Callable[..., Stage], few: Path):
    stage = open_window(folders=(few,))
    stage.until_idle()
    (few / "Deep" / "hum 2.wav").unlink()
    stage.trigger("rescan")
    stage.until_idle()
    assert stage.names == [f"hum {number}.wav" for number in range(6)]
    tips = [str(stage.model.index(row, 0).data(Qt.ItemDataRole.ToolTipRole)) for row in range(6)]
    assert [tip.endswith("Cannot find this file. Is its drive connected?") for tip in tips] == [
        number == 2 for number in range(6)
    ]
    stage.table.grab()  # a faint row is drawn too
    stage.click_row("hum 2.wav")
    stage.until(lambda: stage.notice.startswith("`hum 2.wav` is not there."))


def test_a_library_of_broken_sounds_alone_says_so_behind_the_list_of_them(
    open_window: Callable[..., Stage], tmp_path: Path, pause_once_listed: None
):
    (tmp_path / "Bad").mkdir()
    (tmp_path / "Bad" / "garbage.wav").write_bytes(b"RIFF" + bytes(range(200)))
    stage = open_window(folders=(tmp_path / "Bad",))
    stage.until(lambda: stage.progress.startswith("Paused"))
    stage.trigger("rejected")
    stage.trigger("pause")
    stage.until_idle()
    stage.trigger("rejected")
    assert stage.empty_state == "There are no sounds in your folders that can be played."
    stage.settle()
    stage.click(stage.buttons(stage.window.empty_state)["Show rejected sounds"])
    assert stage.window.rejected.isVisible()


def test_an_unreachable_folder_is_told_in_a_sentence(open_window: Callable[..., Stage], tmp_path: Path):
    stage = open_window()
    stage.program.indexing.add([tmp_path / "away"])
    stage.until(lambda: stage.notice)
    assert stage.notice.startswith(f"Cannot read {tmp_path / 'away'}: ")
    stage.click(stage.window.status._cross)
    assert stage.notice == ""


def test_a_folder_that_is_dropped_is_added(open_window: Callable[..., Stage], few: Path):
    stage = open_window()
    stage.until(lambda: stage.empty_state)
    assert stage.drag_in(stage.window.empty_state, [few])
    stage.until_idle()
    assert len(stage.names) == 6


@pytest.mark.usefixtures("qapp")
def test_a_library_of_a_newer_version_is_refused_with_a_sentence(indexed: Path):
    shutil.copytree(indexed, paths.library_path())
    connection = sqlite3.connect(paths.library_path() / FILE_NAME)
    connection.execute("PRAGMA user_version = 999")
    connection.close()
    with pytest.raises(
        CatalogueError, match=r"written by a newer version of Bowerbird .* Update Bowerbird, or choose another"
    ):
        Application(Library.open(paths.library_path()), Settings(), encoder_named(DEFAULT_ENCODER))


def test_a_number_of_columns_is_known_when_nothing_is(open_window: Callable[..., Stage]):
    stage = open_window()
    assert stage.model.columnCount() == len(columns.COLUMNS)
