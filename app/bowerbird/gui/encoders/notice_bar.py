"""The notice in the window: an offer, news, or the progress of a job on encoders."""

from functools import partial
from typing import Final, cast

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QProgressBar, QWidget

from bowerbird.gui.encoders.encoder_texts import EncoderAction, NoticeState
from bowerbird.gui.shell import theme
from bowerbird.gui.shell.styled import button, icon_button, label, styled
from bowerbird.gui.shell.theme import Tokens

_STACKED_PX: Final = 640
"""In a narrower window, the actions are below the text."""

_LOW_PX: Final = 480


class NoticeBar(QWidget):
    """Shows a notice, its actions and a close button. It never takes the focus.

    Signals
    -------
    action_requested : EncoderAction
    dismissed : ()
    """

    action_requested = Signal(object)
    dismissed = Signal()

    def __init__(self, colours: Tokens, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._notice: NoticeState | None = None
        self._is_low = False
        self._text = label("", "quiet_text", wraps=True)
        self._cross = icon_button(theme.icon("close", colours.muted), self.tr("Dismiss"), self.dismissed.emit)
        self._cross.setIconSize(QSize(12, 12))
        self._bar = QProgressBar()
        self._bar.setMaximum(1000)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(self.tr("Progress"))
        for widget in (self._bar, self._cross):  # so that the rows below do not move by a pixel or two
            policy = widget.sizePolicy()
            policy.setRetainSizeWhenHidden(True)
            widget.setSizePolicy(policy)
        self._actions = QWidget()
        actions = QHBoxLayout(self._actions)
        actions.setContentsMargins(0, 0, 0, 0)
        actions.setSpacing(16)
        actions.setAlignment(Qt.AlignmentFlag.AlignLeft)
        frame = styled(QFrame(), "quiet")
        self._grid = QGridLayout(frame)
        self._grid.setContentsMargins(12, 4, 4, 4)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(0, 1)
        self._grid.addWidget(self._text, 0, 0)
        self._grid.addWidget(self._actions, 0, 1)
        self._grid.addWidget(self._cross, 0, 2, Qt.AlignmentFlag.AlignTop)
        self._grid.addWidget(self._bar, 2, 0, 1, 3)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 0, 12, 0)
        layout.addWidget(frame)
        self.hide()

    def show_notice(self, notice: NoticeState | None) -> None:
        """Show a notice, or hide it."""
        before, self._notice = self._notice, notice
        if notice is None:
            self.hide()
            return
        self._text.setText(notice.job.text if notice.job else notice.text)
        self._bar.setVisible(notice.job is not None)
        self._bar.setValue(round(1000 * (notice.job.share or 0.0)) if notice.job else 0)
        self._cross.setVisible(notice.is_dismissable)
        if before is None or before.actions != notice.actions:
            self._show_actions(notice.actions)
        self.setVisible(not self._is_low)

    def _show_actions(self, actions: tuple[EncoderAction, ...]) -> None:
        layout = self._actions.layout()
        assert layout is not None
        while (item := layout.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        for action in actions:
            layout.addWidget(button(action.text, "link", partial(self.action_requested.emit, action)))
        self._actions.setVisible(bool(actions))

    def recolour(self, colours: Tokens) -> None:
        """Use the colours of another theme."""
        self._cross.setIcon(theme.icon("close", colours.muted))

    def fit(self, height_px: int) -> None:
        """Hide the notice in a low window, where the list of sounds needs the space."""
        self._is_low = height_px < _LOW_PX
        self.setVisible(self._notice is not None and not self._is_low)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the actions beside the text or below it."""
        super().resizeEvent(event)
        cell = (1, 0) if self.width() < _STACKED_PX else (0, 1)
        position = cast("tuple[int, ...]", self._grid.getItemPosition(self._grid.indexOf(self._actions)))
        if position[:2] != cell:
            self._grid.removeWidget(self._actions)
            self._grid.addWidget(self._actions, *cell)
