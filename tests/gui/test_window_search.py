"""Typing, filters, similar sounds and files that are dropped: what the list shows for each."""

import sys
from pathlib import Path

import pytest

pytest.importorskip("PySide6.QtWidgets", reason="the window needs PySide6", exc_type=ImportError)

import numpy as np
from gui_sounds import DRUMS, EVERY, write_kick
from gui_stage import Stage
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QLabel, QToolButton

from bowerbird.domain.matches import Match, Moment
from bowerbird.gui.browse import columns
from bowerbird.gui.browse.sounds_model import MATCH_ROLE
from bowerbird.library.search.browsing import Listing
from bowerbird.library.search.folding import Below

Key = Qt.Key


def search(stage: Stage, text: str) -> None:
    stage.window.focus_search()
    stage.type(text)


def test_words_are_found_as_they_are_typed(deaf_to_words: Stage):
    stage = deaf_to_words
    search(stage, "kick 2")
    stage.until_rows(["Kick 2.wav"])
    assert stage.summary == "1 of 54 sounds"


def test_words_are_found_by_name_and_by_what_they_mean(stage: Stage):
    search(stage, "kick")
    stage.until(lambda: stage.column_is_shown(columns.MATCH))
    assert set(DRUMS[:3]) <= set(stage.names)
    search(stage, "drum hit")  # no name holds it
    stage.settle()
    assert stage.names
    assert not stage.empty_state


def test_a_filter_is_a_chip_and_its_cross_takes_it_away(deaf_to_words: Stage):
    stage = deaf_to_words
    search(stage, "kick duration<0.27")
    stage.until_rows(["Kick 1.wav"])
    assert stage.chip_texts == [], "it is shown once: in the search box"
    stage.press(Qt.Key.Key_Down)
    stage.until(lambda: stage.window.search.text() == "kick")
    stage.until(lambda: stage.chips)
    assert stage.names == ["Kick 1.wav"]
    assert stage.chip_texts == ["Length < 0.27 s"]
    cross = stage.chips[0].findChild(QToolButton)
    assert cross.accessibleName() == "Remove Length < 0.27 s"
    stage.click(cross)
    stage.until_rows(["Kick 1.wav", "Kick 2.wav", "Kick 3.wav"])
    assert (stage.window.search.text(), stage.chip_texts) == ("kick", [])


def test_enter_lists_what_sounds_alike_without_the_sound_itself(deaf_to_words: Stage):
    stage = deaf_to_words
    search(stage, "kick")
    stage.until_rows(["Kick 1.wav", "Kick 2.wav", "Kick 3.wav"])
    assert not stage.column_is_shown(columns.MATCH)
    stage.press(Key.Key_Down)
    stage.press(Key.Key_Return)
    stage.until(lambda: stage.chip_texts == ["Like Kick 1.wav"])
    assert "Kick 1.wav" not in stage.names
    assert set(stage.names[:2]) == {"Kick 2.wav", "Kick 3.wav"}
    assert stage.column_is_shown(columns.MATCH)
    assert stage.window.search.text() == ""
    assert stage.summary == "53 matches"
    scores = [stage.model.index(row, 0).data(MATCH_ROLE).score for row in range(stage.model.rowCount())]
    assert scores == sorted(scores, reverse=True)


