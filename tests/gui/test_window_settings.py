"""What one start leaves, the next finds."""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("PySide6.QtWidgets", reason="the window needs PySide6", exc_type=ImportError)

from gui_sounds import DRUMS, EVERY, write_tone
from gui_stage import Stage
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from bowerbird.base import paths
from bowerbird.base.settings import Settings, load_settings
from bowerbird.domain.tempo_and_key import Key
from bowerbird.gui.browse import columns
from bowerbird.gui.browse.cells import ROOMY_ROW_PX
from bowerbird.gui.browse.playing_presenter import Music
from bowerbird.gui.browse.tempo_and_key_view import TempoAndKeyDialog
from bowerbird.gui.shell import application, theme
from bowerbird.gui.shell.settings_view import SettingsWindow
from bowerbird.library.indexing.ignoring import DEFAULT_PATTERNS

Open = Callable[..., Stage]
SIZE = (780, 640)
"""Within the screen of Qt's offscreen platform: what is larger is made to fit."""


@pytest.fixture
def library(indexed: Path) -> None:
    shutil.copytree(indexed, paths.library_path())


@pytest.mark.usefixtures("library")
def test_choices_survive_a_restart(open_window: Open):
    stage = open_window(size=SIZE)
    stage.until_rows(EVERY)
    stage.program.browsing.location_chosen(stage.directory("Sounds/Drums"))
    stage.click_heading(columns.DURATION)
    stage.click_heading(columns.DURATION)
    stage.window.transport._volume.setValue(-9)
    stage.trigger("loop")
    stage.trigger("auto_play")
    stage.program.change_setting("theme", "light")
    stage.window.splitter.setSizes([233, 547])
    stage.window.rows_splitter.setSizes([300, 200])
    stage.until(lambda: stage.names[0] == "Snare.wav")
    sizes = (stage.window.splitter.sizes(), stage.window.rows_splitter.sizes())
    stage.close()

    again = open_window()
    again.until_rows(["Snare.wav", "Kick 3.wav", "Kick 2.wav", "Kick 1.wav"])
    header = again.table.horizontalHeader()
    assert (header.sortIndicatorSection(), header.sortIndicatorOrder()) == (
        columns.DURATION,
        Qt.SortOrder.DescendingOrder,
    )
    assert (again.window.splitter.sizes(), again.window.rows_splitter.sizes()) == sizes
    assert again.player.volume_db == -9.0
    assert again.window.transport._volume.value() == -9
    assert [again.window.actions_by_name[name].isChecked() for name in ("loop", "auto_play")] == [True, False]
    assert load_settings(paths.settings_path()).theme == "light"
    assert str(again.window.folders.currentIndex().data()).startswith("Drums")
    again.enter_list()
    assert again.player.played == []
    again.trigger("play")
    assert again.player.played[-1].loop


@pytest.mark.usefixtures("library")
def test_a_hidden_folder_pane_stays_hidden(open_window: Open):
    stage = open_window()
    stage.trigger("folders")
    stage.close()
    assert not open_window().window.folders.isVisible()


@pytest.mark.usefixtures("library")
def test_the_size_of_the_window_survives(open_window: Open):
    stage = open_window(size=SIZE)
    stage.close()
    again = open_window()
    assert (again.window.width(), again.window.height()) == SIZE


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[1, 2]",
        '{"order": "no such", "theme": "purple", "geometry": "%%%", "splitter": "AAAA", "rows_splitter": "x"}',
        '{"volume_db": "loud", "is_loop": 1, "directory": null}',
        '{"volume_db": NaN}',
        '{"volume_db": -Infinity}',
        '{"volume_db": 1e300}',
    ],
    ids=["empty", "cut off", "a list", "nonsense", "wrong types", "not a number", "infinite", "huge"],
)
def test_a_damaged_settings_file_is_no_obstacle(open_window: Open, text: str):
    paths.settings_path().parent.mkdir(parents=True, exist_ok=True)
    paths.settings_path().write_text(text)
    stage = open_window()
    stage.until_rows(EVERY)
    assert -60 <= stage.player.volume_db <= 6
    assert stage.table.horizontalHeader().sortIndicatorSection() == columns.NAME
    stage.close()
    assert json.loads(paths.settings_path().read_text())["order"] == "name"


@pytest.mark.usefixtures("library")
def test_a_directory_that_is_gone_offers_a_way_back(open_window: Open):
    stage = open_window()
    stage.until_rows(EVERY)
    gone = replace(stage.directory("Sounds"), directory="Sounds/Gone")
    stage.program.browsing.location_chosen(gone)
    stage.close()
    stage = open_window()
    stage.until(lambda: stage.empty_state)
    offers = stage.buttons(stage.window.empty_state)
    stage.click(next(iter(offers.values())))
    stage.until_rows(EVERY)


@pytest.mark.usefixtures("library")
def test_a_file_that_cannot_be_written_does_not_keep_the_window_open(
    open_window: Open, caplog: pytest.LogCaptureFixture
):
    stage = open_window()
    paths.settings_path().with_name(".settings.json.draft").mkdir()
    stage.close()
    assert "settings were not saved" in caplog.text
    caplog.records[-1].args[0].__traceback__ = None  # its frames would keep the window


def test_closing_twice_is_closing_once(open_window: Open):
    stage = open_window()
    stage.window.close()
    stage.window.close()
    assert stage.player.is_closed
    assert load_settings(paths.settings_path()).order == Settings().order


