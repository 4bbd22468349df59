"""Widgets that the style sheet knows by their role."""

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QLabel, QPushButton, QToolButton, QWidget

_Widget = TypeVar("_Widget", bound=QWidget)


def styled(widget: _Widget, role: str) -> _Widget:
    """Give a widget its role in the style sheet: muted, small, heading, now, warning, link, primary, ..."""
    widget.setObjectName(role)
    return widget


def label(text: str, role: str, *, wraps: bool = False) -> QLabel:
    """Make a text in a role; a name that looks like markup is shown as it is written."""
    made = styled(QLabel(text), role)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setWordWrap(wraps)
    return made


def button(text: str, role: str, act: Callable[[], object]) -> QPushButton:
    """Make a button in a role."""
    made = styled(QPushButton(text), role)
    made.clicked.connect(lambda _=False: act())
    return made


def icon_button(icon: QIcon, meaning: str, act: Callable[[], object]) -> QToolButton:
    """Make a button with an icon; its meaning is its tool tip and its name for screen readers."""
    made = QToolButton()
    made.setIcon(icon)
    made.setToolTip(meaning)
    made.setAccessibleName(meaning)
    made.clicked.connect(lambda _=False: act())
    return made