def test_shift_and_enter_also_try_other_speeds_until_the_example_is_removed(stage: Stage):
    stage.click_row("Kick 1.wav")
    stage.enter_list()
    widget = QApplication.focusWidget()
    assert widget is not None
    stage.qtbot.keyClick(widget, Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    stage.until(lambda: stage.chip_texts == ["Like Kick 1.wav"])
    assert stage.summary == "53 matches · also at half and double speed"
    texts = [str(stage.model.index(row, columns.NAME).data()) for row in range(stage.model.rowCount())]
    assert any(text.endswith("   at half speed") for text in texts)
    assert not all(text.endswith(" speed") for text in texts)
    stage.click(stage.chips[0].findChild(QToolButton))
    stage.until_rows(EVERY)
    stage.click_row("Kick 1.wav")
    stage.trigger("similar")
    stage.until(lambda: stage.summary == "53 matches")


def test_the_cross_of_an_example_leads_back_to_every_sound(stage: Stage):
    stage.enter_list()
    stage.press(Key.Key_Return)
    stage.until(lambda: stage.chips)
    stage.click(stage.chips[0].findChild(QToolButton))
    stage.until_rows(EVERY)
    assert (stage.chips, stage.column_is_shown(columns.MATCH)) == ([], False)


def test_several_chosen_sounds_are_one_query(stage: Stage):
    stage.click_row("Kick 1.wav")
    stage.qtbot.mouseClick(
        stage.table.viewport(),
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.ShiftModifier,
        stage.table.visualRect(stage.model.index(1, 0)).center(),
    )
    stage.trigger("similar")
    stage.until(lambda: stage.chip_texts == ["Like Kick 1.wav", "Like Kick 2.wav"])
    assert not {"Kick 1.wav", "Kick 2.wav"} & set(stage.names)
    assert stage.names[0] == "Kick 3.wav"


def test_plus_and_minus_steer_what_is_similar_and_each_chip_goes_alone(stage: Stage):
    stage.click_row("Kick 1.wav")
    stage.enter_list()
    stage.press(Key.Key_Return)
    stage.until(lambda: stage.chip_texts == ["Like Kick 1.wav"])
    stage.click_row("Tone 30.wav")
    stage.press(Key.Key_Minus)
    stage.until(lambda: stage.chip_texts == ["Like Kick 1.wav", "Unlike Tone 30.wav"])
    assert not {"Kick 1.wav", "Tone 30.wav"} & set(stage.names)
    stage.click_row("Kick 2.wav")
    stage.press(Key.Key_Plus)
    stage.until(lambda: stage.chip_texts == ["Like Kick 1.wav", "Unlike Tone 30.wav", "Like Kick 2.wav"])
    stage.click(stage.chips[0].findChild(QToolButton))
    stage.until(lambda: stage.chip_texts == ["Unlike Tone 30.wav", "Like Kick 2.wav"])


@pytest.mark.parametrize("part", ["table", "search", "waveform", "folders", "transport"])
def test_a_file_that_is_dropped_anywhere_is_a_query(stage: Stage, tmp_path: Path, part: str):
    stage.click_row("Tone 30.wav")
    write_kick(tmp_path / "mine.wav", duration_s=0.26)
    widget = getattr(stage.window, part)
    target = widget.viewport() if hasattr(widget, "viewport") else widget
    assert stage.drag_in(target, [tmp_path / "mine.wav"])
    stage.until(lambda: stage.chip_texts == ["Like mine.wav"])
    assert set(stage.names[:3]) == set(DRUMS[:3])
    assert stage.window.search.text() == ""


def test_a_broken_file_that_is_dropped_is_told_and_the_list_stays(stage: Stage, tmp_path: Path):
    (tmp_path / "broken.wav").write_bytes(b"RIFF" + bytes(range(200)))
    stage.click_row("Kick 3.wav")
    assert stage.drag_in(stage.window, [tmp_path / "broken.wav"])
    stage.until(lambda: "broken.wav" in stage.notice)
    stage.settle()
    assert stage.names == list(EVERY)
    assert stage.chips == []
    assert stage.selected == ["Kick 3.wav"]
    assert stage.player.names == ["Kick 3.wav"]


@pytest.mark.skipif(sys.platform == "win32", reason="no file of Windows has such a name")
def test_names_are_shown_as_they_are_written_not_as_markup(deaf_to_words: Stage, tmp_path: Path):
    stage = deaf_to_words
    name = "<b>bold<i>.wav"
    (tmp_path / name).write_bytes(b"RIFF" + bytes(range(200)))
    stage.drag_in(stage.window, [tmp_path / name])
    stage.until(lambda: name in stage.notice)
    assert stage.window.status._sentence.textFormat() is Qt.TextFormat.PlainText
    search(stage, "<b>zzz</b>")
    stage.until(lambda: stage.empty_state)
    assert stage.window.empty_state._sentence.textFormat() is Qt.TextFormat.PlainText
    search(stage, "folder=<b>zzz</b>")
    stage.window.search.finished.emit()
    stage.until(lambda: stage.chips)
    assert stage.chips[0].findChild(QLabel).textFormat() is Qt.TextFormat.PlainText


def test_nothing_found_offers_what_would_find_something(deaf_to_words: Stage):
    stage = deaf_to_words
    search(stage, "kick zzz")
    stage.until(lambda: stage.empty_state == "Nothing found for “kick zzz”.")
    offers = stage.buttons(stage.window.empty_state)
    assert list(offers) == ["Show 3 results for “kick”"]
    stage.click(offers["Show 3 results for “kick”"])
    stage.until_rows(["Kick 1.wav", "Kick 2.wav", "Kick 3.wav"])
    assert stage.window.search.text() == "kick"
    assert stage.table.isVisible()


def test_nothing_with_a_filter_offers_to_drop_it(deaf_to_words: Stage):
    stage = deaf_to_words
    search(stage, "kick duration>5")
    stage.until(lambda: stage.empty_state)
    offers = stage.buttons(stage.window.empty_state)
    assert list(offers) == ["Show 3 results for “kick” without filters"]
    stage.click(offers["Show 3 results for “kick” without filters"])
    stage.until_rows(["Kick 1.wav", "Kick 2.wav", "Kick 3.wav"])


def test_nothing_to_offer_is_still_a_way_back(deaf_to_words: Stage):
    stage = deaf_to_words
    search(stage, "zzz")
    stage.until(lambda: stage.empty_state)
    stage.click(stage.buttons(stage.window.empty_state)["Clear the search"])
    stage.until_rows(EVERY)
    assert stage.window.search.text() == ""


@pytest.mark.parametrize(
    ("column", "first", "last"),
    [
        (columns.DURATION, "Kick 1.wav", "Tone 49.wav"),
        (columns.CHANNELS, "Kick 1.wav", "Tone 49.wav"),
        (columns.RATE, "Kick 1.wav", "Tone 04.wav"),
        (columns.FOLDER, "Kick 1.wav", "Tone 49.wav"),
    ],
)
def test_a_click_on_a_heading_sorts_and_another_turns_it_round(stage: Stage, column: int, first: str, last: str):
    header = stage.table.horizontalHeader()
    if not stage.column_is_shown(column):
        stage.trigger("inspector")  # for its space
        stage.table.choose_column(columns.COLUMNS[column].name, is_shown=True)
        stage.until(lambda: stage.column_is_shown(column))
    stage.click_heading(column)
    stage.until(lambda: (stage.names[0], stage.names[-1]) == (first, last))
    assert header.sortIndicatorSection() == column
    assert header.sortIndicatorOrder() is Qt.SortOrder.AscendingOrder
    stage.click_heading(column)
    stage.until(lambda: stage.names[0] != first and header.sortIndicatorOrder() is Qt.SortOrder.DescendingOrder)


def test_the_column_of_waveforms_does_not_take_the_arrow(stage: Stage):
    stage.click_heading(columns.WAVEFORM)
    stage.settle()
    header = stage.table.horizontalHeader()
    assert (header.sortIndicatorSection(), header.sortIndicatorOrder()) == (columns.NAME, Qt.SortOrder.AscendingOrder)


def test_matches_sort_by_closeness_in_one_direction_only(stage: Stage):
    stage.enter_list()
    stage.press(Key.Key_Return)
    stage.until(lambda: stage.chips)
    by_closeness = stage.names
    stage.click_heading(columns.NAME)
    stage.until(lambda: stage.names == sorted(by_closeness))
    for _ in range(2):
        stage.click_heading(columns.MATCH)
        stage.settle()
        assert stage.names == by_closeness


def test_an_order_survives_a_search(deaf_to_words: Stage):
    stage = deaf_to_words
    stage.click_heading(columns.DURATION)
    stage.until(lambda: stage.table.horizontalHeader().sortIndicatorSection() == columns.DURATION)
    stage.click_heading(columns.DURATION)
    search(stage, "kick")
    stage.until_rows(["Kick 3.wav", "Kick 2.wav", "Kick 1.wav"])


def test_the_chosen_sound_stays_chosen_through_a_sort_and_is_not_played_again(stage: Stage):
    stage.click_row("Kick 3.wav")
    chosen = stage.chosen_id
    stage.click_heading(columns.NAME)
    stage.until(lambda: stage.names[0] == "Tone 49.wav")
    assert stage.chosen_id == chosen
    assert stage.selected == ["Kick 3.wav"]
    assert stage.player.names == ["Kick 3.wav"]
    stage.until(lambda: stage.playing == ["Kick 3.wav"])


def test_typing_keeps_the_chosen_sound_where_it_is_still_found(deaf_to_words: Stage):
    stage = deaf_to_words
    stage.click_row("Kick 3.wav")
    search(stage, "kick")
    stage.until_rows(["Kick 1.wav", "Kick 2.wav", "Kick 3.wav"])
    assert (stage.selected, stage.player.names) == (["Kick 3.wav"], ["Kick 3.wav"])
    assert QApplication.focusWidget() is stage.window.search


def test_a_folder_and_a_file_dropped_together_are_each_taken_as_what_they_are(stage: Stage, tmp_path: Path):
    write_kick(tmp_path / "mine.wav", duration_s=0.26)
    write_kick(tmp_path / "Box" / "Kick 9.wav", duration_s=0.22)
    stage.drag_in(stage.window, [tmp_path / "Box", tmp_path / "mine.wav"])
    stage.until(lambda: stage.chip_texts == ["Like mine.wav"])
    stage.until_idle()
    assert "Kick 9.wav" in stage.names


def long_match(sound_id: int, *starts_s: float) -> dict[int, Match]:
    moments = tuple(Moment(0.7, 95.0, start_s, start_s + 0.1) for start_s in starts_s)
    return {sound_id: Match(sound_id, 0.9, 99.0, 0.0, 0.1, "similar in timbre", moments=moments)}


def test_rows_of_moments_stay_where_they_are_and_count_as_their_sound(stage: Stage):
    counts: list[int] = []
    stage.table.selection_changed.connect(counts.append)
    ids = np.arange(1, 41)
    stage.table.show_rows(Listing(ids, long_match(2, 0.2, 0.4)), keeps_scroll=False)
    stage.table.select(3, is_quiet=True)
    assert (stage.model.rowCount(), stage.model.moment_s(3)) == (42, 0.4)
    stage.table.verticalScrollBar().setValue(2 * stage.table.row_px)
    stage.table.show_rows(Listing(np.arange(0, 41), long_match(2, 0.1, 0.2, 0.4)), keeps_scroll=True)
    assert stage.model.moment_s(stage.table.currentIndex().row()) == 0.4
    assert stage.model.moment_s(stage.table.rowAt(0)) == 0.2
    position = stage.table.position()
    stage.table.select(0, is_quiet=True)
    stage.table.return_to(position)
    assert stage.model.moment_s(stage.table.currentIndex().row()) == 0.4
    assert stage.model.moment_s(stage.table.rowAt(0)) == 0.2
    stage.table.selectAll()
    assert counts[-1] == 41
    stage.table.show_rows(Listing(np.arange(0)), keeps_scroll=False)
    assert counts[-1] == 0


def test_the_moment_of_a_row_is_the_region_of_its_sound(stage: Stage):
    stage.enter_list()
    sound_id = stage.model.sound_id(0)
    sound = stage.model.sound(0)
    assert sound_id is not None
    assert sound is not None
    stage.table.show_rows(Listing(np.array([sound_id]), long_match(sound_id, 0.1)), keeps_scroll=False)
    stage.press(Key.Key_Down)
    assert stage.window.waveform.region == (0.1, 0.2)
    assert (stage.player.played[-1].start_s, stage.player.played[-1].end_s) == (0.1, 0.2)
    (example,) = stage.window.chosen_examples(stage.program.playing.region)
    assert (example.path, example.start_s, example.end_s) == (sound.path, 0.1, 0.2)
    (url,) = stage.model.mimeData([stage.model.index(1, columns.NAME)]).urls()
    assert "0.10-0.20s" in url.fileName()


def test_words_that_mean_nothing_are_underlined_once_they_are_typed(stage: Stage):
    search(stage, "kick quuxlyd")
    stage.settle()
    field = stage.window.search
    stage.until(lambda: "quuxlyd" in field.toolTip())
    assert field.toolTip() == "Searched by name only: “quuxlyd”"
    assert field.underlined == [], "the cursor is still in the word"
    stage.press(Key.Key_Down)
    stage.settle()
    assert field.underlined == [(5, 12)]
    search(stage, "kick")
    stage.until(lambda: not field.toolTip())
    assert field.underlined == []


def test_a_line_parts_what_is_probably_no_match_and_the_rows_stay_as_high(stage: Stage):
    table, ids = stage.table, np.arange(1, 41)
    heights = [table.rowHeight(row) for row in range(4)]
    table.show_rows(Listing(ids, n_likely=2), keeps_scroll=False)
    assert [table.rowHeight(row) for row in range(4)] == [heights[0], heights[1], 2 * heights[2], heights[3]]
    line = table.visualRect(stage.model.index(2, 0)).topLeft() + QPoint(20, 4)
    stage.qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=line)
    assert table.selected_rows() == []
    stage.qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=line + QPoint(0, heights[2]))
    assert table.selected_rows() == [2]
    table.set_row_height(heights[0] + 6)
    assert [table.rowHeight(row) - heights[0] for row in (1, 2)] == [6, heights[0] + 12]
    table.show_rows(Listing(ids[:2]), keeps_scroll=False)
    table.show_rows(Listing(ids), keeps_scroll=False)
    assert {table.rowHeight(row) - heights[0] for row in range(40)} == {6}


