"""The large waveform: click to play from a position, drag to play a region, scroll to zoom."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainterPath, QResizeEvent
from PySide6.QtWidgets import QGraphicsPathItem, QWidget

from bowerbird.base.text import clock_text
from bowerbird.domain.peaks import Peaks, reduce_to
from bowerbird.gui.shell.theme import Tokens

_MIN_REGION_S: Final = 0.01
_MIN_VIEW_S: Final = 0.005


class WaveformView(pg.PlotWidget):  # type: ignore[misc] # pyqtgraph has no types
    """Shows one sound.

    Signals
    -------
    position_clicked : float
        Seconds.
    region_chosen : (float, float)
        Seconds.
    """

    position_clicked = Signal(float)
    region_chosen = Signal(float, float)

    def __init__(self, colours: Tokens, parent: QWidget | None = None) -> None:
        self._box = _WaveformBox()
        super().__init__(parent, viewBox=self._box, background=None, axisItems={"bottom": _ClockAxis("bottom")})
        self._peaks: Peaks | None = None
        self._seconds_per_bin = 0.0
        self._duration_s = 0.0
        self.hideButtons()
        self.hideAxis("left")
        self.getAxis("bottom").setHeight(18)
        self.setMenuEnabled(False)
        self.setAccessibleName(self.tr("Waveform"))
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMinimumHeight(72)
        self._outline = QGraphicsPathItem()
        self._middle = pg.InfiniteLine(0, angle=0)
        self._playhead = pg.InfiniteLine(0, angle=90)
        self._region = pg.LinearRegionItem(movable=False)
        self._playhead.hide()
        self._region.hide()
        for item in (self._region, self._middle, self._outline, self._playhead):
            self.addItem(item, ignoreBounds=True)
        self._box.sigXRangeChanged.connect(self._redraw)
        self._box.clicked.connect(self._clicked)
        self._box.dragged.connect(self._dragged)
        self.recolour(colours)
        self.clear_sound()

    def recolour(self, colours: Tokens) -> None:
        """Use the colours of another theme."""
        self.setBackground(colours.ground)
        self._outline.setPen(pg.mkPen(colours.wave, width=1))
        self._outline.setBrush(pg.mkBrush(colours.wave))
        self._middle.setPen(pg.mkPen(colours.line, width=1))
        self._playhead.setPen(pg.mkPen(colours.accent, width=1.5))
        tone = QColor(colours.query)
        tone.setAlpha(48)
        self._region.setBrush(pg.mkBrush(tone))
        for line in self._region.lines:
            line.setPen(pg.mkPen(colours.query, width=1))
        axis = self.getAxis("bottom")
        axis.setPen(pg.mkPen(None))
        axis.setTextPen(pg.mkPen(colours.muted))
        axis.setTickPen(pg.mkPen(colours.line))

    def sizeHint(self) -> QSize:
        """Return the size of a strip."""
        return QSize(640, 132)

    def show_sound(self, peaks: Peaks, *, rate_hz: int, duration_s: float) -> None:
        """Show the whole of another sound."""
        self._peaks = peaks
        self._seconds_per_bin = peaks.frames_per_bin / rate_hz
        self._duration_s = max(duration_s, 1e-4)
        self._box.setLimits(
            xMin=0, xMax=self._duration_s, minXRange=min(_MIN_VIEW_S, self._duration_s), yMin=-1, yMax=1
        )
        self.clear_region()
        self.show_playhead(None)
        self.getAxis("bottom").show()
        self._middle.show()
        self._box.setRange(xRange=(0, self._duration_s), yRange=(-1, 1), padding=0)
        self._redraw()

    def clear_sound(self) -> None:
        """Show no sound."""
        self._peaks = None
        self._outline.setPath(QPainterPath())
        self._middle.hide()
        self.getAxis("bottom").hide()
        self.show_playhead(None)
        self.clear_region()
        self._box.setRange(xRange=(0, 1), yRange=(-1, 1), padding=0)

    def show_playhead(self, position_s: float | None) -> None:
        """Move the playhead, or hide it."""
        if position_s is None:
            self._playhead.hide()
        else:
            self._playhead.setValue(position_s)
            self._playhead.show()

    def clear_region(self) -> bool:
        """Clear the region; return whether there was one."""
        was_visible = bool(self._region.isVisible())
        self._region.hide()
        return was_visible

    def _clicked(self, second: float) -> None:
        if self._peaks is not None:
            self.clear_region()
            self.position_clicked.emit(min(max(second, 0.0), self._duration_s))

    def _dragged(self, first: float, last: float, is_finished: bool) -> None:
        if self._peaks is None:
            return
        start_s, end_s = sorted(min(max(second, 0.0), self._duration_s) for second in (first, last))
        self._region.setRegion((start_s, end_s))
        self._region.show()
        if is_finished:
            if end_s - start_s >= _MIN_REGION_S:
                self.region_chosen.emit(start_s, end_s)
            else:
                self.clear_region()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Draw as many columns as there are pixels."""
        super().resizeEvent(event)
        if hasattr(self, "_outline"):  # Qt resizes it before the constructor has finished
            self._redraw()

    def _redraw(self, *_: Any) -> None:
        if self._peaks is None:
            return
        start_s, end_s = self._box.viewRange()[0]
        bins = self._peaks.bins
        first = max(0, int(start_s / self._seconds_per_bin))
        last = min(len(bins), int(np.ceil(end_s / self._seconds_per_bin)) + 1)
        shown = bins[first:last]
        if not len(shown):
            return
        n_columns = max(1, min(len(shown), int(self.width() * self.devicePixelRatioF())))
        columns = reduce_to(shown, n_columns).astype(np.float32) / 127
        edges = (first + (np.arange(n_columns) + 0.5) * len(shown) / n_columns) * self._seconds_per_bin
        x = np.concatenate([edges, edges[::-1]])
        y = np.concatenate([columns[:, 1], columns[::-1, 0]])
        self._outline.setPath(pg.arrayToQPath(x, y, connect="all"))

    def changeEvent(self, event: QEvent) -> None:
        """Redraw on a screen with another pixel ratio."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.DevicePixelRatioChange and hasattr(self, "_outline"):
            self._redraw()


class _ClockAxis(pg.AxisItem):  # type: ignore[misc]
    """Time in seconds; in minutes and seconds for longer sounds."""

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        """Return the texts of the ticks."""
        if self.range[1] < 60 or spacing < 1:
            return [f"{value:g}" for value in np.round(values, 4)]
        return [clock_text(value) for value in values]


class _WaveformBox(pg.ViewBox):  # type: ignore[misc]
    """Mouse gestures in seconds; the vertical scale is fixed."""

    clicked = Signal(float)
    dragged = Signal(float, float, bool)

    def __init__(self) -> None:
        super().__init__(enableMenu=False, defaultPadding=0)
        self.setMouseEnabled(x=True, y=False)

    def mouseClickEvent(self, ev: Any) -> None:
        """Emit the clicked position."""
        if ev.button() == Qt.MouseButton.LeftButton:
            ev.accept()
            self.clicked.emit(self.mapSceneToView(ev.scenePos()).x())

    def mouseDragEvent(self, ev: Any, axis: int | None = None) -> None:
        """Select a region with the left button; move the view with the middle one."""
        if ev.button() != Qt.MouseButton.LeftButton:
            super().mouseDragEvent(ev, axis)
            return
        ev.accept()
        first: QPointF = self.mapSceneToView(ev.buttonDownScenePos())
        last: QPointF = self.mapSceneToView(ev.scenePos())
        self.dragged.emit(first.x(), last.x(), bool(ev.isFinish()))
