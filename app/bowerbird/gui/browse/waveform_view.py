"""The large waveform: click to play from a position, drag a region and its edges, zoom, channels and spectrogram.

Everything but the region and the playhead is drawn into a pixmap, so that moving them repaints a few pixels.
"""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QCursor,
    QFont,
    QFontMetricsF,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QPolygonF,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QToolTip, QWidget

from bowerbird.audio.spectrogram import Spectrogram
from bowerbird.audio.waveform import SamplePart
from bowerbird.domain.peaks import Peaks
from bowerbird.domain.waveforms import Waveform, waveform_of_peaks
from bowerbird.gui.browse.ramp import spectrogram_ramp
from bowerbird.gui.browse.waveform_painting import blank, columns_image, draw_pill, draw_samples, spectrogram_image
from bowerbird.gui.browse.waveform_state import (
    ZOOM_STEP,
    DetailRequest,
    Edge,
    Marker,
    Viewport,
    edge_at,
    lane_name,
    n_lanes,
    peak_text,
    region_text,
    ticks,
)
from bowerbird.gui.shell.theme import Tokens

_AXIS_PX: Final = 18
_QUERY_PX: Final = 24
_QUERY_NAME_PX: Final = 180
_SECONDARY_PX: Final = 11
_DRAG_PX: Final = 4
_MIN_REGION_S: Final = 0.002
_DETAIL_MS: Final = 80
_SMALLEST_PEAK: Final = 10 ** (-60 / 20)
"""Silence and noise below -60 dBFS are not enlarged further."""

_MAX_SAMPLES_PER_PX: Final = 2.0
"""From fewer samples per pixel on, the samples are drawn themselves."""


