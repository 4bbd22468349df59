"""Columns of results, one per system. Moving the selection plays, and the same sound is marked in every column."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableWidget,
    QTableWidgetItem,
)

from bowerbird.base.text import duration_text, printable
from bowerbird.gui.listening.system_rows import description_of
from bowerbird.gui.shell import theme
from bowerbird.listening.systems.side_by_side import Result, ResultColumn

_RESULT: Final = Qt.ItemDataRole.UserRole
_ROW_PX: Final = 28
_TWO_LINES_PX: Final = 44
_COLUMN_PX: Final = 168
_NARROW_PX: Final = 232
"""Narrower columns show the length below the name."""

_EDGE_PX: Final = 8
_LENGTH_PX: Final = 56
_DOT_PX: Final = 4
_DOTS_PX: Final = 32


class ResultsTable(QTableWidget):
    """Results in columns.

    Signals
    -------
    play_requested : Path
    toggled : Path or None
        Space: stop playback, or play this sound.
    """

    play_requested = Signal(object)
    toggled = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.playing: Path | None = None
        self.has_shared = False
        self.is_narrow = False
        self._is_by_key = False
        self._is_repeating = False
        self.setItemDelegate(_CellDelegate(self))
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectItems)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setMouseTracking(True)
        self.setWordWrap(True)
        self.setCornerButtonEnabled(False)
        self.setAccessibleName(self.tr("Results of each system"))
        top, side = self.horizontalHeader(), self.verticalHeader()
        top.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        top.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        top.setHighlightSections(False)
        top.setSectionsClickable(False)
        side.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        side.setDefaultAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        side.setHighlightSections(False)
        side.setSectionsClickable(False)
        side.setFixedWidth(32)
        self.currentCellChanged.connect(self._moved)
        self.cellPressed.connect(self._play)

    def show_columns(self, columns: Sequence[ResultColumn], *, has_shared: bool) -> None:
        """Show new results; playback does not start."""
        row, column = max(0, self.currentRow()), max(0, self.currentColumn())
        self.has_shared = has_shared
        self.clear()
        self.clearSpans()
        self.setColumnCount(len(columns))
        n_rows = max((len(column.results) for column in columns), default=0) or (1 if columns else 0)
        self.setRowCount(n_rows)
        self.setVerticalHeaderLabels([str(row + 1) for row in range(n_rows)])
        for index, result_column in enumerate(columns):
            self._fill(index, result_column, len(columns), n_rows)
        self._fit()
        if columns:
            self.setCurrentCell(min(row, n_rows - 1), min(column, len(columns) - 1))

    def _fill(self, index: int, column: ResultColumn, n_columns: int, n_rows: int) -> None:
        heading = QTableWidgetItem(column.system.name)
        if column.average_precision is not None:
            heading.setText(f"{column.system.name}   AP@15 {column.average_precision:.2f}")
        heading.setToolTip(description_of(column.system))
        self.setHorizontalHeaderItem(index, heading)
        for rank, result in enumerate(column.results):
            item = QTableWidgetItem(printable(result.path.name))
            item.setData(_RESULT, result)
            found = (
                "\n" + self.tr("Found by {} of {} systems").format(result.n_columns, n_columns)
                if result.n_columns > 1
                else ""
            )
            shared = f"\n{self.tr('Shared classes:')} {', '.join(result.shared)}" if result.shared else ""
            item.setToolTip(f"{printable(str(result.path))}{found}{shared}\n{self.tr('Score')} {result.score:.3f}")
            self.setItem(rank, index, item)
        if not column.results:
            item = QTableWidgetItem(column.error or "")
            item.setTextAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
            item.setFlags(Qt.ItemFlag.NoItemFlags)
            self.setItem(0, index, item)
            if n_rows > 1:
                self.setSpan(0, index, n_rows, 1)

    def show_playing(self, path: Path | None) -> None:
        """Mark the sound that is playing, or none."""
        self.playing = path
        self.viewport().update()

    def result_at(self, row: int, column: int) -> Result | None:
        """Return the result in a cell."""
        item = self.item(row, column)
        result: Result | None = item.data(_RESULT) if item is not None else None
        return result

    @property
    def current(self) -> Result | None:
        """The selected result."""
        return self.result_at(self.currentRow(), self.currentColumn())

    def _play(self, row: int, column: int) -> None:
        result = self.result_at(row, column)
        if result is not None:
            self.play_requested.emit(result.path)

    def _moved(self, row: int, column: int, _before_row: int, _before_column: int) -> None:
        self.viewport().update()  # the same sound is marked elsewhere
        if self._is_by_key and not self._is_repeating:
            self._play(row, column)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Play when the selection moves, but not while a key repeats; Space stops or plays, Enter plays again."""
        if event.key() == Qt.Key.Key_Space:
            self.toggled.emit(self.current.path if self.current is not None else None)
            return
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self._play(self.currentRow(), self.currentColumn())
            return
        self._is_by_key, self._is_repeating = True, event.isAutoRepeat()
        super().keyPressEvent(event)
        self._is_by_key = False

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Play the selected sound when a repeating key is released."""
        super().keyReleaseEvent(event)
        if self._is_repeating and not event.isAutoRepeat():
            self._is_repeating = False
            self._play(self.currentRow(), self.currentColumn())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Divide the width among the columns."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        n_columns = self.columnCount()
        if n_columns:
            width = max(_COLUMN_PX, self.viewport().width() // n_columns)
            for column in range(n_columns):
                self.setColumnWidth(column, width)
            self.is_narrow = width < _NARROW_PX
            has_two = self.has_shared or self.is_narrow
            self.verticalHeader().setDefaultSectionSize(_TWO_LINES_PX if has_two else _ROW_PX)

    def minimumSizeHint(self) -> QSize:
        """Allow a small table."""
        return QSize(200, 120)


class _CellDelegate(QStyledItemDelegate):
    """Paints a result: its name, the number of columns that contain it, its length, and shared classes."""

    def __init__(self, table: ResultsTable) -> None:
        super().__init__(table)
        self._table = table

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Paint a cell."""
        colours = theme.shown()
        rect: QRect = option.rect
        result: Result | None = index.data(_RESULT)
        if result is None:
            painter.setPen(colours.colour("muted"))
            text_rect = rect.adjusted(_EDGE_PX, 6, -_EDGE_PX, -6)
            painter.drawText(text_rect, Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignTop, str(index.data() or ""))
            return
        current = self._table.current
        is_selected = bool(option.state & QStyle.StateFlag.State_Selected)
        is_same = current is not None and current.path == result.path
        if is_selected or is_same or option.state & QStyle.StateFlag.State_MouseOver:
            tone = colours.colour("raised")
            tone.setAlpha(255 if is_selected else 130)
            painter.fillRect(rect, tone)
        if is_selected and self._table.hasFocus():
            painter.setPen(colours.colour("accent"))
            painter.drawRect(rect.adjusted(0, 0, -1, -1))
        first = second = rect.adjusted(_EDGE_PX, 0, -_EDGE_PX, 0)
        if self._table.has_shared or self._table.is_narrow:
            second = QRect(first.left(), first.top() + 23, first.width(), 16)
            first = QRect(first.left(), first.top() + 4, first.width(), 20)
        room_px = first.width() - (0 if self._table.is_narrow else _LENGTH_PX + _DOTS_PX)
        self._paint_name(painter, QRect(first.left(), first.top(), max(0, room_px), first.height()), result)
        facts = second if self._table.is_narrow else first
        _paint_dots(painter, facts, result.n_columns)
        painter.save()
        if self._table.is_narrow:
            _make_small(painter)
        painter.setPen(colours.colour("muted"))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(facts, right, duration_text(result.duration_s))
        painter.restore()
        if result.shared:
            room_px = second.width() - (_LENGTH_PX + _DOTS_PX if self._table.is_narrow else 0)
            _paint_shared(painter, QRect(second.left(), second.top(), max(0, room_px), second.height()), result)

    def _paint_name(self, painter: QPainter, rect: QRect, result: Result) -> None:
        is_playing = self._table.playing == result.path
        painter.setPen(theme.shown().colour("accent" if is_playing else "text"))
        text = painter.fontMetrics().elidedText(printable(result.path.name), Qt.TextElideMode.ElideMiddle, rect.width())
        painter.drawText(rect, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)


def _paint_dots(painter: QPainter, rect: QRect, n_columns: int) -> None:
    """Paint a dot for each column that contains the sound, unless it is a single column."""
    if n_columns < 2:
        return
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.shown().colour("muted"))
    x, y = rect.right() - _LENGTH_PX - _DOTS_PX + _EDGE_PX, rect.center().y() + 0.5
    for index in range(n_columns):
        painter.drawEllipse(QPointF(x + index * (_DOT_PX + 1), y), _DOT_PX / 2 - 0.25, _DOT_PX / 2 - 0.25)
    painter.restore()


def _paint_shared(painter: QPainter, rect: QRect, result: Result) -> None:
    painter.save()
    _make_small(painter)
    painter.setPen(theme.shown().colour("query"))
    text = painter.fontMetrics().elidedText(", ".join(result.shared), Qt.TextElideMode.ElideRight, rect.width())
    painter.drawText(rect, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
    painter.restore()


def _make_small(painter: QPainter) -> None:
    font = painter.font()
    font.setPixelSize(11)
    painter.setFont(font)
