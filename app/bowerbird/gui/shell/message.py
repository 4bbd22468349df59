"""A question or a message in the style of the program."""

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from bowerbird.gui.shell.styled import button, label

_WIDTH_PX: Final = 420


class Message(QDialog):
    """A title, a text and buttons; Escape rejects it.

    Parameters
    ----------
    parent : QWidget or None
    title, text : str
    accept : str
        On the button that accepts it.
    reject : str or None
        On the button that rejects it and has the focus; None for a message that can only be closed.
    """

    def __init__(self, parent: QWidget | None, title: str, text: str, *, accept: str, reject: str | None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.text = label(text, "", wraps=True)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.accept_button = button(accept, "primary" if reject is None else "", self.accept)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addStretch(1)
        if reject is not None:
            self.reject_button = button(reject, "", self.reject)
            self.reject_button.setDefault(True)
            foot.addWidget(self.reject_button)
            self.accept_button.setAutoDefault(False)
        foot.addWidget(self.accept_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 16)
        layout.setSpacing(16)
        layout.addWidget(label(title, "heading", wraps=True))
        layout.addWidget(self.text)
        layout.addLayout(foot)
        self.setFixedWidth(_WIDTH_PX)
