"""The surface of the map: painting, and what mouse and keys do there."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from bowerbird.gui.map.map_painting import diameter_px, paint_points, palette
from bowerbird.gui.map.map_state import (
    NO_COLOURS,
    NO_POINTS,
    Camera,
    Colouring,
    Direction,
    Ids,
    MapPoints,
    Mask,
    Points,
    inside,
    nearest_point,
    next_point,
)
from bowerbird.gui.shell.theme import Tokens

_HOVER_MS: Final = 60
_REACH_PX: Final = 10.0
_DRAG_PX: Final = 4
_ZOOM_STEP: Final = 1.25
_MARGIN: Final = 0.25
"""The image is larger than the surface by this share on each side, so that dragging moves it without painting it."""

_MAX_RINGS: Final = 1_000
_OUTLINE_STEP_PX: Final = 3
_ARROWS: Final[dict[int, Direction]] = {
    Qt.Key.Key_Left: "left",
    Qt.Key.Key_Right: "right",
    Qt.Key.Key_Up: "up",
    Qt.Key.Key_Down: "down",
}


class MapCanvas(QWidget):
    """Paints points and lets people move among them.

    Parameters
    ----------
    colours : Tokens
    name_of : callable
        Returns the name of a sound by its id.

    Signals
    -------
    sound_chosen : (int)
        A sound became the only selected one, by a click or a key.
    sounds_selected : (list of int)
        Other sounds are selected, by Ctrl and a click or by an outline; the last is the current one.
    hovered : (int or None)
        The pointer rests on a point, or has left it.
    drag_wanted : ()
        The selected sounds are being dragged: one of them was pressed, and the pointer moved.
    """

    sound_chosen = Signal(int)
    sounds_selected = Signal(list)
    hovered = Signal(object)
    drag_wanted = Signal()

    def __init__(self, colours: Tokens, name_of: Callable[[int], str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name_of = name_of
        self._points, self._colouring = NO_POINTS, NO_COLOURS
        self._camera = Camera()
        self._image: QImage | None = None
        self._image_camera = Camera()
        self._screen: Points | None = None
        self._selected: list[int] = []
        self._playing: int | None = None
        self._examples: tuple[int, ...] = ()
        self._pointed: int | None = None
        self._rested: int | None = None
        self._pressed: QPoint | None = None
        self._dragged: QPoint | None = None
        self._outline: list[QPointF] = []
        self._is_grabbed = False
        self._is_passing = False
        self.is_outlining = False
        self._rest = QTimer(self, singleShot=True, interval=_HOVER_MS)
        self._rest.timeout.connect(self._rested_on_point)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(80, 80)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName(self.tr("Map of sounds"))
        self.recolour(colours)

    def sizeHint(self) -> QSize:
        """Return a size for a window of its own."""
        return QSize(600, 480)

    # What is shown

    @property
    def camera(self) -> Camera:
        """The visible part of the map."""
        return self._camera

    @property
    def selected_ids(self) -> list[int]:
        """The selected sounds, the current one last."""
        return list(self._selected)

    def recolour(self, colours: Tokens) -> None:
        """Use the colours of another theme."""
        self._colours = colours
        self._image = None
        self.update()

    def show_points(self, points: MapPoints, colouring: Colouring, *, example_ids: Sequence[int]) -> None:
        """Show points; the visible part of the map stays."""
        self._points, self._colouring, self._examples = points, colouring, tuple(example_ids)
        self._pointed = None
        self._move(self._camera)
        self._image = None

    def mark_playing(self, sound_id: int | None) -> None:
        """Show which sound plays."""
        if sound_id != self._playing:
            self._playing = sound_id
            self.update()

    def select(self, ids: Ids | Sequence[int]) -> None:
        """Show which sounds are selected, the current one last."""
        self._selected = [int(sound_id) for sound_id in ids]
        current = self._current
        self.setAccessibleDescription(self._name_of(self._selected[-1]) if current is not None else "")
        self.update()

    def show_whole(self) -> None:
        """Show everything."""
        self._move(Camera())

    def position_px(self, sound_id: int) -> QPointF | None:
        """Return where a sound is, in pixels; None where it is not on the map."""
        index = self._index_of(sound_id)
        if index is None:
            return None
        x, y = self._on_screen()[index]
        return QPointF(float(x), float(y))

    def _index_of(self, sound_id: int) -> int | None:
        found = np.flatnonzero(self._points.ids == sound_id)
        return int(found[0]) if len(found) else None

    @property
    def _current(self) -> int | None:
        return self._index_of(self._selected[-1]) if self._selected else None

    def _on_screen(self) -> Points:
        if self._screen is None:
            self._screen = self._camera.to_screen(self._points.positions, self.width(), self.height())
        return self._screen

    def _move(self, camera: Camera) -> None:
        self._camera = camera
        self._screen = None
        self.update()

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the points, then what changes often on top of them."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._colours.panel))
        if len(self._points):
            self._paint_image(painter)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._paint_marks(painter)
        if self._outline:
            tone = QColor(self._colours.accent)
            painter.setPen(QPen(tone, 1.5))
            tone.setAlpha(30)
            painter.setBrush(tone)
            painter.drawPolygon(QPolygonF(self._outline))
        if self.hasFocus():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QColor(self._colours.accent))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def _paint_image(self, painter: QPainter) -> None:
        ratio = self.devicePixelRatioF()
        margin_x, margin_y = round(self.width() * _MARGIN), round(self.height() * _MARGIN)
        scale = self._camera.scale_px(self.width(), self.height())
        shift_x = (self._image_camera.x - self._camera.x) * scale
        shift_y = (self._image_camera.y - self._camera.y) * scale
        is_usable = (
            self._image is not None
            and self._image_camera.zoom == self._camera.zoom
            and self._image.devicePixelRatio() == ratio
            and abs(shift_x) <= margin_x
            and abs(shift_y) <= margin_y
        )
        if not is_usable:
            width, height = self.width() + 2 * margin_x, self.height() + 2 * margin_y
            screen = (self._on_screen() + np.array([margin_x, margin_y], np.float32)) * np.float32(ratio)
            self._image = paint_points(
                screen,
                self._points.in_result,
                self._colouring.levels,
                palette(self._colouring, self._colours),
                size_px=(round(width * ratio), round(height * ratio)),
                ratio=ratio,
                ground=QColor(self._colours.panel),
                faint=QColor(self._colours.faint),
            )
            self._image_camera = self._camera
            shift_x = shift_y = 0.0
        assert self._image is not None
        painter.drawImage(QPointF(round(shift_x) - margin_x, round(shift_y) - margin_y), self._image)

    def _paint_marks(self, painter: QPainter) -> None:
        screen = self._on_screen()
        is_visible: Mask = np.all((screen >= 0) & (screen <= np.array([self.width(), self.height()])), axis=1)
        radius = diameter_px(int(is_visible.sum())) / 2
        ground, text = QColor(self._colours.panel), QColor(self._colours.text)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        chosen = self._points.indices_of(np.array(self._selected, np.int64))
        for index in chosen[is_visible[chosen]][:_MAX_RINGS]:
            self._ring(painter, screen[index], radius + 2.5, text, 1.5)
        for sound_id in self._examples:
            index = self._index_of(sound_id)
            if index is not None:
                self._dot(painter, screen[index], max(radius, 4) + 1, QColor(self._colours.query), ground)
        current = self._current
        if current is not None:
            self._ring(painter, screen[current], max(radius, 4) + 3.5, text, 2)
        playing = self._index_of(self._playing) if self._playing is not None else None
        if playing is not None:
            self._dot(painter, screen[playing], max(radius, 4) + 1, QColor(self._colours.accent), ground)
        labelled = self._pointed if self._pointed is not None else current
        if self._pointed is not None:
            self._ring(painter, screen[self._pointed], max(radius, 3) + 2.5, text, 1)
        if labelled is not None and is_visible[labelled]:
            self._paint_label(painter, screen[labelled], self._name_of(int(self._points.ids[labelled])))

    def _ring(self, painter: QPainter, at: Points, radius: float, tone: QColor, width: float) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(tone, width))
        painter.drawEllipse(QPointF(float(at[0]), float(at[1])), radius, radius)

    def _dot(self, painter: QPainter, at: Points, radius: float, tone: QColor, ground: QColor) -> None:
        painter.setBrush(tone)
        painter.setPen(QPen(ground, 1.5))
        painter.drawEllipse(QPointF(float(at[0]), float(at[1])), radius, radius)

    def _paint_label(self, painter: QPainter, at: Points, name: str) -> None:
        metrics = painter.fontMetrics()
        text = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, max(80, self.width() - 48))
        box = QRectF(0, 0, metrics.horizontalAdvance(text) + 16, metrics.height() + 8)
        x = min(max(4.0, float(at[0]) - box.width() / 2), self.width() - box.width() - 4)
        y = float(at[1]) - box.height() - 14
        box.moveTo(x, y if y > 4 else float(at[1]) + 14)
        painter.setPen(QColor(self._colours.line))
        painter.setBrush(QColor(self._colours.raised))
        painter.drawRoundedRect(box, 6, 6)
        painter.setPen(QColor(self._colours.text))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Paint again in the new size."""
        super().resizeEvent(event)
        self._image = None
        self._move(self._camera)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the focus."""
        super().focusInEvent(event)
        self.update()

    # Mouse

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom towards the pointer."""
        at = event.position().x(), event.position().y()
        factor = _ZOOM_STEP ** (event.angleDelta().y() / 120)
        self._move(self._camera.zoomed(factor, at, self.width(), self.height()))
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a click, a drag or an outline; the buttons for Back and Forward are the window's."""
        if event.button() is Qt.MouseButton.RightButton:
            self._select_for_menu(event.position())
        if event.button() is not Qt.MouseButton.LeftButton:
            event.ignore()
            return
        self._pressed = self._dragged = event.position().toPoint()
        under = self._point_under(event.position())
        self._is_grabbed = under is not None and int(self._points.ids[under]) in self._selected
        if self.is_outlining or event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._outline = [event.position()]

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move the map, draw the outline, or find what the pointer is on."""
        at = event.position()
        if self._outline:
            if (at - self._outline[-1]).manhattanLength() >= _OUTLINE_STEP_PX:
                self._outline.append(at)
                self.update()
        elif self._pressed is not None and self._dragged is not None:
            is_far = (at.toPoint() - self._pressed).manhattanLength() >= _DRAG_PX
            if is_far and self._is_grabbed:
                self._pressed = self._dragged = None
                self._point_at(None)
                self.drag_wanted.emit()
            elif is_far or self._dragged != self._pressed:
                moved = at.toPoint() - self._dragged
                self._dragged = at.toPoint()
                self._move(self._camera.panned(moved.x(), moved.y(), self.width(), self.height()))
        else:
            self._point_at(self._point_under(at))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End a click or an outline."""
        if event.button() is not Qt.MouseButton.LeftButton or self._pressed is None:
            event.ignore()
            return
        was_dragged = self._dragged != self._pressed
        outline, self._outline = self._outline, []
        self._pressed = self._dragged = None
        if len(outline) > 2:
            self._select_inside(outline)
        elif not was_dragged:
            self._click(event.position(), adds=bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier))
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Show everything."""
        self.show_whole()

    def leaveEvent(self, event: QEvent) -> None:
        """The pointer is on no point any more."""
        super().leaveEvent(event)
        self._point_at(None)

    def _point_under(self, at: QPointF) -> int | None:
        return nearest_point(self._on_screen(), (at.x(), at.y()), within_px=_REACH_PX, preferred=self._points.in_result)

    def _point_at(self, index: int | None) -> None:
        if index == self._pointed:
            return
        self._pointed = index
        self.setCursor(Qt.CursorShape.ArrowCursor if index is None else Qt.CursorShape.PointingHandCursor)
        if self._rested is not None:
            self._rested = None
            self.hovered.emit(None)
        if index is None:
            self._rest.stop()
        else:
            self._rest.start()
        self.update()

    def _rested_on_point(self) -> None:
        if self._pointed is not None:
            self._rested = int(self._points.ids[self._pointed])
            self.hovered.emit(self._rested)

    def _click(self, at: QPointF, *, adds: bool) -> None:
        index = self._point_under(at)
        if index is None:
            return
        self._rest.stop()
        self._rested = None  # it plays because it is selected, and goes on when the pointer leaves
        sound_id = int(self._points.ids[index])
        if not adds:
            self._choose(sound_id)
            return
        others = [each for each in self._selected if each != sound_id]
        self.select(others if len(others) < len(self._selected) else [*others, sound_id])
        self.sounds_selected.emit(self.selected_ids)

    def _select_for_menu(self, at: QPointF) -> None:
        """Select the sound that a context menu is opened on, without playing it."""
        index = self._point_under(at)
        if index is not None and int(self._points.ids[index]) not in self._selected:
            self.select([int(self._points.ids[index])])
            self.sounds_selected.emit(self.selected_ids)

    def _select_inside(self, outline: Sequence[QPointF]) -> None:
        corners = np.array([(point.x(), point.y()) for point in outline], np.float32)
        is_inside = inside(self._on_screen(), corners)
        if (is_inside & self._points.in_result).any():  # faint points are not meant where there are bright ones
            is_inside &= self._points.in_result
        self.select(self._points.ids[is_inside])
        self.sounds_selected.emit(self.selected_ids)

    def _choose(self, sound_id: int) -> None:
        self.select([sound_id])
        self.sound_chosen.emit(sound_id)

    # Keys

    def event(self, event: QEvent) -> bool:
        """Keep Escape while there is an outline or more than one selected sound: it clears them."""
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.ShortcutOverride:
            is_kept = event.key() == Qt.Key.Key_Escape and self._has_to_clear
            if is_kept:
                event.accept()
                return True
        return super().event(event)

    @property
    def _has_to_clear(self) -> bool:
        return bool(self._outline) or len(self._selected) > 1

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move to another point, show everything, or clear the outline."""
        key = event.key()
        if key in _ARROWS:
            self._step(_ARROWS[key], is_passing=event.isAutoRepeat())
        elif key == Qt.Key.Key_Home:
            self.show_whole()
        elif key == Qt.Key.Key_Escape and self._has_to_clear:
            self._outline = []
            self._pressed = self._dragged = None
            self.select([])
            self.sounds_selected.emit([])
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Play the sound at which a repeating key was released."""
        super().keyReleaseEvent(event)
        if self._is_passing and not event.isAutoRepeat():
            self._is_passing = False
            if self._selected:
                self.sound_chosen.emit(self._selected[-1])

    def _step(self, direction: Direction, *, is_passing: bool) -> None:
        if not len(self._points):
            return
        allowed = self._points.in_result if self._points.in_result.any() else np.ones(len(self._points), np.bool_)
        current = self._current
        if current is None:
            candidates = np.flatnonzero(allowed)
            middle = np.array([self._camera.x, self._camera.y], np.float32)
            away = ((self._points.positions[candidates] - middle) ** 2).sum(axis=1)
            found: int | None = int(candidates[np.argmin(away)])
        else:
            found = next_point(self._points.positions, current, direction, allowed)
        if found is None:
            return
        self._is_passing = is_passing
        sound_id = int(self._points.ids[found])
        x, y = self._on_screen()[found]
        if not self.rect().contains(int(x), int(y)):
            self._move(self._camera.centred_on(self._points.positions[found]))
        self._pointed = None
        if is_passing:
            self.select([sound_id])
        else:
            self._choose(sound_id)
