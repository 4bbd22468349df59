"""The large waveform: a click plays from there, a drag selects a region, the playhead follows."""

import pytest

pytest.importorskip("PySide6.QtWidgets", reason="the window needs PySide6", exc_type=ImportError)

import pyqtgraph as pg
from gui_stage import Stage
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton


def place_of(stage: Stage, second: float) -> QPoint:
    """Where a second lies in the picture."""
    view = stage.window.waveform
    return view.mapFromScene(view._box.mapViewToScene(QPointF(second, 0.2)))


def mouse(stage: Stage, kind: QEvent.Type, place: QPoint, button: Qt.MouseButton, held: Qt.MouseButton) -> None:
    viewport = stage.window.waveform.viewport()
    there, everywhere = QPointF(place), QPointF(viewport.mapToGlobal(place))
    event = QMouseEvent(kind, there, everywhere, button, held, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(viewport, event)


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


@pytest.fixture(autouse=True)
def _no_move_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Moves closer than 10 ms are dropped otherwise, and a test moves faster than a hand."""
    monkeypatch.setitem(pg.CONFIG_OPTIONS, "mouseRateLimit", -1)


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
    assert tone.window.waveform._region.isVisible()
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
    assert not tone.window.waveform._region.isVisible()
    assert tone.program.playing.region is None


def test_another_sound_ends_the_region(tone: Stage):
    drag(tone, 0.2, 0.3, 0.6)
    tone.click_row("Tone 48.wav")
    assert not tone.window.waveform._region.isVisible()
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
    playhead = tone.window.waveform._playhead
    for position_s in (0.1, 0.4):
        tone.player.position_s = position_s
        tone.until(lambda position_s=position_s: playhead.isVisible() and playhead.value() == position_s)
    assert tone.window.transport._time.text() == "0:00.40 / 0:01.09"
    tone.player.finish()
    tone.until(lambda: not playhead.isVisible())
    assert tone.window.transport._time.text() == "0:00.00 / 0:01.09"


def test_the_transport_says_which_sound_is_current(tone: Stage):
    transport = tone.window.transport
    assert transport._name.toolTip() == "Tone 49.wav"
    assert transport._properties.toolTip().startswith("1.09 s · stereo · 44.1 kHz · WAV ")
    assert "LUFS" in transport._properties.toolTip()


def test_without_a_sound_a_click_plays_nothing(stage: Stage):
    click(stage, 0.5)
    drag(stage, 0.2, 0.4, 0.6)
    assert stage.player.played == []


def test_the_volume_slider_reaches_the_player(stage: Stage):
    stage.window.transport._volume.setValue(-12)
    assert stage.player.volume_db == -12.0
    assert stage.window.transport._decibels.text() == "−12 dB"
    stage.window.transport._volume.setValue(3)
    assert stage.window.transport._decibels.text() == "+3 dB"
