"""The panel that records an example, with a level meter. It opens below the microphone button."""

from typing import Final

from PySide6.QtCore import QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QKeySequence, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from bowerbird.gui.browse.recording_presenter import RecordingState
from bowerbird.gui.shell import theme
from bowerbird.gui.shell.styled import Panel, button, label

_WIDTH_PX: Final = 320
_REFRESH_MS: Final = 40
_LOWEST_DB: Final = -60.0
_WARN_DB: Final = -1.0


class LevelMeter(QWidget):
    """A bar from -60 to 0 dB."""

    def __init__(self) -> None:
        super().__init__()
        self.level_db = _LOWEST_DB
        self.setFixedHeight(8)
        self.setAccessibleName(self.tr("Input level"))

    def show_level(self, level_db: float) -> None:
        """Show a level in dB."""
        self.level_db = level_db
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the bar; it changes its colour where the input overloads."""
        colours = theme.shown()
        share = min(1.0, max(0.0, 1 - self.level_db / _LOWEST_DB))
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.colour("raised"))
        painter.drawRoundedRect(QRectF(self.rect()), 4, 4)
        painter.setBrush(colours.colour("unlike" if self.level_db > _WARN_DB else "like"))
        if share > 0:
            painter.drawRoundedRect(QRectF(0, 0, self.width() * share, self.height()), 4, 4)
        painter.end()


class RecordingPanel(Panel):
    """Records, shows the level, and stops.

    Signals
    -------
    opened, finished, cancelled : ()
        `opened`: recording is to start. `finished`: it is to be searched by. `cancelled`: it is to be forgotten.
    refresh_wanted : ()
        The level is to be shown.
    """

    opened = Signal()
    finished = Signal()
    cancelled = Signal()
    refresh_wanted = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, parent.tr("Record an example"))
        self._window = parent.window()
        self._text = label("", "", wraps=True)
        self._meter = LevelMeter()
        self._again = button(self.tr("Record"), "", self.opened.emit)
        self._stop = button(self.tr("Stop and search"), "primary", self.finished.emit)
        self._cancel = button(self.tr("Cancel"), "", self.close)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addStretch(1)
        foot.addWidget(self._cancel)
        foot.addWidget(self._again)
        foot.addWidget(self._stop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 12)
        layout.setSpacing(12)
        layout.addWidget(self._text)
        layout.addWidget(self._meter)
        layout.addLayout(foot)
        self._timer = QTimer(self, interval=_REFRESH_MS)
        self._timer.timeout.connect(self.refresh_wanted.emit)

    def open_below(self, widget: QWidget) -> None:
        """Open the panel below a widget, aligned with its right edge and within the window, and start to record."""
        window = widget.window()
        self.setFixedWidth(min(_WIDTH_PX, window.width() - 16))
        self.adjustSize()
        self.move_below(widget, widget)
        self.show()
        self._timer.start()
        self.opened.emit()

    def show_recording(self, state: RecordingState) -> None:
        """Show a state."""
        if self._text.text() != state.text:
            self._text.setText(state.text)
            self.adjustSize()
        self._meter.show_level(state.level_db if state.is_recording else _LOWEST_DB)
        self._stop.setVisible(state.is_recording or state.is_busy)
        self._stop.setEnabled(state.is_recording and not state.is_busy)
        self._again.setVisible(not state.is_recording and not state.is_busy)

    def close_panel(self) -> None:
        """Close the panel."""
        self.close()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Stop and search with Enter or Space; Escape cancels."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space}:
            (self._stop if self._stop.isVisible() else self._again).click()
        elif event.matches(QKeySequence.StandardKey.Quit):  # a popup keeps the keys of the window
            self.close()
            self._window.close()
        else:
            super().keyPressEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        """Cancel a recording that was not finished."""
        super().hideEvent(event)
        self._timer.stop()
        self.cancelled.emit()
