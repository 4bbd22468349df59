"""Listening tests in the window: the list of studies, the sheet of a new one, systems side by side."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("PySide6.QtWidgets", reason="the window needs PySide6", exc_type=ImportError)

from gui_player import FakePlayer
from gui_stage import Stage
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QDesktopServices, QWheelEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QLineEdit, QPlainTextEdit, QPushButton

from bowerbird.base import paths
from bowerbird.base.settings import load_settings
from bowerbird.gui.listening import rating_application
from bowerbird.gui.listening.comparing_view import SideBySideDialog
from bowerbird.gui.listening.listening_tests import Listening
from bowerbird.gui.listening.studies_view import EMPTY, StudiesDialog
from bowerbird.gui.listening.study_design_view import StudySheet
from bowerbird.gui.listening.study_systems_view import _VariantFields
from bowerbird.listening.store import open_study
from conftest import EVERY
from listening_stage import sample_study

Open = Callable[..., Stage]
KICK = "Kick 1.wav"


def listening(stage: Stage) -> Listening:
    made: Listening = stage.program.listening
    return made


def settle(stage: Stage) -> None:
    """Wait until everything that was asked is answered, and what was to be done is done."""
    part = listening(stage)
    for _ in range(3):  # an answer may lead to a question
        stage.until(lambda: not any(work.is_running for work in part._work))
        answers: list[object] = []
        part.queries.run("settle", lambda: None, done=answers.append, failed=answers.append)
        stage.until(lambda answers=answers: answers)


def open_studies(stage: Stage) -> StudiesDialog:
    stage.trigger("studies")
    settle(stage)
    dialog = listening(stage).studies_face.dialog
    assert dialog is not None
    return dialog


def open_sheet(stage: Stage) -> StudySheet:
    stage.trigger("new_study")
    settle(stage)
    sheet = listening(stage).design_face.sheet
    assert sheet is not None
    return sheet


def compare(stage: Stage, name: str = KICK) -> SideBySideDialog:
    stage.click_row(name)
    stage.trigger("compare")
    settle(stage)
    dialog = listening(stage).compare_face.dialog
    assert dialog is not None
    stage.until(dialog.isActiveWindow)
    return dialog


def texts(widget: Any) -> list[str]:
    """The words that can be seen."""
    return [one.text() for one in widget.findChildren(QLabel) if one.isVisible() and one.text()]


def small(sheet: StudySheet) -> None:
    """Make it a study that is frozen in no time."""
    for path, value in (("choice.n_queries", 1), ("n_training", 0), ("depth", 1)):
        sheet.fields[path].input.setValue(value)


# The list


def test_no_study_has_one_sentence_and_one_action(stage: Stage):
    dialog = open_studies(stage)
    assert EMPTY in texts(dialog)
    assert list(stage.buttons(dialog)) == ["New study", "Open bundle…"]
    stage.click(stage.buttons(dialog)["New study"])
    settle(stage)
    assert listening(stage).design_face.sheet.isVisible()


def test_studies_are_listed_with_what_can_be_done(stage: Stage):
    sample_study(paths.studies_path() / "tones")
    dialog = open_studies(stage)
    view = dialog.rows["tones"]
    assert texts(view)[0] == "Tones"
    buttons = stage.buttons(view)
    assert list(buttons) == [
        "Rate",
        "Report",
        "Export bundle…",
        "Export ratings…",
        "Merge ratings…",
        "Show folder",
    ]
    assert [text for text, button in buttons.items() if not button.isEnabled()] == ["Report", "Export ratings…"]


def test_a_folder_is_shown_where_it_lies(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    shown: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: shown.append(url.toLocalFile()))
    folder = sample_study(paths.studies_path() / "tones")
    dialog = open_studies(stage)
    stage.click(stage.buttons(dialog.rows["tones"])["Show folder"])
    assert shown == [str(folder.path)]


def test_a_bundle_is_written_where_it_was_asked_for(stage: Stage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    out = tmp_path / "mine.bowerbird"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(out), ""))
    sample_study(paths.studies_path() / "tones")
    dialog = open_studies(stage)
    stage.click(stage.buttons(dialog.rows["tones"])["Export bundle…"])
    settle(stage)
    assert out.is_file()
    assert stage.buttons(dialog.rows["tones"])["Export bundle…"].hasFocus(), "the keyboard is where it was"
    assert any(text.startswith("mine.bowerbird holds ") for text in texts(dialog))


def test_rating_opens_one_window_which_ends_with_this_one(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(rating_application, "Player", FakePlayer)
    sample_study(paths.studies_path() / "tones")
    dialog = open_studies(stage)
    stage.click(stage.buttons(dialog.rows["tones"])["Rate"])
    settle(stage)
    rating = listening(stage)._rating
    assert rating is not None
    assert rating.window.isVisible()
    listening(stage).rate(open_study(paths.studies_path() / "tones"))
    assert listening(stage)._rating is rating
    rating.window.close()
    stage.until(lambda: listening(stage)._rating is None)


# The sheet


def test_freeze_is_offered_at_once_and_makes_a_study(stage: Stage):
    sheet = open_sheet(stage)
    small(sheet)
    assert sheet._freeze.isEnabled()
    stage.click(sheet._freeze)
    settle(stage)
    assert (paths.studies_path() / "study-1" / "study.yaml").is_file()
    assert list(stage.buttons(sheet)) == ["Rate it", "Done"]
    stage.click(stage.buttons(sheet)["Done"])
    assert not sheet.isVisible()
    assert open_sheet(stage).fields["name"].input.text() == "study-2"


def test_what_is_written_arrives_and_the_cursor_stays(stage: Stage):
    sheet = open_sheet(stage)
    title = sheet.fields["title"].input
    assert isinstance(title, QLineEdit)
    title.setFocus()
    title.selectAll()
    stage.qtbot.keyClicks(title, "Rain")
    title.setCursorPosition(1)
    stage.qtbot.keyClicks(title, "h")
    design = listening(stage).design.design
    assert design is not None
    assert design.title == "Rhain"
    assert title.cursorPosition() == 2


def test_a_fault_is_said_beside_its_field_and_freezing_waits(stage: Stage):
    sheet = open_sheet(stage)
    name = sheet.fields["name"]
    name.input.setFocus()
    stage.qtbot.keyClicks(name.input, " ?")
    assert texts(name) == ["Use small letters, digits, - and _ alone."]
    assert not sheet._freeze.isEnabled()


def test_words_have_a_field_and_their_count_has_none(stage: Stage):
    sheet = open_sheet(stage)
    listening(stage).design.change("choice.how", "words")
    words = sheet.fields["choice.words"]
    assert words.isVisible()
    assert not sheet.fields["choice.n_queries"].isVisible()
    assert isinstance(words.input, QPlainTextEdit)
    words.input.setPlainText("glass breaking\n\n rain ")
    design = listening(stage).design.design
    assert design is not None
    assert design.choice.words == ("glass breaking", "rain")
    assert words.input.toPlainText() == "glass breaking\n\n rain "


def test_the_fields_of_a_variant_stay_in_sight_when_a_fault_among_them_goes(stage: Stage):
    sheet = open_sheet(stage)
    sheet.resize(680, 760)
    stage.click(
        next(widget for widget in sheet.findChildren(QPushButton) if widget.text() == "Variant" and widget.isVisible())
    )
    (fields,) = sheet.findChildren(_VariantFields)
    fields.weights.setFocus()
    for text in ("bogus=2", "timbre=2"):
        fields.weights.clear()
        stage.qtbot.keyClicks(fields.weights, text)
        settle(stage)
        stage.until(lambda: fields.rect().contains(fields.weights.geometry().bottomRight()))
    design = listening(stage).design.design
    assert design is not None
    assert [system.aspects for system in design.systems if system.aspects] == [{"timbre": 2.0}]


def test_the_rest_stands_behind_more(stage: Stage):
    sheet = open_sheet(stage)
    assert not sheet.fields["excerpt_s"].isVisible()
    stage.click(sheet._more)
    assert sheet.fields["excerpt_s"].isVisible()
    sheet.fields["controls.far_share"].input.setValue(25)
    design = listening(stage).design.design
    assert design is not None
    assert design.controls.far_share == 0.25


def test_the_wheel_scrolls_the_sheet_and_changes_nothing(stage: Stage):
    sheet = open_sheet(stage)
    depth = sheet.fields["depth"].input
    before = depth.value()
    QApplication.sendEvent(
        depth,
        QWheelEvent(
            QPointF(5, 5),
            depth.mapToGlobal(QPointF(5, 5)),
            QPoint(),
            QPoint(0, 120),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        ),
    )
    assert depth.value() == before


def test_a_design_that_is_closed_is_there_again(stage: Stage):
    sheet = open_sheet(stage)
    sheet.fields["depth"].input.setValue(9)
    sheet.close()
    assert open_sheet(stage).fields["depth"].input.value() == 9


# Side by side


def test_moving_plays_and_what_plays_is_marked_in_every_column(stage: Stage):
    dialog = compare(stage)
    table = dialog.results
    assert [table.horizontalHeaderItem(column).text() for column in range(2)] == ["ear", "acoustic"]
    assert table.hasFocus()
    n_played = len(stage.player.played)
    stage.press(Qt.Key.Key_Down)
    assert stage.player.played[-1].path == table.result_at(1, 0).path
    stage.press(Qt.Key.Key_Right)
    assert stage.player.played[-1].path == table.result_at(1, 1).path
    assert len(stage.player.played) == n_played + 2
    stage.deliver()
    assert table.heard == table.result_at(1, 1).path
    stage.press(Qt.Key.Key_Space)
    stage.deliver()
    assert table.heard is None


def test_a_click_plays_once(stage: Stage):
    dialog = compare(stage)
    table = dialog.results
    n_played = len(stage.player.played)
    place = table.visualRect(table.model().index(2, 1)).center()
    stage.qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert [played.path for played in stage.player.played[n_played:]] == [table.result_at(2, 1).path]


def test_escape_falls_silent_and_then_closes(stage: Stage):
    dialog = compare(stage)
    stage.press(Qt.Key.Key_Down)
    stage.press(Qt.Key.Key_Escape)
    assert dialog.isVisible()
    assert not stage.player.is_playing
    stage.press(Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_words_are_compared_where_they_have_the_focus(stage: Stage):
    stage.window.focus_search()
    stage.type("snare")
    stage.settle()
    stage.trigger("compare")
    settle(stage)
    dialog = listening(stage).compare_face.dialog
    assert dialog is not None
    assert "“snare”" in texts(dialog)
    assert dialog.results.columnCount() == 1


def test_nothing_to_compare_is_said_in_the_window(stage: Stage):
    stage.table.clearSelection()
    stage.trigger("compare")
    assert stage.notice == "Choose a sound, or type words, then compare systems."
    assert listening(stage).compare_face.dialog is None


def test_a_blind_test_of_the_columns_opens_the_rating_window(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(rating_application, "Player", FakePlayer)
    dialog = compare(stage)
    stage.click(stage.buttons(dialog)["Rate this blind"])
    settle(stage)
    stage.until(lambda: listening(stage).is_rating)
    assert (paths.studies_path() / "blind-1").is_dir()
    assert listening(stage)._rating.window.isVisible()


def test_the_table_of_classes_is_remembered(
    indexed: Path, sounds: Path, open_window: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    shutil.copytree(indexed, paths.library_path())
    table = tmp_path / "labels.csv"
    table.write_text("path,class\n" + "".join(f"{path},{path.parent.name}\n" for path in sounds.glob("*/*.wav")))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(table), ""))
    stage = open_window()
    stage.until_rows(EVERY)
    dialog = compare(stage)
    stage.click(stage.buttons(dialog)["Labels…"])
    settle(stage)
    assert "AP@15" in dialog.results.horizontalHeaderItem(0).text()
    stage.close()
    assert load_settings(paths.settings_path()).labels == str(table)
    assert json.loads(paths.settings_path().read_text())["labels"] == str(table)
    again = open_window()
    again.until_rows(EVERY)
    assert "AP@15" in compare(again).results.horizontalHeaderItem(0).text()


def test_the_window_closes_with_everything_open(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(rating_application, "Player", FakePlayer)
    sample_study(paths.studies_path() / "tones")
    open_studies(stage)
    open_sheet(stage)
    compare(stage)
    listening(stage).rate(open_study(paths.studies_path() / "tones"))
    rating = listening(stage)._rating
    stage.window.close()
    assert rating is not None
    assert not rating.window.isVisible()
