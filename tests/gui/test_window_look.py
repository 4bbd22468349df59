"""Colours that can be read, themes that reach every part, windows that are narrow."""

import re
from dataclasses import fields

import pytest

pytest.importorskip("PySide6.QtWidgets", reason="the window needs PySide6", exc_type=ImportError)

from gui_sounds import DRUMS
from gui_stage import Stage
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication

from bowerbird.base.paths import resources_path
from bowerbird.gui.browse import columns
from bowerbird.gui.shell import theme
from bowerbird.gui.shell.theme import Tokens, tokens

THEMES = ("dark", "light")


def luminance(colour: str) -> float:
    """Relative luminance of an sRGB colour (WCAG 2.2, section "relative luminance")."""
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    """Contrast ratio (WCAG 2.2), from 1 to 21."""
    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_measure_of_contrast_knows_black_and_white():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize("ground", ["ground", "panel", "raised"])
@pytest.mark.parametrize("words", ["text", "muted"])
def test_text_is_readable_on_every_ground(name: str, ground: str, words: str):
    chosen = tokens(name)
    assert contrast(getattr(chosen, words), getattr(chosen, ground)) >= 4.5


@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize(
    ("words", "ground"),
    [
        ("accent", "panel"),  # the name that plays
        ("query", "ground"),  # links
        ("query", "raised"),  # the chip of an example
        ("unlike", "ground"),  # complaints
    ],
)
def test_coloured_words_are_readable_where_they_stand(name: str, words: str, ground: str):
    chosen = tokens(name)
    assert contrast(getattr(chosen, words), getattr(chosen, ground)) >= 4.5


@pytest.mark.parametrize("name", THEMES)
def test_the_button_that_is_proposed_is_readable(name: str):
    sheet = (resources_path() / "styles" / "window.qss").read_text(encoding="utf-8")
    found = re.search(r"QPushButton#primary \{ background: \{(\w+)\}; color: \{(\w+)\};", sheet)
    assert found is not None
    ground, words = (getattr(tokens(name), token) for token in found.groups())
    assert contrast(words, ground) >= 4.5


@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize("words", ["faint", "wave"])
def test_what_is_faint_can_still_be_seen(name: str, words: str):
    assert contrast(getattr(tokens(name), words), tokens(name).panel) >= 3


@pytest.mark.parametrize("name", THEMES)
def test_every_token_is_a_colour(name: str):
    assert all(QColor(getattr(tokens(name), field.name)).isValid() for field in fields(Tokens))


def test_no_placeholder_is_left_in_the_style_sheet(stage: Stage):
    sheet = QApplication.instance().styleSheet()
    assert not [field.name for field in fields(Tokens) if f"{{{field.name}}}" in sheet]


