"""The look of the trees on the left: a text, and on the right a number of sounds."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, Qt
from PySide6.QtGui import QPainter, QPalette, QStandardItemModel
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTreeView, QWidget

from bowerbird.gui.shell import theme

COUNT_ROLE = int(Qt.ItemDataRole.UserRole) + 1
DIMMED_ROLE = int(Qt.ItemDataRole.UserRole) + 2
_GAP_PX = 8


class CountedTree(QTreeView):
    """A tree whose rows have a count; `COUNT_ROLE` is its text, `DIMMED_ROLE` is true for what is not connected."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = QStandardItemModel(self)
        self.setModel(self._model)
        self.setHeaderHidden(True)
        self.setItemDelegate(_CountDelegate(self))
        self.setUniformRowHeights(True)
        self.setIndentation(12)
        self.setEditTriggers(QTreeView.EditTrigger.NoEditTriggers)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)


class _CountDelegate(QStyledItemDelegate):
    """Paints a row: its text, elided in the middle, and its count."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Paint an item."""
        options = QStyleOptionViewItem(option)
        self.initStyleOption(options, index)
        count, rect = str(index.data(COUNT_ROLE) or ""), QRect(options.rect)
        name = options.text
        options.text = ""
        style = options.widget.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, options, painter, options.widget)
        count_px = options.fontMetrics.horizontalAdvance(count)
        inner = rect.adjusted(4, 0, -_GAP_PX, 0)
        painter.setPen(theme.shown().colour("muted"))
        painter.drawText(inner, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), count)
        is_dimmed = bool(index.data(DIMMED_ROLE))
        is_selected = bool(options.state & QStyle.StateFlag.State_Selected)
        dimmed = theme.shown().colour("muted" if is_selected else "faint")
        painter.setPen(dimmed if is_dimmed else options.palette.color(QPalette.ColorRole.Text))
        room_px = inner.width() - count_px - _GAP_PX
        elided = options.fontMetrics.elidedText(name, Qt.TextElideMode.ElideMiddle, room_px)
        left = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        painter.drawText(inner.adjusted(0, 0, -count_px - _GAP_PX, 0), left, elided)
