"""Widgets with a role in the style sheet."""

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QIcon, QResizeEvent
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QScrollArea, QSizePolicy, QToolButton, QVBoxLayout, QWidget

_Widget = TypeVar("_Widget", bound=QWidget)
_FRAME_PX = 40


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

    def set_text(self, text: str) -> None:
        """Show a text, elided where it does not fit."""
        self._text = text
        self.setToolTip(text)
        self._elide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Elide the text again."""
        super().resizeEvent(event)
        self._elide()

    def _elide(self) -> None:
        self.setText(self.fontMetrics().elidedText(self._text, self._mode, self.width()))


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
