"""The table of sounds: keys, selection and dragging. The model and the delegates decide what a row shows."""

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QItemSelection, QItemSelectionModel, QItemSelectionRange, QModelIndex, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from bowerbird.domain.matches import Match
from bowerbird.domain.query import RELEVANCE
from bowerbird.gui.browse import sounds_model as sounds
from bowerbird.gui.browse.cells import ROW_PX, WAVEFORM_PX, CellDelegate, MatchDelegate, WaveformDelegate
from bowerbird.gui.browse.sounds_model import SoundsModel
from bowerbird.gui.shell.theme import Tokens

_WIDTHS = {
    sounds.NAME: 320,
    sounds.WAVEFORM: WAVEFORM_PX.width() + 16,
    sounds.MATCH: 124,
    sounds.DURATION: 84,
    sounds.CHANNELS: 76,
    sounds.RATE: 96,
    sounds.FOLDER: 220,
}
_OPTIONAL = (sounds.FOLDER, sounds.CHANNELS, sounds.RATE)
"""Columns that are hidden in narrow windows, the last first."""

_NAME_PX = 220
_WAVEFORM_FROM_PX = 360
_MAX_RANGES = 2000
"""Qt takes 1.6 s to select 20,000 separate rows."""


class SoundTable(QTableView):
    """Shows sounds.

    Signals
    -------
    moved : (row: int, is_passing: bool)
        The current row changed; `is_passing` while a held key repeats.
    current_lost : ()
        Other rows are shown, and none of them is current.
    order_chosen : (str, is_descending: bool)
    """

    moved = Signal(int, bool)
    current_lost = Signal()
    order_chosen = Signal(object, bool)

    def __init__(self, model: SoundsModel, colours: Tokens, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._is_repeating = False
        self._is_replacing = False
        self._indicator = (sounds.NAME, Qt.SortOrder.AscendingOrder)
        self.setModel(model)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)
        self.setAccessibleName(self.tr("Sounds"))
        rows = self.verticalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(ROW_PX)
        rows.setMinimumSectionSize(ROW_PX)
        self._delegates = {
            column: kind(colours, self)
            for column, kind in (
                (sounds.WAVEFORM, WaveformDelegate),
                (sounds.MATCH, MatchDelegate),
                (sounds.DURATION, CellDelegate),
                (sounds.CHANNELS, CellDelegate),
                (sounds.RATE, CellDelegate),
                (sounds.FOLDER, CellDelegate),
            )
        }
        self._delegates[sounds.NAME] = CellDelegate(colours, self, is_primary=True)
        for column, delegate in self._delegates.items():
            self.setItemDelegateForColumn(column, delegate)
        self._set_up_header()

    def _set_up_header(self) -> None:
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionsClickable(True)
        header.setSortIndicatorShown(True)
        header.setMinimumSectionSize(48)
        for column, width in _WIDTHS.items():
            self.setColumnWidth(column, width)
        header.setSectionResizeMode(sounds.NAME, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(sounds.WAVEFORM, QHeaderView.ResizeMode.Fixed)
        header.sectionClicked.connect(self._section_clicked)
        self.setColumnHidden(sounds.MATCH, True)

    def recolour(self, colours: Tokens) -> None:
        """Use the colours of another theme."""
        for delegate in self._delegates.values():
            delegate.recolour(colours)
        self.viewport().update()

    # Rows

    def show_order(self, order: str, *, is_descending: bool, has_matches: bool) -> None:
        """Mark the column that the rows are sorted by."""
        if self.isColumnHidden(sounds.MATCH) == has_matches:
            self.setColumnHidden(sounds.MATCH, not has_matches)
            self._fit()
        column = next(column for column, column_order in sounds.ORDERS.items() if column_order == order)
        direction = Qt.SortOrder.DescendingOrder if is_descending else Qt.SortOrder.AscendingOrder
        self._indicator = (column, direction)
        self.horizontalHeader().setSortIndicator(column, direction)

    def _section_clicked(self, column: int) -> None:
        order = sounds.ORDERS.get(column)
        header = self.horizontalHeader()
        if order is None:
            header.setSortIndicator(*self._indicator)  # Qt has already moved the arrow
            return
        # Qt has already turned the arrow; similarity is sorted in one direction only.
        is_descending = header.sortIndicatorOrder() is Qt.SortOrder.DescendingOrder and order != RELEVANCE
        self.order_chosen.emit(order, is_descending)

    def show_rows(self, ids: npt.NDArray[np.int64], matches: dict[int, Match], *, keeps_scroll: bool) -> None:
        """Show other rows; selected sounds that are still there stay selected, without being played again.

        Parameters
        ----------
        ids : ndarray, shape (n,), int64
        matches : dict of int to Match
        keeps_scroll : bool
            Whether the topmost visible sound stays there, even if rows are inserted above it.
        """
        chosen = self._model.sound_id(self.currentIndex().row())
        selected = self._model.sound_ids(self.selected_rows())
        top_row = self.rowAt(0) if self.verticalScrollBar().value() else -1  # the topmost sound stays there
        top, offset = self._model.sound_id(top_row), self.rowViewportPosition(top_row) if top_row >= 0 else 0
        self._model.show(ids, matches)
        row = self._model.row_of(chosen)
        if row >= 0:
            self.select(row, is_quiet=True)
        if len(selected) > 1:
            self._select_also(self._model.rows_of(selected))
        top_row = self._model.row_of(top) if keeps_scroll else -1
        if top_row >= 0:
            self.verticalScrollBar().setValue(top_row * ROW_PX - offset)
        elif not keeps_scroll:
            self.scrollToTop()
        if row < 0:
            self.current_lost.emit()

    def selected_rows(self) -> list[int]:
        """Return the selected rows in order; walking ranges makes a full selection of 100,000 rows cheap."""
        selection = self.selectionModel().selection()
        ranges = [selection.at(i) for i in range(selection.count())]
        return sorted({row for part in ranges for row in range(part.top(), part.bottom() + 1)})

    def select(self, row: int, *, is_quiet: bool) -> None:
        """Select a row; `is_quiet` means without playing it."""
        self._is_replacing = is_quiet
        try:
            flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
            self.selectionModel().setCurrentIndex(self._model.index(row, sounds.NAME), flags)
        finally:
            self._is_replacing = False

    def _select_also(self, rows: npt.NDArray[np.int64]) -> None:
        """Also select other rows, by ranges; if there are too many ranges, only the current row stays selected."""
        breaks = np.flatnonzero(np.diff(rows) > 1) + 1
        if len(breaks) > _MAX_RANGES:
            return
        selection = QItemSelection()
        for run in np.split(rows, breaks):
            if len(run):
                first, last = (self._model.index(int(run[end]), sounds.NAME) for end in (0, -1))
                selection.append(QItemSelectionRange(first, last))
        flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
        self.selectionModel().select(selection, flags)

    def currentChanged(self, current: sounds.Index, previous: sounds.Index) -> None:
        """Emit `moved` when another row becomes current."""
        super().currentChanged(current, previous)
        if current.isValid() and current.row() != previous.row() and not self._is_replacing:
            self.moved.emit(current.row(), self._is_repeating)

    # Keys

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Remember whether the key repeats: sounds are not played while it does."""
        self._is_repeating = event.isAutoRepeat()
        super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Play the sound at which a repeating key was released."""
        super().keyReleaseEvent(event)
        if self._is_repeating and not event.isAutoRepeat():
            self._is_repeating = False
            if self.currentIndex().isValid():
                self.moved.emit(self.currentIndex().row(), False)

    def moveCursor(
        self,
        cursorAction: QAbstractItemView.CursorAction,  # noqa: N803 - Qt's own name
        modifiers: Qt.KeyboardModifier,
    ) -> QModelIndex:
        """Move to the first and last row with Home and End, which Qt uses for columns."""
        n_rows = self._model.rowCount()
        if cursorAction is QAbstractItemView.CursorAction.MoveHome and n_rows:
            return self._model.index(0, sounds.NAME)
        if cursorAction is QAbstractItemView.CursorAction.MoveEnd and n_rows:
            return self._model.index(n_rows - 1, sounds.NAME)
        return super().moveCursor(cursorAction, modifiers)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Forget a repeating key: it may be released elsewhere."""
        super().focusOutEvent(event)
        self._is_repeating = False

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Select the first row when the focus comes by keyboard, and no row otherwise."""
        had_current = self.currentIndex().isValid()
        self._is_replacing = True  # Qt makes the first row current by itself
        super().focusInEvent(event)
        if not had_current:
            self.setCurrentIndex(QModelIndex())
        self._is_replacing = False
        by_keyboard = event.reason() in {Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason}
        if by_keyboard and not self.currentIndex().isValid() and self._model.rowCount():
            self.select(0, is_quiet=False)

    # Narrow windows

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Hide the less important columns where they do not fit."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Show as many of the less important columns as leave enough width for the name."""
        width_px = self.viewport().width()
        self.setColumnHidden(sounds.WAVEFORM, width_px < _WAVEFORM_FROM_PX)
        kept = (sounds.WAVEFORM, sounds.MATCH, sounds.DURATION)
        left_px = width_px - _NAME_PX - sum(self.columnWidth(column) for column in kept)  # hidden columns have no width
        for column in _OPTIONAL:
            left_px -= max(_WIDTHS[column], self.columnWidth(column))
            self.setColumnHidden(column, left_px < 0)
