"""The table of sounds: keys, selection and dragging. The model and the delegates decide what a row shows."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QItemSelectionRange,
    QModelIndex,
    QPoint,
    QPointF,
    QRect,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPolygonF, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QStyleOptionHeader, QTableView, QWidget

from bowerbird.domain.query import RELEVANCE
from bowerbird.gui.browse.cells import (
    FOLD_ARROW_PX,
    MATCH_BAR_PX,
    ROW_PX,
    CellDelegate,
    MatchDelegate,
    WaveformDelegate,
)
from bowerbird.gui.browse.columns import (
    COLUMNS,
    DEFAULT_COLUMNS,
    DEFAULT_ORDER,
    FIXED,
    INDEX_OF,
    MATCH,
    NAME,
    WAVEFORM,
    chosen_columns,
    column_of,
)
from bowerbird.gui.browse.query_history import ListPosition
from bowerbird.gui.browse.sounds_model import Index, SoundsModel
from bowerbird.gui.shell import theme
from bowerbird.gui.shell.drops import drag_files
from bowerbird.gui.shell.styled import Menu
from bowerbird.gui.shell.theme import Tokens
from bowerbird.gui.translation import translate
from bowerbird.library.search.browsing import Listing

_ARROW_PX: Final = 7
_NAME_PX: Final = 180
"""The name keeps this much: other columns are hidden before it gets less, the last first."""

_WAVEFORM_FROM_PX: Final = 340
_BARS_BELOW_PX: Final = 460
_RELEASE_MS: Final = 40
"""How long after its release a held key may turn out to be held still."""

_PADDING_PX: Final = 8

_MAX_RANGES: Final = 2000
"""Qt takes 1.6 s to select 20,000 separate rows."""


class SortHeader(QHeaderView):
    """A header whose arrow takes no room from the titles; it points up where values grow."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setSectionsClickable(True)
        self.setHighlightSections(False)

    def initStyleOptionForIndex(self, option: QStyleOptionHeader, logicalIndex: int) -> None:  # noqa: N803 - Qt's name
        """Leave the arrow to `paintSection`."""
        super().initStyleOptionForIndex(option, logicalIndex)
        option.sortIndicator = QStyleOptionHeader.SortIndicator.None_

    def paintSection(self, painter: QPainter, rect: QRect, logicalIndex: int) -> None:  # noqa: N803 - Qt's name
        """Paint a title, and the arrow on the other side of the section."""
        super().paintSection(painter, rect, logicalIndex)
        if logicalIndex != self.sortIndicatorSection():
            return
        is_numeric = COLUMNS[logicalIndex].is_numeric
        x = rect.left() + _ARROW_PX + 2.0 if is_numeric else rect.right() - _ARROW_PX - 2.0
        y = rect.center().y() + 0.5
        grows = self.sortIndicatorOrder() is Qt.SortOrder.AscendingOrder and logicalIndex != MATCH  # the best is first
        height = _ARROW_PX / 2 if grows else -_ARROW_PX / 2
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.shown().colour("muted"))
        corners = [QPointF(x - _ARROW_PX / 2, y + height / 2), QPointF(x + _ARROW_PX / 2, y + height / 2)]
        painter.drawPolygon(QPolygonF([*corners, QPointF(x, y - height / 2)]))
        painter.restore()


