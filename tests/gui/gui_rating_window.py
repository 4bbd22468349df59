"""The rating window with everything but a sound device, operated by keys and mouse."""

import gc
from collections.abc import Callable
from typing import Any

from gui_rating import Clock
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from bowerbird.gui.listening.rating_application import RatingApplication
from bowerbird.gui.listening.rating_state import PageState
from bowerbird.gui.listening.rating_stimuli_view import StimulusRow
from bowerbird.gui.listening.rating_widgets import KeyButton
from bowerbird.listening.response_store import ResponseStore
from bowerbird.listening.responses import Responses
from bowerbird.listening.store import StudyFolder

TIMEOUT_MS = 60_000
KEYS = {
    "enter": Qt.Key.Key_Return,
    "space": Qt.Key.Key_Space,
    "escape": Qt.Key.Key_Escape,
    "tab": Qt.Key.Key_Tab,
    "left": Qt.Key.Key_Left,
    "right": Qt.Key.Key_Right,
    "up": Qt.Key.Key_Up,
    "down": Qt.Key.Key_Down,
}


class RatingStage:
    """An open rating window, with actions and visible state."""

    def __init__(
        self, qtbot: QtBot, folder: StudyFolder, *, size: tuple[int, int] = (1200, 760), pseudonym: str | None = None
    ) -> None:
        self.qtbot = qtbot
        self.folder = folder
        self.clock = Clock()
        self.n_closed = 0
        self.program = RatingApplication(folder, pseudonym=pseudonym, clock_s=self.clock, on_closed=self._closed)
        self.window = self.program.window
        self.player: Any = self.program._player
        self.window.resize(*size)
        self.program.start(is_windowed=True)
        self.until(self.window.isVisible)
        self.window.activateWindow()
        self.until(self.window.isActiveWindow)

    def _closed(self) -> None:
        self.n_closed += 1

    # Waiting

    def until(self, is_so: Callable[[], object]) -> None:
        self.qtbot.waitUntil(lambda: bool(is_so()), timeout=TIMEOUT_MS)

    def deliver(self) -> None:
        """Wait until the window has handled all events."""
        self.until(lambda: not self.program._bridge._waiting)

    # State

    @property
    def state(self) -> PageState:
        state = self.window.trial._state
        assert state is not None
        return state

    @property
    def step(self) -> str:
        """The page between the trials that is shown; "" for a trial."""
        shown = self.window._stack.currentWidget()
        state = self.window.step._state
        return state.name if shown is self.window.step and state is not None else ""

    @property
    def rows(self) -> list[StimulusRow]:
        return [row for column in self.window.trial.lists for row in column.rows]

    @property
    def message(self) -> str:
        return str(self.window.trial._foot._message.text())

    @property
    def answers(self) -> Responses:
        with ResponseStore(self.folder.path) as file:
            return file.responses()

    def texts(self) -> list[str]:
        """Return all visible texts, accessible names and tool tips."""
        widgets = [self.window, *self.window.findChildren(QWidget)]
        seen = [widget.text() for widget in self.window.findChildren(QLabel) + self.window.findChildren(QPushButton)]
        return [*seen, *(widget.accessibleName() for widget in widgets), *(widget.toolTip() for widget in widgets)]

    # Actions

    def press(self, *keys: str) -> None:
        """Press and release keys in the focused widget."""
        for key in keys:
            widget = QApplication.focusWidget()
            assert widget is not None, "nothing has the focus"
            if key == "undo":
                self.qtbot.keyClick(widget, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
            else:
                self.qtbot.keyClick(widget, KEYS.get(key, key))
            self.deliver()

    def type(self, text: str) -> None:
        for letter in text:
            self.qtbot.keyClick(QApplication.focusWidget(), letter)

    def click(self, widget: QWidget) -> None:
        self.qtbot.mouseClick(widget, Qt.MouseButton.LeftButton)
        self.deliver()

    def listen(self, *keys: str) -> None:
        """Play the sound of each key to its end."""
        for key in keys:
            self.press(key)
            self.clock.wind(10.0)
            self.player.finish()
            self.deliver()

    def listen_to_all(self) -> None:
        self.listen("0", *(stimulus.sound.key for stimulus in self.state.stimuli))

    def join(self, name: str = "heron") -> None:
        """Join, and continue to the first page, by keys alone."""
        self.type(name)
        self.press("tab", "space", "enter")
        self.until(lambda: self.step == "instructions")
        self.press("enter")
        self.until(lambda: self.step == "level")
        self.press("enter")
        self.until(lambda: not self.step)

    def action(self, text: str) -> KeyButton:
        """Return the visible button with a text."""
        buttons = self.window.findChildren(KeyButton)
        return next(button for button in buttons if button.isVisible() and button.accessibleName() == text)

    def close(self) -> None:
        """Close the window as its close button does, and delete it."""
        if not hasattr(self, "window"):
            return
        self.window.close()
        QApplication.processEvents()
        self.window.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        vars(self).clear()
        gc.collect()