def test_closing_while_sounds_are_analysed_leaves_nothing_behind(open_window: Open, sounds: Path):
    stage = open_window(folders=(sounds,))
    stage.until(lambda: stage.progress)
    stage.window.close()
    assert not stage.program.indexing.runner._thread.is_alive()


def test_a_folder_that_is_not_there_is_no_window(capsys: pytest.CaptureFixture[str]):
    assert application.open_window(["nosuch"]) == 2
    assert "Cannot find the folder or command nosuch" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="there is always a display")
def test_without_a_display_the_commands_are_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(application.sys, "platform", "linux")
    assert application.open_window([]) == 2
    assert "There is no display" in capsys.readouterr().err


def test_the_list_of_drums_is_a_part_of_every_sound():
    assert EVERY[: len(DRUMS)] == DRUMS


def open_settings(stage: Stage) -> SettingsWindow:
    stage.trigger("settings")
    window = stage.program._settings_window.dialog
    assert window is not None
    return window


def test_settings_take_effect_at_once_and_survive(open_window: Open, library: None):
    stage = open_window(size=SIZE)
    stage.until_rows(EVERY)
    window = open_settings(stage)
    stage.click(window._options["theme"]["light"])
    assert stage.window.palette().window().color().name() == theme.tokens("light").ground
    stage.click(window._options["has_roomy_rows"][True])
    assert stage.table.rowHeight(0) == ROOMY_ROW_PX
    size_px = stage.window.font().pixelSize()
    stage.click(window._options["text_size_px"][4])
    assert stage.window.search.font().pixelSize() > 16
    assert QApplication.font().pixelSize() == size_px + 4
    stage.click(window._options["analysis_load"]["low"])
    stage.click(window._columns["rate"])
    assert "rate" in stage.table.columns
    stage.close()
    again = open_window()
    assert "rate" in again.table.columns
    window = open_settings(again)
    assert window._options["theme"]["light"].isChecked()
    assert window._columns["rate"].isChecked()
    kept = load_settings(paths.settings_path())
    assert (kept.text_size_px, kept.has_roomy_rows, kept.analysis_load) == (4, True, "low")


def test_columns_that_are_moved_and_resized_stay_so(open_window: Open, library: None):
    stage = open_window(size=SIZE)
    stage.until_rows(EVERY)
    header = stage.table.horizontalHeader()
    header.moveSection(header.visualIndex(columns.DURATION), header.visualIndex(columns.NAME))
    stage.table.setColumnWidth(columns.DURATION, 130)
    stage.close()
    again = open_window()
    header = again.table.horizontalHeader()
    assert header.visualIndex(columns.DURATION) < header.visualIndex(columns.NAME)
    assert again.table.columnWidth(columns.DURATION) == 130


def test_the_output_is_chosen_by_name_and_kept(open_window: Open, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(application, "list_outputs", lambda: ["Speakers", "Headphones"])
    stage = open_window(size=SIZE)
    window = open_settings(stage)
    stage.until(lambda: window._devices.count() == 3)
    window._devices.setCurrentIndex(2)
    window._devices.activated.emit(2)
    stage.click(window._options["latency"]["high"])
    assert (stage.player.options["output"], stage.player.options["latency"]) == ("Headphones", "high")
    stage.close()
    again = open_window()
    assert (again.player.options["output"], again.player.options["latency"]) == ("Headphones", "high")
    monkeypatch.setattr(application, "list_outputs", lambda: ["Speakers"])
    window = open_settings(again)  # the headphones are not connected now, and stay chosen
    again.until(lambda: window._devices.count() == 3)
    assert window._devices.currentText() == "Headphones (not connected)"


def test_a_tempo_and_key_to_play_in_are_chosen(stage: Stage):
    stage.trigger("tempo_and_key")
    dialog = stage.window.findChild(TempoAndKeyDialog)
    dialog._bpm.setValue(120.0)
    assert dialog._key.itemText(1) == "C major or A minor"
    dialog._key.setCurrentIndex(1)
    dialog._key.activated.emit(1)
    assert stage.program.playing.target == Music(120.0, Key(0))
    dialog._bpm.setValue(0.0)
    assert stage.program.playing.target == Music(None, Key(0))


def test_names_to_ignore_are_edited_in_the_settings_and_take_effect(open_window: Open, tmp_path: Path):
    for name in ("kick.wav", "kick_draft.wav"):
        write_tone(tmp_path / "Sounds" / name, 100 + len(name), duration_s=0.2)
    stage = open_window(folders=(tmp_path / "Sounds",))
    stage.until_idle()
    stage.trigger("settings")
    settings = stage.program._settings_window.dialog
    assert settings is not None
    assert settings._ignored.text() == "*.asd, *.reapeaks, ._*, .git, __MACOSX"
    settings._ignored.setText("*.asd, *_draft.*,")
    settings._ignored.editingFinished.emit()
    stage.until_idle()
    with stage.program._library.read() as reader:
        assert reader.ignored_patterns() == ["*.asd", "*_draft.*"]
        stage.until(lambda: len(reader.missing_ids()) == 1)
    settings._ignored.setText("*")
    settings._ignored.editingFinished.emit()
    stage.until(lambda: "is not a valid pattern" in stage.notice)


def test_a_new_library_ignores_what_the_settings_call_the_default(open_window: Open):
    stage = open_window()
    assert sorted(DEFAULT_PATTERNS) == stage.program._reader.ignored_patterns()
