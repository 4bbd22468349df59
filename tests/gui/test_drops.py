"""Files and folders that are dropped: their paths, and where they land."""

import os
import sys
from pathlib import Path

import pytest

pytest.importorskip("PySide6.QtWidgets", reason="the window needs PySide6", exc_type=ImportError)

from gui_sounds import EVERY, write_kick
from gui_stage import Stage
from PySide6.QtCore import QByteArray, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QWidget

from bowerbird.gui.shell.drops import dropped_paths, local_path


@pytest.mark.skipif(sys.platform == "win32", reason="paths of POSIX systems")
@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("file:///sounds/kick.wav", "/sounds/kick.wav"),
        ("file://localhost/sounds/kick.wav", "/sounds/kick.wav"),
        ("file:///sounds/a%20b%23c%25.wav", "/sounds/a b#c%.wav"),
        ("file:///sounds/%E4%BD%A0.wav", "/sounds/你.wav"),
    ],
)
def test_the_address_of_a_file_is_its_path(address: str, path: str):
    assert local_path(QUrl.fromEncoded(QByteArray(address.encode()))) == Path(path)


@pytest.mark.skipif(sys.platform != "linux", reason="names may be any bytes on Linux alone")
def test_a_name_that_is_not_unicode_is_kept(tmp_path: Path):
    name = os.fsdecode(b"caf\xe9.wav")
    assert local_path(QUrl.fromEncoded(QByteArray(b"file:///sounds/caf%E9.wav"))) == Path("/sounds") / name


def test_other_addresses_are_left_out_and_each_file_comes_once():
    data = QMimeData()
    data.setUrls([QUrl("https://example.org/kick.wav"), QUrl("file:///a.wav"), QUrl("file:///a.wav")])
    assert dropped_paths(data) == [Path("/a.wav")]


def over(stage: Stage, part: QWidget, paths: list[Path]) -> QDragEnterEvent:
    """Drag files over the middle of a part of the window."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    at = part.mapTo(stage.window, part.rect().center())
    event = QDragEnterEvent(
        at, Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(stage.window, event)
    event.data = data  # type: ignore[attr-defined] # Qt does not keep it
    return event


def test_the_window_shows_where_a_drop_lands(stage: Stage, tmp_path: Path):
    hint = stage.window._drop_hint
    write_kick(tmp_path / "mine.wav", duration_s=0.26)
    assert over(stage, stage.table, [tmp_path / "mine.wav"]).isAccepted()
    assert (hint.isVisible(), hint.text) == (True, "Find similar sounds")
    assert hint.geometry().contains(stage.table.mapTo(stage.window, stage.table.rect().center()))
    over(stage, stage.window.header, [tmp_path / "mine.wav"])
    assert hint.geometry().contains(stage.window.search.mapTo(stage.window, QPoint(5, 5)))
    over(stage, stage.table, [tmp_path])
    assert hint.text == "Add to the library"
    assert hint.geometry().contains(stage.window.folders.mapTo(stage.window, QPoint(5, 5)))
    QApplication.sendEvent(stage.window, QDragLeaveEvent())
    assert not hint.isVisible()


def test_a_drop_from_a_program_that_names_this_computer_is_a_query(stage: Stage, tmp_path: Path):
    write_kick(tmp_path / "mine.wav", duration_s=0.26)
    data = QMimeData()
    data.setUrls([QUrl(f"file://localhost{(tmp_path / 'mine.wav').as_posix()}")])
    copy, left, plain = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    at = stage.table.mapTo(stage.window, stage.table.rect().center())
    QApplication.sendEvent(stage.window, QDragEnterEvent(at, copy, data, left, plain))
    QApplication.sendEvent(stage.window, QDropEvent(QPointF(at), copy, data, left, plain))
    assert not stage.window._drop_hint.isVisible()
    stage.until(lambda: stage.chip_texts == ["Like mine.wav"])


def test_a_text_file_that_is_dropped_leaves_the_list_and_says_why(stage: Stage, tmp_path: Path):
    stage.window.search.setText("kick")
    stage.until(lambda: stage.names != list(EVERY))
    before = stage.names
    (tmp_path / "notes.txt").write_text("not a sound")
    assert stage.drag_in(stage.window, [tmp_path / "notes.txt"])
    stage.until(lambda: "notes.txt" in stage.notice)
    stage.settle()
    assert (stage.names, stage.window.search.text(), stage.chips) == (before, "kick", [])


def test_a_file_that_has_vanished_leaves_the_list_and_says_why(stage: Stage, tmp_path: Path):
    assert stage.drag_in(stage.window, [tmp_path / "gone.wav"])
    stage.until(lambda: "gone.wav" in stage.notice)
    stage.settle()
    assert stage.chips == []
    stage.trigger("back")
    assert stage.chips == []
