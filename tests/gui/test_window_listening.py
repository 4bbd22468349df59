"""Listening tests in the main window: the dialogs for studies, a new study and comparisons."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("PySide6.QtWidgets", reason="the window needs PySide6", exc_type=ImportError)

from gui_player import FakePlayer
from gui_sounds import EVERY
from gui_stage import Stage
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QDesktopServices, QWheelEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QLineEdit, QPlainTextEdit, QPushButton

from bowerbird.base import paths
from bowerbird.base.settings import load_settings
from bowerbird.gui.listening import rating_application
from bowerbird.gui.listening.comparing_view import CompareDialog
from bowerbird.gui.listening.listening_tests import Listening
from bowerbird.gui.listening.studies_view import StudiesDialog
from bowerbird.gui.listening.study_design_view import StudyDialog
from bowerbird.gui.listening.study_systems_view import _VariantFields
from bowerbird.listening.store import open_study
from listening_stage import sample_study

Open = Callable[..., Stage]
KICK = "Kick 1.wav"


def listening(stage: Stage) -> Listening:
    made: Listening = stage.program.listening
    return made


def settle(stage: Stage) -> None:
    """Wait until all queries and jobs have ended."""
    part = listening(stage)
    for _ in range(3):  # a result may start another query
        stage.until(lambda: not any(jobs.is_running for jobs in part._jobs))
        answers: list[object] = []
        part.queries.run("settle", lambda: None, done=answers.append, failed=answers.append)
        stage.until(lambda answers=answers: answers)


def open_studies(stage: Stage) -> StudiesDialog:
    stage.trigger("studies")
    settle(stage)
    dialog = listening(stage).studies_dialog.dialog
    assert dialog is not None
    return dialog


def open_design(stage: Stage) -> StudyDialog:
    stage.trigger("new_study")
    settle(stage)
    dialog = listening(stage).design_dialog.dialog
    assert dialog is not None
    return dialog


def compare(stage: Stage, name: str = KICK) -> CompareDialog:
    stage.click_row(name)
    stage.trigger("compare")
    settle(stage)
    dialog = listening(stage).compare_dialog.dialog
    assert dialog is not None
    stage.until(dialog.isActiveWindow)
    return dialog


def texts(widget: Any) -> list[str]:
    """Return the visible texts."""
    return [child.text() for child in widget.findChildren(QLabel) if child.isVisible() and child.text()]


def small(dialog: StudyDialog) -> None:
    """Change the design to a study that is quick to create."""
    for path, value in (("choice.n_queries", 1), ("n_training", 0), ("depth", 1)):
        dialog.fields[path].input.setValue(value)


# The list


def test_an_empty_list_has_a_sentence_and_a_button(stage: Stage):
    dialog = open_studies(stage)
    assert any(text.endswith("There are no studies yet.") for text in texts(dialog))
    assert list(stage.buttons(dialog)) == ["New study", "Open bundle…"]
    stage.click(stage.buttons(dialog)["New study"])
    settle(stage)
    assert listening(stage).design_dialog.dialog.isVisible()


def test_studies_are_listed_with_their_buttons(stage: Stage):
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


def test_the_folder_of_a_study_is_shown(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    shown: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: shown.append(url.toLocalFile()))
    folder = sample_study(paths.studies_path() / "tones")
    dialog = open_studies(stage)
    stage.click(stage.buttons(dialog.rows["tones"])["Show folder"])
    assert shown == [str(folder.path)]


def test_a_bundle_is_written_to_the_chosen_file(stage: Stage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    out = tmp_path / "mine.bowerbird"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(out), ""))
    sample_study(paths.studies_path() / "tones")
    dialog = open_studies(stage)
    stage.click(stage.buttons(dialog.rows["tones"])["Export bundle…"])
    settle(stage)
    assert out.is_file()
    assert stage.buttons(dialog.rows["tones"])["Export bundle…"].hasFocus(), "the focus is where it was"
    assert any(text.startswith("mine.bowerbird contains ") for text in texts(dialog))


def test_rating_opens_a_single_window(stage: Stage, monkeypatch: pytest.MonkeyPatch):
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


# New study


def test_a_study_can_be_created_immediately(stage: Stage):
    dialog = open_design(stage)
    small(dialog)
    assert dialog._create.isEnabled()
    stage.click(dialog._create)
    settle(stage)
    assert (paths.studies_path() / "study-1" / "study.yaml").is_file()
    assert list(stage.buttons(dialog)) == ["Rate now", "Close"]
    stage.click(stage.buttons(dialog)["Close"])
    assert not dialog.isVisible()
    assert open_design(stage).fields["name"].input.text() == "study-2"


def test_edits_reach_the_design_and_the_cursor_stays(stage: Stage):
    dialog = open_design(stage)
    title = dialog.fields["title"].input
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


def test_a_problem_is_shown_beside_its_field_and_disables_the_button(stage: Stage):
    dialog = open_design(stage)
    name = dialog.fields["name"]
    name.input.setFocus()
    stage.qtbot.keyClicks(name.input, " ?")
    assert texts(name) == ["Use only lowercase letters, digits, - and _."]
    assert not dialog._create.isEnabled()


def test_queries_in_words_have_a_field_and_no_count(stage: Stage):
    dialog = open_design(stage)
    listening(stage).design.change("choice.how", "words")
    words = dialog.fields["choice.words"]
    assert words.isVisible()
    assert not dialog.fields["choice.n_queries"].isVisible()
    assert isinstance(words.input, QPlainTextEdit)
    words.input.setPlainText("glass breaking\n\n rain ")
    design = listening(stage).design.design
    assert design is not None
    assert design.choice.words == ("glass breaking", "rain")
    assert words.input.toPlainText() == "glass breaking\n\n rain "


def test_the_fields_of_a_variant_stay_visible_when_a_problem_is_fixed(stage: Stage):
    dialog = open_design(stage)
    dialog.resize(680, 760)
    stage.click(
        next(
            widget
            for widget in dialog.findChildren(QPushButton)
            if widget.text() == "Add variant" and widget.isVisible()
        )
    )
    (fields,) = dialog.findChildren(_VariantFields)
    fields.weights.setFocus()
    for text in ("bogus=2", "timbre=2"):
        fields.weights.clear()
        stage.qtbot.keyClicks(fields.weights, text)
        settle(stage)
        stage.until(lambda: fields.rect().contains(fields.weights.geometry().bottomRight()))
    design = listening(stage).design.design
    assert design is not None
    assert [system.aspects for system in design.systems if system.aspects] == [{"timbre": 2.0}]


def test_further_fields_are_behind_more(stage: Stage):
    dialog = open_design(stage)
    assert not dialog.fields["excerpt_s"].isVisible()
    stage.click(dialog._more)
    assert dialog.fields["excerpt_s"].isVisible()
    dialog.fields["controls.far_share"].input.setValue(25)
    design = listening(stage).design.design
    assert design is not None
    assert design.controls.far_share == 0.25


def test_the_wheel_scrolls_the_dialog_and_changes_nothing(stage: Stage):
    dialog = open_design(stage)
    depth = dialog.fields["depth"].input
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


def test_an_unfinished_design_is_kept(stage: Stage):
    dialog = open_design(stage)
    dialog.fields["depth"].input.setValue(9)
    dialog.close()
    assert open_design(stage).fields["depth"].input.value() == 9


# Comparison


def test_moving_plays_and_the_playing_sound_is_marked(stage: Stage):
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
    assert table.playing == table.result_at(1, 1).path
    stage.press(Qt.Key.Key_Space)
    stage.deliver()
    assert table.playing is None


def test_a_click_plays_once(stage: Stage):
    dialog = compare(stage)
    table = dialog.results
    n_played = len(stage.player.played)
    centre = table.visualRect(table.model().index(2, 1)).center()
    stage.qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=centre)
    assert [played.path for played in stage.player.played[n_played:]] == [table.result_at(2, 1).path]


def test_escape_stops_playback_and_then_closes(stage: Stage):
    dialog = compare(stage)
    stage.press(Qt.Key.Key_Down)
    stage.press(Qt.Key.Key_Escape)
    assert dialog.isVisible()
    assert not stage.player.is_playing
    stage.press(Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_words_are_compared_when_the_search_box_has_the_focus(stage: Stage):
    stage.window.focus_search()
    stage.type("snare")
    stage.settle()
    stage.trigger("compare")
    settle(stage)
    dialog = listening(stage).compare_dialog.dialog
    assert dialog is not None
    assert "“snare”" in texts(dialog)
    assert dialog.results.columnCount() == 1


def test_a_missing_query_is_an_error_in_the_main_window(stage: Stage):
    stage.table.clearSelection()
    stage.trigger("compare")
    assert stage.notice == "Select a sound or enter words, then compare systems."
    assert listening(stage).compare_dialog.dialog is None


def test_a_blind_test_of_the_columns_opens_the_rating_window(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(rating_application, "Player", FakePlayer)
    dialog = compare(stage)
    stage.click(stage.buttons(dialog)["Rate blind"])
    settle(stage)
    stage.until(lambda: listening(stage).is_rating)
    assert (paths.studies_path() / "blind-1").is_dir()
    assert listening(stage)._rating.window.isVisible()


def test_the_labels_file_is_stored_in_the_settings(
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


def test_the_main_window_closes_with_all_dialogs_open(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(rating_application, "Player", FakePlayer)
    sample_study(paths.studies_path() / "tones")
    open_studies(stage)
    open_design(stage)
    compare(stage)
    listening(stage).rate(open_study(paths.studies_path() / "tones"))
    rating = listening(stage)._rating
    stage.window.close()
    assert rating is not None
    assert not rating.window.isVisible()
