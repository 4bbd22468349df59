"""The large waveform: a click plays from there, a drag selects a region, the playhead follows."""

import pytest

pytest.importorskip("PySide6.QtWidgets", reason="the window needs PySide6", exc_type=ImportError)

import soundfile
from gui_stage import Stage
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication

from bowerbird.gui.shell import window
from bowerbird.playback.request import Treatment

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton


def place_of(stage: Stage, second: float) -> QPoint:
    """Where a second lies in the picture."""
    view = stage.window.waveform
    return QPointF(view._x_of(second), view._area().center().y() + 20).toPoint()


def mouse(stage: Stage, kind: QEvent.Type, place: QPoint, button: Qt.MouseButton, held: Qt.MouseButton) -> None:
    view = stage.window.waveform
    there, everywhere = QPointF(place), QPointF(view.mapToGlobal(place))
    event = QMouseEvent(kind, there, everywhere, button, held, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(view, event)


def wheel(stage: Stage, second: float, notches: int, *, ctrl: bool = False) -> None:
    view = stage.window.waveform
    there = QPointF(place_of(stage, second))
    held = Qt.KeyboardModifier.ControlModifier if ctrl else Qt.KeyboardModifier.NoModifier
    event = QWheelEvent(
        there,
        view.mapToGlobal(there),
        QPoint(),
        QPoint(0, 120 * notches),
        NONE,
        held,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view, event)


def click(stage: Stage, second: float) -> None:
    place = place_of(stage, second)
    mouse(stage, QEvent.Type.MouseMove, place, NONE, NONE)
    mouse(stage, QEvent.Type.MouseButtonPress, place, LEFT, LEFT)
    mouse(stage, QEvent.Type.MouseButtonRelease, place, LEFT, NONE)


def drag(stage: Stage, *seconds: float) -> None:
    places = [place_of(stage, second) for second in seconds]
    mouse(stage, QEvent.Type.MouseMove, places[0], NONE, NONE)
    mouse(stage, QEvent.Type.MouseButtonPress, places[0], LEFT, LEFT)
    for place in places[1:]:
        mouse(stage, QEvent.Type.MouseMove, place, NONE, LEFT)
    mouse(stage, QEvent.Type.MouseButtonRelease, places[-1], LEFT, NONE)


@pytest.fixture
def tone(stage: Stage) -> Stage:
    """A window with a tone of 1.09 s at hand."""
    stage.click_row("Tone 49.wav")
    stage.until(lambda: stage.playing == ["Tone 49.wav"])
    return stage


def per_pixel_s(stage: Stage) -> float:
    return 1.09 / stage.window.waveform.width() * 1.5


def test_a_click_plays_from_there(tone: Stage):
    click(tone, 0.5)
    assert tone.player.played[-1].name == "Tone 49.wav"
    assert tone.player.played[-1].start_s == pytest.approx(0.5, abs=per_pixel_s(tone))
    assert tone.player.played[-1].end_s is None


def test_a_drag_selects_a_region_and_plays_just_that(tone: Stage):
    drag(tone, 0.2, 0.3, 0.6)
    played = tone.player.played[-1]
    assert (played.start_s, played.end_s) == pytest.approx((0.2, 0.6), abs=per_pixel_s(tone))
    assert tone.window.waveform.region == pytest.approx((0.2, 0.6), abs=per_pixel_s(tone))
    tone.trigger("replay")
    assert tone.player.played[-1] == played


def test_a_drag_to_the_left_is_the_same_region(tone: Stage):
    drag(tone, 0.6, 0.5, 0.2)
    played = tone.player.played[-1]
    assert (played.start_s, played.end_s) == pytest.approx((0.2, 0.6), abs=per_pixel_s(tone))


def test_a_drag_beyond_the_end_stops_at_it(tone: Stage):
    drag(tone, 0.8, 1.0, 1.3)
    assert tone.player.played[-1].end_s == pytest.approx(1.09, abs=1e-6)


def test_a_click_ends_the_region(tone: Stage):
    drag(tone, 0.2, 0.3, 0.6)
    click(tone, 0.7)
    assert tone.window.waveform.region is None
    assert tone.program.playing.region is None


def test_another_sound_ends_the_region(tone: Stage):
    drag(tone, 0.2, 0.3, 0.6)
    tone.click_row("Tone 48.wav")
    assert tone.window.waveform.region is None
    assert tone.player.played[-1].end_s is None


def test_similar_to_a_region_asks_for_just_that(tone: Stage):
    drag(tone, 0.2, 0.3, 0.6)
    tone.trigger("similar")
    tone.until(lambda: tone.chips)
    example = tone.program.browsing.examples[0]
    assert (example.start_s, example.end_s) == pytest.approx((0.2, 0.6), abs=per_pixel_s(tone))
    assert tone.chip_texts[0].startswith("Like Tone 49.wav 0.2")
    tone.until(lambda: len(tone.names) > 1)


def test_the_playhead_follows_what_is_heard_and_goes_with_it(tone: Stage):
    view = tone.window.waveform
    for position_s in (0.1, 0.4):
        tone.player.position_s = position_s
        tone.until(lambda position_s=position_s: view.playhead_s == position_s)
    assert tone.window.transport._time.text() == "0:00.40 / 0:01.09"
    tone.player.finish()
    tone.until(lambda: view.playhead_s is None)
    assert tone.window.transport._time.text() == "0:00.00 / 0:01.09"


def test_the_region_is_dragged_out_of_the_waveform(tone: Stage, monkeypatch: pytest.MonkeyPatch):
    taken: list[list[str]] = []
    monkeypatch.setattr(window, "drag_files", lambda _, files: taken.append([u.fileName() for u in files.urls()]))
    drag(tone, 0.2, 0.3, 0.6)
    region = tone.window.waveform.region
    drag(tone, 0.4, 0.5)
    assert len(taken) == 1
    assert taken[0][0].startswith("Tone 49 ")
    assert tone.window.waveform.region == region
    drag(tone, 0.8, 0.9)
    assert len(taken) == 1, "outside of it another region is selected"
    assert tone.window.waveform.region == pytest.approx((0.8, 0.9), abs=per_pixel_s(tone))


def test_keys_skip_and_mark_a_region_from_any_pane(tone: Stage):
    view = tone.window.waveform
    tone.player.position_s = 0.5
    tone.window.folders.setFocus()
    tone.press(Qt.Key.Key_Period)
    assert tone.player.played[-1].start_s == pytest.approx(0.609, abs=0.001)
    tone.player.position_s = 0.3
    tone.qtbot.keyClick(tone.window.folders, Qt.Key.Key_I, Qt.KeyboardModifier.ShiftModifier)
    assert view.region == pytest.approx((0.3, 1.09), abs=0.01)
    tone.player.position_s = 0.7
    tone.qtbot.keyClick(tone.window.folders, Qt.Key.Key_O, Qt.KeyboardModifier.ShiftModifier)
    assert view.region == pytest.approx((0.3, 0.7), abs=0.01)
    assert (tone.player.played[-1].start_s, tone.player.played[-1].end_s) == pytest.approx((0.3, 0.7), abs=0.01)


def test_an_edge_of_the_region_can_be_moved(tone: Stage):
    drag(tone, 0.2, 0.3, 0.6)
    drag(tone, 0.6, 0.7, 0.8)
    assert tone.window.waveform.region == pytest.approx((0.2, 0.8), abs=per_pixel_s(tone))
    played = tone.player.played[-1]
    assert (played.start_s, played.end_s) == pytest.approx((0.2, 0.8), abs=per_pixel_s(tone))
    drag(tone, 0.2, 0.5, 0.9)  # beyond the other edge
    assert tone.window.waveform.region == pytest.approx((0.8, 0.9), abs=per_pixel_s(tone))


def test_ctrl_and_the_wheel_zoom_around_the_pointer_and_double_click_returns(tone: Stage):
    view = tone.window.waveform
    at = place_of(tone, 0.5)
    wheel(tone, 0.5, 5, ctrl=True)
    assert view.shown.length_s < 0.5
    assert view._second_at(at.x()) == pytest.approx(0.5, abs=0.01)
    assert view._buttons._whole.isVisible()
    before = view.shown.start_s
    wheel(tone, 0.5, -1)
    assert view.shown.start_s > before
    mouse(tone, QEvent.Type.MouseButtonDblClick, place_of(tone, 0.5), LEFT, LEFT)
    assert view.shown.is_whole
    assert not view._buttons._whole.isVisible()


def test_escape_leaves_the_zoom_before_the_search(tone: Stage):
    tone.trigger("zoom_in")
    assert not tone.window.waveform.shown.is_whole
    tone.player.finish()
    tone.until(lambda: tone.playing == [])
    tone.trigger("clear")
    assert tone.window.waveform.shown.is_whole


def test_a_near_zoom_shows_the_samples_of_the_file(tone: Stage):
    view = tone.window.waveform
    tone.until(lambda: view._waveform is not None)
    for _ in range(40):
        tone.trigger("zoom_in")
    tone.until(lambda: view._part is not None)
    assert view.shown.length_s < 0.001
    assert not view.grab().isNull()


def test_channels_have_lanes_and_the_switch_merges_them(tone: Stage):
    view = tone.window.waveform
    tone.until(lambda: view._waveform is not None)
    assert view._waveform.n_channels == 2
    split = view.grab().toImage()
    tone.trigger("lanes")
    assert view.grab().toImage() != split


def test_a_spectrogram_takes_the_place_of_the_waveform(tone: Stage):
    view = tone.window.waveform
    wave = view.grab().toImage()
    tone.trigger("spectrogram")
    tone.until(lambda: view._spectrogram is not None)
    assert view.grab().toImage() != wave
    tone.trigger("spectrogram")
    assert not view._is_spectrogram


def test_the_playhead_repaints_a_strip_alone(tone: Stage, monkeypatch: pytest.MonkeyPatch):
    view = tone.window.waveform
    tone.until(lambda: view._waveform is not None)
    view.show_playhead(0.3)
    tone.settle()
    painted: list[int] = []
    picture = view._picture
    monkeypatch.setattr(view, "paintEvent", lambda event: painted.append(event.region().boundingRect().width()))
    view.show_playhead(0.301)
    tone.until(lambda: painted)
    assert max(painted) < 40
    assert view._picture is picture


def test_without_a_sound_there_is_no_waveform(stage: Stage):
    assert not stage.window.waveform.isVisible()
    stage.click_row("Tone 49.wav")
    assert stage.window.waveform.isVisible()


def test_the_query_stays_in_sight_and_a_click_plays_it(tone: Stage):
    view = tone.window.waveform
    tone.trigger("similar")
    tone.until(lambda: view._query is not None)
    assert view._query is not None
    assert view._query[1] == "Tone 49.wav"
    tone.click_row(next(name for name in tone.names if name != "Tone 49.wav"))
    place = view._query_lane().center().toPoint()
    mouse(tone, QEvent.Type.MouseButtonPress, place, LEFT, LEFT)
    mouse(tone, QEvent.Type.MouseButtonRelease, place, LEFT, NONE)
    assert tone.player.played[-1].name == "Tone 49.wav"
    assert tone.player.played[-1].start_s == pytest.approx(0.545, abs=0.05)
    tone.player.finish()
    tone.program.browsing.remove_examples()
    tone.until(lambda: view._query is None)


def test_keys_change_how_a_sound_is_played(tone: Stage):
    transport = tone.window.transport
    tone.press("]")
    tone.press("]")
    assert tone.player.played[-1].treatment == Treatment(semitones=2)
    assert (transport._pitch.text(), transport._pitch.property("changed")) == ("+2 st", True)
    tone.press("[")
    assert transport._pitch.text() == "+1 st"
    tone.press("r")
    assert tone.player.played[-1].treatment == Treatment(is_reversed=True, semitones=1)
    assert tone.window.actions_by_name["reverse"].isChecked()
    tone.press("0")
    assert tone.player.played[-1].treatment == Treatment()
    assert not tone.window.actions_by_name["reverse"].isChecked()
    tone.press("e")
    assert tone.player.played[-1].is_even


def test_a_click_on_pitch_and_speed_resets_them(tone: Stage):
    transport = tone.window.transport
    transport.pitch_stepped.emit(-3)
    transport.speed_stepped.emit(2)
    assert tone.player.played[-1].treatment == Treatment(semitones=-3, speed=1.1)
    assert (transport._pitch.text(), transport._speed.text()) == ("−3 st", "110 %")
    transport._pitch.click()
    transport._speed.click()
    assert tone.player.played[-1].treatment == Treatment()


def test_a_channel_is_played_alone(tone: Stage):
    menu = tone.window.transport.channel_menu()
    assert [action.text() for action in menu.actions()] == ["All channels", "Left", "Right"]
    menu.actions()[2].trigger()
    assert tone.player.played[-1].treatment == Treatment(channel=1)
    assert tone.window.transport._channel.text() == "Right"
    menu.deleteLater()


def test_digits_move_no_control(tone: Stage):
    transport = tone.window.transport
    controls = (transport._pitch, transport._speed, transport._channel, transport._volume, transport._time)
    places = [control.geometry() for control in controls]
    transport.show_position(1.0)
    transport.show_treatment(Treatment(semitones=-24, speed=0.25))
    transport._volume.setValue(-59)
    transport.show_position(0.11)
    tone.settle()
    assert [control.geometry() for control in controls] == places


def test_the_rows_around_the_current_one_are_prepared(tone: Stage):
    assert {path.name for path in tone.player.prefetched} >= {"Tone 48.wav"}
    assert "Tone 49.wav" not in {path.name for path in tone.player.prefetched}


def test_a_drag_takes_the_region_along(tone: Stage):
    drag(tone, 0.2, 0.3, 0.6)
    indexes = [tone.model.index(row, 0) for row in tone.table.selected_rows()]
    dragged = [url.toLocalFile() for url in tone.model.mimeData(indexes).urls()]
    assert len(dragged) == 1
    assert soundfile.info(dragged[0]).duration == pytest.approx(0.4, abs=2 * per_pixel_s(tone))
    tone.window.waveform.clear_region()
    tone.program.playing.clear_region()
    assert tone.model.mimeData(indexes).urls()[0].toLocalFile().endswith("Sounds/Tones/Tone 49.wav")


def test_the_transport_says_which_sound_is_current(tone: Stage):
    transport = tone.window.transport
    assert transport._name.toolTip() == "Tone 49.wav"
    assert transport._properties.toolTip().startswith("1.09 s · stereo · 44.1 kHz · WAV ")
    assert "LUFS" in transport._properties.toolTip()


def test_without_a_sound_a_click_plays_nothing(stage: Stage):
    stage.window.waveform.setVisible(True)
    click(stage, 0.5)
    drag(stage, 0.2, 0.4, 0.6)
    assert stage.player.played == []


def test_the_volume_slider_reaches_the_player(stage: Stage):
    stage.window.transport._volume.setValue(-12)
    assert stage.player.volume_db == -12.0
    assert stage.window.transport._decibels.text() == "−12 dB"
    stage.window.transport._volume.setValue(3)
    assert stage.window.transport._decibels.text() == "+3 dB"


@pytest.mark.parametrize("width_px", [1440, 640, 360, 260])
def test_the_essential_controls_stay_in_a_narrow_window(tone: Stage, width_px: int):
    transport = tone.window.transport
    tone.window.resize(width_px, 700)
    tone.settle()
    essential = (transport._play, transport._loop, transport._reverse, transport._even, transport._pitch)
    for control in essential:
        assert control.isVisible()
        assert transport.rect().contains(control.geometry())
    places = [control.geometry().left() for control in essential]
    assert places == sorted(places)
    assert transport._volume.isVisible() == (width_px >= 560)
