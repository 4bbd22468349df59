"""The cells of the sounds table: names, little waveforms, matches, and plain facts."""

from typing import Final

import numpy as np
from PySide6.QtCore import QLineF, QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from bowerbird.catalogue.records import SoundRow
from bowerbird.domain.matches import Match
from bowerbird.domain.peaks import Bins
from bowerbird.gui.models.sounds import MATCH_ROLE, PLAYING_ROLE, ROW_ROLE
from bowerbird.gui.theme import Tokens

ROW_PX: Final = 28
WAVEFORM_PX: Final = QSize(96, 20)
_PADDING_PX: Final = 8
_BAR_PX: Final = QSize(48, 4)

_SELECTED: Final = QStyle.StateFlag.State_Selected
_HOVERED: Final = QStyle.StateFlag.State_MouseOver

# Five tones of the viridis ramp, dark to bright: closeness, readable without telling red from green.
_RAMP: Final = ("#443983", "#31688e", "#21918c", "#35b779", "#90d743")


class CellDelegate(QStyledItemDelegate):
    """Paints a text cell: the row that plays is the loudest, a missing one is faint."""

    def __init__(self, colours: Tokens, parent: QWidget, *, is_primary: bool = False) -> None:
        super().__init__(parent)
        self._is_primary = is_primary
        self.recolour(colours)

    def recolour(self, colours: Tokens) -> None:
        """Take up another theme."""
        self.selected = colours.colour("raised")
        self.hovered = QColor(self.selected)
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
        state: QStyle.StateFlag = option.state
        if state & _SELECTED:
            painter.fillRect(rect, self.selected)
        elif state & _HOVERED:
            painter.fillRect(rect, self.hovered)
        sound: SoundRow | None = index.data(ROW_ROLE)
        if sound is not None:
            self.paint_cell(painter, rect, index, sound)

    def paint_cell(
        self, painter: QPainter, rect: QRect, index: QModelIndex | QPersistentModelIndex, sound: SoundRow
    ) -> None:
        """Paint what is in the cell."""
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
        text = str(index.data() or "")
        metrics = painter.fontMetrics()
        painter.setPen(colour)
        painter.drawText(
            inner,
            int(index.data(Qt.ItemDataRole.TextAlignmentRole)),
            metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, inner.width()),
        )

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """All rows are alike."""
        return QSize(80, ROW_PX)


class WaveformDelegate(CellDelegate):
    """Paints a sound's little waveform."""

    def paint_cell(
        self, painter: QPainter, rect: QRect, index: QModelIndex | QPersistentModelIndex, sound: SoundRow
    ) -> None:
        """Paint what is in the cell."""
        if sound.overview is None:
            return
        box = QRectF(QRect(QRect().topLeft(), WAVEFORM_PX))
        box.moveCenter(QRectF(rect).center())
        colour = self.accent if index.data(PLAYING_ROLE) else self.faint if sound.is_missing else self.wave
        draw_waveform(painter, box, sound.overview, colour)


class MatchDelegate(CellDelegate):
    """Paints how close a match is: a bar for the eye, the percentile in words, weak ones named so."""

    def paint_cell(
        self, painter: QPainter, rect: QRect, index: QModelIndex | QPersistentModelIndex, sound: SoundRow
    ) -> None:
        """Paint what is in the cell."""
        match: Match | None = index.data(MATCH_ROLE)
        if match is None or match.percentile is None:
            return
        # The upper tenth is where matches live: the bar spans it, and what lies below is weak.
        share = min(1.0, max(0.04, (match.percentile - 90) / 10))
        bar = QRectF(QRect(QRect().topLeft(), _BAR_PX))
        bar.moveCenter(QPointF(rect.left() + _PADDING_PX + _BAR_PX.width() / 2, rect.center().y() + 0.5))
        painter.fillRect(bar, self.selected)
        tone = QColor(_RAMP[min(len(_RAMP) - 1, int(share * len(_RAMP)))])
        painter.fillRect(QRectF(bar.left(), bar.top(), bar.width() * share, bar.height()), tone)
        painter.setPen(self.faint if match.is_weak else self.muted)
        inner = rect.adjusted(_PADDING_PX + _BAR_PX.width() + 6, 0, -_PADDING_PX, 0)
        text = "weak" if match.is_weak else f"{match.percentile:.1f} %"
        painter.drawText(inner, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), text)


def draw_waveform(painter: QPainter, box: QRectF, bins: Bins, colour: QColor) -> None:
    """Draw one vertical line a column, between least and greatest sample.

    Parameters
    ----------
    painter : QPainter
    box : QRectF
    bins : ndarray, shape (n_columns, 2), int8
    colour : QColor
    """
    n = len(bins)
    if not n:
        return
    # The little picture shows the shape, not the level: quiet sounds are drawn larger.
    loudest = max(1, int(np.abs(bins.astype(np.int16)).max()))
    scale = box.height() / 2 / max(32, loudest)
    middle = box.center().y()
    step = box.width() / n
    lines = [
        QLineF(box.left() + i * step, middle - high * scale - 0.5, box.left() + i * step, middle - low * scale + 0.5)
        for i, (low, high) in enumerate(bins.tolist())
    ]
    painter.setPen(QPen(colour, 1))
    painter.drawLines(lines)
