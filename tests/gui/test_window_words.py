"""Words of the sound at hand in the window: seen, searched, denied, given, with the mouse and by the keyboard."""

import shutil
from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("PySide6.QtWidgets", reason="the window needs PySide6", exc_type=ImportError)

from gui_sounds import EVERY
from gui_stage import Stage
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QLabel, QToolButton

from bowerbird.base import paths
from bowerbird.encoders.ear.encoder import EarEncoder
from bowerbird.gui.browse.words_view import WordSection
from bowerbird.gui.shell import theme
from bowerbird.library.annotations import annotate
from bowerbird.library.annotations.words import give_words
from bowerbird.library.library import Library
from bowerbird.library.search.browsing import Browsing

Key = Qt.Key
NAMES = (("bell", 0.62), ("metal", 0.21), ("ring", 0.09), ("cat", 0.06))


@pytest.fixture(autouse=True)
def _parrot(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every sound is called the same."""
    monkeypatch.setattr(EarEncoder, "names_of", lambda _self, vectors, *, n_names: [NAMES[:n_names] for _ in vectors])


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sounds that words were asked for."""
    asked: list[int] = []
    answer = Browsing.words
    monkeypatch.setattr(Browsing, "words", lambda self, sound_id: asked.append(sound_id) or answer(self, sound_id))
    return asked


def chips_of(stage: Stage) -> list[Any]:
    return [chip for chip in stage.window.words._chips if chip.isVisible()]


def words_of(stage: Stage) -> list[str]:
    """The words on screen, each with its share."""
    return [
        " ".join(text.text() for text in chip.word.findChildren(QLabel) if text.isVisible()) for chip in chips_of(stage)
    ]


def until_words(stage: Stage, *words: str) -> None:
    stage.until(lambda: words_of(stage) == list(words))


def shown(stage: Stage) -> Stage:
    """With a sound at hand whose words are shown."""
    stage.enter_list()
    until_words(stage, "bell 62 %", "metal 21 %", "ring 9 %")
    return stage


def cross(stage: Stage, place: int) -> QToolButton:
    button: QToolButton = chips_of(stage)[place].cross
    return button


def press_repeating(stage: Stage, kind: QEvent.Type, *, is_repeated: bool) -> None:
    event = QKeyEvent(kind, Key.Key_Down, Qt.KeyboardModifier.NoModifier, "", is_repeated)
    QApplication.sendEvent(stage.table, event)


def test_a_sound_that_is_chosen_has_its_words_with_how_much_they_are_believed(stage: Stage):
    assert words_of(stage) == []
    assert not stage.window.words._add.isVisible()
    shown(stage)
    assert stage.window.words._add.isVisible()


def test_a_word_that_is_pressed_is_searched_for(stage: Stage):
    shown(stage)
    stage.click(chips_of(stage)[1].word)
    assert stage.window.search.text() == "metal"


def test_a_list_in_which_nothing_is_chosen_any_more_has_no_words(stage: Stage):
    shown(stage)
    stage.window.search.setText("folder=nowhere")
    until_words(stage)
    assert not stage.window.words._add.isVisible()
    stage.window.search.setText("")
    stage.until(lambda: len(stage.names) > 1)
    assert words_of(stage) == []
    shown(stage)


def test_a_word_that_is_denied_goes_and_the_next_takes_its_place(stage: Stage):
    shown(stage)
    stage.click(cross(stage, 0))
    until_words(stage, "metal 21 %", "ring 9 %", "cat 6 %")
    stage.press(Key.Key_Down)
    until_words(stage, "bell 62 %", "metal 21 %", "ring 9 %")


def test_w_adds_a_word_that_finds_the_sound(stage: Stage):
    shown(stage)
    stage.press("w")
    field = stage.window.words._field
    assert field.hasFocus()
    stage.type("Old Hinge")
    stage.press(Key.Key_Return)
    until_words(stage, "old hinge", "bell 62 %", "metal 21 %", "ring 9 %")
    assert stage.table.hasFocus()
    assert not field.isVisible()
    stage.window.search.setText("hinge")
    stage.until(lambda: "Kick 1.wav" in stage.names)


def test_a_word_is_added_to_all_selected_sounds_and_taken_back_from_them(stage: Stage):
    shown(stage)
    stage.qtbot.keyClick(stage.table, Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    stage.press("w")
    assert stage.window.words._field.placeholderText() == "Add a word to 2 sounds"
    stage.type("thud")
    stage.press(Key.Key_Return)
    until_words(stage, "thud", "bell 62 %", "metal 21 %", "ring 9 %")
    reader = stage.program._reader
    contents = [stage.model.sound(row).content_id for row in (0, 1, 2)]
    assert [reader.given_words(one) for one in contents] == [{"thud": True}, {"thud": True}, {}]
    stage.click(cross(stage, 0))
    until_words(stage, "bell 62 %", "metal 21 %", "ring 9 %")
    assert [reader.given_words(one) for one in contents] == [{}, {}, {}]


def test_the_list_follows_what_is_given_and_keeps_its_selection(stage: Stage):
    stage.window.search.setText("clatter format=wav")
    stage.settle()
    stage.window.search.setText("")
    stage.until_rows(EVERY)
    shown(stage)
    stage.program.words.give("clatter")
    stage.settle()
    assert stage.selected == ["Kick 1.wav"]


def test_escape_leaves_the_field_and_does_nothing_else(stage: Stage):
    shown(stage)
    stage.press("w")
    stage.type("hinge")
    stage.press(Key.Key_Escape)
    assert not stage.window.words._field.isVisible()
    assert stage.table.hasFocus()
    assert stage.player.is_playing, "escape stops what sounds, but not from here"
    stage.settle()
    assert words_of(stage) == ["bell 62 %", "metal 21 %", "ring 9 %"]


def test_going_elsewhere_leaves_the_field(stage: Stage):
    shown(stage)
    stage.press("w")
    stage.type("hinge")
    stage.window.focus_search()
    assert not stage.window.words._field.isVisible()
    assert stage.window.search.hasFocus()
    assert stage.window.words._add.isVisible()


def test_letters_typed_there_are_letters(stage: Stage):
    shown(stage)
    stage.press("w")
    stage.type("law /?")
    assert stage.window.words._field.text() == "law /?"
    assert not stage.window.actions_by_name["loop"].isChecked()


def test_the_plus_is_a_way_too(stage: Stage):
    shown(stage)
    stage.click(stage.window.words._add)
    assert stage.window.words._field.hasFocus()


def test_what_is_no_word_is_refused_with_an_example(stage: Stage):
    shown(stage)
    stage.press("w")
    stage.type("?!")
    stage.press(Key.Key_Return)
    stage.until(lambda: stage.notice.startswith("Enter a word or a short phrase"))
    assert words_of(stage) == ["bell 62 %", "metal 21 %", "ring 9 %"]


def test_every_chip_is_reached_and_used_by_the_keyboard(stage: Stage):
    shown(stage)
    stage.window.waveform.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    for _ in range(40):
        if chips_of(stage)[0].word.hasFocus():
            break
        stage.press(Key.Key_Tab)
    assert chips_of(stage)[0].word.hasFocus()
    stops = []
    for _ in range(6):
        stage.press(Key.Key_Tab)
        stops.append(QApplication.focusWidget())
    first, second, third = chips_of(stage)
    assert stops == [first.cross, second.word, second.cross, third.word, third.cross, stage.window.words._add]
    stage.press(Key.Key_Tab)
    assert stage.window.inspector.note.hasFocus()
    stage.window.inspector.rating.heart.setFocus()
    stage.press(Key.Key_Tab)
    assert first.word.hasFocus(), "they are where they are seen"
    stage.press(Key.Key_Delete)
    until_words(stage, "metal 21 %", "ring 9 %", "cat 6 %")
    assert chips_of(stage)[0].word.hasFocus(), "the keyboard stays where it was"
    stage.press(Key.Key_Return)
    assert stage.window.search.text() == "metal"


def test_what_can_be_pressed_says_what_it_does(stage: Stage):
    shown(stage)
    stage.program.words.give("hinge")
    until_words(stage, "hinge", "bell 62 %", "metal 21 %", "ring 9 %")
    names = [(chip.word.accessibleName(), chip.cross.accessibleName()) for chip in chips_of(stage)]
    assert names[0] == ("“hinge”, added by you. Click to search for it", "Remove “hinge”")
    assert names[1] == ("“bell”, suggested with 62 % confidence. Click to search for it", "Remove “bell”")
    assert stage.window.words._add.accessibleName() == "Add a word"
    stage.press("w")
    assert stage.window.words._field.accessibleName() == "Add a word"


def test_a_given_word_has_another_tone(stage: Stage):
    shown(stage)
    stage.program.words.give("hinge")
    until_words(stage, "hinge", "bell 62 %", "metal 21 %", "ring 9 %")
    tones = [chip.grab().toImage().pixelColor(chip.width() // 2, 2).name() for chip in chips_of(stage)[:2]]
    colours = theme.tokens(theme.resolve("system"))
    assert tones == [colours.line, colours.raised]


def test_moves_in_passing_ask_nothing(stage: Stage, asked: list[int]):
    shown(stage)
    n_asked = len(asked)
    press_repeating(stage, QEvent.Type.KeyPress, is_repeated=False)
    for _ in range(5):
        press_repeating(stage, QEvent.Type.KeyPress, is_repeated=True)
    stage.settle()
    assert len(asked) == n_asked + 1
    press_repeating(stage, QEvent.Type.KeyRelease, is_repeated=False)
    stage.until(lambda: len(asked) >= n_asked + 2)  # every sound here has the same words
    stage.settle()
    assert len(asked) == n_asked + 2
    assert asked[-1] == stage.chosen_id


def test_a_hidden_inspector_asks_nothing_and_catches_up_when_it_is_shown(stage: Stage, asked: list[int]):
    stage.trigger("inspector")
    assert not stage.window.words.isVisible()
    stage.enter_list()
    stage.press(Key.Key_Down)
    stage.settle()
    assert asked == []
    stage.trigger("inspector")
    until_words(stage, "bell 62 %", "metal 21 %", "ring 9 %")
    assert asked == [stage.chosen_id]


def test_adding_a_word_shows_the_inspector(stage: Stage):
    stage.trigger("inspector")
    stage.enter_list()
    stage.press("w")
    stage.type("hinge")
    stage.press(Key.Key_Return)
    assert stage.window.words.isVisible()
    stage.settle()
    assert stage.program._reader.given_words(stage.model.sound(0).content_id) == {"hinge": True}


def test_a_hidden_inspector_stays_hidden(indexed: Any, open_window: Callable[..., Stage]):
    shutil.copytree(indexed, paths.library_path())
    stage = open_window()
    stage.trigger("inspector")
    stage.close()
    again = open_window()
    assert not again.window.words.isVisible()
    assert not again.window.actions_by_name["inspector"].isChecked()


def test_a_narrow_window_shows_words_when_it_is_asked_to(stage: Stage, asked: list[int]):
    stage.window.resize(800, 700)
    stage.until(lambda: not stage.window.words.isVisible())
    stage.enter_list()
    stage.settle()
    assert asked == []
    stage.trigger("inspector")
    until_words(stage, "bell 62 %", "metal 21 %", "ring 9 %")
    stage.window.resize(1200, 700)
    stage.until(stage.window.folders.isVisible)
    assert stage.window.words.isVisible()


def test_in_a_very_narrow_window_the_inspector_takes_the_place_of_the_list(stage: Stage):
    stage.window.resize(360, 700)
    stage.until(lambda: not stage.window.inspector.isVisible())
    stage.enter_list()
    stage.press("w")
    assert stage.window.inspector.isVisible()
    assert not stage.table.isVisible()
    stage.press(Key.Key_Escape)
    stage.click(stage.window.inspector._cross)
    assert stage.table.isVisible()
    assert not stage.window.inspector.isVisible()
    assert stage.window.is_inspector_wanted, "it comes back in a wide window"


@pytest.mark.parametrize("width_px", [360, 800, 1200])
def test_long_words_are_cut_and_never_overflow(stage: Stage, width_px: int):
    stage.window.resize(width_px, 700)
    stage.until(lambda: stage.window.width() == width_px)
    stage.enter_list()
    stage.window.show_inspector()
    until_words(stage, "bell 62 %", "metal 21 %", "ring 9 %")
    stage.program.words.give("a long word about the hinge of an old rusty gate in autumn")
    stage.until(lambda: len(stage.window.words._chips) == 4)
    section: WordSection = stage.window.words
    stage.until(lambda: chips_of(stage)[0].word._word.text().endswith("…"))
    ends = [widget.geometry().right() for widget in (*chips_of(stage), section._add) if widget.isVisible()]
    assert max(ends) < section.width()
    stage.until(lambda: max(chip.geometry().bottom() for chip in chips_of(stage)) <= section.height())


def test_words_wait_for_a_sound_to_be_analysed(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    shown(stage)
    known = Browsing._contents
    monkeypatch.setattr(Browsing, "_contents", lambda _self, _ids: ())
    stage.press(Key.Key_Down)
    until_words(stage)
    monkeypatch.setattr(Browsing, "_contents", known)
    stage.window.refresh_wanted.emit()
    until_words(stage, "bell 62 %", "metal 21 %", "ring 9 %")


def test_a_tag_for_too_many_sounds_is_refused(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(annotate, "MAX_ANNOTATED", 50)
    shown(stage)
    stage.table.selectAll()
    stage.program.words.give("hinge")
    stage.until(lambda: stage.notice == "54 sounds are too many at once. Select 50 or fewer.")


def test_words_given_elsewhere_are_there_when_the_list_is_read_anew(stage: Stage):
    shown(stage)
    give_words(Library.open(paths.library_path()), [stage.model.sound(0).content_id], "hinge")
    stage.window.refresh_wanted.emit()
    until_words(stage, "hinge", "bell 62 %", "metal 21 %", "ring 9 %")


def test_another_theme_reaches_the_chips(stage: Stage):
    shown(stage)
    for name in ("light", "dark"):
        stage.program.change_setting("theme", name)
        chip = chips_of(stage)[0]
        assert chip.grab().toImage().pixelColor(chip.width() // 2, 2).name() == theme.tokens(name).raised
    assert words_of(stage) == ["bell 62 %", "metal 21 %", "ring 9 %"]
