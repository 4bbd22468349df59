"""What one start leaves, the next finds."""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("PySide6.QtWidgets", reason="the window needs PySide6", exc_type=ImportError)

from gui_sounds import DRUMS, EVERY
from gui_stage import Stage
from PySide6.QtCore import Qt

from bowerbird.base import paths
from bowerbird.base.settings import Settings, load_settings
from bowerbird.domain.tempo_and_key import Key
from bowerbird.gui.browse import sounds_model as columns
from bowerbird.gui.browse.playback_dialog import PlaybackDialog
from bowerbird.gui.browse.playing_presenter import Music
from bowerbird.gui.shell import application

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
    stage.trigger("theme_light")
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
    names = ("loop", "auto_play", "theme_light", "theme_dark", "theme_system")
    assert [again.window.actions_by_name[name].isChecked() for name in names] == [True, False, True, False, False]
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


def test_the_output_is_chosen_by_name_and_kept(open_window: Callable[..., Stage], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(application, "list_outputs", lambda: ["Speakers", "Headphones"])
    stage = open_window()
    stage.trigger("playback")
    dialog = stage.window.findChild(PlaybackDialog)
    assert [dialog._output.itemText(i) for i in range(3)] == ["System default", "Speakers", "Headphones"]
    dialog._output.setCurrentIndex(2)
    dialog._output.activated.emit(2)
    dialog._latency.setCurrentIndex(1)
    dialog._latency.activated.emit(1)
    assert (stage.player.options["output"], stage.player.options["latency"]) == ("Headphones", "high")
    dialog.close()
    stage.close()
    again = open_window()
    assert (again.player.options["output"], again.player.options["latency"]) == ("Headphones", "high")
    monkeypatch.setattr(application, "list_outputs", lambda: ["Speakers"])
    again.trigger("playback")  # the headphones are not connected now, and stay chosen
    assert again.window.findChild(PlaybackDialog)._output.currentText() == "Headphones"


def test_a_tempo_and_key_to_play_in_are_chosen(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(application, "list_outputs", list)
    stage.trigger("playback")
    dialog = stage.window.findChild(PlaybackDialog)
    dialog._bpm.setValue(120.0)
    assert dialog._key.itemText(1) == "C major or A minor"
    dialog._key.setCurrentIndex(1)
    dialog._key.activated.emit(1)
    assert stage.program.playing.target == Music(120.0, Key(0))
    dialog._bpm.setValue(0.0)
    assert stage.program.playing.target == Music(None, Key(0))
