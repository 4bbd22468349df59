"""The map as people use it: points under the pointer, outlines, keys, and the colours on the screen."""

import numpy as np
import pytest

pytest.importorskip("PySide6", reason="the map needs PySide6")

from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QWheelEvent
from PySide6.QtWidgets import QApplication, QLabel

from bowerbird.gui.map.map_painting import palette
from bowerbird.gui.map.map_presenter import MapMessage
from bowerbird.gui.map.map_state import OTHER, Camera, Colouring, MapPoints
from bowerbird.gui.map.map_view import MapView, _Swatch
from bowerbird.gui.shell import theme

DARK, LIGHT = (theme.tokens(name) for name in ("dark", "light"))
POSITIONS = np.array([[0.5, 0.5], [0.2, 0.5], [0.8, 0.5], [0.5, 0.2], [0.5, 0.8], [0.9, 0.9]], np.float32)
IDS = np.array([10, 11, 12, 13, 14, 15])
FAINT = 15
GROUPS = Colouring("groups", np.array([0, 1, 2, 3, 4, 5], np.uint8), tuple("abcdef"))


class Hands:
    """The map, what it said, and what a person does."""

    def __init__(self, qtbot, view):
        self.qtbot, self.view, self.canvas = qtbot, view, view.canvas
        self.chosen, self.selected, self.hovers = [], [], []
        view.sound_chosen.connect(self.chosen.append)
        view.sounds_selected.connect(self.selected.append)
        view.hovered.connect(self.hovers.append)

    def at(self, sound_id):
        return self.canvas.position_px(sound_id).toPoint()

    def click(self, sound_id, modifier=Qt.KeyboardModifier.NoModifier):
        self.qtbot.mouseClick(self.canvas, Qt.MouseButton.LeftButton, modifier, self.at(sound_id))

    def drag(self, points, modifier=Qt.KeyboardModifier.NoModifier):
        self.qtbot.mousePress(self.canvas, Qt.MouseButton.LeftButton, modifier, points[0])
        for point in points[1:]:
            self.qtbot.mouseMove(self.canvas, point)
            QApplication.processEvents()
        self.qtbot.mouseRelease(self.canvas, Qt.MouseButton.LeftButton, modifier, points[-1])

    def key(self, key):
        self.qtbot.keyClick(self.canvas, key)

    def wheel(self, point, steps):
        event = QWheelEvent(
            QPointF(point),
            QPointF(self.canvas.mapToGlobal(point)),
            QPoint(),
            QPoint(0, 120 * steps),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(self.canvas, event)

    def colour_at(self, sound_id):
        return self.canvas.grab().toImage().pixelColor(self.at(sound_id))


@pytest.fixture
def hands(qtbot, _nothing_is_left):
    view = MapView(DARK, name_of=lambda sound_id: f"Sound {sound_id}.wav")
    view.resize(640, 520)
    view.show_points(MapPoints(IDS, POSITIONS, IDS != FAINT), GROUPS, example_ids=())
    with qtbot.waitExposed(view):
        view.show()
    yield Hands(qtbot, view)
    view.close()
    view.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def test_a_click_chooses_the_sound_under_the_pointer(hands):
    hands.click(11)
    assert hands.chosen == [11]
    assert hands.view.selected_ids == [11]


def test_a_click_beside_every_point_chooses_nothing(hands):
    hands.qtbot.mouseClick(hands.canvas, Qt.MouseButton.LeftButton, pos=hands.at(10) + QPoint(40, 40))
    assert hands.chosen == []


def test_ctrl_and_click_adds_and_takes_away(hands):
    hands.click(11)
    hands.click(12, Qt.KeyboardModifier.ControlModifier)
    hands.click(11, Qt.KeyboardModifier.ControlModifier)
    assert hands.selected == [[11, 12], [12]]
    assert hands.chosen == [11]


def test_a_context_menu_is_for_the_sound_under_it(hands):
    hands.view.select([11, 12])
    hands.qtbot.mousePress(hands.canvas, Qt.MouseButton.RightButton, pos=hands.at(12))
    assert hands.selected == []
    hands.qtbot.mousePress(hands.canvas, Qt.MouseButton.RightButton, pos=hands.at(13))
    assert hands.selected == [[13]]
    assert hands.chosen == []


def test_a_selected_sound_is_dragged_and_the_ground_moves_the_map(hands):
    drags = []
    hands.view.drag_wanted.connect(lambda: drags.append(hands.view.selected_ids))
    hands.wheel(hands.at(10), 4)
    before = hands.canvas.camera
    hands.drag([hands.at(10), hands.at(10) + QPoint(30, 0)])
    assert drags == []
    assert hands.canvas.camera != before, "it was not selected, so the map moved"
    hands.click(10)
    before = hands.canvas.camera
    hands.drag([hands.at(10), hands.at(10) + QPoint(2, 0), hands.at(10) + QPoint(30, 0)])
    assert drags == [[10]]
    assert hands.canvas.camera == before


def test_an_outline_selects_the_sounds_of_the_list_inside_it(hands):
    size = hands.canvas.size()
    corners = [
        QPoint(size.width() // 2 - 60, 10),
        QPoint(size.width() - 4, 10),
        QPoint(size.width() - 4, size.height() - 4),
    ]
    hands.drag([*corners, QPoint(size.width() // 2 - 60, size.height() - 4)], Qt.KeyboardModifier.ShiftModifier)
    assert hands.selected == [[10, 12, 13, 14]]
    assert hands.canvas.camera == Camera()


def test_the_outline_button_needs_no_key(hands):
    hands.view.outline.click()
    at = hands.at(11)
    hands.drag([at + QPoint(-30, -30), at + QPoint(30, -30), at + QPoint(30, 30), at + QPoint(-30, 30)])
    assert hands.selected == [[11]]


def test_escape_clears_an_outline(hands):
    hands.view.select([10, 11])
    hands.key(Qt.Key.Key_Escape)
    assert hands.selected == [[]]
    assert hands.view.selected_ids == []


@pytest.mark.parametrize(
    ("key", "expected"),
    [(Qt.Key.Key_Left, 11), (Qt.Key.Key_Right, 12), (Qt.Key.Key_Up, 13), (Qt.Key.Key_Down, 14)],
)
def test_an_arrow_key_moves_and_chooses(hands, key, expected):
    hands.view.select([10])
    hands.key(key)
    assert hands.chosen == [expected]


def test_the_first_arrow_key_begins_in_the_middle(hands):
    hands.key(Qt.Key.Key_Down)
    assert hands.chosen == [10]


def test_arrow_keys_pass_over_sounds_outside_the_list(hands):
    hands.view.select([12])
    hands.key(Qt.Key.Key_Down)
    assert hands.chosen == [14]


def test_a_sound_out_of_sight_is_brought_into_view(hands):
    hands.wheel(hands.at(11), 12)
    hands.view.select([11])
    hands.key(Qt.Key.Key_Right)
    assert hands.chosen == [10]
    assert hands.canvas.rect().contains(hands.at(10))


def test_the_wheel_zooms_towards_the_pointer_and_home_shows_everything(hands):
    before = hands.at(13)
    hands.wheel(before, 4)
    assert hands.canvas.camera.zoom > 2
    assert (hands.at(13) - before).manhattanLength() <= 1
    hands.key(Qt.Key.Key_Home)
    assert hands.canvas.camera == Camera()


def test_a_double_click_shows_everything(hands):
    hands.wheel(hands.at(13), 4)
    hands.qtbot.mouseDClick(hands.canvas, Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    assert hands.canvas.camera == Camera()


def test_dragging_moves_the_map_and_chooses_nothing(hands):
    hands.wheel(hands.at(10), 4)
    before = hands.at(10)
    hands.drag([before, before + QPoint(20, 10), before + QPoint(40, 30)])
    assert (hands.at(10) - before - QPoint(40, 30)).manhattanLength() <= 2
    assert hands.chosen == []


def test_a_point_plays_while_the_pointer_rests_on_it(hands):
    hands.qtbot.mouseMove(hands.canvas, hands.at(11))
    hands.qtbot.waitUntil(lambda: hands.hovers == [11])
    hands.qtbot.mouseMove(hands.canvas, hands.at(10) + QPoint(40, 40))
    hands.qtbot.waitUntil(lambda: hands.hovers == [11, None])
    assert hands.chosen == []


def test_nothing_plays_on_hover_when_that_is_switched_off(hands):
    hands.view.hover.click()
    hands.canvas._point_at(1)
    hands.canvas._rested_on_point()
    assert hands.hovers == []


def test_a_chosen_sound_goes_on_when_the_pointer_leaves(hands):
    hands.canvas._point_at(1)
    hands.canvas._rested_on_point()
    hands.click(11)
    hands.canvas._point_at(None)
    assert hands.hovers == [11]


@pytest.mark.parametrize("colours", [DARK, LIGHT])
def test_sounds_have_the_colours_of_their_groups_and_others_are_faint(hands, colours):
    hands.view.recolour(colours)
    tones = palette(GROUPS, colours)
    for level, sound_id in enumerate(IDS[:5].tolist()):
        assert hands.colour_at(sound_id) == QColor.fromRgb(int(tones[level]))
    faint, ground = hands.colour_at(FAINT), QColor(colours.panel)
    assert faint != QColor.fromRgb(int(tones[5]))
    assert abs(faint.lightness() - ground.lightness()) < abs(QColor(colours.faint).lightness() - ground.lightness())
    assert faint != ground


def test_what_plays_and_what_was_searched_for_stand_out(hands):
    hands.view.show_points(MapPoints(IDS, POSITIONS, IDS != FAINT), GROUPS, example_ids=[12])
    hands.view.mark_playing(11)
    assert hands.colour_at(11) == QColor(DARK.accent)
    assert hands.colour_at(12) == QColor(DARK.query)
    hands.view.mark_playing(None)
    assert hands.colour_at(11) != QColor(DARK.accent)


def test_a_hundred_thousand_points_are_painted(hands):
    chance = np.random.default_rng(1)
    n = 100_000
    points = MapPoints(np.arange(n), chance.uniform(0.2, 0.8, (n, 2)).astype(np.float32), np.arange(n) < 10_000)
    hands.view.show_points(points, Colouring("plain", np.zeros(n, np.uint8)), example_ids=())
    image = hands.canvas.grab().toImage()
    middle = {image.pixelColor(x, image.height() // 2).name() for x in range(image.width())}
    assert QColor(DARK.wave).name() in middle
    assert QColor(DARK.panel).name() in middle


def test_a_message_takes_the_place_of_the_points(hands):
    hands.view.show_message(MapMessage("The map is being computed", 0.25))
    assert not hands.canvas.isVisible()
    assert hands.view._progress.value() == 250
    hands.view.show_points(MapPoints(IDS, POSITIONS, IDS != FAINT), GROUPS, example_ids=())
    assert hands.canvas.isVisible()


def test_screen_readers_are_told_where_they_are(hands):
    assert hands.canvas.accessibleName() == "Map of sounds"
    hands.click(12)
    assert hands.canvas.accessibleDescription() == "Sound 12.wav"


def legend_of(hands):
    swatches = [swatch for swatch in hands.view.findChildren(_Swatch) if swatch.isVisible()]
    return {swatch.findChild(QLabel).text(): swatch._tone.name() for swatch in swatches}


def test_the_legend_names_the_groups_in_the_colours_of_their_points(hands):
    assert list(legend_of(hands)) == list("abcdef")
    assert legend_of(hands)["b"] == hands.colour_at(11).name()
    with_rest = Colouring("groups", np.array([0, OTHER, 0, 0, 0, 0], np.uint8), ("doors", "rest"))
    hands.view.show_points(MapPoints(IDS, POSITIONS, IDS != FAINT), with_rest, example_ids=())
    hands.qtbot.waitUntil(lambda: list(legend_of(hands)) == ["doors", "rest"])
    assert legend_of(hands)["rest"] == hands.colour_at(11).name()
    assert legend_of(hands)["doors"] == hands.colour_at(10).name()