class SoundTable(QTableView):
    """Shows sounds.

    Signals
    -------
    moved : (row: int, is_passing: bool)
        The current row changed; `is_passing` while a held key repeats.
    current_lost : ()
        Other rows are shown, and none of them is current.
    order_chosen : (str, is_descending: bool)
    dragged : list of int
        Ids of sounds that another program has taken.
    selection_changed : int
        The number of selected sounds.
    columns_changed : ()
        The user chose, moved or resized columns.
    """

    moved = Signal(int, bool)
    current_lost = Signal()
    order_chosen = Signal(object, bool)
    columns_changed = Signal()
    dragged = Signal(list)
    selection_changed = Signal(int)

    def __init__(self, model: SoundsModel, colours: Tokens, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._is_repeating = False
        self._hovered_row = -1
        self._release_timer = QTimer(self, singleShot=True, interval=_RELEASE_MS)
        self._release_timer.timeout.connect(self._end_repeating)
        self._is_replacing = False
        self._indicator = (NAME, Qt.SortOrder.AscendingOrder)
        self._columns: tuple[str, ...] = DEFAULT_COLUMNS
        self._has_matches = False
        self._is_laying_out = False
        self._divided_row: int | None = None
        self._widths = {column.name: column.width_px for column in COLUMNS if column.name not in {"name", "waveform"}}
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
        kinds = {WAVEFORM: WaveformDelegate, MATCH: MatchDelegate}
        self._delegates = {
            column: kinds.get(column, CellDelegate)(colours, self, is_primary=column == NAME)
            for column in range(len(COLUMNS))
        }
        for column, delegate in self._delegates.items():
            self.setItemDelegateForColumn(column, delegate)
        self._set_up_header()

    def _set_up_header(self) -> None:
        header = SortHeader(self)
        self.setHorizontalHeader(header)
        header.setSortIndicatorShown(True)
        header.setMinimumSectionSize(48)
        header.setSectionsMovable(True)
        header.setFirstSectionMovable(False)
        for index, column in enumerate(COLUMNS):
            self.setColumnWidth(index, column.width_px)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(WAVEFORM, QHeaderView.ResizeMode.Fixed)
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(self._open_column_menu)
        header.sectionClicked.connect(self._section_clicked)
        header.sectionMoved.connect(self._section_moved)
        header.sectionResized.connect(self._section_resized)
        self.show_columns(DEFAULT_COLUMNS, {})

    # Columns

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are wanted, from left to right; those that do not fit are among them."""
        return self._columns

    @property
    def column_widths(self) -> dict[str, int]:
        """The widths of columns that the user has changed, in pixels."""
        return {name: px for name, px in self._widths.items() if px != COLUMNS[INDEX_OF[name]].width_px}

    def show_columns(self, names: Sequence[str], widths_px: dict[str, int]) -> None:
        """Show columns from left to right.

        Parameters
        ----------
        names : sequence of str
            Unknown columns are left out.
        widths_px : dict of str to int
            Widths that differ from the default.
        """
        self._columns = chosen_columns(names)
        header = self.horizontalHeader()
        self._is_laying_out = True
        for position, name in enumerate(dict.fromkeys((*self._columns, *DEFAULT_ORDER))):
            index = INDEX_OF[name]
            header.moveSection(header.visualIndex(index), position)
        self._is_laying_out = False
        self._widths |= {name: max(48, px) for name, px in widths_px.items() if name in self._widths}
        self._fit()

    def choose_column(self, name: str, *, is_shown: bool) -> None:
        """Show or hide a column."""
        kept = tuple(column for column in self._columns if column != name)
        self.show_columns((*kept, name) if is_shown else kept, {})
        self.columns_changed.emit()

    def _open_column_menu(self, position: QPoint) -> None:
        menu = Menu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.fill_column_menu(menu)
        menu.popup(self.horizontalHeader().mapToGlobal(position))

    def fill_column_menu(self, menu: QMenu) -> None:
        """Add an entry for each column that can be shown or hidden."""
        for name in DEFAULT_ORDER:
            if name not in FIXED:
                action = menu.addAction(translate("Columns", COLUMNS[INDEX_OF[name]].title))
                action.setCheckable(True)
                action.setChecked(name in self._columns)
                action.toggled.connect(lambda is_shown, name=name: self.choose_column(name, is_shown=is_shown))
        menu.addSeparator()
        menu.addAction(self.tr("Default columns"), self._reset_columns)

    def _reset_columns(self) -> None:
        self.show_columns(DEFAULT_COLUMNS, {column.name: column.width_px for column in COLUMNS})
        self.columns_changed.emit()

    def _section_moved(self, *_: int) -> None:
        if self._is_laying_out:
            return
        header = self.horizontalHeader()
        order = sorted(self._columns, key=lambda name: header.visualIndex(INDEX_OF[name]))
        self._columns = tuple(order)
        self.columns_changed.emit()

    def _section_resized(self, column: int, old_px: int, new_px: int) -> None:
        name = COLUMNS[column].name
        if not self._is_laying_out and old_px and new_px and name in self._widths:
            self._widths[name] = new_px
            self.columns_changed.emit()

    def set_row_height(self, height_px: int) -> None:
        """Set the height of all rows, in pixels."""
        self.verticalHeader().setDefaultSectionSize(height_px)
        self._divide()

    @property
    def row_px(self) -> int:
        """The height of a row, in pixels."""
        return self.verticalHeader().defaultSectionSize()

    def recolour(self, colours: Tokens) -> None:
        """Use the colours of another theme."""
        for delegate in self._delegates.values():
            delegate.recolour(colours)
        self.viewport().update()

    # Rows

    def show_order(self, order: str, *, is_descending: bool, has_matches: bool) -> None:
        """Mark the column that the rows are sorted by."""
        if self._has_matches != has_matches:
            self._has_matches = has_matches
            self._fit()
        column = column_of(order)
        direction = Qt.SortOrder.DescendingOrder if is_descending else Qt.SortOrder.AscendingOrder
        self._indicator = (column, direction)
        self.horizontalHeader().setSortIndicator(column, direction)

    def _section_clicked(self, column: int) -> None:
        order = COLUMNS[column].order
        header = self.horizontalHeader()
        if order is None:
            header.setSortIndicator(*self._indicator)  # Qt has already moved the arrow
            return
        # Qt has already turned the arrow; similarity is sorted in one direction only.
        is_descending = header.sortIndicatorOrder() is Qt.SortOrder.DescendingOrder and order != RELEVANCE
        self.order_chosen.emit(order, is_descending)

    def show_rows(self, listing: Listing, *, keeps_scroll: bool) -> None:
        """Show other rows; selected sounds that are still there stay selected, without being played again.

        Parameters
        ----------
        listing : Listing
        keeps_scroll : bool
            Whether the topmost visible sound stays there, even if rows are inserted above it.
        """
        chosen = self._model.sound_id(self.currentIndex().row())
        moment_s = self._model.moment_s(self.currentIndex().row())
        rows = self.selected_rows()
        selected = self._model.sound_ids([row for row in rows if self._model.moment_s(row) is None])
        top_row = self.rowAt(0) if self.verticalScrollBar().value() else -1  # the topmost sound stays there
        top, top_s = self._model.sound_id(top_row), self._model.moment_s(top_row)
        offset = self.rowViewportPosition(top_row) if top_row >= 0 else 0
        self._model.show(listing)
        self._divide()
        row = self._model.row_of(chosen, moment_s)
        if row >= 0:
            self.select(row, is_quiet=True)
        if len(rows) > 1:
            self._select_also(self._model.rows_of(selected))
        top_row = self._model.row_of(top, top_s) if keeps_scroll else -1
        if top_row >= 0:
            self.verticalScrollBar().setValue(self.verticalHeader().sectionPosition(top_row) - offset)
        elif not keeps_scroll:
            self.scrollToTop()
        self._tell_selected()  # a model that is reset forgets its selection without a signal
        if row < 0:
            self.current_lost.emit()

    def position(self) -> ListPosition:
        """Return where the list stands."""
        top_row = self.rowAt(0)
        rows = self.selected_rows()
        return ListPosition(
            self._model.sound_id(top_row),
            self.rowViewportPosition(top_row) if top_row >= 0 else 0,
            self._model.sound_id(self.currentIndex().row()),
            self._model.sound_ids(rows),
            self._model.moment_s(top_row),
            self._model.moment_s(self.currentIndex().row()) if len(rows) == 1 else None,
        )

    def return_to(self, position: ListPosition) -> None:
        """Scroll and select as a list stood when it was left, without playing."""
        row = self._model.row_of(position.current_id, position.moment_s)
        if row >= 0:
            self.select(row, is_quiet=True)
        if len(position.selected_ids) > 1:
            self._select_also(self._model.rows_of(position.selected_ids))
        top_row = self._model.row_of(position.top_id, position.top_s)
        if top_row >= 0:
            self.verticalScrollBar().setValue(self.verticalHeader().sectionPosition(top_row) - position.offset_px)

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
            self.selectionModel().setCurrentIndex(self._model.index(row, NAME), flags)
        finally:
            self._is_replacing = False

    def clear_selection(self) -> None:
        """Select nothing, with no current row."""
        self.selectionModel().clear()

    def _select_also(self, rows: npt.NDArray[np.int64]) -> None:
        """Also select other rows, by ranges; if there are too many ranges, only the current row stays selected."""
        breaks = np.flatnonzero(np.diff(rows) > 1) + 1
        if len(breaks) > _MAX_RANGES:
            return
        selection = QItemSelection()
        for run in np.split(rows, breaks):
            if len(run):
                first, last = (self._model.index(int(run[end]), NAME) for end in (0, -1))
                selection.append(QItemSelectionRange(first, last))
        flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
        self.selectionModel().select(selection, flags)

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        """Emit how many sounds are selected."""
        super().selectionChanged(selected, deselected)
        self._tell_selected()

    def _tell_selected(self) -> None:
        selection = self.selectionModel().selection()
        parts = [selection.at(number) for number in range(selection.count())]
        n_rows = sum(part.bottom() - part.top() + 1 for part in parts)
        has_moments = self._model.has_moments and n_rows > 1
        self.selection_changed.emit(len(self._model.sound_ids(self.selected_rows())) if has_moments else n_rows)

    def currentChanged(self, current: Index, previous: Index) -> None:
        """Emit `moved` when another row becomes current."""
        super().currentChanged(current, previous)
        if current.isValid() and current.row() != previous.row() and not self._is_replacing:
            self.moved.emit(current.row(), self._is_repeating)

    # The line above what is probably no match

    def _divide(self) -> None:
        """Make room for the line above the first sound that is probably no match."""
        rows = self.verticalHeader()
        if self._divided_row is not None and self._divided_row < rows.count():
            rows.resizeSection(self._divided_row, self.row_px)
        self._divided_row = self._model.first_unlikely_row
        top_px = {} if self._divided_row is None else {self._divided_row: self.row_px}
        for delegate in self._delegates.values():
            delegate.top_px = top_px
        if self._divided_row is not None:
            rows.resizeSection(self._divided_row, 2 * self.row_px)

    def _is_on_line(self, position: QPoint) -> bool:
        row = self._divided_row
        return row is not None and 0 <= position.y() - self.rowViewportPosition(row) < self.row_px

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the line, and what it says, over the upper half of the row that it is above."""
        super().paintEvent(event)
        if self._divided_row is None:
            return
        top = self.rowViewportPosition(self._divided_row)
        if not -self.row_px < top < self.viewport().height():
            return
        colours = theme.shown()
        painter = QPainter(self.viewport())
        width, bottom = self.viewport().width(), top + self.row_px
        text = self.tr("Nothing closer. These are the least unlike.")
        painter.setPen(colours.colour("muted"))
        room = QRect(_PADDING_PX, top, width - 2 * _PADDING_PX, self.row_px)
        elided = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), elided)
        painter.setPen(colours.colour("line"))
        painter.drawLine(_PADDING_PX, bottom - 1, width - _PADDING_PX, bottom - 1)

    # Folding

    def toggle_fold(self) -> None:
        """Show what is folded below the current row, or fold it again, from a row below it as well."""
        row = self.currentIndex().row()
        if row < 0:
            return
        row = self._model.fold_row(row)
        fold = self._model.fold_of(row)
        if fold is None:
            return
        if fold[1] and self.currentIndex().row() != row:
            self.select(row, is_quiet=False)
        self._toggle_fold(row)

    def _toggle_fold(self, row: int) -> None:
        self._model.toggle_fold(row)
        self._divide()
        self._tell_selected()

    def _fold_at(self, position: QPoint) -> int | None:
        """Return the row whose fold is at a position."""
        index = self.indexAt(position)
        fold = self._model.fold_of(index.row()) if index.isValid() and index.column() == NAME else None
        if fold is None:
            return None
        width = self.fontMetrics().horizontalAdvance(fold[0]) + FOLD_ARROW_PX + 2 * _PADDING_PX
        return index.row() if position.x() > self.visualRect(index).right() - width else None

    # Dragging

    def startDrag(self, supportedActions: Qt.DropAction) -> None:  # noqa: N803 - Qt's own name
        """Drag the files of the selected sounds; emit `dragged` when another program has taken them."""
        rows = self.selected_rows()
        if drag_files(self, self._model.mimeData([self._model.index(row, NAME) for row in rows])):
            self.dragged.emit(self._model.sound_ids(rows).tolist())

    # Mouse and keys

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Leave the buttons for Back and Forward to the window; the line between rows does not react.

        A click on what is folded below a sound shows it, and does not select the sound.
        """
        position = event.position().toPoint()
        folded_row = self._fold_at(position) if event.button() is Qt.MouseButton.LeftButton else None
        if event.button() in {Qt.MouseButton.BackButton, Qt.MouseButton.ForwardButton}:
            event.ignore()
        elif self._is_on_line(position):
            event.accept()
        elif folded_row is not None:
            self._toggle_fold(folded_row)
            event.accept()
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Tint the whole row under the pointer."""
        super().mouseMoveEvent(event)
        self._hover(self.rowAt(event.position().toPoint().y()))

    def leaveEvent(self, event: QEvent) -> None:
        """Tint no row."""
        super().leaveEvent(event)
        self._hover(-1)

    def _hover(self, row: int) -> None:
        former, self._hovered_row = self._hovered_row, row
        if former == row:
            return
        for delegate in self._delegates.values():
            delegate.hovered_row = row
        for changed in {former, row} - {-1}:
            top, width = self.rowViewportPosition(changed), self.viewport().width()
            self.viewport().update(0, top, width, self.rowHeight(changed))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Remember whether the key repeats: sounds are not played while it does."""
        self._is_repeating = event.isAutoRepeat() or self._release_timer.isActive()
        self._release_timer.stop()
        super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Play the sound at which a repeating key was released, unless it is pressed again at once.

        On a busy X server, Qt takes some of the releases that it invents for a held key for real ones.
        """
        super().keyReleaseEvent(event)
        if self._is_repeating and not event.isAutoRepeat():
            self._release_timer.start()

    def _end_repeating(self) -> None:
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
            return self._model.index(0, NAME)
        if cursorAction is QAbstractItemView.CursorAction.MoveEnd and n_rows:
            return self._model.index(n_rows - 1, NAME)
        return super().moveCursor(cursorAction, modifiers)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Forget a repeating key: it may be released elsewhere."""
        super().focusOutEvent(event)
        self._release_timer.stop()
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

    def _width_px(self, name: str, *, is_narrow: bool) -> int:
        """Return the width of a column; a narrow list shows matches as bars without words."""
        return (
            MATCH_BAR_PX if name == "match" and is_narrow else self._widths.get(name, COLUMNS[INDEX_OF[name]].width_px)
        )

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Hide the less important columns where they do not fit."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Show as many of the chosen columns as leave enough width for the name; the last are hidden first."""
        width_px = self.viewport().width()
        shown = {"name"}
        left_px = width_px - _NAME_PX
        wanted = [name for name in self._columns if name != "name" and (name != "match" or self._has_matches)]
        is_narrow = width_px < _BARS_BELOW_PX
        for name in sorted(wanted, key=lambda name: (name not in FIXED, name != "match")):
            left_px -= self._width_px(name, is_narrow=is_narrow)
            if name == "match" or (left_px >= 0 and (name != "waveform" or width_px >= _WAVEFORM_FROM_PX)):
                shown.add(name)
            elif name == "waveform":
                left_px += COLUMNS[WAVEFORM].width_px
            else:
                break
        self._is_laying_out = True
        for index, column in enumerate(COLUMNS):
            self.setColumnHidden(index, column.name not in shown)
            if column.name in shown and column.name in self._widths:
                self.setColumnWidth(index, self._width_px(column.name, is_narrow=is_narrow))
        self._is_laying_out = False
