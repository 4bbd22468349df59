"""Painting the cells of the sounds table: names, waveforms, matches and properties."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Final

import numpy as np
from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPixmap, QPolygonF
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from bowerbird.catalogue.records import SoundRow
from bowerbird.domain.matches import Band, Match
from bowerbird.domain.peaks import Bins, reduce_to
from bowerbird.gui.browse.sounds_model import FOLD_ROLE, MATCH_ROLE, MOMENT_ROLE, PLAYING_ROLE, ROW_ROLE
from bowerbird.gui.shell.theme import Tokens
from bowerbird.gui.translation import translate

ROW_PX: Final = 22
ROOMY_ROW_PX: Final = 28
WAVEFORM_PX: Final = QSize(96, 16)
_PADDING_PX: Final = 8
_MAX_CACHED: Final = 1024
_BAR_PX: Final = QSize(48, 4)
_LEAST_SHARE: Final = 0.04
"""Of a bar that is filled, so that it can be seen."""

_MOMENT_PX: Final = 4
FOLD_ARROW_PX: Final = 8
MATCH_BAR_PX: Final = 72
"""Width of the match column where it shows a bar without words."""


_SELECTED: Final = QStyle.StateFlag.State_Selected

# Five tones of the viridis ramp, dark to bright: similarity, readable without telling red from green.
RAMP: Final = ("#443983", "#31688e", "#21918c", "#35b779", "#90d743")


class CellDelegate(QStyledItemDelegate):
    """Paints a text cell; the playing row has the accent colour, a missing one is faint."""

    def __init__(self, colours: Tokens, parent: QWidget, *, is_primary: bool = False) -> None:
        super().__init__(parent)
        self.hovered_row = -1
        self.top_px: Mapping[int, int] = {}  # rows that leave room above their content
        self._is_primary = is_primary
        self.recolour(colours)

    def recolour(self, colours: Tokens) -> None:
        """Use the colours of another theme."""
        self.selected = colours.colour("line")
        self.hovered = colours.colour("raised")
        self.hovered.setAlpha(110)
        self.text = colours.colour("text")
        self.muted = colours.colour("muted")
        self.faint = colours.colour("faint")
        self.accent = colours.colour("accent")
        self.wave = colours.colour("wave")

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Paint a cell."""
        rect: QRect = option.rect
        if index.row() in self.top_px:
            rect = rect.adjusted(0, self.top_px[index.row()], 0, 0)
        state: QStyle.StateFlag = option.state
        if state & _SELECTED:
            painter.fillRect(rect, self.selected)
        elif index.row() == self.hovered_row:
            painter.fillRect(rect, self.hovered)
        sound: SoundRow | None = index.data(ROW_ROLE)
        if sound is not None:
            self.paint_cell(painter, rect, index, sound)

    def paint_cell(
        self, painter: QPainter, rect: QRect, index: QModelIndex | QPersistentModelIndex, sound: SoundRow
    ) -> None:
        """Paint the content of a cell."""
        is_playing = bool(index.data(PLAYING_ROLE))
        colour = self.text if self._is_primary else self.muted
        if sound.is_missing:
            colour = self.faint
        if is_playing and self._is_primary:
            colour = self.accent
            painter.save()
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setBrush(colour)
            painter.setPen(Qt.PenStyle.NoPen)
            x, y = rect.left() + _PADDING_PX, rect.center().y() + 0.5
            painter.drawPolygon(QPolygonF([QPointF(x, y - 4), QPointF(x + 7, y), QPointF(x, y + 4)]))
            painter.restore()
            rect = rect.adjusted(12, 0, 0, 0)
        inner = rect.adjusted(_PADDING_PX, 0, -_PADDING_PX, 0)
        fold: tuple[str, bool] | None = index.data(FOLD_ROLE) if self._is_primary else None
        if fold is not None:
            inner.setRight(self._paint_fold(painter, inner, *fold) - _PADDING_PX)
        text = str(index.data() or "")
        metrics = painter.fontMetrics()
        painter.setPen(colour)
        painter.drawText(
            inner,
            int(index.data(Qt.ItemDataRole.TextAlignmentRole)),
            metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, inner.width()),
        )

    def _paint_fold(self, painter: QPainter, inner: QRect, text: str, is_shown: bool) -> int:
        """Paint what is folded below a sound, with a triangle that points down once it is shown; return its left."""
        left = inner.right() - painter.fontMetrics().horizontalAdvance(text)
        painter.setPen(self.muted)
        painter.drawText(
            QRect(left, inner.top(), inner.right() - left + 1, inner.height()), int(Qt.AlignmentFlag.AlignVCenter), text
        )
        x, y = left - FOLD_ARROW_PX / 2 - 4, inner.center().y() + 0.5
        half = FOLD_ARROW_PX / 2
        corners = (
            (QPointF(x - half, y - half / 2), QPointF(x + half, y - half / 2), QPointF(x, y + half / 2))
            if is_shown
            else (QPointF(x - half / 2, y - half), QPointF(x - half / 2, y + half), QPointF(x + half / 2, y))
        )
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.muted)
        painter.drawPolygon(QPolygonF(corners))
        painter.restore()
        return left - FOLD_ARROW_PX - 4

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Return the least size of a cell; all rows are equally high."""
        return QSize(80, ROW_PX)


class WaveformDelegate(CellDelegate):
    """Paints the waveform of a row from a cache of pixmaps."""

    def recolour(self, colours: Tokens) -> None:
        """Use the colours of another theme."""
        super().recolour(colours)
        self._cache: OrderedDict[tuple[int | None, int, float], QPixmap] = OrderedDict()

    def paint_cell(
        self, painter: QPainter, rect: QRect, index: QModelIndex | QPersistentModelIndex, sound: SoundRow
    ) -> None:
        """Paint the content of a cell."""
        moment: tuple[float, float] | None = index.data(MOMENT_ROLE)
        if moment is not None:
            self._paint_moment(painter, rect, moment, sound)
        elif sound.overview is not None:
            self._paint_wave(painter, rect, index, sound, sound.overview)

    def _paint_moment(self, painter: QPainter, rect: QRect, moment: tuple[float, float], sound: SoundRow) -> None:
        """Paint where in its sound a moment is."""
        bar = QRectF(0, 0, WAVEFORM_PX.width(), _MOMENT_PX)
        bar.moveCenter(QPointF(rect.center().x() + 0.5, rect.center().y() + 0.5))
        painter.fillRect(bar, self.selected)
        duration_s = max(sound.duration_s or 0.0, 1e-3)
        left, right = (bar.left() + bar.width() * min(1.0, each / duration_s) for each in moment)
        painter.fillRect(QRectF(left, bar.top(), max(2.0, right - left), bar.height()), self.wave)

    def _paint_wave(
        self,
        painter: QPainter,
        rect: QRect,
        index: QModelIndex | QPersistentModelIndex,
        sound: SoundRow,
        overview: Bins,
    ) -> None:
        colour = self.accent if index.data(PLAYING_ROLE) else self.faint if sound.is_missing else self.wave
        scale = painter.device().devicePixelRatioF()
        key = (sound.content_id, colour.rgba(), scale)
        pixmap = self._cache.get(key)
        if pixmap is None:
            pixmap = waveform_pixmap(overview, colour, scale)
            self._cache[key] = pixmap
            if len(self._cache) > _MAX_CACHED:
                self._cache.popitem(last=False)
        top = rect.top() + (rect.height() - WAVEFORM_PX.height()) // 2
        painter.drawPixmap(rect.left() + (rect.width() - WAVEFORM_PX.width()) // 2, top, pixmap)


class MatchDelegate(CellDelegate):
    """Paints how good a match is: a bar that is filled by its probability, and its band in words; else its rank."""

    def paint_cell(
        self, painter: QPainter, rect: QRect, index: QModelIndex | QPersistentModelIndex, sound: SoundRow
    ) -> None:
        """Paint the content of a cell."""
        match: Match | None = index.data(MATCH_ROLE)
        if match is None:
            return
        flags = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        if match.probability is None or match.band is None:
            painter.setPen(self.faint if match.is_weak else self.muted)
            painter.drawText(rect.adjusted(_PADDING_PX, 0, -_PADDING_PX, 0), flags, match_text(match))
            return
        bar = QRectF(QRect(QRect().topLeft(), _BAR_PX))
        bar.moveCenter(QPointF(rect.left() + _PADDING_PX + _BAR_PX.width() / 2, rect.center().y() + 0.5))
        paint_share(painter, bar, max(_LEAST_SHARE, match.probability), ground=self.selected)
        painter.setPen(self.faint if match.band == "weak" else self.muted)
        inner = rect.adjusted(_PADDING_PX + _BAR_PX.width() + 8, 0, -_PADDING_PX, 0)
        if rect.width() > MATCH_BAR_PX:
            painter.drawText(inner, flags, match_text(match))


def match_text(match: Match) -> str:
    """Return how good a match is, in a word or two: its band, its rank where only that is known, or "by name"."""
    if match.band is not None:
        return band_text(match.band)
    if match.is_named or match.top_percent is None:
        return translate("Matches", "by name")
    share = f"{match.top_percent:.1f}" if match.top_percent < 1 else f"{match.top_percent:.0f}"
    return translate("Matches", "top {share} %").format(share=share)


def band_text(band: Band) -> str:
    """Return the name of a band of matches."""
    names = {
        "close": translate("Matches", "close"),
        "related": translate("Matches", "related"),
        "stretch": translate("Matches", "stretch"),
        "weak": translate("Matches", "weak"),
    }
    return names[band]


def paint_share(painter: QPainter, bar: QRectF, share: float, *, ground: QColor) -> None:
    """Paint a bar that is filled up to a share, in a colour of the perceptual ramp."""
    painter.fillRect(bar, ground)
    tone = QColor(RAMP[min(len(RAMP) - 1, int(share * len(RAMP)))])
    painter.fillRect(QRectF(bar.left(), bar.top(), bar.width() * share, bar.height()), tone)


def waveform_pixmap(bins: Bins, colour: QColor, scale: float) -> QPixmap:
    """Draw a waveform, one column per bin, from its lowest to its highest sample.

    Parameters
    ----------
    bins : ndarray, shape (n_columns, 2), int8
    colour : QColor
    scale : float
        Device pixels per pixel.
    """
    width, height = round(WAVEFORM_PX.width() * scale), round(WAVEFORM_PX.height() * scale)
    columns = reduce_to(bins, width).astype(np.float32)
    # At this size it shows the shape, not the level: quiet sounds are enlarged.
    loudest = max(32.0, float(np.abs(columns).max()))
    rows = (height - 1) / 2 * (1 - columns / loudest)
    y = np.arange(height, dtype=np.float32)[:, None]
    is_drawn = (y >= np.floor(rows[:, 1])) & (y <= np.ceil(rows[:, 0]))
    pixels = np.where(is_drawn, np.uint32(colour.rgba()), np.uint32(0))
    image = QImage(pixels.tobytes(), width, height, width * 4, QImage.Format.Format_ARGB32)
    pixmap = QPixmap.fromImage(image)
    pixmap.setDevicePixelRatio(scale)
    return pixmap