def test_the_whole_row_under_the_pointer_is_tinted_below_the_line_too(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    table, viewport = stage.table, stage.table.viewport()
    table.show_rows(Listing(np.arange(1, 6), n_likely=2), keeps_scroll=False)
    painted: list[tuple[int, ...]] = []
    monkeypatch.setattr(viewport, "update", lambda *area: painted.append(area))
    table._hover(2)
    assert painted == [(0, table.rowViewportPosition(2), viewport.width(), 2 * table.row_px)]


def fold(stage: Stage) -> list[int]:
    """Show three kicks as one with two copies; return their ids."""
    first, *copies = [stage.model.sound_id(stage.row(f"Kick {number}.wav")) for number in (1, 2, 3)]
    assert first is not None
    listed = np.array([stage.model.sound_id(stage.row("Snare.wav")), first])
    stage.table.show_rows(Listing(listed, copies=Below.of({first: np.array(copies)})), keeps_scroll=False)
    return [first, *(each for each in copies if each is not None)]


def test_copies_are_unfolded_by_mouse_and_nothing_is_played(stage: Stage):
    kicks = fold(stage)
    cell = stage.table.visualRect(stage.model.index(1, columns.NAME))
    edge = QPoint(cell.right() - 10, cell.center().y())
    stage.qtbot.mouseClick(stage.table.viewport(), Qt.MouseButton.LeftButton, pos=edge)
    assert [stage.model.sound_id(row) for row in range(1, 4)] == kicks
    assert stage.player.names == []
    assert stage.selected == []
    stage.qtbot.mouseClick(stage.table.viewport(), Qt.MouseButton.LeftButton, pos=edge)
    assert stage.model.rowCount() == 2


def test_copies_are_unfolded_by_key_and_folded_from_any_of_them(stage: Stage):
    kicks = fold(stage)
    stage.table.setFocus()
    stage.table.select(1, is_quiet=False)
    stage.qtbot.keyClick(stage.table, Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert stage.model.rowCount() == 4
    stage.press(Key.Key_Down)
    assert (stage.chosen_id, stage.player.names[-1]) == (kicks[1], "Kick 2.wav")
    stage.qtbot.keyClick(stage.table, Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert stage.model.rowCount() == 2
    assert stage.chosen_id == kicks[0]


def test_copies_of_the_library_are_folded_until_the_menu_says_otherwise(stage: Stage, tmp_path: Path):
    write_kick(tmp_path / "Box" / "Kick 1 again.wav", duration_s=0.25)
    stage.drag_in(stage.window, [tmp_path / "Box"])
    stage.until_idle()
    stage.until_rows(EVERY)
    assert stage.summary == "55 sounds · 1 copy folded"
    stage.window.actions_by_name["fold_copies"].trigger()
    stage.until(lambda: "Kick 1 again.wav" in stage.names)
    stage.window.actions_by_name["one_per_folder"].trigger()
    stage.until(lambda: len(stage.names) == 3)
