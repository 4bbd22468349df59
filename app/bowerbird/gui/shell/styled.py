"""Widgets with a role in the style sheet."""

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QSize, Qt
from PySide6.QtGui import QIcon, QKeyEvent, QKeySequence, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFrame,
    QLabel,
    QLayout,
    QLayoutItem,
    QMenu,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QStyle,
    QStyleOptionButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from bowerbird.gui.shell import theme

_Widget = TypeVar("_Widget", bound=QWidget)
_FRAME_PX = 40
_LEAST_FLOW_PX = 48


class ElidedLabel(QLabel):
    """A line of text that is elided in its middle, or at its end."""

    def __init__(self, role: str, mode: Qt.TextElideMode = Qt.TextElideMode.ElideMiddle) -> None:
        super().__init__()
        self.setObjectName(role)
        self._text = ""
        self._mode = mode
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignAbsolute | Qt.AlignmentFlag.AlignVCenter)

    def set_text(self, text: str, *, explanation: str = "") -> None:
        """Show a text, elided where it does not fit; its tool tip has all of it, and an explanation below."""
        self._text = text
        self.setToolTip(f"{text}\n\n{explanation}" if explanation else text)
        self._elide()

    @property
    def whole_text(self) -> str:
        """The text before it is elided."""
        return self._text

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Elide the text again."""
        super().resizeEvent(event)
        self._elide()

    def _elide(self) -> None:
        self.setText(self.fontMetrics().elidedText(self._text, self._mode, self.width()))


class FlowLayout(QLayout):
    """Places widgets in rows, from left to right, each as wide as it needs."""

    def __init__(self, parent: QWidget | None = None, *, gap_px: int = 8) -> None:
        super().__init__(parent)
        self.setContentsMargins(0, 0, 0, 0)
        self._gap_px = gap_px
        self._items: list[QLayoutItem] = []

    def addItem(self, item: QLayoutItem) -> None:
        """Add an item at the end."""
        self._items.append(item)
        self.invalidate()

    def count(self) -> int:
        """Return the number of items."""
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        """Return an item; None where there is none."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        """Remove an item and return it; None where there is none."""
        if not 0 <= index < len(self._items):
            return None
        item = self._items.pop(index)
        self.invalidate()
        return item

    def expandingDirections(self) -> Qt.Orientation:
        """Return that no item needs more space."""
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        """Return that a narrower layout is higher."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Return the height of all rows."""
        return self._place(QRect(0, 0, width, 0), is_moving=False)

    def setGeometry(self, rect: QRect) -> None:
        """Place the items."""
        super().setGeometry(rect)
        self._place(rect, is_moving=True)

    def sizeHint(self) -> QSize:
        """Return the minimum size: wider is always better."""
        return self.minimumSize()

    def minimumSize(self) -> QSize:
        """Return the height of the highest item; items are narrowed rather than the layout widened."""
        size = QSize(_LEAST_FLOW_PX, 0)
        for item in self._items:
            size = size.expandedTo(QSize(0, item.minimumSize().height()))
        margins = self.contentsMargins()
        return size + QSize(margins.left() + margins.right(), margins.top() + margins.bottom())

    def _place(self, rect: QRect, *, is_moving: bool) -> int:
        margins = self.contentsMargins()
        room = rect.adjusted(margins.left(), margins.top(), -margins.right(), -margins.bottom())
        x, y, row_px = room.x(), room.y(), 0
        for item in self._items:
            widget = item.widget()
            if widget is not None and widget.isHidden():
                continue
            size = item.sizeHint().boundedTo(QSize(room.width(), 1 << 20))
            if x > room.x() and x + size.width() > room.x() + room.width():
                x, y, row_px = room.x(), y + row_px + self._gap_px // 2, 0
            if is_moving:
                item.setGeometry(QRect(QPoint(x, y), size))
            x += size.width() + self._gap_px
            row_px = max(row_px, size.height())
        return y + row_px - rect.y() + margins.bottom()


