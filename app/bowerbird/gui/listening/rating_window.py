"""The rating window. It shows a page at a time, and nothing of the library."""

from typing import Final

from PySide6.QtCore import QPoint, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from bowerbird.gui.listening.rating_raters_view import RatersPage
from bowerbird.gui.listening.rating_state import Leave, PageState, RatersState, Stay, StepState
from bowerbird.gui.listening.rating_steps_view import COLUMN_PX, EDGE_PX, StepPage
from bowerbird.gui.listening.rating_trial_view import TrialPage
from bowerbird.gui.listening.rating_widgets import KeyButton
from bowerbird.gui.shell.styled import label, styled

TICK_MS: Final = 50
_SIZE_PX: Final = (1120, 780)
_FOOT_PX: Final = 64
_LEAST_PX: Final = (320, 400)

_NAMES: Final = {
    Qt.Key.Key_Space: "space",
    Qt.Key.Key_Return: "enter",
    Qt.Key.Key_Enter: "enter",
    Qt.Key.Key_Escape: "escape",
    Qt.Key.Key_Left: "left",
    Qt.Key.Key_Right: "right",
    Qt.Key.Key_Up: "up",
    Qt.Key.Key_Down: "down",
    Qt.Key.Key_Tab: "tab",
    Qt.Key.Key_Backtab: "tab",
}
_FRENCH_DIGITS: Final = dict(zip("&é\"'(-è_çà", "1234567890", strict=True))
"""The row of digits on keyboards where digits need Shift."""

_HELD: Final = frozenset(",.")
"""Keys that repeat while they are held."""


class RatingWindow(QWidget):
    """Shows the state of the presenter, and sends it keys and commands.

    Signals
    -------
    key_pressed, key_released : str
        Name of a key.
    command : Command
    join_requested : (str, dict of str to str, bool)
    resume_requested : str
    ticked : ()
        Time to measure playback.
    closing : ()
    """

    key_pressed = Signal(str)
    key_released = Signal(str)
    command = Signal(object)
    join_requested = Signal(str, object, bool)
    resume_requested = Signal(str)
    ticked = Signal()
    closing = Signal()

    def __init__(self, title: str) -> None:
        super().__init__()
        styled(self, "ground")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setWindowTitle(f"{title} – Bowerbird")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.resize(*_SIZE_PX)
        self.setMinimumSize(*_LEAST_PX)
        self.raters = RatersPage()
        self.step = StepPage()
        self.trial = TrialPage()
        self._stack = QStackedWidget()
        for page in (self.raters, self.step, self.trial):
            self._stack.addWidget(page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)
        self._leaving = _LeaveBar(self)
        self._leaving.command.connect(self.command)
        for source in (self.step, self.trial):
            source.command.connect(self.command)
        self.raters.join_requested.connect(self.join_requested)
        self.raters.resume_requested.connect(self.resume_requested)
        self._timer = QTimer(self, interval=TICK_MS)
        self._timer.timeout.connect(self.ticked)
        self._timer.start()

    # View of the presenter

    def show_raters(self, state: RatersState) -> None:
        """Show the page for joining or resuming."""
        self._stack.setCurrentWidget(self.raters)
        self.raters.show_raters(state)

    def show_step(self, state: StepState) -> None:
        """Show a page between the trials."""
        self._switch_to(self.step)
        self.step.show_step(state)
        self._ask_leave(is_asked=state.is_leaving)

    def show_page(self, state: PageState) -> None:
        """Show a page of stimuli."""
        self._switch_to(self.trial)
        self.trial.show_page(state)
        self._ask_leave(is_asked=state.is_leaving)

    def shut(self) -> None:
        """Close after the current key event."""
        QTimer.singleShot(0, self.close)

    def _switch_to(self, page: QWidget) -> None:
        if self._stack.currentWidget() is not page:
            self._stack.setCurrentWidget(page)
            self.setFocus(Qt.FocusReason.OtherFocusReason)

    # Events

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Send the name of a key to the presenter."""
        name = key_name(event)
        if name and (not event.isAutoRepeat() or name in _HELD):
            self.key_pressed.emit(name)
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Send the release of a key to the presenter."""
        name = key_name(event)
        if name and not event.isAutoRepeat():
            self.key_released.emit(name)

    def _place_leaving(self) -> None:
        """Place the question over the footer of the page."""
        if self._stack.currentWidget() is self.trial:
            foot = self.trial.foot
            self._leaving.place(QRect(foot.mapTo(self, QPoint()), foot.size()))
        else:
            width = min(self.width() - 2 * EDGE_PX, COLUMN_PX)
            left, top = (self.width() - width) // 2, self.height() - EDGE_PX - _FOOT_PX
            self._leaving.place(QRect(left, top, width, _FOOT_PX))

    def _ask_leave(self, *, is_asked: bool) -> None:
        if is_asked:
            self._place_leaving()
        self._leaving.setVisible(is_asked)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the question at the bottom."""
        super().resizeEvent(event)
        self._place_leaving()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Store everything; the rater can resume later."""
        self._timer.stop()
        self.closing.emit()
        super().closeEvent(event)


class _LeaveBar(QFrame):
    """The question whether to leave, over the bottom of the page."""

    command = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        styled(self, "leaving")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(16, 8, 12, 8)
        layout.setSpacing(8)
        layout.addWidget(
            label(self.tr("Leave now? Everything is saved, and you can continue later."), "now", wraps=True), 1
        )
        layout.addWidget(KeyButton("escape", self.tr("Stay"), "step", lambda: self.command.emit(Stay())))
        layout.addWidget(KeyButton("l", self.tr("Leave"), "step", lambda: self.command.emit(Leave())))
        self.hide()

    def place(self, rect: QRect) -> None:
        """Move to a position, above all other widgets."""
        self.setGeometry(rect)
        self.raise_()


def key_name(event: QKeyEvent) -> str:
    """Return the name of a key; "" for a key without a function."""
    if event.matches(QKeySequence.StandardKey.Undo):
        return "undo"
    modifiers = event.modifiers() & ~(Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.ShiftModifier)
    if modifiers != Qt.KeyboardModifier.NoModifier:
        return ""
    if event.key() in _NAMES:
        return _NAMES[Qt.Key(event.key())]
    text = event.text().lower()
    return _FRENCH_DIGITS.get(text, text) if len(text) == 1 and text.isprintable() else ""
