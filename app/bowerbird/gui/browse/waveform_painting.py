"""Drawing waveforms and spectrograms into images. Positions, gestures and texts are in the view."""

from typing import Final

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen, QPixmap, QPolygonF

from bowerbird.audio.spectrogram import Spectrogram
from bowerbird.domain.waveforms import Extremes

_DOTS_FROM_PX: Final = 8.0
"""Single samples are marked from this distance on."""


def columns_image(columns: Extremes, height: int, colour: QColor, *, peak: float) -> QImage:
    """Draw the extremes of one channel, smooth at their ends.

    Parameters
    ----------
    columns : ndarray, shape (n_columns, 2), float32
    height : int
        Device pixels.
    colour : QColor
    peak : float
        The level that reaches the edges.
    """
    n_columns = len(columns)
    middle = height / 2
    scale = (middle - 0.5) / max(peak, 1e-9)
    top = middle - np.clip(columns[:, 1] * scale, -middle, middle)
    bottom = middle - np.clip(columns[:, 0] * scale, -middle, middle)
    thin = np.maximum(0.0, 1.0 - (bottom - top)) / 2  # a line of one pixel where there is nothing
    top, bottom = top - thin, bottom + thin
    y = np.arange(height, dtype=np.float32)[:, None]
    coverage = np.clip(np.minimum(y + 1, bottom) - np.maximum(y, top), 0.0, 1.0)
    alpha = np.round(coverage * 255).astype(np.uint32)
    factors = [np.round(coverage * part).astype(np.uint32) for part in (colour.red(), colour.green(), colour.blue())]
    pixels = np.ascontiguousarray((alpha << 24) | (factors[0] << 16) | (factors[1] << 8) | factors[2], np.uint32)
    image = QImage(pixels.data, n_columns, height, 4 * n_columns, QImage.Format.Format_ARGB32_Premultiplied)
    return image.copy()  # the array goes away


def spectrogram_image(spectrogram: Spectrogram, ramp: npt.NDArray[np.uint32]) -> QImage:
    """Draw a spectrogram, a pixel per level."""
    n_rows, n_columns = spectrogram.levels.shape
    pixels = np.ascontiguousarray(ramp[spectrogram.levels])
    return QImage(pixels.data, n_columns, n_rows, 4 * n_columns, QImage.Format.Format_RGB32).copy()


def draw_samples(painter: QPainter, rect: QRectF, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> None:
    """Draw single samples as a line, with dots where there is space; `x` in pixels, `y` from -1 to 1."""
    middle, half = rect.center().y(), rect.height() / 2 - 1
    points = [QPointF(float(at), middle - half * float(level)) for at, level in zip(x, y, strict=True)]
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPolyline(QPolygonF(points))
    if len(x) > 1 and x[1] - x[0] >= _DOTS_FROM_PX:
        painter.setBrush(painter.pen().color())
        for point in points:
            painter.drawEllipse(point, 2.0, 2.0)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)


def draw_pill(painter: QPainter, rect: QRectF, text: str, *, ground: QColor, colour: QColor) -> None:
    """Draw a text on a rounded ground."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    path = QPainterPath()
    path.addRoundedRect(rect, 4, 4)
    painter.fillPath(path, ground)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
    painter.setPen(QPen(colour))
    painter.drawText(rect, int(Qt.AlignmentFlag.AlignCenter), text)


def blank(width: int, height: int, scale: float, colour: QColor) -> QPixmap:
    """Return a pixmap of a size in pixels, filled with a colour."""
    pixmap = QPixmap(max(1, round(width * scale)), max(1, round(height * scale)))
    pixmap.setDevicePixelRatio(scale)
    pixmap.fill(colour)
    return pixmap