def ground_pixel(stage: Stage) -> str:
    """The colour beside the search box."""
    window = stage.window
    place = window.search.mapTo(window, QPoint(-6, window.search.height() // 2))
    return str(window.grab().toImage().pixelColor(place * window.devicePixelRatioF()).name())


def panel_pixel(stage: Stage) -> str:
    """The colour below the last row of a short list."""
    viewport = stage.table.viewport()
    return str(viewport.grab().toImage().pixelColor(3, viewport.height() - 3).name())


def test_a_theme_reaches_the_window_and_its_parts_at_once(deaf_to_words: Stage):
    stage = deaf_to_words
    stage.window.search.setText("kick")
    stage.until(lambda: len(stage.names) == 3)
    for name in ("light", "dark", "light"):
        stage.program.change_setting("theme", name)
        assert (ground_pixel(stage), panel_pixel(stage)) == (tokens(name).ground, tokens(name).panel)


def test_the_waveform_and_the_rows_take_up_a_theme(stage: Stage):
    stage.click_row("Kick 1.wav")
    stage.program.change_setting("theme", "light")
    picture = stage.window.waveform.grab().toImage()
    assert picture.pixelColor(300, picture.height() - 2).name() == tokens("light").ground
    assert stage.window.waveform._colours == tokens("light")
    assert stage.table._delegates[columns.NAME].accent.name() == tokens("light").accent


def test_the_play_button_keeps_its_meaning_through_a_change_of_theme(stage: Stage):
    stage.click_row("Kick 1.wav")
    stage.until(lambda: stage.playing == ["Kick 1.wav"])
    stage.program.change_setting("theme", "light")

    def picture(icon: object) -> object:
        return icon.pixmap(16, 16).toImage()

    shown = picture(stage.window.actions_by_name["play"].icon())
    assert shown == picture(theme.icon("stop", tokens("light").text))
    assert shown != picture(theme.icon("play", tokens("light").text))


@pytest.mark.parametrize(("scheme", "name"), [(Qt.ColorScheme.Light, "light"), (Qt.ColorScheme.Dark, "dark")])
def test_the_system_s_scheme_is_followed_while_that_is_the_choice(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, scheme: Qt.ColorScheme, name: str
):
    stage.program.change_setting("theme", "system")

    class Hints:
        @staticmethod
        def colorScheme() -> Qt.ColorScheme:  # noqa: N802 - Qt's own name
            return scheme

    changed = QApplication.styleHints().colorSchemeChanged
    monkeypatch.setattr(theme.QApplication, "styleHints", lambda: Hints)
    changed.emit(scheme)
    monkeypatch.undo()
    assert ground_pixel(stage) == tokens(name).ground


def test_a_theme_of_one_s_own_is_kept_whatever_the_system_does(stage: Stage):
    stage.program.change_setting("theme", "light")
    QApplication.styleHints().colorSchemeChanged.emit(Qt.ColorScheme.Dark)
    assert ground_pixel(stage) == tokens("light").ground


def test_the_row_that_plays_is_the_loudest(stage: Stage):
    accent = tokens(theme.resolve("system")).accent

    def has_accent(name: str) -> bool:
        rect = stage.table.visualRect(stage.model.index(stage.row(name), columns.NAME))
        image = stage.table.viewport().grab(rect).toImage()
        size = image.size()
        return any(
            image.pixelColor(x, y).name() == accent
            for x in range(8, 20)
            for y in range(size.height())
            if x < size.width()
        )

    assert not has_accent("Kick 2.wav")
    stage.click_row("Kick 2.wav")
    stage.until(lambda: stage.playing == ["Kick 2.wav"])
    assert has_accent("Kick 2.wav")
    assert not has_accent("Kick 1.wav")


@pytest.mark.parametrize(
    ("width_px", "has_folders", "shown"),
    [
        (1200, True, {columns.WAVEFORM, columns.DURATION, columns.INDEX_OF["tags"], columns.FOLDER}),
        (700, False, {columns.WAVEFORM, columns.DURATION, columns.INDEX_OF["tags"]}),
        (400, False, {columns.WAVEFORM, columns.DURATION}),
        (300, False, {columns.DURATION}),
    ],
)
def test_a_narrow_window_leaves_out_the_lesser_columns(stage: Stage, width_px: int, has_folders: bool, shown: set[int]):
    stage.window.resize(width_px, 700)
    stage.until(lambda: stage.window.width() == width_px)
    stage.until(lambda: {column for column in range(1, len(columns.COLUMNS)) if stage.column_is_shown(column)} == shown)
    assert stage.window.folders.isVisible() == has_folders
    assert stage.column_is_shown(columns.NAME)
    stage.until(lambda: stage.table.columnWidth(columns.NAME) >= min(180, width_px // 3))


def test_the_name_keeps_its_room_beside_matches(stage: Stage):
    stage.window.resize(1024, 700)
    stage.until(lambda: stage.window.width() == 1024)
    stage.click_row("Kick 1.wav")
    stage.trigger("similar")
    stage.until(lambda: stage.column_is_shown(columns.MATCH))
    stage.until(lambda: stage.table.columnWidth(columns.NAME) >= 200)
    assert stage.column_is_shown(columns.WAVEFORM)


def test_a_window_that_is_made_wide_again_has_everything_back(stage: Stage):
    for width_px in (300, 1200):
        stage.window.resize(width_px, 700)
        stage.until(lambda width_px=width_px: stage.window.width() == width_px)
    stage.until(lambda: stage.column_is_shown(columns.INDEX_OF["tags"]))
    assert stage.window.inspector.isVisible()
    assert stage.window.folders.isVisible()
    assert stage.window.transport._volume.isVisible()


def test_the_folder_pane_is_hidden_and_shown_by_its_action(stage: Stage):
    stage.trigger("folders")
    assert not stage.window.folders.isVisible()
    stage.window.resize(1000, 700)
    stage.until(lambda: stage.window.width() == 1000)
    assert not stage.window.folders.isVisible()
    stage.trigger("folders")
    assert stage.window.folders.isVisible()


def test_in_a_narrow_window_the_folders_take_the_place_of_the_list_until_one_is_chosen(stage: Stage):
    stage.window.resize(360, 700)
    stage.until(lambda: not stage.window.folders.isVisible())
    stage.trigger("folders")
    assert (stage.window.folders.isVisible(), stage.table.isVisible()) == (True, False)
    stage.window.folders.setCurrentIndex(stage.window.folders._items[stage.directory("Sounds/Drums")].index())
    stage.until_rows(DRUMS)
    stage.press(Qt.Key.Key_Return)
    assert (stage.window.folders.isVisible(), stage.table.isVisible()) == (False, True)
    assert stage.table.hasFocus()
    stage.trigger("folders")
    stage.trigger("folders")
    assert (stage.window.folders.isVisible(), stage.table.isVisible()) == (False, True)
    assert stage.window.are_folders_wanted
    stage.window.resize(1200, 700)
    stage.until(stage.window.folders.isVisible)


def test_folders_and_inspector_take_turns_in_a_narrow_window(stage: Stage):
    stage.window.resize(360, 700)
    stage.until(lambda: not stage.window.folders.isVisible())
    for name, is_folders in (("folders", True), ("inspector", False), ("folders", True)):
        stage.trigger(name)
        assert (stage.window.folders.isVisible(), stage.window.inspector.isVisible()) == (is_folders, not is_folders)


def test_a_window_too_narrow_for_the_menu_bar_has_a_menu_button(stage: Stage):
    window = stage.window
    assert (window.menuBar().isVisible(), window.header.menu.isVisible()) == (True, False)
    window.resize(360, 700)
    stage.until(window.header.menu.isVisible)
    assert not window.menuBar().isVisible()
    titles = [action.text().replace("&", "") for action in window.header.menu.menu().actions()]
    assert titles == ["File", "Edit", "Sound", "Organise", "View", "Waveform", "Listening tests", "Help"]
    window.resize(1200, 700)
    stage.until(window.menuBar().isVisible)
    assert not window.header.menu.isVisible()


def test_larger_text_is_not_cut_in_the_transport(stage: Stage):
    for size_px in (4, -2):
        stage.program.change_setting("text_size_px", size_px)
        stage.click_row("Kick 1.wav")
        time = stage.window.transport._time
        stage.until(lambda time=time: time.text())
        assert time.fontMetrics().horizontalAdvance("0:00:00.00 / 00:00.00") <= time.width()


def test_the_smallest_window_is_as_small_as_it_says(stage: Stage):
    stage.window.resize(260, 360)
    stage.until(lambda: (stage.window.width(), stage.window.height()) == (260, 360))
    stage.enter_list()
    stage.window.grab()
