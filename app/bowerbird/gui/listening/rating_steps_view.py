"""The pages between the trials: a heading, text, an optional sound, and buttons."""

from functools import partial
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from bowerbird.gui.listening.rating_state import RunAction, StepState
from bowerbird.gui.listening.rating_widgets import FlowLayout, KeyButton, PlayedRangeBar, key_cap
from bowerbird.gui.shell.styled import label, styled

COLUMN_PX: Final = 600
EDGE_PX: Final = 16


class CentredColumn(QScrollArea):
    """A centred column of readable width, which scrolls when it is too high."""

    def __init__(self) -> None:
        super().__init__()
        styled(self, "trial")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        ground = QWidget()
        self._outer = QHBoxLayout(ground)
        inner = QWidget()
        self._outer.addWidget(inner)
        self.column = QVBoxLayout(inner)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(12)
        self.setWidget(ground)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the column centred."""
        super().resizeEvent(event)
        edge = max(EDGE_PX, (self.viewport().width() - COLUMN_PX) // 2)
        self._outer.setContentsMargins(edge, EDGE_PX, edge, EDGE_PX)


class StepPage(CentredColumn):
    """Shows a page between the trials.

    Signals
    -------
    command : Command
    """

    command = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._state: StepState | None = None
        self._content: QWidget | None = None
        self._line: PlayedRangeBar | None = None
        self._message = label("", "now", wraps=True)
        self.buttons: list[KeyButton] = []
        self._message.setMinimumHeight(36)
        self.column.addStretch(2)
        self.column.addWidget(self._message)
        self.column.addStretch(3)

    def show_step(self, state: StepState) -> None:
        """Show a page."""
        before, self._state = self._state, state
        if before is None or (before.name, before.paragraphs, before.actions) != (
            state.name,
            state.paragraphs,
            state.actions,
        ):
            self._build(state)
        if self._line is not None and state.sound is not None:
            self._line.show_sound(state.sound, mark=0.0)
        self._message.setText(state.message or "")

    def _build(self, state: StepState) -> None:
        if self._content is not None:
            self.column.removeWidget(self._content)
            self._content.hide()
            self._content.deleteLater()
        self._content = QWidget()
        layout = QVBoxLayout(self._content)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        layout.addWidget(label(state.heading, "question", wraps=True))
        for text in state.paragraphs:
            layout.addWidget(label(text, "prose", wraps=True))
        if state.command:
            command = label(state.command, "command", wraps=True)
            command.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            layout.addWidget(command)
        self._line = PlayedRangeBar() if state.sound is not None else None
        if self._line is not None:
            layout.addSpacing(4)
            layout.addWidget(self._line)
        if state.keys:
            layout.addSpacing(4)
            layout.addLayout(_key_table(state.keys))
        layout.addSpacing(4)
        actions = QWidget()
        flow = FlowLayout(actions, spacing=8)
        self.buttons = [
            KeyButton(action.key, action.text, role, partial(self.command.emit, RunAction(action.verb)))
            for action in state.actions
            for role in ["primary" if action.is_default else "step"]
        ]
        for button in self.buttons:
            flow.addWidget(button)
        layout.addWidget(actions)
        self.column.insertWidget(1, self._content)
        self.verticalScrollBar().setValue(0)


def _key_table(keys: tuple[tuple[str, str], ...]) -> QGridLayout:
    """Return a table of keys and their effects."""
    grid = QGridLayout()
    grid.setHorizontalSpacing(12)
    grid.setVerticalSpacing(6)
    grid.setColumnStretch(1, 1)
    for row, (names, meaning) in enumerate(keys):
        caps = QHBoxLayout()
        caps.setSpacing(4)
        for name in names.split("  "):
            caps.addWidget(key_cap(name.strip()), 0, Qt.AlignmentFlag.AlignTop)
        caps.addStretch(1)
        grid.addLayout(caps, row, 0)
        grid.addWidget(label(meaning, "muted", wraps=True), row, 1)
    return grid