class CheckBox(QCheckBox):
    """A box with a tick."""

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the box, then the tick, which style sheets leave out."""
        super().paintEvent(event)
        if not self.isChecked():
            return
        option = QStyleOptionButton()
        self.initStyleOption(option)
        box = self.style().subElementRect(QStyle.SubElement.SE_CheckBoxIndicator, option, self)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.shown().colour("panel"), 1.75))
        corners = ((0.24, 0.52), (0.42, 0.70), (0.76, 0.30))
        painter.drawPolyline([QPointF(box.x() + box.width() * x, box.y() + box.height() * y) for x, y in corners])
        painter.end()


class Menu(QMenu):
    """A menu that keeps every key while it is open: Qt would run the actions of the window behind it."""

    def event(self, event: QEvent) -> bool:
        """Take keys before they become actions."""
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ignore letters that choose nothing here: a menu passes them on to the menu bar, and that to the window."""
        is_typed = bool(event.text()) and event.text().isprintable()
        is_held = event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)
        mnemonics = {QKeySequence.mnemonic(action.text()).toString()[-1:].lower() for action in self.actions()}
        if not is_typed or is_held or event.text().lower() in mnemonics:
            super().keyPressEvent(event)


class Panel(QFrame):
    """A panel that opens below a button and closes with Escape or a click elsewhere; it keeps every key."""

    def __init__(self, parent: QWidget, name: str) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("panel")
        self.setAccessibleName(name)

    def event(self, event: QEvent) -> bool:
        """Take keys before they become actions of the window behind."""
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().event(event)

    def move_below(self, button: QWidget, edge: QWidget) -> None:
        """Move the panel below the lower edge of a widget, aligned with the right edge of a button, on the screen."""
        window = button.window()
        right = button.mapTo(window, button.rect().bottomRight()).x()
        x = max(8, min(right + 1, window.width() - 8) - self.width())
        corner = window.mapToGlobal(QPoint(x, edge.mapTo(window, edge.rect().bottomLeft()).y() + 4))
        room = self.screen().availableGeometry()
        y = max(room.top(), min(corner.y(), room.bottom() - self.height()))
        self.move(corner.x(), y)


class ComboBox(QComboBox):
    """A drop-down list with an arrow; letters choose an entry, and run no action of the window."""

    def event(self, event: QEvent) -> bool:
        """Keep the keys that are typed."""
        is_key = isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride
        if is_key and event.text() and event.text().isprintable():  # type: ignore[attr-defined] # it is a key event
            event.accept()
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the box, then the arrow, which style sheets leave out."""
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.shown().colour("muted" if self.isEnabled() else "faint"), 1.5))
        x, y = self.width() - 15.0, self.height() / 2 + 2.0
        painter.drawPolyline([QPointF(x - 4, y - 4), QPointF(x, y), QPointF(x + 4, y - 4)])
        painter.end()


def clear_layout(layout: QLayout) -> None:
    """Delete every widget of a layout."""
    while (item := layout.takeAt(0)) is not None:
        widget, inner = item.widget(), item.layout()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
        elif inner is not None:
            clear_layout(inner)


def resize_within_screen(widget: QWidget, width_px: int, height_px: int) -> None:
    """Resize a window, at most to the size of the screen without the frame."""
    room = widget.screen().availableGeometry()
    widget.resize(min(width_px, room.width() - _FRAME_PX), min(height_px, room.height() - _FRAME_PX))


def styled(widget: _Widget, role: str) -> _Widget:
    """Set a widget's role in the style sheet: muted, small, heading, now, warning, link, primary, ..."""
    widget.setObjectName(role)
    return widget


def label(text: str, role: str, *, wraps: bool = False) -> QLabel:
    """Return a plain-text label in a role."""
    made = styled(QLabel(text), role)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setWordWrap(wraps)
    return made


def button(text: str, role: str, act: Callable[[], object]) -> QPushButton:
    """Return a button in a role."""
    made = styled(QPushButton(text), role)
    made.clicked.connect(lambda _=False: act())
    return made


def icon_button(icon: QIcon, meaning: str, act: Callable[[], object]) -> QToolButton:
    """Return a button with an icon; `meaning` is its tool tip and its name for screen readers."""
    made = QToolButton()
    made.setIcon(icon)
    made.setToolTip(meaning)
    made.setAccessibleName(meaning)
    made.clicked.connect(lambda _=False: act())
    return made


def scrolled_rows() -> tuple[QScrollArea, QVBoxLayout]:
    """Return an area that scrolls vertically, and the layout of its rows, which ends with a stretch."""
    sheet = styled(QWidget(), "sheet")
    rows = QVBoxLayout(sheet)
    rows.setContentsMargins(0, 0, 0, 0)
    rows.setSpacing(0)
    rows.addStretch(1)
    area = QScrollArea(widgetResizable=True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(sheet)
    return area, rows