class WaveformView(QWidget):
    """Shows one sound, and above it the query that it was found with. Hidden while there is neither.

    Signals
    -------
    position_clicked : float
        Seconds.
    region_chosen : (float, float)
        Seconds.
    region_dragged : ()
        The region is being dragged: it was pressed, and the pointer moved.
    query_clicked : float
        Seconds in the query.
    detail_changed : ()
        `wanted` has changed.
    """

    position_clicked = Signal(float)
    region_chosen = Signal(float, float)
    region_dragged = Signal()
    query_clicked = Signal(float)
    detail_changed = Signal()

    def __init__(self, colours: Tokens, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._colours = colours
        self._path: Path | None = None
        self._stored: Waveform | None = None
        self._waveform: Waveform | None = None
        self._merged: Waveform | None = None
        self._n_channels = 1
        self._peak = 1.0
        self._part: SamplePart | None = None
        self._spectrogram: Spectrogram | None = None
        self._markers: Sequence[Marker] = ()
        self._viewport = Viewport.of(1.0, 48_000)
        self._is_split = True
        self._is_spectrogram = False
        self._playhead_s: float | None = None
        self._region: tuple[float, float] | None = None
        self._query: tuple[Waveform, str, float] | None = None
        self._picture: QPixmap | None = None
        self._pressed: QPointF | None = None
        self._edge: Edge | None = None
        self._is_dragging = False
        self._is_grabbed = False
        self._scrolled_from: tuple[float, Viewport] | None = None
        self._is_query_hovered = False
        self.setAccessibleName(self.tr("Waveform"))
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMouseTracking(True)
        self.setMinimumHeight(72)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._detail_timer = QTimer(self, singleShot=True, interval=_DETAIL_MS)
        self._detail_timer.timeout.connect(self.detail_changed.emit)
        self._buttons = _ZoomButtons(self)
        self.recolour(colours)
        self.setVisible(False)

    # What is shown

    @property
    def shown(self) -> Viewport:
        """The visible part of the sound."""
        return self._viewport

    @property
    def region(self) -> tuple[float, float] | None:
        """Start and end of the region in seconds."""
        return self._region

    @property
    def playhead_s(self) -> float | None:
        """Position of the playhead."""
        return self._playhead_s

    @property
    def has_sound(self) -> bool:
        """Whether a sound is shown."""
        return self._stored is not None

    @property
    def wanted(self) -> DetailRequest | None:
        """What is needed beyond the stored peaks; None without a sound or its file."""
        if self._path is None or self._stored is None:
            return None
        scale, area = self.devicePixelRatioF(), self._area()
        n_columns, n_rows = max(1, round(area.width() * scale)), max(1, round(min(area.height(), 256) * scale))
        return DetailRequest(self._path, self._viewport, n_columns, n_rows, self._is_spectrogram)

    def recolour(self, colours: Tokens) -> None:
        """Use the colours of another theme."""
        self._colours = colours
        self._buttons.recolour(colours)
        self._redraw()

    def show_sound(
        self,
        peaks: Peaks,
        *,
        rate_hz: int,
        duration_s: float,
        path: Path | None = None,
        n_channels: int = 1,
        markers: Sequence[Marker] = (),
    ) -> None:
        """Show the whole of another sound.

        Parameters
        ----------
        peaks : Peaks
            Stored; shown until the channels are read.
        rate_hz : int
        duration_s : float
        path : Path or None
            Where the samples are; without it, only the stored peaks are shown.
        n_channels : int
        markers : sequence of Marker
        """
        self._path, self._n_channels, self._markers = path, n_channels, tuple(markers)
        self._stored = waveform_of_peaks(peaks, rate_hz=rate_hz)
        self._waveform = self._merged = self._part = self._spectrogram = None
        self._peak = self._stored.peak
        self._viewport = Viewport.of(duration_s, rate_hz)
        self._region = self._playhead_s = self._edge = self._pressed = None
        self._is_dragging = False
        self.setVisible(True)
        self._changed()

    def clear_sound(self) -> None:
        """Show no sound."""
        self._path = self._stored = self._waveform = self._merged = self._part = self._spectrogram = None
        self._region = self._playhead_s = None
        self._markers = ()
        self._detail_timer.stop()
        self.setVisible(self._query is not None)
        self._redraw()

    def show_query(self, peaks: Peaks, name: str, duration_s: float) -> None:
        """Show the waveform of the query in a lane of its own."""
        rate_hz = max(1, round(len(peaks.bins) * peaks.frames_per_bin / max(duration_s, 1e-3)))
        self._query = (waveform_of_peaks(peaks, rate_hz=rate_hz), name, duration_s)
        self.setVisible(True)
        self._changed()

    def clear_query(self) -> None:
        """Show no query."""
        self._query = None
        self.setVisible(self._stored is not None)
        self._changed()

    def show_waveform(self, waveform: Waveform) -> None:
        """Show the waveform of every channel in place of the stored one."""
        if waveform is not self._waveform:
            self._waveform, self._merged = waveform, waveform.merged()
            self._n_channels, self._peak = waveform.n_channels, waveform.peak
            self._redraw()

    def show_samples(self, part: SamplePart | None) -> None:
        """Show samples where the waveform is too coarse."""
        if part is not self._part:
            self._part = part
            self._redraw()

    def show_spectrogram(self, spectrogram: Spectrogram) -> None:
        """Show the spectrogram of the visible part."""
        self._spectrogram = spectrogram
        self._redraw()

    def show_playhead(self, position_s: float | None) -> None:
        """Move the playhead, or hide it; a zoomed view follows it."""
        if position_s == self._playhead_s:
            return
        self.update(self._playhead_rect())
        self._playhead_s = position_s
        if position_s is not None and self._pressed is None:
            self._set_viewport(self._viewport.following(position_s))
        self.update(self._playhead_rect())

    def set_split(self, *, is_split: bool) -> None:
        """Show a lane for each channel, or one for all."""
        self._is_split = is_split
        self._changed()

    def set_spectrogram(self, *, is_spectrogram: bool) -> None:
        """Show the spectrogram in place of the waveform."""
        self._is_spectrogram = is_spectrogram
        self._changed()

    def select_region(self, start_s: float, end_s: float) -> None:
        """Show a region."""
        self._region = (start_s, end_s)
        self.update()

    def clear_region(self) -> bool:
        """Clear the region; return whether there was one."""
        had_region = self._region is not None
        self._region = None
        self.update()
        return had_region

    def zoom(self, factor: float, *, at_s: float | None = None) -> None:
        """Show a part that is shorter by a factor, around a position, the playhead or the middle."""
        if not self.has_sound:
            return
        view = self._viewport
        if at_s is None:
            is_visible = self._playhead_s is not None and view.start_s <= self._playhead_s <= view.end_s
            at_s = self._playhead_s if is_visible and self._playhead_s else (view.start_s + view.end_s) / 2
        self._set_viewport(view.zoomed(factor, at_s=at_s))

    def zoom_in(self) -> None:
        """Show a shorter part."""
        self.zoom(ZOOM_STEP**3)

    def zoom_out(self) -> None:
        """Show a longer part."""
        self.zoom(ZOOM_STEP**-3)

    def show_whole(self) -> bool:
        """Show the whole sound; return whether it was zoomed."""
        was_zoomed = not self._viewport.is_whole
        self._set_viewport(self._viewport.whole())
        return was_zoomed

    def _set_viewport(self, viewport: Viewport) -> None:
        if viewport != self._viewport:
            self._viewport = viewport
            self._changed()

    def _changed(self) -> None:
        self._redraw()
        if self._stored is not None:
            self._detail_timer.start()

    def _redraw(self) -> None:
        self._picture = None
        self._buttons.show_for(self._viewport if self._stored is not None else None)
        self._place_buttons()
        self.update()

    # Geometry

    def sizeHint(self) -> QSize:
        """Return the size of a strip."""
        return QSize(640, 148)

    def _area(self) -> QRectF:
        """Return where the sound is."""
        top = _QUERY_PX if self._query is not None else 0
        return QRectF(0, top, max(1, self.width()), max(8, self.height() - top - _AXIS_PX))

    def _query_rect(self) -> QRect:
        return QRect(0, 0, self.width(), _QUERY_PX if self._query is not None else 0)

    def _x_of(self, second: float) -> float:
        return self._viewport.x_of(second, self._area().width())

    def _second_at(self, x: float) -> float:
        return self._viewport.second_at(x, self._area().width())

    def _playhead_rect(self) -> QRect:
        if self._playhead_s is None:
            return QRect()
        x = math.floor(self._x_of(self._playhead_s))
        area = self._area()
        return QRect(x - 6, int(area.top()), 13, int(area.height()) + 1)

    def _place_buttons(self) -> None:
        self._buttons.adjustSize()
        self._buttons.move(self.width() - self._buttons.width() - 8, round(self._area().top()) + 4)

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the picture, then the region and the playhead."""
        painter = QPainter(self)
        if self._picture is None:
            self._picture = self._drawn()
        painter.setClipRegion(event.region())
        painter.drawPixmap(0, 0, self._picture)
        if self._stored is not None:
            self._paint_region(painter)
            self._paint_playhead(painter)
            self._paint_readout(painter)
        painter.end()

    def _paint_region(self, painter: QPainter) -> None:
        if self._region is None:
            return
        area = self._area()
        start_x, end_x = (self._x_of(second) for second in self._region)
        colour = self._colours.colour("query")
        inside = QRectF(start_x, area.top(), end_x - start_x, area.height()).intersected(area)
        if self._is_spectrogram:  # a tone is not visible on its colours
            tone = self._colours.colour("ground")
            tone.setAlpha(150)
            painter.fillRect(QRectF(area.left(), area.top(), max(0.0, start_x), area.height()), tone)
            painter.fillRect(QRectF(end_x, area.top(), max(0.0, area.right() - end_x), area.height()), tone)
        else:
            tone = QColor(colour)
            tone.setAlpha(44)
            painter.fillRect(inside, tone)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for x in (start_x, end_x):
            if -8 <= x <= area.width() + 8:
                painter.fillRect(QRectF(x - 0.5, area.top(), 1, area.height()), colour)
                grip = QRectF(x - 2.5, area.center().y() - 9, 5, 18)
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(colour)
                painter.drawRoundedRect(grip, 2.5, 2.5)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)

    def _paint_readout(self, painter: QPainter) -> None:
        if self._region is None:
            return
        area = self._area()
        start_x, end_x = (self._x_of(second) for second in self._region)
        if end_x < 0 or start_x > area.width():
            return
        text = region_text(*self._region)
        font = self._small_font()
        width = QFontMetricsF(font).horizontalAdvance(text) + 14
        left = min(max((start_x + end_x - width) / 2, 4.0), area.width() - width - 4)
        painter.setFont(font)
        ground = self._colours.colour("raised")
        draw_pill(
            painter,
            QRectF(left, area.bottom() - 21, width, 17),
            text,
            ground=ground,
            colour=self._colours.colour("text"),
        )

    def _paint_playhead(self, painter: QPainter) -> None:
        if self._playhead_s is None:
            return
        area, x = self._area(), self._x_of(self._playhead_s)
        accent = self._colours.colour("accent")
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(QRectF(x - 0.75, area.top(), 1.5, area.height()), accent)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(accent)
        top = area.top()
        painter.drawPolygon(QPolygonF([QPointF(x - 4, top), QPointF(x + 4, top), QPointF(x, top + 5)]))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)

    def _drawn(self) -> QPixmap:
        picture = blank(self.width(), self.height(), self.devicePixelRatioF(), self._colours.colour("ground"))
        painter = QPainter(picture)
        if self._query is not None:
            self._draw_query(painter, *self._query)
        if self._stored is not None:
            area = self._area()
            painter.fillRect(area, self._colours.colour("panel"))
            if self._is_spectrogram:
                self._draw_spectrogram(painter, area)
            else:
                self._draw_waveform(painter, area)
            self._draw_markers(painter, area)
            self._draw_axis(painter, area)
        painter.end()
        return picture

    def _draw_query(self, painter: QPainter, waveform: Waveform, name: str, duration_s: float) -> None:
        rect = QRectF(self._query_rect())
        ground = self._colours.colour("raised" if self._is_query_hovered else "ground")
        painter.fillRect(rect, ground)
        colour = self._colours.colour("query")
        name_width = min(float(_QUERY_NAME_PX), rect.width() / 3)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        x, y = 12.0, rect.center().y()
        painter.drawPolygon(QPolygonF([QPointF(x, y - 4), QPointF(x + 7, y), QPointF(x, y + 4)]))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
        font = self._small_font()
        painter.setFont(font)
        painter.setPen(colour)
        inner = QRectF(x + 13, rect.top(), name_width - x - 21, rect.height())
        text = QFontMetricsF(font).elidedText(name, Qt.TextElideMode.ElideMiddle, inner.width())
        painter.drawText(inner, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), text)
        lane = self._query_lane()
        peak = max(waveform.peak, _SMALLEST_PEAK)
        self._draw_columns(painter, lane, waveform, start_s=0.0, end_s=duration_s, colour=colour, peak=peak)

    def _query_lane(self) -> QRectF:
        rect = QRectF(self._query_rect())
        left = min(float(_QUERY_NAME_PX), rect.width() / 3)
        return QRectF(left, rect.top() + 3, max(1.0, rect.width() - left), rect.height() - 6)

    def _draw_columns(
        self,
        painter: QPainter,
        rect: QRectF,
        waveform: Waveform,
        *,
        start_s: float,
        end_s: float,
        colour: QColor,
        peak: float,
        channel: int = 0,
    ) -> None:
        scale = self.devicePixelRatioF()
        n_columns = max(1, round(rect.width() * scale))
        columns = waveform.columns(start_s, end_s, n_columns)[channel]
        painter.drawImage(rect, columns_image(columns, max(2, round(rect.height() * scale)), colour, peak=peak))

    def _draw_waveform(self, painter: QPainter, area: QRectF) -> None:
        assert self._stored is not None
        view, colours = self._viewport, self._colours
        peak = max(self._peak, _SMALLEST_PEAK)
        n = n_lanes(self._n_channels, area.height(), is_split=self._is_split) if self._waveform is not None else 1
        waveform = self._waveform if n > 1 else self._merged
        waveform = self._stored if waveform is None else waveform
        height = area.height() / n
        for number in range(n):
            lane = QRectF(area.left(), area.top() + number * height, area.width(), height).adjusted(0, 3, 0, -3)
            painter.fillRect(QRectF(lane.left(), round(lane.center().y()), lane.width(), 1), colours.colour("line"))
            if self._peak > 1.0:
                self._draw_full_scale(painter, lane)
            if not self._draw_part(painter, lane, number if n > 1 else None, peak):
                self._draw_columns(
                    painter,
                    lane,
                    waveform,
                    start_s=view.start_s,
                    end_s=view.end_s,
                    colour=colours.colour("wave"),
                    peak=peak,
                    channel=number,
                )
            if n > 1:
                name = lane_name(number, self._n_channels)
                self._draw_note(painter, QPointF(lane.left() + 4, lane.top()), name, colours.colour("muted"))
                if number:
                    top = area.top() + number * height
                    painter.fillRect(QRectF(area.left(), round(top), area.width(), 1), colours.colour("ground"))
        self._draw_peak(painter, area, is_indented=n > 1)

    def _draw_full_scale(self, painter: QPainter, lane: QRectF) -> None:
        """Draw lines at 0 dBFS."""
        painter.setPen(QPen(self._colours.colour("unlike"), 1, Qt.PenStyle.DashLine))
        offset = (lane.height() / 2) / self._peak
        for y in (lane.center().y() - offset, lane.center().y() + offset):
            painter.drawLine(QPointF(lane.left(), round(y) + 0.5), QPointF(lane.right(), round(y) + 0.5))

    def _draw_part(self, painter: QPainter, lane: QRectF, channel: int | None, peak: float) -> bool:
        """Draw the samples themselves where they were read; return whether they were."""
        part, view = self._part, self._viewport
        if part is None:
            return False
        first = max(0, math.floor(view.start_s * part.rate_hz) - 1 - part.first)
        last = min(len(part.samples), math.ceil(view.end_s * part.rate_hz) + 2 - part.first)
        if math.floor(view.start_s * part.rate_hz) < part.first or last - first < 2:
            return False
        samples = part.samples[first:last]
        colour = self._colours.colour("wave")
        n_pixels = lane.width() * self.devicePixelRatioF()
        if len(samples) > _MAX_SAMPLES_PER_PX * n_pixels:
            shown = samples if channel is None else samples[:, channel : channel + 1]
            extremes = np.stack([shown.min(axis=1), shown.max(axis=1)], axis=1)[None].astype(np.float32)
            first_s = (part.first + first) / part.rate_hz
            self._draw_columns(
                painter,
                lane,
                Waveform((extremes,), 1, part.rate_hz),
                start_s=view.start_s - first_s,
                end_s=view.end_s - first_s,
                colour=colour,
                peak=peak,
            )
            return True
        x = (
            ((part.first + first + np.arange(len(samples))) / part.rate_hz - view.start_s)
            / view.length_s
            * lane.width()
        )
        numbers = range(samples.shape[1]) if channel is None else (channel,)
        painter.save()
        painter.setClipRect(lane)
        painter.setPen(QPen(colour, 1.25))
        for number in numbers:
            draw_samples(painter, lane, x, samples[:, number].astype(np.float64) / peak)
        painter.restore()
        return True

    def _draw_peak(self, painter: QPainter, area: QRectF, *, is_indented: bool) -> None:
        colour = self._colours.colour("unlike" if self._peak > 1.0 else "muted")
        origin = QPointF(area.left() + (22 if is_indented else 4), area.top() + 3)
        self._draw_note(painter, origin, peak_text(self._peak), colour)

    def _draw_note(self, painter: QPainter, origin: QPointF, text: str, colour: QColor) -> None:
        """Draw a small text that stays readable over a waveform."""
        if not text:
            return
        painter.setFont(self._small_font())
        ground = self._colours.colour("panel")
        ground.setAlpha(200)
        width = QFontMetricsF(painter.font()).horizontalAdvance(text)
        draw_pill(painter, QRectF(origin.x(), origin.y(), width + 8, 15), text, ground=ground, colour=colour)

    def _draw_spectrogram(self, painter: QPainter, area: QRectF) -> None:
        found, view = self._spectrogram, self._viewport
        if found is None:
            return
        image = spectrogram_image(found, spectrogram_ramp(self._colours))
        left, right = (view.x_of(second, area.width()) for second in (found.start_s, found.end_s))
        painter.save()
        painter.setClipRect(area)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(QRectF(left, area.top(), right - left, area.height()), image)
        painter.restore()
        painter.setFont(self._small_font())
        span = math.log(found.high_hz / found.low_hz)
        for hz in (100, 1000, 10_000):
            if found.low_hz < hz < found.high_hz:
                y = area.bottom() - math.log(hz / found.low_hz) / span * area.height()
                text = f"{hz // 1000} kHz" if hz >= 1000 else f"{hz} Hz"
                self._draw_note(painter, QPointF(4, y - 8), text, self._colours.colour("muted"))

    def _draw_markers(self, painter: QPainter, area: QRectF) -> None:
        view = self._viewport
        font = self._small_font()
        painter.setFont(font)
        metrics = QFontMetricsF(font)
        inside = sorted(
            (marker for marker in self._markers if view.start_s <= marker.time_s <= view.end_s),
            key=lambda marker: marker.time_s,
        )
        colour = self._colours.colour("text")
        for number, marker in enumerate(inside):
            x = self._x_of(marker.time_s)
            following = self._x_of(inside[number + 1].time_s) if number + 1 < len(inside) else area.right()
            tone = QColor(colour)
            tone.setAlpha(150)
            painter.fillRect(QRectF(x - 0.5, area.top(), 1, area.height()), tone)
            text = metrics.elidedText(marker.name, Qt.TextElideMode.ElideRight, min(140.0, following - x - 14))
            if len(text) > 1:
                rect = QRectF(x, area.top() + 19, metrics.horizontalAdvance(text) + 10, 16)
                draw_pill(painter, rect, text, ground=self._colours.colour("raised"), colour=colour)

    def _draw_axis(self, painter: QPainter, area: QRectF) -> None:
        painter.setFont(self._small_font())
        metrics = QFontMetricsF(painter.font())
        for second, text in ticks(self._viewport, area.width()):
            x = self._x_of(second)
            painter.fillRect(QRectF(round(x), area.bottom(), 1, 4), self._colours.colour("line"))
            width = metrics.horizontalAdvance(text)
            left = min(max(x - width / 2, 4.0), area.width() - width - 4)
            painter.setPen(self._colours.colour("muted"))
            rect = QRectF(left - 1, area.bottom() + 3, width + 2, _AXIS_PX - 4)
            painter.drawText(rect, int(Qt.AlignmentFlag.AlignCenter), text)
        if not self._viewport.is_whole:  # which part of the sound is visible
            view = self._viewport
            left, right = (second / view.duration_s * area.width() for second in (view.start_s, view.end_s))
            bar = QRectF(left, self.height() - 2, max(8.0, right - left), 2)
            painter.fillRect(bar, self._colours.colour("faint"))

    def _small_font(self) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(_SECONDARY_PX)
        return font

    # Gestures

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take an edge of the region, or begin a click or a new region; the middle button scrolls."""
        position = event.position()
        if event.button() is Qt.MouseButton.MiddleButton and self.has_sound:
            self._scrolled_from = (position.x(), self._viewport)
        elif event.button() is not Qt.MouseButton.LeftButton:
            event.ignore()
        elif self._query_rect().contains(position.toPoint()):
            self._click_query(position.x())
        elif self.has_sound:
            self._pressed = position
            self._edge = self._edge_at(position.x())
            self._is_dragging = self._edge is not None
            self._is_grabbed = self._edge is None and self._is_in_region(position.x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move an edge, widen a region or scroll."""
        position = event.position()
        if self._scrolled_from is not None:
            from_x, viewport = self._scrolled_from
            self._set_viewport(viewport.scrolled((from_x - position.x()) / self._area().width() * viewport.length_s))
        elif self._pressed is None:
            self._hover(position)
        else:
            moved = position - self._pressed
            moved_px = moved.manhattanLength() if self._is_grabbed else abs(moved.x())
            self._is_dragging = self._is_dragging or moved_px >= _DRAG_PX
            if self._is_dragging and self._is_grabbed:
                self._pressed, self._is_dragging, self._is_grabbed = None, False, False
                self.region_dragged.emit()
            elif self._is_dragging:
                self._drag_to(position.x())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End a gesture."""
        if event.button() is Qt.MouseButton.MiddleButton:
            self._scrolled_from = None
        if event.button() is not Qt.MouseButton.LeftButton or self._pressed is None:
            return
        pressed, was_dragging = self._pressed, self._is_dragging
        self._pressed, self._edge, self._is_dragging = None, None, False
        if not was_dragging:
            self.clear_region()
            self.position_clicked.emit(self._second_at(pressed.x()))
        elif self._region is not None and self._region[1] - self._region[0] >= self._shortest_region_s():
            self.region_chosen.emit(*self._region)
        else:
            self.clear_region()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Show the whole sound."""
        is_on_query = self._query_rect().contains(event.position().toPoint())
        if event.button() is not Qt.MouseButton.LeftButton or is_on_query or not self.show_whole():
            self.mousePressEvent(event)

    def _shortest_region_s(self) -> float:
        return min(_MIN_REGION_S, self._viewport.length_s / 50)

    def _edge_at(self, x: float) -> Edge | None:
        if self._region is None:
            return None
        start_x, end_x = (self._x_of(second) for second in self._region)
        return edge_at(x, start_x, end_x)

    def _is_in_region(self, x: float) -> bool:
        return self._region is not None and self._region[0] <= self._second_at(x) <= self._region[1]

    def _drag_to(self, x: float) -> None:
        assert self._pressed is not None
        second = self._second_at(x)
        if self._edge is None or self._region is None:
            first = self._second_at(self._pressed.x())
            self._edge = "end" if second >= first else "start"
            self._region = (min(first, second), max(first, second))
        else:
            start_s, end_s = self._region
            self._region = (second, end_s) if self._edge == "start" else (start_s, second)
            if self._region[0] > self._region[1]:  # dragged past the other edge
                self._region = (self._region[1], self._region[0])
                self._edge = "start" if self._edge == "end" else "end"
        self.update()

    def _click_query(self, x: float) -> None:
        assert self._query is not None
        lane, duration_s = self._query_lane(), self._query[2]
        self.query_clicked.emit(min(max((x - lane.left()) / lane.width(), 0.0), 1.0) * duration_s)

    def _hover(self, position: QPointF) -> None:
        is_on_query = self._query_rect().contains(position.toPoint())
        if is_on_query is not self._is_query_hovered:
            self._is_query_hovered = is_on_query
            self._redraw()
        if is_on_query:
            self.setCursor(Qt.CursorShape.PointingHandCursor)
        elif self.has_sound and self._edge_at(position.x()) is not None:
            self.setCursor(Qt.CursorShape.SizeHorCursor)
        elif self.has_sound and self._is_in_region(position.x()):
            self.setCursor(Qt.CursorShape.OpenHandCursor)
        else:
            self.unsetCursor()

    def event(self, event: QEvent) -> bool:
        """Show what a click on the query does."""
        if event.type() == QEvent.Type.ToolTip and self._is_query_hovered and self._query is not None:
            QToolTip.showText(QCursor.pos(), self.tr("Play the query: {name}").format(name=self._query[1]), self)
            return True
        return super().event(event)

    def leaveEvent(self, event: QEvent) -> None:
        """Forget the pointer."""
        super().leaveEvent(event)
        if self._is_query_hovered:
            self._is_query_hovered = False
            self._redraw()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom with Ctrl; scroll a zoomed sound."""
        if not self.has_sound:
            event.ignore()
            return
        turned = event.angleDelta()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            at_s = self._second_at(event.position().x())
            self.zoom(ZOOM_STEP ** (turned.y() / 120), at_s=at_s)
        elif not self._viewport.is_whole:
            steps = turned.x() or turned.y()
            self._set_viewport(self._viewport.scrolled(-steps / 120 * 0.1 * self._viewport.length_s))
        else:
            event.ignore()
            return
        event.accept()

    # Qt events

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Draw as many columns as there are pixels."""
        super().resizeEvent(event)
        self._changed()

    def changeEvent(self, event: QEvent) -> None:
        """Draw again on a screen with another pixel ratio."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._changed()


class _ZoomButtons(QWidget):
    """Zooms out and in, and back to the whole sound, which is there only while it is zoomed."""

    def __init__(self, waveform: WaveformView) -> None:
        super().__init__(waveform)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        self._whole = self._button(self.tr("Whole sound"), self.tr("Show the whole sound"), waveform.show_whole)
        self._out = self._button("−", self.tr("Zoom out"), waveform.zoom_out)
        self._in = self._button("+", self.tr("Zoom in"), waveform.zoom_in)
        for button in (self._whole, self._out, self._in):
            layout.addWidget(button)

    def _button(self, text: str, meaning: str, act: Callable[[], object]) -> QToolButton:
        button = QToolButton(self)
        button.setText(text)
        button.setToolTip(meaning)
        button.setAccessibleName(meaning)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.setFixedHeight(20)
        button.clicked.connect(lambda _=False: act())
        return button

    def recolour(self, colours: Tokens) -> None:
        """Use the colours of another theme."""
        self.setStyleSheet(
            f"QToolButton {{ background: {colours.raised}; color: {colours.muted}; border: none; border-radius: 4px;"
            f" padding: 0px 7px; font-size: 11px; }} QToolButton:hover {{ color: {colours.text};"
            f" background: {colours.line}; }} QToolButton:disabled {{ color: {colours.faint}; }}"
        )

    def show_for(self, viewport: Viewport | None) -> None:
        """Show what can be done now."""
        self.setVisible(viewport is not None)
        if viewport is not None:
            self._whole.setVisible(not viewport.is_whole)
            self._out.setEnabled(not viewport.is_whole)
            self._in.setEnabled(viewport.length_s > viewport.shortest_s * 1.001)
